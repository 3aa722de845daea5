"""Site energy distributions against closed forms, quadrature and each other."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.constants import e

from ionscape.core.errors import InputError
from ionscape.replacement.site_energy_distribution import (
    ExponentialTails,
    Gaussian,
    Mixture,
    SiteEnergyDistribution,
    Tabulated,
)

MEV = 1e-3 * e
EDGES = np.linspace(-300, 500, 81) * MEV
EVERY: tuple[SiteEnergyDistribution, ...] = (
    Gaussian(250 * MEV, 30 * MEV),
    ExponentialTails(120 * MEV),
    ExponentialTails(120 * MEV, -40 * MEV, 0.6),
    Mixture((Gaussian(90 * MEV), Gaussian(60 * MEV, 400 * MEV)), (2, 1)),
    Mixture((Gaussian(90 * MEV), ExponentialTails(150 * MEV, 20 * MEV)), (1, 2)),
    Tabulated(EDGES, (1 - np.exp(-np.arange(81.0))) * (2 + np.sin(EDGES / MEV / 70))),
)
DEEP = np.array([1e-12, 1e-9, 1e-6, 1e-3, 0.05, 0.3, 0.5, 0.7, 0.9, 0.97])


@pytest.mark.parametrize("distribution", EVERY)
def test_quantile_inverts_the_cumulative_share_far_into_the_tail(
    distribution: SiteEnergyDistribution,
) -> None:
    energy = distribution.quantile(DEEP)
    assert np.all(np.diff(energy) > 0)
    np.testing.assert_allclose(distribution.cumulative(energy), DEEP, rtol=1e-9)


@pytest.mark.parametrize("distribution", EVERY)
def test_cumulative_share_is_the_integral_of_the_density(distribution: SiteEnergyDistribution) -> None:
    at = distribution.quantile([1e-10, 0.2, 0.6, 0.95])
    for low, high in itertools.pairwise(at):
        inside = [b for b in distribution.breaks if low < b < high]
        ends = np.array([low, *inside, high])
        area = sum(
            integrate.quad(lambda x: float(distribution.density(x * MEV)) * MEV, a / MEV, b / MEV)[0]
            for a, b in itertools.pairwise(ends)
        )
        assert area == pytest.approx(
            float(distribution.cumulative(high) - distribution.cumulative(low)), rel=1e-8
        )


@pytest.mark.parametrize("distribution", EVERY)
def test_mean_and_width_are_what_they_say(distribution: SiteEnergyDistribution) -> None:
    shares = (np.arange(30_000) + 0.5) / 30_000
    assert distribution.quantile(shares).mean() == pytest.approx(distribution.mean, abs=0.05 * MEV)
    fine = np.linspace(-1500, 1500, 60_001) * MEV
    over = fine[distribution.density(fine) >= distribution.density(fine).max() / 2]
    assert over[-1] - over[0] == pytest.approx(distribution.fwhm, abs=0.3 * MEV)


def test_gaussian_is_the_normal_distribution() -> None:
    energy = np.linspace(-900, 900, 13) * MEV
    same = stats.norm(10 * MEV, 250 * MEV / 2.3548200450309493)
    ours = Gaussian(250 * MEV, 10 * MEV)
    np.testing.assert_allclose(ours.density(energy), same.pdf(energy), rtol=1e-12)
    np.testing.assert_allclose(ours.quantile(DEEP), same.ppf(DEEP), rtol=1e-12)


def test_symmetric_tails_are_the_laplace_distribution() -> None:
    energy = np.linspace(-900, 900, 13) * MEV
    same = stats.laplace(0, 250 * MEV / 2 / np.log(2))
    ours = ExponentialTails(250 * MEV, 0.0, 0.5)
    np.testing.assert_allclose(ours.density(energy), same.pdf(energy), rtol=1e-12)
    np.testing.assert_allclose(ours.quantile(DEEP), same.ppf(DEEP), rtol=1e-9, atol=1e-12 * MEV)


def test_one_sided_tail_has_a_sharp_upper_edge() -> None:
    tail = ExponentialTails(100 * MEV, 0.0, 1.0)
    assert tail.cumulative(tail.peak) == 1.0
    assert tail.density(tail.peak + 1e-6 * MEV) == 0.0
    assert tail.quantile(1.0) == pytest.approx(tail.peak)


def test_a_sum_of_one_part_is_that_part() -> None:
    one = Mixture((Gaussian(100 * MEV),), (7,))
    np.testing.assert_allclose(one.quantile(DEEP), Gaussian(100 * MEV).quantile(DEEP))
    assert one.weights == (1.0,)


def test_a_fine_table_of_a_gaussian_is_close_to_it() -> None:
    exact = Gaussian(250 * MEV)
    energy = np.linspace(-900, 900, 1801) * MEV
    table = Tabulated(energy, 7 * exact.density(energy))
    np.testing.assert_allclose(table.quantile(DEEP), exact.quantile(DEEP), atol=0.05 * MEV)
    assert table.fwhm == pytest.approx(exact.fwhm, rel=1e-4)


@given(
    st.floats(1e-9, 0.999),
    st.floats(0.02, 0.98),
    st.floats(10, 400),
    st.floats(10, 400),
    st.floats(-600, 600),
)
def test_a_sum_lies_between_its_parts(p: float, weight: float, one: float, two: float, apart: float) -> None:
    parts = (Gaussian(one * MEV), Gaussian(two * MEV, apart * MEV))
    both = Mixture(parts, (weight, 1 - weight))
    energy = float(both.quantile(p))
    ends = sorted(float(part.quantile(p)) for part in parts)
    assert ends[0] - 1e-9 * MEV <= energy <= ends[1] + 1e-9 * MEV
    assert float(both.cumulative(energy)) == pytest.approx(p, rel=1e-9)


def test_ends_of_a_table_and_impossible_shares() -> None:
    table = EVERY[-1]
    np.testing.assert_allclose(table.quantile([0.0, 1.0]), [EDGES[0], EDGES[-1]])
    assert np.all(np.isnan(table.quantile([-0.1, 1.1])))
    assert np.all(np.isnan(ExponentialTails(MEV).quantile([-0.1, 1.1])))
    gap = Tabulated([0, 1, 2, 3, 4, 5], [0, 1, 0, 0, 1, 0])
    assert 1 <= float(gap.quantile(0.4999)) <= 2
    assert 3 <= float(gap.quantile(0.5001)) <= 4


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Gaussian(0.0), "larger than zero"),
        (lambda: Gaussian(float("nan")), "larger than zero"),
        (lambda: Gaussian(MEV, float("inf")), "mean"),
        (lambda: ExponentialTails(MEV, 0.0, 0.0), "share of the width"),
        (lambda: Mixture((Gaussian(MEV),), (1, 2)), "a weight for each"),
        (lambda: Mixture((Gaussian(MEV),), (0,)), "larger than zero"),
        (lambda: Tabulated([0.0, 1.0], [1.0, -1.0]), "negative"),
        (lambda: Tabulated([0.0, 0.0], [1.0, 1.0]), "increase"),
        (lambda: Tabulated([0.0, 1.0], [0.0, 0.0]), "zero everywhere"),
        (lambda: Tabulated([0.0], [1.0]), "at least two"),
    ],
)
def test_impossible_distributions_are_refused(make: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()  # type: ignore[operator]
