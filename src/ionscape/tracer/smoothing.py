"""A measured profile as a smooth curve with its uncertainty, in the modes in which diffusion is diagonal.

The profile is a sum of the eigenfunctions of diffusion between its two edges (cosines for closed edges), each
of which only decays, exp(-k^2 theta). How rough the curve may be is a Gaussian prior on the amplitudes (a
Matern process in reduced rank), whose size and correlation length the data choose by their marginal
likelihood: no smoothing parameter is set by hand, and what the smoothing does not know is in its covariance.

Sources: J. Crank, The Mathematics of Diffusion (1975), section 2.4; A. Solin and S. Sarkka, Stat. Comput.
30, 419 (2020); C. E. Rasmussen and C. K. I. Williams, Gaussian Processes for Machine Learning (2006),
section 5.4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError
from ionscape.tracer.propagation_1d import Edge, _checked, _is_fixed
from ionscape.tracer.storage_descent import descend

FloatArray = NDArray[np.float64]

FEWEST_MODES, MOST_MODES = 64, 128
DECAYED = 34.0  # exponent from which a mode no longer counts in double precision


@dataclass(frozen=True)
class Modes:
    """Eigenfunctions of diffusion between two edges, and the stationary profiles that held edges allow.

    Attributes
    ----------
    low, high : float
        [m], the edges.
    held : (bool, bool)
        Whether the fraction is held there; closed otherwise.
    wavenumber : (M,) array
        [1/m]; zero for the stationary profiles, which come first.
    n_still : int
        Number of stationary profiles.
    """

    low: float
    high: float
    held: tuple[bool, bool]
    wavenumber: FloatArray
    n_still: int

    @property
    def length(self) -> float:
        """Distance of the edges [m]."""
        return self.high - self.low

    def values(self, position: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The functions at the positions, and their derivatives [1/m], (N, M) each."""
        phase = np.outer(position - self.low, self.wavenumber) - (math.pi / 2 if self.held[0] else 0.0)
        value, slope = np.cos(phase), -self.wavenumber * np.sin(phase)
        value[:, 0], slope[:, 0] = 1.0, 0.0
        if self.n_still == 2:
            value[:, 1], slope[:, 1] = (position - self.low) / self.length, 1 / self.length
        return value, slope

    def displaced(
        self, value: FloatArray, slope: FloatArray, by: float
    ) -> tuple[FloatArray, FloatArray]:
        """`values` at positions that are larger by ``by`` [m], from those of the first modes there."""
        still, k = self.n_still, self.wavenumber[self.n_still : value.shape[1]]
        cosine, sine = np.cos(k * by), np.sin(k * by)
        moved, tilted = value + by * slope, slope.copy()  # the stationary ones are straight
        moved[:, still:] = value[:, still:] * cosine + slope[:, still:] * (sine / k)
        tilted[:, still:] = slope[:, still:] * cosine - value[:, still:] * (k * sine)
        return moved, tilted

    def shape(self, correlation_length: float) -> tuple[FloatArray, FloatArray]:
        """Prior variance of each amplitude for a process of variance one, and d ln(variance)/d ln(length)."""
        square = (self.wavenumber[self.n_still :] * correlation_length) ** 2
        plain = (1 + square) ** -2
        slope = -4 * square / (1 + square)
        total = float(np.sum(plain))
        return 2 * plain / total, slope - float(plain @ slope) / total


def modes_between(low: float, high: float, left: Edge, right: Edge, count: int) -> Modes:
    """``count`` modes, the stationary ones included."""
    held = (_is_fixed(left, "left"), _is_fixed(right, "right"))
    still = 2 if all(held) else 1
    number = np.arange(1, count - still + 1)
    k = (number - 0.5 if held[0] != held[1] else number) * math.pi / (high - low)
    return Modes(low, high, held, np.concatenate([np.zeros(still), k]), still)


def mode_count(n_points: int) -> int:
    """How many modes a profile of that many points can use."""
    return int(np.clip(n_points, FEWEST_MODES, MOST_MODES))


@dataclass(frozen=True)
class Amplitudes:
    """What the data say of the amplitudes, for one prior and one noise level.

    Attributes
    ----------
    mean : (M,) array
    covariance : (M, M) array
    log_likelihood : float
        Of the data, the amplitudes integrated out.
    square : float
        Sum of squared residuals, each over its variance.
    """

    mean: FloatArray
    covariance: FloatArray
    log_likelihood: float
    square: float


