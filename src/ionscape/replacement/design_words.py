"""What `replacement.design` says in plain sentences and in its table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ionscape.core.estimate import Estimate
from ionscape.core.number_format import format_celsius, format_number, format_quantity
from ionscape.core.outcome import Table
from ionscape.core.wording import listed
from ionscape.replacement.design_choice import Candidate, Window
from ionscape.replacement.design_inputs import MEV, DesignInputs

WIDTH = "site_energy_fwhm_expected_uncertainty"
LITTLE = 0.9  # of an uncertainty: a second ion that leaves more than this is not worth its experiment


def findings(
    inputs: DesignInputs, candidates: Sequence[Candidate], sets: Mapping[tuple[str, ...], float],
    rows: Mapping[str, Mapping[str, Estimate]], further: Mapping[str, float], lost: Sequence[str],
) -> list[str]:  # fmt: skip
    """The answers, most important first.

    ``sets`` and ``further``: 1 SD of the FWHM [J] of sets of ions, and of the best one with something more.
    """
    best = min(candidates, key=lambda one: one.sd)
    said = [_best(best, candidates)]
    said += _second(best, sets)
    said += _further(best, further)
    said += [_experiment(one, rows[one.planned.ion]) for one in candidates]
    said += [f"{text}." for text in lost]
    if inputs.notes:
        said.append(f"Rests on: {'; '.join(inputs.notes)}.")
    return said


def _best(best: Candidate, candidates: Sequence[Candidate]) -> str:
    others = sorted((one for one in candidates if one is not best), key=lambda one: one.sd)
    if not others:
        return f"{best.planned.ion} will give the width of the site energies to {_mev(best.sd)}."
    listed = ", ".join(f"{_mev(one.sd)} with {one.planned.ion}" for one in others)
    if others[0].sd < 1.15 * best.sd:
        return (f"{best.planned.ion} gives the width of the site energies to {_mev(best.sd)}, others hardly "
                f"worse: {listed}. By the profile alone, were D_bulk and the vacancies exactly known: "
                f"{_alone(candidates)}.")  # fmt: skip
    return (f"{best.planned.ion} determines the width of the site energies best: to {_mev(best.sd)}, against "
            f"{listed}. By the profile alone, were D_bulk and the vacancies exactly known: "
            f"{_alone(candidates)}.")  # fmt: skip


def _alone(candidates: Sequence[Candidate]) -> str:
    return ", ".join(f"{_mev(one.counting)} ({one.planned.ion})" for one in candidates)


def _second(best: Candidate, sets: Mapping[tuple[str, ...], float]) -> list[str]:
    pairs = {ions: sd for ions, sd in sets.items() if len(ions) == 2 and best.planned.ion in ions}
    if not pairs:
        return []
    ions, sd = min(pairs.items(), key=lambda pair: pair[1])
    second = next(ion for ion in ions if ion != best.planned.ion)
    every = max(sets, key=len)
    more = f"; {listed(every)} together reach {_mev(sets[every])}" if len(every) > 2 else ""
    if sd > LITTLE * best.sd:
        return [f"A second ion adds little: {second} as well brings it to {_mev(sd)}{more}."]
    return [f"The best second ion is {second}: both together give {_mev(sd)} instead of "
            f"{_mev(best.sd)}{more}."]  # fmt: skip


def _further(best: Candidate, further: Mapping[str, float]) -> list[str]:
    useful = sorted(((sd, label) for label, sd in further.items() if sd < LITTLE * best.sd))
    if not useful:
        return []
    listed = "; ".join(f"{label}: {_mev(sd)}" for sd, label in useful)
    return [f"Instead of another ion, one measurement more beside {best.planned.ion} would give: {listed}."]


def _experiment(one: Candidate, row: Mapping[str, Estimate]) -> str:
    planned = one.planned
    return (
        f"{planned.ion} at {format_celsius(planned.temperature)}: "
        f"{format_quantity(row['attached_charge'], 'mC/cm^2')}, that is "
        f"{format_quantity(row['current_density'], 'nA/cm^2')} for "
        f"{format_number(planned.duration / 3600, 3)} h; the front then lies at "
        f"{format_quantity(row['front_depth'], 'nm')} and {_percent(row['plateau_fraction'])} of the native "
        f"ions stay behind it. At the end the voltage is {format_number(planned.film_voltage, 2)} V across "
        f"the film and {format_number(planned.bulk_voltage, 2)} V across the bulk."
    )


def candidates_table(candidates: Sequence[Candidate], rows: Mapping[str, Mapping[str, Estimate]]) -> Table:
    """One row per ion."""
    cells = []
    for one in candidates:
        planned, row = one.planned, rows[one.planned.ion]
        cells.append((
            planned.ion, f"{planned.foreign_diffusion / planned.bulk_diffusion:.2g}",
            format_celsius(planned.temperature), format_quantity(row["attached_charge"], "mC/cm^2"),
            format_quantity(row["current_density"], "nA/cm^2"), f"{planned.duration / 3600:.3g} h",
            _percent(row["plateau_fraction"]), f"{planned.front_width * 1e9:.2g} nm",
            f"{planned.film_voltage:.2g} + {planned.bulk_voltage:.2g} V", _mev(one.counting),
            format_quantity(row[WIDTH], "meV"),
        ))  # fmt: skip
    return Table(
        "candidates", "Foreign ions compared",
        ("Ion", "D/D_bulk", "Temperature", "Charge", "Current", "Time", "Plateau", "Front width",
         "Voltage, film + bulk", "1 SD of FWHM, all else known", "1 SD of FWHM"), tuple(cells),
        "Each at its best temperature and current within the limits. The last column includes what is known "
        "of D_bulk and the vacancy fraction; its own ± is what the errors of the inputs do to it.",
    )  # fmt: skip


def windows_table(windows: Sequence[Window]) -> Table:
    """One row per ion and temperature."""
    rows = []
    for window in windows:
        fastest = "no limit" if math.isinf(window.fastest) else f"{window.fastest * 1e5:.3g} nA/cm²"
        rows.append((
            window.ion, format_celsius(window.temperature), f"{window.slowest * 1e5:.3g} nA/cm²",
            f"{window.voltage:.3g} V",
            f"{fastest} ({window.limit})" if window.limit and window.is_open else fastest if window.is_open
            else f"not possible ({window.limit})",
        ))  # fmt: skip
    return Table(
        "windows", "What time, source and voltage allow",
        ("Ion", "Temperature", "Slowest current", "Voltage there", "Fastest current"), tuple(rows),
        "By front theory. The slowest current takes the longest time allowed.",
    )


def _mev(energy: float) -> str:
    return f"± {format_number(energy / MEV, 2)} meV"


def _percent(estimate: Estimate) -> str:
    spread = format_number(100 * estimate.standard_uncertainty, 1)
    return f"{format_number(100 * estimate.value, 2)} ± {spread} %"
