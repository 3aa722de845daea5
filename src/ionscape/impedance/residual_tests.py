"""What the residuals of a fit to a spectrum say: noise, single wrong points, structure, drift.

Residuals are complex fractions (data - model)/|Z|, in order of frequency. Differences between neighbours see
the noise and not a smooth misfit; averages over neighbours see the misfit and little of the noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
BoolArray = NDArray[np.bool_]

# Median of the mean of two squared standard normal numbers: turns a median of squares into a variance.
MEDIAN_OF_HALF_CHI_SQUARE = math.log(2.0)
DENSE = 150  # points; in a denser spectrum more of them are averaged
# Chance that noise alone makes some local mean of a spectrum significant.
FALSE_ALARM = 1e-3
# A point may be a single wrong one if it lies this many standard deviations off its neighbours.
APART = 4.5
# exp(-15) for each point, so 2e-5 for a spectrum of 60: the noise is itself only known to some 10 %.
OUTLYING = 15.0


def local_noise(residual: ComplexArray) -> FloatArray:
    """Standard deviation of one component around each point, (N,), from second differences.

    A running median makes it blind to single wrong points and to steps.
    """
    second = residual[:-2] - 2 * residual[1:-1] + residual[2:]
    variance = np.abs(second) ** 2 / 12.0
    half = min(5, (variance.size - 1) // 2)
    windows = np.lib.stride_tricks.sliding_window_view(variance, 2 * half + 1)
    # the ends take the last full window: mirrored neighbours would count a wrong point twice
    medians = np.pad(np.median(windows, axis=1), 2 * half + 1, mode="edge")
    smooth = np.convolve(medians, np.ones(2 * half + 1) / (2 * half + 1), "valid")
    noise: FloatArray = np.sqrt(smooth / MEDIAN_OF_HALF_CHI_SQUARE)
    return np.maximum(noise, 1e-9)


def outlying(residual: ComplexArray, noise: FloatArray) -> BoolArray:
    """Points further from the median of their neighbours than noise explains.

    Not the two at either end: with neighbours on one side only, nothing says which of the two is wrong.
    """
    half = 4
    padded = np.pad(residual, half, mode="reflect")
    windows = np.delete(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), half, axis=1)
    middle = np.median(windows.real, axis=1) + 1j * np.median(windows.imag, axis=1)
    mask: BoolArray = np.abs(residual - middle) > APART * noise
    mask[[0, 1, -2, -1]] = False
    return mask


def wrong_point(
    weighted_residual: FloatArray, basis: FloatArray, candidate: BoolArray, noise_variance: float
) -> tuple[int, float]:
    """The point whose deletion relieves the fit most, and by how much (deletion test for one outlier).

    Parameters
    ----------
    weighted_residual : (2N,) array
        Real above imaginary parts, each point divided by its standard deviation.
    basis : (2N, P) array
        Orthonormal basis of the fit.
    candidate : (N,) bool array
        Points that may be chosen.
    noise_variance : float
        Variance of one weighted component from noise alone.

    Returns
    -------
    index : int
    relief : float
        Fall of chi-square over its expectation; for a point named beforehand exceeded by chance with
        probability exp(-relief).
    """
    n = candidate.size
    real, imag = basis[:n], basis[n:]
    rr = 1 - np.einsum("ij,ij->i", real, real)
    ii = 1 - np.einsum("ij,ij->i", imag, imag)
    ri = -np.einsum("ij,ij->i", real, imag)
    determinant = rr * ii - ri**2
    a, b = weighted_residual[:n], weighted_residual[n:]
    # a point with full leverage fits itself and cannot be judged
    judged = candidate & (determinant > 1e-3)
    relief = np.where(judged, (ii * a**2 - 2 * ri * a * b + rr * b**2) / np.maximum(determinant, 1e-3), 0.0)
    index = int(np.argmax(relief))
    return index, float(relief[index]) / (2 * noise_variance)


def significant_mean(residual: ComplexArray, noise: FloatArray, keep: BoolArray) -> FloatArray:
    """Local mean residual where noise does not explain it, else 0; modulus, (N,), over short windows."""
    threshold = math.sqrt(2 * math.log(residual.size / FALSE_ALARM))  # of a two-dimensional normal mean
    noise = np.maximum(noise, np.median(noise))  # a local estimate that is low by chance proves nothing
    largest = np.zeros(residual.size)
    for width in (3, 5) if residual.size < DENSE else (7, 11):
        kernel = np.ones(width)
        count = np.maximum(np.convolve(keep.astype(float), kernel, "valid"), 1.0)
        mean = np.abs(np.convolve(np.where(keep, residual, 0), kernel, "valid")) / count
        spread = np.sqrt(np.convolve(np.where(keep, noise**2, 0), kernel, "valid")) / count
        found = np.where(mean > threshold * spread, mean, 0.0)
        # full windows only: the points at the ends take the value of the last one
        largest = np.maximum(largest, np.pad(found, width // 2, mode="edge"))
    return largest


def single_points(mask: BoolArray) -> BoolArray:
    """The mask without runs of several neighbours: those are structure, not single mishaps."""
    most_in_a_row = 2 if mask.size < DENSE else 5
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    kept = mask.copy()
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start > most_in_a_row:
            kept[start:stop] = False
    return kept


@dataclass(frozen=True)
class Structure:
    """Is the residual white?

    Attributes
    ----------
    von_neumann_ratio : float
        Mean squared difference of neighbours over mean square: 2 for white noise, near 0 for a smooth misfit.
    von_neumann_z : float
        Its distance from 2 in standard deviations; below -4 the residual has structure.
    runs_z : float
        Wald-Wolfowitz runs test on the signs of both parts, in standard deviations; negative: too few runs.
    """

    von_neumann_ratio: float
    von_neumann_z: float
    runs_z: float


def structure(residual: ComplexArray, noise: FloatArray) -> Structure:
    """Von Neumann's ratio and the runs test on residuals divided by their noise."""
    white = residual / noise
    power = float(np.mean(np.abs(white) ** 2))
    ratio = float(np.mean(np.abs(np.diff(white)) ** 2)) / power if power > 0 else 2.0
    ratio_z = (ratio - 2.0) * math.sqrt(2 * residual.size) / 2.0
    runs, expected, variance = 0.0, 0.0, 0.0
    for part in (residual.real, residual.imag):
        above = part > 0
        up = int(np.count_nonzero(above))
        down = part.size - up
        product = 2.0 * up * down
        runs += 1 + int(np.count_nonzero(above[1:] != above[:-1]))
        expected += product / part.size + 1
        variance += max(product * (product - part.size), 0.0) / (part.size**2 * max(part.size - 1, 1))
    runs_z = (runs - expected) / math.sqrt(variance) if variance > 0 else 0.0
    return Structure(ratio, ratio_z, runs_z)


