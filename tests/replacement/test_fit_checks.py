"""Checks of a fit by eq. (3) and by the front theory, on profiles that another method made."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.constants import elementary_charge

from ionscape.replacement.diffusion_law import ConstantDiffusion, SiteEnergyDiffusion
from ionscape.replacement.fit_checks import ZONES_AGREE, ProfileCheck, profile_check
from ionscape.replacement.site_energy_distribution import Gaussian
from ionscape.testing.lithium_borate import TRUTH, replaced

FloatArray = NDArray[np.float64]
LAW = SiteEnergyDiffusion(Gaussian(TRUTH.fwhm * elementary_charge), TRUTH.bulk_diffusion,
                          TRUTH.vacancy_fraction, reference_temperature=TRUTH.temperature)  # fmt: skip


@pytest.fixture(scope="module")
def potassium() -> tuple[FloatArray, FloatArray]:
    """Depths and fractions of Li+ after K+, by scipy's BDF."""
    faces, fraction = replaced("K+", cells=800, tolerance=1e-6)
    return (faces[1:] + faces[:-1]) / 2, fraction


def _check(profile: tuple[FloatArray, FloatArray], foreign: float) -> ProfileCheck:
    charge = TRUTH.current_density("K+") * TRUTH.duration
    return profile_check(LAW, foreign, *profile, charge=charge, duration=TRUTH.duration,
                         carrier_density=TRUTH.carrier_density, ion_charge=1,
                         temperature=TRUTH.temperature)  # fmt: skip


def test_the_zones_give_the_foreign_ion_within_ten_percent(potassium: tuple[FloatArray, FloatArray]) -> None:
    """As published for eq. (3)."""
    found = _check(potassium, TRUTH.diffusion_ratio["K+"] * TRUTH.bulk_diffusion)
    assert found.foreign_by_zones == pytest.approx(1.0, abs=ZONES_AGREE)
    assert found.plateau_fit == pytest.approx(0.150, abs=0.003)


def test_a_wrong_coefficient_is_seen(potassium: tuple[FloatArray, FloatArray]) -> None:
    """Twice the true one: the profile's own zones say half of it."""
    found = _check(potassium, 2 * TRUTH.diffusion_ratio["K+"] * TRUTH.bulk_diffusion)
    assert found.foreign_by_zones == pytest.approx(0.5, abs=0.05)


def test_front_theory_lies_near_where_diffusion_is_small() -> None:
    """Rubidium diffuses less behind its front than potassium: what the theory leaves out is small."""
    faces, fraction = replaced("Rb+", cells=800, tolerance=1e-5)
    found = profile_check(
        LAW, TRUTH.diffusion_ratio["Rb+"] * TRUTH.bulk_diffusion, (faces[1:] + faces[:-1]) / 2, fraction,
        charge=TRUTH.current_density("Rb+") * TRUTH.duration, duration=TRUTH.duration,
        carrier_density=TRUTH.carrier_density, ion_charge=1, temperature=TRUTH.temperature,
    )  # fmt: skip
    assert found.plateau_theory == pytest.approx(found.plateau_fit, abs=0.006)


def test_without_a_front_the_reason_is_given() -> None:
    depth = np.linspace(0, 1e-7, 50)
    found = profile_check(
        ConstantDiffusion(1e-17, reference_temperature=343.15), 1e-17, depth, np.ones(50), charge=1.0,
        duration=3600.0, carrier_density=1.41e28, ion_charge=1, temperature=343.15,
    )  # fmt: skip
    assert math.isnan(found.foreign_by_zones)
    assert "no front" in found.zones_reason
