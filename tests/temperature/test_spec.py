"""The options of a study, and what is said about wrong ones."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ionscape.core.quantity import dimension_of
from ionscape.temperature.spec import TECHNIQUE, ArrheniusOptions


def test_temperatures_are_texts_with_units() -> None:
    assert ArrheniusOptions.model_validate({"at": "60 °C"}).wanted == pytest.approx((333.15,))
    both = ArrheniusOptions.model_validate({"at": ["25 degC", "400 K"]})
    assert both.wanted == pytest.approx((298.15, 400))
    assert ArrheniusOptions().wanted == pytest.approx((298.15,))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"at": "0.2 cm"}, "expected a temperature, got '0.2 cm'"),
        ({"at": 25}, "expected a temperature, got '25' without a unit"),
        ({"at": ["25 degC", "-300 degC"]}, "above absolute zero"),
        ({"form": "log sigma"}, "form"),
        ({"models": ["vtf"]}, "models"),
        ({"model": "vft"}, "model"),
    ],
)
def test_wrong_options_are_said_plainly(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ArrheniusOptions.model_validate(options)


def test_every_field_is_described_and_every_unit_known() -> None:
    (analysis,) = TECHNIQUE.analyses
    assert all(field.description for field in analysis.options.model_fields.values())
    for unit in analysis.outputs.values():
        dimension_of(unit)
