"""Gamry Framework data files (.DTA): EISPOT, GALVEIS and their kin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement
from ionscape.read.delimited import Dialect
from ionscape.read.grid import Row, numbers_in
from ionscape.read.table import read_table
from ionscape.read.table_file import measurement_of
from ionscape.read.text import decimal_mark, lines_of, to_float

FORMAT = "gamry-dta"

_CORRECTED = {"ZrealDrCor": "Zreal", "ZimagDrCor": "Zimag"}
_UNCORRECTED = {"Zreal": "uncorrected_real_impedance_ohm", "Zimag": "uncorrected_imaginary_impedance_ohm"}
_KEPT = {
    "TITLE": "title",
    "DATE": "date",
    "TIME": "time",
    "PSTAT": "potentiostat",
    "TAG": "experiment",
    "EOC": "open circuit voltage (V)",
    "VAC": "ac amplitude (mV)",
}


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """The first line is EXPLAIN, the second a TAG."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:60].split()
    return start[:2] == [b"EXPLAIN", b"TAG"]


def read(path: Path, content: bytes) -> Measurement:
    """The impedance curves (ZCURVE tables) of a .DTA file.

    Where the instrument corrected for drift, the corrected impedance is taken and the other kept beside it.
    An area of exactly 1 cm2 is the program's default and counts as not stated.

    Raises
    ------
    ReadError
        No ZCURVE table, or one without points.
    """
    lines = lines_of(content)
    header = _header(lines)
    rows = _curve_rows(lines)
    aborted = header.get("EXPERIMENTABORTED", [""])[0].upper() == "T"
    if not rows:
        kind = header.get("TAG", ["unknown"])[0]
        raise ReadError(path, f"a Gamry file of kind {kind} without an impedance curve (ZCURVE)")
    if not any(row.values for row in rows):
        end = "the experiment was aborted" if aborted else "the file ends"
        raise ReadError(path, f"{end} before the first frequency was measured", rows[0].line)
    measurement = measurement_of(
        read_table(rows, path),
        path,
        FORMAT,
        metadata=_metadata(header),
        warnings=_notes(rows, header, aborted),
    )
    return replace(measurement, area_square_metre=_area(header))


def _header(lines: Sequence[str]) -> dict[str, list[str]]:
    """Fields of the ``NAME<tab>TYPE<tab>value`` lines, without name and type; TAG has a value only."""
    fields = (line.split("\t") for line in lines if line and not line.startswith("\t"))
    return {cells[0].strip(): cells[2:] or cells[1:] for cells in fields if len(cells) > 1}


def _curve_rows(lines: Sequence[str]) -> list[Row]:
    """Headings, units and points of all ZCURVE tables."""
    rows: list[Row] = []
    inside = False
    for number, line in enumerate(lines, start=1):
        if not line.startswith("\t"):
            inside = line.upper().startswith("ZCURVE")
        elif inside:
            rows.append(Row(number, [cell.strip() for cell in line.split("\t")], None, line))
    mark = decimal_mark(cell for row in rows for cell in row.cells if cell[-1:].isdigit())
    return [_valued(row, Dialect("\t", mark)) for row in rows]


def _valued(row: Row, dialect: Dialect) -> Row:
    values = dialect.values(row.cells)
    if numbers_in(values, row.cells):
        return replace(row, values=values)
    if "ZrealDrCor" in row.cells:
        renamed = {**_UNCORRECTED, **_CORRECTED}
        return replace(row, cells=[renamed.get(cell, cell) for cell in row.cells], text="")
    return row


def _notes(rows: Sequence[Row], header: dict[str, list[str]], aborted: bool) -> list[str]:
    notes = []
    if any(_UNCORRECTED["Zreal"] in row.cells for row in rows):
        notes.append("the instrument corrected for drift: the corrected impedance was taken")
    if aborted:
        last = header.get("FREQFINAL", ["?"])[0].strip()
        notes.append(f"the experiment was aborted before its last frequency ({last} Hz)")
    return notes


def _area(header: dict[str, list[str]]) -> float | None:
    try:
        value = to_float(header["AREA"][0])
    except (KeyError, IndexError, ValueError):
        return None
    return value * 1e-4 if value > 0 and value != 1 else None


def _metadata(header: dict[str, list[str]]) -> dict[str, str]:
    found = {ours: header[theirs][0].strip() for theirs, ours in _KEPT.items() if header.get(theirs)}
    return {name: value for name, value in found.items() if value}