def infer(
    normal: FloatArray, right: FloatArray, power: float, n: int, prior: FloatArray, still: int, noise: float
) -> Amplitudes:
    """Amplitudes from normal equations H^T W H, H^T W y and y^T W y of ``n`` data.

    ``prior`` (M - still,) are the variances of the decaying modes; the stationary ones are free. ``noise``
    multiplies the standard deviations in W.
    """
    from scipy.linalg.lapack import dpotrf, dpotri

    scale = np.empty(right.size)
    scale[:still] = noise / np.sqrt(np.diag(normal)[:still])
    scale[still:] = np.sqrt(prior)
    system = normal * np.outer(scale, scale) / noise**2
    index = np.arange(still, right.size)
    system[index, index] += 1.0
    factor, failed = dpotrf(system, lower=1)
    if failed:
        raise InputError("the profile has too few points for its fraction to be smoothed")
    lower = np.tril(dpotri(factor, lower=1)[0])
    inverse = lower + lower.T
    inverse[np.diag_indices(right.size)] /= 2
    covariance = inverse * np.outer(scale, scale)
    mean = covariance @ right / noise**2
    square = float(power - 2 * mean @ right + mean @ normal @ mean)
    penalty = float(np.sum(mean[still:] ** 2 / prior))
    determinant = 2 * float(np.sum(np.log(np.diag(factor)))) - 2 * float(np.sum(np.log(scale[:still])))
    likelihood = -0.5 * (square / noise**2 + penalty + determinant) - n * math.log(noise)
    return Amplitudes(mean, covariance, likelihood, square)


@dataclass(frozen=True)
class SmoothProfile:
    """A profile as its modes, with the covariance of their amplitudes.

    Attributes
    ----------
    modes : Modes
    mean : (M,) array
    covariance : (M, M) array
    correlation_length : float
        [m], chosen by the data.
    amplitude : float
        Standard deviation of the prior about the stationary part.
    scatter : float
        Scatter of the points about the curve, in units of their stated standard deviation.
    """

    modes: Modes
    mean: FloatArray
    covariance: FloatArray
    correlation_length: float
    amplitude: float
    scatter: float

    def at(self, position: ArrayLike, theta: float = 0.0) -> tuple[FloatArray, FloatArray]:
        """Fraction and its standard deviation after diffusion for ``theta`` [m^2], (N,) each."""
        functions = self.modes.values(np.asarray(position, dtype=np.float64))[0]
        functions = functions * np.exp(-np.minimum(theta * self.modes.wavenumber**2, 700.0))
        spread = np.sqrt(np.maximum(np.einsum("nm,ml,nl->n", functions, self.covariance, functions,
                                              optimize=True), 0.0))  # fmt: skip
        return functions @ self.mean, spread


def smooth_profile(
    position: ArrayLike, fraction: ArrayLike, variance: ArrayLike | None = None, *,
    left: Edge = "zero flux", right: Edge = "zero flux", edges: tuple[float, float] | None = None,
    conserve: bool = True,
) -> SmoothProfile:  # fmt: skip
    """The smooth curve behind a measured profile.

    Parameters
    ----------
    position, fraction : (N,) arrays
        [m], increasing; isotope fraction.
    variance : (N,) array, optional
        Of each fraction, from counting; estimated from the scatter, one for all points, if not given.
    left, right : "zero flux" or "fixed"
        What the sample's edges are for the diffusion that follows.
    edges : (float, float), optional
        [m], where they are; the first and last point if not given.
    conserve : bool
        Keep the trapezoidal integral of the measured fraction over its positions, exactly.

    Raises
    ------
    InputError
        If positions do not increase, lengths differ, there are fewer than eight points, a variance is not
        larger than zero, or a point lies outside the edges.
    """
    profile = checked_profile(position, fraction, variance, "the profile")
    low, high = edges or (float(profile[0][0]), float(profile[0][-1]))
    if not (low <= profile[0][0] and profile[0][-1] <= high):
        raise InputError(f"positions from {profile[0][0]:g} to {profile[0][-1]:g} m lie outside the sample's "
                         f"edges, {low:g} and {high:g} m")  # fmt: skip
    modes = modes_between(low, high, left, right, mode_count(profile[0].size))
    found = fit_smoothness(modes, *profile, known_noise=variance is not None)
    return _with_content(found, profile[0], profile[1]) if conserve else found


