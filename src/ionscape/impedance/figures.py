"""The figures of impedance: Nyquist, Bode, residuals, relaxation times, capacitances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.core.figure import GREY, PALETTE, axis, band, layout, ordered_colours, symbol, trace
from ionscape.core.number_format import format_celsius
from ionscape.core.outcome import Figure

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

MOST_PANELS = 12
PANEL_ASPECT = 0.72  # height over width: room for a whole semicircle and its labels
_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"))


@dataclass(frozen=True)
class Curve:
    """One spectrum as it is drawn.

    Attributes
    ----------
    label : str
    temperature : float or None
        [K]
    frequency, impedance : (N,) arrays
    model : (N,) array or None
        What was fitted, at the same frequencies.
    extent : float or None
        [ohm] Re Z where the arcs end: a Nyquist panel shows up to there, and the tail beyond is cut.
    residuals : (N,) complex array or None
        Relative, (data - model)/abs(data).
    """

    label: str
    temperature: float | None
    frequency: FloatArray
    impedance: ComplexArray
    model: ComplexArray | None = None
    extent: float | None = None
    residuals: ComplexArray | None = None

    @property
    def name(self) -> str:
        """Temperature in °C if known, else the label."""
        return self.label if self.temperature is None else format_celsius(self.temperature)


def nyquist(curves: Sequence[Curve], *, title: str = "Nyquist plots") -> Figure:
    """Small multiples with equal axes, decades of frequency marked; at most `MOST_PANELS` of a series."""
    shown = _spread_out(curves, MOST_PANELS)
    columns = min(3, len(shown))
    rows = math.ceil(len(shown) / columns)
    data: list[dict[str, Any]] = []
    look: dict[str, Any] = {}
    for i, curve in enumerate(shown):
        data += _nyquist_panel(curve, i, look, first=i == 0)
    plot_layout = layout(
        {}, {}, height=110 + 225 * rows, grid={"rows": rows, "columns": columns, "pattern": "independent",
                                              "xgap": 0.3, "ygap": 0.3})  # fmt: skip
    plot_layout |= look | {"annotations": _panel_titles(shown, rows, columns)}
    plot_layout["legend"] |= {"orientation": "h", "y": 1.0 + 0.22 / rows, "x": 0}
    plot_layout["margin"] |= {"t": 70}
    caption = "Impedance in the complex plane, one ohm equally long on both axes; filled marks are decades "
    caption += "of frequency. Points: data; line: fit. The electrode's tail is cut where it hides the arcs."
    if len(shown) < len(curves):
        caption += f" {len(shown)} of {len(curves)} spectra, evenly chosen."
    return Figure("nyquist", title, caption, {"data": data, "layout": plot_layout})


def bode(curves: Sequence[Curve]) -> Figure:
    """|Z| and phase against frequency, all spectra."""
    data: list[dict[str, Any]] = []
    for curve, colour in zip(curves, ordered_colours(len(curves)), strict=True):
        data += _bode_traces(curve, curve.impedance, "markers", colour)
        if curve.model is not None:
            data += _bode_traces(curve, curve.model, "lines", colour, legend=False)
    plot_layout = _stacked(
        axis("frequency [Hz]", log=True), axis("|Z| [Ω]", log=True), axis("phase of Z [°]", range=[-95, 15])
    )
    return Figure("bode", "Bode plots", "Modulus and phase; points: data, lines: fit.",
                  {"data": data, "layout": plot_layout})  # fmt: skip


def residuals(curves: Sequence[Curve], *, name: str = "residuals", title: str = "Residuals of the fit",
              against: str = "the circuit") -> Figure:  # fmt: skip
    """Relative residuals of Z' and Z'' in percent against frequency."""
    data: list[dict[str, Any]] = []
    largest = 0.5
    for curve, colour in zip(curves, ordered_colours(len(curves)), strict=True):
        if curve.residuals is None:
            continue
        percent = 100 * curve.residuals
        largest = max(largest, float(np.percentile(np.abs(np.r_[percent.real, percent.imag]), 98)))
        for part, axes in ((percent.real, ("x", "y")), (percent.imag, ("x", "y2"))):
            data.append(trace(curve.frequency, part, curve.name, colour=colour, mode="markers+lines", size=4,
                              width=0.8, axes=axes, legend=axes[1] == "y"))  # fmt: skip
    span = [-1.2 * largest, 1.2 * largest]
    zero: dict[str, Any] = {"zeroline": True, "zerolinecolor": GREY, "range": span}
    plot_layout = _stacked(
        axis("frequency [Hz]", log=True), axis("ΔZ′/|Z| [%]", **zero), axis("ΔZ″/|Z| [%]", **zero)
    )
    caption = f"Data minus {against}, as a fraction of |Z|. A pattern means that the model is incomplete; "
    caption += "scatter alone is noise."
    return Figure(name, title, caption, {"data": data, "layout": plot_layout})


