"""What two profiles at the same positions say of a change: false alarms, bounds, positions that disagree."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ionscape.testing.stored_profiles import StoredSample
from ionscape.tracer.smoothing import SmoothProfile, modes_between
from ionscape.tracer.storage_change import Change, at_most, change_of
from ionscape.tracer.storage_likelihood import MeasuredProfile
from ionscape.tracer.storage_marginal import Marginal

SAMPLE = StoredSample(length=5e-3, meniscus=5e-4, diffusion=3e-13, energy=7e-20)
X = np.linspace(0, 5e-3, 75)  # 67 um apart: the kink at the liquid line lies between two points
BEFORE = SAMPLE.exchanged(X)
SPREAD = np.sqrt(BEFORE * (1 - BEFORE) / 6000)
MODES = modes_between(0.0, 5e-3, "zero flux", "zero flux", 75)
INITIAL = SmoothProfile(MODES, np.zeros(75), np.zeros((75, 75)), 1e-3, 1.0, 1.0)
LIMITS = (math.log(2e-6**2), math.log(7e-3**2))


def _change(root: float, seed: int, *, displaced: bool = False, x_later: float = 0.0) -> Change | None:
    """Of a profile after sqrt(theta) = ``root`` [m]."""
    after = SAMPLE.stored(X, root**2) if root else BEFORE
    rng = np.random.default_rng([seed, 7])
    one, two = (MeasuredProfile(X + shift, c + SPREAD * rng.normal(size=75), SPREAD**2)
                for c, shift in ((BEFORE, 0.0), (after, x_later)))  # fmt: skip
    return change_of(INITIAL, one, two, LIMITS, displaced=displaced)


@pytest.mark.parametrize("displaced", [False, True])
def test_noise_alone_is_seldom_a_change(displaced: bool) -> None:
    found = [_change(0.0, seed, displaced=displaced) for seed in range(60)]
    assert sum(one is None or one.significant for one in found) <= 3  # 1 % each: more in 0.3 % of cases


@pytest.mark.parametrize("root", [1e-5, 2e-5, 4e-5])
def test_bounds_hold_what_moved_less_than_the_points_resolve(root: float) -> None:
    uppers = [one.upper for seed in range(40) if (one := _change(root, seed)) is not None]
    assert len(uppers) == 40
    assert np.mean(np.array(uppers) > 2 * math.log(root)) >= 0.85  # 95 % less three standard deviations


def test_a_change_that_shows_is_significant() -> None:
    for root, displaced in ((1e-4, False), (1e-4, True), (6e-4, False), (5e-3, False)):
        found = _change(root, 1, displaced=displaced)
        assert found is not None
        assert found.significant
        assert found.upper > 2 * math.log(root) - 0.7


def test_other_positions_say_nothing() -> None:
    assert _change(0.0, 1, x_later=2e-5) is None


def test_bounds_only_become_wider() -> None:
    assert at_most(Marginal(1.0, 0.1), 3.0).upper == 3.0
    assert at_most(Marginal(1.0, 0.1), math.nan).status == "undetermined"
    assert at_most(Marginal(1.0, math.nan, upper=2.0), 3.0).upper == 3.0
    assert at_most(Marginal(1.0, math.nan, upper=4.0), 3.0).upper == 4.0
    assert at_most(Marginal(1.0, math.nan, lower=0.5), 3.0).upper is None
