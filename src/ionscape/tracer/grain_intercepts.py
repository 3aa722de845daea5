"""Grain size of a label map: the mean linear intercept, over all directions and along each side of the image.

Source: ASTM E112 (intercept method; test lines apart by direction where grains are elongated); errors by the
jackknife over parts of the image, since neighbouring test lines cut the same grains.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, measured, undetermined
from ionscape.core.number_format import format_quantity
from ionscape.core.quantity import named_dimension

IntArray = NDArray[np.int_]
FloatArray = NDArray[np.float64]
_LENGTH = named_dimension("length")
_PARTS = 4  # along either side, for the jackknife: each still holds several grains of a usual image
_CHANCE = 0.01  # probability of such a difference of the directions in a map without one
_FEWEST_CUTS = 20  # in all: fewer say nothing of a direction


@dataclass(frozen=True)
class GrainSize:
    """Of a map.

    Attributes
    ----------
    intercept : Estimate
        Mean length of a test line inside one grain [m], over the lines of both directions.
    down, across : Estimate
        The same of the lines that run along the columns (from row to row), and along the rows [m]: in series
        along either side of the image, this one counts.
    differs : bool
        Whether the two differ by more than chance: grains are elongated, and `intercept` fits no direction.
    warning : str
        Then, what that means; else empty.
    diameters : (G,) array
        Diameter of the circle of every grain's area [m], grains at the edge of the image left out.
    """

    intercept: Estimate
    down: Estimate
    across: Estimate
    differs: bool
    warning: str
    diameters: NDArray[np.float64]


def grain_size(labels: IntArray, spacing: tuple[float, float], source: str) -> GrainSize:
    """Mean linear intercept along rows and columns, together and apart, and the grains' diameters.

    Parameters
    ----------
    labels : (ny, nx) int array
    spacing : (float, float)
        Distance of rows and of columns [m].
    source : str
        Names the unknown.
    """
    parts = [labels[np.ix_(rows, columns)] for rows in np.array_split(np.arange(labels.shape[0]), _PARTS)
             for columns in np.array_split(np.arange(labels.shape[1]), _PARTS)]  # fmt: skip
    pieces = np.array([_lines(part, spacing) for part in parts if min(part.shape) > 1])
    whole = _lines(labels, spacing)
    both = _estimate(whole.sum(axis=0), pieces.sum(axis=1), source)
    down, across = (_estimate(whole[k], pieces[:, k], f"{source} {name}") for k, name in
                    enumerate(("down", "across")))  # fmt: skip
    differs = _differ(whole, pieces)
    warning = "" if not differs else (
        f"grains are elongated: the mean intercept is {_words(down)} from row to row and {_words(across)} "
        f"from column to column, {format_quantity(both, 'um')} over both; in series, the one along the "
        "diffusion counts"
    )  # fmt: skip
    return GrainSize(both, down, across, differs, warning, _diameters(labels, spacing))


def _lines(labels: IntArray, spacing: tuple[float, float]) -> FloatArray:
    """[[length, cuts] of the lines down, [length, cuts] of those across]."""
    return np.array([
        [labels[1:].size * spacing[0], np.count_nonzero(labels[1:] != labels[:-1])],
        [labels[:, 1:].size * spacing[1], np.count_nonzero(labels[:, 1:] != labels[:, :-1])],
    ])  # fmt: skip


def _estimate(whole: FloatArray, pieces: FloatArray, source: str) -> Estimate:
    """Length over cuts, with the jackknife's error."""
    if whole[1] < 2:
        return undetermined(_LENGTH, "these lines cross no boundary")
    rest = pieces.sum(axis=0) - pieces
    left_out = rest[:, 0] / np.maximum(rest[:, 1], 1)
    return measured(float(whole[0] / whole[1]), _jackknife(left_out), _LENGTH, source=source)


def _jackknife(left_out: FloatArray) -> float:
    n = left_out.size
    return math.sqrt((n - 1) / n * float(np.sum((left_out - left_out.mean()) ** 2)))


def _differ(whole: FloatArray, pieces: FloatArray) -> bool:
    """Whether the cuts per length of the two directions differ, by Student's t."""
    from scipy.stats import t

    if whole[:, 1].sum() < _FEWEST_CUTS or len(pieces) < 2:
        return False
    rest = pieces.sum(axis=0) - pieces
    rate = rest[:, :, 1] / rest[:, :, 0]
    contrast = (rate[:, 0] - rate[:, 1]) / (rate[:, 0] + rate[:, 1])
    rates = whole[:, 1] / whole[:, 0]
    found = abs(float((rates[0] - rates[1]) / rates.sum()))
    return bool(found > t.isf(_CHANCE / 2, len(pieces) - 1) * _jackknife(contrast) and found > 0)


def _words(size: Estimate) -> str:
    return format_quantity(size, "um") if size.status == "determined" else "longer than the image"


def _diameters(labels: IntArray, spacing: tuple[float, float]) -> NDArray[np.float64]:
    sizes = np.bincount(labels[labels >= 0].ravel())
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    inner = sizes > 0
    inner[np.unique(edge[edge >= 0])] = False
    return np.asarray(np.sqrt(4 / math.pi * sizes[inner] * spacing[0] * spacing[1]))
