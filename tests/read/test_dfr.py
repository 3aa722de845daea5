"""Autolab FRA .dfr."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.read.dfr import read, recognises

PATH = Path("a.dfr")
FREQUENCY = np.geomspace(1e5, 1.0, 16)
Z = 20 + 300 / (1 + 2j * np.pi * FREQUENCY * 3e-4)  # closed form, synthetic


def dfr(stated: int = 16) -> bytes:
    points = [
        "\r\n".join(f" {value}" for value in (f, z.real, -z.imag, 0, 0, 0, 0, 0, 0))
        for f, z in zip(FREQUENCY, Z, strict=True)
    ]
    return "\r\n".join(["VERSION8.0", f" {stated}", " 1", *points, " 1.0", "13.07.2022 22:32:00"]).encode()


def test_a_spectrum() -> None:
    assert recognises(dfr(), "a.txt")
    found = read(PATH, dfr())
    np.testing.assert_allclose(found.sweeps[0].frequency, FREQUENCY)
    np.testing.assert_allclose(found.sweeps[0].impedance, Z)
    assert found.warnings == ()


def test_a_cut_file_gives_the_points_it_has() -> None:
    assert read(PATH, dfr(stated=999999999)).warnings == (
        "the file is cut short: 16 of 999999999 points could be read",
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"VERSION8.0\n many\n1\n", "number of points should stand in the second line"),
        (b"VERSION8.0\n 0\n 1\n", "holds no points"),
        (dfr().replace(b" 100000.0", b" much"), "nine numbers should stand here"),
        (b"VERSION8.0", "second line"),
    ],
)
def test_a_file_without_a_spectrum_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        read(PATH, content)


@given(st.binary(max_size=60), st.integers(0, 1200), st.integers(0, 1200))
def test_damage_gives_a_measurement_or_a_reason(junk: bytes, at: int, end: int) -> None:
    content = dfr()
    damaged = (content[:at] + junk + content[at + len(junk) :])[:end]
    recognises(damaged, "a.dfr")
    with suppress(ReadError):
        assert read(PATH, damaged).sweeps
