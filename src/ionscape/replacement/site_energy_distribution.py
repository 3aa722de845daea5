"""Distributions of site energies: density, cumulative share and its inverse, accurate in the far lower tail.

Energies in J. A level far below the mean holds few sites, but in a profile it decides how slow the last ions
are: the inverse of the cumulative share keeps its relative accuracy down to shares of 1e-12 and less.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError

FloatArray = NDArray[np.float64]

WIDTH_PER_DEVIATION = math.sqrt(8 * math.log(2))
"""Full width at half maximum of a Gaussian over its standard deviation, 2.3548."""

_ROUNDS = 80


class SiteEnergyDistribution(ABC):
    """Share of all sites per energy."""

    if TYPE_CHECKING:  # fields of some distributions, computed for others

        @property
        def fwhm(self) -> float:
            """Full width at half maximum [J]."""

        @property
        def mean(self) -> float:
            """[J]"""

    @abstractmethod
    def density(self, energy: ArrayLike) -> FloatArray:
        """Share of the sites per energy [1/J] at energies [J] of any shape."""

    @abstractmethod
    def cumulative(self, energy: ArrayLike) -> FloatArray:
        """Share of the sites at or below energies [J]."""

    @abstractmethod
    def quantile(self, share: ArrayLike) -> FloatArray:
        """Energy [J] below which a share of the sites lies; infinite where none is low enough."""

    @property
    def breaks(self) -> tuple[float, ...]:
        """Energies [J] where the density has a kink or a step; quadratures go from one to the next."""
        return ()

    @property
    @abstractmethod
    def scale(self) -> float:
        """Smallest energy [J] over which the density changes by its own size between the breaks."""


@dataclass(frozen=True)
class Gaussian(SiteEnergyDistribution):
    """A normal distribution (Gunawan 2024, Fig. 4).

    Attributes
    ----------
    fwhm : float
        Full width at half maximum [J].
    mean : float
        [J]

    Raises `InputError` if the width is not larger than zero.
    """

    fwhm: float
    mean: float = 0.0

    def __post_init__(self) -> None:
        _refuse_no_width(self.fwhm, self.mean)

    @property
    def deviation(self) -> float:
        """Standard deviation [J]."""
        return self.fwhm / WIDTH_PER_DEVIATION

    @property
    def scale(self) -> float:
        """See `SiteEnergyDistribution`."""
        return self.deviation

    def density(self, energy: ArrayLike) -> FloatArray:
        """See `SiteEnergyDistribution`."""
        z = (np.asarray(energy, dtype=float) - self.mean) / self.deviation
        return np.asarray(np.exp(-z * z / 2) / (self.deviation * math.sqrt(2 * math.pi)))

    def cumulative(self, energy: ArrayLike) -> FloatArray:
        """See `SiteEnergyDistribution`."""
        from scipy.special import ndtr

        return np.asarray(ndtr((np.asarray(energy, dtype=float) - self.mean) / self.deviation))

    def quantile(self, share: ArrayLike) -> FloatArray:
        """See `SiteEnergyDistribution`."""
        from scipy.special import ndtri

        return np.asarray(self.mean + self.deviation * ndtri(np.asarray(share, dtype=float)))


@dataclass(frozen=True)
class ExponentialTails(SiteEnergyDistribution):
    """A peak that falls off exponentially to either side, or to the lower one only.

    Below the peak the density goes as exp(E/w), w = ``fwhm`` x ``lower_share`` / ln 2; above it as exp(-E/w')
    with the rest of the width. ``lower_share`` 1 is a sharp upper edge with a tail of deep sites, 0.5 is
    symmetric. It is also the share of the sites that lie below the peak.

    Attributes
    ----------
    fwhm : float
        Full width at half maximum [J].
    mean : float
        [J]; the peak lies at `peak`.
    lower_share : float
        Of the width, below the peak: larger than 0, at most 1.

    Raises `InputError` if the width or the share is impossible.
    """

    fwhm: float
    mean: float = 0.0
    lower_share: float = 1.0

    def __post_init__(self) -> None:
        _refuse_no_width(self.fwhm, self.mean)
        if not 0 < self.lower_share <= 1:
            raise InputError(
                "the share of the width below the peak must be larger than 0 and at most 1, "
                f"got {self.lower_share:g}"
            )

    @property
    def lower_width(self) -> float:
        """Energy [J] over which the density falls to 1/e below the peak."""
        return self.fwhm * self.lower_share / math.log(2)

    @property
    def upper_width(self) -> float:
        """Energy [J] over which the density falls to 1/e above the peak; zero: a sharp edge."""
        return self.fwhm * (1 - self.lower_share) / math.log(2)

    @property
    def peak(self) -> float:
        """Energy [J] of the largest density."""
        return self.mean + self.lower_width - self.upper_width

    @property
    def breaks(self) -> tuple[float, ...]:
        """See `SiteEnergyDistribution`."""
        return (self.peak,)

    @property
    def scale(self) -> float:
        """See `SiteEnergyDistribution`."""
        return min(width for width in (self.lower_width, self.upper_width) if width > 0)

    def density(self, energy: ArrayLike) -> FloatArray:
        """See `SiteEnergyDistribution`."""
        above, height = np.asarray(energy, dtype=float) - self.peak, math.log(2) / self.fwhm
        below = np.exp(np.minimum(above, 0) / self.lower_width)
        if self.upper_width == 0:
            return np.asarray(height * np.where(above > 0, 0.0, below))
        over = np.exp(-np.maximum(above, 0) / self.upper_width)
        return np.asarray(height * np.where(above > 0, over, below))

    def cumulative(self, energy: ArrayLike) -> FloatArray:
        """See `SiteEnergyDistribution`."""
        above = np.asarray(energy, dtype=float) - self.peak
        below = self.lower_share * np.exp(np.minimum(above, 0) / self.lower_width)
        if self.upper_width == 0:
            return np.asarray(below)
        rest = (1 - self.lower_share) * -np.expm1(-np.maximum(above, 0) / self.upper_width)
        return np.asarray(below + rest)

    def quantile(self, share: ArrayLike) -> FloatArray:
        """See `SiteEnergyDistribution`."""
        p = np.asarray(share, dtype=float)
        p = np.where((p >= 0) & (p <= 1), p, np.nan)
        with np.errstate(divide="ignore"):
            lower = self.lower_width * np.log(np.minimum(p, self.lower_share) / self.lower_share)
            if self.upper_width == 0:
                return np.asarray(self.peak + lower)
            left = np.maximum(1 - p, 0) / (1 - self.lower_share)
            upper = -self.upper_width * np.log(np.minimum(left, 1.0))
        return np.asarray(self.peak + np.where(p > self.lower_share, upper, lower))


@dataclass(frozen=True)
class Mixture(SiteEnergyDistribution):
    """A sum of distributions, e.g. two Gaussians for two kinds of sites.

    Attributes
    ----------
    parts : tuple of SiteEnergyDistribution
    weights : tuple of float
        Of the parts, larger than zero; brought to the sum 1.

    Raises `InputError` if the weights do not fit the parts.
    """

    parts: tuple[SiteEnergyDistribution, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.parts or len(self.parts) != len(self.weights):
            raise InputError(
                f"a sum of distributions needs a weight for each, got {len(self.parts)} parts and "
                f"{len(self.weights)} weights"
            )
        if not all(weight > 0 and math.isfinite(weight) for weight in self.weights):
            raise InputError("the weights of a sum of distributions must be larger than zero")
        total = math.fsum(self.weights)
        object.__setattr__(self, "parts", tuple(self.parts))
        object.__setattr__(self, "weights", tuple(weight / total for weight in self.weights))

    @cached_property
    def fwhm(self) -> float:
        """Between the outermost energies where the density is half its largest [J]."""
        low, high = (float(self.quantile(p)) for p in (1e-5, 1 - 1e-5))
        grid = np.unique(np.concatenate([np.linspace(low, high, 20001), self.breaks]))
        return _half_width(grid, self.density(grid))

    @property
    def mean(self) -> float:
        """[J]"""
        return math.fsum(w * part.mean for w, part in zip(self.weights, self.parts, strict=True))

    @property
    def breaks(self) -> tuple[float, ...]:
        """See `SiteEnergyDistribution`."""
        return tuple(sorted({energy for part in self.parts for energy in part.breaks}))

    @property
    def scale(self) -> float:
        """See `SiteEnergyDistribution`."""
        return min(part.scale for part in self.parts)

    def density(self, energy: ArrayLike) -> FloatArray:
        """See `SiteEnergyDistribution`."""
        shares = [w * part.density(energy) for w, part in zip(self.weights, self.parts, strict=True)]
        return np.asarray(sum(shares))

    def cumulative(self, energy: ArrayLike) -> FloatArray:
        """See `SiteEnergyDistribution`."""
        shares = [w * part.cumulative(energy) for w, part in zip(self.weights, self.parts, strict=True)]
        return np.asarray(sum(shares))

    def quantile(self, share: ArrayLike) -> FloatArray:
        """See `SiteEnergyDistribution`; the share lies between those of the parts, found to rounding."""
        p = np.asarray(share, dtype=float)
        levels = np.stack([part.quantile(p) for part in self.parts])
        low, high = levels.min(axis=0), levels.max(axis=0)
        inner = np.isfinite(low) & np.isfinite(high) & (high > low)
        energy = np.asarray(np.where(inner, (low + high) / 2, low))
        if np.any(inner):
            energy[inner] = self._between(p[inner], low[inner], high[inner])
        return energy

    def _between(self, p: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """Newton on ln of the share, kept between bounds that close in; halving where it would leave them."""
        low, high, log_p = low.copy(), high.copy(), np.log(p)
        energy = (low + high) / 2
        for _ in range(_ROUNDS):
            shares = self.cumulative(energy)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = (np.log(shares) - log_p) * shares / self.density(energy)
            above = shares > p
            low, high = np.where(above, low, energy), np.where(above, energy, high)
            newton = energy - step
            inside = (newton >= low) & (newton <= high)
            new = np.where(inside, newton, (low + high) / 2)
            done = np.abs(new - energy) <= 1e-14 * np.maximum(np.abs(energy), self.scale)
            done |= np.abs(shares - p) <= 1e-15 * p
            energy = new
            if np.all(done):
                break
        return energy


@dataclass(frozen=True, eq=False)
class Tabulated(SiteEnergyDistribution):
    """A density given at energies, straight between them, zero outside, brought to the area 1.

    Attributes
    ----------
    energies : sequence of float
        [J], increasing, at least two.
    values : sequence of float
        Density at the energies in any unit, not negative.

    Raises `InputError` if the energies do not increase or a density is negative.
    """

    energies: Sequence[float] | FloatArray
    values: Sequence[float] | FloatArray

    def __post_init__(self) -> None:
        energies, values = np.array(self.energies, dtype=float), np.array(self.values, dtype=float)
        if energies.ndim != 1 or energies.shape != values.shape or energies.size < 2:
            raise InputError("a tabulated distribution needs a density for each of at least two energies")
        if not (np.all(np.isfinite(energies)) and np.all(np.diff(energies) > 0)):
            raise InputError("the energies of a tabulated distribution must be numbers that increase")
        if not np.all(np.isfinite(values)) or values.min() < 0:
            raise InputError("the density of a tabulated distribution cannot be negative or missing")
        area = float(np.trapezoid(values, energies))
        if not area > 0:
            raise InputError("the density of a tabulated distribution is zero everywhere")
        object.__setattr__(self, "energies", energies)
        object.__setattr__(self, "values", values / area)

    @cached_property
    def fwhm(self) -> float:
        """Between the outermost energies where the density is half its largest [J]."""
        return _half_width(np.asarray(self.energies), np.asarray(self.values))

    @cached_property
    def mean(self) -> float:
        """[J]"""
        e, g = np.asarray(self.energies), np.asarray(self.values)
        step = np.diff(e)
        pieces = step * (g[:-1] * (e[:-1] / 3 + e[1:] / 6) + g[1:] * (e[:-1] / 6 + e[1:] / 3))
        return float(np.sum(pieces))

    @property
    def breaks(self) -> tuple[float, ...]:
        """See `SiteEnergyDistribution`."""
        return tuple(float(energy) for energy in self.energies)

    @property
    def scale(self) -> float:
        """See `SiteEnergyDistribution`; straight between the breaks: as long as the whole."""
        return float(self.energies[-1] - self.energies[0])

    @cached_property
    def _sums(self) -> FloatArray:
        e, g = np.asarray(self.energies), np.asarray(self.values)
        return np.concatenate([[0.0], np.cumsum(np.diff(e) * (g[1:] + g[:-1]) / 2)])

    def density(self, energy: ArrayLike) -> FloatArray:
        """See `SiteEnergyDistribution`."""
        points = np.asarray(energy, dtype=float)
        return np.asarray(np.interp(points, self.energies, self.values, left=0.0, right=0.0))

    def cumulative(self, energy: ArrayLike) -> FloatArray:
        """See `SiteEnergyDistribution`."""
        e, g = np.asarray(self.energies), np.asarray(self.values)
        points = np.clip(np.asarray(energy, dtype=float), e[0], e[-1])
        i = np.clip(np.searchsorted(e, points, side="right") - 1, 0, e.size - 2)
        over, slope = points - e[i], (g[i + 1] - g[i]) / (e[i + 1] - e[i])
        return np.asarray(np.minimum(self._sums[i] + over * (g[i] + slope * over / 2), 1.0))

    def quantile(self, share: ArrayLike) -> FloatArray:
        """See `SiteEnergyDistribution`."""
        e, g = np.asarray(self.energies), np.asarray(self.values)
        p = np.asarray(share, dtype=float)
        p = np.where((p >= 0) & (p <= 1), p, np.nan)
        i = np.clip(np.searchsorted(self._sums, p, side="left") - 1, 0, e.size - 2)
        rest, slope = p - self._sums[i], (g[i + 1] - g[i]) / (e[i + 1] - e[i])
        root = np.sqrt(np.maximum(g[i] ** 2 + 2 * slope * rest, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            over = np.where(rest > 0, 2 * rest / (g[i] + root), 0.0)
        return np.asarray(np.where(np.isnan(p), np.nan, np.minimum(e[i] + over, e[i + 1])))


def _refuse_no_width(fwhm: float, mean: float) -> None:
    if not (fwhm > 0 and math.isfinite(fwhm)):
        raise InputError(f"the width of a site energy distribution must be larger than zero, got {fwhm:g} J")
    if not math.isfinite(mean):
        raise InputError("the mean of a site energy distribution must be a number")


def _half_width(energy: FloatArray, density: FloatArray) -> float:
    half = density.max() / 2
    over = np.flatnonzero(density >= half)
    first, last = int(over[0]), int(over[-1])
    low, high = float(energy[first]), float(energy[last])
    if first > 0:
        share = (half - density[first - 1]) / (density[first] - density[first - 1])
        low = float(energy[first - 1] + share * (energy[first] - energy[first - 1]))
    if last < energy.size - 1:
        share = (density[last] - half) / (density[last] - density[last + 1])
        high = float(energy[last] + share * (energy[last + 1] - energy[last]))
    return high - low
