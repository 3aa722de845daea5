"""Capacitances behind constant phase elements, and the permittivity that an arc would need to be the bulk.

All formulas are products of powers, hence exact on the logarithmic scale with the joint errors of one fit.

Sources: C. H. Hsu and F. Mansfeld, Corrosion 57, 747 (2001) and P. Perrenot et al., Adv. Funct. Mater. 34,
2310739 (2024), eq. (1), for the arc; G. J. Brug et al., J. Electroanal. Chem. 176, 275 (1984) for blocking
electrodes; B. Hirschorn et al., Electrochim. Acta 55, 6218 (2010) for which distribution each belongs to.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.constants import epsilon_0

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, exact
from ionscape.core.propagation import propagate
from ionscape.core.quantity import named_dimension

FloatArray = NDArray[np.float64]

FARAD = named_dimension("capacitance")
VACUUM = exact(epsilon_0, tuple(a - b for a, b in zip(FARAD, named_dimension("length"), strict=True)))  # type: ignore[arg-type]

# A tail whose exponent lies nearer to 1/2 than to 1 is a diffusion impedance, not a rough capacitor.
LEAST_CAPACITOR_EXPONENT = 0.75
LARGEST_LOGARITHM = 300.0  # of a capacitance in farad


def arc_capacitance(resistance: Estimate, relaxation_time: Estimate) -> Estimate:
    """Capacitance [F] of an arc, C = tau/R, equal to Q^(1/alpha) R^((1-alpha)/alpha).

    Parameters
    ----------
    resistance : Estimate
        [ohm]
    relaxation_time : Estimate
        tau = (R Q)^(1/alpha) [s], of the same fit.
    """
    return relaxation_time / resistance


def parallel_capacitance(coefficient: float, exponent: float, resistance: float) -> float:
    """C = Q^(1/alpha) R^((1-alpha)/alpha) [F] from plain numbers Q [S s^alpha], alpha and R [ohm].

    This is also Hirschorn's capacitance for a distribution normal to the surface, R being the film's.

    Raises
    ------
    InputError
        If Q or R is not positive, or alpha lies outside (0, 1].
    """
    if not (coefficient > 0 and resistance > 0):
        raise InputError(f"Q and R must be positive, got {coefficient:g} and {resistance:g}")
    if not 0 < exponent <= 1:
        raise InputError(f"the exponent alpha must lie above 0 and not above 1, got {exponent:g}")
    return float(coefficient ** (1 / exponent) * resistance ** ((1 - exponent) / exponent))


def brug_capacitance(
    coefficient: Estimate, exponent: Estimate, series_resistance: Estimate,
    transfer_resistance: Estimate | None = None,
) -> Estimate:  # fmt: skip
    """Double-layer capacitance [F] of an electrode whose time constants are spread along its surface.

    C = Q^(1/alpha) (1/R_s + 1/R_t)^((alpha-1)/alpha); without R_t the electrode blocks:
    C = Q^(1/alpha) R_s^((1-alpha)/alpha).

    Parameters
    ----------
    coefficient : Estimate
        Q, a pure number on the fit's scale: its unit S s^alpha depends on alpha.
    exponent : Estimate
        alpha.
    series_resistance, transfer_resistance : Estimate
        R_s and R_t [ohm], of the same fit.
    """
    both = (series_resistance, transfer_resistance)
    resistances = [r for r in both if r is not None]

    def value(q: FloatArray, alpha: FloatArray, *r: FloatArray) -> FloatArray:
        parallel = sum((1 / each for each in r), np.zeros(()))
        # In logarithms: draws of a small alpha send Q^(1/alpha) and R^(1/alpha) beyond all numbers, their
        # product not; what still would is cut at a finite size far outside any interval.
        logarithm = (np.log(q) + (alpha - 1) * np.log(parallel)) / alpha
        return np.asarray(np.exp(np.clip(logarithm, -LARGEST_LOGARITHM, LARGEST_LOGARITHM)))

    return propagate(value, coefficient, exponent, *resistances, dimension=FARAD, scale="log")


def reference_capacitance(thickness: Estimate, area: Estimate) -> Estimate:
    """Capacitance [F] of the empty cell, eps0 A/L: what an arc of permittivity 1 would have."""
    return VACUUM * area / thickness


def permittivity(capacitance: Estimate, thickness: Estimate, area: Estimate) -> Estimate:
    """Effective relative permittivity, eps_r = C L/(eps0 A).

    That of the material for the bulk arc; for a grain boundary it is larger by about grain size over width.
    """
    return capacitance * thickness / (VACUUM * area)
