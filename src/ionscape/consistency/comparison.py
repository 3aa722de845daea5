"""D of single ions against D of charge in one channel: ratios at points, along lines, energies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from ionscape.consistency.coefficients import ratio_symbol
from ionscape.consistency.course import Course
from ionscape.consistency.options import HavenRatioOptions
from ionscape.consistency.ratios import (
    JointLines,
    Ratio,
    differs,
    joint_lines,
    ratio_on_lines,
    ratios_at_points,
    trend_of_ratios,
)
from ionscape.core.estimate import Estimate, undetermined
from ionscape.core.number_format import format_celsius
from ionscape.core.quantity import dimension_of

ROOM = 298.15  # K
_JOULE = dimension_of("J")


@dataclass(frozen=True, eq=False)
class Comparison:
    """D* (D_NMR, D_MD) against D_σ (D_CAIT) in one channel."""

    channel: str
    single: Course
    collective: Course
    points: tuple[Ratio, ...]
    lines: tuple[Ratio, ...]
    difference: Estimate
    separate: JointLines | None
    common: JointLines | None

    @property
    def name(self) -> str:
        """``bulk``; with the kinds where they are not D* and D_σ."""
        if (self.single.kind, self.collective.kind) == ("D*", "D_sigma"):
            return self.channel
        return f"{self.channel}, {self.symbol}"

    @property
    def symbol(self) -> str:
        """``D*_eff/D_σ,eff``."""
        return ratio_symbol(self.single.kind, self.collective.kind, self.channel)

    @property
    def energies_agree(self) -> bool:
        """Whether one slope describes both, over three points each that do not bend."""
        enough = all(len(c.temperatures) > 2 and not c.bends for c in (self.single, self.collective))
        return enough and self.difference.status == "determined" and not differs(self.difference)

    @property
    def bends(self) -> bool:
        """Whether one of the two is not a straight line."""
        return self.single.bends or self.collective.bends

    @cached_property
    def one_energy(self) -> Estimate | None:
        """H_R with one activation energy for both, where that describes them."""
        ratio = self.common.ratio() if self.energies_agree and self.common is not None else None
        return ratio if ratio is not None and ratio.status == "determined" else None

    @cached_property
    def nearest(self) -> Ratio | None:
        """The ratio at one temperature that is nearest to 25 °C: measured, or else on the lines."""
        known = [r for r in self.points if r.ratio.status == "determined"]
        known = known or [r for r in self.lines if r.ratio.status == "determined"]
        return min(known, key=lambda r: abs((r.kelvin or ROOM) - ROOM), default=None)

    @cached_property
    def best(self) -> tuple[Estimate | None, str]:
        """The H_R that stands for the channel, and what it is."""
        if self.one_energy is not None:
            return self.one_energy, "at all temperatures (one activation energy for both)"
        if self.nearest is not None:
            return self.nearest.ratio, place_of(self.nearest)
        other = [*self.points, *self.lines]
        return (other[0].ratio if other else None), ""

    @property
    def far(self) -> str:
        """Which coefficient of the best H_R is extrapolated farther than its own range; empty if none."""
        if self.one_energy is not None:
            gap, longest = self._gap
            if gap <= longest:
                return ""
            ranges = " and ".join(f"{c.symbol} ({range_of(c)})" for c in (self.single, self.collective))
            return f"{ranges} lie farther apart than either range is long in 1/T"
        worst, reach = self._worst
        if worst is None or self.nearest is None or self.nearest.kelvin is None or reach <= 1:
            return ""
        off = worst.outside(self.nearest.kelvin)
        return (
            f"{worst.symbol} is extrapolated {off:.0f} K, farther in 1/T than its own range"
            f" ({range_of(worst)}) is long"
        )

    @property
    def remedy(self) -> str:
        """The measurement that would make the best H_R known; empty where there is none."""
        if self.nearest is None:
            return ""
        at = format_celsius(self.nearest.kelvin) if self.nearest.kelvin is not None else "one temperature"
        worst, reach = self._worst
        if worst is not None and reach > 0:
            return f"{worst.symbol} measured at {at}"
        pair = ((self.single, self.nearest.single), (self.collective, self.nearest.collective))
        course, found = max(pair, key=lambda p: relative_spread(p[1].value))
        percent = 100 * relative_spread(found.value)
        return f"{course.symbol} measured at {at} to better than its {percent:.2g} %"

    @property
    def _worst(self) -> tuple[Course | None, float]:
        """The course that is extrapolated farthest for the nearest ratio, in units of its range."""
        if self.nearest is None or self.nearest.kelvin is None:
            return None, 0.0
        kelvin = self.nearest.kelvin
        reaches = [(reach_of(c, kelvin), c) for c in (self.single, self.collective)]
        reach, course = max(reaches, key=lambda pair: pair[0])
        return course, reach

    @property
    def _gap(self) -> tuple[float, float]:
        """Distance of the two ranges of temperature and the longer of them [1/K]."""
        a, b = self.single.temperatures, self.collective.temperatures
        gap = max(1 / a[-1] - 1 / b[0], 1 / b[-1] - 1 / a[0], 0.0)
        return gap, max(1 / t[0] - 1 / t[-1] for t in (a, b))


def reach_of(course: Course, kelvin: float) -> float:
    """How far a temperature [K] lies outside the points, over their own range, both in 1/T; 0 inside."""
    known = course.temperatures
    if not known or course.outside(kelvin) == 0:
        return 0.0
    span = 1 / known[0] - 1 / known[-1]
    off = max(1 / kelvin - 1 / known[0], 1 / known[-1] - 1 / kelvin)
    return off / span if span > 0 else math.inf


def range_of(course: Course) -> str:
    """``300 °C to 500 °C``."""
    return " to ".join(format_celsius(t) for t in (course.temperatures[0], course.temperatures[-1]))


def relative_spread(value: Estimate) -> float:
    """Standard uncertainty over value."""
    return value.standard_uncertainty / abs(value.value) if value.value else math.inf


def compared(
    single: Course, collective: Course, channel: str, options: HavenRatioOptions, source: str
) -> Comparison:
    """All that two courses of one channel say together."""
    name = f"{source}.{single.kind}.{collective.kind}.{channel}"
    separate, common = (
        joint_lines(single, collective, f"{name}.{word}", common=word == "common")
        for word in ("separate", "common")
    )
    points = tuple(ratios_at_points(single, collective, options.tolerance))
    lines: tuple[Ratio, ...] = ()
    if separate is not None or not points:
        lines = tuple(ratio_on_lines(single, collective, kelvin, separate) for kelvin in options.wanted)
    missing = single if single.line is None else collective
    difference = undetermined(_JOULE, f"{missing.symbol} has no line: measure it at several temperatures")
    if separate is not None:
        difference = separate.difference()
    if single.bends or collective.bends:
        trend = trend_of_ratios(points, f"{name}.trend")
        difference = trend if trend.status == "determined" else difference
    return Comparison(channel, single, collective, points, lines, difference, separate, common)


def place_of(ratio: Ratio) -> str:
    """Temperature of a ratio and where it comes from, in words."""
    if ratio.kelvin is None:
        return "(values stated without a temperature)"
    how = ratio.how if ratio.lines or ratio.how != "measured" else "both measured there"
    return f"at {format_celsius(ratio.kelvin)} ({how})"
