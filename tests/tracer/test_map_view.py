"""Maps are turned, never mirrored, and points turn with their pixels."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.tracer.diffusion_2d import Edge
from ionscape.tracer.map_view import MapView

IMAGE = np.arange(12.0).reshape(3, 4)
TURNS = {"left": 0, "top": 1, "right": 2, "bottom": 3}  # quarters against the clock that bring it to the left


@pytest.mark.parametrize("edge", ["left", "top", "right", "bottom"])
def test_the_map_is_the_image_rotated(edge: Edge) -> None:
    view = MapView(edge, (3, 4), (1e-6, 1e-6))
    drawn = np.array(view.heatmap(IMAGE, 100)["z"])
    top, bottom = view.y_axis()["range"][::-1]
    seen = drawn if top < bottom else drawn[::-1]  # the first row on top, or at the bottom
    np.testing.assert_array_equal(seen, np.rot90(IMAGE, TURNS[edge]))


@pytest.mark.parametrize("edge", ["left", "top", "right", "bottom"])
@pytest.mark.parametrize("most", [12, 4])
def test_points_lie_on_their_pixels(edge: Edge, most: int) -> None:
    """Of an image of 7 x 9 pixels, each of which holds its own place, also where blocks leave a rest."""
    y, x = (a.astype(float) for a in np.mgrid[:7, :9])
    view = MapView(edge, (7, 9), (2e-6, 3e-6))
    for values, other in ((x, y), (y, x)):
        grid = view.heatmap(values, most), view.heatmap(other, most)
        px, py = (np.array(g["z"]) for g in (grid if values is x else grid[::-1]))
        along, across = view.points((px + 0.5) * 3.0, (py + 0.5) * 2.0)
        rows, columns = np.indices(px.shape)
        np.testing.assert_allclose(along, grid[0]["x0"] + columns * grid[0]["dx"])
        np.testing.assert_allclose(across, grid[0]["y0"] + rows * grid[0]["dy"])
