"""D of the native ion straight from the slopes of one profile, for comparison with fits."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def direct_diffusion(
    depth: ArrayLike, native: ArrayLike, current: float, foreign_diffusion: float, duration: float
) -> Callable[[ArrayLike], FloatArray]:
    """D of the native ion from a monotone profile without noise: h = F/(j u - D_M du/dx).

    The flux follows from how each fraction moves: behind the front in proportion to time, in the front all
    alike (a steady front), at the speed that makes the flux in the bulk j. A front that still widens makes
    this low by about 0.1 to 0.3 in ln D.

    Parameters
    ----------
    depth : (C,) array
        [m]
    native : (C,) array
    current : float
        j/(z e n0) [m/s]
    foreign_diffusion : float
        [m^2/s]
    duration : float
        [s]

    Returns
    -------
    callable
        D [m^2/s] at fractions; nan where the profile has none.
    """
    x, u = np.asarray(depth, dtype=float), np.asarray(native, dtype=float)
    slope = np.gradient(u, x)
    front = float(x[np.argmax(u >= 0.55)])
    foot = int(np.searchsorted(x, 0.75 * front))
    flux = np.concatenate([[0.0], np.cumsum((x[1:] + x[:-1]) / 2 * np.diff(u))]) / duration
    speed = (current - flux[foot]) / (1 - u[foot])
    flux = np.where(np.arange(x.size) <= foot, flux, flux[foot] + speed * (u - u[foot]))
    with np.errstate(all="ignore"):
        h = flux / (current * u - foreign_diffusion * slope)
        log_d = np.log(h * foreign_diffusion * (1 - u) / (1 - h * u))
    kept = np.isfinite(log_d) & (slope > 0)
    order = np.flatnonzero(kept)
    if order.size < 2:
        return lambda fraction: np.full(np.shape(fraction), math.nan)
    rising = order[np.concatenate([[True], np.diff(np.maximum.accumulate(u[order])) > 0])]
    return lambda fraction: np.exp(
        np.interp(np.asarray(fraction, dtype=float), u[rising], log_d[rising], left=math.nan, right=math.nan)
    )
