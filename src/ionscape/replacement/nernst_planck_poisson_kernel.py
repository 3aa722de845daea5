"""Compiled equations of the full Nernst-Planck-Poisson system: the fluxes and their derivatives.

Unknowns are chosen so that the space charge is never a difference of large numbers: of each cell the
fractions of the foreign ions, and of each face the field E. Gauss's law makes the excess charge
q_i = lambda^2 (E_i+1/2 - E_i-1/2)/h_i, hence the native fraction 1 + q - (foreign ones), and the sum of all
conservation equations is Maxwell's: lambda^2 dE/dt + (sum of the ions' fluxes) = j at every face. No equation
is algebraic and no potential is solved for; the blocks of the Jacobian are N x N for N ions.

Lengths in nm, times in s, fluxes as velocities J/n0 [nm/s], potentials in kT0/(z e) of the native ion, so
that lambda^2 = epsilon k T0/(z^2 e^2 n0) [nm^2]. Row i of the state (C + 2, N): the field at the face behind
cell i, then the foreign fractions of cell i. Rows 0 and C + 1 are the two ends: their foreign entries add up
what came in through the front and what left through the back, the last row's first the charge that passed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FACE_FLUX, FACE_COMPOSITION = 0, 1
BACK_BULK, BACK_OPEN, BACK_BLOCKING = 0, 1, 2


class Film(NamedTuple):
    """What stays the same during a stage. C cells, N ions (the native one first)."""

    widths: FloatArray  # (C + 2,) of the cells; 1 at both ends
    distances: FloatArray  # (C + 1,) between neighbouring centres; half a cell at both ends
    drops: FloatArray  # (C + 1,) lengths whose sum with the fields is the voltage across the film
    charges: FloatArray  # (N,) over the native ion's
    debye_squared: float
    background: float  # fixed charge that the mobile ions balance: 1 in a conductor
    immobile: float
    constant: NDArray[np.bool_]  # (N,) whether D does not depend on the filling
    front: int
    back: int
    entering: FloatArray  # (N,) share of the current that each ion carries in through the front
    face: FloatArray  # (N,) composition that a melt keeps
    bulk: FloatArray  # (N,) composition behind the film


class Climate(NamedTuple):
    """What may change from step to step; instants: the six stages of a step, and one after its start."""

    theta: FloatArray  # (7,) temperature over T0
    blend: FloatArray  # (7,) how far from the first to the second table
    instant: float  # [s] of the last one after the start of the step; zero: the temperature is constant
    table: FloatArray  # (2, N, K, 2) ln D [nm^2/s], see `law_table.hermite_table`
    mixed: FloatArray  # (C + 2, N) part of each ion whose sites have mixed: mixed + mixing * u
    mixing: float


class Workspace(NamedTuple):
    """Arrays of one evaluation."""

    amounts: FloatArray  # (C + 2, N) mobile fractions
    diffusion: FloatArray  # (C + 2, N)
    slope: FloatArray  # (C + 2, N) d ln D / d filling
    share: FloatArray  # (C + 2, N) d mixed part / d u
    flux: FloatArray  # (C + 1, N)
    before: FloatArray  # (C + 1,) d flux of the native ion / d E of the face before
    left: FloatArray  # (C + 1, N, N) d flux / d row i
    right: FloatArray  # (C + 1, N, N) d flux / d row i + 1


def workspace(cells: int, ions: int) -> Workspace:
    """Empty arrays."""
    rows, faces = (cells + 2, ions), (cells + 1, ions)
    return Workspace(
        np.zeros(rows), np.ones(rows), np.zeros(rows), np.zeros(rows), np.zeros(faces),
        np.zeros(cells + 1), np.zeros((*faces, ions)), np.zeros((*faces, ions)),
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def bernoulli(p: float) -> tuple[float, float]:
    """B(p) = p/(exp(p) - 1) and its derivative."""
    if abs(p) < 0.05:
        square = p * p
        return (1 - p / 2 + square / 12 * (1 - square / 60 * (1 - square / 42)),
                -0.5 + p / 6 * (1 - square / 30 * (1 - square / 28)))  # fmt: skip
    size = abs(p)
    value = size / math.expm1(size) if size < 700 else 0.0
    slope = value * (1 - size - value) / size
    return (value, slope) if p > 0 else (value + size, -1 - slope)


@njit(cache=True, nogil=True, error_model="numpy")
def log_diffusion(table: FloatArray, filling: float) -> tuple[float, float]:
    """ln D and d ln D/d filling by the cubics of a table (K, 2), see `law_table.hermite_table`."""
    last = table.shape[0] - 1
    place = min(max(filling, 0.0), 1.0) * last
    k = min(int(place), last - 1)
    t = place - k
    slope, rise = table[k, 1], table[k + 1, 0] - table[k, 0]
    c2, c3 = 3 * rise - 2 * slope - table[k + 1, 1], slope + table[k + 1, 1] - 2 * rise
    value = table[k, 0] + t * (slope + t * (c2 + t * c3))
    if filling <= 0 or filling >= 1:
        return value, 0.0
    return value, (slope + t * (2 * c2 + 3 * t * c3)) * last


@njit(cache=True, nogil=True, error_model="numpy")
def compositions(film: Film, state: FloatArray, work: Workspace) -> None:
    """Amounts in every cell and at the two ends, the native one by Gauss's law."""
    rows, ions = state.shape
    amounts = work.amounts
    for i in range(1, rows - 1):
        native = film.background + film.debye_squared * (state[i, 0] - state[i - 1, 0]) / film.widths[i]
        for k in range(1, ions):
            native -= state[i, k] if film.charges[k] > 0 else -state[i, k]
            amounts[i, k] = state[i, k]
        amounts[i, 0] = native
    for k in range(ions):
        amounts[0, k] = film.face[k] if film.front == FACE_COMPOSITION else amounts[1, k]
        amounts[rows - 1, k] = film.bulk[k] if film.back == BACK_BULK else amounts[rows - 2, k]


