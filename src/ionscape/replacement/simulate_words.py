"""What `replacement.simulate` says in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.core.number_format import format_number, format_quantity
from ionscape.core.outcome import Table
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.sequential import CLEAR, Distance, Scan
from ionscape.replacement.simulate_figures import mixing_words
from ionscape.replacement.simulated_glass import Glass
from ionscape.replacement.simulated_outputs import (
    UNRESOLVED,
    Key,
    Prediction,
    Readings,
    StageEnd,
    saved_index,
    stage_ends,
)

FloatArray = NDArray[np.float64]
NANO, DAY = 1e9, 86400.0
RESOLVED = ("plateau_fraction", "front_depth", "front_width")
COARSE_CHANGE = 0.05


def left_findings(
    glass: Glass, predictions: Sequence[Prediction], found: Sequence[Mapping[Key, Estimate]]
) -> list[str]:
    """What the last experiment leaves of each earlier ion, per intermixing time."""
    last = [end for end in stage_ends(glass) if end.ion][-1]
    sentences = []
    for ion in (name for name in glass.ions if name != last.ion):
        key = ("plateau_fraction", last.name if ion == glass.ions[0] else f"{last.name}: {ion}")
        shares = [
            f"{_percent(estimates[key])} {mixing_words(prediction.mixing.text)}"
            for prediction, estimates in zip(predictions, found, strict=True) if key in estimates
        ]  # fmt: skip
        if shares:
            sentences.append(f"After {last.name} (stage {last.number}) the front leaves {ion}: "
                             f"{_listed(shares)}.")  # fmt: skip
    return sentences


def stage_findings(glass: Glass, found: Mapping[Key, Estimate], mixing: str = "") -> list[str]:
    """One sentence for each stage; ``mixing`` says with which intermixing time where there are several."""
    sentences = _stage_findings(glass, found)
    return [f"{mixing_words(mixing).capitalize()}: {text}" for text in sentences] if mixing else sentences


def _stage_findings(glass: Glass, found: Mapping[Key, Estimate]) -> list[str]:
    sentences = []
    for end in stage_ends(glass):
        if end.ion and ("front_depth", end.name) in found:
            sentences.append(_stage_sentence(glass, end, found))
        elif end.ion:
            sentences.append(
                f"{end.name} (stage {end.number}: {end.text}): no front, so no plateau and no width."
            )
        elif ("front_width", end.name) in found:
            sentences.append(
                f"Rest (stage {end.number}: {end.text}): front at "
                f"{format_quantity(found['front_depth', end.name], 'nm')}, 10–90 % width "
                f"{format_quantity(found['front_width', end.name], 'nm')}."
            )
    return sentences


def _stage_sentence(glass: Glass, end: StageEnd, found: Mapping[Key, Estimate]) -> str:
    native = glass.ions[0]
    shares = [f"{_percent(found['plateau_fraction', end.name])} {native}"] + [
        f"{_percent(found['plateau_fraction', f'{end.name}: {ion}'])} {ion}"
        for ion in glass.ions[1:] if ("plateau_fraction", f"{end.name}: {ion}") in found
    ]  # fmt: skip
    behind = f"behind it {_listed(shares)}" if len(shares) > 1 else f"{shares[0]} stays behind it"
    charge = found["excess_charge", end.name].value
    return (
        f"{end.name} (stage {end.number}: {end.text}): front of {native} at "
        f"{format_quantity(found['front_depth', end.name], 'nm')}, 10–90 % width "
        f"{_width(found.get(('front_width', end.name)))}; {behind}. Voltage "
        f"{format_quantity(found['film_voltage', end.name], 'V')} across the film and "
        f"{format_quantity(found['bulk_voltage', end.name], 'V')} across the bulk; excess charge at most "
        f"{format_number(charge, 2)} of n₀."
    )


def pushed_findings(glass: Glass, predictions: Sequence[Prediction]) -> list[str]:
    """Where a later ion has moved the earlier foreign ones, per intermixing time."""
    driven = [end for end in stage_ends(glass) if end.ion]
    earlier = [ion for ion in glass.ions[1:] if ion != driven[-1].ion]
    sentences = []
    for ion in earlier:
        start = next(end for end in driven if end.ion == ion)
        for prediction in predictions:
            result = prediction.result
            before, after = (ends_of_amount(result, ion, end.time) for end in (start, driven[-1]))
            mixed = f" ({mixing_words(prediction.mixing.text)})" if len(predictions) > 1 else ""
            sentences.append(
                f"{driven[-1].name} pushes {ion}{mixed}: 90 % of it lies at {_depths(*before)} after stage "
                f"{start.number} and at {_depths(*after)} after stage {driven[-1].number}."
            )
    return sentences


def ends_of_amount(result: Replacement, ion: str, time: float) -> tuple[float, float]:
    """[m] Depths between which the middle 90 % of an ion's amount lies at a time [s]."""
    amount = np.cumsum(result.fractions[ion][saved_index(result, time)] * np.diff(result.faces))
    shares = np.concatenate([[0.0], amount / amount[-1]])
    ends = np.interp([0.05, 0.95], shares, result.faces)
    return float(ends[0]), float(ends[1])


