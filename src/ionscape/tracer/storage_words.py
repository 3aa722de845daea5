"""What a storage fit says, in sentences and in the table of contents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ionscape.core.estimate import Estimate
from ionscape.core.number_format import (
    format_celsius,
    format_number,
    format_quantity,
    format_value,
    with_unit,
)
from ionscape.core.outcome import Table
from ionscape.core.wording import listed
from ionscape.tracer.storage_checks import Content, Displaced, LineTest, reaches_end
from ionscape.tracer.storage_estimates import StorageEstimates
from ionscape.tracer.storage_fit import StorageFit
from ionscape.tracer.storage_marginal import Marginal
from ionscape.tracer.storage_scatter import SIGNIFICANT

NOISY = 1.15  # scatter over counting noise from which it is told
_FACTOR = {"mm": 1e3, "µm": 1e6, "nm": 1e9}


@dataclass(frozen=True)
class StorageReport:
    """A storage fit with all that was found beside it; the first profile's label comes first."""

    fit: StorageFit
    estimates: StorageEstimates
    labels: Sequence[str]
    channel: tuple[str, str]
    contents: tuple[Content, ...]
    disagreements: tuple[float, ...]
    displaced: Displaced | None
    stated_length: bool
    notes: tuple[str, ...] = ()
    line: LineTest | None = None


def length_unit(length: float) -> tuple[str, float]:
    """Unit for lengths up to that [m], and what to multiply metres by."""
    unit = "mm" if length >= 1e-3 else "µm" if length >= 1e-6 else "nm"
    return unit, _FACTOR[unit]


def storage_findings(report: StorageReport) -> tuple[str, ...]:
    """The answers, most important first."""
    fit, found = report.fit, report.estimates
    values = [f"{_valued(one)} at {format_celsius(t)}"
              for t, one in zip(fit.temperatures, found.diffusion, strict=True)]  # fmt: skip
    answer = f"D* {listed(values)}{_channel_text(report)}"
    if fit.activation_energy is not None and found.activation_energy.status == "determined":
        answer += f"; activation energy {format_quantity(found.activation_energy, 'eV')}, "
        answer += f"D₀ = {format_quantity(found.prefactor, 'cm^2/s')}"
    if any(abs(deviation) > SIGNIFICANT for deviation in report.disagreements):
        answer += ", but the later profiles contradict each other"
        if fit.contradiction:
            answer += " (the uncertainty includes their differences)"
    lines = [f"{answer}."]
    lines += [f"At {format_celsius(t)}: {one.note}." for t, one in
              zip(fit.temperatures, found.diffusion, strict=True) if one.status != "determined"]  # fmt: skip
    if fit.activation_energy is not None and found.activation_energy.status != "determined":
        energy = found.activation_energy
        lines.append(f"Activation energy {format_quantity(energy, 'eV')}: {energy.note}.")
    lines += _line_text(report)
    alone = [_alone_text(fit, k) for k in range(len(fit.theta))]
    if len(fit.temperatures) == 1 and fit.law.kind == "constant" and not fit.law.energy and len(alone) > 1:
        each = [f"{label} {text}" for label, text in zip(report.labels[1:], alone, strict=True)]
        lines.append(f"Each later profile alone: {', '.join(each)}.")
    return tuple(lines)


def _valued(found: Estimate) -> str:
    """With ``=``, with the sign of a bound, or as undetermined."""
    if found.status == "determined":
        return f"= {format_quantity(found, 'cm^2/s')}"
    return format_quantity(found, "cm^2/s") if found.status == "bound" else "is undetermined"


def _channel_text(report: StorageReport) -> str:
    channel, reason = report.channel
    if not channel:
        return ""
    return f" ({channel}, as the study states)" if reason == "stated" else f" ({channel}: {reason})"


def _line_text(report: StorageReport) -> list[str]:
    """What the test of the straight line in 1/T says."""
    line = report.line
    if line is None:
        return []
    tested = f"χ² = {format_number(line.square, 3)}, degrees of freedom: {line.freedom}"
    if not line.rejected:
        return [f"A straight line of ln D in 1/T describes all temperatures ({tested})."]
    if report.fit.law.kind == "free":
        return [f"No straight line of ln D in 1/T describes these temperatures ({tested}): each D is fitted "
                "separately, and there is no one activation energy."]  # fmt: skip
    each = [f"{with_unit(format_value(1e4 * d, 1e4 * d * sd), 'cm^2/s')} at {format_celsius(t)}" for t, d, sd
            in zip(line.temperatures, np.exp(line.logs), line.spreads, strict=True)]  # fmt: skip
    return [f"Fitted separately: {', '.join(each)}."]


def _alone_text(fit: StorageFit, k: int) -> str:
    """D that a later profile gives alone, where its storage was at one temperature."""
    unit = float(fit.theta[k] / math.exp(fit.diffusion[0].value)) if fit.diffusion else math.nan
    return _printed(fit.alone[k], unit)


def _printed(found: Marginal, unit: float) -> str:
    """exp(value)/unit in cm^2/s."""
    if found.status != "determined":
        bound = found.upper if found.upper is not None else found.lower
        if bound is None or math.isnan(bound):
            return "undetermined"
        sign = "<" if found.upper is not None else ">"
        return with_unit(f"{sign} {format_number(1e4 * math.exp(bound) / unit, 2)}", "cm^2/s")
    value = 1e4 * math.exp(found.value) / unit
    return with_unit(format_value(value, value * found.spread), "cm^2/s")


