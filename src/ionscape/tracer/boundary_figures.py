"""The figures of `tracer.boundaries`: the map, the distribution, one boundary's profile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.core.figure import GREY, PALETTE, axis, layout, numbers, trace
from ionscape.core.number_format import format_quantity, format_unit
from ionscape.core.outcome import Figure
from ionscape.core.quantity import to_field
from ionscape.tracer.boundary_steps import BoundarySteps
from ionscape.tracer.ion_image import IonImage

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int_]

MOST_PIXELS = 150_000
_BINS = 14
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
    ny, nx = image.fraction.shape
    height, width = ny * image.spacing[0] * 1e6, nx * image.spacing[1] * 1e6
    x = axis("x [µm]", range=[0, round(width, 1)], constrain="domain", showgrid=False)
    y = axis(
        "y [µm]",
        range=[round(height, 1), 0],
        scaleanchor="x",
        scaleratio=1,
        constrain="domain",
        showgrid=False,
    )
    size = int(np.clip(150 + 720 * height / width, 330, 820))
    counts = {s: sum(v.status == s for v in values) for s in ("determined", "bound", "undetermined")}
    rest = len(steps.lines) - counts["determined"] - counts["bound"]
    caption = (
        f"Grey: isotope fraction. Lines: grain boundaries, coloured by {symbol} where it is determined "
        f"({counts['determined']}); dashed where only a bound is ({counts['bound']}); dotted where "
        f"gradient and step fix nothing, or the boundary is too short or bent ({rest})."
    )
    plot = layout(x, y, height=size, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0.0})
    plot["margin"] = {"l": 60, "r": 20, "t": 40, "b": 50}
    return Figure(name, title, caption, {"data": data, "layout": plot})


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
        for kind in ("determined", "boundupper", "boundlower")
    }
    everything = np.concatenate(list(decades.values()))
    if everything.size == 0:
        everything = np.zeros(1)
    shown = decades["determined"] if decades["determined"].size >= 10 else everything
    low, high = np.quantile(shown, [0.01, 0.99])
    width = 0.1 if high - low < 3 else 0.2
    edges = np.arange(math.floor(low / width) * width - width, high + 2 * width, width)
    data: list[dict[str, Any]] = []
    for kind, label, colour, pattern in (
        ("determined", "determined", PALETTE[0], ""),
        ("boundupper", "at most (upper bounds)", PALETTE[1], "/"),
        ("boundlower", "at least (lower bounds)", PALETTE[2], "\\"),
    ):
        if decades[kind].size:
            within = decades[kind][(decades[kind] > edges[0]) & (decades[kind] < edges[-1])]
            heights, _ = np.histogram(within, edges)
            data.append(
                {
                    "type": "bar",
                    "x": numbers((edges[1:] + edges[:-1]) / 2),
                    "y": [int(h) for h in heights],
                    "width": width,
                    "name": label,
                    "marker": {
                        "color": colour,
                        "opacity": 0.75,
                        "line": {"width": 0.5, "color": "white"},
                        "pattern": {"shape": pattern},
                    },
                }
            )
    told = ""
    if median.status == "determined":
        told = f" Geometric mean {format_quantity(median, unit)}."
        centre = math.log10(to_field(median.value, unit))
        data.append(_mark(centre, median, unit))
        if spread.status == "determined":
            sd = spread.value / math.log(10)
            x = np.linspace(centre - 3.2 * sd, centre + 3.2 * sd, 81)
            y = len(values) * width * np.exp(-0.5 * ((x - centre) / sd) ** 2) / (sd * math.sqrt(2 * math.pi))
            data.append(trace(x, y, "log-normal, errors removed", mode="lines", colour="#000000", width=2))
    x_axis = axis(f"{symbol} [{format_unit(unit)}]", **_decade_ticks(edges))
    caption = (
        "Values of single boundaries scatter by their errors too; the line is the distribution of the "
        "boundaries "
        f"themselves, fitted to all {len(values)} of them, bounds and undetermined ones included: those "
        f"that are "
        f"determined are so partly because their errors made them large.{told}"
    )
    plot = layout(x_axis, axis("number of boundaries"), height=380, barmode="stack", bargap=0.0)
    plot["legend"] = plot["legend"] | {"x": 0.99, "xanchor": "right", "y": 0.98}
    return Figure(name, title, caption, {"data": data, "layout": plot})


def strip_profile(
    image: IonImage, labels: IntArray, steps: BoundarySteps, which: int, value: str, name: str, title: str
) -> Figure:
    """Fraction against distance from one boundary, averaged along it, with the fitted step and gradient."""
    from scipy.spatial import cKDTree

    line = steps.lines[steps.measured[which]]
    tangent = np.array([-line.normal[1], line.normal[0]])
    i, j = np.indices(labels.shape)
    places = np.stack([i * image.spacing[0], j * image.spacing[1]], axis=-1)
    along, ends = (places - line.centre) @ tangent, (line.path - line.centre) @ tangent
    inside = (labels == line.grains[0]) | (labels == line.grains[1])
    inside &= (along > ends.min()) & (along < ends.max()) & np.isfinite(image.fraction)
    inside &= np.abs((places - line.centre) @ line.normal) < max(line.length, 8 * max(image.spacing))
    across = np.zeros(labels.shape)
    across[inside] = cKDTree(line.middles).query(places[inside])[0]
    across = np.where(labels == line.grains[0], -across, across)
    pixel = math.sqrt(image.spacing[0] * image.spacing[1])
    number = np.floor(across[inside] / pixel).astype(int)
    f, v = image.fraction[inside], image.variance[inside]
    bins = [k for k in np.unique(number) if np.count_nonzero(number == k) >= 3]
    x = np.array([across[inside][number == k].mean() for k in bins])
    y = np.array([np.average(f[number == k], weights=1 / v[number == k]) for k in bins])
    sd = np.array([1 / math.sqrt(np.sum(1 / v[number == k])) for k in bins])
    used = np.abs(x) > steps.clearance
    data = [trace(x[used] * 1e6, y[used], "mean along the boundary", error_y=(sd[used], sd[used]), size=7)]
    if (~used).any():
        data.append(
            trace(x[~used] * 1e6, y[~used], "blurred: not used", marker="circle-open", colour=GREY, size=7)
        )
    for side, far in ((-1, x.min()), (1, x.max())):
        ends_x = np.array([0.0, far])
        level = steps.level[which] + side * steps.step[which] / 2 + steps.gradient[which] * ends_x
        data.append(
            trace(
                ends_x * 1e6,
                level,
                "gradient and step at the boundary",
                mode="lines",
                colour=PALETTE[1],
                width=2.2,
                legend=side < 0,
            )
        )
    caption = (
        f"The straight boundary that is measured best, {line.length * 1e6:.0f} µm long: {value}. "
        "Error bars: 1 SD of counting."
    )
    plot = layout(axis("distance from the boundary [µm]"), axis("isotope fraction"), height=360)
    plot["legend"] = plot["legend"] | {"x": 0.01, "y": 0.99}
    return Figure(name, title, caption, {"data": data, "layout": plot})


# ---- inner workings -------------------------------------------------------------------------------------
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
    ticks = _decade_ticks(edges)
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


def _decade_ticks(edges: FloatArray) -> dict[str, Any]:
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


def _mark(centre: float, median: Estimate, unit: str) -> dict[str, Any]:
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
