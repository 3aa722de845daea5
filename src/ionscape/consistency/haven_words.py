"""What `consistency.haven_ratio` and `consistency.table` say about Haven ratios: sentences and tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ionscape.consistency.coefficients import ONE_CRYSTAL
from ionscape.consistency.comparison import ROOM, Comparison, relative_spread
from ionscape.consistency.judgement import UNSTATED, Verdict, has_error
from ionscape.consistency.options import HavenRatioOptions
from ionscape.consistency.preparation import WHAT
from ionscape.consistency.ratios import Ratio, differs, effect_of_energy
from ionscape.core.number_format import format_celsius, format_number, format_quantity
from ionscape.core.outcome import Table
from ionscape.core.registry import Series


def findings(
    found: Sequence[Comparison], verdicts: Sequence[tuple[str, Verdict]], series: Series
) -> list[str]:
    """H_R and verdict of each channel first, then what temperature does."""
    known = {c.name: c for c in found if c.best[0] is not None and c.best[0].status == "determined"}
    first = []
    for name, answer in verdicts:
        if name in known and answer.word != "refuse":
            reasons = "; ".join(text for text in answer.reasons if not text.startswith("H_R ="))
            first.append(f"{_ratio_finding(known[name])}. Nernst-Einstein: {answer.word}; {reasons}.")
            continue
        first += [f"{_ratio_finding(c)}." for c in found if c.name == name]
        first.append(f"{_named(name)}{answer.sentence}")
    return [*first, *(text for c in found for text in _more(c, series))]


def _named(name: str) -> str:
    return f"{name[:1].upper() + name[1:]}: " if name else ""


def _ratio_finding(c: Comparison) -> str:
    ratio, place = c.best
    if ratio is None or ratio.status != "determined":
        return f"No Haven ratio of the {WHAT[c.channel]}: {ratio.note if ratio else 'nothing to compare'}"
    low, high = ratio.interval(0.95)
    return (
        f"Haven ratio of the {WHAT[c.channel]} {place}: {c.symbol} = "
        f"{format_quantity(ratio, '1')} (95 %: {format_number(low, 3)} to {format_number(high, 3)})"
    )


def _more(c: Comparison, series: Series) -> list[str]:
    told: list[str] = []
    if c.difference.status == "determined":
        difference = format_quantity(c.difference, "eV")
        energies = f"E({c.single.symbol}) − E({c.collective.symbol})"
        if differs(c.difference):
            trend = "rises" if c.difference.value > 0 else "falls"
            told.append(f"H_R ({c.name}) {trend} on heating: {energies} = {difference}, different from zero.")
        else:
            told.append(
                f"No temperature dependence of H_R ({c.name}) beyond the errors: {energies} = {difference}."
            )
    if c.separate is not None:
        told += [_on_lines(c, r) for r in c.lines]
    ratio = c.best[0]
    mixed = series.sample.morphology not in ONE_CRYSTAL and c.channel == "effective"
    if ratio is not None and ratio.status == "determined" and series.sample.carrier_density is not None:
        carriers = series.sample.carrier_density / ratio
        correlated = has_error(ratio) and ratio.interval(0.95)[1] < 1 and not mixed
        more = ", more than the sample holds means correlated motion" if correlated else ""
        told.append(
            f"Apparent carrier density ({c.name}): {format_quantity(carriers, 'cm^-3')}, against"
            f" {format_quantity(series.sample.carrier_density, 'cm^-3')} in the sample: n/H_R is no count"
            f"{more}."
        )
    if mixed and ratio is not None and ratio.status == "determined":
        told.append(
            "H_R over many grains mixes that of the bulk with that of the boundaries, each by its share in"
            " the resistance: it drifts from one to the other as temperature changes the shares."
        )
    if c.channel == "boundary" and c.collective.kind == "D_sigma":
        told.append(BOUNDARY_DENSITY)
    return told


def composite(c: Comparison, found: Sequence[Comparison], series: Series) -> str:
    """What H_R over many grains is; empty for one channel. With D = 1/Σr, H_R = Σ (r*/Σr*) H_R of each."""
    if c.channel != "effective" or series.sample.morphology in ONE_CRYSTAL:
        return ""
    parts = {
        x.channel: format_quantity(x.best[0], "1")
        for x in reversed(found)
        if x.channel != "effective" and x.best[0] is not None and x.best[0].status == "determined"
    }
    known = ", ".join(f"{part} {parts.get(part, 'not known')}" for part in ("bulk", "boundary") if parts)
    return (
        "it is a composite of bulk and grain boundaries, each weighted by its share in the resistance to"
        f" single ions, and no correlation factor ({known or 'measure both, each by itself'})"
    )


BOUNDARY_DENSITY = (
    "At the boundary D_σ is computed with the carrier density of the bulk. In a depleted boundary (n_gb < n)"
    " both the tracer's flux and the current are smaller by n_gb/n, so that D*_gb and D_σ,gb are both larger"
    " by n/n_gb and H_R stays; correcting only one of them would change H_R by that factor."
)


def _on_lines(c: Comparison, r: Ratio) -> str:
    if r.ratio.status != "determined":
        return f"No H_R ({c.name}) at {format_celsius(r.kelvin or ROOM)} from the lines: {r.ratio.note}."
    text = (
        f"From the lines at {format_celsius(r.kelvin or ROOM)}: H_R ({c.name}) ="
        f" {format_quantity(r.ratio, '1')}"
    )
    if not r.extrapolated:
        return f"{text} ({r.how})."
    worse = c.single if r.single.extrapolated >= r.collective.extrapolated else c.collective
    known = worse.temperatures
    middle = 2 / (1 / known[0] + 1 / known[-1])
    factor = effect_of_energy(0.01, r.kelvin or ROOM, middle)
    return (
        f"{text}, {r.how}: every 0.01 eV of error in an activation energy changes it {factor:.2f} times,"
        " which is in the error."
    )


def warnings_of(c: Comparison, options: HavenRatioOptions) -> list[str]:
    """What would make H_R wrong."""
    told = []
    ratio, _ = c.best
    if ratio is not None and has_error(ratio) and ratio.interval(0.95)[0] > 1:
        told.append(
            f"H_R ({c.name}) = {format_quantity(ratio, '1')} is above 1 beyond its error: too large a carrier"
            " density n, different channels, a D* that is overestimated (meniscus, fast paths), or a"
            " conductivity that is underestimated (contacts, cracks); electrons would make it smaller"
        )
    if ratio is not None and has_error(ratio) and c.nearest is not None:
        pair = ((c.single, c.nearest.single), (c.collective, c.nearest.collective))
        told += [
            f"{course.symbol} is stated without an uncertainty: the interval of H_R ({c.name}) is too narrow"
            " by it"
            for course, found in pair
            if relative_spread(found.value) < UNSTATED
        ]
    if c.bends:
        bent = " and ".join(x.symbol for x in (c.single, c.collective) if x.bends)
        told.append(
            f"{bent} bends over temperature: the difference of activation energies is an average over the "
            "temperatures at hand"
        )
    if options.cait_convention == "2 D*" and c.collective.kind == "D_CAIT":
        told.append("D_CAIT = 2 D* and D_CAIT as D_σ contradict each other")
    return told


# ---- tables -------------------------------------------------------------------------------------------
def tables(found: Sequence[Comparison], verdicts: Sequence[tuple[str, Verdict]]) -> tuple[Table, ...]:
    """Ratios with what they were made of; energies; verdicts."""
    return tuple(t for t in (_ratios_table(found), _energies_table(found), verdict_table(verdicts)) if t.rows)


def _ratios_table(found: Sequence[Comparison]) -> Table:
    rows = []
    for c in found:
        for r in (*c.points, *c.lines):
            low, high = r.ratio.interval(0.95)
            span = f"{format_number(low, 3)} – {format_number(high, 3)}" if math.isfinite(low) else ""
            rows.append(
                (
                    c.name,
                    format_celsius(r.kelvin) if r.kelvin is not None else "",
                    format_quantity(r.single.value, "cm^2/s"),
                    format_quantity(r.collective.value, "cm^2/s"),
                    format_quantity(r.ratio, "1"),
                    span,
                    ("lines: " if r.lines else "") + r.how,
                )
            )
    return Table(
        "ratios",
        "Haven ratios",
        ("Channel", "Temperature", "D*", "D_σ", "H_R", "95 % interval", "From"),
        tuple(rows),
        "± is 1 standard deviation with all errors that D* and D_σ share. D* stands for D_NMR or D_MD, and"
        " D_σ for D_CAIT, where the channel says so; of boundaries both are (l/δ)D_gb.",
    )


def _energies_table(found: Sequence[Comparison]) -> Table:
    rows = []
    for c in found:
        if c.separate is None or c.common is None:
            continue
        rows.append(
            (
                c.name,
                format_quantity(c.separate.energy(0), "eV"),
                format_quantity(c.separate.energy(1), "eV"),
                format_quantity(c.difference, "eV"),
                "yes" if differs(c.difference) else "no",
                format_quantity(c.common.ratio(), "1"),
                format_quantity(c.common.energy(), "eV"),
                format_quantity(c.separate.ratio(), "1"),
            )
        )
    return Table(
        "energies",
        "Temperature dependence",
        (
            "Channel",
            "E(D*)",
            "E(D_σ)",
            "E(D*) − E(D_σ)",
            "Different?",
            "H_R with one E",
            "that E",
            "Ratio of separate pre-factors",
        ),
        tuple(rows),
        "E from ln D against 1/kT, both lines fitted together. The ratio of separate pre-factors is H_R"
        " extrapolated to infinite temperature: 0.01 eV in one energy changes it 1.5 times at room"
        " temperature. With one E for both it is H_R itself.",
    )


def verdict_table(verdicts: Sequence[tuple[str, Verdict]]) -> Table:
    """The answers with all their reasons."""
    rows = tuple((name or "all", v.word, "; ".join(v.reasons), "; ".join(v.settle)) for name, v in verdicts)
    return Table(
        "verdicts",
        "May the Nernst-Einstein relation be used?",
        ("Channel", "Verdict", "Reasons", "What would settle it"),
        rows,
        "use: H_R cannot be told from 1; use with H_R: with the Haven ratio and its error; refuse: what is "
        "at hand does not tell. Looked at, without weight: "
        f"{'; '.join(dict.fromkeys(text for _, v in verdicts for text in v.context))}.",
    )
