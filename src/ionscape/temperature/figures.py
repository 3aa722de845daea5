"""The Arrhenius plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ionscape.core.figure import GREY, PALETTE, axis, band, layout, symbol, trace
from ionscape.core.number_format import format_celsius, format_name
from ionscape.core.outcome import Figure
from ionscape.core.quantity import unit_scale
from ionscape.temperature.curved_model import curve
from ionscape.temperature.model_choice import Comparison
from ionscape.temperature.points import FloatArray
from ionscape.temperature.straight_line import ArrheniusFit

Drawn = tuple[str, ArrheniusFit, Comparison, str]
"""Quantity, its line, its bend, the unit of the quantity."""

_CAPTION = (
    "Points with 1 standard deviation (shared errors included), the line of generalised least squares with "
    "its 95 % band (solid over the data, dashed beyond); open symbols: values at the temperatures asked for. "
    "{curves}Below: residuals from the line with the error that is each point's own."
)


_LEGEND = {"x": 0.99, "y": 0.99, "xanchor": "right", "yanchor": "top", "bgcolor": "rgba(255,255,255,0.7)"}


def arrhenius_figure(results: Sequence[Drawn]) -> list[Figure]:
    """One figure for each kind of quantity among the results that have a line (σT apart from D)."""
    kinds: dict[tuple[str, str], list[Drawn]] = {}
    for drawn in results:
        if drawn[1].solution is not None:
            kinds.setdefault((drawn[1].points.form.text, drawn[3]), []).append(drawn)
    return [_figure(group, i) for i, group in enumerate(kinds.values())]


def _figure(group: Sequence[Drawn], number: int) -> Figure:
    data: list[dict[str, Any]] = []
    bent = [d for d in group if d[2].preferred != "straight"]
    for i, drawn in enumerate(group):
        data += _one(drawn, PALETTE[i % len(PALETTE)], symbol(i))
    inverse = np.concatenate([_extent(line) for _, line, _, _ in group])
    margin = 0.04 * np.ptp(inverse)
    span = (float(inverse.min() - margin), float(inverse.max() + margin))
    data.append(trace([inverse.min()], [math.nan], "", legend=False, axes=("x2", "y")))
    names = ", ".join(format_name(name) for name, *_ in group)
    bent_names = ", ".join(format_name(d[0]) for d in bent)
    curves = f"Dotted: the curved model preferred for {bent_names}. " if bent else ""
    return Figure(
        name="arrhenius" if number == 0 else f"arrhenius_{number + 1}",
        title=f"Arrhenius plot: {names}",
        caption=_CAPTION.format(curves=curves),
        plot={"data": data, "layout": _layout(group[0], span)},
    )


def _extent(line: ArrheniusFit) -> FloatArray:
    return 1000 / np.concatenate([line.points.temperature, [kelvin for kelvin, _ in line.values]])


def _log_shift(line: ArrheniusFit, unit: str) -> float:
    """log10 of the SI value of the plotted unit, without kelvin."""
    factor, _, _ = unit_scale(unit)
    return math.log10(factor) if line.points.dimension == unit_scale(unit)[2] else 0.0


def _one(drawn: Drawn, colour: str, marker: str) -> list[dict[str, Any]]:
    name, line, bend, unit = drawn
    label, shift, sign = format_name(name), _log_shift(line, unit), line.points.form.sign
    points = line.points
    assert line.solution is not None
    y = sign * points.y / math.log(10) - shift
    total = np.sqrt((points.weights(line.slope) ** 2).sum(axis=1)) / math.log(10)
    own = np.sqrt(points.own_variance(line.slope)) * 100
    x = 1000 / points.temperature
    hover = [f"{label}<br>{format_celsius(t)}" for t in points.temperature]
    traces = [*_line(line, label, colour, shift), *_wanted(line, label, colour, marker, shift)]
    traces += _curves(line, bend, label, shift)
    traces.append(trace(x, y, label, colour=colour, marker=marker, error_y=(total, total), hover=hover))
    residuals = 100 * sign * line.solution.residuals
    traces.append(trace(x, residuals, label, colour=colour, marker=marker, error_y=(own, own), legend=False,
                        hover=hover, axes=("x", "y2")))  # fmt: skip
    return traces


def _line(line: ArrheniusFit, label: str, colour: str, shift: float) -> list[dict[str, Any]]:
    ends = _extent(line)
    inverse = np.linspace(ends.min(), ends.max(), 61)
    best, low, high = (v / math.log(10) - shift for v in line.line(1000 / inverse))
    hot, cold = 1000 / line.points.temperature[-1], 1000 / line.points.temperature[0]
    inside = (inverse >= hot - 1e-9) & (inverse <= cold + 1e-9)
    over = np.unique(np.concatenate([[hot, cold], inverse[inside]]))
    solid = np.interp(over, inverse, best)
    return [
        band(inverse, low, high, f"{label}, 95 %", colour=colour, legend=False),
        trace(inverse, best, label, mode="lines", colour=colour, dash="dash", legend=False),
        trace(over, solid, label, mode="lines", colour=colour, legend=False),
    ]


def _wanted(line: ArrheniusFit, label: str, colour: str, marker: str, shift: float) -> list[dict[str, Any]]:
    known = [(t, e) for t, e in line.values if e.status == "determined"]
    if not known:
        return []
    kelvin = np.array([t for t, _ in known])
    log_t = np.log10(kelvin) if line.points.form.times_temperature else np.zeros_like(kelvin)
    y = np.array([math.log10(e.value) for _, e in known]) + log_t - shift
    ends = [e.interval(0.6826894921370859) for _, e in known]
    up = np.array([math.log10(high) for _, high in ends]) + log_t - shift - y
    down = y - (np.array([math.log10(low) for low, _ in ends]) + log_t - shift)
    hover = [f"{label} at {format_celsius(t)}" for t in kelvin]
    return [trace(1000 / kelvin, y, label, colour=colour, marker=f"{marker}-open", size=9, legend=False,
                  error_y=(up, down), hover=hover)]  # fmt: skip


def _curves(line: ArrheniusFit, bend: Comparison, label: str, shift: float) -> list[dict[str, Any]]:
    preferred = bend.candidate(bend.preferred)
    if preferred is None or preferred.fit is None:
        return []
    ends = _extent(line)
    inverse = np.linspace(ends.min(), ends.max(), 121)
    y = line.points.form.sign * curve(preferred.fit.model, 1000 / inverse, preferred.fit.coefficients)
    y = np.where(np.abs(y) < 200, y, np.nan)
    name = f"{label}, {preferred.text}"
    return [trace(inverse, y / math.log(10) - shift, name, mode="lines", colour=GREY, dash="dot", width=2)]


def _layout(drawn: Drawn, span: tuple[float, float]) -> dict[str, Any]:
    _, line, _, unit = drawn
    letters = {"ln sigma T": "σT", "ln sigma": "σ", "ln D": "D", "ln eta": "η"}
    letter = letters.get(line.points.form.name, "x")
    shown = unit.replace("/", " K/", 1) if line.points.form.times_temperature else unit
    ticks = _celsius_ticks(span)
    top = axis(
        "temperature / °C", overlaying="x", matches="x", side="top", anchor="y", showgrid=False, mirror=False,
        tickvals=[1000 / (t + 273.15) for t in ticks], ticktext=[f"{t:g}" for t in ticks],
    )  # fmt: skip
    return layout(
        axis("1000 K / T", anchor="y2", range=list(span), mirror="all"),
        axis(f"log₁₀({letter} / {shown})", domain=[0.3, 1.0], anchor="x"),
        height=520, margin={"l": 70, "r": 20, "t": 55, "b": 55}, legend=_LEGEND,
        xaxis2=top | {"range": list(span)},
        yaxis2=axis("residual / %", domain=[0.0, 0.22], anchor="x", zeroline=True, zerolinecolor="#999"),
    )  # fmt: skip


def _celsius_ticks(span: tuple[float, float]) -> list[float]:
    """Round temperatures, five to nine of them, that do not crowd on the 1/T axis."""
    cold, hot = 1000 / span[1] - 273.15, 1000 / max(span[0], 1e-6) - 273.15
    step = next((s for s in (5, 10, 20, 25, 50, 100, 200, 500) if (hot - cold) / s <= 9), 1000)
    ticks = np.arange(math.ceil(cold / step) * step, hot, step)
    kept: list[float] = []
    for tick in ticks:  # 1/T crowds the hot ones
        apart = abs(1000 / (tick + 273.15) - 1000 / (kept[-1] + 273.15)) if kept else math.inf
        if apart > 0.06 * (span[1] - span[0]):
            kept.append(float(tick))
    return kept
