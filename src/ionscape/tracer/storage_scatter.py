"""How far later profiles depart from one D(T), and what that adds to the uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ionscape.fit.scatter import excess
from ionscape.tracer.storage_marginal import DEVIATES, Marginal

FloatArray = NDArray[np.float64]

SIGNIFICANT = 3.0  # standard deviations


def departures(
    alone: Sequence[Marginal], theta: FloatArray, slopes: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """ln theta of every later profile alone against the joint fit, and the variance of that difference.

    The variance is that of the one alone less that of the joint one (J. A. Hausman, Econometrica 46, 1251
    (1978)); difference zero and variance inf where the profile alone determines nothing.

    Parameters
    ----------
    alone : sequence of Marginal
        ln theta [m^2].
    theta, slopes : (K,), (K, n) arrays
        [m^2] of the joint fit, and d ln theta/d ln D.
    covariance : (n, n) array
        Of ln D by noise.
    """
    difference, variance = np.zeros(len(alone)), np.full(len(alone), math.inf)
    for k, one in enumerate(alone):
        joint = float(slopes[k] @ covariance @ slopes[k])
        if one.status == "determined" and math.isfinite(joint):
            difference[k] = one.value - math.log(theta[k])
            variance[k] = max(one.spread**2 - joint, 0.05 * one.spread**2)
    return difference, variance


def scatter_of(difference: FloatArray, variance: FloatArray, slopes: FloatArray) -> tuple[float, FloatArray]:
    """Scatter of ln theta beyond noise (1 SD), and the covariance that it adds to ln D, (n, n).

    Zero unless a profile departs by three standard deviations. What makes profiles disagree is not known and
    need not average out: ln D is taken as no better known than by one profile of each kind.

    Parameters
    ----------
    difference, variance : (K,) arrays
        As `departures` gives them.
    slopes : (K, n) array
    """
    n = slopes.shape[1]
    kept = np.isfinite(variance)
    count, none = int(kept.sum()), np.zeros((n, n))
    if count <= n or not np.any(np.abs(difference[kept]) > SIGNIFICANT * np.sqrt(variance[kept])):
        return 0.0, none
    lost = math.sqrt(count / (count - n))  # of the differences, as n numbers were fitted to them
    added = excess(lost * difference[kept], lost**2 * variance[kept], significance=0.0, always=True)[1]
    inverse = np.linalg.pinv(slopes[kept])
    return math.sqrt(added), added * count / n * (inverse @ inverse.T)


def widened(found: Marginal, more: float) -> Marginal:
    """With an independent standard deviation added."""
    if found.status != "determined" or not more:
        return found
    if found.quantiles is None:
        return replace(found, spread=math.hypot(found.spread, more))
    ends = tuple(found.value + math.copysign(math.hypot(q - found.value, z * more), z)
                 for q, z in zip(found.quantiles, DEVIATES, strict=True))  # fmt: skip
    return replace(found, spread=(ends[3] - ends[1]) / 2, quantiles=ends)


__all__ = ["departures", "scatter_of", "widened"]
