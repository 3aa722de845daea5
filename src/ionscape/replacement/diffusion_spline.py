"""Fit of ln D as a penalised spline of the fraction, through the simulated profile: see `model_free`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate
from ionscape.fit.information import effective_count
from ionscape.replacement.instrument import slice_edges, slice_means
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.profile_course import Course
from ionscape.replacement.profile_forward import (
    electroneutral_profile,
    electroneutral_sensitivities,
    film_faces,
)

FloatArray = NDArray[np.float64]

TABLE = np.linspace(0.0, 1.0, 513)
KNOTS = 15
"""Intervals of the spline between 0 and 1, in the square root of the fraction."""
MODEL_ERROR = 3e-4
"""Of a simulated fraction: counted with the noise, which is smaller where few ions are left."""
_STEP, _ROUNDS, _DRAWS = 1e-3, 60, 2000
_LIMITS, _MOST = (1e-4, 1e6), 10.0  # of the penalty's strength, and of its change in one step


@dataclass(frozen=True)
class SimulatedFilm:
    """The film that is simulated.

    Attributes
    ----------
    course : Course
        Current of the experiment.
    length : float
        Q [m], depth that the charge would replace at the stated current.
    faces : (C + 1,) array
        Of the cells, in units of Q.
    """

    course: Course
    length: float
    faces: FloatArray

    def profile(
        self, log_native: FloatArray, log_foreign: float, factor: float
    ) -> tuple[FloatArray, FloatArray]:
        """Faces [m] and fractions of the native ion.

        ``log_native``: ln D [m^2/s] at `TABLE`; ``factor``: of the current.
        """
        length = self.length * factor
        shift = math.log(self.course.duration) - 2 * math.log(length)
        fractions = electroneutral_profile(
            log_native + shift, log_foreign + shift, self.course.relative, self.faces, 0.0
        )
        return self.faces * length, fractions

    def derivatives(
        self, log_native: FloatArray, log_foreign: float, factor: float, splines: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Faces [m], fractions (C,) and their derivatives (K + 2, C).

        By the K coefficients of the splines, by ln D of both ions, and by ln of the current in what it does
        to the fractions (not to the depth).
        """
        length, count = self.length * factor, splines.shape[1]
        shift = math.log(self.course.duration) - 2 * math.log(length)
        by_native = np.vstack([splines.T, np.ones(splines.shape[0]), np.full(splines.shape[0], -2.0)])
        by_foreign = np.concatenate([np.zeros(count), [1.0, -2.0]])
        fractions, slopes = electroneutral_sensitivities(
            log_native + shift, log_foreign + shift, self.course.relative, self.faces, 0.0, by_native,
            by_foreign, np.zeros(count + 2),
        )  # fmt: skip
        return self.faces * length, fractions, slopes

    def refined(self, fractions: FloatArray) -> SimulatedFilm:
        """Cells as fine as this curve asks for."""
        return replace(self, faces=film_faces(self.faces.size - 1, fractions, self.faces))


@dataclass(frozen=True)
class SplineFit:
    """theta (P,), residuals (m,) and derivatives (m, P) there; the penalty's strength, and how many bends of
    the spline the data fix."""

    theta: FloatArray
    residuals: FloatArray
    jacobian: FloatArray
    strength: float
    effective: float


