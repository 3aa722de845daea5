"""The figure of a storage fit: the first profile, the later ones with what it becomes, and the residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.figure import GREY, PALETTE, axis, band, layout, ordered_colours, symbol, trace
from ionscape.core.outcome import Figure
from ionscape.tracer.storage_fit import StorageFit
from ionscape.tracer.storage_words import length_unit

FloatArray = NDArray[np.float64]

POINTS = 240  # of a curve
_FIRST = "#000000"


def storage_profiles(fit: StorageFit, labels: Sequence[str]) -> Figure:
    """Two panels over one axis of positions.

    Parameters
    ----------
    fit : StorageFit
    labels : sequence of str
        Of the first profile and the later ones.
    """
    unit, factor = length_unit(fit.initial.modes.length)
    count = len(labels) - 1
    colours = [_FIRST, *(PALETTE[:count] if count < len(PALETTE) else ordered_colours(count))]
    data: list[dict[str, Any]] = []
    largest = 3.0
    for k, (label, colour) in enumerate(zip(labels, colours, strict=True)):
        data += _profile(fit, k, label, colour, factor)
        residual = _residual(fit, k)
        largest = max(largest, 1.2 * float(np.percentile(np.abs(residual), 99)))
        data.append(trace(fit.profiles[k].position * factor, residual, label, colour=colour, marker=symbol(k),
                          size=4, legend=False, axes=("x", "y2")))  # fmt: skip
    x = axis(f"position [{unit}]", anchor="y2", mirror="all")
    look = layout(x, axis("isotope fraction", rangemode="tozero") | {"domain": [0.34, 1.0]}, height=560)
    look["yaxis2"] = axis("residual [SD]", zeroline=True, zerolinecolor=GREY, range=[-largest, largest]) | {
        "domain": [0.0, 0.26]
    }
    look["legend"] |= {"x": 0.99, "xanchor": "right", "y": 0.99, "yanchor": "top"}
    caption = ("Points: measured, with 1 standard deviation of counting. Lines: the initial profile, as "
               "all profiles "
               "together fix it, and what diffusion makes of it; bands: 95 %, all uncertainties of the "
               "fit. Below: "
               "point minus line over its standard deviation.")  # fmt: skip
    return Figure("storage", "Profiles before and after storage", caption, {"data": data, "layout": look})


def _profile(fit: StorageFit, k: int, label: str, colour: str, factor: float) -> list[dict[str, Any]]:
    profile = fit.profiles[k]
    deviation = fit.scatter * np.sqrt(profile.variance)
    x = np.linspace(profile.position[0], profile.position[-1], POINTS)
    curve, spread = fit.curve(k, x)
    reach = 1.96 * np.hypot(spread, _by_diffusion(fit, k, x))
    return [
        band(x * factor, curve - reach, curve + reach, f"{label}: 95 %", colour=colour, legend=False),
        trace(profile.position * factor, profile.fraction, label, colour=colour, marker=symbol(k), size=5,
              error_y=(deviation, deviation), opacity=0.6),
        trace(x * factor, curve, f"{label}: fit", mode="lines", colour=colour, width=2, legend=False),
    ]  # fmt: skip


def _by_diffusion(fit: StorageFit, k: int, x: FloatArray) -> FloatArray:
    """1 SD of a propagated curve through ln theta."""
    if k == 0 or not np.all(np.isfinite(fit.covariance)):
        return np.zeros(x.size)
    theta = float(fit.theta[k - 1])
    slope = fit.law.works(fit.histories, fit.logs)[1][k - 1] / theta
    spread = float(np.sqrt(max(slope @ fit.covariance @ slope, 0.0)))
    shift = float(fit.displacement[k - 1])
    ends = [fit.initial.at(x + shift, theta * float(np.exp(sign * 0.01)))[0] for sign in (1, -1)]
    return np.asarray(np.abs(ends[0] - ends[1]) / 0.02 * spread)


def _residual(fit: StorageFit, k: int) -> FloatArray:
    profile = fit.profiles[k]
    curve, _ = fit.curve(k, profile.position)
    return np.asarray((profile.fraction - curve) / (fit.scatter * np.sqrt(profile.variance)))


__all__ = ["storage_profiles"]
