"""The figures of echo decays: attenuation against b, apparent D against √Δ, distributions of D."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ionscape.core.errors import AnalysisError
from ionscape.core.figure import (
    GREY,
    PALETTE,
    axis,
    band,
    layout,
    numbers,
    ordered_colours,
    symbol,
    trace,
)
from ionscape.core.number_format import ONE_SD, format_number
from ionscape.core.outcome import Figure
from ionscape.nmr.coefficient_verdict import ON_GRADIENT, ONE, ONE_DELAY, TOO_FEW
from ionscape.nmr.diffusion_distribution import DiffusionDistribution, distribution_of
from ionscape.nmr.echo_fit import fit_echoes
from ionscape.nmr.fit_words import place
from ionscape.nmr.temperature_set import TemperatureSet

MOST_PANELS = 6  # more are too small to read in a report
FLOOR = 1e-3  # lowest attenuation drawn


def fit_figures(sets: Sequence[TemperatureSet]) -> tuple[Figure, ...]:
    """All that the sets have data for."""
    figures = [_attenuation(sets)]
    if any(len(_delays(s)) > 1 for s in sets):
        figures.append(_apparent(sets))
    found = [(s, d) for s in sets if s.fit.model != "one" and (d := _distribution(s)) is not None]
    if found:
        figures.append(_distributions(found))
    return tuple(figures)


def _delays(s: TemperatureSet) -> set[float]:
    return {group.delay for group in s.verdict.groups if math.isfinite(group.delay)}


def _attenuation(sets: Sequence[TemperatureSet]) -> Figure:
    shown = list(sets)
    if len(shown) > MOST_PANELS:
        shown = [shown[int(k)] for k in np.linspace(0, len(shown) - 1, MOST_PANELS).round()]
    columns = min(2, len(shown))
    rows = math.ceil(len(shown) / columns)
    data: list[dict[str, Any]] = []
    look: dict[str, Any] = {}
    notes = []
    for i, s in enumerate(shown):
        k = "" if i == 0 else str(i + 1)
        data += _panel(s, (f"x{k}", f"y{k}"), named=len(shown) == 1)
        low = max(FLOOR, 0.6 * float(np.min(s.fit.fitted / s.fit.intensity_at_zero[s.decay.group])))
        look[f"xaxis{k}"] = axis("b [10⁹ s/m²]")
        look[f"yaxis{k}"] = log_axis("I/I₀", low, 1.2)
        notes.append({"text": place(s), "showarrow": False, "xref": f"x{k} domain", "yref": f"y{k} domain",
                      "x": 0.97, "y": 0.95, "xanchor": "right", "font": {"size": 13}})  # fmt: skip
    plot = layout({}, {}, height=90 + 300 * rows, annotations=notes,
                  grid={"rows": rows, "columns": columns, "pattern": "independent",
                        "xgap": 0.22, "ygap": 0.3})  # fmt: skip
    plot |= look
    caption = (
        "Echo over its intensity without gradient, against the strength b of the gradients; each "
        "diffusion time has its symbol. Bars: 1 SD, where known. Lines: the fit of all echoes together; "
        "one for each diffusion time where D depends on it. One coefficient is one straight line for all."
    )
    return Figure("attenuation", "Stejskal-Tanner plot", caption, {"data": data, "layout": plot})


def log_axis(title: str, low: float, high: float) -> dict[str, Any]:
    """A logarithmic axis with 1, 2 and 5 of every decade written out."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    wide = high / low > 200
    marks = [m * 10.0**d for d in decades for m in ((1,) if wide else (1, 2, 5))]
    marks = [m for m in marks if low * 0.999 <= m <= high * 1.001]
    span = [math.log10(low), math.log10(high)]
    plain = low >= 1e-3
    texts = [format_number(m, 2, scientific=not plain) for m in marks]
    return axis(title, log=True, range=span) | {
        "tickmode": "array",
        "tickvals": numbers(marks),
        "ticktext": texts,
    }


