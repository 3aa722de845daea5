"""One linearly implicit (Rosenbrock) step of the full Nernst-Planck-Poisson system.

RODAS: six stages with one Jacobian, order 4 with an embedded solution of order 3, L-stable and stiffly
accurate (Hairer and Wanner, Solving Ordinary Differential Equations II, section VI.4). The linear systems
have one more row and column where the current is unknown because the voltage is imposed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ionscape.replacement.nernst_planck_poisson_kernel import (
    FACE_FLUX,
    Climate,
    Film,
    Workspace,
    compositions,
    derivatives,
    fluxes,
    mobilities,
)
from ionscape.replacement.npp_linear import Matrix, blocks, factorise, substitute

FloatArray = NDArray[np.float64]

GAMMA = 0.25
STAGE_TIMES = np.array([0.0, 0.386, 0.21, 0.63, 1.0, 1.0])
STAGE_SLOPES = np.array([0.25, -0.1043, 0.1035, -0.0362, 0.0, 0.0])
# weights of the former stages in the argument of the right-hand side, and in the right-hand side itself
ARGUMENTS = np.array([
    [0.0, 0.0, 0.0, 0.0, 0.0],
    [1.544, 0.0, 0.0, 0.0, 0.0],
    [0.9466785280815826, 0.2557011698983284, 0.0, 0.0, 0.0],
    [3.314825187068521, 2.896124015972201, 0.9986419139977817, 0.0, 0.0],
    [1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 0.0],
    [1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 1.0],
])  # fmt: skip
CHANGES = np.array([
    [0.0, 0.0, 0.0, 0.0, 0.0],
    [-5.6688, 0.0, 0.0, 0.0, 0.0],
    [-2.430093356833875, -0.2063599157091915, 0.0, 0.0, 0.0],
    [-0.1073529058151375, -9.594562251023355, -20.47028614809616, 0.0, 0.0],
    [7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160, 0.0],
    [8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054],
])  # fmt: skip


class Control(NamedTuple):
    """What drives a step: the current or the voltage at the six stage times and, last, its slope in time."""

    imposed_voltage: bool
    values: FloatArray  # (7,) [nm/s] of current, or [kT0/(z e)] of voltage
    resistance: FloatArray  # (7,) of the bulk behind the film, voltage over current


def rates(
    film: Film, climate: Climate, at: int, state: FloatArray, current: float, work: Workspace, out: FloatArray
) -> None:
    """Right-hand side at one of a step's instants, see `balance`."""
    compositions(film, state, work)
    mobilities(film, climate, at, work)
    fluxes(film, climate, at, state, work)
    balance(film, current, work, out)


@njit(cache=True, nogil=True, error_model="numpy")
def balance(film: Film, current: float, work: Workspace, out: FloatArray) -> None:
    """j - sum of fluxes at each face, what flows into each cell and through the ends."""
    rows, ions = out.shape
    if film.front == FACE_FLUX:
        for k in range(ions):
            work.flux[0, k] = film.entering[k] * current
    for i in range(rows - 1):
        total = current
        for k in range(ions):
            total -= work.flux[i, k] if film.charges[k] > 0 else -work.flux[i, k]
        out[i, 0] = total
        for k in range(1, ions):
            out[i, k] = work.flux[i - 1, k] - work.flux[i, k] if i > 0 else work.flux[0, k]
    out[rows - 1, 0] = current
    for k in range(1, ions):
        out[rows - 1, k] = work.flux[rows - 2, k]


@njit(cache=True, nogil=True, error_model="numpy")
def unit_current(film: Film, out: FloatArray) -> None:
    """Derivative of `rates` by the current."""
    ions = out.shape[1]
    out[:] = 0.0
    out[:, 0] = 1.0
    if film.front != FACE_FLUX:
        return
    for k in range(ions):
        out[0, 0] -= film.entering[k] if film.charges[k] > 0 else -film.entering[k]
        if k > 0:
            out[0, k] += film.entering[k]
            out[1, k] += film.entering[k]


@njit(cache=True, nogil=True, error_model="numpy")
def film_voltage(film: Film, state: FloatArray) -> float:
    """Potential of the front against the film's end."""
    total = 0.0
    for i in range(film.drops.shape[0]):
        total += film.drops[i] * state[i, 0]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def add(target: FloatArray, weights: FloatArray, others: FloatArray) -> None:
    """Add the weighted sum of the first of ``others``."""
    for former in range(weights.shape[0]):
        weight = weights[former]
        if weight != 0:
            for i in range(target.shape[0]):
                for k in range(target.shape[1]):
                    target[i, k] += weight * others[former, i, k]


