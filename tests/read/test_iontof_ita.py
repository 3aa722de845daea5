"""The way through pySPM, which is not installed here: a stand-in with its names answers as it would."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ionscape.core.errors import ReadError
from ionscape.read import read

Write = Callable[[str, str | bytes], Path]
CONTENT = b"ITStrF01" + bytes(40)
COUNTS = np.arange(12.0).reshape(3, 4)


def _stand_in(names: list[str]) -> SimpleNamespace:
    class ITA:
        fov = 8e-6

        def __init__(self, filename: str) -> None:
            assert Path(filename).is_file()

        def get_masses(self) -> list[dict[str, object]]:
            return [{"id": number, "assign": name, "desc": ""} for number, name in enumerate(names)]

        def getAddedImage(self, channel: int) -> np.ndarray:
            return COUNTS + channel

    return SimpleNamespace(ITA=ITA)


def test_peaks_of_single_isotopes_are_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pySPM", _stand_in(["total", "6Li+", "7Li+"]))
    found = read(write("a.ita", CONTENT), "tracer")
    sweep = found.sweeps[0]
    np.testing.assert_array_equal(sweep.columns["counts_6Li"], (COUNTS + 1)[::-1])  # its rows run upwards
    np.testing.assert_array_equal(sweep.columns["counts_7Li"], (COUNTS + 2)[::-1])
    assert sweep.spacing_metre == pytest.approx((2e-6, 2e-6))
    assert "total" in found.warnings[0]


def test_unassigned_peaks(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pySPM", _stand_in(["total", "La+"]))
    with pytest.raises(ReadError, match=r"no peak is assigned to one isotope such as 6Li \(total, La\+\)"):
        read(write("a.ita", CONTENT))


def test_without_pyspm_one_sentence_says_how(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pySPM", None)
    with pytest.raises(ReadError, match=r"needs pySPM: pip install 'ionscape\[iontof\]'"):
        read(write("a.ita", CONTENT))
