"""The native and one foreign ion of equal charge, fast (compiled): what a fit solves thousands of times.

The same equation and discretisation as `electroneutral_flux`, with three shortcuts that two ions allow: one
unknown per cell, a foreign ion whose own filling is always 1, and faces that move with the front in
proportion to the charge, so that the front stands still on the mesh. Derivatives of the profile with respect
to parameters follow along with every step: they need one more solution of the factorised system each.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ionscape.replacement.electroneutral_flux import bernoulli
from ionscape.replacement.electroneutral_kernel import STAGES, WEIGHTS

FloatArray = NDArray[np.float64]


class PairLaw(NamedTuple):
    """Table (T, 2) of the native ion's D and its slope times the spacing; D of the foreign ion; immobile
    share."""

    native: FloatArray
    foreign: float
    immobile: float


class MovingFilm(NamedTuple):
    """Faces (C + 1,) at the end, what they move [m] per metre of charge, and the whole charge of the
    motion."""

    face: FloatArray
    drift: FloatArray
    charge: float


class Directions(NamedTuple):
    """P parameters: changes of ln D_native (P, T) by filling, of ln D_foreign, of ln current and of the
    immobile share (P,)."""

    native: FloatArray
    foreign: FloatArray
    current: FloatArray
    immobile: FloatArray


class Work(NamedTuple):
    """Arrays of one solution: per face (C + 1,), per cell (C + 2,) or (C,), per stage."""

    flux: FloatArray
    by_left: FloatArray
    by_right: FloatArray
    by_current: FloatArray
    native_flux: FloatArray
    native: FloatArray
    filling: FloatArray
    drop: FloatArray
    share: FloatArray
    weight: FloatArray
    gap: FloatArray
    u: FloatArray
    width: FloatArray
    start_width: FloatArray
    known: FloatArray
    inverse: FloatArray
    above: FloatArray
    below: FloatArray
    change: FloatArray
    rate: FloatArray  # (stages, C)
    stages: FloatArray  # (stages, C) of the fractions
    previous: FloatArray  # (3, C) last stages of the step before
    drops: FloatArray  # (stages, C + 1)
    previous_drops: FloatArray  # (3, C + 1)
    tangent: FloatArray  # (C, P)
    tangent_known: FloatArray
    tangent_rate: FloatArray  # (stages, C, P)
    tangent_flux: FloatArray  # (C + 1, P)
    outflow: FloatArray  # (stages,) of the native ion through the last face


@njit(cache=True, nogil=True)
def diffusion_table(log_diffusion: FloatArray) -> FloatArray:
    """Table (T, 2) of D and its slope times the spacing, monotone (Fritsch and Carlson 1980, harmonic
    mean)."""
    nodes = log_diffusion.shape[0]
    table = np.empty((nodes, 2))
    for k in range(nodes):
        table[k, 0] = math.exp(log_diffusion[k])
    for k in range(1, nodes - 1):
        before, after = table[k, 0] - table[k - 1, 0], table[k + 1, 0] - table[k, 0]
        table[k, 1] = 2 * before * after / (before + after) if before * after > 0 else 0.0
    for k, inner, side in ((0, 1, 1.0), (nodes - 1, nodes - 2, -1.0)):
        chord = side * (table[inner, 0] - table[k, 0])
        slope = 1.5 * chord - 0.5 * table[inner, 1]
        table[k, 1] = slope if slope * chord > 0 else 0.0
        if abs(table[k, 1]) > 3 * abs(chord):
            table[k, 1] = 3 * chord
    return table


@njit(cache=True, nogil=True)
def new_work(cells: int, parameters: int) -> Work:
    """Room for a solution."""
    f = cells + 1
    return Work(
        np.zeros(f), np.zeros(f), np.zeros(f), np.zeros(f), np.zeros(f), np.zeros(f), np.zeros(f),
        np.zeros(f),
        np.zeros(f), np.zeros(f), np.zeros(f), np.zeros(cells + 2), np.zeros(cells), np.zeros(cells),
        np.zeros(cells), np.zeros(cells),
        np.zeros(cells), np.zeros(cells), np.zeros(cells), np.zeros((STAGES, cells)),
        np.zeros((STAGES, cells)), np.zeros((3, cells)), np.zeros((STAGES, f)), np.zeros((3, f)),
        np.zeros((cells, parameters)), np.zeros((cells, parameters)), np.zeros((STAGES, cells, parameters)),
        np.zeros((f, parameters)), np.zeros(STAGES),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def place(film: MovingFilm, passed: float, work: Work) -> None:
    """Widths, distances and shares when ``passed`` of the charge has gone in."""
    cells = work.width.shape[0]
    back = passed - film.charge
    for c in range(cells):
        work.width[c] = film.face[c + 1] - film.face[c] + (film.drift[c + 1] - film.drift[c]) * back
    for f in range(1, cells):
        work.gap[f] = 0.5 * (work.width[f - 1] + work.width[f])
        work.weight[f] = 0.5 * work.width[f] / work.gap[f]
    work.gap[cells], work.weight[cells] = 0.5 * work.width[cells - 1], 0.0


@njit(cache=True, nogil=True)
def safe_drop(difference: float, mean: float, wanted: float) -> float:
    """The drop by bisection, where Newton's method does not settle."""
    low, high = -1.0, 1.0
    while low > -1e12 and bernoulli(low)[0] * difference + low * mean > wanted:
        low *= 2
    while high < 1e12 and bernoulli(high)[0] * difference + high * mean < wanted:
        high *= 2
    for _ in range(100):
        middle = 0.5 * (low + high)
        if bernoulli(middle)[0] * difference + middle * mean > wanted:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)


