"""MYEGA viscosity: log10(η/Pa s) = a + (K/T) exp(C/T), equivalently in Tg and the fragility m.

log10 η = a + (12 - a)(Tg/T) exp[(m/(12 - a) - 1)(Tg/T - 1)] (Mauro, Yue, Ellison, Gupta and Allan 2009,
eq. 6) with K = (12 - a) Tg exp(1 - m/(12 - a)) and C = Tg (m/(12 - a) - 1); a is free.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import lambertw

from ionscape.core.quantity import DIMENSIONLESS, dimension_of
from ionscape.temperature.curved_model import CurvedModel, Parameter
from ionscape.temperature.points import FloatArray, Points

LOG_AT_TG = 12.0
"""log10 of the viscosity [Pa s] that defines Tg."""

_LN10 = math.log(10)
_LARGEST_FRAGILITY_TERM = 12.0


def _columns(temperature: FloatArray, constant: float) -> FloatArray:
    return np.column_stack([np.ones_like(temperature), -_LN10 / temperature * np.exp(constant / temperature)])


def _bounds(points: Points) -> tuple[float, float]:
    """From a strong liquid (C = 0, Arrhenius) to m of about 200 with Tg at the hottest point."""
    return 0.0, _LARGEST_FRAGILITY_TERM * float(points.temperature[-1])


def _reduced(coefficients: FloatArray) -> tuple[float, float, float]:
    """Tg, C/Tg, 12 - a."""
    intercept, factor, constant = (float(c) for c in coefficients)
    rise = LOG_AT_TG + intercept / _LN10
    if not (factor > 0 and rise > 0):
        raise ValueError("no glass transition: the viscosity does not rise to 1e12 Pa s on cooling")
    if abs(constant) < 1e-9 * factor:
        return factor / rise, 0.0, rise
    ratio = float(lambertw(constant * rise / factor).real)
    return constant / ratio, ratio, rise


def _glass_transition(coefficients: FloatArray) -> float:
    return _reduced(coefficients)[0]


def _fragility(coefficients: FloatArray) -> float:
    _, ratio, rise = _reduced(coefficients)
    return rise * (1 + ratio)


def myega(
    temperature: FloatArray, glass_transition: float, fragility: float, log_infinite: float = -2.93
) -> FloatArray:
    """log10 of the viscosity [Pa s] at temperatures [K] (n,), Mauro et al. 2009, eq. (6)."""
    rise = LOG_AT_TG - log_infinite
    reduced = glass_transition / np.asarray(temperature, dtype=float)
    return np.asarray(log_infinite + rise * reduced * np.exp((fragility / rise - 1) * (reduced - 1)))


MYEGA = CurvedModel(
    name="myega",
    text="MYEGA",
    symbol="the curvature",
    columns=_columns,
    bounds=_bounds,
    parameters=(
        Parameter("glass_transition_temperature", "K", dimension_of("K"), "log", _glass_transition),
        Parameter("fragility", "1", DIMENSIONLESS, "log", _fragility),
    ),
    fewest=5,
    citation="mauro2009",
    first_is_theta=False,
)
"""Mauro et al. 2009: three parameters; for viscosities only."""
