"""Autolab .P00."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.read.p00 import read, recognises

PATH = Path("a.P00")
FREQUENCY = np.geomspace(1e5, 1.0, 16)
Z = 20 + 300 / (1 + 2j * np.pi * FREQUENCY * 3e-4)  # closed form, synthetic


def p00(stated: int = 16, last: str = "") -> bytes:
    rows = [
        f" {f:.6e}\t {z.real:.6e}\t {-z.imag:.6e}\t 59.300e+00\t 30.981e-02\t 18.311e-08\t"
        for f, z in zip(FREQUENCY, Z, strict=True)
    ]
    top = [
        "Procedure : Pellet",
        "01.02.2024 10:00:00 - 01.02.2024 10:20:00",
        "3 K per minute",
        "t =  736.4 s",
    ]
    titles = " f/Hz       \t Z'/Ohm     \t -Z''/Ohm   \t time/s    \t Edc/V     \t Idc/A     \t"
    return "\r\n".join([*top, titles, f" {stated} ", *rows, last]).encode()


def test_a_spectrum() -> None:
    assert recognises(p00(), "a.txt")
    found = read(PATH, p00())
    (sweep,) = found.sweeps
    np.testing.assert_allclose(sweep.frequency, FREQUENCY, rtol=1e-6)
    np.testing.assert_allclose(sweep.impedance, Z, rtol=1e-6)
    np.testing.assert_allclose(sweep.columns["voltage_volt"], 0.30981)
    np.testing.assert_allclose(sweep.columns["current_ampere"], 18.311e-8)
    assert found.metadata["procedure"] == "Pellet"


def test_a_cut_file_gives_the_points_it_has() -> None:
    assert read(PATH, p00(stated=20)).warnings == ("the file is cut short: 16 of 20 points could be read",)
    assert read(PATH, p00(stated=20, last="1.0e0 2.0e")).warnings == (
        "the file is cut short: 16 of 20 points could be read",
    )


@pytest.mark.parametrize(
    ("content", "reason", "line"),
    [
        (b"Procedure : x\nnothing", "no column titles", None),
        (p00().replace(b" 16 ", b" many "), "number of points should stand below", 6),
        (p00(stated=17, last="1 2\n"), "a row of 6 numbers should stand here", 23),
        (p00(stated=0), "holds no points", None),
    ],
)
def test_a_file_without_a_spectrum_says_why(content: bytes, reason: str, line: int | None) -> None:
    with pytest.raises(ReadError, match=reason) as caught:
        read(PATH, content)
    assert caught.value.line == line


@given(st.binary(max_size=60), st.integers(0, 1500), st.integers(0, 1500))
def test_damage_gives_a_measurement_or_a_reason(junk: bytes, at: int, end: int) -> None:
    content = p00()
    damaged = (content[:at] + junk + content[at + len(junk) :])[:end]
    recognises(damaged, "a.P00")
    with suppress(ReadError):
        assert read(PATH, damaged).sweeps
