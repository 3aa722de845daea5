"""Boundaries drawn in pixels: how long they come out, and what cancels."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ionscape.testing.grain_map import voronoi_grains
from ionscape.tracer.faces import grain_faces
from ionscape.tracer.pixel_error import TRIPLE_POINT, boundary_ends, pixel_covariance


@pytest.mark.parametrize(("side", "grains"), [(50, 25), (120, 25), (120, 80)])
def test_a_drawn_boundary_is_wrong_in_length_by_half_a_pixel(side: int, grains: int) -> None:
    """Against the polygons that the pixels were drawn from, whatever the grain's size."""
    rng, errors = np.random.default_rng(side + grains), []
    for _ in range(8):
        truth = voronoi_grains(grains, float(side), float(side), rng, relaxations=1)
        faces = grain_faces(truth.labels((side, side), 1.0), (1.0, 1.0))
        edge = truth.boundary_of(faces.pairs)
        errors += list(faces.lengths[edge >= 0] - truth.lengths[edge[edge >= 0]])
    assert np.std(errors) == pytest.approx(math.sqrt(2) * TRIPLE_POINT, rel=0.12)


def test_ends_lie_where_the_polygons_corners_are() -> None:
    truth = voronoi_grains(12, 120.0, 120.0, np.random.default_rng(1), relaxations=1)
    faces = grain_faces(truth.labels((120, 120), 1.0), (1.0, 1.0))
    ends, directions = boundary_ends(faces)
    edge = truth.boundary_of(faces.pairs)
    for k in np.flatnonzero((edge >= 0) & (faces.lengths > 10)):
        corners = truth.ends[edge[k]]
        for end, direction in zip(ends[k], directions[k], strict=True):
            assert np.hypot(*(corners - end).T).min() < 2.5
            assert direction @ (corners.mean(axis=0) - end) > 0


def test_what_depends_on_the_sum_of_lengths_hardly_errs() -> None:
    """Three boundaries at 120 degrees: their total length does not change when the point moves."""
    truth = voronoi_grains(60, 150.0, 150.0, np.random.default_rng(2), relaxations=3)
    faces = grain_faces(truth.labels((150, 150), 1.0), (1.0, 1.0))
    total = pixel_covariance(faces, (1.0, 1.0), faces.lengths[None])[0, 0]
    alone = 2 * TRIPLE_POINT**2 * faces.n_boundaries
    assert total < 0.5 * alone
