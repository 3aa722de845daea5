"""The three numbers by which replacement profiles are compared: plateau, depth and width of the front."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FRONT_LEVEL = 0.55
PLATEAU_RANGE = (0.35, 0.75)


class ProfileSummary(NamedTuple):
    """Mean fraction of the native ion over 0.35 to 0.75 of the front depth; first depth [m] with 0.55 of it;
    10-90 % width [m] between the fraction at 0.8 of the front depth and 1. All nan where there is no
    front."""

    plateau_fraction: float
    front_depth: float
    front_width: float


def summarise(depth: FloatArray, native: FloatArray) -> ProfileSummary:
    """Plateau, front depth and front width.

    Parameters
    ----------
    depth : (N,) or (N + 1,) array
        [m] of the points of the profile, or of the faces of the cells over which it is averaged, increasing.
    native : (N,) array
        Fraction of the native ion.
    """
    depth, native = np.asarray(depth, dtype=float), np.asarray(native, dtype=float)
    points = (depth[1:] + depth[:-1]) / 2 if len(depth) == len(native) + 1 else depth
    front = first_depth(points, native, FRONT_LEVEL)
    if not math.isfinite(front):
        return ProfileSummary(math.nan, math.nan, math.nan)
    low, high = PLATEAU_RANGE[0] * front, PLATEAU_RANGE[1] * front
    inner = points[(points > low) & (points < high)]
    at = np.concatenate([[low], inner, [high]])
    plateau = float(np.trapezoid(np.interp(at, points, native), at) / (high - low))
    behind = float(np.interp(0.8 * front, points, native))
    ends = [first_depth(points, native, behind + share * (1 - behind), 0.8 * front) for share in (0.1, 0.9)]
    return ProfileSummary(plateau, front, ends[1] - ends[0])


def first_depth(points: FloatArray, values: FloatArray, level: float, behind: float = -math.inf) -> float:
    """First depth [m] beyond ``behind`` at which straight lines between the points rise through a level, or
    nan."""
    rises = (values[:-1] < level) & (values[1:] >= level) & (points[1:] > behind)
    if not np.any(rises):
        return math.nan
    k = int(np.argmax(rises))
    share = (level - values[k]) / (values[k + 1] - values[k])
    return float(points[k] + share * (points[k + 1] - points[k]))
