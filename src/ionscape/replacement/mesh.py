"""Meshes of a film: fine at the fronts, growing in proportion to the distance from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

from ionscape.core.errors import InputError
from ionscape.replacement.expected_front import (
    charge_density,
    diffusion_at,
    entered_depth,
    hottest,
    replaced_share,
    sharp_front,
)
from ionscape.replacement.programme import Programme, Trace
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.system import Conductor

FloatArray = NDArray[np.float64]

GROWTH = 0.5
"""By how much the cells grow per width of the front away from it, relative to those in it."""
EVENLY = 2.0
"""Share of the cells (against one front's) spread evenly."""
LEAST_CELLS = 6.0
"""In the 10-90 % width of a front: with fewer the profile is off by more than 0.01 somewhere."""
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
    offsets = np.geomspace(1e-2, 1e2, 400)
    parts = [np.linspace(0, length, 2001)]
    for front in fronts:
        reach = np.concatenate([offsets, np.geomspace(1e2, max(1e3, 2 * length / front.width), 800)[1:]])
        away = np.concatenate([-front.width * reach, [0.0], front.width * reach])
        parts.append(front.depth + away)
    x = np.unique(np.clip(np.concatenate(parts), 0, length))
    count = EVENLY / length * x
    for front in fronts:
        away = x - front.depth
        count += np.sign(away) * np.log1p(GROWTH * np.abs(away) / front.width) / GROWTH
    faces = np.interp(np.linspace(count[0], count[-1], cells + 1), count, x)
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
        if len(conductor.ions) == 2 and fronts_of(start, conductor):
            fronts = []  # one front, pushed on
        fronts += [ExpectedFront(depth + pushed, width) for depth, width in fronts_of(start, conductor)]
        tail = max([tail, *(TAIL_LENGTHS * front.width for front in fronts)])
    layers = charged_layers(conductor, programme)
    if not fronts:
        return graded_faces(layers, conductor.thickness, cells)
    length = min(conductor.thickness, stretch * (max(front.depth for front in fronts) + tail))
    if layers:
        fronts, length = [*fronts, *layers], conductor.thickness
    return graded_faces(fronts, length, cells)


def charged_layers(conductor: Conductor, programme: Programme) -> list[ExpectedFront]:
    """Space charge at blocking electrodes: at the front and the back face, and where the depletion ends.

    The depleted layer holds the charge that a controlled current brings, or is as thick as the voltage makes
    it, sqrt(2 eps V/(e n0)) (Poisson's equation with the charge density -e n0).
    """
    found: list[ExpectedFront] = []
    permittivity, density = conductor.permittivity * epsilon_0, abs(charge_density(conductor))
    for stage in programme.stages:
        value = stage.value.values if isinstance(stage.value, Trace) else np.array([stage.value])
        largest = float(np.max(np.abs(value)))
        if stage.control == "rest" or stage.surface != "blocking" or largest == 0:
            continue
        thermal = Boltzmann * hottest(stage) / elementary_charge
        debye = math.sqrt(permittivity * thermal / density / abs(conductor.ions[0].charge))
        depleted = math.sqrt(2 * permittivity * largest / density)
        if stage.control == "current":
            depleted = largest * stage.duration / density
        found += [ExpectedFront(0.0, debye), ExpectedFront(conductor.thickness, debye)]
        if debye < depleted < conductor.thickness / 2:
            found.append(ExpectedFront(depleted, debye))
    return found


def cells_in_front(conductor: Conductor, programme: Programme, faces: FloatArray) -> tuple[float, float]:
    """The smallest number of cells in the 10-90 % width of an expected front (infinite: no front), and where
    [m]."""
    least, at = math.inf, 0.0
    for front in expected_fronts(conductor, programme)[0]:
        k = int(np.searchsorted(faces, front.depth)) - 1
        if k >= len(faces) - 1:
            continue
        per_width = front.width / float(np.mean(np.diff(faces)[max(k - 1, 0) : k + 2]))
        if per_width < least:
            least, at = per_width, front.depth
    return least, at


def too_coarse(conductor: Conductor, programme: Programme, faces: FloatArray) -> str:
    """Words for a mesh whose cells are too wide for an expected front, with the number that it needs; empty
    if it is fine."""
    least, at = cells_in_front(conductor, programme, faces)
    if least >= LEAST_CELLS:
        return ""
    needed = math.ceil((len(faces) - 1) * LEAST_CELLS / least)
    return (
        f"the mesh is too coarse for the front: {least:.2g} of its {len(faces) - 1} cells lie in its 10-90 % "
        f"width near {at:.3g} m; about {needed} cells are needed, or cells that are finer there"
    )


def expected_fronts(conductor: Conductor, programme: Programme) -> tuple[list[ExpectedFront], float]:
    """Rough depth and width of the front of every ion that enters, and the length [m] of the tail before
    them.

    An ion's front lies where its own charge and all later charge have pushed it; the native ion is left
    behind at about the filling at which it is ten times slower than the foreign one (Gunawan 2024, section
    3.1).
    """
    fronts: list[ExpectedFront] = []
    tail, later, still, last = 0.0, 0.0, 0.0, ""
    for stage in reversed(programme.stages):
        entering = stage.ion if stage.control != "rest" and stage.surface != "blocking" else ""
        temperature = hottest(stage)
        if not entering:
            still += stage.duration
            continue
        ion = conductor.ion(entering)
        foreign = diffusion_at(ion.law, temperature)
        taken, slower = replaced_share(conductor, foreign, temperature)
        entered = entered_depth(conductor, stage)
        theory = (
            sharp_front(conductor, ion, entered, stage.duration, temperature)
            if ion is conductor.ions[1] and stage.surface == "beam" and entered > 0 else None
        )
        if theory is not None:
            taken = theory.replaced_depth / theory.front_depth
        later += entered / taken
        spread = math.sqrt(foreign * (stage.duration + still))
        decay = foreign * stage.duration * taken / entered if entered > 0 else math.inf
        width = 3.5 * decay if theory is None else theory.front_width
        width = min(math.hypot(width, 2 * math.sqrt(foreign * still)), 3 * spread)
        if fronts and last == entering:
            fronts.pop()  # one front of one ion, pushed on
        fronts.append(ExpectedFront(later, max(width, 1e-6 * (later + spread))))
        last = entering
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
