"""Figures of `tracer.image_fit`: measured, modelled and residual maps, the profile, the boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.figure import PALETTE, axis, band, layout, numbers, trace
from ionscape.core.outcome import Figure
from ionscape.tracer.image_inverse import ImageFit
from ionscape.tracer.map_view import LEFT, PAGE_WIDTH, RIGHT, MapView, block_size

FloatArray = NDArray[np.float64]
HIGHEST = 330  # pixels of one of the panels
MOST_PIXELS = 30000  # of a drawn map: more cannot be seen and only swell the report
# Blue to white to orange: residuals of either sign, told apart by every kind of colour vision.
_DIVERGING = [[0.0, "#0072B2"], [0.5, "#ffffff"], [1.0, "#D55E00"]]


def fit_figures(fit: ImageFit, labels: Sequence[str]) -> tuple[Figure, ...]:
    """All figures of one fit."""
    maps = tuple(_maps(fit, k, label) for k, label in enumerate(labels))
    boundaries = (_boundary_map(fit), _distribution(fit)) if fit.population is not None else ()
    return (*maps, _profile(fit, labels), *boundaries)


def view_of(fit: ImageFit) -> MapView:
    """The source at the left."""
    scene = fit.problem.scene
    ny, nx = scene.labels.shape
    return MapView(scene.source_edge, (ny, nx), scene.spacing)


def _maps(fit: ImageFit, k: int, label: str) -> Figure:
    """Measured, modelled and residual map, one below the other."""
    view = view_of(fit)
    panels = (
        ("measured", fit.problem.scene.fractions[k]),
        ("modelled", fit.models[k]),
        ("(measured − modelled)/SD", fit.standardised[k]),
    )
    data = []
    for panel, (_, values) in enumerate(panels):
        number = "" if panel == 0 else str(panel + 1)
        place = {"xaxis": f"x{number}", "yaxis": f"y{number}",
                 "coloraxis": "coloraxis2" if panel == 2 else "coloraxis",
                 "hovertemplate": "%{x:.0f} µm, %{y:.0f} µm: %{z:.4g}<extra></extra>"}  # fmt: skip
        data.append(view.heatmap(values, MOST_PIXELS) | place)
    name = f" {label}" if label else f" {k + 1}"
    return Figure(
        f"maps_{k + 1}", f"Image{name}: measured, modelled, residual",
        "Isotope fraction on one colour scale, and the difference in standard deviations of the counting "
        f"noise; white: left out near boundaries. {view.told}" + _thinned(panels[0][1].shape),
        {"data": data, "layout": _stacked(view, [title for title, _ in panels], panels[0][1])},
    )  # fmt: skip


def _stacked(view: MapView, titles: Sequence[str], measured: FloatArray) -> dict[str, Any]:
    """Panels one below the other with equal axes in micrometres, and a colour bar beside each scale."""
    n, title, top, bottom = len(titles), 26, 20, 60
    height = min(view.panel_height(), HIGHEST)
    inner = n * (height + title)
    look = layout(view.x_axis(), view.y_axis(), height=round(inner + top + bottom))
    look["annotations"] = []
    for panel, text in enumerate(titles):
        number = "" if panel == 0 else str(panel + 1)
        end = 1 - (panel * (height + title) + title) / inner
        last = panel == n - 1
        x = view.x_axis(anchor=f"y{number}", showticklabels=last, **({} if panel == 0 else {"matches": "x"}))
        look[f"xaxis{number}"] = x | ({} if last else {"title": {"text": ""}})
        look[f"yaxis{number}"] = view.y_axis(f"x{number}", anchor=f"x{number}", nticks=5,
                                             domain=[max(end - height / inner, 0), end])  # fmt: skip
        look["annotations"].append({
            "text": f"<b>{text}</b>", "showarrow": False, "x": 0.0, "xref": f"x{number} domain",
            "xanchor": "left", "y": end, "yref": "paper", "yanchor": "bottom", "font": {"size": 12},
        })  # fmt: skip
    low, high = (float(v) for v in np.nanpercentile(measured, [1, 99]))
    share, step = height / inner, (height + title) / inner
    bar = {"thickness": 12, "x": 1.005, "yanchor": "top", "tickfont": {"size": 11}, "ypad": 0}
    look["coloraxis"] = {"colorscale": "Cividis", "cmin": low, "cmax": high, "colorbar": bar | {
        "y": 1 - title / inner, "len": step + share, "title": {"text": "fraction"}}}  # fmt: skip
    look["coloraxis2"] = {"colorscale": _DIVERGING, "cmin": -4, "cmax": 4, "colorbar": bar | {
        "y": share, "len": share, "title": {"text": "residual"}}}  # fmt: skip
    look["margin"] = {"l": LEFT, "r": RIGHT, "t": top, "b": bottom}
    return look


def _thinned(shape: tuple[int, ...]) -> str:
    factor = block_size(shape, MOST_PIXELS)
    return f" Drawn in blocks of {factor} × {factor} pixels." if factor > 1 else ""


def _profile(fit: ImageFit, labels: Sequence[str]) -> Figure:
    """Mean along the diffusion, measured and modelled over the same pixels."""
    scene = fit.problem.scene
    vertical = scene.source_edge in ("top", "bottom")
    data = []
    for k, label in enumerate(labels):
        mask = fit.problem.masks[k]
        parts = [np.where(mask, a, np.nan) for a in (scene.fractions[k], fit.models[k], scene.variances[k])]
        parts = [p if vertical else p.T for p in parts]
        parts = [p[::-1] if scene.source_edge in ("bottom", "right") else p for p in parts]
        count = np.isfinite(parts[0]).sum(axis=1)
        safe = np.maximum(count, 1)
        mean, model = (np.where(count > 0, np.nansum(p, axis=1) / safe, np.nan) for p in parts[:2])
        error = np.sqrt(np.nansum(parts[2], axis=1)) / safe
        depth = (np.arange(mean.size) + 0.5) * scene.spacing[0 if vertical else 1] * 1e6
        name = label or f"image {k + 1}"
        data.append(band(depth[count > 0], (mean - error)[count > 0], (mean + error)[count > 0],
                         f"{name}, measured ± 1 SD", colour=PALETTE[k % 7]))  # fmt: skip
        data.append(trace(depth, model, f"{name}, modelled", mode="lines", colour=PALETTE[k % 7], width=1.4))
    look = layout(axis("distance from the source [µm]"), axis("mean isotope fraction"))
    look["legend"] |= {"x": 1, "xanchor": "right", "y": 1}
    return Figure(
        "profile", "Mean profile along the diffusion",
        "Mean over all compared pixels at one distance, measured and modelled; the wiggles are the "
        "boundaries that "
        "happen to lie there, in both.",
        {"data": data, "layout": look},
    )  # fmt: skip


def _boundary_map(fit: ImageFit) -> Figure:
    """Every boundary face coloured by its D_gb/δ; grey: not determined one by one."""
    assert fit.population is not None
    faces, population, view = fit.problem.faces, fit.population, view_of(fit)
    keep = np.arange(0, len(faces.midpoints), max(1, len(faces.midpoints) // 9000))
    along, across = view.points(*(faces.midpoints[keep] * 1e6).T)
    known = population.determined[faces.boundary[keep]]
    logs = np.log10(population.permeability[faces.boundary[keep]] * 100)
    low, high = (float(v) for v in np.percentile(logs[known] if known.any() else logs, [2, 98]))
    ticks = np.round(np.linspace(low, high, 5), 2)
    pixels = min(view.panel_height() / view.size[1], (PAGE_WIDTH - LEFT - RIGHT) / view.size[0])  # per µm
    size = float(np.clip(1.3 * pixels * max(fit.problem.scene.spacing) * 1e6, 3, 9))
    grey = trace(along[~known], across[~known], "known from the population only", colour="#c8c8c8", size=size)
    coloured = trace(along[known], across[known], "determined", size=size)
    coloured["marker"] = {
        "size": size, "symbol": "square", "color": numbers(logs[known]), "colorscale": "Cividis", "cmin": low,
        "cmax": high, "colorbar": {
            "title": {"text": "D<sub>gb</sub>/δ<br>[cm/s]"}, "thickness": 14, "x": 1.005, "len": 1.0,
            "tickvals": numbers(ticks), "ticktext": [f"{10**t:.2g}" for t in ticks],
        },
    }  # fmt: skip
    look = layout(view.x_axis(), view.y_axis(), height=round(view.panel_height() + 105))
    look["legend"] |= {"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0.0, "itemsizing": "constant"}
    look["margin"] = {"l": LEFT, "r": RIGHT, "t": 45, "b": 60}
    single, count = int(population.determined.sum()), population.determined.size
    return Figure(
        "boundary_map", "Boundaries and their D_gb/δ",
        f"Each boundary in the colour of its D_gb/δ where the image determines it ({single} of {count}); "
        f"grey: the image says no more than the population of all. {view.told}",
        {"data": [grey, coloured], "layout": look},
    )  # fmt: skip


def _distribution(fit: ImageFit) -> Figure:
    """Cumulative distribution of the determined boundaries against the fitted population."""
    from scipy.special import ndtr

    assert fit.population is not None
    population, median = fit.population, fit.permeability[0]
    known = np.sort(population.permeability[population.determined]) * 100
    share = (np.arange(known.size) + 0.5) / max(known.size, 1)
    data = [trace(known, share, "boundaries determined one by one", size=5)]
    if median.status == "determined" and population.fitted_spread > 0:
        logs = np.linspace(-3, 3, 121) * population.fitted_spread
        data.append(trace(median.value * 100 * np.exp(logs), ndtr(logs / population.fitted_spread),
                          "fitted log-normal population", mode="lines", colour=PALETTE[1],
                          width=2))  # fmt: skip
    x = axis("D<sub>gb</sub>/δ [cm/s]", log=True, dtick=None)
    look = layout(x, axis("share of the boundaries below", range=[0, 1]))
    look["legend"] |= {"orientation": "h", "x": 0.0, "y": 1.02, "yanchor": "bottom"}
    look["margin"] |= {"t": 45}
    return Figure(
        "distribution", "Distribution of D_gb/δ",
        f"Points: the {known.size} of {population.determined.size} boundaries that are determined one by "
        "one, each drawn towards the population by its own weight. Line: the log-normal population of all "
        "boundaries that the whole image asks for; points and line agree only where most are determined.",
        {"data": data, "layout": look},
    )  # fmt: skip
