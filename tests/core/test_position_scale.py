"""Sputter time to depth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import InputError
from ionscape.core.position_scale import depth_scale, increasing


@given(st.floats(1e-12, 1e-6), st.floats(1.0, 1e5))
def test_rate_and_crater_agree(rate: float, last: float) -> None:
    time = np.linspace(0.0, last, 7)
    by_rate = depth_scale(time, sputter_rate=(rate, rate / 50))
    by_crater = depth_scale(time, crater_depth=(rate * last, rate * last / 50))
    assert by_crater.position == pytest.approx(by_rate.position)
    assert (
        by_rate.relative_uncertainty == pytest.approx(by_crater.relative_uncertainty) == pytest.approx(0.02)
    )


def test_crater_says_what_it_assumes() -> None:
    assert "one sputter rate" in depth_scale([0.0, 1.0], crater_depth=1e-6).warnings[0]


@pytest.mark.parametrize(
    ("values", "words"),
    [([0.0, 2.0, 1.0], "must increase.*point 3"), ([0.0, 0.0], "must increase"), ([0.0, np.nan], "no number"),
     ([1.0], "at least two")],
)  # fmt: skip
def test_positions_must_increase(values: list[float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        increasing(values, "position")


@pytest.mark.parametrize("given_both", [{}, {"sputter_rate": 1e-9, "crater_depth": 1e-6}])
def test_one_way_to_depth(given_both: dict[str, float]) -> None:
    with pytest.raises(InputError, match="give one of them"):
        depth_scale([0.0, 1.0], **given_both)


def test_rate_must_be_positive() -> None:
    with pytest.raises(InputError, match="sputter_rate must be larger than zero"):
        depth_scale([0.0, 1.0], sputter_rate=-1e-9)
