"""Single numpy arrays as images."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ionscape.core import measurement as m
from ionscape.core.errors import ReadError
from ionscape.read import read

Write = Callable[[str, str | bytes], Path]
COUNTS = np.random.default_rng(3).poisson(4.0, (5, 7))


def _npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_the_files_name_tells_the_isotope(write: Write) -> None:
    sweep = read(write("map_59h_6Li.npy", _npy(COUNTS))).sweeps[0]
    assert (list(sweep.columns), sweep.label) == (["counts_6Li"], "6Li")
    np.testing.assert_array_equal(sweep.columns["counts_6Li"], COUNTS)


def test_channels(write: Write) -> None:
    stack = np.stack([COUNTS, COUNTS + 1])
    for array in (stack, np.moveaxis(stack, 0, -1)):
        named = read(write("map_6Li_7Li.npy", _npy(array))).sweeps[0]
        np.testing.assert_array_equal(named.columns["counts_7Li"], COUNTS + 1)
    unnamed = read(write("map.npy", _npy(stack)))
    assert list(unnamed.sweeps[0].columns) == ["channel_1", "channel_2"]
    assert "which isotope a channel counts is not stated" in unnamed.warnings[0]


def test_a_fraction(write: Write) -> None:
    sweep = read(write("fraction.npy", _npy(COUNTS / 100))).sweeps[0]
    assert list(sweep.columns) == [m.FRACTION]


@pytest.mark.parametrize("array", [np.ones(4), np.array([{}, {}], dtype=object), np.ones((2, 2)) * 1j])
def test_bad_arrays(array: np.ndarray, write: Write) -> None:
    with pytest.raises(ReadError, match=r"no image|cannot be opened|not numbers"):
        read(write("map_6Li.npy", _npy(array)))
