"""The front with diffusion against a closed form, the reference table, front theory, and the simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.constants import e
from scipy.special import erfc, erfcx

from ionscape.replacement.diffuse_front import DiffuseFront, front_with_diffusion
from ionscape.replacement.diffusion_law import ConstantDiffusion, DiffusionLaw, SiteEnergyDiffusion
from ionscape.replacement.front_theory import Front, front
from ionscape.replacement.programme import constant_current
from ionscape.replacement.simulation import simulate
from ionscape.replacement.site_energy_distribution import ExponentialTails, Gaussian, Mixture
from ionscape.replacement.system import Conductor, Ion

T, N0, BULK, DAY = 343.15, 1.41e28, 1e-17, 86400.0
GLASS = SiteEnergyDiffusion(Gaussian(0.25 * e), BULK)

# PHYSICS: D_M/D_bulk, nominal plateau, plateau, front depth [nm], 10-90 % width [nm], film voltage [V]
REFERENCE = {
    "K": (7.7e-4, 0.15, 0.1498, 96.80, 25.80, 0.405),
    "Rb": (1.94e-4, 0.07, 0.0700, 99.32, 7.07, 1.708),
    "Cs": (4.5e-5, 0.03, 0.0299, 99.72, 1.67, 7.503),
}


def sharp_front(law: DiffusionLaw, foreign: float, charge: float, immobile: float = 0.0) -> Front:
    return front(
        law, foreign, charge / DAY, charge, carrier_density=N0, temperature=T, immobile_fraction=immobile
    )  # fmt: skip


def of_glass(ion: str, times: float = 1.0) -> Front:
    ratio, plateau = REFERENCE[ion][:2]
    return sharp_front(GLASS, ratio * BULK, times * 100e-9 * (1 - plateau) * N0 * e)


@pytest.mark.parametrize("ion", REFERENCE)
def test_reference_table_within_half_a_per_cent(ion: str) -> None:
    found, (_, _, plateau, depth, width, voltage) = front_with_diffusion(of_glass(ion)), REFERENCE[ion]
    assert found.plateau_fraction == pytest.approx(plateau, rel=0.005)
    assert found.front_depth * 1e9 == pytest.approx(depth, rel=0.0005)
    assert found.front_width * 1e9 == pytest.approx(width, rel=0.005)
    assert found.film_voltage == pytest.approx(voltage, rel=0.002)


def test_second_order_in_the_steps() -> None:
    plateau = [front_with_diffusion(of_glass("K"), steps=n).plateau_fraction for n in (40, 80, 160)]
    order = math.log2((plateau[0] - plateau[1]) / (plateau[1] - plateau[2]))
    assert order == pytest.approx(2, abs=0.35)


def foreign_with_equal_coefficients(
    x: NDArray[np.float64], v: float, d: float, t: float
) -> NDArray[np.float64]:
    """Advection and diffusion into a half space through a face with a given flux (Lindstrom 1967)."""
    root = math.sqrt(4 * d * t)
    behind, ahead = (x - v * t) / root, (x + v * t) / root
    tail = (1 + v * x / d + v * v * t / d) * erfcx(ahead) * np.exp(-(behind**2)) / 2
    return np.asarray(erfc(behind) / 2 + math.sqrt(v * v * t / (math.pi * d)) * np.exp(-(behind**2)) - tail)


@pytest.mark.parametrize("strength", [0.3, 3.0, 30.0])
def test_equal_coefficients_have_their_closed_form(strength: float) -> None:
    """Also where diffusion outruns the current and native ions stay at the surface."""
    length = strength * math.sqrt(BULK * DAY)
    found = front_with_diffusion(sharp_front(ConstantDiffusion(BULK), BULK, length * N0 * e))
    x = np.linspace(0, length + 4 * math.sqrt(BULK * DAY), 60)
    exact = 1 - foreign_with_equal_coefficients(x, length / DAY, BULK, DAY)
    np.testing.assert_allclose(found.profile(x), exact, atol=0.002)


def test_it_is_front_theory_where_the_voltage_is_high() -> None:
    """4000 V over 9.6 um: no mesh would resolve the front, 0.3 nm wide; here it costs the same."""
    sharp = of_glass("K", 100.0)
    found = front_with_diffusion(sharp)
    assert found.plateau_fraction == pytest.approx(sharp.plateau_fraction, rel=1e-3)
    assert found.front_depth == pytest.approx(sharp.front_depth, rel=1e-4)
    assert found.front_width == pytest.approx(sharp.front_width, rel=5e-3)
    assert found.film_voltage == pytest.approx(sharp.film_voltage, rel=1e-3)


@pytest.mark.parametrize("immobile", [0.0, 0.05])
def test_the_simulation_gives_the_same_profile(immobile: float) -> None:
    charge = 85e-9 * N0 * e
    found = front_with_diffusion(sharp_front(GLASS, 7.7e-4 * BULK, charge, immobile))
    ions = (Ion("Li+", GLASS, immobile_fraction=immobile), Ion("K+", ConstantDiffusion(7.7e-4 * BULK)))
    result = simulate(Conductor(ions, N0, 1e-3), constant_current(charge / DAY, DAY, "K+", T))
    inside = result.depth < 130e-9
    off = np.abs(found.averages(result.faces) - result.fractions["Li+"][-1])[inside]
    assert off.max() < 4e-3


laws: st.SearchStrategy[DiffusionLaw] = st.one_of(
    st.builds(lambda w: SiteEnergyDiffusion(Gaussian(w * e), BULK), st.floats(0.02, 0.35)),
    st.builds(lambda w: SiteEnergyDiffusion(ExponentialTails(w * e), BULK), st.floats(0.02, 0.25)),
    st.just(SiteEnergyDiffusion(Mixture((Gaussian(0.1 * e), Gaussian(0.1 * e, 0.3 * e)), (1, 1)), BULK)),
    st.just(ConstantDiffusion(BULK)),
)


@settings(max_examples=30)
@given(laws, st.floats(-5, 1.5), st.floats(-8, -5), st.sampled_from([0.0, 0.1]))
def test_mass_is_conserved_and_profiles_rise(
    law: DiffusionLaw, ratio: float, length: float, immobile: float
) -> None:
    found = front_with_diffusion(sharp_front(law, 10**ratio * BULK, 10**length * N0 * e, immobile), steps=40)
    assert isinstance(found, DiffuseFront)
    far = 1.01 * found.shock_depth
    faces = np.linspace(0, far, 300)
    mean = found.averages(faces)
    assert float(np.sum((1 - mean) * np.diff(faces))) == pytest.approx(10**length, rel=1e-9)
    assert np.all(np.diff(mean) > -1e-7)
    assert mean.min() >= immobile - 1e-9
    assert np.all(np.isfinite(found.profile(faces)))
    assert found.front_width > 0
    assert math.isfinite(found.film_voltage)


def test_gradient_is_that_of_the_profile() -> None:
    found = front_with_diffusion(of_glass("K"))
    x = found.depth_of(np.array([0.3, 0.5, 0.8]))
    step = 0.5e-9
    slope = (found.profile(x + step) - found.profile(x - step)) / (2 * step)
    np.testing.assert_allclose(found.gradient([0.3, 0.5, 0.8]), slope, rtol=0.02)