def _panel(s: TemperatureSet, axes: tuple[str, str], *, named: bool) -> list[dict[str, Any]]:
    """Echoes of every group, and the fit of all; each group's own where D depends on Δ."""
    apart = s.verdict.verdict not in (ONE, ONE_DELAY, TOO_FEW, ON_GRADIENT)
    data = []
    colours = ordered_colours(s.decay.n_groups) if s.decay.n_groups > 1 else [PALETTE[0]]
    for k, colour in enumerate(colours):
        inside = s.decay.group == k
        fit = fit_echoes(s.decay.subset(inside), "one") if apart else s.fit
        mine = inside[inside] if apart else inside
        top = fit.intensity_at_zero[0 if apart else k]
        offset = 0.0 if apart else fit.baseline[s.decay.series[inside]]
        order = np.argsort(s.decay.b[inside])
        b = s.decay.b[inside][order] / 1e9
        y = ((s.decay.intensity[inside] - offset) / top)[order]
        y = np.where(y > FLOOR, y, np.nan)
        line = ((fit.fitted[mine] - offset) / top)[order]
        bars = None
        if s.decay.uncertainty is not None:
            sd = (s.decay.uncertainty[inside] / top)[order]
            bars = (sd, np.minimum(sd, 0.9 * np.nan_to_num(y, nan=1.0)))
        delay = float(np.mean(s.decay.delay[inside]))
        name = f"Δ = {1e3 * delay:.4g} ms" if math.isfinite(delay) else "echoes"
        data.append(trace(b, y, name, colour=colour, marker=symbol(k), size=7, error_y=bars, axes=axes,
                          legend=named))  # fmt: skip
        data.append(trace(b, np.maximum(line, FLOOR / 10), f"fit, {name}", mode="lines",
                          colour=colour if apart else PALETTE[1], axes=axes, legend=False))  # fmt: skip
    return data


def _apparent(sets: Sequence[TemperatureSet]) -> Figure:
    shown = [s for s in sets if len(_delays(s)) > 1]
    data: list[dict[str, Any]] = []
    drawn: list[float] = []
    first = True
    for i, (s, colour) in enumerate(zip(shown, _colours(len(shown)), strict=True)):
        groups = [g for g in s.verdict.groups if math.isfinite(g.delay)]
        root = np.sqrt([1e3 * (g.delay - g.pulse / 3) for g in groups])
        value = np.array([g.value for g in groups]) * 1e4
        spread = np.array([min(g.spread, 1.0) for g in groups])
        drawn += [*value * np.exp(spread), *value * np.exp(-spread)]
        bars = (value * np.expm1(spread), -value * np.expm1(-spread))
        data.append(trace(root, value, place(s), colour=colour, marker=symbol(i), size=8, error_y=bars))
        found = s.verdict.long_time
        if found is None or found.theta is None:
            continue
        grid = np.linspace(0.3 * root.min(), 1.6 * root.max(), 120)
        line = found.at((grid**2) / 1e3) * 1e4
        drawn += [float(line.min()), float(line.max())]
        data.append(trace(grid, line, "permeable barriers", mode="lines", colour=colour, legend=first))
        if found.limit.status == "determined":
            low, high = found.limit.interval(ONE_SD)
            drawn.append(low * 1e4)
            data.append(band(grid, np.full(grid.size, low * 1e4), np.full(grid.size, high * 1e4),
                             "their limit, 1 SD", colour=colour, legend=first))  # fmt: skip
        first = False
    y = log_axis("apparent D [cm²/s]", 0.8 * min(drawn), 1.25 * max(drawn))
    plot = layout(axis("√(Δ − δ/3) [√ms]", rangemode="tozero"), y, height=440)
    caption = (
        "Apparent diffusion coefficient of each diffusion time from all of its gradients, with 1 SD of the "
        "noise. A coefficient does not change with Δ; one that falls is held back by something, or bends "
        "with g. Line: permeable barriers at equal distances, fitted where D depends on Δ; band: their "
        "limit for Δ → ∞, good only if the model is."
    )
    return Figure("apparent_coefficient", "Apparent D against the diffusion time", caption,
                  {"data": data, "layout": plot})  # fmt: skip


def _colours(n: int) -> list[str]:
    return [PALETTE[0]] if n == 1 else ordered_colours(n)


def _distribution(s: TemperatureSet) -> DiffusionDistribution | None:
    try:
        return distribution_of(s.decay, s.fit.intensity_at_zero, s.fit.noise)
    except AnalysisError:
        return None


def _distributions(found: Sequence[tuple[TemperatureSet, DiffusionDistribution]]) -> Figure:
    data: list[dict[str, Any]] = []
    for (s, d), colour in zip(found, _colours(len(found)), strict=True):
        data.append(trace(d.coefficient * 1e4, d.density, place(s), mode="lines", colour=colour))
        mean = s.fit.diffusion_coefficient
        if mean.status == "determined":
            at = mean.value * 1e4
            top = float(d.density.max())
            name = f"mean of the fit, {place(s)}"
            data.append(trace([at, at], [0, top], name, mode="lines", colour=GREY, dash="dot"))
    plot = layout(axis("D [cm²/s]", log=True), axis("p(ln D)", rangemode="tozero"), height=400)
    caption = (
        "Distribution of ln D, non-negative, as smooth as the noise allows; dotted: the mean D of the "
        "parametric fit. Peaks narrower than the smoothing are drawn too wide."
    )
    if any(d.cut_off for _, d in found):
        caption += " Part of it lies at the ends, beyond what the gradients see."
    return Figure("distribution", "Distribution of the diffusion coefficient", caption,
                  {"data": data, "layout": plot})  # fmt: skip
