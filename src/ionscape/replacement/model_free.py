"""D of the native ion against its fraction without assuming a distribution of site energies.

ln D is a cubic spline of the fraction whose bending is penalised; the simulated, blurred profile is compared
with the measured one, so that noisy data are never differentiated. How strong the penalty is follows from the
data (maximum of the evidence), and the bands average over all strengths that the data allow: the posterior of
a smooth function, whose intervals cover on average over the range (Nychka). Where the profile says nothing
there is no value: the spline would be the penalty's.

Sources: P. H. C. Eilers and B. D. Marx, Stat. Sci. 11, 89 (1996) (penalised splines); D. J. C. MacKay, Neural
Comput. 4, 415 (1992) (evidence); D. Nychka, J. Am. Stat. Assoc. 83, 1134 (1988) (coverage).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import elementary_charge

from ionscape.core.estimate import Estimate
from ionscape.core.serial import storable
from ionscape.replacement.diffusion_spline import (
    TABLE,
    SimulatedFilm,
    SplineFit,
    SplineProblem,
    posterior_draws,
    spline_basis,
)
from ionscape.replacement.direct_diffusion import direct_diffusion
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.profile_course import course_of
from ionscape.replacement.profile_forward import film_faces

FloatArray = NDArray[np.float64]
GRID = np.linspace(0.01, 0.99, 99)
"""Fractions at which the result is given."""
BUMP, TOLD = 0.05, 3.0
"""What counts as said by the data: D changed by a factor 2 within ± 0.05 of a fraction, and the D of the
foreign ion and the scales adapted, would be seen in the profile with this many standard deviations."""
WIDEST = 0.7
"""Standard deviation of ln D beyond which no value is given."""


@storable
@dataclass(frozen=True)
class ModelFreeDiffusion:
    """D against the fraction of native ions, G fractions.

    Attributes
    ----------
    label : str
        Of the profile.
    fraction : (G,) array
    diffusion : (G,) array
        [m^2/s]; nan where the profile does not say.
    low_68, high_68, low_95, high_95 : (G,) arrays
        Pointwise bands of the posterior.
    direct : (G,) array
        From the slopes of the fitted profile by h = F/(j u - D_M du/dx), for comparison; nan outside.
    foreign_diffusion, foreign_diffusion_sd : float
        [m^2/s] and its relative 1 SD.
    strength : float
        Of the penalty, at the maximum of the evidence.
    effective_parameters : float
        Of the spline: how many the data fix.
    chi_square : float
    n_points : int
    depth, fitted : (N,) arrays
        [m] and the fitted fraction of native ions.
    """

    label: str
    fraction: FloatArray
    diffusion: FloatArray
    low_68: FloatArray
    high_68: FloatArray
    low_95: FloatArray
    high_95: FloatArray
    direct: FloatArray
    foreign_diffusion: float
    foreign_diffusion_sd: float
    strength: float
    effective_parameters: float
    chi_square: float
    n_points: int
    depth: FloatArray
    fitted: FloatArray

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest fraction with a value; nan where there is none."""
        told = self.fraction[np.isfinite(self.diffusion)]
        return (float(told[0]), float(told[-1])) if told.size else (math.nan, math.nan)

    def sentences(self) -> tuple[str, ...]:
        """What it says, and what not."""
        low, high = self.range
        if not math.isfinite(low):
            return (f"{self.label}: without a distribution the profile gives D at no fraction to better than "
                    "a factor 2.",)  # fmt: skip
        told = self.diffusion[np.isfinite(self.diffusion)]
        decades = math.log10(told[-1] / told[0])
        return (
            f"{self.label}: without any distribution the profile gives D of the native ion between "
            f"u = {low:.2f} and {high:.2f}, where it rises by {decades:.1f} decades; outside it says "
            "nothing.",
        )


