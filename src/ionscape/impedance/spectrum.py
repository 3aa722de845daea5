"""One impedance spectrum as arrays: checked once, in one order, with plain words for what is wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

MINIMUM_POINTS = 3


def check_spectrum(frequency: ArrayLike, impedance: ArrayLike) -> tuple[FloatArray, ComplexArray]:
    """Check a spectrum and sort it from high to low frequency.

    Parameters
    ----------
    frequency : (N,) array
        Frequency [Hz], in any order.
    impedance : (N,) complex array
        Impedance [ohm], Z = Z' + iZ'' with Z'' negative for a capacitor.

    Returns
    -------
    frequency, impedance : (N,) arrays
        The same points, high frequency first.

    Raises
    ------
    InputError
        The first thing found wrong, in one sentence.
    """
    f = np.asarray(frequency)
    z = np.asarray(impedance)
    _check_shapes(f, z)
    _check_numbers(f, z)
    f = f.astype(np.float64)
    z = z.astype(np.complex128)
    order = np.argsort(-f, kind="stable")
    f, z = f[order], z[order]
    _check_duplicates(f)
    _check_signs(z)
    return f, z


def _check_shapes(f: NDArray[np.generic], z: NDArray[np.generic]) -> None:
    if f.ndim != 1 or z.ndim != 1 or f.size != z.size:
        raise InputError(
            f"frequency and impedance must be one-dimensional and equally long, "
            f"but their shapes are {f.shape} and {z.shape}"
        )
    if f.size < MINIMUM_POINTS:
        raise InputError(
            f"a spectrum needs at least {MINIMUM_POINTS} points, but this one has {f.size}: "
            f"was the run aborted?"
        )


def _check_numbers(f: NDArray[np.generic], z: NDArray[np.generic]) -> None:
    if f.dtype.kind not in "iuf":
        raise InputError(f"frequency must be real numbers [Hz], not {f.dtype}")
    if z.dtype.kind not in "iufc":
        raise InputError(f"impedance must be complex numbers [ohm], not {z.dtype}")
    for name, values in (("frequency", f), ("impedance", z)):
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise InputError(
                f"{name} is not a finite number at point {bad[0] + 1} of {values.size} "
                f"({bad.size} such in all): remove these points"
            )
    bad = np.flatnonzero(f <= 0)  # type: ignore[operator]
    if bad.size:
        raise InputError(f"frequency must be positive, but point {bad[0] + 1} has {f[bad[0]]:g} Hz")
    bad = np.flatnonzero(z == 0)
    if bad.size:
        raise InputError(f"impedance is exactly zero at point {bad[0] + 1}: remove such points")


def _check_duplicates(f: FloatArray) -> None:
    same = np.flatnonzero(np.diff(f) == 0)
    if same.size:
        raise InputError(
            f"frequency {f[same[0]]:g} Hz occurs more than once ({same.size} repeats in all): "
            f"split the sweeps or average the repeats"
        )


def _check_signs(z: ComplexArray) -> None:
    negative = int(np.count_nonzero(z.real < 0))
    if 2 * negative > z.size:
        raise InputError(
            f"the real part of the impedance is negative at {negative} of {z.size} points: "
            f"no passive sample does this, so the cell was shorted, the leads wrong or the file misread"
        )
    if np.all(z.imag > 0):
        raise InputError(
            "the imaginary part is positive at every point, which is an inductor: "
            "if the file lists -Z'', change its sign (Z'' is negative for a capacitor)"
        )
