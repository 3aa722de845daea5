"""RelaxIS spectrum export: a title, a date, and one block of columns per spectrum.

A block is a line of titles (``Data: Frequency``, ``Data: Z'``, ``Data: Z''`` ...), a line of parameters,
model and name, then the rows. Several spectra stand below or beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ionscape.core.errors import ReadError
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Measurement, Sweep
from ionscape.read.sweeps import impedance_sweeps, numbered
from ionscape.read.text import floats, lines_of

FORMAT = "relaxis-txt"

TITLES = {"Data: Frequency": FREQUENCY, "Data: Z'": REAL_IMPEDANCE, "Data: Z''": IMAGINARY_IMPEDANCE}


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """Whether RelaxIS wrote it."""
    first = head.replace(b"\0", b"")[:200].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return first.startswith(b"RelaxIS") and b"export" in first.split(b"\n", 1)[0]


def read(path: Path, content: bytes) -> Measurement:
    """The spectra of a RelaxIS export.

    The parameter ``TM`` is the mean time of the points, not a temperature.

    Raises
    ------
    ReadError
        No block with frequency, Z' and Z'', or a block without rows.
    """
    lines = lines_of(content)
    starts = [index for index, line in enumerate(lines) if "Data: Frequency" in line.split("\t")]
    if not starts:
        raise ReadError(path, "no column titles: a line with 'Data: Frequency' should stand above the data")
    sweeps: list[Sweep] = []
    warnings: list[str] = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        for found, more in _block(lines, start, end, path):
            sweeps.extend(found)
            warnings.extend(more)
    metadata = {"software": lines[0].strip(), "parameters": lines[starts[0] + 1].split("\t")[0].strip()}
    for line in lines[: starts[0]]:
        if line.startswith("Date:"):
            metadata["export_time"] = line.partition(":")[2].strip()
    return Measurement(
        source=path,
        technique="impedance",
        format=FORMAT,
        sweeps=numbered(sweeps),
        metadata=metadata,
        warnings=tuple(warnings),
    )


def _block(
    lines: Sequence[str], start: int, end: int, path: Path
) -> Iterator[tuple[tuple[Sweep, ...], list[str]]]:
    """The spectra of one line of titles: one for each ``Data: Frequency`` in it."""
    titles = [title.strip() for title in lines[start].split("\t")]
    heads = [place for place, title in enumerate(titles) if title == "Data: Frequency"]
    parameters = lines[start + 1].split("\t") if start + 1 < end else []
    for head, after in zip(heads, [*heads[1:], len(titles)], strict=True):
        places = {TITLES[titles[place]]: place for place in range(head, after) if titles[place] in TITLES}
        if len(places) < len(TITLES):
            raise ReadError(path, "Data: Z' and Data: Z'' should stand by Data: Frequency", line=start + 1)
        rows, bad = _rows(lines, start + 2, end, list(places.values()))
        table = np.array(rows, dtype=np.float64).reshape(-1, len(places)).T
        sweeps, warnings = impedance_sweeps(dict(zip(places, table, strict=True)), path)
        warnings.extend(f"row without three numbers left out (line {number})" for number in bad)
        name = next((word.strip() for word in reversed(parameters[head:after]) if word.strip()), "")
        if len(sweeps) == 1 and name:
            sweeps = (Sweep(sweeps[0].columns, name),)
        yield sweeps, warnings


def _rows(
    lines: Sequence[str], start: int, end: int, places: Sequence[int]
) -> tuple[list[list[float]], list[int]]:
    """Numbers at `places`, and the 1-based lines that hold something else there; blanks end a column."""
    rows, bad = [], []
    for number, line in enumerate(lines[start:end], start=start + 1):
        fields = line.split("\t")
        words = [fields[place] if place < len(fields) else "" for place in places]
        if not any(word.strip() for word in words):
            continue
        values = floats(words)
        if values is None or any(np.isnan(values)):
            bad.append(number)
        else:
            rows.append(values)
    return rows, bad
