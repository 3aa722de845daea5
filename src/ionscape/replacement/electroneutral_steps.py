"""Adaptive steps of an electroneutral film (compiled): one step by Newton's method, and many of them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ionscape.replacement.electroneutral_flux import (
    Faces,
    Film,
    Front,
    Ions,
    all_faces,
    new_faces_compiled,
    upwind_shift,
)
from ionscape.replacement.electroneutral_kernel import (
    CURRENT_NOW,
    DONE,
    GAMMA,
    LOWER_ORDER,
    MORE,
    PASSED,
    REJECTED,
    SCALE,
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
    State,
    add_last,
    assemble,
    back_ohms,
    current_change,
    integral_to,
    settle,
    solve_blocks,
    start_current,
    straight,
    table_at,
)

FloatArray = NDArray[np.float64]


class Room(NamedTuple):
    """Arrays that a step writes to."""

    faces: Faces
    fill: FloatArray
    work: FloatArray
    share: FloatArray
    table: FloatArray
    u: FloatArray
    mixed: FloatArray
    rate: FloatArray  # (stages, C, n)
    mixed_rate: FloatArray  # (stages, C, N)
    known: FloatArray
    lower: FloatArray
    diagonal: FloatArray
    upper: FloatArray
    right: FloatArray
    inflow: FloatArray  # (stages, n + 1), the last the total
    outflow: FloatArray
    current: FloatArray  # (stages,)


@njit(cache=True, nogil=True)
def new_room(cells: int, ions: int, table: FloatArray) -> Room:
    """Room for a step."""
    n = ions - 1
    return Room(
        new_faces_compiled(cells, ions), np.zeros((cells + 2, ions)), np.zeros((5, ions)), np.zeros(cells + 1),
        table.copy(), np.zeros((cells + 2, ions)), np.zeros((cells + 2, ions)), np.zeros((STAGES, cells, n)),
        np.zeros((STAGES, cells, ions)), np.zeros((cells, n)), np.zeros((cells, n, n)), np.zeros((cells, n, n)),
        np.zeros((cells, n, n)), np.zeros((cells, n, 2)), np.zeros((STAGES, ions)), np.zeros((STAGES, ions)),
        np.zeros(STAGES),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def keep_boundary(room: Room, stage: int, current: float, change: float, surface: float) -> None:
    """Fluxes into and out of the film at a stage (the last entry is the total) and drops, with Newton's last
    correction."""
    n = room.rate.shape[2]
    cells = room.rate.shape[1]
    for i in range(n):
        room.inflow[stage, i] = room.faces.flux[0, i] + change * room.faces.flux_current[0, i]
        room.outflow[stage, i] = room.faces.flux[cells, i] + change * room.faces.flux_current[cells, i]
        for k in range(n):
            room.inflow[stage, i] += room.faces.flux_right[0, i, k] * room.right[0, k, 0]
            room.outflow[stage, i] += room.faces.flux_left[cells, i, k] * room.right[cells - 1, k, 0]
    room.inflow[stage, n] = current
    room.outflow[stage, n] = current - surface
    for f in range(cells + 1):
        room.faces.drop[f] += change * room.faces.drop_current[f]
        for i in range(n):
            if f > 0:
                room.faces.drop[f] += room.faces.drop_left[f, i] * room.right[f - 1, i, 0]
            if f < cells:
                room.faces.drop[f] += room.faces.drop_right[f, i] * room.right[f, i, 0]


@njit(cache=True, nogil=True)
def implicit_stage(
    film: Film, ions: Ions, front: Front, frame: Frame, room: Room, stage: int, tau: float, scale: float,
    growth: float, mixing: float, voltage: bool, wanted: float, thermal: float, current: float, tolerance: float,
) -> tuple[bool, float]:  # fmt: skip
    """Newton's method for the fractions (and the current) of a stage; false if it does not converge."""
    cells, n = room.known.shape
    ohms = back_ohms(film, ions, frame, room.table, scale, thermal)
    before = math.inf
    for _ in range(10):
        if not all_faces(
            film, ions, front, room.table, scale, growth, room.share, room.mixed, mixing, room.u, current,
            room.fill, room.work, room.faces,
        ):  # fmt: skip
            return False, current
        assemble(
            film, room.faces, room.known, room.u, scale, tau, room.lower, room.diagonal, room.upper, room.right
        )
        solve_blocks(room.lower, room.diagonal, room.upper, room.right)
        change = 0.0
        if voltage:
            change = current_change(room.faces, room.right, ohms, wanted, thermal, current)
        largest = 0.0
        for c in range(cells):
            for i in range(n):
                room.right[c, i, 0] += change * room.right[c, i, 1]
                room.u[c + 1, i] += room.right[c, i, 0]
                largest = max(largest, abs(room.right[c, i, 0]))
        current += change
        add_last(room.u, ions.immobile)
        if not largest < 2.0:
            return False, current
        contraction = largest / before
        small_change = abs(change) <= 1e-6 * abs(current) or not voltage
        if small_change and (largest < 0.01 * tolerance or largest * contraction**2 < 0.01 * tolerance):
            surface = film.face[cells] * growth * (1 - ions.immobile)
            keep_boundary(room, stage, current, change, surface)
            return True, current
        if contraction > 2:
            return False, current
        before = largest
    return False, current


