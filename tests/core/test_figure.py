"""Figures are plain JSON that any plotly.js draws."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np

from ionscape.core import figure


def test_a_figure_is_strict_json_with_gaps_for_nan() -> None:
    plot: dict[str, Any] = {
        "data": [
            figure.trace([1, 2], [math.nan, 1e-12], "a", error_y=([0.1, 0.1], [0.2, math.inf])),
            figure.band([1, 2], [0, 1], [2, 3], "interval"),
        ],
        "layout": figure.layout(figure.axis("x [ohm]"), figure.axis("y [ohm]", log=True), equal_axes=True),
    }
    text = json.dumps(plot, allow_nan=False)
    assert json.loads(text)["data"][0]["y"] == [None, 1e-12]
    assert plot["layout"]["yaxis"]["scaleanchor"] == "x"


def test_ordered_colours_are_distinct_and_get_lighter() -> None:
    colours = figure.ordered_colours(7)
    assert len(set(colours)) == 7
    grey = [np.dot([0.2126, 0.7152, 0.0722], [float(v) for v in c[4:-1].split(",")]) for c in colours]
    assert all(b > a for a, b in itertools.pairwise(grey))
    assert len(figure.ordered_colours(1)) == 1
