"""BioLogic EC-Lab text exports (.mpt, .txt): a header in words, then a tab-separated table.

The number of header lines stands in the second line; older or edited files lack it, then the table begins at
the first line that names a column. Numbers carry the decimal mark of the computer that exported them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement
from ionscape.read.biologic_spectra import NEEDED, USED, area, commented_temperature, spectra
from ionscape.read.text import lines_of, to_float

FORMAT = "biologic-mpt"

TITLES = (b"EC-Lab ASCII FILE", b"BT-Lab ASCII FILE")
HEADER_LINES = re.compile(r"Nb header lines\s*:\s*(\d+)")
LOOP = re.compile(r"Loop \d+ from point number (\d+) to \d+")
KEPT = {  # EC-Lab's words -> our key
    "Device": "instrument",
    "Run on channel": "channel",
    "Acquisition started on": "start_time",
    "Comments": "comments",
    "Electrode material": "electrode_material",
    "Electrolyte": "electrolyte",
    "User": "operator",
    "File": "original_file",
}
MOST_BAD_ROWS = 0.1
Floats = NDArray[np.float64]


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """Whether the file begins with EC-Lab's title, or with its column labels."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(TITLES):
        return True
    labels = start.split(b"\n", 1)[0].strip().split(b"\t")
    return b"freq/Hz" in labels and b"-Im(Z)/Ohm" in labels


def read(path: Path, content: bytes) -> Measurement:
    """The impedance sweeps of an EC-Lab text file.

    Raises
    ------
    ReadError
        No table, no frequency or impedance column, no points, or more than a tenth of the rows broken.
    """
    lines = lines_of(content)
    labels_at = _labels_line(lines, path)
    header = lines[:labels_at]
    metadata = _metadata(header)
    table, warnings = _table(lines, labels_at, path)
    loop_starts = [int(found[1]) for line in header if (found := LOOP.match(line))]
    sweeps, more = spectra(table, path, metadata.get("technique", ""), loop_starts)
    surface, about_area = _area(header)
    return Measurement(
        source=path,
        technique="impedance",
        format=FORMAT,
        sweeps=sweeps,
        temperature_kelvin=commented_temperature(metadata.get("comments", "")),
        area_square_metre=surface,
        metadata=metadata,
        warnings=(*warnings, *more, *about_area),
    )


def _labels_line(lines: Sequence[str], path: Path) -> int:
    """Index of the line with the column labels."""
    for line in lines[:3]:
        if found := HEADER_LINES.search(line):
            index = int(found[1]) - 1
            if 0 <= index < len(lines) and _is_labels(lines[index]):
                return index
    for index, line in enumerate(lines):
        if _is_labels(line):
            return index
    raise ReadError(path, "no table: no line names EC-Lab's columns (freq/Hz, Re(Z)/Ohm, time/s ...)")


def _is_labels(line: str) -> bool:
    fields = [field.strip() for field in line.split("\t")]
    return len(fields) > 1 and any(field in USED for field in fields)


def _table(lines: Sequence[str], labels_at: int, path: Path) -> tuple[dict[str, Floats], list[str]]:
    """The columns that are used, and warnings."""
    labels = [label.strip() for label in lines[labels_at].split("\t")]
    places = {label: place for place, label in enumerate(labels) if label in USED}
    if "freq/Hz" not in places:
        return {label: np.zeros(0) for label in places}, []
    rows, bad = _rows(lines, labels_at, [place for label, place in places.items() if label in NEEDED])
    if bad and len(bad) > MOST_BAD_ROWS * (len(rows) + len(bad)):
        reason = f"{len(bad)} of {len(rows) + len(bad)} rows have no number for frequency or impedance"
        raise ReadError(path, f"{reason}, this one first", line=bad[0])
    warnings = [f"row without a number for frequency or impedance left out (line {line})" for line in bad]
    table = {}
    for label, place in places.items():
        values = _column(rows, place)
        if values is None:
            warnings.append(f"column {label} holds something other than numbers and was left out")
        else:
            table[label] = values
    return table, warnings


def _rows(lines: Sequence[str], labels_at: int, needed: Sequence[int]) -> tuple[list[list[str]], list[int]]:
    """Fields of the usable rows, and the 1-based lines of those that are not."""
    rows, bad = [], []
    for number, line in enumerate(lines[labels_at + 1 :], start=labels_at + 2):
        if not line.strip():
            continue
        fields = line.split("\t")
        try:
            for place in needed:
                to_float(fields[place])
        except (ValueError, IndexError):
            bad.append(number)
        else:
            rows.append(fields)
    ends_in_row = bool(lines[-1].strip()) and bad[-1:] != [len(lines)]
    if ends_in_row and len(rows) > 1 and len(rows[-1]) < len(rows[-2]):  # cut in the midst of a number
        rows.pop()
        bad.append(len(lines))
    return rows, bad


def _column(rows: Sequence[Sequence[str]], place: int) -> Floats | None:
    """Numbers of one column, NaN where a row ends early; None if it holds text."""
    words = [row[place] if place < len(row) else "" for row in rows]
    try:
        return np.array([to_float(word) for word in words], dtype=np.float64)
    except ValueError:
        return None


def _metadata(header: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in header:
        name, colon, value = line.strip().partition(" : ")
        if colon and name in KEPT and value.strip():
            found.setdefault(KEPT[name], value.strip())
        elif line.startswith(("EC-Lab for", "BT-Lab for")):
            found.setdefault("software", line.strip())
    technique = _technique(header)
    return {"technique": technique, **found} if technique else found


def _technique(header: Sequence[str]) -> str:
    """The line after the title and the number of header lines."""
    for line in header[1:8]:
        words = line.strip()
        if words and ":" not in words and "\t" not in words:
            return words
    return ""


def _area(header: Sequence[str]) -> tuple[float | None, list[str]]:
    for line in header:
        if line.startswith("Electrode surface area :"):
            words = line.partition(":")[2].strip()
            value, _, unit = words.partition(" ")
            try:
                return area(to_float(value), unit)
            except ValueError:
                return None, [f"electrode surface area {words!r} is not a number and was ignored"]
    return None, []
