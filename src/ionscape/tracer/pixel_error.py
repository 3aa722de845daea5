"""What it costs that boundaries are drawn in pixels: triple points lie where the nearest pixel corners are.

A triple point that is off by d makes the boundaries that meet there longer or shorter by -u·d, with u their
directions away from it: errors that mostly cancel in what many boundaries carry together.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ionscape.tracer.faces import GrainFaces

FloatArray = NDArray[np.float64]

# The length of a straight boundary drawn in pixels between two triple points has a standard deviation of 0.48
# pixels (Voronoi maps, 8 to 40 pixels a grain, boundaries of any length): this along each axis at each end.
TRIPLE_POINT = 0.48 / math.sqrt(2)
SAME_POINT = 2.5  # pixels within which ends of boundaries are one triple point


def pixel_covariance(faces: GrainFaces, spacing: tuple[float, float], influence: FloatArray) -> FloatArray:
    """Covariance (q, q) from triple points drawn in pixels.

    Parameters
    ----------
    faces : GrainFaces
    spacing : (float, float)
        [m]
    influence : (q, n_boundaries) array
        Change of q results by that of ln P of each boundary.
    """
    pixel = math.sqrt(spacing[0] * spacing[1])
    ends, directions = boundary_ends(faces)
    point = _points(ends.reshape(-1, 2), SAME_POINT * pixel)
    lengths = np.maximum(faces.lengths, pixel)
    pull = np.repeat(influence / lengths, 2, axis=1)
    along = directions.reshape(-1, 2)
    total = np.zeros((2 * influence.shape[0], int(point.max()) + 1))
    for axis in (0, 1):
        for row, values in enumerate(pull * along[:, axis]):
            total[axis * influence.shape[0] + row] = np.bincount(point, values, minlength=total.shape[1])
    x, y = total[: influence.shape[0]], total[influence.shape[0] :]
    return np.asarray((TRIPLE_POINT * pixel) ** 2 * (x @ x.T + y @ y.T))


def boundary_ends(faces: GrainFaces) -> tuple[FloatArray, FloatArray]:
    """Both ends (n_boundaries, 2, 2) [m] of each boundary and its direction into it from there."""
    n = faces.n_boundaries
    count = np.bincount(faces.boundary, minlength=n)
    middle = np.stack(
        [np.bincount(faces.boundary, faces.midpoints[:, k], minlength=n) / count for k in (0, 1)], axis=1
    )
    away = faces.midpoints - middle[faces.boundary]
    xx, yy, xy = (
        np.bincount(faces.boundary, a * b, minlength=n)
        for a, b in ((away[:, 0], away[:, 0]), (away[:, 1], away[:, 1]), (away[:, 0], away[:, 1]))
    )
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    ends = middle[:, None] + 0.5 * faces.lengths[:, None, None] * np.stack([-along, along], axis=1)
    return ends, np.stack([along, -along], axis=1)


def _points(ends: FloatArray, reach: float) -> NDArray[np.intp]:
    """Which triple point each end belongs to."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    near = cKDTree(ends).query_pairs(reach, output_type="ndarray")
    graph = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(ends), len(ends)))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.intp)
