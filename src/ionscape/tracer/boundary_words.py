"""What `tracer.boundaries` says of one image: findings, doubts, tables."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.core.number_format import format_number, format_quantity
from ionscape.core.outcome import Table
from ionscape.tracer.grain_intercepts import GrainSize
from ionscape.tracer.grain_segmentation import visible_step
from ionscape.tracer.map_view import MapView
from ionscape.tracer.measured_image import IonImage
from ionscape.tracer.permeability_distribution import BoundaryDistribution
from ionscape.tracer.step_fit import BoundarySteps

IntArray = NDArray[np.int_]

RATIO_UNIT = "1/cm"
MEDIAN = "geometric mean (median) over boundaries; the mean that D_eff contains is another"
SPREAD = "standard deviation of ln P over boundaries"
MISMATCH = 1.4  # times the stated scatter of the two sides' gradients, from which it is told
HALF_OF_NORMAL = 0.6745  # median of |z|


@dataclass(frozen=True)
class ImageBoundaries:
    """What one image gave; K measured boundaries."""

    image: IonImage
    labels: IntArray
    origin: str
    steps: BoundarySteps
    ratios: tuple[Estimate, ...]
    distribution: BoundaryDistribution
    size: GrainSize
    temperature: Estimate | None
    bulk: Estimate
    warnings: tuple[str, ...]
    view: MapView


def noted(estimate: Estimate, note: str) -> Estimate:
    """A value that says which mean it is; one that has none keeps the reason why."""
    return replace(estimate, note=note) if estimate.status == "determined" else estimate


def doubts_about(image: IonImage, origin: str, steps: BoundarySteps) -> tuple[str, ...]:
    told = []
    if not 0.7 < steps.noise_factor < 1.4:
        told.append(
            f"the scatter of the pixels is {math.sqrt(steps.noise_factor):.2f} times what their stated "
            "errors say; the errors of the boundaries contain it"
        )
    mismatch = steps.mismatch[np.isfinite(steps.mismatch)]
    if mismatch.size >= 10 and np.median(np.abs(mismatch)) > MISMATCH * HALF_OF_NORMAL:
        told.append(
            "the gradients on both sides of the boundaries differ by more than their errors: the flux is "
            "not continuous in the image's plane, or the grains differ in D (orientation)"
        )
    if origin.startswith("from the steps"):
        size = steps.grain_size
        told.append(
            f"a boundary of {size * 1e6:.0f} µm shows from a step of {visible_step(image, size, size):.2g} "
            "in the fraction on; more permeable ones, or those along the gradient, are not seen, and the "
            "mean over boundaries is that of the seen ones"
        )
    return tuple(told)


def values_of(one: ImageBoundaries) -> tuple[list[Estimate], str, str]:
    """Per boundary P, or P/D_b where the bulk is not known; its unit and symbol."""
    if one.bulk.status != "determined":
        return list(one.ratios), RATIO_UNIT, "P/D<sub>b</sub>"
    centre = replace(
        one.bulk, weights={}, shape=None
    )  # common to all: the table gives each boundary's own error
    return [centre * ratio for ratio in one.ratios], "cm/s", "D<sub>gb</sub>/δ"


def _counts(one: ImageBoundaries) -> dict[str, int]:
    return {s: sum(r.status == s for r in one.ratios) for s in ("determined", "bound", "undetermined")}


def findings_of(one: ImageBoundaries, several: bool) -> list[str]:
    found, counts = one.distribution, _counts(one)
    where = f"{one.image.label}: " if several else ""
    _, unit, _ = values_of(one)
    name = "D_gb/δ" if unit == "cm/s" else "P/D_bulk = (∂C/∂n)/ΔC"
    median, mean = (one.bulk * x if unit == "cm/s" else x for x in (found.median, found.mean))
    texts = []
    if median.status == "determined":
        spread = found.spread
        how = (
            f"single boundaries differ by a factor of {math.exp(spread.value):.2g} (1 SD)"
            if spread.status == "determined"
            else "how much single boundaries differ is hidden by the errors of their gradients"
        )
        texts.append(
            f"{where}{name} = {format_quantity(median, unit)} as geometric mean (median) of {found.n} "
            f"boundaries (arithmetic mean {format_quantity(mean, unit)}); {how}."
        )
    else:
        texts.append(f"{where}{name} is not determined: {median.note}.")
    texts.append(
        f"{where}{len(one.steps.lines)} boundaries between {len(np.unique(one.labels[one.labels >= 0]))} "
        f"grains, {one.origin}; {len(one.steps.measured)} measured: {counts['determined']} have a value of "
        f"their own, {counts['bound']} a bound, for {counts['undetermined']} gradient and step fix nothing."
    )
    if one.bulk.status != "determined":
        texts.append(f"{where}D_gb/δ itself is undetermined: {one.bulk.note}.")
    return texts


def tables_of(one: ImageBoundaries, several: bool) -> list[Table]:
    tail = f"_{one.image.label}" if several else ""
    title = f" of {one.image.label}" if several else ""
    return [_boundary_table(one, tail, title), _distribution_table(one, tail, title),
            _grain_table(one, tail, title)]  # fmt: skip


def _boundary_table(one: ImageBoundaries, tail: str, title: str) -> Table:
    values, unit, _ = values_of(one)
    steps = one.steps
    sd = np.sqrt(np.einsum("kii->ki", steps.covariance))
    rows = []
    for i, k in enumerate(steps.measured):
        line = steps.lines[k]
        y, x = line.centre * 1e6
        rows.append((
            str(k + 1),
            f"{x:.0f}, {y:.0f}",
            f"{line.length * 1e6:.1f}",
            f"{math.degrees(math.atan2(line.normal[0], line.normal[1])):.0f}",
            f"{steps.gradients[i, 0] / 100:.2f}",
            f"{steps.gradients[i, 1] / 100:.2f}",
            f"{steps.gradient[i] / 100:.2f} ± {sd[i, 0] / 100:.2f}",
            f"{steps.step[i]:.4f} ± {sd[i, 1]:.4f}",
            format_quantity(values[i], unit),
            values[i].status,
        ))  # fmt: skip
    head = ("Boundary", "x, y [µm]", "Length [µm]", "Normal [°]", "∂C/∂n, first grain [1/cm]",
            "∂C/∂n, second grain [1/cm]", "∂C/∂n, joint [1/cm]", "ΔC",
            "D_gb/δ" if unit == "cm/s" else "P/D_bulk", "Status")  # fmt: skip
    caption = (
        "Normal: angle from x towards y, from the first grain to the second. Gradients: in either "
        "grain, fitted apart, and the joint one of both, which is used. Errors of D_gb/δ are those of the "
        "boundary alone, without that of D_bulk."
    )
    return Table(f"boundaries{tail}", f"Grain boundaries{title}", head, tuple(rows), caption)


def _distribution_table(one: ImageBoundaries, tail: str, title: str) -> Table:
    found, steps = one.distribution, one.steps
    head = ("P/D_bulk, geometric mean", "arithmetic mean", "SD of ln P", "Boundaries",
            "Curvature, 2nd and 3rd order", "Scatter over stated")  # fmt: skip
    row = (format_quantity(found.median, RATIO_UNIT), format_quantity(found.mean, RATIO_UNIT),
           format_quantity(found.spread, "1"), str(found.n),
           ", ".join(format_number(c, 2) for c in steps.curvature),
           f"{math.sqrt(steps.noise_factor):.3f}")  # fmt: skip
    return Table(f"distribution{tail}", f"Distribution over boundaries{title}", head, (row,))


def _grain_table(one: ImageBoundaries, tail: str, title: str) -> Table:
    diameters = one.size.diameters
    spread = f"{np.std(diameters) * 1e6:.1f}" if diameters.size > 1 else "–"
    mean = f"{np.mean(diameters) * 1e6:.1f}" if diameters.size else "–"
    head = ("Mean linear intercept", "Mean diameter [µm]", "SD over grains [µm]", "Grains")
    row = (format_quantity(one.size.intercept, "um"), mean, spread, str(diameters.size))
    caption = "Diameter of the circle of equal area in the image's plane, grains at its edge left out."
    return Table(f"grains{tail}", f"Grains{title}", head, (row,), caption)
