"""How cold and how long: diffusion during the acquisition of an image must stay below what it can resolve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, measured, undetermined, upper_bound
from ionscape.core.number_format import format_celsius
from ionscape.core.propagation import propagate
from ionscape.core.quantity import dimension_of
from ionscape.fit.arrhenius_extrapolation import ArrheniusLaw, arrhenius_law

FloatArray = NDArray[np.float64]
COLDEST = 77.0  # K: liquid nitrogen, the coldest stage in use
KELVIN, SECOND, METRE = (dimension_of(unit) for unit in ("K", "s", "m"))


@dataclass(frozen=True)
class AcquisitionLimits:
    """What an acquisition may be.

    Attributes
    ----------
    allowed_length : float
        [m] Largest diffusion length: the share of the resolution.
    law : ArrheniusLaw
    time : (n,) array
        [s] Acquisition times.
    best, safe : (n,) arrays
        [K] Warmest temperature for each time: with the best D(T), and with the D(T) that is not exceeded with
        95 % probability; nan where none from 77 K on will do.
    temperature_limit : Estimate or None
        [K] Upper bound for the time asked for.
    time_limit : Estimate or None
        [s] Upper bound for the temperature asked for.
    diffusion_length : Estimate or None
        [m] sqrt(2 D t), where time and temperature were asked for.
    """

    allowed_length: float
    law: ArrheniusLaw
    time: FloatArray
    best: FloatArray
    safe: FloatArray
    temperature_limit: Estimate | None
    time_limit: Estimate | None
    diffusion_length: Estimate | None

    @property
    def allowed(self) -> bool | None:
        """Whether the plan keeps the 95 % limit; None unless time and temperature were asked for."""
        if self.diffusion_length is None:
            return None
        return self.diffusion_length.interval(0.90)[1] <= self.allowed_length


def acquisition_limits(
    diffusion: Sequence[Estimate | float] | Estimate | float,
    temperature: Sequence[Estimate | float] | Estimate | float,
    activation_energy: Estimate | float | None = None, *, resolution: float, share: float = 0.3,
    acquisition_time: float | None = None, acquisition_temperature: float | None = None,
    source: str = "acquisition limits",
) -> AcquisitionLimits:  # fmt: skip
    """Limits on temperature and time of an acquisition, from D(T) extrapolated to the cold with its error.

    The tracer may move sqrt(2 D t) <= share * resolution. Far below the measurements the best value of D says
    little: the limits are for the D that is not exceeded with 95 % probability.

    Parameters
    ----------
    diffusion, temperature : Estimate, float, or sequences
        D [m^2/s] and T [K]: one point with ``activation_energy``, or points at several temperatures.
    activation_energy : Estimate or float, optional
        [J]
    resolution : float
        [m] Of the image.
    share : float
        A diffusion length of 0.3 resolutions widens an edge by 4 %.
    acquisition_time, acquisition_temperature : float, optional
        [s], [K]

    Raises
    ------
    InputError
        If a number is not positive or D(T) cannot be extrapolated.

    References
    ----------
    Hasegawa et al. 2024 (-110 degC, 5 h, 1e-14 cm^2/s: 0.19 um).
    """
    for name, value in (("resolution", resolution), ("share", share), ("acquisition_time", acquisition_time),
                        ("acquisition_temperature", acquisition_temperature)):  # fmt: skip
        if value is not None and not (math.isfinite(value) and value > 0):
            raise InputError(f"{name} must be larger than zero, got {value}")
    law = arrhenius_law(_estimates(diffusion, "m^2/s"), _estimates(temperature, "K"),
                        None if activation_energy is None else _estimates(activation_energy, "J")[0],
                        source=source)  # fmt: skip
    length = share * resolution
    times = np.geomspace(60.0, 30 * 86400.0, 60)
    upper, best = _Curve(law, safe=True), _Curve(law, safe=False)
    return AcquisitionLimits(
        length, law, times,
        np.array([best.warmest(length**2 / (2 * t)) for t in times]),
        np.array([upper.warmest(length**2 / (2 * t)) for t in times]),
        None if acquisition_time is None else _temperature_limit(upper, length, acquisition_time),
        None if acquisition_temperature is None else _time_limit(law, length, acquisition_temperature),
        None if acquisition_time is None or acquisition_temperature is None
        else _length(law.at(acquisition_temperature), acquisition_time),
    )  # fmt: skip


def _estimates(values: Sequence[Estimate | float] | Estimate | float, unit: str) -> list[Estimate]:
    listed = values if isinstance(values, Sequence) else [values]
    dimension = dimension_of(unit)
    found = [v if isinstance(v, Estimate) else measured(float(v), 0.0, dimension) for v in listed]
    for value in found:
        if value.status == "determined" and not value.value > 0:
            raise InputError(f"expected a positive number of {unit}, got {value.value:g}")
    return found


def _length(diffusion: Estimate, time: float) -> Estimate:
    return propagate(lambda d: np.sqrt(2 * d * time), diffusion, dimension=METRE, scale="log")


class _Curve:
    """D against temperature, from the coldest stage to the warmest measurement, to be inverted."""

    def __init__(self, law: ArrheniusLaw, *, safe: bool) -> None:
        self.kelvin = np.linspace(COLDEST, max(law.warmest, COLDEST + 1), 160)
        values = [law.upper(t) if safe else law.at(t).value for t in self.kelvin]
        # A wide energy makes the limit of D rise again towards the cold: what is not sure there is not sure
        # anywhere colder than where it was sure.
        self.logs = np.log(values)

    def warmest(self, diffusion: float) -> float:
        """Warmest temperature [K] at which D stays below; nan if none."""
        below = np.flatnonzero(self.logs <= math.log(diffusion))
        if below.size == 0:
            return math.nan
        last = int(below[-1])
        if last == self.kelvin.size - 1:
            return float(self.kelvin[-1])
        share = (math.log(diffusion) - self.logs[last]) / (self.logs[last + 1] - self.logs[last])
        inverse = (1 - share) / self.kelvin[last] + share / self.kelvin[last + 1]
        return float(1 / inverse)


def _temperature_limit(curve: _Curve, length: float, time: float) -> Estimate:
    found = curve.warmest(length**2 / (2 * time))
    if not math.isfinite(found):
        return undetermined(KELVIN, _too_uncertain("temperature"))
    note = "diffusion during the acquisition stays below the share of the resolution, at 95 % probability"
    if found >= curve.kelvin[-1]:
        note += "; also at the warmest temperature measured"
    return upper_bound(found, KELVIN, note)


def _time_limit(law: ArrheniusLaw, length: float, temperature: float) -> Estimate:
    upper = law.upper(temperature)
    if not (math.isfinite(upper) and upper > 0):
        return undetermined(SECOND, _too_uncertain("time"))
    where = format_celsius(temperature)
    note = f"diffusion at {where} stays below the share of the resolution, at 95 % probability"
    return upper_bound(length**2 / (2 * upper), SECOND, note)


def _too_uncertain(what: str) -> str:
    return (f"no {what} keeps diffusion below the share of the resolution with 95 % probability: D far below "
            "the measurements is too uncertain, or too large even at 77 K")  # fmt: skip
