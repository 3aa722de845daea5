"""The analysis `replacement.fit`: one profile per item in, one distribution of site energies for all out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.channel import channel_of
from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import Estimate
from ionscape.core.formula import parse_ion
from ionscape.core.outcome import Failure, Outcome, Row
from ionscape.core.registry import Item, Series
from ionscape.core.sample import Sample
from ionscape.replacement.bulk_input import SAME_TEMPERATURE
from ionscape.replacement.charge_balance import charge_balance
from ionscape.replacement.fit_bulk_alone import bulk_from_profiles_alone
from ionscape.replacement.fit_checks import ProfileCheck, profile_check
from ionscape.replacement.fit_options import FitOptions
from ionscape.replacement.fit_pictures import fit_figures
from ionscape.replacement.fit_result import ProfileFit, SiteEnergyFit
from ionscape.replacement.fit_study_inputs import StudyInputs, study_inputs
from ionscape.replacement.fit_tables import fit_tables
from ionscape.replacement.fit_words import balance_warnings, citations, fit_findings, tensions
from ionscape.replacement.fitted_law import fitted_law, immobile_of, value_of
from ionscape.replacement.further_measurements import with_next_experiments
from ionscape.replacement.measured_profile import MeasuredProfile, measured_profile
from ionscape.replacement.measurement_fields import ReplacementMeasurement
from ionscape.replacement.model_comparison import ModelComparison, compare_distributions
from ionscape.replacement.model_free import ModelFreeDiffusion, diffusion_from_profile
from ionscape.replacement.profile_course import course_of
from ionscape.replacement.site_energy_fit import fit_site_energies

KIND = "D_CAIT"
LEAST_POINTS = 12


# ---- one profile ----------------------------------------------------------------------------------------
def measured_one(item: Item, sample: Sample, options: Any) -> MeasuredProfile:
    """Normalise one profile and check that the fit can describe its experiment.

    Raises
    ------
    InputError
        If the study does not say what was done, or the profile cannot be used (with the reason).
    """
    assert isinstance(options, FitOptions)
    if not isinstance(item.fields, ReplacementMeasurement):
        raise InputError("what was done to the sample? Give the measurement a 'programme', or 'ion', "
                         "'duration' and "
                         "a current, e.g. ion: Cs+, current_density: 254 nA/cm^2, duration: 24 "
                         "h")  # fmt: skip
    found = measured_profile(
        item.sweep, item.fields, label=item.label, source=item.source, native_ion=sample.carrier,
        temperature=item.temperature, sample=sample,
    )  # fmt: skip
    if sample.carrier and found.native_ion != sample.carrier:
        raise InputError(f"the profile is of {found.native_ion}, but carrier and carrier_density of sample "
                         f"{sample.name} are those of {sample.carrier}")  # fmt: skip
    _refuse_other_charge(found)
    course_of(found)  # refuses a programme that the fit cannot describe
    return _within(found, options.depth_range)


def _refuse_other_charge(profile: MeasuredProfile) -> None:
    native, foreign = (parse_ion(name).charge for name in (profile.native_ion, profile.foreign_ion))
    if native != foreign:
        raise InputError(f"the fit describes ions of one charge, {profile.foreign_ion} and "
                         f"{profile.native_ion} have two: replacement.simulate describes them")  # fmt: skip


def _within(profile: MeasuredProfile, depths: tuple[float, float] | None) -> MeasuredProfile:
    """Only the slices whose centres lie between two depths [m]."""
    if depths is None:
        return profile
    kept = (profile.depth >= depths[0]) & (profile.depth <= depths[1])
    if np.count_nonzero(kept) < LEAST_POINTS:
        raise InputError(f"depth_range leaves {np.count_nonzero(kept)} of {kept.size} slices: a fit needs "
                         f"{LEAST_POINTS}")  # fmt: skip
    return replace(
        profile, depth=profile.depth[kept], native=profile.native[kept], native_sd=profile.native_sd[kept],
        foreign=None if profile.foreign is None else profile.foreign[kept],
        foreign_sd=None if profile.foreign_sd is None else profile.foreign_sd[kept],
        systematic={cause: change[kept] for cause, change in profile.systematic.items()},
        counts={name: counts[kept] for name, counts in profile.counts.items()},
    )  # fmt: skip


# ---- all profiles ---------------------------------------------------------------------------------------
def replacements_of_study(series: Series, options: Any) -> Outcome:
    """Fit one distribution to all profiles of a sample, and say what they fix.

    Raises
    ------
    InputError
        If the sample does not say its carriers, or the profiles do not belong together.
    AnalysisError
        If there is no usable profile.
    """
    assert isinstance(options, FitOptions)
    failures = tuple(piece for piece in series.pieces if isinstance(piece, Failure))
    inputs = study_inputs(series, options)
    if not inputs.profiles:
        raise AnalysisError(f"no profile could be used: {failures[0].reason}" if failures
                            else "there is no profile to fit")  # fmt: skip
    fit = _fitted(series, inputs, options)
    alone = bulk_from_profiles_alone(
        fit, inputs.profiles, lambda bulk: _fitted(series, inputs, options, bulk), series.source
    )
    fit = with_next_experiments(fit, inputs.profiles, inputs.carrier_density.value, inputs.charge)
    free, refused = _model_free(inputs, series.seed) if options.model_free else ((), ())
    balances = [charge_balance(p, inputs.carrier_density, inputs.charge) for p in inputs.profiles]
    checks = [_check(fit, one, of, inputs) for one, of in zip(fit.profiles, inputs.profiles, strict=True)]
    compared = _compared(series, inputs) if options.compare else None
    chosen = () if compared is None else compared.sentences()
    findings = [*fit_findings(fit, inputs, alone, balances, checks, chosen),
                *(text for found in free for text in found.sentences())]  # fmt: skip
    warnings = (*inputs.doubts, *tensions(fit, inputs), *fit.warnings, *balance_warnings(fit, balances),
                *refused)  # fmt: skip
    tables = fit_tables(fit, inputs, balances, checks)
    return Outcome(
        rows=tuple(_rows(fit, inputs, alone, series.sample)),
        findings=tuple(findings),
        warnings=tuple(dict.fromkeys(warnings)),
        failures=failures,
        figures=fit_figures(fit, inputs.profiles, free),
        tables=tables if compared is None else (*tables, compared.table()),
        arrays=_arrays(fit, inputs.profiles),
        citations=citations(fit),
    )  # fmt: skip


def _fitted(
    series: Series, inputs: StudyInputs, options: FitOptions, vague: Sequence[Estimate | None] | None = None
) -> SiteEnergyFit:
    """The joint fit; with a ``vague`` D_bulk the one beside it, whose intervals come from the curvature."""
    return fit_site_energies(
        inputs.profiles, carrier_density=inputs.carrier_density, charge=inputs.charge,
        bulk_diffusion=inputs.bulk_estimates if vague is None else vague,
        vacancy_fraction=inputs.vacancy_fraction, immobile_fraction=inputs.immobile_fraction,
        distribution=options.distribution, activation_energy=inputs.activation_energy,
        draws=options.draws if vague is None else 0, rng=np.random.default_rng(series.seed),
        source=f"{series.source}#{'fit' if vague is None else 'fit without D_bulk'}",
    )  # fmt: skip


def _compared(series: Series, inputs: StudyInputs) -> ModelComparison:
    """All distributions, and a constant D, by least squares."""
    return compare_distributions(
        inputs.profiles, carrier_density=inputs.carrier_density, charge=inputs.charge,
        bulk_diffusion=inputs.bulk_estimates, vacancy_fraction=inputs.vacancy_fraction,
        immobile_fraction=inputs.immobile_fraction, source=f"{series.source}#comparison",
    )  # fmt: skip


def _model_free(inputs: StudyInputs, seed: int) -> tuple[tuple[ModelFreeDiffusion, ...], tuple[str, ...]]:
    """D(n) of each profile without a distribution, and where it cannot be had."""
    found, refused = [], []
    for profile, bulk in zip(inputs.profiles, inputs.bulk_estimates, strict=True):
        if bulk is None or bulk.status != "determined":
            refused.append(f"{profile.label}: no D(n) without a distribution, as D_bulk is not known")
            continue
        try:
            found.append(diffusion_from_profile(
                profile, carrier_density=inputs.carrier_density.value, charge=inputs.charge,
                bulk_diffusion=bulk, rng=np.random.default_rng(seed),
            ))  # fmt: skip
        except AnalysisError as error:
            refused.append(f"{profile.label}: no D(n) without a distribution: {error}")
    return tuple(found), tuple(refused)


def _check(fit: SiteEnergyFit, one: ProfileFit, of: MeasuredProfile, inputs: StudyInputs) -> ProfileCheck:
    course = course_of(of)
    foreign = value_of(fit, f"diffusion_coefficient_foreign {one.item}", one.foreign_diffusion.value)
    return profile_check(
        fitted_law(fit, one), foreign, one.depth, one.native_inside, charge=course.charge,
        duration=course.duration, carrier_density=inputs.carrier_density.value, ion_charge=inputs.charge,
        temperature=one.temperature.value, immobile_fraction=immobile_of(fit),
    )  # fmt: skip


# ---- rows -----------------------------------------------------------------------------------------------
def _rows(
    fit: SiteEnergyFit, inputs: StudyInputs, alone: Sequence[Estimate], sample: Sample
) -> list[Row]:
    rows = [Row("site_energy_fwhm", fit.site_energy_fwhm)]
    if inputs.activation_energy is not None:
        rows.append(Row("site_energy_mean", fit.site_energy_mean))
    rows.append(Row("vacancy_fraction", fit.vacancy_fraction))
    if inputs.immobile_fraction is None or inputs.immobile_fraction.value > 0:
        rows.append(Row("immobile_fraction", fit.immobile_fraction))
    rows += _native(fit, alone, sample)
    for profile in fit.profiles:
        at, item = profile.temperature, profile.item
        foreign, channel = profile.foreign_diffusion, _channel(profile, sample)
        rows += [
            Row("diffusion_ratio", profile.diffusion_ratio, at, item),
            Row("diffusion_coefficient_foreign", foreign, at, item, kind=KIND, channel=channel),
            Row("plateau_fraction", profile.plateau_fraction, at, item),
            Row("front_depth", profile.front_depth, at, item),
            Row("front_width", profile.front_width, at, item),
        ]
    return rows


def _native(fit: SiteEnergyFit, alone: Sequence[Estimate], sample: Sample) -> list[Row]:
    """D_CAIT of the native ion, once per temperature: from the profiles alone, never what went in."""
    rows: list[Row] = []
    for profile, found in zip(fit.profiles, alone, strict=True):
        at = profile.temperature
        if any(abs(row.temperature.value - at.value) <= SAME_TEMPERATURE for row in rows if row.temperature):
            continue
        rows.append(Row("diffusion_coefficient", found, at, kind=KIND, channel=_channel(profile, sample)))
    return rows


def _channel(profile: ProfileFit, sample: Sample) -> str:
    """Bulk or effective: how far the ions went is the depth of the front."""
    depth = profile.front_depth
    return channel_of(sample, depth.value if depth.status == "determined" else None)[0]


def _arrays(fit: SiteEnergyFit, profiles: Sequence[MeasuredProfile]) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {
        "posterior/names": np.array(fit.names), "posterior/draws_si": fit.draws,
        "posterior/best_si": fit.best,
    }  # fmt: skip
    for one, of in zip(fit.profiles, profiles, strict=True):
        group = f"profiles/{one.label.replace('/', '_')}"
        arrays |= {
            f"{group}/depth_metre": of.depth, f"{group}/native_fraction": of.native,
            f"{group}/native_fraction_uncertainty": of.native_sd,
            f"{group}/native_residual_sd": one.native_residuals,
            f"{group}/curve_depth_metre": one.depth, f"{group}/curve_native": one.native,
            f"{group}/curve_native_inside": one.native_inside, f"{group}/curve_native_band": one.native_band,
        }  # fmt: skip
        if of.foreign is not None and of.foreign_sd is not None:
            arrays |= {f"{group}/foreign_fraction": of.foreign,
                       f"{group}/foreign_fraction_uncertainty": of.foreign_sd}  # fmt: skip
    return arrays
