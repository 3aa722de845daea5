"""Fields of `tracer.fit` and of a tracer measurement as a study writes them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ionscape.core.quantity import Quantity
from ionscape.tracer.fit_options import FitOptions


def test_defaults_choose() -> None:
    options = FitOptions()
    assert options.model is None
    assert options.surface_position == "auto"


def test_surface_may_be_a_position() -> None:
    surface = FitOptions.model_validate({"surface_position": "120 ± 20 um"}).surface_position
    assert isinstance(surface, Quantity)
    assert (surface.value, surface.uncertainty) == pytest.approx((1.2e-4, 2e-5))


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"model": "erfc"}, "constant source"), ({"surface_position": "somewhere"}, "expected 'auto', 'free'"),
     ({"model": "thin film", "candidates": ["thin film"]}, "not both"), ({"modle": "thin film"}, "extra"),
     ({"surface_position": "3 s"}, "expected 'auto', 'free'")],
)  # fmt: skip
def test_bad_fields(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        FitOptions.model_validate(fields)
