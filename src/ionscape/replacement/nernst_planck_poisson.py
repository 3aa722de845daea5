"""Replacement of ions by the full Nernst-Planck-Poisson equations, space charge and displacement current included.

See `nernst_planck_poisson_kernel` for the discretisation and `npp_step` for the steps in time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import elementary_charge, epsilon_0

from ionscape.core.errors import AnalysisError, InputError
from ionscape.replacement import nernst_planck_poisson_kernel as kernel
from ionscape.replacement.npp_course import NANOMETRE, Laws, Units, bends, over_step, without_noise
from ionscape.replacement.npp_step import Control, deviation, film_voltage, matrix, rates, rosenbrock_step
from ionscape.replacement.programme import Course, Programme, Stage, course_at
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.system import Conductor

FloatArray = NDArray[np.float64]
Back = Literal["bulk", "open", "blocking"]

MOST_STEPS = 100_000
SHORTEST = 1e-14
"""Of a stage: a step below this is given up."""
UNBALANCED = 0.02
_BACKS = {"bulk": kernel.BACK_BULK, "open": kernel.BACK_OPEN, "blocking": kernel.BACK_BLOCKING}


def solve(
    conductor: Conductor, programme: Programme, *, faces: FloatArray,
    initial: Mapping[str, FloatArray] | None = None, mixed: Mapping[str, FloatArray] | None = None,
    initial_field: ArrayLike | None = None, back: Back | None = None,
    save_at: Sequence[float] = (), tolerance: float = 1e-4,
    progress: Callable[[float], None] | None = None,
) -> Replacement:  # fmt: skip
    """Solve a programme with space charge.

    Parameters
    ----------
    conductor : Conductor
    programme : Programme
    faces : (C + 1,) array
        [m] of the film's cells, from 0.
    initial : mapping of ion's name to (C,) array, optional
        Fractions averaged over the cells, immobile ions included; the native ion alone unless given.
    mixed : mapping of foreign ion's name to (C,) array, optional
        The parts whose site energies have mixed with those of earlier ions.
    initial_field : (C + 1,) array, optional
        [V/m] at the faces, of an earlier result that goes on; none (no space charge) unless given.
    back : "bulk", "open" or "blocking", optional
        What the film ends at: unchanged bulk, or, where the film is the whole sample, an electrode that ions
        leave through or not. Bulk, or open if the film is as deep as the sample, unless given.
    save_at : sequence of float
        [s] at which profiles are kept besides the end.
    tolerance : float
        Of the fractions, in one time step.
    progress : callable, optional
        Told the share of the programme that is done.

    Returns
    -------
    Replacement
        The field at the first face is the surface charge over the permittivity: what a blocking electrode
        carries. An electrode left at rest keeps it.

    Notes
    -----
    A beam's ions are carried into the film at once: J(0) = j/(z e), no field at the surface. The filling at
    which a foreign ion's law is taken leaves the space charge out (it is 1 for the last ion to arrive).

    Raises
    ------
    InputError
        If the mesh, the initial state or a stage is impossible.
    AnalysisError
        If no step small enough is found.
    """
    run = _Run(conductor, _checked(faces), tolerance, progress, programme, back)
    run.begin(initial, mixed, initial_field)
    for stage in programme.stages:
        run.stage(stage, np.unique(np.asarray(save_at, dtype=float)))
    return run.result()


def electrode_charge(result: Replacement, permittivity: float) -> FloatArray:
    """(S,) charge density [C/m^2] on the electrode in front of the film, of a relative permittivity."""
    return np.asarray(permittivity * epsilon_0 * result.field[:, 0])


def _checked(faces: ArrayLike) -> FloatArray:
    depths = np.asarray(faces, dtype=float)
    if depths.ndim != 1 or depths.size < 3 or depths[0] != 0 or not np.all(np.diff(depths) > 0):
        raise InputError("the faces of the film's cells must start at 0 and increase, with at least two cells")
    return depths


@dataclass
class _Run:
    """A simulation that is going on."""

    conductor: Conductor
    faces: FloatArray
    tolerance: float
    progress: Callable[[float], None] | None
    programme: Programme
    back: Back | None
    time: float = 0.0
    steps: int = 0
    attempts: int = 0
    saved: list[dict[str, FloatArray]] = field(default_factory=list)
    saved_time: list[float] = field(default_factory=list)
    trace: list[tuple[float, float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        first = self.programme.stages[0]
        self.units = Units(self.conductor, course_at(first.temperature, 0.0))
        self.laws = Laws(self.conductor)
        self.cells, self.ions = len(self.faces) - 1, len(self.conductor.ions)
        self.work, self.solver = kernel.workspace(self.cells, self.ions), matrix(self.cells, self.ions)
        self.state = np.zeros((self.cells + 2, self.ions))
        self.mixed = np.zeros_like(self.state)
        self.current = 0.0
        self.signs = np.ones(self.ions)
        deep = self.faces[-1] >= self.conductor.thickness * (1 - 1e-9)
        self.back = self.back or ("open" if deep else "bulk")
        self.behind = 0.0 if deep else (self.conductor.thickness - self.faces[-1]) / NANOMETRE
        self.widths = np.diff(self.faces) / NANOMETRE

    def begin(
        self, initial: Mapping[str, FloatArray] | None, mixed: Mapping[str, FloatArray] | None,
        initial_field: ArrayLike | None,
    ) -> None:  # fmt: skip
        """The state before the first stage."""
        for i, ion in enumerate(self.conductor.ions[1:], start=1):
            self.state[1:-1, i] = (initial or {}).get(ion.name, 0.0)
            self.mixed[1:-1, i] = (mixed or {}).get(ion.name, 0.0)
        if initial_field is not None:
            self.state[:-1, 0] = np.asarray(initial_field, dtype=float) * NANOMETRE / self.units.volt
        native = self._fractions()[0]
        stated = np.asarray((initial or {}).get(self.conductor.ions[0].name, native), dtype=float)
        lowest = float(np.min(self.state[1:-1, 1:], initial=0.0))
        if np.max(np.abs(native - stated)) > UNBALANCED or lowest < 0 or np.min(native) < -UNBALANCED:
            raise InputError("the fractions of the initial state must be positive and add up to 1 in every cell")
        self.before = self.state.copy()

    def stage(self, stage: Stage, saves: FloatArray) -> None:
        """One stage of the programme, with the profiles that are saved in it."""
        film, drive = self._film(stage), self._drive(stage)
        here = saves[(saves > self.time) & (saves < self.time + stage.duration)] - self.time
        stops = np.unique(np.concatenate([drive.bends(stage.duration), here, [stage.duration]]))
        climate = drive.climate(0.0, stage.duration, self)
        dt = min(0.1 * film.debye_squared / math.exp(climate.table[0, 0, -1, 0]), 1e-3 * stage.duration)
        if drive.voltage:
            self._begin_voltage(film, climate, drive.control(0.0, dt, climate, self))
        at = 0.0
        for stop in stops:
            while at < stop:
                step = _fitting(dt, stop - at)
                wrong = self._attempt(film, drive, at, step)
                if wrong <= 1:
                    at = stop if step == stop - at else at + step
                    self._tell(self.time + at)
                elif step < SHORTEST * stage.duration or self.attempts > MOST_STEPS:
                    raise AnalysisError(self._stuck(self.time + at))
                dt = max(dt, step) if wrong <= 1 and step < dt else step
                dt *= min(5.0, max(0.2, 0.9 * max(wrong, 1e-12) ** -0.25)) if step == dt or wrong > 1 else 1.0
            if stop in here or (stop == stage.duration and stage is self.programme.stages[-1]):
                self._save(film, climate, at)
        self.time += stage.duration