@njit(cache=True, nogil=True, error_model="numpy")
def mobilities(film: Film, climate: Climate, at: int, work: Workspace) -> None:
    """D of every ion and its slope at the filling of its sites; then the immobile share is taken off."""
    rows, ions = work.amounts.shape
    for k in range(ions):
        if film.constant[k]:
            first, second = climate.table[0, k, -1, 0], climate.table[1, k, -1, 0]
            for i in range(rows):
                work.diffusion[i, k] = math.exp(first + climate.blend[at] * (second - first))
                work.slope[i, k] = 0.0
            continue
        for i in range(rows):
            filling = work.amounts[i, 0] if k == 0 else 1.0
            for m in range(k + 1, ions):
                amount = work.amounts[i, m]
                share = climate.mixed[i, m] + climate.mixing * amount
                work.share[i, m] = climate.mixing
                if share > amount:
                    share, work.share[i, m] = amount, 1.0
                filling += share if k == 0 else share - amount
            value, slope = log_diffusion(climate.table[0, k], filling)
            if climate.blend[at] != 0:
                second, steepness = log_diffusion(climate.table[1, k], filling)
                value += climate.blend[at] * (second - value)
                slope += climate.blend[at] * (steepness - slope)
            work.diffusion[i, k], work.slope[i, k] = math.exp(value), slope
    for i in range(rows):
        work.amounts[i, 0] -= film.immobile


