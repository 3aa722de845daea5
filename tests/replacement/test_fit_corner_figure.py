"""The corner plot holds the shares that it says, and keeps every axis named."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ionscape.core.errors import InputError
from ionscape.replacement.corner_figure import CornerParameter, corner_figure, highest_density


def _gaussian(correlation: float, cells: int = 300) -> np.ndarray:
    x, y = np.meshgrid(*[np.linspace(-5, 5, cells)] * 2)
    return np.exp(-(x**2 - 2 * correlation * x * y + y**2) / (2 * (1 - correlation**2)))


@pytest.mark.parametrize("correlation", [0.0, 0.9, -0.7])
def test_regions_of_a_gaussian_in_two_dimensions(correlation: float) -> None:
    """A share p lies within r^2 = -2 ln(1 - p), at density 1 - p of the top (chi square of two)."""
    found = highest_density(_gaussian(correlation))
    assert found == pytest.approx([1 - 0.6826894921370859, 1 - 0.95], rel=0.02)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.0, 1e3), min_size=3, max_size=40).filter(lambda v: sum(v) > 1.0))
def test_what_lies_above_a_level_holds_at_least_the_share(values: list[float]) -> None:
    density = np.array(values)
    for share, level in zip((0.6826894921370859, 0.95), highest_density(density), strict=True):
        assert density[density >= level].sum() >= share * density.sum() * (1 - 1e-9)


def _parameters(n: int = 4000) -> list[CornerParameter]:
    z = np.random.default_rng(4).normal(size=(3, n))
    return [
        CornerParameter("FWHM [meV]", 250 + 6 * z[0], truth=250.0),
        CornerParameter("vacancy fraction", 0.1 + 0.02 * z[1]),
        CornerParameter("D<sub>K</sub>/D<sub>bulk</sub>", 1e-3 * np.exp(0.3 * z[2] + 0.3 * z[0]), True),
    ]


def test_every_pair_once_and_every_axis_named() -> None:
    figure = corner_figure(_parameters())
    plot = json.loads(json.dumps(figure.plot, allow_nan=False))
    kinds = [trace["type"] for trace in plot["data"]]
    assert kinds.count("bar") == 3
    assert kinds.count("contour") == 3
    titles = {axis["title"]["text"] for name, axis in plot["layout"].items() if "axis" in name}
    assert titles == {"", "FWHM [meV]", "vacancy fraction", "log<sub>10</sub> D<sub>K</sub>/D<sub>bulk</sub>"}
    for trace in plot["data"]:
        for letter in "xy":
            assert f"{letter}axis{trace[f'{letter}axis'][1:]}" in plot["layout"]


def test_the_outer_contour_holds_most_draws() -> None:
    parameters = _parameters(20000)
    contour = next(t for t in corner_figure(parameters).plot["data"] if t["type"] == "contour")
    x, y, z = (np.array(contour[key], dtype=float) for key in "xyz")
    from scipy.interpolate import RegularGridInterpolator

    at = RegularGridInterpolator((y, x), z, bounds_error=False, fill_value=0.0)
    density = at(np.stack([parameters[1].shown, parameters[0].shown], axis=1))
    inner = contour["contours"]["end"]
    outer = contour["contours"]["start"]
    assert np.mean(density > outer) == pytest.approx(0.95, abs=0.02)
    assert np.mean(density > inner) == pytest.approx(0.683, abs=0.03)


def test_a_ridge_stays_thin() -> None:
    """Two parameters that are one: smoothing follows them, the region keeps their slope."""
    z = np.random.default_rng(1).normal(size=(2, 3000))
    pair = [CornerParameter("a", z[0]), CornerParameter("b", 2 * z[0] + 0.05 * z[1])]
    contour = next(t for t in corner_figure(pair).plot["data"] if t["type"] == "contour")
    x, y, density = (np.array(contour[key], dtype=float) for key in "xyz")
    across, up = np.meshgrid(x, y)
    inside = density > contour["contours"]["start"]
    slope = np.sum((across * up)[inside]) / np.sum((across**2)[inside])
    assert slope == pytest.approx(2.0, rel=0.1)
    assert inside.mean() < 0.2


def test_truth_is_drawn_only_where_it_is_known() -> None:
    drawn = [t for t in corner_figure(_parameters()).plot["data"] if t["name"] == "truth"]
    assert len(drawn) == 3  # on the diagonal, and in the two panels of the first column
    without = [CornerParameter(p.title, p.draws, p.logarithmic) for p in _parameters()]
    figure = corner_figure(without)
    assert not [t for t in figure.plot["data"] if t["name"] == "truth"]
    assert "generated" not in figure.caption


def test_draws_that_hardly_differ_are_drawn() -> None:
    same = CornerParameter("a", np.full(500, 2.0))
    other = CornerParameter("b", np.random.default_rng(0).normal(size=500))
    text = json.dumps(corner_figure([same, other]).plot, allow_nan=False)
    assert math.isfinite(len(text))


def test_what_is_no_corner_plot() -> None:
    one = CornerParameter("a", np.ones(5))
    with pytest.raises(InputError, match="at least two"):
        corner_figure([one])
    with pytest.raises(InputError, match="equally many"):
        corner_figure([one, CornerParameter("b", np.ones(6))])
