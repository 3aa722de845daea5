"""Sputter time to depth, by a rate or by the crater's depth; one shared error for the whole profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError

FloatArray = NDArray[np.float64]
Pair = float | tuple[float, float]


@dataclass(frozen=True)
class PositionScale:
    """Positions along a profile.

    Attributes
    ----------
    position : (N,) array
        [m], increasing.
    relative_uncertainty : float
        1 standard deviation of the common factor of all positions. A diffusion coefficient scales as its
        square (so twice as much, relatively), a surface exchange coefficient as itself.
    warnings : tuple of str
    """

    position: FloatArray
    relative_uncertainty: float = 0.0
    warnings: tuple[str, ...] = ()


def depth_scale(
    sputter_time: ArrayLike, *, sputter_rate: Pair | None = None, crater_depth: Pair | None = None
) -> PositionScale:
    """Depth from sputter time.

    Parameters
    ----------
    sputter_time : (N,) array
        [s], increasing, from the first moment of sputtering.
    sputter_rate : float or (float, float)
        [m/s], with its standard uncertainty.
    crater_depth : float or (float, float)
        [m], measured after the last point; the rate is taken as constant.

    Raises
    ------
    InputError
        If not exactly one of the two is given, a value is not positive, or time does not increase.
    """
    time = increasing(sputter_time, "sputter time")
    if (sputter_rate is None) == (crater_depth is None):
        raise InputError("sputter time becomes depth by sputter_rate or by crater_depth: give one of them")
    if sputter_rate is not None:
        rate, deviation = _positive(sputter_rate, "sputter_rate")
        return PositionScale(time * rate, deviation / rate)
    assert crater_depth is not None
    if not time[-1] > 0:
        raise InputError("the crater's depth needs a sputter time larger than zero at the last point")
    depth, deviation = _positive(crater_depth, "crater_depth")
    return PositionScale(
        time * (depth / time[-1]), deviation / depth,
        ("depths assume one sputter rate from the surface to the bottom of the crater",),
    )  # fmt: skip


def increasing(values: ArrayLike, name: str) -> FloatArray:
    """The values as an array.

    Raises
    ------
    InputError
        If they are no finite numbers that increase from point to point.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size < 2:
        raise InputError(f"a profile needs a list of at least two points of {name}")
    if not np.all(np.isfinite(array)):
        raise InputError(f"{name} is missing or no number at point {int(np.argmin(np.isfinite(array))) + 1}")
    steps = np.diff(array)
    if not np.all(steps > 0):
        i = int(np.argmin(steps > 0))
        raise InputError(f"{name} must increase from point to point: {array[i + 1]:g} follows "
                         f"{array[i]:g} at "
                         f"point {i + 2}; sort the file or cut the repeated part")  # fmt: skip
    return array


def _positive(value: Pair, name: str) -> tuple[float, float]:
    best, deviation = value if isinstance(value, tuple) else (float(value), 0.0)
    if not best > 0:
        raise InputError(f"{name} must be larger than zero, got {best:g}")
    return best, deviation


__all__ = ["PositionScale", "depth_scale", "increasing"]
