"""Pixel faces between grains, each with the normal of the boundary that it is a stair of.

The stairs of a pixel image are longer than the boundary they stand for, by up to sqrt(2), however fine the
pixels. A face of unit normal e that stands for a boundary of unit normal n carries |n·e| of its own length;
summed over the stairs that is the length of the boundary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

REACH = 7.0  # pixels to each side that a local line is fitted to
LEAST_FACES = 4  # of a fitted line; shorter boundaries take the smoothed indicator
SMOOTHING = 1.5  # pixels, of the indicator


@dataclass(frozen=True)
class GrainFaces:
    """All faces between pixels of different grains: F in number, those across columns (x-faces) first.

    Attributes
    ----------
    x_rows, x_columns : (X,) int arrays
        The x-face lies between pixels (row, column) and (row, column + 1).
    y_rows, y_columns : (Y,) int arrays
        The y-face lies between pixels (row, column) and (row + 1, column).
    x_weight, y_weight : (X,), (Y,) float arrays
        |n·e| of each face, 0 to 1.
    x_boundary, y_boundary : (X,), (Y,) int arrays
        Which boundary the face belongs to: 0 .. n_boundaries - 1.
    normals : (F, 2) float array
        Unit normal of the boundary at each face, (x along columns, y along rows downwards); sign arbitrary.
    midpoints : (F, 2) float array
        (x, y) [m] of each face's middle, from the outer corner of pixel (0, 0).
    pairs : (n_boundaries, 2) int array
        Labels of the two grains of each boundary; a pair that touches in two places has two boundaries.
    lengths : (n_boundaries,) float array
        Length [m] of each boundary: weights times length of its faces.
    """

    x_rows: IntArray
    x_columns: IntArray
    x_weight: FloatArray
    x_boundary: IntArray
    y_rows: IntArray
    y_columns: IntArray
    y_weight: FloatArray
    y_boundary: IntArray
    normals: FloatArray
    midpoints: FloatArray
    pairs: NDArray[np.int64]
    lengths: FloatArray

    @property
    def n_boundaries(self) -> int:
        """How many boundaries there are."""
        return len(self.pairs)

    @property
    def boundary(self) -> IntArray:
        """(F,) Boundary of each face."""
        return np.concatenate([self.x_boundary, self.y_boundary])


def grain_faces(labels: ArrayLike, spacing: tuple[float, float], *, weighted: bool = True) -> GrainFaces:
    """All pixel faces between different labels, with local normals and weights.

    Parameters
    ----------
    labels : (ny, nx) int array
        Grain of each pixel; row 0 is the top of the image.
    spacing : (float, float)
        Distance [m] of neighbouring rows and columns, (hy, hx).
    weighted : bool
        False gives every face the weight 1, as a plain staircase does: only to show how wrong that is.

    Returns
    -------
    GrainFaces

    Raises
    ------
    InputError
        Where labels are not a 2-D array of integers, or a spacing is not positive.
    """
    grid, (hy, hx) = _checked(labels, spacing)
    x_rows, x_columns = np.nonzero(grid[:, 1:] != grid[:, :-1])
    y_rows, y_columns = np.nonzero(grid[1:] != grid[:-1])
    one = np.concatenate([grid[x_rows, x_columns], grid[y_rows, y_columns]])
    other = np.concatenate([grid[x_rows, x_columns + 1], grid[y_rows + 1, y_columns]])
    place = np.concatenate(
        [  # face middles in units of pixels, (x, y)
            np.stack([x_columns + 1.0, x_rows + 0.5], axis=1),
            np.stack([y_columns + 0.5, y_rows + 1.0], axis=1),
        ]
    )
    boundary, pairs = _boundaries(place, one, other)
    midpoints = place * (hx, hy)
    normals = _normals(grid, place, midpoints, boundary, (hx, hy), one, other)
    n_x = len(x_rows)
    weight = np.concatenate([np.abs(normals[:n_x, 0]), np.abs(normals[n_x:, 1])])
    if not weighted:
        weight = np.ones_like(weight)
    face_length = np.where(np.arange(len(place)) < n_x, hy, hx)
    lengths = np.bincount(boundary, weight * face_length, minlength=len(pairs)).astype(np.float64)
    return GrainFaces(
        x_rows,
        x_columns,
        weight[:n_x],
        boundary[:n_x],
        y_rows,
        y_columns,
        weight[n_x:],
        boundary[n_x:],
        normals,
        midpoints,
        pairs,
        lengths,
    )


def _checked(
    labels: ArrayLike, spacing: tuple[float, float]
) -> tuple[NDArray[np.int64], tuple[float, float]]:
    grid = np.asarray(labels)
    if grid.ndim != 2 or grid.size == 0:
        raise InputError(f"a grain map is a 2-D array of labels, got an array of shape {grid.shape}")
    whole = grid.astype(np.int64)
    if not np.array_equal(whole, grid):
        raise InputError("a grain map holds whole numbers, one per grain; this one has fractions")
    hy, hx = (float(h) for h in spacing)
    if not (0 < hy < np.inf and 0 < hx < np.inf):
        raise InputError(f"the pixel size must be larger than zero, got {spacing}")
    return whole, (hy, hx)


def _boundaries(
    place: FloatArray, one: NDArray[np.int64], other: NDArray[np.int64]
) -> tuple[IntArray, NDArray[np.int64]]:
    """Number the connected runs of faces between the same two grains."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    if not len(place):
        return np.zeros(0, dtype=np.intp), np.zeros((0, 2), dtype=np.int64)
    couple = np.sort(np.stack([one, other], axis=1), axis=1)
    _, pair_of_face = np.unique(couple, axis=0, return_inverse=True)
    near = cKDTree(place).query_pairs(1.01, output_type="ndarray")  # faces that share a corner
    near = near[pair_of_face[near[:, 0]] == pair_of_face[near[:, 1]]]
    graph = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(place), len(place)))
    n, component = connected_components(graph, directed=False)
    first = np.zeros(n, dtype=np.intp)
    first[component[::-1]] = np.arange(len(place))[::-1]
    return component.astype(np.intp), couple[first].astype(np.int64)


