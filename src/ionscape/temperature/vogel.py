"""Vogel, Fulcher, Tammann: ln(σT) = ln A - B/(T - T0), above a temperature T0 where motion would stop."""

from __future__ import annotations

import numpy as np

from ionscape.core.quantity import dimension_of
from ionscape.temperature.curved_model import CurvedModel, Parameter
from ionscape.temperature.points import FloatArray, Points

_KELVIN = dimension_of("K")


def _columns(temperature: FloatArray, vogel_temperature: float) -> FloatArray:
    above = np.where(temperature > vogel_temperature, temperature - vogel_temperature, np.nan)
    return np.column_stack([np.ones_like(temperature), -1 / above])


def _bounds(points: Points) -> tuple[float, float]:
    """From 0 (the Arrhenius line) to just below the coldest point."""
    return 0.0, 0.999 * float(points.temperature[0])


def _vogel_temperature(coefficients: FloatArray) -> float:
    return float(coefficients[2])


def _vogel_barrier(coefficients: FloatArray) -> float:
    return float(coefficients[1])


VOGEL = CurvedModel(
    name="vft",
    text="VFT",
    symbol="T0",
    columns=_columns,
    bounds=_bounds,
    parameters=(
        Parameter("vogel_temperature", "K", _KELVIN, "linear", _vogel_temperature),
        Parameter("vogel_barrier", "K", _KELVIN, "log", _vogel_barrier),
    ),
    fewest=5,
    citation="vogel1921",
    one_sided=True,
)
"""Vogel 1921, Fulcher 1925: three parameters; B in kelvin (B/T0 is the strength)."""
