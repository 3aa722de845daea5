"""What no profile, image or decay may hold, also where another package's reader made it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ionscape.core import measurement as m
from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement, Sweep
from ionscape.read.profile_checks import checked_profiles, fault_in


def _measurement(technique: str = "tracer", **columns: Any) -> Measurement:
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    return Measurement(Path("a.tif"), technique, "test", (Sweep(arrays, "6Li"),))


def test_sound_columns_become_floats() -> None:
    result = checked_profiles(_measurement(counts_6Li=np.ones((2, 3), dtype=np.uint16)))
    assert result.sweeps[0].columns["counts_6Li"].dtype == np.float64


def test_impedance_and_other_techniques_pass_unchanged() -> None:
    given = _measurement("impedance", counts_6Li=[-1.0])
    assert checked_profiles(given) is given


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"counts_6Li": [[1.0, 2.0], [3.0, -1.0]]}, "a.tif: 6Li, row 2, column 2: the counts of 6Li are -1"),
        ({"counts_6Li": [[1.0, 2.5]]}, "row 1, column 2: the counts of 6Li are 2.5, not a whole number"),
        ({"counts_6Li": [1.0, 2.0], m.POSITION: [0.0, 0.0]}, "point 2: the position 0 m does not increase"),
        ({"counts_6Li": [1.0, 2.0], m.POSITION: [0.0]}, "columns of unequal shape"),
        ({"counts_6Li": []}, "no points"),
        ({}, "no points"),
    ],
)
def test_faults_have_a_place(columns: dict[str, Any], words: str) -> None:
    with pytest.raises(ReadError, match=words):
        checked_profiles(_measurement(**columns))


def test_noise_may_carry_a_fraction_a_little_too_far_and_masked_pixels_are_nan() -> None:
    assert fault_in({m.FRACTION: np.array([-0.02, 1.03, np.nan])}) is None
    assert fault_in({"channel_1": np.array([-5.5])}) is None
