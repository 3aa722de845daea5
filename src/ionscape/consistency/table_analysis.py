"""The analysis ``consistency.table``: every coefficient of a sample, and what they say together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ionscape.consistency.coefficients import COLLECTIVE, SINGLE_ION, Coefficient, describe
from ionscape.consistency.comparison import Comparison, compared
from ionscape.consistency.course import Course, in_electronvolt
from ionscape.consistency.effective import FROM_EFFECTIVE, agreement, resistance_share
from ionscape.consistency.figures import FloatArray, coefficients_figure
from ionscape.consistency.haven_analysis import best_row, judged
from ionscape.consistency.haven_words import findings, verdict_table, warnings_of
from ionscape.consistency.judgement import has_error
from ionscape.consistency.options import TableOptions
from ionscape.consistency.preparation import CHANNELS, WHAT, Prepared, prepared
from ionscape.consistency.ratios import differs
from ionscape.consistency.repeats import contradictions
from ionscape.consistency.series_model import series_diffusion
from ionscape.core.coefficient import KINDS
from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate
from ionscape.core.nernst_einstein import mobility
from ionscape.core.number_format import format_celsius, format_number, format_quantity
from ionscape.core.outcome import Figure, Outcome, Row, Table
from ionscape.core.propagation import propagate
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series

_MOST_PAIRS = 60  # rows that a reader of the report still scans


def table_outcome(series: Series, options: Any) -> Outcome:
    """One table of all coefficients, their ratios at equal temperature, one figure, the verdicts.

    Raises
    ------
    AnalysisError
        If none of the rows is a coefficient.
    """
    assert isinstance(options, TableOptions)
    ready = prepared(series, options)
    if not ready.reading.coefficients:
        reason = "; ".join(ready.warnings) or (
            "wanted are diffusion coefficients, D_gb/δ, or conductivities of bulk, grain boundaries or the"
            " whole"
        )
        raise AnalysisError(f"no diffusion coefficient among the rows: {reason}")
    found = [compared(s, c, channel, options, series.source) for channel, s, c in ready.pairs()]
    verdicts = judged(series, options, ready, found)
    predicted = series_predictions(ready)
    return Outcome(
        rows=(
            *(row for c in ready.reading.coefficients for row in _rows(c, series)),
            *(row for c in found for row in best_row(c, series)),
            *(
                Row("activation_energy_difference", c.difference, item=c.name, unit="eV")
                for c in found
                if c.separate is not None
            ),
        ),
        findings=(
            *contradictions(ready.reading.coefficients, options.tolerance),
            *_findings(ready, found, verdicts, series),
        ),
        warnings=(*ready.warnings, *(text for c in found for text in warnings_of(c, options))),
        figures=_figures(ready, predicted),
        tables=(
            _coefficients_table(ready, series),
            *_pairs_tables(ready, options),
            _lines_table(ready),
            verdict_table(verdicts),
        ),
        citations=_citations(ready, bool(predicted)),
    )


def _citations(ready: Prepared, predicted: bool) -> tuple[str, ...]:
    keys = ["murch1982", "pang2021"]
    if any(c.line is not None for c in ready.courses.values()):
        keys.append("aitken1936")
    return (*keys, "hasegawa2024") if predicted else tuple(keys)


def _figures(ready: Prepared, predicted: Sequence[tuple[str, FloatArray, FloatArray]]) -> tuple[Figure, ...]:
    drawn = [c for c in ready.courses.values() if c.usable]
    return (coefficients_figure(drawn, predicted),) if drawn else ()


# ---- rows ---------------------------------------------------------------------------------------------
_NAMES = {
    "bulk": "diffusion_coefficient_bulk",
    "boundary": "diffusion_coefficient_boundary",
    "effective": "diffusion_coefficient_effective",
}


def _rows(c: Coefficient, series: Series) -> list[Row]:
    """The coefficient under the name of its channel, and its mobility."""
    rows = [Row(_NAMES[c.channel], c.value, c.temperature, c.symbol, "cm^2/s", c.kind, c.channel)]
    charge = series.sample.carrier_charge
    if (
        charge
        and c.temperature is not None
        and c.value.status == "determined"
        and c.channel != "boundary"
        and (c.kind in COLLECTIVE)
    ):
        rows.append(
            Row("mobility", mobility(c.value, c.temperature, charge), c.temperature, c.symbol, "cm^2/V/s")
        )
    return rows


# ---- tables -------------------------------------------------------------------------------------------
def _coefficients_table(ready: Prepared, series: Series) -> Table:
    ordered = sorted(
        ready.reading.coefficients,
        key=lambda c: (CHANNELS.index(c.channel), list(KINDS).index(c.kind), c.kelvin or 0.0),
    )
    rows = tuple(
        (
            c.symbol,
            WHAT[c.channel],
            format_celsius(c.kelvin) if c.kelvin is not None else "not stated",
            format_quantity(c.value, "cm^2/s"),
            c.value.note if c.value.status != "determined" else c.relation,
            c.origin,
        )
        for c in ordered
    )
    present = {c.kind for c in ready.reading.coefficients}
    meaning = "; ".join(
        f"{Coefficient(k, '', ordered[0].value, None, '').symbol}: {text}"
        for k, text in KINDS.items()
        if k in present
    )
    caption = f"± is 1 standard deviation. {meaning}."
    if any("Nernst" in c.relation for c in ordered) and series.sample.carrier_density is not None:
        caption += f" Nernst-Einstein with n = {format_quantity(series.sample.carrier_density, 'cm^-3')}."
    if any(c.channel == "boundary" for c in ordered):
        caption += " Of boundaries (l/δ)D_gb is given, which stands in series with D_bulk."
    return Table(
        "coefficients",
        "Diffusion coefficients",
        ("Coefficient", "Of", "Temperature", "Value", "Relation", "From"),
        rows,
        caption,
    )


def _pairs_tables(ready: Prepared, options: TableOptions) -> tuple[Table, ...]:
    rows = []
    for a, b in itertools.combinations(_ordered(ready), 2):
        alike = (a.kind in SINGLE_ION) == (b.kind in SINGLE_ION)
        if a.channel != b.channel and not alike:
            continue
        for kelvin in a.temperatures if a.channel == b.channel else _one_temperature(a, b, options.tolerance):
            if not any(abs(kelvin - t) <= options.tolerance for t in b.temperatures):
                continue
            energy = a.line.slope if a.line else b.line.slope if b.line else None
            one, two = (c.at(kelvin, options.tolerance, energy).value for c in (a, b))
            ratio = one / two
            low, high = ratio.interval(0.95)
            rows.append(
                (
                    f"{a.symbol} / {b.symbol}",
                    format_celsius(kelvin),
                    format_quantity(ratio, "1"),
                    f"{format_number(low, 3)} – {format_number(high, 3)}" if math.isfinite(low) else "",
                    _meaning(a, b, ratio),
                )
            )
    if not rows:
        return ()
    caption = (
        f"At temperatures that agree within {options.temperature_tolerance}; shared errors cancel. Between"
        " channels: at the one nearest to 25 °C; not between D of single ions in one and D of charge in"
        " another channel, which is no Haven ratio."
    )
    if len(rows) > _MOST_PAIRS:
        caption += f" The first {_MOST_PAIRS} of {len(rows)}."
    return (
        Table(
            "pairs",
            "Ratios at equal temperature",
            ("Ratio", "Temperature", "Value", "95 % interval", "Meaning"),
            tuple(rows[:_MOST_PAIRS]),
            caption,
        ),
    )


def _ordered(ready: Prepared) -> list[Course]:
    return sorted(
        (c for c in ready.courses.values() if c.usable),
        key=lambda c: (CHANNELS.index(c.channel), list(KINDS).index(c.kind)),
    )


def _meaning(a: Course, b: Course, ratio: Estimate) -> str:
    different = differs(ratio, 1.0)
    said = "differ" if different else "agree within the errors"
    one = "not 1" if different else "1 within the errors"
    if ratio.status == "determined" and not has_error(ratio):
        said = one = "no error is stated"
    if a.channel == b.channel and a.kind in SINGLE_ION and b.kind in COLLECTIVE:
        return f"Haven ratio; {one}"
    if a.channel == b.channel:
        return f"two ways to the same; {said}"
    return f"{a.channel} against {b.channel}; {said}"


def _one_temperature(a: Course, b: Course, tolerance: float) -> list[float]:
    shared = [t for t in a.temperatures if any(abs(t - u) <= tolerance for u in b.temperatures)]
    return sorted(shared, key=lambda t: abs(t - 298.15))[:1]


def _lines_table(ready: Prepared) -> Table:
    rows = []
    for c in _ordered(ready):
        if c.line is None or c.energy is None or c.bend is None:
            continue
        rows.append(
            (
                c.symbol,
                str(len(c.line.points)),
                f"{format_celsius(c.temperatures[0])} – {format_celsius(c.temperatures[-1])}",
                format_quantity(in_electronvolt(c.energy), "1") + " eV",
                format_quantity(c.line.pre_exponential_factor, "cm^2/s"),
                c.curve.verdict if c.curve else "",
            )
        )
    return Table(
        "lines",
        "Arrhenius lines",
        ("Coefficient", "Points", "Range", "Activation energy", "Pre-exponential factor", "Curvature"),
        tuple(rows),
        "Lines of ln D against 1/kT, so that energies of D* and D_σ compare (ln(σT) gives the same as "
        "ln D_σ).",
    )


# ---- series model -------------------------------------------------------------------------------------
def series_predictions(ready: Prepared) -> list[tuple[str, FloatArray, FloatArray]]:
    """D_eff of bulk and boundaries in series along their lines, for single ions and for charge."""
    found = []
    for name, kinds in (
        ("series model, D*<sub>eff</sub>", SINGLE_ION),
        ("series model, D<sub>σ,eff</sub>", COLLECTIVE),
    ):
        bulks, edges = ready.of(kinds, "bulk"), ready.of(kinds, "boundary")
        bulk = next((c for c in bulks if c.curve is not None), None)
        edge = next((c for c in edges if c.curve is not None), None)
        if bulk is None or edge is None:
            continue
        cold = max(bulk.temperatures[0], edge.temperatures[0])
        hot = min(bulk.temperatures[-1], edge.temperatures[-1])
        if hot - cold < 5:
            continue
        kelvin = 1000 / np.linspace(1000 / hot, 1000 / cold, 41)
        pair = [(t, bulk.on_line(t).value.value, edge.on_line(t).value.value) for t in kelvin]
        known = np.array([p for p in pair if all(math.isfinite(x) for x in p)])
        if len(known):
            found.append((name, known[:, 0], series_diffusion(known[:, 1], known[:, 2])))
    return found


# ---- sentences ----------------------------------------------------------------------------------------
def _findings(
    ready: Prepared, found: Sequence[Comparison], verdicts: Sequence[Any], series: Series
) -> list[str]:
    told = findings(found, verdicts, series)
    return [*told, _which(ready), *_series_findings(ready), *_self_findings(ready), *ready.on_grains]


def _which(ready: Prepared) -> str:
    """Which D is this: one value of each, near room temperature."""
    texts = []
    for course in _ordered(ready):
        nearest = min(course.usable, key=lambda c: abs((c.kelvin or 0.0) - 298.15))
        texts.append(describe(nearest))
    bare = [
        describe(c) for c in ready.reading.coefficients if c.kelvin is None and c.value.status == "determined"
    ]
    if not texts and not bare:
        return "None of the coefficients is determined."
    return f"Which D is which, nearest to 25 °C: {'; '.join([*texts, *bare])}."


def _series_findings(ready: Prepared) -> list[str]:
    """Whether bulk and boundaries give the effective coefficient; what holds the ions back."""
    told = []
    for kinds in (SINGLE_ION, COLLECTIVE):
        parts = [next((c for c in ready.of(kinds, ch) if c.usable), None) for ch in CHANNELS]
        bulk, edge, whole = parts
        if bulk is None or edge is None:
            continue
        near = whole or edge
        kelvin = min(near.temperatures, key=lambda t: abs(t - 298.15))
        b, x = (c.at(kelvin).value for c in (bulk, edge))
        if b.status != "determined" or x.status != "determined":
            continue
        share = resistance_share(b, x)
        text = (
            f"At {format_celsius(kelvin)} grain boundaries make {format_quantity(share * 100.0, '1')} % of"
            " the "
        )
        text += f"resistance to {'single ions' if kinds == SINGLE_ION else 'charge'}"
        if whole is not None:
            predicted = propagate(series_diffusion, b, x, dimension=dimension_of("m^2/s"), scale="log")
            compare = agreement(predicted, whole.at(kelvin).value)
            text += f"; bulk and boundaries in series give {format_quantity(predicted, 'cm^2/s')}, which "
            text += compare.sentence
            if any(FROM_EFFECTIVE in c.origin for c in edge.usable):
                text += " (no test: the boundaries' value was taken from D_eff itself)"
        told.append(f"{text}.")
    return told


def _self_findings(ready: Prepared) -> list[str]:
    """Whether two techniques agree that see single ions, or charge, in one channel (D_CAIT against D_σ)."""
    told = []
    for channel, kinds in itertools.product(CHANNELS, (SINGLE_ION, COLLECTIVE)):
        for a, b in itertools.combinations([c for c in ready.of(kinds, channel) if c.usable], 2):
            kelvin = _where_both(a, b)
            found = agreement(a.at(kelvin).value, b.at(kelvin).value)
            if found.agrees is not None:
                told.append(
                    f"{a.symbol} {'agrees with' if found.agrees else 'differs from'} {b.symbol} at "
                    f"{format_celsius(kelvin)}: {format_quantity(found.ratio, '1')} times it."
                )
    return told


def _where_both(a: Course, b: Course) -> float:
    """The temperature [K] of one that is nearest to the other's; of the one that has no line, if one has."""
    lone, other = (b, a) if b.line is None and a.line is not None else (a, b)
    return min(lone.temperatures, key=lambda t: min(abs(t - u) for u in other.temperatures))
