"""Grain boundaries as lines: for each pair of neighbouring grains, each connected stretch of their boundary.

On a label map a boundary is a path along pixel edges. Its staircase is too long (by 4/pi on average), so that
the path is smoothed along itself before length and normals are taken; its ends stay where they are.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.serial import storable

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int_]
Corner = tuple[int, int]

SMOOTHING = 2.0  # steps of one pixel: the shortest that takes the staircase out of a line of any slope


@storable
@dataclass(frozen=True)
class BoundaryLine:
    """One stretch of boundary between two grains.

    Attributes
    ----------
    grains : (int, int)
        Labels a < b; the normal points from a to b.
    path : (K + 1, 2) array
        (y, x) [m] of the smoothed line; pixel (i, j) has its centre at (i, j) times the spacing.
    normals : (K, 2) array
        Unit normals (y, x) of the K pieces, from a to b.
    pieces : (K,) array
        Lengths of the pieces [m].
    straightness : float
        Distance of the ends over length: 1 for a straight line, 0 for a closed one.
    """

    grains: tuple[int, int]
    path: FloatArray
    normals: FloatArray
    pieces: FloatArray
    straightness: float

    @property
    def length(self) -> float:
        """[m]."""
        return float(self.pieces.sum())

    @property
    def middles(self) -> FloatArray:
        """(K, 2) centres of the pieces [m]."""
        return np.asarray((self.path[1:] + self.path[:-1]) / 2)

    @property
    def centre(self) -> FloatArray:
        """(2,) centre of the line's length [m]."""
        return np.asarray(np.average(self.middles, axis=0, weights=self.pieces))

    @property
    def normal(self) -> FloatArray:
        """(2,) mean unit normal, from grain a to grain b: perpendicular to the chord."""
        mean = self.pieces @ self.normals
        size = float(np.hypot(*mean))
        return np.asarray(mean / size if size > 0 else self.normals[0])


def boundary_lines(
    labels: IntArray, spacing: tuple[float, float], *, smoothing: float = SMOOTHING
) -> list[BoundaryLine]:
    """All stretches of boundary of a label map.

    Parameters
    ----------
    labels : (ny, nx) int array
        One number per grain; pixels below zero belong to none and have no boundary.
    spacing : (float, float)
        Distance of rows and of columns [m].
    smoothing : float
        Standard deviation of the smoothing along the line [pixels].

    Returns
    -------
    list of BoundaryLine
        Ordered by grains.
    """
    lines = []
    for (a, b), edges in sorted(_edges_by_pair(labels).items()):
        for corners in _walks(edges):
            lines.append(_line(labels, (a, b), corners, spacing, smoothing))
    return lines


def neighbouring_pairs(labels: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Pairs of touching grains, (M, 2) with a < b, the pixel edges of each (M,) and the pair of each edge."""
    pairs = np.concatenate(
        [
            np.column_stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()]),
            np.column_stack([labels[:-1].ravel(), labels[1:].ravel()]),
        ]
    )
    pairs = pairs[(pairs[:, 0] != pairs[:, 1]) & (pairs.min(axis=1) >= 0)]
    found, which, count = np.unique(np.sort(pairs, axis=1), axis=0, return_inverse=True, return_counts=True)
    return found, count, which.ravel()


def _edges_by_pair(labels: IntArray) -> dict[tuple[int, int], list[tuple[Corner, Corner]]]:
    """Pixel edges between different grains, as pairs of pixel corners; corner (i, j) is above left of (i,
    j)."""
    edges: dict[tuple[int, int], list[tuple[Corner, Corner]]] = defaultdict(list)
    for first, second, step, along in (
        (labels[:, :-1], labels[:, 1:], (0, 1), (1, 0)),
        (labels[:-1], labels[1:], (1, 0), (0, 1)),
    ):
        at = np.argwhere((first != second) & (first >= 0) & (second >= 0))
        for (i, j), a, b in zip(
            at.tolist(), first[tuple(at.T)].tolist(), second[tuple(at.T)].tolist(), strict=True
        ):
            start = (i + step[0], j + step[1])
            edges[min(a, b), max(a, b)].append((start, (start[0] + along[0], start[1] + along[1])))
    return edges


def _walks(edges: list[tuple[Corner, Corner]]) -> Iterator[list[Corner]]:
    """Connected paths through the edges: open ones from their ends first, then closed ones."""
    beside: dict[Corner, list[Corner]] = defaultdict(list)
    for start, end in edges:
        beside[start].append(end)
        beside[end].append(start)
    ends = [corner for corner, others in beside.items() if len(others) % 2 == 1]
    for corner in [*ends, *list(beside)]:
        while beside[corner]:
            path = [corner]
            while beside[path[-1]]:
                here = path[-1]
                there = _straight_on(path, beside[here])
                beside[here].remove(there)
                beside[there].remove(here)
                path.append(there)
            yield path
            if len(path) < 2:
                break


def _straight_on(path: list[Corner], options: list[Corner]) -> Corner:
    """At a crossing of four edges the line turns: a straight walk would jump to the other side's grain."""
    if len(options) == 1 or len(path) < 2:
        return options[0]
    (y0, x0), (y1, x1) = path[-2:]
    ahead = (2 * y1 - y0, 2 * x1 - x0)
    return next((option for option in options if option != ahead), options[0])


def _line(
    labels: IntArray,
    grains: tuple[int, int],
    corners: list[Corner],
    spacing: tuple[float, float],
    smoothing: float,
) -> BoundaryLine:
    raw = np.asarray(corners, dtype=float) - 0.5
    closed = corners[0] == corners[-1]
    path = _smoothed(raw, smoothing, closed) * np.asarray(spacing)
    steps = np.diff(path, axis=0)
    pieces = np.hypot(steps[:, 0], steps[:, 1])
    pieces = np.where(pieces > 0, pieces, 1e-300)
    normals = np.column_stack([steps[:, 1], -steps[:, 0]]) / pieces[:, None]
    normals *= _towards(labels, grains[1], raw)
    length = float(pieces.sum())
    return BoundaryLine(grains, path, normals, pieces, math.dist(path[0], path[-1]) / length)


def _smoothed(raw: FloatArray, width: float, closed: bool) -> FloatArray:
    """Gaussian mean along the path; odd reflection at the ends keeps them and the direction there."""
    from scipy.ndimage import gaussian_filter1d

    if len(raw) < 3:
        return raw
    if closed:
        ring = gaussian_filter1d(raw[:-1], width, axis=0, mode="wrap")
        return np.vstack([ring, ring[:1]])
    reach = min(len(raw) - 1, math.ceil(4 * width))
    before, after = 2 * raw[0] - raw[reach:0:-1], 2 * raw[-1] - raw[-2 : -reach - 2 : -1]
    smooth = gaussian_filter1d(np.vstack([before, raw, after]), width, axis=0, mode="nearest")
    return np.asarray(smooth[reach : reach + len(raw)])


def _towards(labels: IntArray, grain: int, raw: FloatArray) -> float:
    """Sign that turns the normals (dx, -dy of each step) towards ``grain``; the walk has it on one side."""
    step = raw[1] - raw[0]
    beyond = (raw[0] + raw[1]) / 2 + np.array([step[1], -step[0]]) / 2
    i, j = np.rint(beyond).astype(int)
    return 1.0 if labels[i, j] == grain else -1.0
