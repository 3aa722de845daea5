"""``ionscape read`` on files of every technique."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from ionscape.commands.read import read

Write = Callable[[str, str | bytes], Path]


def _npz() -> bytes:
    stream = io.BytesIO()
    arrays: dict[str, Any] = {"6Li": np.array([[1, 2, 3], [4, 5, 6]]), "pixel_um": np.array(0.5)}
    np.savez(stream, **arrays)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        (
            "a_22C.npz",
            _npz(),
            ["image       2 rows × 3 columns, pixel 0.5 um", "6Li         1 to 6 counts", "22 °C"],
        ),
        ("a.csv", b"depth (um),C\n1,0.5\n2,0.25\n", ["position    1 to 2 um", "fraction    0.25 to 0.5"]),
        ("b.csv", b"g (T/m),delta (ms),I\n1,2,1\n2,2,0.5\n", ["gradient    1 to 2 T/m", "δ           2 ms"]),
        ("c.csv", b"f,Z',Z''\n100,3,-4\n10,6,-8\n", ["frequency   10 to 100 Hz", "|Z|         5 to 10 ohm"]),
    ],
)
def test_a_quick_look_and_both_conversions(name: str, content: bytes, lines: list[str], write: Write) -> None:
    path = write(name, content)
    folder = path.parent / "converted"
    answer = CliRunner().invoke(read, [str(path), "--csv", "--netcdf", "-o", str(folder)])
    assert answer.exit_code == 0, answer.output
    for line in lines:
        assert line in answer.output
    assert (folder / f"{path.stem}.csv").is_file()
    assert (folder / f"{path.stem}.nc").is_file()


def test_what_cannot_be_read_is_told(write: Write) -> None:
    answer = CliRunner().invoke(
        read, [str(write("a.csv", "depth (nm),6Li\n1,-2\n2,1\n"))], standalone_mode=False
    )
    assert "counts cannot be negative" in answer.output
    assert answer.return_value == 2
