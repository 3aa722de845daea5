"""The map of `tracer.boundaries`: the isotope fraction with every boundary coloured by its permeability."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.core.figure import axis, layout, trace
from ionscape.core.number_format import format_quantity, format_unit
from ionscape.core.outcome import Figure
from ionscape.core.quantity import to_field
from ionscape.tracer.measured_image import IonImage
from ionscape.tracer.permeability_figure import decade_ticks
from ionscape.tracer.step_fit import BoundarySteps

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int_]

MOST_PIXELS = 150_000  # of the map in a report: more make the page heavy and show nothing
_BINS = 14  # shades of the lines, each one trace
# Plasma from dark violet to a yellow that still shows on grey: ordered for every kind of colour vision.
_COLOURS = ((13, 8, 135), (106, 0, 168), (177, 42, 144), (225, 100, 98), (252, 166, 54), (248, 232, 60))
_GREYS = [[0.0, "rgb(70,70,70)"], [1.0, "rgb(250,250,250)"]]


def boundary_map(
    image: IonImage,
    steps: BoundarySteps,
    values: Sequence[Estimate],
    unit: str,
    symbol: str,
    name: str,
    title: str,
) -> Figure:
    """The fraction map with every boundary coloured by its permeability.

    Parameters
    ----------
    image : IonImage
    steps : BoundarySteps
    values : sequence of Estimate, one per measured boundary
    unit, symbol : str
        Of the values, for the colour bar.
    name, title : str
    """
    shown = {k: v for k, v in enumerate(values) if v.status == "determined"}
    data = [_heatmap(image)]
    data += _unmeasured(image, steps, values)
    low, high = _range([to_field(v.value, unit) for v in shown.values()])
    edges = np.linspace(math.log10(low), math.log10(high), _BINS + 1)
    for b in range(_BINS):
        chosen = [k for k, v in shown.items() if _bin(to_field(v.value, unit), edges) == b]
        if chosen:
            colour = _colour((b + 0.5) / _BINS)
            data.append(
                _lines(image, steps, [int(steps.measured[k]) for k in chosen], "", colour, 3.0, legend=False)
            )
    data.append(_hover(image, steps, values, unit))
    if shown:
        data.append(_colour_bar(edges, f"{symbol}<br>[{format_unit(unit)}]"))
    counts = {s: sum(v.status == s for v in values) for s in ("determined", "bound")}
    rest = len(steps.lines) - counts["determined"] - counts["bound"]
    caption = (
        f"Grey: isotope fraction. Lines: grain boundaries, coloured by {symbol} where it is determined "
        f"({counts['determined']}); dashed where only a bound is ({counts['bound']}); dotted where "
        f"gradient and step fix nothing, or the boundary is too short or bent ({rest})."
    )
    return Figure(name, title, caption, {"data": data, "layout": _map_layout(image)})


# ---- inner workings -------------------------------------------------------------------------------------
def _map_layout(image: IonImage) -> dict[str, Any]:
    ny, nx = image.fraction.shape
    height, width = ny * image.spacing[0] * 1e6, nx * image.spacing[1] * 1e6
    common: dict[str, Any] = {"constrain": "domain", "showgrid": False}
    x = axis("x [µm]", range=[0, round(width, 1)], **common)
    y = axis("y [µm]", range=[round(height, 1), 0], scaleanchor="x", scaleratio=1, **common)
    size = int(np.clip(150 + 720 * height / width, 330, 820))
    plot = layout(x, y, height=size, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0.0})
    plot["margin"] = {"l": 60, "r": 20, "t": 40, "b": 50}
    return plot


def _heatmap(image: IonImage) -> dict[str, Any]:
    factor = math.ceil(math.sqrt(image.fraction.size / MOST_PIXELS))
    z, (hy, hx) = image.fraction, image.spacing
    if factor > 1:
        ny, nx = (n // factor * factor for n in z.shape)
        z = z[:ny, :nx].reshape(ny // factor, factor, nx // factor, factor).mean(axis=(1, 3))
        hy, hx = hy * factor, hx * factor
    low, high = (float(q) for q in np.nanquantile(z, [0.005, 0.995]))
    steps = 10 ** -math.floor(math.log10(max(high - low, 1e-6) / 200))
    rows = [[round(float(v) * steps) / steps if math.isfinite(v) else None for v in row] for row in z]
    return {
        "type": "heatmap",
        "z": rows,
        "x0": round(hx * 5e5, 4),
        "dx": round(hx * 1e6, 6),
        "y0": round(hy * 5e5, 4),
        "dy": round(hy * 1e6, 6),
        "zmin": float(f"{low:.3g}"),
        "zmax": float(f"{high:.3g}"),
        "colorscale": _GREYS,
        "hovertemplate": "fraction %{z}<extra></extra>",
        "zsmooth": False,
        "colorbar": {"title": {"text": "fraction"}, "thickness": 12, "x": 1.13, "len": 0.9},
    }


def _lines(
    image: IonImage,
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
    half = np.array(image.spacing) / 2
    x: list[float | None] = []
    y: list[float | None] = []
    for k in which:
        path = steps.lines[k].path
        thin = (path[np.unique(np.r_[np.arange(0, len(path), 3), len(path) - 1])] + half) * 1e6
        x += [*(round(float(v), 1) for v in thin[:, 1]), None]
        y += [*(round(float(v), 1) for v in thin[:, 0]), None]
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


def _unmeasured(image: IonImage, steps: BoundarySteps, values: Sequence[Estimate]) -> list[dict[str, Any]]:
    status: Mapping[int, str] = {int(i): v.status for i, v in zip(steps.measured, values, strict=True)}
    bounds = [k for k, s in status.items() if s == "bound"]
    rest = [k for k in range(len(steps.lines)) if status.get(k, "") not in ("determined", "bound")]
    traces = []
    if rest:
        traces.append(_lines(image, steps, rest, "undetermined", "#0a7d5a", 1.2, dash="dot"))
    if bounds:
        traces.append(_lines(image, steps, bounds, "bound only", "#0a7d5a", 1.6, dash="dash"))
    return traces


def _hover(image: IonImage, steps: BoundarySteps, values: Sequence[Estimate], unit: str) -> dict[str, Any]:
    half = np.array(image.spacing) / 2
    centres = (np.array([steps.lines[k].centre for k in steps.measured]) + half) * 1e6
    texts = [
        f"boundary {k + 1}: {format_quantity(v, unit)}" for k, v in zip(steps.measured, values, strict=True)
    ]
    marks = trace(
        np.round(centres[:, 1], 1), np.round(centres[:, 0], 1), "", hover=texts, legend=False, size=9
    )
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
                "x": 1.01,
                "len": 0.9,
                "tickvals": ticks["tickvals"],
                "ticktext": ticks["ticktext"],
            },
        },
    }


def _range(values: Sequence[float]) -> tuple[float, float]:
    if not values:
        return 1.0, 10.0
    low, high = (float(q) for q in np.quantile(values, [0.02, 0.98]))
    return (low, high) if high > 1.5 * low else (low / 1.5, high * 1.5)


def _bin(value: float, edges: FloatArray) -> int:
    return int(np.clip(np.searchsorted(edges, math.log10(value)) - 1, 0, _BINS - 1))


def _colour(share: float) -> str:
    at = np.linspace(0, 1, len(_COLOURS))
    r, g, b = (np.interp(share, at, [c[k] for c in _COLOURS]) for k in range(3))
    return f"rgb({r:.0f},{g:.0f},{b:.0f})"
