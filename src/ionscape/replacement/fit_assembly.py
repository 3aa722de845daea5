"""The result of a joint fit, put together: estimates, curves with bands, and what the profiles do not fix."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, Scale, undetermined
from ionscape.core.quantity import DIMENSIONLESS, Dimension, named_dimension, to_field
from ionscape.replacement.bulk_line import bulk_line, line_in_words
from ionscape.replacement.fit_estimates import Drawn, estimates_of, fixed_or_not
from ionscape.replacement.fit_identifiability import fit_identifiability
from ionscape.replacement.fit_limits import judge_limits
from ionscape.replacement.fit_result import BulkLine, ProfileFit, SiteEnergyFit
from ionscape.replacement.posterior import Posterior, curvature_posterior
from ionscape.replacement.profile_curves import curves_of, summaries_of
from ionscape.replacement.profile_problem import ProfileProblem, thermal_energy
from ionscape.replacement.profile_quantities import IMMOBILE_BOUND, VACANCY_BOUNDS

if TYPE_CHECKING:
    from ionscape.replacement.site_energy_fit import BestFit

FloatArray = NDArray[np.float64]
ENERGY, DIFFUSION, LENGTH = (named_dimension(n) for n in ("energy", "diffusion coefficient", "length"))
_OF_PROFILE: tuple[tuple[str, Dimension], ...] = (
    ("bulk", DIFFUSION), ("foreign", DIFFUSION), ("ratio", DIMENSIONLESS),
    ("plateau", DIMENSIONLESS), ("depth", LENGTH), ("width", LENGTH),
)  # fmt: skip


def assembled(
    fitted: BestFit, posterior: Posterior | None, distribution: str, activation_energy: Estimate | None,
    source: str,
) -> SiteEnergyFit:  # fmt: skip
    """The result; without draws the curvature at the best fit stands for the posterior."""
    problem = fitted.problem
    if posterior is None:
        posterior = curvature_posterior(problem, fitted.theta, fitted.covariance)
    estimates = _estimates(problem, posterior, source)
    line = None if problem.inputs.bulk_known else bulk_line(problem, fitted.theta, fitted.covariance)
    judged = _judged(problem, posterior, estimates, line)
    names, best, draws, logarithmic = _draws(problem, fitted, posterior)
    parameters = problem.parameters
    n_data = sum(_points(seen.weight) + _points(seen.weight_foreign) for seen in problem.observations)
    profiles = tuple(_profile(fitted, posterior, judged, k) for k in range(len(problem.observations)))
    return SiteEnergyFit(
        distribution=distribution,
        site_energy_fwhm=judged.get("site_energy_fwhm", undetermined(ENERGY, "all sites are taken as alike")),
        site_energy_mean=_mean(judged, activation_energy),
        vacancy_fraction=judged["vacancy_fraction"],
        immobile_fraction=judged["immobile_fraction"],
        shape_parameters={p.name: judged[p.name] for p in problem.family.parameters[1:]},
        profiles=profiles, names=names, best=best, draws=draws, logarithmic=logarithmic,
        chi_square=fitted.cost, degrees_of_freedom=n_data - len(parameters.free), n_data=n_data,
        n_parameters=len(parameters.free), sum_of_squares=sum(p.chi_square for p in profiles),
        effective_draws=posterior.effective, worth=posterior.worth, bulk_known=problem.inputs.bulk_known,
        bulk_line=line, identifiability=fit_identifiability(problem, fitted.at),
        evaluations=problem.evaluations + posterior.evaluations, converged=fitted.converged,
        warnings=(*fitted.warnings, *posterior.warnings),
    )  # fmt: skip


def _points(weight: FloatArray) -> int:
    return int(np.count_nonzero(weight))


# ---- quantities ---------------------------------------------------------------------------------------
def shared_values(problem: ProfileProblem, g: FloatArray) -> dict[str, tuple[FloatArray, Scale, Dimension]]:
    """Quantities of the conductor in SI from g (K, G), with scale and dimension."""
    index = problem.parameters.index
    unit = thermal_energy(problem)
    found: dict[str, tuple[FloatArray, Scale, Dimension]] = {}
    values = None
    if problem.n_levels:
        values = np.column_stack([g[:, index(p.name)] for p in problem.family.parameters])
    for n, parameter in enumerate(problem.family.parameters):
        assert values is not None
        column = problem.family.widths(values) if n == 0 else values[:, n]
        if parameter.energy:
            found[parameter.name] = (column * unit, "log" if n == 0 else "linear", ENERGY)
        else:
            found[parameter.name] = (column, "linear", DIMENSIONLESS)
    vacancies = np.exp(g[:, index("vacancy_fraction")])
    found["vacancy_fraction"] = (vacancies, "log", DIMENSIONLESS)
    found["immobile_fraction"] = (np.maximum(g[:, index("immobile_fraction")], 0.0), "linear", DIMENSIONLESS)
    if values is not None:
        found["top level"] = (problem.family.top_levels(values, vacancies) * unit, "linear", ENERGY)
    return found


def _estimates(problem: ProfileProblem, posterior: Posterior, source: str) -> dict[str, Estimate]:
    """Estimates of everything, the profiles' own as ``(name) (number)``."""
    parameters = problem.parameters
    g, _ = parameters.quantities(posterior.theta)
    columns = dict(shared_values(problem, g))
    for k in range(len(problem.observations)):
        bulk, foreign = (np.exp(g[:, parameters.index(name)])
                         for name in (problem.bulk_name(k), problem.foreign_name(k)))  # fmt: skip
        plateau, depth, width = summaries_of(problem, posterior, k, g)
        for (name, dimension), column in zip(
            _OF_PROFILE, (bulk, foreign, foreign / bulk, plateau, depth, width), strict=True
        ):
            columns[f"{name} {k}"] = (column, "linear" if name == "plateau" else "log", dimension)
    kept = {name: c for name, c in columns.items() if np.all(np.isfinite(c[0]))}
    drawn = Drawn(
        np.column_stack([c[0] for c in kept.values()]), tuple(c[1] for c in kept.values()),
        tuple(c[2] for c in kept.values()),
    )  # fmt: skip
    latents = posterior.theta[:, len(parameters.free) :]
    found = dict(zip(kept, estimates_of(source, drawn, latents, parameters.latents), strict=True))
    return {
        name: found.get(name, undetermined(c[2], "there is no front in part of the profiles that fit"))
        for name, c in columns.items()
    }


