"""Tables of a fit of replacement profiles."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ionscape.core.estimate import Estimate
from ionscape.core.number_format import (
    format_celsius,
    format_interval,
    format_number,
    format_quantity,
    format_unit,
    format_value,
)
from ionscape.core.outcome import Table
from ionscape.core.quantity import to_field
from ionscape.replacement.charge_balance import ChargeBalance
from ionscape.replacement.fit_checks import ProfileCheck
from ionscape.replacement.fit_result import BulkLine, ProfileFit, SiteEnergyFit
from ionscape.replacement.fit_study_inputs import StudyInputs


def fit_tables(
    fit: SiteEnergyFit, inputs: StudyInputs, balances: Sequence[ChargeBalance], checks: Sequence[ProfileCheck]
) -> tuple[Table, ...]:
    """What the profiles fix, the parameters, the profiles, and widths by D_bulk where that is not known."""
    tables = [fit.identifiability.table()] if fit.identifiability is not None else []
    tables += [_parameters(fit, inputs), _profiles(fit, balances, checks)]
    if fit.bulk_line is not None:
        tables.append(_widths_by_bulk(fit.bulk_line))
    return tuple(tables)


# ---- parameters -----------------------------------------------------------------------------------------
def _parameters(fit: SiteEnergyFit, inputs: StudyInputs) -> Table:
    rows = [
        _row("width (FWHM)", fit.site_energy_fwhm, "meV", None),
        *(_row(_words(name), found, "meV" if name.startswith("site_energy") else "1", None)
          for name, found in fit.shape_parameters.items()),
        _row("vacancy fraction", fit.vacancy_fraction, "1", inputs.vacancy_fraction),
        _row("immobile fraction", fit.immobile_fraction, "1", inputs.immobile_fraction),
    ]  # fmt: skip
    for profile, given in zip(fit.profiles, inputs.bulk_estimates, strict=True):
        rows.append(_row(f"D_bulk, {profile.item}", profile.bulk_diffusion, "cm^2/s", given))
        rows.append(_row(f"D of {profile.item}", profile.foreign_diffusion, "cm^2/s", None))
        rows.append(_row(f"D of {profile.item} over D_bulk", profile.diffusion_ratio, "1", None))
    return Table(
        "parameters", "Parameters: what was known and what the profiles added",
        ("Parameter", "Before", "With the profiles", "95 % interval", "Variance that the profiles took away"),
        tuple(rows), "± is 1 standard deviation. ‘Before’: as stated or assumed; empty: nothing was known.",
    )  # fmt: skip


def _words(name: str) -> str:
    return name.removeprefix("site_energy_").replace("_", " ")


def _row(name: str, found: Estimate, unit: str, before: Estimate | None) -> tuple[str, ...]:
    low, high = found.interval(0.95)
    interval = ""
    if math.isfinite(low) and math.isfinite(high):
        interval = f"{format_interval(to_field(low, unit), to_field(high, unit))} {format_unit(unit)}".strip()
    stated = "" if before is None else format_quantity(before, unit)
    return (name, stated, format_quantity(found, unit), interval, _gain(found, before))


def _gain(found: Estimate, before: Estimate | None) -> str:
    """Share of the variance that the data took away from what was known."""
    if before is None:
        return "all" if found.status == "determined" else ""
    if before.status != "determined" or found.status != "determined" or before.standard_uncertainty == 0:
        return ""
    left = (found.standard_uncertainty / found.value) / (before.standard_uncertainty / before.value)
    return f"{100 * max(1 - left**2, 0.0):.0f} %"


# ---- profiles -------------------------------------------------------------------------------------------
def _profiles(
    fit: SiteEnergyFit, balances: Sequence[ChargeBalance], checks: Sequence[ProfileCheck]
) -> Table:
    rows = tuple(
        _profile_row(profile, balance, check)
        for profile, balance, check in zip(fit.profiles, balances, checks, strict=True)
    )
    head = ("Profile", "Ion", "T", "Charge attached", "χ²/n", "Errors widened", "Plateau", "Front depth",
            "Front width", "Charge missing/attached", "D by eq. (3)/fitted", "Plateau, front "
                                                                             "theory")  # fmt: skip
    return Table(
        "profiles", "Profiles", head, rows,
        "χ²/n with the errors as stated. Plateau, depth and width are those inside the solid, without the "
        "depth "
        "resolution. Eq. (3) of Gunawan 2024 takes D of the foreign ion from three zones of the fitted "
        "profile; "
        "the front theory leaves out diffusion.",
    )  # fmt: skip


def _profile_row(profile: ProfileFit, balance: ChargeBalance, check: ProfileCheck) -> tuple[str, ...]:
    widened = max(profile.inflation, profile.inflation_foreign)
    return (
        profile.label, profile.foreign_ion, format_celsius(profile.temperature.value),
        format_quantity(balance.attached, "mC/cm^2"),
        format_number(profile.chi_square / max(profile.n_points, 1), 3),
        "" if widened == 1 else f"{format_number(widened, 2)} times",
        format_quantity(profile.plateau_fraction, "1"), format_quantity(profile.front_depth, "nm"),
        format_quantity(profile.front_width, "nm"), format_quantity(balance.ratio, "1"),
        format_number(check.foreign_by_zones, 3), format_number(check.plateau_theory, 3),
    )  # fmt: skip


def _widths_by_bulk(line: BulkLine) -> Table:
    rise = line.chi_square - np.nanmin(line.chi_square)
    rows = []
    for k, bulk in enumerate(line.bulk_diffusion.tolist()):
        width, sd = (to_field(float(values[k]), "meV") for values in (line.fwhm, line.fwhm_sd))
        shown = format_number(to_field(bulk, "cm^2/s"), 3)
        rows.append((shown, format_value(width, sd), format_number(float(rise[k]), 3)))
    return Table(
        "widths", "Width of the site energies for each D_bulk",
        ("D_bulk [cm²/s]", "FWHM [meV]", "χ² above best"), tuple(rows),
        "All else refitted at each D_bulk; ± is 1 standard deviation at that D_bulk. A rise of χ² below "
        "about 4 "
        "means that the profiles do not tell one from another; D_bulk from the dc conductivity does.",
    )  # fmt: skip
