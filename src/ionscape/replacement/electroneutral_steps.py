"""Adaptive time steps of an electroneutral film.

The stages are solved by compiled code (`electroneutral_kernel.implicit_stage`); what is decided once per
step is plain Python, which costs little beside them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ionscape.replacement.electroneutral_flux import Film, Front, Ions, all_faces, new_faces, upwind_shares
from ionscape.replacement.electroneutral_kernel import (
    CURRENT_NOW,
    DONE,
    GAMMA,
    LOWER_ORDER,
    MORE,
    PASSED,
    PREDICTORS,
    REJECTED,
    STAGES,
    STEP,
    STUCK,
    TIME,
    TIMES,
    VOLTAGE,
    WEIGHTS,
    Course,
    Frame,
    Laws,
    Limits,
    Room,
    State,
    add_last,
    back_ohms,
    boundary_fluxes,
    implicit_stage,
    settle,
    start_current,
)

FloatArray = NDArray[np.float64]

LARGEST_GROWTH = 5.0
LARGEST_CORRECTION = 0.25
"""By which the stages' currents may be scaled for a step to carry exactly the logged charge."""


def film_geometry(faces: FloatArray) -> Film:
    """Widths, distances and shares of a mesh, see `Film`."""
    width = np.diff(faces)
    half = np.concatenate([[0.0], width / 2, [0.0]])
    gap = half[:-1] + half[1:]
    return Film(width, np.ascontiguousarray(faces), gap, half[1:] / gap)


def integral_to(at: float, course: Course) -> float:
    """Of the course from its beginning to a time."""
    x, y = course.time, course.value
    if at <= x[0]:
        return float(y[0] * (at - x[0]))
    k = int(np.searchsorted(x, at)) - 1
    return float(course.integral[k] + (at - x[k]) * (y[k] + np.interp(at, x, y)) / 2)


def table_at(laws: Laws, temperature: float) -> FloatArray:
    """Tables (N, T, 2) at a temperature: ln D straight in 1/T between the nodes."""
    inverse = laws.inverse_temperature
    if len(inverse) == 1:
        return np.asarray(laws.tables[0])
    at = (1 / temperature - inverse[0]) / (inverse[1] - inverse[0])
    k = min(max(int(at), 0), len(inverse) - 2)
    return np.ascontiguousarray(laws.tables[k] + (at - k) * (laws.tables[k + 1] - laws.tables[k]))