def relaxation_times(
    spectra: Sequence[tuple[Curve, FloatArray, FloatArray]], peaks: Sequence[Sequence[tuple[float, float]]]
) -> Figure:
    """Distributions of relaxation times.

    Parameters
    ----------
    spectra : sequence of (curve, tau [s] (M,), gamma [ohm] (M,))
    peaks : sequence of (tau [s], gamma [ohm]) lists
        One list for each spectrum.
    """
    data: list[dict[str, Any]] = []
    top = max((float(np.max(gamma)) for _, _, gamma in spectra), default=1.0)
    low = min((float(np.max(gamma)) for _, _, gamma in spectra), default=1.0) * 1e-2
    for (curve, tau, gamma), found, colour in zip(
        spectra, peaks, ordered_colours(len(spectra)), strict=True
    ):
        drawn = np.where(gamma > low, gamma, np.nan)
        data.append(trace(tau, drawn, curve.name, mode="lines", colour=colour))
        if found:
            at, height = zip(*found, strict=True)
            data.append(trace(at, height, curve.name, colour=colour, legend=False, size=8, marker="diamond"))
    y = axis("γ(ln τ) [Ω]", log=True, range=[math.log10(low), math.log10(top) + 0.2])
    return Figure(
        "relaxation_times", "Distribution of relaxation times",
        "Non-negative, regularised; diamonds: peaks. Electrode tail and inductance are fitted beside it and "
        "not drawn.",
        {"data": data, "layout": layout(axis("relaxation time τ [s]", log=True), y)},
    )  # fmt: skip


def capacitances(series: Mapping[str, Sequence[tuple[float, Estimate]]]) -> Figure:
    """Capacitance against temperature for each arc: (temperature [K], capacitance [F]) pairs by name."""
    data: list[dict[str, Any]] = []
    celsius = [t - 273.15 for points in series.values() for t, _ in points]
    for low, high, name, colour in ((1e-12, 1e-10, "bulk, typical", PALETTE[4]),
                                    (1e-11, 1e-8, "grain boundary, typical", PALETTE[5])):  # fmt: skip
        if celsius:
            edges = [min(celsius) - 5, max(celsius) + 5]
            data.append(band(edges, [low] * 2, [high] * 2, name, colour=colour) | {"opacity": 0.12})
    for i, (name, points) in enumerate(series.items()):
        determined = [(t - 273.15, c) for t, c in points if c.status == "determined"]
        if not determined:
            continue
        value = np.array([c.value for _, c in determined])
        low_high = np.array([c.interval(0.6826895) for _, c in determined])
        data.append(trace([t for t, _ in determined], value, name.replace("_", " "), colour=PALETTE[i],
                          marker=symbol(i), size=8,
                          error_y=(low_high[:, 1] - value, value - low_high[:, 0])))  # fmt: skip
    return Figure(
        "capacitances", "Capacitance of each arc",
        "C = τ/R with 1 SD. A dielectric's capacitance hardly depends on temperature: this continuity is "
        "part of the evidence for each arc's name. Shaded: typical ranges for a pellet.",
        {"data": data, "layout": layout(axis("temperature [°C]"), axis("capacitance [F]", log=True))},
    )  # fmt: skip


# ---- inner workings ---------------------------------------------------------------------------------
def _spread_out(curves: Sequence[Curve], most: int) -> list[Curve]:
    if len(curves) <= most:
        return list(curves)
    return [curves[i] for i in np.unique(np.linspace(0, len(curves) - 1, most).round().astype(int))]


def _unit_of(extent: float) -> tuple[float, str]:
    factor, prefix = next(((f, p) for f, p in _PREFIXES if extent >= f), _PREFIXES[-1])
    return factor, f"{prefix}Ω"


def _frequency_text(frequency: float) -> str:
    factor, prefix = next(((f, p) for f, p in _PREFIXES if frequency >= 0.999 * f), _PREFIXES[-1])
    return f"{frequency / factor:.0f} {prefix}Hz"


def _decade_points(frequency: FloatArray) -> list[tuple[int, float]]:
    """Indices of the points nearest to powers of ten (within a third of a decade's spacing)."""
    logs = np.log10(frequency)
    found = []
    for decade in range(math.ceil(logs.min() - 0.05), math.floor(logs.max() + 0.05) + 1):
        nearest = int(np.argmin(np.abs(logs - decade)))
        if abs(logs[nearest] - decade) < 0.17:
            found.append((nearest, 10.0**decade))
    return found


