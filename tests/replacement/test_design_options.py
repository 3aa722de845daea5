"""Fields of `replacement.design`: what is understood, and what is refused with which words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ionscape.replacement.design_options import DesignOptions


def test_defaults() -> None:
    options = DesignOptions()
    assert options.front_depth.value == pytest.approx(100e-9)
    assert options.longest_time.value == pytest.approx(86400)
    assert options.counting.native == 15000
    assert options.current_error.value == pytest.approx(0.01)


def test_ions_with_and_without_ratios() -> None:
    assert DesignOptions.model_validate({"ions": "Cs+"}).ions["Cs+"].ratio is None
    found = DesignOptions.model_validate({"ions": {"K+": "7.7e-4 ± 0.5e-4", "Cs+": {"ratio": 4.5e-5}}}).ions
    ratios = [found[ion].ratio for ion in ("K+", "Cs+")]
    assert [r.value for r in ratios if r is not None] == pytest.approx([7.7e-4, 4.5e-5])


@pytest.mark.parametrize(
    ("text", "celsius"),
    [("70 degC", [70]), (["90 degC", "60 degC"], [60, 90]), ("50 degC to 90 degC", [50, 60, 70, 80, 90])],
)
def test_temperatures(text: Any, celsius: list[float]) -> None:
    found = DesignOptions.model_validate({"temperature": text}).temperature
    assert [t - 273.15 for t in found] == pytest.approx(celsius)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("temperature", "90 degC to 50 degC", "50 degC to 90 degC"),
        ("temperature", "70 nm", "temperature"),
        ("ions", ["Qx+"], "Qx"),
        ("ions", {"K+": {"ratio": 1e-4, "fwhm": "250 meV"}}, "leave 'fwhm' out"),
        ("ions", [], "1 to 6"),
        ("front_depth", "0 nm", "larger than zero"),
        ("highest_voltage", "5 A", "voltage"),
        ("depth", "5 nm", "Extra inputs"),
    ],
)
def test_errors_say_what_to_write(field: str, value: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DesignOptions.model_validate({field: value})
