"""How a map is drawn: turned so that the tracer comes in from the left, in micrometres of equal length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.figure import axis, numbers
from ionscape.tracer.diffusion_2d import Edge

FloatArray = NDArray[np.float64]

PAGE_WIDTH = 960  # pixels of a figure in the report: sets the height of a map that fills the width
LEFT, RIGHT = 60, 85  # margins in pixels; colour bars stand in the right one
MOST_HEIGHT = 620


@dataclass(frozen=True)
class MapView:
    """Turns an image, rotated and never mirrored, until its source edge is at the left.

    Attributes
    ----------
    source : Edge
    shape : (int, int)
        Rows and columns of the image.
    spacing : (float, float)
        Distance of rows and of columns [m].
    known : bool
        Whether ``source`` is the edge of the source; if not, it only says how the map is turned.
    """

    source: Edge
    shape: tuple[int, int]
    spacing: tuple[float, float]
    known: bool = True

    @property
    def upright(self) -> bool:
        """Whether the diffusion runs along the rows' axis."""
        return self.source in ("bottom", "top")

    @property
    def size(self) -> tuple[float, float]:
        """Along the diffusion and across it [µm]."""
        height, width = (n * step * 1e6 for n, step in zip(self.shape, self.spacing, strict=True))
        return (height, width) if self.upright else (width, height)

    def points(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Distance from the source edge and position along it of points given in the image [µm]."""
        along, across = (y, x) if self.upright else (x, y)
        return (self.size[0] - along if self.source in ("bottom", "right") else along), across

    def heatmap(self, values: FloatArray, most_pixels: int) -> dict[str, Any]:
        """A trace of an image with at most so many pixels, means of blocks where it has more."""
        factor = block_size(values.shape, most_pixels)
        shown = _block_means(values, factor)
        shown = shown.T if self.upright else shown
        shown = shown[:, ::-1] if self.source in ("bottom", "right") else shown
        dv, dh = (step * factor * 1e6 for step in (self.spacing[::-1] if self.upright else self.spacing))
        first = self.size[0] - dh * shown.shape[1] if self.source in ("bottom", "right") else 0.0
        return {"type": "heatmap", "z": [_rounded(row) for row in shown], "x0": round(first + dh / 2, 4),
                "dx": round(dh, 6), "y0": round(dv / 2, 4), "dy": round(dv, 6), "zsmooth": False}  # fmt: skip

    def x_axis(self, **more: Any) -> dict[str, Any]:
        """Distance from the source."""
        plain = f"{'y' if self.upright else 'x'} [µm]"
        title = "distance from the source edge [µm]" if self.known else plain
        return axis(title, range=[0, round(self.size[0], 1)], constrain="domain", constraintoward="right",
                    showgrid=False, **more)  # fmt: skip

    def y_axis(self, scaled_with: str = "x", **more: Any) -> dict[str, Any]:
        """Along the source edge, in the image's own coordinate; it runs as in the turned image."""
        end = round(self.size[1], 1)
        span = [end, 0] if self.source in ("bottom", "left") else [0, end]
        return axis(f"{'x' if self.upright else 'y'} [µm]", range=span, scaleanchor=scaled_with, scaleratio=1,
                    constrain="domain", constraintoward="top", showgrid=False, **more)  # fmt: skip

    def panel_height(self) -> float:
        """Pixels of a panel that fills the page's width."""
        return min((PAGE_WIDTH - LEFT - RIGHT) * self.size[1] / self.size[0], MOST_HEIGHT)

    @property
    def told(self) -> str:
        """A sentence for the caption."""
        if not self.known:
            return "Which edge the source was at does not show."
        turned = "" if self.source == "left" else "The image is turned: "
        start = "source" if turned else "Source"
        return f"{turned}{start} edge ({self.source} of the image) at the left."


def block_size(shape: tuple[int, ...], most_pixels: int) -> int:
    """Edge of the blocks, in pixels, that leave at most so many."""
    return max(1, math.ceil(math.sqrt(math.prod(shape) / most_pixels)))


def _block_means(values: FloatArray, factor: int) -> FloatArray:
    if factor == 1:
        return values
    ny, nx = (n // factor for n in values.shape)
    blocks = values[: ny * factor, : nx * factor].reshape(ny, factor, nx, factor)
    good = np.isfinite(blocks)
    count = good.sum(axis=(1, 3))
    total = np.where(good, blocks, 0.0).sum(axis=(1, 3))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _rounded(row: FloatArray) -> list[float | None]:
    return numbers(np.round(row, 4))
