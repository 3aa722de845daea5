"""Division of a signal by the matrix's: the primary current and the yield may drift during a profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError

FloatArray = NDArray[np.float64]
_DEGREES = 5
_CONSISTENT = 0.01  # probability
_LEAST = 100.0  # counts of the matrix per point, on the mean


@dataclass(frozen=True)
class MatrixCourse:
    """How the matrix's signal went, 1 on the mean.

    Attributes
    ----------
    course : (N,) array
        That signals are divided by.
    variance : (N,) array
        Relative, independent from point to point; zero for a smooth course.
    shared : tuple of (N,) array
        Relative change for 1 SD of each coefficient of a smooth course.
    finding : str
    """

    course: FloatArray
    variance: FloatArray
    shared: tuple[FloatArray, ...]
    finding: str


def matrix_course(name: str, depth: FloatArray, counts: FloatArray) -> MatrixCourse:
    """The smooth course of a matrix signal, or the signal itself where none is smooth enough.

    Parameters
    ----------
    name : str
        For the words.
    depth, counts : (N,) arrays

    Raises
    ------
    InputError
        If there are too few counts to divide by.

    Notes
    -----
    Legendre polynomials of the lowest degree, 4 at most, that counting alone explains the rest of (chi-square
    with a probability above 1 %). Where there is none, point is divided by point, and the matrix's counting
    noise adds to that of the signal.
    """
    mean = float(counts.mean())
    if not mean >= _LEAST:
        raise InputError(f"matrix {name}: {mean:.3g} counts per point are too few to divide by, {_LEAST:g} "
                         "are "
                         "the least")  # fmt: skip
    from scipy.special import gammaincc

    x = 2 * (depth - depth[0]) / (depth[-1] - depth[0]) - 1
    for degree in range(_DEGREES):
        design = np.polynomial.legendre.legvander(x, degree)
        weight = 1 / np.maximum(counts.mean(), 1.0)
        coefficients, *_ = np.linalg.lstsq(design, counts, rcond=None)
        smooth = design @ coefficients
        chi_square = float(np.sum((counts - smooth) ** 2 / np.maximum(smooth, 1.0)))
        left = counts.size - degree - 1
        if left > 0 and smooth.min() > 0 and gammaincc(left / 2, chi_square / 2) > _CONSISTENT:
            variances, vectors = np.linalg.eigh(np.linalg.inv(design.T @ design) / weight)
            shared = tuple(design @ (vectors[:, k] * np.sqrt(variances[k])) / smooth
                           for k in range(degree + 1))  # fmt: skip
            span = float(np.ptp(smooth)) / mean
            drift = f"which drifts by {100 * span:.2g} %" if degree else "which is constant"
            finding = f"The signals are divided by the smooth course of {name}, {drift}."
            return MatrixCourse(smooth / mean, np.zeros_like(depth), shared, finding)
    floor = np.maximum(counts, 1.0)
    return MatrixCourse(floor / mean, 1 / floor, (), f"The signals are divided by {name} point by point: it "
                        "changes more than a smooth drift.")  # fmt: skip


__all__ = ["MatrixCourse", "matrix_course"]
