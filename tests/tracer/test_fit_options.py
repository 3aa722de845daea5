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


def test_a_surface_may_move_or_rest() -> None:
    moves, rests = (FitOptions.model_validate({"surface_motion": text}) for text in ("50 um", "0 um"))
    assert moves.surface_motion is not None
    assert moves.surface_motion.value == pytest.approx(5e-5)
    assert rests.surface_motion is not None
    assert rests.surface_motion.value == 0
    assert FitOptions().surface_motion is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"model": "erfc"}, "constant source"), ({"surface_position": "somewhere"}, "expected 'auto', 'free'"),
     ({"model": "thin film", "candidates": ["thin film"]}, "not both"), ({"modle": "thin film"}, "extra"),
     ({"surface_motion": "-3 um"}, "zero or larger"), ({"surface_motion": "3 s"}, "length"),
     ({"surface_position": "3 s"}, "expected 'auto', 'free'")],
)  # fmt: skip
def test_bad_fields(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        FitOptions.model_validate(fields)
