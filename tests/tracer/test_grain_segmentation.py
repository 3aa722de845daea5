"""Grains from fraction maps, masks and labels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from ionscape.core.errors import InputError
from ionscape.tracer.grain_segmentation import grains_from_fraction, visible_step
from ionscape.tracer.label_maps import grains_from_labels, grains_from_mask
from ionscape.tracer.measured_image import IonImage


def voronoi(shape: tuple[int, int], n: int, seed: int) -> NDArray[np.int_]:
    rng = np.random.default_rng(seed)
    places = np.moveaxis(np.indices(shape), 0, -1).reshape(-1, 2)
    seeds = rng.uniform((0, 0), shape, (n, 2))
    return np.asarray(cKDTree(seeds).query(places)[1]).reshape(shape)


def edges(labels: NDArray[np.int_]) -> NDArray[np.bool_]:
    found = np.zeros(labels.shape, dtype=bool)
    found[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    found[:-1] |= labels[:-1] != labels[1:]
    return found


def noisy_grains(noise: float) -> tuple[IonImage, NDArray[np.int_]]:
    """Grains of one level each along a gradient, 0.02 apart and a gradient of 0.0001 per pixel inside."""
    truth = voronoi((120, 150), 60, 3)
    rng = np.random.default_rng(8)
    y = np.arange(120)[:, None] + np.zeros(truth.shape, dtype=int)
    level = np.array([y[truth == k].mean() if (truth == k).any() else 0.0 for k in range(60)])
    f = 0.3 + 0.0015 * level[truth] + 1e-4 * y + 0.01 * rng.standard_normal(60)[truth]
    image = IonImage(f + noise * rng.standard_normal(f.shape), np.full(f.shape, noise**2), (1e-6, 1e-6))
    return image, truth


@pytest.mark.parametrize("noise", [0.002, 0.006])
def test_boundaries_with_a_visible_step_are_found_and_few_others(noise: float) -> None:
    image, truth = noisy_grains(noise)
    found = grains_from_fraction(image)
    clean = IonImage(image.fraction, image.variance, image.spacing)
    step = visible_step(clean, 15e-6, 15e-6)
    means = np.array([image.fraction[truth == k].mean() for k in range(60)])
    near_found = distance_transform_edt(~edges(found)) <= 2
    near_truth = distance_transform_edt(~edges(truth)) <= 3
    visible = edges(truth)
    visible[:-1, :-1] &= (
        np.maximum(
            np.abs(means[truth[:-1, :-1]] - means[truth[:-1, 1:]]),
            np.abs(means[truth[:-1, :-1]] - means[truth[1:, :-1]]),
        )
        > 1.5 * step
    )
    assert near_found[visible].mean() > 0.9
    assert near_truth[edges(found)].mean() > 0.95


def test_noise_alone_draws_hardly_any_boundary() -> None:
    rng = np.random.default_rng(5)
    y, _ = np.indices((120, 150))
    f = 0.3 + 5e-4 * y + 0.01 * rng.standard_normal(y.shape)
    found = grains_from_fraction(IonImage(f, np.full(f.shape, 1e-4), (1e-6, 1e-6)))
    assert edges(found).mean() < 0.01


def test_a_mask_s_lines_go_to_the_nearest_grain() -> None:
    mask = np.zeros((30, 40))
    mask[:, 20] = 1
    found = grains_from_mask(mask)
    assert found.max() == 1
    assert np.array_equal(found[:, :20], np.zeros((30, 20)))
    assert np.array_equal(found[:, 21:], np.ones((30, 19)))


def test_a_mask_without_grains_on_both_sides_is_a_sentence() -> None:
    mask = np.zeros((30, 40))
    mask[5:20, 20] = 1
    with pytest.raises(InputError, match="grains on both sides"):
        grains_from_mask(mask)
    with pytest.raises(InputError, match="no pixel as boundary"):
        grains_from_mask(np.zeros((30, 40)))


def test_unindexed_pixels_and_specks_join_their_neighbours() -> None:
    given = voronoi((60, 60), 6, 1) + 1
    holes = given.astype(float)
    holes[10:12, :] = -1
    holes[30, 30:32] = 99
    holes[40, 5] = np.nan
    found = grains_from_labels(holes)
    assert np.unique(found).size == np.unique(given).size
    agree = [np.bincount(found[given == k]).max() for k in np.unique(given)]
    assert sum(agree) / given.size > 0.98


def test_labels_must_be_whole_numbers_of_more_than_one_grain() -> None:
    with pytest.raises(InputError, match="whole numbers"):
        grains_from_labels(np.full((5, 5), 1.5))
    with pytest.raises(InputError, match="fewer than two grains"):
        grains_from_labels(np.ones((5, 5)))
