"""Populations: nothing is lost, levels are where the fillings say, and the static and mixed ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import e

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import SiteEnergyDiffusion
from ionscape.replacement.populations import (
    native_populations,
    stacked_filling,
    stacked_populations,
    static_and_mixed,
)
from ionscape.replacement.site_energy_distribution import ExponentialTails, Gaussian

GLASS = Gaussian(0.25 * e)


def _area(energy: np.ndarray, density: np.ndarray) -> float:
    return float(np.trapezoid(density, energy))


@pytest.mark.parametrize("temperature", [0.0, 343.0])
@pytest.mark.parametrize("plateau", [0.03, 0.15])
def test_parts_of_the_native_distribution_add_up(plateau: float, temperature: float) -> None:
    wide = np.linspace(-1.2, 0.8, 40_001) * e
    parts = native_populations(GLASS, plateau, temperature=temperature, energy=wide)
    assert _area(wide, parts.populated) == pytest.approx(1, abs=1e-4)
    assert _area(wide, parts.immobile) == pytest.approx(plateau, abs=1e-4)
    assert _area(wide, parts.mobile) == pytest.approx(1 - plateau, abs=1e-4)
    assert _area(wide, parts.vacant) == pytest.approx(0.1 / 0.9, abs=1e-4)
    np.testing.assert_allclose(parts.sites, parts.mobile + parts.immobile + parts.vacant, rtol=1e-12)


def test_at_absolute_zero_the_mobile_part_lies_between_two_levels() -> None:
    parts = native_populations(GLASS, 0.15)
    mobile = parts.energy[parts.mobile > 0]
    assert mobile[-1] == pytest.approx(0, abs=1e-6 * e)
    assert mobile[0] == pytest.approx(parts.level_left, abs=1e-6 * e)
    assert parts.level_left == pytest.approx(float(GLASS.quantile(0.135) - GLASS.quantile(0.9)))
    assert np.all(parts.energy[parts.vacant > 0] > 0)


def test_drawn_energies_hold_nearly_all() -> None:
    parts = native_populations(ExponentialTails(0.1 * e), 0.07)
    assert _area(parts.energy, parts.populated) == pytest.approx(1, abs=2e-3)
    assert np.all(np.diff(parts.energy) > 0)


def test_filling_of_two_ions_is_that_of_the_paper() -> None:
    u = np.linspace(0, 1, 5)
    np.testing.assert_allclose(stacked_filling([u, 1 - u]), [u, np.ones(5)])
    np.testing.assert_allclose(stacked_filling([u, 1 - u], [u, 1 - u]), np.ones((2, 5)))


def test_a_third_ion_depletes_the_second_top_down() -> None:
    np.testing.assert_allclose(stacked_filling([0.1, 0.2, 0.7]), [0.1, 0.3, 1.0])
    np.testing.assert_allclose(stacked_filling([0.1, 0.2, 0.7], [0, 0.2, 0.0]), [0.3, 0.3, 1.0])
    np.testing.assert_allclose(stacked_filling([0.1, 0.2, 0.7], [0, 0.2, 0.7]), [1.0, 1.0, 1.0])


shares = st.lists(st.floats(0.0, 1.0), min_size=2, max_size=4).filter(lambda x: sum(x) > 0.1)


@given(shares, st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4), st.sampled_from([0.0, 343.0]))
def test_every_ion_is_conserved_and_no_site_is_taken_twice(
    parts: list[float], degrees: list[float], temperature: float
) -> None:
    u = np.array(parts) / sum(parts)
    q = u * degrees[: u.size]
    wide = np.linspace(-1.5, 1.0, 2_001) * e
    stack = stacked_populations(GLASS, u, q, temperature=temperature, energy=wide)
    for fraction, density in zip(u, stack.ions, strict=True):
        assert density.min() >= 0
        assert _area(wide, density) == pytest.approx(fraction, abs=0.01)
    sites = GLASS.density(wide + float(GLASS.quantile(0.9) if temperature == 0 else 0.0)) / 0.9
    if temperature == 0:
        np.testing.assert_allclose(stack.ions.sum(axis=0) + stack.vacant, sites, rtol=1e-9, atol=1e-12 / e)
    assert np.all(np.diff(stack.filling) >= -1e-12)
    assert stack.filling[-1] == pytest.approx(1)


def test_static_ions_lie_one_above_the_other_and_mixed_ones_share() -> None:
    u = np.array([0.1, 0.3, 0.6])
    static, mixed = static_and_mixed(GLASS, u)
    for lower, upper in ((0, 1), (1, 2)):
        assert static.energy[static.ions[lower] > 0].max() <= static.energy[static.ions[upper] > 0].min()
    occupied = mixed.ions.sum(axis=0) > 0
    np.testing.assert_allclose(
        mixed.ions[:, occupied] / mixed.ions.sum(axis=0)[occupied], np.outer(u, np.ones(occupied.sum()))
    )
    np.testing.assert_allclose(mixed.level, 0, atol=1e-12 * e)
    np.testing.assert_allclose(static.ions.sum(axis=0), mixed.ions.sum(axis=0), rtol=1e-9, atol=1e-9 / e)


def test_levels_agree_with_the_law_of_diffusion() -> None:
    law, kt = SiteEnergyDiffusion(GLASS, 1e-17), 1.380649e-23 * 343.0
    stack = stacked_populations(GLASS, [0.2, 0.3, 0.5], [0, 0.1, 0.25])
    logs = law.log_diffusion(stack.filling, 343.0)
    np.testing.assert_allclose((logs - logs[-1]) * kt, stack.level, atol=1e-9 * e)


@pytest.mark.parametrize(
    ("u", "q"),
    [
        ([0.5, 0.4], None),
        ([1.2, -0.2], None),
        ([0.5, 0.5], [0, 0.6]),
        ([0.5, 0.5], [0, -0.1]),
        ([0.5, 0.5], [0.0]),
    ],
)
def test_impossible_populations_are_refused(u: list[float], q: list[float] | None) -> None:
    with pytest.raises(InputError):
        stacked_populations(GLASS, u, q)


def test_a_plateau_is_a_fraction() -> None:
    with pytest.raises(InputError, match="plateau"):
        native_populations(GLASS, 1.2)
