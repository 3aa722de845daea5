"""From a fit of replacement profiles to the figures of the report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ionscape.core.number_format import format_celsius
from ionscape.core.outcome import Figure
from ionscape.core.quantity import to_field
from ionscape.replacement.corner_figure import MOST, CornerParameter, corner_figure
from ionscape.replacement.diffusion_law import ConstantDiffusion
from ionscape.replacement.fit_figures import DrawnProfile, profile_figure, profiles_figure
from ionscape.replacement.fit_result import ProfileFit, SiteEnergyFit
from ionscape.replacement.fitted_law import (
    MOST_DRAWS,
    bulk_of,
    fitted_distribution,
    fitted_law,
    vacancies_of,
    value_of,
)
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.model_free import ModelFreeDiffusion
from ionscape.replacement.populations import native_populations
from ionscape.replacement.site_energy_figures import (
    DiffusionCurve,
    diffusion_curve,
    diffusion_figure,
    site_energy_figure,
)

FloatArray = NDArray[np.float64]

MOST_PROFILES = 8
"""Profiles with a figure of their own."""
_ENERGY_DRAWS = 150


def fit_figures(
    fit: SiteEnergyFit, profiles: Sequence[MeasuredProfile], free: Sequence[ModelFreeDiffusion] = ()
) -> tuple[Figure, ...]:
    """All figures, the overview first.

    Parameters
    ----------
    fit : SiteEnergyFit
    profiles : sequence of MeasuredProfile
        In the fit's order.
    free : sequence of ModelFreeDiffusion
        D(n) without a distribution, to lay over.
    """
    drawn = [drawn_profile(one, of) for one, of in zip(fit.profiles, profiles, strict=True)]
    found = [profiles_figure(drawn)] if len(drawn) > 1 else []
    found += [profile_figure(one) for one in drawn[:MOST_PROFILES]]
    found.append(_diffusion(fit, free))
    energies = _site_energies(fit)
    found += [energies] if energies is not None else []
    corner = _corner(fit)
    found += [corner] if corner is not None else []
    return tuple(found)


def drawn_profile(found: ProfileFit, of: MeasuredProfile) -> DrawnProfile:
    """What the figure of a profile shows."""
    scale = _foreign_scale(found)
    (low, high), (lowest, highest) = found.native_band
    foreign = of.foreign is not None and of.foreign_sd is not None
    blurred = of.resolution[0] > 0
    depth = found.front_depth
    return DrawnProfile(
        found.item, found.native_ion, found.foreign_ion, of.depth, of.native,
        of.native_sd * found.inflation, found.native_residuals,
        of.foreign / scale if of.foreign is not None else None,
        of.foreign_sd * found.inflation_foreign / scale if of.foreign_sd is not None else None,
        found.foreign_residuals if foreign else None, found.depth, found.native, found.foreign / scale,
        (low, high), (lowest, highest), found.native_inside if blurred else None,
        depth.value if depth.status == "determined" else float("nan"),
    )  # fmt: skip


def _foreign_scale(found: ProfileFit) -> float:
    """Fitted factor of the foreign signal: it and the native fraction add up to 1 in the model."""
    behind = found.native < 0.5
    if not behind.any():
        return 1.0
    return float(np.median(found.foreign[behind] / (1 - found.native[behind]))) or 1.0


# ---- D(n) and energies ----------------------------------------------------------------------------------
def _diffusion(fit: SiteEnergyFit, free: Sequence[ModelFreeDiffusion]) -> Figure:
    first = fit.profiles[0]
    kelvin = first.temperature.value
    rows = fit.draws[:: max(len(fit.draws) // MOST_DRAWS, 1)]
    plateaus = [p.plateau_fraction.value for p in fit.profiles if p.plateau_fraction.status == "determined"]
    draws = [fitted_law(fit, first, row) for row in rows]
    curves = [
        diffusion_curve(
            first.native_ion, fitted_law(fit, first), kelvin, draws=draws,
            covered=(min(plateaus), 1.0) if plateaus else None,
            bulk=bulk_of(fit, first) if fit.bulk_known else None,
        )
    ]  # fmt: skip
    curves += [_foreign_curve(fit, profile, rows) for profile in fit.profiles]
    curves += [curve for curve in map(_free_curve, free) if curve is not None]
    note = f"At {format_celsius(kelvin)}."
    if not fit.bulk_known:
        note += " D_bulk is not known: all of the native ion's curve may move with it and with the width."
    if len(curves) > 1 + len(fit.profiles):
        note += (" ‘No distribution’: from each profile by itself, without a distribution of site energies, "
                 "where it "
                 "says something.")  # fmt: skip
    return diffusion_figure(curves, note=note)


def _foreign_curve(fit: SiteEnergyFit, profile: ProfileFit, rows: FloatArray) -> DiffusionCurve:
    name = f"diffusion_coefficient_foreign {profile.item}"
    best = value_of(fit, name, profile.foreign_diffusion.value)
    kelvin = profile.temperature.value

    def law(value: float) -> ConstantDiffusion:
        return ConstantDiffusion(value, reference_temperature=kelvin)

    draws = [law(value_of(fit, name, best, row)) for row in rows]
    return diffusion_curve(profile.item, law(best), kelvin, native=False, draws=draws)


def _free_curve(found: ModelFreeDiffusion) -> DiffusionCurve | None:
    told = np.isfinite(found.diffusion)
    if np.count_nonzero(told) < 2:
        return None
    return DiffusionCurve(f"no distribution, {found.label}", found.fraction[told], found.diffusion[told],
                          found.low_68[told], found.high_68[told])  # fmt: skip


def _site_energies(fit: SiteEnergyFit) -> Figure | None:
    """The distribution, where its width is known."""
    distribution, vacancies = fitted_distribution(fit), vacancies_of(fit)
    known = [p for p in fit.profiles if p.plateau_fraction.status == "determined"]
    if distribution is None or fit.site_energy_fwhm.status != "determined" or not known:
        return None
    experiments = [
        (p.item, native_populations(distribution, float(np.clip(p.plateau_fraction.value, 1e-4, 0.99)),
                                    vacancy_fraction=vacancies))
        for p in known
    ]  # fmt: skip
    energy = experiments[0][1].energy
    heights = []
    for row in fit.draws[:: max(len(fit.draws) // _ENERGY_DRAWS, 1)]:
        drawn = fitted_distribution(fit, row)
        assert drawn is not None
        found = native_populations(drawn, 0.1, vacancy_fraction=vacancies_of(fit, row), energy=energy)
        heights.append(found.sites)
    interval = None
    if heights:
        low, high = np.quantile(np.array(heights), [0.158655, 0.841345], axis=0)
        interval = (energy, low, high)
    return site_energy_figure(experiments, native_ion=fit.profiles[0].native_ion, interval=interval)


# ---- posterior ------------------------------------------------------------------------------------------
def _corner(fit: SiteEnergyFit) -> Figure | None:
    chosen = [name for name in fit.names if not name.startswith("diffusion_ratio")]
    chosen.sort(key=_order)
    if len(chosen) < 2 or len(fit.draws) < 100:
        return None
    left_out = f" Of {len(chosen)} parameters the first {MOST} are shown." if len(chosen) > MOST else ""
    parameters = [_corner_parameter(fit, name) for name in chosen[:MOST]]
    return corner_figure(parameters, caption=left_out.strip())


def _order(name: str) -> int:
    """The distribution first, then the vacancies, D_bulk, the foreign ions."""
    starts = ("site_energy", "deep", "vacancy", "immobile", "bulk", "diffusion")
    return next((i for i, start in enumerate(starts) if name.startswith(start)), len(starts))


def _corner_parameter(fit: SiteEnergyFit, name: str) -> CornerParameter:
    draws = fit.draws[:, fit.names.index(name)]
    base, _, item = name.partition(" ")
    if base.startswith("site_energy"):
        title = base.removeprefix("site_energy_").replace("fwhm", "FWHM").replace("_", " ")
        return CornerParameter(f"{title} [meV]", draws * to_field(1.0, "meV"))
    if base == "bulk_diffusion":
        return CornerParameter(f"D<sub>bulk</sub> [cm²/s]{' ' + item if item else ''}", draws * 1e4, True)
    if base == "diffusion_coefficient_foreign":
        return CornerParameter(f"D<sub>{item}</sub> [cm²/s]", draws * 1e4, True)
    return CornerParameter(base.replace("_", " "), draws)
