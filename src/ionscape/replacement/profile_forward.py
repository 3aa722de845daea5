"""The forward calculation of a fit: one native and one foreign ion, in units of the charge and the time.

Depth is measured in Q, what the charge would replace if it replaced all; time in the duration. The bulk then
moves with velocity one, and only ratios are left.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.replacement.programme import Trace

FloatArray = NDArray[np.float64]
TOLERANCE = 1e-3  # of the fractions, in one time step: ten times less is left in the means of slices
FIRST_SCALE = 0.02  # of the mesh, which grows with the charge
REACH = 1.7  # Q: how deep the film goes before a first fit has told
_MARGIN = 0.06  # Q: how far from where it was the front may move while the cells stay
_EVEN = 0.5  # share of evenly spread cells for each one in the front
_TAIL = 24  # cells behind
FURTHEST = 40.0  # Q


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
    """Faces (cells + 1,) in units of Q: uniform, or finer where an earlier curve is steep; coarse behind.

    Parameters
    ----------
    cells : int
    fractions, faces : (C,) and (C + 1,) arrays, optional
        An earlier curve. The steep part is widened by what the front may still move.
    """
    inner = cells - _TAIL
    if fractions is None or faces is None:
        return _with_tail(np.linspace(0.0, REACH, inner + 1))
    centre = (faces[1:] + faces[:-1]) / 2
    rise = _rise(centre, fractions)
    front = float(np.interp(0.5 * (1 + fractions[0]), np.maximum.accumulate(fractions), centre))
    fine = np.linspace(0.0, front + _MARGIN + 3 * rise + 0.1, 4001)
    steep = np.abs(np.gradient(np.interp(fine, centre, fractions), fine))
    width = int((_MARGIN + rise) / (fine[1] - fine[0])) // 2 * 2 + 1
    from scipy.ndimage import gaussian_filter1d, maximum_filter1d

    wide = gaussian_filter1d(maximum_filter1d(steep, width), width / 6)
    density = wide / np.trapezoid(wide, fine) + _EVEN / fine[-1]
    amount = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(fine))])
    return _with_tail(np.interp(np.linspace(0, amount[-1], inner + 1), amount, fine))


def _with_tail(faces: FloatArray) -> FloatArray:
    """Cells that grow behind the others: at first the mesh is small, and the front wide for it."""
    last = faces[-1] - faces[-2]
    ratio = 1.3
    while last * ratio * (ratio**_TAIL - 1) / (ratio - 1) < FURTHEST - faces[-1]:
        ratio += 0.01
    return np.concatenate([faces, faces[-1] + last * np.cumsum(ratio ** np.arange(1, _TAIL + 1))])


def _rise(centre: FloatArray, fractions: FloatArray) -> float:
    """10-90 % width of the front, in Q."""
    low, high = fractions[0], 1.0
    rising = np.maximum.accumulate(fractions) + 1e-12 * np.arange(fractions.size)
    ends = np.interp([low + 0.1 * (high - low), low + 0.9 * (high - low)], rising, centre)
    return float(ends[1] - ends[0])


def electroneutral_profile(
    log_native: FloatArray, log_foreign: float, course: Trace | None, faces: FloatArray, immobile: float, /
) -> FloatArray:
    """The electroneutral film (`ionscape.replacement.electroneutral`); see `Forward`.

    Raises
    ------
    AnalysisError
        If no time step small enough is found.
    """
    from ionscape.replacement import electroneutral_kernel as kernel
    from ionscape.replacement.electroneutral import film_geometry
    from ionscape.replacement.electroneutral_flux import BEAM, Front, Ions
    from ionscape.replacement.electroneutral_steps import advance
    from ionscape.replacement.law_table import hermite_table

    cells = faces.size - 1
    film = film_geometry(faces)
    ions = Ions(np.ones(2), immobile, np.array([1 - immobile, 0.0]))
    table = hermite_table(np.stack([log_native, np.full_like(log_native, log_foreign)]))[None]
    laws = kernel.Laws(table, np.ones(1), np.inf)
    time, value = (np.zeros(1), np.ones(1)) if course is None else (course.time, course.values)
    integral = np.concatenate([[0.0], np.cumsum(np.diff(time) * (value[1:] + value[:-1]) / 2)])
    told = kernel.Course(kernel.CURRENT, time, value, integral, np.zeros(1), np.ones(1))
    u = np.tile(ions.bulk, (cells + 2, 1))
    state = kernel.State(u, np.zeros_like(u), np.zeros(cells + 1), np.zeros(6), np.zeros(2), np.zeros(2))
    state.scalars[kernel.STEP] = min(0.02 * FIRST_SCALE * film.width[0] / max(float(np.max(value)), 1e-30), 1e-3)
    state.scalars[kernel.SCALE], state.scalars[kernel.CURRENT_NOW] = FIRST_SCALE, float(value[0])
    frame, limits = kernel.Frame(1 - FIRST_SCALE, 10 * float(faces[-1]), 1.0), kernel.Limits(TOLERANCE, 1e-13)
    status = kernel.MORE
    while status == kernel.MORE:
        status, _ = advance(
            film, ions, Front(BEAM, 1, np.zeros(2)), frame, laws, told, limits, state, 1.0, np.zeros((256, 4))
        )
    if status != kernel.DONE:
        raise AnalysisError("no time step small enough was found for a trial of the fit")
    return np.asarray(state.u[1:-1, 0] + immobile)
