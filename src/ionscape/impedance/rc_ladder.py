"""RC elements at fixed times in series with R, L and C: a linear, Kramers-Kronig-compliant model.

Every element obeys the Kramers-Kronig relations by itself, so what the ladder cannot reproduce is noise or
a violation. The same span serves both representations: parallel RC in series fit Z, series RC in parallel
fit Y, because iωτ/(1 + iωτ) = 1 - 1/(1 + iωτ).

References
----------
B. A. Boukamp, J. Electrochem. Soc. 142 (1995) 1885, eqs 7-10.
M. Schönleber, D. Klotz, E. Ivers-Tiffée, Electrochim. Acta 131 (2014) 20, eqs 9-21.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Representation = Literal["impedance", "admittance"]

# Elements per decade of time constants that the automatic choice tries. Noise of 0.01 % needs about 3;
# a denser ladder would only learn to follow violations.
DENSITIES = (0.6, 0.8, 1.0, 1.2, 1.4, 1.7, 2.0, 2.3, 2.6, 3.0, 3.5)
# A relative misfit below this is numerical, whatever an information criterion makes of it.
SMALLEST_MISFIT = 1e-6


@dataclass(frozen=True)
class LadderOptions:
    """What the ladder is made of.

    Attributes
    ----------
    extension : float
        Decades by which the time constants reach beyond the measured window at each end.
    series_capacitance, series_inductance : bool
        In the admittance representation these are a parallel inductance and capacitance.
    """

    extension: float = 0.5
    series_capacitance: bool = True
    series_inductance: bool = True

    @property
    def extra(self) -> int:
        """Number of parameters beside the RC elements."""
        return 1 + self.series_capacitance + self.series_inductance


@dataclass(frozen=True)
class Ladder:
    """One fitted ladder.

    Attributes
    ----------
    representation : str
    tau : (M,) array
        Time constants [s].
    strength : (M,) array
        Resistance of each RC element [ohm], or conductance of each branch [S]; any sign.
    model : (N,) complex array
        Fitted impedance [ohm].
    basis : (2N, P) array
        Orthonormal basis of the weighted model space, real parts above imaginary parts.
    chi_square : float
        Sum of squared weighted residuals of the fit, in its own representation.
    criterion : float
        Bayesian information criterion, noise level unknown.
    """

    representation: Representation
    tau: FloatArray
    strength: FloatArray
    model: ComplexArray
    basis: FloatArray
    chi_square: float
    criterion: float

    @property
    def mu(self) -> float:
        """1 - sum|negative|/sum positive (Schönleber 2014, eq. 21): near 1 sound, near 0 over-fitted."""
        positive = float(np.sum(self.strength[self.strength > 0]))
        negative = float(-np.sum(self.strength[self.strength < 0]))
        return 1.0 - negative / positive if positive > 0 else 0.0


def fit_ladder(
    omega: FloatArray,
    impedance: ComplexArray,
    relative_sd: FloatArray,
    n_elements: int,
    representation: Representation,
    options: LadderOptions,
) -> Ladder:
    """Fit a ladder with a given number of elements by linear least squares.

    Parameters
    ----------
    omega : (N,) array
        Angular frequency [1/s].
    impedance : (N,) complex array
        [ohm]
    relative_sd : (N,) array
        Standard deviation of each point over |Z|, up to a common factor: ones weigh by 1/|Z|; inf leaves
        a point out of the fit (the model is still evaluated there).
    """
    data = impedance if representation == "impedance" else 1.0 / impedance
    weight = 1.0 / (np.abs(data) * relative_sd)
    columns, tau = _columns(omega, n_elements, options)
    full = np.concatenate([columns.real, columns.imag])
    double = np.concatenate([weight, weight])
    target = np.concatenate([data.real, data.imag]) * double
    basis, upper = np.linalg.qr(full * double[:, None])
    projection = basis.T @ target
    # lstsq on the small triangle: it may be singular when the elements are dense
    coefficients = np.linalg.lstsq(upper, projection, rcond=1e-13)[0]
    fitted = columns @ coefficients
    residual = target - basis @ projection
    chi_square = float(residual @ residual)
    strength = coefficients[options.extra :]
    if representation == "admittance":
        fitted, strength = 1.0 / fitted, -strength
    used = 2 * int(np.count_nonzero(weight))
    misfit = max(chi_square / used, SMALLEST_MISFIT**2)
    criterion = used * np.log(misfit) + columns.shape[1] * np.log(used)
    return Ladder(representation, tau, strength, fitted, basis, chi_square, float(criterion))


def _columns(omega: FloatArray, n_elements: int, options: LadderOptions) -> tuple[ComplexArray, FloatArray]:
    """Complex design matrix (N, P), R first, and the time constants."""
    reach = 10.0**options.extension
    tau = np.geomspace(1 / (omega.max() * reach), reach / omega.min(), n_elements)
    columns = np.empty((omega.size, options.extra + n_elements), dtype=np.complex128)
    columns[:, 0] = 1.0
    position = 1
    if options.series_inductance:
        columns[:, position] = 1j * omega / omega.max()
        position += 1
    if options.series_capacitance:
        columns[:, position] = -1j * omega.min() / omega
    columns[:, options.extra :] = 1.0 / (1.0 + 1j * omega[:, None] * tau)
    return columns, tau


def element_counts(omega: FloatArray, options: LadderOptions) -> list[int]:
    """Numbers of elements worth trying, rising; never so many that the data are used up."""
    decades = np.log10(omega.max() / omega.min()) + 2 * options.extension
    largest = max(3, int(1.2 * omega.size) - options.extra)
    return sorted({int(np.clip(np.ceil(d * decades), 3, largest)) for d in DENSITIES})


def best_ladder(
    omega: FloatArray,
    impedance: ComplexArray,
    relative_sd: FloatArray,
    representations: tuple[Representation, ...],
    options: LadderOptions,
) -> Ladder:
    """The ladder with the lowest Bayesian information criterion over sizes and representations.

    The threshold on mu alone (Schönleber 2014) stops too early where mu dips at a small size because the
    ladder is still too short, as on spectra with little noise or with a tail; the criterion goes on for as
    long as a further element removes more misfit than chance would.
    """
    trials = (
        fit_ladder(omega, impedance, relative_sd, size, representation, options)
        for representation in representations
        for size in element_counts(omega, options)
    )
    return min(trials, key=lambda ladder: ladder.criterion)


def ladder_by_mu(
    omega: FloatArray,
    impedance: ComplexArray,
    relative_sd: FloatArray,
    representation: Representation,
    options: LadderOptions,
    mu_limit: float,
) -> Ladder:
    """The smallest ladder whose mu falls to the limit (Schönleber 2014), or the largest tried."""
    largest = max(element_counts(omega, options)[-1], 3)
    for size in range(2, largest + 1):
        ladder = fit_ladder(omega, impedance, relative_sd, size, representation, options)
        if ladder.mu <= mu_limit:
            break
    return ladder
