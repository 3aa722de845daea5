"""Bounded non-linear least squares: one Levenberg-Marquardt for every technique, many starts at once.

Starts, profile points or spectra that share one model run side by side as rows of one batch, which costs
little more than a single run in numpy. Bounds are kept by projection with an active set.

Sources: J. J. More, Lect. Notes Math. 630, 105 (1978); damping after H. B. Nielsen, IMM-REP-1999-05;
active set as in C. Kanzow, N. Yamashita and M. Fukushima, J. Comput. Appl. Math. 172, 375 (2004);
covariance of M-estimates: P. J. Huber, Robust Statistics (1981), eq. (7.6.10).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
# theta (K, p) -> residuals (K, m), Jacobian (K, m, p)
Model = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
Loss = Literal["squares", "huber"]

# Columns of J are scaled to length one; a singular value below this share of the largest is a direction that
# double precision and real data cannot fix.
RANK_TOLERANCE = 1e-7
HUBER_TUNING = 1.345  # 95 % efficient for Gaussian residuals
SHRINKS, GROWS = 1 / 3, 2.0
FIRST_DAMPING, LIGHT_DAMPING, HEAVIEST_DAMPING = 1e-3, 1e-2, 1e9


@dataclass(frozen=True)
class Minimum:
    """Where the rows of a batch ended.

    Attributes
    ----------
    theta : (K, p) array
    cost : (K,) array
        Sum of squared residuals.
    residuals : (K, m) array
    jacobian : (K, m, p) array
    converged : (K,) bool array
    n_evaluations : int
        Calls of the model, each for the whole batch.
    """

    theta: FloatArray
    cost: FloatArray
    residuals: FloatArray
    jacobian: FloatArray
    converged: BoolArray
    n_evaluations: int


@dataclass(frozen=True)
class LeastSquaresFit:
    """One converged fit with its covariance.

    Attributes
    ----------
    theta : (p,) array
    covariance : (p, p) array
        s^2 (J^T J)^-1 over the parameters that are free and determined. A parameter at a bound has zero
        variance here (the others are conditional on it); an undetermined one has infinite variance and no
        covariance.
    residuals : (m,) array
    jacobian : (m, p) array
    cost : float
        Sum of squared (for a robust fit, reweighted) residuals.
    variance : float
        s^2, cost over degrees of freedom.
    degrees_of_freedom : int
    at_bound : (p,) int array
        -1 at the lower bound, 1 at the upper, else 0.
    undetermined : (p,) bool array
        Parameters that take part in a direction which the data leave open.
    open_directions : (q, p) array
        Those directions, in parameters scaled to equal effect on the residuals.
    weights : (m,) array
        Final robust weights, one if the loss is plain squares.
    converged : bool
    n_evaluations : int
    """

    theta: FloatArray
    covariance: FloatArray
    residuals: FloatArray
    jacobian: FloatArray
    cost: float
    variance: float
    degrees_of_freedom: int
    at_bound: NDArray[np.int_]
    undetermined: BoolArray
    open_directions: FloatArray
    weights: FloatArray
    converged: bool
    n_evaluations: int


def minimise(
    model: Model,
    starts: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    frozen: BoolArray | None = None,
    iterations: int = 100,
    tolerance: float = 1e-11,
    cost_floor: float = 0.0,
) -> Minimum:
    """Minimise the sum of squared residuals from every start.

    Parameters
    ----------
    model : callable
        ``model(theta (K, p)) -> residuals (K, m), Jacobian (K, m, p)``.
    starts : (K, p) array
    lower, upper : (p,) arrays
        Bounds; infinite where there are none.
    frozen : (K, p) bool array, optional
        Parameters held at their start.
    iterations : int
        At most.
    tolerance : float
        A row is done when the step it would take lowers its cost by less than this share.
    cost_floor : float
        A row is done below this cost (rounding level of exact data).
    """
    batch = _Batch(model, starts, lower, upper, frozen, cost_floor)
    while batch.count <= iterations and not batch.done.all():
        batch.advance(tolerance)
    return Minimum(batch.theta, batch.cost, batch.residuals, batch.jacobian, batch.converged, batch.count)


class _Batch:
    """The state of all rows, moved one Marquardt step at a time."""

    def __init__(
        self,
        model: Model,
        starts: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        frozen: BoolArray | None,
        cost_floor: float,
    ) -> None:
        self.model, self.lower, self.upper, self.cost_floor = model, lower, upper, cost_floor
        self.theta = np.clip(starts, lower, upper)
        self.fixed = np.zeros(self.theta.shape, dtype=bool) if frozen is None else frozen
        self.residuals, self.jacobian = model(self.theta)
        self.cost = np.einsum("km,km->k", self.residuals, self.residuals)
        self.damping = np.full(self.cost.shape, FIRST_DAMPING)
        self.growth = np.full(self.cost.shape, GROWS)
        self.done = self.cost <= cost_floor
        self.converged = self.done.copy()
        self.count = 1

    def advance(self, tolerance: float) -> None:
        """Try a step in every row that is not done, keep it where the cost falls, adapt the damping."""
        normal = np.matmul(self.jacobian.swapaxes(-1, -2), self.jacobian)
        gradient = np.matmul(self.residuals[:, None, :], self.jacobian)[:, 0, :]
        pushed = ((self.theta <= self.lower) & (gradient > 0)) | ((self.theta >= self.upper) & (gradient < 0))
        down, up = self.lower - self.theta, self.upper - self.theta
        moved = _bounded_step(normal, gradient, ~(self.fixed | pushed), self.damping, down, up)
        moved[self.done] = 0.0
        slope = 2 * gradient + np.matmul(normal, moved[..., None])[..., 0]
        predicted = -np.einsum("kp,kp->k", slope, moved)
        # A short step for heavy damping is no sign of a minimum, nor is one that the bounds turned uphill.
        small = (predicted >= 0) & (predicted <= tolerance * self.cost) & (self.damping <= LIGHT_DAMPING)
        trial = np.clip(self.theta + moved, self.lower, self.upper)
        residuals, jacobian = self.model(trial)
        self.count += 1
        cost = np.einsum("km,km->k", residuals, residuals)
        gain = (self.cost - cost) / np.where(predicted > 0, predicted, 1.0)
        better = (cost < self.cost) & ~self.done
        self.theta = np.where(better[:, None], trial, self.theta)
        self.residuals = np.where(better[:, None], residuals, self.residuals)
        self.jacobian = np.where(better[:, None, None], jacobian, self.jacobian)
        self.cost = np.where(better, cost, self.cost)
        self.converged |= (small & ~self.done) | (self.cost <= self.cost_floor)
        self.done |= small | (self.cost <= self.cost_floor) | (self.damping > HEAVIEST_DAMPING)
        shrink = np.maximum(SHRINKS, 1 - (2 * np.clip(gain, 0, 1) - 1) ** 3)
        eased, tightened = np.maximum(self.damping * shrink, 1e-12), self.damping * self.growth
        self.damping = np.where(better, eased, np.minimum(tightened, 1e12))
        self.growth = np.where(better, GROWS, np.minimum(2 * self.growth, 1e6))


def _bounded_step(
    normal: FloatArray,
    gradient: FloatArray,
    free: BoolArray,
    damping: FloatArray,
    furthest_down: FloatArray,
    furthest_up: FloatArray,
) -> FloatArray:
    """Marquardt step of every row; what would leave the bounds goes to them and the others make room."""
    step = _damped_step(normal, gradient, free, damping)
    for _ in range(gradient.shape[1]):
        held = np.clip(step, furthest_down, furthest_up)
        out = free & (held != step)
        if not out.any():
            return step
        free = free & ~out
        moved = np.where(free, 0.0, held)
        shifted = gradient + np.matmul(normal, moved[..., None])[..., 0]
        step = np.where(free, _damped_step(normal, shifted, free, damping), moved)
    return np.asarray(np.clip(step, furthest_down, furthest_up))


def _damped_step(
    normal: FloatArray, gradient: FloatArray, free: BoolArray, damping: FloatArray
) -> FloatArray:
    """Marquardt step of every row, zero in parameters that are not free."""
    diagonal = np.einsum("kpp->kp", normal)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    live = free & (diagonal > 0)
    system = normal / (scale[:, :, None] * scale[:, None, :])
    system = np.where(live[:, :, None] & live[:, None, :], system, 0.0)
    index = np.arange(gradient.shape[1])
    system[:, index, index] = 1.0 + damping[:, None]
    right = np.where(live, -gradient / scale, 0.0)
    return np.asarray(np.linalg.solve(system, right[..., None])[..., 0] / scale)


def least_squares(
    model: Model,
    start: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    loss: Loss = "squares",
    tolerance: float = 1e-11,
    cost_floor: float = 0.0,
) -> LeastSquaresFit:
    """Fit from one start, or from the best of several, and give the covariance.

    Parameters
    ----------
    model : callable
        As in `minimise`.
    start : (p,) or (K, p) array
    lower, upper : (p,) arrays
    loss : "squares" or "huber"
        Huber's loss bounds the pull of outliers; its covariance is that of the M-estimate.
    tolerance, cost_floor : float
        As in `minimise`.
    """
    rows = np.atleast_2d(np.asarray(start, dtype=np.float64))
    minimum = minimise(model, rows, lower, upper, tolerance=tolerance, cost_floor=cost_floor)
    best = int(np.argmin(minimum.cost))
    weights = np.ones(minimum.residuals.shape[1])
    if loss == "huber":
        minimum, weights = _reweighted(model, minimum.theta[best], minimum.residuals[best], lower, upper)
        best = 0
    return summarise(minimum, best, lower, upper, weights)


def summarise(
    minimum: Minimum, row: int, lower: FloatArray, upper: FloatArray, weights: FloatArray | None = None
) -> LeastSquaresFit:
    """Covariance, bounds and open directions of one row of a `Minimum`."""
    theta, residuals, jacobian = minimum.theta[row], minimum.residuals[row], minimum.jacobian[row]
    robust = np.ones(residuals.size) if weights is None else weights
    gradient = residuals @ jacobian
    # At a bound and pushed against it; a minimum that just touches the bound stays free.
    at_upper = (theta >= upper) & (gradient <= 0)
    at_bound = np.where((theta <= lower) & (gradient >= 0), -1, at_upper.astype(int))
    free = at_bound == 0
    inverse, undetermined, directions = invert_normal(jacobian, free)
    dof = residuals.size - int(np.count_nonzero(free))
    cost = float(residuals @ residuals)
    variance = cost / dof if dof > 0 else np.inf
    spread = variance * _huber_inflation(residuals, robust) if np.any(robust < 1) else variance
    covariance = np.where(inverse == 0, 0.0, spread * inverse)
    covariance[undetermined, undetermined] = np.inf
    return LeastSquaresFit(
        theta=theta,
        covariance=covariance,
        residuals=residuals,
        jacobian=jacobian,
        cost=cost,
        variance=variance,
        degrees_of_freedom=dof,
        at_bound=at_bound,
        undetermined=undetermined,
        open_directions=directions,
        weights=robust,
        converged=bool(minimum.converged[row]),
        n_evaluations=minimum.n_evaluations,
    )


def invert_normal(jacobian: FloatArray, free: BoolArray) -> tuple[FloatArray, BoolArray, FloatArray]:
    """(J^T J)^-1 over the free parameters, with the directions that J leaves open kept apart.

    Returns
    -------
    inverse : (p, p) array
        Zero in rows and columns of fixed and of undetermined parameters.
    undetermined : (p,) bool array
    directions : (q, p) array
        Open directions in scaled parameters.
    """
    p = jacobian.shape[1]
    length = np.sqrt(np.einsum("mp,mp->p", jacobian, jacobian))
    silent = free & (length == 0)
    live = np.flatnonzero(free & ~silent)
    inverse, undetermined = np.zeros((p, p)), silent.copy()
    directions = np.eye(p)[silent]
    if live.size == 0:
        return inverse, undetermined, directions
    _, singular, vectors = np.linalg.svd(jacobian[:, live] / length[live], full_matrices=False)
    kept = singular > RANK_TOLERANCE * singular[0]
    inner = vectors[kept].T / singular[kept]
    part = (inner @ inner.T) / np.outer(length[live], length[live])
    if not kept.all():
        touched = np.any(np.abs(vectors[~kept]) > 1e-3, axis=0)
        part[touched, :] = part[:, touched] = 0.0
        undetermined[live[touched]] = True
        extra = np.zeros((int(np.count_nonzero(~kept)), p))
        extra[:, live] = vectors[~kept]
        directions = np.vstack([directions, extra])
    inverse[np.ix_(live, live)] = part
    return inverse, undetermined, directions


def _reweighted(
    model: Model, theta: FloatArray, residuals: FloatArray, lower: FloatArray, upper: FloatArray
) -> tuple[Minimum, FloatArray]:
    """Iteratively reweighted least squares with Huber weights and the median absolute deviation as scale."""
    weights = np.ones(residuals.size)
    minimum = None
    for _ in range(30):
        plain = residuals
        scale = 1.4826 * float(np.median(np.abs(plain)))
        size = np.abs(plain) / max(scale, 1e-300)
        updated = np.where(size > HUBER_TUNING, HUBER_TUNING / np.maximum(size, 1e-300), 1.0)
        if minimum is not None and np.max(np.abs(updated - weights)) < 1e-3:
            break
        weights = updated
        root = np.sqrt(weights)

        def reweighted(t: FloatArray, root: FloatArray = root) -> tuple[FloatArray, FloatArray]:
            r, j = model(t)
            return r * root, j * root[:, None]

        minimum = minimise(reweighted, theta[None], lower, upper)
        theta = minimum.theta[0]
        residuals = minimum.residuals[0] / root
    assert minimum is not None
    return minimum, weights


def _huber_inflation(reweighted: FloatArray, weights: FloatArray) -> float:
    """What turns s^2 (J^T W J)^-1 into the covariance of the M-estimate.

    V = K^2 [sum psi^2/(n - p)] / [mean psi']^2 (X^T X)^-1 with psi = w r; psi' is 1 inside and 0 outside.
    J^T W J is about mean(w) X^T X, and s^2 is sum w r^2/(n - p).
    """
    inside = float(np.mean(weights >= 1))
    plain = reweighted / np.sqrt(weights)
    psi_square = float(np.mean((weights * plain) ** 2))
    weighted_square = float(np.mean(weights * plain**2))
    if weighted_square == 0 or inside == 0:
        return 1.0
    return psi_square / weighted_square * float(np.mean(weights)) / inside**2