@njit(cache=True, nogil=True)
def explicit_stage(
    film: Film, ions: Ions, front: Front, frame: Frame, laws: Laws, room: Room, state: State, voltage: bool,
    wanted: float, thermal: float, current: float,
) -> tuple[bool, float]:  # fmt: skip
    """Rates at the beginning of a step."""
    cells, n = room.known.shape
    mixing = 1.0 if laws.mixing_time == 0 else 0.0
    scale = state.scalars[SCALE]
    room.faces.drop[:] = state.drop
    for f in range(cells + 1):
        shift = upwind_shift(state.drop[f])
        room.share[f] = min(max(film.share[f] + shift, 0.0), 1.0)
    room.u[:] = state.u
    room.mixed[:] = 0.0
    if math.isfinite(laws.mixing_time) and laws.mixing_time > 0:
        room.mixed[:] = state.mixed
    if voltage:
        ohms = back_ohms(film, ions, frame, room.table, scale, thermal)
        current = start_current(
            film, ions, front, room.table, scale, room.share, room.mixed, mixing, room.u, current, room.fill,
            room.work, room.faces, ohms, wanted, thermal,
        )  # fmt: skip
        if not math.isfinite(current):
            return False, current
    growth = frame.growth * current
    if not all_faces(
        film, ions, front, room.table, scale, growth, room.share, room.mixed, mixing, room.u, current,
        room.fill, room.work, room.faces,
    ):  # fmt: skip
        return False, current
    room.right[:] = 0.0
    keep_boundary(room, 0, current, 0.0, film.face[cells] * growth * (1 - ions.immobile))
    for c in range(cells):
        for i in range(n):
            room.rate[0, c, i] = (room.faces.flux[c, i] - room.faces.flux[c + 1, i]) / film.width[c]
        for i in range(n + 1):
            if laws.mixing_time > 0:
                room.mixed_rate[0, c, i] = (state.u[c + 1, i] - state.mixed[c + 1, i]) / laws.mixing_time
    return True, current


@njit(cache=True, nogil=True)
def prepare_stage(laws: Laws, room: Room, state: State, stage: int, step: float) -> float:
    """What is known of a stage before it is solved; returns by how much the mixed part follows the fraction."""
    cells, n = room.known.shape
    for c in range(cells):
        for i in range(n):
            total = state.scalars[SCALE] * state.u[c + 1, i]
            for s in range(stage):
                total += step * WEIGHTS[stage, s] * room.rate[s, c, i]
            room.known[c, i] = total
    if laws.mixing_time == 0:
        return 1.0
    if not math.isfinite(laws.mixing_time):
        return 0.0
    theta = step * GAMMA / laws.mixing_time
    for c in range(cells):
        for i in range(n + 1):
            total = state.mixed[c + 1, i]
            for s in range(stage):
                total += step * WEIGHTS[stage, s] * room.mixed_rate[s, c, i]
            room.mixed[c + 1, i] = total / (1 + theta)
    return theta / (1 + theta)


