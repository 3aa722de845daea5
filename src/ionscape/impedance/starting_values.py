"""Starting values from the spectrum alone, so that the user never has to guess.

A plain series of elements is linear in its amplitudes (R, 1/Q, L): over a grid of time constants and
exponents the amplitudes are solved for, all combinations at once, and the best few are refined
(variable projection: G. H. Golub and V. Pereyra, SIAM J. Numer. Anal. 10, 413 (1973)).
A nested circuit is started from many low-discrepancy draws, each element given the impedance that the
spectrum has at a frequency inside the window, and the whole scaled to the data.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ionscape.impedance.circuit import Circuit, Leaf
from ionscape.impedance.elements import Element

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
IntArray = NDArray[np.int_]

MOST_COMBINATIONS = 1500
POINTS_PER_DECADE = (3.0, 2.0, 1.5, 1.0, 0.6)
BEYOND_WINDOW = 0.5  # decades of time constant tried on either side of the window
ARC_EXPONENTS = (0.95, 0.8)
TAIL_EXPONENTS = (0.95, 0.8, 0.65, 0.5)
FAINT = 3e-3  # share of the spectrum with which what came out negative or zero is started
DEEPEST = 600  # combinations looked through for distinct starts
NESTED_DRAWS = 512
APART = math.log(12.0)  # starts nearer than this in every logarithmic time constant are the same


def starting_values(
    circuit: Circuit, log_s: ComplexArray, impedance: ComplexArray, weights: FloatArray, count: int
) -> FloatArray:
    """Starts for a fit, best first.

    Parameters
    ----------
    circuit : Circuit
    log_s : (N,) complex array
        ln(i omega).
    impedance : (N,) complex array
        [ohm]
    weights : (N,) array
        Multiply the residual of each point.
    count : int
        How many starts at most.

    Returns
    -------
    theta : (K, p) array, K <= count
    """
    leaves = circuit.series_leaves
    if leaves is not None and all(_has_shape_grid(leaf.element) for leaf in leaves):
        return _from_series(circuit, leaves, log_s, impedance, weights, count)
    return _from_draws(circuit, log_s, impedance, weights, count)


def _has_shape_grid(element: Element) -> bool:
    return element.amplitude and all(p.name in ("tau", "alpha") for p in element.parameters[1:])


# ---------------------------------------------------------------- series of elements
@dataclass(frozen=True)
class _Group:
    """All leaves of one kind in the series, and the shapes tried for them.

    choices: (n_choices, n_leaves) indices into `shapes`; shapes: (n_shapes, p - 1) values of tau (ln), alpha.
    """

    leaves: tuple[Leaf, ...]
    shapes: FloatArray
    choices: IntArray


def _group(leaves: Sequence[Leaf], log_s: ComplexArray, per_decade: float) -> _Group:
    element = leaves[0].element
    kinds = [p.name for p in element.parameters[1:]]
    exponents = ARC_EXPONENTS if "tau" in kinds else TAIL_EXPONENTS
    alphas: Sequence[float] = exponents if "alpha" in kinds else (1.0,)
    taus: FloatArray = np.zeros(1)
    if "tau" in kinds:
        omega = log_s.real
        reach = BEYOND_WINDOW * math.log(10)
        low, high = -float(omega.max()) - reach, -float(omega.min()) + reach
        taus = np.linspace(low, high, max(2 + len(leaves), round((high - low) / math.log(10) * per_decade)))
    grid = [(t, a) for a in alphas for t in taus]
    columns = [[{"tau": t, "alpha": a}[k] for k in kinds] for t, a in grid]
    n = len(leaves)
    if "tau" in kinds:  # time constants rising
        base = np.array(list(itertools.combinations(range(taus.size), n)), dtype=np.int_)
        mixes = list(itertools.product(range(len(alphas)), repeat=n))
        if n > 2:  # one exponent for all keeps the grid of time constants fine
            mixes = [(i,) * n for i in range(len(alphas))]
        choices = np.concatenate([base + taus.size * np.array(mix) for mix in mixes])
    else:
        choices = np.array(list(itertools.combinations_with_replacement(range(len(grid)), n)), dtype=np.int_)
    return _Group(tuple(leaves), np.array(columns, dtype=np.float64).reshape(len(grid), len(kinds)), choices)


def _groups(leaves: Sequence[Leaf], log_s: ComplexArray) -> list[_Group]:
    by_kind: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        by_kind.setdefault(leaf.element.symbol, []).append(leaf)
    groups: list[_Group] = []
    for per_decade in POINTS_PER_DECADE:
        groups = [_group(kind, log_s, per_decade) for kind in by_kind.values()]
        if math.prod(len(g.choices) for g in groups) <= MOST_COMBINATIONS:
            break
    return groups


def _from_series(
    circuit: Circuit,
    leaves: Sequence[Leaf],
    log_s: ComplexArray,
    impedance: ComplexArray,
    weights: FloatArray,
    count: int,
) -> FloatArray:
    groups = _groups(leaves, log_s)
    shapes, places = [], []
    for group in groups:
        shapes.append(_columns(group, log_s, weights))
        places.append(group.choices + sum(len(s) for s in shapes[:-1]))
    matrix = np.concatenate(shapes)
    length = np.sqrt(np.einsum("sm,sm->s", matrix, matrix))
    matrix = matrix / length[:, None]
    target = (impedance * weights).view(np.float64)
    mesh = np.meshgrid(*[np.arange(len(p)) for p in places], indexing="ij")
    picks = [m.ravel() for m in mesh]
    index = np.concatenate([p[k] for p, k in zip(places, picks, strict=True)], axis=1)
    amplitude, cost = _solve(matrix, target, index)
    amplitude = amplitude / length[index]
    order = _distinct(cost, [g.shapes[g.choices[k]] for g, k in zip(groups, picks, strict=True)], count)
    theta = np.empty((len(order), circuit.n_parameters))
    floor = FAINT * float(np.linalg.norm(target)) / length
    column = 0
    for group, pick in zip(groups, picks, strict=True):
        for j, leaf in enumerate(group.leaves):
            size = np.maximum(amplitude[order, column], 0)
            size = np.where(size > 0, size, np.broadcast_to(floor[index[order, column]], size.shape))
            power = leaf.element.parameters[0].impedance_power
            theta[:, leaf.offset] = math.copysign(1.0, power) * np.log(size)
            theta[:, leaf.offset + 1 : leaf.stop] = group.shapes[group.choices[pick[order], j]]
            column += 1
    return theta


def _columns(group: _Group, log_s: ComplexArray, weights: FloatArray) -> FloatArray:
    """Weighted unit-amplitude spectra of a group's shapes, real and imaginary parts interleaved."""
    element = group.leaves[0].element
    theta = [np.zeros((len(group.shapes), 1)), *(c[:, None] for c in group.shapes.T)]
    z = np.broadcast_to(element.evaluate(theta, log_s)[0], (len(group.shapes), log_s.size))
    return np.ascontiguousarray(z * weights).view(np.float64)


