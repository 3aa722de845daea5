"""How the permeabilities of all boundaries are distributed, as a histogram of their logarithm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.core.figure import PALETTE, axis, layout, numbers, trace
from ionscape.core.number_format import format_quantity, format_unit
from ionscape.core.outcome import Figure
from ionscape.core.quantity import to_field

FloatArray = NDArray[np.float64]

CURVE = "log-normal of all boundaries, errors removed"
# Status and side, name, colour, pattern.
_KINDS = (
    ("determined", "determined", PALETTE[0], ""),
    ("boundupper", "at most (upper bounds)", PALETTE[1], "/"),
    ("boundlower", "at least (lower bounds)", PALETTE[2], "\\"),
)


def permeability_histogram(
    values: Sequence[Estimate],
    median: Estimate,
    spread: Estimate,
    unit: str,
    symbol: str,
    name: str,
    title: str,
) -> Figure:
    """Determined values and bounds in classes of log10, with the log-normal of the boundaries themselves."""
    decades = {
        kind: np.array(
            [math.log10(to_field(v.value, unit)) for v in values if v.status + v.side == kind and v.value > 0]
        )
        for kind, *_ in _KINDS
    }
    known = median.status == "determined"
    edges = _classes(decades, math.log10(to_field(median.value, unit)) if known else None)
    data = [_bars(decades[kind], edges, *look) for kind, *look in _KINDS if decades[kind].size]
    told = ""
    if known:
        told = f" Geometric mean {format_quantity(median, unit)}."
        data.append(_mark(median, unit))
        if spread.status == "determined":
            data.append(_log_normal(median, spread, unit, len(values) * float(edges[1] - edges[0])))
    caption = _caption([v.status for v in values], any(t["name"] == CURVE for t in data)) + told
    x = axis(f"{symbol} [{format_unit(unit)}]", **decade_ticks(edges))
    plot = layout(x, axis("number of boundaries"), height=380, barmode="stack", bargap=0.0)
    plot["legend"] |= {"orientation": "h", "x": 0.0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}
    plot["margin"] |= {"t": 45}
    return Figure(name, title, caption, {"data": data, "layout": plot})


def _caption(statuses: Sequence[str], curve: bool) -> str:
    """What the bars count, and whether the line may be compared with them."""
    n, own, bounds = len(statuses), statuses.count("determined"), statuses.count("bound")
    texts = [f"Bars: {own} boundaries with a value of their own and {bounds} with a bound, drawn where the "
             f"bound is; {n - own - bounds} more have neither."]  # fmt: skip
    fitted = "line" if curve else "geometric mean"
    texts.append(
        f"The {fitted} is fitted to all {n} with their errors, bounds and undetermined ones included."
    )
    if 2 * own < n:
        texts.append(
            f"Most boundaries have no value of their own, so the bars do not show the distribution and need "
            f"not follow the {fitted}: those that are determined are mainly those whose errors made the "
            "gradient large."
        )
    else:
        texts.append("The bars are wider than the distribution by the errors of the single values.")
    if curve:
        texts.append(f"The area under the line is that of {n} boundaries.")
    return " ".join(texts)


def _classes(decades: Mapping[str, FloatArray], centre: float | None) -> FloatArray:
    """Edges of the classes: the middle 98 % of what most bars count, and the geometric mean."""
    everything, own = np.concatenate(list(decades.values())), decades["determined"]
    if everything.size == 0:
        everything = np.zeros(1)
    low, high = np.quantile(own if 2 * own.size > everything.size else everything, [0.01, 0.99])
    if centre is not None:
        low, high = min(low, centre), max(high, centre)
    width = 0.1 if high - low < 3 else 0.2
    return np.arange(math.floor(low / width) * width - width, high + 2 * width, width)


def _bars(decades: FloatArray, edges: FloatArray, label: str, colour: str, pattern: str) -> dict[str, Any]:
    within = decades[(decades > edges[0]) & (decades < edges[-1])]
    heights, _ = np.histogram(within, edges)
    look = {"color": colour, "opacity": 0.75, "line": {"width": 0.5, "color": "white"},
            "pattern": {"shape": pattern}}  # fmt: skip
    return {
        "type": "bar",
        "x": numbers((edges[1:] + edges[:-1]) / 2),
        "y": [int(h) for h in heights],
        "width": float(edges[1] - edges[0]),
        "name": label,
        "marker": look,
    }


def _log_normal(median: Estimate, spread: Estimate, unit: str, area: float) -> dict[str, Any]:
    centre, sd = math.log10(to_field(median.value, unit)), spread.value / math.log(10)
    x = np.linspace(centre - 3.2 * sd, centre + 3.2 * sd, 81)
    y = area * np.exp(-0.5 * ((x - centre) / sd) ** 2) / (sd * math.sqrt(2 * math.pi))
    return trace(x, y, CURVE, mode="lines", colour="#000000", width=2)


def plain(symbol: str) -> str:
    """A symbol without the marks that axes understand and captions print."""
    return symbol.replace("<sub>", "_").replace("</sub>", "")


def decade_ticks(edges: FloatArray) -> dict[str, Any]:
    """Ticks at 1, 2, 5 of every decade (1 only over many), for an axis in log10."""
    many = edges[-1] - edges[0] > 2.5
    vals, texts = [], []
    for decade in range(math.floor(edges[0]), math.ceil(edges[-1]) + 1):
        for digit in (1,) if many else (1, 2, 5):
            at = decade + math.log10(digit)
            if edges[0] - 1e-9 <= at <= edges[-1] + 1e-9:
                vals.append(round(at, 5))
                texts.append(
                    f"{digit}×10<sup>{decade}</sup>".replace("-", "−")
                    if digit > 1
                    else f"10<sup>{decade}</sup>".replace("-", "−")
                )
    return {"tickvals": vals, "ticktext": texts}


def _mark(median: Estimate, unit: str) -> dict[str, Any]:
    centre = math.log10(to_field(median.value, unit))
    low, high = (math.log10(to_field(end, unit)) for end in median.interval(0.95))
    mark = trace([centre], [0.0], "geometric mean, 95 %", colour="#000000", marker="diamond", size=10)
    mark["error_x"] = {
        "type": "data",
        "symmetric": False,
        "array": [high - centre],
        "arrayminus": [centre - low],
        "thickness": 2,
        "width": 5,
        "color": "#000000",
    }
    mark["cliponaxis"] = False
    return mark
