"""Replacement of ions by the full Nernst-Planck-Poisson equations: with space charge, displacement current.

See `nernst_planck_poisson_kernel` for the discretisation and `npp_step` for the steps in time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import epsilon_0

from ionscape.core.errors import AnalysisError, InputError
from ionscape.replacement import nernst_planck_poisson_kernel as kernel
from ionscape.replacement.npp_course import Laws, Units
from ionscape.replacement.npp_linear import matrix
from ionscape.replacement.npp_result import Saved, assembled
from ionscape.replacement.npp_stage import Back, Drive, drive_of
from ionscape.replacement.npp_step import Control, deviation, film_voltage, rates, rosenbrock_step
from ionscape.replacement.programme import Programme, Stage, course_at
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.system import Conductor

FloatArray = NDArray[np.float64]

MOST_STEPS = 100_000
SHORTEST = 1e-14
"""Of a stage: a step below this is given up."""
UNBALANCED = 0.02
BREAKDOWN = 1e9
"""[V/m]"""
OVERFULL = 1.2
_NO_SOURCES = np.zeros((0, 0, 0))


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
        Its field at the first face gives what a blocking electrode carries, see `electrode_charge`.

    Notes
    -----
    A beam's ions are carried into the film at once: J(0) = j/(z e), no field at the surface. The charge of
    a blocking electrode stays on it when the stage ends. The filling at which a foreign ion's law is taken
    leaves the space charge out (it is 1 for the last ion to arrive).

    Raises
    ------
    InputError
        If the mesh, the initial state or a stage is impossible.
    AnalysisError
        If no step small enough is found.
    """
    depths = np.asarray(faces, dtype=float)
    if depths.ndim != 1 or depths.size < 3 or depths[0] != 0 or not np.all(np.diff(depths) > 0):
        raise InputError("the faces of a film must start at 0 and increase, with at least two cells")
    run = _Run(conductor, programme, depths, tolerance, progress, back)
    run.begin(initial or {}, mixed or {}, initial_field)
    saves = np.unique(np.asarray(save_at, dtype=float))
    if saves.size and saves[0] == 0:
        run.saved.append(run.saved[0])
    for stage in programme.stages:
        run.stage(stage, saves)
    return assembled(conductor, programme, depths, run.units, run.saved, run.trace, run.warnings())


def electrode_charge(result: Replacement, permittivity: float) -> FloatArray:
    """(S,) charge density [C/m^2] of a blocking electrode on a film of a relative permittivity."""
    return np.asarray(permittivity * epsilon_0 * result.field[:, 0])