def _solve(matrix: FloatArray, target: FloatArray, index: IntArray) -> tuple[FloatArray, FloatArray]:
    """Amplitudes (S, n) >= 0 of every combination (S, n) of rows of `matrix`, and the cost (S,).

    Negative amplitudes are set to zero one round at a time and the rest solved again: close to
    non-negative least squares and good enough for a start.
    """
    gram, right = matrix @ matrix.T, matrix @ target
    system = gram[index[:, :, None], index[:, None, :]]
    b = right[index]
    n = index.shape[1]
    diagonal = np.arange(n)
    system[:, diagonal, diagonal] += 1e-10
    x = np.linalg.solve(system, b[..., None])[..., 0]
    for _ in range(2):
        bad = np.flatnonzero((x < 0).any(axis=1))
        if bad.size == 0:
            break
        out = x[bad] <= 0
        reduced = np.where(out[:, :, None] | out[:, None, :], 0.0, system[bad])
        reduced[:, diagonal, diagonal] += out
        x[bad] = np.linalg.solve(reduced, np.where(out, 0.0, b[bad])[..., None])[..., 0]
    x = np.maximum(x, 0)
    cost = target @ target + np.einsum("sn,sn->s", np.einsum("snk,sk->sn", system, x) - 2 * b, x)
    return x, cost


