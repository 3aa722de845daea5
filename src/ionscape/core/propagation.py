"""Arithmetic and functions of estimates, with every correlation kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from ionscape.core.errors import UnitError
from ionscape.core.estimate import Estimate, Scale, Status, exact, undetermined
from ionscape.core.marginal import mirrored, shape_of
from ionscape.core.quantity import DIMENSIONLESS, Dimension, si_unit

NO_VALUE = "the formula has no value over part of what its arguments may be"
_SEVERITY: dict[Status, int] = {"determined": 0, "bound": 1, "undetermined": 2, "refused": 3}


def propagate(
    function: Callable[..., Any], *arguments: Estimate, dimension: Dimension = DIMENSIONLESS,
    scale: Scale = "linear",
) -> Estimate:  # fmt: skip
    """``function`` of estimates, with all correlations kept.

    Parameters
    ----------
    function : callable
        Of one float or (n,) array in SI per argument; must broadcast.
    dimension : Dimension
        Of the result.
    scale : "linear" or "log"
        ``log`` for a result that is positive by nature.

    Notes
    -----
    Weights are secants over ±1 standard deviation; the marginal's shape is taken from joint draws wherever
    the function bends visibly or an argument has a shape of its own.
    """
    if any(a.status != "determined" for a in arguments):
        return _of_limits(function, arguments, dimension)
    with np.errstate(all="ignore"):  # where there is no value, it is said below
        return _propagated(function, arguments, dimension, scale)


def _propagated(
    function: Callable[..., Any], arguments: Sequence[Estimate], dimension: Dimension, scale: Scale
) -> Estimate:
    values = [a.value for a in arguments]
    inside: Callable[[Any], Any] = np.log if scale == "log" else np.asarray
    centre = float(inside(function(*values)))
    if not math.isfinite(centre):
        return undetermined(dimension, NO_VALUE)
    weights: dict[str, float] = {}
    bent = any(a.shape is not None for a in arguments)
    for i, argument in enumerate(arguments):
        spread = argument.spread
        if spread == 0:
            continue
        low, high = (
            float(inside(function(*values[:i], float(v), *values[i + 1 :])))
            for v in argument._from_deviation(np.array([-spread, spread]))
        )
        slope = (high - low) / (2 * spread)
        bent |= abs(high + low - 2 * centre) > 0.02 * abs(high - low) or not math.isfinite(slope)
        for name, weight in argument.weights.items():
            weights[name] = weights.get(name, 0.0) + slope * weight
    result = Estimate(math.exp(centre) if scale == "log" else centre, dimension, scale, weights)
    bent |= _bends_together(function, arguments, inside, centre, result.spread)
    if not bent or result.spread == 0:
        return result
    deviation = np.asarray(inside(function(*(a.draws() for a in arguments))) - centre, dtype=float)
    if np.isfinite(deviation).mean() < 0.975 or not math.isfinite(result.spread):
        return undetermined(dimension, NO_VALUE)
    return replace(result, shape=shape_of(deviation, result.spread))


def _bends_together(
    function: Callable[..., Any], arguments: Sequence[Estimate], inside: Callable[[Any], Any], centre: float,
    spread: float,
) -> bool:  # fmt: skip
    """Whether all arguments moved at once (a product of wide factors) bend the function."""
    wide = [a for a in arguments if a.spread > 0]
    if len(wide) < 2 or spread == 0:
        return False
    for signs in ((1.0, 1.0), (1.0, -1.0)):
        turned = [signs[k % 2] for k in range(len(arguments))]
        ends = [
            float(inside(function(*(
                float(a._from_deviation(np.array(step * turn * a.spread)))
                for a, turn in zip(arguments, turned, strict=True)
            ))))
            for step in (-1.0, 1.0)
        ]  # fmt: skip
        if not abs(sum(ends) - 2 * centre) <= 0.05 * max(abs(ends[1] - ends[0]), spread):
            return True
    return False


def exponential(estimate: Estimate) -> Estimate:
    """e to the power of a dimensionless estimate: exact, on the log scale."""
    if estimate.dimension != DIMENSIONLESS:
        raise UnitError(f"an exponent must be a pure number, not {si_unit(estimate.dimension)}")
    if estimate.scale == "linear" and estimate.status == "determined":
        return replace(estimate, value=math.exp(estimate.value), scale="log")
    return propagate(np.exp, estimate, scale="log")


def logarithm(estimate: Estimate) -> Estimate:
    """Natural logarithm of the SI value: exact for an estimate on the log scale."""
    if estimate.scale == "log" and estimate.status == "determined":
        return replace(estimate, value=math.log(estimate.value), scale="linear", dimension=DIMENSIONLESS)
    return propagate(np.log, estimate)


def as_estimate(value: Estimate | float, dimension: Dimension) -> Estimate:
    if isinstance(value, Estimate):
        return value
    if value != 0 and dimension != DIMENSIONLESS:
        raise UnitError(f"a bare number cannot be added to {si_unit(dimension)}: use exact(value, dimension)")
    return exact(value, dimension)


def _worst(arguments: Sequence[Estimate]) -> Estimate:
    return max(arguments, key=lambda a: _SEVERITY[a.status])


def _of_limits(function: Callable[..., Any], arguments: Sequence[Estimate], dimension: Dimension) -> Estimate:
    """A function of bounds: a bound where exactly one argument is one; the worst status otherwise."""
    worst = _worst(arguments)
    if worst.status != "bound":
        return Estimate(math.nan, dimension, status=worst.status, note=worst.note)
    if sum(a.status == "bound" for a in arguments) > 1:
        return undetermined(dimension, f"combines two bounds: {worst.note}")
    at, beyond = (
        float(function(*(a.value * (factor if a is worst else 1.0) for a in arguments)))
        for factor in (1.0, 1.001)
    )
    grows = (beyond > at) == (worst.value > 0)
    side: Literal["upper", "lower"] = "upper" if (worst.side == "upper") == grows else "lower"
    if any(a.spread for a in arguments):  # the others' own errors push the limit further out
        drawn = function(*(a.value if a is worst else a.draws() for a in arguments))
        at = float(np.quantile(drawn, 0.95 if side == "upper" else 0.05))
    return Estimate(at, dimension, status="bound", side=side, note=worst.note)


def weighted_sum(a: Estimate, b: Estimate, sign: float) -> Estimate:
    if a.dimension != b.dimension:
        raise UnitError(f"cannot add {si_unit(a.dimension)} and {si_unit(b.dimension)}")
    usable = a.status == b.status == "determined"
    if usable and a.scale == b.scale == "linear" and (a.shape is None or not b.weights) and (
        b.shape is None or not a.weights
    ):  # fmt: skip
        weights = _added(a.weights, 1.0, b.weights, sign)
        shape = a.shape if a.shape is not None else mirrored(b.shape, sign)
        return Estimate(a.value + sign * b.value, a.dimension, "linear", weights, shape)
    positive = usable and sign > 0 and a.scale == b.scale == "log"
    return propagate(
        lambda x, y: x + sign * y, a, b, dimension=a.dimension, scale="log" if positive else "linear"
    )


def power_product(*factors: tuple[Estimate, float]) -> Estimate:
    dimension: Dimension = tuple(
        sum(e.dimension[i] * p for e, p in factors) for i in range(7)
    )  # type: ignore[assignment]
    usable = all(e.status == "determined" for e, _ in factors)
    uncertain = [(e, p) for e, p in factors if e.weights]
    if usable and len(uncertain) <= 1 and all(p == 1.0 for e, p in uncertain if e.scale == "linear"):
        return _scaled(factors, uncertain, dimension)
    if usable and all(e.scale == "log" and e.shape is None for e, _ in factors):
        weights: Mapping[str, float] = {}
        for e, p in factors:
            weights = _added(weights, 1.0, e.weights, p)
        return Estimate(math.prod(e.value**p for e, p in factors), dimension, "log", weights)
    powers = [p for _, p in factors]
    positive = usable and all(e.scale == "log" for e, _ in factors)
    return propagate(
        lambda *x: math.prod((v**p for v, p in zip(x, powers, strict=True)), start=1.0),
        *(e for e, _ in factors), dimension=dimension, scale="log" if positive else "linear",
    )  # fmt: skip


def _scaled(
    factors: Sequence[tuple[Estimate, float]],
    uncertain: Sequence[tuple[Estimate, float]],
    dimension: Dimension,
) -> Estimate:
    """At most one uncertain factor: its marginal is kept as it is, scaled (and mirrored)."""
    value = math.prod(e.value**p for e, p in factors)
    if not uncertain:
        return exact(value, dimension)
    estimate, power = uncertain[0]
    constant = math.prod(e.value**p for e, p in factors if e is not estimate)
    if estimate.scale == "log" and constant > 0:
        weights = _added({}, 1.0, estimate.weights, power)
        return Estimate(value, dimension, "log", weights, mirrored(estimate.shape, power))
    if estimate.scale == "log":
        return propagate(lambda x: constant * x**power, estimate, dimension=dimension)
    weights = _added({}, 1.0, estimate.weights, constant)
    return Estimate(value, dimension, "linear", weights, mirrored(estimate.shape, constant))


def _added(a: Mapping[str, float], p: float, b: Mapping[str, float], q: float) -> dict[str, float]:
    weights = {name: p * weight for name, weight in a.items()}
    for name, weight in b.items():
        weights[name] = weights.get(name, 0.0) + q * weight
    return {name: weight for name, weight in weights.items() if weight != 0.0}
