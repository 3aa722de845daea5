"""Integrals of a series of spectra over one window, with the noise of their signal-free parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_EDGE = 0.05  # of the highest point: where the window of the largest signal ends
_SIGNAL = 4.0  # standard deviations of the noise
_MOST_PIECES = 40


@dataclass(frozen=True)
class Integrals:
    """Sums over a window and their standard deviations, each (N,); lowest and highest shift of the window."""

    values: Floats
    uncertainty: Floats
    window: tuple[float, float]


def integrals(shift: Floats, spectra: Floats, window: tuple[float, float] | None = None) -> Integrals:
    """Integrate every spectrum over a window.

    The uncertainty is the root mean square of the same integral over windows of the same length that hold no
    signal; so it includes the correlation of neighbouring points (apodisation, zero filling) and a rolling
    baseline. Only the half of the spectra with the weaker signal is looked at: the feet of a strong one,
    which decay with it, are no noise. Windows shorter than the signal's are used where no others fit, and
    their variance is scaled with the length.

    Parameters
    ----------
    shift : (points,) float array
        Chemical shift [ppm], in either order.
    spectra : (N, points) float array
        Real, in phase; the noise is the same in all.
    window : (low, high), optional
        In ppm; the region around the largest signal unless given.

    Returns
    -------
    Integrals

    Raises
    ------
    ValueError
        The window holds fewer than two points, or no part of the spectrum is free of signal.
    """
    mean = spectra[: max(1, len(spectra) // 2)].mean(axis=0)
    regions = _signal_regions(mean)
    if window is None:
        low, high = max(regions, key=lambda region: float(mean[slice(*region)].sum()), default=(0, 0))
        inside = np.zeros(shift.size, dtype=bool)
        inside[low:high] = True
    else:
        inside = (shift >= min(window)) & (shift <= max(window))
    if np.count_nonzero(inside) < 2:
        raise ValueError(
            "no signal stands out of the noise" if window is None else "the window holds no points"
        )
    free = ~inside
    for low, high in regions:
        margin = max(2, (high - low) // 4)
        free[max(0, low - margin) : high + margin] = False
    found, values = shift[inside], spectra[:, inside].sum(axis=1)
    weaker = np.argsort(np.abs(values))[: max(1, len(values) // 2)]
    noise = _noise(spectra[weaker], free, int(np.count_nonzero(inside)))
    return Integrals(values, np.full(len(spectra), noise), (float(found.min()), float(found.max())))


def _signal_regions(mean: Floats) -> list[tuple[int, int]]:
    """Runs (begin, end) where the smoothed spectrum stands out of the noise, each down to 5 % of its top."""
    width = max(3, mean.size // 200)
    smooth = np.convolve(mean, np.full(width, 1 / width), mode="same")
    # The median absolute deviation knows nothing of the few points that hold signal.
    noise = 1.4826 * float(np.median(np.abs(smooth - np.median(smooth))))
    runs = []
    for low, high in _runs(np.abs(smooth) > _SIGNAL * noise):
        top = float(np.abs(smooth[low:high]).max())
        inner = np.flatnonzero(np.abs(smooth[low:high]) > _EDGE * top)
        runs.append((low + int(inner[0]), low + int(inner[-1]) + 1))
    return runs


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    steps = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return list(zip(steps[0::2].tolist(), steps[1::2].tolist(), strict=True))


def _noise(spectra: Floats, free: NDArray[np.bool_], points: int) -> float:
    """One standard deviation of a sum over so many points."""
    runs = _runs(free)
    longest = max((high - low for low, high in runs), default=0)
    length = min(points, longest // 4)
    if length < 2:
        raise ValueError("no part of the spectra is free of signal, so that their noise is not known")
    sums = [
        spectra[:, begin : begin + length].sum(axis=1)
        for low, high in runs
        for begin in range(low, high - length + 1, length)
    ]
    chosen = np.concatenate(sums[:: max(1, len(sums) // _MOST_PIECES)])
    return float(np.sqrt(np.mean(chosen**2) * points / length))
