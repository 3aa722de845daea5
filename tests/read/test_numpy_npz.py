"""Archives of numpy arrays; the images are random counts made here."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ionscape.core import measurement as m
from ionscape.core.errors import ReadError
from ionscape.read import numpy_npz, read

Write = Callable[[str, str | bytes], Path]
RNG = np.random.default_rng(7)
LI6, LI7 = RNG.poisson(5.0, (4, 6)), RNG.poisson(9.0, (4, 6))


def _npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def test_an_image_comes_back(write: Write) -> None:
    labels, mask = np.arange(24).reshape(4, 6), LI6 > 5
    content = _npz(
        **{"6Li": LI6, "counts_7Li": LI7, "grain_labels": labels, "boundary_mask": mask, "pixel_um": 0.977}
    )
    found = read(write("map_22C.npz", content), "tracer")
    sweep = found.sweeps[0]
    assert (found.format, found.temperature_kelvin, found.warnings) == (
        "numpy-npz",
        pytest.approx(295.15),
        (),
    )
    assert sweep.spacing_metre == pytest.approx((0.977e-6, 0.977e-6))
    np.testing.assert_array_equal(sweep.columns["counts_6Li"], LI6)
    np.testing.assert_array_equal(sweep.columns["counts_7Li"], LI7)
    np.testing.assert_array_equal(sweep.columns[m.GRAIN_LABELS], labels)
    np.testing.assert_array_equal(sweep.columns[m.BOUNDARY_MASK], mask)


def test_two_spacings_and_percent(write: Write) -> None:
    content = _npz(**{"fraction (%)": 10.0 * np.ones((2, 3)), "pixel_metre": np.array([1e-6, 2e-6])})
    sweep = read(write("a.npz", content)).sweeps[0]
    assert sweep.spacing_metre == (1e-6, 2e-6)
    np.testing.assert_allclose(sweep.columns[m.FRACTION], 0.1)


def test_a_profile(write: Write) -> None:
    content = _npz(**{"depth (nm)": np.array([1.0, 2.0]), "6Li": np.array([5, 6]), "7Li": np.array([1, 2])})
    columns = read(write("a.npz", content)).sweeps[0].columns
    np.testing.assert_allclose(columns[m.POSITION], [1e-9, 2e-9])


def test_unknown_arrays_are_named(write: Write) -> None:
    found = read(write("a.npz", _npz(**{"6Li": LI6, "total": LI6 + LI7})))
    assert found.warnings == ("the arrays total mean nothing here and were left out",)


def test_a_single_unknown_image_waits_for_the_study_to_name_it(write: Write) -> None:
    found = read(write("a.npz", _npz(ebsd=LI6)), "tracer")
    np.testing.assert_array_equal(found.sweeps[0].columns["channel_1"], LI6)
    assert "'holds'" in found.warnings[0]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"total": LI6, "other": LI7}, "no array holds counts or an isotope fraction"),
        ({"6Li": LI6, "7Li": LI7[:, :3]}, "4 × 6 points, counts_7Li 4 × 3"),
        ({"6Li": LI6 - 5}, "counts cannot be negative"),
        ({"6Li": LI6 + 0.5}, "row 1, column 1: the counts of 6Li .* not a whole number"),
        ({"6Li": np.array([{"a": 1}], dtype=object)}, "cannot be opened"),
    ],
)
def test_bad_archives(arrays: dict[str, Any], words: str, write: Write) -> None:
    with pytest.raises(ReadError, match=words):
        read(write("a.npz", _npz(**arrays)))


def test_a_cut_archive_gives_a_reason(write: Write) -> None:
    with pytest.raises(ReadError, match=r"cannot be opened|damaged"):
        read(write("a.npz", _npz(**{"6Li": LI6})[:-30]))


def test_other_archives_are_not_recognised() -> None:
    assert not numpy_npz.recognises(b"PK\x03\x04" + bytes(22) + b"\x05\0\0\0" + b"a.txt", "a.npz")


def test_the_study_says_impedance(write: Write) -> None:
    with pytest.raises(
        ReadError, match=r"this is a tracer profile or image \(numpy-npz\), the study says impedance"
    ):
        read(write("a.npz", _npz(**{"6Li": LI6})), "impedance")
