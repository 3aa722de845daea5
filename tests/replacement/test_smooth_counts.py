"""Expected counts: unbiased on a plateau, not smeared over a front."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ionscape.replacement.smooth_counts import dispersion_of, expected_counts


@settings(max_examples=20)
@given(st.floats(2.0, 2000.0), st.integers(0, 2**31))
def test_a_constant_rate_is_found(rate: float, seed: int) -> None:
    found = expected_counts(np.random.default_rng(seed).poisson(rate, 400).astype(float))
    assert float(found.mean()) == pytest.approx(rate, rel=5 / np.sqrt(400 * rate) + 0.02)
    assert float(np.median(np.abs(found / rate - 1))) < 1.2 / np.sqrt(9 * rate) + 0.02


def test_a_step_stays_a_step() -> None:
    rng = np.random.default_rng(2)
    rate = np.where(np.arange(200) < 100, 30.0, 15000.0)
    found = expected_counts(rng.poisson(rate).astype(float))
    np.testing.assert_allclose(found[:99], 30.0, rtol=0.9)  # its own count at worst
    assert float(np.max(found[:99])) < 60
    assert float(np.min(found[101:])) > 14000


def test_nothing_counted_still_has_a_variance() -> None:
    np.testing.assert_array_equal(expected_counts(np.zeros(50)), 0.5)


def test_the_error_does_not_follow_the_count() -> None:
    """The correlation of a count with its own variance is what biases weighted means."""
    rng = np.random.default_rng(4)
    counts = rng.poisson(40.0, (200, 300)).astype(float)
    correlations = [np.corrcoef(row[20:-20], expected_counts(row)[20:-20])[0, 1] for row in counts]
    assert abs(float(np.mean(correlations))) < 0.2


@pytest.mark.parametrize("factor", [1.0, 4.0])
def test_dispersion_and_its_error(factor: float) -> None:
    rng = np.random.default_rng(3)
    found = [dispersion_of(100 + np.sqrt(100 * factor) * rng.standard_normal(120), np.full(120, 100.0))
             for _ in range(400)]  # fmt: skip
    values = np.array([value for value, _ in found])
    assert float(values.mean()) == pytest.approx(factor, rel=0.02)
    assert float(values.std()) == pytest.approx(np.mean([sd for _, sd in found]), rel=0.15)
