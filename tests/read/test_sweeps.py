"""Rows to sweeps: cuts, labels, and which rows are left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Sweep
from ionscape.read.sweeps import impedance_sweeps, numbered

PATH = Path("a.txt")
DOWN = np.geomspace(1e6, 1.0, 31)


def table(frequency: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    row = np.arange(float(frequency.size))
    return {FREQUENCY: frequency, REAL_IMPEDANCE: 100.0 + row, IMAGINARY_IMPEDANCE: -1.0 - row}


@given(st.lists(st.integers(5, 40), min_size=1, max_size=6), st.booleans())
def test_sweeps_laid_end_to_end_come_apart_again(sizes: list[int], upwards: bool) -> None:
    parts = [np.geomspace(1.0, 1e5, size)[:: 1 if upwards else -1] for size in sizes]
    sweeps, warnings = impedance_sweeps(table(np.concatenate(parts)), PATH)
    assert [sweep.frequency.size for sweep in sweeps] == sizes
    assert np.concatenate([sweep.impedance for sweep in sweeps]).real.tolist() == [
        100.0 + row for row in range(sum(sizes))
    ]
    assert len({sweep.label for sweep in sweeps}) == len(sizes)
    assert warnings == []


def test_direct_current_rows_go_without_a_word() -> None:
    frequency = np.concatenate([[0.0, 0.0], DOWN, [0.0], DOWN, [0.0]])
    sweeps, warnings = impedance_sweeps(table(frequency), PATH)
    assert [sweep.frequency.size for sweep in sweeps] == [31, 31]
    assert sweeps[1].columns[REAL_IMPEDANCE][0] == 100.0 + 2 + 31 + 1
    assert warnings == []


def test_rows_that_are_no_numbers_go_with_a_warning() -> None:
    columns = table(DOWN.copy())
    columns[REAL_IMPEDANCE][3] = np.nan
    columns[FREQUENCY][5] = -1.0
    (sweep,), warnings = impedance_sweeps(columns, PATH)
    assert sweep.frequency.size == 29
    assert warnings == ["2 of 31 points left out: no usable frequency or impedance"]


def test_stated_boundaries_and_labels_and_temperature() -> None:
    temperature = np.where(np.arange(31) < 10, 300.0, np.nan)
    sweeps, _ = impedance_sweeps(
        table(DOWN),
        PATH,
        boundaries=[10, 20],
        temperature=temperature,
        labels=["a"] * 10 + ["b"] * 10 + ["c"] * 11,
    )
    assert [(sweep.label, sweep.frequency.size, sweep.temperature_kelvin) for sweep in sweeps] == [
        ("a", 10, 300.0),
        ("b", 10, None),
        ("c", 11, None),
    ]


@pytest.mark.parametrize(
    ("frequency", "reason"),
    [([], "holds no points"), ([0.0, 0.0], "zero frequency"), ([np.nan, -1.0], "no point holds both")],
)
def test_nothing_usable_says_why(frequency: list[float], reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        impedance_sweeps(table(np.array(frequency)), PATH)


def test_labels_tell_sweeps_apart() -> None:
    def labels(*given: str) -> list[str]:
        return [sweep.label for sweep in numbered([Sweep({}, label) for label in given])]

    assert labels("x") == [""]
    assert labels("x", "y") == ["x", "y"]
    assert labels("x", "x", "") == ["1", "2", "3"]
