"""A mesh that rides with the fronts: they stand still on it.

A front that moves over a mesh at rest passes one cell after the other: many steps, whose errors add up
behind it. On this mesh it stays in the same, finest cells.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ionscape.replacement.expected_front import (
    diffusion_at,
    entered_depth,
    enters,
    hottest,
    replaced_share,
    sharp_front,
)
from ionscape.replacement.programme import Programme, Stage, Trace
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.system import Conductor

FloatArray = NDArray[np.float64]

FIRST_SCALE = 1e-6
"""Of the cells behind a front: the share of their final width with which they begin. So small that the
front stands still on the mesh from the beginning."""
FIRST_SCALE_OF_SEVERAL = 1e-4
"""The same for several fronts, of which the later ones wait at the surface: rounding would show in smaller
cells."""
DEEPEST = 0.98
"""Of the mesh: a front is not expected deeper."""


class Ride(NamedTuple):
    """Faces (C + 1,) where all charge has passed, (M,) charges (as depths that they replace), increasing, and
    the depths (M, K) [m] of the fronts there, from the surface on; straight between and behind."""

    faces: FloatArray
    passed: FloatArray
    fronts: FloatArray

    def at(self, passed: float) -> FloatArray:
        """(C + 1,) faces when a charge has passed: the cells between two fronts in proportion, those ahead of
        them as a whole."""
        k = min(max(int(np.searchsorted(self.passed, passed)) - 1, 0), len(self.passed) - 2)
        share = (passed - self.passed[k]) / (self.passed[k + 1] - self.passed[k])
        now = self.fronts[k] + share * (self.fronts[k + 1] - self.fronts[k])
        last = self.fronts[-1]
        ahead = self.faces - last[-1] + now[-1]
        behind = np.interp(self.faces, np.append(0.0, last), np.append(0.0, now))
        return np.asarray(np.where(self.faces > last[-1], ahead, behind))


def ride_of(
    conductor: Conductor, programme: Programme, faces: FloatArray, start: Replacement | None
) -> Ride | None:
    """How a mesh that ends at ``faces`` rides; None where nothing enters, or it cannot be told beforehand.

    Under a controlled voltage the charge is an estimate: the mesh ends elsewhere, as fine at the front.
    """
    entering = [stage for stage in programme.stages if enters(stage)]
    mixes = 0 < conductor.intermixing_time < math.inf
    if not entering or mixes or not all(_steadily(stage, conductor) for stage in entering):
        return None
    if len(conductor.ions) == 2:
        return _one_front(conductor, entering, faces, start)
    if start is not None or any(stage.control == "voltage" for stage in entering):
        return None
    return _several_fronts(conductor, entering, faces)


def _steadily(stage: Stage, conductor: Conductor) -> bool:
    """Whether ions only come in, by the current."""
    values = stage.value.values if isinstance(stage.value, Trace) else np.array([stage.value])
    return stage.surface == "beam" and bool(np.all(values * conductor.ions[0].charge >= 0))


def _one_front(
    conductor: Conductor, entering: Sequence[Stage], faces: FloatArray, start: Replacement | None
) -> Ride | None:
    """The front of one foreign ion, in proportion to the charge."""
    foreign, before = conductor.ions[1], 0.0
    if start is not None and foreign.name in start.fractions:
        before = float(start.fractions[foreign.name][-1] @ np.diff(start.faces))
    entered = before + sum(entered_depth(conductor, stage) for stage in entering)
    duration = sum(stage.duration for stage in entering)
    theory = sharp_front(conductor, foreign, entered, duration, max(hottest(stage) for stage in entering))
    if theory is None:
        return None
    # a little deeper: what lies behind stands still on the mesh wherever it is
    depth = min(theory.front_depth + theory.front_width, DEEPEST * float(faces[-1]))
    first = FIRST_SCALE + (1 - FIRST_SCALE) * before / entered
    return Ride(faces, np.array([0.0, entered - before]), depth * np.array([[first], [1.0]]))


def _several_fronts(conductor: Conductor, entering: Sequence[Stage], faces: FloatArray) -> Ride | None:
    """One front for every ion, pushed on by its own and all later charge."""
    order = list(dict.fromkeys(stage.ion for stage in entering))
    changes = sum(a.ion != b.ion for a, b in pairwise(entering))
    if changes != len(order) - 1:
        return None
    passed, depths = [0.0], [np.zeros(len(order))]
    for stage in entering:
        ion, entered = conductor.ion(stage.ion), entered_depth(conductor, stage)
        taken, _ = replaced_share(conductor, diffusion_at(ion.law, hottest(stage)), hottest(stage))
        theory = sharp_front(conductor, ion, entered, stage.duration, hottest(stage))
        if theory is not None and order.index(stage.ion) == 0:
            taken = theory.replaced_depth / theory.front_depth
        pushed = np.arange(len(order)) <= order.index(stage.ion)
        passed.append(passed[-1] + entered)
        depths.append(depths[-1] + pushed * entered / taken)
    fronts = np.array(depths)[:, ::-1]  # the last ion's front lies nearest to the surface
    fronts *= min(1.0, DEEPEST * float(faces[-1]) / fronts[-1, -1])
    first = FIRST_SCALE_OF_SEVERAL
    return Ride(faces, np.array(passed), first * fronts[-1] + (1 - first) * fronts)
