"""Whether two predictions of a profile can be told apart by counting it: the paper's open question.

Gunawan 2024, section 4, asks whether the separate site energies of native and foreign ions live long enough
to be seen by a second experiment, Cs+ into Rb+ into the glass. Two predictions that differ in the intermixing
time are compared as profiles of all ions, seen slice by slice through the depth resolution. Their distance in
standard deviations is

    sqrt(d^T (C + J J^T)^-1 d),

with d the difference of the counted fractions, C their counting variance, and J what 1 SD of every cause that
both share changes: the parameters of the conductor, the current, the scale of depths and of each ion. What a
shift of those could imitate does not count as a difference. Depths are stretched for the smallest distance
besides, as the fronts are too sharp for a straight line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.replacement.instrument import slice_means
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.simulate_options import StatedCounting
from ionscape.replacement.simulated_glass import Glass
from ionscape.replacement.simulated_outputs import Prediction, saved_index, stage_ends

FloatArray = NDArray[np.float64]
CLEAR = 5.0  # SD from which two predictions are told apart in one experiment
MARGIN = 1.25  # of the depth where anything differs from the bulk, that is counted
SCAN = (1e-3, 1e4)  # of the programme's duration: intermixing times that are tried
PER_DECADE = 2
STRETCHES = 3  # SD of the scale of depths within which the smallest distance is sought


@dataclass(frozen=True)
class Distance:
    """How far two predicted profiles lie apart, in standard deviations.

    Attributes
    ----------
    counting : float
        By counting noise alone.
    all_errors : float
        With what the parameters and the scales could imitate taken out.
    """

    counting: float
    all_errors: float


@dataclass(frozen=True)
class Scan:
    """Distances to the two limits over the intermixing time.

    Attributes
    ----------
    time : (T,) array
        [s]
    first_from_never : (T,) array
        [SD], all errors, of the profile after the first driven stage.
    from_never, from_at_once : (T,) arrays
        The same of the final profile.
    """

    time: FloatArray
    first_from_never: FloatArray
    from_never: FloatArray
    from_at_once: FloatArray

    @property
    def slowest(self) -> float:
        """Longest intermixing time [s] that is told from none at all; nan where none is."""
        return _crossing(self.time[::-1], self.from_never[::-1])

    @property
    def slowest_first(self) -> float:
        """The same for the profile after the first driven stage."""
        return _crossing(self.time[::-1], self.first_from_never[::-1])

    @property
    def fastest(self) -> float:
        """Shortest intermixing time [s] that is told from mixing at once; nan where none is."""
        return _crossing(self.time, self.from_at_once)


def _crossing(time: FloatArray, distance: FloatArray) -> float:
    """First time at which the distance reaches `CLEAR`, on straight lines in the logarithms."""
    above = np.flatnonzero(distance >= CLEAR)
    if not above.size:
        return math.nan
    k = int(above[0])
    if k == 0:
        return float(time[0])
    logs = np.log(np.maximum(distance[k - 1 : k + 1], 1e-12))
    share = (math.log(CLEAR) - logs[0]) / (logs[1] - logs[0])
    return float(np.exp(np.log(time[k - 1]) + share * np.log(time[k] / time[k - 1])))


class Spectrometer:
    """Counts per slice of all ions of a final profile.

    Parameters
    ----------
    counting : StatedCounting
    ions : sequence of str
        The native one first.
    reach : float
        [m] down to which is counted.
    """

    def __init__(self, counting: StatedCounting, ions: Sequence[str], reach: float) -> None:
        self._counting, self._ions = counting, tuple(ions)
        self.depth_error = counting.depth_error
        self.edges: FloatArray = np.arange(0.0, reach + counting.slice, counting.slice)

    def fractions(self, result: Replacement, time: float, stretch: float = 1.0) -> FloatArray:
        """(ions, slices) means of the fractions over the slices, all depths stretched by a factor."""
        at, blur = saved_index(result, time), self._counting.resolution
        return np.stack([
            slice_means(result.faces * stretch, result.fractions[ion][at], self.edges, blur)
            for ion in self._ions
        ])  # fmt: skip

    def variance(self, fractions: FloatArray) -> FloatArray:
        """(ions, slices) of the counted fractions; at least one count's worth."""
        counts = np.array([self._counting.native, *([self._counting.foreign] * (len(self._ions) - 1))])
        return np.asarray(np.maximum(fractions, 1 / counts[:, None]) / counts[:, None])

    def shared_errors(self, prediction: Prediction, time: float) -> FloatArray:
        """(causes, ions * slices) change of the fractions for 1 SD of what both share, but the depths."""
        at = self.fractions(prediction.coarse, time)
        columns = []
        for ways in prediction.moved.values():
            (z_low, low), (z_high, high) = ways if len(ways) == 2 else ((0.0, prediction.coarse), ways[0])
            columns.append((self.fractions(high, time) - self.fractions(low, time)) / (z_high - z_low))
        scale = self._counting.scale_error
        for k in range(len(self._ions) if scale else 0):
            column = np.zeros_like(at)
            column[k] = scale * at[k]
            columns.append(column)
        return np.array([column.ravel() for column in columns]).reshape(len(columns), at.size)


