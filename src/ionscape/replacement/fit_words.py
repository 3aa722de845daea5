"""What a fit of replacement profiles says, in sentences: what the data fix first, then the results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.core.number_format import format_celsius, format_number, format_quantity, format_value
from ionscape.core.quantity import to_field
from ionscape.core.wording import listed
from ionscape.replacement.charge_balance import FAR, ChargeBalance
from ionscape.replacement.fit_checks import ZONES_AGREE, ProfileCheck
from ionscape.replacement.fit_result import SiteEnergyFit
from ionscape.replacement.fit_study_inputs import StudyInputs
from ionscape.replacement.fitted_law import law_draws

FloatArray = NDArray[np.float64]

PUBLISHED = (
    ("Na-Ca phosphate glass", 280.0, "schafer2018"),
    ("Na-Rb borate glass", 320.0, "schafer2019"),
    ("Li borate glass Li3B7O12", 250.0, "gunawan2024"),
    ("Li-Al-Ge phosphate", 113.0, "wiemer2021"),
)
"""FWHM [meV] of populated site energies found in the same way, without stated errors."""
WORTH_A_WORD = 0.15
"""Share of the variance from which a cause of the width's uncertainty is named."""
TENSION = 2.5
"""Standard deviations of what was stated, from which a fitted value contradicts it."""
SHALLOW = 0.2
"""Fraction at which the fall of D is told, as published."""


def fit_findings(
    fit: SiteEnergyFit, inputs: StudyInputs, cait: Sequence[Estimate], balances: Sequence[ChargeBalance],
    checks: Sequence[ProfileCheck], compared: Sequence[str] = (),
) -> tuple[str, ...]:  # fmt: skip
    """Sentences in the order in which they matter; ``compared``: what a comparison of distributions says."""
    found = [_identifiable(fit), _width(fit, inputs), *_mean(fit, inputs), *compared, *_ratios(fit),
             _fall(fit),
             *_fronts(fit), *_bulk(inputs, cait), *_published(fit), *_checked(fit, balances, checks),
             *_normalised(inputs), _assumed(fit, inputs)]  # fmt: skip
    return tuple(text for text in dict.fromkeys(found) if text)


def _identifiable(fit: SiteEnergyFit) -> str:
    """One finding: what the profiles fix, what is degenerate, what would break it."""
    if fit.identifiability is None:
        return ""
    said = list(fit.identifiability.sentences())
    if fit.bulk_line is not None:
        said.append("These errors of the width would hold if the distribution had exactly this shape, also "
                    "where no profile looks; without D_bulk the width is therefore not given as a "
                    "number.")  # fmt: skip
    return " ".join(said)


# ---- the distribution -----------------------------------------------------------------------------------
def _width(fit: SiteEnergyFit, inputs: StudyInputs) -> str:
    width, ion = fit.site_energy_fwhm, fit.profiles[0].native_ion
    if fit.distribution == "constant":
        return f"D of {ion} was taken as independent of its fraction: there is no width of site energies."
    if width.status != "determined":
        return f"The width of the site energies of {ion} (FWHM) is {width.status}: {width.note}."
    low, high = (to_field(end, "meV") for end in width.interval(0.95))
    interval = f"95 %: {format_number(low, 3)} to {format_number(high, 3)} meV"
    text = (f"The site energies of {ion} have a width of {format_quantity(width, 'meV')} (FWHM, "
            f"{_family(fit)}; {interval}), from {_sources(fit)}")  # fmt: skip
    causes = shares(width, inputs)
    if len(causes) > 1:
        each = [f"{cause} (± {format_number(sd, 2)} meV)" for cause, sd in causes]
        text += f"; its uncertainty comes from {listed(each)}"
    return f"{text}."


def _family(fit: SiteEnergyFit) -> str:
    return {"gaussian": "one Gaussian", "two gaussians": "each of two Gaussians",
            "exponential tail": "exponential tail"}.get(fit.distribution, fit.distribution)  # fmt: skip


def _sources(fit: SiteEnergyFit) -> str:
    ions = list(dict.fromkeys(profile.foreign_ion for profile in fit.profiles))
    n = len(fit.profiles)
    return f"the profile of {ions[0]}" if n == 1 else f"{n} profiles of {listed(ions)} together"


def shares(estimate: Estimate, inputs: StudyInputs) -> list[tuple[str, float]]:
    """Causes of an estimate's uncertainty and the SD [meV for an energy] of each, largest first."""
    unit = to_field(1.0, "meV") * (estimate.value if estimate.scale == "log" else 1.0)
    variance: dict[str, float] = {}
    named = _named_latents(inputs)
    for latent, weight in estimate.weights.items():
        cause = named.get(latent, "the profiles' own noise and scales")
        variance[cause] = variance.get(cause, 0.0) + weight**2
    total = math.fsum(variance.values())
    kept = [(cause, v) for cause, v in variance.items() if v > WORTH_A_WORD * total]
    return [(cause, math.sqrt(v) * unit) for cause, v in sorted(kept, key=lambda pair: -pair[1])]


