"""Eco Chemie Autolab text records (.P00): a few lines of words, column titles, the number of points, rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ionscape.core.errors import ReadError
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, TIME, Measurement
from ionscape.read.sweeps import impedance_sweeps
from ionscape.read.text import floats, lines_of

FORMAT = "autolab-p00"

COLUMNS = {  # title -> (name, factor)
    "f/Hz": (FREQUENCY, 1.0),
    "Z'/Ohm": (REAL_IMPEDANCE, 1.0),
    "-Z''/Ohm": (IMAGINARY_IMPEDANCE, -1.0),
    "time/s": (TIME, 1.0),
    "Edc/V": ("voltage_volt", 1.0),
    "Idc/A": ("current_ampere", 1.0),
}
NEEDED = ("f/Hz", "Z'/Ohm", "-Z''/Ohm")


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """Whether the file begins with a procedure and has the titles of an impedance record."""
    return head.lstrip().startswith(b"Procedure") and b"f/Hz" in head and b"-Z''/Ohm" in head


def read(path: Path, content: bytes) -> Measurement:
    """The spectrum of a .P00 file.

    Raises
    ------
    ReadError
        No column titles, no points, or a row that is no row of numbers.
    """
    lines = lines_of(content)
    titles_at = _titles_line(lines, path)
    titles = lines[titles_at].split()
    rows, warnings = _rows(lines, titles_at, len(titles), path)
    table = np.array(rows, dtype=np.float64).reshape(-1, len(titles)).T
    columns = {}
    for title, values in zip(titles, table, strict=True):
        if title in COLUMNS:
            name, factor = COLUMNS[title]
            columns[name] = factor * values
    sweeps, more = impedance_sweeps(columns, path)
    return Measurement(
        source=path,
        technique="impedance",
        format=FORMAT,
        sweeps=sweeps,
        metadata=_metadata(lines[:titles_at]),
        warnings=(*warnings, *more),
    )


def _titles_line(lines: Sequence[str], path: Path) -> int:
    for index, line in enumerate(lines):
        if set(NEEDED) <= set(line.split()):
            return index
    raise ReadError(path, "no column titles: f/Hz, Z'/Ohm and -Z''/Ohm should stand in one line")


def _rows(
    lines: Sequence[str], titles_at: int, width: int, path: Path
) -> tuple[list[list[float]], list[str]]:
    count = lines[titles_at + 1].strip() if titles_at + 1 < len(lines) else ""
    if not count.isdecimal() or len(count) > 9:
        raise ReadError(path, "the number of points should stand below the column titles", line=titles_at + 2)
    rows: list[list[float]] = []
    for number, line in enumerate(lines[titles_at + 2 :], start=titles_at + 3):
        if not line.strip() or len(rows) == int(count):
            break
        values = floats(line.split())
        if values is None or len(values) != width:
            if number == len(lines):  # cut in the midst of a row
                break
            raise ReadError(path, f"a row of {width} numbers should stand here", line=number)
        rows.append(values)
    cut = len(rows) < int(count)
    return rows, [f"the file is cut short: {len(rows)} of {int(count)} points could be read"] if cut else []


def _metadata(header: Sequence[str]) -> dict[str, str]:
    lines = [line.strip() for line in header if line.strip()]
    found = {"comments": " | ".join(lines[1:])} if len(lines) > 1 else {}
    if lines:
        found["procedure"] = lines[0].partition(":")[2].strip()
    return {key: value for key, value in found.items() if value}
