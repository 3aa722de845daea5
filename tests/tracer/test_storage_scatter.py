"""Scatter among later profiles: closed forms for a few of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ionscape.tracer.storage_marginal import DEVIATES, Marginal
from ionscape.tracer.storage_scatter import departures, scatter_of, widened


def test_two_profiles_without_noise_scatter_as_their_standard_deviation() -> None:
    values = np.array([1.0, 1.6])
    scatter, more = scatter_of(values - values.mean(), np.full(2, 1e-12), np.ones((2, 1)))
    assert scatter == pytest.approx(float(np.std(values, ddof=1)), rel=1e-6)
    assert more == pytest.approx(np.array([[np.var(values, ddof=1)]]), rel=1e-6)


def test_noise_is_taken_off() -> None:
    """Equal variances: Mandel and Paule's scatter is the sample variance less that of noise."""
    values, noise = np.array([0.0, 0.1, 2.0, 2.3]), 0.04
    scatter, _ = scatter_of(values - values.mean(), np.full(4, noise * 3 / 4), np.ones((4, 1)))
    assert scatter**2 == pytest.approx(float(np.var(values, ddof=1)) - noise, rel=1e-9)


@pytest.mark.parametrize(
    ("difference", "slopes"),
    [([-0.2, 0.2], [[1.0], [1.0]]), ([-2.0, 2.0], [[1.0, 0.0], [0.0, 1.0]]), ([0.0, 0.0], [[1.0], [1.0]])],
)
def test_no_scatter_within_noise_or_without_a_profile_to_spare(
    difference: list[float], slopes: list[list[float]]
) -> None:
    scatter, more = scatter_of(np.array(difference), np.full(2, 0.01), np.array(slopes))
    assert scatter == 0
    assert not more.any()


def test_profiles_that_determine_nothing_do_not_count() -> None:
    alone = (Marginal(1.0, 0.1), Marginal(1.0, math.nan, upper=2.0))
    difference, variance = departures(alone, np.ones(2), np.ones((2, 1)), np.array([[0.006]]))
    assert difference.tolist() == [1.0, 0.0]
    assert variance.tolist() == pytest.approx([0.004, math.inf])


def test_widening_adds_in_squares() -> None:
    assert widened(Marginal(2.0, 3.0), 4.0).spread == pytest.approx(5.0)
    normal = Marginal(2.0, 3.0, quantiles=tuple(2 + 3 * z for z in DEVIATES))
    assert widened(normal, 4.0).quantiles == pytest.approx([2 + 5 * z for z in DEVIATES])
    bound = Marginal(2.0, math.nan, upper=3.0)
    assert widened(bound, 4.0) is bound
