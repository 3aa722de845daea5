"""Gunawan, Schäfer, Weitzel, Phys. Chem. Chem. Phys. 2024, 26, 14430: what follows from others, recomputed.

One distribution of site energies, 250 meV wide with 10 % of the sites vacant, gives the plateaus of all three
experiments, four decades of D(Li+), and eq. (3). The current densities and D_bulk of the experiments are not
published: the set is that of `ionscape.testing.lithium_borate`, and the reference numbers beside it come from
two independent codes (8000 cells, relative tolerance 1e-8). The excess charge of the Cs+ experiment is larger
than the paper says of all three: asserted so.
"""

from __future__ import annotations

from functools import lru_cache
from typing import get_args

import numpy as np
import pytest
from scipy.constants import Boltzmann, elementary_charge

from ionscape.replacement import (
    Conductor,
    ConstantDiffusion,
    Gaussian,
    Ion,
    Replacement,
    SiteEnergyDiffusion,
    decades,
    diffusion_of_foreign_ion,
    front,
    simulate,
)
from ionscape.replacement.profile_summary import ProfileSummary, summarise
from ionscape.replacement.programme import constant_current
from ionscape.replacement.simulation import Description
from ionscape.testing.lithium_borate import TRUTH

MEV = 1e-3 * elementary_charge
NANO = 1e9
IONS = ("K+", "Rb+", "Cs+")
FILM = 130e-9  # over which the reference reads the film's voltage

# Plateau, front depth [nm], 10-90 % width [nm], voltage across the film and the bulk [V]
REFERENCE = {
    "K+": (0.1498, 96.80, 25.80, 0.405, 2.9),
    "Rb+": (0.0700, 99.32, 7.07, 1.708, 3.2),
    "Cs+": (0.0299, 99.72, 1.67, 7.503, 3.3),
}
PUBLISHED_PLATEAUS = {"K+": 0.15, "Rb+": 0.07, "Cs+": 0.03}
EXCESS = {"K+": -5.5e-6, "Rb+": -8.5e-5, "Cs+": -1.5e-3}


def native_law(fwhm: float = 250.0, vacancies: float = 0.10) -> SiteEnergyDiffusion:
    """D of Li+ for a width in meV."""
    return SiteEnergyDiffusion(
        Gaussian(fwhm * MEV), TRUTH.bulk_diffusion, vacancies, reference_temperature=TRUTH.temperature
    )


@lru_cache(maxsize=16)
def replaced(
    ion: str, description: Description = "electroneutral", cells: int = 600, tolerance: float = 1e-4
) -> Replacement:
    foreign = TRUTH.diffusion_ratio[ion] * TRUTH.bulk_diffusion
    glass = Conductor(
        (Ion("Li+", native_law()), Ion(ion, ConstantDiffusion(foreign))),
        TRUTH.carrier_density, TRUTH.thickness, TRUTH.permittivity,
    )  # fmt: skip
    programme = constant_current(TRUTH.current_density(ion), TRUTH.duration, ion, TRUTH.temperature)
    return simulate(glass, programme, description=description, cells=cells, tolerance=tolerance)


def read_off(result: Replacement) -> ProfileSummary:
    return summarise(result.faces, result.fractions["Li+"][-1])


def film_voltage(result: Replacement) -> float:
    """Across the first 130 nm [V]; the field is constant in the bulk behind the front."""
    field, faces = result.field[-1], result.faces
    inside = np.minimum(faces, FILM)
    potential = np.concatenate([[0.0], np.cumsum((field[1:] + field[:-1]) / 2 * np.diff(faces))])
    return float(np.interp(inside[-1], faces, potential) + field[-1] * max(FILM - faces[-1], 0.0))


# ---- one distribution for all ---------------------------------------------------------------------------
@pytest.mark.parametrize("ion", IONS)
def test_one_distribution_gives_the_published_plateaus(ion: str) -> None:
    """15, 7 and 3 % of the Li+ stay behind the front (Fig. 1), to the percent that is printed."""
    assert read_off(replaced(ion)).plateau_fraction == pytest.approx(PUBLISHED_PLATEAUS[ion], abs=0.005)


@pytest.mark.parametrize(("kelvin", "found"), [(298.0, 3.94), (323.0, 3.64), (343.15, 3.43)])
def test_diffusion_falls_by_about_four_decades(kelvin: float, found: float) -> None:
    """From u = 1 to 0.2; the paper says 4 without a temperature: true at 298 K, 3.4 at 343 K."""
    assert decades(native_law(), 0.2, kelvin) == pytest.approx(found, abs=0.006)


def test_published_widths_in_decades() -> None:
    """113 (LAGP), 250, 280 (Na-Ca phosphate) and 320 meV (Na-Rb borate): decades grow with the width."""
    found = [decades(native_law(width), 0.2, 298.0) for width in (113, 250, 280, 320)]
    assert found == pytest.approx([3.944 * width / 250 for width in (113, 250, 280, 320)], rel=1e-3)


