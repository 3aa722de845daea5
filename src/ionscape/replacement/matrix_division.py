"""Division of a signal by the matrix's: the primary current and the yield may drift during a profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError

FloatArray = NDArray[np.float64]
_DEGREE = 4
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
    A polynomial of the fourth degree, if counting alone explains what it leaves (chi-square with a
    probability above 1 %): one of lower degree that passes the same test may still be off by several of its
    own errors. Otherwise point is divided by point, and the matrix's counting noise adds to the signal's.
    """
    mean = float(counts.mean())
    if not mean >= _LEAST:
        raise InputError(f"matrix {name}: {mean:.3g} counts per point are too few to divide by, {_LEAST:g} "
                         "are the least")  # fmt: skip
    from scipy.special import gammaincc

    x = 2 * (depth - depth[0]) / (depth[-1] - depth[0]) - 1
    design = np.polynomial.legendre.legvander(x, _DEGREE)
    coefficients, *_ = np.linalg.lstsq(design, counts, rcond=None)
    smooth = design @ coefficients
    chi_square = float(np.sum((counts - smooth) ** 2 / np.maximum(smooth, 1.0)))
    left = counts.size - _DEGREE - 1
    if left > 0 and smooth.min() > 0 and gammaincc(left / 2, chi_square / 2) > _CONSISTENT:
        variances, vectors = np.linalg.eigh(mean * np.linalg.inv(design.T @ design))
        shared = tuple(design @ (vector * np.sqrt(variance)) / smooth
                       for variance, vector in zip(variances, vectors.T, strict=True))  # fmt: skip
        finding = (f"The signals are divided by the smooth course of {name}, which changes by "
                   f"{100 * float(np.ptp(smooth)) / mean:.2g} %.")  # fmt: skip
        return MatrixCourse(smooth / mean, np.zeros_like(depth), shared, finding)
    floor = np.maximum(counts, 1.0)
    return MatrixCourse(floor / mean, 1 / floor, (), f"The signals are divided by {name} point by point: it "
                        "changes more than a smooth drift.")  # fmt: skip


__all__ = ["MatrixCourse", "matrix_course"]
