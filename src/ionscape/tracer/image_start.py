"""Where the fit of an image begins: from the amount taken up, several shares of grains and boundaries."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ionscape.tracer.image_intervals import Priors
from ionscape.tracer.image_problem import ImageProblem

FloatArray = NDArray[np.float64]
RATIOS = (1.3, 3.0, 10.0, 40.0)  # of D in the grains over D of the whole


def starting_values(problem: ImageProblem, priors: Priors) -> list[FloatArray]:
    """Starts (4,) of ln D, ln P, Cs, C0: all with the same D over many grains.

    The uptake M = integral of u is 2 sqrt(D t/pi) for a constant source, whatever the profile's details.
    """
    scene = problem.scene
    depth, mean = profile_from_source(problem)
    source = priors.value(-2, float(np.nanmax(mean)))
    initial = priors.value(-1, float(np.nanmin(mean)))
    if priors.centre[-2] is None:  # the first pixels lie below the source already
        source = min(source + 0.5 * abs(source - initial) * 0.1, 1.0)
    share = np.clip((mean - initial) / (source - initial if source != initial else 1.0), 0.0, 1.0)
    uptake = float(np.nansum(share) * (depth[1] - depth[0])) if depth.size > 1 else float(depth[0])
    duration = sum(stage.duration for stage in scene.stages[0] if stage.source) or scene.stages[0][0].duration
    effective = math.pi * max(uptake, depth[0]) ** 2 / (4 * duration)
    size = mean_intercept(problem)
    bulks = [effective * ratio for ratio in RATIOS]
    if priors.centre[0] is not None:
        bulks = [priors.centre[0].value]
        effective = min(effective, 0.9 * bulks[0])
    return [
        np.array([math.log(d), -math.log(size * (1 / effective - 1 / d)), source, initial])
        for d in bulks
    ]  # fmt: skip


def profile_from_source(problem: ImageProblem) -> tuple[FloatArray, FloatArray]:
    """Distance [m] from the source edge and mean fraction of the first image's rows or columns there."""
    scene = problem.scene
    vertical = scene.source_edge in ("top", "bottom")
    image = np.where(np.isfinite(scene.fractions[0]), scene.fractions[0], np.nan)
    image = image if vertical else image.T
    if scene.source_edge in ("bottom", "right"):
        image = image[::-1]
    step = scene.spacing[0 if vertical else 1]
    filled = np.isfinite(image).any(axis=1)
    mean = np.full(image.shape[0], np.nan)
    mean[filled] = np.nanmean(image[filled], axis=1)
    return np.asarray((np.arange(image.shape[0]) + 0.5) * step, dtype=np.float64), mean


def mean_intercept(problem: ImageProblem) -> float:
    """Mean distance [m] between boundaries along a line: area over projected length (2/pi of it)."""
    scene = problem.scene
    area = scene.labels.size * scene.spacing[0] * scene.spacing[1]
    return area / max(float(problem.faces.lengths.sum()) * 2 / math.pi, 1e-300)
