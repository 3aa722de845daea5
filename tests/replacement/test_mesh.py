"""Meshes: fine where the fronts will be, and deep enough."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import InputError
from ionscape.replacement.mesh import ExpectedFront, expected_fronts, film_faces, graded_faces
from ionscape.replacement.programme import Programme, Stage

from .replacement_cases import REFERENCES, TEMPERATURE


@given(
    depth=st.floats(0.0, 1.0),
    width=st.floats(1e-4, 1.0),
    cells=st.integers(8, 400),
    length=st.floats(1.0, 3.0),
)
def test_graded(depth: float, width: float, cells: int, length: float) -> None:
    faces = graded_faces([ExpectedFront(depth, width)], length, cells)
    assert len(faces) == cells + 1
    assert faces[0] == 0
    assert faces[-1] == length
    assert np.all(np.diff(faces) > 0)


def test_finest_at_the_front() -> None:
    faces = graded_faces([ExpectedFront(100e-9, 2e-9)], 140e-9, 300)
    finest = int(np.argmin(np.diff(faces)))
    assert faces[finest] == pytest.approx(100e-9, abs=2e-9)
    neighbours = np.diff(faces)[1:] / np.diff(faces)[:-1]
    assert np.all((neighbours > 0.8) & (neighbours < 1.25))


def test_too_few_cells() -> None:
    with pytest.raises(InputError, match="at least 8 cells"):
        graded_faces([], 1.0, 3)


@pytest.mark.parametrize("name", REFERENCES)
def test_expected_fronts_are_near(name: str) -> None:
    case = REFERENCES[name]
    (front,), _ = expected_fronts(case.conductor(), case.programme())
    assert front.depth == pytest.approx(case.front_depth, rel=0.15)
    assert 0.3 < front.width / case.front_width < 3


def test_never_deeper_than_the_sample() -> None:
    case = REFERENCES["K"]
    faces = film_faces(case.conductor(thickness=120e-9), case.programme(), 100)
    assert faces[-1] == 120e-9


def test_poling_resolves_the_debye_length() -> None:
    """Blocking electrodes: cells of a fraction of it at both faces and where 10 V deplete 0.9 nm."""
    conductor = REFERENCES["K"].conductor()
    stage = Stage(100.0, "voltage", 10.0, temperature=TEMPERATURE, surface="blocking")
    faces = film_faces(conductor, Programme((stage,)), 600)
    width, debye = np.diff(faces), 0.0305e-9  # of the assumed set, closed form
    assert faces[-1] == conductor.thickness
    assert width[0] < debye / 3
    assert width[-1] < debye / 3
    depleted = np.sqrt(2 * 8 * 8.854e-12 * 10 / (1.602e-19 * 1.41e28))
    assert width[int(np.searchsorted(faces, depleted))] < debye / 2
    ratio = width[1:] / width[:-1]
    assert np.max(np.maximum(ratio, 1 / ratio)) < 1.6
