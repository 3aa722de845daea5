"""The forward calculation of a fit: one native and one foreign ion, in units of the charge and the time.

Depth is measured in Q, what the charge would replace if it replaced all; time in the duration. The bulk then
moves with velocity one, and only ratios are left.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ionscape.replacement.programme import Trace

FloatArray = NDArray[np.float64]
REACH = 1.7  # Q: how deep the film goes before a first fit has told
_MARGIN = 0.06  # Q: how far from where it was the front may move while the cells stay
_COARSEST = 4.0  # how much larger than the mean a cell may be


class Forward(Protocol):
    """A solver."""

    def __call__(
        self, log_native: FloatArray, log_foreign: float, course: Trace | None, faces: FloatArray,
        immobile: float, /,
    ) -> FloatArray:  # fmt: skip
        """Fractions (C,) of the native ion at the end, immobile ions included.

        ``log_native`` (T,): ln of D_native t/Q^2 on a uniform grid of filling from 0 to 1; ``log_foreign``: the
        same of the foreign ion; ``course``: current over its mean against time over the duration.
        """


def film_faces(cells: int, fractions: FloatArray | None = None, faces: FloatArray | None = None) -> FloatArray:
    """Faces (cells + 1,) in units of Q: uniform, or finer where an earlier curve is steep.

    Parameters
    ----------
    cells : int
    fractions, faces : (C,) and (C + 1,) arrays, optional
        An earlier curve. The steep part is widened by what the front may still move.
    """
    if fractions is None or faces is None:
        return np.linspace(0.0, REACH, cells + 1)
    centre = (faces[1:] + faces[:-1]) / 2
    fine = np.linspace(0.0, faces[-1], 4001)
    steep = np.abs(np.gradient(np.interp(fine, centre, fractions), fine))
    front = float(np.interp(0.5 * (1 + fractions[0]), np.maximum.accumulate(fractions), centre))
    rise = _rise(centre, fractions)
    reach = min(faces[-1], front + _MARGIN + 6 * rise + 0.1)
    fine = np.linspace(0.0, reach, 4001)
    steep = np.abs(np.gradient(np.interp(fine, centre, fractions), fine))
    width = int((_MARGIN + rise) / (fine[1] - fine[0])) // 2 * 2 + 1
    from scipy.ndimage import gaussian_filter1d, maximum_filter1d

    wide = gaussian_filter1d(maximum_filter1d(steep, width), width / 6)
    density = wide / np.trapezoid(wide, fine) + (1 / _COARSEST) / reach * 2
    amount = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(fine))])
    return np.asarray(np.interp(np.linspace(0, amount[-1], cells + 1), amount, fine))


def _rise(centre: FloatArray, fractions: FloatArray) -> float:
    """10-90 % width of the front, in Q."""
    low, high = fractions[0], 1.0
    rising = np.maximum.accumulate(fractions) + 1e-12 * np.arange(fractions.size)
    ends = np.interp([low + 0.1 * (high - low), low + 0.9 * (high - low)], rising, centre)
    return float(ends[1] - ends[0])


def electroneutral_profile(
    log_native: FloatArray, log_foreign: float, course: Trace | None, faces: FloatArray, immobile: float, /
) -> FloatArray:
    import sys

    sys.path.insert(0, "/tmp/helperE")
    from standin import forward

    return forward(log_native - log_foreign, float(np.exp(log_foreign)), faces, immobile, 100)