def storage_warnings(report: StorageReport) -> tuple[str, ...]:
    """What would make the result wrong."""
    fit = report.fit
    told = [*report.notes, *_content_warnings(report)]
    for label, deviation in zip(report.labels[1:], report.disagreements, strict=True):
        if abs(deviation) > SIGNIFICANT:
            told.append(f"{label} alone asks for {'more' if deviation > 0 else 'less'} diffusion than all "
                        f"profiles "
                        f"together, by {abs(deviation):.1f} standard deviations: one D(T) does not "
                        f"describe all "
                        "profiles")  # fmt: skip
    told += _displacement_warning(report)
    if report.line is not None and report.line.rejected and fit.law.kind == "arrhenius":
        told.append(f"a straight line of ln D in 1/T does not describe these temperatures (χ² = "
                    f"{format_number(report.line.square, 3)}, freedom {report.line.freedom}): leave out "
                    "'law: arrhenius' for a D at each temperature")  # fmt: skip
    if fit.scatter > NOISY:
        told.append(f"the points scatter {fit.scatter:.2g} times as much as counting explains (grains, or "
                    f"steps at "
                    "their boundaries): the uncertainties include it")  # fmt: skip
    closed = not fit.initial.modes.held[1]
    if closed and not report.stated_length and abs(reaches_end(fit)) > SIGNIFICANT:
        told.append("the fraction changes at the last position, where the sample is taken to end: state "
                    "'sample_length' if it goes on")  # fmt: skip
    if not report.channel[0]:
        told.append(f"whether D* is of the grains or effective cannot be told: {report.channel[1]}")
    return tuple(told)


def _content_warnings(report: StorageReport) -> list[str]:
    if any(report.fit.initial.modes.held):
        return []
    told = []
    for label, content in zip(report.labels[1:], report.contents, strict=True):
        if not content.deviates:
            continue
        share, spread = 100 * content.excess / content.before, 100 * content.spread / content.before
        told.append(f"{label}: ∫C dx is {format_value(abs(share), spread)} % "
                    f"{'larger' if share > 0 else 'smaller'} "
                    f"than in {report.labels[0]} and what diffused explain: tracer came or went, or a "
                    f"background or "
                    "mass discrimination is not corrected; D rests on its conservation")  # fmt: skip
    return told


def _displacement_warning(report: StorageReport) -> list[str]:
    found, fit = report.displaced, report.fit
    if found is None or not found.significant:
        return []
    moved = ", ".join(f"{label} by {format_number(1e6 * d, 2)} µm"
                      for label, d in zip(report.labels[1:], found.displacement, strict=True))  # fmt: skip
    change = 100 * math.expm1(float(found.values[0]) - fit.diffusion[0].value) if fit.diffusion else math.nan
    effect = f", which changes D by {format_number(change, 2)} %" if math.isfinite(change) else ""
    return [f"the profiles fit better displaced against {report.labels[0]} ({moved}){effect}: state "
            f"'displacement' "
            "if cut or mount may have moved"]  # fmt: skip


def storage_tables(report: StorageReport) -> tuple[Table, ...]:
    """Contents of every profile, and how the profiles agree."""
    return _content_table(report), _agreement_table(report)


def _content_table(report: StorageReport) -> Table:
    unit, factor = length_unit(report.fit.initial.modes.length)
    rows = []
    for label, content in zip(report.labels[1:], report.contents, strict=True):
        ends = [format_number(factor * end, 3) for end in (content.low, content.high)]
        expected = content.expected if abs(content.expected) > 1e-9 * content.before else 0.0
        excess = format_value(factor * content.excess, factor * content.spread)
        rows.append((
            label, f"{ends[0]} – {ends[1]} {unit}", format_number(factor * content.before, 4),
            format_number(factor * content.after, 4), format_number(factor * expected, 2), excess,
        ))  # fmt: skip
    head = ("Profile", "Range", f"Before [{unit}]", f"After [{unit}]", f"Expected change [{unit}]",
            f"Unexplained [{unit}]")  # fmt: skip
    return Table("contents", "Is the tracer conserved? ∫C dx", head, tuple(rows),
                 "Integrals over the positions that a later profile has in common with the first; what is "
                 "expected "
                 "to diffuse out of that range is allowed for. Uncertainty: counting, 1 SD.")  # fmt: skip


def _agreement_table(report: StorageReport) -> Table:
    fit = report.fit
    unit, factor = length_unit(fit.initial.modes.length)
    rows = []
    for k, label in enumerate(report.labels[1:]):
        moved, spread = 1e6 * float(fit.displacement[k]), 1e6 * float(fit.displacement_sd[k])
        rows.append((
            label, _root(fit.alone[k], factor), format_number(factor * math.sqrt(fit.theta[k]), 4),
            f"{report.disagreements[k]:+.1f} SD".replace("-", "−"),
            f"{format_value(moved, spread)} µm" if spread else "none assumed",
        ))  # fmt: skip
    head = ("Profile", f"√(∫D dt) alone [{unit}]", f"All together [{unit}]", "Difference", "Displacement")
    return Table("agreement", "Do the later profiles agree?", head, tuple(rows),
                 "Alone: from the first profile and this one. Displacement: against the first.")  # fmt: skip


def _root(found: Marginal, factor: float) -> str:
    """sqrt(theta) that one later profile gives alone."""
    if found.status == "determined":
        root = factor * math.exp(found.value / 2)
        return format_value(root, root * found.spread / 2)
    limit = found.upper if found.upper is not None else found.lower
    if limit is None or math.isnan(limit):
        return "undetermined"
    return f"{'<' if found.upper is not None else '>'} {format_number(factor * math.exp(limit / 2), 2)}"


__all__ = ["StorageReport", "length_unit", "storage_findings", "storage_tables", "storage_warnings"]
