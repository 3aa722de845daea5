"""The limit for long diffusion times: intervals, bounds, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.nmr.long_time_limit import extrapolate_delay
from ionscape.testing.echoes import lattice_echo

D, L = 1e-12, 1e-6
TIMES = np.array([0.01, 0.03, 0.1, 0.3, 1.0, 3.0])


def _lattice(permeability: float, times: np.ndarray = TIMES) -> np.ndarray:
    """Apparent D by finite volumes."""
    q = 2e-2 / np.sqrt(2 * D * np.minimum(times, 0.5))
    return np.asarray(-np.log(lattice_echo(q, times, D, L, permeability, sites=60)) / (q**2 * times))


def test_the_95_percent_interval_covers() -> None:
    rng = np.random.default_rng(2)
    clean = _lattice(1e-6)
    spread = np.full(TIMES.size, 0.02)
    names = ("diffusion_coefficient_long_time", "diffusion_coefficient_short_time", "barrier_distance")
    inside = np.zeros(3)
    n = 12  # the long run is verify/nmr_coverage.py
    for _ in range(n):
        found = extrapolate_delay(TIMES, clean * np.exp(0.02 * rng.standard_normal(TIMES.size)), spread)
        for k, (name, truth) in enumerate(zip(names, (D / 2, D, L), strict=True)):
            low, high = found.estimates[name].interval(0.95)
            inside[k] += low <= truth <= high
    assert np.all(inside >= 9)  # 11.4 expected, fewer once in 500


def test_closed_barriers_give_an_upper_bound() -> None:
    found = extrapolate_delay(TIMES, _lattice(0.0), np.full(TIMES.size, 0.02))
    assert (found.limit.status, found.limit.side) == ("bound", "upper")
    assert found.limit.value < 0.1 * D


def test_two_diffusion_times_are_too_few() -> None:
    found = extrapolate_delay(TIMES[:2], _lattice(1e-6, TIMES[:2]), np.full(2, 0.02))
    assert found.limit.status == "undetermined"
    assert "3 diffusion times" in found.limit.note


def test_d_that_rises_is_not_described() -> None:
    found = extrapolate_delay(TIMES, D * (1 + TIMES), np.full(TIMES.size, 0.02))
    assert found.limit.status == "undetermined"
    assert found.misfit_probability < 1e-3


def test_the_curve_goes_through_exact_data() -> None:
    clean = _lattice(1e-6)
    found = extrapolate_delay(TIMES, clean, np.full(TIMES.size, 0.01))
    assert found.at(TIMES) == pytest.approx(clean, rel=3e-3)
