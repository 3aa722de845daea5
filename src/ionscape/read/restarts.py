"""Where one sweep of frequencies ends and the next begins."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

_JUMP = 3.5  # a step back by more than so many usual steps starts a new sweep
_SHORT = 4  # pieces shorter than this on average are no sweeps: the frequencies are in no order
_SAME = 4e-4  # decades; instruments repeat a set frequency to about 1e-5


def sweep_starts(frequency: ArrayLike) -> list[int]:
    """First row of every sweep, from the frequencies alone.

    A new sweep begins where the frequency jumps back against the direction of the sweep by several usual
    steps, or where it turns and goes back over half of the range covered. A stray point or a repeated
    frequency does not split; frequencies in no order at all are one sweep, and so is one frequency repeated
    over time.

    Parameters
    ----------
    frequency : (N,) array of float
        Hertz, in the order of measurement; rows that are not positive numbers are passed over.

    Returns
    -------
    list of int
        Ascending, beginning with 0; empty for no rows.
    """
    values = np.asarray(frequency, dtype=np.float64)
    if values.size == 0:
        return []
    usable = np.flatnonzero(np.isfinite(values) & (values > 0))
    log = np.log10(values[usable])
    if usable.size < 3 or np.ptp(log) < _SAME:
        return [0]
    decades = log.tolist()
    starts = [0]
    while (following := _end_of_sweep(decades, starts[-1])) < len(decades):
        starts.append(following)
    if len(starts) > 1 and usable.size < _SHORT * len(starts) and np.unique(log).size == log.size:
        return [0]
    return [0, *(int(usable[start]) for start in starts[1:])]


def _end_of_sweep(log: list[float], start: int) -> int:
    """Index after the last point of the sweep that begins at ``start``."""
    direction = _direction(log, start)
    first = extreme = log[start]
    extreme_at = start
    steps = 0
    for index in range(start + 1, len(log)):
        ahead = direction * (log[index] - extreme)
        if ahead >= -_SAME or steps == 0:
            if ahead < -_SAME:  # the first points stray: the sweep counts from here
                first = log[index]
            if ahead > _SAME or steps == 0:
                steps += ahead > _SAME
                extreme, extreme_at = log[index], index
            continue
        covered = direction * (extreme - first)
        usual = covered / steps
        if steps >= 2 and direction * (log[index - 1] - log[index]) > _JUMP * usual:
            return index
        if -ahead > max(0.5 * covered, 0.9 * usual):
            return extreme_at + 1
    return len(log)


def _direction(log: list[float], start: int) -> float:
    """+1 if the first few steps go up in the majority, -1 if down; the first step decides a tie."""
    pairs = zip(log[start : start + 6], log[start + 1 : start + 7], strict=False)
    steps = [b - a for a, b in pairs if abs(b - a) > _SAME]
    balance = sum(1 if step > 0 else -1 for step in steps)
    return math.copysign(1.0, balance or (steps[0] if steps else 1.0))
