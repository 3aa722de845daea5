"""Eq. (3) of Gunawan 2024 against the D that profiles were made with, and against its own three balances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.constants import e
from scipy.optimize import brentq

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import ConstantDiffusion, SiteEnergyDiffusion
from ionscape.replacement.foreign_diffusion import diffusion_of_foreign_ion
from ionscape.replacement.front_theory import front
from ionscape.replacement.programme import constant_current
from ionscape.replacement.simulation import simulate
from ionscape.replacement.site_energy_distribution import Gaussian
from ionscape.replacement.system import Conductor, Ion

T, N0, BULK, DAY = 343.15, 1.41e28, 1e-17, 86400.0
GLASS = SiteEnergyDiffusion(Gaussian(0.25 * e), BULK, reference_temperature=T)
IONS = {"K": (7.7e-4, 0.15, 1.069), "Rb": (1.94e-4, 0.07, 1.031), "Cs": (4.5e-5, 0.03, 1.022)}


def native(u: float) -> float:
    return float(np.exp(GLASS.log_diffusion(u, T)))


def by_equation(layer: float, gradient: float, velocity: float) -> float:
    middle = (1 + layer) / 2
    return diffusion_of_foreign_ion(
        native_bulk=1.0, native_front=middle, native_layer=layer, diffusion_bulk=BULK,
        diffusion_front=native(middle), diffusion_layer=native(layer), gradient_front=gradient,
        field_bulk=velocity / BULK,
    )  # fmt: skip


@pytest.mark.parametrize("ion", IONS)
def test_front_theory_gives_the_coefficient_back_within_ten_per_cent(ion: str) -> None:
    ratio, plateau, _ = IONS[ion]
    charge = 100e-9 * (1 - plateau) * N0 * e
    made = front(GLASS, ratio * BULK, charge / DAY, charge, carrier_density=N0, temperature=T)
    for layer in (made.plateau_fraction, made.foot_fraction):
        gradient = float(made.gradient((1 + layer) / 2))
        assert by_equation(layer, gradient, made.velocity) == pytest.approx(ratio * BULK, rel=0.1)


@pytest.mark.parametrize("ion", IONS)
def test_simulated_profiles_give_the_coefficient_back_within_ten_per_cent(ion: str) -> None:
    """Layer read over its flat part, and at its end before the front, where it is the reference's number."""
    ratio, plateau, reference = IONS[ion]
    charge = 100e-9 * (1 - plateau) * N0 * e
    glass = Conductor((Ion("Li+", GLASS), Ion("M+", ConstantDiffusion(ratio * BULK))), N0, 1e-3)
    result = simulate(glass, constant_current(charge / DAY, DAY, "M+", T))
    x, u = result.depth, result.fractions["Li+"][-1]
    slope = np.gradient(u, x)
    depth = float(np.interp(0.55, u, x))
    flat = float(u[(x > 0.35 * depth) & (x < 0.75 * depth)].mean())
    velocity = charge / DAY / (N0 * e)
    for layer, near in ((flat, 1.0), (float(np.interp(0.8 * depth, x, u)), reference)):
        gradient = float(np.interp((1 + layer) / 2, u, slope))
        found = by_equation(layer, gradient, velocity) / (ratio * BULK)
        assert found == pytest.approx(1, abs=0.1)
        assert found == pytest.approx(near, abs=0.03)


@given(st.floats(0.01, 0.5), st.floats(1, 30), st.floats(0, 1), st.floats(1e-4, 1e-2), st.floats(2, 300))
def test_it_solves_its_own_three_balances(
    layer: float, faster: float, slower: float, ratio: float, gradient: float
) -> None:
    """Fields of front and layer from the balances by a root finder, then D_foreign of the layer's current."""
    d_front, d_layer = 1 / faster, ratio * slower * layer

    def through_front(field: float) -> float:
        return d_front * ((1 + layer) / 2 * (1 + field) / 2 - gradient) - 1

    field = brentq(through_front, 0.0, 1e6)

    def through_layer(foreign: float) -> float:
        return (d_layer * layer + foreign * (1 - layer)) * field - 1

    assume(through_layer(1e-9) < 0)
    foreign = brentq(through_layer, 1e-9, 1e6, xtol=1e-15)
    found = diffusion_of_foreign_ion(
        native_bulk=1, native_front=(1 + layer) / 2, native_layer=layer, diffusion_bulk=1,
        diffusion_front=d_front, diffusion_layer=d_layer, gradient_front=gradient, field_bulk=1,
    )  # fmt: skip
    assert found == pytest.approx(foreign, rel=1e-6)


GOOD = {
    "native_bulk": 1.0, "native_front": 0.5, "native_layer": 0.1, "diffusion_bulk": 1e-17,
    "diffusion_front": 1e-18, "diffusion_layer": 1e-22, "gradient_front": 1e8, "field_bulk": 1e5,
}  # fmt: skip


def test_a_steeper_front_means_a_slower_foreign_ion() -> None:
    gradient = [1e7, 1e8, 1e9]
    found = [diffusion_of_foreign_ion(**{**GOOD, "gradient_front": g}) for g in gradient]
    assert found[0] > found[1] > found[2]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"native_layer": 0.6}, "rise"),
        ({"native_front": 1.0}, "rise"),
        ({"diffusion_front": 0.0}, "larger than zero"),
        ({"field_bulk": 0.0}, "field"),
        ({"gradient_front": -1.0}, "gradient"),
        ({"diffusion_front": 1e-15, "gradient_front": 0.0}, "turns round"),
        ({"diffusion_layer": 1e-17}, "more than the current"),
    ],
)
def test_zones_that_do_not_fit_are_refused(changes: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        diffusion_of_foreign_ion(**{**GOOD, **changes})
