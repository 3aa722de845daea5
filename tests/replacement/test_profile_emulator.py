"""The polynomial that stands for a profile."""

from __future__ import annotations

import numpy as np

from ionscape.replacement.profile_emulator import coordinates, fitted_emulator, monomials


def test_a_cubic_in_the_bent_inputs_is_reproduced_with_its_gradient() -> None:
    rng = np.random.default_rng(0)
    points = rng.standard_normal((200, 3)) @ np.array([[1.0, 0.3, 0.0], [0.0, 0.5, 0.1], [0.0, 0.0, 0.4]])
    frame = coordinates(points, rng.standard_normal((7, 3)), spread=1)

    def model(y: np.ndarray) -> np.ndarray:
        a, b, c = y[:, 0], np.exp(y[:, 1]), y[:, 2]
        return np.stack([a * b * c + a**3, 2 + b**2 - c], axis=1)

    emulator = fitted_emulator(points, model(points), frame, 3)
    new = points[:20] + 0.1
    np.testing.assert_allclose(emulator.means(new), model(new), atol=1e-8)
    pulled = emulator.pull(new, np.tile([1.0, -2.0], (20, 1)))
    for axis in range(3):
        step = np.zeros(3)
        step[axis] = 1e-5
        rise = (model(new + step) - model(new - step)) / 2e-5
        np.testing.assert_allclose(pulled[:, axis], rise[:, 0] - 2 * rise[:, 1], rtol=1e-5, atol=1e-6)


def test_number_of_monomials() -> None:
    assert len(monomials(5, 3)) == 56
    assert len(monomials(2, 2)) == 6


def test_what_does_not_vary_is_no_coordinate() -> None:
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.standard_normal(50), rng.standard_normal(50), np.full(50, 3.0)])
    assert coordinates(points, None, spread=1).dimensions == 2
