"""Text to quantity: what a user writes, and what each mistake is told."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import UnitError
from ionscape.core.quantity import (
    dimension_name,
    dimension_of,
    field_unit,
    parse_quantity,
    to_field,
    unit_scale,
)

ZERO_CELSIUS = 273.15


@pytest.mark.parametrize(
    ("text", "expected", "value", "sd"),
    [
        ("0.210 ± 0.002 cm", "length", 2.1e-3, 2e-5),
        ("0.210 +/- 0.002 cm", "length", 2.1e-3, 2e-5),
        ("0.210(2) cm", "length", 2.1e-3, 2e-5),
        ("(0.210 ± 0.002) cm", "length", 2.1e-3, 2e-5),
        ("0.21 cm ± 1 %", "length", 2.1e-3, 2.1e-5),
        ("0.21 cm ± 20 um", "length", 2.1e-3, 2e-5),
        ("16 ± 11 µm", "length", 16e-6, 11e-6),
        ("5.0e21 cm^-3", "number density", 5.0e27, None),
        ("5.0e21 cm⁻³", "number density", 5.0e27, None),
        ("1.5(2)e-3 S/cm", "conductivity", 0.15, 0.02),
        ("25 °C", "temperature", 25 + ZERO_CELSIUS, None),
        ("25 degC +/- 1 K", "temperature", 25 + ZERO_CELSIUS, 1.0),
        ("−40 °C", "temperature", ZERO_CELSIUS - 40, None),
        ("300 K", "temperature", 300.0, None),
        ("5 %", "fraction", 0.05, None),
        ("0.3", "fraction", 0.3, None),
    ],
)
def test_what_a_user_writes(text: str, expected: str, value: float, sd: float | None) -> None:
    quantity = parse_quantity(text, expected)
    assert quantity.value == pytest.approx(value, rel=1e-12)
    assert quantity.uncertainty == (None if sd is None else pytest.approx(sd, rel=1e-9))


@pytest.mark.parametrize(
    ("text", "expected", "message"),
    [
        ("S/cm", "length", "expected a length, got 'S/cm'"),
        ("1 S/cm", "length", "expected a length, got '1 S/cm'"),
        ("0.21", "length", "without a unit"),
        ("25", "temperature", "without a unit"),
        ("0,21 cm", "length", "decimal mark as a point"),
        ("1 foo", "length", "unknown unit 'foo'"),
        ("1 cm ± 1 s", "length", "different dimensions"),
        ("1 ± -1 cm", "length", "negative"),
        ("1e400 cm", "length", "not finite"),
        ("", "area", "expected an area"),
        ("1 m**9**9**9", "length", "unknown unit"),  # pint would compute the tower
        ("1 m^2^3", "length", "unknown unit"),
    ],
)
def test_mistakes_get_one_sentence(text: str, expected: str, message: str) -> None:
    with pytest.raises(UnitError, match=r".") as caught:
        parse_quantity(text, expected)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@given(
    st.floats(1e-20, 1e20),
    st.floats(0, 1e3),
    st.sampled_from(["cm", "um", "S/cm", "cm^2/s", "eV", "mA/cm^2", "degC"]),
)
def test_value_and_uncertainty_survive_text(value: float, relative: float, unit: str) -> None:
    factor, offset, dimension = unit_scale(unit)
    quantity = parse_quantity(f"{value!r} +/- {relative!r} {unit}")
    assert quantity.dimension == dimension
    assert quantity.value == pytest.approx(value * factor + offset, rel=1e-12)
    assert quantity.uncertainty == pytest.approx(relative * factor, rel=1e-12)
    assert to_field(quantity.value, unit) == pytest.approx(value, rel=1e-9, abs=1e-9)


@given(st.text(max_size=30))
def test_any_text_is_a_quantity_or_a_unit_error(text: str) -> None:
    with contextlib.suppress(UnitError):
        assert math.isfinite(parse_quantity(text).value)


def test_units_of_the_field() -> None:
    assert field_unit("conductivity_bulk", dimension_of("S/m")) == "S/cm"
    assert field_unit("activation_energy", dimension_of("J")) == "eV"
    assert dimension_name(dimension_of("cm^2/s")) == "diffusion coefficient"
    assert field_unit("unheard_of", dimension_of("m/s")) == "m*s^-1"