def _normals(
    grid: NDArray[np.int64],
    place: FloatArray,
    midpoints: FloatArray,
    boundary: IntArray,
    step: tuple[float, float],
    one: NDArray[np.int64],
    other: NDArray[np.int64],
) -> FloatArray:
    """Normal of the line through each face's neighbours on the same boundary; (F, 2)."""
    if not len(place):
        return np.zeros((0, 2))
    normals = _line_normals(place, midpoints, boundary)
    few = np.bincount(boundary)[boundary] < LEAST_FACES
    for face in np.flatnonzero(few):
        normals[face] = _indicator_normal(grid, place[face], step, int(one[face]), int(other[face]))
    return normals


def _line_normals(place: FloatArray, midpoints: FloatArray, boundary: IntArray) -> FloatArray:
    """Total least squares with weights that fall to zero at the reach, so that no stair enters abruptly."""
    from scipy.spatial import cKDTree

    near = cKDTree(place).query_pairs(REACH, output_type="ndarray")
    near = near[boundary[near[:, 0]] == boundary[near[:, 1]]]
    own = np.arange(len(place))
    i = np.concatenate([near[:, 0], near[:, 1], own])
    j = np.concatenate([near[:, 1], near[:, 0], own])
    away = ((place[i] - place[j]) ** 2).sum(axis=1) / REACH**2
    weight = (1 - away) ** 2
    offset = midpoints[j] - midpoints[i]

    def total(values: FloatArray) -> FloatArray:
        return np.bincount(i, weight * values, minlength=len(place)).astype(np.float64)

    sum_0 = total(np.ones(len(i)))
    mean = [total(offset[:, k]) / sum_0 for k in (0, 1)]
    c_xx = total(offset[:, 0] ** 2) / sum_0 - mean[0] ** 2
    c_yy = total(offset[:, 1] ** 2) / sum_0 - mean[1] ** 2
    c_xy = total(offset[:, 0] * offset[:, 1]) / sum_0 - mean[0] * mean[1]
    along = 0.5 * np.arctan2(2 * c_xy, c_xx - c_yy)  # direction of the larger principal axis
    return np.stack([-np.sin(along), np.cos(along)], axis=1)


def _indicator_normal(
    grid: NDArray[np.int64], place: FloatArray, step: tuple[float, float], one: int, other: int
) -> FloatArray:
    """Gradient of the smoothed difference of the two grains' indicators: a third grain drops out of it."""
    half = 4
    row, column = int(place[1]), int(place[0])
    rows = np.arange(max(row - half, 0), min(row + half + 1, grid.shape[0]))
    columns = np.arange(max(column - half, 0), min(column + half + 1, grid.shape[1]))
    patch = grid[np.ix_(rows, columns)]
    difference = (patch == one).astype(float) - (patch == other)
    dx, dy = columns[None, :] + 0.5 - place[0], rows[:, None] + 0.5 - place[1]
    kernel = np.exp(-(dx**2 + dy**2) / (2 * SMOOTHING**2)) * difference
    normal = np.array([(kernel * dx).sum() / step[0], (kernel * dy).sum() / step[1]])
    size = float(np.hypot(*normal))
    if size == 0:  # the patch is symmetric: the face is all that is known
        return np.array([1.0, 0.0]) if place[0] == int(place[0]) else np.array([0.0, 1.0])
    return np.asarray(normal / size)
