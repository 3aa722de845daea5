"""Temperatures that look like a slip of units."""

from __future__ import annotations

import pytest

from ionscape.core.errors import InputError
from ionscape.core.quantity import parse_quantity
from ionscape.core.temperature_slip import questioned_temperature, temperature_slip, without_sure


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("22 K", "22 K is -251 °C: did you mean 22 degC?"),
        ("295.15 degC", "'295.15 degC' looks like kelvin: did you mean 295.15 K?"),
        ("-200 degC", "'-200 degC' is -200 °C: check the number and its unit"),
        ("3000 K", "'3000 K' is 2727 °C: check the number and its unit"),
        ("22 ± 1 degC", ""),
        ("295.15 K", ""),
        ("473.2 degC", ""),
        ("150 K", ""),
    ],
)
def test_slips_are_questioned(text: str, words: str) -> None:
    assert temperature_slip(parse_quantity(text, "temperature")) == words


def test_sure_confirms_what_would_be_questioned() -> None:
    assert without_sure("70 K (sure)") == ("70 K", True)
    assert without_sure("70 degC") == ("70 degC", False)
    assert questioned_temperature("70 K (sure)").value == 70.0
    with pytest.raises(InputError, match=r"did you mean 70 degC.*write '70 K \(sure\)'"):
        questioned_temperature("70 K")
