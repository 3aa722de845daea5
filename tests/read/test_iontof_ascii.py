"""Text exports of ion images in the layout of SurfaceLab, written here; the counts are random numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.read import delimited, iontof_ascii, read

Write = Callable[[str, str | bytes], Path]
COUNTS = np.random.default_rng(11).poisson(3.0, (2, 4, 6))  # scan, y, x


def _text(header: str, stack: np.ndarray, *, scans: bool, start: int = 0) -> str:
    lines = [header]
    for (scan, y, x), counts in np.ndenumerate(stack):
        place = f"{x + start}\t{y + start}" + (f"\t{scan + start}" if scans else "")
        lines.append(f"{place}\t{counts}")
    return "\n".join(lines) + "\n"


def test_an_image(write: Write) -> None:
    header = "# C:\\data\\llto.ita\n# Sum of: 6Li+\n# Field of view: 12 um\n# x\ty\tintensity"
    found = read(write("a.txt", _text(header, COUNTS[:1], scans=False)), "tracer")
    sweep = found.sweeps[0]
    assert (found.format, sweep.label) == ("iontof-ascii", "6Li")
    np.testing.assert_array_equal(sweep.columns["counts_6Li"], COUNTS[0])
    assert sweep.spacing_metre == pytest.approx((2e-6, 2e-6))


def test_scans_are_added_up_and_the_files_name_tells_the_isotope(write: Write) -> None:
    found = read(
        write("crater_7Li.txt", _text("# IONTOF\n# x y scan intensity", COUNTS, scans=True, start=1))
    )
    np.testing.assert_array_equal(found.sweeps[0].columns["counts_7Li"], COUNTS.sum(axis=0))


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1), st.randoms())
def test_the_order_of_the_lines_does_not_matter(rows: int, columns: int, start: int, random: object) -> None:
    image = np.arange(rows * columns).reshape(1, rows, columns)
    lines = _text("# 6Li\n# x y intensity", image, scans=False, start=start).splitlines()
    body = lines[2:]
    random.shuffle(body)  # type: ignore[attr-defined]
    content = "\n".join([*lines[:2], *body]).encode()
    found = iontof_ascii.read(Path("a.txt"), content).sweeps[0].columns["counts_6Li"]
    np.testing.assert_array_equal(found, image[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "# 6Li\n# x y intensity\n0 0 1\n1 0 2\n0 1 3\n",
            "3 lines for 2 × 2 pixels and 1 scans: some are missing",
        ),
        ("# 6Li\n# x y intensity\n0 0 1\n0 0 2\n", "some stand twice"),
        ("# 6Li\n# x y intensity\n0 0 1\n1 x 2\n", "a.txt:4: no pixel"),
        ("# 6Li\n# x y intensity\n0 0 1\n1 0 -2\n", "row 1, column 2: the counts of 6Li are -2"),
        ("# 6Li\n# x y intensity\n0 0 1\n1 0 2.5\n", "not a whole number"),
        ("# 6Li\n# x y intensity\n0 0 1\n0.5 0 2\n", "x and y must count pixels"),
    ],
)
def test_bad_exports(text: str, words: str, write: Write) -> None:
    with pytest.raises(ReadError, match=words):
        read(write("a.txt", text))


def test_other_tables_with_comments_are_left_to_the_table_reader() -> None:
    for text in (
        "# depth 6Li 7Li\n1 2 3\n",
        "# x (um) C\n1 2\n",
        "x y intensity\n0 0 1\n",
        "# f Z' Z''\n1 2 3\n",
    ):
        assert not iontof_ascii.recognises(text.encode(), "a.txt")
        assert delimited.recognises(text.encode(), "a.txt")