@njit(cache=True, nogil=True, error_model="numpy")
def add_changes(film: Film, target: FloatArray, weights: FloatArray, stages: FloatArray) -> None:
    """Add mass times the weighted sum of the first stages."""
    rows, ions = target.shape
    widths, debye = film.widths, film.debye_squared
    for former in range(weights.shape[0]):
        for i in range(rows):
            for k in range(ions):
                mass = debye if k == 0 and i < rows - 1 else widths[i]
                target[i, k] += mass * weights[former] * stages[former, i, k]


def rosenbrock_step(
    film: Film, climate: Climate, control: Control, sources: FloatArray,
    state: FloatArray, current: float, dt: float, work: Workspace, solver: Matrix, out: FloatArray,
) -> float:  # fmt: skip
    """Advance by ``dt``: the new state into ``out``, the estimate of its error into ``solver.stages[5]``.

    Parts are compiled one by one: as one function they take a minute to compile and gain a few per cent.

    Parameters
    ----------
    film, climate, control
    sources : (7, C + 2, N) array
        Manufactured sources at the stage times and their slope, or empty.
    state : (C + 2, N) array
    current : float
        At the start.
    dt : float
        [s]
    work, solver
    out : (C + 2, N) array

    Returns
    -------
    float
        The current at the end.
    """
    if not control.imposed_voltage:
        current = float(control.values[0])
    drift = _rates_and_drift(film, climate, state, current, work, solver.stages[0])
    derivatives(film, climate, state, work)
    blocks(film, work, 1 / (GAMMA * dt), solver)
    factorise(solver)
    unit_current(film, solver.border)
    response = 1.0
    if control.imposed_voltage:
        substitute(solver, solver.border)
        response = film_voltage(film, solver.border) + control.resistance[0]
    currents, flowing = np.zeros(6), current
    for stage, right in enumerate(solver.stages):
        slope = STAGE_SLOPES[stage] * dt
        flowing = control.values[stage]
        if control.imposed_voltage:
            flowing = current + float(ARGUMENTS[stage, :stage] @ currents[:stage])
        solver.argument[:] = state
        add(solver.argument, ARGUMENTS[stage, :stage], solver.stages)
        if stage > 0:
            rates(film, climate, stage, solver.argument, flowing, work, right)
        add_changes(film, right, CHANGES[stage, :stage] / dt, solver.stages)
        if drift.size:
            right += slope * drift
        if sources.size:
            right += sources[stage] + slope * sources[6]
        if control.imposed_voltage:
            lacking = control.values[stage] + slope * (control.values[6] - current * control.resistance[6])
            lacking -= film_voltage(film, solver.argument) + control.resistance[stage] * flowing
            substitute(solver, right)
            currents[stage] = (lacking - film_voltage(film, right)) / response
            right += currents[stage] * solver.border
        else:
            if slope * control.values[6] != 0:
                right += slope * control.values[6] * solver.border
            substitute(solver, right)
    np.add(solver.argument, solver.stages[5], out=out)
    return float(flowing + currents[5])


def _rates_and_drift(
    film: Film, climate: Climate, state: FloatArray, current: float, work: Workspace, out: FloatArray
) -> FloatArray:
    """Rates at the start into ``out``; their change with the temperature in time, or an empty array."""
    later = np.zeros((0, 0))
    if climate.instant > 0:
        later = np.zeros_like(out)
        rates(film, climate, 6, state, current, work, later)
    rates(film, climate, 0, state, current, work, out)
    return (later - out) / climate.instant if climate.instant > 0 else later


@njit(cache=True, nogil=True, error_model="numpy")
def deviation(film: Film, state: FloatArray, error: FloatArray, tolerance: float) -> float:
    """Estimated error of a step over what is tolerated; infinite if the state is not finite or negative.

    Fractions, the native one included, to ``tolerance``; the field to thirty times as much of itself. Amounts
    below zero by more than a tenth of the tolerance count as a step that failed.
    """
    rows, ions = state.shape
    largest, length, worst = 0.0, 0.0, 0.0
    for i in range(rows - 1):
        largest = max(largest, abs(state[i, 0]))
        length += film.distances[i]
    floor = 0.01 * largest + 0.01 / length
    for i in range(rows - 1):
        worst = max(worst, abs(error[i, 0]) / (abs(state[i, 0]) + floor) / 30)
        if not math.isfinite(state[i, 0]):
            return math.inf
        if i == 0:
            continue
        gauss = film.debye_squared / film.widths[i]
        native = film.background - film.immobile + gauss * (state[i, 0] - state[i - 1, 0])
        wrong = gauss * (error[i, 0] - error[i - 1, 0])
        for k in range(1, ions):
            sign = 1.0 if film.charges[k] > 0 else -1.0
            native -= sign * state[i, k]
            wrong -= sign * error[i, k]
            worst = max(worst, abs(error[i, k]))
            if not state[i, k] > -0.1 * tolerance:
                return math.inf
        if not native > -0.1 * tolerance:
            return math.inf
        worst = max(worst, abs(wrong))
    return worst / tolerance