def apart_findings(glass: Glass, apart: Sequence[tuple[str, str, Distance]], scan: Scan | None) -> list[str]:
    """Whether the intermixing times can be told apart, and from which on."""
    stages = [end for end in stage_ends(glass) if end.ion]
    sentences = [
        f"The final profiles {mixing_words(first)} and {mixing_words(second)} lie {_sd(one.counting)} apart "
        f"by counting noise and {_sd(one.all_errors)} with all stated errors: "
        + ("told apart by one profile." if one.all_errors >= CLEAR else "not told apart.")
        for first, second, one in apart
    ]  # fmt: skip
    if scan is None:
        return sentences
    alone, both = scan.slowest_first, scan.slowest
    if math.isfinite(both):
        within = f"any time up to {_days(both)}, the longest tried," if both >= scan.time[-1] else (
            f"about {_days(both)}")  # fmt: skip
        text = (f"Site energies that mix within {within} are told from ones that never mix "
                f"({CLEAR:g} SD) by the profile after {stages[-1].name}")  # fmt: skip
        if len(stages) > 1 and math.isfinite(alone):
            text += f"; that after {stages[0].name} alone tells mixing within {_days(alone)}"
        sentences.append(f"{text}.")
    else:
        sentences.append(f"No intermixing time is told from 'never' ({CLEAR:g} SD) by these profiles.")
    if math.isfinite(scan.fastest):
        slower = _days(scan.fastest)
        slower += ", the shortest time tried," if scan.fastest <= scan.time[0] else ""
        sentences.append(f"Mixing in more than {slower} is told from mixing at once ({CLEAR:g} SD).")
    return sentences