@njit(cache=True, nogil=True)
def fluxes(law: PairLaw, film: MovingFilm, current: float, work: Work) -> bool:
    """Flux of the native ion through all faces relative to their motion, and its derivatives."""
    cells = work.width.shape[0]
    table, last = law.native, law.native.shape[0] - 1
    mobile = 1 - law.immobile
    for f in range(1, cells + 1):
        left, right = work.u[f], work.u[f + 1]
        share, distance = work.share[f], work.gap[f]
        filling = share * left + (1 - share) * right
        at = min(max(filling * last, 0.0), last - 1e-9)
        k = int(at)
        t = at - k
        a, m = table[k, 0], table[k, 1]
        c = 3 * (table[k + 1, 0] - a) - 2 * m - table[k + 1, 1]
        e = 2 * (a - table[k + 1, 0]) + m + table[k + 1, 1]
        native = a + t * (m + t * (c + t * e))
        slope = (m + t * (2 * c + t * 3 * e)) * last
        difference = (native - law.foreign) * (left - right)
        mean = native * (left - law.immobile) + law.foreign * (1 - left)
        wanted, y = current * distance, work.drop[f]
        for attempt in range(12):
            if attempt == 11:
                y = safe_drop(difference, mean, wanted)
            if abs(y) < 0.5:
                y2 = y * y
                b = 1 - y / 2 + y2 / 12 * (1 - y2 / 60 * (1 - y2 / 42 * (1 - y2 / 40 * (1 - y2 / 39.6))))
                db = -0.5 + y / 6 * (1 - y2 / 30 * (1 - y2 / 28 * (1 - y2 / 30 * (1 - y2 / 31.68))))
            elif y > 500:
                b, db = 0.0, 0.0
            else:
                b = y / math.expm1(y)
                db = b * (1 - y - b) / y
            stiffness = db * difference + mean
            if not stiffness > 0:
                return False
            move = (b * difference + y * mean - wanted) / stiffness
            y -= move
            if abs(move) < 1e-5 * (1 + abs(y)):
                b -= move * db
                break
        work.drop[f] = y
        per = native / distance
        inwards, outwards = per * (b + y), per * b
        flux = inwards * (left - law.immobile) - outwards * (right - law.immobile)
        by_drop = native * ((1 + db) * (left - law.immobile) - db * (right - law.immobile))
        native_share = by_drop / stiffness
        # with w = 1 - u the foreign ion's flux answers a change of u on the left with the opposite sign
        foreign = law.foreign / distance
        by_filling = flux * slope / native
        by_left = (
            inwards + share * by_filling - native_share * (inwards - foreign * (b + y) + share * by_filling)
        )
        by_right = -outwards + (1 - share) * by_filling
        by_right -= native_share * (foreign * b - outwards + (1 - share) * by_filling)
        speed = (film.drift[f]) * current
        work.flux[f] = flux - speed * (work.weight[f] * left + (1 - work.weight[f]) * right)
        work.by_left[f] = by_left - speed * work.weight[f]
        work.by_right[f] = by_right - speed * (1 - work.weight[f])
        work.by_current[f], work.native_flux[f], work.filling[f] = native_share, flux, filling
        work.native[f] = native
    return mobile > 0


