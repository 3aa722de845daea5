"""Figures of a fit of replacement profiles: each with fit and residuals, and all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.figure import GREY, PALETTE, axis, band, layout, symbol, trace
from ionscape.core.outcome import Figure

FloatArray = NDArray[np.float64]

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
NANOMETRE = 1e9
MOST_POINTS = 500
"""Measured points in one figure; beyond, every second or third is drawn."""
_FRACTION = "fraction of the bulk density"
_BEYOND = 1.6
"""Front depths from which on the unchanged bulk needs no room."""


@dataclass(frozen=True, eq=False)
class DrawnProfile:
    """What the figures show of one profile: N points, G depths of the curves. SI.

    Attributes
    ----------
    title : str
        The foreign ion, and the profile's label where several are of one ion.
    native_ion, foreign_ion : str
    depth, native, native_sd, residual : (N,) arrays
        Fractions and residuals (data less fit, in SD).
    foreign, foreign_sd, foreign_residual : (N,) arrays or None
        The foreign ion with the sensitivity that the fit found.
    grid : (G,) array
    native_curve, foreign_curve : (G,) arrays
        As the instrument sees them.
    band_68, band_95 : ((G,), (G,)) arrays
        Of the native curve.
    inside : (G,) array or None
        The native profile inside the solid, without the instrument's resolution; None where none is stated.
    front_depth : float
        nan where there is none.
    """

    title: str
    native_ion: str
    foreign_ion: str
    depth: FloatArray
    native: FloatArray
    native_sd: FloatArray
    residual: FloatArray
    foreign: FloatArray | None
    foreign_sd: FloatArray | None
    foreign_residual: FloatArray | None
    grid: FloatArray
    native_curve: FloatArray
    foreign_curve: FloatArray
    band_68: tuple[FloatArray, FloatArray]
    band_95: tuple[FloatArray, FloatArray]
    inside: FloatArray | None
    front_depth: float

    @property
    def reach(self) -> float:
        """Depth [m] to which it is drawn."""
        last = float(self.depth[-1])
        return min(last, _BEYOND * self.front_depth) if np.isfinite(self.front_depth) else last

    @property
    def drawn(self) -> NDArray[np.intp]:
        """Places of the points that are drawn."""
        inside = np.flatnonzero(self.depth <= self.reach)
        return inside[:: max(-(-inside.size // MOST_POINTS), 1)]


def profile_figure(profile: DrawnProfile) -> Figure:
    """One profile: both ions with bands above, residuals in SD below."""
    shown = profile.drawn
    data = _native(profile, shown) + _foreign(profile, shown)
    if np.isfinite(profile.front_depth):
        at = profile.front_depth * NANOMETRE
        data.append(trace([at, at], [-0.08, 1.12], "front depth", mode="lines", colour=GREY, dash="dash",
                          width=1.2))  # fmt: skip
    data += _residuals(profile, shown)
    foreign = f" and {profile.foreign_ion}, its sensitivity as fitted" if profile.foreign is not None else ""
    thin = "; dotted: inside the solid, without the depth resolution" if profile.inside is not None else ""
    caption = (
        f"Points: fractions of the bulk density with 1 standard deviation of counting, {profile.native_ion}"
        f"{foreign}. Lines: the fit, with bands that hold 68 and 95 % of the posterior{thin}. Below: data "
        "minus fit in standard deviations."
    )
    highest = max(float(np.nanmax(np.abs(r[shown]))) for r in _all_residuals(profile))
    ion = profile.foreign_ion
    title = ion if profile.title == ion else f"{ion}: {profile.title.removeprefix(ion).strip(' ()')}"
    return Figure(f"profile_{_slug(profile.title)}", f"Profile and fit, {title}", caption,
                  {"data": data, "layout": _layout(profile, max(3.5, 1.2 * highest))})  # fmt: skip


def profiles_figure(profiles: Sequence[DrawnProfile]) -> Figure:
    """The native ion of all profiles; colour, symbol and dash tell the foreign ions apart."""
    reach = max(profile.reach for profile in profiles) * NANOMETRE
    data = [one for i, profile in enumerate(profiles) for one in _overlaid(i, profile, reach)]
    plot = layout(axis("depth [nm]", range=[0, reach]), axis(_FRACTION, range=[-0.08, 1.12]))
    plot["legend"] |= {"x": 0.99, "xanchor": "right", "y": 0.04, "yanchor": "bottom"}
    caption = (f"{profiles[0].native_ion} after its replacement by each ion, and the joint fit of one "
               "distribution of site energies; bands hold 95 % of the posterior.")  # fmt: skip
    return Figure("profiles", "All profiles and the joint fit", caption, {"data": data, "layout": plot})


def _overlaid(i: int, profile: DrawnProfile, reach: float) -> list[dict[str, Any]]:
    colour, shown = PALETTE[i % len(PALETTE)], profile.drawn[::2]
    on = profile.grid * NANOMETRE <= reach
    x = profile.grid[on] * NANOMETRE
    low, high = profile.band_95
    return [
        band(x, low[on], high[on], f"{profile.title}: 95 %", colour=colour, legend=False),
        trace(profile.depth[shown] * NANOMETRE, profile.native[shown], profile.title, colour=colour,
              marker=symbol(i), size=4, opacity=0.55),
        trace(x, profile.native_curve[on], f"{profile.title}: fit", mode="lines", colour=colour,
              dash=DASHES[i % len(DASHES)], width=2),
    ]  # fmt: skip


def _native(profile: DrawnProfile, shown: NDArray[np.intp]) -> list[dict[str, Any]]:
    colour = PALETTE[0]
    on = profile.grid <= profile.reach
    x = profile.grid[on] * NANOMETRE
    sd = profile.native_sd[shown]
    (low, high), (lowest, highest) = profile.band_68, profile.band_95
    drawn = [
        band(x, lowest[on], highest[on], "95 %", colour=colour),
        band(x, low[on], high[on], "68 %", colour=colour),
        trace(profile.depth[shown] * NANOMETRE, profile.native[shown], profile.native_ion, colour=colour,
              size=4, error_y=(sd, sd), opacity=0.7),
        trace(x, profile.native_curve[on], f"{profile.native_ion}: fit", mode="lines", colour=colour,
              width=2),
    ]  # fmt: skip
    if profile.inside is not None:
        drawn.append(trace(x, profile.inside[on], f"{profile.native_ion} inside the solid", mode="lines",
                           colour=PALETTE[6], dash="dot", width=1.1))  # fmt: skip
    return drawn


def _foreign(profile: DrawnProfile, shown: NDArray[np.intp]) -> list[dict[str, Any]]:
    if profile.foreign is None or profile.foreign_sd is None:
        return []
    colour = PALETTE[1]
    on = profile.grid <= profile.reach
    sd = profile.foreign_sd[shown]
    return [
        trace(profile.depth[shown] * NANOMETRE, profile.foreign[shown], profile.foreign_ion, colour=colour,
              marker="square", size=4, error_y=(sd, sd), opacity=0.7),
        trace(profile.grid[on] * NANOMETRE, profile.foreign_curve[on], f"{profile.foreign_ion}: fit",
              mode="lines", colour=colour, dash="dash", width=2),
    ]  # fmt: skip


def _all_residuals(profile: DrawnProfile) -> list[FloatArray]:
    return [r for r in (profile.residual, profile.foreign_residual) if r is not None]


def _residuals(profile: DrawnProfile, shown: NDArray[np.intp]) -> list[dict[str, Any]]:
    names = (profile.native_ion, profile.foreign_ion)
    return [
        trace(profile.depth[shown] * NANOMETRE, residual[shown], f"{names[i]}: residual", colour=PALETTE[i],
              marker=("circle", "square")[i], size=3.5, legend=False, axes=("x2", "y2"), opacity=0.8)
        for i, residual in enumerate(_all_residuals(profile))
    ]  # fmt: skip


def _layout(profile: DrawnProfile, spread: float) -> dict[str, Any]:
    reach = [0.0, profile.reach * NANOMETRE]
    plot = layout(axis("", anchor="y", range=reach, showticklabels=False),
                  axis(_FRACTION, domain=[0.36, 1.0], range=[-0.08, 1.12]), height=500)  # fmt: skip
    plot["xaxis2"] = axis("depth [nm]", anchor="y2", range=reach, matches="x")
    plot["yaxis2"] = axis("residual [SD]", domain=[0.0, 0.27], anchor="x2", range=[-spread, spread],
                          zeroline=True, zerolinecolor=GREY)  # fmt: skip
    plot["legend"] |= {"orientation": "h", "x": 0.0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
    plot["margin"] |= {"t": 50}
    return plot


def _slug(title: str) -> str:
    """A name for a figure: letters, digits and underscores."""
    return "_".join("".join(c if c.isalnum() else " " for c in title).split()).lower()
