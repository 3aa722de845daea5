"""What the echo decays say, in sentences and tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ionscape.core.number_format import (
    format_celsius,
    format_name,
    format_number,
    format_quantity,
    format_value,
)
from ionscape.core.outcome import Row, Table
from ionscape.core.quantity import field_unit
from ionscape.nmr.attenuation import MODELS
from ionscape.nmr.coefficient_verdict import (
    ON_BOTH,
    ON_DELAY,
    ON_GRADIENT,
    ONE,
    ONE_DELAY,
    SCATTERS,
    TOO_FEW,
    ApparentCoefficient,
)
from ionscape.nmr.echo_fit import NAMED
from ionscape.nmr.long_time_limit import BARRIERS
from ionscape.nmr.temperature_set import TemperatureSet

_CHANGES = {
    ON_DELAY: "the apparent D depends on the diffusion time Δ",
    ON_GRADIENT: "the apparent D depends on the gradient g",
    ON_BOTH: "the apparent D depends on the gradient g and the diffusion time Δ",
    SCATTERS: "the apparent D differs from run to run",
}
_SAID = {
    ONE: "one diffusion coefficient for all gradients and diffusion times",
    ONE_DELAY: "one diffusion coefficient for all gradients; only one diffusion time was measured",
    TOO_FEW: "too few echoes to test whether D is one coefficient",
}


def fit_findings(sets: Sequence[TemperatureSet]) -> tuple[str, ...]:
    """First of each temperature D, or why there is none; then the reasons."""
    first = [text for s in sets for text in (_verdict(s), *_extrapolation(s))]
    then = [f"{place(s)}: {text}" for s in sets for text in _why(s)]
    return tuple(dict.fromkeys(first + then))


def _verdict(s: TemperatureSet) -> str:
    row = s.rows[0]
    verdict = _SAID.get(s.verdict.verdict, _CHANGES.get(s.verdict.verdict, s.verdict.verdict))
    if row.estimate.status == "refused":
        return f"{place(s)}: no single diffusion coefficient: {verdict}."
    given = format_quantity(row.estimate, "cm^2/s")
    under = ""
    if s.fit.model != "one":
        under = f" (mean of {MODELS[s.fit.model].words})"
    elif not s.verdict.is_single:
        under = f" (limit for long diffusion times under {BARRIERS})"
    name = f"D_NMR,{row.channel}" if row.channel else "D_NMR"
    return f"{place(s)}: {name} = {given}{under}; {verdict}."


def _why(s: TemperatureSet) -> list[str]:
    said = list(s.verdict.reasons)
    estimate = s.rows[0].estimate
    if estimate.status != "determined" and estimate.note:
        said.append(f"{estimate.note.partition('; ')[2] or estimate.note}.")
    if s.fit.model != "one" and s.fit.reasons != (NAMED,):
        said.append(f"the decay is best described by {MODELS[s.fit.model].words} "
                    f"({'; '.join(s.fit.reasons)}).")  # fmt: skip
    said.append(f"channel {s.channel or 'open'}, because {s.channel_reason}.")
    return said


def _extrapolation(s: TemperatureSet) -> list[str]:
    found = s.verdict.long_time
    if found is None:
        return []
    limit = found.limit
    if limit.status == "undetermined":
        return [f"{place(s)}: no limit for long diffusion times: {limit.note}."]
    given = format_quantity(_row(s, "diffusion_coefficient_long_time").estimate, "cm^2/s")
    free = _row(s, "diffusion_coefficient_short_time").estimate
    distance = _row(s, "barrier_distance").estimate
    text = f"{place(s)}: if {BARRIERS} hold the ions back, D tends to {given} at long diffusion times"
    if free.status == "determined":
        text += f" and is {format_quantity(free, 'cm^2/s')} between them"
    if distance.status == "determined":
        text += f", their distance {format_quantity(distance, 'um')}"
    return [text + "; another model would give another limit."]


def _row(s: TemperatureSet, name: str) -> Row:
    return next(row for row in s.rows if row.quantity == name)


def place(s: TemperatureSet) -> str:
    """The temperature if known, else the label."""
    return s.label if s.temperature is None else format_celsius(s.temperature.value)


def fit_warnings(sets: Sequence[TemperatureSet]) -> tuple[str, ...]:
    """What the data sets warn of, each with its place."""
    each = [(place(s), text) for s in sets for text in s.warnings]
    common = {text for _, text in each if sum(text == other for _, other in each) == len(sets) > 1}
    said = [text if text in common else f"{where}: {text}" for where, text in each]
    said += [f"{place(s)}: {s.channel_reason}; D is given without a channel" for s in sets if not s.channel]
    if len({place(s) for s in sets}) == 1 and sets[0].temperature is None:
        said.append("no temperature is stated: all files are taken as measured at the same one")
    return tuple(dict.fromkeys(said))


def fit_tables(sets: Sequence[TemperatureSet]) -> tuple[Table, ...]:
    """Verdicts, and the apparent coefficients of every Δ and range of g."""
    return _verdicts(sets), _apparent(sets)


def _verdicts(sets: Sequence[TemperatureSet]) -> Table:
    head = ("Temperature", "Verdict", "p (Δ)", "p (g)", "D ~ Δ^", "Model", "Quantity", "Value")
    rows = []
    for s in sets:
        v = s.verdict
        exponent = format_value(v.exponent, v.exponent_sd) if math.isfinite(v.exponent) else "–"
        first = (place(s), v.verdict, _probability(v.p_delay), _probability(v.p_gradient), exponent,
                 MODELS[s.fit.model].words)  # fmt: skip
        for k, row in enumerate(s.rows):
            unit = field_unit(row.quantity, row.estimate.dimension)
            named = "um" if row.quantity == "barrier_distance" else unit
            cells = first if k == 0 else ("",) * len(first)
            rows.append((*cells, format_name(row.quantity), format_quantity(row.estimate, named)))
    return Table("verdicts", "Is it one diffusion coefficient?", head, tuple(rows),
                 "p: probability of such a dependence by chance. D that changes with the diffusion time Δ "
                 "or the gradient g is an apparent one.")  # fmt: skip


def _probability(p: float) -> str:
    return "–" if math.isnan(p) else "< 1e-4" if p < 1e-4 else f"{p:.2g}"


def _apparent(sets: Sequence[TemperatureSet]) -> Table:
    head = ("Temperature", "Δ [ms]", "δ [ms]", "g [T/m]", "Echoes", "Apparent D [cm²/s]")
    rows = []
    for s in sets:
        for group in s.verdict.groups:
            parts = [part for part in s.verdict.parts if part.group == group.group]
            rows += [(place(s), *_cells(found)) for found in (group, *parts)]
    return Table("apparent_coefficients", "Apparent diffusion coefficients", head, tuple(rows),
                 "One line for all gradients of a diffusion time, then one for the weaker and one for the "
                 "stronger half of them. ± is 1 SD of the noise; the gradient's calibration, common to all, "
                 "is left out.")  # fmt: skip


def _cells(found: ApparentCoefficient) -> tuple[str, ...]:
    def milliseconds(value: float) -> str:
        return format_number(1e3 * value, 4) if math.isfinite(value) else "–"

    low, high = (format_number(g, 3) for g in found.gradients)
    value = format_value(found.value * 1e4, found.value * 1e4 * found.spread) if found.spread < 1 else "–"
    return (milliseconds(found.delay), milliseconds(found.pulse), f"{low} – {high}", str(found.n), value)
