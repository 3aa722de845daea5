"""Temperature differences and rules."""

from __future__ import annotations

import pytest

from ionscape.core.errors import InputError
from ionscape.study.model import TemperatureRule
from ionscape.study.temperatures import interval


@pytest.mark.parametrize(
    ("text", "kelvin"), [("1 K", 1.0), ("0.5 degC", 0.5), ("1.8 degF", 1.0), ("0.3 °C", 0.3)]
)
def test_a_difference_has_no_offset(text: str, kelvin: float) -> None:
    assert interval(text).value == pytest.approx(kelvin)


@pytest.mark.parametrize("text", ["1", "K", "-1 K", "1 mm", "one K"])
def test_what_is_no_difference(text: str) -> None:
    with pytest.raises(InputError):
        interval(text)


def test_without_an_error_the_temperature_is_exact() -> None:
    assert TemperatureRule("stated", (300.0,)).estimate(300.0, 0, "x").standard_uncertainty == 0.0
