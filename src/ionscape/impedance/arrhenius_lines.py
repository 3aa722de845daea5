"""Straight lines of ln(R/T) against 1/kT through the resistances of separate fits, with their scatter.

The arcs of one spectrum trade resistance, so that errors of ln R are strongly correlated within a spectrum;
what is left after both lines (temperature errors, changes of the sample) is estimated on all arcs together.
Sources: A. C. Aitken, Proc. R. Soc. Edinb. 55, 42 (1936); R. C. Paule and J. Mandel,
J. Res. Natl. Bur. Stand. 87, 377 (1982).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann
from scipy.optimize import brentq
from scipy.special import gammaincc

from ionscape.impedance.circuit_fit import CircuitFit

FloatArray = NDArray[np.float64]

# Scatter is added where good errors would scatter as much in less than one series of ten.
SIGNIFICANCE = 0.1


@dataclass(frozen=True)
class Lines:
    """k lines through n temperatures.

    Attributes
    ----------
    energies : (k,) array
        [J]
    covariance : (k, k) array
        Of the energies [J^2].
    scatter : float
        Standard deviation of ln R that was added to all points.
    chi_square : float
        About the lines, with the fits' own errors only.
    degrees_of_freedom : int
    """

    energies: FloatArray
    covariance: FloatArray
    scatter: float
    chi_square: float
    degrees_of_freedom: int


def log_resistances(fits: Sequence[CircuitFit], labels: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """ln R (n, k) of the arcs of n separate fits, and its covariance (n, k, k) within each."""
    places = [
        [next(x.offset for x in fit.circuit.leaves if x.labels[0] == label) for label in labels]
        for fit in fits
    ]
    values = np.array([fit.theta[at] for fit, at in zip(fits, places, strict=True)])
    covariances = np.array(
        [fit.covariance[np.ix_(at, at)] for fit, at in zip(fits, places, strict=True)]
    )
    return values, covariances


def fit_lines(
    log_r: FloatArray, covariances: FloatArray, temperatures: FloatArray, known: FloatArray | None = None
) -> Lines:
    """Lines through ln(R/T) of k arcs at n temperatures, all together.

    Parameters
    ----------
    log_r : (n, k) array
    covariances : (n, k, k) array
    temperatures : (n,) array
        [K]
    known : (n, k, k) array, optional
        Covariance of ln R to be added, from the temperature errors of single spectra.
    """
    n, k = log_r.shape
    inverse = 1 / (Boltzmann * temperatures)
    centre, reach = inverse.mean(), np.ptp(inverse) / 2
    row = np.column_stack([np.ones(n), (inverse - centre) / reach])
    design = np.kron(row[:, None, :], np.eye(k)[None]).reshape(n * k, 2 * k)
    target = (log_r - np.log(temperatures)[:, None]).ravel()
    floor = 1e-12 * np.eye(k)
    base = covariances + floor + (0.0 if known is None else known)
    dof = n * k - 2 * k

    def solved(variance: float) -> tuple[FloatArray, FloatArray, float]:
        weight = np.linalg.inv(base + variance * np.eye(k))
        blocks = design.reshape(n, k, 2 * k)
        normal = np.einsum("nkp,nkl,nlq->pq", blocks, weight, blocks)
        right = np.einsum("nkp,nkl,nl->p", blocks, weight, target.reshape(n, k))
        solution = np.linalg.solve(normal, right)
        left = (target - design @ solution).reshape(n, k)
        return solution, np.linalg.inv(normal), float(np.einsum("nk,nkl,nl->", left, weight, left))

    chi_square = solved(0.0)[2]
    added = 0.0
    if dof > 0 and chi_square > dof and gammaincc(dof / 2, chi_square / 2) < SIGNIFICANCE:
        high = float(np.var(target)) + 1.0
        added = float(brentq(lambda v: solved(v)[2] - dof, 0.0, high, xtol=1e-14))
    solution, normal, _ = solved(added)
    slopes = np.arange(k) + k
    return Lines(solution[slopes] / reach, normal[np.ix_(slopes, slopes)] / reach**2, float(np.sqrt(added)),
                 chi_square, dof)  # fmt: skip
