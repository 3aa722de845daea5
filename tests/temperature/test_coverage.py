"""Intervals cover the truth as often as they say: synthetic series with a shared geometry error.

Seven temperatures, every error drawn afresh: an own one per point and one of geometry for all, as a fit would
know them; then with own errors stated half as large as they are, so that the scatter has to tell.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.estimate import Estimate, exact
from ionscape.core.quantity import dimension_of
from ionscape.temperature import arrhenius

K_EV = Boltzmann / elementary_charge
T = np.linspace(300.0, 420.0, 7)
S, K = dimension_of("S/m"), dimension_of("K")
ENERGY, LN_A = 0.55, 18.0


def positions(series: int, understated: float, shared: float, seed: int) -> NDArray[np.float64]:
    """For E, A and sigma(25 °C): 0 inside the 68 % interval, 0.8 inside the 95 % one, else 1; (series, 3)."""
    rng = np.random.default_rng(seed)
    kelvin = [exact(t, K) for t in T]
    own = 0.02 * np.exp(rng.normal(0, 0.3, (series, 7)))
    wrong = own * rng.standard_normal((series, 7)) + shared * rng.standard_normal((series, 1))
    sigma = np.exp(LN_A - ENERGY / (K_EV * T) + wrong) / T
    truths = (ENERGY * elementary_charge, np.exp(LN_A), np.exp(LN_A - ENERGY / (K_EV * 298.15)) / 298.15)
    found = np.empty((series, 3))
    for i in range(series):
        points = [
            Estimate(float(s), S, "log", {f"p{j}": float(own[i, j] / understated), "geometry": shared})
            for j, s in enumerate(sigma[i])
        ]
        fit = arrhenius(kelvin, points, source=f"fit {i}")
        results = (fit.activation_energy, fit.pre_exponential_factor, fit.values[0][1])
        for j, (estimate, truth) in enumerate(zip(results, truths, strict=True)):
            inside = [low <= truth <= high for low, high in map(estimate.interval, (0.6827, 0.95))]
            found[i, j] = 0.0 if inside[0] else 0.8 if inside[1] else 1.0
    return found


@pytest.mark.parametrize(("understated", "shared"), [(1.0, 0.03), (2.0, 0.03), (4.0, 0.0)])
def test_coverage(understated: float, shared: float) -> None:
    found = positions(400, understated, shared, seed=20)
    one, two = (found < 0.5).mean(axis=0), (found < 0.9).mean(axis=0)
    assert np.all(np.abs(one - 0.68) < 0.05), one
    assert np.all(np.abs(two - 0.95) < 0.03), two


@pytest.mark.parametrize("n", [3, 4, 5])
def test_few_points_with_errors_three_times_too_small_are_covered(n: int) -> None:
    rng, kelvin, inside = np.random.default_rng(3), np.linspace(330.0, 400.0, n), np.zeros(2)
    for _ in range(300):
        sigma = np.exp(LN_A - ENERGY / (K_EV * kelvin) + 0.03 * rng.standard_normal(n)) / kelvin
        energy = arrhenius(kelvin, sigma, uncertainty=0.01 * sigma).activation_energy
        for i, probability in enumerate((0.6827, 0.95)):
            low, high = energy.interval(probability)
            inside[i] += low <= ENERGY * elementary_charge <= high
    assert inside[0] / 300 > 0.63
    assert inside[1] / 300 > 0.92


@pytest.mark.verify
@pytest.mark.parametrize("understated", [1.0, 1.5, 2.0, 4.0])
@pytest.mark.parametrize("shared", [0.0, 0.03])
def test_coverage_of_many(understated: float, shared: float) -> None:
    found = positions(4000, understated, shared, seed=21)
    one, two = (found < 0.5).mean(axis=0), (found < 0.9).mean(axis=0)
    assert np.all(np.abs(one - 0.68) < 0.05), one
    assert np.all(np.abs(two - 0.95) < 0.03), two
