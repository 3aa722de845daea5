"""Grains of an image, from the steps of its fraction map.

Inside a grain the fraction is smooth (a plane with little curvature), at a boundary it
steps. Regions are merged, the pair that most deserves it first, as long as one smooth surface for both is
more probable than two: the evidence of a quadratic surface with the noise of every pixel known, against the
length of a description of the boundary between them. That line goes left, right or on (ln 3) once in about
three pixel edges; much cheaper, and noise alone draws boundaries, three times as dear, and only strong ones
are found.

Sources: Bayesian evidence, D. J. C. MacKay, Neural Comput. 4, 415 (1992); description length of a partition,
Y. G. Leclerc, Int. J. Comput. Vis. 3, 73 (1989); total variation, A. Chambolle, J. Math. Imaging Vis. 20, 89
(2004).
"""

from __future__ import annotations

import heapq
import math
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.tracer.boundary_tracing import neighbouring_pairs
from ionscape.tracer.label_maps import (
    SMALLEST,
    connected,
    numbered,
    without_small_grains,
)
from ionscape.tracer.measured_image import IonImage, images_extra

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int_]

EDGE_PRICE = math.log(3) / 3
"""Nats per pixel edge of a boundary."""

_SCALE = 100.0  # pixels: keeps the fourth moments of coordinates in range
_ORDER = 6  # 1, y, x, y^2, yx, x^2


def grains_from_fraction(image: IonImage, *, smallest: int = SMALLEST) -> IntArray:
    """Grains whose boundaries show as steps of the isotope fraction.

    Parameters
    ----------
    image : IonImage
        With the variance of every pixel, which sets all scales.
    smallest : int
        Grains of fewer pixels join the neighbour they resemble most.

    Returns
    -------
    (ny, nx) int array
        Labels from 0; pixels without data get the grain around them.

    Notes
    -----
    A boundary without a visible step (a fast one, or one along the gradient) joins two grains into one; see
    `visible_step`.

    Raises
    ------
    AnalysisError
        If scikit-image is not installed.
    """
    usable = np.isfinite(image.fraction) & np.isfinite(image.variance) & (image.variance > 0)
    if not usable.any():
        raise AnalysisError(
            "no pixel of the image has a fraction with a known error: there is nothing to segment"
        )
    f = np.where(usable, image.fraction, np.median(image.fraction[usable]))
    weight = np.where(usable, 1 / np.where(usable, image.variance, 1.0), 0.0)
    labels = _first_regions(f, weight)
    for _ in range(2):
        labels = _merged(f, weight, labels)
        labels = _relaxed(f, weight, labels)
    return without_small_grains(_merged(f, weight, labels), smallest, f)


def visible_step(image: IonImage, length: float, depth: float) -> float:
    """Smallest step of the fraction that `grains_from_fraction` finds at this image's noise.

    Parameters
    ----------
    image : IonImage
    length : float
        Of the boundary [m].
    depth : float
        Size of the grains on both sides, across the boundary [m].

    Notes
    -----
    Two flat grains of n pixels each: n step^2/(4 variance) equals the price of the boundary's edges and of
    one more level.
    """
    variance = float(np.nanmedian(image.variance))
    pixels = max(length * depth / (image.spacing[0] * image.spacing[1]), 1.0)
    edges = 4 / math.pi * length / math.sqrt(image.spacing[0] * image.spacing[1])
    level = 0.5 * math.log(max(pixels * float(np.nanvar(image.fraction)) / variance, 1.0))
    return 2 * math.sqrt(variance * (EDGE_PRICE * edges + level) / pixels)


# ---- regions of the fraction map ----------------------------------------------------------------------
def _first_regions(f: FloatArray, weight: FloatArray) -> IntArray:
    """Many more regions than grains: the basins of the gradient of the image without its noise."""
    from scipy.ndimage import gaussian_gradient_magnitude

    images_extra("grains from a fraction map")
    from skimage import restoration, segmentation

    noise = 1 / np.sqrt(float(np.median(weight[weight > 0])))
    smooth = cast("Any", restoration).denoise_tv_chambolle(f / noise, weight=1.5, eps=1e-6, max_num_iter=200)
    basins = cast("Any", segmentation).watershed(gaussian_gradient_magnitude(smooth, 1.0))
    return np.asarray(basins, dtype=int) - 1