@dataclass
class _Run:
    """A simulation that is going on."""

    conductor: Conductor
    programme: Programme
    faces: FloatArray
    tolerance: float
    progress: Callable[[float], None] | None
    back: Back | None
    time: float = 0.0
    current: float = 0.0
    attempts: int = 0
    saved: list[Saved] = field(default_factory=list)
    trace: list[tuple[float, float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.units = Units(self.conductor, course_at(self.programme.stages[0].temperature, 0.0))
        self.laws = Laws(self.conductor)
        cells, ions = len(self.faces) - 1, len(self.conductor.ions)
        self.work, self.solver = kernel.workspace(cells, ions), matrix(cells, ions)
        self.state, self.trial = np.zeros((cells + 2, ions)), np.zeros((cells + 2, ions))
        self.mixed = np.zeros_like(self.state)
        deep = self.faces[-1] >= self.conductor.thickness * (1 - 1e-9)
        self.end: Back = self.back or ("open" if deep else "bulk")

    def begin(
        self, initial: Mapping[str, FloatArray], mixed: Mapping[str, FloatArray],
        initial_field: ArrayLike | None,
    ) -> None:  # fmt: skip
        """The state before the first stage; its first profile is kept for the balance."""
        native = self.conductor.ions[0].name
        for i, ion in enumerate(self.conductor.ions[1:], start=1):
            self.state[1:-1, i] = initial.get(ion.name, 0.0)
            self.mixed[1:-1, i] = mixed.get(ion.name, 0.0)
        if initial_field is not None:
            self.state[:-1, 0] = np.asarray(initial_field, dtype=float) * self.units.length / self.units.volt
        first = Saved.of(0.0, self.state, self.work.flux, self.mixed, self.faces, self.units)
        stated = np.asarray(initial.get(native, first.fractions[:, 0]), dtype=float)
        wrong = np.max(np.abs(first.fractions[:, 0] - stated))
        if wrong > UNBALANCED or np.min(first.fractions) < -UNBALANCED:
            raise InputError("initial fractions must be positive and add up to 1 in every cell")
        self.saved.append(first)

    def stage(self, stage: Stage, saves: FloatArray) -> None:
        """One stage of the programme, with the profiles that are saved in it."""
        widths = np.diff(self.faces) / self.units.length
        drive = drive_of(stage, self.conductor, self.units, self.laws, widths, self.end)
        here = saves[(saves > self.time) & (saves <= self.time + stage.duration * (1 + 1e-9))] - self.time
        here = np.where(here > stage.duration * (1 - 1e-9), stage.duration, here)
        at, dt = 0.0, drive.first_step(stage.duration)
        if drive.voltage:
            self._begin_voltage(drive, dt, stage.surface == "beam")
        for stop in np.unique(np.concatenate([drive.bends(stage.duration), here, [stage.duration]])):
            while at < stop:
                left = stop - at
                step = left if dt >= left * (1 - 1e-9) else min(dt, left / 2)
                wrong = self._attempt(drive, at, step)
                change = min(5.0, max(0.2, 0.9 * max(wrong, 1e-12) ** -0.25))
                if wrong <= 1:
                    at = stop if step == left else at + step
                    dt = max(dt, step * change) if step < dt else step * change
                    self._accept(drive, at, step)
                else:
                    dt = step * change
                    self._refuse_to_hang(at, dt, stage)
            if stop in here or (stop == stage.duration and stage is self.programme.stages[-1]):
                self._save(drive, at, dt)
        self.time += stage.duration

    def _attempt(self, drive: Drive, at: float, dt: float) -> float:
        """One step into ``self.trial``; what its error is over what is tolerated."""
        climate = drive.climate(at, dt, self.state, self.mixed)
        self.control = drive.control(at, dt, climate)
        self.attempts += 1
        self.flowing = rosenbrock_step(
            drive.film, climate, self.control, _NO_SOURCES, self.state, self.current, dt, self.work,
            self.solver, self.trial,
        )  # fmt: skip
        if not self.control.imposed_voltage:
            self.flowing = self.control.values[5]
        return float(deviation(drive.film, self.trial, self.solver.stages[5], self.tolerance))

    def _accept(self, drive: Drive, at: float, dt: float) -> None:
        if len(self.conductor.ions) > 1 and drive.intermixing_time < np.inf:
            self.mixed = drive.mixed_after(dt, self.state, self.trial, self.mixed)
        self.state, self.trial = self.trial, self.state
        self.current = self.flowing
        volts = film_voltage(drive.film, self.state), self.current * self.control.resistance[5]
        self.trace.append((self.time + at, self.current, *volts))
        if self.progress is not None:
            self.progress(min(1.0, (self.time + at) / self.programme.duration))

    def _refuse_to_hang(self, at: float, dt: float, stage: Stage) -> None:
        if dt >= SHORTEST * stage.duration and self.attempts < MOST_STEPS:
            return
        why = f"a step of {dt:.2g} s was still too long"
        if self.attempts >= MOST_STEPS:
            why = f"{self.attempts} steps were not enough"
        raise AnalysisError(
            f"the simulation was given up {self.time + at:.4g} s after the start, {why}: the programme asks "
            "for what the film cannot carry, or the mesh is far too coarse"
        )

    def _begin_voltage(self, drive: Drive, dt: float, beam: bool) -> None:
        """The current at the start; without bulk behind the film its field jumps, as a capacitor's."""
        climate = drive.climate(0.0, dt, self.state, self.mixed)
        control: Control = drive.control(0.0, dt, climate)
        film, state = drive.film, self.state
        lacking = control.values[0] - film_voltage(film, state)
        if control.resistance[0] > 0:
            self.current = lacking / control.resistance[0]
            return
        carried = 1 if beam and lacking > 0 else 0  # a beam's first charge lies in the first cell
        jump = lacking / float(np.sum(film.drops))
        state[carried:-1, 0] += jump
        state[-1, 0] += film.debye_squared * jump
        if carried:
            state[0, 1:] += film.debye_squared * jump * film.entering[1:]
            state[1, 1:] += film.debye_squared * jump / film.widths[1] * film.entering[1:]
        rates(film, climate, 0, state, 0.0, self.work, self.trial)
        self.current = -float(film.drops @ self.trial[:-1, 0]) / float(np.sum(film.drops))

    def _save(self, drive: Drive, at: float, dt: float) -> None:
        climate = drive.climate(at, dt, self.state, self.mixed)
        rates(drive.film, climate, 0, self.state, self.current, self.work, self.trial)
        self.saved.append(
            Saved.of(self.time + at, self.state, self.work.flux, self.mixed, self.faces, self.units)
        )

    def warnings(self) -> tuple[str, ...]:
        """What the user should know of the film."""
        found, last = [], self.saved[-1]
        changed = float(np.max(last.fractions[-1, 1:], initial=0.0))
        if self.end == "bulk" and changed > 1e-3:
            found.append(
                f"at the end of the computed film the composition has changed by {changed:.2g}: the film "
                "should be deeper"
            )
        field = abs(self.units.volt) / self.units.length * max(
            float(np.max(np.abs(each.state[:-1, 0]))) for each in self.saved
        )
        if field > BREAKDOWN:
            found.append(
                f"the field reaches {field:.2g} V/m, beyond the strength of dielectrics ({BREAKDOWN:.0e} V/m)"
            )
        full = max(float(np.max(each.fractions.sum(axis=1))) for each in self.saved)
        if full > OVERFULL:
            found.append(
                f"up to {full:.2g} times the density of the native ions piles up: more than there are sites"
            )
        return tuple(found)
