"""Filling of sites against closed forms: absolute zero, Boltzmann's limit, a box, an exponential tail."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import integrate
from scipy.constants import Boltzmann, e

from ionscape.core.errors import InputError
from ionscape.replacement.fermi_level import activation_energy, fermi_energy, occupied_share
from ionscape.replacement.site_energy_distribution import (
    ExponentialTails,
    Gaussian,
    Mixture,
    SiteEnergyDistribution,
    Tabulated,
)

MEV = 1e-3 * e
GLASS = Gaussian(250 * MEV, 40 * MEV)
FILLING = np.array([1e-12, 1e-6, 0.01, 0.15, 0.5, 0.9, 1.0])
EVERY: tuple[SiteEnergyDistribution, ...] = (
    GLASS,
    ExponentialTails(120 * MEV, -40 * MEV, 0.6),
    Mixture((Gaussian(90 * MEV), Gaussian(60 * MEV, 400 * MEV)), (3, 1)),
    Tabulated(np.linspace(-300, 500, 41) * MEV, 2 + np.sin(np.arange(41.0))),
)


def test_at_absolute_zero_the_level_is_the_quantile() -> None:
    np.testing.assert_allclose(fermi_energy(GLASS, FILLING, 0.1), GLASS.quantile(0.9 * FILLING))


@pytest.mark.parametrize("distribution", EVERY)
def test_the_level_fills_what_it_should(distribution: SiteEnergyDistribution) -> None:
    level = fermi_energy(distribution, FILLING, 0.1, 343.0)
    np.testing.assert_allclose(occupied_share(distribution, level, 343.0), 0.9 * FILLING, rtol=1e-8)


@pytest.mark.parametrize("distribution", EVERY)
def test_occupied_share_against_adaptive_quadrature(distribution: SiteEnergyDistribution) -> None:
    kt = Boltzmann * 343.0 / MEV

    def taken(energy: float, level: float) -> float:
        return (
            float(distribution.density(energy * MEV)) * MEV / (1 + math.exp(min((energy - level) / kt, 600)))
        )

    for level in (-250.0, 20.0, 180.0):
        ends = sorted({-3000.0, -400.0, level, 800.0, 3000.0, *(b / MEV for b in distribution.breaks)})
        exact = sum(
            integrate.quad(taken, a, b, args=(level,), epsabs=1e-13)[0] for a, b in itertools.pairwise(ends)
        )
        assert float(occupied_share(distribution, level * MEV, 343.0)) == pytest.approx(exact, rel=1e-7)


def test_fermi_dirac_goes_over_into_absolute_zero_with_the_square_of_the_temperature() -> None:
    cold = fermi_energy(GLASS, FILLING[1:], 0.1)
    off = [np.abs(fermi_energy(GLASS, FILLING[1:], 0.1, t) - cold).max() for t in (20.0, 10.0, 5.0)]
    assert off[-1] < 0.1 * MEV
    np.testing.assert_allclose(np.array(off[:-1]) / off[1:], 4, rtol=0.05)


def test_few_ions_follow_boltzmann() -> None:
    """mu = kT ln(taken) + mean - sigma^2/2kT of a Gaussian."""
    kt, few = Boltzmann * 500.0, np.array([1e-12, 1e-10])
    closed = kt * np.log(0.9 * few) + GLASS.mean - GLASS.deviation**2 / (2 * kt)
    np.testing.assert_allclose(fermi_energy(GLASS, few, 0.1, 500.0), closed, atol=1e-4 * kt)


def test_exponential_tail_below_the_peak_has_its_closed_form() -> None:
    tail, kt = ExponentialTails(200 * MEV), Boltzmann * 300.0
    ratio = kt / tail.lower_width
    level = tail.peak - 60 * kt
    closed = math.exp(-60 * ratio) * math.pi * ratio / math.sin(math.pi * ratio)
    assert float(occupied_share(tail, level, 300.0)) == pytest.approx(closed, rel=1e-8)


def test_a_box_has_its_closed_form() -> None:
    box, kt = Tabulated([-200 * MEV, 300 * MEV], [1, 1]), Boltzmann * 300.0
    level = np.linspace(-400, 400, 9) * MEV
    above, below = np.exp((level + 200 * MEV) / kt), np.exp((level - 300 * MEV) / kt)
    closed = kt / (500 * MEV) * (np.log1p(above) - np.log1p(below))
    np.testing.assert_allclose(occupied_share(box, level, 300.0), closed, rtol=1e-9)


def test_activation_energy_falls_from_the_deep_ions_to_that_of_the_bulk() -> None:
    energy = activation_energy(GLASS, [0.1, 1.0], 600 * MEV)
    assert energy[1] == pytest.approx(600 * MEV)
    step = GLASS.deviation * 2.5631031310892007  # Phi^-1(0.9) - Phi^-1(0.1)
    assert activation_energy(GLASS, 0.1 / 0.9, 600 * MEV) == pytest.approx(600 * MEV + step)
    assert energy[0] > 600 * MEV + step


def test_shape_is_kept_and_the_lowest_filling_is_finite() -> None:
    for temperature in (0.0, 300.0):
        level = fermi_energy(GLASS, np.array([[0.0, 1e-13], [0.5, 1.0]]), 0.1, temperature)
        assert level.shape == (2, 2)
        assert np.all(np.isfinite(level))
        assert level[0, 0] == level[0, 1]
        assert fermi_energy(GLASS, 0.5, 0.1, temperature).shape == ()


@pytest.mark.parametrize(("vacancy", "temperature"), [(-0.1, 0.0), (1.0, 0.0), (0.1, -1.0), (0.0, 0.0)])
def test_impossible_fillings_are_refused(vacancy: float, temperature: float) -> None:
    with pytest.raises(InputError):
        fermi_energy(GLASS, 0.5, vacancy, temperature)


def test_a_bounded_distribution_may_be_full_at_absolute_zero_only() -> None:
    box = Tabulated([0, MEV], [1, 1])
    assert fermi_energy(box, 1.0, 0.0) == pytest.approx(MEV, rel=1e-9)
    with pytest.raises(InputError, match="vacancy"):
        fermi_energy(box, 1.0, 0.0, 300.0)
