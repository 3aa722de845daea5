"""Errors of an image fit: information, scatter between grains, priors whose causes are kept, limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, exact, lower_bound, undetermined, upper_bound
from ionscape.core.marginal import Shape, student_shape
from ionscape.core.quantity import DIMENSIONLESS, Dimension, dimension_of
from ionscape.tracer.pixel_error import pixel_covariance

if TYPE_CHECKING:
    from ionscape.tracer.image_problem import ImageProblem
    from ionscape.tracer.map_elasticity import Elasticity

FloatArray = NDArray[np.float64]
DIFFUSION, VELOCITY = dimension_of("m^2/s"), dimension_of("m/s")
WIDE = 0.4  # of ln D or ln P: from here on the profile likelihood decides
HOPELESS = 2.5  # of ln: a standard deviation of more than a decade is no number
FURTHEST = 15.0  # of ln: six decades and a half
PROFILE_CELLS = 15000
SIGNIFICANT = 3.0  # standard deviations of chi-square beyond which the residuals exceed the noise


@dataclass(frozen=True)
class Priors:
    """What is known beforehand of ln D, ln P..., Cs, C0: None for nothing, no error for fixed."""

    centre: tuple[Estimate | None, ...]

    @classmethod
    def of(
        cls, bulk: Estimate | Literal["free"], source: Estimate | float | None,
        initial: Estimate | float | None, groups: int,
    ) -> Priors:  # fmt: skip
        """From the arguments of `fit_image`; estimates that are not determined say nothing."""
        known = None if bulk == "free" or bulk.status != "determined" else bulk
        return cls((known, *[None] * groups, _fraction(source), _fraction(initial)))

    def with_groups(self, groups: int) -> Priors:
        """The same for another number of groups."""
        return Priors((self.centre[0], *[None] * groups, *self.centre[-2:]))

    @property
    def free(self) -> NDArray[np.bool_]:
        """Parameters that are fitted."""
        return np.array([e is None or e.spread > 0 for e in self.centre])

    def value(self, place: int, default: float) -> float:
        """Best value beforehand."""
        known = self.centre[place]
        return default if known is None else known.value

    def deviation(self, place: int) -> float:
        """Standard deviation in the parameter's scale (ln D; the fraction itself); inf for nothing known."""
        known = self.centre[place]
        if known is None:
            return math.inf
        return known.standard_uncertainty / (known.value if place == 0 else 1.0)


def _fraction(value: Estimate | float | None) -> Estimate | None:
    if value is None or (isinstance(value, Estimate) and value.status != "determined"):
        return None
    return value if isinstance(value, Estimate) else replace(exact(float(value)), scale="linear")