def _surface_moments(f: FloatArray, weight: FloatArray, labels: IntArray) -> tuple[FloatArray, FloatArray]:
    """Normal matrix and right side (K, 7, 7) of a quadratic surface in every region, f as the seventh column;
    with them centre and count (K, 3)."""
    ny, nx = f.shape
    y, x = ((np.arange(n) - n / 2) / _SCALE for n in (ny, nx))
    yy, xx = np.broadcast_to(y[:, None], f.shape).ravel(), np.broadcast_to(x, f.shape).ravel()
    columns = [np.ones(f.size), yy, xx, yy**2, yy * xx, xx**2, f.ravel() - float(np.mean(f))]
    flat, count = labels.ravel(), int(labels.max()) + 1
    moments = np.zeros((count, 7, 7))
    for i in range(7):
        for j in range(i, 7):
            moments[:, i, j] = np.bincount(flat, weight.ravel() * columns[i] * columns[j], count)
            moments[:, j, i] = moments[:, i, j]
    extents = np.column_stack([np.bincount(flat, c, count) for c in columns[:3]])
    return moments, np.asarray(extents, dtype=np.float64)


class _Evidence:
    """Log evidence of one quadratic surface for all pixels of a region."""

    def __init__(self, f: FloatArray, weight: FloatArray) -> None:
        span = float(np.std(f[weight > 0]))
        slope = span * _SCALE / (max(f.shape) / 4)
        bend = slope * _SCALE / (max(f.shape) / 4)
        deviation = np.array([span, slope, slope, bend, bend, bend])
        self.precision = 1 / np.maximum(deviation, 1e-300) ** 2

    def __call__(self, moments: FloatArray, extents: FloatArray) -> FloatArray:
        """(K, 7, 7) moments and (K, 3) extents -> (K,) nats, without what all partitions share."""
        shift = _shift_to(extents[:, 1:] / extents[:, :1])
        centred = shift @ moments @ shift.swapaxes(1, 2)
        normal = centred[:, :_ORDER, :_ORDER] + np.diag(self.precision)
        right = centred[:, :_ORDER, _ORDER]
        lower = np.linalg.cholesky(normal)
        solved = np.linalg.solve(normal, right[..., None])[..., 0]
        misfit = centred[:, _ORDER, _ORDER] - np.einsum("kp,kp->k", right, solved)
        determinant = 2 * np.log(np.einsum("kpp->kp", lower)).sum(axis=1) - np.log(self.precision).sum()
        return np.asarray(-0.5 * (misfit + determinant))


def _shift_to(centre: FloatArray) -> FloatArray:
    """(K, 7, 7) matrices that turn 1, y, x, y^2, yx, x^2 into the same of y - b, x - a."""
    b, a = centre[:, 0], centre[:, 1]
    shift = np.zeros((len(centre), 7, 7))
    shift[:, range(7), range(7)] = 1.0
    shift[:, 1, 0], shift[:, 2, 0] = -b, -a
    shift[:, 3, 0], shift[:, 3, 1] = b**2, -2 * b
    shift[:, 4, 0], shift[:, 4, 1], shift[:, 4, 2] = a * b, -a, -b
    shift[:, 5, 0], shift[:, 5, 2] = a**2, -2 * a
    return shift


def _merged(f: FloatArray, weight: FloatArray, labels: IntArray) -> IntArray:
    """Merge neighbours, the most probable pair first, while one surface is more probable than two."""
    labels = connected(labels)
    moments, extents = _surface_moments(f, weight, labels)
    evidence = _Evidence(f, weight)
    own = evidence(moments, extents)
    beside: list[dict[int, int]] = [{} for _ in range(len(own))]
    pairs, edges, _ = neighbouring_pairs(labels)
    for (a, b), count in zip(pairs.tolist(), edges.tolist(), strict=True):
        beside[a][b] = beside[b][a] = count
    first, second = pairs.T
    gains = evidence(moments[first] + moments[second], extents[first] + extents[second])
    gains += EDGE_PRICE * edges - own[first] - own[second]
    queue = [(-g, a, b, 0, 0) for g, (a, b) in zip(gains.tolist(), pairs.tolist(), strict=True) if g > 0]
    heapq.heapify(queue)
    age, parent = [0] * len(own), np.arange(len(own))
    while queue:
        _, a, b, age_a, age_b = heapq.heappop(queue)
        if age[a] != age_a or age[b] != age_b:
            continue
        parent[b] = a
        age[a], age[b] = age[a] + 1, -1
        moments[a] += moments[b]
        extents[a] += extents[b]
        _hand_over(beside, a, b)
        for gain, c in zip(*_gains(evidence, moments, extents, own, beside, a), strict=True):
            if gain > 0:
                heapq.heappush(queue, (-gain, a, c, age[a], age[c]))
    return numbered(_roots(parent)[labels])


