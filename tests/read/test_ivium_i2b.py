"""Ivium .i2b."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.read.ivium_i2b import read, recognises

PATH = Path("a.i2b")
FREQUENCY = np.geomspace(1e5, 1.0, 16)
Z = 20 + 300 / (1 + 2j * np.pi * FREQUENCY * 3e-4)  # closed form, synthetic


def i2b(stated: int = 16, rows: int = 16, top: str = "LLZO pellet\n2.1 mm thick\n\n") -> bytes:
    table = "".join(f"{f} {z.real} {z.imag}\n" for f, z in list(zip(FREQUENCY, Z, strict=True))[:rows])
    return f"{top}{stated}\n{table}".encode()


def test_a_spectrum() -> None:
    assert recognises(i2b(), "a.txt")
    found = read(PATH, i2b())
    np.testing.assert_allclose(found.sweeps[0].frequency, FREQUENCY)
    np.testing.assert_allclose(found.sweeps[0].impedance, Z)
    assert found.metadata["comments"] == "LLZO pellet 2.1 mm thick"
    assert found.warnings == ()


def test_a_cut_file_gives_the_points_it_has() -> None:
    found = read(PATH, i2b(rows=5))
    assert found.sweeps[0].frequency.size == 5
    assert found.warnings == ("the file is cut short: 5 of 16 points could be read",)


def test_other_tables_are_not_taken() -> None:
    assert not recognises(b"f Z' Z''\n1 2 3\n4 5 6\n7 8 9\n1 1 1\n2 2 2\n", "a.txt")
    assert not recognises(i2b(stated=12) + b"some other words\nand more\nand more\nand more\n", "a.txt")
    assert not recognises(bytes(range(256)), "a.i2b")


def test_no_count_says_why() -> None:
    with pytest.raises(ReadError, match="number of points"):
        read(PATH, b"nothing\nhere\n")


@given(st.binary(max_size=60), st.integers(0, 900), st.integers(0, 900))
def test_damage_gives_a_measurement_or_a_reason(junk: bytes, at: int, end: int) -> None:
    content = i2b()
    damaged = (content[:at] + junk + content[at + len(junk) :])[:end]
    recognises(damaged, "a.i2b")
    with suppress(ReadError):
        assert read(PATH, damaged).sweeps
