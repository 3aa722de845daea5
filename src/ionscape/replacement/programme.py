"""What is done to the conductor: stages of current, voltage or rest, each with its ion and temperature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError
from ionscape.core.serial import storable

FloatArray = NDArray[np.float64]
Control = Literal["current", "voltage", "rest"]
Surface = Literal["beam", "melt", "blocking"]


@storable
@dataclass(frozen=True)
class Trace:
    """A quantity as it was logged, straight between the points, constant before and after them.

    Attributes
    ----------
    time : (N,) array
        [s] from the start of the stage, increasing.
    values : (N,) array
        SI.
    """

    time: FloatArray
    values: FloatArray

    def __post_init__(self) -> None:
        # own and contiguous: a column of a table would have the kernels compiled once more
        time, values = (np.array(given, dtype=float, order="C") for given in (self.time, self.values))
        if time.ndim != 1 or time.shape != values.shape or time.size < 1:
            raise InputError("a trace needs as many values as times")
        if not (np.all(np.isfinite(time)) and np.all(np.isfinite(values)) and np.all(np.diff(time) > 0)):
            raise InputError("the times of a trace must be numbers that increase")
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "values", values)

    def at(self, time: ArrayLike) -> FloatArray:
        """Values at times [s]."""
        return np.asarray(np.interp(np.asarray(time, dtype=float), self.time, self.values))


Course = float | Trace
"""Constant, or logged."""


def course_at(course: Course, time: float) -> float:
    """Value at a time [s] after the start of the stage."""
    return float(course.at(time)) if isinstance(course, Trace) else float(course)


@storable
@dataclass(frozen=True)
class Stage:
    """One stage of an experiment.

    Attributes
    ----------
    duration : float
        [s]
    control : "current", "voltage" or "rest"
        What is imposed. At rest no current flows and nothing enters.
    value : float or Trace
        [A/m^2] of charge into the front face, or [V] of the front face against the back.
    ion : str
        What enters through the front face.
    temperature : float or Trace
        [K]
    surface : "beam", "melt" or "blocking"
        ``beam``: the ion carries all current in, nothing leaves (CAIT). ``melt``: the front face keeps the
        composition of a salt melt, ``melt_fraction`` of the ion. ``blocking``: nothing enters (poling).
    melt_fraction : float
        Of the entering ion at the face of a melt.
    """

    duration: float
    control: Control = "rest"
    value: Course = 0.0
    ion: str = ""
    temperature: Course = 298.15
    surface: Surface = "beam"
    melt_fraction: float = 1.0

    def __post_init__(self) -> None:
        if not (self.duration > 0 and math.isfinite(self.duration)):
            raise InputError(f"a stage must last longer than zero, got {self.duration:g} s")
        course = self.temperature
        coldest = float(np.min(course.values)) if isinstance(course, Trace) else course
        if not coldest > 0:
            raise InputError(f"a temperature must be above absolute zero, got {coldest:g} K")
        if self.control != "rest" and self.surface != "blocking" and not self.ion:
            raise InputError(f"a stage of controlled {self.control} needs the ion that enters")
        if not 0 < self.melt_fraction <= 1:
            raise InputError(f"the melt's fraction must lie between 0 and 1, got {self.melt_fraction:g}")


@storable
@dataclass(frozen=True)
class Programme:
    """Stages in order."""

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        if not self.stages:
            raise InputError("a programme needs at least one stage")

    @property
    def duration(self) -> float:
        """[s] of all stages."""
        return math.fsum(stage.duration for stage in self.stages)

    @property
    def charge(self) -> float:
        """[C/m^2] through the front face, where all current is controlled; nan with controlled voltage."""
        return math.fsum(_charge(stage) for stage in self.stages)


def constant_current(current_density: float, duration: float, ion: str, temperature: float) -> Programme:
    """One stage of constant current.

    Parameters
    ----------
    current_density : float
        [A/m^2]
    duration : float
        [s]
    ion : str
        That enters.
    temperature : float
        [K]
    """
    return Programme((Stage(duration, "current", current_density, ion, temperature),))


def joined(programmes: Sequence[Programme]) -> Programme:
    """One after the other."""
    return Programme(tuple(stage for programme in programmes for stage in programme.stages))


def _charge(stage: Stage) -> float:
    if stage.control == "rest":
        return 0.0
    if stage.control == "voltage":
        return math.nan
    if not isinstance(stage.value, Trace):
        return stage.value * stage.duration
    trace = stage.value
    times = np.unique(np.concatenate([[0.0, stage.duration], trace.time]))
    times = times[(times >= 0) & (times <= stage.duration)]
    return float(np.trapezoid(trace.at(times), times))
