"""What the likelihood leaves possible for one quantity of a storage fit: an interval, a bound, or nothing.

A quantity is a linear function of ln D at the law's temperatures: ln D elsewhere, the activation energy,
ln D0. Where the likelihood is not a parabola it is profiled, which shows the open ends: a later profile that
is uniform allows any larger D, one that has not moved any smaller.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.tracer.storage_descent import descend
from ionscape.tracer.storage_likelihood import StorageLikelihood

FloatArray = NDArray[np.float64]

DEVIATES = (-1.959963984540054, -1.0, 0.0, 1.0, 1.959963984540054)
ONE_SIDED = 1.6448536269514722
PARABOLIC = 0.10  # relative departure of the likelihood's drop from its parabola that calls for a profile
HYPER = 3  # the last of q: ln amplitude, ln correlation length, ln noise


@dataclass(frozen=True)
class Marginal:
    """One quantity, in its own scale (ln for a diffusion coefficient).

    Attributes
    ----------
    value : float
        Most likely.
    spread : float
        1 standard deviation, or half the 68 % interval where it is skewed.
    quantiles : (5,) tuple or None
        2.5, 15.9, 50, 84.1 and 97.5 % where the likelihood is no parabola.
    upper, lower : float or None
        95 % bound, where the likelihood does not fall on the other side; both None if it is determined, both
        nan if it falls on neither.
    """

    value: float
    spread: float
    quantiles: tuple[float, ...] | None = None
    upper: float | None = None
    lower: float | None = None

    @property
    def status(self) -> str:
        """``determined``, ``bound`` or ``undetermined``."""
        if self.upper is None and self.lower is None:
            return "determined"
        return "undetermined" if self.upper is not None and math.isnan(self.upper) else "bound"


@dataclass(frozen=True)
class Optimum:
    """The most likely q, its covariance and bounds."""

    q: FloatArray
    cost: float
    covariance: FloatArray
    bounds: list[tuple[float, float]]


def optimise(
    likelihood: StorageLikelihood, start: FloatArray, bounds: list[tuple[float, float]]
) -> tuple[FloatArray, float]:
    """The most likely q from one start."""
    return descend(likelihood.cost, start, bounds, ftol=1e-10)


def covariance_at(
    likelihood: StorageLikelihood, q: FloatArray, bounds: list[tuple[float, float]]
) -> FloatArray:
    """Inverse of the observed information; zero for what lies at a bound, inf where nothing is known."""
    step = 1e-3
    low, high = np.array(bounds).T
    free = np.flatnonzero((q > low + step) & (q < high - step))
    information = np.empty((free.size, free.size))
    for row, j in enumerate(free):
        ends = []
        for sign in (1, -1):
            moved = q.copy()
            moved[j] += sign * step
            ends.append(likelihood.cost(moved)[1][free])
        information[row] = (ends[0] - ends[1]) / (2 * step)
    information = (information + information.T) / 2
    covariance = np.zeros((q.size, q.size))
    values, vectors = np.linalg.eigh(information)
    positive = values > 1e-8
    covariance[np.ix_(free, free)] = (vectors[:, positive] / values[positive]) @ vectors[:, positive].T
    open_ones = free[np.any(np.abs(vectors[:, ~positive]) > 1e-3, axis=1)]
    covariance[open_ones, open_ones] = np.inf
    return covariance


def marginal(likelihood: StorageLikelihood, best: Optimum, weights: FloatArray, constant: float) -> Marginal:
    """Of weights @ ln D + constant.

    Parameters
    ----------
    likelihood : StorageLikelihood
    best : Optimum
    weights : (n,) array
    constant : float
    """
    n = weights.size
    value = float(weights @ best.q[:n]) + constant
    block = best.covariance[:n, :n]
    at_bound = [b for b in range(n) if weights[b] and _touches(best.q[b], best.bounds[b])]
    if not at_bound and np.all(np.isfinite(block[weights != 0][:, weights != 0])):
        spread = math.sqrt(max(float(weights @ block @ weights), 0.0))
        if spread > 0 and _is_parabolic(likelihood, best, weights, spread):
            return Marginal(value, spread)
    return _Profile(likelihood, best, weights, constant).marginal()


def _touches(value: float, bounds: tuple[float, float]) -> bool:
    return min(value - bounds[0], bounds[1] - value) < 1e-2


def _is_parabolic(
    likelihood: StorageLikelihood, best: Optimum, weights: FloatArray, spread: float
) -> bool:
    reach = DEVIATES[-1] * best.covariance[:, : weights.size] @ weights / spread
    low, high = np.array(best.bounds).T
    for sign in (-1, 1):
        moved = best.q + sign * reach
        if np.any((moved < low) | (moved > high)):
            return False
        drop = likelihood.cost(moved)[0] - best.cost
        if abs(drop / (DEVIATES[-1] ** 2 / 2) - 1) > PARABOLIC:
            return False
    return True


class _Profile:
    """Greatest likelihood with the quantity held; the initial profile's prior stays as the data chose it."""

    def __init__(
        self, likelihood: StorageLikelihood, best: Optimum, weights: FloatArray, constant: float
    ) -> None:
        self.likelihood, self.best, self.weights, self.constant = likelihood, best, weights, constant
        self.value = float(weights @ best.q[: weights.size]) + constant
        self.pivot = int(np.argmax(np.abs(weights)))
        self.low, self.high = self._reach()
        self.known: dict[float, float] = {}
        self.top = best.cost
        for at in np.linspace(self.low, self.high, 13)[1:-1]:  # the maximum may be an open end
            self.top = min(self.top, self.cost(float(at)))

    def marginal(self) -> Marginal:
        """Interval where both sides fall, else the bound that is left."""
        below, above = (self._crossing(ONE_SIDED, side) for side in (-1, 1))
        if below is None and above is None:
            return Marginal(self.value, math.nan, upper=math.nan, lower=math.nan)
        if below is None:
            return Marginal(self.value, math.nan, upper=above)
        if above is None:
            return Marginal(self.value, math.nan, lower=below)
        ends = [self._crossing(abs(z), int(math.copysign(1, z))) for z in DEVIATES if z]
        others = (self.low, below, above, self.high)  # where it is open only beyond the bound's level
        a, b, c, d = (other if end is None else end for end, other in zip(ends, others, strict=True))
        return Marginal(self.value, (c - b) / 2, quantiles=(a, b, self.value, c, d))

    def _reach(self) -> tuple[float, float]:
        """What the quantity can be while the pivot's ln D stays within its bounds."""
        n = self.weights.size
        low, high = (np.array([b[side] for b in self.best.bounds[:n]]) for side in (0, 1))
        ends = np.where(self.weights > 0, low, high), np.where(self.weights > 0, high, low)
        return tuple(float(self.weights @ end) + self.constant for end in ends)  # type: ignore[return-value]

    def cost(self, at: float) -> float:
        """Minus the log-likelihood where the quantity is ``at`` and all else but the prior adapts."""
        if at not in self.known:
            self.known[at] = self._held(at)
        return self.known[at]

    def _held(self, at: float) -> float:
        n, q = self.weights.size, self.best.q
        others = [j for j in range(q.size - HYPER) if j != self.pivot]
        lean = np.zeros(q.size)
        lean[:n] = self.weights / self.weights[self.pivot]

        def full(rest: FloatArray) -> FloatArray:
            moved = q.copy()
            moved[others] = rest
            known = float(lean[:n] @ moved[:n]) - moved[self.pivot]
            moved[self.pivot] = (at - self.constant) / self.weights[self.pivot] - known
            return moved

        def cost(rest: FloatArray) -> tuple[float, FloatArray]:
            value, gradient = self.likelihood.cost(full(rest))
            return value, gradient[others] - gradient[self.pivot] * lean[others]

        if not others:
            return self.likelihood.cost(full(np.zeros(0)))[0]
        bounds = [self.best.bounds[j] for j in others]
        return descend(cost, q[others], bounds, maxiter=60, ftol=1e-9)[1]

    def _root(self, at: float) -> float:
        return math.sqrt(max(2 * (self.cost(at) - self.top), 0.0))

    def _crossing(self, goal: float, side: int) -> float | None:
        """Where the root of the drop passes ``goal`` on that side; None if it does not."""
        from scipy.optimize import brentq

        limit = self.low if side < 0 else self.high
        known = sorted(self.known, key=lambda at: side * at)
        best = min([*known, self.value], key=lambda at: self.cost(at))
        outside = [at for at in known if side * (at - best) > 0 and self._root(at) > goal]
        end = outside[0] if outside else limit
        if self._root(end) <= goal:
            return None
        inside = [at for at in [*known, best] if side * (end - at) > 0 and self._root(at) <= goal]
        begin = max(inside, key=lambda at: side * at)
        precision = 1e-5 * abs(end - begin)  # ln D and joules alike
        return float(brentq(lambda at: self._root(at) - goal, begin, end, xtol=precision, rtol=1e-9))


__all__ = ["Marginal", "marginal", "optimise"]
