"""exp(-tA)v of a symmetric, positive semi-definite A by solves with one matrix, 1 + γA.

With S = (1 + γA)⁻¹, whose eigenvalues s = 1/(1 + γλ) lie in (0, 1], exp(-tλ) is the smooth function
exp[-(t/γ)(1/s - 1)] of s: its Chebyshev series in 2s - 1 converges about as 2.4⁻ᵐ, whatever the stiffness.
All of a stage is then m solves with one factorisation, and the error is known before the first of them.

Source: the uniform approximation of exp(-x) with a repeated real pole, J.-E. Andersson, J. Approx. Theory 32
(1981) 85; shift-and-invert, J. van den Eshof and M. Hochbruck, SIAM J. Sci. Comput. 27 (2006) 1438.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

RATIOS = np.geomspace(1.0, 60.0, 60)
HIGHEST = 160  # degree of the interpolant that the series is cut from


@dataclass(frozen=True)
class RationalExponential:
    """Chebyshev series in 2S - 1.

    Attributes
    ----------
    ratio : float
        t/γ.
    coefficients : (m + 1,) float array
        Of exp(-tA); they sum to 1, so that what A does not move stays exactly (mass).
    integral : (m + 1,) float array
        Of (1/t)∫₀ᵗ exp(-t'A)dt' consistent with ``coefficients``: A t × this is 1 - exp(-tA) exactly.
    """

    ratio: float
    coefficients: FloatArray
    integral: FloatArray


@lru_cache(maxsize=16)
def rational_exponential(tolerance: float) -> RationalExponential:
    """The shortest series whose error is below ``tolerance`` for every eigenvalue of A from 0 to infinity."""
    tried = [(_series(float(ratio), tolerance), float(ratio)) for ratio in RATIOS]
    shortest, ratio = min(tried, key=lambda found: len(found[0]))
    shortest[0] += 1 - shortest.sum()
    loss = -shortest
    loss[0] += 1  # 1 - r, which is zero at s = 1
    quotient, _ = chebyshev.chebdiv(loss, np.array([-1.0, 1.0]))
    integral = -chebyshev.chebmul(np.array([1.0, 1.0]), quotient) / ratio
    return RationalExponential(ratio, shortest, np.asarray(integral))


def _series(ratio: float, tolerance: float) -> FloatArray:
    order = HIGHEST + 1
    z = np.cos(np.pi * (np.arange(order) + 0.5) / order)
    values = np.exp(-ratio * (1 - z) / (1 + z))  # s = (1 + z)/2
    full: FloatArray = 2 / order * (chebyshev.chebvander(z, HIGHEST).T @ values)
    full[0] /= 2
    tail = np.cumsum(np.abs(full[::-1]))[::-1]  # tail[k]: all that is left out when the series ends before k
    return full[: int(np.argmax(tail <= tolerance / 2))].copy()
