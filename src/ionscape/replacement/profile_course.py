"""A measured profile's programme as the fit needs it: how much came in, when, and what the fit leaves out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.core.number_format import format_celsius
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.programme import Stage, Trace

FloatArray = NDArray[np.float64]
SAME = 2.0  # K within which stages count as of one temperature
_INSTANT = 1e-9  # of the duration: how long a switch takes


@dataclass(frozen=True)
class Course:
    """One ion brought in at one temperature.

    Attributes
    ----------
    duration : float
        [s]
    charge : float
        [C/m^2]
    relative : Trace or None
        Current over its mean against time over the duration; None: constant.
    warnings : tuple of str
    """

    duration: float
    charge: float
    relative: Trace | None
    warnings: tuple[str, ...] = ()


def course_of(profile: MeasuredProfile) -> Course:
    """The current of a profile's programme.

    Raises
    ------
    InputError
        If the fit cannot describe it: the current is not known, another ion than the profile's enters, or the
        temperature of a stage at which ions move is not the profile's.
    """
    stages, warnings = _moving(profile)
    total = sum(stage.duration for stage in stages)
    charge = sum(_charge(stage) for stage in stages)
    if not charge > 0:
        raise InputError(f"{profile.label}: no charge entered, so there is nothing to fit")
    if len(stages) == 1 and not isinstance(stages[0].value, Trace):
        return Course(total, charge, None, warnings)
    times, values, begin = [], [], 0.0
    for stage in stages:
        time, value = _points(stage)
        first = begin + (_INSTANT * total if begin else 0.0)
        times.append(np.concatenate([[first], begin + time[1:]]))
        values.append(value)
        begin += stage.duration
    relative = Trace(np.concatenate(times) / total, np.concatenate(values) * total / charge)
    return Course(total, charge, relative, warnings)


def _moving(profile: MeasuredProfile) -> tuple[list[Stage], tuple[str, ...]]:
    """Stages during which ions move, without the rests before the first current and those in the cold."""
    found: list[Stage] = []
    warnings: list[str] = []
    for stage in profile.programme.stages:
        if stage.control == "voltage":
            raise InputError(
                f"{profile.label}: the fit needs the current, logged or as a charge, not the voltage alone"
            )
        if stage.control == "rest" and not found:
            continue
        course = stage.temperature
        low, high = (course, course) if not isinstance(course, Trace) else (
            float(course.values.min()), float(course.values.max()))  # fmt: skip
        at = profile.temperature.value
        if stage.control == "rest" and high < at - SAME:
            warnings.append(
                f"{profile.label}: the profile is taken to stand still during the rest at "
                f"{format_celsius(high)}"
            )
            continue
        if abs(low - at) > SAME or abs(high - at) > SAME:
            raise InputError(
                f"{profile.label}: the fit describes one temperature, {format_celsius(at)}, but a stage lies "
                f"at {format_celsius(high if abs(high - at) > SAME else low)}"
            )
        if stage.control == "current" and stage.ion != profile.foreign_ion:
            raise InputError(
                f"{profile.label}: the programme lets {stage.ion} in, but the profile is of "
                f"{profile.foreign_ion}"
            )
        found.append(stage)
    if not any(stage.control == "current" for stage in found):
        raise InputError(f"{profile.label}: the programme has no stage with a current")
    return found, tuple(warnings)


def _points(stage: Stage) -> tuple[FloatArray, FloatArray]:
    """Times [s] and currents [A/m^2] of a stage, from its start to its end."""
    if stage.control == "rest":
        return np.array([0.0, stage.duration]), np.zeros(2)
    if not isinstance(stage.value, Trace):
        return np.array([0.0, stage.duration]), np.full(2, float(stage.value))
    times = np.unique(np.concatenate([[0.0, stage.duration], stage.value.time]))
    times = times[(times >= 0) & (times <= stage.duration)]
    return times, stage.value.at(times)


def _charge(stage: Stage) -> float:
    times, values = _points(stage)
    return float(np.trapezoid(values, times))
