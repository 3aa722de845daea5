"""Figures of `replacement.simulate`: profiles, field, charge, potential, current and voltage, D(n)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.figure import GREY, PALETTE, axis, layout, ordered_colours, trace
from ionscape.core.outcome import Figure
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.sequential import CLEAR, Scan
from ionscape.replacement.simulated_glass import Glass
from ionscape.replacement.simulated_outputs import (
    LAST,
    QUARTERS,
    Prediction,
    StageEnd,
    saved_index,
    stage_ends,
)

FloatArray = NDArray[np.float64]
NANO, HOUR = 1e9, 3600.0
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MOST_PANELS = 3
_MARGIN = 1.15


def reach(results: Sequence[Replacement], native: str) -> float:
    """[nm] Depth that figures show: where any saved profile differs from the bulk, with a margin."""
    deepest = 0.0
    for result in results:
        changed = np.flatnonzero((1 - result.fractions[native] > 2e-3).any(axis=0))
        if changed.size:
            deepest = max(deepest, float(result.faces[changed[-1] + 1]))
    film = NANO * max(float(result.faces[-1]) for result in results)
    return min(_MARGIN * NANO * deepest, film) if deepest else film


def profiles_figure(glass: Glass, predictions: Sequence[Prediction]) -> Figure:
    """Fractions of all ions at the ends of the stages; intermixing times in different dashes."""
    ends = _shown(stage_ends(glass))
    data: list[dict[str, Any]] = []
    for panel, end in enumerate(ends, start=1):
        axes = _axes(panel)
        for k, prediction in enumerate(predictions):
            result = prediction.result
            at = saved_index(result, end.time)
            for ion, colour in zip(glass.ions, PALETTE, strict=False):
                u = result.fractions[ion][at]
                if ion != glass.ions[0] and not u.max() > 0:
                    continue
                data.append(trace(result.depth * NANO, u, ion, mode="lines", colour=colour, dash=DASHES[k],
                                  width=2, legend=k == 0 and panel == len(ends), axes=axes))  # fmt: skip
    for k, prediction in enumerate(predictions if len(predictions) > 1 else ()):
        name = mixing_words(prediction.mixing.text)
        data.append(trace([math.nan], [math.nan], name, mode="lines", colour=GREY, dash=DASHES[k], width=2))
    plot = _panels([end.name for end in ends], "depth [nm]", "fraction of the bulk density",
                   [0.0, reach([p.result for p in predictions], glass.ions[0])], [-0.02, 1.05])  # fmt: skip
    caption = ("Simulated, not measured: fraction n/n₀ of each ion against depth at the end of "
               f"{_listed([f'stage {end.number} ({end.text})' for end in ends])}.")  # fmt: skip
    if len(predictions) > 1:
        caption += " Dashes: how fast the site energies of native and foreign ions mix."
    return Figure("profiles", "Simulated profiles", caption, {"data": data, "layout": plot})


def course_figure(glass: Glass, prediction: Prediction) -> Figure:
    """The native ion at quarters of every driven stage: how the front moves."""
    result, native = prediction.result, glass.ions[0]
    data: list[dict[str, Any]] = []
    ends = [end for end in stage_ends(glass) if end.ion][:MOST_PANELS]
    colours = ordered_colours(len(QUARTERS) + 1)
    for panel, end in enumerate(ends, start=1):
        for share, colour in zip((*QUARTERS, LAST), colours, strict=True):
            at = saved_index(result, end.begin + share * (end.end - end.begin))
            name = f"{100 * share:.0f} % of the stage"
            for ion, dash in ((native, "solid"), (end.ion, "dash")):
                data.append(trace(result.depth * NANO, result.fractions[ion][at], name, mode="lines",
                                  colour=colour, dash=dash, width=1.8, axes=_axes(panel),
                                  legend=panel == 1 and dash == "solid"))  # fmt: skip
    plot = _panels([end.name for end in ends], "depth [nm]", "fraction of the bulk density",
                   [0.0, reach([result], native)], [-0.02, 1.05])  # fmt: skip
    return Figure(
        "course", "How the front moves",
        f"Simulated, not measured. Full: {native}; dashed: the ion that enters; from early (dark) to late "
        "(bright) in each driven stage.",
        {"data": data, "layout": plot},
    )  # fmt: skip


def charge_figure(glass: Glass, results: Sequence[tuple[str, Replacement]]) -> Figure:
    """Field and excess charge at the ends of the driven stages.

    Parameters
    ----------
    results : sequence of (description, Replacement)
    """
    ends = [end for end in stage_ends(glass) if end.ion][:MOST_PANELS]
    data: list[dict[str, Any]] = []
    lowest = 0.0
    for colour, end in zip(PALETTE, ends, strict=False):
        for (name, result), dash in zip(results, DASHES, strict=False):
            at = saved_index(result, end.time)
            lowest = min(lowest, float(result.excess_charge[at].min()) * 1e4)
            said = end.name if len(results) == 1 else f"{end.name}, {name}"
            data.append(trace(result.faces * NANO, result.field[at] * 1e-8, said, mode="lines", colour=colour,
                              dash=dash, width=2))  # fmt: skip
            data.append(trace(result.depth * NANO, result.excess_charge[at] * 1e4, said, mode="lines",
                              colour=colour, dash=dash, width=2, legend=False,
                              axes=("x2", "y2")))  # fmt: skip
    span = [0.0, reach([result for _, result in results], glass.ions[0])]
    plot = layout(axis("", domain=[0, 1], anchor="y", range=span, showticklabels=False),
                  axis("field [MV/cm]", domain=[0.55, 1], anchor="x"), height=520)  # fmt: skip
    plot["xaxis2"] = axis("depth [nm]", domain=[0, 1], anchor="y2", range=span)
    plot["yaxis2"] = axis("excess charge [10⁻⁴ e n₀]", domain=[0, 0.45], anchor="x2",
                          zeroline=True, zerolinecolor=GREY, range=[1.2 * lowest, -0.4 * lowest])  # fmt: skip
    return Figure(
        "charge", "Field and excess charge",
        "Simulated, not measured. Above: electric field at the end of each driven stage; below: charge "
        "density over that of all mobile ions, negative where the field falls towards the bulk; the "
        "layer at the surface that full equations have is cut off.",
        {"data": data, "layout": plot},
    )  # fmt: skip


def potential_figure(glass: Glass, prediction: Prediction) -> Figure:
    """Potential in the film at the ends of the driven stages."""
    result = prediction.result
    data = []
    for colour, dash, end in zip(PALETTE, DASHES, [e for e in stage_ends(glass) if e.ion], strict=False):
        at = saved_index(result, end.time)
        data.append(trace(result.depth * NANO, result.potential[at], end.name, mode="lines", colour=colour,
                          dash=dash, width=2))  # fmt: skip
    plot = layout(axis("depth [nm]", range=[0.0, reach([result], glass.ions[0])]), axis("potential [V]"))
    return Figure(
        "potential", "Potential in the film",
        "Simulated, not measured. Against the end of the film, at the end of each driven stage; the voltage "
        "across the bulk behind it comes on top.",
        {"data": data, "layout": plot},
    )  # fmt: skip


def current_voltage_figure(glass: Glass, prediction: Prediction) -> Figure:
    """Current density and voltages against the time under drive: rests are cut out."""
    result = prediction.result
    hours, kept = _driven_hours(glass, result.trace_time)
    panels = [(result.current_density * 1e5, "current density", PALETTE[6], "solid", ("x", "y")),
              (result.film_voltage, "across the film", PALETTE[1], "solid", ("x2", "y2")),
              (result.bulk_voltage, "across the bulk behind it", PALETTE[0], "dash",
               ("x2", "y2"))]  # fmt: skip
    data = [
        trace(hours, values[kept], name, mode="lines", colour=colour, dash=dash, width=2, axes=axes)
        for values, name, colour, dash, axes in panels
    ]
    plot = layout(axis("", domain=[0, 1], anchor="y", showticklabels=False),
                  axis("j [nA/cm²]", domain=[0.66, 1], anchor="x"), height=460)  # fmt: skip
    plot["xaxis2"] = axis("time under drive [h]", domain=[0, 1], anchor="y2", matches="x")
    plot["yaxis2"] = axis("voltage [V]", domain=[0, 0.56], anchor="x2")
    return Figure("current_voltage", "Current and voltage",
                  "Simulated, not measured. Above: current density; below: voltages. Rests are cut out.",
                  {"data": data, "layout": plot})  # fmt: skip


def _driven_hours(glass: Glass, time: FloatArray) -> tuple[FloatArray, NDArray[np.intp]]:
    """Hours of drive up to the points of the trace that lie in driven stages, and those points."""
    hours, kept, driven = list[FloatArray](), list[NDArray[np.intp]](), 0.0
    for end in stage_ends(glass):
        if end.ion:
            at = end.points(time)
            hours.append((driven + time[at] - end.begin) / HOUR)
            kept.append(at)
            driven += end.end - end.begin
    return np.concatenate(hours), np.concatenate(kept)


def diffusion_figure(glass: Glass) -> Figure:
    """D of all ions against the filling of their sites, at the temperature of the first driven stage."""
    filling = np.concatenate([np.geomspace(1e-4, 1e-2, 60)[:-1], np.linspace(1e-2, 1.0, 200)])
    data, lowest, highest = [], math.inf, -math.inf
    for ion, colour, dash in zip(glass.ions, PALETTE, DASHES, strict=False):
        d = np.exp(glass.law(ion, glass.best).log_diffusion(filling, glass.reference)) * 1e4
        data.append(trace(filling, d, ion, mode="lines", colour=colour, dash=dash, width=2))
        shown = d[filling > 0.01]
        lowest, highest = min(lowest, float(shown.min())), max(highest, float(shown.max()))
    y = axis("D [cm²/s]", log=True, range=[math.log10(lowest) - 0.3, math.log10(highest) + 0.4])
    text = ("D at the temperature of the first driven stage against the filling s of an ion's sites: for the "
            "native ion its own fraction, for the ion that arrived last always 1.")  # fmt: skip
    return Figure("diffusion", "Diffusion coefficients against filling", text,
                  {"data": data, "layout": layout(axis("filling s", range=[0, 1.02]), y)})  # fmt: skip


def distinguish_figure(scan: Scan) -> Figure:
    """How far predictions with an intermixing time lie from never and from at once."""
    days = scan.time / 86400
    data = [
        trace(days, scan.from_never, "last profile, from 'never'", mode="lines+markers", colour=PALETTE[0],
              width=2),
        trace(days, scan.first_from_never, "first profile, from 'never'", mode="lines+markers",
              colour=PALETTE[4], dash="dot", marker="diamond", width=2),
        trace(days, scan.from_at_once, "last profile, from 'at once'", mode="lines+markers",
              colour=PALETTE[1], dash="dash", marker="square", width=2),
        trace(days[[0, -1]], [CLEAR, CLEAR], f"{CLEAR:g} SD", mode="lines", colour=GREY, dash="dot"),
    ]  # fmt: skip
    top = max(float(np.nanmax([scan.from_never, scan.from_at_once])), 2 * CLEAR)
    y = axis("distance [SD]", log=True, range=[-1, math.log10(top) + 0.2])
    return Figure(
        "distinguish", "From which intermixing time the second experiment can tell",
        "Distance of the predicted profiles, after the first and after the last driven stage, from those "
        "without mixing and with mixing at once, by counting noise; what errors of the parameters, the "
        "current and the scales could imitate is taken out.",
        {"data": data, "layout": layout(axis("intermixing time [d]", log=True), y)},
    )  # fmt: skip


# ---- pieces -------------------------------------------------------------------------------------------
def mixing_words(text: str) -> str:
    """``never`` -> ``unmixed``, ``at once`` -> ``mixed``, ``1 d`` -> ``mixing in 1 d``."""
    return {"never": "unmixed", "at once": "mixed at once"}.get(text, f"mixing in {text}")


def _shown(ends: Sequence[StageEnd]) -> list[StageEnd]:
    """The ends that a figure has room for: the driven stages first, and the rests between."""
    driven = [end for end in ends if end.ion]
    if len(ends) <= MOST_PANELS:
        return list(ends)
    return driven[-MOST_PANELS:]


def _axes(panel: int) -> tuple[str, str]:
    return ("x", "y") if panel == 1 else (f"x{panel}", f"y{panel}")


def _panels(
    titles: Sequence[str], x: str, y: str, x_range: Sequence[float], y_range: Sequence[float]
) -> dict[str, Any]:
    """One to three panels side by side with one legend above."""
    n, gap = len(titles), 0.05
    width = (1 - gap * (n - 1)) / n
    plot: dict[str, Any] = {}
    notes = []
    for k, title in enumerate(titles):
        domain = [k * (width + gap), k * (width + gap) + width]
        number = "" if k == 0 else str(k + 1)
        here = axis(x, domain=domain, anchor=f"y{number}", range=list(x_range))
        up = axis(y if k == 0 else "", domain=[0.0, 1.0], anchor=f"x{number}", range=list(y_range),
                  showticklabels=k == 0)  # fmt: skip
        if k == 0:
            plot = layout(here, up, height=430)
        else:
            plot |= {f"xaxis{number}": here, f"yaxis{number}": up}
        notes.append({"text": f"<b>{title}</b>", "showarrow": False, "xref": "paper", "yref": "paper",
                      "x": sum(domain) / 2, "y": 1.0, "yanchor": "bottom", "yshift": 2})  # fmt: skip
    plot["annotations"] = notes
    plot["legend"] |= {"orientation": "h", "x": 0, "y": 1.08, "yanchor": "bottom"}
    plot["margin"] = plot["margin"] | {"t": 90}
    return plot


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts[:-1]) + f" and {texts[-1]}" if len(texts) > 1 else texts[0]
