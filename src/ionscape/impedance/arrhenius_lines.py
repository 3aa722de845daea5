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
from scipy.linalg import block_diag, null_space

from ionscape.fit.scatter import excess, principal
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
    base = covariances + 1e-12 * np.eye(k) + (0.0 if known is None else known)
    covariance = block_diag(*base)
    contrasts = null_space(design.T)
    typical = float(np.trace(covariance)) / (n * k)
    turned, variances, _ = principal(contrasts.T @ covariance @ contrasts, typical)
    chi_square, added = excess(turned.T @ contrasts.T @ target, variances, significance=SIGNIFICANCE)
    weight = np.linalg.inv(base + added * np.eye(k))
    blocks = design.reshape(n, k, 2 * k)
    of_solution = np.linalg.inv(np.einsum("nkp,nkl,nlq->pq", blocks, weight, blocks))
    solution = of_solution @ np.einsum("nkp,nkl,nl->p", blocks, weight, target.reshape(n, k))
    slopes = np.arange(k) + k
    return Lines(solution[slopes] / reach, of_solution[np.ix_(slopes, slopes)] / reach**2,
                 float(np.sqrt(added)), chi_square, n * k - 2 * k)  # fmt: skip