def _sides(across: FloatArray) -> list[str]:
    """Where each mark's text goes so that the frame does not cut it; ``across`` runs from 0 to 1."""
    return ["top right" if x < 0.12 else "top left" if x > 0.88 else "top center" for x in across]


def _apart(marks: Sequence[tuple[float, float, str]], distance: float) -> list[str]:
    """Texts of the marks, emptied where they would print over one that is already there."""
    placed: list[tuple[float, float]] = []
    texts = []
    for x, y, text in sorted(marks, key=lambda mark: -mark[1]):
        free = all(abs(x - a) > 1.6 * distance or abs(y - b) > 0.6 * distance for a, b in placed)
        placed += [(x, y)] if free else []
        texts.append((x, y, text if free else ""))
    order = {(x, y): text for x, y, text in texts}
    return [order[x, y] for x, y, _ in marks]


def _nyquist_panel(curve: Curve, i: int, look: dict[str, Any], *, first: bool) -> list[dict[str, Any]]:
    number = "" if i == 0 else str(i + 1)
    axes = (f"x{number}", f"y{number}")
    extent = curve.extent or float(np.percentile(curve.impedance.real, 90))
    factor, unit = _unit_of(extent)
    z = curve.impedance / factor
    order = np.argsort(curve.frequency)[::-1]
    limit = 1.35 * extent / factor
    visible = (z.real < 1.02 * limit) & (-z.imag < limit)
    decades = [(k, f) for k, f in _decade_points(curve.frequency) if visible[k]]
    texts = _apart([(z.real[k], -z.imag[k], _frequency_text(f)) for k, f in decades], 0.13 * limit)
    traces = [trace(z.real, -z.imag, "data", legend=first, axes=axes, size=5, marker="circle-open",
                    hover=[f"{f:.4g} Hz" for f in curve.frequency])]  # fmt: skip
    if curve.model is not None:
        m = curve.model[order] / factor
        traces.append(trace(m.real, -m.imag, "fit", mode="lines", colour=PALETTE[1], legend=first, axes=axes))
    if decades:
        at = [k for k, _ in decades]
        traces.append(trace(z.real[at], -z.imag[at], "decades of frequency", mode="markers+text", size=7,
                            legend=first, axes=axes)
                      | {"text": texts, "textposition": _sides(z.real[at] / limit), "textfont": {"size": 10},
                         "hoverinfo": "text", "cliponaxis": True})  # fmt: skip
    ticks: dict[str, Any] = {"nticks": 5}
    across, up = [-0.04 * limit, limit], [-0.04 * limit, PANEL_ASPECT * 1.04 * limit - 0.04 * limit]
    look[f"xaxis{number}"] = axis(f"Z′ [{unit}]", range=across, constrain="domain", **ticks)
    look[f"yaxis{number}"] = axis(f"−Z″ [{unit}]", range=up, constrain="domain", scaleanchor=axes[0],
                                  scaleratio=1, **ticks)  # fmt: skip
    return traces


def _panel_titles(shown: Sequence[Curve], rows: int, columns: int) -> list[dict[str, Any]]:
    titles = []
    for i, curve in enumerate(shown):
        number = "" if i == 0 else str(i + 1)
        titles.append({"text": f"<b>{curve.name}</b>", "showarrow": False, "xanchor": "left", "x": 0.04,
                       "yanchor": "top", "y": 0.97, "xref": f"x{number} domain", "yref": f"y{number} domain",
                       "font": {"size": 12}, "bgcolor": "rgba(255,255,255,0.8)"})  # fmt: skip
    return titles if rows * columns > 1 else titles[:1]


def _bode_traces(
    curve: Curve, z: ComplexArray, mode: str, colour: str, *, legend: bool = True
) -> list[dict[str, Any]]:
    return [
        trace(curve.frequency, np.abs(z), curve.name, mode=mode, colour=colour, legend=legend, size=4),
        trace(curve.frequency, np.degrees(np.angle(z)), curve.name, mode=mode, colour=colour, legend=False,
              axes=("x", "y2"), size=4),
    ]  # fmt: skip


def _stacked(x: dict[str, Any], upper: dict[str, Any], lower: dict[str, Any]) -> dict[str, Any]:
    """Two panels above one another on one frequency axis."""
    plot_layout = layout(x | {"anchor": "y2", "mirror": "all"}, upper | {"domain": [0.54, 1.0]}, height=560)
    plot_layout["yaxis2"] = lower | {"domain": [0.0, 0.46]}
    return plot_layout


__all__ = ["Curve", "bode", "capacitances", "nyquist", "relaxation_times", "residuals"]
