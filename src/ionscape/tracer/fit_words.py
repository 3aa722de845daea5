"""What the fits of a measurement's profiles say, in sentences and tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ionscape.core.estimate import Estimate
from ionscape.core.number_format import format_celsius, format_name, format_number, format_quantity
from ionscape.core.outcome import Table
from ionscape.core.quantity import field_unit
from ionscape.tracer.fast_boundary import SMALLEST_BETA, le_claire
from ionscape.tracer.profile_fit import ProfileFit
from ionscape.tracer.profile_models import FLUX, INITIAL, LAYER, PRODUCT, SOURCE, SPACING

_UNITS = {FLUX: "cm/s", PRODUCT: "cm^3/s", LAYER: "um", SPACING: "um", "surface_position": "um"}
TAIL_FROM = 6.0  # depth in diffusion lengths from which grains no longer matter


def fit_findings(
    fits: Mapping[int, ProfileFit], channels: Mapping[int, tuple[str, str]],
    temperatures: Mapping[int, Estimate | None], labels: Mapping[int, str], *, several: bool = False,
) -> tuple[str, ...]:  # fmt: skip
    """The coefficients first, then why this model; with the profiles' names where there are ``several``."""
    findings = []
    for i, fit in fits.items():
        prefix = f"for {labels[i]}, " if several else ""
        findings.append(prefix + _coefficient(fit, channels[i], temperatures[i]))
    for i, fit in fits.items():
        prefix = f"for {labels[i]}: " if several else ""
        findings += [prefix + reason for reason in fit.reasons]
        findings += [prefix + text for text in _boundaries(fit)]
    if any(channel == "effective" for channel, _ in channels.values()):
        findings.append("an effective coefficient holds over many grains; where boundaries block, it is "
                        "far below "
                        "that of the grains and says nothing of them alone")  # fmt: skip
    return tuple(f"{text[:1].upper()}{text[1:]}." for text in dict.fromkeys(findings))


def _coefficient(fit: ProfileFit, channel: tuple[str, str], at: Estimate | None) -> str:
    """Which coefficient, its value, temperature, and model."""
    name, why = channel
    which = f"{name} " if name else ""
    where = f" at {format_celsius(at.value)}" if at is not None else ""
    free = ", the surface's position fitted" if fit.candidates and fit.candidates[0].free_surface else ""
    text = (f"the {which}tracer diffusion coefficient {_valued(fit.diffusion_coefficient)}{where} "
            f"(model '{fit.model}'{free})")  # fmt: skip
    if fit.diffusion_coefficient.status != "determined":
        text += f": {fit.diffusion_coefficient.note}"
    if not name:
        return text
    kind = "effective" if name == "effective" else f"of the {name}"
    return f"{text}; it is {kind}" + (" as stated" if why == "stated" else f" because {why}")


def _valued(found: Estimate) -> str:
    """D* with its verb, as its status asks for."""
    shown = format_quantity(found, "cm^2/s")
    if found.status == "determined":
        return f"is D* = {shown}"
    return "D* is undetermined" if found.status != "bound" else f"is D* {shown}"


def _boundaries(fit: ProfileFit) -> list[str]:
    """Of a fast tail: beta, and what Le Claire's slope gives beside the exact fit."""
    product = fit.parameters.get(PRODUCT)
    if product is None or product.status != "determined":
        return []
    d = fit.diffusion_coefficient.value
    beta = product.value / (2 * d * math.sqrt(d * fit.time))
    text = (f"grain boundaries are fast: s δ D_gb = {format_quantity(product, 'cm^3/s')} (exact Whipple "
            "solution, "
            f"β = {format_number(beta, 2)})")  # fmt: skip
    slope = _tail_slope(fit, beta)
    if slope < 0:
        straight = le_claire(slope, fit.time, d)
        text += f"; Le Claire's slope of the tail gives {format_number(straight.product * 1e6, 3)} cm³/s"
    if beta < SMALLEST_BETA:
        text += f", which does not hold at β below {SMALLEST_BETA:g}"
    return [text]


def _tail_slope(fit: ProfileFit, beta: float) -> float:
    """d ln C/d x^(6/5) where Le Claire's condition x > 2 sqrt(beta Dt) holds; nan with too few points."""
    initial = fit.parameters.get(INITIAL)
    base = (
        initial.value
        if initial is not None and initial.status == "determined"
        else fit.given.get(INITIAL, 0.0)
    )
    excess = fit.fraction - base
    length = math.sqrt(fit.diffusion_coefficient.value * fit.time)
    tail = (fit.position > max(TAIL_FROM, 2 * math.sqrt(beta)) * length) & (excess > 3 * fit.deviation)
    if np.count_nonzero(tail) < 4:
        return math.nan
    weights = excess[tail] / fit.deviation[tail]
    return float(np.polyfit(fit.position[tail] ** 1.2, np.log(excess[tail]), 1, w=weights)[0])


def fit_tables(fits: Mapping[int, ProfileFit], labels: Mapping[int, str]) -> tuple[Table, ...]:
    """Parameters of every profile, and the models that were compared."""
    tables = (_parameters(fits, labels), _models(fits, labels))
    return tables if len(fits) > 1 else tuple(_without_names(table) for table in tables)


def _without_names(table: Table) -> Table:
    """Without the column of profiles, of which there is one."""
    return replace(table, columns=table.columns[1:], rows=tuple(row[1:] for row in table.rows))


def _parameters(fits: Mapping[int, ProfileFit], labels: Mapping[int, str]) -> Table:
    rows = []
    for i, fit in fits.items():
        for name, estimate in fit.parameters.items():
            unit = _UNITS.get(name) or field_unit(name, estimate.dimension)
            rows.append(
                (labels[i], fit.model, format_name(name), format_quantity(estimate, unit), estimate.note)
            )
        for name, value in fit.given.items():
            pure = name in (INITIAL, SOURCE)
            shown = format_number(value) if pure else f"{format_number(value * 1e6)} µm"
            rows.append((labels[i], fit.model, format_name(name), shown, "given"))
    head = ("Profile", "Model", "Parameter", "Value", "Note")
    caption = "Uncertainties are 1 standard deviation."
    return Table("parameters", "Parameters of the profiles", head, tuple(rows), caption)


def _models(fits: Mapping[int, ProfileFit], labels: Mapping[int, str]) -> Table:
    rows = []
    for i, fit in fits.items():
        for entry in fit.candidates:
            d = Estimate(entry.diffusion_coefficient, fit.diffusion_coefficient.dimension, "log",
                         {"own": entry.deviation} if math.isfinite(entry.deviation) else {})  # fmt: skip
            rows.append((
                labels[i], entry.title, str(entry.n_parameters), format_number(entry.rms, 3),
                f"{entry.bic:.1f}", f"{entry.aicc:.1f}", format_quantity(d, "cm^2/s"),
                f"{entry.correlation:.2f}", format_number(entry.chance_of_runs, 2),
            ))  # fmt: skip
    head = ("Profile", "Model", "Fitted", "rms", "ΔBIC", "ΔAICc", "D*", "Neighbours", "Runs")
    return Table("models", "Models compared", head, tuple(rows),
                 "The chosen model first. Neighbours: correlation of neighbouring residuals. Runs: "
                 "probability of so few changes of sign by chance. D* with the deviation from the "
                 "curvature at the best "
                 "fit.")  # fmt: skip


__all__ = ["fit_findings", "fit_tables"]
