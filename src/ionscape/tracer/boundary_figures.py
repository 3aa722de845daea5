"""The map of `tracer.boundaries`: the isotope fraction with every boundary coloured by its permeability."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.core.figure import layout, trace
from ionscape.core.number_format import format_quantity, format_unit
from ionscape.core.outcome import Figure
from ionscape.core.quantity import to_field
from ionscape.tracer.map_view import LEFT, RIGHT, MapView
from ionscape.tracer.measured_image import IonImage
from ionscape.tracer.permeability_figure import decade_ticks, plain
from ionscape.tracer.step_fit import BoundarySteps

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int_]

MOST_PIXELS = 150_000  # of the map in a report: more make the page heavy and show nothing
_BINS = 14  # shades of the lines, each one trace
# Plasma from dark violet to a yellow that still shows on grey: ordered for every kind of colour vision.
_COLOURS = ((13, 8, 135), (106, 0, 168), (177, 42, 144), (225, 100, 98), (252, 166, 54), (248, 232, 60))
_GREYS = [[0.0, "rgb(105,105,105)"], [1.0, "rgb(252,252,252)"]]
_UNKNOWN = "#009E73"
# Status and side, name in the legend, width and dash of the line: bounds are drawn first, values on them.
_KINDS = (
    ("boundupper", "at most (upper bound)", 1.6, "5px,3px"),
    ("boundlower", "at least (lower bound)", 1.6, "1.5px,2.5px"),
    ("determined", "determined", 4.0, "solid"),
)


def boundary_map(
    image: IonImage,
    steps: BoundarySteps,
    values: Sequence[Estimate],
    unit: str,
    symbol: str,
    name: str,
    title: str,
    view: MapView | None = None,
) -> Figure:
    """The fraction map with every boundary coloured by its permeability, the source at the left.

    Parameters
    ----------
    image : IonImage
    steps : BoundarySteps
    values : sequence of Estimate, one per measured boundary
    unit, symbol : str
        Of the values, for the colour bar.
    name, title : str
    view : MapView
        How the map is turned; as the image is unless given.
    """
    ny, nx = image.fraction.shape
    view = MapView("left", (ny, nx), image.spacing, known=False) if view is None else view
    kinds = {kind: [k for k, v in enumerate(values) if v.status + v.side == kind] for kind, *_ in _KINDS}
    coloured = [values[k] for members in kinds.values() for k in members]
    edges = _edges([to_field(v.value, unit) for v in coloured])
    data = [_fractions(image, view), *_unknown(view, steps, values)]
    for kind, label, width, dash in _KINDS:
        data += _coloured(view, steps, values, kinds[kind], unit, edges, (label, width, dash))
    data.append(_hover(view, steps, values, unit))
    if coloured:
        data.append(_colour_bar(edges, f"{symbol}<br>[{format_unit(unit)}]"))
    figure = {"data": data, "layout": _map_layout(view)}
    return Figure(name, title, _caption(image, steps, values, symbol) + " " + view.told, figure)


# ---- inner workings -------------------------------------------------------------------------------------
def _caption(image: IonImage, steps: BoundarySteps, values: Sequence[Estimate], symbol: str) -> str:
    kinds = [v.status + v.side for v in values]
    count = {kind: kinds.count(kind) for kind, *_ in _KINDS}
    rest = len(steps.lines) - sum(count.values())
    low, high = (float(q) for q in np.nanquantile(image.fraction, [0.005, 0.995]))
    return (
        f"Lines: grain boundaries, coloured by {plain(symbol)}. Thick: determined ({count['determined']}); "
        f"thin and dashed: at most this ({count['boundupper']}, the step shows, the gradient does not); thin "
        f"and dotted: at least this ({count['boundlower']}, the gradient shows, the step does not); thin "
        f"green: gradient and step fix nothing, or the boundary is too short or bent ({rest}). Grey: isotope "
        f"fraction, from {low:.2g} (dark) to {high:.2g} (light)."
    )


def _map_layout(view: MapView) -> dict[str, Any]:
    plot = layout(view.x_axis(), view.y_axis(), height=round(view.panel_height() + 105))
    plot["legend"] |= {"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0.0, "itemsizing": "trace"}
    plot["margin"] = {"l": LEFT, "r": RIGHT, "t": 45, "b": 60}
    return plot


def _fractions(image: IonImage, view: MapView) -> dict[str, Any]:
    low, high = (float(f"{q:.3g}") for q in np.nanquantile(image.fraction, [0.005, 0.995]))
    look = {"zmin": low, "zmax": high, "colorscale": _GREYS, "showscale": False,
            "hovertemplate": "fraction %{z}<extra></extra>"}  # fmt: skip
    return view.heatmap(image.fraction, MOST_PIXELS) | look


def _coloured(
    view: MapView, steps: BoundarySteps, values: Sequence[Estimate], members: Sequence[int], unit: str,
    edges: FloatArray, look: tuple[str, float, str],
) -> list[dict[str, Any]]:  # fmt: skip
    """One trace per shade; the first in the legend stands for all."""
    label, width, dash = look
    traces: list[dict[str, Any]] = []
    shades = {k: _bin(to_field(values[k].value, unit), edges) for k in members}
    for b in range(_BINS):
        chosen = [int(steps.measured[k]) for k in members if shades[k] == b]
        if chosen:
            colour = _colour((b + 0.5) / _BINS)
            traces.append(_lines(view, steps, chosen, label, colour, width, dash=dash, legend=False))
    if traces:  # in black, so that the legend names the kind of line and not a shade
        traces.append({"type": "scatter", "mode": "lines", "x": [None], "y": [None], "name": label,
                       "line": {"color": "#000000", "width": width, "dash": dash}})  # fmt: skip
    return traces


def _lines(
    view: MapView,
    steps: BoundarySteps,
    which: Sequence[int],
    name: str,
    colour: str,
    width: float,
    *,
    dash: str = "solid",
    legend: bool = True,
) -> dict[str, Any]:
    """Many lines as one trace, with gaps between them; pixel centres stand half a pixel inside the axes."""
    half = np.array(view.spacing) / 2
    x: list[float | None] = []
    y: list[float | None] = []
    for k in which:
        path = steps.lines[k].path
        thin = (path[np.unique(np.r_[np.arange(0, len(path), 3), len(path) - 1])] + half) * 1e6
        along, across = view.points(thin[:, 1], thin[:, 0])
        x += [*(round(float(v), 1) for v in along), None]
        y += [*(round(float(v), 1) for v in across), None]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": name,
        "showlegend": legend,
        "hoverinfo": "skip",
        "line": {"color": colour, "width": width, "dash": dash},
    }


def _unknown(view: MapView, steps: BoundarySteps, values: Sequence[Estimate]) -> list[dict[str, Any]]:
    status: Mapping[int, str] = {int(i): v.status for i, v in zip(steps.measured, values, strict=True)}
    rest = [k for k in range(len(steps.lines)) if status.get(k, "") not in ("determined", "bound")]
    return [_lines(view, steps, rest, "undetermined", _UNKNOWN, 1.0)] if rest else []


def _hover(view: MapView, steps: BoundarySteps, values: Sequence[Estimate], unit: str) -> dict[str, Any]:
    half = np.array(view.spacing) / 2
    centres = (np.array([steps.lines[k].centre for k in steps.measured]).reshape(-1, 2) + half) * 1e6
    texts = [
        f"boundary {k + 1}: {format_quantity(v, unit)}" for k, v in zip(steps.measured, values, strict=True)
    ]
    along, across = view.points(centres[:, 1], centres[:, 0])
    marks = trace(np.round(along, 1), np.round(across, 1), "", hover=texts, legend=False, size=9)
    marks["marker"]["opacity"] = 0.0
    return marks


def _colour_bar(edges: FloatArray, title: str) -> dict[str, Any]:
    """An invisible mark that carries the colour bar of all lines."""
    scale = [[k / 10, _colour(k / 10)] for k in range(11)]
    ticks = decade_ticks(edges)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [None],
        "y": [None],
        "showlegend": False,
        "hoverinfo": "skip",
        "marker": {
            "size": 0.1,
            "color": [float(edges[0])],
            "cmin": float(edges[0]),
            "cmax": float(edges[-1]),
            "colorscale": scale,
            "showscale": True,
            "colorbar": {
                "title": {"text": title},
                "thickness": 14,
                "x": 1.005,
                "len": 1.0,
                "lenmode": "fraction",
                "tickvals": ticks["tickvals"],
                "ticktext": ticks["ticktext"],
            },
        },
    }


def _edges(values: Sequence[float]) -> FloatArray:
    """Classes of log10 over the middle 96 % of all that is coloured."""
    positive = [v for v in values if v > 0]
    low, high = (float(q) for q in np.quantile(positive, [0.02, 0.98])) if positive else (1.0, 10.0)
    low, high = (low, high) if high > 1.5 * low else (low / 1.5, high * 1.5)
    return np.linspace(math.log10(low), math.log10(high), _BINS + 1)


def _bin(value: float, edges: FloatArray) -> int:
    return int(np.clip(np.searchsorted(edges, math.log10(value)) - 1, 0, _BINS - 1))


def _colour(share: float) -> str:
    at = np.linspace(0, 1, len(_COLOURS))
    r, g, b = (np.interp(share, at, [c[k] for c in _COLOURS]) for k in range(3))
    return f"rgb({r:.0f},{g:.0f},{b:.0f})"
