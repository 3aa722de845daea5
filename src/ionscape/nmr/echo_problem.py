"""One model of attenuation on one data set: an intensity per group, a baseline per series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.fit.least_squares import LeastSquaresFit, least_squares, minimise
from ionscape.fit.profile import ProfileIntervals, profile_intervals, skewed_parameters, student_quantiles
from ionscape.nmr.echo_decay import EchoDecay

FloatArray = NDArray[np.float64]
Evaluate = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]

REACH = 1e5  # how far D is sought beyond what the b-values span
BASELINE = 0.5  # largest, in units of the largest intensity of its series
UNKNOWN = 1e7  # degrees of freedom that stand for a variance known beforehand
DEEPEST = 300.0  # b D of a group's first echo up to which echoes are compared with it
NOTHING = 1e-100  # slopes below are none: their squares would leave the range of floats
IMPROBABLE = 0.01  # misfit from which stated uncertainties are taken as too small


@dataclass(frozen=True)
class EchoProblem:
    """Residuals over parameters ``[ln I1 of each group, theta of the model, baseline of each series]``.

    I1 is the intensity at the group's smallest b: I0 itself would have to grow with D beyond any bound where
    no echo was taken at a small b, and its bound would then end the interval of D.

    Attributes
    ----------
    decay : EchoDecay
    evaluate : callable
        As `Attenuation.evaluate`; may know the groups.
    deviation : (N,) array
        Of each intensity: the stated one, or the same for all.
    lower, upper : (P,) arrays
    baseline : bool
    """

    decay: EchoDecay
    evaluate: Evaluate
    deviation: FloatArray
    lower: FloatArray
    upper: FloatArray
    baseline: bool = False

    @property
    def model_slice(self) -> slice:
        """Where the model's own parameters stand."""
        k = self.decay.n_groups
        return slice(k, self.lower.size - self._n_baselines)

    @property
    def _n_baselines(self) -> int:
        return int(self.decay.series.max()) + 1 if self.baseline else 0

    def fitted(self, theta: FloatArray) -> FloatArray:
        """Model intensities (N,)."""
        residuals, _ = self.residuals(theta[None])
        return np.asarray(residuals[0] * self.deviation + self.decay.intensity)

    def residuals(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Model for `ionscape.fit.least_squares`."""
        decay, k = self.decay, self.decay.n_groups
        e, slope = self._relative(theta[:, self.model_slice])
        top = np.exp(theta[:, :k])[:, decay.group]
        value = top * e
        jacobian = np.zeros((*value.shape, theta.shape[1]))
        jacobian[:, np.arange(decay.b.size), decay.group] = value
        jacobian[:, :, self.model_slice] = top[..., None] * slope
        if self.baseline:
            first = self.lower.size - self._n_baselines
            value = value + theta[:, first + decay.series]
            jacobian[:, np.arange(decay.b.size), first + decay.series] = 1.0
        sd = self.deviation
        return (value - decay.intensity) / sd, jacobian / sd[:, None]

    def _relative(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Attenuation over that of the group's first echo, and its derivatives."""
        e, slope = self.evaluate(rows, self.decay.b)
        first = first_b(self.decay)
        if not np.any(first > 0):
            return e, slope
        e1, slope1 = self.evaluate(rows, first[self.decay.group])
        e1 = np.maximum(e1, 1e-300)
        ratio = e / e1
        change = (slope - ratio[..., None] * slope1) / e1[..., None]
        return ratio, np.where(np.abs(change) > NOTHING, change, 0.0)

    def intensity_at_zero(self, theta: FloatArray) -> FloatArray:
        """I0 of each group (K,)."""
        decay, k = self.decay, self.decay.n_groups
        e1, _ = self.evaluate(theta[None, self.model_slice], first_b(decay)[decay.group])
        first = np.array([int(np.argmax(decay.group == j)) for j in range(k)])
        return np.asarray(np.exp(theta[:k]) / np.maximum(e1[0, first], 1e-300))

    def starts(self, rows: FloatArray) -> FloatArray:
        """Full starts (S, P) from those of the model: I1 by linear least squares."""
        decay, k = self.decay, self.decay.n_groups
        e, _ = self._relative(rows)
        weight = e / self.deviation**2
        sums = np.zeros((2, len(rows), k))
        for j in range(k):
            inside = decay.group == j
            sums[0, :, j] = weight[:, inside] @ decay.intensity[inside]
            sums[1, :, j] = np.sum((weight * e)[:, inside], axis=1)
        top = np.log(np.clip(sums[0] / np.maximum(sums[1], 1e-300), 1e-3, 1e3))
        return np.concatenate([top, rows, np.zeros((len(rows), self._n_baselines))], axis=1)


def pose(
    decay: EchoDecay, evaluate: Evaluate, n_coefficients: int, others: tuple[tuple[float, float], ...] = (),
    *, baseline: bool = False, deviation: FloatArray | None = None,
) -> EchoProblem:  # fmt: skip
    """A problem whose model has ``n_coefficients`` ln D first, then ``others`` with the bounds given."""
    low, high = span_of_coefficients(decay)
    k, runs = decay.n_groups, int(decay.series.max()) + 1 if baseline else 0
    lower = [np.log(1e-6)] * k + [low] * n_coefficients + [a for a, _ in others] + [-BASELINE] * runs
    upper = [np.log(1e6)] * k + [high] * n_coefficients + [b for _, b in others] + [BASELINE] * runs
    if deviation is None:
        deviation = decay.uncertainty if decay.uncertainty is not None else np.ones(decay.b.size)
    return EchoProblem(decay, evaluate, deviation, np.array(lower), np.array(upper), baseline)


def span_of_coefficients(decay: EchoDecay) -> tuple[float, float]:
    """Range of ln D that is searched."""
    b = decay.b[decay.b > 0]
    latest = float(first_b(decay).max())
    highest = min(REACH / float(b.min()), DEEPEST / latest if latest > 0 else np.inf)
    return float(np.log(1 / (REACH * b.max()))), float(np.log(highest))


def first_b(decay: EchoDecay) -> FloatArray:
    """Smallest b of each group (K,)."""
    return np.array([decay.b[decay.group == k].min() for k in range(decay.n_groups)])


def first_coefficient(decay: EchoDecay) -> float:
    """ln D of the best single coefficient on a coarse grid: the global minimum, whatever the decay."""
    low, high = span_of_coefficients(decay)
    grid = np.linspace(low, high, 400)
    e = np.exp(-np.exp(grid)[:, None] * decay.b)
    sd = np.ones(decay.b.size) if decay.uncertainty is None else decay.uncertainty
    cost = np.zeros(grid.size)
    for k in range(decay.n_groups):
        inside = decay.group == k
        y, model = decay.intensity[inside] / sd[inside], e[:, inside] / sd[inside]
        square = np.sum(model**2, axis=1)
        along = np.maximum(model @ y, 0.0)
        cost += y @ y - along**2 / np.maximum(square, 1e-300)
    return float(grid[int(np.argmin(cost))])


def solve(problem: EchoProblem, rows: FloatArray, *, known: bool) -> LeastSquaresFit:
    """Best fit from several starts of the model's parameters.

    With ``known`` deviations the covariance is theirs, unless the misfit is too large for them: then it is
    scaled by the misfit, as for unknown ones.
    """
    fit = least_squares(problem.residuals, problem.starts(rows), problem.lower, problem.upper)
    return with_known_variance(fit) if known else fit


def with_known_variance(fit: LeastSquaresFit) -> LeastSquaresFit:
    """The fit with unit variance, where its misfit is compatible with that."""
    from scipy.stats import chi2

    free = max(fit.degrees_of_freedom, 1)
    if fit.degrees_of_freedom > 0 and chi2.sf(fit.cost, free) < IMPROBABLE:
        return fit
    finite = np.isfinite(fit.covariance)
    scale = fit.variance if fit.degrees_of_freedom > 0 and fit.variance > 0 else 1.0
    if fit.degrees_of_freedom <= 0:
        from ionscape.fit.least_squares import invert_normal

        inverse, _, _ = invert_normal(fit.jacobian, fit.at_bound == 0)
        return replace(fit, covariance=inverse, variance=1.0, degrees_of_freedom=int(UNKNOWN))
    covariance = np.where(finite, fit.covariance, 0.0) / scale
    covariance = np.where(finite, covariance, np.inf)
    return replace(fit, covariance=covariance, variance=1.0, degrees_of_freedom=int(UNKNOWN))


def intervals(problem: EchoProblem, fit: LeastSquaresFit, parameters: list[int]) -> ProfileIntervals | None:
    """Profile intervals of the ``parameters`` that curvature does not describe; None if there are none."""
    skewed = skewed_parameters(problem.residuals, fit, problem.lower, problem.upper)
    chosen = [p for p in parameters if p in skewed]
    if not chosen:
        return None
    found = profile_intervals(problem.residuals, fit, problem.lower, problem.upper, chosen)
    # What the data allow at the very end of the search is open there, however the way to it looked.
    far = np.array([
        _signed_roots(problem, fit, p, np.array([problem.lower[p], problem.upper[p]])) for p in chosen
    ])  # fmt: skip
    level = np.array(student_quantiles(fit.degrees_of_freedom))[:, None]
    return replace(
        found, low_open=found.low_open | (far[:, 0] < level), high_open=found.high_open | (far[:, 1] < level)
    )


def one_sided_limit(problem: EchoProblem, fit: LeastSquaresFit, parameter: int, side: int) -> float:
    """Where the one-sided 95 % interval of a parameter ends; ``side`` 1 upwards, -1 downwards."""
    from scipy.stats import t

    wanted = float(t.ppf(0.95, min(fit.degrees_of_freedom, 10_000)))
    near = float(fit.theta[parameter])
    far = float(problem.upper[parameter] if side > 0 else problem.lower[parameter])
    for count in (81, 21):  # coarse, then within the step that holds the end
        grid = np.linspace(near, far, count)
        root = _signed_roots(problem, fit, parameter, grid)
        beyond = np.flatnonzero(root >= wanted)
        if beyond.size == 0:
            return far
        i = max(int(beyond[0]), 1)
        near, far = float(grid[i - 1]), float(grid[i])
    share = (wanted - root[i - 1]) / max(root[i] - root[i - 1], 1e-12)
    return near + float(np.clip(share, 0, 1)) * (far - near)


def _signed_roots(problem: EchoProblem, fit: LeastSquaresFit, parameter: int, grid: FloatArray) -> FloatArray:
    """sqrt of the rise of the cost, in standard deviations, where one parameter is held on a grid (G,)."""
    rows = np.tile(fit.theta, (grid.size, 1))
    rows[:, parameter] = grid
    held = np.zeros(rows.shape, dtype=bool)
    held[:, parameter] = True
    # far from the minimum the intensities are better started anew
    fresh = problem.starts(rows[:, problem.model_slice])
    fresh[:, parameter] = grid
    cost = np.minimum(
        *(minimise(problem.residuals, s, problem.lower, problem.upper, frozen=held, tolerance=1e-8).cost
          for s in (rows, fresh))
    )  # fmt: skip
    return np.asarray(np.sqrt(np.maximum(cost - fit.cost, 0.0) / fit.variance))
