"""Names and sizes of the arrays of an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ionscape.core import measurement as m
from ionscape.core.errors import ReadError
from ionscape.read.image_sweep import channel_names, column_name, image_measurement, split_channels

PATH = Path("map.npz")


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("6Li", "counts_6Li"),
        ("counts_7Li", "counts_7Li"),
        ("scan1_7Li_sum", "counts_7Li"),
        ("isotope_fraction", m.FRACTION),
        ("fraction_uncertainty", m.FRACTION_UNCERTAINTY),
        ("grain_labels", m.GRAIN_LABELS),
        ("Grains", m.GRAIN_LABELS),
        ("boundary_mask", m.BOUNDARY_MASK),
        ("total", ""),
        ("gradient (T/m)", ""),
    ],
)
def test_names(name: str, column: str) -> None:
    assert column_name(name)[0] == column


def test_channels_take_their_titles_then_the_files_name_then_numbers() -> None:
    assert channel_names(2, ["6Li+", "7Li+"], "a.tif") == (["counts_6Li", "counts_7Li"], [])
    assert channel_names(2, ["", "7Li+"], "map_6Li_7Li.tif") == (["counts_6Li", "counts_7Li"], [])
    assert channel_names(1, [], "Li6_map.tif") == (["counts_6Li"], [])
    assert channel_names(1, [], "fraction.npy") == ([m.FRACTION], [])
    names, notes = channel_names(2, [], "map.tif")
    assert names == ["channel_1", "channel_2"]
    assert "name them in the file's name" in notes[0]


def test_channels_stand_first_or_last() -> None:
    stack = np.arange(24).reshape(2, 3, 4)
    assert [part.tolist() for part in split_channels(stack, PATH)] == stack.tolist()
    turned = np.moveaxis(stack, 0, -1)
    assert [part.tolist() for part in split_channels(turned, PATH)] == stack.tolist()
    assert len(split_channels(stack[0], PATH)) == 1


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4, 5), (40, 50, 60)])
def test_what_is_no_image(shape: tuple[int, ...]) -> None:
    with pytest.raises(ReadError, match=r"is no image|add the scans"):
        split_channels(np.zeros(shape), PATH)


def test_one_isotope_is_the_label() -> None:
    one = image_measurement(
        {"counts_6Li": np.ones((2, 3), dtype=np.int16)}, PATH, "test", spacing_metre=[1e-6]
    )
    assert (one.technique, one.sweeps[0].label, one.sweeps[0].spacing_metre) == (
        "tracer",
        "6Li",
        (1e-6, 1e-6),
    )
    assert one.sweeps[0].columns["counts_6Li"].dtype == np.float64


@pytest.mark.parametrize(
    ("arrays", "spacing", "words"),
    [
        ({}, [], "no array holds counts"),
        (
            {"counts_6Li": np.ones((2, 3)), "grain_labels": np.ones((3, 2))},
            [],
            "2 × 3 points, grain_labels 3 × 2",
        ),
        ({"counts_6Li": np.ones((2, 3)) * 1j}, [], "holds complex128, not numbers"),
        ({"counts_6Li": np.array([["a", "b"]])}, [], "holds <U1, not numbers"),
        ({"counts_6Li": np.ones((2, 3))}, [0.0], "pixel size"),
    ],
)
def test_bad_images(arrays: dict[str, np.ndarray], spacing: list[float], words: str) -> None:
    with pytest.raises(ReadError, match=words):
        image_measurement(arrays, PATH, "test", spacing_metre=spacing)
