"""What counts were expected to be, for their variance: means over as many neighbours as agree with them.

A variance taken from single counts ties their weight to their error: a mean weighted so lies a whole count
too low, which matters on a plateau of tens of counts. Windows grow while the counts in them scatter as
Poisson's law says (O. V. Lepski, Theory Probab. Appl. 35, 454 (1990)).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ionscape.core.counting_statistics import HALF

FloatArray = NDArray[np.float64]
_HALF_WIDTHS = (1, 2, 4, 8, 16)
_AGREE = 3.0  # standard deviations of chi-square


def expected_counts(counts: FloatArray, dispersion: float = 1.0) -> FloatArray:
    """Expected counts of every point, at least a half.

    Parameters
    ----------
    counts : (N,) array
        Zero or more.
    dispersion : float
        Variance over mean where nothing changes.

    Notes
    -----
    The mean of the neighbours, the count itself left out; of a point whose neighbours differ from it, its
    own count and a half. Where next to nothing is counted, a stray count must not weigh like many: hence the
    half.
    """
    best = counts + HALF
    growing = np.ones(counts.size, dtype=bool)
    total = np.concatenate([[0.0], np.cumsum(counts)])
    squares = np.concatenate([[0.0], np.cumsum(counts**2)])
    index = np.arange(counts.size)
    for half in _HALF_WIDTHS:
        reach = np.minimum(np.minimum(index, counts.size - 1 - index), half)  # symmetric: no tilt
        low, high = index - reach, index + reach + 1
        n = high - low
        mean = (total[high] - total[low] + HALF) / n
        around = squares[high] - squares[low] - (total[high] - total[low]) ** 2 / n
        agree = around <= dispersion * mean * (n - 1 + _AGREE * np.sqrt(2 * np.maximum(n - 1, 1)))
        growing &= agree
        others = (total[high] - total[low] - counts + HALF) / np.maximum(n - 1, 1)
        best = np.where(growing & (n > 1), others, best)
    return np.maximum(best, HALF)


def dispersion_of(values: FloatArray, expected: FloatArray) -> tuple[float, float]:
    """Variance over what is expected, from differences of neighbours, and its standard uncertainty.

    Parameters
    ----------
    values, expected : (n,) arrays
        At points where nothing changes but slowly; ``expected`` is the variance of each.
    """
    steps = np.diff(values)
    scale = (expected[1:] + expected[:-1]) / 2
    n = steps.size
    found = float(np.mean(steps**2 / scale) / 2)
    return found, found * math.sqrt(3.0 / n)  # neighbouring differences share a point


__all__ = ["dispersion_of", "expected_counts"]