def quality_findings(
    glass: Glass, results: Sequence[Replacement], bent: Sequence[Key], uncertain: Sequence[str]
) -> list[str]:
    """Errors of the simulations, and what the uncertainties mean."""
    mass = max(result.mass_error for result in results)
    charge = max(result.charge_error for result in results)
    first = results[0]
    found = [
        f"{first.faces.size - 1} cells, {first.n_steps} steps; largest relative error of mass "
        f"{format_number(mass, 2)}, of charge {format_number(charge, 2)}."
    ]
    if uncertain:
        text = f"± (1 SD) holds the errors of {_listed(uncertain)}, propagated linearly"
        if bent:
            names = list(dict.fromkeys(f"{key[0].replace('_', ' ')} ({key[1]})" for key in bent))
            shown = _listed(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            text += f" (crude for {shown}, which bend within 1 SD)"
        found.append(f"{text}. Not in it: errors of the temperature, and that the equations may not hold.")
    if glass.notes:
        found.append(f"Taken as: {'; '.join(glass.notes)}.")
    return found


def mesh_warnings(read: Readings, cells: int) -> list[str]:
    """What the mesh does not resolve: another one, graded, gives a plateau, depth or width 5 % off."""
    worst = max(
        ((abs(read.coarse[key] / value - 1), key) for key, value in read.best.items()
         if key[0] in RESOLVED and key in read.coarse
         and not (key[0] == "plateau_fraction" and value < UNRESOLVED)),
        default=(0.0, ("", "")),
    )  # fmt: skip
    share, (quantity, item) = worst
    if share < COARSE_CHANGE:
        return []
    what = f"{quantity.replace('_', ' ')} of {item}"
    return [f"{cells} cells resolve the front badly: on another mesh the {what} differs by "
            f"{100 * share:.0f} %; take more cells."]  # fmt: skip


def description_findings(glass: Glass, neutral: Replacement, full: Replacement) -> list[str]:
    """How far the electroneutral film and the full equations lie apart."""
    edges = neutral.faces
    largest = 0.0
    for ion in glass.ions:
        a = neutral.fractions[ion][-1]
        amount = np.concatenate([[0.0], np.cumsum(full.fractions[ion][-1] * np.diff(full.faces))])
        inside = edges[1:] <= full.faces[-1]
        b = np.diff(np.interp(edges, full.faces, amount)) / np.diff(edges)
        largest = max(largest, float(np.abs(a - b)[inside].max()))
    return [f"The electroneutral film and the full equations differ by {format_number(largest, 2)} of n₀ at "
            "most in the final profile."]  # fmt: skip


def outputs_table(
    glass: Glass, predictions: Sequence[Prediction], found: Sequence[Mapping[Key, Estimate]]
) -> Table:
    """What is read off at the ends of the stages, per intermixing time."""
    quantities = (("plateau_fraction", "Left behind", "%"), ("front_depth", "Front depth", "nm"),
                  ("front_width", "Width 10–90 %", "nm"), ("attached_charge", "Charge", "mC/cm^2"),
                  ("film_voltage", "Film", "V"), ("bulk_voltage", "Bulk", "V"))  # fmt: skip
    rows = []
    for prediction, estimates in zip(predictions, found, strict=True):
        for end in stage_ends(glass):
            cells = [
                _cell(estimates.get((quantity, end.name)), unit) for quantity, _, unit in quantities
            ]  # fmt: skip
            rows.append((f"{end.number}: {end.name}", mixing_words(prediction.mixing.text), *cells))
    head = ("Stage", "Site energies", *(title for _, title, _ in quantities))
    caption = f"Left behind: {glass.ions[0]}, mean over 0.35 to 0.75 of its front depth. ± 1 SD."
    return Table("stages", "At the ends of the stages", head, tuple(rows), caption)


def _width(estimate: Estimate | None) -> str:
    return "none" if estimate is None else format_quantity(estimate, "nm")


def _cell(estimate: Estimate | None, unit: str) -> str:
    if estimate is None:
        return "–"
    return _percent(estimate) if unit == "%" else format_quantity(estimate, unit)


def _percent(estimate: Estimate) -> str:
    return f"{format_quantity(estimate * 100.0, '1')} %"


def _depths(low: float, high: float) -> str:
    return f"{low * NANO:.3g} to {high * NANO:.3g} nm"


def _days(seconds: float) -> str:
    for unit, size in (("years", 365.25 * DAY), ("d", DAY), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{float(f'{seconds / size:.2g}'):g} {unit}"
    return f"{float(f'{seconds:.2g}'):g} s"


def _sd(distance: float) -> str:
    return f"{format_number(distance, 3)} SD" if distance < 100 else f"{distance:.0f} SD"


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts[:-1]) + f" and {texts[-1]}" if len(texts) > 1 else "".join(texts)
