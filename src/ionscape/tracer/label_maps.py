"""Maps of grains that were given: a boundary mask, or labels (electron backscatter diffraction)."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.tracer.boundary_tracing import neighbouring_pairs
from ionscape.tracer.measured_image import images_extra

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int_]

SMALLEST = 9  # pixels of a grain: fewer hold no surface


def grains_from_mask(mask: NDArray[Any], *, smallest: int = SMALLEST) -> IntArray:
    """Grains between the lines of a boundary mask.

    Parameters
    ----------
    mask : (ny, nx) array
        Nonzero on boundaries.

    Returns
    -------
    (ny, nx) int array
        Labels from 0; the pixels of the lines belong to the nearest grain.

    Raises
    ------
    InputError
        If the mask has no boundary, or no grains on both sides of one.
    """
    from scipy.ndimage import label

    lines = np.asarray(mask) != 0
    if not lines.any() or lines.all():
        where = "every pixel" if lines.all() else "no pixel"
        raise InputError(
            f"the boundary mask marks {where} as boundary: it must be nonzero on boundaries only"
        )
    grains, count = label(~lines)  # 4-neighbours: a diagonal line of single pixels keeps grains apart
    sizes = np.bincount(grains.ravel(), minlength=count + 1)
    small = (sizes < smallest) & (np.arange(count + 1) > 0)
    grains = np.where(small[grains], 0, grains)
    if np.count_nonzero(sizes[1:] >= smallest) < 2:
        raise InputError(
            "the boundary mask has no boundary with grains on both sides: its lines do not close; draw them "
            "up to one another and to the image's edge"
        )
    return numbered(_nearest(np.asarray(grains, dtype=np.int_) - 1))


def grains_from_labels(labels: NDArray[Any], *, smallest: int = SMALLEST) -> IntArray:
    """Grains of a given label map, e.g. from electron backscatter diffraction.

    Parameters
    ----------
    labels : (ny, nx) array
        A number per grain; zero, negative or not finite where nothing was indexed.

    Returns
    -------
    (ny, nx) int array
        Labels from 0 in the order of the given numbers; unindexed pixels belong to the nearest grain, grains
        of fewer than ``smallest`` pixels to the neighbour they touch most.

    Raises
    ------
    InputError
        If there are fewer than two grains, or the labels are no whole numbers.
    """
    given = np.asarray(labels, dtype=float)
    indexed = np.isfinite(given) & (given > 0)
    if np.any(given[indexed] != np.rint(given[indexed])):
        raise InputError(
            "grain labels must be whole numbers, one per grain; 0 or -1 where nothing was indexed"
        )
    grains = np.where(indexed, given, 0).astype(int)
    if np.unique(grains[indexed]).size < 2:
        raise InputError("the label map has fewer than two grains: there is no boundary in it")
    return without_small_grains(numbered(_nearest(np.where(indexed, grains, -1))), smallest)


def without_small_grains(labels: IntArray, smallest: int, fraction: FloatArray | None = None) -> IntArray:
    """Join every connected part below ``smallest`` pixels to a neighbour and number the rest from 0.

    The neighbour is the one with the longest common boundary or, where a fraction map is given, with the
    nearest mean fraction.
    """
    labels = connected(labels)
    while True:
        sizes = np.bincount(labels.ravel())
        small = int(np.argmin(np.where(sizes > 0, sizes, sizes.max() + 1)))
        if sizes[small] >= smallest or np.count_nonzero(sizes) < 2:
            return numbered(labels)
        small_ones = np.flatnonzero((sizes > 0) & (sizes < smallest))
        target = np.arange(sizes.size)
        pairs, edges, _ = neighbouring_pairs(labels)
        means = (
            None if fraction is None else np.bincount(labels.ravel(), fraction.ravel()) / np.maximum(sizes, 1)
        )
        for grain in small_ones[np.argsort(sizes[small_ones])]:
            touching = np.any(pairs == grain, axis=1)
            others = np.where(pairs[touching, 0] == grain, pairs[touching, 1], pairs[touching, 0])
            score = edges[touching] if means is None else -np.abs(means[others] - means[grain])
            if others.size and target[others[np.argmax(score)]] != grain:
                target[grain] = target[others[np.argmax(score)]]
        labels = target[target[labels]]


def connected(labels: IntArray) -> IntArray:
    """Every connected part of a label gets a number of its own."""
    images_extra("a map of grains")
    from skimage import measure

    return (
        np.asarray(cast("Any", measure).label(labels, background=-(2**62), connectivity=1), dtype=np.int_) - 1
    )


def numbered(labels: IntArray) -> IntArray:
    """The labels in use, from 0."""
    return np.asarray(np.unique(labels, return_inverse=True)[1].reshape(labels.shape))


def _nearest(labels: IntArray) -> IntArray:
    """Pixels below zero take the label of the nearest that has one."""
    from scipy.ndimage import distance_transform_edt

    _, (i, j) = distance_transform_edt(labels < 0, return_indices=True)
    return np.asarray(labels[i, j])
