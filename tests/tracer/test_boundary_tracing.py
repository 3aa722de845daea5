"""Length and normal of boundaries on pixels against lines whose length is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ionscape.tracer.boundary_tracing import boundary_lines


@pytest.mark.parametrize("angle", [0, 10, 20, 30, 45, 70, 90])
def test_tilted_lines_have_their_length_and_normal_not_the_staircase(angle: int) -> None:
    y, x = np.mgrid[:200, :200] - 99.5
    n = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    labels = np.where(np.hypot(y, x) < 80, (n[0] * y + n[1] * x > 0).astype(int), -1)
    (line,) = boundary_lines(labels, (2e-6, 2e-6))
    assert line.length == pytest.approx(160 * 2e-6, rel=0.012)
    assert line.normal @ n > 0.9995
    assert line.straightness > 0.99
    assert np.allclose(line.centre, 99.5 * 2e-6, atol=1e-6)


def test_a_closed_boundary_has_the_circumference_and_no_chord() -> None:
    y, x = np.mgrid[:150, :150] - 74.5
    (line,) = boundary_lines((np.hypot(y, x) < 50).astype(int), (1.0, 1.0))
    assert line.length == pytest.approx(2 * math.pi * 50, rel=0.01)
    assert line.straightness == 0
    outwards = (line.middles - 74.5) / 50
    assert np.mean(np.einsum("ki,ki->k", line.normals, outwards)) < -0.98  # from 0 (outside) to 1 (inside)


def test_every_stretch_between_two_grains_is_a_line_of_its_own() -> None:
    labels = np.zeros((20, 30), dtype=int)
    labels[:, 15:] = 1
    labels[8:12, 10:20] = 2  # cuts the boundary of 0 and 1 in two
    lines = boundary_lines(labels, (1.0, 1.0))
    assert sorted(line.grains for line in lines) == [(0, 1), (0, 1), (0, 2), (1, 2)]
    assert sorted(round(line.length) for line in lines if line.grains == (0, 1)) == [8, 8]


def test_pixels_that_are_not_square_count_with_their_sides() -> None:
    labels = np.zeros((40, 10), dtype=int)
    labels[:, 5:] = 1
    (line,) = boundary_lines(labels, (0.5, 3.0))
    assert line.length == pytest.approx(20.0)
    assert np.allclose(np.abs(line.normal), [0, 1])
