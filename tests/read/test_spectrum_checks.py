"""What the reader's last look at a spectrum finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ionscape.core.errors import ReadError
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Measurement, Sweep
from ionscape.read.spectrum_checks import checked


def _sweep(frequency: list[float], real: list[float], imaginary: list[float], label: str = "") -> Sweep:
    columns = {FREQUENCY: frequency, REAL_IMPEDANCE: real, IMAGINARY_IMPEDANCE: imaginary}
    return Sweep({name: np.array(values, dtype=np.float64) for name, values in columns.items()}, label)


def _measurement(*sweeps: Sweep, technique: str = "impedance") -> Measurement:
    return Measurement(Path("a.csv"), technique, "test", sweeps)


GOOD = _sweep([10, 1], [5, 6], [-1, -2], "good")
ZERO = _sweep([10, 1], [0, 0], [0, 0], "zero")


def test_a_sound_spectrum_passes_unchanged() -> None:
    result = checked(_measurement(GOOD))
    assert result.sweeps[0] is GOOD
    assert result.warnings == ()


def test_impossible_rows_go_with_a_count() -> None:
    sweep = _sweep([10, 0, -1, np.nan, np.inf, 5, 1], [5, 5, 5, 5, 5, np.nan, 6], [-1] * 7)
    result = checked(_measurement(sweep))
    assert result.sweeps[0].frequency.tolist() == [10, 1]
    assert result.warnings[0].startswith("5 of 7 points")


def test_a_sweep_of_zeros_goes_with_a_reason() -> None:
    result = checked(_measurement(GOOD, ZERO))
    assert [sweep.label for sweep in result.sweeps] == ["good"]
    assert "sweep zero: the impedance is zero at every frequency" in result.warnings[0]


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        (ZERO, "zero at every frequency"),
        (_sweep([], [], []), "no points"),
        (_sweep([np.nan], [1], [1]), "no point has a positive frequency"),
        (_sweep([1], [1, 2], [1]), "unequal length"),
        (Sweep({FREQUENCY: np.ones(2)}), "no column real_impedance_ohm"),
    ],
)
def test_nothing_usable_is_a_reason(sweep: Sweep, words: str) -> None:
    with pytest.raises(ReadError, match=words):
        checked(_measurement(sweep))


def test_unusual_signs_are_told_and_kept() -> None:
    result = checked(_measurement(_sweep([10, 1], [-5, -6], [1, 2])))
    assert result.sweeps[0].impedance.tolist() == [-5 + 1j, -6 + 2j]
    assert "inductive cell or sign convention" in result.warnings[0]
    assert "all Z′ negative" in result.warnings[1]


def test_other_techniques_pass() -> None:
    other = _measurement(Sweep({"depth_metre": np.ones(3)}), technique="tracer")
    assert checked(other) is other
