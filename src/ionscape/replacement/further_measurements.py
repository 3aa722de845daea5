"""What one experiment more would do for a fit: derivatives of profiles that were not measured yet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.replacement.experiment_design import (
    SHARED,
    Attachment,
    Glass,
    Spectrometer,
    attach,
    expected_derivatives,
)
from ionscape.replacement.fit_result import SiteEnergyFit
from ionscape.replacement.fitted_law import bulk_of, vacancies_of, value_of
from ionscape.replacement.identifiability import Identifiability, identifiability, root_of
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.profile_course import course_of

FloatArray = NDArray[np.float64]
SLOWER, LESS = 4.0, 0.5
UNSEEN = 1e-6
"""Counts of an ion that was not measured: so few that they tell nothing."""


def with_next_experiments(
    fit: SiteEnergyFit, profiles: Sequence[MeasuredProfile], carrier_density: float, charge: int
) -> SiteEnergyFit:
    """A fit of one profile, with what a second one would add said in its identifiability.

    Nothing is added where the profiles that could be measured are not those that `attach` describes: other
    distributions than a Gaussian, free immobile ions, or a foreign ion that forms no front.

    Parameters
    ----------
    fit : SiteEnergyFit
    profiles : sequence of MeasuredProfile
        That were fitted.
    carrier_density : float
        [m^-3]
    charge : int
        Of the native ion.
    """
    known = fit.identifiability
    simple = fit.distribution == "gaussian" and len(fit.profiles) == 1
    if known is None or not simple or "immobile_fraction" in known.names:
        return fit
    glass = Glass(
        value_of(fit, "site_energy_fwhm", fit.site_energy_fwhm.value), vacancies_of(fit), carrier_density,
        math.nan, charge, fit.immobile_fraction.value,
    )  # fmt: skip
    one, measured = fit.profiles[0], profiles[0]
    foreign = value_of(fit, f"diffusion_coefficient_foreign {one.item}", one.foreign_diffusion.value)
    course = course_of(measured)
    try:
        done = attach(
            glass, one.foreign_ion, temperature=one.temperature.value, bulk_diffusion=bulk_of(fit, one),
            foreign_diffusion=foreign, length=course.charge / glass.charge_density, duration=course.duration,
        )  # fmt: skip
    except AnalysisError:
        return fit
    return replace(fit, identifiability=with_further_experiments(known, glass, done, as_measured(measured)))


def as_measured(profile: MeasuredProfile) -> Spectrometer:
    """An instrument that counts and resolves as it did for this profile."""
    counts = _counts_at_one(profile.native, profile.native_sd)
    foreign = 0.0
    if profile.foreign is not None and profile.foreign_sd is not None:
        foreign = _counts_at_one(profile.foreign, profile.foreign_sd)
    return Spectrometer(
        counts, max(foreign, UNSEEN), float(np.median(np.diff(profile.depth))), profile.resolution[0],
        profile.depth_scale_sd, profile.charge_scale_sd,
        max(profile.native_scale_sd, profile.foreign_scale_sd if foreign else 0.0),
    )  # fmt: skip


def _counts_at_one(fraction: FloatArray, sd: FloatArray) -> float:
    """Counts of a slice at fraction 1, by Poisson's law from the slices where the ion abounds."""
    many = fraction > 0.5 * np.max(fraction)
    return float(np.median(fraction[many] / sd[many] ** 2))


def with_further_experiments(
    known: Identifiability, glass: Glass, done: Attachment, spectrometer: Spectrometer
) -> Identifiability:
    """The same, with what a second foreign ion and a second charge would add to `Identifiability.extra`.

    Parameters
    ----------
    known : Identifiability
        Of a fit; its width and vacancy fraction, and the first D_bulk, are those of the glass.
    glass : Glass
        With the fit's values.
    done : Attachment
        One of the fitted experiments, simulated with the fit's values.
    spectrometer : Spectrometer
        As the further profile would be measured.
    """
    return identifiability(
        root_of(known.information), known.names, prior_jacobian=root_of(known.prior_information),
        scales=["log" if scale == "log" else "linear" for scale in known.scales], values=known.values,
        extra=further_experiments(known, glass, done, spectrometer), instrument=known.instrument,
    )  # fmt: skip


def further_experiments(
    known: Identifiability, glass: Glass, done: Attachment, spectrometer: Spectrometer
) -> Mapping[str, FloatArray]:
    """Label to whitened derivatives (M, P) by the parameters of ``known``: `identifiability`'s ``extra``.

    A second foreign ion has its own D, which is fitted too; it is taken four times slower, as the next
    heavier alkali ion in a borate glass. Both experiments are at the temperature of the one that was done.
    """
    wanted = {
        f"a second foreign ion, {SLOWER:g} times slower than {done.ion}": (1 / SLOWER, 1.0),
        f"a second profile with {done.ion} after half the charge": (1.0, LESS),
    }
    found = {}
    for label, (slower, less) in wanted.items():
        try:
            planned = attach(
                glass, done.ion, temperature=done.temperature, bulk_diffusion=done.bulk_diffusion,
                foreign_diffusion=done.foreign_diffusion * slower, length=done.length * less,
                duration=done.duration * less,
            )  # fmt: skip
        except AnalysisError:
            continue
        found[label] = _wide(expected_derivatives(glass, planned, spectrometer), known)
    return found


def _wide(rows: FloatArray, known: Identifiability) -> FloatArray:
    """Columns of `SHARED` put where the fit has these parameters, in its scales."""
    wide = np.zeros((rows.shape[0], len(known.names)))
    for column, name in enumerate(SHARED):
        k = next((k for k, other in enumerate(known.names) if other.partition(" ")[0] == name), None)
        if k is not None:
            wide[:, k] = rows[:, column] / (1.0 if known.scales[k] == "log" else known.values[k])
    return wide