@dataclass(frozen=True)
class Drift:
    """A change of the sample's resistances during the sweep, its capacitances being constant.

    Attributes
    ----------
    fraction, fraction_sd : float
        Relative change of the resistances from the first (highest) to the last frequency, and its standard
        deviation from the noise alone.
    explained : float
        Share (0 to 1) of the squared misfit beyond noise that this one number removes.
    clock : str
        ``"per point"``: each point takes the same time; ``"per cycle"``: time proportional to 1/f.
    """

    fraction: float
    fraction_sd: float
    explained: float
    clock: str


def estimate_drift(
    omega: FloatArray,
    change: ComplexArray,
    weighted_residual: FloatArray,
    basis: FloatArray,
    relative_sd: FloatArray,
    noise_variance: float,
) -> Drift:
    """How far a drift explains the residual of a linear fit.

    The part of the column t·change that lies outside the Kramers-Kronig-compliant span is regressed on the
    residual. A drift inside that span is invisible to any Kramers-Kronig test.

    Parameters
    ----------
    change : (N,) complex array
        First-order change of the fitted quantity over its modulus, for resistances growing by 100 %.
    weighted_residual : (2N,) array
        Real above imaginary, divided by the modulus and `relative_sd`.
    basis : (2N, P) array
        Orthonormal basis of the fit in the same weighting.
    noise_variance : float
        Variance of one weighted component from noise alone.
    """
    cycles = np.cumsum(1.0 / omega)
    clocks = {
        "per point": np.linspace(0.0, 1.0, omega.size),
        "per cycle": (cycles - cycles[0]) / (cycles[-1] - cycles[0]),
    }
    degrees = max(2 * int(np.isfinite(relative_sd).sum()) - basis.shape[1], 1)
    total = float(weighted_residual @ weighted_residual)
    beyond = max(total - degrees * noise_variance, 0.05 * total, 1e-300)
    trials = []
    for clock, time in clocks.items():
        weighted = time * change / relative_sd
        column = np.concatenate([weighted.real, weighted.imag])
        column -= basis @ (basis.T @ column)
        norm = max(float(column @ column), 1e-300)
        fraction = float(column @ weighted_residual) / norm
        explained = min(fraction**2 * norm / beyond, 1.0)
        trials.append(Drift(fraction, math.sqrt(noise_variance / norm), explained, clock))
    return max(trials, key=lambda drift: drift.explained)
