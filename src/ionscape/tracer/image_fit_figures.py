"""Figures of `tracer.image_fit`: measured, modelled and residual maps, the profile, the boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.figure import PALETTE, axis, band, layout, numbers, trace
from ionscape.core.outcome import Figure
from ionscape.tracer.image_inverse import ImageFit

FloatArray = NDArray[np.float64]
MOST_PIXELS = 14000  # of a drawn map: more cannot be seen and only swell the report
# Blue to white to orange: residuals of either sign, told apart by every kind of colour vision.
_DIVERGING = [[0.0, "#0072B2"], [0.5, "#ffffff"], [1.0, "#D55E00"]]


def fit_figures(fit: ImageFit, labels: Sequence[str]) -> tuple[Figure, ...]:
    """All figures of one fit."""
    maps = tuple(_maps(fit, k, label) for k, label in enumerate(labels))
    boundaries = (_boundary_map(fit), _distribution(fit)) if fit.population is not None else ()
    return (*maps, _profile(fit, labels), *boundaries)


def _maps(fit: ImageFit, k: int, label: str) -> Figure:
    """Measured, modelled and residual map side by side."""
    scene = fit.problem.scene
    measured, model, residual = scene.fractions[k], fit.models[k], fit.standardised[k]
    low, high = (float(v) for v in np.nanpercentile(measured, [1, 99]))
    ny, nx = measured.shape
    ratio = ny * scene.spacing[0] / (nx * scene.spacing[1])
    height = int(min(max(205 * ratio, 160), 600)) + 110
    titles = ("measured", "modelled", "(measured − modelled)/SD")
    data = []
    for panel, values in enumerate((measured, model, residual)):
        number = "" if panel == 0 else str(panel + 1)
        scale = {"coloraxis": "coloraxis2" if panel == 2 else "coloraxis"}
        data.append(_heatmap(values, scene.spacing, (f"x{number}", f"y{number}")) | scale)
    look = _panels(titles, height, labelled="y")
    bar = {"thickness": 12, "len": 0.42, "x": 1.01, "tickfont": {"size": 11}}
    look["coloraxis"] = {"colorscale": "Cividis", "cmin": low, "cmax": high,
                         "colorbar": bar | {"y": 0.78, "title": {"text": "fraction"}}}  # fmt: skip
    look["coloraxis2"] = {"colorscale": _DIVERGING, "cmin": -4, "cmax": 4,
                          "colorbar": bar | {"y": 0.25, "title": {"text": "residual"}}}  # fmt: skip
    name = f" {label}" if label else f" {k + 1}"
    return Figure(
        f"maps_{k + 1}", f"Image{name}: measured, modelled, residual",
        "Isotope fraction on one colour scale, and the difference in standard deviations of the counting "
        "noise; "
        "white: left out near boundaries." + _thinned(measured.shape),
        {"data": data, "layout": look},
    )  # fmt: skip


def _panels(titles: Sequence[str], height: int, labelled: str) -> dict[str, Any]:
    """Panels in a row with equal axes in micrometres, y downwards as in the image."""
    gap, n = 0.04, len(titles)
    width = (1 - gap * (n - 1)) / n
    look = layout(axis("x [µm]"), axis("y [µm]"), height=height)
    look["annotations"] = []
    for panel, title in enumerate(titles):
        number = "" if panel == 0 else str(panel + 1)
        start = panel * (width + gap)
        look[f"xaxis{number}"] = axis("x [µm]", domain=[start, start + width], constrain="domain", nticks=4,
                                      anchor=f"y{number}", showgrid=False)  # fmt: skip
        look[f"yaxis{number}"] = axis("y [µm]" if panel == 0 and labelled else "", autorange="reversed",
                                      scaleanchor=f"x{number}", scaleratio=1, constrain="domain",
                                      anchor=f"x{number}", showticklabels=panel == 0,
                                      showgrid=False)  # fmt: skip
        look["annotations"].append({
            "text": f"<b>{title}</b>", "showarrow": False, "x": 0.5, "xref": f"x{number} domain",
            "xanchor": "center", "y": 1.0, "yref": f"y{number} domain", "yanchor": "bottom",
            "font": {"size": 12},
        })  # fmt: skip
    look["margin"] = look["margin"] | {"t": 35, "r": 90}
    return look


def _heatmap(values: FloatArray, spacing: tuple[float, float], axes: tuple[str, str]) -> dict[str, Any]:
    shown, factor = _binned(values)
    rows = [numbers(np.round(row, 4)) for row in shown]
    dy, dx = (step * factor * 1e6 for step in spacing)
    return {"type": "heatmap", "z": rows, "x0": dx / 2, "dx": dx, "y0": dy / 2, "dy": dy, "xaxis": axes[0],
            "yaxis": axes[1],
            "hovertemplate": "%{x:.0f} µm, %{y:.0f} µm: %{z:.4g}<extra></extra>"}  # fmt: skip


def _binned(values: FloatArray) -> tuple[FloatArray, int]:
    """Block means, so that at most `MOST_PIXELS` are left."""
    factor = 1
    while values.size / factor**2 > MOST_PIXELS:
        factor += 1
    if factor == 1:
        return values, 1
    ny, nx = (n // factor for n in values.shape)
    blocks = (
        values[: ny * factor, : nx * factor]
        .reshape(ny, factor, nx, factor)
        .swapaxes(1, 2)
        .reshape(ny, nx, -1)
    )
    good = np.isfinite(blocks)
    total = np.where(good, blocks, 0.0).sum(axis=2)
    return np.where(good.any(axis=2), total / np.maximum(good.sum(axis=2), 1), np.nan), factor


def _thinned(shape: tuple[int, ...]) -> str:
    factor = _binned(np.zeros(shape))[1]
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
    faces, population = fit.problem.faces, fit.population
    middle = faces.midpoints * 1e6
    keep = np.arange(0, len(middle), max(1, len(middle) // 9000))
    known = population.determined[faces.boundary[keep]]
    logs = np.log10(population.permeability[faces.boundary[keep]] * 100)
    low, high = (float(v) for v in np.percentile(logs[known] if known.any() else logs, [2, 98]))
    ticks = np.round(np.linspace(low, high, 5), 2)
    grey = trace(
        middle[keep][~known, 0], middle[keep][~known, 1], "population only", colour="#c8c8c8", size=3
    )
    coloured = trace(middle[keep][known, 0], middle[keep][known, 1], "determined", size=4)
    coloured["marker"] = {
        "size": 4, "symbol": "square", "color": numbers(logs[known]), "colorscale": "Cividis", "cmin": low,
        "cmax": high, "colorbar": {
            "title": {"text": "D_gb/δ [cm/s]"}, "thickness": 12, "tickvals": numbers(ticks),
            "ticktext": [f"{10**t:.2g}" for t in ticks],
        },
    }  # fmt: skip
    scene = fit.problem.scene
    size = [n * step * 1e6 for n, step in zip(scene.labels.shape, scene.spacing, strict=True)]
    look = layout(
        axis("x [µm]", range=[0, size[1]], constrain="domain", showgrid=False),
        axis("y [µm]", range=[size[0], 0], scaleanchor="x", scaleratio=1, constrain="domain", showgrid=False),
        height=int(min(max(430 * size[0] / size[1], 300), 680)),
    )  # fmt: skip
    look["legend"] |= {"orientation": "h", "y": 1.02, "yanchor": "bottom"}
    look["margin"] = look["margin"] | {"t": 45}
    return Figure(
        "boundary_map", "Boundaries and their D_gb/δ",
        "Each boundary in the colour of its D_gb/δ; grey: the image says no more than the population.",
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
    x = axis("D_gb/δ [cm/s]", log=True, dtick="D2")
    look = layout(x, axis("share of the boundaries below", range=[0, 1]))
    look["legend"] |= {"x": 0.02, "y": 0.98}
    return Figure(
        "distribution", "Distribution of D_gb/δ",
        "Points: single boundaries, drawn towards the population by its own weight. Line: the log-normal "
        "population "
        "that the whole image asks for.",
        {"data": data, "layout": look},
    )  # fmt: skip
