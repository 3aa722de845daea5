"""The order of residuals: as often in doubt as it says, and blind to what the errors explain."""

from __future__ import annotations

import math

import numpy as np
from scipy.constants import Boltzmann, elementary_charge

from ionscape.temperature import arrhenius
from ionscape.temperature.residual_order import chance_of_order

K_EV = Boltzmann / elementary_charge


def chance(ln_st: np.typing.NDArray[np.float64], kelvin: np.typing.NDArray[np.float64],
           sd: float | None) -> float:  # fmt: skip
    sigma = np.exp(ln_st) / kelvin
    solution = arrhenius(kelvin, sigma, uncertainty=None if sd is None else sd * sigma).solution
    assert solution is not None
    return chance_of_order(solution)


def test_random_residuals_give_a_uniform_chance() -> None:
    kelvin, rng = np.linspace(280, 360, 8), np.random.default_rng(9)
    straight = 10 - 0.4 / (K_EV * kelvin)
    found = np.array([chance(straight + 0.02 * rng.standard_normal(8), kelvin, None) for _ in range(300)])
    for level in (0.1, 0.25, 0.5, 0.75):
        assert abs((found < level).mean() - level) < 4 * math.sqrt(level * (1 - level) / 300)


def test_a_parabola_leaves_order_unless_its_errors_explain_it() -> None:
    kelvin = np.linspace(280, 360, 12)
    x = 1 / (K_EV * kelvin)
    bent = 10 - 0.4 * x - 0.02 * (x - x.mean()) ** 2
    assert chance(bent, kelvin, 0.001) < 1e-3
    assert math.isnan(chance(bent, kelvin, 0.5))
    assert math.isnan(chance(bent[:4], kelvin[:4], 1e-6))
