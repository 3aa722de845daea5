"""Smooth profiles: content kept, intervals that cover, eigenfunctions that are what they should be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from ionscape.core.errors import InputError
from ionscape.testing.stored_profiles import StoredSample, counted
from ionscape.tracer.propagation_1d import propagate
from ionscape.tracer.smoothing import fit_smoothness, integrals, modes_between, smooth_profile

SAMPLE = StoredSample(length=5e-3, meniscus=5e-4, diffusion=3e-13, energy=7e-20)
X = np.linspace(0, 5e-3, 120)


def measured(seed: int, counts: float = 1000) -> tuple[Any, Any]:
    """Fraction and variance of an exchanged profile, counted."""
    tracer, others = counted(SAMPLE.exchanged(X), counts, np.random.default_rng(seed))
    share = (tracer + 0.5) / (tracer + others + 1)
    return tracer / (tracer + others), share * (1 - share) / (tracer + others + 1)


@pytest.mark.parametrize("seed", range(4))
def test_the_measured_content_is_kept(seed: int) -> None:
    fraction, variance = measured(seed, counts=100)
    smooth = smooth_profile(X, fraction, variance)
    inside = quad(lambda x: float(smooth.at([x])[0][0]), 0, 5e-3, limit=200)[0]
    assert inside == pytest.approx(np.trapezoid(fraction, X), rel=1e-10)


def test_the_truth_lies_within_its_uncertainty() -> None:
    """Pointwise, averaged over the profile and replicates; counting errors are the only ones there are."""
    inside, better = [], []
    for seed in range(25):
        fraction, variance = measured(seed)
        curve, spread = smooth_profile(X, fraction, variance).at(X)
        truth = SAMPLE.exchanged(X)
        inside.append(np.abs(curve - truth) < 1.96 * spread)
        better.append(np.sqrt(np.mean((curve - truth) ** 2) / np.mean((fraction - truth) ** 2)))
    assert 0.91 < np.mean(inside) < 0.985
    assert np.mean(better) < 0.7  # smoothing removes noise


def test_noise_is_estimated_where_it_is_not_stated() -> None:
    rng = np.random.default_rng(2)
    smooth = smooth_profile(X, SAMPLE.exchanged(X) + 0.01 * rng.normal(size=X.size), conserve=False)
    assert smooth.scatter == pytest.approx(0.01, rel=0.25)


@pytest.mark.parametrize("left", ["zero flux", "fixed"])
@pytest.mark.parametrize("right", ["zero flux", "fixed"])
def test_modes_decay_as_diffusion_between_the_edges(left: Any, right: Any) -> None:
    """Against finite volumes on a fine grid, for all four pairs of edges."""
    modes = modes_between(0.0, 1.0, left, right, 8)
    x = np.linspace(0, 1, 801)
    amplitudes = np.random.default_rng(1).normal(size=8) / np.arange(1, 9) ** 2
    start = modes.values(x)[0] @ amplitudes
    late = modes.values(x)[0] @ (amplitudes * np.exp(-modes.wavenumber**2 * 0.02))
    found = propagate(x, start, 0.02, left=left, right=right, method="steps")
    np.testing.assert_allclose(found, late, atol=2e-5)


@pytest.mark.parametrize("left", ["zero flux", "fixed"])
@pytest.mark.parametrize("right", ["zero flux", "fixed"])
def test_slopes_and_integrals_of_modes(left: Any, right: Any) -> None:
    modes = modes_between(0.2, 1.3, left, right, 7)
    value, slope = modes.values(np.array([0.5 - 1e-6, 0.5, 0.5 + 1e-6]))
    np.testing.assert_allclose(slope[1], (value[2] - value[0]) / 2e-6, atol=1e-6)
    expected = [quad(lambda x, m=m: modes.values(np.array([x]))[0][0, m], 0.3, 1.1)[0] for m in range(7)]
    np.testing.assert_allclose(integrals(modes, 0.3, 1.1), expected, atol=1e-9)


def test_the_prior_keeps_its_variance_and_knows_its_slope() -> None:
    modes = modes_between(0.0, 1.0, "zero flux", "zero flux", 64)
    shape, slope = modes.shape(0.1)
    assert 0.5 * np.sum(shape) == pytest.approx(1.0)
    above, below = (np.log(modes.shape(0.1 * np.exp(step))[0]) for step in (1e-5, -1e-5))
    np.testing.assert_allclose(slope, (above - below) / 2e-5, atol=1e-5)


def test_more_counts_give_a_closer_curve() -> None:
    spreads = []
    for counts in (100, 10000):
        fraction, variance = measured(7, counts)
        modes = modes_between(0, 5e-3, "zero flux", "zero flux", 100)
        spreads.append(np.median(fit_smoothness(modes, X, fraction, variance, known_noise=True).at(X)[1]))
    assert spreads[1] < spreads[0] / 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"position": X[::-1]}, "must increase"),
        ({"fraction": np.zeros(5)}, "as many positions as fractions, got 120 and 5"),
        ({"variance": np.zeros(120)}, "variance must be larger than zero"),
        ({"variance": np.ones(3)}, "as many variances"),
        ({"edges": (0.0, 1e-3)}, "outside the sample's edges"),
        ({"fraction": np.where(np.arange(120) < 5, 0.1, np.nan)}, "5 usable points"),
    ],
)
def test_bad_profiles_are_refused(change: dict[str, Any], words: str) -> None:
    fraction, variance = measured(0)
    given = {"position": X, "fraction": fraction, "variance": variance} | change
    with pytest.raises(InputError, match=words):
        smooth_profile(**given)
