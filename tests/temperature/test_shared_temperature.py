"""A calibration error that all temperatures share widens the line's interval; it never moves the line."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.core.estimate import Estimate, measured
from ionscape.core.quantity import dimension_of
from ionscape.temperature import arrhenius

BOLTZMANN_EV = 8.617333262e-5
KELVIN, SIEMENS = dimension_of("K"), dimension_of("S/m")
T = np.linspace(293.15, 352.15, 60)
TRUTH = 0.4275  # eV


def _series(shared_kelvin: float) -> tuple[list[Estimate], list[Estimate]]:
    """Points with 0.1 % errors of their own, and a bend of 0.2 % that no line describes."""
    rng = np.random.default_rng(2)
    x = 1 / (BOLTZMANN_EV * T)
    bend = 0.002 * (2 * ((x - x.mean()) / np.ptp(x) * 2) ** 2 - 1)
    sigma = np.exp(20 - TRUTH * x + bend + 0.001 * rng.normal(size=T.size)) / T
    temperatures = [
        Estimate(float(t), KELVIN, "log", {"calibration": shared_kelvin / t} if shared_kelvin else {})
        for t in T
    ]
    return temperatures, [measured(float(s), 0.001 * float(s), SIEMENS) for s in sigma]


@pytest.mark.parametrize("shared_kelvin", [0.1, 1.0, 2.0])
def test_the_line_stays_on_the_points_and_its_interval_grows(shared_kelvin: float) -> None:
    plain = arrhenius(*_series(0.0), at=[298.15])
    shifted = arrhenius(*_series(shared_kelvin), at=[298.15])
    energy, sd = shifted.activation_energy.to("eV")
    assert energy == pytest.approx(plain.activation_energy.to("eV")[0], abs=2e-4)
    # d ln E / d T of a common shift, to first order: E is 2 delta/T more or less
    assert sd == pytest.approx(TRUTH * 2 * shared_kelvin / T.mean(), rel=0.15, abs=3e-4)
    value = shifted.values[0][1].value
    assert value == pytest.approx(plain.values[0][1].value, rel=2e-3)