def prior_rows(priors: Priors, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Residuals and derivatives that the priors add."""
    rows, slopes = [], []
    for place, known in enumerate(priors.centre):
        if known is not None and known.spread > 0:
            deviation = priors.deviation(place)
            centre = math.log(known.value) if place == 0 else known.value
            rows.append((theta[place] - centre) / deviation)
            slopes.append(np.eye(theta.size)[place] / deviation)
    return np.array(rows), np.array(slopes).reshape(len(rows), theta.size)


@dataclass(frozen=True)
class Spread:
    """Covariance of the parameters and of ln D_eff, the last, from the data; and how the priors enter.

    Attributes
    ----------
    own : (p + 1, p + 1) array
        From the data's noise, zero for what is fixed.
    gain : mapping of place to (p + 1,) array
        d parameters / d prior's centre.
    chi_square : float
        Per degree of freedom.
    degrees_of_freedom : int
    robust : bool
    tail : float or None
        Degrees of freedom of Student's t for the errors.
    """

    own: FloatArray
    gain: dict[int, FloatArray]
    chi_square: float
    degrees_of_freedom: int
    robust: bool
    tail: float | None


def covariance_of(
    problem: ImageProblem,
    priors: Priors,
    theta: FloatArray,
    residuals: FloatArray,
    jacobian: FloatArray,
    effective: Elasticity,
) -> Spread:
    """Errors from the information, or the scatter between grains where noise does not explain the misfit."""
    free = priors.free
    freedom = max(residuals.size - int(free.sum()), 1)
    chi_square = float(residuals @ residuals) / freedom
    _, prior_slopes = prior_rows(priors, theta)
    j = jacobian[:, free]
    information = j.T @ j + prior_slopes[:, free].T @ prior_slopes[:, free]
    inverse = _inverse(information)
    robust = exceeds_noise(chi_square, freedom)
    noise, tail = j.T @ j, None
    if robust:
        noise, tail = _scatter_between_grains(problem, residuals, j, noise * chi_square)
    to_all = np.zeros((theta.size + 1, int(free.sum())))
    to_all[:-1][free] = np.eye(int(free.sum()))
    to_all[-1] = _by_parameters(effective, problem)[free]
    own = to_all @ inverse @ noise @ inverse @ to_all.T + pixel_error(
        problem, theta, j, inverse, to_all, effective
    )
    gain = {}
    places = np.flatnonzero(free)
    for place, known in enumerate(priors.centre):
        if known is not None and known.spread > 0:
            column = inverse[:, int(np.flatnonzero(places == place)[0])] / priors.deviation(place) ** 2
            gain[place] = to_all @ column
    return Spread(own, gain, chi_square, freedom, robust, tail)


def _by_parameters(effective: Elasticity, problem: ImageProblem) -> FloatArray:
    """d ln D_eff / d parameters (p,)."""
    groups = np.bincount(problem.groups, effective.by_boundary, minlength=problem.n_groups)
    return np.concatenate([[effective.by_bulk], groups, [0.0, 0.0]])


def pixel_error(
    problem: ImageProblem,
    theta: FloatArray,
    jacobian: FloatArray,
    inverse: FloatArray,
    to_all: FloatArray,
    effective: Elasticity,
) -> FloatArray:
    """Covariance (p + 1, p + 1) that comes from boundaries drawn in pixels.

    By the adjoint, what each boundary does to the parameters is known.
    """
    from ionscape.tracer.boundary_tangents import BoundaryTangents

    permeability = np.exp(theta[1 : 1 + problem.n_groups])[problem.groups]
    tangents = BoundaryTangents(problem, math.exp(theta[0]), permeability, effective.value)
    pulled = tangents.transposed(jacobian * (theta[-2] - theta[-1]))
    influence = to_all @ inverse @ pulled.T
    influence[-1] -= effective.by_boundary
    return pixel_covariance(problem.faces, problem.scene.spacing, influence)


def exceeds_noise(chi_square: float, freedom: int) -> bool:
    """Whether the mean square of the residuals is more than chance of the counting noise."""
    return chi_square > 1 + SIGNIFICANT * math.sqrt(2 / freedom)


def _inverse(information: FloatArray) -> FloatArray:
    """Inverse by scaled eigenvalues; a direction that nothing fixes gets a very large variance."""
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    return np.asarray((vectors / np.maximum(values, 1e-14)) @ vectors.T / np.outer(scale, scale))


def _scatter_between_grains(
    problem: ImageProblem, residuals: FloatArray, jacobian: FloatArray, least: FloatArray
) -> tuple[FloatArray, float | None]:
    """Sum over grains of the outer product of their scores; at least what independent residuals would give.

    Corrected for the number of grains G and parameters p, with Student's t for G - p degrees of freedom; what
    few grains tell is not trusted below the plain inflation by chi-square.
    """
    _, grain = np.unique(problem.grains_of_residuals(), return_inverse=True)
    count = int(grain.max()) + 1
    parameters = jacobian.shape[1]
    if count <= 2 * parameters:
        return least, max(float(count - parameters), 1.0)
    scores = np.stack(
        [np.bincount(grain, residuals * column, minlength=count) for column in jacobian.T], axis=1
    )
    found = scores.T @ scores * count / (count - parameters)
    # The larger of both in every direction, so that a chance cancellation between grains narrows nothing.
    root = np.linalg.cholesky(least)
    whitened = np.linalg.solve(root, np.linalg.solve(root, found).T)
    values, vectors = np.linalg.eigh((whitened + whitened.T) / 2)
    raised = root @ vectors
    return np.asarray((raised * np.maximum(values, 1.0)) @ raised.T), float(count - parameters)


def estimates_of(
    theta: FloatArray, effective: float, spread: Spread, priors: Priors, source: str
) -> list[Estimate]:
    """Estimates of D, P..., Cs, C0, D_eff: latents of the fit's noise, and the priors' own by their gain."""
    size = np.sqrt(np.maximum(np.diag(spread.own), 1e-300))
    variances, vectors = np.linalg.eigh(spread.own / np.outer(size, size))
    roots = size[:, None] * vectors * np.sqrt(np.clip(variances, 0.0, None))
    shape = student_shape(spread.tail)
    found = []
    for k, value in enumerate([*theta, math.log(effective)]):
        weights = {f"{source}#{n}": float(w) for n, w in enumerate(roots[k]) if w != 0.0}
        for place, column in spread.gain.items():
            known = priors.centre[place]
            assert known is not None
            relative = known.value if place == 0 and known.scale == "linear" else 1.0
            for name, weight in known.weights.items():
                weights[name] = weights.get(name, 0.0) + float(column[k]) * weight / relative
        logarithmic = k < theta.size - 2 or k == theta.size
        best = math.exp(value) if logarithmic else float(value)
        dimension = DIFFUSION if k in (0, theta.size) else VELOCITY if logarithmic else DIMENSIONLESS
        found.append(Estimate(best, dimension, "log" if logarithmic else "linear", weights,
                              shape if weights else None))  # fmt: skip
    fixed = priors.centre[0]
    if fixed is not None and fixed.spread == 0:
        found[0] = fixed
    return found


# ---- what is hardly determined ----------------------------------------------------------------------
def limits_of_wide(
    problem: ImageProblem, priors: Priors, theta: FloatArray, found: Sequence[Estimate]
) -> list[Estimate]:
    """D and P whose error is large: the profile likelihood's interval, a bound, or undetermined."""
    checked = list(found)
    for place in range(problem.n_groups + 1):
        estimate = found[place]
        if estimate.spread >= WIDE and priors.free[place]:
            checked[place] = _profiled(problem, priors, theta, place, estimate)
    return checked


def _profiled(
    problem: ImageProblem, priors: Priors, theta: FloatArray, place: int, estimate: Estimate
) -> Estimate:
    """Ends of the 95 % interval by profile likelihood, along the direction in which the others adapt."""
    what = "D of the grains" if place == 0 else "D_gb/δ"
    ends = [profile_end(problem, priors, theta, place, side) for side in (-1.0, 1.0)]
    low, high = (None if e is None else math.exp(theta[place] + e) for e in ends)
    dimension: Dimension = DIFFUSION if place == 0 else VELOCITY
    if low is not None and high is not None:
        if math.log(high / low) > 4 * HOPELESS:
            return undetermined(
                dimension, f"{what} lies anywhere between {low:.2g} and {high:.2g} (SI) at 95 %"
            )
        return replace(estimate, shape=_shape(ends, estimate.spread))
    if low is not None:
        return lower_bound(
            low, dimension, f"the image sets no upper limit to {what}: the rest alone holds the tracer back"
        )
    if high is not None:
        return upper_bound(high, dimension, f"the image sets no lower limit to {what}")
    return undetermined(
        dimension, f"the image does not determine {what}: grains and boundaries cannot be told apart"
    )


def _shape(ends: Sequence[float | None], spread: float) -> Shape | None:
    """Marginal with these 2.5 and 97.5 % quantiles of the deviation."""
    low, high = ends
    if low is None or high is None or not low < 0 < high:
        return None
    return (low / spread, low / spread / 1.96, 0.0, high / spread / 1.96, high / spread)


def profile_end(
    problem: ImageProblem, priors: Priors, theta: FloatArray, place: int, side: float
) -> float | None:
    """Deviation of one parameter at which the cost, the others fitted, is up by 3.84; None if it never is."""
    from ionscape.tracer.image_problem import ImageProblem as Problem

    small = problem
    if problem.scene.labels.size > PROFILE_CELLS and problem.n_groups == 1:
        binned = Problem(problem.scene.binned(2))
        small = binned if binned.n_groups == problem.n_groups else problem
    base, start = _refitted(small, priors, theta, None)
    deviation, previous, rise_before = 0.3, 0.0, 0.0
    at = start
    while deviation <= FURTHEST:
        trial = at.copy()
        trial[place] = start[place] + side * deviation
        cost, at = _refitted(small, priors, trial, place)
        rise = cost - base
        if rise >= 3.84:
            share = (math.sqrt(3.84) - math.sqrt(max(rise_before, 0.0))) / (
                math.sqrt(rise) - math.sqrt(max(rise_before, 0.0)))  # fmt: skip
            return side * (previous + share * (deviation - previous))
        previous, rise_before = deviation, rise
        deviation *= 1.8
    return None


def _refitted(
    problem: ImageProblem, priors: Priors, theta: FloatArray, held: int | None
) -> tuple[float, FloatArray]:
    """Lowest cost with one parameter held, by a few damped Gauss-Newton steps."""
    free = priors.free.copy()
    if held is not None:
        free[held] = False
    damping, best, cost = 1e-3, theta.copy(), math.inf
    rows: FloatArray = np.zeros(0)
    slopes: FloatArray = np.zeros((0, theta.size))
    trial = best
    for _ in range(14):
        r, j = problem.residuals(trial)
        pr, pj = prior_rows(priors, trial)
        new = float(r @ r + pr @ pr)
        if new < cost:
            small = cost - new < 0.01
            best, cost, damping = trial, new, damping / 5
            rows, slopes = np.concatenate([r, pr]), np.vstack([j, pj])[:, free]
            if small:
                break
        else:
            damping *= 8
        normal = slopes.T @ slopes
        normal[np.diag_indices_from(normal)] *= 1 + damping
        step = np.linalg.lstsq(normal, -slopes.T @ rows, rcond=1e-13)[0]
        trial = best.copy()
        trial[free] += np.clip(step, -2.0, 2.0)
        trial[-2:] = np.clip(trial[-2:], 0.0, 1.0)
    return cost, best
