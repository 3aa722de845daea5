"""Counts of ions: what the detector missed, and the variance of what it registered.

Sources: Poisson correction of time-of-flight counts, T. Stephan, J. Zehnpfenning, A. Benninghoven,
J. Vac. Sci. Technol. A 12, 405 (1994); non-paralysable dead time and the variance of what it lets through,
G. F. Knoll, Radiation Detection and Measurement, ch. 4; half a count added before a variance is taken,
L. D. Brown, T. T. Cai, A. DasGupta, Stat. Sci. 16, 101 (2001).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError

FloatArray = NDArray[np.float64]
Pair = float | tuple[float, float]
"""A value, or a value with its standard uncertainty."""

HALF = 0.5  # of a count, added where a variance is estimated from counts
HEAVY_LOSS = 0.5  # share of ions that a detector may miss before its correction is doubted


class Detector:
    """What the detector missed: true counts and their variance from those registered.

    Parameters
    ----------
    dead_time, dwell_time : float or None
        [s] of a non-paralysable detector, and the counting time of one point.
    pulses : int or None
        Primary pulses per point of a time-of-flight instrument that counts at most one ion of a mass per
        pulse.
    saturated : "refuse" or "mask"
        What becomes of points where the detector saturated: an error, or nan with a warning.

    Raises
    ------
    InputError
        If ``dead_time`` comes without ``dwell_time`` or with ``pulses``.
    """

    def __init__(
        self, dead_time: float | None, dwell_time: float | None, pulses: int | None, saturated: str
    ) -> None:
        if dead_time is not None and dwell_time is None:
            raise InputError("dead_time needs dwell_time, the counting time of one point")
        if dead_time is not None and pulses is not None:
            raise InputError("give either dead_time (continuous beam) or pulses (time of flight), not both")
        if saturated not in ("refuse", "mask"):
            raise InputError(f"saturated must be 'refuse' or 'mask', got {saturated!r}")
        self.pulses, self.saturated = pulses, saturated
        self.loss_per_count = dead_time / dwell_time if dead_time and dwell_time else 0.0
        self.warnings: list[str] = []

    def corrected(self, name: str, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
        """True counts and variance, (shape,) each, half a count added to what the variance rests on.

        Raises
        ------
        InputError
            If counts are saturated and ``saturated`` is "refuse".
        """
        if self.pulses is None and not self.loss_per_count:
            return counts, counts + HALF
        share = counts / self.pulses if self.pulses else counts * self.loss_per_count
        live = 1 - self._checked(name, share)
        if self.pulses:  # binomial: n = P (1 - exp(-true/P))
            return -self.pulses * np.log(live), (counts + HALF) / live
        return counts / live, (counts + HALF) / live**2

    def _checked(self, name: str, share: FloatArray) -> FloatArray:
        lost = share >= 1
        if lost.any() and self.saturated == "refuse":
            limit = "every pulse brought one" if self.pulses else "the detector was never free"
            raise InputError(f"counts of {name} are saturated at {int(lost.sum())} points ({limit}): measure "
                             "with a smaller primary current")  # fmt: skip
        if lost.any():
            self.warnings.append(f"counts of {name} are saturated at {int(lost.sum())} points, which are "
                                 "left out")  # fmt: skip
        heavy = int(np.sum((share > HEAVY_LOSS) & ~lost))
        if heavy:
            self.warnings.append(f"the detector missed more than half of the ions of {name} at {heavy} "
                                 "points: "
                                 "the correction is doubtful there")  # fmt: skip
        return np.where(lost, np.nan, share)


def whole_counts(name: str, values: ArrayLike) -> FloatArray:
    """Counts as an array.

    Raises
    ------
    InputError
        If they are negative, no whole numbers, or missing.
    """
    array = np.asarray(values, dtype=np.float64)
    if not np.all(np.isfinite(array)):
        raise InputError(f"counts of {name}: {int(np.sum(~np.isfinite(array)))} are missing or no numbers")
    if np.any(array < 0):
        raise InputError(f"counts of {name}: {int(np.sum(array < 0))} are negative; give the raw counts and "
                         "state the background instead of subtracting it")  # fmt: skip
    if np.any(array != np.round(array)):
        raise InputError(f"counts of {name} are no whole numbers; give the raw counts, or corrected data "
                         "as fractions with their uncertainty")  # fmt: skip
    return array


def pair(value: Pair) -> tuple[float, float]:
    """Value and standard uncertainty (0 where none is given)."""
    return value if isinstance(value, tuple) else (float(value), 0.0)
