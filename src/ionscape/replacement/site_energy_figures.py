"""Figures of D against the native fraction, and of the site energies that it stands for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.constants import eV

from ionscape.core.figure import GREY, PALETTE, axis, band, layout, symbol, trace
from ionscape.core.outcome import Figure
from ionscape.replacement.diffusion_law import DiffusionLaw
from ionscape.replacement.populations import NativePopulations, StackedPopulations

FloatArray = NDArray[np.float64]

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_MEV, _CM2 = 1e-3 * eV, 1e4
_FRACTIONS = np.concatenate([np.geomspace(1e-3, 0.02, 60)[:-1], np.linspace(0.02, 1.0, 197)])
_DECADES = 9.0  # below the largest D that is drawn
_MARGIN = 0.06
_ENERGY_TITLE = "site energy − E<sub>F</sub>(1) [meV]"


@dataclass(frozen=True, eq=False)
class DiffusionCurve:
    """D of one ion against the native fraction, N points, SI.

    Attributes
    ----------
    name : str
    fraction, diffusion : (N,) arrays
        Native fractions n/n_bulk; D [m^2/s].
    low, high : (N,) arrays or None
        68 % interval of D.
    covered : (float, float) or None
        Fractions that profiles cover: drawn thick, the rest thin. None: all thick.
    bulk : float or None
        D [m^2/s] of the unchanged bulk where it is known, marked at fraction 1.
    """

    name: str
    fraction: FloatArray
    diffusion: FloatArray
    low: FloatArray | None = None
    high: FloatArray | None = None
    covered: tuple[float, float] | None = None
    bulk: float | None = None


def diffusion_curve(
    name: str, law: DiffusionLaw, temperature: float, *, native: bool = True,
    draws: Sequence[DiffusionLaw] = (), covered: tuple[float, float] | None = None,
    bulk: float | None = None, fraction: FloatArray | None = None,
) -> DiffusionCurve:  # fmt: skip
    """Curve of a law at a temperature [K].

    Parameters
    ----------
    name : str
        Of the ion.
    law : DiffusionLaw
    temperature : float
        [K]
    native : bool
        Whether its filling is the native fraction; that of the ion that arrived last is 1 throughout.
    draws : sequence of DiffusionLaw
        From the posterior: 68 % interval at each fraction.
    covered, bulk
        See `DiffusionCurve`.
    fraction : (N,) array, optional
        Native fractions; 0.001 to 1 unless given.
    """
    u = _FRACTIONS if fraction is None else np.asarray(fraction, dtype=float)
    filling = u if native else np.ones_like(u)
    low = high = None
    if draws:
        logs = np.stack([one.log_diffusion(filling, temperature) for one in draws])
        low, high = np.exp(np.percentile(logs, [15.865, 84.135], axis=0))
    best = np.exp(law.log_diffusion(filling, temperature))
    return DiffusionCurve(name, u, best, low, high, covered, bulk)


def diffusion_figure(curves: Sequence[DiffusionCurve], *, note: str = "", name: str = "diffusion") -> Figure:
    """D of all ions against the native fraction, on a logarithmic axis.

    Parameters
    ----------
    curves : sequence of DiffusionCurve
        The native ion first.
    note : str
        Further sentences for the caption, e.g. temperature and origin.
    name : str
        Of the figure within the analysis.
    """
    data: list[dict[str, Any]] = []
    for i, curve in enumerate(curves):
        data += _curve(curve, PALETTE[i % len(PALETTE)], DASHES[i % len(DASHES)], symbol(i))
    caption = "Diffusion coefficients against the native ion's fraction of its bulk density."
    if any(curve.low is not None for curve in curves):
        caption += " Bands: 68 % intervals."
    if any(curve.covered is not None for curve in curves):
        caption += " Thick: fractions that the profiles cover; thin: the law beyond them."
    if any(curve.bulk is not None for curve in curves):
        caption += " Marker: D of the unchanged bulk."
    x = axis("native fraction n/n<sub>bulk</sub>", range=[-0.02, 1.04])
    y = axis("D [cm²/s]", log=True, range=_log_range(curves))
    return Figure(name, "Diffusion coefficients against the native fraction", f"{caption} {note}".strip(),
                  {"data": data, "layout": layout(x, y)})  # fmt: skip


def site_energy_figure(
    experiments: Sequence[tuple[str, NativePopulations]], *, native_ion: str, note: str = "",
    interval: tuple[FloatArray, FloatArray, FloatArray] | None = None, name: str = "site_energies",
) -> Figure:  # fmt: skip
    """Populated, mobile and immobile part of the native ion's site energies, and the vacancies.

    Parameters
    ----------
    experiments : sequence of (name, NativePopulations)
        By foreign ion, of one distribution. The least mobile part is filled, the others are outlined.
    native_ion : str
    note : str
        Further sentences for the caption.
    interval : (energy, low, high), optional
        68 % interval of the density of all sites [J], [1/J].
    name : str
        Of the figure within the analysis.
    """
    order = sorted(experiments, key=lambda pair: -pair[1].level_left)
    least, parts = order[0]
    x, data = parts.energy / _MEV, list[dict[str, Any]]()
    if interval is not None:
        energy, low, high = interval
        data.append(band(energy / _MEV, low * eV, high * eV, "68 % interval", colour=PALETTE[6]))
    data += [
        _between(x, 0 * x, parts.immobile, f"immobile ({least})", PALETTE[1]),
        _between(x, parts.immobile, parts.populated, f"mobile ({least})", PALETTE[0]),
        _between(x, parts.populated, parts.sites, "vacant", GREY),
        trace(x, parts.sites * eV, "all sites", mode="lines", colour=PALETTE[6], width=2),
    ]
    for i, (title, other) in enumerate(order[1:], start=1):
        line = other.level_left / _MEV
        height = float(np.interp(other.level_left, other.energy, other.sites)) * eV
        data.append(trace([line, line], [0.0, height], f"mobile down to here ({title})", mode="lines",
                          colour=PALETTE[0], dash=DASHES[1 + i % (len(DASHES) - 1)], width=2))  # fmt: skip
    top = _MARGIN + float(parts.sites.max()) * eV
    data.append(_fermi_level([0.0, 1.1 * top]))
    caption = (
        f"Site energies of {native_ion} relative to its Fermi level before the experiment (dashed), per eV "
        f"and native ion. Filled: vacancies, what left (mobile) and what stayed (immobile) with {least}."
    )
    if len(order) > 1:
        others = ", ".join(title for title, _ in order[1:])
        caption += f" Upright lines: down to where ions left with {others}."
    if interval is not None:
        caption += " Band: 68 % interval of all sites."
    plot = layout(axis(_ENERGY_TITLE), axis("ions per energy [1/eV]", range=[0.0, 1.1 * top]))
    plot["legend"] |= {"x": 0.01, "xanchor": "left", "y": 0.99, "yanchor": "top"}
    return Figure(name, f"Site energies of {native_ion}", f"{caption} {note}".strip(),
                  {"data": data, "layout": plot})  # fmt: skip


def stacked_figure(
    panels: Sequence[tuple[str, StackedPopulations]], ions: Sequence[str], *, note: str = "",
    name: str = "populations",
) -> Figure:  # fmt: skip
    """Native and foreign ions over the site energy, side by side, e.g. static and mixed.

    Parameters
    ----------
    panels : sequence of (title, StackedPopulations)
        One to three.
    ions : sequence of str
        Names, in the order of the populations.
    note : str
        Further sentences for the caption, e.g. at which depth and after which stage.
    name : str
        Of the figure within the analysis.
    """
    data: list[dict[str, Any]] = []
    top = 1.1 * max(float((p.ions.sum(axis=0) + p.vacant).max()) for _, p in panels) * eV
    for k, (_, stack) in enumerate(panels, start=1):
        axes = ("x", "y") if k == 1 else (f"x{k}", f"y{k}")
        x, below = stack.energy / _MEV, np.zeros(stack.energy.size)
        for i, (ion, density) in enumerate(zip(ions, stack.ions, strict=True)):
            data.append(_between(x, below, below + density, ion, PALETTE[i % len(PALETTE)], k == 1, axes))
            below = below + density
        data.append(_between(x, below, below + stack.vacant, "vacant", GREY, k == 1, axes))
        line = (below + stack.vacant) * eV
        data.append(trace(x, line, "all sites", mode="lines", colour=PALETTE[6], legend=k == 1, axes=axes))
        data.append(_fermi_level([0.0, top], legend=k == 1, axes=axes))
    caption = (
        "Ions over the site energy, per eV and native ion of the unchanged conductor, stacked: the height of "
        f"each colour is its ion's part. Panels: {'; '.join(title for title, _ in panels)}. Dashed: the "
        "Fermi level of the unchanged conductor. The scale is that of the native ion's sites; energies of "
        "foreign ions are placed by the sites they took."
    )
    return Figure(name, "Site energies of native and foreign ions", f"{caption} {note}".strip(),
                  {"data": data, "layout": _panels([title for title, _ in panels], top)})  # fmt: skip


def _curve(curve: DiffusionCurve, colour: str, dash: str, marker: str) -> list[dict[str, Any]]:
    u, d = curve.fraction, curve.diffusion * _CM2
    drawn: list[dict[str, Any]] = []
    if curve.low is not None and curve.high is not None:
        low = np.maximum(curve.low * _CM2, np.finfo(float).tiny)
        drawn.append(band(u, low, curve.high * _CM2, f"{curve.name}, 68 %", colour=colour, legend=False))
    if curve.covered is None:
        drawn.append(trace(u, d, curve.name, mode="lines", colour=colour, dash=dash, width=3))
    else:
        inside = (u >= curve.covered[0]) & (u <= curve.covered[1])
        drawn.append(trace(u, d, curve.name, mode="lines", colour=colour, dash=dash, width=1, legend=False))
        thick = np.where(inside, d, np.nan)
        drawn.append(trace(u, thick, curve.name, mode="lines", colour=colour, dash=dash, width=3.5))
    if curve.bulk is not None:
        drawn.append(trace([1.0], [curve.bulk * _CM2], f"{curve.name}, bulk", colour=colour, marker=marker,
                           size=10))  # fmt: skip
    return drawn


def _log_range(curves: Sequence[DiffusionCurve]) -> list[float]:
    largest = max(float(curve.diffusion.max()) for curve in curves) * _CM2
    lows = [curve.diffusion if curve.low is None else curve.low for curve in curves]
    smallest = min(float(low[curve.fraction >= 0.01].min()) for low, curve in zip(lows, curves, strict=True))
    top = math.log10(largest)
    return [max(math.log10(smallest * _CM2), top - _DECADES) - 0.3, top + 0.5]


def _between(
    x: FloatArray, low: FloatArray, high: FloatArray, name: str, colour: str, legend: bool = True,
    axes: tuple[str, str] = ("x", "y"),
) -> dict[str, Any]:  # fmt: skip
    """Filled between two densities [1/J], drawn where they differ; fuller than an uncertainty band."""
    there = np.flatnonzero(high > low * (1 + 1e-9))
    part = slice(max(int(there[0]) - 1, 0), int(there[-1]) + 2) if there.size else slice(0, 1)
    shape = band(x[part], low[part] * eV, high[part] * eV, name, colour=colour, legend=legend, axes=axes)
    return shape | {"opacity": 0.55}


def _fermi_level(
    height: list[float], *, legend: bool = True, axes: tuple[str, str] = ("x", "y")
) -> dict[str, Any]:
    return trace([0.0, 0.0], height, "initial Fermi level", mode="lines", colour=PALETTE[6], dash="dash",
                 width=1.6, legend=legend, axes=axes)  # fmt: skip


def _panels(titles: Sequence[str], top: float) -> dict[str, Any]:
    n, gap = len(titles), 0.07
    width = (1 - gap * (n - 1)) / n
    plot: dict[str, Any] = {}
    for k, title in enumerate(titles, start=1):
        start = (k - 1) * (width + gap)
        suffix = "" if k == 1 else str(k)
        x = axis(_ENERGY_TITLE, domain=[start, start + width], anchor=f"y{suffix}")
        y = axis("ions per energy [1/eV]" if k == 1 else "", range=[0.0, top], anchor=f"x{suffix}")
        if k == 1:
            plot = layout(x, y)
            plot["margin"]["t"], plot["annotations"] = 40, []
        plot[f"xaxis{suffix}"], plot[f"yaxis{suffix}"] = x, y
        plot["annotations"].append({"text": title, "x": start + width / 2, "y": 1.0, "xref": "paper",
                                    "yref": "paper", "xanchor": "center", "yanchor": "bottom",
                                    "showarrow": False})  # fmt: skip
    plot["legend"] |= {"x": 0.01, "xanchor": "left", "y": 0.99, "yanchor": "top"}
    return plot
