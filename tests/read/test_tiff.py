"""TIFF images, written here with tifffile; the counts are random numbers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ionscape.core.errors import ReadError
from ionscape.read import read

tifffile = pytest.importorskip("tifffile")

Write = Callable[[str, str | bytes], Path]
COUNTS = np.random.default_rng(5).poisson(6.0, (6, 9)).astype(np.uint16)


def test_one_page_named_by_the_file(tmp_path: Path) -> None:
    path = tmp_path / "map_6Li.tif"
    tifffile.imwrite(path, COUNTS)
    found = read(path, "tracer")
    assert (found.format, found.sweeps[0].label, found.sweeps[0].spacing_metre) == ("tiff", "6Li", ())
    np.testing.assert_array_equal(found.sweeps[0].columns["counts_6Li"], COUNTS)


def test_pages_with_names(tmp_path: Path) -> None:
    path = tmp_path / "map.tif"
    with tifffile.TiffWriter(path) as file:
        for title, page in (("6Li+", COUNTS), ("7Li+", COUNTS + 1)):
            file.write(page, extratags=[(285, "s", 0, title, True)], metadata=None)
    columns = read(path).sweeps[0].columns
    np.testing.assert_array_equal(columns["counts_6Li"], COUNTS)
    np.testing.assert_array_equal(columns["counts_7Li"], COUNTS + 1)


def test_labels_and_pixel_size_of_imagej(tmp_path: Path) -> None:
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.stack([COUNTS, COUNTS + 1]), imagej=True, resolution=(1 / 0.977, 1 / 0.5),
                     metadata={"unit": "um", "axes": "CYX", "Labels": ["6Li", "7Li"]})  # fmt: skip
    sweep = read(path).sweeps[0]
    assert sorted(sweep.columns) == ["counts_6Li", "counts_7Li"]
    assert sweep.spacing_metre == pytest.approx((0.5e-6, 0.977e-6), rel=1e-5)  # rows lie along y


def test_resolution_in_centimetres_counts_and_that_of_a_printer_does_not(tmp_path: Path) -> None:
    path = tmp_path / "a_6Li.tif"
    tifffile.imwrite(path, COUNTS, resolution=(10000, 10000), resolutionunit="CENTIMETER")
    assert read(path).sweeps[0].spacing_metre == pytest.approx((1e-6, 1e-6))
    tifffile.imwrite(path, COUNTS, resolution=(72, 72), resolutionunit="INCH")
    found = read(path)
    assert found.sweeps[0].spacing_metre == ()
    assert "printer or screen" in found.warnings[0]


def test_pages_without_names_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.stack([COUNTS, COUNTS]), photometric="minisblack")
    assert list(read(path).sweeps[0].columns) == ["channel_1", "channel_2"]


def test_a_colour_picture_and_pages_of_two_sizes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a_6Li.tif"
    tifffile.imwrite(path, np.zeros((6, 9, 3), dtype=np.uint8), photometric="rgb")
    with pytest.raises(ReadError, match="a colour picture"):
        read(path)
    with tifffile.TiffWriter(path) as file:
        file.write(COUNTS)
        file.write(COUNTS[:3])
    with pytest.raises(ReadError, match="pages of different size"):
        read(path)


def test_a_damaged_file_gives_a_reason(write: Write) -> None:
    with pytest.raises(ReadError, match="looks like tiff"):
        read(write("a_6Li.tif", b"II*\0" + bytes(20)))


def test_without_tifffile_one_sentence_says_how(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(ReadError, match=r"TIFF images needs tifffile: pip install 'ionscape\[images\]'"):
        read(write("a_6Li.tif", b"II*\0" + bytes(20)))
