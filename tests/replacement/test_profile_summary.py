"""Plateau, front depth and width of profiles whose numbers are known."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.replacement.profile_summary import summarise


def straight_front(points: int) -> tuple[np.ndarray, np.ndarray]:
    """0.1 up to 90 nm, straight to 1 at 110 nm."""
    faces = np.linspace(0, 200e-9, points + 1)
    centre = (faces[1:] + faces[:-1]) / 2
    return faces, np.interp(centre, [90e-9, 110e-9], [0.1, 1.0])


@pytest.mark.parametrize("points", [200, 1000])
def test_straight_front(points: int) -> None:
    faces, native = straight_front(points)
    found = summarise(faces, native)
    assert found.plateau_fraction == pytest.approx(0.1, abs=1e-12)
    assert found.front_depth == pytest.approx(100e-9, rel=1e-6)
    assert found.front_width == pytest.approx(16e-9, rel=1e-6)


def test_points_and_faces_agree() -> None:
    faces, native = straight_front(500)
    assert summarise(faces, native) == summarise((faces[1:] + faces[:-1]) / 2, native)


def test_sloping_plateau_is_averaged() -> None:
    depth = np.linspace(0, 200, 4001)
    native = np.where(depth < 100, 0.002 * depth, 1.0)
    found = summarise(depth, native)
    assert found.plateau_fraction == pytest.approx(0.002 * 0.55 * found.front_depth, rel=1e-3)


def test_no_front() -> None:
    assert np.all(np.isnan(summarise(np.arange(10.0), np.ones(10))))
