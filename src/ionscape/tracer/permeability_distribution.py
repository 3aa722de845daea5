"""How the permeabilities of all boundaries are distributed, the errors of their measurement removed.

ln p is normal over the boundaries. Every boundary counts with its full likelihood (that of Fieller's ratio),
those that give a bound or nothing for themselves too: leaving them out would keep the boundaries whose noise
made the gradient large. Boundaries with large steps tell most, and a large step is more often one of a tight
boundary; ln p given the step is therefore a line in ln of the step, ln m - b (h - mean h), whose slope b is
fitted with a weak prior, and ln m belongs to the mean of all boundaries.

Sources: random effects, R. DerSimonian and N. Laird, Control. Clin. Trials 7, 177 (1986); covariance of a
likelihood whose terms share noise, V. P. Godambe, Ann. Math. Stat. 31, 1208 (1960).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate, joint, undetermined
from ionscape.core.quantity import DIMENSIONLESS
from ionscape.core.serial import storable
from ionscape.tracer.boundary_permeability import RATIO
from ionscape.tracer.step_fit import BoundarySteps

FloatArray = NDArray[np.float64]

SLOPE, SLOPE_SD = 0.05, 0.05
"""Prior of b: 0.1 in an effective medium of the plane, where ln p spreads by 0.5 and a boundary that is
tighter by 1 % steps by 0.5 % more, 0 where no boundary is tight enough to matter; anything between is as
likely."""
FOLLOWED, FOLLOWED_SD = 0.7, 0.2
"""Share of the spread that gradients show: each is a mean over a strip in which the neighbours' fluxes count
too. From images by finite elements, grains 8 to 16 pixels wide, see
``verify/tracer_boundary_coverage.py``."""
MEAN_ERROR = 0.05
"""Standard deviation of ln m beyond noise and spread: what the strips smooth, on the same images."""
FEWEST = 5  # boundaries: fewer say nothing of a spread
NARROWEST, WIDEST = 0.02, 2.5  # of the spread of ln p
_NODES = np.linspace(-4.5, 4.5, 161)
_LOG_WEIGHTS = -0.5 * _NODES**2 - math.log(float(np.sum(np.exp(-0.5 * _NODES**2))))
_CHI2_90 = 2.705543454095404  # one degree of freedom: a one-sided bound at 95 %


@storable
@dataclass(frozen=True)
class BoundaryDistribution:
    """Log-normal distribution of (dC/dn)/dC = P/D_b over boundaries.

    Attributes
    ----------
    median : Estimate
        Geometric mean over the boundaries [1/m].
    spread : Estimate
        Standard deviation of ln p over boundaries; undetermined where none is significant.
    mean : Estimate
        Arithmetic mean over the boundaries [1/m]; undetermined where the spread is.
    n : int
        Boundaries that went in.
    """

    median: Estimate
    spread: Estimate
    mean: Estimate
    n: int


def boundary_distribution(steps: BoundarySteps, source: str) -> BoundaryDistribution:
    """Maximum likelihood over all measured boundaries.

    Parameters
    ----------
    steps : BoundarySteps
    source : str
        Unique name: the root of the latents.

    Raises
    ------
    AnalysisError
        If there are too few boundaries, or gradients and steps do not belong together.

    Notes
    -----
    Every boundary enters with the profile likelihood of its ratio, which leans upwards where the step itself
    is uncertain: with errors of a sixth of the steps' size the median is right, with a quarter it comes out
    8 %, with a half 15 % too large.
    """
    if steps.gradient.size < FEWEST:
        raise AnalysisError(
            f"a distribution needs at least {FEWEST} measured boundaries, there are {steps.gradient.size}"
        )
    model = _Likelihood(steps)
    theta = model.maximum()
    none = model.maximum(math.log(NARROWEST), theta)
    if 2 * (model.total(theta) - model.total(none)) < _CHI2_90:
        return _without_spread(model, none, source)
    covariance = model.covariance(theta, (0, 1, 2))
    if not np.all(np.isfinite(covariance)) or covariance[0, 0] > 1:
        nothing = undetermined(RATIO, "gradients and steps together are not significant")
        return BoundaryDistribution(
            nothing, undetermined(DIMENSIONLESS, nothing.note), nothing, steps.gradient.size
        )
    own, by_step = math.exp(2 * theta[1]), theta[2] ** 2 * model.variance_of_step
    seen = math.sqrt(own + by_step)
    spread = seen / FOLLOWED
    full = np.zeros((4, 4))
    full[:3, :3], full[3, 3] = covariance, (FOLLOWED_SD / FOLLOWED) ** 2
    to_spread = np.array([0.0, own / seen**2, theta[2] * model.variance_of_step / seen**2, -1.0])
    to_median = np.array([1.0, 0.0, 0.0, 0.0])
    turn = np.vstack([to_median, to_spread, to_median + spread**2 * to_spread])
    found = joint(
        source,
        [math.exp(theta[0]), spread, math.exp(theta[0] + spread**2 / 2)],
        turn @ full @ turn.T,
        scales=["log"] * 3,
        dimensions=[RATIO, DIMENSIONLESS, RATIO],
    )
    return BoundaryDistribution(found[0], found[1], found[2], steps.gradient.size)


def _without_spread(model: _Likelihood, theta: FloatArray, source: str) -> BoundaryDistribution:
    """One value for all explains the data; a spread that strips smooth away (`FOLLOWED`) is not excluded."""
    covariance = model.covariance(theta, (0, 2))
    n = len(model.data)
    note = "the boundaries differ by no more than the errors of their measurement explain"
    if not np.isfinite(covariance[0, 0]) or covariance[0, 0] > 1:
        nothing = undetermined(RATIO, "gradients and steps together are not significant")
        return BoundaryDistribution(nothing, undetermined(DIMENSIONLESS, nothing.note), nothing, n)
    hidden = undetermined(DIMENSIONLESS, note)
    median = joint(source, [math.exp(theta[0])], covariance[:1, :1], scales=["log"], dimensions=[RATIO])[0]
    return BoundaryDistribution(median, hidden, undetermined(RATIO, note), n)


class _Likelihood:
    """Of theta = (ln m, ln s, b): median, spread at a given step, and slope with the step."""

    def __init__(self, steps: BoundarySteps) -> None:
        self.steps = steps
        self.data = np.column_stack([steps.gradient, steps.step])
        size = np.sqrt(steps.step**2 + steps.covariance[:, 1, 1])
        log_size = np.log(size / steps.amplitude)
        self.size = log_size - log_size.mean()
        self.variance_of_step = float(np.var(log_size))

    def each(self, theta: FloatArray, data: FloatArray) -> FloatArray:
        """(K,) ln likelihood of every boundary."""
        p = np.exp(theta[0] - theta[2] * self.size[:, None] + math.exp(theta[1]) * _NODES)
        c = self.steps.covariance
        variance = c[:, :1, 0] - 2 * p * c[:, :1, 1] + p**2 * c[:, 1:, 1]
        terms = _LOG_WEIGHTS - 0.5 * (data[:, :1] - p * data[:, 1:]) ** 2 / variance
        top = terms.max(axis=1)
        return np.asarray(top + np.log(np.exp(terms - top[:, None]).sum(axis=1)))

    def total(self, theta: FloatArray) -> float:
        """Ln likelihood and the prior of b."""
        prior = -0.5 * ((float(theta[2]) - SLOPE) / SLOPE_SD) ** 2
        return float(np.sum(self.each(theta, self.data))) + prior

    def maximum(self, log_spread: float | None = None, start: FloatArray | None = None) -> FloatArray:
        """The most probable theta; with ln s held where given."""
        from scipy.optimize import minimize

        first = self._start() if start is None else start
        free = [0, 1, 2] if log_spread is None else [0, 2]
        low, high = np.log([NARROWEST, WIDEST])

        def at(x: FloatArray) -> FloatArray:
            theta = first.copy()
            theta[free] = x
            if log_spread is not None:
                theta[1] = log_spread
            theta[1] = np.clip(theta[1], low, high)
            return theta

        def cost(x: FloatArray) -> float:
            return -self.total(at(x))

        best = minimize(cost, first[free], method="BFGS", tol=1e-2)
        return at(np.asarray(best.x))

    def _start(self) -> FloatArray:
        weight = 1 / self.steps.covariance[:, 0, 0]
        g, d = self.data.T
        ratio = float(np.sum(weight * g * d) / np.sum(weight * d * d))
        if not ratio > 0:
            raise AnalysisError(
                "gradients and steps of the boundaries have opposite signs on average: no flux across "
                "resistive boundaries looks like this; does the map of grains belong to the image?"
            )
        return np.array([math.log(ratio), math.log(0.4), SLOPE])

    def scores(self, theta: FloatArray, data: FloatArray) -> FloatArray:
        """(K, 3) derivatives of every boundary's ln likelihood."""
        h = 1e-4
        return np.column_stack(
            [(self.each(theta + h * e, data) - self.each(theta - h * e, data)) / (2 * h) for e in np.eye(3)]
        )

    def covariance(self, theta: FloatArray, free: tuple[int, ...]) -> FloatArray:
        """(3, 3), with what neighbouring boundaries share of the noise of their pixels."""
        h, hessian = 1e-3, np.zeros((3, 3))
        for i, e in enumerate(np.eye(3)):
            up, down = (self.scores(theta + s * h * e, self.data).sum(axis=0) for s in (1, -1))
            hessian[i] = -(up - down) / (2 * h)
        hessian = (hessian + hessian.T) / 2
        hessian[2, 2] += 1 / SLOPE_SD**2
        part = np.ix_(free, free)
        found = np.zeros((3, 3))
        try:
            inner = np.linalg.inv(hessian[part])
        except np.linalg.LinAlgError:
            return np.full((3, 3), np.nan)
        spreads = self.scores(theta, self.data)
        meat = (spreads.T @ spreads + self._cross(theta))[part]
        robust, plain = inner @ meat @ inner, inner
        found[part] = robust if np.trace(robust) > np.trace(plain) else plain
        found[0, 0] += MEAN_ERROR**2
        return found if np.all(np.diag(found)[list(free)] > 0) else np.full((3, 3), np.nan)

    def _cross(self, theta: FloatArray) -> FloatArray:
        """Covariance that shared pixels add to the sum of scores."""
        if not len(self.steps.shared):
            return np.zeros((3, 3))
        pulls = np.zeros((len(self.data), 3, 2))
        for part in range(2):
            step = 1e-3 * np.sqrt(self.steps.covariance[:, part, part])
            shift = np.zeros_like(self.data)
            shift[:, part] = step
            change = self.scores(theta, self.data + shift) - self.scores(theta, self.data - shift)
            pulls[:, :, part] = change / (2 * step[:, None])
        first, second = self.steps.shared.T
        cross = np.einsum("mpi,mij,mqj->pq", pulls[first], self.steps.shared_covariance, pulls[second])
        return np.asarray(cross + cross.T)