def checked_profile(
    position: ArrayLike, fraction: ArrayLike, variance: ArrayLike | None, where: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Position, fraction and variance as arrays, points without a fraction left out.

    Raises
    ------
    InputError
        If they cannot be a profile.
    """
    x, c = np.asarray(position, dtype=np.float64), np.asarray(fraction, dtype=np.float64)
    if x.shape != c.shape or x.ndim != 1:
        raise InputError(f"{where} needs as many positions as fractions, got {x.size} and {c.size}")
    v = np.ones(x.size) if variance is None else np.asarray(variance, dtype=np.float64)
    if v.shape != x.shape:
        raise InputError(f"{where} needs as many variances as fractions, got {v.size} and {c.size}")
    kept = np.isfinite(c) & (v != np.inf)
    x, c, v = x[kept], c[kept], v[kept]
    if x.size < 8:
        raise InputError(f"{where} has {x.size} usable points: at least eight are needed")
    if not np.all(v > 0):
        raise InputError(f"{where}: every variance must be larger than zero")
    try:
        _checked(x, c)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    return x, c, v


def fit_smoothness(
    modes: Modes, position: FloatArray, fraction: FloatArray, variance: FloatArray, *, known_noise: bool
) -> SmoothProfile:
    """Correlation length, size and noise of greatest marginal likelihood, and the curve for them."""
    functions = modes.values(position)[0]
    weighted = functions / variance[:, None]
    normal, right = functions.T @ weighted, weighted.T @ fraction
    power, n, still = float(np.sum(fraction**2 / variance)), fraction.size, modes.n_still

    def cost(q: FloatArray) -> tuple[float, FloatArray]:
        amplitude, length, noise = np.exp(q)
        shape, slope = modes.shape(float(length))
        prior = amplitude**2 * shape
        found = infer(normal, right, power, n, prior, still, float(noise))
        return -found.log_likelihood, -hyper_gradient(found, prior, slope, n, float(noise), still)

    start, bounds = hyper_start(modes, [position], fraction, variance, known_noise=known_noise)
    amplitude, length, noise = (float(v) for v in np.exp(descend(cost, start, bounds, ftol=1e-8)[0]))
    prior = amplitude**2 * modes.shape(length)[0]
    found = infer(normal, right, power, n, prior, still, noise)
    return SmoothProfile(modes, found.mean, found.covariance, length, amplitude, noise)


def hyper_gradient(
    found: Amplitudes, prior: FloatArray, slope: FloatArray, n: int, noise: float, still: int
) -> FloatArray:
    """Derivatives of the log-likelihood by ln amplitude, ln correlation length and ln noise (Fisher)."""
    spread = np.diag(found.covariance)[still:]
    excess = (found.mean[still:] ** 2 + spread) / prior - 1
    used = found.mean.size - float(np.sum(spread / prior))
    return np.array([np.sum(excess), 0.5 * excess @ slope, found.square / noise**2 - n + used])


def hyper_start(
    modes: Modes, positions: Sequence[FloatArray], fraction: FloatArray, variance: FloatArray, *,
    known_noise: bool,
) -> tuple[FloatArray, list[tuple[float, float]]]:  # fmt: skip
    """Start and bounds of ln amplitude, ln correlation length and ln noise.

    Counting sets the least noise there is; where no variance is stated, the noise may be anything.
    """
    spread = max(float(np.std(fraction)), 1e-9)
    scatter = float(np.std(np.diff(fraction))) / math.sqrt(2)
    gap = min(float(np.median(np.diff(x))) for x in positions)
    noise = 1.0 if known_noise else max(scatter / math.sqrt(float(np.median(variance))), 1e-9)
    start = np.log([spread, modes.length / 10, noise])
    limits = ((1e-4 * spread, 1e2 * spread), (min(gap, modes.length / 20), 10 * modes.length),
              (1.0, 1e3) if known_noise else (1e-3 * noise, 1e3 * noise))  # fmt: skip
    return start, [(math.log(a), math.log(b)) for a, b in limits]


def _with_content(found: SmoothProfile, position: FloatArray, fraction: FloatArray) -> SmoothProfile:
    """Conditioned on the integral of the measured points."""
    modes = found.modes
    wanted = float(np.trapezoid(fraction, position))
    row = integrals(modes, float(position[0]), float(position[-1]))
    gain = found.covariance @ row / float(row @ found.covariance @ row)
    mean = found.mean + gain * (wanted - float(row @ found.mean))
    covariance = found.covariance - np.outer(gain, row @ found.covariance)
    return SmoothProfile(modes, mean, covariance, found.correlation_length, found.amplitude, found.scatter)


def integrals(modes: Modes, low: float, high: float) -> FloatArray:
    """Integral of every mode from ``low`` to ``high`` [m], (M,)."""
    k = modes.wavenumber.copy()
    k[: modes.n_still] = 1.0
    phase = math.pi / 2 if modes.held[0] else 0.0
    row = (np.sin(k * (high - modes.low) - phase) - np.sin(k * (low - modes.low) - phase)) / k
    row[0] = high - low
    if modes.n_still == 2:
        row[1] = ((high - modes.low) ** 2 - (low - modes.low) ** 2) / (2 * modes.length)
    return np.asarray(row)


__all__ = ["Modes", "SmoothProfile", "smooth_profile"]
