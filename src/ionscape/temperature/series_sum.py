"""A total of processes in series: resistances add, so the total of straight lines bends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ionscape.core.estimate import Estimate
from ionscape.core.propagation import propagate
from ionscape.temperature.straight_line import ArrheniusFit

_AGREE = 2.0
_BETTER = 0.5
_ROUNDING = 1e-9


def series_sum(parts: Mapping[str, Callable[[float], Estimate]]) -> Callable[[float], Estimate]:
    """1/sigma = sum of 1/sigma_i of the parts, as a function of temperature [K], with their joint errors."""

    def at(kelvin: float) -> Estimate:
        values = [part(kelvin) for part in parts.values()]

        def total(*sigma: Any) -> Any:
            return 1 / sum(1 / s for s in sigma)

        return propagate(total, *values, dimension=values[0].dimension, scale="log")

    return at


def explains(line: ArrheniusFit, summed: Callable[[float], Estimate]) -> float | None:
    """Root mean square distance [%] of the points from the sum if it explains them, else None.

    It does if the mean distance is within 2 standard deviations (each point's own and that of point to sum,
    in which shared errors cancel, the larger of the two) and below half of that from the straight line.
    """
    if line.solution is None:
        return None
    ratios = []
    for quantity, kelvin in zip(line.points.quantities, line.points.temperature, strict=True):
        there = summed(float(kelvin))
        if there.status != "determined":
            return None
        ratios.append(quantity / there)
    distance = np.log([r.value for r in ratios])
    spread = np.array([r.spread if r.scale == "log" else r.spread / r.value for r in ratios])
    variance = np.maximum(line.solution.own_variance, spread**2) + _ROUNDING**2
    squares = float((distance**2 / variance).mean())
    straight = float((line.solution.residuals**2 / variance).mean())
    if squares > _AGREE**2 or squares > _BETTER**2 * straight:
        return None
    return 100 * float(np.sqrt((distance**2).mean()))
