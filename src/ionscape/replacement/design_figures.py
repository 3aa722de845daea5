"""Figures of `replacement.design`: expected profiles, what they tell, and which currents are possible."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.figure import PALETTE, axis, layout, trace
from ionscape.core.outcome import Figure
from ionscape.replacement.design_choice import Candidate, Window
from ionscape.replacement.design_inputs import MEV
from ionscape.replacement.experiment_design import Spectrometer
from ionscape.replacement.instrument import slice_edges, slice_means

FloatArray = NDArray[np.float64]
NANO, NANOAMPERE = 1e9, 1e5
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def profiles_figure(candidates: Sequence[Candidate], spectrometer: Spectrometer) -> Figure:
    """Expected profiles of the native ion, as they will be seen."""
    data = []
    for k, one in enumerate(candidates):
        planned = one.planned
        count = round(1.5 * planned.front_depth / spectrometer.slice)
        depth = (np.arange(max(count, 8)) + 0.5) * spectrometer.slice
        seen = slice_means(planned.faces, planned.native, slice_edges(depth), spectrometer.resolution)
        name = f"{planned.ion}, {planned.temperature - 273.15:.3g} °C"
        data.append(trace(depth * NANO, seen, name, mode="lines", colour=PALETTE[k % len(PALETTE)],
                          dash=_DASHES[k % len(_DASHES)], width=2.2))  # fmt: skip
    return Figure(
        "expected_profiles", "Expected profiles of the native ion",
        "Simulated, not measured: fraction of the bulk density against depth, through the stated depth "
        "resolution, for the best experiment of every ion.",
        {"data": data, "layout": layout(axis("depth [nm]", rangemode="tozero"),
                                        axis("fraction of native ions", range=[0, 1.05]))},
    )  # fmt: skip


def uncertainty_figure(
    curves: Mapping[str, tuple[FloatArray, FloatArray, FloatArray]], wanted: float
) -> Figure:
    """Expected 1 SD of the FWHM against the depth of the front.

    Parameters
    ----------
    curves : mapping of ion to three (n,) arrays
        Depth [m], 1 SD [J] with what is known, 1 SD [J] were all else exactly known.
    wanted : float
        [m]
    """
    data, lows, highs = [], [], []
    for k, (ion, (depth, known, alone)) in enumerate(curves.items()):
        colour = PALETTE[k % len(PALETTE)]
        data.append(trace(depth * NANO, known / MEV, ion, mode="lines+markers", colour=colour, width=2.2))
        data.append(trace(depth * NANO, alone / MEV, f"{ion}, D_bulk and vacancies exact", mode="lines",
                          colour=colour, dash="dot"))  # fmt: skip
        lows.append(np.nanmin([known, alone]) / MEV)
        highs.append(np.nanmax([known, alone]) / MEV)
    low, high = min(lows) / 1.3, max(highs) * 1.3
    data.append(trace([wanted * NANO] * 2, [low, high], "wanted", mode="lines", colour="#222", dash="dash"))
    ticks = {"tickvals": [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200], "exponentformat": "none"}
    y = axis("expected 1 SD of the FWHM [meV]", log=True, range=[math.log10(low), math.log10(high)]) | ticks
    return Figure(
        "expected_uncertainty", "What a profile will tell of the width of the site energies",
        "Smallest 1 SD that any analysis of the counted profile can reach, against the depth of the front: "
        "with what is known of D_bulk and the vacancy fraction, and (dotted) were these exactly known.",
        {"data": data, "layout": _legend_above(layout(axis("depth of the front [nm]"), y, height=480))},
    )  # fmt: skip


def window_figure(
    windows: Sequence[Window], candidates: Sequence[Candidate], currents: Sequence[float]
) -> Figure:
    """Possible currents against temperature; ``currents`` [A/m^2] are those of the candidates."""
    data = []
    ions = list(dict.fromkeys(window.ion for window in windows))
    finite = [w.fastest for w in windows if math.isfinite(w.fastest) and w.fastest > 0]
    top = 3 * max([w.slowest for w in windows] + finite)
    lowest = min(w.slowest for w in windows)
    for k, ion in enumerate(ions):
        own = [w for w in windows if w.ion == ion]
        celsius = [w.temperature - 273.15 for w in own]
        colour = PALETTE[k % len(PALETTE)]
        mode = "lines+markers" if len(own) > 1 else "markers"
        data.append(trace(celsius, [w.slowest * NANOAMPERE for w in own], f"{ion}, longest time", mode=mode,
                          colour=colour, dash="dash", marker="triangle-up", size=8))  # fmt: skip
        most = [w.fastest if math.isfinite(w.fastest) and w.fastest > lowest / 100 else math.nan for w in own]
        if np.isfinite(most).any():
            data.append(trace(celsius, np.array(most) * NANOAMPERE, f"{ion}, voltage or source", mode=mode,
                              colour=colour, marker="triangle-down", size=8))  # fmt: skip
        lowest = min([lowest, *(m for m in most if math.isfinite(m))])
    for one, current in zip(candidates, currents, strict=True):
        colour = PALETTE[ions.index(one.planned.ion) % len(PALETTE)]
        data.append(trace([one.planned.temperature - 273.15], [current * NANOAMPERE],
                          f"{one.planned.ion}, chosen", colour=colour, marker="star", size=14))  # fmt: skip
    ticks = {"tickvals": [m * 10.0**k for k in range(-3, 8) for m in (1, 2, 5)], "exponentformat": "none"}
    y = axis("current density [nA/cm²]", log=True,
             range=[math.log10(lowest * NANOAMPERE / 2), math.log10(top * NANOAMPERE)]) | ticks  # fmt: skip
    return Figure(
        "window", "Possible currents",
        "Between the current that takes the longest time allowed (dashed) and the one at which voltage or "
        "source set the limit (full): possible. Where the full line lies below the dashed one, the "
        "temperature is too low. By front theory.",
        {"data": data, "layout": _legend_above(layout(axis("temperature [°C]"), y, height=480))},
    )  # fmt: skip


def _legend_above(look: dict[str, Any]) -> dict[str, Any]:
    look["legend"] |= {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    look["margin"] = look["margin"] | {"t": 100}
    return look