def distance(
    first: FloatArray, second: FloatArray, variance: FloatArray, shared: FloatArray
) -> Distance:
    """Of two predictions.

    Parameters
    ----------
    first, second : (N,) arrays
        Expected values.
    variance : (N,) array
        Of independent noise.
    shared : (K, N) array
        Changes for 1 SD of K independent causes that both share.
    """
    d = (second - first) / np.sqrt(variance)
    plain = float(d @ d)
    if not shared.size:
        return Distance(math.sqrt(plain), math.sqrt(plain))
    j = shared / np.sqrt(variance)
    onto = j @ d
    inner = np.eye(j.shape[0]) + j @ j.T
    rest = plain - float(onto @ np.linalg.solve(inner, onto))
    return Distance(math.sqrt(plain), math.sqrt(max(rest, 0.0)))


def told_apart(
    spectrometer: Spectrometer, first: Replacement, second: Replacement, shared: FloatArray, time: float
) -> Distance:
    """Distance of two results at a time [s], with the depths of the second stretched for the smallest one."""
    at, spread = spectrometer.fractions(first, time), spectrometer.depth_error

    def stretched(z: float) -> Distance:
        other = spectrometer.fractions(second, time, math.exp(z * spread))
        variance = spectrometer.variance((at + other) / 2).ravel()
        return distance(at.ravel(), other.ravel(), variance, shared)

    def whole(z: float) -> float:
        return math.hypot(stretched(z).all_errors, z)

    plain = stretched(0.0)
    if not spread:
        return plain
    from scipy.optimize import minimize_scalar

    grid = np.linspace(-STRETCHES, STRETCHES, 4 * STRETCHES + 1)
    best = float(grid[int(np.argmin([whole(z) for z in grid]))])
    step = float(grid[1] - grid[0])
    refined = minimize_scalar(whole, bounds=(best - step, best + step), options={"xatol": 1e-3})
    return Distance(plain.counting, min(float(refined.fun), plain.all_errors))


def counted_reach(results: Sequence[Replacement], native: str) -> float:
    """[m] Depth down to which any of the final profiles differs from the bulk, with a margin."""
    reach = 0.0
    for result in results:
        changed = np.flatnonzero(1 - result.fractions[native][-1] > 1e-3)
        if changed.size:
            reach = max(reach, float(result.faces[changed[-1] + 1]))
    return min(MARGIN * reach, min(float(result.faces[-1]) for result in results)) if reach else float(
        results[0].faces[-1]
    )  # fmt: skip


def scanned(
    glass: Glass, never: Prediction, at_once: Replacement, spectrometer: Spectrometer,
    simulated: Callable[[float], Replacement],
) -> Scan:  # fmt: skip
    """Distances of the profiles at intermixing times between never and at once.

    Parameters
    ----------
    glass : Glass
    never : Prediction
        Without mixing, with what the parameters' errors do to it.
    at_once : Replacement
    spectrometer : Spectrometer
    simulated : callable
        The result for an intermixing time [s], on the same coarse mesh.
    """
    driven = [end.time for end in stage_ends(glass) if end.ion]
    first, last = driven[0], stage_ends(glass)[-1].time
    decades = round(math.log10(SCAN[1] / SCAN[0]))
    times = last * np.geomspace(*SCAN, decades * PER_DECADE + 1)
    shared = [spectrometer.shared_errors(never, time) for time in (first, last)]
    rows = []
    for time in times:
        result = simulated(float(time))
        pairs = ((never.coarse, shared[0], first), (never.coarse, shared[1], last),
                 (at_once, shared[1], last))  # fmt: skip
        rows.append([
            told_apart(spectrometer, limit, result, j, end).all_errors for limit, j, end in pairs
        ])  # fmt: skip
    found = np.array(rows)
    return Scan(times, found[:, 0], found[:, 1], found[:, 2])


__all__ = ["CLEAR", "Distance", "Scan", "Spectrometer", "counted_reach", "distance", "scanned", "told_apart"]
