"""What would make a storage fit wrong: tracer lost, profiles displaced or contradictory, no line in 1/T."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann

from ionscape.tracer.history import Programme
from ionscape.tracer.smoothing import integrals
from ionscape.tracer.storage_fit import StorageFit
from ionscape.tracer.storage_refit import refit
from ionscape.tracer.storage_scatter import SIGNIFICANT, departures

FloatArray = NDArray[np.float64]

UNLIKELY = 1e-3


@dataclass(frozen=True)
class Content:
    """Integral of the fraction over the positions that a later profile and the first have in common.

    Attributes
    ----------
    low, high : float
        [m]
    before, after : float
        [m], measured.
    expected : float
        [m], change by what diffuses out of the range; zero for a whole, closed sample.
    spread : float
        [m], 1 standard deviation of (after - before - expected) by counting.
    """

    low: float
    high: float
    before: float
    after: float
    expected: float
    spread: float

    @property
    def excess(self) -> float:
        """Of tracer over what is conserved [m]."""
        return self.after - self.before - self.expected

    @property
    def deviates(self) -> bool:
        """Whether more or less tracer is there than noise explains."""
        return abs(self.excess) > SIGNIFICANT * self.spread


def contents(fit: StorageFit) -> tuple[Content, ...]:
    """For every later profile."""
    first = fit.profiles[0]
    found = []
    for k, profile in enumerate(fit.profiles[1:], start=1):
        x = profile.position + fit.displacement[k - 1]
        low, high = max(first.position[0], x[0]), min(first.position[-1], x[-1])
        before, spread0 = _integral(first.position, first.fraction, first.variance, low, high)
        after, spread1 = _integral(x, profile.fraction, profile.variance, low, high)
        row = integrals(fit.initial.modes, low, high)
        gone = np.expm1(-np.minimum(fit.theta[k - 1] * fit.initial.modes.wavenumber**2, 700.0))
        expected = float(row @ (fit.initial.mean * gone))
        found.append(Content(float(low), float(high), before, after, expected,
                             fit.scatter * math.hypot(spread0, spread1)))  # fmt: skip
    return tuple(found)


def _integral(
    x: FloatArray, fraction: FloatArray, variance: FloatArray, low: float, high: float
) -> tuple[float, float]:
    """Of the straight lines between the points, and its 1 SD."""
    knots = np.unique(np.concatenate([[low, high], x[(x > low) & (x < high)]]))
    weights = np.zeros(knots.size)
    weights[:-1] += np.diff(knots) / 2
    weights[1:] += np.diff(knots) / 2
    right = np.clip(np.searchsorted(x, knots, side="right"), 1, x.size - 1)
    share = (knots - x[right - 1]) / (x[right] - x[right - 1])
    on_points = np.bincount(right - 1, weights * (1 - share), x.size)
    on_points += np.bincount(right, weights * share, x.size)
    return float(on_points @ fraction), math.sqrt(float(on_points**2 @ variance))


@dataclass(frozen=True)
class Displaced:
    """The same fit with displacements left free.

    Attributes
    ----------
    displacement : (K,) array
        [m]
    values : array
        As `StorageFit.quantities`.
    significant : bool
        Whether the profiles ask for it.
    """

    displacement: FloatArray
    values: FloatArray
    significant: bool


def displaced(fit: StorageFit) -> Displaced | None:
    """Whether later profiles fit better displaced; None where displacements are fitted anyhow."""
    from scipy.stats import chi2

    if fit.likelihood.n_shifts:
        return None
    values, optimum = refit(fit, displacement_sd=math.inf)
    gain = 2 * (fit.optimum.cost - optimum.cost)
    n, count = fit.likelihood.n_logs, len(fit.theta)
    shifts = optimum.q[n : n + count] * fit.likelihood.modes.length / 50
    return Displaced(shifts, values, bool(gain > chi2.isf(UNLIKELY, count)))


def disagreements(fit: StorageFit) -> tuple[float, ...]:
    """For every later profile: its own theta against that of the joint fit, in standard deviations by noise.

    Zero where the profile alone determines nothing.
    """
    n = fit.logs.size
    slopes = fit.law.works(fit.histories, fit.logs)[1] / fit.theta[:, None]
    difference, variance = departures(fit.alone, fit.theta, slopes, fit.optimum.covariance[:n, :n])
    return tuple((difference / np.sqrt(variance)).tolist())


def reaches_end(fit: StorageFit) -> float:
    """Largest change of the fraction at the far end over its standard deviation, among the later profiles."""
    end = np.array([fit.initial.modes.high])
    before = fit.initial.at(end)
    ratios = []
    for theta in fit.theta:
        after = fit.initial.at(end, float(theta))
        ratios.append((after[0][0] - before[0][0]) / math.hypot(after[1][0], before[1][0]))
    return float(max(np.abs(ratios)))


@dataclass(frozen=True)
class LineTest:
    """ln D of each temperature, fitted alone, against a straight line in 1/T.

    Attributes
    ----------
    square, freedom : float, int
        Chi-square of the departures, and its degrees of freedom.
    temperatures : tuple of float
        [K]
    logs, spreads : (n,) arrays
        ln D there and its 1 SD, without that of thermometers.
    """

    square: float
    freedom: int
    temperatures: tuple[float, ...]
    logs: FloatArray
    spreads: FloatArray

    @property
    def probability(self) -> float:
        """Of a chi-square as large, if the line is true."""
        from scipy.stats import chi2

        return float(chi2.sf(self.square, self.freedom))

    @property
    def rejected(self) -> bool:
        """Whether noise and thermometers do not explain the departures."""
        return self.probability < UNLIKELY


def tests_line(fit: StorageFit) -> bool:
    """Whether the line has more points than two, each with a profile that tells of it."""
    steady = all(not isinstance(h, Programme) and all(s.is_constant for s in h) for h in fit.histories)
    return fit.law.kind == "arrhenius" and steady and len(fit.histories) >= len(fit.temperatures) >= 3


def line_test(
    line: StorageFit, each: StorageFit, warmer: Sequence[tuple[str, Mapping[float, float]]]
) -> LineTest | None:
    """Chi-square of the best line through the separate ln D; None where fewer than three are determined.

    Parameters
    ----------
    line, each : StorageFit
        Under the Arrhenius law, and with a D for each temperature.
    warmer : sequence of (latent, {stated temperature [K]: 1 standard deviation of it [K]})
        Thermometers: an error dT moves a point off the line by E dT/(k T^2).
    """
    kept = [i for i, one in enumerate(each.diffusion) if one.status == "determined"]
    if len(kept) < 3 or line.activation_energy is None or not math.isfinite(line.activation_energy.value):
        return None
    at = np.array(each.temperatures)
    covariance = each.covariance.copy()
    for _, table in warmer:
        moved = np.array([table.get(t, 0.0) for t in each.temperatures])
        shift = line.activation_energy.value * moved / (Boltzmann * at**2)
        covariance += np.outer(shift, shift)
    covariance, logs = covariance[np.ix_(kept, kept)], each.logs[kept]
    root = np.linalg.cholesky(covariance)
    design = np.column_stack([np.ones(len(kept)), 1e3 / at[kept]])
    white, target = np.linalg.solve(root, design), np.linalg.solve(root, logs)
    departure = target - white @ np.linalg.lstsq(white, target, rcond=None)[0]
    spreads = np.array([each.diffusion[i].spread for i in kept])
    return LineTest(float(departure @ departure), len(kept) - 2, tuple(at[kept].tolist()), logs, spreads)


__all__ = [
    "Content", "Displaced", "LineTest", "contents", "disagreements", "displaced", "line_test", "reaches_end",
    "tests_line",
]  # fmt: skip
