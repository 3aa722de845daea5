"""A simulation of an electroneutral film that is going on: stages, saved profiles, balances."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

from ionscape.core.errors import AnalysisError
from ionscape.replacement import electroneutral_kernel as kernel
from ionscape.replacement.electroneutral_flux import (
    BEAM,
    CLOSED,
    MELT,
    Front,
    Ions,
    all_faces,
    new_faces,
    upwind_shares,
)
from ionscape.replacement.electroneutral_steps import Steps, film_geometry, integral_to, table_at
from ionscape.replacement.kept_profile import Profile
from ionscape.replacement.law_table import law_tables, temperature_nodes
from ionscape.replacement.programme import Course, Programme, Stage, Trace
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.riding_mesh import Ride
from ionscape.replacement.system import Conductor

FloatArray = NDArray[np.float64]

STEPS_AT_ONCE = 64
SHORTEST = 1e-13
"""Of a stage: a step below this is given up."""


def gave_up(at: float) -> str:
    """Words for a run that found no step small enough."""
    return (
        f"no time step small enough was found {at:.4g} s after the start: the programme asks for what the "
        "film cannot carry, or the mesh is far too coarse"
    )


def thermal_voltage(temperature: float) -> float:
    """kT/e [V]."""
    return Boltzmann * temperature / elementary_charge


@dataclass
class Run:
    """A simulation that is going on."""

    conductor: Conductor
    faces: FloatArray
    tolerance: float
    progress: Callable[[float], None] | None
    duration: float
    time: float = 0.0
    saved: list[Profile] = field(default_factory=list)
    saved_time: list[float] = field(default_factory=list)
    trace: list[FloatArray] = field(default_factory=list)
    steps: int = 0
    logged: float = 0.0
    ride: Ride | None = None

    def __post_init__(self) -> None:
        native = self.conductor.ions[0]
        charges = np.array([abs(ion.charge) for ion in self.conductor.ions], dtype=float)
        self.sign = math.copysign(1, native.charge)
        self.film = film_geometry(self.faces if self.ride is None else self.ride.at(0.0))
        self.began_at = float(self.film.face[-1])
        bulk = np.zeros(len(charges))
        bulk[0] = 1 - native.immobile_fraction
        self.ions = Ions(charges, native.immobile_fraction, bulk)
        self.current_unit = self.conductor.carrier_density * elementary_charge * native.charge

    def begin(self, initial: Mapping[str, FloatArray] | None, mixed: Mapping[str, FloatArray] | None) -> None:
        """The state before the first stage."""
        cells, names = len(self.film.width), [ion.name for ion in self.conductor.ions]
        u, q = np.tile(self.ions.bulk, (cells + 2, 1)), np.zeros((cells + 2, len(names)))
        if initial is not None:
            u[1:-1] = np.array([np.broadcast_to(initial.get(name, 0.0), (cells,)) for name in names]).T
            u[1:-1, 0] -= self.ions.immobile
        if mixed is not None:
            q[1:-1] = np.array([np.broadcast_to(mixed.get(name, 0.0), (cells,)) for name in names]).T
        n = len(names)
        self.state = kernel.State(u, q, np.zeros(cells + 1), np.zeros(5), np.zeros(n), np.zeros(n))
        self.before = self._amounts()

    def _amounts(self) -> FloatArray:
        return np.asarray(self.film.width @ self.state.u[1:-1])

    def stage(self, stage: Stage, saves: FloatArray) -> None:
        """One stage of the programme, with the profiles that are saved in it."""
        laws, course, front = self._laws(stage), self._course(stage), self._front(stage)
        self.state.u[0] = front.melt if front.kind == MELT else self.state.u[1]
        scalars = self.state.scalars
        scalars[kernel.TIME] = 0.0
        scalars[kernel.STEP] = self._first_step(course, stage.duration)
        scalars[kernel.CURRENT_NOW] = 0.0 if course.control == kernel.VOLTAGE else float(course.value[0])
        self.state.drop[:] = 0.0
        last = self.time + stage.duration >= self.duration * (1 - 1e-12)
        within = (saves > self.time) & (saves <= self.time + stage.duration * (1 + 1e-12))
        ends = set(np.minimum(saves[within] - self.time, stage.duration).tolist())
        for end in sorted(ends | {stage.duration}):
            self._advance(stage, laws, course, front, end)
            if end in ends or (last and end == stage.duration):
                self._save(laws, course, front)
        if course.control == kernel.CURRENT:
            self.logged += float(integral_to(stage.duration, course))
        self.time += stage.duration

    def _advance(
        self, stage: Stage, laws: kernel.Laws, course: kernel.Course, front: Front, end: float
    ) -> None:
        frame = kernel.Frame(self.conductor.thickness, Boltzmann / elementary_charge)
        limits = kernel.Limits(self.tolerance, SHORTEST * stage.duration)
        steps = Steps(self.film, self.ions, front, frame, laws, course, limits, self.state,
                      place=None if self.ride is None else self.ride.at)
        status = kernel.MORE
        while status != kernel.DONE:
            trace = np.zeros((STEPS_AT_ONCE, 4))
            status, taken = steps.advance(end, trace)
            self.film = steps.film
            trace[:, 0] += self.time
            self.trace.append(trace[:taken])
            self.steps += taken
            if status == kernel.STUCK:
                raise AnalysisError(gave_up(self.time + self.state.scalars[kernel.TIME]))
            if self.progress is not None:
                self.progress(min(1.0, (self.time + self.state.scalars[kernel.TIME]) / self.duration))

    def _laws(self, stage: Stage) -> kernel.Laws:
        course = stage.temperature
        values = course.values if isinstance(course, Trace) else np.array([course])
        nodes = temperature_nodes(float(np.min(values)), float(np.max(values)))
        tables = law_tables([ion.law for ion in self.conductor.ions], nodes)
        return kernel.Laws(tables, 1 / nodes, float(self.conductor.intermixing_time))

    def _course(self, stage: Stage) -> kernel.Course:
        time, value = _points(stage.value if stage.control != "rest" else 0.0)
        value = value * self.sign if stage.control == "voltage" else value / self.current_unit
        integral = np.concatenate([[0.0], np.cumsum(np.diff(time) * (value[1:] + value[:-1]) / 2)])
        control = kernel.VOLTAGE if stage.control == "voltage" else kernel.CURRENT
        return kernel.Course(control, time, value, integral, *_points(stage.temperature))

    def _front(self, stage: Stage) -> Front:
        melt = np.zeros(len(self.ions.charge))
        if stage.control == "rest" or stage.surface == "blocking":
            return Front(CLOSED, -1, melt)
        entering = [ion.name for ion in self.conductor.ions].index(stage.ion)
        if stage.surface == "beam":
            return Front(BEAM, entering, melt)
        melt[0] = (1 - stage.melt_fraction) * self.ions.bulk[0]
        melt[entering] += stage.melt_fraction * self.ions.bulk[0]
        return Front(MELT, entering, melt)

    def _first_step(self, course: kernel.Course, duration: float) -> float:
        if course.control == kernel.VOLTAGE:
            return 1e-9 * duration
        largest = float(np.max(np.abs(course.value)))
        first = 0.02 * self.film.width[0] / largest if largest > 0 else duration
        return min(first, 1e-3 * duration)

    def _save(self, laws: kernel.Laws, course: kernel.Course, front: Front) -> None:
        """Profiles, fluxes and drops at this moment."""
        u, cells = self.state.u, len(self.film.width)
        at = self.state.scalars[kernel.TIME]
        temperature = float(np.interp(at, course.temperature_time, course.temperature))
        table = table_at(laws, temperature)
        faces = new_faces(cells, u.shape[1])
        faces.drop[:] = self.state.drop
        share = np.empty_like(self.film.share)
        upwind_shares(self.film.share, self.state.drop, share)
        mixing = 1.0 if laws.mixing_time == 0 else 0.0
        all_faces(
            self.film, self.ions, front, table, np.zeros(cells + 1), share, self.state.mixed, mixing, u,
            float(self.state.scalars[kernel.CURRENT_NOW]), np.empty_like(u), np.zeros((5, u.shape[1])), faces,
        )  # fmt: skip
        fractions = u[1:-1].copy()
        fractions[:, 0] += self.ions.immobile
        volts = self.sign * faces.drop * Boltzmann * temperature / elementary_charge
        potential = np.cumsum(volts[::-1])[::-1]
        self.saved.append(Profile(
            self.film.face, fractions, self.state.mixed[1:-1].copy(), potential, volts / self.film.gap,
            faces.flux.copy(),
        ))  # fmt: skip
        self.saved_time.append(self.time + at)

    def result(self, programme: Programme) -> Replacement:
        """All that was found."""
        conductor, trace = self.conductor, np.concatenate(self.trace)
        native, names = conductor.ions[0].charge, [ion.name for ion in conductor.ions]
        passed = float(self.state.scalars[kernel.PASSED])
        if self.ride is not None and any(stage.control == "voltage" for stage in programme.stages):
            self.faces = self.film.face
        kept = [each.on(self.faces) for each in self.saved]
        fractions, mixed, electric, potential, fluxes = (
            np.array([getattr(each, what) for each in kept])
            for what in ("fractions", "mixed", "field", "potential", "flux")
        )
        charge_density = conductor.permittivity * epsilon_0 * np.diff(electric, axis=1) / np.diff(self.faces)
        per_charge = [conductor.carrier_density * native / ion.charge for ion in conductor.ions]
        partly = 0 < conductor.intermixing_time < math.inf
        return Replacement(
            time=np.array(self.saved_time),
            faces=self.faces,
            fractions={name: fractions[:, :, i] for i, name in enumerate(names)},
            potential=potential[:, 1:],
            field=electric,
            excess_charge=charge_density / (elementary_charge * conductor.carrier_density),
            flux={name: fluxes[:, :, i] * per_charge[i] for i, name in enumerate(names)},
            trace_time=trace[:, 0],
            current_density=trace[:, 1] * self.current_unit,
            film_voltage=trace[:, 2] * self.sign,
            bulk_voltage=trace[:, 3] * self.sign,
            charge=passed * self.current_unit,
            mass_error=self._mass_error(),
            charge_error=self._charge_error(programme, passed),
            description="electroneutral",
            n_steps=self.steps,
            warnings=self._warnings(),
            mixed={name: mixed[:, :, i] for i, name in enumerate(names[1:], start=1)} if partly else {},
        )

    def _mass_error(self) -> float:
        now = self._amounts()
        expected = self.before + self.state.inflow - self.state.outflow
        scale = np.maximum(np.maximum(self.before, now), np.abs(self.state.inflow))
        return float(np.max(np.abs(now - expected) / np.maximum(scale, 1e-12 * self.faces[-1])))

    def _charge_error(self, programme: Programme, passed: float) -> float:
        grown = (float(self.film.face[-1]) - self.began_at) * (1 - self.ions.immobile)
        inside = float(np.abs(self._amounts().sum() - self.before.sum() - grown))
        if all(stage.control != "voltage" for stage in programme.stages):
            inside = max(inside, abs(passed - self.logged))
        return float(inside / max(abs(passed), 1e-9 * self.faces[-1]))

    def _warnings(self) -> tuple[str, ...]:
        changed = float(np.max(np.abs(self.state.u[-2] - self.ions.bulk)))
        if changed < 1e-3:
            return ()
        return (
            f"at the end of the computed film the composition has changed by {changed:.2g}: the film should "
            f"be "
            "deeper",
        )


def _points(course: Course) -> tuple[FloatArray, FloatArray]:
    if isinstance(course, Trace):
        return np.asarray(course.time, dtype=float), np.asarray(course.values, dtype=float)
    return np.array([0.0]), np.array([float(course)])