@njit(cache=True, nogil=True)
def finish_stage(laws: Laws, room: Room, stage: int, tau: float, scale: float, mixing: float) -> None:
    """Rates of a solved stage, from what it took: the fluxes that Newton's last step stands for."""
    cells, n = room.known.shape
    for c in range(cells):
        for i in range(n):
            room.rate[stage, c, i] = (scale * room.u[c + 1, i] - room.known[c, i]) / tau
        if laws.mixing_time > 0 and math.isfinite(laws.mixing_time):
            for i in range(n + 1):
                mixed = room.mixed[c + 1, i] + mixing * room.u[c + 1, i]
                room.mixed_rate[stage, c, i] = (room.u[c + 1, i] - mixed) / laws.mixing_time


@njit(cache=True, nogil=True)
def stage_currents(course: Course, time: float, step: float, room: Room) -> bool:
    """Currents of the stages, scaled so that the step carries exactly the logged charge; false if they would
    have to change by more than a quarter."""
    total, size = 0.0, 0.0
    for s in range(STAGES):
        room.current[s] = straight(time + TIMES[s] * step, course.time, course.value)
        total += step * WEIGHTS[STAGES - 1, s] * room.current[s]
        size += step * abs(room.current[s]) / STAGES
    exact = integral_to(time + step, course) - integral_to(time, course)
    if abs(total - exact) <= 1e-14 * size:
        return True
    if abs(total - exact) > 0.25 * abs(exact):
        return False
    for s in range(STAGES):
        room.current[s] *= exact / total
    return True


@njit(cache=True, nogil=True)
def try_step(
    film: Film, ions: Ions, front: Front, frame: Frame, laws: Laws, course: Course, room: Room, state: State,
    step: float, tolerance: float,
) -> float:  # fmt: skip
    """One step into ``room``; its error over the tolerance, infinite if a stage does not converge."""
    cells, n = room.known.shape
    time, voltage = state.scalars[TIME], course.control == VOLTAGE
    if not voltage and not stage_currents(course, time, step, room):
        return math.inf
    current = state.scalars[CURRENT_NOW] if voltage else room.current[0]
    for stage in range(STAGES):
        at = time + TIMES[stage] * step
        temperature = straight(at, course.temperature_time, course.temperature)
        if laws.inverse_temperature.shape[0] > 1 or stage == 0:
            table_at(laws, temperature, room.table)
        thermal = frame.boltzmann_over_charge * temperature
        wanted = straight(at, course.time, course.value)
        if stage == 0:
            good, current = explicit_stage(
                film, ions, front, frame, laws, room, state, voltage, wanted, thermal, current
            )
        else:
            if not voltage:
                current = room.current[stage]
            scale = state.scalars[SCALE]
            for s in range(stage):
                scale += step * WEIGHTS[stage, s] * frame.growth * room.current[s]
            scale += step * GAMMA * frame.growth * current
            mixing = prepare_stage(laws, room, state, stage, step)
            good, current = implicit_stage(
                film, ions, front, frame, room, stage, GAMMA * step, scale, frame.growth * current, mixing,
                voltage, wanted, thermal, current, tolerance,
            )  # fmt: skip
            finish_stage(laws, room, stage, GAMMA * step, scale, mixing)
        if not good:
            return math.inf
        room.current[stage] = current
    return step_error(laws, room, step, tolerance, scale)


@njit(cache=True, nogil=True)
def step_error(laws: Laws, room: Room, step: float, tolerance: float, scale: float) -> float:
    """Largest difference to the embedded third order, or fraction below zero, over the tolerance."""
    cells, n = room.known.shape
    largest = 0.0
    mixes = laws.mixing_time > 0 and math.isfinite(laws.mixing_time)
    for c in range(cells):
        last = 0.0
        for i in range(n):
            error = 0.0
            for s in range(STAGES):
                error += (WEIGHTS[STAGES - 1, s] - LOWER_ORDER[s]) * room.rate[s, c, i]
            last += error
            largest = max(largest, abs(error) * step / scale, -room.u[c + 1, i])
        largest = max(largest, abs(last) * step / scale, -room.u[c + 1, n])
        if mixes:
            for i in range(n + 1):
                error = 0.0
                for s in range(STAGES):
                    error += (WEIGHTS[STAGES - 1, s] - LOWER_ORDER[s]) * room.mixed_rate[s, c, i]
                largest = max(largest, abs(error) * step)
    return largest / tolerance


