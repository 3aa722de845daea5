"""Profile of a native ion that one foreign ion of equal charge replaces, in a few milliseconds: the lean
path of fits.

The equation is that of `electroneutral` (Nernst-Planck, electroneutral; D of the foreign ion constant), in
any consistent units: a fit may measure depth in what the charge would replace and time in the duration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.replacement.electroneutral_kernel import CURRENT, DONE, Course
from ionscape.replacement.electroneutral_pair_kernel import Directions, MovingFilm, PairLaw, diffusion_table
from ionscape.replacement.electroneutral_pair_steps import pair_run
from ionscape.replacement.programme import Trace

FloatArray = NDArray[np.float64]

SMALLEST_SCALE = 0.02
"""Of the cells behind the front: the share of their final width with which they begin."""


@dataclass(frozen=True)
class PairStage:
    """One stage at constant temperature.

    Attributes
    ----------
    log_native : (T,) array
        ln D of the native ion on a uniform grid of filling (its own fraction, immobile ions included) from 0
        to 1.
    log_foreign : float
        ln D of the foreign ion.
    current : float or Trace
        j/(e z n0), a velocity; zero at rest.
    duration : float
    directions : Directions, optional
        What the derivatives are asked for: P changes of ln D_native (P, T), of ln D_foreign, of ln current
        and of the immobile fraction (P,); the same P in every stage.
    """

    log_native: FloatArray
    log_foreign: float
    current: float | Trace
    duration: float
    directions: Directions | None = None


@dataclass(frozen=True)
class PairProfile:
    """Fraction (C,) of the native ion averaged over the cells, immobile ions included; its derivatives (P, C)
    along the directions; numbers of steps and of Newton iterations; fractions (S, C) that were saved."""

    native: FloatArray
    derivatives: FloatArray
    n_steps: int
    n_iterations: int
    saved: FloatArray


def no_directions(nodes: int) -> Directions:
    """No derivative."""
    return Directions(np.zeros((0, nodes)), np.zeros(0), np.zeros(0), np.zeros(0))


def native_profile(
    log_native: FloatArray, log_foreign: float, current: float | Trace, duration: float, faces: FloatArray, *,
    front_depth: float | None = None, immobile_fraction: float = 0.0, tolerance: float = 1e-3,
    directions: Directions | None = None, further: Sequence[PairStage] = (), save_at: Sequence[float] = (),
) -> PairProfile:  # fmt: skip
    """Profile of the native ion after one foreign ion came in.

    The mesh grows with the charge of the first stage: cells behind ``front_depth`` in proportion, the others
    ride with the front. It ends as ``faces``, so that a mesh graded to the final front resolves it at all
    times.

    Parameters
    ----------
    log_native, log_foreign, current, duration, directions
        Of the first stage, see `PairStage`.
    faces : (C + 1,) array
        From 0; the last must lie so deep that nothing has come there.
    front_depth : float, optional
        Where the front will be; what the charge would replace unless given. Zero: the mesh stays.
    immobile_fraction : float
    tolerance : float
        Of the fractions, in one time step; the error of the profile is smaller.
    further : sequence of PairStage
        Later stages, e.g. a rest; the mesh stays.
    save_at : sequence of float
        Times in the first stage, increasing, at which the fractions are kept, where the mesh stays.

    Raises
    ------
    InputError
        If profiles are to be kept on a mesh that moves, or stages differ in their directions.
    AnalysisError
        If no time step small enough is found.
    """
    first = PairStage(log_native, log_foreign, current, duration, directions)
    cells, count = len(faces) - 1, 0 if directions is None else len(directions.foreign)
    u, drop = np.ones(cells + 2), np.zeros(cells + 1)
    tangent, counts = np.zeros((cells, count)), np.zeros(4)
    saved: list[FloatArray] = []
    no_trace = np.zeros((0, 4))
    for number, stage in enumerate((first, *further)):
        along = stage.directions if stage.directions is not None else no_directions(len(stage.log_native))
        if len(along.foreign) != count:
            raise InputError("every stage needs the same number of directions")
        course = _course(stage)
        film = (
            _film(faces, course, stage.duration, front_depth)
            if number == 0
            else _film(faces, course, 0.0, 0.0)
        )
        law = PairLaw(diffusion_table(stage.log_native), float(np.exp(stage.log_foreign)), immobile_fraction)
        if number == 0 and len(save_at) > 0 and np.any(film.drift != 0):
            raise InputError("profiles can only be kept where the mesh stays: give a front depth of zero")
        clock = np.array([0.0, 0.0, _first_step(film, course, stage.duration)])
        for end in (*(save_at if number == 0 else ()), stage.duration):
            if end <= clock[0]:
                saved.append(u[1:-1].copy())
                continue
            status, _ = pair_run(
                law, film, along, course, float(end), clock, u, tangent, drop, tolerance, counts, no_trace
            )
            if status != DONE:
                raise AnalysisError("no time step small enough was found for the profile of the native ion")
            saved.append(u[1:-1].copy())
    kept = np.array(saved[: len(save_at)]).reshape(-1, cells)
    return PairProfile(u[1:-1], np.ascontiguousarray(tangent.T), int(counts[0]), int(counts[2]), kept)


def _course(stage: PairStage) -> Course:
    if isinstance(stage.current, Trace):
        time, value = stage.current.time, stage.current.values
    else:
        time, value = np.zeros(1), np.array([float(stage.current)])
    integral = np.concatenate([[0.0], np.cumsum(np.diff(time) * (value[1:] + value[:-1]) / 2)])
    return Course(CURRENT, time, value, integral, np.zeros(1), np.ones(1))


def _film(faces: FloatArray, course: Course, duration: float, front_depth: float | None) -> MovingFilm:
    faces = np.ascontiguousarray(faces, dtype=float)
    charge = _charge(course, duration)
    depth = charge if front_depth is None else front_depth
    if not (charge > 0 and depth > 0) or np.any(course.value < 0):
        return MovingFilm(faces, np.zeros_like(faces), charge)
    drift = np.minimum(faces / depth, 1) * (1 - SMALLEST_SCALE) * depth / charge
    return MovingFilm(faces, drift, charge)


def _charge(course: Course, duration: float) -> float:
    time = np.unique(np.concatenate([[0.0, duration], course.time]))
    time = time[(time >= 0) & (time <= duration)]
    return float(np.trapezoid(np.interp(time, course.time, course.value), time))


def _first_step(film: MovingFilm, course: Course, duration: float) -> float:
    largest = float(np.max(np.abs(course.value)))
    start = float(film.face[1] - film.face[0] - (film.drift[1] - film.drift[0]) * film.charge)
    return min(1e-3 * duration, 0.05 * start / largest if largest > 0 else duration)
