"""What drives a stage of the full equations: courses between their bends, temperatures and tables of ln D."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

from ionscape.replacement.law_table import law_tables
from ionscape.replacement.nernst_planck_poisson_kernel import Climate
from ionscape.replacement.npp_step import STAGE_TIMES
from ionscape.replacement.programme import Course, Trace, course_at
from ionscape.replacement.system import Conductor

FloatArray = NDArray[np.float64]

NANOMETRE = 1e-9
MOST_BENDS = 1000


@dataclass(frozen=True)
class Units:
    """Units of the compiled equations: nm, s, n0, kT0/(z e)."""

    conductor: Conductor
    temperature: float

    length = NANOMETRE

    @property
    def volt(self) -> float:
        """Unit of potential [V], negative with a native anion."""
        return Boltzmann * self.temperature / (elementary_charge * self.conductor.ions[0].charge)

    @property
    def current(self) -> float:
        """Unit of current density [A/m^2]: all carriers move by 1 nm/s."""
        return self.conductor.carrier_density * elementary_charge * self.conductor.ions[0].charge * NANOMETRE

    @property
    def debye_squared(self) -> float:
        """Square of the Debye length of the bulk [nm^2]."""
        charge = elementary_charge * self.conductor.ions[0].charge
        permittivity = self.conductor.permittivity * epsilon_0
        length = permittivity * Boltzmann * self.temperature / (charge**2 * self.conductor.carrier_density)
        return length / NANOMETRE**2


def without_noise(course: Course, duration: float) -> Course:
    """A course whose bends can all be stopped at, of the same mean; one that is logged densely is averaged.

    Parameters
    ----------
    course : float or Trace
    duration : float
        [s] of the stage.
    """
    if not isinstance(course, Trace):
        return course
    if bends(course, duration).size <= MOST_BENDS:
        return course
    inside = course.time[(course.time > 0) & (course.time < duration)]
    times = np.concatenate([[0.0], inside, [duration]])
    values = course.at(times)
    integral = np.concatenate([[0.0], np.cumsum(np.diff(times) * (values[1:] + values[:-1]) / 2)])
    nodes = np.linspace(0, duration, MOST_BENDS)
    first, last = np.maximum(nodes - nodes[1] / 2, 0), np.minimum(nodes + nodes[1] / 2, duration)
    means = _integral_at(last, times, values, integral) - _integral_at(first, times, values, integral)
    smooth = Trace(nodes, means / (last - first))
    lost = integral[-1] - np.trapezoid(smooth.values, nodes)
    return Trace(nodes, smooth.values + lost / duration)


def _integral_at(at: FloatArray, times: FloatArray, values: FloatArray, integral: FloatArray) -> FloatArray:
    k = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(times) - 2)
    value = np.interp(at, times, values)
    return np.asarray(integral[k] + (at - times[k]) * (values[k] + value) / 2)


def bends(course: Course, duration: float) -> FloatArray:
    """Times [s] within a stage at which a course is not straight."""
    if not isinstance(course, Trace):
        return np.zeros(0)
    time, values = course.time, course.values
    slopes = np.concatenate([[0.0], np.diff(values) / np.diff(time), [0.0]])
    bent = np.abs(np.diff(slopes)) > 1e-9 * (np.abs(slopes[1:]) + np.abs(slopes[:-1]))
    return np.asarray(time[bent & (time > 0) & (time < duration)])


def over_step(course: Course, start: float, dt: float) -> FloatArray:
    """(7,) values at the six stage times of a step, within which the course is straight, and its slope."""
    first, last = course_at(course, start), course_at(course, start + dt)
    return np.append(first + STAGE_TIMES * (last - first), (last - first) / dt)


@dataclass
class Laws:
    """Tables of ln D at the temperatures that are met.

    Attributes
    ----------
    conductor : Conductor
    """

    conductor: Conductor
    kept: dict[float, FloatArray] = field(default_factory=dict)

    def table(self, temperature: float) -> FloatArray:
        """(N, K, 2) ln D [nm^2/s] at a temperature [K], see `law_table.hermite_table`."""
        if temperature not in self.kept:
            if len(self.kept) > 8:
                self.kept.clear()
            found = law_tables([ion.law for ion in self.conductor.ions], np.array([temperature]))[0]
            found[:, :, 0] += 2 * math.log(1 / NANOMETRE)
            self.kept[temperature] = found
        return self.kept[temperature]

    def constant(self, temperature: float) -> NDArray[np.bool_]:
        """(N,) which ions have the same D at every filling: by their law, or as the last ones to arrive."""
        found = np.ptp(self.table(temperature)[:, :, 0], axis=1) == 0
        if len(found) > 1:
            found[-1] = True
        return np.asarray(found)


def climate_over(
    laws: Laws, course: Course, start: float, dt: float, reference: float, mixed: FloatArray, mixing: float
) -> Climate:
    """Temperature and laws in a step.

    Parameters
    ----------
    laws : Laws
    course : float or Trace
        Temperature [K].
    start, dt : float
        [s] of the step in its stage.
    reference : float
        Temperature [K] of the units.
    mixed : (C + 2, N) array
    mixing : float
        See `Climate`.
    """
    if not isinstance(course, Trace):
        table = laws.table(float(course))
        both = np.stack([table, table])
        return Climate(np.full(7, course / reference), np.zeros(7), 0.0, both, mixed, mixing)
    instant = 1e-4 * dt
    first, last = course_at(course, start), course_at(course, start + dt)
    kelvin = first + np.append(STAGE_TIMES, 1e-4) * (last - first)
    blend = (1 / kelvin - 1 / first) / (1 / last - 1 / first) if last != first else np.zeros(7)
    tables = np.stack([laws.table(first), laws.table(last)])
    return Climate(kelvin / reference, blend, instant if last != first else 0.0, tables, mixed, mixing)


def resistance_over(climate: Climate, length: float, mobile: float) -> FloatArray:
    """(7,) voltage over current of a length [nm] of bulk at the six stage times, and its slope in time."""
    first, last = climate.table[:, 0, -1, 0]
    found = length * climate.theta / (np.exp(first + climate.blend * (last - first)) * mobile)
    found[6] = (found[6] - found[0]) / climate.instant if climate.instant > 0 else 0.0
    return np.asarray(found)
