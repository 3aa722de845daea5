"""The look that all figures share: plotly.js specifications as plain dicts, no plotting library needed.

Colours are Okabe and Ito's (distinct for every kind of colour vision); sets ordered by temperature take
cividis from cold (dark blue) to hot (yellow-brown, darkened so that it stands out on white).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
GREY = "#7f7f7f"
_CIVIDIS = ((0, 34, 78), (35, 62, 108), (87, 93, 109), (125, 124, 120), (165, 156, 116), (196, 168, 62))
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star")


def ordered_colours(n: int) -> list[str]:
    """``n`` colours from cold to hot."""
    table = np.asarray(_CIVIDIS, dtype=float)
    at = np.linspace(0, len(table) - 1, max(n, 1)) if n > 1 else np.zeros(1)
    channels = [np.interp(at, np.arange(len(table)), table[:, k]) for k in range(3)]
    return [f"rgb({r:.0f},{g:.0f},{b:.0f})" for r, g, b in zip(*channels, strict=True)]


def symbol(i: int) -> str:
    """The i-th marker, so that colour is never the only difference."""
    return _SYMBOLS[i % len(_SYMBOLS)]


def numbers(values: ArrayLike) -> list[float | None]:
    """JSON numbers with six significant digits; None for nan and inf (drawn as a gap)."""
    array = np.asarray(values, dtype=float).ravel()
    return [float(f"{v:.6g}") if np.isfinite(v) else None for v in array]


def trace(
    x: ArrayLike, y: ArrayLike, name: str, *, mode: str = "markers", colour: str = PALETTE[0],
    marker: str = "circle", dash: str = "solid", error_y: tuple[ArrayLike, ArrayLike] | None = None,
    hover: Sequence[str] | None = None, legend: bool = True, axes: tuple[str, str] = ("x", "y"),
    size: float = 6, width: float = 1.6, opacity: float = 1.0,
) -> dict[str, Any]:  # fmt: skip
    """One set of points or a line. ``error_y`` is (upwards, downwards), both positive lengths."""
    plot: dict[str, Any] = {"type": "scatter", "mode": mode, "x": numbers(x), "y": numbers(y), "name": name,
                            "showlegend": legend, "xaxis": axes[0], "yaxis": axes[1],
                            "opacity": opacity}  # fmt: skip
    if "markers" in mode:
        plot["marker"] = {"color": colour, "symbol": marker, "size": size}
    if "lines" in mode:
        plot["line"] = {"color": colour, "dash": dash, "width": width}
    if error_y is not None:
        up, down = error_y
        plot["error_y"] = {"type": "data", "symmetric": False, "array": numbers(up),
                           "arrayminus": numbers(down), "thickness": 1.2, "width": 3,
                           "color": colour}  # fmt: skip
    if hover is not None:
        plot["text"], plot["hoverinfo"] = list(hover), "text"
    return plot


def band(
    x: ArrayLike, low: ArrayLike, high: ArrayLike, name: str, *, colour: str = PALETTE[0],
    legend: bool = True, axes: tuple[str, str] = ("x", "y"),
) -> dict[str, Any]:  # fmt: skip
    """A filled interval between two curves."""
    xs, lows, highs = (np.asarray(v, dtype=float) for v in (x, low, high))
    return {"type": "scatter", "mode": "lines", "x": numbers(np.concatenate([xs, xs[::-1]])),
            "y": numbers(np.concatenate([highs, lows[::-1]])), "fill": "toself", "name": name,
            "fillcolor": colour, "opacity": 0.25, "line": {"width": 0}, "hoverinfo": "skip",
            "showlegend": legend, "xaxis": axes[0], "yaxis": axes[1]}  # fmt: skip


def axis(title: str, *, log: bool = False, **more: Any) -> dict[str, Any]:
    """One axis with its title and unit, ticks outside, a frame, a light grid."""
    plain: dict[str, Any] = {"title": {"text": title, "standoff": 8}, "ticks": "outside", "showline": True,
                             "linecolor": "#333", "mirror": True, "gridcolor": "#eee",
                             "zeroline": False, "automargin": True}  # fmt: skip
    if log:
        plain |= {"type": "log", "exponentformat": "power", "dtick": more.pop("dtick", 1)}
    return plain | more


def layout(x: Mapping[str, Any], y: Mapping[str, Any], *, height: int = 420, **more: Any) -> dict[str, Any]:
    """A whole layout from two axes; ``equal_axes=True`` makes one ohm as long in x as in y (Nyquist)."""
    equal = more.pop("equal_axes", False)
    x, y = dict(x), dict(y)
    if equal:
        y |= {"scaleanchor": x.get("anchor_name", "x"), "scaleratio": 1}
    return {"template": "none", "height": height, "margin": {"l": 70, "r": 20, "t": 20, "b": 55},
            "font": {"family": "Helvetica, Arial, sans-serif", "size": 13, "color": "#222"},
            "paper_bgcolor": "white", "plot_bgcolor": "white", "xaxis": x, "yaxis": y,
            "legend": {"bgcolor": "rgba(255,255,255,0.7)", "font": {"size": 12}}, **more}  # fmt: skip
