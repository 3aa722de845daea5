"""Laws of diffusion against eq. (2) of Gunawan 2024 and the numbers of the assumed set."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.constants import Boltzmann, e

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import (
    ConstantDiffusion,
    DiffusionLaw,
    SiteEnergyDiffusion,
    TabulatedDiffusion,
    decades,
)
from ionscape.replacement.site_energy_distribution import ExponentialTails, Gaussian, Mixture

GLASS = Gaussian(0.25 * e)


@pytest.mark.parametrize(("temperature", "published"), [(298.0, 3.94), (323.0, 3.64), (343.0, 3.43)])
def test_decades_of_the_assumed_set(temperature: float, published: float) -> None:
    law = SiteEnergyDiffusion(GLASS, 1e-17)
    assert decades(law, 0.2, temperature) == pytest.approx(published, abs=0.006)


def test_paper_finds_about_four_decades_at_room_temperature() -> None:
    assert decades(SiteEnergyDiffusion(GLASS, 1e-17), 0.2, 298.0) == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize("filling", ["zero temperature", "Fermi-Dirac"])
def test_bulk_value_activation_and_monotony(filling: str) -> None:
    law = SiteEnergyDiffusion(GLASS, 1e-17, 0.1, filling, 0.6 * e, 343.15)  # type: ignore[arg-type]
    s = np.linspace(0, 1, 101)
    assert law.log_diffusion(1.0, 343.15) == pytest.approx(math.log(1e-17))
    expected = math.log(1e-17) - 0.6 * e / Boltzmann * (1 / 300 - 1 / 343.15)
    assert law.log_diffusion(1.0, 300.0) == pytest.approx(expected)
    logs = law.log_diffusion(s, 300.0)
    assert np.all(np.isfinite(logs))
    assert np.all(np.diff(logs) > 0)


def test_mean_does_not_enter_and_temperature_scales_the_exponent() -> None:
    s = np.linspace(0.01, 1, 25)
    one, other = SiteEnergyDiffusion(GLASS, 1e-17), SiteEnergyDiffusion(Gaussian(0.25 * e, -e), 1e-17)
    np.testing.assert_allclose(one.log_diffusion(s, 300.0), other.log_diffusion(s, 300.0))
    drop = one.log_diffusion(s, 300.0) - math.log(1e-17)
    np.testing.assert_allclose(one.log_diffusion(s, 600.0) - math.log(1e-17), drop / 2)


def test_exponential_tail_gives_a_power_law() -> None:
    """E_F = w ln s below the peak: D goes as s^(w/kT)."""
    law = SiteEnergyDiffusion(ExponentialTails(0.1 * e), 1e-17)
    s = np.array([1e-6, 1e-3, 0.1, 1.0])
    power = 0.1 * e / math.log(2) / (Boltzmann * 343.0)
    np.testing.assert_allclose(law.log_diffusion(s, 343.0), math.log(1e-17) + power * np.log(s))


def test_fermi_dirac_without_width_is_that_of_one_level() -> None:
    """A very narrow distribution: mu = kT ln[p/(1 - p)], p = (1 - v) s."""
    law = SiteEnergyDiffusion(Gaussian(1e-3 * e), 1e-17, 0.2, "Fermi-Dirac")
    s = np.array([1e-6, 0.1, 0.5, 0.9])
    p = 0.8 * s
    expected = math.log(1e-17) + np.log(p / (1 - p)) - math.log(0.8 / 0.2)
    np.testing.assert_allclose(law.log_diffusion(s, 343.0), expected, atol=2e-3)


def test_filling_beyond_one_goes_on_smoothly() -> None:
    law = SiteEnergyDiffusion(GLASS, 1e-17)
    logs = law.log_diffusion(np.array([0.999, 1.0, 1.001, 5.0]), 343.0)
    assert np.all(np.isfinite(logs))
    assert logs[2] - logs[1] == pytest.approx(logs[1] - logs[0], rel=0.01)


def test_table_passes_through_its_points_and_keeps_order() -> None:
    table = TabulatedDiffusion([0.1, 0.3, 0.8], [1e-21, 1e-20, 1e-17], 0.5 * e, 343.15)
    np.testing.assert_allclose(np.exp(table.log_diffusion([0.1, 0.3, 0.8], 343.15)), [1e-21, 1e-20, 1e-17])
    assert table.log_diffusion(0.0, 343.15) == table.log_diffusion(0.1, 343.15)
    assert table.log_diffusion(1.0, 343.15) == table.log_diffusion(0.8, 343.15)
    assert np.all(np.diff(table.log_diffusion(np.linspace(0.1, 0.8, 99), 300.0)) > 0)


def test_table_of_a_law_is_close_to_it() -> None:
    law = SiteEnergyDiffusion(Mixture((GLASS, Gaussian(0.1 * e, 0.3 * e)), (1, 1)), 1e-17)
    u = np.linspace(0.02, 1, 99)
    table = TabulatedDiffusion(u, np.exp(law.log_diffusion(u, 343.15)), reference_temperature=343.15)
    between = np.linspace(0.03, 1, 777)
    off = table.log_diffusion(between, 343.15) - law.log_diffusion(between, 343.15)
    assert np.abs(off).max() < 0.02


def test_constant_is_constant() -> None:
    law: DiffusionLaw = ConstantDiffusion(1e-18)
    assert decades(law, 0.01, 300.0) == 0.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: SiteEnergyDiffusion(GLASS, 0.0),
        lambda: SiteEnergyDiffusion(GLASS, 1e-17, 0.0),
        lambda: SiteEnergyDiffusion(GLASS, 1e-17, 0.1, "warm"),  # type: ignore[arg-type]
        lambda: SiteEnergyDiffusion(GLASS, 1e-17, reference_temperature=0.0),
        lambda: SiteEnergyDiffusion(GLASS, 1e-17).log_diffusion(0.5, 0.0),
        lambda: TabulatedDiffusion([0.1, 0.1], [1, 1]),
        lambda: TabulatedDiffusion([0.1, 1.2], [1, 1]),
        lambda: TabulatedDiffusion([0.1, 0.2], [1, 0]),
        lambda: TabulatedDiffusion([0.1], [1]),
        lambda: ConstantDiffusion(-1.0),
    ],
)
def test_impossible_laws_are_refused(make: object) -> None:
    with pytest.raises(InputError):
        make()  # type: ignore[operator]
