"""D of single ions against D of charge in one channel: ratios at points, along lines, energies."""

from __future__ import annotations

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
    def best(self) -> tuple[Estimate | None, str]:
        """The H_R that stands for the channel, and what it is."""
        if self.energies_agree and self.common is not None and self.common.ratio().status == "determined":
            return self.common.ratio(), "at all temperatures (one activation energy for both)"
        known = [r for r in self.points if r.ratio.status == "determined"]
        known = known or [r for r in self.lines if r.ratio.status == "determined"]
        if known:
            nearest = min(known, key=lambda r: abs((r.kelvin or ROOM) - ROOM))
            return nearest.ratio, place_of(nearest)
        other = [*self.points, *self.lines]
        return (other[0].ratio if other else None), ""


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
