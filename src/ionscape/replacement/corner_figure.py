"""The corner plot: what the draws of a posterior say of every parameter, and of every two together.

Regions hold 68 and 95 % of the draws: those of highest density, of a smoothed histogram (in two dimensions
the ellipse of 1 SD would hold 39 %).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.core.figure import GREY, PALETTE, axis, layout, numbers, trace
from ionscape.core.outcome import Figure

FloatArray = NDArray[np.float64]

LEVELS = (0.6826894921370859, 0.95)
BINS, GRID = 26, 34
MOST = 7
"""Parameters that stay legible on a page."""
_REACH = 0.12  # of the range of the draws beyond its ends
_CUT = 0.001  # of the draws at either end, that the axes leave out
_CELL, _GAP = 128, 0.10
_LIGHT, _DARK = "#cfe3f1", "#7fb5d9"


@dataclass(frozen=True, eq=False)
class CornerParameter:
    """One parameter of a corner plot.

    Attributes
    ----------
    title : str
        With its unit, as the axis says it: ``FWHM [meV]``.
    draws : (n,) array
        In that unit; the i-th draws of all parameters belong together.
    logarithmic : bool
        Whether the axis is one of powers of ten.
    truth : float or None
        A known true value (of generated data), drawn as a line.
    """

    title: str
    draws: FloatArray
    logarithmic: bool = False
    truth: float | None = None

    @property
    def shown(self) -> FloatArray:
        """Draws as they lie on the axis."""
        return np.asarray(np.log10(self.draws) if self.logarithmic else self.draws)

    @property
    def mark(self) -> float | None:
        """The truth as it lies on the axis."""
        if self.truth is None:
            return None
        return math.log10(self.truth) if self.logarithmic else self.truth

    @property
    def heading(self) -> str:
        """What the axis says: ``log₁₀`` stands before a logarithmic one."""
        return f"log<sub>10</sub> {self.title}" if self.logarithmic else self.title


def corner_figure(
    parameters: Sequence[CornerParameter], *, name: str = "posterior",
    title: str = "What the parameters can be together", caption: str = "",
) -> Figure:  # fmt: skip
    """Histograms on the diagonal, regions of 68 and 95 % below it.

    Parameters
    ----------
    parameters : sequence of CornerParameter
        At least two, all with the same number of draws.

    Raises
    ------
    InputError
        If there are fewer, or their draws do not belong together.
    """
    if len(parameters) < 2:
        raise InputError("a corner plot needs at least two parameters")
    if len({p.draws.shape for p in parameters}) > 1 or parameters[0].draws.ndim != 1:
        raise InputError("the parameters of a corner plot need equally many draws")
    spans = [_span(p) for p in parameters]
    n = len(parameters)
    data: list[dict[str, Any]] = []
    plot = layout({}, {}, height=_CELL * n + 90, showlegend=False, bargap=0.0)
    del plot["xaxis"], plot["yaxis"]
    for i in range(n):
        for j in range(i + 1):
            axes = _axis_names(i, j)
            plot |= _cell_axes(parameters, spans, i, j)
            data += (
                _histogram(parameters[i], spans[i], axes) if i == j
                else _region(parameters[j], parameters[i], spans[j], spans[i], axes)
            )  # fmt: skip
    told = ("Draws of the posterior. Diagonal: each parameter by itself, dashed its median and central 68 %. "
            "Below: every two together, dark the region that holds 68 %, light that of 95 %; a slanted "
            "region is a combination that the data do not separate.")  # fmt: skip
    if any(p.truth is not None for p in parameters):
        told += " Orange: the values that the data were generated with."
    return Figure(name, title, f"{told} {caption}".strip(), {"data": data, "layout": plot})


def highest_density(density: FloatArray, shares: Sequence[float] = LEVELS) -> list[float]:
    """Density above which a share of the whole lies, for every share.

    Parameters
    ----------
    density : array
        Any shape, not negative; of equal cells.
    """
    ordered = np.sort(density.ravel())[::-1]
    held = np.cumsum(ordered) / ordered.sum()
    places = np.minimum(np.searchsorted(held, np.asarray(shares)), ordered.size - 1)
    return [float(value) for value in ordered[places]]


def _span(parameter: CornerParameter) -> tuple[float, float]:
    low, high = np.quantile(parameter.shown, [_CUT, 1 - _CUT])
    if parameter.mark is not None:
        low, high = min(low, parameter.mark), max(high, parameter.mark)
    wide = float(high - low) or abs(float(high)) * 1e-3 or 1e-3
    return float(low) - _REACH * wide, float(high) + _REACH * wide


def _axis_names(i: int, j: int) -> tuple[str, str]:
    """Names of the axes of row i, column j: numbered cell by cell."""
    k = i * (i + 1) // 2 + j + 1
    return ("x", "y") if k == 1 else (f"x{k}", f"y{k}")


def _cell_axes(
    parameters: Sequence[CornerParameter], spans: Sequence[tuple[float, float]], i: int, j: int
) -> dict[str, Any]:
    n = len(parameters)
    x, y = _axis_names(i, j)
    size = 1 / (n + _GAP * (n - 1))
    left, bottom = j * size * (1 + _GAP), (n - 1 - i) * size * (1 + _GAP)
    small: dict[str, Any] = {"tickfont": {"size": 10}, "nticks": 4, "showgrid": False}
    across = axis(parameters[j].heading if i == n - 1 else "", domain=[left, left + size], anchor=y,
                  range=list(spans[j]), showticklabels=i == n - 1, tickangle=0, **small)  # fmt: skip
    up = axis(parameters[i].heading if j == 0 and i > 0 else "", domain=[bottom, bottom + size], anchor=x,
              showticklabels=j == 0 and i > 0, **small)  # fmt: skip
    if i == j:
        up |= {"rangemode": "tozero", "ticks": ""}
    else:
        up |= {"range": list(spans[i])}
    for one in (across, up):
        one["title"] = {"text": one["title"]["text"], "standoff": 6, "font": {"size": 11}}
    return {f"xaxis{x[1:]}": across, f"yaxis{y[1:]}": up}


def _histogram(
    parameter: CornerParameter, span: tuple[float, float], axes: tuple[str, str]
) -> list[dict[str, Any]]:
    counts, edges = np.histogram(parameter.shown, bins=BINS, range=span)
    high = float(counts.max()) * 1.05
    low, middle, up = np.quantile(parameter.shown, [0.158655, 0.5, 0.841345])
    drawn: list[dict[str, Any]] = [
        {"type": "bar", "x": numbers((edges[1:] + edges[:-1]) / 2), "y": numbers(counts),
         "width": float(edges[1] - edges[0]), "marker": {"color": _DARK, "line": {"width": 0}},
         "name": parameter.title, "xaxis": axes[0], "yaxis": axes[1], "hoverinfo": "skip"}
    ]  # fmt: skip
    for value in (low, middle, up):
        width = 1.8 if value == middle else 1.0
        drawn.append(trace([value, value], [0.0, high], parameter.title, mode="lines", colour=GREY,
                           dash="dash", width=width, axes=axes))  # fmt: skip
    if parameter.mark is not None:
        drawn.append(_line([parameter.mark] * 2, [0.0, high], axes))
    return drawn


def _region(
    across: CornerParameter, up: CornerParameter, x_span: tuple[float, float], y_span: tuple[float, float],
    axes: tuple[str, str],
) -> list[dict[str, Any]]:  # fmt: skip
    x, y, density = _smoothed(across.shown, up.shown, x_span, y_span)
    inner, outer = highest_density(density)
    step = max(inner - outer, 1e-12 * inner)
    drawn: list[dict[str, Any]] = [
        {"type": "contour", "x": numbers(x), "y": numbers(y),
         "z": [numbers(np.round(row, 4)) for row in density],
         "contours": {"start": outer, "end": outer + step, "size": step, "coloring": "fill"},
         "zmin": outer - step, "zmax": inner + step, "autocontour": False, "showscale": False,
         "colorscale": [[0, "#ffffff"], [0.333, "#ffffff"], [0.334, _LIGHT], [0.666, _LIGHT], [0.667, _DARK],
                        [1, _DARK]],
         "line": {"color": PALETTE[0], "width": 1.2, "smoothing": 1.0}, "hoverinfo": "skip",
         "name": f"{across.title}, {up.title}", "xaxis": axes[0], "yaxis": axes[1]}
    ]  # fmt: skip
    if across.mark is not None:
        drawn.append(_line([across.mark] * 2, list(y_span), axes))
    if up.mark is not None:
        drawn.append(_line(list(x_span), [up.mark] * 2, axes))
    return drawn


def _line(x: list[float], y: list[float], axes: tuple[str, str]) -> dict[str, Any]:
    return trace(x, y, "truth", mode="lines", colour=PALETTE[1], width=1.8, axes=axes)


def _smoothed(
    x: FloatArray, y: FloatArray, x_span: tuple[float, float], y_span: tuple[float, float]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Centres of the cells and the density (rows along y), smoothed along its own principal axes.

    A kernel of the draws' own covariance keeps a thin slanted ridge thin; Scott's rule for its width, and
    no finer than the cells.
    """
    points = np.stack([x, y])
    kernel = np.cov(points) * x.size ** (-1 / 3)
    xs, ys = (np.linspace(*span, GRID + 1)[:-1] + (span[1] - span[0]) / GRID / 2 for span in (x_span, y_span))
    cells = np.array([x_span[1] - x_span[0], y_span[1] - y_span[0]]) / GRID
    inverse = np.linalg.inv(kernel + np.diag((0.4 * cells) ** 2))
    across, up = np.meshgrid(xs, ys)
    thin = points[:, :: max(x.size // 1500, 1)]
    a, b = across.ravel()[:, None] - thin[0], up.ravel()[:, None] - thin[1]
    power = inverse[0, 0] * a * a + 2 * inverse[0, 1] * a * b + inverse[1, 1] * b * b
    density = np.exp(-power / 2).sum(axis=1).reshape(GRID, GRID)
    return xs, ys, density / density.max()
