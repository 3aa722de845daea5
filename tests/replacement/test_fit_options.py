"""Fields of `replacement.fit`."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ionscape.core.quantity import Quantity
from ionscape.replacement.fit_options import FitOptions


def test_what_is_assumed_unless_stated() -> None:
    options = FitOptions()
    assert options.distribution == "gaussian"
    assert isinstance(options.vacancy_fraction, Quantity)
    assert (options.vacancy_fraction.value, options.vacancy_fraction.uncertainty) == (0.10, 0.04)
    assert isinstance(options.immobile_fraction, Quantity)
    assert (options.immobile_fraction.value, options.immobile_fraction.uncertainty) == (0.0, None)
    assert options.model_free
    assert not options.compare


@pytest.mark.parametrize(("text", "value", "sd"), [("0.08", 0.08, None), ("5 % ± 2 %", 0.05, 0.02),
                                                   ("0.2 +/- 0.05", 0.2, 0.05)])  # fmt: skip
def test_a_share_with_or_without_its_error(text: str, value: float, sd: float | None) -> None:
    found = FitOptions.model_validate({"vacancy_fraction": text}).vacancy_fraction
    assert isinstance(found, Quantity)
    assert found.value == pytest.approx(value)
    assert found.uncertainty == (None if sd is None else pytest.approx(sd))


def test_both_may_be_free() -> None:
    options = FitOptions.model_validate({"vacancy_fraction": "free", "immobile_fraction": "free"})
    assert options.vacancy_fraction == "free"
    assert options.immobile_fraction == "free"


@pytest.mark.parametrize("value", ["5 nm to 200 nm", ["5 nm", "200 nm"], ["5 nm", "0.2 um"]])
def test_depths(value: object) -> None:
    found = FitOptions.model_validate({"depth_range": value}).depth_range
    assert found == pytest.approx((5e-9, 200e-9))


def test_a_range_from_the_surface_on() -> None:
    assert FitOptions.model_validate({"depth_range": "0 to 90 nm"}).depth_range == (0.0, pytest.approx(90e-9))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("vacancy_fraction", "0", "above 0"), ("vacancy_fraction", "0.6", "below 0.5"),
     ("vacancy_fraction", "some", "expected 'free' or a share"),
     ("vacancy_fraction", "3 nm", "expected 'free' or a share"),
     ("immobile_fraction", "1", "below 1"), ("immobile_fraction", "-0.1", "at least 0"),
     ("depth_range", "5 nm", "two depths"), ("depth_range", "200 nm to 5 nm", "the larger one"),
     ("depth_range", "5 s to 9 s", "expected a length"),
     ("distribution", "lorentz", "gaussian"), ("draws", 10, "200"), ("widht", 1, "Extra")],
)  # fmt: skip
def test_what_is_wrong_is_said(field: str, value: object, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        FitOptions.model_validate({field: value})
    assert said in str(caught.value)


def test_no_draws_at_all() -> None:
    assert FitOptions.model_validate({"draws": 0}).draws == 0


def test_every_field_says_what_it_is() -> None:
    assert all(field.description for field in FitOptions.model_fields.values())
