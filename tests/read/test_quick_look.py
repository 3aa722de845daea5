"""The few lines that ``ionscape read`` shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ionscape.core import measurement as m
from ionscape.core.measurement import Measurement, Sweep
from ionscape.read.quick_look import quick_look


def _measurement(technique: str, *sweeps: Sweep, **metadata: str) -> Measurement:
    return Measurement(Path("a"), technique, "test", sweeps, metadata=metadata)


def test_an_image() -> None:
    columns = {"counts_6Li": np.array([[0.0, 4.0], [9.0, 1.0], [2.0, 3.0]])}
    lines = quick_look(_measurement("tracer", Sweep(columns, spacing_metre=(0.977e-6, 0.977e-6))))
    assert lines == ["image       3 rows × 2 columns, pixel 0.977 um", "6Li         0 to 9 counts, 19 in all"]


def test_profiles() -> None:
    short, long = np.array([0.9, 0.5, 0.1]), np.array([0.9, 0.7, 0.5, 0.3, 0.1])
    sweeps = [Sweep({m.POSITION: 1e-6 * np.array(range(f.size)), m.FRACTION: f}) for f in (short, long)]
    lines = quick_look(_measurement("tracer", *sweeps))
    assert lines == ["sweeps      2, 3 to 5 points each", "position    0 to 4 um", "fraction    0.1 to 0.9"]


def test_a_decay() -> None:
    columns = {
        m.GRADIENT: np.array([0.1, 0.5]),
        m.GRADIENT_PULSE: np.full(2, 4e-3),
        m.INTENSITY: np.array([1.0, 0.2]),
    }
    lines = quick_look(_measurement("nmr", Sweep(columns), nucleus="7Li"))
    assert lines[1:] == [
        "gradient    0.1 to 0.5 T/m",
        "δ           4 ms",
        "intensity   0.2 to 1",
        "nucleus     7Li",
    ]


def test_unknown_columns_are_named_and_empty_ones_said() -> None:
    lines = quick_look(
        _measurement("hall", Sweep({"voltage_volt": np.ones(2), m.FRACTION: np.full(2, np.nan)}))
    )
    assert lines[1:] == ["fraction    no numbers", "columns     voltage_volt"]
