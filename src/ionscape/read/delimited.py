"""Text tables in any dialect: delimiter, decimal mark, encoding, comments, headings or none."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ionscape.core.measurement import Measurement
from ionscape.read.grid import Row, numbers_in
from ionscape.read.table import IMPEDANCE, Table, read_table
from ionscape.read.table_file import measurement_of
from ionscape.read.text import decimal_mark, lines_of, looks_like_text, to_float

FORMAT = "delimited"
TECHNIQUE = ""  # the headings tell

_DELIMITERS = ("\t", ";", ",", " ")  # the first of equals wins
_COMMENT = re.compile(r"\s*(?:#|%|!|//)+\s*")
_SAMPLE = 30  # lines looked at to find the dialect
_NAN = float("nan")


@dataclass(frozen=True)
class Dialect:
    """How a line is split (" " stands for any white space) and which decimal mark its numbers have."""

    delimiter: str
    decimal: str | None

    def cells(self, line: str) -> list[str]:
        """The line's cells, stripped, without empty ones at its end."""
        if self.delimiter == " ":
            return line.split()
        if line.count('"') > 1 and self.delimiter in line:
            fields = next(csv.reader([line], delimiter=self.delimiter, skipinitialspace=True))
        else:
            fields = line.split(self.delimiter)
        cells = [cell.strip() for cell in fields]
        while cells and not cells[-1]:
            cells.pop()
        return cells

    def values(self, cells: Sequence[str]) -> list[float]:
        """The cells as numbers, NaN where they are none."""
        return [_number(cell, self.decimal) for cell in cells]


def _number(cell: str, decimal: str | None) -> float:
    try:
        return to_float(cell, decimal)
    except ValueError:
        return _NAN


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """Any text: the last one asked."""
    return looks_like_text(head)


def read(path: Path, content: bytes, technique: str | None = None) -> Measurement:
    """The spectra, profiles or decays of a text table; ``technique`` is the one to look for first.

    Raises
    ------
    ReadError
        The text holds no table of frequency and impedance, of a tracer profile or of an echo decay.
    """
    return measurement_of(text_table(path, content, technique=technique), path, FORMAT)


def text_table(
    path: Path, content: bytes, *, degrees: bool = False, technique: str | None = IMPEDANCE
) -> Table:
    """`read_table` of a text file."""
    return read_table(rows_of(lines_of(content)), path, degrees=degrees, technique=technique)


def rows_of(lines: Sequence[str]) -> list[Row]:
    """The lines that are not blank, split in the dialect that most of them have."""
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    dialect = find_dialect([line for _, line in numbered])
    return [_row(number, line, dialect) for number, line in numbered]


def _row(number: int, line: str, dialect: Dialect) -> Row:
    comment = _COMMENT.match(line)
    if comment:
        text = line[comment.end() :]
        return Row(number, dialect.cells(text), None, text)
    cells = dialect.cells(line)
    values = dialect.values(cells)
    return Row(number, cells, values if numbers_in(values, cells) else None, line)


def find_dialect(lines: Sequence[str]) -> Dialect:
    """The dialect in which most lines hold the most numbers."""
    sample = _sample(lines)
    best, most = Dialect(" ", None), (0, 0, 0)
    for delimiter in _DELIMITERS:
        dialect = Dialect(delimiter, None)
        rows = [dialect.cells(line) for line in sample if delimiter == " " or delimiter in line]
        counts = [sum(value == value for value in dialect.values(cells)) for cells in rows]
        whole = sum(count == len(cells) > 1 for cells, count in zip(rows, counts, strict=True))
        score = (sum(count >= 3 for count in counts), sum(count >= 2 for count in counts), whole)
        if score > most:
            fields = [cell for cells, count in zip(rows, counts, strict=True) if count >= 2 for cell in cells]
            numbers = [cell for cell in fields if _number(cell, None) == _number(cell, None)]
            best, most = Dialect(delimiter, decimal_mark(numbers)), score
    return best


def _sample(lines: Sequence[str]) -> Sequence[str]:
    """All lines of a short file; of a long one some from the middle and from the end."""
    if len(lines) <= 2 * _SAMPLE:
        return lines
    middle = len(lines) // 2
    return [*lines[middle - _SAMPLE // 2 : middle + _SAMPLE // 2], *lines[-_SAMPLE:]]
