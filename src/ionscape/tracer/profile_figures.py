"""The figure of fitted profiles: data with errors and fit, residuals, and the tail on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.figure import GREY, PALETTE, axis, layout, ordered_colours, symbol, trace
from ionscape.core.outcome import Figure
from ionscape.tracer.profile_fit import ProfileFit
from ionscape.tracer.profile_models import INITIAL

FloatArray = NDArray[np.float64]

_UNITS = ((1e-3, "mm"), (1e-6, "µm"), (0.0, "nm"))
_FACTORS = {"mm": 1e3, "µm": 1e6, "nm": 1e9}


def profiles(curves: Sequence[tuple[str, ProfileFit]]) -> Figure:
    """All profiles of a measurement in three panels.

    Parameters
    ----------
    curves : sequence of (label, ProfileFit)
    """
    unit = _unit(max(float(fit.position[-1]) for _, fit in curves))
    factor = _FACTORS[unit]
    colours = PALETTE[: len(curves)] if len(curves) <= len(PALETTE) else ordered_colours(len(curves))
    data: list[dict[str, Any]] = []
    for i, ((label, fit), colour) in enumerate(zip(curves, colours, strict=True)):
        data += _linear(label, fit, colour, i, factor)
        if len(curves) == 1:
            data += _others(fit, factor)
        data += _residuals(label, fit, colour, i, factor)
        data += _tail(label, fit, colour, i, factor)
    excess = [np.abs(fit.curve - _initial(fit)).max() for _, fit in curves]
    noise = [float(np.median(fit.deviation)) for _, fit in curves]
    lowest = min(float(np.abs(fit.curve - _initial(fit)).min()) for _, fit in curves)
    floor = max(min(noise) / 5, 1e-6 * max(excess), lowest / 3)
    tail = [math.log10(floor), math.log10(1.6 * max(excess))]
    spread = max(float(np.percentile(np.abs(_normal(fit)), 98)) for _, fit in curves)
    names = sorted({fit.model for _, fit in curves})
    caption = ("Points: isotope fractions with 1 standard deviation; lines: the fitted model "
               f"({', '.join(names)}). Below: fraction minus fit in standard deviations. Right: the "
               "excess over "
               "the initial fraction on a logarithmic axis, where tails show; points below zero are left "
               "out.")  # fmt: skip
    if len(curves) == 1 and curves[0][1].alternatives:
        caption += " Dashed: models that were not chosen."
    if all(np.isnan(fit.chi_square_per_freedom) for _, fit in curves):
        caption += " No errors were stated: they are taken from the scatter."
    return Figure("profiles", "Tracer profiles", caption,
                  {"data": data, "layout": _layout(unit, max(1.25 * spread, 3.0), tail)})  # fmt: skip


def _unit(length: float) -> str:
    return next(unit for limit, unit in _UNITS if length >= limit)


def _linear(label: str, fit: ProfileFit, colour: str, i: int, factor: float) -> list[dict[str, Any]]:
    x = fit.position * factor
    return [
        trace(x, fit.fraction, label, colour=colour, marker=symbol(i), size=5,
              error_y=(fit.deviation, fit.deviation)),
        trace(fit.curve_position * factor, fit.curve, f"{label}: {fit.model}", mode="lines", colour=colour,
              width=2, legend=True),
    ]  # fmt: skip


def _others(fit: ProfileFit, factor: float) -> list[dict[str, Any]]:
    """The models that were not chosen, in both panels."""
    drawn = []
    x, base = fit.curve_position * factor, _initial(fit)
    for k, (title, curve) in enumerate(fit.alternatives.items()):
        colour = PALETTE[(k + 1) % len(PALETTE)]
        drawn.append(trace(x, curve, title, mode="lines", colour=colour, dash="dash"))
        drawn.append(trace(x, _positive(curve - base), title, mode="lines", colour=colour, dash="dash",
                           legend=False, axes=("x3", "y3")))  # fmt: skip
    return drawn


def _residuals(label: str, fit: ProfileFit, colour: str, i: int, factor: float) -> list[dict[str, Any]]:
    return [trace(fit.position * factor, _normal(fit), label, colour=colour, marker=symbol(i), size=5,
                  mode="markers+lines", width=0.7, legend=False, axes=("x2", "y2"))]  # fmt: skip


def _tail(label: str, fit: ProfileFit, colour: str, i: int, factor: float) -> list[dict[str, Any]]:
    base = _initial(fit)
    excess = _positive(fit.fraction - base)
    down = np.minimum(fit.deviation, 0.9 * np.nan_to_num(excess, nan=1.0))
    return [
        trace(fit.position * factor, excess, label, colour=colour, marker=symbol(i), size=5, legend=False,
              error_y=(fit.deviation, down), axes=("x3", "y3")),
        trace(fit.curve_position * factor, _positive(fit.curve - base), label, mode="lines", colour=colour,
              width=2, legend=False, axes=("x3", "y3")),
    ]  # fmt: skip


def _initial(fit: ProfileFit) -> float:
    estimate = fit.parameters.get(INITIAL)
    if estimate is not None and estimate.status == "determined":
        return estimate.value
    return fit.given.get(INITIAL, 0.0)


def _positive(values: FloatArray) -> FloatArray:
    return np.where(values > 0, values, np.nan)


def _normal(fit: ProfileFit) -> FloatArray:
    return np.asarray((fit.fraction - fit.fitted) / fit.deviation)


def _layout(unit: str, spread: float, tail: list[float]) -> dict[str, Any]:
    left, right = [0.0, 0.54], [0.66, 1.0]
    plot = layout(axis("", domain=left, anchor="y", showticklabels=False),
                  axis("isotope fraction", domain=[0.34, 1.0], anchor="x"), height=480)  # fmt: skip
    plot["xaxis2"] = axis(f"position [{unit}]", domain=left, anchor="y2", matches="x")
    plot["yaxis2"] = axis("residual [SD]", domain=[0.0, 0.26], anchor="x2", range=[-spread, spread],
                          zeroline=True, zerolinecolor=GREY)  # fmt: skip
    plot["xaxis3"] = axis(f"position [{unit}]", domain=right, anchor="y3")
    plot["yaxis3"] = axis("excess fraction", log=True, domain=[0.0, 1.0], anchor="x3", range=tail)
    plot["legend"] |= {"x": 0.53, "xanchor": "right", "y": 0.99, "yanchor": "top"}
    return plot


__all__ = ["profiles"]
