"""Drift and registration against shifts and maps that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import affine_transform, gaussian_filter

from ionscape.core.errors import AnalysisError, InputError
from ionscape.tracer.image_registration import drift, registered, stretched


def scene(seed: int = 0, size: int = 160) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.asarray(gaussian_filter(rng.standard_normal((size, size)), 3.0)) * 10


def test_drift_is_found_to_a_fraction_of_a_pixel_and_a_jump_is_refused() -> None:
    from scipy.ndimage import shift

    first = scene()
    frames = np.stack(
        [first, shift(first, (2.3, -1.6), mode="grid-wrap"), shift(first, (-0.4, 4.0), mode="grid-wrap")]
    )
    assert np.allclose(drift(frames), np.array([[0, 0], [2.3, -1.6], [-0.4, 4.0]]), atol=0.15)
    with pytest.raises(AnalysisError, match="do the scans show the same place"):
        drift(np.stack([first, np.roll(first, 60, axis=0)]))


def test_control_points_give_the_map_and_what_remains() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.uniform(0, 100, (2, 8))
    angle, scale = 0.1, 2.0
    u = scale * (np.cos(angle) * x - np.sin(angle) * y) + 7
    v = scale * (np.sin(angle) * x + np.cos(angle) * y) - 3
    exact = registered(scene(), scene(), points=np.column_stack([x, y, u, v]).tolist())
    assert exact.residual == pytest.approx(0, abs=1e-9)
    assert np.allclose(exact.matrix @ [y[0], x[0], 1], [v[0], u[0]])
    noisy = np.column_stack([x, y, u + rng.normal(0, 2, 8), v + rng.normal(0, 2, 8)])
    assert registered(scene(), scene(), points=noisy.tolist()).residual == pytest.approx(2**0.5, rel=0.5)
    with pytest.raises(InputError, match="at least 3"):
        registered(scene(), scene(), points=noisy[:2].tolist(), model="affine")
    line = [[k, k, k, k] for k in range(4)]
    with pytest.raises(InputError, match="on one line"):
        registered(scene(), scene(), points=line, model="affine")


def test_two_images_find_each_other() -> None:
    reference = scene(4, 100)
    turn = 0.03
    matrix = 1.04 * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    moving = affine_transform(reference, np.linalg.inv(matrix), [4.0, -3.0], mode="nearest")
    found = registered(moving, reference)
    placed = found.apply(moving, (100, 100))[20:-20, 20:-20]
    assert np.corrcoef(placed.ravel(), reference[20:-20, 20:-20].ravel())[0, 1] > 0.98
    assert found.residual < 0.5
    with pytest.raises(AnalysisError, match="no common feature"):
        registered(np.ones((40, 40)), scene(7, 40))


def test_other_pixels_of_the_same_area() -> None:
    labels = np.kron(np.arange(12).reshape(3, 4), np.ones((10, 10)))
    small = stretched(labels.shape, (6, 8)).apply(labels, (6, 8), labels=True)
    assert np.array_equal(small, np.kron(np.arange(12).reshape(3, 4), np.ones((2, 2))))