class SplineProblem:
    """theta: spline coefficients of ln(D/D_M), ln D_M, then the scales: depth, current, both normalisations,
    and one amplitude per systematic cause, each over its standard uncertainty."""

    def __init__(self, profile: MeasuredProfile, film: SimulatedFilm, bulk: Estimate | None) -> None:
        self.profile, self.film, self.bulk = profile, film, bulk
        self.edges = slice_edges(profile.depth)
        self.splines = spline_basis(TABLE)
        self.count = self.splines.shape[1]
        self.penalty = _penalty()
        self.rank = self.count - 2
        self.size = self.count + 5 + len(profile.systematic)
        n = self.count + 1
        sds = (profile.depth_scale_sd, profile.charge_scale_sd, profile.native_scale_sd,
               profile.foreign_scale_sd)  # fmt: skip
        # A normalisation that is free has no prior; a scale without an error is not moved at all.
        self.sd = np.array([0.2 if math.isinf(sd) else sd for sd in sds])
        self.known = np.array([*(not math.isinf(sd) for sd in sds), *(True for _ in profile.systematic)])
        used = np.array([*(sd > 0 for sd in self.sd), *(True for _ in profile.systematic)])
        if profile.foreign is None:
            used[3] = False
        self.free = np.concatenate([np.ones(n, dtype=bool), used])
        self.scales = slice(n, None)

    # ---- forward ------------------------------------------------------------------------------------
    def log_native(self, theta: FloatArray) -> FloatArray:
        """ln D [m^2/s] of the native ion at `TABLE`."""
        return np.asarray(self.splines @ theta[: self.count] + theta[self.count])

    def curve(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Faces [m] and fractions inside, at the stated current."""
        return self.film.profile(self.log_native(theta), float(theta[self.count]), 1.0)

    def native(self, theta: FloatArray) -> FloatArray:
        """Fractions per slice, before normalisation."""
        depth, current = theta[self.scales][:2] * self.sd[:2]
        log_foreign = float(theta[self.count])
        table = self.log_native(theta)
        faces, fractions = self.film.profile(table, log_foreign, math.exp(current))
        edges = self.edges * (1 + depth)
        return slice_means(faces, fractions, edges, self.profile.resolution[0])

    def residuals(self, theta: FloatArray, native: FloatArray) -> FloatArray:
        """Of the data over their SD, then of all that is known beforehand."""
        profile, scales = self.profile, theta[self.scales]
        shown = native * (1 + scales[2] * self.sd[2])
        for k, change in enumerate(profile.systematic.values()):
            shown = shown + scales[4 + k] * change
        parts = [(shown - profile.native) / np.hypot(profile.native_sd, MODEL_ERROR)]
        if profile.foreign is not None and profile.foreign_sd is not None:
            foreign = (1 - native) * (1 + scales[3] * self.sd[3])
            parts.append((foreign - profile.foreign) / np.hypot(profile.foreign_sd, MODEL_ERROR))
        parts.append(np.where(self.known, scales, 0.0))
        if self.bulk is not None and self.bulk.status == "determined":
            spread = max(self.bulk.standard_uncertainty / self.bulk.value, 0.01)
            at_one = float(self.splines[-1] @ theta[: self.count]) + theta[self.count]
            parts.append(np.array([(at_one - math.log(self.bulk.value)) / spread]))
        return np.concatenate(parts)

    def linearised(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Residuals and their derivatives; the film's come with its simulation."""
        depth, current = theta[self.scales][:2] * self.sd[:2]
        faces, fractions, slopes = self.film.derivatives(
            self.log_native(theta), float(theta[self.count]), math.exp(current), self.splines
        )
        edges, blur = self.edges * (1 + depth), self.profile.resolution[0]
        native = slice_means(faces, fractions, edges, blur)
        residuals = self.residuals(theta, native)
        columns = [slice_means(faces, slope, edges, blur) for slope in slopes]
        inner = slice(0, self.count + 3)
        moves = np.zeros((native.size, self.count + 3))
        moves[:, : self.count + 1] = np.column_stack(columns[:-1])
        stretched = slice_means(faces * (1 + _STEP), fractions, edges, blur) - native
        moves[:, self.count + 2] = (columns[-1] + stretched / _STEP) * self.sd[1]
        moved = slice_means(faces, fractions, self.edges * (1 + depth + _STEP), blur) - native
        moves[:, self.count + 1] = moved / _STEP * self.sd[0]
        jacobian = np.zeros((residuals.size, self.size))
        jacobian[:, inner] = self._by_native(theta, moves)
        for k in np.flatnonzero(self.free):  # the residuals are linear in what is left, and in all of theta's
            shifted = theta.copy()  # own appearance in the priors
            shifted[k] += 1.0
            jacobian[:, k] += self.residuals(shifted, native) - residuals
        jacobian[:, ~self.free] = 0.0
        return residuals, jacobian

    def _by_native(self, theta: FloatArray, moves: FloatArray) -> FloatArray:
        """Change of the residuals with the fractions per slice alone, (m, n) for moves (N, n)."""
        still = self.residuals(theta, np.zeros(moves.shape[0]))
        return np.column_stack([self.residuals(theta, move) - still for move in moves.T])

    # ---- fit ----------------------------------------------------------------------------------------
    def start(self) -> FloatArray:
        """ln D from D_M/10 at the plateau to the bulk's, bent as a Gaussian's; D_M from the front's slope.

        A blurred front is less steep than it is: smaller D_M are tried too.
        """
        from scipy.special import ndtri

        u, x = self.profile.native, self.profile.depth
        near = np.flatnonzero(u < 0.55)
        deep = x[near[-1]] if near.size else x[x.size // 2]
        inside = (x > 0.35 * deep) & (x < 0.75 * deep)
        plateau = float(np.clip(np.mean(u[inside]) if inside.any() else 0.1, 0.01, 0.4))
        rising = (u > 0.3) & (u < 0.8) & (x > 0.5 * deep) & (x < 1.5 * deep)
        slope = np.polyfit(x[rising], u[rising], 1)[0] if rising.sum() >= 3 else 0.4 / (0.02 * deep)
        speed = self.film.length / self.film.course.duration
        steepest = math.log(speed * 0.5 / max(float(slope), 0.4 / deep))
        bend = ndtri(0.9 * np.maximum(TABLE, 0.3 * plateau))
        bend = (bend - ndtri(0.9 * plateau)) / (bend[-1] - ndtri(0.9 * plateau))
        best, lowest = np.zeros(self.size), math.inf
        for lower in (0.0, 0.7, 1.4, 2.1):
            theta = np.zeros(self.size)
            theta[self.count] = steepest - lower
            top = 7.0 if self.bulk is None or self.bulk.status != "determined" else (
                math.log(self.bulk.value) - theta[self.count])  # fmt: skip
            line = -2.3 + (top + 2.3) * bend
            theta[: self.count] = np.linalg.lstsq(self.splines, line, rcond=None)[0]
            residuals = self.residuals(theta, self.native(theta))
            if residuals @ residuals < lowest:
                best, lowest = theta, float(residuals @ residuals)
        return best

    def solve(self, theta: FloatArray) -> SplineFit:
        """Marquardt's steps, the penalty's strength renewed after each (MacKay's fixed point).

        Raises
        ------
        AnalysisError
            If no step lowers the misfit and it is still far above the noise.
        """
        strength, damping, settled, refined = 0.1, 1e-2, 0, 0
        residuals, jacobian = self.linearised(theta)
        for _ in range(_ROUNDS):
            normal, gradient = self._normal(theta, residuals, jacobian, strength)
            cost = self._cost(theta, residuals, strength)
            step = _step(normal, gradient, damping, self.free)
            trial = theta + step
            found = self.residuals(trial, self.native(trial))
            gained = cost - self._cost(trial, found, strength)
            if gained < 0:
                damping *= 8
                if damping > 1e4:  # as low as it goes with this penalty
                    renewed = self._renewed(theta, residuals, jacobian, strength)
                    if abs(math.log(renewed / strength)) < 0.1:
                        break
                    strength, damping = renewed, 1e-2
                continue
            damping = max(damping / 6, 1e-8)
            theta = trial
            residuals, jacobian = self.linearised(theta)
            renewed = strength
            if gained < max(3.0, 0.05 * cost):
                renewed = self._renewed(theta, residuals, jacobian, strength)
            settled = settled + 1 if gained < 0.1 and abs(math.log(renewed / strength)) < 0.2 else 0
            strength = renewed
            if settled and refined == 2:
                break
            if settled and refined < 2:
                self.film = self.film.refined(self.curve(theta)[1])
                residuals, jacobian = self.linearised(theta)
                refined, settled = refined + 1, 0
        points = self.profile.depth.size
        count = points * (1 if self.profile.foreign is None else 2)
        worst = effective_count(residuals[None, :count]) < 0.5 * count
        if not residuals @ residuals < (2 if worst else 25) * count:
            raise AnalysisError(
                f"{self.profile.label}: no D(n) was found whose profile comes near the measured one"
            )
        return SplineFit(theta, residuals, jacobian, strength, self._effective(jacobian, strength))

    def _cost(self, theta: FloatArray, residuals: FloatArray, strength: float) -> float:
        bend = theta[: self.count] @ self.penalty @ theta[: self.count]
        return float(residuals @ residuals + strength * bend)

    def _normal(
        self, theta: FloatArray, residuals: FloatArray, jacobian: FloatArray, strength: float
    ) -> tuple[FloatArray, FloatArray]:
        normal, gradient = jacobian.T @ jacobian, jacobian.T @ residuals
        normal[: self.count, : self.count] += strength * self.penalty
        gradient[: self.count] += strength * self.penalty @ theta[: self.count]
        return normal, gradient

    def _effective(self, jacobian: FloatArray, strength: float) -> float:
        """Bends that the data fix: rank - strength tr(A^-1 P)."""
        free = np.flatnonzero(self.free)
        normal = (jacobian.T @ jacobian)[np.ix_(free, free)]
        normal[: self.count, : self.count] += strength * self.penalty
        inverse = np.linalg.pinv(normal, hermitian=True)[: self.count, : self.count]
        return float(self.rank - strength * np.sum(inverse * self.penalty))

    def _renewed(
        self, theta: FloatArray, residuals: FloatArray, jacobian: FloatArray, strength: float
    ) -> float:
        """MacKay's fixed point for the linearised problem, but not far from the present strength."""
        found = strength
        for _ in range(20):
            normal, gradient = self._normal(theta, residuals, jacobian, found)
            moved = (theta + _step(normal, gradient, 1e-9, self.free))[: self.count]
            effective = max(self._effective(jacobian, found), 0.05)
            wanted = float(np.clip(effective / max(float(moved @ self.penalty @ moved), 1e-12), *_LIMITS))
            wanted = float(np.clip(wanted, strength / _MOST, strength * _MOST))
            if abs(math.log(wanted / found)) < 0.01:
                break
            found = wanted
        return found


def _step(normal: FloatArray, gradient: FloatArray, damping: float, free: NDArray[np.bool_]) -> FloatArray:
    rows = np.flatnonzero(free)
    inner = normal[np.ix_(rows, rows)]
    # Small pivots (directions that only the damping holds) must not make a step of many e-foldings.
    size = np.maximum(np.diag(inner), 1e-6 * float(np.max(np.diag(inner))))
    step = np.zeros(gradient.size)
    step[rows] = -np.linalg.solve(inner + damping * np.diag(size), gradient[rows])
    return step * min(1.0, 3.0 / max(float(np.max(np.abs(step))), 1e-12))


def spline_basis(fraction: FloatArray) -> FloatArray:
    """(n, K) cubic B-splines of the root of fractions (n,): D is steepest where few ions are left."""
    from scipy.interpolate import BSpline

    knots = np.linspace(-3 / KNOTS, 1 + 3 / KNOTS, KNOTS + 7)
    inside = np.clip(np.sqrt(fraction), 0.0, 1 - 1e-12)
    return np.asarray(BSpline.design_matrix(inside, knots, 3).toarray())


def _penalty() -> FloatArray:
    """Integral of the squared second derivative: differences of the coefficients over the spacing squared."""
    second = np.diff(np.eye(KNOTS + 3), 2, axis=0) * KNOTS**2
    return np.asarray(second.T @ second / KNOTS)


def posterior_draws(problem: SplineProblem, fit: SplineFit, rng: np.random.Generator) -> FloatArray:
    """From the mixture of the Gaussian posteriors at all strengths, each weighted by its evidence.

    The misfit is expanded around the fit; residuals larger than the noise widen everything alike.
    """
    free, n = np.flatnonzero(problem.free), problem.count
    jacobian = fit.jacobian[:, free]
    points = problem.profile.depth.size * (1 if problem.profile.foreign is None else 2)
    excess = max(1.0, float(np.sum(fit.residuals[:points] ** 2)) / max(points - fit.effective - 4, 1.0))
    base, pull = jacobian.T @ jacobian / excess, jacobian.T @ fit.residuals / excess
    strengths = np.clip(fit.strength * np.geomspace(1e-2, 1e2, 17), *_LIMITS)
    evidence, pieces = [], []
    for strength in strengths:
        normal, gradient = base.copy(), pull.copy()
        normal[:n, :n] += strength * problem.penalty
        gradient[:n] += strength * problem.penalty @ fit.theta[:n]
        values, vectors = np.linalg.eigh(normal)
        values = np.maximum(values, 1e-10 * values[-1])
        shift = -vectors @ ((vectors.T @ gradient) / values)
        bend = fit.theta[:n] @ problem.penalty @ fit.theta[:n]
        misfit = strength * bend + float(gradient @ shift)  # at the minimum, up to what all have in common
        evidence.append(-misfit / 2 + problem.rank / 2 * math.log(strength) - np.log(values).sum() / 2)
        pieces.append((shift, vectors / np.sqrt(values)))
    weights = np.exp(np.array(evidence) - max(evidence))
    chosen = rng.choice(strengths.size, size=_DRAWS, p=weights / weights.sum())
    normals = rng.standard_normal((_DRAWS, free.size))
    draws = np.tile(fit.theta, (_DRAWS, 1))
    for k, (shift, root) in enumerate(pieces):
        rows = np.flatnonzero(chosen == k)
        draws[np.ix_(rows, free)] += shift + normals[rows] @ root.T
    return draws
