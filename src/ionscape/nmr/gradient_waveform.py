"""How strongly a pair of gradient pulses attenuates the echo of diffusing spins: the b-value.

The echo of spins with diffusion coefficient D is exp(-b D), with b = γ² ∫ (∫ g dt')² dt over the effective
gradient. With q = γ g σ δ, σ the mean height of the pulse shape and κ the mean square of its normalised
running integral, a pair of equal pulses gives b = q² [Δ - δ + 2κδ], two bipolar pairs
b = q² [Δ - δ(1 - κ)/2 - τ/2]: the rectangular case is Stejskal and Tanner's Δ - δ/3, the half sine Δ - δ/4.

Sources: E. O. Stejskal and J. E. Tanner, J. Chem. Phys. 42, 288 (1965), eq. (7); W. S. Price, Concepts Magn.
Reson. 9, 299 (1997), table 1 (half sine, trapezoid); D. Sinnaeve, Concepts Magn. Reson. A 40A, 39 (2012)
(shapes and bipolar pairs; re-derived here).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError
from ionscape.nmr.nuclei import gyromagnetic_ratio

FloatArray = NDArray[np.float64]

REFOCUSED = 1e-3  # largest |∫g dt| left at the echo, as a share of its largest value


@dataclass(frozen=True)
class PulseShape:
    """Shape of one gradient pulse of length δ.

    Attributes
    ----------
    name : str
    mean_height : float
        σ = ∫f/δ, the "shape factor" of the spectrometer.
    mean_square : float
        κ, the mean over the pulse of (running integral/whole integral)².
    """

    name: str
    mean_height: float
    mean_square: float


RECTANGULAR = PulseShape("rectangular", 1.0, 1 / 3)
HALF_SINE = PulseShape("half-sine", 2 / math.pi, 3 / 8)


def trapezoid(ramp: float) -> PulseShape:
    """A pulse of length one with linear ramps of length ``ramp`` (0 to 0.5) at both ends.

    κ follows from table 1 of Price (1997). A smoothed square with the shape factor σ is
    ``trapezoid(1 - σ)`` to good approximation.

    Raises
    ------
    InputError
        If the ramps overlap.
    """
    if not 0 <= ramp <= 0.5:
        raise InputError(f"a ramp takes between 0 and 0.5 of the gradient pulse, got {ramp:g}")
    width = 1 - ramp
    rest = width / 3 - ramp**3 / (30 * width**2) + ramp**2 / (6 * width)
    return PulseShape("rectangular" if ramp == 0 else "trapezoid", width, (1 - rest) / 2)


def pulse_shape(shape: str | float | PulseShape) -> PulseShape:
    """The shape that a study names: ``rectangular``, ``half-sine``, or a shape factor between 0.5 and 1.

    Raises
    ------
    InputError
        If it is none of these.
    """
    if isinstance(shape, PulseShape):
        return shape
    named = {"rectangular": RECTANGULAR, "half-sine": HALF_SINE}
    if isinstance(shape, str) and shape in named:
        return named[shape]
    try:
        factor = float(shape)
    except ValueError:
        factor = math.nan
    if not 0.5 <= factor <= 1:
        raise InputError(f"a pulse shape is 'rectangular', 'half-sine' or a shape factor from 0.5 to 1 "
                         f"(smoothed square: 0.9), got {shape!r}")  # fmt: skip
    return trapezoid(1 - factor)


def b_values(
    gradient: ArrayLike, pulse: ArrayLike, delay: ArrayLike, *, nucleus: str = "7Li",
    shape: str | float | PulseShape = "rectangular", bipolar_interval: float | None = None,
) -> FloatArray:  # fmt: skip
    """b-values [s/m²] of pulsed-gradient (stimulated) echoes.

    Parameters
    ----------
    gradient : (N,) array or float
        Plateau g [T/m].
    pulse : (N,) array or float
        Length δ [s] of one pulse, ramps included; of both lobes together if bipolar.
    delay : (N,) array or float
        Δ [s], from the start of the first pulse (pair) to that of the second.
    nucleus : str
        ``7Li``...
    shape : str, float or PulseShape
        See `pulse_shape`.
    bipolar_interval : float, optional
        τ [s] between the two lobes of a bipolar pair; None for single pulses.

    Raises
    ------
    InputError
        If the nucleus or shape is unknown, a time is not positive, or the pulses overlap.
    """
    g, small, large = (np.asarray(x, dtype=np.float64) for x in (gradient, pulse, delay))
    if not (np.all(small > 0) and np.all(np.isfinite(small)) and np.all(np.isfinite(large))):
        raise InputError("the length of a gradient pulse must be larger than zero")
    if not np.all(np.isfinite(g)):
        raise InputError("a gradient must be a number")
    gap = bipolar_interval or 0.0
    if not np.all(large >= small + gap):
        raise InputError("the diffusion time must not be shorter than the gradient pulse: Δ is counted from "
                         "the start of one pulse to the start of the next, in seconds")  # fmt: skip
    form = pulse_shape(shape)
    q = gyromagnetic_ratio(nucleus) * g * form.mean_height * small
    if bipolar_interval is None:
        return np.asarray(q**2 * (large - small * (1 - 2 * form.mean_square)))
    return np.asarray(q**2 * (large - small * (1 - form.mean_square) / 2 - gap / 2))


def waveform_b(
    time: ArrayLike, gradient: ArrayLike, *, nucleus: str = "7Li", refocusing: Sequence[float] = (),
    storage: Sequence[tuple[float, float]] = (),
) -> float:  # fmt: skip
    """b-value [s/m²] of any gradient that is piecewise linear in time, exactly.

    Parameters
    ----------
    time : (N,) array
        [s], rising; a jump is two equal times.
    gradient : (N,) array
        As applied [T/m], before any sign is flipped.
    nucleus : str
    refocusing : sequence of float
        Times [s] of 180° pulses: each flips the sign of what follows.
    storage : sequence of (start, end)
        Times [s] of the second and third 90° pulse of a stimulated echo. In between the magnetisation lies
        along the field and sees no gradient; of its two phases afterwards the one counts that is refocused.

    Raises
    ------
    InputError
        If the times do not rise or the echo is not refocused at the end.
    """
    t, g = (np.asarray(x, dtype=np.float64) for x in (time, gradient))
    if t.ndim != 1 or t.shape != g.shape or t.size < 2 or not np.all(np.isfinite(t) & np.isfinite(g)):
        raise InputError("a waveform needs as many times as gradients, at least two")
    if np.any(np.diff(t) < 0):
        raise InputError("the times of a waveform must not fall")
    left_over, pieces = math.inf, None
    for signs in product((-1.0, 1.0), repeat=len(storage)):  # the stored magnetisation holds both phases
        tried = _effective(t, g, refocusing, storage, signs)
        whole = np.concatenate([[0.0], np.cumsum((tried[1] - tried[0]) * (tried[2] + tried[3]) / 2)])
        share = abs(whole[-1]) / max(float(np.max(np.abs(whole))), 1e-300)
        if share < left_over:
            left_over, pieces = share, (tried, whole)
    assert pieces is not None
    if left_over > REFOCUSED:
        raise InputError(f"the echo is not refocused: {left_over:.1%} of the gradient's integral is left at "
                         "the end (name the 180° pulses in 'refocusing')")  # fmt: skip
    (start, end, left, right), whole = pieces
    width = end - start
    # the running integral is a parabola on each piece: its square is integrated exactly by three nodes
    nodes, weights = np.polynomial.legendre.leggauss(3)
    u = (nodes + 1) / 2
    inside = whole[:-1, None] + width[:, None] * (left[:, None] * u + (right - left)[:, None] * u**2 / 2)
    return float(gyromagnetic_ratio(nucleus) ** 2 * np.sum(width[:, None] * inside**2 * weights / 2))


def _effective(
    t: FloatArray, g: FloatArray, refocusing: Sequence[float], storage: Sequence[tuple[float, float]],
    signs: Sequence[float],
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:  # fmt: skip
    """Start, end and end values of the pieces of the effective gradient."""
    marks = [*refocusing, *(moment for interval in storage for moment in interval)]
    cuts = np.unique(np.concatenate([t, np.clip(np.asarray(marks, dtype=np.float64), t[0], t[-1])]))
    start, end = cuts[:-1], cuts[1:]
    piece = np.searchsorted(t, start, side="right") - 1  # never one of no length: start < t[piece + 1]
    origin, span = t[piece], t[piece + 1] - t[piece]
    sign = np.ones(start.size)
    for moment in refocusing:
        sign = np.where(start >= moment, -sign, sign)
    for (first, last), flip in zip(storage, signs, strict=True):
        sign = np.where(start >= last, flip * sign, np.where(start >= first, 0.0, sign))
    # by shares of the piece: the slope of a very short ramp would overflow
    left, right = (
        sign * (g[piece] * (1 - share) + g[piece + 1] * share)
        for share in ((start - origin) / span, (end - origin) / span)
    )
    return start, end, left, right
