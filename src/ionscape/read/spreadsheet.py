"""Spreadsheets (.xlsx, .xls, .ods) by python-calamine: every sheet with a table of measurements."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ionscape.core.errors import InputError, ReadError
from ionscape.core.measurement import Measurement, Sweep
from ionscape.read.grid import Row, numbers_in
from ionscape.read.naming import temperature_in_name
from ionscape.read.table import Table, read_table
from ionscape.read.table_file import measurement_of
from ionscape.read.text import decimal_mark, to_float
from ionscape.read.workbook_size import check_size

FORMAT = "spreadsheet"
TECHNIQUE = ""  # the headings tell

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_INSIDE_ZIP = (b"xl/", b"[Content_Types].xml", b"opendocument.spreadsheet")
_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".ods")
_NAN = float("nan")


def recognises(head: bytes, name: str) -> bool:
    """An OLE file, or a zip archive with the parts of a workbook."""
    if head.startswith(_OLE):
        return True
    if not head.startswith(_ZIP):
        return False
    return any(part in head for part in _INSIDE_ZIP) or name.lower().endswith(_SUFFIXES)


def read(path: Path, content: bytes, technique: str | None = None) -> Measurement:
    """The spectra, profiles or decays of all sheets that hold some; each label begins with its sheet's name.

    A sheet named after a temperature (``25C``) gives it to its sweeps, unless the sheet itself states one.

    Raises
    ------
    ReadError
        The file is no workbook, is too large, or no sheet holds a table of measurements.
    """
    tables: dict[str, Table] = {}
    reasons: dict[str, str] = {}
    for title, cells in _sheets(path, content):
        try:
            tables[title] = read_table(_rows(cells), path, technique=technique)
        except ReadError as error:
            reasons[title] = error.reason
    _keep_one_technique(tables, reasons, technique)
    if not tables:
        listed = "; ".join(f"sheet {title!r}: {reason}" for title, reason in reasons.items())
        raise ReadError(path, listed or "the workbook has no sheets")
    skipped = [f"sheet {title!r} was left out: {why}" for title, why in reasons.items() if why != _BLANK]
    return measurement_of(_joined(tables), path, FORMAT, warnings=skipped)


_BLANK = "the file is blank"


def _keep_one_technique(tables: dict[str, Table], reasons: dict[str, str], wanted: str | None) -> None:
    """Of sheets with measurements of several techniques keep those of the one asked for, or of the first."""
    kinds = [table.technique for table in tables.values()]
    kept = wanted if wanted in kinds else next(iter(kinds), "")
    for title in [title for title, table in tables.items() if table.technique != kept]:
        reasons[title] = f"it holds {tables.pop(title).technique}, another one {kept}"


def _sheets(path: Path, content: bytes) -> list[tuple[str, list[list[Any]]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        check_size(content)
    except InputError as error:
        raise ReadError(path, str(error)) from error
    try:
        workbook = CalamineWorkbook.from_object(io.BytesIO(content))
        return [
            (title, workbook.get_sheet_by_name(title).to_python(skip_empty_area=False))
            for title in workbook.sheet_names
        ]
    except (CalamineError, ValueError, OSError) as error:
        raise ReadError(path, f"not a workbook that can be opened: {error}") from error


def _rows(cells: Sequence[Sequence[Any]]) -> list[Row]:
    texts = [[_text(cell) for cell in row] for row in cells]
    mark = decimal_mark(text for row in texts for text in row if text[-1:].isdigit())
    rows = []
    for number, (row, words) in enumerate(zip(cells, texts, strict=True), start=1):
        while words and not words[-1]:
            words.pop()
        if words:
            values = [_value(cell, mark) for cell in row[: len(words)]]
            rows.append(Row(number, words, values if numbers_in(values, words) else None, "\t".join(words)))
    return rows


def _text(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else str(cell)


def _value(cell: Any, mark: str | None) -> float:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell)
    if not isinstance(cell, str):
        return _NAN
    try:
        return to_float(cell, mark)
    except ValueError:
        return _NAN


def _joined(tables: dict[str, Table]) -> Table:
    several = len(tables) > 1
    sweeps: list[Sweep] = []
    for title, table in tables.items():
        for sweep in table.sweeps:
            kelvin = sweep.temperature_kelvin or temperature_in_name(title).kelvin
            label = f"{title} {sweep.label}".strip() if several else sweep.label
            sweeps.append(replace(sweep, label=label, temperature_kelvin=kelvin))
    warnings = [
        f"sheet {title!r}: {warning}" if several else warning
        for title, table in tables.items()
        for warning in table.warnings
    ]
    preface = [line for table in tables.values() for line in table.preface]
    kinds = {table.normalised for table in tables.values()}
    normalised = kinds.pop() if len(kinds) == 1 else ""
    technique = next(iter(tables.values())).technique
    return Table(tuple(sweeps), tuple(warnings), tuple(preface), normalised, technique)
