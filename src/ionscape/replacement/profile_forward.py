"""The forward calculation of a fit: one native and one foreign ion, in units of the charge and the time.

Depth is measured in Q, what the charge would replace if it replaced all; time in the duration. The bulk then
moves with velocity one, and only ratios are left.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ionscape.replacement.electroneutral_pair import native_profile
from ionscape.replacement.electroneutral_pair_kernel import Directions
from ionscape.replacement.programme import Trace

FloatArray = NDArray[np.float64]
TOLERANCE = 1e-3  # of the fractions, in one time step: ten times less is left in the means of slices
SHARPEST = 1.0  # of the finest cell: D_foreign t/Q^2 below which a front is drawn as sharp as the cells allow
REACH = 1.7  # Q: how deep the film goes before a first fit has told
_MARGIN = 0.06  # Q: how far from where it was the front may move while the cells stay
_EVEN = 0.5  # share of evenly spread cells for each one in the front
_TAIL = 14  # cells behind
FURTHEST = 5.0  # Q
EVEN_FRONT = 1.1  # Q: where the front is expected on a mesh that is even


def film_faces(
    cells: int, fractions: FloatArray | None = None, faces: FloatArray | None = None, *,
    front: tuple[float, float] | None = None,
) -> FloatArray:  # fmt: skip
    """Faces (cells + 1,) in units of Q: uniform, or finer where the front is; coarse behind.

    Parameters
    ----------
    cells : int
    fractions, faces : (C,) and (C + 1,) arrays, optional
        An earlier curve. The steep part is widened by what the front may still move.
    front : (float, float), optional
        Depth and 10-90 % width [Q] of a front, instead of a curve.
    """
    inner = cells - _TAIL
    if front is not None:
        reach = front[0] + _MARGIN + 3 * front[1] + 0.1
        fine = np.linspace(0.0, reach, 4001)
        steep = np.exp(-0.5 * ((fine - front[0]) / (0.4 * front[1])) ** 2)
        return _with_tail(_graded(inner, fine, steep, front[1]))
    if fractions is None or faces is None:
        return _with_tail(np.linspace(0.0, REACH, inner + 1))
    centre = (faces[1:] + faces[:-1]) / 2
    rise = _rise(centre, fractions)
    at = float(np.interp(0.5 * (1 + fractions[0]), np.maximum.accumulate(fractions), centre))
    fine = np.linspace(0.0, at + _MARGIN + 3 * rise + 0.1, 4001)
    steep = np.abs(np.gradient(np.interp(fine, centre, fractions), fine))
    return _with_tail(_graded(inner, fine, steep, rise))


def _graded(cells: int, fine: FloatArray, steep: FloatArray, rise: float) -> FloatArray:
    """Faces such that every cell has the same share of the steepness, widened, and of the depth."""
    from scipy.ndimage import gaussian_filter1d, maximum_filter1d

    width = int((_MARGIN + rise) / (fine[1] - fine[0])) // 2 * 2 + 1
    wide = gaussian_filter1d(maximum_filter1d(steep, width), width / 6)
    density = wide / np.trapezoid(wide, fine) + _EVEN / fine[-1]
    amount = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(fine))])
    return np.asarray(np.interp(np.linspace(0, amount[-1], cells + 1), amount, fine))


def _with_tail(faces: FloatArray) -> FloatArray:
    """Cells that grow behind the others, for what runs ahead of the front."""
    last = faces[-1] - faces[-2]
    ratio = 1.05
    while last * ratio * (ratio**_TAIL - 1) / (ratio - 1) < FURTHEST - faces[-1]:
        ratio += 0.01
    return np.concatenate([faces, faces[-1] + last * np.cumsum(ratio ** np.arange(1, _TAIL + 1))])


def _rise(centre: FloatArray, fractions: FloatArray) -> float:
    """10-90 % width of the front, in Q."""
    low, high = fractions[0], 1.0
    rising = np.maximum.accumulate(fractions) + 1e-12 * np.arange(fractions.size)
    ends = np.interp([low + 0.1 * (high - low), low + 0.9 * (high - low)], rising, centre)
    return float(ends[1] - ends[0])


def front_of(faces: FloatArray) -> float:
    """Depth [Q] of the finest cells, where the front is to end."""
    width = np.diff(faces)
    fine = width < 1.2 * width.min()
    if fine.mean() > 0.7:
        return EVEN_FRONT
    return float(np.mean((faces[1:] + faces[:-1])[fine]) / 2)


def electroneutral_profile(
    log_native: FloatArray, log_foreign: float, course: Trace | None, faces: FloatArray, immobile: float,
    *, bluntest: bool = False,
) -> FloatArray:  # fmt: skip
    """Fractions (C,) of the native ion at the end, immobile ions included.

    Parameters
    ----------
    log_native : (T,) array
        ln of D_native t/Q^2 on a uniform grid of filling from 0 to 1.
    log_foreign : float
        The same of the foreign ion.
    course : Trace or None
        Current over its mean against time over the duration; None: constant.
    faces : (C + 1,) array
        In units of Q.
    immobile : float
        Fraction.
    bluntest : bool
        Draw no front sharper than the coarsest cells before it: for trials whose front may lie anywhere.

    Raises
    ------
    AnalysisError
        If no time step small enough is found.
    """
    wider, _ = _widened(log_foreign, faces, bluntest)
    return native_profile(
        log_native + wider, log_foreign + wider, 1.0 if course is None else course, 1.0, faces,
        front_depth=front_of(faces), immobile_fraction=immobile, tolerance=TOLERANCE,
    ).native  # fmt: skip


def electroneutral_sensitivities(
    log_native: FloatArray, log_foreign: float, course: Trace | None, faces: FloatArray, immobile: float,
    by_native: FloatArray, by_foreign: FloatArray, by_immobile: FloatArray,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """Fractions (C,) and their derivatives (P, C) along changes of the arguments.

    ``by_native`` (P, T), ``by_foreign`` and ``by_immobile`` (P,): the changes; the rest as
    `electroneutral_profile`.
    """
    wider, by_log = _widened(log_foreign, faces)
    along = Directions(
        np.ascontiguousarray(by_native + by_log * by_foreign[:, None]),
        np.ascontiguousarray((1 + by_log) * by_foreign), np.zeros(len(by_foreign)),
        np.ascontiguousarray(by_immobile),
    )  # fmt: skip
    found = native_profile(
        log_native + wider, log_foreign + wider, 1.0 if course is None else course, 1.0, faces,
        front_depth=front_of(faces), immobile_fraction=immobile, tolerance=TOLERANCE, directions=along,
    )  # fmt: skip
    return found.native, found.derivatives


def _widened(log_foreign: float, faces: FloatArray, bluntest: bool = False) -> tuple[float, float]:
    """What is added to ln of both D so that the front is no sharper than the cells, and its derivative.

    The plateau, which hangs on the ratio of the two, stays; a front that sharp shows in no slice.
    """
    inner = np.diff(faces)[: -_TAIL]
    cell = float(inner.max() if bluntest else inner.min())
    share = (SHARPEST * cell / math.exp(max(log_foreign, -300.0))) ** 2
    return 0.5 * math.log1p(share), -share / (1 + share)
