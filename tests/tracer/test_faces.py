"""Faces between grains: normals and lengths against the polygons that the labels were drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ionscape.core.errors import InputError
from ionscape.testing.grain_map import GrainMap, grains_from_seeds, voronoi_grains
from ionscape.tracer.faces import GrainFaces, grain_faces

PIXEL = 1e-6


def bicrystal(degrees: float) -> GrainMap:
    """One straight boundary through the middle of 80 x 80 um, tilted from the rows, off the lattice."""
    centre = np.array([40.13e-6, 39.71e-6])
    normal = np.array([np.sin(np.deg2rad(degrees)), np.cos(np.deg2rad(degrees))])
    return grains_from_seeds([centre - 5e-6 * normal, centre + 5e-6 * normal], 80e-6, 80e-6)


def degrees_off(grains: GrainMap, faces: GrainFaces) -> np.ndarray:
    """Angle between each face's normal and the line between the seeds of its two grains."""
    between = grains.seeds[faces.pairs[:, 1]] - grains.seeds[faces.pairs[:, 0]]
    true = (between / np.hypot(*between.T)[:, None])[faces.boundary]
    cosine = np.clip(np.abs((true * faces.normals).sum(axis=1)), 0, 1)
    return np.asarray(np.degrees(np.arccos(cosine)))


@pytest.mark.parametrize("degrees", [0, 7, 18, 26.565, 45, 61, 83, 90])
def test_normal_and_length_of_a_straight_boundary(degrees: float) -> None:
    grains = bicrystal(degrees)
    labels = grains.labels((80, 80), PIXEL)
    faces = grain_faces(labels, (PIXEL, PIXEL))
    off = degrees_off(grains, faces)
    assert off.mean() < 2
    assert off.max() < 8
    assert faces.n_boundaries == 1
    assert faces.lengths[0] == pytest.approx(
        grains.lengths[0], abs=1.5 * PIXEL
    )  # the ends fall between pixels
    plain = grain_faces(labels, (PIXEL, PIXEL), weighted=False)
    excess = abs(np.cos(np.deg2rad(degrees))) + abs(np.sin(np.deg2rad(degrees)))
    assert plain.lengths[0] / grains.lengths[0] == pytest.approx(excess, rel=0.02)


def test_pixels_that_are_not_square() -> None:
    grains = bicrystal(35)
    rows, columns = (np.arange(40) + 0.5) * 2e-6, (np.arange(80) + 0.5) * 1e-6
    labels = grains.grain_at(np.stack(np.meshgrid(columns, rows), axis=-1))
    faces = grain_faces(labels, (2e-6, 1e-6))
    assert degrees_off(grains, faces).mean() < 2.5
    assert faces.lengths[0] == pytest.approx(grains.lengths[0], abs=1.5e-6)


def test_normals_near_triple_points() -> None:
    grains = voronoi_grains(60, 160e-6, 160e-6, np.random.default_rng(5))
    faces = grain_faces(grains.labels((160, 160), PIXEL), (PIXEL, PIXEL))
    off = degrees_off(grains, faces)
    assert np.median(off) < 2
    assert np.quantile(off, 0.95) < 12
    assert faces.lengths.sum() == pytest.approx(grains.lengths.sum(), rel=0.01)


def test_a_pair_that_touches_twice_has_two_boundaries() -> None:
    labels = np.zeros((12, 9), dtype=int)
    labels[:, 5:] = 1
    labels[5:7, 3:7] = 2  # parts the boundary between 0 and 1
    faces = grain_faces(labels, (PIXEL, PIXEL))
    pairs = [tuple(pair) for pair in faces.pairs.tolist()]
    assert pairs.count((0, 1)) == 2
    assert pairs.count((0, 2)) == pairs.count((1, 2)) == 1


def test_one_grain_has_no_faces() -> None:
    faces = grain_faces(np.ones((5, 4), dtype=int), (PIXEL, PIXEL))
    assert faces.n_boundaries == 0
    assert faces.normals.shape == (0, 2)


@given(arrays(np.int64, (7, 6), elements=st.integers(0, 3)))
def test_every_change_of_label_is_a_face_with_a_weight(labels: np.ndarray) -> None:
    faces = grain_faces(labels, (PIXEL, PIXEL))
    changes = (labels[:, 1:] != labels[:, :-1]).sum() + (labels[1:] != labels[:-1]).sum()
    assert len(faces.boundary) == changes
    assert np.allclose(np.hypot(*faces.normals.T), 1)
    for weight in (faces.x_weight, faces.y_weight):
        assert np.all((weight >= 0) & (weight <= 1))
    sides = np.sort(
        np.concatenate(
            [
                np.stack(
                    [labels[faces.x_rows, faces.x_columns], labels[faces.x_rows, faces.x_columns + 1]], 1
                ),
                np.stack(
                    [labels[faces.y_rows, faces.y_columns], labels[faces.y_rows + 1, faces.y_columns]], 1
                ),
            ]
        ),
        axis=1,
    )
    assert np.array_equal(sides, faces.pairs[faces.boundary])


@given(arrays(np.int64, (8, 8), elements=st.integers(0, 2)))
def test_a_transposed_map_has_the_same_lengths(labels: np.ndarray) -> None:
    one = grain_faces(labels, (PIXEL, PIXEL)).lengths
    other = grain_faces(labels.T, (PIXEL, PIXEL)).lengths
    assert np.sort(one) == pytest.approx(np.sort(other), abs=1e-12)


@pytest.mark.parametrize(
    ("labels", "spacing", "says"),
    [
        (np.zeros(5), (1.0, 1.0), "2-D array of labels"),
        (np.array([[0.5, 1.0]]), (1.0, 1.0), "whole numbers"),
        (np.zeros((3, 3)), (0.0, 1.0), "pixel size"),
    ],
)
def test_bad_maps_are_named(labels: np.ndarray, spacing: tuple[float, float], says: str) -> None:
    with pytest.raises(InputError, match=says):
        grain_faces(labels, spacing)