def _draws(
    problem: ProfileProblem, fitted: BestFit, posterior: Posterior
) -> tuple[tuple[str, ...], FloatArray, FloatArray, NDArray[np.bool_]]:
    """Names, best values and draws in SI of all quantities that are not exactly known."""
    parameters = problem.parameters
    tables = []
    for theta in (fitted.theta[None], posterior.theta):
        g, _ = parameters.quantities(theta)
        table = {n: (v, s) for n, (v, s, _) in shared_values(problem, g).items() if n != "top level"}
        bulks = dict.fromkeys(problem.inputs.bulk_names)
        table |= {name: (np.exp(g[:, parameters.index(name)]), "log") for name in bulks}
        for k, item in enumerate(problem.items):
            foreign = np.exp(g[:, parameters.index(problem.foreign_name(k))])
            table[problem.foreign_name(k)] = (foreign, "log")
            bulk = np.exp(g[:, parameters.index(problem.bulk_name(k))])
            table[f"diffusion_ratio {item}"] = (foreign / bulk, "log")
        tables.append(table)
    best, draws = tables
    names = tuple(n for n, (v, _) in draws.items() if np.ptp(v) > 1e-9 * np.max(np.abs(v)))
    return (
        names, np.array([best[n][0][0] for n in names]), np.column_stack([draws[n][0] for n in names]),
        np.array([draws[n][1] == "log" for n in names]),
    )  # fmt: skip


# ---- what the profiles do not fix -----------------------------------------------------------------------
def _judged(
    problem: ProfileProblem, posterior: Posterior, estimates: dict[str, Estimate], line: BulkLine | None
) -> dict[str, Estimate]:
    found = dict(estimates)
    g, _ = problem.parameters.quantities(posterior.theta)
    _judge_vacancies(problem, g, found)
    _judge_immobile(problem, g, found)
    judge_limits(problem, posterior, found)
    if line is not None:
        note = (
            "without D_bulk a profile fixes the width only together with it: " + line_in_words(line)
            + ". D_bulk from the dc conductivity would fix it"
        )  # fmt: skip
        for name in ("site_energy_fwhm", *(p.name for p in problem.family.parameters), "top level"):
            if name in found:
                found[name] = undetermined(found[name].dimension, note)
        for k in range(len(problem.observations)):
            found[f"bulk {k}"] = undetermined(DIFFUSION, note)
            found[f"ratio {k}"] = undetermined(DIMENSIONLESS, note)
    return found


