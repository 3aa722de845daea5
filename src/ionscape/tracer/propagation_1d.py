"""How a profile spreads: one-dimensional diffusion of any measured profile on its own, uneven grid.

Finite volumes around the points: the content of the profile is its trapezoidal integral, and what leaves one
cell enters the next, so content is kept to rounding. In time either exactly, by the eigenvectors of the
tridiagonal operator, or by TR-BDF2 with an error-controlled step: second order and L-stable, so that a step
in the profile does not ring as it does under Crank-Nicolson alone.

Sources: J. Crank, The Mathematics of Diffusion (1975), ch. 8; R. E. Bank et al., IEEE Trans. Electron Devices
32, 1992 (1985); M. E. Hosea and L. F. Shampine, Appl. Numer. Math. 20, 21 (1996).
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import AnalysisError, InputError

FloatArray = NDArray[np.float64]
Edge = Literal["zero flux", "fixed"]

EDGES = ("zero flux", "fixed")
LARGEST_EXACT = 600  # points: up to here eigenvectors cost less than steps
GAMMA = 2 - math.sqrt(2)
MOST_STEPS = 20000


def propagate(
    position: ArrayLike, fraction: ArrayLike, theta: ArrayLike, *, left: Edge = "zero flux",
    right: Edge = "zero flux", relative_diffusion: ArrayLike | None = None,
    method: Literal["auto", "exact", "steps"] = "auto", steps: int | None = None, tolerance: float = 1e-8,
) -> FloatArray:  # fmt: skip
    """The profile after diffusion for theta, the integral of D over time.

    Parameters
    ----------
    position : (N,) array
        [m], increasing, as uneven as it may be.
    fraction : (N,) array
        Of the tracer, at the start.
    theta : float or (K,) array
        [m^2], see `diffusion_work`; not negative.
    left, right : "zero flux" or "fixed"
        Closed to the tracer, or held at the first (last) fraction.
    relative_diffusion : (N,) array, optional
        D at each point over the D in theta; between points the harmonic mean. One everywhere if not given.
    method : "auto", "exact" or "steps"
        Exact in time, TR-BDF2, or whichever costs less.
    steps : int, optional
        That many equal steps of TR-BDF2 instead of controlled ones.
    tolerance : float
        Of controlled steps: relative to the largest fraction, per step.

    Returns
    -------
    (N,) or (K, N) array
        With zero flux at both edges the trapezoidal integral over position is that of the start to 1e-10.

    Raises
    ------
    InputError
        If positions do not increase, lengths differ, something is not finite, theta is negative, or a
        relative diffusion coefficient is not larger than zero.
    AnalysisError
        If the tolerance asks for more than 20000 steps.
    """
    x, c = _checked(position, fraction)
    work = np.asarray(theta, dtype=np.float64)
    if not np.all(np.isfinite(work)) or np.any(work < 0):
        raise InputError("theta, the integral of D over time, must be zero or larger")
    width, conductance = _cells(x, relative_diffusion)
    held = (_is_fixed(left, "left"), _is_fixed(right, "right"))
    by_steps = method == "steps" or steps is not None or (method == "auto" and x.size > LARGEST_EXACT)
    if by_steps:
        rows = _stepped(np.atleast_1d(work), c, width, conductance, held, steps, tolerance)
    else:
        rows = _exact(np.atleast_1d(work), c, width, conductance, held)
    return rows[0] if work.ndim == 0 else rows


def content(position: ArrayLike, fraction: ArrayLike) -> float:
    """Trapezoidal integral of the fraction over position [m]: what `propagate` keeps."""
    x, c = _checked(position, fraction)
    return float(np.trapezoid(c, x))


def _checked(position: ArrayLike, fraction: ArrayLike) -> tuple[FloatArray, FloatArray]:
    x, c = np.asarray(position, dtype=np.float64), np.asarray(fraction, dtype=np.float64)
    if x.ndim != 1 or x.shape != c.shape:
        raise InputError(f"a profile needs as many positions as fractions, got {x.size} and {c.size}")
    if x.size < 3:
        raise InputError(f"a profile needs at least three points, got {x.size}")
    if not (np.all(np.isfinite(x)) and np.all(np.isfinite(c))):
        raise InputError("positions and fractions of a profile must be finite numbers")
    if not np.all(np.diff(x) > 0):
        raise InputError("the positions of a profile must increase from point to point")
    return x, c


def _is_fixed(edge: str, name: str) -> bool:
    if edge not in EDGES:
        raise InputError(f"the {name} edge must be 'zero flux' or 'fixed', got {edge!r}")
    return edge == "fixed"


def _cells(x: FloatArray, relative: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    """Widths of the cells (N,) and conductances of the faces (N - 1,), in units of D."""
    gap = np.diff(x)
    width = np.zeros(x.size)
    width[:-1] += gap / 2
    width[1:] += gap / 2
    if relative is None:
        return width, 1 / gap
    d = np.broadcast_to(np.asarray(relative, dtype=np.float64), x.shape)
    if not (np.all(np.isfinite(d)) and np.all(d > 0)):
        raise InputError("a relative diffusion coefficient must be larger than zero everywhere")
    return width, 2 * d[:-1] * d[1:] / (d[:-1] + d[1:]) / gap


def _harmonic_part(c: FloatArray, conductance: FloatArray, held: tuple[bool, bool]) -> FloatArray:
    """What the profile tends to where an edge is held: stationary, so it does not change."""
    if held == (True, True):
        resistance = np.concatenate([[0.0], np.cumsum(1 / conductance)])
        return np.asarray(c[0] + (c[-1] - c[0]) * resistance / resistance[-1])
    return np.full(c.size, c[0] if held[0] else c[-1] if held[1] else 0.0)


def _exact(
    theta: FloatArray, c: FloatArray, width: FloatArray, conductance: FloatArray, held: tuple[bool, bool]
) -> FloatArray:
    """Sum over the eigenvectors of the symmetric operator W^-1/2 K W^-1/2 of the free cells."""
    from scipy.linalg import eigh_tridiagonal

    free = slice(int(held[0]), c.size - int(held[1]))
    still = _harmonic_part(c, conductance, held)
    root = np.sqrt(width)
    diagonal = np.zeros(c.size)
    diagonal[:-1] += conductance
    diagonal[1:] += conductance
    off = -conductance / (root[:-1] * root[1:])
    inner = off[int(held[0]) : off.size - int(held[1])]
    rates, vectors = eigh_tridiagonal((diagonal / width)[free], inner)
    if not any(held):
        rates[0] = 0.0  # the uniform profile, exactly
        vectors[:, 0] = root / math.sqrt(float(np.sum(width)))
    amplitudes = vectors.T @ ((c - still) * root)[free]
    rows = np.tile(still, (theta.size, 1))
    rows[:, free] += (np.exp(-np.outer(theta, np.maximum(rates, 0.0))) * amplitudes) @ vectors.T / root[free]
    return rows


class _Operator:
    """K of dC/dtheta = -W^-1 K C in bands, and the solution of (W + s K) C = W r."""

    def __init__(self, width: FloatArray, conductance: FloatArray, held: tuple[bool, bool]) -> None:
        self.width, self.conductance, self.held = width, conductance, held

    def slope(self, c: FloatArray) -> FloatArray:
        """dC/dtheta; what leaves one cell enters the next."""
        flux = self.conductance * np.diff(c)
        change = np.zeros(c.size)
        change[:-1] += flux
        change[1:] -= flux
        change /= self.width
        change[0] *= not self.held[0]
        change[-1] *= not self.held[1]
        return change

    def implicit(self, right: FloatArray, step: float) -> FloatArray:
        """C with C - step dC/dtheta(C) = right."""
        from scipy.linalg import solve_banded

        above = -step * self.conductance / self.width[:-1]
        below = -step * self.conductance / self.width[1:]
        above[0] *= not self.held[0]
        below[-1] *= not self.held[1]
        bands = np.zeros((3, right.size))
        bands[0, 1:], bands[2, :-1] = above, below
        bands[1] = 1.0
        bands[1, :-1] -= above
        bands[1, 1:] -= below
        found = np.asarray(solve_banded((1, 1), bands, right, overwrite_ab=True, check_finite=False))
        if not any(self.held):  # rounding of the solve, spread over the profile
            found += float(self.width @ (right - found)) / float(np.sum(self.width))
        return found

    def tr_bdf2(self, c: FloatArray, step: float) -> tuple[FloatArray, FloatArray]:
        """One step, and the estimate of its error (third order, damped by one more implicit solve)."""
        half = GAMMA * step / 2
        before = self.slope(c)
        middle = self.implicit(c + half * before, half)
        right = (middle - (1 - GAMMA) ** 2 * c) / (GAMMA * (2 - GAMMA))
        after = self.implicit(right, (1 - GAMMA) / (2 - GAMMA) * step)
        k = (-3 * GAMMA**2 + 4 * GAMMA - 2) / (12 * (2 - GAMMA))
        inner, last = self.slope(middle), self.slope(after)
        raw = 2 * k * step * (before / GAMMA - inner / (GAMMA * (1 - GAMMA)) + last / (1 - GAMMA))
        return after, self.implicit(raw, half)


def _stepped(
    theta: FloatArray, c: FloatArray, width: FloatArray, conductance: FloatArray, held: tuple[bool, bool],
    steps: int | None, tolerance: float,
) -> FloatArray:  # fmt: skip
    operator = _Operator(width, conductance, held)
    rows = np.empty((theta.size, c.size))
    state, reached = c.copy(), 0.0
    step = float(np.min(width) ** 2)
    for i in np.argsort(theta):
        if steps is not None:
            for _ in range(steps if theta[i] > reached else 0):
                state = operator.tr_bdf2(state, (theta[i] - reached) / steps)[0]
        else:
            state, step = _controlled(operator, state, theta[i] - reached, step, tolerance)
        rows[i], reached = state, float(theta[i])
    return rows


def _controlled(
    operator: _Operator, state: FloatArray, span: float, step: float, tolerance: float
) -> tuple[FloatArray, float]:
    """Over ``span`` with steps whose estimated error stays below the tolerance."""
    limit = tolerance * max(float(np.max(np.abs(state))), 1e-300)
    left = span
    for _ in range(MOST_STEPS):
        if left <= 0:
            return state, step
        tried = min(step, left)
        after, error = operator.tr_bdf2(state, tried)
        size = float(np.max(np.abs(error))) / limit
        if size <= 1:
            state = after
            left = 0.0 if tried == left else left - tried
        step = tried * min(max(0.9 * max(size, 1e-12) ** (-1 / 3), 0.2), 5.0)
    raise AnalysisError(f"the profile needs more than {MOST_STEPS} steps at a tolerance of {tolerance:g}: "
                        "choose a larger one")  # fmt: skip


__all__ = ["Edge", "content", "propagate"]
