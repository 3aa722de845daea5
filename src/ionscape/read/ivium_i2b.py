"""Ivium .i2b text: some free lines, the number of points alone on a line, then rows of f, Z', Z''."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ionscape.core.errors import ReadError
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Measurement
from ionscape.read.sweeps import impedance_sweeps
from ionscape.read.text import decode, floats, lines_of, looks_like_text, split_lines

FORMAT = "ivium-i2b"

HEADER_LINES = 100


def recognises(head: bytes, name: str) -> bool:
    """Whether a lone count is followed by that many rows of three numbers, in the head or beyond its end."""
    if not looks_like_text(head):
        return False
    lines = split_lines(decode(head))
    start = _count_line(lines)
    if start is None:
        return False
    rows = len(_rows(lines[start + 1 :]))
    count = int(lines[start])
    return rows == count or rows >= len(lines) - start - 3 or name.lower().endswith(".i2b")


def read(path: Path, content: bytes) -> Measurement:
    """The spectrum of an .i2b file.

    Raises
    ------
    ReadError
        No count of points followed by rows of three numbers.
    """
    lines = lines_of(content)
    start = _count_line(lines)
    if start is None:
        raise ReadError(
            path, "nowhere does a number of points stand alone, followed by rows of frequency, Z' and Z''"
        )
    count = int(lines[start])
    rows = _rows(lines[start + 1 : start + 1 + count])
    table = np.array(rows, dtype=np.float64).T
    columns = {FREQUENCY: table[0], REAL_IMPEDANCE: table[1], IMAGINARY_IMPEDANCE: table[2]}
    sweeps, warnings = impedance_sweeps(columns, path)
    if len(rows) < count:
        warnings.append(f"the file is cut short: {len(rows)} of {count} points could be read")
    comments = " ".join(line.strip() for line in lines[:start] if line.strip())
    return Measurement(
        source=path,
        technique="impedance",
        format=FORMAT,
        sweeps=sweeps,
        metadata={"comments": comments} if comments else {},
        warnings=tuple(warnings),
    )


def _count_line(lines: Sequence[str]) -> int | None:
    """Index of the first line that is a whole number and is followed by three numbers."""
    for index, line in enumerate(lines[:HEADER_LINES]):
        word = line.strip()
        if word.isdecimal() and 0 < len(word) < 8 and int(word) > 0 and _rows(lines[index + 1 : index + 2]):
            return index
    return None


def _rows(lines: Sequence[str]) -> list[list[float]]:
    """Three numbers per line, up to the first line that is something else."""
    found = []
    for line in lines:
        values = floats(line.split())
        if values is None or len(values) != 3:
            break
        found.append(values)
    return found