@njit(cache=True, nogil=True, error_model="numpy")
def fluxes(film: Film, climate: Climate, at: int, state: FloatArray, work: Workspace) -> None:
    """Scharfetter-Gummel flux of each ion through each face; one that is imposed is left zero.

    D at a face is the geometric mean of the two cells', since it falls exponentially with the filling; at the
    face of a melt, where a native ion may be wholly gone and its D with it, the arithmetic one.
    """
    faces, ions = work.flux.shape
    for i in range(faces):
        if (i == 0 and film.front == FACE_FLUX) or (i == faces - 1 and film.back == BACK_BLOCKING):
            for k in range(ions):
                work.flux[i, k] = 0.0
            continue
        for k in range(ions):
            if k == 0 or film.charges[k] != film.charges[k - 1]:
                p = film.charges[k] * state[i, 0] / climate.theta[at] * film.distances[i]
                least, _ = bernoulli(abs(p))
                behind, ahead = (least + p, least) if p > 0 else (least, least - p)
            if i > 0:
                d = math.sqrt(work.diffusion[i, k] * work.diffusion[i + 1, k]) / film.distances[i]
            else:
                d = (work.diffusion[i, k] + work.diffusion[i + 1, k]) / (2 * film.distances[i])
            work.flux[i, k] = d * (behind * work.amounts[i, k] - ahead * work.amounts[i + 1, k])


@njit(cache=True, nogil=True, error_model="numpy")
def derivatives(film: Film, climate: Climate, state: FloatArray, work: Workspace) -> None:
    """Derivatives by the rows of the state of the fluxes just computed at the start of a step."""
    faces, ions = work.flux.shape
    amounts, diffusion, slope, share = work.amounts, work.diffusion, work.slope, work.share
    before, left, right = work.before, work.left, work.right
    behind = ahead = behind_slope = ahead_slope = steepness = 0.0
    for i in range(faces):
        before[i] = 0.0
        for k in range(ions):
            for m in range(ions):
                left[i, k, m] = right[i, k, m] = 0.0
        if (i == 0 and film.front == FACE_FLUX) or (i == faces - 1 and film.back == BACK_BLOCKING):
            continue
        for k in range(ions):
            if k == 0 or film.charges[k] != film.charges[k - 1]:
                steepness = film.charges[k] / climate.theta[0] * film.distances[i]
                p = steepness * state[i, 0]
                least, slope_there = bernoulli(abs(p))
                if p > 0:
                    behind, ahead, behind_slope, ahead_slope = least + p, least, -1 - slope_there, slope_there
                else:
                    behind, ahead, behind_slope, ahead_slope = least, least - p, slope_there, -1 - slope_there
            d, weight = math.sqrt(diffusion[i, k] * diffusion[i + 1, k]) / film.distances[i], 0.5
            if i == 0:
                d = (diffusion[i, k] + diffusion[i + 1, k]) / (2 * film.distances[i])
                weight = diffusion[i + 1, k] / (diffusion[i, k] + diffusion[i + 1, k])
            left[i, k, 0] -= d * steepness * (behind_slope * amounts[i, k] + ahead_slope * amounts[i + 1, k])
            # by the amount of the ion and by the filling, of the cell on the left and on the right
            own, filling = d * behind, work.flux[i, k] * slope[i, k] / 2
            own_right, filling_right = -d * ahead, work.flux[i, k] * slope[i + 1, k] * weight
            if i == 0:
                own = filling = 0.0
            if i == faces - 1:
                if film.back == BACK_OPEN:  # the composition of the last cell goes on
                    own, filling = own + own_right, filling + filling_right
                own_right = filling_right = 0.0
            if k > 0:
                left[i, k, k] += own
                right[i, k, k] += own_right
                for m in range(k + 1, ions):
                    left[i, k, m] -= filling * (1 - share[i, m])
                    right[i, k, m] -= filling_right * (1 - share[i + 1, m])
                continue
            by_gauss = (own + filling) * film.debye_squared / film.widths[i]
            by_gauss_right = (own_right + filling_right) * film.debye_squared / film.widths[i + 1]
            before[i] -= by_gauss
            left[i, 0, 0] += by_gauss - by_gauss_right
            right[i, 0, 0] += by_gauss_right
            for m in range(1, ions):
                sign = 1.0 if film.charges[m] > 0 else -1.0
                left[i, 0, m] += filling * share[i, m] - sign * (own + filling)
                right[i, 0, m] += filling_right * share[i + 1, m] - sign * (own_right + filling_right)
