"""The 18O profile in Fe:SrTiO3 (973 K, 86 300 s): D depends on the model, k on what it cannot tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ionscape.tracer.profile_fit import fit_profile

TIME = 86_300.0
CM2 = 1e-4


@pytest.fixture(scope="module")
def profile(shared_data: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    table = np.loadtxt(shared_data / "diffusion" / "tracer_profiles" / "SrTiO3-Fe_18O_973K_86300s.csv",
                       delimiter=",", comments="#", skiprows=3)  # fmt: skip
    return table[:, 0] / 100, table[:, 1]


def test_erfc(profile: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    found = fit_profile(*profile, exchange_time=TIME, initial_fraction=0.0, model="constant source")
    assert found.diffusion_coefficient.value / CM2 == pytest.approx(2.33e-10, abs=0.005e-10)
    assert found.rms == pytest.approx(2.0e-4, rel=0.05)
    # 0.05 from the curvature; the residuals are far from random, so that is not believed
    assert found.candidates[0].deviation / found.widened == pytest.approx(0.05 / 2.33, rel=0.1)
    assert found.widened > 2
    assert any("not random" in text for text in found.warnings)


def test_crank_is_preferred_and_k_is_not_numbered(
    profile: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    found = fit_profile(*profile, exchange_time=TIME, initial_fraction=0.0)
    assert found.model == "surface exchange"
    assert found.diffusion_coefficient.value / CM2 == pytest.approx(3.71e-10, abs=0.005e-10)
    assert found.rms == pytest.approx(0.66e-4, rel=0.03)
    best, other = found.candidates
    assert best.deviation == pytest.approx(0.12 / 3.71, rel=0.05)
    assert other.model == "constant source"
    assert other.bic > 20
    assert found.parameters["surface_exchange_coefficient"].status == "undetermined"
    assert found.parameters["source_fraction"].status == "undetermined"
    assert any("k follows once the source's fraction Cs is given" in text for text in found.reasons)


def test_k_follows_from_the_gas_fraction(
    profile: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    found = fit_profile(*profile, exchange_time=TIME, initial_fraction=0.0, source_fraction=0.57)
    exchange = found.parameters["surface_exchange_coefficient"]
    assert exchange.status == "determined"
    assert exchange.value * 100 == pytest.approx(1.7e-9, rel=0.02)
    low, high = found.diffusion_coefficient.interval(0.95)
    assert low < 3.71e-14 < high
    free = fit_profile(*profile, exchange_time=TIME, initial_fraction=0.0)
    product = free.parameters["surface_flux"]
    low, high = product.interval(0.95)
    assert low < exchange.value * 0.57 < high


def test_surface_and_models_of_a_finite_source_do_not_take_over(
    profile: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    auto = fit_profile(*profile, exchange_time=TIME, initial_fraction=0.0, surface_position="auto")
    assert auto.candidates[0].title == "surface exchange"
    film = fit_profile(*profile, exchange_time=TIME, initial_fraction=0.0,
                       candidates=("thin film", "surface exchange"))  # fmt: skip
    assert film.model == "surface exchange"
