"""One linearly implicit (Rosenbrock) step of the full Nernst-Planck-Poisson system, compiled.

RODAS: six stages with one Jacobian, order 4 with an embedded solution of order 3, L-stable and stiffly accurate
(Hairer and Wanner, Solving Ordinary Differential Equations II, section VI.4). The linear systems are block
tridiagonal, with one more row and column where the current is unknown because the voltage is imposed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ionscape.replacement.nernst_planck_poisson_kernel import (
    BACK_BLOCKING,
    FACE_FLUX,
    Climate,
    Film,
    Workspace,
    derivatives,
    fluxes,
)

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


class Matrix(NamedTuple):
    """Factors of the block tridiagonal matrix, and the stages of a step."""

    lower: FloatArray  # (C + 2, N, N)
    inverse: FloatArray  # (C + 2, N, N) of the eliminated diagonal blocks
    upper: FloatArray  # (C + 2, N, N) inverse times the blocks above the diagonal
    stages: FloatArray  # (6, C + 2, N)
    border: FloatArray  # (C + 2, N) response to a unit current
    argument: FloatArray  # (C + 2, N)


def matrix(cells: int, ions: int) -> Matrix:
    """Empty arrays."""
    rows = (cells + 2, ions)
    return Matrix(
        np.zeros((*rows, ions)), np.zeros((*rows, ions)), np.zeros((*rows, ions)),
        np.zeros((6, *rows)), np.zeros(rows), np.zeros(rows),
    )  # fmt: skip


class Control(NamedTuple):
    """What drives a step: the current or the voltage at the six stage times and, last, its slope in time."""

    imposed_voltage: bool
    values: FloatArray  # (7,) [nm/s] of current, or [kT0/(z e)] of voltage
    resistance: FloatArray  # (7,) of the bulk behind the film, voltage over current


@njit(cache=True, nogil=True, error_model="numpy")
def rates(
    film: Film, climate: Climate, at: int, state: FloatArray, current: float, work: Workspace, out: FloatArray
) -> None:
    """Right-hand side: j - sum of fluxes at each face, what flows into each cell and through the ends."""
    fluxes(film, climate, at, state, work)
    rows, ions = state.shape
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
def mass(film: Film, row: int, k: int) -> float:
    """Diagonal of the mass matrix."""
    return film.debye_squared if k == 0 and row < film.widths.shape[0] - 1 else film.widths[row]


@njit(cache=True, nogil=True, error_model="numpy")
def factorise(film: Film, work: Workspace, per_step: float, solver: Matrix) -> None:
    """Eliminate mass/(gamma dt) - Jacobian by blocks; ``per_step`` is 1/(gamma dt)."""
    rows, ions = work.amounts.shape
    diagonal, upper = np.zeros((ions, ions)), np.zeros((ions, ions))
    for i in range(rows):
        _blocks(film, work, i, per_step, solver.lower[i], diagonal, upper)
        if i > 0:
            for a in range(ions):
                for b in range(ions):
                    for c in range(ions):
                        diagonal[a, b] -= solver.lower[i, a, c] * solver.upper[i - 1, c, b]
        _invert(diagonal, solver.inverse[i])
        for a in range(ions):
            for b in range(ions):
                total = 0.0
                for c in range(ions):
                    total += solver.inverse[i, a, c] * upper[c, b]
                solver.upper[i, a, b] = total


@njit(cache=True, nogil=True, error_model="numpy")
def _blocks(
    film: Film, work: Workspace, i: int, per_step: float, lower: FloatArray, diagonal: FloatArray, upper: FloatArray
) -> None:
    """Blocks of row i: mass/(gamma dt) less the derivatives of `rates`."""
    rows, ions = work.amounts.shape
    lower[:] = 0.0
    diagonal[:] = 0.0
    upper[:] = 0.0
    for k in range(ions):
        diagonal[k, k] = mass(film, i, k) * per_step
    if i == rows - 1:
        lower[1:] = -work.left[i - 1, 1:]
        return
    for k in range(ions):
        sign = 1.0 if film.charges[k] > 0 else -1.0
        for m in range(ions):
            diagonal[0, m] += sign * work.left[i, k, m]
            upper[0, m] += sign * work.right[i, k, m]
    lower[0, 0] = (1.0 if film.charges[0] > 0 else -1.0) * work.before[i]
    way = -1.0 if i == 0 else 1.0
    for k in range(1, ions):
        for m in range(ions):
            diagonal[k, m] += way * work.left[i, k, m]
            upper[k, m] = way * work.right[i, k, m]
            if i > 0:
                diagonal[k, m] -= work.right[i - 1, k, m]
                lower[k, m] = -work.left[i - 1, k, m]


@njit(cache=True, nogil=True, error_model="numpy")
def _invert(block: FloatArray, inverse: FloatArray) -> None:
    """Inverse of a small block, which is destroyed, with row exchanges."""
    n = block.shape[0]
    if n == 1:
        inverse[0, 0] = 1 / block[0, 0]
        return
    if n == 2:
        determinant = block[0, 0] * block[1, 1] - block[0, 1] * block[1, 0]
        inverse[0, 0], inverse[1, 1] = block[1, 1] / determinant, block[0, 0] / determinant
        inverse[0, 1], inverse[1, 0] = -block[0, 1] / determinant, -block[1, 0] / determinant
        return
    inverse[:] = 0.0
    for a in range(n):
        inverse[a, a] = 1.0
    for a in range(n):
        best = a
        for b in range(a + 1, n):
            if abs(block[b, a]) > abs(block[best, a]):
                best = b
        for c in range(n):
            block[a, c], block[best, c] = block[best, c], block[a, c]
            inverse[a, c], inverse[best, c] = inverse[best, c], inverse[a, c]
        pivot = block[a, a]
        for c in range(n):
            block[a, c] /= pivot
            inverse[a, c] /= pivot
        for b in range(n):
            factor = block[b, a]
            if b == a or factor == 0:
                continue
            for c in range(n):
                block[b, c] -= factor * block[a, c]
                inverse[b, c] -= factor * inverse[a, c]


@njit(cache=True, nogil=True, error_model="numpy")
def substitute(solver: Matrix, right: FloatArray) -> None:
    """Solve with the factors; ``right`` becomes the solution."""
    rows, ions = right.shape
    held = np.zeros(ions)
    for i in range(rows):
        for a in range(ions):
            total = right[i, a]
            if i > 0:
                for b in range(ions):
                    total -= solver.lower[i, a, b] * right[i - 1, b]
            held[a] = total
        for a in range(ions):
            total = 0.0
            for b in range(ions):
                total += solver.inverse[i, a, b] * held[b]
            right[i, a] = total
    for i in range(rows - 2, -1, -1):
        for a in range(ions):
            for b in range(ions):
                right[i, a] -= solver.upper[i, a, b] * right[i + 1, b]


@njit(cache=True, nogil=True, error_model="numpy")
def _unit_current(film: Film, out: FloatArray) -> None:
    """Derivative of `rates` by the current."""
    rows, ions = out.shape
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
    for i in range(film.distances.shape[0]):
        total += film.distances[i] * state[i, 0]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def rosenbrock_step(
    film: Film, climate: Climate, control: Control, sources: FloatArray,
    state: FloatArray, current: float, dt: float, work: Workspace, solver: Matrix, out: FloatArray,
) -> float:  # fmt: skip
    """Advance by ``dt``: the new state into ``out``, the estimate of its error into ``solver.stages[5]``.

    ``sources`` (7, C + 2, N): manufactured sources at the stage times and their slope, or empty. Returns the new
    current.
    """
    rows, ions = state.shape
    drift = _drift(film, climate, state, current, work, out)
    derivatives(film, climate, 0, state, work)
    factorise(film, work, 1 / (GAMMA * dt), solver)
    response = 1.0
    _unit_current(film, solver.border)
    if control.imposed_voltage:
        substitute(solver, solver.border)
        response = film_voltage(film, solver.border) + control.resistance[0]
    currents = np.zeros(6)
    flowing = current
    for stage in range(6):
        flowing = _argument(control, state, current, currents, stage, solver)
        right = solver.stages[stage]
        rates(film, climate, stage, solver.argument, flowing, work, right)
        _add_changes(film, solver, stage, dt, right)
        slope = STAGE_SLOPES[stage] * dt
        if drift.size > 0:
            _add(right, slope, drift)
        if sources.size > 0:
            _add(right, 1.0, sources[stage])
            _add(right, slope, sources[6])
        if control.imposed_voltage:
            lacking = control.values[stage] + slope * (control.values[6] - current * control.resistance[6])
            lacking -= film_voltage(film, solver.argument) + control.resistance[stage] * flowing
            substitute(solver, right)
            currents[stage] = (lacking - film_voltage(film, right)) / response
            _add(right, currents[stage], solver.border)
        else:
            _add(right, slope * control.values[6], solver.border)
            substitute(solver, right)
    out[:] = solver.argument
    _add(out, 1.0, solver.stages[5])
    return flowing + currents[5]


@njit(cache=True, nogil=True, error_model="numpy")
def _add(target: FloatArray, weight: float, other: FloatArray) -> None:
    """Add ``weight`` times another array."""
    if weight != 0:
        for i in range(target.shape[0]):
            for k in range(target.shape[1]):
                target[i, k] += weight * other[i, k]


@njit(cache=True, nogil=True, error_model="numpy")
def _argument(
    control: Control, state: FloatArray, current: float, currents: FloatArray, stage: int, solver: Matrix
) -> float:
    """State at which a stage is evaluated, into ``solver.argument``, and the current."""
    solver.argument[:] = state
    flowing = current if control.imposed_voltage else control.values[stage]
    for former in range(stage):
        _add(solver.argument, ARGUMENTS[stage, former], solver.stages[former])
        if control.imposed_voltage:
            flowing += ARGUMENTS[stage, former] * currents[former]
    return flowing


@njit(cache=True, nogil=True, error_model="numpy")
def _drift(
    film: Film, climate: Climate, state: FloatArray, current: float, work: Workspace, out: FloatArray
) -> FloatArray:
    """Change of the rates in time while the temperature changes, for a fixed state; leaves the fluxes at the start."""
    if climate.instant == 0:
        rates(film, climate, 0, state, current, work, out)
        return np.zeros((0, 0))
    drift = np.zeros_like(out)
    rates(film, climate, 6, state, current, work, drift)
    rates(film, climate, 0, state, current, work, out)
    _add(drift, -1.0, out)
    _add(drift, 1 / climate.instant - 1, drift)
    return drift


@njit(cache=True, nogil=True, error_model="numpy")
def _add_changes(film: Film, solver: Matrix, stage: int, dt: float, right: FloatArray) -> None:
    """Add mass times the weighted former stages over dt."""
    rows, ions = right.shape
    for former in range(stage):
        weight = CHANGES[stage, former] / dt
        for i in range(rows):
            for k in range(ions):
                right[i, k] += mass(film, i, k) * weight * solver.stages[former, i, k]


@njit(cache=True, nogil=True, error_model="numpy")
def deviation(film: Film, state: FloatArray, error: FloatArray, tolerance: float) -> float:
    """Estimated error of a step over what is tolerated; infinite if the state is not finite or clearly negative.

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
