"""Time stepping of an electroneutral film (compiled).

Stages of ESDIRK4(3)6L[2]SA (Kennedy and Carpenter 2003, ARK4(3)6L[2]SA): fourth order, L-stable, the last
stage is the step; Newton's method with the exact block-tridiagonal Jacobian, bordered by the current where
the voltage is controlled. What a step takes is exactly what flows through the faces, so that amounts are
kept to rounding.
"""

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
)

FloatArray = NDArray[np.float64]

CURRENT, VOLTAGE = 0, 1
DONE, MORE, STUCK = 0, 1, 2
STAGES = 6
GAMMA = 0.25
TIMES = np.array([0, 1 / 2, 83 / 250, 31 / 50, 17 / 20, 1])
WEIGHTS = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [1 / 4, 1 / 4, 0, 0, 0, 0],
        [8611 / 62500, -1743 / 31250, 1 / 4, 0, 0, 0],
        [5012029 / 34652500, -654441 / 2922500, 174375 / 388108, 1 / 4, 0, 0],
        [
            15267082809 / 155376265600,
            -71443401 / 120774400,
            730878875 / 902184768,
            2285395 / 8070912,
            1 / 4,
            0,
        ],
        [82889 / 524892, 0, 15625 / 83664, 69875 / 102672, -2260 / 8211, 1 / 4],
    ]
)
LOWER_ORDER = np.array(
    [
        4586570599 / 29645900160,
        0,
        178811875 / 945068544,
        814220225 / 1159782912,
        -3700637 / 11593932,
        61727 / 225920,
    ]
)


NEWTON = 0.05
"""Share of the tolerance left to Newton's method."""


def _predictors() -> FloatArray:
    """(stages, stages) weights of the known stages in the polynomial through them at the next one."""
    weights = np.zeros((STAGES, STAGES))
    for stage in range(2, STAGES):
        for j in range(stage):
            others = [k for k in range(stage) if k != j]
            weights[stage, j] = np.prod([(TIMES[stage] - TIMES[k]) / (TIMES[j] - TIMES[k]) for k in others])
    return weights


PREDICTORS = _predictors()


class Course(NamedTuple):
    """What is imposed over the stage: current (u m/s) or voltage [V] at times [s], the integral to each
    time, and temperatures [K] at times."""

    control: int
    time: FloatArray
    value: FloatArray
    integral: FloatArray
    temperature_time: FloatArray
    temperature: FloatArray


class Laws(NamedTuple):
    """Tables (K, N, T, 2) of ln D at inverse temperatures (K,) [1/K]; time [s] in which site energies mix."""

    tables: FloatArray
    inverse_temperature: FloatArray
    mixing_time: float


class Frame(NamedTuple):
    """Thickness of the sample [m]; k/e [V/K]."""

    thickness: float
    boltzmann_over_charge: float


class Limits(NamedTuple):
    """Tolerance of the fractions; shortest step [s]."""

    tolerance: float
    shortest: float


class Room(NamedTuple):
    """Arrays that the compiled code writes to: faces, fillings (C + 2, N), small work, shares (C + 1,), trial
    fractions and known mixed parts (C + 2, N), and Newton's system."""

    faces: Faces
    fill: FloatArray
    work: FloatArray
    share: FloatArray
    u: FloatArray
    mixed: FloatArray
    lower: FloatArray
    diagonal: FloatArray
    upper: FloatArray
    right: FloatArray


class State(NamedTuple):
    """Fractions and mixed parts (C + 2, N) with the states of front and back; drops at the faces (C + 1,);
    scalars: time, step, current, charge passed (as a depth), rejected steps; amounts in and out (N,)."""

    u: FloatArray
    mixed: FloatArray
    drop: FloatArray
    scalars: FloatArray
    inflow: FloatArray
    outflow: FloatArray


TIME, STEP, CURRENT_NOW, PASSED, REJECTED = 0, 1, 2, 3, 4


@njit(cache=True, nogil=True)
def straight(at: float, x: FloatArray, y: FloatArray) -> float:
    """Straight between points, constant outside."""
    if x.shape[0] == 1 or at <= x[0]:
        return float(y[0])
    if at >= x[-1]:
        return float(y[-1])
    k = np.searchsorted(x, at) - 1
    return float(y[k] + (y[k + 1] - y[k]) * (at - x[k]) / (x[k + 1] - x[k]))


@njit(cache=True, nogil=True)
def integral_to(at: float, course: Course) -> float:
    """Of the course from its beginning."""
    x, y, total = course.time, course.value, course.integral
    if x.shape[0] == 1 or at <= x[0]:
        return float(y[0] * (at - x[0]))
    k = min(np.searchsorted(x, at) - 1, x.shape[0] - 1)
    if k == x.shape[0] - 1 or at >= x[-1]:
        return float(total[-1] + y[-1] * (at - x[-1]))
    return float(total[k] + (at - x[k]) * (y[k] + straight(at, x, y)) / 2)


