"""Two Arrhenius lines with a jump between two neighbouring temperatures (a first-order transition).

Where between the two temperatures the jump lies, nothing in the points says: the break is searched over
the gaps and its temperature is uniform over the one that is found.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.constants import elementary_charge

from ionscape.core.quantity import DIMENSIONLESS, dimension_of
from ionscape.temperature.curved_model import CurvedModel, Parameter
from ionscape.temperature.points import K_PER_EV, FloatArray, Points

_JOULE = dimension_of("J")


def _common(temperature: FloatArray, middle: float) -> FloatArray:
    x = 1 / (K_PER_EV * temperature)
    return np.column_stack([np.ones_like(x), -x, -1.0 * (temperature < middle)])


def _free(temperature: FloatArray, middle: float) -> FloatArray:
    x = 1 / (K_PER_EV * temperature)
    colder = -(x - 1 / (K_PER_EV * middle)) * (temperature < middle)
    return np.column_stack([_common(temperature, middle), colder])


def _gaps(points: Points, on_each_side: int) -> FloatArray:
    """Middles of the gaps (in 1/T) that leave enough distinct temperatures on either side."""
    distinct = np.unique(points.temperature)
    colder = distinct[on_each_side - 1 : distinct.size - on_each_side]
    hotter = distinct[on_each_side : distinct.size - on_each_side + 1]
    return np.asarray(2 / (1 / colder + 1 / hotter))


_BREAK = Parameter("break_temperature", "K", dimension_of("K"), "linear", lambda c: float(c[-1]))
_FACTOR = Parameter("step_factor", "1", DIMENSIONLESS, "log", lambda c: math.exp(float(c[2])))

STEP = CurvedModel(
    name="step",
    text="step (one slope)",
    symbol="the place of the step",
    columns=_common,
    bounds=lambda points: (float(points.temperature[0]), float(points.temperature[-1])),
    parameters=(_BREAK, _FACTOR),
    fewest=6,
    citation="schwarz1978",
    places=lambda points: _gaps(points, 2),
)
"""One activation energy, two pre-exponential factors: four parameters."""

STEP_SLOPES = CurvedModel(
    name="step_slopes",
    text="step (two slopes)",
    symbol="the place of the step",
    columns=_free,
    bounds=STEP.bounds,
    parameters=(
        _BREAK,
        _FACTOR,
        Parameter("activation_energy_below_break", "eV", _JOULE, "linear",
                  lambda c: float(c[1] + c[3]) * elementary_charge),
        Parameter("activation_energy_above_break", "eV", _JOULE, "linear",
                  lambda c: float(c[1]) * elementary_charge),
    ),
    fewest=8,
    citation="schwarz1978",
    places=lambda points: _gaps(points, 3),
)  # fmt: skip
"""Two lines with nothing in common: five parameters."""
