"""Grain size of a label map: the mean linear intercept.

Source: ASTM E112 (intercept method); errors by the jackknife over parts of the image, since neighbouring test
lines cut the same grains.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, measured, undetermined
from ionscape.core.quantity import named_dimension

IntArray = NDArray[np.int_]
_LENGTH = named_dimension("length")
_PARTS = 4  # along either side, for the jackknife: each still holds several grains of a usual image


@dataclass(frozen=True)
class GrainSize:
    """Of a map.

    Attributes
    ----------
    intercept : Estimate
        Mean length of a random test line inside one grain [m].
    diameters : (G,) array
        Diameter of the circle of every grain's area [m], grains at the edge of the image left out.
    """

    intercept: Estimate
    diameters: NDArray[np.float64]


def grain_size(labels: IntArray, spacing: tuple[float, float], source: str) -> GrainSize:
    """Mean linear intercept along rows and columns, and the grains' diameters.

    Parameters
    ----------
    labels : (ny, nx) int array
    spacing : (float, float)
        Distance of rows and of columns [m].
    source : str
        Names the unknown.
    """
    lengths, cuts = [], []
    for rows in np.array_split(np.arange(labels.shape[0]), _PARTS):
        for columns in np.array_split(np.arange(labels.shape[1]), _PARTS):
            part = labels[np.ix_(rows, columns)]
            if min(part.shape) < 2:
                continue
            lengths.append(part[:, 1:].size * spacing[1] + part[1:].size * spacing[0])
            cuts.append(
                np.count_nonzero(part[:, 1:] != part[:, :-1]) + np.count_nonzero(part[1:] != part[:-1])
            )
    total, count = float(np.sum(lengths)), int(np.sum(cuts))
    if count < 2:
        return GrainSize(undetermined(_LENGTH, "the map has no boundary"), _diameters(labels, spacing))
    left_out = [(total - a) / max(count - int(c), 1) for a, c in zip(lengths, cuts, strict=True)]
    n = len(left_out)
    error = math.sqrt((n - 1) / n * float(np.sum((np.array(left_out) - np.mean(left_out)) ** 2)))
    whole = labels[:, 1:].size * spacing[1] + labels[1:].size * spacing[0]
    crossed = np.count_nonzero(labels[:, 1:] != labels[:, :-1]) + np.count_nonzero(labels[1:] != labels[:-1])
    return GrainSize(measured(whole / crossed, error, _LENGTH, source=source), _diameters(labels, spacing))


def _diameters(labels: IntArray, spacing: tuple[float, float]) -> NDArray[np.float64]:
    sizes = np.bincount(labels[labels >= 0].ravel())
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    inner = sizes > 0
    inner[np.unique(edge[edge >= 0])] = False
    return np.asarray(np.sqrt(4 / math.pi * sizes[inner] * spacing[0] * spacing[1]))