def _named_latents(inputs: StudyInputs) -> dict[str, str]:
    """What each stated latent is, in words; the first cause that uses it counts."""
    word = "the assumed vacancy fraction" if inputs.vacancies_assumed else "the vacancy fraction"
    stated: list[tuple[str, Estimate | None]] = [
        (word, inputs.vacancy_fraction), ("the immobile fraction", inputs.immobile_fraction),
        ("the carrier density", inputs.carrier_density),
        *((f"D_bulk ({one.origin})" if one.origin else "D_bulk", one.estimate) for one in inputs.bulk),
    ]  # fmt: skip
    found: dict[str, str] = {}
    for cause, estimate in stated:
        for latent in estimate.weights if estimate is not None else ():
            found.setdefault(latent, cause)
    for profile in inputs.profiles:
        found.setdefault(profile.depth_scale_source, "the depth scales")
        found.setdefault(profile.charge_scale_source, "the currents")
    return found


def _mean(fit: SiteEnergyFit, inputs: StudyInputs) -> list[str]:
    if inputs.activation_energy is None or fit.site_energy_mean.status != "determined":
        return []
    return [f"With an activation energy of {format_quantity(inputs.activation_energy, 'eV')} the mean of "
            "the site "
            f"energies lies {format_quantity(-fit.site_energy_mean, 'meV')} below the level at which ions "
            "are free "
            "to go."]  # fmt: skip


def _fall(fit: SiteEnergyFit) -> str:
    """By how many decades D of the native ion falls."""
    profile = fit.profiles[0]
    logs = law_draws(fit, profile, np.array([1.0, SHALLOW]))
    decades = (logs[:, 0] - logs[:, 1]) / math.log(10)
    low, middle, high = np.quantile(decades, [0.158655, 0.5, 0.841345])
    return (f"D of {profile.native_ion} falls by {format_value(float(middle), float(high - low) / 2)} "
            "decades from "
            f"u = 1 to {SHALLOW:g} at {format_celsius(profile.temperature.value)}.")  # fmt: skip


# ---- ions and fronts --------------------------------------------------------------------------------------
def _ratios(fit: SiteEnergyFit) -> list[str]:
    found = []
    for profile in fit.profiles:
        ratio, own = profile.diffusion_ratio, profile.foreign_diffusion
        at = format_celsius(profile.temperature.value)
        text = f"D of {profile.item} is {format_quantity(own, 'cm^2/s')} at {at}"
        if ratio.status == "determined":
            text += f", {format_quantity(ratio, '1')} of D_bulk of {profile.native_ion}"
        elif ratio.note:
            text += f"; its ratio to D_bulk is {ratio.status}: {ratio.note}"
        found.append(f"{text}.")
    return found


def _fronts(fit: SiteEnergyFit) -> list[str]:
    told = []
    for profile in fit.profiles:
        if profile.front_depth.status != "determined":
            told.append(f"{profile.item}: no front ({profile.front_depth.note}).")
            continue
        told.append(
            f"{profile.item}: {format_quantity(profile.plateau_fraction * 100.0, '1')} % of "
            f"{profile.native_ion} stay "
            f"behind a front at {format_quantity(profile.front_depth, 'nm')}, "
            f"{format_quantity(profile.front_width, 'nm')} wide (10 to 90 %)."
        )
    return told


def _bulk(inputs: StudyInputs, cait: Sequence[Estimate]) -> list[str]:
    """Where D_bulk comes from, and what the profiles say of it without that."""
    found = []
    for profile, given in zip(inputs.profiles, inputs.bulk, strict=True):
        if given.estimate.status == "determined":
            at = format_celsius(profile.temperature.value)
            found.append(f"D_bulk of {profile.native_ion} was taken as "
                         f"{format_quantity(given.estimate, 'cm^2/s')} at "
                         f"{at} ({given.origin}): it is an input, which the fit cannot confirm.")  # fmt: skip
    known = [one for one in cait if one.status == "determined"]
    if not known:
        return found
    first = f"The profiles by themselves, without {'it' if inputs.bulk_known else 'a conductivity'}, "
    each = listed(list(dict.fromkeys(format_quantity(one, "cm^2/s") for one in known)))
    return [*found, f"{first}give D_CAIT = {each}, which rests on the assumed shape of the distribution and "
            "on the vacancy fraction: D_bulk is an extrapolation to the unreplaced glass."]  # fmt: skip


def _published(fit: SiteEnergyFit) -> list[str]:
    width = fit.site_energy_fwhm
    if width.status != "determined":
        return []
    sd = to_field(width.standard_uncertainty, "meV")
    value = to_field(width.value, "meV")
    each = ", ".join(f"{name} {fwhm:g} meV" for name, fwhm, _ in PUBLISHED)
    near = [name for name, fwhm, _ in PUBLISHED if abs(fwhm - value) <= 2 * sd]
    close = listed(near) if near else "none"
    return [f"Published widths from such experiments, without stated errors: {each}; within two standard "
            f"deviations: {close}."]  # fmt: skip