def _judge_vacancies(problem: ProfileProblem, g: FloatArray, found: dict[str, Estimate]) -> None:
    stated = problem.inputs.vacancy_fraction
    if (stated is not None and stated.spread == 0) or not problem.family.parameters:
        if stated is not None:
            found["vacancy_fraction"] = stated
        return
    column = g[:, problem.parameters.index("vacancy_fraction")]
    low, high = (math.log(v) for v in VACANCY_BOUNDS)
    prior = (high - low) / math.sqrt(12)
    text = ""
    if stated is not None:
        prior, low, high = stated.spread / (1 if stated.scale == "log" else stated.value), -math.inf, math.inf
        text = f"what was stated, {stated.value:.2g} ± {stated.standard_uncertainty:.1g},"
    checked = fixed_or_not(
        found["vacancy_fraction"], column, what="vacancy fraction", prior_sd=prior, lower=low, upper=high,
        stated=text,
    )  # fmt: skip
    if stated is None and checked.status != "determined" and "site_energy_fwhm" in found:
        note = (
            "with the vacancy fraction free a profile fixes the width only together with it: "
            + _widths_by_vacancies(column, found["site_energy_fwhm"].value, g[:, 0])
        )  # fmt: skip
        found["site_energy_fwhm"] = undetermined(ENERGY, note)
    found["vacancy_fraction"] = checked


def _widths_by_vacancies(log_vacancies: FloatArray, width: float, levels: FloatArray) -> str:
    """Widths at the ends of the draws' vacancy fractions, by the line through the draws."""
    inside = levels / np.median(levels) * width
    slope, offset = np.polyfit(log_vacancies, np.log(inside), 1)
    told = []
    for at in np.quantile(log_vacancies, [0.1, 0.9]):
        meV = to_field(math.exp(offset + slope * at), "meV")
        told.append(f"{meV:.0f} meV at {100 * math.exp(at):.2g} %")
    return ", ".join(told)


def _judge_immobile(problem: ProfileProblem, g: FloatArray, found: dict[str, Estimate]) -> None:
    stated = problem.inputs.immobile_fraction
    if stated is not None and stated.spread == 0:
        found["immobile_fraction"] = stated
        return
    prior, upper, text = IMMOBILE_BOUND / math.sqrt(12), IMMOBILE_BOUND, ""
    if stated is not None:
        prior, upper = stated.standard_uncertainty, math.inf
        text = f"what was stated, {stated.value:.2g} ± {stated.standard_uncertainty:.1g},"
    found["immobile_fraction"] = fixed_or_not(
        found["immobile_fraction"], g[:, problem.parameters.index("immobile_fraction")],
        what="immobile fraction", prior_sd=prior, lower=0.0, upper=upper, stated=text,
    )  # fmt: skip


def _mean(judged: dict[str, Estimate], activation_energy: Estimate | None) -> Estimate:
    """Mean of the site energies against the level of free motion: -(E_act of the bulk + E_F(bulk) - mean)."""
    top = judged.get("top level")
    if top is None or activation_energy is None:
        return undetermined(
            ENERGY, "a profile gives energies against the Fermi level of the bulk only: the activation "
            "energy of D_bulk would say where that lies",
        )  # fmt: skip
    return (activation_energy + top) * -1.0


# ---- profiles -------------------------------------------------------------------------------------------
def _profile(fitted: BestFit, posterior: Posterior, judged: dict[str, Estimate], k: int) -> ProfileFit:
    problem = fitted.problem
    seen = problem.observations[k]
    curves = curves_of(problem, fitted.at, posterior, k)
    n = seen.keep.size
    residuals = -fitted.at.residuals[k]  # data less model
    native = np.where(seen.keep, residuals[:n], np.nan)
    foreign = np.where(seen.keep_foreign, residuals[n:], np.nan) if seen.has_foreign else np.zeros(0)
    stated = np.nansum((native * seen.inflation) ** 2) + np.nansum((foreign * seen.inflation_foreign) ** 2)
    profile = seen.profile
    return ProfileFit(
        label=profile.label, item=problem.items[k], native_ion=profile.native_ion,
        foreign_ion=profile.foreign_ion, depth=curves.depth, native=curves.native, foreign=curves.foreign,
        native_band=curves.native_band, foreign_band=curves.foreign_band, native_inside=curves.inside,
        native_residuals=native, foreign_residuals=foreign, inflation=seen.inflation,
        inflation_foreign=seen.inflation_foreign, chi_square=float(stated),
        n_points=_points(seen.weight) + _points(seen.weight_foreign),
        plateau_fraction=judged[f"plateau {k}"], front_depth=judged[f"depth {k}"],
        front_width=judged[f"width {k}"], bulk_diffusion=judged[f"bulk {k}"],
        foreign_diffusion=judged[f"foreign {k}"], diffusion_ratio=judged[f"ratio {k}"],
        temperature=profile.temperature,
    )  # fmt: skip
