"""One permeability for each boundary, drawn from a log-normal population whose mean and spread are estimated.

A boundary that the image does not determine falls back to the population: that is said, not hidden.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, undetermined, upper_bound
from ionscape.core.quantity import DIMENSIONLESS
from ionscape.tracer.boundary_tangents import BoundaryTangents
from ionscape.tracer.image_intervals import Priors, Spread, estimates_of, exceeds_noise, prior_rows
from ionscape.tracer.image_problem import ImageProblem
from ionscape.tracer.map_elasticity import Elasticity, elasticity

if TYPE_CHECKING:
    from ionscape.tracer.image_inverse import ImageFit

FloatArray = NDArray[np.float64]
MOST_CELLS = 30000  # a larger map is taken in blocks of 2 x 2 pixels
FIRST_SPREAD, LEAST_SPREAD = 0.4, 0.02  # of ln P
LARGEST_STEP, GROWTH = 0.6, 1.4  # of ln P, and of the spread, in one round
ROUNDS, REFRESHED = 12, 2  # Gauss-Newton steps, and how many of them with new derivatives
MOVED = 0.2  # change of ln P from which the derivatives are computed anew
# Boundaries drawn in pixels seem to differ more than they do: in maps made by finite elements the variance of
# ln P comes out up to 40 % too large, and the median with it too small by half of what is too much.
DRAWN = 0.125  # standard deviation of the median's logarithm, in units of that variance
FEW = 5.0  # boundaries' worth of information below which no spread can be told
OF_THE_DATA = 0.8  # posterior over population spread above which a boundary counts as undetermined


@dataclass(frozen=True)
class Population:
    """P of every boundary, and what it was drawn from.

    Attributes
    ----------
    spread : Estimate
        Standard deviation of ln P among the boundaries: an upper bound, see `DRAWN`.
    fitted_spread : float
        As the fit has it.
    permeability : (n_boundaries,) array
        [m/s] In the order of the problem's faces.
    deviation : (n_boundaries,) array
        Standard deviation of its logarithm, population included.
    determined : (n_boundaries,) bool array
        Whether the image says more than the population.
    """

    spread: Estimate
    fitted_spread: float
    permeability: FloatArray
    deviation: FloatArray
    determined: NDArray[np.bool_]


@dataclass(frozen=True)
class _State:
    """ln D, ln P (K), Cs, C0; mean and spread of ln P; covariance of the parameters and the mean."""

    theta: FloatArray
    mean: float
    spread: float
    covariance: FloatArray


def fit_population(problem: ImageProblem, priors: Priors, theta: FloatArray, source: str) -> ImageFit:
    """Fit one P per boundary, from the fit with one for all (`theta`: ln D, ln P, Cs, C0).

    Notes
    -----
    Gauss-Newton on ln P of all boundaries with the prior N(mean, spread²); mean and spread maximise the
    likelihood of the linearised problem (expectation-maximisation: empirical Bayes). The derivatives are
    computed anew while the solution still moves. Large maps are taken in blocks of 2 x 2 pixels.
    """
    work = problem
    if problem.scene.labels.size > MOST_CELLS:
        work = ImageProblem(problem.scene.binned(2))
    k = work.grid.n_boundaries
    full = np.concatenate([theta[:1], np.full(k, theta[1]), theta[2:]])
    state = _State(full, float(theta[1]), FIRST_SPREAD, np.zeros((k + 4, k + 4)))
    state, chi_square, converged = _iterated(work, priors, state)
    return _result(problem, work, priors, state, chi_square, converged, source)


def _iterated(work: ImageProblem, priors: Priors, state: _State) -> tuple[_State, float, bool]:
    jacobian: NDArray[np.float32] | None = None
    since, refreshed, converged = state.theta, 0, False
    chi_square = 1.0
    for _ in range(ROUNDS):
        share, beyond = _share(work, state)
        rise = state.theta[-2] - state.theta[-1]
        stale = jacobian is None or float(np.abs(state.theta - since)[1:-2].max()) > MOVED
        if stale and refreshed < REFRESHED:
            permeability = np.exp(state.theta[1:-2])
            jacobian = BoundaryTangents(work, math.exp(state.theta[0]), permeability, beyond).jacobian()
            since, refreshed = state.theta, refreshed + 1
        assert jacobian is not None
        residuals = (state.theta[-1] + rise * share - work.data) * work.root
        ends = np.stack([share, 1 - share], axis=1) * work.root[:, None]
        whole = np.concatenate([jacobian * np.float32(rise), ends.astype(np.float32)], axis=1)
        chi_square = float(residuals @ residuals) / max(residuals.size - 4, 1)
        moved = _updated(state, whole, residuals, priors, max(chi_square, 1.0))
        change = float(np.abs(moved.theta - state.theta).max())
        state = moved
        if change < 0.01:
            converged = True
            break
    return state, chi_square, converged


def _share(work: ImageProblem, state: _State) -> tuple[FloatArray, float]:
    """Exchanged share of the compared pixels, and D of the map."""
    permeability = np.exp(state.theta[1:-2])
    bulk = math.exp(state.theta[0])
    axis = 0 if work.scene.source_edge in ("top", "bottom") else 1
    beyond = work.grid.effective_diffusion(bulk, permeability, axis)
    fields = work.grid.solve(bulk, permeability, work.history, tolerance=1e-5,
                             beyond_diffusion=beyond).fields  # fmt: skip
    blurred = [work.blurred(fields[place])[mask] for place, mask in zip(work.places, work.masks, strict=True)]
    return np.concatenate(blurred), beyond


def _updated(
    state: _State, jacobian: NDArray[np.float32], residuals: FloatArray, priors: Priors, inflation: float
) -> _State:
    """One Gauss-Newton step, with mean and spread of the population estimated from the linearised problem."""
    information = np.asarray(jacobian.T @ jacobian, dtype=float) / inflation
    gradient = np.asarray(jacobian.T @ residuals.astype(np.float32), dtype=float) / inflation
    size = state.theta.size
    single = priors.with_groups(size - 3)
    rows, slopes = prior_rows(single, state.theta)
    information += slopes.T @ slopes
    gradient += slopes.T @ rows
    fixed = np.flatnonzero(~single.free)
    spread, moved, covariance = state.spread, state, state.covariance
    for _ in range(8):
        step, covariance = _solved(state, information, gradient, spread, fixed)
        step = np.clip(step, -LARGEST_STEP, LARGEST_STEP)  # further off, the slopes say nothing
        theta, mean = state.theta + step[:-1], state.mean + step[-1]
        logs = theta[1:-2]
        k = slice(1, size - 2)
        scatter = (logs - mean) ** 2 + np.diag(covariance)[k] + covariance[-1, -1] - 2 * covariance[k, -1]
        spread = math.sqrt(float(scatter.mean()))
        spread = min(max(spread, LEAST_SPREAD, state.spread / GROWTH), state.spread * GROWTH)
        moved = _State(theta, mean, spread, covariance)
    theta = moved.theta.copy()
    theta[-2:] = np.clip(theta[-2:], 0.0, 1.0)
    return replace(moved, theta=theta)


def _solved(
    state: _State, information: FloatArray, gradient: FloatArray, spread: float, fixed: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    """Step and covariance of all parameters and the mean, for a given spread."""
    size = state.theta.size
    places = np.arange(1, size - 2)
    precision = np.zeros((size + 1, size + 1))
    precision[:-1, :-1] = information
    precision[places, places] += 1 / spread**2
    precision[places, -1] = precision[-1, places] = -1 / spread**2
    precision[-1, -1] = places.size / spread**2
    away = (state.theta[1:-2] - state.mean) / spread**2
    slope = np.concatenate([gradient, [-away.sum()]])
    slope[places] += away
    precision[fixed, :] = precision[:, fixed] = 0.0
    precision[fixed, fixed] = 1.0
    slope[fixed] = 0.0
    scale = np.sqrt(np.diag(precision))
    covariance = np.linalg.inv(precision / np.outer(scale, scale)) / np.outer(scale, scale)
    step = -covariance @ slope
    covariance[fixed, :] = covariance[:, fixed] = 0.0
    return step, covariance


def _result(
    problem: ImageProblem, work: ImageProblem, priors: Priors, state: _State, chi_square: float,
    converged: bool, source: str,
) -> ImageFit:  # fmt: skip
    from ionscape.tracer.image_inverse import ImageFit, standardised

    size = state.theta.size
    population = _population(problem, work, state)
    bulk = math.exp(state.theta[0])
    whole = elasticity(problem, bulk, population.permeability)
    theta = np.array([state.theta[0], state.mean, *state.theta[-2:]])
    freedom = max(work.data.size - size, 1)
    tally = _spread(priors, state, whole, chi_square, freedom)
    found = estimates_of(theta, whole.value, tally, priors, source)
    fields = problem.grid.solve(bulk, population.permeability, problem.history, tolerance=1e-5).fields
    models = tuple(
        theta[-1] + (theta[-2] - theta[-1]) * problem.blurred(fields[place]) for place in problem.places
    )
    return ImageFit(
        found[0], (found[1],), found[4], found[2], found[3], problem.groups, population, models,
        standardised(problem, models), chi_square, freedom, tally.robust, converged, theta, problem,
    )  # fmt: skip


def _spread(priors: Priors, state: _State, whole: Elasticity, chi_square: float, freedom: int) -> Spread:
    """Covariance of ln D, the population's mean, Cs, C0 and ln D_eff, which single boundaries move too.

    Fewer boundaries may be told apart on a coarser map: D_eff then follows their mean.
    """
    size = state.theta.size
    kept = [0, size, size - 2, size - 1]
    to_all = np.zeros((5, size + 1))
    to_all[[0, 1, 2, 3], kept] = 1.0
    to_all[4, 0] = whole.by_bulk
    shares = whole.by_boundary
    if shares.size == size - 3:
        to_all[4, 1 : size - 2] = shares
    else:
        to_all[4, size] = shares.sum()
    covariance = to_all @ state.covariance @ to_all.T
    covariance[1, 1] += (DRAWN * state.spread**2) ** 2
    own, gain = covariance, {}
    for place, index in ((0, 0), (2, 2), (3, 3)):
        known = priors.centre[place]
        if known is not None and known.spread > 0:
            gain[place] = covariance[:, index] / priors.deviation(place) ** 2
            own = own - np.outer(gain[place], gain[place]) * priors.deviation(place) ** 2
    return Spread(own, gain, chi_square, freedom, exceeds_noise(chi_square, freedom), None)


def _population(problem: ImageProblem, work: ImageProblem, state: _State) -> Population:
    k = slice(1, state.theta.size - 2)
    logs, deviation = state.theta[k], np.sqrt(np.maximum(np.diag(state.covariance)[k], 0.0))
    if work is not problem:
        match = matched_boundaries(problem, work)
        known = match >= 0
        logs = np.where(known, logs[match], state.mean)
        deviation = np.where(known, deviation[match], state.spread)
    told = float(np.sum(np.clip(1 - deviation**2 / state.spread**2, 0.0, 1.0)))
    return Population(
        _spread_estimate(state.spread, told), state.spread, np.exp(logs), deviation,
        deviation < OF_THE_DATA * state.spread,
    )  # fmt: skip


def _spread_estimate(spread: float, told: float) -> Estimate:
    """Spread of ln P with the error that the number of boundaries which are determined allows."""
    if spread <= 1.5 * LEAST_SPREAD:
        note = "the boundaries differ by less than the image can tell"
        return upper_bound(3 * LEAST_SPREAD, DIMENSIONLESS, note)
    if told < FEW:
        note = "too few boundaries are determined one by one to tell how much they differ"
        return undetermined(DIMENSIONLESS, note)
    error = spread / math.sqrt(2 * told)
    why = "boundaries drawn in pixels seem to differ more than they do"
    note = f"{spread:.2g} ± {error:.1g} as fitted; {why}"
    return upper_bound(spread + 1.645 * error, DIMENSIONLESS, note)


def matched_boundaries(problem: ImageProblem, work: ImageProblem) -> NDArray[np.intp]:
    """For every boundary of ``problem`` the nearest one of ``work`` between the same grains; -1 for none."""
    ours, theirs = _middles(problem), _middles(work)
    known: dict[tuple[int, int], list[int]] = {}
    for index, pair in enumerate(np.sort(work.faces.pairs, axis=1).tolist()):
        known.setdefault((pair[0], pair[1]), []).append(index)
    found = np.full(problem.grid.n_boundaries, -1, dtype=np.intp)
    for index, pair in enumerate(np.sort(problem.faces.pairs, axis=1).tolist()):
        candidates = known.get((pair[0], pair[1]), [])
        if candidates:
            away = np.hypot(*(theirs[candidates] - ours[index]).T)
            found[index] = candidates[int(np.argmin(away))]
    return found


def _middles(problem: ImageProblem) -> FloatArray:
    """(n_boundaries, 2) Mean place [m] of each boundary's faces."""
    faces = problem.faces
    count = np.bincount(faces.boundary, minlength=faces.n_boundaries)
    return np.stack(
        [
            np.bincount(faces.boundary, faces.midpoints[:, k], minlength=faces.n_boundaries) / count
            for k in (0, 1)
        ],
        axis=1,
    )
