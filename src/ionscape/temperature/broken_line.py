"""Two Arrhenius lines that meet at a break temperature (a change of mechanism, a phase transition)."""

from __future__ import annotations

import numpy as np
from scipy.constants import elementary_charge

from ionscape.core.quantity import dimension_of
from ionscape.temperature.curved_model import CurvedModel, Parameter
from ionscape.temperature.points import K_PER_EV, FloatArray, Points

_JOULE = dimension_of("J")


def _columns(temperature: FloatArray, break_temperature: float) -> FloatArray:
    x = 1 / (K_PER_EV * temperature)
    colder = np.maximum(x - 1 / (K_PER_EV * break_temperature), 0.0)
    return np.column_stack([np.ones_like(x), -x, -colder])


def _bounds(points: Points) -> tuple[float, float]:
    """Two points at least on either side."""
    distinct = np.unique(points.temperature)
    return float(distinct[1]), float(distinct[-2])


def _break_temperature(coefficients: FloatArray) -> float:
    return float(coefficients[3])


def _hot_energy(coefficients: FloatArray) -> float:
    return float(coefficients[1]) * elementary_charge


def _cold_energy(coefficients: FloatArray) -> float:
    return float(coefficients[1] + coefficients[2]) * elementary_charge


BROKEN_LINE = CurvedModel(
    name="broken",
    text="broken-line",
    symbol="the break temperature",
    columns=_columns,
    bounds=_bounds,
    parameters=(
        Parameter("break_temperature", "K", dimension_of("K"), "linear", _break_temperature),
        Parameter("activation_energy_below_break", "eV", _JOULE, "linear", _cold_energy),
        Parameter("activation_energy_above_break", "eV", _JOULE, "linear", _hot_energy),
    ),
    fewest=6,
    citation="muggeo2003",
)
"""A continuous hinge: four parameters. The energies hold the error of the break (Muggeo 2003)."""
