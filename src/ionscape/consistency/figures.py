"""All coefficients of a sample in one Arrhenius figure; the Haven ratio over temperature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.consistency.course import Course, in_electronvolt
from ionscape.consistency.ratios import Ratio
from ionscape.core.coefficient import CHANNELS, KINDS
from ionscape.core.estimate import Estimate
from ionscape.core.figure import GREY, PALETTE, axis, band, layout, numbers, trace
from ionscape.core.number_format import ONE_SD, format_celsius, format_quantity
from ionscape.core.outcome import Figure

FloatArray = NDArray[np.float64]
COLOURS = {"bulk": PALETTE[0], "boundary": PALETTE[1], "effective": PALETTE[2]}
_MARKERS = {
    "D*": "circle",
    "D_NMR": "diamond",
    "D_sigma": "square",
    "D_CAIT": "triangle-up",
    "D_chemical": "star",
    "D_MD": "cross",
}
_OPEN = ("D_sigma", "D_CAIT")
_CHANNELS = tuple(CHANNELS)
_DARK = "#333"
_CM2 = 4.0  # log10 of m² in cm²


def rich(symbol: str) -> str:
    """``(l/δ)D_σ,gb`` with real subscripts, as plotly draws them."""
    head, cut, tail = symbol.partition("_")
    return f"{head}<sub>{tail}</sub>" if cut else symbol


def coefficients_figure(
    courses: Sequence[Course], predicted: Sequence[tuple[str, FloatArray, FloatArray]]
) -> Figure:
    """log10 D against 1000/T: colour is the channel, symbol the kind.

    Parameters
    ----------
    courses : sequence of Course
    predicted : sequence of (name, temperatures [K], D [m^2/s])
        Two at most, drawn dashed and dotted.
    """
    data: list[dict[str, Any]] = []
    drawn = [c for c in courses if c.usable]
    drawn.sort(key=lambda c: (_CHANNELS.index(c.channel), list(KINDS).index(c.kind)))
    for course in drawn:
        data += _line(course)
    for (name, kelvin, value), dash in zip(predicted, ("dash", "dot"), strict=False):
        dashed = trace(
            1000 / kelvin, np.log10(value) + _CM2, name, mode="lines", colour=_DARK, dash=dash, width=1.8
        )
        data.append(dashed | {"legendrank": 2000})
    data += [_points(course) for course in drawn]
    inverse = np.concatenate([1000 / np.array(c.temperatures) for c in drawn])
    span = _span(inverse)
    data.append(trace([float(inverse.min())], [math.nan], "", legend=False, axes=("x2", "y")))
    present = [channel for channel in _CHANNELS if any(c.channel == channel for c in drawn)]
    return Figure(
        "coefficients",
        "All diffusion coefficients over temperature",
        _caption(present, bool(predicted), drawn),
        {"data": data, "layout": _layout(span, len(drawn) + len(predicted))},
    )


def _caption(present: Sequence[str], predicted: bool, drawn: Sequence[Course]) -> str:
    words = {
        "bulk": "blue, bulk",
        "boundary": "vermilion, grain boundaries as (l/δ)D_gb",
        "effective": "green, effective over many grains",
    }
    text = (
        f"Colour tells the channel ({'; '.join(words[c] for c in present)}), symbol the kind: filled for"
        " single ions, "
    )
    text += (
        "open for charge (D_σ by Nernst-Einstein). The gap between filled and open of one colour is the Haven"
        " ratio. "
    )
    if any(c.line is not None and len(c.temperatures) > 2 for c in drawn):
        text += "Solid: Arrhenius lines with their 95 % bands. "
    if predicted:
        text += "Dashed and dotted: the effective coefficient that bulk and boundaries give in series. "
    return text + "Bars are 1 standard deviation, shared errors included."


def _span(inverse: FloatArray) -> tuple[float, float]:
    margin = max(0.05 * float(np.ptp(inverse)), 0.03)
    return float(inverse.min() - margin), float(inverse.max() + margin)


def _name(course: Course) -> str:
    text = rich(course.symbol)
    if course.energy is not None and len(course.temperatures) > 2:
        energy = format_quantity(in_electronvolt(course.energy), "1")
        text += f", {energy} eV" + (" (bends)" if course.bends else "")
    return text


def _marker(course: Course) -> str:
    return _MARKERS[course.kind] + ("-open" if course.kind in _OPEN else "")


def _points(course: Course) -> dict[str, Any]:
    kelvin = np.array([c.kelvin or math.nan for c in course.usable])
    y, up, down = _logs([c.value for c in course.usable])
    hover = [
        "<br>".join((rich(c.symbol), format_quantity(c.value, "cm^2/s"), format_celsius(k), c.origin))
        for c, k in zip(course.usable, kelvin, strict=True)
    ]
    drawn = trace(
        1000 / kelvin,
        y + _CM2,
        _name(course),
        colour=COLOURS[course.channel],
        marker=_marker(course),
        error_y=(up, down),
        hover=hover,
        size=9,
    )
    drawn["marker"]["line"] = {"width": 1.6, "color": COLOURS[course.channel]}
    return drawn


def _logs(values: Sequence[Estimate]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """log10 of values (SI) and the lengths of their 68 % arms."""
    best = np.array([math.log10(v.value) if v.value > 0 else math.nan for v in values])
    ends = np.array([v.interval(ONE_SD) for v in values])
    with np.errstate(all="ignore"):
        up, down = np.log10(ends[:, 1]) - best, best - np.log10(ends[:, 0])
    return best, up, down


def _line(course: Course) -> list[dict[str, Any]]:
    if course.curve is None or course.line is None or len(course.temperatures) < 3:
        return []
    known = course.temperatures
    inverse = np.linspace(1000 / known[-1], 1000 / known[0], 41)
    colour = COLOURS[course.channel]
    values = [course.curve.at(float(1000 / x)) for x in inverse]
    kept = [(x, v) for x, v in zip(inverse, values, strict=True) if v.status == "determined"]
    if len(kept) < 2:
        return []
    x = np.array([pair[0] for pair in kept])
    y = np.array([math.log10(v.value) for _, v in kept]) + _CM2
    ends = np.log10(np.array([v.interval(0.95) for _, v in kept])) + _CM2
    return [
        band(x, ends[:, 0], ends[:, 1], "", colour=colour, legend=False),
        trace(x, y, "", mode="lines", colour=colour, legend=False, width=1.8),
    ]


def _layout(span: tuple[float, float], entries: int) -> dict[str, Any]:
    return layout(
        axis("1000 K / T", range=list(span)),
        axis("log₁₀(D / cm² s⁻¹)"),
        height=540,
        margin={"l": 70, "r": 20, "t": 55, "b": 55 + 22 * math.ceil(entries / 3)},
        legend={
            "orientation": "h",
            "x": 0.5,
            "xanchor": "center",
            "y": -0.16,
            "yanchor": "top",
            "font": {"size": 12},
            "entrywidth": 0.31,
            "entrywidthmode": "fraction",
        },
        xaxis2=celsius_axis(span),
    )


def celsius_axis(span: tuple[float, float], **more: Any) -> dict[str, Any]:
    """The same axis in °C, on top."""
    ticks = celsius_ticks(span)
    return axis(
        "temperature / °C",
        overlaying="x",
        matches="x",
        side="top",
        anchor="y",
        showgrid=False,
        mirror=False,
        tickvals=numbers([1000 / (t + 273.15) for t in ticks]),
        ticktext=[f"{t:g}".replace("-", "−") for t in ticks],
        range=list(span),
        **more,
    )


def celsius_ticks(span: tuple[float, float]) -> list[float]:
    """Round temperatures that do not crowd on the 1/T axis."""
    cold, hot = 1000 / span[1] - 273.15, 1000 / max(span[0], 1e-6) - 273.15
    step = next((s for s in (1, 2, 5, 10, 20, 25, 50, 100, 200, 500) if (hot - cold) / s <= 9), 1000)
    kept: list[float] = []
    for tick in np.arange(math.ceil(cold / step) * step, hot, step):
        apart = abs(1000 / (tick + 273.15) - 1000 / (kept[-1] + 273.15)) if kept else math.inf
        if apart > 0.06 * (span[1] - span[0]):
            kept.append(float(tick))
    return kept


def haven_figure(
    name: str, points: Sequence[Ratio], lines: Sequence[Ratio], common: Estimate | None
) -> Figure:
    """H_R over 1000/T with 1, and the value that holds for all temperatures if there is one."""
    known = [r for r in points if r.ratio.status == "determined" and r.kelvin is not None]
    asked = [r for r in lines if r.ratio.status == "determined" and r.kelvin is not None]
    every = [*known, *asked]
    inverse = np.array([1000 / (r.kelvin or math.nan) for r in every]) if every else np.array([3.0, 3.5])
    span = _span(inverse)
    data: list[dict[str, Any]] = [
        trace(span, [1, 1], "H<sub>R</sub> = 1", mode="lines", colour=GREY, dash="dot")
    ]
    if common is not None and common.status == "determined":
        low, high = common.interval(0.95)
        data += [
            band(span, [low, low], [high, high], "one activation energy, 95 %", colour=PALETTE[0]),
            trace(span, [common.value] * 2, "one activation energy", mode="lines", colour=PALETTE[0]),
        ]
    data += _ratios(known, "at a measured temperature", PALETTE[0], "circle")
    data += _ratios(asked, "from both lines", PALETTE[1], "square-open")
    data.append(trace([span[0]], [math.nan], "", legend=False, axes=("x2", "y")))
    return Figure(
        f"haven_ratio_{name}".replace(" ", "_").replace(",", "").replace("/", "_over_"),
        f"Haven ratio over temperature: {name}",
        "D*/D_σ at every temperature where one is measured and the other measured or interpolated; bars are 1"
        " standard deviation with shared errors, so that neighbouring points may move together.",
        {
            "data": data,
            "layout": layout(
                axis("1000 K / T", range=list(span)),
                axis("H<sub>R</sub> = D* / D<sub>σ</sub>", rangemode="tozero"),
                height=400,
                margin={"l": 70, "r": 20, "t": 55, "b": 90},
                xaxis2=celsius_axis(span),
                legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.2, "yanchor": "top"},
            ),
        },
    )


def _ratios(ratios: Sequence[Ratio], label: str, colour: str, marker: str) -> list[dict[str, Any]]:
    if not ratios:
        return []
    y, up, down = _arms([r.ratio for r in ratios])
    kelvin = [r.kelvin or math.nan for r in ratios]
    hover = [
        f"{format_quantity(r.ratio, '1')} at {format_celsius(k)}<br>{r.how}"
        for r, k in zip(ratios, kelvin, strict=True)
    ]
    return [
        trace(
            1000 / np.array(kelvin), y, label, colour=colour, marker=marker, error_y=(up, down), hover=hover,
            size=8,
        )
    ]  # fmt: skip


def _arms(values: Sequence[Estimate]) -> tuple[FloatArray, FloatArray, FloatArray]:
    best = np.array([v.value for v in values])
    ends = np.array([v.interval(ONE_SD) for v in values])
    return best, ends[:, 1] - best, best - ends[:, 0]