@pytest.mark.parametrize("ion", IONS)
def test_front_theory_foresees_plateau_and_depth(ion: str) -> None:
    """The hull alone, without any diffusion at the front: depth within 1 %, plateau below but near."""
    j = TRUTH.current_density(ion)
    foreseen = front(
        native_law(), TRUTH.diffusion_ratio[ion] * TRUTH.bulk_diffusion, j, j * TRUTH.duration,
        carrier_density=TRUTH.carrier_density, temperature=TRUTH.temperature,
    )  # fmt: skip
    plateau, depth = REFERENCE[ion][:2]
    assert foreseen.front_depth * NANO == pytest.approx(depth, rel=0.01)
    assert 0.8 * plateau < foreseen.plateau_fraction < plateau


# ---- the reference table --------------------------------------------------------------------------------
@pytest.mark.parametrize("description", ["electroneutral", "Nernst-Planck-Poisson"])
@pytest.mark.parametrize("ion", IONS)
def test_reference_table(ion: str, description: Description) -> None:
    """Plateau, depth, width, voltages and charge within 1 %, 600 cells graded to the front."""
    result = replaced(ion, description)
    found = read_off(result)
    plateau, depth, width, film, bulk = REFERENCE[ion]
    assert found.plateau_fraction == pytest.approx(plateau, rel=0.01)
    assert found.front_depth * NANO == pytest.approx(depth, rel=0.01)
    assert found.front_width * NANO == pytest.approx(width, rel=0.01)
    assert film_voltage(result) == pytest.approx(film, rel=0.01)
    assert result.bulk_voltage[-1] == pytest.approx(bulk, abs=0.05)
    assert result.charge == pytest.approx(TRUTH.current_density(ion) * TRUTH.duration, rel=1e-3)
    assert result.mass_error < 1e-3
    assert result.charge_error < 1e-3


@pytest.mark.parametrize("ion", IONS)
def test_excess_charge(ion: str) -> None:
    """Negative around the front; the paper's "< 1e-3" holds for K+ and Rb+, not for Cs+ (1.5e-3)."""
    lowest = replaced(ion, "Nernst-Planck-Poisson").excess_charge[-1].min()
    assert lowest == pytest.approx(EXCESS[ion], rel=0.05)
    assert (abs(lowest) < 1e-3) == (ion != "Cs+")


@pytest.mark.parametrize("ion", ["K+", "Rb+"])
def test_electroneutral_film_is_the_limit(ion: str) -> None:
    """Both descriptions within 1e-3 of n0, averaged over slices of 0.5 nm."""
    edges = np.arange(0.0, 120e-9, 0.5e-9)
    amounts = []
    for description in get_args(Description):
        found = replaced(ion, description, 600, 3e-5)
        amount = np.cumsum(found.fractions["Li+"][-1] * np.diff(found.faces))
        amounts.append(np.interp(edges, found.faces, np.concatenate([[0.0], amount])))
    assert np.abs(np.diff(amounts[1] - amounts[0]) / 0.5e-9).max() < 1e-3


@pytest.mark.parametrize("ion", IONS)
def test_excess_charge_of_a_neutral_film(ion: str) -> None:
    """What Poisson's equation asks for the field of the neutral film: the full equations' to 10 %."""
    assert replaced(ion).excess_charge[-1].min() == pytest.approx(EXCESS[ion], rel=0.1)


# ---- eq. (3) and vacancies ------------------------------------------------------------------------------
@pytest.mark.parametrize(("ion", "published"), [("K+", 1.069), ("Rb+", 1.031), ("Cs+", 1.022)])
def test_equation_3_gives_the_foreign_ion_within_ten_percent(ion: str, published: float) -> None:
    """D of the foreign ion from bulk, front and diffusion zone, at 0.8 of the front depth, of the profile."""
    result, law = replaced(ion), native_law()
    u, x = result.fractions["Li+"][-1], result.depth
    layer = float(np.interp(0.8 * read_off(result).front_depth, x, u))
    middle = (1 + layer) / 2
    k = int(np.argmax(u > middle))
    gradient = np.gradient(u, x)
    share = (middle - u[k - 1]) / (u[k] - u[k - 1])
    steep = float(gradient[k - 1] + share * (gradient[k] - gradient[k - 1]))
    at_layer, at_front, bulk = np.exp(law.log_diffusion([layer, middle, 1.0], TRUTH.temperature))
    foreign = diffusion_of_foreign_ion(
        native_bulk=1.0, native_front=middle, native_layer=layer, diffusion_bulk=float(bulk),
        diffusion_front=float(at_front), diffusion_layer=float(at_layer), gradient_front=steep,
        field_bulk=TRUTH.flux(ion) / TRUTH.bulk_diffusion,
    )  # fmt: skip
    ratio = foreign / (TRUTH.diffusion_ratio[ion] * TRUTH.bulk_diffusion)
    assert abs(ratio - 1) < 0.10
    assert ratio == pytest.approx(published, abs=0.02)


def test_vacancies_shift_the_width() -> None:
    """3 instead of 10 % of vacant sites: the same D(n) over the front, u = 0.3 to 0.5, needs 22-27 % less."""
    thermal = Boltzmann * TRUTH.temperature
    u = np.array([0.3, 0.4, 0.5])
    drops = [law.log_diffusion(1.0, 343.15) - law.log_diffusion(u, 343.15)
             for law in (native_law(250, 0.10), native_law(250, 0.03))]  # fmt: skip
    shift = drops[0] / drops[1] - 1
    assert np.all(drops[0] * thermal > 0)
    assert np.all((shift < -0.21) & (shift > -0.28))
