"""Adaptive time steps of the native and one foreign ion (compiled), see `electroneutral_pair_kernel`."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ionscape.replacement.electroneutral_flux import upwind_shift
from ionscape.replacement.electroneutral_kernel import (
    DONE,
    GAMMA,
    LOWER_ORDER,
    MORE,
    NEWTON,
    PREDICTORS,
    STAGES,
    STUCK,
    TIMES,
    WEIGHTS,
    Course,
    integral_to,
    straight,
)
from ionscape.replacement.electroneutral_pair_kernel import (
    Directions,
    MovingFilm,
    PairLaw,
    Work,
    factorise,
    first_rates,
    fluxes,
    new_work,
    newton_change,
    place,
    tangent_fluxes,
    tangent_stage,
)

FloatArray = NDArray[np.float64]


@njit(cache=True, nogil=True)
def copy(source: FloatArray, target: FloatArray) -> None:
    """One array into another."""
    for k in range(source.shape[0]):
        target[k] = source[k]


@njit(cache=True, nogil=True)
def predict(stage: int, ratio: float, work: Work) -> None:
    """Newton's first guess: the polynomial through the known stages, for the first one through the last ones
    of the step before, which took 1/``ratio`` of the time (zero: there is none)."""
    cells = work.width.shape[0]
    if stage == 1:
        if ratio > 0:
            a, b, x = TIMES[3] - 1, TIMES[4] - 1, TIMES[1] * ratio
            one = x * (x - b) / (a * (a - b))
            two = x * (x - a) / (b * (b - a))
            for c in range(cells):
                last = work.previous[2, c]
                guess = (
                    work.stages[0, c]
                    + one * (work.previous[0, c] - last)
                    + two * (work.previous[1, c] - last)
                )
                work.u[c + 1] = min(max(guess, 0.0), 1.0)
            for f in range(1, cells + 1):
                last = work.previous_drops[2, f]
                guess = work.drops[0, f] + one * (work.previous_drops[0, f] - last)
                work.drop[f] = guess + two * (work.previous_drops[1, f] - last)
        return
    for c in range(cells):
        guess = 0.0
        for s in range(stage):
            guess += PREDICTORS[stage, s] * work.stages[s, c]
        work.u[c + 1] = min(max(guess, 0.0), 1.0)
    for f in range(1, cells + 1):
        guess = 0.0
        for s in range(stage):
            guess += PREDICTORS[stage, s] * work.drops[s, f]
        work.drop[f] = guess


@njit(cache=True, nogil=True)
def set_shares(work: Work) -> None:
    """Share of the left cell in the filling at every face, from the expected drops: more where it is
    upstream."""
    for f in range(1, work.share.shape[0]):
        work.share[f] = min(max(work.weight[f] + upwind_shift(work.drop[f]), 0.0), 1.0)


@njit(cache=True, nogil=True)
def pair_step(
    law: PairLaw, film: MovingFilm, along: Directions, u: FloatArray, tangent: FloatArray, passed: float,
    currents: FloatArray, step: float, ratio: float, tolerance: float, work: Work,
) -> tuple[float, int]:  # fmt: skip
    """One step into ``work``; its error over the tolerance (infinite: not converged) and Newton's
    iterations."""
    cells, count = work.tangent.shape
    place(film, passed, work)
    start_width = work.start_width
    copy(work.width, start_width)
    set_shares(work)
    if ratio > 0:
        for c in range(cells):
            work.previous[0, c], work.previous[1, c] = work.stages[3, c], work.stages[4, c]
            work.previous[2, c] = work.stages[5, c]
        for k in range(3):
            copy(work.drops[3 + k], work.previous_drops[k])
    for c in range(cells + 2):
        work.u[c] = u[c]
    for c in range(cells):
        work.stages[0, c] = u[c + 1]
    if not fluxes(law, film, currents[0], work):
        return math.inf, 0
    if count > 0:
        tangent_fluxes(along, currents[0], work)
    first_rates(tangent, work)
    work.outflow[0] = work.flux[cells]
    copy(work.drop, work.drops[0])
    iterations, tau = 0, GAMMA * step
    for stage in range(1, STAGES):
        now = passed + tau * currents[stage]
        for s in range(stage):
            now += step * WEIGHTS[stage, s] * currents[s]
        place(film, now, work)
        for c in range(cells):
            total = start_width[c] * u[c + 1]
            for s in range(stage):
                total += step * WEIGHTS[stage, s] * work.rate[s, c]
            work.known[c] = total
        predict(stage, ratio, work)
        set_shares(work)
        before = 0.05
        for iteration in range(9):
            iterations += 1
            if iteration == 8 or not fluxes(law, film, currents[stage], work):
                return math.inf, iterations
            factorise(tau, work)
            largest = newton_change(tau, work)
            contraction = largest / before
            if not largest < 2 or (iteration > 0 and contraction > 2):
                return math.inf, iterations
            # the next change of a quadratic iteration; before the first one a curvature of 20 is assumed
            if largest < 0.01 * tolerance or largest * contraction < NEWTON * tolerance:
                break
            before = min(largest, 0.05)
        for c in range(cells):
            work.rate[stage, c] = (work.width[c] * work.u[c + 1] - work.known[c]) / tau
        for c in range(cells):
            work.stages[stage, c] = work.u[c + 1]
        copy(work.drop, work.drops[stage])
        work.outflow[stage] = work.flux[cells] + work.by_left[cells] * work.change[cells - 1]
        if count > 0:
            tangent_fluxes(along, currents[stage], work)
            tangent_stage(stage, step, tau, start_width, tangent, work)
    error = 0.0
    for c in range(cells):
        total = 0.0
        for s in range(STAGES):
            total += (WEIGHTS[STAGES - 1, s] - LOWER_ORDER[s]) * work.rate[s, c]
        low = min(work.u[c + 1] - law.immobile, 1 - work.u[c + 1])
        error = max(error, abs(total) * step / work.width[c], -low)
    return error / tolerance, iterations


@njit(cache=True, nogil=True)
def pair_currents(course: Course, time: float, step: float, currents: FloatArray) -> bool:
    """Currents of the stages, scaled to carry exactly the logged charge; false if by more than a quarter."""
    total, size = 0.0, 0.0
    for s in range(STAGES):
        currents[s] = straight(time + TIMES[s] * step, course.time, course.value)
        total += step * WEIGHTS[STAGES - 1, s] * currents[s]
        size += step * abs(currents[s]) / STAGES
    exact = integral_to(time + step, course) - integral_to(time, course)
    if abs(total - exact) <= 1e-14 * size:
        return True
    if abs(total - exact) > 0.25 * abs(exact):
        return False
    for s in range(STAGES):
        currents[s] *= exact / total
    return True


@njit(cache=True, nogil=True)
def settle_pair(u: FloatArray, width: FloatArray, immobile: float) -> None:
    """Take what a step left outside the physical range, within the tolerance, from the neighbours."""
    cells = width.shape[0]
    for c in range(1, cells):
        inside = min(max(u[c], immobile), 1.0)
        u[c + 1] += (u[c] - inside) * width[c - 1] / width[c]
        u[c] = inside
    for c in range(cells, 1, -1):
        inside = min(max(u[c], immobile), 1.0)
        u[c - 1] += (u[c] - inside) * width[c - 1] / width[c - 2]
        u[c] = inside


@njit(cache=True, nogil=True)
def take_over(work: Work, immobile: float, u: FloatArray, tangent: FloatArray, drop: FloatArray) -> None:
    """An accepted step into the state."""
    cells, count = tangent.shape
    for c in range(cells):
        u[c + 1] = work.u[c + 1]
        for p in range(count):
            tangent[c, p] = work.tangent[c, p]
    copy(work.drop, drop)
    settle_pair(u, work.width, immobile)


@njit(cache=True, nogil=True)
def pair_run(
    law: PairLaw, film: MovingFilm, along: Directions, course: Course, end: float, clock: FloatArray,
    u: FloatArray, tangent: FloatArray, drop: FloatArray, tolerance: float, counts: FloatArray,
    trace: FloatArray,
) -> tuple[int, int]:  # fmt: skip
    """Steps to the time ``end``, in place on the fractions (C + 2,), their derivatives (C, P) and drops (C +
    1,).

    ``clock`` holds the time, the charge passed and the next step; ``counts`` takes the numbers of steps,
    rejected steps and Newton iterations, and the native ions that left through the last face. ``trace``
    (steps, 4) takes time, current, sum of the drops and charge passed; where it is full, the steps end
    (unless it has no rows). Returns the status and the number of rows filled.
    """
    cells, count = tangent.shape
    work = new_work(cells, count)
    currents = np.zeros(STAGES)
    grow, taken, rows = 5.0, 0.0, 0
    while end - clock[0] > 1e-13 * end:
        if 0 < trace.shape[0] == rows:
            return MORE, rows
        left = end - clock[0]
        trial = min(clock[2], left)
        if 0.6 * left < trial < left:
            trial = left / 2
        error = math.inf
        if pair_currents(course, clock[0], trial, currents):
            copy(drop, work.drop)
            ratio = trial / taken if taken > 0 and trial < 3 * taken else 0.0
            error, iterations = pair_step(
                law, film, along, u, tangent, clock[1], currents, trial, ratio, tolerance, work
            )
            taken = 0.0
            counts[2] += iterations
        if not error <= 1:
            counts[1] += 1
            clock[2] = trial * min(max(0.9 * error**-0.25 if math.isfinite(error) else 0.2, 0.1), 0.7)
            grow = 1.0
            if clock[2] < 1e-13 * end:
                return STUCK, rows
            continue
        clock[0], taken = clock[0] + trial, trial
        for s in range(STAGES):
            clock[1] += trial * WEIGHTS[STAGES - 1, s] * currents[s]
            counts[3] += trial * WEIGHTS[STAGES - 1, s] * work.outflow[s]
        take_over(work, law.immobile, u, tangent, drop)
        counts[0] += 1
        if trace.shape[0] > 0:
            trace[rows, 0], trace[rows, 1] = clock[0], currents[STAGES - 1]
            trace[rows, 2], trace[rows, 3] = np.sum(drop[1:]), clock[1]
            rows += 1
        proposed = trial * min(grow, 0.9 * max(error, 1e-6) ** -0.25)
        clock[2] = proposed if trial >= 0.999 * clock[2] else max(proposed, clock[2])
        grow = 5.0
    return DONE, rows
