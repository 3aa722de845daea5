"""The joint posterior of a fit of profiles: draws from an emulated model, held against the model itself.

Polynomials stand for the profiles (`profile_emulator`); draws come by Hamiltonian Monte Carlo. For part of
them the model is computed: the importance weights tell how many draws the emulated posterior is worth. Where
it is too few, those curves are learnt from and the draws repeated; where it stays so, the computed ones
alone are used, with their weights.

Sources: importance weights and the effective sample size: J. S. Liu, Monte Carlo Strategies in Scientific
Computing (2001), section 2.5.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.fit.hamiltonian import Draws, hamiltonian_draws
from ionscape.replacement.profile_emulator import ProfileEmulator, coordinates, fitted_emulator, monomials
from ionscape.replacement.profile_observation import Linearised
from ionscape.replacement.profile_problem import ProfileProblem

FloatArray = NDArray[np.float64]
WORTH = 0.8  # share of independent draws from which the emulated posterior counts as the posterior
TOO_FEW = 200  # independent draws below which the ends of intervals are rough
ROUNDS = 3
HOPELESS = 20  # independent draws among those computed below which their weights say nothing
UNMIXED = 1.1  # R-hat from which chains that draw too little of the posterior are not believed
MOST_COMPUTED = 600  # draws for which the model is computed where the emulators do not suffice
_WIDER = 1.4  # than the first guess of the posterior: where the emulator learns
_FORGET, _LEAST = 0.1, 1e-3  # weight of a point by how much worse it fits, and the least one
_PER_FEATURE = 2.0  # curves per coefficient
CURVATURE_ONLY = "the intervals are those of the curvature at the best fit, without draws"
_CURVATURE_DRAWS, _CURVATURE_CURVES = 2000, 24
_CUBIC_DIMENSIONS = 6  # more would need too many curves


@dataclass(frozen=True)
class Posterior:
    """Draws of the fitted vector.

    Attributes
    ----------
    theta : (n, P) array
        Draws of equal weight.
    checked : (m, P) array
        Draws of equal weight for which the model was computed.
    inputs : tuple of (m, Y) arrays, per profile
        Of ``checked``.
    fractions : tuple of (m, C) arrays, per profile
        The computed curves.
    effective : float
        Number of independent draws that ``theta`` is worth.
    worth : float
        Effective share of the importance weights.
    evaluations : int
        Curves computed.
    warnings : tuple of str
    """

    theta: FloatArray
    checked: FloatArray
    inputs: tuple[FloatArray, ...]
    fractions: tuple[FloatArray, ...]
    effective: float
    worth: float
    evaluations: int
    warnings: tuple[str, ...]


def draw_posterior(
    problem: ProfileProblem, best: FloatArray, at: Linearised, covariance: FloatArray, *, n: int, check: int,
    rng: np.random.Generator, progress: Callable[[float], None] | None = None,
) -> Posterior:  # fmt: skip
    """Draws of the posterior.

    Parameters
    ----------
    problem : ProfileProblem
    best : (P,) array
        Maximum.
    at : Linearised
        The model there.
    covariance : (P, P) array
        Approximate.
    n, check : int
        Draws, and how many of them are computed.
    rng : numpy Generator
    progress : callable, optional
        Told the share that is done.
    """
    tell = progress or (lambda _: None)
    before = problem.evaluations
    root = _root(covariance)
    scattered = best + _WIDER * rng.standard_normal((512, best.size)) @ root.T
    scattered = np.clip(scattered, problem.parameters.lower, problem.parameters.upper)
    lessons = _Lessons(problem, at, scattered)
    lessons.learn(scattered, tell)
    for attempt in range(ROUNDS + 1):
        emulated = _Emulated(problem, lessons.emulators())
        drawn = hamiltonian_draws(
            emulated, best, root, problem.parameters.lower, problem.parameters.upper, n=n, rng=rng
        )
        last = attempt == ROUNDS
        wanted = max(check, MOST_COMPUTED) if last else check
        chosen = drawn.theta[rng.permutation(len(drawn.theta))[:wanted]]
        computed = _computed(problem, chosen)
        weights = _weights(computed.log_density - emulated(chosen)[0])
        worth = 1 / float(np.sum(weights**2)) / len(chosen)
        tell(0.5 + 0.5 * (attempt + 1) / (ROUNDS + 1))
        if worth >= WORTH or last:
            break
        lessons.add(computed, drawn.theta, tell)
        root = _root(np.cov(drawn.theta, rowvar=False) + 1e-12 * covariance)
    if drawn.r_hat > UNMIXED or worth * len(weights) < HOPELESS:
        curved = curvature_posterior(problem, best, covariance)
        why = (
            f"the chains of draws have not mixed (R-hat {drawn.r_hat:.2f})" if drawn.r_hat > UNMIXED
            else "the emulated posterior is not that of the model"
        )  # fmt: skip
        note = f"{why}: {CURVATURE_ONLY}"
        return replace(curved, evaluations=problem.evaluations - before, warnings=(note,))
    return _posterior(drawn, computed, weights, worth, problem.evaluations - before, rng)


def curvature_posterior(problem: ProfileProblem, best: FloatArray, covariance: FloatArray) -> Posterior:
    """Normal draws about the best fit, for a first look: no more than the curvature says."""
    before = problem.evaluations
    rng = np.random.default_rng(0)
    theta = best + rng.standard_normal((_CURVATURE_DRAWS, best.size)) @ _root(covariance).T
    theta = np.clip(theta, problem.parameters.lower, problem.parameters.upper)
    computed = _computed(problem, theta[:_CURVATURE_CURVES])
    return Posterior(
        theta, computed.theta, computed.inputs, computed.fractions, float(len(theta)), float("nan"),
        problem.evaluations - before, (CURVATURE_ONLY,),
    )  # fmt: skip


@dataclass(frozen=True)
class _Computed:
    """The model at points theta (m, P): inputs, fractions and means per profile, ln of the density (m,)."""

    theta: FloatArray
    inputs: tuple[FloatArray, ...]
    fractions: tuple[FloatArray, ...]
    means: tuple[FloatArray, ...]
    log_density: FloatArray


def _computed(problem: ProfileProblem, theta: FloatArray) -> _Computed:
    g, _ = problem.parameters.quantities(theta)
    rows, offsets = problem.parameters.prior
    total = -0.5 * np.sum((theta @ rows.T - offsets) ** 2, axis=1)
    inputs, curves, means = [], [], []
    for k in range(len(problem.observations)):
        inputs.append(problem.inputs_of(k, g))
        fractions, mean = problem.evaluated(k, inputs[-1])
        total -= 0.5 * np.sum(problem.residuals_of(k, g, mean) ** 2, axis=1)
        curves.append(fractions)
        means.append(mean)
    return _Computed(theta, tuple(inputs), tuple(curves), tuple(means), total)


class _Lessons:
    """Curves that have been computed, from which the emulators learn."""

    def __init__(self, problem: ProfileProblem, at: Linearised, scattered: FloatArray) -> None:
        self.problem = problem
        self.at = at
        self._frame(scattered)
        self.degrees = [2] * len(self.frames)
        self.squares: list[list[FloatArray]] = [[] for _ in self.frames]
        self.inputs: list[list[FloatArray]] = [[] for _ in self.frames]
        self.means: list[list[FloatArray]] = [[] for _ in self.frames]

    def _frame(self, scattered: FloatArray) -> None:
        """Coordinates that suit points scattered as the posterior."""
        problem = self.problem
        g, _ = problem.parameters.quantities(scattered)
        self.frames = []
        for k, (seen, found) in enumerate(zip(problem.observations, self.at.means, strict=True)):
            weight = np.hypot(seen.weight, seen.weight_foreign if seen.has_foreign else 0.0)
            effect = weight[:, None] * found.derivative
            frame = coordinates(problem.inputs_of(k, g), effect, problem.n_levels + 2)
            self.frames.append(frame)

    def learn(self, scattered: FloatArray, tell: Callable[[float], None]) -> None:
        """Compute as many of the scattered points as the polynomials need."""
        g, _ = self.problem.parameters.quantities(scattered)
        for k, (frame, degree) in enumerate(zip(self.frames, self.degrees, strict=True)):
            features = len(monomials(frame.dimensions, degree))
            count = min(int(_PER_FEATURE * features) + 10, len(scattered))
            y = self.problem.inputs_of(k, g[:count])
            self._take(k, y, self.problem.evaluated(k, y)[1], g[:count])
            tell(0.5 * (k + 1) / len(self.frames))

    def add(self, computed: _Computed, drawn: FloatArray, tell: Callable[[float], None]) -> None:
        """Curves computed elsewhere, polynomials of the third degree, and curves where the last draws lie."""
        g, _ = self.problem.parameters.quantities(computed.theta)
        for k in range(len(self.inputs)):
            self._take(k, computed.inputs[k], computed.means[k], g)
            if self.frames[k].dimensions <= _CUBIC_DIMENSIONS:
                self.degrees[k] = 3
        self._frame(drawn)
        self.learn(drawn, tell)

    def _take(self, k: int, inputs: FloatArray, means: FloatArray, g: FloatArray) -> None:
        self.inputs[k].append(inputs)
        self.means[k].append(means)
        self.squares[k].append(np.sum(self.problem.residuals_of(k, g, means) ** 2, axis=1))

    def emulators(self) -> list[ProfileEmulator]:
        """One per profile; points that fit the data badly count less."""
        found = []
        for k, (frame, degree) in enumerate(zip(self.frames, self.degrees, strict=True)):
            squares = np.concatenate(self.squares[k])
            weights = np.exp(-_FORGET * (squares - squares.min()))
            found.append(fitted_emulator(
                np.concatenate(self.inputs[k]), np.concatenate(self.means[k]), frame, degree,
                np.maximum(weights, _LEAST),
            ))  # fmt: skip
        return found


class _Emulated:
    """ln of the posterior density and its gradient, by emulators."""

    def __init__(self, problem: ProfileProblem, emulators: list[ProfileEmulator]) -> None:
        self.problem, self.emulators = problem, emulators

    def __call__(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        parameters = self.problem.parameters
        g, slope = parameters.quantities(theta)
        rows, offsets = parameters.prior
        known = theta @ rows.T - offsets
        total = -0.5 * np.sum(known**2, axis=1)
        by_g = np.zeros_like(g)
        for k, emulator in enumerate(self.emulators):
            y = self.problem.inputs_of(k, g)
            mean = emulator.means(y)
            residuals = self.problem.residuals_of(k, g, mean)
            total -= 0.5 * np.sum(residuals**2, axis=1)
            by_mean = self.problem.pulled(k, g, mean, residuals, by_g)
            by_y = emulator.pull(y, by_mean)
            beyond, by_wall = emulator.wall(y)
            total -= 0.5 * beyond
            by_g += np.einsum("ky,kyg->kg", by_y + by_wall, self.problem.input_slopes(k, g, y))
        return total, -(by_g * slope) @ parameters.matrix - known @ rows


def _weights(difference: FloatArray) -> FloatArray:
    """Normalised importance weights from differences of ln of the densities."""
    relative = np.exp(difference - np.max(difference))
    return np.asarray(relative / relative.sum())


def _root(covariance: FloatArray) -> FloatArray:
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    variances, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    return np.asarray(scale[:, None] * vectors * np.sqrt(np.maximum(variances, 1e-12)))


def _posterior(
    drawn: Draws, computed: _Computed, weights: FloatArray, worth: float, evaluations: int,
    rng: np.random.Generator,
) -> Posterior:  # fmt: skip
    """The draws as they are where they are worth it, else those that were computed, by their weights."""
    m = len(weights)
    picked = np.searchsorted(np.cumsum(weights), (rng.uniform() + np.arange(m)) / m).clip(max=m - 1)
    enough = worth >= WORTH
    theta = drawn.theta if enough else computed.theta[picked]
    effective = drawn.effective * worth if enough else m * worth
    warnings = []
    if effective < TOO_FEW:
        warnings.append(
            f"the posterior rests on {effective:.0f} independent draws: the ends of its intervals are rough"
        )
    return Posterior(
        theta, computed.theta[picked], tuple(y[picked] for y in computed.inputs),
        tuple(u[picked] for u in computed.fractions), effective, worth, evaluations, tuple(warnings),
    )  # fmt: skip
