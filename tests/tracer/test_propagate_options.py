"""Study fields of tracer.propagate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.constants import elementary_charge

from ionscape.tracer.propagate_options import PropagateOptions


def test_displacement_is_none_a_length_or_free() -> None:
    assert PropagateOptions().displacement_sd == 0.0
    assert PropagateOptions(displacement="20 um").displacement_sd == pytest.approx(20e-6)
    assert np.isinf(PropagateOptions(displacement="free").displacement_sd)


def test_known_energy_has_a_unit() -> None:
    energy = PropagateOptions.model_validate({"activation_energy": "0.43 ± 0.01 eV"}).activation_energy
    assert energy is not None
    assert energy.value == pytest.approx(0.43 * elementary_charge)
    assert energy.uncertainty == pytest.approx(0.01 * elementary_charge)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"displacement": "a bit"}, "expected 'free' or a length"),
        ({"displacement": "-3 um"}, "larger than zero"),
        ({"displacement": "3 s"}, "expected 'free' or a length"),
        ({"activation_energy": "0.4"}, "without a unit"),
        ({"activation_energy": "0.4 eV", "law": "arrhenius"}, "leave out 'law'"),
        ({"near_edge": "open"}, "zero flux"),
        ({"chanel": "bulk"}, "chanel"),
    ],
)
def test_bad_fields_are_named(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        PropagateOptions.model_validate(fields)