@njit(cache=True, nogil=True)
def accept(film: Film, frame: Frame, laws: Laws, room: Room, state: State, step: float) -> None:
    """Take a step over into the state."""
    n = room.known.shape[1]
    state.u[1:-1] = room.u[1:-1]
    settle(state.u, film.width)
    if laws.mixing_time > 0 and math.isfinite(laws.mixing_time):
        theta = step * GAMMA / laws.mixing_time
        mixed = room.mixed[1:-1] + theta / (1 + theta) * room.u[1:-1]
        state.mixed[1:-1] = np.maximum(np.minimum(mixed, state.u[1:-1]), 0.0)
    state.drop[:] = room.faces.drop
    charge = 0.0
    for s in range(STAGES):
        weight = step * WEIGHTS[STAGES - 1, s]
        charge += weight * room.current[s]
        for i in range(n):
            state.inflow[i] += weight * room.inflow[s, i]
            state.outflow[i] += weight * room.outflow[s, i]
            state.inflow[n] -= weight * room.inflow[s, i]
            state.outflow[n] -= weight * room.outflow[s, i]
        state.inflow[n] += weight * room.inflow[s, n]
        state.outflow[n] += weight * room.outflow[s, n]
    state.scalars[PASSED] += charge
    state.scalars[SCALE] += frame.growth * charge
    state.scalars[TIME] += step
    state.scalars[CURRENT_NOW] = room.current[STAGES - 1]


@njit(cache=True, nogil=True)
def advance(
    film: Film, ions: Ions, front: Front, frame: Frame, laws: Laws, course: Course, limits: Limits, state: State,
    end: float, trace: FloatArray,
) -> tuple[int, int]:  # fmt: skip
    """Steps to the time ``end`` or until ``trace`` (steps, 4) of time, current, film and bulk voltage is full.

    Returns
    -------
    status, number of steps taken
    """
    cells, count = state.u.shape[0] - 2, state.u.shape[1]
    room = new_room(cells, count, laws.tables[0])
    taken, grow = 0, 5.0
    while taken < trace.shape[0]:
        left = end - state.scalars[TIME]
        if left <= 1e-13 * end:
            return DONE, taken
        step = min(state.scalars[STEP], left)
        if step > 0.6 * left and step < left:
            step = left / 2
        error = try_step(film, ions, front, frame, laws, course, room, state, step, limits.tolerance)
        if error > 1:
            state.scalars[REJECTED] += 1
            shrink = 0.9 * error**-0.25 if math.isfinite(error) else 0.2
            state.scalars[STEP] = step * min(max(shrink, 0.1), 0.7)
            grow = 1.0
            if state.scalars[STEP] < limits.shortest:
                return STUCK, taken
            continue
        accept(film, frame, laws, room, state, step)
        full = step >= state.scalars[STEP] * 0.999
        proposed = step * min(grow, 0.9 * max(error, 1e-6) ** -0.25)
        state.scalars[STEP] = proposed if full else max(proposed, state.scalars[STEP])
        grow = 5.0
        record(film, ions, frame, course, room, state, trace[taken])
        taken += 1
    return MORE, taken


@njit(cache=True, nogil=True)
def record(
    film: Film, ions: Ions, frame: Frame, course: Course, room: Room, state: State, row: FloatArray
) -> None:
    """One row of the trace."""
    time = state.scalars[TIME]
    thermal = frame.boltzmann_over_charge * straight(time, course.temperature_time, course.temperature)
    row[0], row[1] = time, state.scalars[CURRENT_NOW]
    row[2] = thermal * np.sum(state.drop)
    row[3] = row[1] * back_ohms(film, ions, frame, room.table, state.scalars[SCALE], thermal)
