"""The reference itself: polygons that fill the map, closed forms, order of convergence."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from ionscape.testing.grain_map import (
    ReferenceDiffusion,
    ReferenceStage,
    grains_from_seeds,
    voronoi_grains,
)

D, P = 2.6e-12, 1.36e-8


def area(corners: np.ndarray) -> float:
    after = np.roll(corners, -1, axis=0)
    return float(0.5 * abs((corners[:, 0] * after[:, 1] - after[:, 0] * corners[:, 1]).sum()))


@pytest.mark.parametrize("relaxations", [0, 3])
def test_grains_fill_the_map(relaxations: int) -> None:
    grains = voronoi_grains(50, 100e-6, 60e-6, np.random.default_rng(0), relaxations=relaxations)
    areas = np.array([area(corners) for corners in grains.corners])
    assert areas.sum() == pytest.approx(100e-6 * 60e-6, rel=1e-9)
    labels = grains.labels((600, 1000), 0.1e-6)
    assert np.bincount(labels.ravel()) * 1e-14 == pytest.approx(areas, abs=2e-12)
    if relaxations:
        assert areas.std() / areas.mean() < 0.35  # random seeds: 0.53


def test_reference_gives_the_series_formula() -> None:
    grains = grains_from_seeds([[15e-6, (k + 0.5) * 20e-6] for k in range(4)], 30e-6, 80e-6)
    reference = ReferenceDiffusion(grains, D, P, 5e-6)
    assert reference.effective_diffusion(0) == pytest.approx(1 / (1 / D + 3 / (P * 80e-6)), rel=1e-9)
    assert reference.effective_diffusion(1) == pytest.approx(D, rel=1e-9)


def test_reference_is_of_second_order_for_a_mode_across_a_boundary() -> None:
    """Two closed grains of length L: cos k(L - |x|) sign(x) with kL tan kL = 2PL/D decays as exp(-Dk²t)."""
    length, t, errors = 50e-6, 2000.0, []
    root = brentq(lambda q: q * np.tan(q) - 2 * P * length / D, 1e-9, np.pi / 2 - 1e-9)
    grains = grains_from_seeds([[25e-6, 10e-6], [75e-6, 10e-6]], 2 * length, 20e-6)
    for element in (10e-6, 5e-6, 2.5e-6):
        reference = ReferenceDiffusion(grains, D, P, element)
        x, first = reference.nodes[:, 0], np.arange(len(reference.nodes)) < reference._meshes[1][0]
        mode = np.where(first, 1.0, -1.0) * np.cos(root / length * np.where(first, x, 2 * length - x))
        found = reference._advance(mode, np.zeros(len(mode), dtype=bool), t / 400, 400)
        errors.append(float(np.abs(found - mode * np.exp(-D * (root / length) ** 2 * t)).max()))
    assert np.log2(np.array(errors[:-1]) / errors[1:]).min() > 1.9


def test_reference_conserves_and_stays_between_the_extremes() -> None:
    grains = voronoi_grains(20, 60e-6, 60e-6, np.random.default_rng(1))
    reference = ReferenceDiffusion(grains, D, P, 3e-6)
    one, two = reference.fields([ReferenceStage(2000.0, True), ReferenceStage(2000.0, False)], initial=0.1)
    assert reference.total(two) == pytest.approx(reference.total(one), rel=1e-10)
    assert reference.total(np.ones(len(one))) == pytest.approx(3600e-12, rel=1e-12)
    assert 0.1 - 1e-3 < one.min() < one.max() < 1 + 1e-3


def test_pixels_of_a_linear_field_are_exact() -> None:
    grains = voronoi_grains(15, 50e-6, 40e-6, np.random.default_rng(4))
    reference = ReferenceDiffusion(grains, D, P, lambda place: 2e-6 if place[1] > 20e-6 else 4e-6)
    field = 1e4 * reference.nodes[:, 0] + 2e4 * reference.nodes[:, 1]
    found = reference.pixels(field, (20, 30), 1e-6, (5e-6, 10e-6))
    rows, columns = np.mgrid[:20, :30] + 0.5
    assert found == pytest.approx(1e4 * (5 + columns) * 1e-6 + 2e4 * (10 + rows) * 1e-6, rel=1e-9)
    assert np.array_equal(grains.boundary_of(grains.edges[:, ::-1]), np.arange(len(grains.edges)))
    assert grains.boundary_of([[0, 0]]).tolist() == [-1]
