"""A stage of a programme in the terms of the compiled full equations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.replacement import nernst_planck_poisson_kernel as kernel
from ionscape.replacement.npp_course import (
    Laws,
    Units,
    bends,
    climate_over,
    over_step,
    resistance_over,
    without_noise,
)
from ionscape.replacement.npp_step import Control
from ionscape.replacement.programme import Course, Stage, Trace, course_at
from ionscape.replacement.system import Conductor

FloatArray = NDArray[np.float64]
Back = Literal["bulk", "open", "blocking"]

_BACKS = {"bulk": kernel.BACK_BULK, "open": kernel.BACK_OPEN, "blocking": kernel.BACK_BLOCKING}


@dataclass(frozen=True)
class Drive:
    """What drives a stage.

    Attributes
    ----------
    film : Film
    units : Units
    laws : Laws
    voltage : bool
        Whether the voltage is imposed, else the current.
    value : float or Trace
        In the equations' units.
    temperature : float or Trace
        [K]
    behind : float
        [nm] of bulk behind the film.
    intermixing_time : float
        [s]
    """

    film: kernel.Film
    units: Units
    laws: Laws
    voltage: bool
    value: Course
    temperature: Course
    behind: float
    intermixing_time: float

    def bends(self, duration: float) -> FloatArray:
        """Times [s] that a step must not go across."""
        return np.concatenate([bends(self.value, duration), bends(self.temperature, duration)])

    def first_step(self, duration: float) -> float:
        """[s], a tenth of the dielectric relaxation time of the bulk."""
        bulk = math.exp(self.laws.table(course_at(self.temperature, 0.0))[0, -1, 0])
        return min(0.1 * self.film.debye_squared / bulk, 1e-3 * duration)

    def climate(self, at: float, dt: float, state: FloatArray, mixed: FloatArray) -> kernel.Climate:
        """Temperatures, laws and mixed site energies in a step of ``dt`` from ``at`` [s].

        Source of the mixing: dq/dt = (u - q)/tau solved for a straight u; q in the middle of the step follows
        the u of its end by the share that the exact solution has.
        """
        lag = dt / self.intermixing_time if self.intermixing_time > 0 else math.inf
        share = _following(lag)
        fixed = (1 - share) * state + (mixed - state) * math.exp(-lag / 2)
        return climate_over(self.laws, self.temperature, at, dt, self.units.temperature, fixed, share)

    def control(self, at: float, dt: float, climate: kernel.Climate) -> Control:
        """Current or voltage in a step, and the bulk in series."""
        mobile = 1 - self.film.immobile
        return Control(
            self.voltage, over_step(self.value, at, dt), resistance_over(climate, self.behind, mobile)
        )

    def mixed_after(self, dt: float, before: FloatArray, after: FloatArray, mixed: FloatArray) -> FloatArray:
        """Mixed parts at the end of a step in which u went straight from ``before`` to ``after``."""
        lag = dt / self.intermixing_time if self.intermixing_time > 0 else math.inf
        share, kept = _following(lag), math.exp(-lag)
        return np.clip(mixed * kept + before * (1 - share - kept) + after * share, 0, np.maximum(after, 0))


def _following(lag: float) -> float:
    """How far a quantity that relaxes follows one that rises straight, over ``lag`` relaxation times."""
    if lag < 1e-5:
        return lag / 2
    return 1 + math.expm1(-lag) / lag if math.isfinite(lag) else 1.0


def drive_of(
    stage: Stage, conductor: Conductor, units: Units, laws: Laws, widths: FloatArray, back: Back
) -> Drive:
    """Translate a stage.

    Parameters
    ----------
    stage : Stage
    conductor : Conductor
    units : Units
    laws : Laws
    widths : (C,) array
        [nm] of the cells.
    back : "bulk", "open" or "blocking"
        See `nernst_planck_poisson.solve`.

    Raises
    ------
    InputError
        If a beam would take ions out.
    """
    voltage = stage.control == "voltage"
    value: Course = 0.0
    if stage.control != "rest":
        unit = units.volt if voltage else units.current
        value = _scaled(without_noise(stage.value, stage.duration), 1 / unit)
    closed = stage.control == "rest" or stage.surface == "blocking"
    least = float(np.min(value.values)) if isinstance(value, Trace) else value
    if not closed and stage.surface == "beam" and least < 0:
        raise InputError(f"a beam of {stage.ion} takes no ions out: its {stage.control} has the wrong sign")
    temperature = without_noise(stage.temperature, stage.duration)
    behind = conductor.thickness / units.length - float(np.sum(widths)) if back == "bulk" else 0.0
    return Drive(
        _film(stage, conductor, units, laws, widths, back, closed), units, laws, voltage, value, temperature,
        behind, conductor.intermixing_time,
    )  # fmt: skip


def _film(
    stage: Stage, conductor: Conductor, units: Units, laws: Laws, widths: FloatArray, back: Back, closed: bool
) -> kernel.Film:
    native, n = conductor.ions[0], len(conductor.ions)
    entering, face, bulk = np.zeros(n), np.zeros(n), np.zeros(n)
    bulk[0] = face[0] = 1.0
    if not closed:
        arriving = conductor.ions.index(conductor.ion(stage.ion))
        entering[arriving] = 1.0
        share = stage.melt_fraction * (1 - native.immobile_fraction)
        face[0] -= share
        face[arriving] += share
    melt = not closed and stage.surface == "melt"
    distances = np.convolve(np.concatenate([[0.0], widths, [0.0]]), [0.5, 0.5], mode="valid")
    drops = distances.copy()
    if not closed and not melt:
        # the field rises from zero at the surface within a Debye length, far less than half a cell
        drops[0], drops[1] = 0.0, distances[0] + distances[1]
    return kernel.Film(
        widths=np.concatenate([[1.0], widths, [1.0]]),
        distances=distances,
        drops=drops,
        charges=np.array([ion.charge / native.charge for ion in conductor.ions]),
        debye_squared=units.debye_squared,
        background=1.0,
        immobile=native.immobile_fraction,
        constant=laws.constant(course_at(stage.temperature, 0.0)),
        front=kernel.FACE_COMPOSITION if melt else kernel.FACE_FLUX,
        back=_BACKS[back],
        entering=entering,
        face=face,
        bulk=bulk,
    )


def _scaled(course: Course, factor: float) -> Course:
    if isinstance(course, Trace):
        return Trace(course.time, course.values * factor)
    return float(course) * factor