@njit(cache=True, nogil=True)
def tangent_fluxes(along: Directions, current: float, work: Work) -> None:
    """Changes of the fluxes with the parameters at unchanged fractions."""
    cells, count = work.tangent.shape
    last = along.native.shape[1] - 1
    for f in range(1, cells + 1):
        at = min(max(work.filling[f] * last, 0.0), last - 1e-9)
        k = int(at)
        t = at - k
        flux, share = work.native_flux[f], work.by_current[f]
        blocked = work.native[f] * work.drop[f] / work.gap[f] * (1 - share)
        for p in range(count):
            change = (1 - t) * along.native[p, k] + t * along.native[p, k + 1]
            total = flux * (1 - share) * change - share * (current - flux) * along.foreign[p]
            total += share * current * along.current[p]
            work.tangent_flux[f, p] = total - blocked * along.immobile[p]


@njit(cache=True, nogil=True)
def factorise(tau: float, work: Work) -> None:
    """Newton's matrix W - tau dR/du and its factors."""
    cells = work.width.shape[0]
    before = 0.0
    for c in range(cells):
        below = -tau * work.by_left[c] if c > 0 else 0.0
        right = work.by_right[c] if c > 0 else 0.0
        pivot = work.width[c] + tau * (work.by_left[c + 1] - right) - below * before
        work.below[c] = below
        work.inverse[c] = 1 / pivot
        before = tau * work.by_right[c + 1] * work.inverse[c]
        work.above[c] = before


@njit(cache=True, nogil=True)
def newton_change(tau: float, work: Work) -> float:
    """Newton's change of all fractions; the largest."""
    cells = work.width.shape[0]
    before = 0.0
    for c in range(cells):
        missing = work.known[c] - work.width[c] * work.u[c + 1] + tau * (work.flux[c] - work.flux[c + 1])
        before = (missing - work.below[c] * before) * work.inverse[c]
        work.change[c] = before
    largest = abs(before)
    for c in range(cells - 2, -1, -1):
        before = work.change[c] - work.above[c] * before
        work.change[c] = before
        largest = max(largest, abs(before))
    for c in range(cells):
        work.u[c + 1] += work.change[c]
    return largest


@njit(cache=True, nogil=True)
def tangent_stage(
    stage: int, step: float, tau: float, start_width: FloatArray, start: FloatArray, work: Work
) -> None:
    """Solve a stage for the derivatives with the factors of Newton's last iteration."""
    cells, count = work.tangent.shape
    for c in range(cells):
        for p in range(count):
            work.tangent_known[c, p] = start_width[c] * start[c, p]
        for s in range(stage):
            weight = step * WEIGHTS[stage, s]
            for p in range(count):
                work.tangent_known[c, p] += weight * work.tangent_rate[s, c, p]
        for p in range(count):
            right = work.tangent_known[c, p] + tau * (work.tangent_flux[c, p] - work.tangent_flux[c + 1, p])
            if c > 0:
                right -= work.below[c] * work.tangent[c - 1, p]
            work.tangent[c, p] = right * work.inverse[c]
    for c in range(cells - 2, -1, -1):
        for p in range(count):
            work.tangent[c, p] -= work.above[c] * work.tangent[c + 1, p]
    for c in range(cells):
        for p in range(count):
            work.tangent_rate[stage, c, p] = (
                work.width[c] * work.tangent[c, p] - work.tangent_known[c, p]
            ) / tau


@njit(cache=True, nogil=True)
def first_rates(start: FloatArray, work: Work) -> None:
    """Rates at the beginning of a step, also of the derivatives."""
    cells, count = work.tangent.shape
    for c in range(cells):
        work.rate[0, c] = work.flux[c] - work.flux[c + 1]
        left, own, right = 0.0, -work.by_left[c + 1], -work.by_right[c + 1]
        if c > 0:
            left, own = work.by_left[c], own + work.by_right[c]
        for p in range(count):
            total = work.tangent_flux[c, p] - work.tangent_flux[c + 1, p] + own * start[c, p]
            if c > 0:
                total += left * start[c - 1, p]
            if c < cells - 1:
                total += right * start[c + 1, p]
            work.tangent_rate[0, c, p] = total