@njit(cache=True, nogil=True)
def solve_small(matrix: FloatArray, columns: FloatArray, more: FloatArray) -> None:
    """Solve a small dense system in place for two sets of right-hand sides, with pivots by column."""
    n = matrix.shape[0]
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(matrix[i, k]) > abs(matrix[p, k]):
                p = i
        if p != k:
            for j in range(n):
                matrix[k, j], matrix[p, j] = matrix[p, j], matrix[k, j]
                columns[k, j], columns[p, j] = columns[p, j], columns[k, j]
            for j in range(more.shape[1]):
                more[k, j], more[p, j] = more[p, j], more[k, j]
        for i in range(n):
            if i == k:
                continue
            factor = matrix[i, k] / matrix[k, k]
            for j in range(k + 1, n):
                matrix[i, j] -= factor * matrix[k, j]
            for j in range(n):
                columns[i, j] -= factor * columns[k, j]
            for j in range(more.shape[1]):
                more[i, j] -= factor * more[k, j]
    for i in range(n):
        for j in range(n):
            columns[i, j] /= matrix[i, i]
        for j in range(more.shape[1]):
            more[i, j] /= matrix[i, i]


@njit(cache=True, nogil=True)
def solve_blocks(lower: FloatArray, diagonal: FloatArray, upper: FloatArray, right: FloatArray) -> None:
    """Block-tridiagonal system (C, n, n) for right-hand sides (C, n, m), in place."""
    cells, n, m = right.shape
    for c in range(cells):
        if c > 0:
            for i in range(n):
                for k in range(n):
                    for j in range(n):
                        diagonal[c, i, j] -= lower[c, i, k] * upper[c - 1, k, j]
                    for j in range(m):
                        right[c, i, j] -= lower[c, i, k] * right[c - 1, k, j]
        solve_small(diagonal[c], upper[c], right[c])
    for c in range(cells - 2, -1, -1):
        for i in range(n):
            for k in range(n):
                for j in range(m):
                    right[c, i, j] -= upper[c, i, k] * right[c + 1, k, j]


@njit(cache=True, nogil=True)
def assemble(film: Film, room: Room, known: FloatArray, tau: float) -> None:
    """Newton's system of a stage: width*u - tau*(flux in - flux out) = known; its column for the current."""
    cells, n = known.shape
    faces, u, right = room.faces, room.u, room.right
    for c in range(cells):
        for i in range(n):
            taken = faces.flux[c, i] - faces.flux[c + 1, i]
            right[c, i, 0] = known[c, i] - film.width[c] * u[c + 1, i] + tau * taken
            right[c, i, 1] = tau * (faces.flux_current[c, i] - faces.flux_current[c + 1, i])
            for k in range(n):
                room.lower[c, i, k] = -tau * faces.flux_left[c, i, k]
                room.upper[c, i, k] = tau * faces.flux_right[c + 1, i, k]
                room.diagonal[c, i, k] = tau * (faces.flux_left[c + 1, i, k] - faces.flux_right[c, i, k])
            room.diagonal[c, i, i] += film.width[c]


@njit(cache=True, nogil=True)
def current_change(
    faces: Faces, right: FloatArray, ohms: float, wanted: float, thermal: float, current: float
) -> float:
    """Change of the current in a Newton step under a controlled voltage (Schur complement of the border)."""
    cells, n = right.shape[:2]
    missing, slope = wanted - ohms * current, ohms
    for f in range(cells + 1):
        missing -= thermal * faces.drop[f]
        slope += thermal * faces.drop_current[f]
        for i in range(n):
            if f > 0:
                missing -= thermal * faces.drop_left[f, i] * right[f - 1, i, 0]
                slope += thermal * faces.drop_left[f, i] * right[f - 1, i, 1]
            if f < cells:
                missing -= thermal * faces.drop_right[f, i] * right[f, i, 0]
                slope += thermal * faces.drop_right[f, i] * right[f, i, 1]
    return missing / slope


@njit(cache=True, nogil=True)
def back_ohms(film: Film, ions: Ions, frame: Frame, table: FloatArray, thermal: float) -> float:
    """Voltage across the bulk behind the film, over the current."""
    carried = 0.0
    for i in range(ions.charge.shape[0]):
        carried += ions.charge[i] * ions.bulk[i] * math.exp(table[i, -1, 0])
    return float(thermal * (frame.thickness - film.face[-1]) / carried)


