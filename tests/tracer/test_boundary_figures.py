"""The figures of `tracer.boundaries` show what was measured, where it was measured."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from ionscape.core.estimate import Estimate, lower_bound, measured, undetermined, upper_bound
from ionscape.core.quantity import DIMENSIONLESS, dimension_of
from ionscape.tracer import IonImage, boundary_steps
from ionscape.tracer.boundary_figures import boundary_map
from ionscape.tracer.diffusion_2d import Edge
from ionscape.tracer.map_view import MapView
from ionscape.tracer.permeability_figure import decade_ticks, permeability_histogram
from ionscape.tracer.step_fit import BoundarySteps
from ionscape.tracer.strip_figure import strip_profile

PIXEL, SLOPE, STEP = 1e-6, 100.0, 0.02
VELOCITY = dimension_of("m/s")


def lamellae() -> tuple[IonImage, Any, BoundarySteps]:
    """Six lamellae of 16 pixels with a step at each boundary, hardly any noise."""
    y, _ = np.mgrid[:96, :40]
    labels = y // 16
    f = 0.2 + SLOPE * PIXEL * y + STEP * labels
    image = IonImage(f, np.full(f.shape, 1e-8), (PIXEL, PIXEL))
    return image, labels, boundary_steps(image, labels)


def values() -> list[Estimate]:
    """Three values, an upper and a lower bound."""
    found = [measured(v, 0.2 * v, VELOCITY, source=f"P{k}") for k, v in enumerate((1e-8, 2e-8, 4e-8))]
    return [*found, upper_bound(3e-8, VELOCITY, "no gradient"), lower_bound(1e-8, VELOCITY, "no step")]


def test_the_map_draws_every_boundary_once_and_counts_them() -> None:
    image, _, steps = lamellae()
    figure = boundary_map(image, steps, values(), "cm/s", "P", "map", "Boundaries")
    json.dumps(figure.plot, allow_nan=False)
    lines = [t for t in figure.plot["data"] if t.get("mode") == "lines"]
    drawn = [y for t in lines for y in t["y"] if y is not None]
    heights = 16.0 * np.arange(1, 6)  # µm from the image's edge, where the pixel of row 0 begins
    assert sorted({round(y) for y in drawn}) == pytest.approx(heights)
    legend = [t["name"] for t in lines if t.get("showlegend", True)]
    assert legend == ["at most (upper bound)", "at least (lower bound)", "determined"]
    assert "determined (3)" in figure.caption
    assert "at most this (1," in figure.caption
    assert "at least this (1," in figure.caption
    assert figure.plot["layout"]["yaxis"]["range"] == [96.0, 0]


@pytest.mark.parametrize(("edge", "distance"), [("bottom", 80.0), ("top", 16.0)])
def test_the_map_turns_the_source_to_the_left(edge: Edge, distance: float) -> None:
    """The first of five boundaries lies 16 µm below the top of 96 µm; fraction and lines turn together."""
    image, _, steps = lamellae()
    view = MapView(edge, (96, 40), image.spacing)
    plot = boundary_map(image, steps, values(), "cm/s", "P", "map", "B", view).plot
    grid = plot["data"][0]
    z = np.array(grid["z"])
    assert z.shape == (40, 96)
    jumps = np.flatnonzero(np.abs(np.diff(z[0])) > STEP / 2)
    walls = [grid["x0"] + (k + 0.5) * grid["dx"] for k in jumps]
    drawn = {round(x) for t in plot["data"][1:] if t.get("mode") == "lines" for x in t["x"] if x is not None}
    assert walls == pytest.approx(16.0 * np.arange(1, 6))
    assert sorted(drawn) == pytest.approx(walls)
    hover = next(t for t in plot["data"] if t.get("text"))
    assert hover["x"][0] == pytest.approx(distance)
    assert plot["layout"]["yaxis"]["scaleanchor"] == "x"
    assert sum("colorbar" in t.get("marker", {}) or t.get("showscale", False) for t in plot["data"]) == 1


def test_captions_are_plain_text_and_say_when_bars_and_line_do_not_compare() -> None:
    image, _, steps = lamellae()
    symbol = "D<sub>gb</sub>/δ"
    median = measured(1e-8, 1e-9, VELOCITY, source="m", scale="log")
    spread = measured(0.5, 0.05, DIMENSIONLESS, source="s")
    few = [values()[0], *values()[3:]]
    captions = [
        boundary_map(image, steps, values(), "cm/s", symbol, "map", "B").caption,
        permeability_histogram(values(), median, spread, "cm/s", symbol, "h", "H").caption,
        permeability_histogram(few, median, spread, "cm/s", symbol, "h", "H").caption,
    ]
    assert not any("<" in text for text in captions)
    assert "D_gb/δ" in captions[0]
    assert [("Most boundaries have no value" in text) for text in captions] == [False, False, True]


def test_a_map_without_any_value_is_still_drawn() -> None:
    image, _, steps = lamellae()
    nothing = [undetermined(VELOCITY, "too noisy")] * len(steps.measured)
    figure = boundary_map(image, steps, nothing, "cm/s", "P", "map", "Boundaries")
    assert not any("colorbar" in t.get("marker", {}) for t in figure.plot["data"])
    assert "undetermined" in {t.get("name") for t in figure.plot["data"]}


def test_the_histogram_counts_values_and_bounds_apart() -> None:
    rng = np.random.default_rng(0)
    many = [measured(v, 0.1 * v, VELOCITY, source=f"P{k}")
            for k, v in enumerate(1e-8 * np.exp(0.5 * rng.standard_normal(400)))]  # fmt: skip
    median = measured(1e-8, 1e-9, VELOCITY, source="m", scale="log")
    spread = measured(0.5, 0.05, DIMENSIONLESS, source="s")
    plot = permeability_histogram([*many, *values()[3:]], median, spread, "cm/s", "P", "h", "H").plot
    bars = {t["name"]: t for t in plot["data"] if t["type"] == "bar"}
    assert sum(bars["determined"]["y"]) == pytest.approx(400, abs=10)  # the outermost 1 % may be cut
    assert sum(bars["at most (upper bounds)"]["y"]) == sum(bars["at least (lower bounds)"]["y"]) == 1
    curve = next(t for t in plot["data"] if t["name"].startswith("log-normal"))
    area = np.trapezoid(curve["y"], curve["x"])
    assert area == pytest.approx(402 * bars["determined"]["width"], rel=0.01)
    assert curve["x"][int(np.argmax(curve["y"]))] == pytest.approx(math.log10(1e-6), abs=1e-6)  # cm/s


def test_ticks_stand_at_whole_numbers() -> None:
    ticks = decade_ticks(np.array([-7.1, -5.2]))
    assert [10**v for v in ticks["tickvals"]] == pytest.approx([1e-7, 2e-7, 5e-7, 1e-6, 2e-6, 5e-6], rel=1e-4)
    wide = decade_ticks(np.array([-9.0, -5.0]))["tickvals"]
    assert [b - a for a, b in pairwise(wide)] == [1.0] * 4


def test_the_profile_across_a_boundary_has_its_slope_and_step() -> None:
    image, labels, steps = lamellae()
    plot = strip_profile(image, labels, steps, 2, "P = 1", "profile", "Across").plot
    points = next(t for t in plot["data"] if t["name"] == "mean along the boundary")
    x, y = np.array(points["x"]), np.array(points["y"])
    near, far = (np.polyfit(x[side], y[side], 1) for side in (x < 0, x > 0))
    assert [near[0], far[0]] == pytest.approx([SLOPE * 1e-6] * 2, rel=0.02)
    assert far[1] - near[1] == pytest.approx(STEP, rel=0.02)
    blurred = next(t for t in plot["data"] if t["name"] == "blurred: not used")
    assert np.max(np.abs(blurred["x"])) <= steps.clearance * 1e6
