"""One measured profile as a fit sees it, and the model at one point of the fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge

from ionscape.core.estimate import Estimate
from ionscape.replacement.fit_parameters import Parameters
from ionscape.replacement.instrument import slice_edges
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.profile_course import Course, course_of
from ionscape.replacement.profile_forward import film_faces

FloatArray = NDArray[np.float64]
NEAREST = 0.2e-9  # m between ions: no front is sharper
WIDEST = 3.0  # ln of D_foreign t/Q^2


@dataclass(frozen=True)
class Observation:
    """One profile as the fit sees it.

    Attributes
    ----------
    profile : MeasuredProfile
    course : Course
    edges : (N + 1,) array
        [m] of the slices.
    length : float
        Q [m] at the stated charge and carrier density.
    faces : (C + 1,) array
        Of the cells, in units of Q.
    keep, keep_foreign : (N,) bool arrays
        Points that count.
    inflation, inflation_foreign : float
        Factor of the stated counting errors.
    correction : (C,) array or None
        Added to the cells' fractions: what a fine mesh gives more than these cells do, at the best fit.
    """

    profile: MeasuredProfile
    course: Course
    edges: FloatArray
    length: float
    faces: FloatArray
    keep: NDArray[np.bool_]
    keep_foreign: NDArray[np.bool_]
    inflation: float = 1.0
    inflation_foreign: float = 1.0
    correction: FloatArray | None = None

    @property
    def log_unit(self) -> float:
        """ln of Q^2/t [m^2/s]."""
        return 2 * math.log(self.length) - math.log(self.course.duration)

    @property
    def foreign_bounds(self) -> tuple[float, float]:
        """Of ln D of the foreign ion [m^2/s]: from a front as sharp as ions lie apart to no front at all.

        The 10-90 % width of a sharp front is about 4 D t/Q.
        """
        sharpest = math.log(NEAREST / (4 * self.length))
        return self.log_unit + min(sharpest, WIDEST - 2.0), self.log_unit + WIDEST

    @property
    def has_foreign(self) -> bool:
        """Whether the foreign ion was measured too."""
        return self.profile.foreign is not None and self.profile.foreign_sd is not None

    @cached_property
    def weight(self) -> FloatArray:
        """(N,) 1/SD of the native fraction, zero for points left out."""
        return np.where(self.keep, 1 / (self.profile.native_sd * self.inflation), 0.0)

    @cached_property
    def weight_foreign(self) -> FloatArray:
        """(N,) the same of the foreign ion."""
        if self.profile.foreign_sd is None:
            return np.zeros(0)
        return np.where(self.keep_foreign, 1 / (self.profile.foreign_sd * self.inflation_foreign), 0.0)


def observation_of(profile: MeasuredProfile, density: Estimate, charge: int, cells: int) -> Observation:
    """With an even mesh, every usable slice, and errors as stated."""
    course = course_of(profile)
    length = course.charge / (abs(charge) * elementary_charge * density.value)
    used = np.isfinite(profile.native) & (profile.native_sd > 0)
    foreign = np.zeros(0, dtype=bool)
    if profile.foreign is not None and profile.foreign_sd is not None:
        foreign = np.isfinite(profile.foreign) & (profile.foreign_sd > 0)
    return Observation(
        profile, course, slice_edges(profile.depth), length, film_faces(cells), used, foreign
    )


@dataclass(frozen=True)
class Means:
    """Inputs (Y,), cells' fractions (C,), slice means (N,) and their derivatives by the inputs (N, Y)."""

    inputs: FloatArray
    fractions: FloatArray
    mean: FloatArray
    derivative: FloatArray


@dataclass(frozen=True)
class Linearised:
    """At one theta: quantities (G,), their slopes, means, residuals per profile, derivatives by g (m, G)."""

    quantities: FloatArray
    slope: FloatArray
    means: tuple[Means, ...]
    residuals: tuple[FloatArray, ...]
    by_quantities: FloatArray

    def by_theta(self, parameters: Parameters) -> FloatArray:
        """(m, P)"""
        return np.asarray(self.by_quantities @ (self.slope[:, None] * parameters.matrix))
