"""Geometry: one disc, one area, and no impossible lengths."""

from __future__ import annotations

import math

import pytest

from ionscape.core.errors import InputError
from ionscape.core.sample import geometry


def test_a_discs_area_carries_twice_the_diameters_relative_error() -> None:
    sample = geometry("llto", thickness=(2.1e-3, 2e-5), diameter=(8e-3, 8e-5))
    assert sample.area is not None
    assert sample.area.value == pytest.approx(math.pi * 16e-6)
    assert sample.area.spread == pytest.approx(0.02)


@pytest.mark.parametrize("bad", [0.0, -1e-3, math.nan])
def test_impossible_lengths_are_questioned(bad: float) -> None:
    with pytest.raises(InputError, match="llto: thickness must be positive"):
        geometry("llto", thickness=bad)


def test_area_is_given_once() -> None:
    with pytest.raises(InputError, match="either diameter or area"):
        geometry("llto", diameter=1e-2, area=1e-4)
