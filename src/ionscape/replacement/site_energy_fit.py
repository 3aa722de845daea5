"""From profiles to site energies: one distribution for all profiles of a conductor, fitted jointly.

Least squares first, from a start that front theory gives; then draws of the whole posterior, so that every
interval is honest where the model bends. What is stated (D_bulk, carrier density, vacancies, the instrument's
scales) enters with its error and keeps its name.

Sources: V. H. Gunawan, M. Schaefer and K.-M. Weitzel, Phys. Chem. Chem. Phys. 26, 14430 (2024); M. Schaefer
and K.-M. Weitzel, Mater. Today Phys. 5, 12 (2018).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, exact, measured
from ionscape.fit.information import effective_count
from ionscape.fit.least_squares import minimise
from ionscape.replacement.distribution_family import distribution_family
from ionscape.replacement.fit_assembly import assembled
from ionscape.replacement.fit_result import SiteEnergyFit
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.posterior import Posterior, draw_posterior
from ionscape.replacement.profile_forward import film_faces
from ionscape.replacement.profile_observation import Linearised, Observation
from ionscape.replacement.profile_problem import ProfileProblem
from ionscape.replacement.profile_quantities import fit_inputs
from ionscape.replacement.profile_start import meshed, starts

FloatArray = NDArray[np.float64]
ASSUMED_VACANCIES = measured(0.10, 0.04, source="vacancy fraction assumed in oxide glasses", scale="log")
"""Share of empty sites where nobody says: the 10 % of Gunawan 2024; published are 3 to 20 %."""
NONE_IMMOBILE = exact(0.0)
SPOILED = 6.0  # SD, after the others' scatter is allowed for, beyond which a slice is left out
MOST_SPOILED = 0.05  # share of slices: more are a misfit
SIGNIFICANT = 3.0  # SD of chi-square beyond which errors are inflated
ROUGH, FINE = 1e-3, 1e-6
ITERATIONS = 40
FINER = 4  # times the cells, in the one calculation that corrects the others


def fit_site_energies(
    profiles: Sequence[MeasuredProfile], *, carrier_density: Estimate, charge: int = 1,
    bulk_diffusion: Sequence[Estimate | None] | None = None,
    vacancy_fraction: Estimate | None = ASSUMED_VACANCIES,
    immobile_fraction: Estimate | None = NONE_IMMOBILE, distribution: str = "gaussian",
    activation_energy: Estimate | None = None, draws: int = 2000, check: int = 200,
    rng: np.random.Generator | int | None = None, source: str = "fit of site energies", threads: int = 2,
    cells: int = 180, progress: Callable[[float], None] | None = None,
) -> SiteEnergyFit:  # fmt: skip
    """Fit one distribution of site energies to all profiles of a conductor together.

    Parameters
    ----------
    profiles : sequence of MeasuredProfile
        Of the same conductor, each with its foreign ion and its experiment.
    carrier_density : Estimate
        n0 [m^-3] of the native ion.
    charge : int
        Of the ions.
    bulk_diffusion : sequence of Estimate or None, optional
        D_bulk [m^2/s] of the native ion, one per profile at its temperature; None or undetermined: free. The
        width is then reported as undetermined, with the line of widths that go with each D_bulk.
    vacancy_fraction : Estimate or None
        Share of the sites that is empty before the experiment, taken as log-normal; 0.10 ± 0.04 unless given;
        None: free.
    immobile_fraction : Estimate or None
        Of the native ions; zero unless given; None: free.
    distribution : str
        ``gaussian``, ``two gaussians``, ``exponential tail`` or ``constant`` (D does not depend on
        composition).
    activation_energy : Estimate, optional
        [J] of D_bulk: fixes the mean of the site energies against the level of free motion.
    draws, check : int
        Draws of the posterior (0: the curvature at the best fit instead, as always where no D_bulk is
        known), and for how many of them the model is computed.
    rng : numpy Generator, int or None
        Of the draws; the same seed gives the same result.
    source : str
        Unique name of the fit: the root of the names of its latents.
    threads : int
    cells : int
        Of the film.
    progress : callable, optional
        Told the share that is done.

    Returns
    -------
    SiteEnergyFit

    Raises
    ------
    InputError
        If the profiles or what is stated cannot be used (with the reason).
    AnalysisError
        If the model cannot be computed.
    """
    if not profiles:
        raise InputError("a fit of site energies needs at least one profile")
    tell = progress or (lambda _: None)
    inputs = fit_inputs(
        profiles, carrier_density, charge, bulk_diffusion, vacancy_fraction, immobile_fraction
    )
    problem = ProfileProblem(
        profiles, inputs, distribution_family(distribution), cells=cells, threads=threads
    )
    fitted = best_fit(problem, lambda share: tell(0.4 * share))
    posterior = None
    # Without D_bulk the posterior is a long bent ridge and the width undetermined: the curvature will do.
    if draws and inputs.bulk_known:
        posterior = draw_posterior(
            fitted.problem, fitted.theta, fitted.at, fitted.covariance, n=draws, check=check,
            rng=np.random.default_rng(rng), progress=lambda share: tell(0.4 + 0.5 * share),
        )  # fmt: skip
    found = assembled(fitted, posterior, distribution, activation_energy, source)
    tell(1.0)
    return found


@dataclass(frozen=True)
class BestFit:
    """Least squares.

    Attributes
    ----------
    problem : ProfileProblem
        With the mesh, the points and the errors that were used in the end.
    theta : (P,) array
    at : Linearised
    covariance : (P, P) array
        From the curvature, priors included.
    cost : float
        Sum of squares, priors included.
    converged : bool
    warnings : tuple of str
    """

    problem: ProfileProblem
    theta: FloatArray
    at: Linearised
    covariance: FloatArray
    cost: float
    converged: bool
    warnings: tuple[str, ...]


def best_fit(problem: ProfileProblem, tell: Callable[[float], None] = lambda _: None) -> BestFit:
    """Start, fit, remesh to the fronts found, leave out spoiled slices, inflate errors that are too small."""
    problem = meshed(problem)
    theta = starts(problem, 1)
    tell(0.3)
    theta, _ = _minimised(problem, theta, ROUGH)
    problem = remeshed(problem, theta)
    tell(0.6)
    theta, _ = _minimised(problem, theta[None], ROUGH)
    problem = corrected(problem, theta)
    theta, converged = _minimised(problem, theta[None], FINE)
    problem, notes = _checked_points(problem, theta)
    if notes:
        theta, converged = _minimised(problem, theta[None], FINE)
    tell(0.9)
    at = problem.linearised(theta)
    rows, offsets = problem.parameters.prior
    jacobian = np.concatenate([at.by_theta(problem.parameters), rows])
    cost = float(sum(np.sum(r**2) for r in at.residuals) + np.sum((rows @ theta - offsets) ** 2))
    if not converged:
        notes = (*notes, "the least squares fit has not converged: its result is not to be trusted")
    warnings = tuple(
        w for seen in problem.observations for w in (*seen.profile.warnings, *seen.course.warnings)
    )
    return BestFit(problem, theta, at, _covariance(jacobian), cost, converged, (*warnings, *notes))


def remeshed(problem: ProfileProblem, theta: FloatArray) -> ProfileProblem:
    """The same problem with cells where the fronts are."""
    means = problem.means(theta)
    seen = [
        replace(one, faces=film_faces(problem.cells, found.fractions, one.faces), correction=None)
        for one, found in zip(problem.observations, means, strict=True)
    ]
    return problem.with_observations(seen)


def corrected(problem: ProfileProblem, theta: FloatArray) -> ProfileProblem:
    """The same problem, its cells put right by what a finer mesh gives at theta (P,).

    The error of the mesh changes far less with the parameters than the profile does, so that one fine
    calculation takes it out of all coarse ones.
    """
    plain = problem.with_observations([replace(one, correction=None) for one in problem.observations])
    coarse = plain.means(theta)
    fine_faces = [
        film_faces(FINER * problem.cells, found.fractions, one.faces)
        for one, found in zip(plain.observations, coarse, strict=True)
    ]
    finer = plain.with_observations(
        [replace(one, faces=faces) for one, faces in zip(plain.observations, fine_faces, strict=True)]
    )
    return plain.with_observations(
        [
            replace(one, correction=_averaged(faces, fine.fractions, one.faces) - found.fractions)
            for one, faces, fine, found in zip(
                plain.observations, fine_faces, finer.means(theta), coarse, strict=True
            )
        ]
    )


def _averaged(fine: FloatArray, fractions: FloatArray, faces: FloatArray) -> FloatArray:
    """Means over coarse cells of a curve on fine ones; the amount is kept."""
    from scipy.interpolate import PchipInterpolator

    amount = np.concatenate([[0.0], np.cumsum(fractions * np.diff(fine))])
    within = np.minimum(faces, fine[-1])
    beyond = np.maximum(faces - fine[-1], 0.0) * fractions[-1]
    return np.asarray(np.diff(PchipInterpolator(fine, amount)(within) + beyond) / np.diff(faces))


def _minimised(problem: ProfileProblem, start: FloatArray, tolerance: float) -> tuple[FloatArray, bool]:
    parameters = problem.parameters
    found = minimise(
        problem.model, start, parameters.lower, parameters.upper, tolerance=tolerance, iterations=ITERATIONS
    )
    best = int(np.argmin(found.cost))
    return found.theta[best], bool(found.converged[best])


def _covariance(jacobian: FloatArray) -> FloatArray:
    """Inverse of the curvature; a direction that nothing fixes gets a large variance."""
    information = jacobian.T @ jacobian
    scale = np.sqrt(np.maximum(np.diag(information), 1e-12))
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    return np.asarray((vectors / np.maximum(values, 1e-9)) @ vectors.T / np.outer(scale, scale))


# ---- points and their errors --------------------------------------------------------------------------
def _checked_points(problem: ProfileProblem, theta: FloatArray) -> tuple[ProfileProblem, tuple[str, ...]]:
    g, _ = problem.parameters.quantities(theta[None])
    seen, notes = [], []
    for k, found in enumerate(problem.means(theta)):
        residuals = problem.residuals_of(k, g, found.mean[None])[0]
        one, told = _judged(problem.observations[k], residuals, len(problem.parameters.free))
        seen.append(one)
        notes += told
    return (problem.with_observations(seen) if notes else problem), tuple(notes)


def _judged(seen: Observation, residuals: FloatArray, n_free: int) -> tuple[Observation, list[str]]:
    """Without spoiled slices, and with errors that explain the scatter."""
    notes = []
    n = seen.keep.size
    changed = seen
    for ion, block, keep in (
        (seen.profile.native_ion, residuals[:n], seen.keep),
        (seen.profile.foreign_ion, residuals[n:], seen.keep_foreign),
    ):
        if not block.size or not keep.any():
            continue
        good, factor = _block(block, keep, n_free)
        if good is not keep:
            count = int(keep.sum() - good.sum())
            notes.append(
                f"{seen.profile.label}: {count} {'slice' if count == 1 else 'slices'} of {ion} left out, "
                f"more than {SPOILED:g} SD off the rest"
            )
        if factor > 1:
            notes.append(
                f"{seen.profile.label}: {ion} scatters {factor:.2g} times as much about the best model as "
                "counting alone; its errors are widened by that"
            )
        if keep is seen.keep:
            changed = replace(changed, keep=good, inflation=factor)
        else:
            changed = replace(changed, keep_foreign=good, inflation_foreign=factor)
    return changed, notes


def _block(residuals: FloatArray, keep: NDArray[np.bool_], n_free: int) -> tuple[NDArray[np.bool_], float]:
    """Which points count, and by what their errors are to be multiplied."""
    inside = residuals[keep]
    scale = max(1.4826 * float(np.median(np.abs(inside - np.median(inside)))), 1.0)
    good = keep & (np.abs(residuals) < SPOILED * scale)
    if good.sum() == keep.sum() or good.sum() < (1 - MOST_SPOILED) * keep.sum():
        good = keep
    inside = residuals[good]
    freedom = max(inside.size - n_free, 1)
    chi_square = float(inside @ inside) / freedom
    if chi_square <= 1 + SIGNIFICANT * math.sqrt(2 / freedom):
        return good, 1.0
    independent = effective_count(inside[None] - inside.mean()) / inside.size
    return good, math.sqrt(chi_square / independent)


__all__ = ["ASSUMED_VACANCIES", "BestFit", "Posterior", "best_fit", "fit_site_energies", "remeshed"]
