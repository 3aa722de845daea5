"""Meshes of a film: fine at the fronts, growing in proportion to the distance from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import DiffusionLaw
from ionscape.replacement.programme import Programme, Stage, Trace
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.system import Conductor

FloatArray = NDArray[np.float64]

GROWTH = 0.5
"""By how much the cells grow per width of the front away from it, relative to those in it."""
EVENLY = 2.0
"""Share of the cells (against one front's) spread evenly."""
TAIL_DECAYS, TAIL_LENGTHS = 16.0, 6.0
"""The film ends where the tail before the front has fallen by so many 1/e, or at so many diffusion
lengths."""


class ExpectedFront(NamedTuple):
    """Where a front will be at the end, and how wide, both [m]."""

    depth: float
    width: float


def graded_faces(fronts: Sequence[ExpectedFront], length: float, cells: int) -> FloatArray:
    """Faces of cells that are finest at the fronts.

    Parameters
    ----------
    fronts : sequence of ExpectedFront
        Each takes about the same number of cells.
    length : float
        [m] of the film.
    cells : int

    Returns
    -------
    (cells + 1,) array
        [m], from 0 to ``length``.

    Raises
    ------
    InputError
        If there are fewer than 8 cells.
    """
    if cells < 8:
        raise InputError(f"a film needs at least 8 cells, got {cells}")
    near = [front.depth + front.width * np.linspace(-40, 40, 801) for front in fronts]
    x = np.unique(np.clip(np.concatenate([np.linspace(0, length, 4001), *near]), 0, length))
    density = np.full_like(x, EVENLY / length)
    for front in fronts:
        density += 1 / (front.width + GROWTH * np.abs(x - front.depth))
    count = np.concatenate([[0.0], np.cumsum(np.diff(x) * (density[1:] + density[:-1]) / 2)])
    faces = np.interp(np.linspace(0, count[-1], cells + 1), count, x)
    faces[0], faces[-1] = 0.0, length
    return np.asarray(faces)


def film_faces(
    conductor: Conductor, programme: Programme, cells: int, *, start: Replacement | None = None,
    stretch: float = 1.0,
) -> FloatArray:  # fmt: skip
    """A mesh for a programme: graded to the fronts it will have made, and deep enough for the tails before
    them.

    Parameters
    ----------
    conductor : Conductor
    programme : Programme
    cells : int
    start : Replacement, optional
        What the programme goes on from: its fronts will have been pushed on.
    stretch : float
        Factor on the length, where a first run showed that the estimate is too short.

    Returns
    -------
    (cells + 1,) array
        [m]
    """
    fronts, tail = expected_fronts(conductor, programme)
    if start is not None:
        pushed = max((front.depth for front in fronts), default=0.0)
        fronts += [ExpectedFront(depth + pushed, width) for depth, width in fronts_of(start, conductor)]
        tail = max([tail, *(TAIL_LENGTHS * front.width for front in fronts)])
    if not fronts:
        return graded_faces([], conductor.thickness, cells)
    length = min(conductor.thickness, stretch * (max(front.depth for front in fronts) + tail))
    return graded_faces(fronts, length, cells)


def expected_fronts(conductor: Conductor, programme: Programme) -> tuple[list[ExpectedFront], float]:
    """Rough depth and width of the front of every ion that enters, and the length [m] of the tail before
    them.

    An ion's front lies where its own charge and all later charge have pushed it; the native ion is left
    behind at about the filling at which it is ten times slower than the foreign one (Gunawan 2024, section
    3.1).
    """
    fronts: list[ExpectedFront] = []
    tail, later, still = 0.0, 0.0, 0.0
    for stage in reversed(programme.stages):
        entering = stage.ion if stage.control != "rest" and stage.surface != "blocking" else ""
        temperature = _hottest(stage)
        if not entering:
            still += stage.duration
            continue
        ion = conductor.ion(entering)
        foreign = _diffusion(ion.law, 1.0, temperature)
        taken, slower = _replaced(conductor, foreign, temperature)
        entered = _entered(conductor, stage, foreign, temperature)
        later += entered / taken
        spread = math.sqrt(foreign * (stage.duration + still))
        decay = foreign * stage.duration * taken / entered if entered > 0 else math.inf
        width = min(math.hypot(3.5 * decay, 2 * math.sqrt(foreign * still)), 3 * spread)
        fronts.append(ExpectedFront(later, max(width, 1e-6 * (later + spread))))
        tail = max(tail, min(TAIL_DECAYS * decay, TAIL_LENGTHS * spread) + TAIL_LENGTHS * slower * later)
        tail = max(tail, 0.05 * later, TAIL_LENGTHS * math.sqrt(foreign * still))
    return fronts, tail


def fronts_of(start: Replacement, conductor: Conductor) -> list[ExpectedFront]:
    """Front of every foreign ion in the last profiles of a result: deepest half of its height, over its
    slope."""
    fronts = []
    for ion in conductor.ions[1:]:
        fraction = start.fractions.get(ion.name)
        if fraction is None or np.max(fraction[-1]) < 0.01:
            continue
        last, depth = fraction[-1], start.depth
        deepest = int(np.flatnonzero(last > 0.5 * np.max(last))[-1])
        steepest = float(np.max(np.abs(np.diff(last) / np.diff(depth))))
        width = float(np.max(last)) / steepest if steepest > 0 else float(depth[-1])
        fronts.append(ExpectedFront(float(depth[deepest]), width))
    return fronts


def _replaced(conductor: Conductor, foreign: float, temperature: float) -> tuple[float, float]:
    """Share of the native ions that a foreign ion replaces; by how much it is faster than they, if it is."""
    native = conductor.ions[0]
    filling = np.linspace(0.001, 1, 1000)
    slow = np.exp(native.law.log_diffusion(filling, temperature)) < 0.1 * foreign
    left = float(filling[slow][-1]) if np.any(slow) else 0.0
    faster = foreign / _diffusion(native.law, 1.0, temperature)
    return max(1 - max(left, native.immobile_fraction), 0.05), max(faster - 1, 0.0)


def _entered(conductor: Conductor, stage: Stage, foreign: float, temperature: float) -> float:
    """Depth [m] of the conductor's whole charge that enters in a stage.

    Under a controlled voltage of at most the value for which bulk and growing film, of the foreign ion, are
    in series: the integral of V/(R + q r).
    """
    if stage.control == "current":
        return max(Programme((stage,)).charge / _charge_density(conductor), 0.0)
    value = stage.value
    highest = float(np.max(np.abs(value.values))) if isinstance(value, Trace) else abs(value)
    ion = conductor.ion(stage.ion)
    thermal = Boltzmann * temperature / elementary_charge
    bulk = _diffusion(conductor.ions[0].law, 1.0, temperature)
    back = thermal * conductor.thickness / (abs(conductor.ions[0].charge) * bulk)
    film = thermal / (abs(ion.charge) * foreign)
    driven = (math.sqrt(back**2 + 2 * film * highest * stage.duration) - back) / film
    mixed = math.sqrt(foreign * stage.duration) if stage.surface == "melt" else 0.0
    return driven + mixed


def _charge_density(conductor: Conductor) -> float:
    return conductor.carrier_density * elementary_charge * conductor.ions[0].charge


def _diffusion(law: DiffusionLaw, filling: float, temperature: float) -> float:
    return float(np.exp(law.log_diffusion(np.array([filling]), temperature)[0]))


def _hottest(stage: Stage) -> float:
    course = stage.temperature
    return float(np.max(course.values)) if isinstance(course, Trace) else float(course)
