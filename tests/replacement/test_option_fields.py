"""Ranges as a study writes them."""

from __future__ import annotations

import pytest

from ionscape.core.errors import InputError
from ionscape.replacement.option_fields import depth_range, ends


@pytest.mark.parametrize("stated", ["0.15 um to 200 nm", "150 nm–200 nm", ["150 nm", "200 nm"]])
def test_two_depths_in_metre(stated: object) -> None:
    assert depth_range(stated) == pytest.approx((150e-9, 200e-9))


def test_zero_needs_no_unit_and_nothing_is_no_range() -> None:
    assert depth_range("0 to 5 nm") == pytest.approx((0.0, 5e-9))
    assert depth_range(None) is None


@pytest.mark.parametrize(
    "stated", ["200 nm", "200 nm to 150 nm", "-5 nm to 10 nm", "5 nm to 5 nm", "1 s to 2 s"]
)
def test_what_is_no_range_is_refused(stated: str) -> None:
    with pytest.raises(InputError):
        depth_range(stated)


def test_ends_of_a_temperature_range_keep_their_signs() -> None:
    assert ends("-10 degC to 90 degC") == ["-10 degC", "90 degC"]
    assert ends("70 degC") == ["70 degC"]
