"""The mean linear intercept: closed forms of columns and bricks, and random maps without a direction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial import cKDTree

from ionscape.tracer.grain_intercepts import grain_size

MICRON = 1e-6


def voronoi(seed: int, stretch: float = 1.0) -> np.ndarray:
    """Grains of random seeds, 150 to an image of 200 x 200, ``stretch`` times longer from row to row."""
    rng = np.random.default_rng(seed)
    count = 150
    seeds = rng.uniform(-20, 220, (int(count * 1.44), 2))
    y, x = np.mgrid[:200, :200].astype(float)
    seeds[:, 0] /= stretch
    labels = cKDTree(seeds).query(np.column_stack([y.ravel() / stretch, x.ravel()]))[1]
    return np.asarray(labels).reshape(200, 200)


def test_columnar_grains_have_an_intercept_across_and_none_down() -> None:
    labels = np.tile(np.arange(320) // 16, (150, 1))
    found = grain_size(labels, (MICRON, MICRON), "g")
    assert found.across.value == pytest.approx(16 * MICRON, rel=0.06)
    assert found.down.status == "undetermined"
    assert found.differs
    assert "longer than the image from row to row" in found.warning


def test_bricks_give_their_two_sides() -> None:
    rows, columns = np.mgrid[:240, :240]
    labels = (rows // 40) * 1000 + columns // 10
    found = grain_size(labels, (2 * MICRON, MICRON), "g")
    # n bricks along a line have n - 1 boundaries
    assert found.down.value == pytest.approx(239 * 2 * MICRON / 5, rel=1e-9)
    assert found.across.value == pytest.approx(239 * MICRON / 23, rel=1e-9)
    assert found.differs


def test_random_grains_have_no_direction_and_the_known_size() -> None:
    """Poisson-Voronoi: boundary length per area 2 sqrt(n), hence an intercept of pi/(4 sqrt(n))."""
    sizes, alarms, inside = [], 0, 0
    # the boundary of pixels is cut along rows and columns as the true one is
    density = 150 * 1.44 / 240**2
    true = math.pi / (4 * math.sqrt(density)) * MICRON
    n = 40
    for seed in range(n):
        found = grain_size(voronoi(seed), (MICRON, MICRON), "g")
        alarms += found.differs
        low, high = found.intercept.interval(0.95)
        inside += low < true < high
        sizes.append(found.intercept.value)
    assert np.mean(sizes) == pytest.approx(true, rel=0.03)
    assert alarms <= 3  # one in a hundred
    assert inside >= 0.8 * n


def test_stretched_grains_are_told_and_measured_along_both_sides() -> None:
    told = 0
    for seed in range(10):
        found = grain_size(voronoi(seed, 2.5), (MICRON, MICRON), "g")
        told += found.differs
        assert found.down.value / found.across.value == pytest.approx(2.5, rel=0.35)
    assert told >= 9