@njit(cache=True, nogil=True)
def add_last(u: FloatArray, immobile: float) -> None:
    """The last ion's fraction from the others'."""
    n = u.shape[1] - 1
    for c in range(1, u.shape[0] - 1):
        rest = 1 - immobile
        for i in range(n):
            rest -= u[c, i]
        u[c, n] = rest


@njit(cache=True, nogil=True)
def start_current(
    film: Film, ions: Ions, front: Front, table: FloatArray, speed: FloatArray, room: Room, mixing: float,
    guess: float, ohms: float, wanted: float, thermal: float,
) -> float:  # fmt: skip
    """Current at which film and bulk take the wanted voltage, at given fractions."""
    current = guess
    for _ in range(100):
        if not all_faces(
            film, ions, front, table, speed, room.share, room.mixed, mixing, room.u, current, room.fill,
            room.work, room.faces,
        ):  # fmt: skip
            return math.nan
        volts, slope = ohms * current, ohms
        for f in range(room.faces.drop.shape[0]):
            volts += thermal * room.faces.drop[f]
            slope += thermal * room.faces.drop_current[f]
        change = (wanted - volts) / slope
        current += change
        if abs(change) <= 1e-11 * abs(current) or abs(wanted - volts) <= 1e-13 * thermal:
            return current
    return math.nan


@njit(cache=True, nogil=True)
def implicit_stage(
    film: Film, ions: Ions, front: Front, table: FloatArray, room: Room, known: FloatArray, tau: float,
    speed: FloatArray, mixing: float, voltage: bool, wanted: float, ohms: float, thermal: float,
    current: float, tolerance: float,
) -> tuple[bool, float, float]:  # fmt: skip
    """Newton's method for the fractions (and the current) of a stage.

    Returns
    -------
    whether it converged, the current, and the current's last change
    """
    cells, n = known.shape
    before = 0.05
    for iteration in range(10):
        if not all_faces(
            film, ions, front, table, speed, room.share, room.mixed, mixing, room.u, current,
            room.fill,
            room.work, room.faces,
        ):  # fmt: skip
            return False, current, 0.0
        assemble(film, room, known, tau)
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
        if not largest < 2.0 or (iteration > 0 and largest > 2 * before):
            return False, current, change
        # the next change of a quadratic iteration; before the first one a curvature of 20 is assumed
        settled = largest < 0.01 * tolerance or largest * largest / before < NEWTON * tolerance
        if settled and (not voltage or abs(change) <= 1e-4 * abs(current)):
            return True, current, change
        before = min(largest, 0.05)
    return False, current, 0.0


@njit(cache=True, nogil=True)
def boundary_fluxes(
    room: Room, current: float, change: float, surface: float, inflow: FloatArray, outflow: FloatArray
) -> None:
    """Fluxes (N,) into and out of the film, the last ion's from the total; drops with Newton's last
    change."""
    faces, right = room.faces, room.right
    cells, n = right.shape[:2]
    inflow[n], outflow[n] = current, current - surface
    for i in range(n):
        inflow[i] = faces.flux[0, i] + change * faces.flux_current[0, i]
        outflow[i] = faces.flux[cells, i] + change * faces.flux_current[cells, i]
        for k in range(n):
            inflow[i] += faces.flux_right[0, i, k] * right[0, k, 0]
            outflow[i] += faces.flux_left[cells, i, k] * right[cells - 1, k, 0]
        inflow[n] -= inflow[i]
        outflow[n] -= outflow[i]
    for f in range(cells + 1):
        faces.drop[f] += change * faces.drop_current[f]
        for i in range(n):
            if f > 0:
                faces.drop[f] += faces.drop_left[f, i] * right[f - 1, i, 0]
            if f < cells:
                faces.drop[f] += faces.drop_right[f, i] * right[f, i, 0]


@njit(cache=True, nogil=True)
def settle(u: FloatArray, width: FloatArray) -> None:
    """Raise negative fractions to zero by exchange with the neighbour, ion against ion: nothing is lost.

    Only what a step leaves below zero within the tolerance: the fluxes themselves keep the fractions
    positive.
    """
    cells, n = u.shape[0] - 2, u.shape[1]
    for sweep in range(2):
        for j in range(cells - 1):
            c = j + 1 if sweep == 0 else cells - j
            other = c + 1 if sweep == 0 else c - 1
            for i in range(n):
                if u[c, i] < 0:
                    partner = 0
                    for k in range(n):
                        if u[c, k] > u[c, partner]:
                            partner = k
                    lack = -u[c, i]
                    shift = lack * width[c - 1] / width[other - 1]
                    u[c, i] = 0.0
                    u[c, partner] -= lack
                    u[other, i] -= shift
                    u[other, partner] += shift
