"""The variance that points lack: Mandel and Paule's estimate against its own definition and a simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.fit.scatter import excess, principal


@given(st.integers(0, 200), st.floats(1.5, 30.0))
def test_the_added_variance_brings_chi_square_to_its_expectation(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    variances = rng.uniform(0.5, 2.0, 12)
    distance = factor * np.sqrt(variances) * rng.choice([-1.0, 1.0], 12)
    chi_square, added = excess(distance, variances, significance=0.1)
    assert chi_square == pytest.approx(12 * factor**2)
    assert float((distance**2 / (variances + added)).sum()) == pytest.approx(12)


def test_nothing_is_added_where_the_errors_say_enough() -> None:
    distance, variances = np.full(10, 1.1), np.ones(10)
    assert excess(distance, variances, significance=0.1)[1] == 0
    assert excess(distance, variances, "stated", significance=0.1)[1] == 0
    assert excess(distance, variances, significance=0.1, always=True)[1] == pytest.approx(0.21, rel=1e-4)
    assert excess(3 * distance, variances, "stated", significance=0.1)[1] == 0


def test_on_average_the_missing_variance_is_found() -> None:
    rng = np.random.default_rng(4)
    drawn = rng.normal(0, np.sqrt(1 + 4.0), (300, 40))
    found = [excess(distance, np.ones(40), significance=0.1)[1] for distance in drawn]
    assert np.mean(found) == pytest.approx(4.0, abs=0.25)  # 5 sqrt(2/40)/sqrt(300) = 0.07 is 1 SD


def test_principal_directions_of_a_singular_covariance() -> None:
    vectors, variances, any_more = principal(np.ones((3, 3)), 1.0)
    assert any_more
    assert variances.max() == pytest.approx(3.0)
    assert (variances > 0).all()
    assert np.abs(vectors.T @ vectors - np.eye(3)).max() < 1e-12
