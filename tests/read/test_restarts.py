"""Where sweeps begin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ionscape.read.restarts import sweep_starts

DOWN = np.logspace(6, 0, 40)


@given(
    sizes=st.lists(st.integers(3, 30), min_size=1, max_size=5),
    decades=st.floats(1.0, 9.0),
    upward=st.booleans(),
)
def test_repeated_sweeps(sizes: list[int], decades: float, upward: bool) -> None:
    sweeps = [np.logspace(decades, 0, size)[:: -1 if upward else 1] for size in sizes]
    assert sweep_starts(np.concatenate(sweeps)) == [0, *np.cumsum(sizes)[:-1].tolist()]


@pytest.mark.parametrize(
    ("frequency", "starts"),
    [
        (np.r_[DOWN, DOWN[::-1]], [0, 40]),  # down and up again
        (np.r_[DOWN, DOWN[20:30], DOWN], [0, 40, 50]),  # a shorter one between
        (np.r_[DOWN[:5], DOWN[4], DOWN[5:]], [0]),  # a point measured twice
        (np.array([100.0, 101, 90, 80, 70, 60, 50]), [0]),  # a stray first point
        (np.array([100.0, 90, 95, 80, 70, 60]), [0]),  # a stray point
        (np.random.default_rng(0).permutation(DOWN), [0]),  # no order
        (np.full(6, 50.0), [0]),  # one frequency over time
        (np.linspace(1, 1000, 50), [0]),  # linear steps
        (np.tile(np.linspace(1, 1000, 50), 2), [0, 50]),
        (np.array([1000.0, 10, 1000, 10]), [0, 2]),  # two points each
        (np.array([7.0]), [0]),
        (np.array([]), []),
        (np.r_[0.0, DOWN, 0.0, DOWN], [0, 42]),  # direct-current rows between
    ],
)
def test_particular_orders(frequency: NDArray[np.float64], starts: list[int]) -> None:
    assert sweep_starts(frequency) == starts


@given(st.lists(st.floats(), max_size=30))
def test_starts_are_rows_in_order(frequency: list[float]) -> None:
    starts = sweep_starts(frequency)
    assert starts == sorted(set(starts))
    assert starts[:1] == ([0] if frequency else [])
    assert all(start < len(frequency) for start in starts)
