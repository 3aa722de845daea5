"""Scatter beyond the stated errors: how much variance the points lack, from contrasts that the fit leaves.

A contrast y'N has no part that the design can describe, so its variance is that of the errors alone (Rao's
form of generalised least squares).

Source: R. C. Paule and J. Mandel, J. Res. Natl. Bur. Stand. 87, 377 (1982).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammaincc

FloatArray = NDArray[np.float64]
_ROUNDING = 1e-12


def principal(covariance: FloatArray, typical: float) -> tuple[FloatArray, FloatArray, bool]:
    """Principal directions (columns), variances (at least what rounding leaves), whether any is more."""
    variances, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    floor = max(_ROUNDING**2, 1e-14 * typical)
    return vectors, np.maximum(variances, floor), bool((variances > floor).any())


def excess(
    distance: FloatArray, variances: FloatArray, scatter: Literal["auto", "stated", "unknown"] = "auto",
    *, significance: float, always: bool = False,
) -> tuple[float, float]:  # fmt: skip
    """Chi-square of independent contrasts, and the variance to add so that it becomes their number.

    Parameters
    ----------
    distance, variances : (c,) arrays
        The contrasts and what the stated errors make of their variances.
    scatter : "auto", "stated" or "unknown"
        ``auto`` adds what Mandel and Paule's estimate says is missing, ``stated`` nothing, ``unknown`` (no
        errors are stated) in any case.
    significance : float
        ``auto`` adds where right errors would scatter as much in less than this share of cases.
    always : bool
        ``auto`` adds whenever chi-square is above its expectation.
    """
    count, squares = distance.size, distance**2
    chi_square = float((squares / variances).sum())
    tolerant = count > 0 and scatter == "auto" and not always
    likely = tolerant and gammaincc(count / 2, chi_square / 2) >= significance
    if chi_square <= count or likely or scatter == "stated":
        return chi_square, 0.0
    top = 1.000001 * float(squares.sum()) / count  # where all the variance is scatter
    share = brentq(lambda u: float((squares / (variances + u * top)).sum()) - count, 0.0, 1.0)
    return chi_square, top * float(share)
