"""What the analyses of consistency begin with: coefficients, courses over temperature, the grain size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ionscape.consistency.coefficients import (
    CAIT_IS_TWICE,
    COLLECTIVE,
    SINGLE_ION,
    Coefficient,
    Reading,
    Terms,
    coefficients_of,
)
from ionscape.consistency.course import Course, courses
from ionscape.consistency.grain_sizes import GrainSize, grain_size_of
from ionscape.consistency.options import CoefficientOptions
from ionscape.core.coefficient import CHANNELS as ALL_CHANNELS
from ionscape.core.estimate import Estimate
from ionscape.core.field_types import estimate_of
from ionscape.core.number_format import format_quantity
from ionscape.core.outcome import Row
from ionscape.core.quantity import Quantity, dimension_of
from ionscape.core.registry import Series

CHANNELS = tuple(ALL_CHANNELS)
WHAT = {"bulk": "bulk", "boundary": "grain boundaries", "effective": "whole (over many grains)"}


@dataclass(frozen=True, eq=False)
class Prepared:
    """Coefficients of one sample.

    Attributes
    ----------
    reading : Reading
    courses : mapping of (kind, channel) to Course
    grain : GrainSize or None
    warnings : tuple of str
    """

    reading: Reading
    courses: Mapping[tuple[str, str], Course]
    grain: GrainSize | None
    warnings: tuple[str, ...]

    def of(self, kinds: Sequence[str], channel: str) -> list[Course]:
        """Courses of some kinds in one channel."""
        return [self.courses[kind, channel] for kind in kinds if (kind, channel) in self.courses]

    @property
    def on_grains(self) -> list[str]:
        """What the grain size was taken for, where D_gb/δ was multiplied by it."""
        used = any(c.relation.startswith("(D_gb/δ)") for c in self.reading.coefficients)
        return [f"Grain size: {self.grain.sentence}."] if used and self.grain and self.grain.sentence else []

    def pairs(self) -> list[tuple[str, Course, Course]]:
        """Channel, D of single ions and D of charge, wherever both belong to one channel."""
        return [
            (channel, single, collective)
            for channel in CHANNELS
            for single in self.of(SINGLE_ION, channel)
            for collective in self.of(COLLECTIVE, channel)
        ]


def prepared(series: Series, options: CoefficientOptions) -> Prepared:
    """Read the rows of a study's analysis; a measured grain size stands before the sample's."""
    stated = series.sample.extra.get("grain_size")
    seen = [r.estimate for r in series.inputs.get("grain_size", ()) if r.estimate.status == "determined"]
    grain = None
    source = f"{series.sample.name}.grain_size"  # one unknown for all analyses of the sample
    if seen:
        grain = grain_size_of(seen[0], average=options.grain_size_average, source=source)
        text = grain.sentence.removeprefix(f"l = {format_quantity(seen[0], 'um')}")
        grain = replace(grain, sentence=f"l = {format_quantity(seen[0], 'um')}, measured{text}")
    elif stated is not None:
        grain = grain_size_of(
            stated,
            meaning=options.grain_size_spread,
            count=options.grain_count,
            average=options.grain_size_average,
            source=source,
        )
    terms = Terms(
        options.kinds,
        options.channels,
        options.cait_convention,
        grain.value if grain else None,
        series.sample.extra.get("grain_boundary_thickness"),
    )
    reading = coefficients_of(series.inputs, series.sample, terms)
    warnings = list(reading.left_out)
    if any("D_CAIT/2" in c.relation for c in reading.coefficients):
        warnings.append(CAIT_IS_TWICE)
    density = series.sample.carrier_density
    if (
        density is not None
        and density.spread == 0
        and any("Nernst" in c.relation for c in reading.coefficients)
    ):
        warnings.append(
            "the carrier density is stated without an uncertainty and taken as exact: intervals of D_σ and of"
            " Haven ratios are too narrow by it"
        )
    return Prepared(reading, courses(reading.coefficients, series.source), grain, tuple(warnings))


def no_single_coefficient(coefficients: Sequence[Coefficient]) -> list[str]:
    """Reasons of techniques that refused a coefficient of single ions."""
    return list(
        dict.fromkeys(
            f"{c.symbol}: {c.value.note or 'refused'}"
            for c in coefficients
            if c.value.status == "refused" and c.of_single_ions
        )
    )


def stated(quantity: Quantity | None, name: str, series: Series) -> Estimate | None:
    """An option of the study as an estimate with a latent of its own."""
    return None if quantity is None else estimate_of(quantity, f"{series.source}.{name}")


def electronic_share(series: Series, options: CoefficientOptions) -> Estimate | None:
    """σ_e over the smallest conductivity at hand: the worst case."""
    electronic = stated(options.electronic_conductivity, "electronic_conductivity", series)
    if electronic is None:
        return None
    rows: list[Row] = [row for given in series.inputs.values() for row in given]
    known = [
        row.estimate
        for row in rows
        if row.estimate.dimension == dimension_of("S/m") and row.estimate.status == "determined"
    ]
    return electronic / min(known, key=lambda e: e.value) if known else None
