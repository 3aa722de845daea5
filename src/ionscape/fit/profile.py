"""Profile-likelihood intervals: what a parameter can be when all others adapt.

The interval ends where the sum of squares, minimised over the other parameters, exceeds its minimum by
t^2 s^2, t being Student's quantile. It follows skew and open ends where curvature cannot.

Source: D. M. Bates and D. G. Watts, Nonlinear Regression Analysis (1988), section 6.1.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.fit.least_squares import LeastSquaresFit, Model, minimise

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

PROBABILITIES = (0.6826894921370859, 0.95)
ROUNDS = 14
PRECISION = 0.02  # of the signed root, in standard deviations: a fiftieth of one
SKEWED = 0.08  # relative departure of the cost from its parabola that calls for a profile


@dataclass(frozen=True)
class ProfileIntervals:
    """Intervals of some parameters of one fit.

    Attributes
    ----------
    parameters : tuple of int
        Indices in theta.
    low, high : (2, n) arrays
        Ends at 68.3 % (row 0) and 95 % (row 1).
    low_open, high_open : (2, n) bool arrays
        The bound was reached before the cost rose enough: the data set no limit on that side.
    """

    parameters: tuple[int, ...]
    low: FloatArray
    high: FloatArray
    low_open: BoolArray
    high_open: BoolArray


def student_quantiles(degrees_of_freedom: float) -> tuple[float, float]:
    """Two-sided Student quantiles for 68.3 % and 95 %."""
    from scipy.special import stdtrit

    return tuple(float(stdtrit(max(degrees_of_freedom, 1.0), 0.5 + p / 2)) for p in PROBABILITIES)  # type: ignore[return-value]


def skewed_parameters(model: Model, fit: LeastSquaresFit, lower: FloatArray, upper: FloatArray) -> list[int]:
    """Parameters for which curvature alone does not give the interval.

    Those open or at a bound, those whose 95 % reach leaves the bounds, and those along whose direction the
    cost departs from its parabola. Where any parameter is at a bound, all: their covariance holds it fixed.
    """
    p = fit.theta.size
    if np.any(fit.at_bound != 0) or np.any(fit.undetermined) or fit.degrees_of_freedom <= 0:
        return list(range(p)) if fit.degrees_of_freedom > 0 else []
    t = student_quantiles(fit.degrees_of_freedom)[1]
    deviation = np.sqrt(np.diag(fit.covariance))
    if not np.all(deviation > 0):  # exact data: no interval to speak of
        return []
    reach = t * fit.covariance.T / deviation[:, None]
    rows = np.concatenate([fit.theta - reach, fit.theta + reach])
    outside = np.any((rows < lower) | (rows > upper), axis=1)
    residuals, _ = model(np.clip(rows, lower, upper))
    rise = np.einsum("km,km->k", residuals, residuals) - fit.cost
    root = np.sqrt(np.maximum(rise, 0.0) / fit.variance) / t
    bad = outside | ~(np.abs(root - 1) < SKEWED)
    return [int(j) for j in np.flatnonzero(bad[:p] | bad[p:])]


def profile_intervals(
    model: Model, fit: LeastSquaresFit, lower: FloatArray, upper: FloatArray, parameters: Sequence[int]
) -> ProfileIntervals:
    """68.3 % and 95 % profile-likelihood intervals.

    Parameters
    ----------
    model : callable
        As in `ionscape.fit.least_squares.minimise`.
    fit : LeastSquaresFit
        At its minimum, plain squares.
    lower, upper : (p,) arrays
        Bounds of theta.
    parameters : sequence of int
        Which of theta.
    """
    n = len(parameters)
    # One row per level, side and parameter: all searched together.
    which = np.tile(np.asarray(parameters, dtype=np.int_), 4)
    side = np.tile(np.repeat([-1.0, 1.0], n), 2)
    target = np.repeat(student_quantiles(fit.degrees_of_freedom), 2 * n)
    search = _Search(model, fit, lower, upper, which, side, target)
    for _ in range(ROUNDS):
        if not search.advance():
            break
    ends = (fit.theta[which] + side * search.distance).reshape(2, 2, n)
    is_open = search.is_open.reshape(2, 2, n)
    return ProfileIntervals(tuple(parameters), ends[:, 0], ends[:, 1], is_open[:, 0], is_open[:, 1])


class _Search:
    """Secant search, for every row, for the distance at which the signed root meets its target."""

    def __init__(
        self,
        model: Model,
        fit: LeastSquaresFit,
        lower: FloatArray,
        upper: FloatArray,
        which: NDArray[np.int_],
        side: FloatArray,
        target: FloatArray,
    ) -> None:
        self.model, self.fit, self.lower, self.upper = model, fit, lower, upper
        self.which, self.side, self.target = which, side, target
        variance = np.diag(fit.covariance)
        usable = np.isfinite(variance) & (variance > 0)
        deviation = np.where(usable, np.sqrt(np.where(usable, variance, 1.0)), 0.1)
        self.limit = np.where(side > 0, upper[which] - fit.theta[which], fit.theta[which] - lower[which])
        self.distance = np.minimum(target * deviation[which], self.limit)
        slope = np.where(usable[:, None], fit.covariance.T, 0.0) / np.where(usable, variance, 1.0)[:, None]
        slope = np.where(np.isfinite(slope), slope, 0.0)
        slope[np.arange(len(slope)), np.arange(len(slope))] = 1.0
        self.theta = fit.theta + slope[which] * (side * self.distance)[:, None]
        self.below = np.zeros((2, which.size))  # distance, root of the last point short of the target
        self.above = np.full((2, which.size), np.inf)
        self.is_open = self.limit <= 0
        self.distance = np.where(self.is_open, 0.0, self.distance)
        self.active = ~self.is_open
        self.rounds = 0

    def advance(self) -> bool:
        """Refit at the present distances, then move those that missed; False when all are done."""
        rows = np.flatnonzero(self.active)
        if rows.size == 0:
            return False
        self.rounds += 1
        root = self._root(rows)
        d, goal = self.distance[rows], self.target[rows]
        short = root < goal
        self.below[:, rows[short]] = np.stack([d, root])[:, short]
        self.above[:, rows[~short]] = np.stack([d, root])[:, ~short]
        hit = np.abs(root - goal) < PRECISION
        at_limit = short & (d >= self.limit[rows] * (1 - 1e-9)) & ~hit
        self.is_open[rows[at_limit]] = True
        self.active[rows[hit | at_limit]] = False
        rows = np.flatnonzero(self.active)
        new = self._next(rows)
        previous = self.distance[rows]
        offset = (self.theta[rows] - self.fit.theta) * (new / previous)[:, None]
        self.theta[rows] = np.clip(self.fit.theta + offset, self.lower, self.upper)
        self.distance[rows] = new
        return rows.size > 0

    def _root(self, rows: NDArray[np.int_]) -> FloatArray:
        """Signed root sqrt((SS - SS_min)/s^2) with the row's parameter held."""
        start = self.theta[rows]
        index = np.arange(rows.size)
        frozen = np.zeros(start.shape, dtype=bool)
        frozen[index, self.which[rows]] = True
        held = self.fit.theta[self.which[rows]] + self.side[rows] * self.distance[rows]
        start[index, self.which[rows]] = held
        found = minimise(
            self.model, start, self.lower, self.upper, frozen=frozen, tolerance=1e-5, iterations=40
        )
        self.theta[rows] = found.theta
        return np.asarray(np.sqrt(np.maximum(found.cost - self.fit.cost, 0.0) / self.fit.variance))

    def _next(self, rows: NDArray[np.int_]) -> FloatArray:
        """Interpolate between the points either side of the target, or stretch by at most three."""
        (d0, r0), (d1, r1) = self.below[:, rows], self.above[:, rows]
        goal = self.target[rows]
        bracketed = np.isfinite(d1)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.clip((goal - r0) / (r1 - r0), 0.05, 0.95)
            # Halve the bracket every other time, or a strongly curved root would be approached from one side.
            between = d0 + (d1 - d0) * (0.5 if self.rounds % 3 == 0 else share)
            stretched = d0 * np.clip(goal / np.maximum(r0, 1e-12), 1.05, 3.0)
        return np.asarray(np.minimum(np.where(bracketed, between, stretched), self.limit[rows]))
