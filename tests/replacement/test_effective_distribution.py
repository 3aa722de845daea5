"""From D(n) back to energies: a distribution goes there and comes back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.constants import Boltzmann, e

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import SiteEnergyDiffusion, TabulatedDiffusion
from ionscape.replacement.effective_distribution import populated_distribution
from ionscape.replacement.site_energy_distribution import Gaussian

GLASS = Gaussian(0.25 * e)
U = np.linspace(0.02, 1.0, 400)


def test_the_distribution_that_made_d_of_n_comes_back_with_second_order() -> None:
    law, off = SiteEnergyDiffusion(GLASS, 1e-17), []
    for n in (200, 400):
        u = np.linspace(0.02, 1.0, n)
        back = populated_distribution(u, np.exp(law.log_diffusion(u, 343.15)), 343.15)
        np.testing.assert_allclose(back.energy, GLASS.quantile(0.9 * u) - GLASS.quantile(0.9), atol=1e-9 * e)
        there = GLASS.density(back.energy + GLASS.quantile(0.9)) / 0.9
        inner = (u > 0.05) & (u < 0.95)
        off.append(float(np.abs(back.density / there - 1)[inner].max()))
        assert back.covered == pytest.approx(0.98)
    assert off[1] < 1e-3
    assert off[0] / off[1] > 3


def test_a_law_from_the_distribution_found_gives_d_of_n_again() -> None:
    """Without vacancies of its own: only populated sites were seen."""
    law = SiteEnergyDiffusion(GLASS, 1e-17)
    back = populated_distribution(U, np.exp(law.log_diffusion(U, 343.15)), 343.15).distribution()
    again = SiteEnergyDiffusion(back, 1e-17, vacancy_fraction=0.0)
    inner = np.linspace(0.1, 1, 50)
    found = again.log_diffusion((inner - 0.02) / 0.98, 343.15)
    np.testing.assert_allclose(found, law.log_diffusion(inner, 343.15), atol=0.02)


def test_an_exponential_d_of_n_is_a_constant_density() -> None:
    width = 0.3 * e
    d = 1e-17 * np.exp((U - 1) * width / (Boltzmann * 300.0))
    back = populated_distribution(U, d, 300.0)
    np.testing.assert_allclose(back.density, 1 / width, rtol=1e-6)


def test_bulk_coefficient_may_be_known_from_elsewhere() -> None:
    part = U[U < 0.6]
    table = TabulatedDiffusion(part, 1e-17 * part**3)
    d = np.exp(table.log_diffusion(part, 298.15))
    back = populated_distribution(part, d, 298.15, bulk_diffusion=1e-17)
    assert back.energy[-1] == pytest.approx(3 * Boltzmann * 298.15 * np.log(part[-1]))


@pytest.mark.parametrize(
    ("u", "d", "temperature"),
    [
        ([0.1, 0.2, 0.3], [1, 3, 2], 300.0),
        ([0.1, 0.2, 0.3], [0, 1, 2], 300.0),
        ([0.1, 0.3, 0.2], [1, 2, 3], 300.0),
        ([0.1, 0.2], [1, 2], 300.0),
        ([0.1, 0.2, 0.3], [1, 2, 3], 0.0),
    ],
)
def test_what_no_filling_gives_is_refused(u: list[float], d: list[float], temperature: float) -> None:
    with pytest.raises(InputError):
        populated_distribution(u, d, temperature)
