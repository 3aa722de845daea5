"""Which points are used, in which form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ionscape.core.errors import InputError
from ionscape.core.estimate import exact, measured, undetermined, upper_bound
from ionscape.core.quantity import dimension_of
from ionscape.temperature.points import as_estimates, collect, form_for

S, K, D = dimension_of("S/m"), dimension_of("K"), dimension_of("m^2/s")


def test_default_form_follows_the_quantity() -> None:
    assert form_for(S, None).name == "ln sigma T"
    assert form_for(D, None).name == "ln D"
    assert form_for(dimension_of("Pa*s"), None).sign == -1
    assert form_for(dimension_of("ohm"), None).sign == -1


def test_a_form_of_another_quantity_is_refused_with_the_right_one() -> None:
    with pytest.raises(InputError, match=r"'ln sigma T' does not fit .*diffusion.*use 'ln D'"):
        form_for(D, "ln sigma T")


def test_points_that_say_nothing_are_left_out_and_named() -> None:
    t = exact(300.0, K)
    quantities = [
        measured(1.0, 0.1, S), upper_bound(2.0, S, "arc cut"), undetermined(S, "flat"), None,
        measured(1.0, 0.8, S, scale="linear"), measured(2.0, 0.1, S),
    ]  # fmt: skip
    points = collect([t, t, t, t, t, None], quantities, None, [f"s{i}" for i in range(6)])
    assert len(points) == 1
    assert [text.split()[0] for text in points.left_out] == ["s1", "s2", "s3", "s4", "s5"]
    assert "only a bound (arc cut)" in points.left_out[0]
    assert "temperature" in points.left_out[-1]


def test_points_are_ordered_and_logarithms_hold_the_temperature() -> None:
    points = collect([exact(400.0, K), exact(300.0, K)], [exact(2.0, S), exact(1.0, S)], None)
    assert list(points.temperature) == [300.0, 400.0]
    np.testing.assert_allclose(points.y, [math.log(300.0), math.log(800.0)])


def test_a_temperature_error_moves_a_point_along_the_line_and_through_the_form() -> None:
    temperature = measured(400.0, 1.0, K, source="oven", scale="linear")
    points = collect([temperature], [exact(2.0, S)], None)
    slope = 0.6
    step = 1e-4
    moved = collect([exact(400.0 + step, K)], [exact(2.0, S)], None)
    expected = ((moved.y + slope * moved.x) - (points.y + slope * points.x)) / step
    np.testing.assert_allclose(points.weights(slope)[0], expected, rtol=1e-5)


def test_mixed_dimensions_and_lengths_are_refused() -> None:
    t = exact(300.0, K)
    with pytest.raises(InputError, match="one line through"):
        collect([t, t], [exact(1.0, S), exact(1.0, D)], None)
    with pytest.raises(InputError, match="1 temperatures for 2 values"):
        collect([t], [exact(1.0, S), exact(1.0, S)], None)
    with pytest.raises(InputError, match="give kelvin"):
        collect([exact(1.0, S)], [exact(1.0, S)], None)


def test_plain_numbers_that_are_no_logarithm_become_nothing() -> None:
    found = as_estimates(np.array([1.0, -1.0, math.nan]), 0.1, S, "value")
    assert found[0] is not None
    assert found[1:] == [None, None]
    with pytest.raises(InputError, match="cannot be -1"):
        as_estimates([1.0], [-1.0], S, "value")