class Steps:
    """Steps through one stage of a programme.

    Attributes
    ----------
    film, ions, front, frame, laws, course, limits, state
        See `electroneutral_flux` and `electroneutral_kernel`; the state is changed in place.
    source : callable, optional
        What is made of the first N - 1 ions, (C, N - 1) [1/s], at a time [s]: for manufactured solutions.
    place : callable, optional
        Faces (C + 1,) [m] where a charge has passed; the mesh stays unless given. Within a step every face
        moves at one speed, towards where the charge will be by the current at the step's beginning.
    """

    def __init__(
        self, film: Film, ions: Ions, front: Front, frame: Frame, laws: Laws, course: Course, limits: Limits,
        state: State, source: Callable[[float], FloatArray] | None = None,
        place: Callable[[float], FloatArray] | None = None,
    ) -> None:  # fmt: skip
        self.source, self.place = source, place
        self.film, self.ions, self.front, self.frame = film, ions, front, frame
        self.laws, self.course, self.limits, self.state = laws, course, limits, state
        cells, count = state.u.shape[0] - 2, state.u.shape[1]
        self.room = _new_room(cells, count)
        self.rate = np.zeros((STAGES, cells, count - 1))
        self.mixed_rate = np.zeros((STAGES, cells, count))
        self.stages = np.zeros((STAGES, cells, count))
        self.last_stages = np.zeros((3, cells, count))
        self.drops, self.last_drops = np.zeros((STAGES, cells + 1)), np.zeros((3, cells + 1))
        self.inflow, self.outflow = np.zeros((STAGES, count)), np.zeros((STAGES, count))
        self.currents = np.zeros(STAGES)
        self.before, self.table = 0.0, laws.tables[0]
        self.films, self.speed = [film] * STAGES, np.zeros(cells + 1)

    @property
    def _mixes(self) -> bool:
        return 0 < self.laws.mixing_time < math.inf

    def advance(self, end: float, trace: FloatArray) -> tuple[int, int]:
        """Steps to the time ``end`` [s] or until the trace is full.

        Parameters
        ----------
        end : float
        trace : (steps, 4) array
            Takes time, current, film and bulk voltage after every step.

        Returns
        -------
        status, number of steps taken
        """
        scalars, taken, grow = self.state.scalars, 0, LARGEST_GROWTH
        while taken < len(trace):
            left = end - scalars[TIME]
            if left <= 1e-13 * end:
                return DONE, taken
            step = min(float(scalars[STEP]), left)
            if 0.6 * left < step < left:
                step = left / 2
            error = self._try(step)
            if not error <= 1:
                scalars[REJECTED] += 1
                shrink = 0.9 * error**-0.25 if math.isfinite(error) else 0.2
                scalars[STEP] = step * min(max(shrink, 0.1), 0.7)
                self.before, grow = 0.0, 1.0
                if scalars[STEP] < self.limits.shortest:
                    return STUCK, taken
                continue
            self._accept(step)
            proposed = step * min(grow, 0.9 * max(error, 1e-6) ** -0.25)
            scalars[STEP] = proposed if step >= 0.999 * scalars[STEP] else max(proposed, scalars[STEP])
            grow = LARGEST_GROWTH
            trace[taken] = self._trace_row()
            taken += 1
        return MORE, taken

    def _thermal(self, time: float) -> float:
        """kT/e [V]."""
        temperature = np.interp(time, self.course.temperature_time, self.course.temperature)
        return float(self.frame.boltzmann_over_charge * temperature)

    def _try(self, step: float) -> float:
        """One step into the stages; its error over the tolerance, infinite if a stage does not converge."""
        time, voltage = float(self.state.scalars[TIME]), self.course.control == VOLTAGE
        if not voltage and not self._stage_currents(time, step):
            return math.inf
        self._move(time, step, voltage)
        if not self._first_stage(time, voltage):
            return math.inf
        for stage in range(1, STAGES):
            if not self._later_stage(stage, time, step, voltage):
                return math.inf
        return self._error(step)

    def _move(self, time: float, step: float, voltage: bool) -> None:
        """Geometry at the stages of a step."""
        if self.place is None:
            return
        passed = float(self.state.scalars[PASSED])
        if voltage:
            passed += step * float(self.state.scalars[CURRENT_NOW])
        else:
            passed += integral_to(time + step, self.course) - integral_to(time, self.course)
        change = self.place(passed) - self.film.face
        change[0] = 0.0
        self.speed = change / step
        self.films = [self.film, *(film_geometry(self.film.face + at * change) for at in TIMES[1:])]

    def _stage_currents(self, time: float, step: float) -> bool:
        self.currents[:] = np.interp(time + TIMES * step, self.course.time, self.course.value)
        total = step * float(WEIGHTS[-1] @ self.currents)
        exact = integral_to(time + step, self.course) - integral_to(time, self.course)
        if abs(total - exact) <= 1e-14 * step * float(np.mean(np.abs(self.currents))):
            return True
        if abs(total - exact) > LARGEST_CORRECTION * abs(exact):
            return False
        self.currents *= exact / total
        return True

    def _set_table(self, time: float) -> None:
        temperature = float(np.interp(time, self.course.temperature_time, self.course.temperature))
        self.table = table_at(self.laws, temperature)

    def _first_stage(self, time: float, voltage: bool) -> bool:
        """Rates at the beginning of the step."""
        state, room, thermal = self.state, self.room, self._thermal(time)
        self._set_table(time)
        mixing = 1.0 if self.laws.mixing_time == 0 else 0.0
        upwind_shares(self.film.share, state.drop, room.share)
        room.faces.drop[:] = state.drop
        room.u[:] = state.u
        room.mixed[:] = state.mixed if self._mixes else 0.0
        if voltage:
            ohms = back_ohms(self.film, self.ions, self.frame, self.table, thermal)
            wanted = float(np.interp(time, self.course.time, self.course.value))
            self.currents[0] = start_current(
                self.film, self.ions, self.front, self.table, self.speed, room, mixing,
                float(state.scalars[CURRENT_NOW]), ohms, wanted, thermal,
            )  # fmt: skip
        current = float(self.currents[0])
        if not math.isfinite(current) or not all_faces(
            self.film, self.ions, self.front, self.table, self.speed, room.share, room.mixed, mixing,
            room.u, current, room.fill, room.work, room.faces,
        ):  # fmt: skip
            return False
        room.right[:] = 0.0
        self._keep_boundary(0, current, 0.0)
        flux = room.faces.flux[:, :-1]
        self.rate[0] = flux[:-1] - flux[1:]
        if self.source is not None:
            self.rate[0] += self.source(time) * self.film.width[:, None]
        if self._mixes:
            self.mixed_rate[0] = (state.u[1:-1] - state.mixed[1:-1]) / self.laws.mixing_time
        if self.before > 0:
            self.last_stages[:] = self.stages[-3:]
            self.last_drops[:] = self.drops[-3:]
        self.stages[0], self.drops[0] = state.u[1:-1], room.faces.drop
        return True

    def _later_stage(self, stage: int, time: float, step: float, voltage: bool) -> bool:
        """Solve one stage for the fractions, and the current if the voltage is controlled."""
        state, room, at = self.state, self.room, time + TIMES[stage] * step
        thermal = self._thermal(at)
        if len(self.laws.inverse_temperature) > 1:
            self._set_table(at)
        weights, tau = step * WEIGHTS[stage, :stage], GAMMA * step
        current = float(self.currents[stage - 1] if voltage else self.currents[stage])
        film = self.films[stage]
        known = self.film.width[:, None] * state.u[1:-1, :-1] + np.tensordot(weights, self.rate[:stage], 1)
        mixing = self._prepare_mixed(stage, step)
        self._predict(stage, step, film)
        made = known if self.source is None else known + tau * self.source(at) * film.width[:, None]
        good, current, change = implicit_stage(
            film, self.ions, self.front, self.table, room, made, tau, self.speed, mixing, voltage,
            float(np.interp(at, self.course.time, self.course.value)),
            back_ohms(film, self.ions, self.frame, self.table, thermal), thermal, current,
            self.limits.tolerance,
        )  # fmt: skip
        if not good:
            return False
        self.currents[stage] = current
        self._keep_boundary(stage, current, change)
        # what the stage took: the fluxes that Newton's last step stands for
        self.rate[stage] = (film.width[:, None] * room.u[1:-1, :-1] - known) / tau
        self.stages[stage], self.drops[stage] = room.u[1:-1], room.faces.drop
        if self._mixes:
            mixed = room.mixed[1:-1] + mixing * room.u[1:-1]
            self.mixed_rate[stage] = (room.u[1:-1] - mixed) / self.laws.mixing_time
        return True

    def _prepare_mixed(self, stage: int, step: float) -> float:
        """Known share of the mixed parts; returns by how much they follow the fractions."""
        if not self._mixes:
            return 1.0 if self.laws.mixing_time == 0 else 0.0
        theta = step * GAMMA / self.laws.mixing_time
        known = np.tensordot(step * WEIGHTS[stage, :stage], self.mixed_rate[:stage], 1)
        self.room.mixed[1:-1] = (self.state.mixed[1:-1] + known) / (1 + theta)
        return theta / (1 + theta)

    def _predict(self, stage: int, step: float, film: Film) -> None:
        """Newton's first guess, and the upwind shares, which then stay: the polynomial through the known
        stages, for the first one through the last ones of the step before."""
        if stage > 1:
            guess = np.tensordot(PREDICTORS[stage, :stage], self.stages[:stage], 1)
            drop = PREDICTORS[stage, :stage] @ self.drops[:stage]
        elif self.before > 0 and step < 3 * self.before:
            a, b, x = TIMES[3] - 1, TIMES[4] - 1, TIMES[1] * step / self.before
            one, two = x * (x - b) / (a * (a - b)), x * (x - a) / (b * (b - a))
            guess, drop = (
                known[0] + one * (last[0] - last[2]) + two * (last[1] - last[2])
                for known, last in ((self.stages, self.last_stages), (self.drops, self.last_drops))
            )
        else:
            return
        self.room.u[1:-1] = np.clip(guess, 0.0, 1 - self.ions.immobile)
        add_last(self.room.u, self.ions.immobile)
        self.room.faces.drop[:] = drop
        upwind_shares(film.share, drop, self.room.share)

    def _keep_boundary(self, stage: int, current: float, change: float) -> None:
        surface = float(self.speed[-1]) * (1 - self.ions.immobile)
        boundary_fluxes(self.room, current, change, surface, self.inflow[stage], self.outflow[stage])

    def _error(self, step: float) -> float:
        """Largest difference to the embedded third order, or fraction below zero, over the tolerance."""
        weights = step * (WEIGHTS[-1] - LOWER_ORDER)
        error = np.tensordot(weights, self.rate, 1) / self.films[-1].width[:, None]
        largest = max(float(np.max(np.abs(error))), float(np.max(np.abs(error.sum(axis=1)))))
        largest = max(largest, -float(np.min(self.room.u[1:-1])))
        if self._mixes:
            largest = max(largest, float(np.max(np.abs(np.tensordot(weights, self.mixed_rate, 1)))))
        return largest / self.limits.tolerance

    def _accept(self, step: float) -> None:
        """Take the step over into the state."""
        state, weights = self.state, step * WEIGHTS[-1]
        state.u[1:-1] = self.room.u[1:-1]
        self.film = self.films[-1]
        settle(state.u, self.film.width)
        if self._mixes:
            theta = step * GAMMA / self.laws.mixing_time
            mixed = self.room.mixed[1:-1] + theta / (1 + theta) * self.room.u[1:-1]
            state.mixed[1:-1] = np.clip(mixed, 0.0, state.u[1:-1])
        state.drop[:] = self.room.faces.drop
        state.inflow[:] += weights @ self.inflow
        state.outflow[:] += weights @ self.outflow
        charge = float(weights @ self.currents)
        state.scalars[PASSED] += charge
        state.scalars[TIME] += step
        state.scalars[CURRENT_NOW] = self.currents[-1]
        self.before = step

    def _trace_row(self) -> tuple[float, float, float, float]:
        time, current = (float(self.state.scalars[k]) for k in (TIME, CURRENT_NOW))
        thermal = self._thermal(time)
        ohms = back_ohms(self.film, self.ions, self.frame, self.table, thermal)
        return time, current, thermal * float(np.sum(self.state.drop)), current * ohms


def _new_room(cells: int, ions: int) -> Room:
    n = ions - 1
    return Room(
        new_faces(cells, ions), np.zeros((cells + 2, ions)), np.zeros((5, ions)), np.zeros(cells + 1),
        np.zeros((cells + 2, ions)), np.zeros((cells + 2, ions)), np.zeros((cells, n, n)),
        np.zeros((cells, n, n)), np.zeros((cells, n, n)), np.zeros((cells, n, 2)),
    )  # fmt: skip
