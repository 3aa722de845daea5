"""Fluxes between neighbouring cells of an electroneutral film, with their derivatives (compiled).

The field is constant between two cells' centres and such that the ions' fluxes add up to the current; every
flux is exponentially fitted to it (Scharfetter and Gummel 1969). No fraction can become negative, at any
Peclet number. The diffusion coefficients are taken between the two cells, the nearer the upstream one the
larger the Peclet number is: second order where the front is resolved, upwind where it is not.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

CLOSED, BEAM, MELT = 0, 1, 2


class Film(NamedTuple):
    """Geometry: widths (C,) of the cells; per face (C + 1,) its depth, the distance between the points on
    both sides (centres, or the film's end) and the left one's share in a straight line through both."""

    width: FloatArray
    face: FloatArray
    gap: FloatArray
    share: FloatArray


class Ions(NamedTuple):
    """Charges (N,) without sign; immobile share; composition (N,) of the unchanged bulk."""

    charge: FloatArray
    immobile: float
    bulk: FloatArray


class Front(NamedTuple):
    """What the front face does (CLOSED, BEAM, MELT), the ion that enters, and the melt's composition (N,)."""

    kind: int
    ion: int
    melt: FloatArray


class Faces(NamedTuple):
    """Result at the faces: fluxes (C+1, N), dimensionless potential drops (C+1,), and their derivatives with
    respect to the first N - 1 fractions on the left and right, and to the current."""

    flux: FloatArray
    flux_left: FloatArray
    flux_right: FloatArray
    flux_current: FloatArray
    drop: FloatArray
    drop_left: FloatArray
    drop_right: FloatArray
    drop_current: FloatArray


def new_faces(cells: int, ions: int) -> Faces:
    """Room for the result."""
    f, n = cells + 1, ions - 1
    return Faces(
        np.zeros((f, ions)), np.zeros((f, n, n)), np.zeros((f, n, n)), np.zeros((f, n)),
        np.zeros(f), np.zeros((f, n)), np.zeros((f, n)), np.zeros(f),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def bernoulli(x: float) -> tuple[float, float]:
    """x/(e^x - 1) and its derivative."""
    if abs(x) < 0.2:
        y = x * x
        value = 1 - x / 2 + y / 12 * (1 - y / 60 * (1 - y / 42 * (1 - y / 40)))
        return value, -0.5 + x / 6 * (1 - y / 30 * (1 - y / 28 * (1 - y / 30)))
    if x > 500:
        return 0.0, 0.0
    value = x / math.expm1(x)
    return value, value * (1 - x - value) / x


@njit(cache=True, nogil=True)
def table_value(table: FloatArray, filling: float) -> tuple[float, float]:
    """ln D and its derivative by filling, from a table of `law_table.hermite_table`."""
    last = table.shape[0] - 1
    at = filling * last
    if at <= 0:
        return table[0, 0], 0.0
    if at >= last:
        return table[last, 0], table[last, 1] * last
    k = min(int(at), last - 1)
    t = at - k
    a, b, m, n = table[k, 0], table[k + 1, 0], table[k, 1], table[k + 1, 1]
    c = 3 * (b - a) - 2 * m - n
    e = 2 * (a - b) + m + n
    return a + t * (m + t * (c + t * e)), (m + t * (2 * c + t * 3 * e)) * last


@njit(cache=True, nogil=True)
def upwind_shift(drop: float) -> float:
    """Coth(x/2)/2 - 1/x: from 0 (resolved) to +-1/2 (all from upstream)."""
    if abs(drop) < 0.8:
        y = drop * drop
        return drop / 12 * (1 - y / 60 * (1 - y / 42 * (1 - y / 40)))
    if abs(drop) > 40:
        return math.copysign(0.5, drop) - 1 / drop
    return 0.5 / math.tanh(drop / 2) - 1 / drop


@njit(cache=True, nogil=True)
def upwind_shares(share: FloatArray, drop: FloatArray, out: FloatArray) -> None:
    """Share of the left side in the filling at every face."""
    for f in range(share.shape[0]):
        out[f] = min(max(share[f] + upwind_shift(drop[f]), 0.0), 1.0)


@njit(cache=True, nogil=True)
def potential_drop(
    mobility: FloatArray,
    charge: FloatArray,
    left: FloatArray,
    right: FloatArray,
    current: float,
    guess: float,
) -> float:
    """The drop of e phi/kT between two points at which the fluxes add up to the current; nan if there is
    none.

    The sum of the fluxes grows with the drop, so that Newton's method within a bracket always ends.
    """
    low, high, drop = -math.inf, math.inf, guess
    for _ in range(200):
        total, slope, size = -current, 0.0, abs(current)
        for i in range(charge.shape[0]):
            x = charge[i] * drop
            b, db = bernoulli(x)
            inwards, outwards = mobility[i] * (b + x) * left[i], mobility[i] * b * right[i]
            total += inwards - outwards
            size += abs(inwards) + abs(outwards)
            slope += mobility[i] * charge[i] * ((1 + db) * left[i] - db * right[i])
        if not slope > 0:
            return math.nan
        if total > 0:
            high = drop
        else:
            low = drop
        change = -total / slope
        new = drop + change
        if not low <= new <= high:
            new = (
                (low + high) / 2 if math.isfinite(low + high) else drop + math.copysign(1 + abs(drop), change)
            )
        if abs(new - drop) <= 1e-10 * (1 + abs(drop)) or abs(total) <= 1e-15 * size:
            return new
        drop = new
    return drop


@njit(cache=True, nogil=True)
def fillings(u: FloatArray, mixed: FloatArray, mixing: float, immobile: float, out: FloatArray) -> None:
    """Filling of every ion in every cell: the ions up to it, and the mixed parts of the later ones.

    ``mixed`` (rows, N) + ``mixing`` times the fraction is the part that has mixed.
    """
    n = u.shape[1]
    for c in range(u.shape[0]):
        total = immobile
        for i in range(n):
            total += u[c, i]
            out[c, i] = total
        later = 0.0
        for i in range(n - 1, -1, -1):
            out[c, i] = min(max(out[c, i] + later, 0.0), 1.0)
            later += mixed[c, i] + mixing * u[c, i]


@njit(cache=True, nogil=True)
def one_face(
    f: int, table: FloatArray, charge: FloatArray, distance: float, share: float, mixing: float,
    left: FloatArray, right: FloatArray, fill_left: FloatArray, fill_right: FloatArray, current: float,
    out: Faces, work: FloatArray,
) -> bool:  # fmt: skip
    """Fluxes through face f between two states; false where there is no field that carries the current.

    A share below zero asks for the arithmetic mean of D: at the face of a melt, where a native ion may be
    wholly gone and its D with it.
    """
    ions = charge.shape[0]
    n = ions - 1
    mobility, slope, b_up, b_down, by_drop = work[0], work[1], work[2], work[3], work[4]
    melt = share < 0
    share = max(share, 0.0)
    for i in range(ions):
        log_d, slope[i] = table_value(table[i], share * fill_left[i] + (1 - share) * fill_right[i])
        mobility[i] = math.exp(log_d) / distance
        if melt:
            at_face = math.exp(table_value(table[i], fill_left[i])[0]) / distance
            slope[i] *= mobility[i] / (mobility[i] + at_face)
            mobility[i] = (mobility[i] + at_face) / 2
    drop = potential_drop(mobility, charge, left, right, current, out.drop[f])
    if not math.isfinite(drop):
        return False
    out.drop[f] = drop
    total = 0.0
    for i in range(ions):
        x = charge[i] * drop
        b, db = bernoulli(x)
        b_up[i], b_down[i] = mobility[i] * (b + x), -mobility[i] * b
        out.flux[f, i] = b_up[i] * left[i] + b_down[i] * right[i]
        by_drop[i] = mobility[i] * charge[i] * ((1 + db) * left[i] - db * right[i])
        total += by_drop[i]
    for side in range(2):
        weight = share if side == 0 else 1 - share
        direct = b_up if side == 0 else b_down
        flux_out = out.flux_left[f] if side == 0 else out.flux_right[f]
        drop_out = out.drop_left[f] if side == 0 else out.drop_right[f]
        for k in range(n):
            summed = direct[k] - direct[n]
            for i in range(ions):
                # the last ion's fraction falls as ion k's grows; its share in the filling of i < n is mixing
                by_fill = (1.0 if k <= i else mixing) - (1.0 if n <= i else mixing)
                partial = out.flux[f, i] * slope[i] * weight * by_fill
                summed += partial
                if i < n:
                    flux_out[i, k] = partial + (direct[k] if i == k else 0.0)
            drop_out[k] = -summed / total
            for i in range(n):
                flux_out[i, k] += by_drop[i] * drop_out[k]
    out.drop_current[f] = 1 / total
    for i in range(n):
        out.flux_current[f, i] = by_drop[i] / total
    return True


@njit(cache=True, nogil=True)
def beam_face(
    table: FloatArray, charge: FloatArray, distance: float, mixing: float, u: FloatArray, fill: FloatArray,
    current: float, ion: int, out: Faces,
) -> None:  # fmt: skip
    """The front face: one ion carries the whole current in, the others stand still against the field."""
    ions = charge.shape[0]
    n = ions - 1
    out.flux[0], out.flux_right[0], out.flux_current[0] = 0.0, 0.0, 0.0
    out.drop[0], out.drop_right[0], out.drop_current[0] = 0.0, 0.0, 0.0
    if ion < 0:
        return
    out.flux[0, ion] = current
    if ion < n:
        out.flux_current[0, ion] = 1.0
    log_d, slope = table_value(table[ion], fill[ion])
    carried = 0.0
    for i in range(ions):
        carried += charge[i] * u[i]
    out.drop_current[0] = distance * math.exp(-log_d) / carried
    out.drop[0] = current * out.drop_current[0]
    for k in range(n):
        by_fill = (1.0 if k <= ion else mixing) - (1.0 if n <= ion else mixing)
        out.drop_right[0, k] = -out.drop[0] * (slope * by_fill + (charge[k] - charge[n]) / carried)


@njit(cache=True, nogil=True)
def all_faces(
    film: Film, ions: Ions, front: Front, table: FloatArray, speed: FloatArray, share: FloatArray,
    mixed: FloatArray, mixing: float, u: FloatArray, current: float, fill: FloatArray, work: FloatArray,
    out: Faces,
) -> bool:  # fmt: skip
    """Fluxes relative to the faces, which move with a ``speed`` (C + 1,).

    ``u`` and ``mixed`` (C + 2, N) hold the cells between the state of the front face and the bulk's.
    """
    cells = u.shape[0] - 2
    fillings(u, mixed, mixing, ions.immobile, fill)
    if front.kind != MELT:
        entering = front.ion if front.kind == BEAM else -1
        beam_face(table, ions.charge, film.gap[0], mixing, u[1], fill[1], current, entering, out)
    first = 0 if front.kind == MELT else 1
    for f in range(first, cells + 1):
        # no share at the face of a melt: see `one_face`
        if not one_face(
            f, table, ions.charge, film.gap[f], share[f] if f > 0 else -1.0, mixing, u[f], u[f + 1], fill[f],
            fill[f + 1], current, out, work,
        ):  # fmt: skip
            return False
        if speed[f] != 0:
            for i in range(u.shape[1]):
                out.flux[f, i] -= speed[f] * (film.share[f] * u[f, i] + (1 - film.share[f]) * u[f + 1, i])
            for i in range(u.shape[1] - 1):
                out.flux_left[f, i, i] -= speed[f] * film.share[f]
                out.flux_right[f, i, i] -= speed[f] * (1 - film.share[f])
    return True
