"""Derivatives by single boundaries: against differences of the solver, and the adjoint against them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ionscape.testing.image_cases import PIXEL, case
from ionscape.tracer.boundary_tangents import BoundaryTangents
from ionscape.tracer.image_problem import ImageProblem, Scene
from ionscape.tracer.map_elasticity import elasticity

FloatArray = NDArray[np.float64]
RNG = np.random.default_rng(4)


def problem() -> ImageProblem:
    """Two images of a small map, with a sample that goes on beyond."""
    found = case(shape=(40, 30), grains=12)
    variances = tuple(c * (1 - c) / 400 for c in found.fractions)
    labels = found.labels.astype(np.int64)
    return ImageProblem(Scene(found.fractions, variances, labels, (PIXEL,) * 2, found.stages, "bottom", 1e-4,
                              resolution=PIXEL))  # fmt: skip


def test_tangents_are_differences_and_the_adjoint_their_transpose() -> None:
    work = problem()
    n = work.grid.n_boundaries
    values, bulk, beyond = 6e-8 * np.exp(0.3 * RNG.standard_normal(n)), 2.6e-12, 1e-12
    tangents = BoundaryTangents(work, bulk, values, beyond, tolerance=1e-9)
    jacobian = tangents.jacobian()

    def shares(d: float, p: FloatArray) -> FloatArray:
        fields = work.grid.solve(d, p, work.history, tolerance=1e-9, beyond_diffusion=beyond).fields
        seen = [work.blurred(fields[k])[mask] for k, mask in zip(work.places, work.masks, strict=True)]
        return np.asarray(np.concatenate(seen) * work.root)

    for k in (0, n // 2, n - 1):
        up, down = values.copy(), values.copy()
        up[k], down[k] = up[k] * np.exp(1e-3), down[k] * np.exp(-1e-3)
        difference = (shares(bulk, up) - shares(bulk, down)) / 2e-3
        assert jacobian[:, 1 + k] == pytest.approx(difference, abs=1e-4 * np.abs(difference).max())
    difference = (shares(bulk * np.exp(1e-3), values) - shares(bulk * np.exp(-1e-3), values)) / 2e-3
    assert jacobian[:, 0] == pytest.approx(difference, abs=1e-4 * np.abs(difference).max())

    directions = RNG.standard_normal((work.data.size, 3))
    transposed = tangents.transposed(directions)
    expected = jacobian[:, 1:].T @ directions
    assert transposed == pytest.approx(expected, abs=1e-5 * np.abs(expected).max())


def test_elasticity_is_the_slope_of_the_maps_own_coefficient() -> None:
    work = problem()
    n = work.grid.n_boundaries
    values = 6e-8 * np.exp(0.3 * RNG.standard_normal(n))
    found = elasticity(work, 2.6e-12, values)
    assert found.value == pytest.approx(work.grid.effective_diffusion(2.6e-12, values, 0), rel=1e-9)
    k = int(np.argmax(found.by_boundary))
    up, down = values.copy(), values.copy()
    up[k], down[k] = up[k] * np.exp(1e-3), down[k] * np.exp(-1e-3)
    ends = [work.grid.effective_diffusion(2.6e-12, p, 0) for p in (up, down)]
    assert found.by_boundary[k] == pytest.approx(np.log(ends[0] / ends[1]) / 2e-3, rel=1e-3)
    moved = (2.6e-12 * np.exp(1e-3), 2.6e-12 * np.exp(-1e-3))
    bulk = [work.grid.effective_diffusion(d, values, 0) for d in moved]
    assert found.by_bulk == pytest.approx(np.log(bulk[0] / bulk[1]) / 2e-3, rel=1e-3)
