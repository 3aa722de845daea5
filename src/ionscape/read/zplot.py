"""Scribner ZPlot and ZView files (.z): with header blocks or the old comma list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement
from ionscape.read.delimited import rows_of
from ionscape.read.grid import Row
from ionscape.read.table import read_table
from ionscape.read.table_file import measurement_of, pairs_in
from ionscape.read.text import lines_of, to_float

FORMAT = "zplot"

_FIRST_WORDS = (b"ZPLOT", b"ZVIEW")
_WANTED = ("date", "time", "experiment type", "open circuit potential (v)", "surface area")
_END = "end comments"
_NO_DATA = "the file has a ZPlot header but no points: the run was stopped before the first frequency"


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """The program's name opens the file."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b' "\t\r\n')[:20].upper().startswith(_FIRST_WORDS)


def read(path: Path, content: bytes) -> Measurement:
    """The spectra of a ZPlot or ZView file.

    A surface area of exactly 1 is the program's default and counts as not stated.

    Raises
    ------
    ReadError
        No heading row with Freq and Z', or no points below it.
    """
    return read_z(path, lines_of(content), FORMAT)


def read_z(path: Path, lines: Sequence[str], name: str) -> Measurement:
    """The measurement in the lines of a .z file."""
    start = _heading(lines)
    if start is None:
        raise ReadError(path, "the row of headings with Freq(Hz) and Z'(a) is missing: the file is cut short")
    rows = [row for row in rows_of(lines[start:]) if row.text.strip().lower() != _END]
    shifted = [Row(row.line + start, row.cells, row.values, row.text) for row in rows]
    if not any(row.values for row in shifted):
        raise ReadError(path, _NO_DATA)
    table = read_table(shifted, path)
    metadata = _metadata(lines[:start])
    measurement = measurement_of(table, path, name, metadata=metadata)
    return replace(measurement, area_square_metre=_area(metadata.get("Surface Area", "")))


def _area(stated: str) -> float | None:
    """Electrode area [m2] from the header's in cm2; 0 and the program's default 1 mean: not filled in."""
    try:
        value = to_float(stated)
    except ValueError:
        return None
    return value * 1e-4 if value > 0 and value != 1 else None


def _heading(lines: Sequence[str]) -> int | None:
    """Index of the row of headings."""
    for index, line in enumerate(lines):
        squeezed = line.lower().replace(" ", "")
        if "freq(hz)" in squeezed and "z'" in squeezed:
            return index
    return None


def _metadata(header: Sequence[str]) -> dict[str, str]:
    """Who, when, with what; the hundred settings of the instrument stay in the file."""
    return {name: value.strip('" ') for name, value in pairs_in(header).items() if name.lower() in _WANTED}
