"""What a study may write, and what it is told where it may not."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ionscape.consistency.options import EffectiveDiffusionOptions, HavenRatioOptions, TableOptions


def test_defaults_and_units() -> None:
    options = HavenRatioOptions.model_validate({"at": "60 degC", "temperature_tolerance": "2 K"})
    assert list(options.wanted) == pytest.approx([333.15])
    assert options.tolerance == pytest.approx(2.0)
    assert options.cait_convention == "D_sigma"
    assert options.grain_size_spread == "uncertainty"
    assert EffectiveDiffusionOptions().tolerance == pytest.approx(0.5)
    assert TableOptions.model_validate({"kinds": {"on": "D*"}}).kinds == {"on": "D*"}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"kinds": {"tracer": "D_tracer"}}, "no kind of diffusion coefficient: choose from D\\*"),
        ({"channels": {"tracer": "grain"}}, "no channel: choose from bulk, boundary, effective"),
        ({"channels": {"nmr": "bulk"}}, "'nmr' is no input here: choose from tracer, conductivity"),
        ({"at": "-300 degC"}, "above absolute zero"),
        ({"temperature_tolerance": "25 degC"}, "difference of temperatures"),
        ({"electronic_conductivity": "-1e-9 S/cm"}, "cannot be negative"),
        ({"electronic_conductivity": "1e-9 cm"}, "expected a conductivity"),
        ({"thermodynamic_factor": "0"}, "larger than zero"),
        ({"cait_convention": "3 D*"}, "'D_sigma' or '2 D"),
        ({"haven": 1}, "Extra inputs"),
    ],
)
def test_slips_are_named(written: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        HavenRatioOptions.model_validate(written)


def test_impossible_densities_are_questioned() -> None:
    with pytest.raises(ValidationError, match="not possible"):
        EffectiveDiffusionOptions.model_validate({"segregation": "5000"})
