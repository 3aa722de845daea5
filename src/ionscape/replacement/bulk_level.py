"""The native ion's signal in the unchanged conductor: the flat deep part of a profile."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.core.number_format import format_value

FloatArray = NDArray[np.float64]
LEAST = 8  # points
_DEEPEST = 0.15  # share of the depth that is looked at first
_BLOCKS = 40
_BELOW = 3.0  # standard deviations by which a block lies off
_SLACK = 0.01  # relative: a level that wanders less is one level
_MARGIN = 0.25  # of what is flat, left to the front's tail
_SLOPE = 4.0  # standard deviations from which a slope is said
LARGEST_DRIFT = 0.05
_HELP = (
    "give bulk_window, the depths where the native ion is undisturbed, bulk_level, its signal there (from "
    "another crater), or measure deeper"
)


@dataclass(frozen=True)
class BulkLevel:
    """The level of the unchanged conductor.

    Attributes
    ----------
    level : float
        Of the signal.
    relative_sd : float
        1 SD of it, from counting and from what it drifts.
    window : (float, float)
        [m]; (nan, nan) where it was stated.
    n_points : int
    finding : str
    warnings : tuple of str
    """

    level: float
    relative_sd: float
    window: tuple[float, float]
    n_points: int
    finding: str
    warnings: tuple[str, ...] = ()


def flat_part(
    depth: FloatArray, signal: FloatArray, variance: FloatArray, shared: Sequence[FloatArray] = ()
) -> tuple[float, float]:
    """Depths [m] between which the signal is that of the deep end.

    Parameters
    ----------
    depth, signal, variance : (N,) arrays
        Depth [m] increasing.
    shared : sequence of (N,) arrays
        Relative changes of the signal for 1 SD of causes that all points share.

    Raises
    ------
    InputError
        If the deep end itself is not flat, with what to do.
    """
    end = float(depth[-1])
    start = max(end - _DEEPEST * (end - float(depth[0])), 0.0)
    last = depth >= start
    if np.count_nonzero(last) < LEAST:
        last[-min(LEAST, depth.size) :] = True
    if np.count_nonzero(last) < LEAST:
        raise InputError(f"a profile of {depth.size} points has no flat deep part of {LEAST}: {_HELP}")
    own = [change[last] for change in shared]
    drift, significance = drift_of(depth[last], signal[last], variance[last], own)
    if significance > _SLOPE and abs(drift) > LARGEST_DRIFT / 2:
        raise InputError(f"the native ion's signal still changes by {100 * drift:+.2g} % over the deepest "
                         f"{(end - float(depth[last][0])) * 1e9:.3g} nm: the profile has no flat deep part; "
                         f"{_HELP}")  # fmt: skip
    level, spread = _mean(signal[last], variance[last])
    top = _flat_to(depth, signal, variance, level, spread, int(np.argmax(last)))
    flat = end - float(depth[top])
    return float(depth[top]) + (_MARGIN * flat if top > 0 else 0.0), end


def _flat_to(
    depth: FloatArray, signal: FloatArray, variance: FloatArray, level: float, spread: float, first: int
) -> int:
    """Index of the shallowest point from which on all blocks lie at the level."""
    size = max(4, depth.size // _BLOCKS)
    top = first
    while top > 0:
        block = slice(max(top - size, 0), top)
        mean, own = _mean(signal[block], variance[block])
        if abs(mean - level) > _BELOW * math.hypot(own, spread) + _SLACK * level:
            break
        top = block.start
    return top


def level_in(
    depth: FloatArray, signal: FloatArray, variance: FloatArray, window: tuple[float, float], *, found: bool,
    shared: Sequence[FloatArray] = (),
) -> BulkLevel:  # fmt: skip
    """Mean signal between two depths [m].

    Parameters
    ----------
    found : bool
        Whether the window was found here, for the words.
    shared : sequence of (N,) arrays
        As in `flat_part`.

    Raises
    ------
    InputError
        If there are too few points, no counts, or the signal is not flat.
    """
    inside = (depth >= window[0]) & (depth <= window[1])
    n = int(np.count_nonzero(inside))
    span = f"{window[0] * 1e9:.4g} to {window[1] * 1e9:.4g} nm"
    if n < LEAST:
        raise InputError(f"bulk_window: {n} points lie in {span}, at least {LEAST} are needed (the profile "
                         f"reaches from {depth[0] * 1e9:.4g} to {depth[-1] * 1e9:.4g} nm)")  # fmt: skip
    level, spread = _mean(signal[inside], variance[inside])
    if not level > 0:
        raise InputError(f"the native ion has no counts in the bulk ({span}): is it the right column?")
    own = [change[inside] for change in shared]
    drift, significance = drift_of(depth[inside], signal[inside], variance[inside], own)
    warnings: tuple[str, ...] = ()
    drifts = significance > _SLOPE
    if drifts and abs(drift) > LARGEST_DRIFT:
        raise InputError(f"the native ion's signal changes by {100 * drift:+.2g} % from {span}: that is no "
                         f"bulk level; {_HELP}")  # fmt: skip
    relative = spread / level
    if drifts:
        relative = math.hypot(relative, drift / 2)
        text = (f"the native ion's signal drifts by {100 * drift:+.2g} % through the bulk ({span}): half of "
                "it "
                "is taken as the uncertainty of the bulk level; name a 'matrix' to divide by")  # fmt: skip
        warnings = (text,)
    how = "where the signal is flat" if found else "as stated"
    finding = (f"The bulk level is the mean of {n} points from {span}, {how}: "
               f"{format_value(level, relative * level)} ({100 * relative:.2g} %).")  # fmt: skip
    return BulkLevel(level, relative, window, n, finding, warnings)


def drift_of(
    depth: FloatArray, signal: FloatArray, variance: FloatArray, shared: Sequence[FloatArray] = ()
) -> tuple[float, float]:
    """Relative change over the range along a straight line, and by how many SD that differs from none."""
    x = depth - depth.mean()
    weight = float(np.sum(x * x))
    slope = float(np.sum(x * signal)) / weight
    parts = [math.sqrt(float(np.sum(x * x * variance))), *(float(np.sum(x * signal * c)) for c in shared)]
    spread = math.hypot(*parts) / weight
    level = float(signal.mean())
    if not level > 0 or spread == 0:
        return 0.0, 0.0
    return slope * float(np.ptp(depth)) / level, abs(slope) / spread


def _mean(signal: FloatArray, variance: FloatArray) -> tuple[float, float]:
    return float(signal.mean()), math.sqrt(float(variance.sum())) / signal.size


__all__ = ["BulkLevel", "drift_of", "flat_part", "level_in"]