# ---- checks -----------------------------------------------------------------------------------------------
def _checked(
    fit: SiteEnergyFit, balances: Sequence[ChargeBalance], checks: Sequence[ProfileCheck]
) -> list[str]:
    told = []
    for profile, check in zip(fit.profiles, checks, strict=True):
        parts = []
        if math.isfinite(check.foreign_by_zones):
            agrees = abs(check.foreign_by_zones - 1) <= ZONES_AGREE
            parts.append(f"eq. (3) of Gunawan 2024 gives {check.foreign_by_zones:.3g} times the fitted D of "
                         f"{profile.foreign_ion}, {'as close as' if agrees else 'farther than'} the "
                         f"{100 * ZONES_AGREE:.0f} % to which it holds")  # fmt: skip
        if math.isfinite(check.plateau_theory):
            parts.append("the front theory, which leaves out diffusion, a plateau of "
                         f"{100 * check.plateau_theory:.2g} % "
                         f"(fitted {100 * check.plateau_fit:.2g} %)")  # fmt: skip
        if parts:
            told.append(f"Other means, {profile.item}: {'; '.join(parts)}.")
    return [*told, *_charges(fit, balances)]


def _charges(fit: SiteEnergyFit, balances: Sequence[ChargeBalance]) -> list[str]:
    each = [f"{profile.item} {format_quantity(balance.ratio, '1')}"
            for profile, balance in zip(fit.profiles, balances, strict=True)
            if balance.ratio.status == "determined" and balance.reaches_bulk]  # fmt: skip
    return [f"Charge that {fit.profiles[0].native_ion} lacks in the profile over the charge attached (1 if "
            "they took "
            f"each other's places): {', '.join(each)}."] if each else []  # fmt: skip


def tensions(fit: SiteEnergyFit, inputs: StudyInputs) -> list[str]:
    """What was stated and the profiles pull far away from: something stated, or the model, does not hold."""
    pairs = [("the vacancy fraction", "vacancy_fraction", inputs.vacancy_fraction)]
    names = list(dict.fromkeys(name for name in fit.names if name.partition(" ")[0] == "bulk_diffusion"))
    if len(names) == 1:
        pairs.append(("D_bulk", names[0], next((e for e in inputs.bulk_estimates if e is not None), None)))
    told = []
    for what, name, stated in pairs:
        if stated is None or name not in fit.names or stated.spread == 0 or stated.value <= 0:
            continue
        now = float(fit.best[fit.names.index(name)])
        spread = stated.standard_uncertainty / stated.value
        apart = abs(math.log(now / stated.value)) / spread
        if apart > TENSION:
            unit = "cm^2/s" if what == "D_bulk" else "1"
            told.append(
                f"the profiles pull {what} from {format_quantity(stated, unit)} to "
                f"{format_number(to_field(now, unit), 3)}, {format_number(apart, 2)} standard deviations: "
                "D_bulk, "
                "the carrier density, a scale, or the shape of the distribution is not as stated, and the "
                "width "
                "goes with it"
            )
    return told


def balance_warnings(fit: SiteEnergyFit, balances: Sequence[ChargeBalance]) -> list[str]:
    """Profiles whose charges contradict each other, or that end too early."""
    told = []
    for profile, balance in zip(fit.profiles, balances, strict=True):
        if not balance.reaches_bulk:
            told.append(f"{profile.label}: the profile ends before the unchanged conductor: part of the "
                        "charge lies "
                        "deeper, and the level of the bulk cannot be checked")  # fmt: skip
        elif balance.contradiction > FAR:
            told.append(
                f"{profile.label}: {profile.native_ion} lacks {format_quantity(balance.ratio, '1')} times "
                "the charge "
                f"that was attached, {format_number(balance.contradiction, 2)} standard deviations from 1: "
                "check the "
                "current, the depth scale and the carrier density, or ions other than the foreign one moved"
            )
    return told


def _normalised(inputs: StudyInputs) -> list[str]:
    """How each profile was normalised."""
    several = len(inputs.profiles) > 1
    return [f"{profile.label}: {' '.join(profile.findings)}" if several else " ".join(profile.findings)
            for profile in inputs.profiles if profile.findings]  # fmt: skip


def _assumed(fit: SiteEnergyFit, inputs: StudyInputs) -> str:
    told = [f"sites are filled from below ({_family(fit)}) and ions over one threshold move",
            "the foreign ion has one D and does not mix into the sites of the native one"]  # fmt: skip
    if inputs.vacancies_assumed and inputs.vacancy_fraction is not None:
        told.append(f"{format_quantity(inputs.vacancy_fraction, '1')} of the sites are vacant (published: "
                    "0.03 to 0.2; "
                    "its error is in all results)")  # fmt: skip
    if inputs.immobile_fraction is not None and inputs.immobile_fraction.value == 0:
        told.append("no native ion is immobile by nature")
    return f"Assumed: {'; '.join(told)}."


def citations(fit: SiteEnergyFit) -> tuple[str, ...]:
    """Sources of the method, and of the widths that were compared."""
    compared: Mapping[str, None] = dict.fromkeys(key for _, _, key in PUBLISHED)
    shown = tuple(compared) if fit.site_energy_fwhm.status == "determined" else ("schafer2018",)
    return tuple(dict.fromkeys(("gunawan2024", *shown, "lammert2003")))
