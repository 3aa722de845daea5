"""Printed numbers against the rules of metrology (two digits of the uncertainty), written out by hand."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.estimate import exact, lower_bound, measured, refused, undetermined, upper_bound
from ionscape.core.number_format import (
    format_estimate,
    format_interval,
    format_name,
    format_number,
    format_unit,
    format_value,
    with_unit,
)
from ionscape.core.quantity import dimension_of


@pytest.mark.parametrize(
    ("value", "uncertainty", "printed"),
    [
        (0.8561, 0.01234, "0.856 ± 0.012"),
        (2.86e-6, 2.5e-7, "(2.86 ± 0.25)×10⁻⁶"),
        (123456.0, 1234.0, "(1.235 ± 0.012)×10⁵"),
        (12345.0, 123.0, "12340 ± 120"),
        (1.0, 0.0996, "1.00 ± 0.10"),
        (-3.21, 0.43, "−3.21 ± 0.43"),
        (0.0, 0.5, "0.00 ± 0.50"),
        (1e-9, 1e-6, "(0.0 ± 1.0)×10⁻⁶"),
        (5.0, 0.0, "5"),
    ],
)
def test_value_with_two_digits_of_uncertainty(value: float, uncertainty: float, printed: str) -> None:
    assert format_value(value, uncertainty) == printed


def test_skewed_values_show_both_arms() -> None:
    # log scale, relative spread 1: the 68 % interval runs from v/e to v*e
    skewed = measured(2.0, 2.0, dimension_of("m^2/s"), scale="log")
    assert format_estimate(skewed, "m^2/s") == "2.0 +3.4 −1.3"


def test_statuses_are_said_in_words_or_signs() -> None:
    siemens = dimension_of("S/m")
    assert format_estimate(upper_bound(3.2e-5, siemens, "cut"), "S/cm") == "< 3.2×10⁻⁷"
    assert format_estimate(lower_bound(3.2, siemens, "cut"), "S/m") == "> 3.2"
    assert format_estimate(undetermined(siemens, "cut"), "S/cm") == "undetermined"
    assert format_estimate(refused(siemens, "cut"), "S/cm") == "refused"
    assert with_unit("undetermined", "S/cm") == "undetermined"
    assert with_unit("< 3", "S/cm") == "< 3 S/cm"
    assert format_estimate(exact(298.15, dimension_of("K")), "degC") == "25"


def test_units_and_names() -> None:
    assert format_unit("cm^2/s") == "cm²/s"
    assert format_unit("S*K/cm") == "S K/cm"
    assert format_unit("cm^-3") == "cm⁻³"
    assert format_unit("ohm") == "Ω"
    assert format_unit("1") == ""
    assert format_name("conductivity_grain_boundary") == "conductivity (grain boundary)"
    assert format_name("haven_ratio") == "haven ratio"


def test_intervals_share_one_power() -> None:
    assert format_interval(2.41e-6, 3.36e-6) == "(2.41 – 3.36)×10⁻⁶"
    assert format_interval(-math.inf, 3.0) == ""


def test_numbers_without_uncertainty() -> None:
    assert format_number(1.5e21) == "1.5×10²¹"
    assert format_number(-2.5) == "−2.5"
    assert format_number(math.inf) == "∞"
    assert format_number(0.0) == "0"


@given(
    value=st.floats(min_value=-1e30, max_value=1e30).filter(lambda v: v == 0 or abs(v) > 1e-30),
    relative=st.floats(min_value=1e-6, max_value=1e2),
)
def test_what_is_printed_is_the_number(value: float, relative: float) -> None:
    uncertainty = (abs(value) or 1.0) * relative
    printed = format_value(value, uncertainty)
    match = re.fullmatch(r"\(?(−?[\d.]+) ± ([\d.]+)\)?(?:×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", printed)
    assert match is not None, printed
    power = 10.0 ** int((match[3] or "⁰").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    shown, spread = float(match[1].replace("−", "-")) * power, float(match[2]) * power
    assert abs(shown - value) <= 0.0501 * uncertainty + 1e-12 * abs(value)
    assert spread == pytest.approx(uncertainty, rel=0.051)