def _hand_over(beside: list[dict[int, int]], a: int, b: int) -> None:
    """The neighbours of b become those of a."""
    del beside[a][b], beside[b][a]
    for c, count in beside[b].items():
        del beside[c][b]
        beside[a][c] = beside[c][a] = beside[a].get(c, 0) + count
    beside[b] = {}


def _gains(
    evidence: _Evidence,
    moments: FloatArray,
    extents: FloatArray,
    own: FloatArray,
    beside: list[dict[int, int]],
    a: int,
) -> tuple[list[float], list[int]]:
    """What merging the region ``a`` with each neighbour would gain; its own evidence is brought up to
    date."""
    others = list(beside[a])
    joined = evidence(
        np.concatenate([moments[a : a + 1], moments[a] + moments[others]]),
        np.concatenate([extents[a : a + 1], extents[a] + extents[others]]),
    )
    own[a] = joined[0]
    price = EDGE_PRICE * np.array([beside[a][c] for c in others])
    return (joined[1:] + price - own[a] - own[others]).tolist(), others


def _roots(parent: IntArray) -> IntArray:
    while True:
        above = parent[parent]
        if np.array_equal(above, parent):
            return parent
        parent = above


def _relaxed(f: FloatArray, weight: FloatArray, labels: IntArray, rounds: int = 6) -> IntArray:
    """Move boundaries pixel by pixel to where surfaces and length of boundary together are most probable.

    Iterated conditional modes (J. Besag, J. R. Stat. Soc. B 48, 259 (1986)) with eight neighbours, so that
    the price of a line hardly depends on its direction; a quarter of the pixels at a time, none beside
    another.
    """
    labels = labels.copy()
    for _ in range(rounds):
        moments, extents = _surface_moments(f, weight, labels)
        surfaces = _surfaces(f, weight, moments, extents)
        moved = 0
        for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
            moved += _relax_some(f, weight, labels, surfaces, i, j)
        if moved < 1e-4 * labels.size:
            break
    return labels


def _surfaces(f: FloatArray, weight: FloatArray, moments: FloatArray, extents: FloatArray) -> FloatArray:
    """(K, 6) coefficients of every region's surface about the image's centre."""
    evidence = _Evidence(f, weight)
    alive = np.maximum(extents[:, :1], 1.0)
    shift = _shift_to(extents[:, 1:] / alive)
    centred = shift @ moments @ shift.swapaxes(1, 2)
    normal = centred[:, :_ORDER, :_ORDER] + np.diag(evidence.precision)
    local = np.linalg.solve(normal, centred[:, :_ORDER, _ORDER, None])
    return np.asarray((shift[:, :_ORDER, :_ORDER].swapaxes(1, 2) @ local)[..., 0])


def _relax_some(
    f: FloatArray, weight: FloatArray, labels: IntArray, surfaces: FloatArray, i: int, j: int
) -> int:
    ny, nx = labels.shape
    padded = np.pad(labels, 1, mode="edge")
    around = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
    yy, xx = (a.ravel() for a in np.mgrid[i:ny:2, j:nx:2])
    near = np.stack([padded[yy + 1 + dy, xx + 1 + dx] for dy, dx in around])
    at = np.any(near != labels[yy, xx], axis=0)
    yy, xx, near = yy[at], xx[at], near[:, at]
    straight = EDGE_PRICE / (
        1 + math.sqrt(2)
    )  # a line along the rows cuts one straight and two oblique links
    price = np.array([straight if 0 in step else straight / math.sqrt(2) for step in around])
    y, x = (yy - ny / 2) / _SCALE, (xx - nx / 2) / _SCALE
    basis = np.column_stack([np.ones(y.size), y, x, y**2, y * x, x**2])
    value, mean = f[yy, xx], float(np.mean(f))
    best, chosen = np.full(y.size, np.inf), labels[yy, xx].copy()
    for candidate in (labels[yy, xx], *near):
        model = np.einsum("kp,kp->k", basis, surfaces[candidate]) + mean
        energy = 0.5 * weight[yy, xx] * (value - model) ** 2 + price @ (near != candidate)
        better = energy < best - 1e-12
        best, chosen = np.where(better, energy, best), np.where(better, candidate, chosen)
    moved = int(np.count_nonzero(chosen != labels[yy, xx]))
    labels[yy, xx] = chosen
    return moved
