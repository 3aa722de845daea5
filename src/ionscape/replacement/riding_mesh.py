"""A mesh that rides with the front of one foreign ion: the front stands still on it.

A front that moves over a mesh at rest is crossed by every cell's equation in turn: many steps, whose errors
add up behind it. On this mesh the front stays in the same, finest cells.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import ConstantDiffusion, DiffusionLaw
from ionscape.replacement.front_theory import Front, front
from ionscape.replacement.programme import Programme, Stage, Trace
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.system import Conductor

FloatArray = NDArray[np.float64]

FIRST_SCALE = 1e-6
"""Of the cells behind the front: the share of their final width with which they begin. So small that the
front stands still on the mesh from the beginning."""
DEEPEST = 0.98
"""Of the mesh: a front is not expected deeper."""


class Ride(NamedTuple):
    """Faces (C + 1,) at the end, the front's depth there [m], and the charge (as a depth that it replaces)
    that is inside before and at the end."""

    faces: FloatArray
    front_depth: float
    before: float
    total: float

    def share(self, passed: FloatArray | float) -> FloatArray:
        """Of the cells behind the front: their width over the final one when a charge has passed."""
        return np.asarray(FIRST_SCALE + (1 - FIRST_SCALE) * (self.before + passed) / self.total)

    @property
    def drift(self) -> FloatArray:
        """(C + 1,) what the faces move [m] per metre of charge."""
        behind = np.minimum(self.faces / self.front_depth, 1.0)
        return np.asarray(behind * self.front_depth * (1 - FIRST_SCALE) / self.total)

    def at(self, passed: float) -> FloatArray:
        """(C + 1,) faces when a charge has passed."""
        placed = self.faces + self.drift * (self.before + passed - self.total)
        placed[0] = 0.0
        return placed


def ride_of(
    conductor: Conductor, programme: Programme, faces: FloatArray, start: Replacement | None
) -> Ride | None:
    """How a mesh that ends at ``faces`` rides; None where nothing enters, or it cannot be told beforehand."""
    entering = [stage for stage in programme.stages if _enters(stage)]
    if not entering or any(stage.control == "voltage" for stage in programme.stages):
        return None
    courses = [stage.value for stage in entering]
    density = conductor.carrier_density * conductor.ions[0].charge
    charge = programme.charge
    if charge / density <= 0 or any(
        np.any(course.values / density < 0) for course in courses if isinstance(course, Trace)
    ):
        return None
    before = 0.0
    if start is not None:
        foreign = start.fractions.get(conductor.ions[1].name)
        before = 0.0 if foreign is None else float(foreign[-1] @ np.diff(start.faces))
    theory = sharp_front(conductor, entering, before)
    if theory is None or not theory.front_depth > 0:
        return None
    # a little deeper: what lies behind stands still on the mesh wherever it is
    depth = min(theory.front_depth + theory.front_width, DEEPEST * float(faces[-1]))
    return Ride(np.asarray(faces, dtype=float), depth, before, theory.replaced_depth)


def sharp_front(conductor: Conductor, entering: list[Stage], before: float = 0.0) -> Front | None:
    """Front theory for the stages in which one foreign ion enters by a controlled current, with their mean
    current; None where it does not apply.

    Parameters
    ----------
    conductor : Conductor
    entering : list of Stage
    before : float
        [m] that foreign ions replaced before.
    """
    native, foreign = conductor.ions[:2]
    charge = sum(Programme((stage,)).charge for stage in entering)
    duration = sum(stage.duration for stage in entering)
    temperature = max(_hottest(stage) for stage in entering)
    inside = charge + before * conductor.carrier_density * native.charge * elementary_charge
    law: DiffusionLaw = native.law
    if conductor.intermixing_time == 0:  # all sites are filled by both
        law = ConstantDiffusion(math.exp(float(law.log_diffusion(np.ones(1), temperature)[0])))
    elif math.isfinite(conductor.intermixing_time):
        return None
    diffusion = math.exp(float(foreign.law.log_diffusion(np.ones(1), temperature)[0]))
    try:
        with np.errstate(all="ignore"):
            found = front(
                law, diffusion, abs(charge) / duration, abs(inside), carrier_density=conductor.carrier_density,
                temperature=temperature, native_charge=native.charge, foreign_charge=foreign.charge,
                immobile_fraction=native.immobile_fraction,
            )  # fmt: skip
            usable = math.isfinite(found.front_depth) and math.isfinite(found.front_width)
    except InputError:
        return None
    return found if usable else None


def _enters(stage: Stage) -> bool:
    return stage.control != "rest" and stage.surface != "blocking" and _size(stage) > 0


def _size(stage: Stage) -> float:
    values = stage.value.values if isinstance(stage.value, Trace) else stage.value
    return float(np.max(np.abs(values)))


def _hottest(stage: Stage) -> float:
    course = stage.temperature
    return float(np.max(course.values)) if isinstance(course, Trace) else float(course)