def diffusion_from_profile(
    profile: MeasuredProfile, *, carrier_density: float, charge: int = 1,
    bulk_diffusion: Estimate | None = None, cells: int = 150, rng: np.random.Generator | None = None,
) -> ModelFreeDiffusion:  # fmt: skip
    """D of the native ion against its fraction, from one profile.

    Parameters
    ----------
    profile : MeasuredProfile
        After one stage of controlled current.
    carrier_density : float
        [m^-3]
    charge : int
        Of the native ion.
    bulk_diffusion : Estimate, optional
        D [m^2/s] at u = 1, where it is known: ties the upper end.
    cells : int
        Of the simulated film.
    rng : numpy Generator, optional
        For the draws over the penalty's strength.
    Raises
    ------
    InputError
        If the current of the programme is not known.
    AnalysisError
        If no fit is found.
    """
    course = course_of(profile)
    length = course.charge / (abs(charge) * elementary_charge * carrier_density)
    problem = SplineProblem(profile, SimulatedFilm(course, length, film_faces(cells)), bulk_diffusion)
    fit = problem.solve(problem.start())
    return _result(problem, fit, rng or np.random.default_rng(0))


# ---- result ---------------------------------------------------------------------------------------------
def _result(problem: SplineProblem, fit: SplineFit, rng: np.random.Generator) -> ModelFreeDiffusion:
    profile, count = problem.profile, problem.count
    draws = posterior_draws(problem, fit, rng)
    at_grid = np.column_stack([spline_basis(GRID), np.ones(GRID.size)])
    curves = draws[:, : count + 1] @ at_grid.T
    best = at_grid @ fit.theta[: count + 1]
    ends = np.quantile(curves, [0.158655, 0.841345, 0.025, 0.975], axis=0)
    spread = (ends[1] - ends[0]) / 2
    native = problem.native(fit.theta)
    told = _longest(_told(problem, fit) & (spread < WIDEST) & (float(native.min()) <= GRID))
    points = profile.depth.size * (1 if profile.foreign is None else 2)

    def shown(values: ArrayLike) -> FloatArray:
        return np.where(told, np.exp(np.asarray(values)), math.nan)

    log_foreign, course = float(fit.theta[count]), problem.film.course
    faces, fractions = problem.curve(fit.theta)
    direct = direct_diffusion(
        (faces[1:] + faces[:-1]) / 2, fractions, problem.film.length / course.duration, math.exp(log_foreign),
        course.duration,
    )  # fmt: skip
    return ModelFreeDiffusion(
        label=profile.label, fraction=GRID, diffusion=shown(best),
        low_68=shown(ends[0]), high_68=shown(ends[1]), low_95=shown(ends[2]), high_95=shown(ends[3]),
        direct=np.where(told, direct(GRID), math.nan),
        foreign_diffusion=math.exp(log_foreign), foreign_diffusion_sd=float(np.std(draws[:, count])),
        strength=fit.strength, effective_parameters=fit.effective,
        chi_square=float(np.sum(fit.residuals[:points] ** 2)), n_points=points, depth=profile.depth,
        fitted=native,
    )  # fmt: skip


def _told(problem: SplineProblem, fit: SplineFit) -> NDArray[np.bool_]:
    """Where a factor 2 in D within ± `BUMP` would be seen in the profile."""
    n, free = problem.count, problem.free.copy()
    others = np.flatnonzero(free & (np.arange(problem.size) >= n))
    basis = spline_basis(TABLE)
    bumps = np.maximum(1 - np.abs(TABLE[:, None] - GRID) / BUMP, 0.0) * math.log(2.0)
    seen = fit.jacobian[:, :n] @ np.linalg.lstsq(basis, bumps, rcond=None)[0]
    q, _ = np.linalg.qr(fit.jacobian[:, others])
    left = seen - q @ (q.T @ seen)
    return np.asarray(np.linalg.norm(left, axis=0) > TOLD)


def _longest(told: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], told, [False]])))
    if edges.size == 0:
        return told
    starts, ends = edges[::2], edges[1::2]
    k = int(np.argmax(ends - starts))
    kept = np.zeros_like(told)
    kept[starts[k] : ends[k]] = True
    return kept