def _distinct(cost: FloatArray, shapes: Sequence[FloatArray], count: int) -> IntArray:
    """Indices of the best combinations that differ clearly in some time constant or exponent."""
    order = np.argsort(cost)[:DEEPEST]
    flat = np.concatenate([s.reshape(len(s), -1)[order] for s in shapes], axis=1)
    kept: list[int] = []
    left = np.ones(order.size, dtype=bool)
    while left.any() and len(kept) < count:
        best = int(np.argmax(left))
        kept.append(best)
        left &= np.max(np.abs(flat - flat[best]), axis=1, initial=0.0) > APART
        left[best] = False
    return order[kept]


# ---------------------------------------------------------------- nested circuits
@lru_cache(maxsize=32)
def _draws(n: int, dimension: int) -> FloatArray:
    """Additive-recurrence points in the unit cube (generalised golden ratio), the same every time."""
    ratio = 2.0
    for _ in range(40):
        ratio = (1 + ratio) ** (1 / (dimension + 1))
    step = ratio ** -np.arange(1.0, dimension + 1)
    return np.asarray((0.5 + np.outer(np.arange(1, n + 1), step)) % 1.0)


def _from_draws(
    circuit: Circuit, log_s: ComplexArray, impedance: ComplexArray, weights: FloatArray, count: int
) -> FloatArray:
    leaves = circuit.leaves
    unit = _draws(NESTED_DRAWS, 3 * len(leaves))
    omega, size = log_s.real, np.log(np.abs(impedance))
    theta = np.empty((NESTED_DRAWS, circuit.n_parameters))
    powers = np.zeros(circuit.n_parameters)
    for k, leaf in enumerate(leaves):
        corner = omega.min() + unit[:, 3 * k] * (omega.max() - omega.min())
        level = np.interp(corner, omega[::-1], size[::-1]) + (unit[:, 3 * k + 1] - 0.7) * math.log(20)
        theta[:, leaf.offset : leaf.stop] = _corner(leaf.element, corner, level, unit[:, 3 * k + 2])
        powers[leaf.offset : leaf.stop] = [p.impedance_power for p in leaf.element.parameters]
    few = np.unique(np.linspace(0, omega.size - 1, min(omega.size, 24)).round().astype(int))
    with np.errstate(all="ignore"):
        z = circuit.evaluate(theta, log_s[few])[0] * weights[few]
        goal = impedance[few] * weights[few]
        scale = np.maximum((z.conj() * goal).real.sum(-1), 1e-300) / (np.abs(z) ** 2).sum(-1)
        cost = (np.abs(scale[:, None] * z - goal) ** 2).sum(-1)
        theta = theta + np.log(scale)[:, None] * powers
    cost[~(np.isfinite(cost) & np.isfinite(theta).all(axis=1))] = np.inf
    return np.asarray(theta[np.argsort(cost)[:count]])


def _corner(element: Element, corner: FloatArray, level: FloatArray, unit: FloatArray) -> FloatArray:
    """Parameters (S, p) with which the element has about the impedance exp(level) at omega exp(corner)."""
    alpha = 0.6 + 0.4 * unit
    has_alpha = any(p.name == "alpha" for p in element.parameters)
    columns = []
    for p in element.parameters:
        if p.scale == "linear":
            columns.append(alpha if p.name == "alpha" else np.full(corner.shape, p.typical))
        else:
            slope = alpha if has_alpha and p.impedance_power else 1.0
            columns.append(p.impedance_power * level + p.frequency_power * slope * corner)
    return np.stack(columns, axis=1)
