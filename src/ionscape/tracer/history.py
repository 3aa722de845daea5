"""What a sample went through: temperature over time, and the diffusion that it amounts to.

Where one diffusion coefficient holds for the whole sample, a profile after any temperature history depends
on the integral of D(T(t)) over time alone (J. Crank, The Mathematics of Diffusion, section 7.1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.serial import storable

WORK_TOLERANCE = 1e-10
SAME_DURATION = 1e-9  # relative: texts such as 14 d and 336 h become seconds by different products
SAME_TEMPERATURE = 1e-6  # K


@storable
@dataclass(frozen=True)
class Stage:
    """One stage: ``duration`` [s] while the temperature goes linearly from ``start`` to ``end`` [K].

    ``uncertainty`` [K] is 1 standard deviation of its temperature, the same error all along; zero: not given.
    """

    duration: float
    start: float
    end: float
    uncertainty: float = 0.0

    @property
    def is_constant(self) -> bool:
        """Whether the temperature stays."""
        return _same(self.start, self.end)


@dataclass(frozen=True)
class Programme:
    """Any temperature [K] as a function of time [s], from zero to ``duration`` [s]."""

    temperature: Callable[[float], float]
    duration: float


History = Sequence[Stage] | Programme
"""Stages in order, or a `Programme`."""


def tabulated(time: ArrayLike, temperature: ArrayLike) -> tuple[Stage, ...]:
    """A logged temperature as straight stages between the points.

    Parameters
    ----------
    time : (N,) array
        [s], increasing.
    temperature : (N,) array
        [K]

    Raises
    ------
    InputError
        If lengths differ, time does not increase, or a temperature is not above absolute zero.
    """
    t, kelvin = np.asarray(time, dtype=float), np.asarray(temperature, dtype=float)
    if t.ndim != 1 or t.shape != kelvin.shape or t.size < 2:
        raise InputError("a logged temperature needs as many times as temperatures, at least two: "
                         f"got {t.size} and {kelvin.size}")  # fmt: skip
    if not np.all(np.diff(t) > 0):
        raise InputError("the times of a logged temperature must increase")
    stages = tuple(Stage(*values) for values in zip(np.diff(t).tolist(), kelvin[:-1].tolist(),
                                                    kelvin[1:].tolist(), strict=True))  # fmt: skip
    check_history(stages)
    return stages


def check_history(history: History, where: str = "the storage") -> None:
    """Refuse what cannot be.

    Raises
    ------
    InputError
        If there is no time in it, or a temperature is not above absolute zero.
    """
    if isinstance(history, Programme):
        if not (np.isfinite(history.duration) and history.duration > 0):
            raise InputError(f"{where} lasts {history.duration:g} s: the time must be larger than zero")
        return
    if not history:
        raise InputError(f"{where} has no stage: say how long and how hot, e.g. '14 d at 22 degC'")
    for stage in history:
        if not (np.isfinite(stage.duration) and stage.duration > 0):
            raise InputError(f"a stage of {where} lasts {stage.duration:g} s: it must be larger than zero")
        if not (np.isfinite(stage.start + stage.end) and min(stage.start, stage.end) > 0):
            raise InputError(f"a stage of {where} is at {min(stage.start, stage.end):g} K: a temperature "
                             "in kelvin is larger than zero")  # fmt: skip


def diffusion_work(history: History, coefficient: Callable[[float], float]) -> float:
    """Integral of D(T(t)) over time [m^2].

    Parameters
    ----------
    history : History
    coefficient : callable
        D [m^2/s] at a temperature [K].

    Returns
    -------
    float
        Exact for stages of constant temperature; by adaptive quadrature to 1e-10 for the others.

    Raises
    ------
    InputError
        If the history is empty or impossible.
    AnalysisError
        If the quadrature does not converge (the temperature jumps within a `Programme`).
    """
    check_history(history)
    if isinstance(history, Programme):
        return _integral(lambda t: coefficient(history.temperature(t)), history.duration)
    return float(sum(_stage_work(stage, coefficient) for stage in history))


def _stage_work(stage: Stage, coefficient: Callable[[float], float]) -> float:
    if stage.is_constant:
        return stage.duration * coefficient(stage.start)
    rate = stage.end - stage.start
    return stage.duration * _integral(lambda share: coefficient(stage.start + rate * share), 1.0)


def _integral(function: Callable[[float], float], end: float) -> float:
    from scipy.integrate import quad

    found = quad(function, 0.0, end, epsabs=0.0, epsrel=WORK_TOLERANCE, limit=200, full_output=1)
    value, error = found[0], found[1]
    if len(found) > 3 and not error <= 1e-6 * abs(value):
        raise AnalysisError("the integral of D over the temperature history does not converge: give the "
                            "jumps of temperature as stages")  # fmt: skip
    return float(value)


def beyond(history: Sequence[Stage], earlier: Sequence[Stage]) -> tuple[Stage, ...]:
    """Stages of ``history`` after those of ``earlier``, with which it must begin.

    A stage that goes on at constant temperature is split: 42 d at 22 °C begin with 14 d at 22 °C.

    Raises
    ------
    InputError
        If it does not begin with them.
    """
    rest, known = list(joined(history)), list(joined(earlier))
    for i, stage in enumerate(known):
        if not rest:
            raise InputError("the storage of a later profile is shorter than that of an earlier one")
        first = rest.pop(0)
        same = _same(first.start, stage.start) and _same(first.end, stage.end)
        left = first.duration - stage.duration
        if same and abs(left) <= SAME_DURATION * stage.duration:
            continue
        if not (same and first.is_constant and left > 0 and i == len(known) - 1):
            raise InputError("the storage of a later profile does not begin with that of the earlier one: "
                             "'storage' lists all stages since the exchange, in order")  # fmt: skip
        rest.insert(0, replace(first, duration=left))
    return tuple(rest)


def joined(history: Sequence[Stage]) -> tuple[Stage, ...]:
    """The same history with neighbouring stages at one constant temperature made one."""
    stages: list[Stage] = []
    for stage in history:
        last = stages[-1] if stages else None
        if last and last.is_constant and stage.is_constant and _same(last.start, stage.start):
            stages[-1] = replace(last, duration=last.duration + stage.duration,
                                 uncertainty=max(last.uncertainty, stage.uncertainty))  # fmt: skip
        else:
            stages.append(stage)
    return tuple(stages)


def _same(one: float, other: float) -> bool:
    return abs(one - other) < SAME_TEMPERATURE
