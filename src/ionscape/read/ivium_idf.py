"""Ivium data files: .idf (one data set) and .ids (several), text between a few binary bytes.

Each set lists its method as ``Key=value`` lines, then ``primary_data``, the number of columns, the number of
rows, and the rows. For impedance the columns are Z', Z'' (negative for a capacitor) and frequency.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ionscape.core.errors import ReadError
from ionscape.core.measurement import (
    FREQUENCY,
    IMAGINARY_IMPEDANCE,
    REAL_IMPEDANCE,
    TIME,
    Measurement,
    Sweep,
)
from ionscape.read.sweeps import impedance_sweeps, numbered
from ionscape.read.text import lines_of, to_float

FORMAT = "ivium-idf"

DEFAULT_AREA_CM2 = 1.0
KEPT = {"Title": "title", "starttime": "start_time", "serialnumber": "instrument", "software": "software"}


@dataclass
class DataSet:
    """One measurement of the file: its method lines and its table."""

    settings: dict[str, str]
    times: list[float]
    rows: list[list[float]] = field(default_factory=list)
    stated_rows: int = 0
    line: int = 0


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """Whether the head holds Ivium's method and data options, or its table."""
    return (
        b"Method=" in head and (b"Data Options." in head or b"primary_data" in head) and b"Technique=" in head
    )


def read(path: Path, content: bytes) -> Measurement:
    """The impedance spectra of an Ivium file, one sweep or more per data set.

    Raises
    ------
    ReadError
        No impedance in it, or a table that cannot be read.
    """
    sets = list(_data_sets(lines_of(content), path))
    spectra = [data for data in sets if data.settings.get("Method", "Impedance") == "Impedance"]
    if not spectra:
        methods = ", ".join(sorted({data.settings["Method"] for data in sets}))
        raise ReadError(
            path, f"no impedance in it: the methods are {methods}" if sets else "no table of data in it"
        )
    sweeps: list[Sweep] = []
    warnings: list[str] = []
    for data in spectra:
        found, more = _sweeps(data, path)
        title = data.settings.get("Title", "")
        sweeps.extend(replace(sweep, label=f"{title} {sweep.label}".strip()) for sweep in found)
        warnings.extend(more)
    if len(spectra) < len(sets):
        warnings.append(f"{len(sets) - len(spectra)} data sets hold no impedance and were left out")
    area, about_area = _area(spectra[0].settings)
    settings = spectra[0].settings
    metadata = {key: settings[word] for word, key in KEPT.items() if settings.get(word)}
    return Measurement(
        source=path,
        technique="impedance",
        format=FORMAT,
        sweeps=numbered(sweeps),
        area_square_metre=area,
        metadata={"technique": settings.get("Technique", ""), **metadata},
        warnings=(*warnings, *about_area),
    )


def _data_sets(lines: Sequence[str], path: Path) -> Iterator[DataSet]:
    settings: dict[str, str] = {}
    times: list[float] = []
    index = 0
    while index < len(lines):
        line = lines[index].strip()
        if line == "primary_data":
            data = _data_set(lines, index, path)
            data.settings, data.times = settings, times
            settings, times = {}, []
            index = data.line + len(data.rows)
            yield data
            continue
        key, equals, value = line.partition("=")
        if key.startswith("timing.time["):
            times.append(_number(value))
        elif equals and key not in settings:
            settings[key] = value.strip()
        index += 1


def _data_set(lines: Sequence[str], index: int, path: Path) -> DataSet:
    """The table whose title stands at `index`; ``line`` is the index of its first row."""
    counts = [line.strip() for line in lines[index + 1 : index + 3]]
    if len(counts) < 2 or not all(count.isdecimal() and len(count) < 10 for count in counts):
        raise ReadError(path, "the number of columns and of rows should stand here", line=index + 2)
    columns, stated = int(counts[0]), int(counts[1])
    data = DataSet({}, [], stated_rows=stated, line=index + 3)
    for line in lines[index + 3 : index + 3 + stated]:
        row = [_number(word) for word in line.split()]
        if len(row) != columns or any(np.isnan(row)):
            break
        data.rows.append(row)
    return data


def _number(word: str) -> float:
    try:
        return to_float(word)
    except ValueError:
        return np.nan


def _sweeps(data: DataSet, path: Path) -> tuple[tuple[Sweep, ...], list[str]]:
    if data.rows and len(data.rows[0]) != 3:
        raise ReadError(path, f"impedance should have 3 columns, not {len(data.rows[0])}", line=data.line + 1)
    table = np.array(data.rows, dtype=np.float64).reshape(-1, 3).T
    columns = {FREQUENCY: table[2], REAL_IMPEDANCE: table[0], IMAGINARY_IMPEDANCE: table[1]}
    if len(data.times) == table.shape[1]:
        columns[TIME] = np.array(data.times)
    sweeps, warnings = impedance_sweeps(columns, path)
    if len(data.rows) < data.stated_rows:
        warnings.append(f"the file is cut short: {len(data.rows)} of {data.stated_rows} points could be read")
    return sweeps, warnings


def _area(settings: dict[str, str]) -> tuple[float | None, list[str]]:
    """Square metres; Ivium states cm², 1 unless the user changes it."""
    value = _number(settings.get("Data Options.Area", ""))
    if np.isnan(value) or not 0.0 < value < np.inf:
        return None, []
    if value == DEFAULT_AREA_CM2:
        return None, ["electrode area 1 cm² is Ivium's default and was ignored: state it if it is right"]
    return value * 1e-4, []
