"""One boundary seen from the side: the isotope fraction against the distance from it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ionscape.core.figure import GREY, PALETTE, axis, layout, trace
from ionscape.core.outcome import Figure
from ionscape.tracer.boundary_tracing import BoundaryLine
from ionscape.tracer.measured_image import IonImage
from ionscape.tracer.step_fit import BoundarySteps

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int_]

FEWEST = 3  # pixels in a mean: fewer have no scatter to judge


def strip_profile(
    image: IonImage, labels: IntArray, steps: BoundarySteps, which: int, value: str, name: str, title: str
) -> Figure:
    """Fraction against distance from one boundary, averaged along it, with the fitted step and gradient."""
    x, y, sd = _means_along(image, labels, steps.lines[steps.measured[which]])
    used = np.abs(x) > steps.clearance
    data = [trace(x[used] * 1e6, y[used], "mean along the boundary", error_y=(sd[used], sd[used]), size=7)]
    if (~used).any():
        data.append(
            trace(x[~used] * 1e6, y[~used], "blurred: not used", marker="circle-open", colour=GREY, size=7)
        )
    for side, far in ((-1, x.min()), (1, x.max())):
        ends = np.array([0.0, far])
        level = steps.level[which] + side * steps.step[which] / 2 + steps.gradient[which] * ends
        data.append(
            trace(ends * 1e6, level, "gradient and step at the boundary", mode="lines", colour=PALETTE[1],
                  width=2.2, legend=side < 0)
        )  # fmt: skip
    length = steps.lines[steps.measured[which]].length
    caption = (
        f"The straight boundary that is measured best, {length * 1e6:.0f} µm long: {value}. "
        "Error bars: 1 SD of counting."
    )
    plot = layout(axis("distance from the boundary [µm]"), axis("isotope fraction"), height=360)
    plot["legend"] = plot["legend"] | {"x": 0.01, "y": 0.99}
    return Figure(name, title, caption, {"data": data, "layout": plot})


def _means_along(
    image: IonImage, labels: IntArray, line: BoundaryLine
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Distance from the line [m] (negative in grain a), mean fraction and its standard deviation, pixel by
    pixel."""
    from scipy.spatial import cKDTree

    tangent = np.array([-line.normal[1], line.normal[0]])
    i, j = np.indices(labels.shape)
    places = np.stack([i * image.spacing[0], j * image.spacing[1]], axis=-1)
    along, ends = (places - line.centre) @ tangent, (line.path - line.centre) @ tangent
    inside = (labels == line.grains[0]) | (labels == line.grains[1])
    inside &= (along > ends.min()) & (along < ends.max()) & np.isfinite(image.fraction)
    inside &= np.abs((places - line.centre) @ line.normal) < max(line.length, 8 * max(image.spacing))
    distance = cKDTree(line.middles).query(places[inside])[0]
    across = np.where(labels[inside] == line.grains[0], -distance, distance)
    number = np.floor(across / math.sqrt(image.spacing[0] * image.spacing[1])).astype(int)
    f, weight = image.fraction[inside], 1 / image.variance[inside]
    groups = [number == k for k in np.unique(number) if np.count_nonzero(number == k) >= FEWEST]
    return (
        np.array([across[g].mean() for g in groups]),
        np.array([np.average(f[g], weights=weight[g]) for g in groups]),
        np.array([1 / math.sqrt(np.sum(weight[g])) for g in groups]),
    )
