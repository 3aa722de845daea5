"""How large the table of a workbook is, before anything builds it.

A reader lays the cells of a sheet out as a full rectangle: one stray cell in the last corner (XFD1048576)
asks for 17 thousand million of them. The cells' addresses are read here from the parts of the archive, piece
by piece.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from ionscape.core.errors import InputError

MOST_CELLS = 5_000_000
MOST_BYTES = 512 * 1024**2  # of all parts, unpacked
_BLOCK = 1 << 20
_LONGEST_TAG = 4096

# xlsx: a cell with content; formatted but empty ones count for nothing
_XLSX_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"[^>]*(?<!/)>')
# ods: rows and cells, either of which may stand for many
_ODS_TAG = re.compile(rb"<(/?)table:(table-row|table-cell|covered-table-cell|table)\b([^>]*)>")
_ODS_ROWS = re.compile(rb'number-rows-repeated="(\d{1,9})"')
_ODS_COLUMNS = re.compile(rb'number-columns-repeated="(\d{1,9})"')


def check_size(content: bytes) -> None:
    """Refuse a workbook whose sheets, laid out, would not fit into memory.

    Parameters
    ----------
    content : bytes
        Of an .xlsx or .ods file; anything else passes, it is told by its reader.

    Raises
    ------
    InputError
        If a sheet spans more than `MOST_CELLS`, or the parts unpack to more than `MOST_BYTES`.
    """
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for part in archive.infolist():
                if part.filename.lower().endswith((".xml", ".bin")):
                    left -= _check_part(archive, part, left)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError):
        return  # damaged: the reader says how


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> int:
    """Bytes of a part, none of whose sheets is too large."""
    table = _OdsTable() if part.filename == "content.xml" else _XlsxTable()
    size = 0
    for block, new in _blocks(archive, part):
        size += new
        if size > most:
            limit = f"{MOST_BYTES >> 20} MB"
            raise InputError(f"the workbook unpacks to more than {limit}: save the table as text")
        table.take(block)
        if table.cells > MOST_CELLS:
            raise InputError(
                f"a sheet spans {table.cells:.2g} cells (at most {MOST_CELLS:.0e}), probably for one stray "
                "cell far from the table: delete it, or save the table as text"
            )
    return size


def _blocks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[tuple[bytes, int]]:
    """A part in pieces that cut no tag in two, each with the number of bytes newly read."""
    rest = b""
    with archive.open(part) as stream:
        while new := stream.read(_BLOCK):
            block = rest + new
            cut = block.rfind(b"<") if block.rfind(b"<") > block.rfind(b">") else len(block)
            rest = block[cut:] if len(block) - cut < _LONGEST_TAG else b""
            yield block[:cut], len(new)
    yield rest, 0


class _XlsxTable:
    """The rectangle from A1 that holds all cells seen so far."""

    def __init__(self) -> None:
        self._rows = self._columns = 0

    @property
    def cells(self) -> int:
        return self._rows * self._columns

    def take(self, block: bytes) -> None:
        addresses = _XLSX_CELL.findall(block)
        if addresses:
            self._rows = max(self._rows, *(int(row) for _, row in addresses))
            self._columns = max(self._columns, *map(_column, {column for column, _ in addresses}))


def _column(letters: bytes) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


class _OdsTable:
    """The largest rectangle of a table seen so far: empty rows and cells at the end count for nothing."""

    def __init__(self) -> None:
        self.cells = self._width = self._rows = self._position = 0

    def take(self, block: bytes) -> None:
        for closing, kind, attributes in _ODS_TAG.findall(block):
            if kind == b"table":
                self._width = self._rows = 0
            elif kind == b"table-row" and not closing:
                self._rows += _times(_ODS_ROWS, attributes)
                self._position = 0
            elif not closing:
                self._position += _times(_ODS_COLUMNS, attributes)
                if not attributes.endswith(b"/") or b"office:" in attributes:
                    self._width = max(self._width, self._position)
                    self.cells = max(self.cells, self._width * self._rows)


def _times(attribute: re.Pattern[bytes], attributes: bytes) -> int:
    found = attribute.search(attributes)
    return int(found[1]) if found else 1
