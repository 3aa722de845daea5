"""Where a profile is flat, and what its level is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import erf

from ionscape.core.errors import InputError
from ionscape.replacement.bulk_level import drift_of, flat_part, level_in

DEPTH = np.linspace(0.25e-9, 199.75e-9, 400)


def _front(at: float, width: float) -> NDArray[np.float64]:
    return np.asarray(0.52 + 0.48 * erf((DEPTH - at) / width))


@settings(max_examples=40, deadline=None)
@given(st.floats(40e-9, 130e-9), st.floats(1e-9, 15e-9), st.sampled_from([100.0, 2000.0, 20000.0]),
       st.integers(0, 2**31))  # fmt: skip
def test_the_flat_part_lies_behind_the_front(at: float, width: float, counts: float, seed: int) -> None:
    signal = np.random.default_rng(seed).poisson(counts * _front(at, width)).astype(float)
    start, end = flat_part(DEPTH, signal, np.maximum(signal, 0.5))
    assert at + 0.8 * width < start < end == DEPTH[-1]
    level = level_in(DEPTH, signal, np.maximum(signal, 0.5), (start, end), found=True)
    assert abs(level.level / counts - 1) < 5 * level.relative_sd


def test_a_front_at_the_end_is_no_bulk() -> None:
    signal = np.random.default_rng(1).poisson(10000 * _front(190e-9, 20e-9)).astype(float)
    with pytest.raises(InputError, match="give bulk_window"):
        flat_part(DEPTH, signal, signal + 0.5)


def test_too_few_points_and_no_counts() -> None:
    with pytest.raises(InputError, match="of 5 points has no flat deep part"):
        flat_part(DEPTH[:5], np.ones(5), np.ones(5))
    with pytest.raises(InputError, match="is it the right column"):
        level_in(DEPTH, np.zeros(400), np.ones(400), (150e-9, 200e-9), found=True)


def test_the_drift_is_the_lines() -> None:
    drift, significance = drift_of(DEPTH, 1000 * (1 + 0.02 * DEPTH / DEPTH[-1]), np.full(400, 1000.0))
    assert drift == pytest.approx(0.02 * np.ptp(DEPTH) / DEPTH[-1] / 1.01, rel=1e-3)
    assert significance == pytest.approx(0.02 * 1000 * np.sqrt(400 / 12) / np.sqrt(1000), rel=0.01)
