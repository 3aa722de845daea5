"""PalmSens PSTrace sessions (.pssession): JSON, in UTF-16 or UTF-8, keys in either case.

Each measurement has a data set of arrays with a number for their kind; -Z'' is stored, as its unit says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
from ionscape.read.text import decode

FORMAT = "palmsens-pssession"

ARRAYS = {
    0: TIME,
    1: "voltage_volt",
    2: "current_ampere",
    5: FREQUENCY,
    7: REAL_IMPEDANCE,
    8: IMAGINARY_IMPEDANCE,
}
NEEDED = (FREQUENCY, REAL_IMPEDANCE, IMAGINARY_IMPEDANCE)
UNITS = {"microampere": 1e-6, "milliampere": 1e-3, "nanoampere": 1e-9, "millivolt": 1e-3, "microvolt": 1e-6}
AREA = re.compile(r"^AREA=([-+0-9.eE]+)\s*$", re.MULTILINE)
Floats = NDArray[np.float64]


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """Whether the head is JSON that names PalmSens's session class."""
    plain = head[:4096].replace(b"\0", b"").lower()
    return b"palmsens.datafiles" in plain and b"{" in plain[:16]


def read(path: Path, content: bytes) -> Measurement:
    """The impedance sweeps of a PalmSens session, in the order of its measurements.

    Raises
    ------
    ReadError
        Not whole JSON, or no measurement with an impedance.
    """
    session = _session(content, path)
    measurements = [entry for entry in _list(session, "measurements") if isinstance(entry, dict)]
    sweeps: list[Sweep] = []
    warnings: list[str] = []
    for measurement in measurements:
        for table, title in _tables(measurement, warnings):
            found, more = impedance_sweeps(table, path)
            sweeps.extend(Sweep(sweep.columns, f"{title} {sweep.label}".strip()) for sweep in found)
            warnings.extend(more)
    if not sweeps:
        titles = ", ".join(_text(entry, "title") or "untitled" for entry in measurements)
        raise ReadError(path, f"no impedance in it; measurements: {titles or 'none'}")
    return Measurement(
        source=path,
        technique="impedance",
        format=FORMAT,
        sweeps=numbered(sweeps),
        area_square_metre=_area(_text(measurements[0], "method")),
        metadata=_metadata(session, measurements[0]),
        warnings=tuple(warnings),
    )


def _session(content: bytes, path: Path) -> dict[str, Any]:
    def lower(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {key.lower(): value for key, value in pairs}

    text = decode(content).lstrip("\ufeff \t\r\n")
    try:  # raw: PSTrace appends a byte-order mark to the end
        session, _ = json.JSONDecoder(object_pairs_hook=lower).raw_decode(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise ReadError(path, "the session is not whole: it was cut short or damaged", line=line) from error
    if not isinstance(session, dict):
        raise ReadError(path, "the session holds no measurements")
    return session


def _list(entry: Mapping[str, Any], key: str) -> list[Any]:
    value = entry.get(key)
    return value if isinstance(value, list) else []


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _tables(measurement: Mapping[str, Any], warnings: list[str]) -> Iterator[tuple[dict[str, Floats], str]]:
    """Impedance tables of a measurement with titles; the list of spectra mostly repeats the data set."""
    title = _text(measurement, "title")
    main = _table(measurement, title, warnings)
    if main is not None:
        yield main, title
    for entry in _list(measurement, "eisdatalist"):
        if not isinstance(entry, dict):
            continue
        name = _text(entry, "title") or title
        table = _table(entry, name, warnings)
        if table is None or (main is not None and _repeats(table, main)):
            continue
        if main is not None:
            warnings.append(f"measurement {title!r} also holds another spectrum, {name!r}: both are given")
        yield table, name


def _table(entry: Mapping[str, Any], title: str, warnings: list[str]) -> dict[str, Floats] | None:
    """Columns by our names; None without an impedance of equal length in each column."""
    data_set = entry.get("dataset")
    columns: dict[str, Floats] = {}
    for array in _list(data_set, "values") if isinstance(data_set, dict) else []:
        kind = array.get("arraytype") if isinstance(array, dict) else None
        if isinstance(kind, int) and kind in ARRAYS:
            columns.setdefault(ARRAYS[kind], _factor(array, ARRAYS[kind]) * _values(array))
    if not set(NEEDED) <= set(columns):
        return None
    points = {columns[name].size for name in NEEDED}
    if len(points) > 1:
        warnings.append(f"measurement {title!r}: frequency, Z' and Z'' differ in length, it was left out")
        return None
    rows = columns[FREQUENCY].size
    odd = sorted(name for name, values in columns.items() if values.size != rows)
    if odd:
        warnings.append(f"measurement {title!r}: {', '.join(odd)} left out, not of the spectrum's length")
    return {name: values for name, values in columns.items() if values.size == rows}


def _values(array: Mapping[str, Any]) -> Floats:
    values = [point.get("v") if isinstance(point, dict) else None for point in _list(array, "datavalues")]
    return np.array([_number(value) for value in values], dtype=np.float64)


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, int | float) else np.nan
    except OverflowError:
        return np.nan


def _factor(array: Mapping[str, Any], name: str) -> float:
    """What turns the stored value into our unit and sign."""
    unit = array.get("unit")
    unit = unit if isinstance(unit, dict) else {}
    if name == IMAGINARY_IMPEDANCE:
        return 1.0 if _text(unit, "q").strip() == "Z''" else -1.0
    return UNITS.get(_text(unit, "type").rpartition(".")[2].lower(), 1.0)


def _repeats(table: Mapping[str, Floats], main: Mapping[str, Floats]) -> bool:
    """Whether every point of `table` stands in `main` too."""
    known = set(zip(*(main[name].tolist() for name in NEEDED), strict=True))
    return all(point in known for point in zip(*(table[name].tolist() for name in NEEDED), strict=True))


def _area(method: str) -> float | None:
    """Square metres, from the method's corrosion area in cm²; None where it is left at zero."""
    found = AREA.search(method)
    try:
        value = float(found[1]) if found else 0.0
    except ValueError:
        return None
    return value * 1e-4 if 0.0 < value < np.inf else None


def _metadata(session: Mapping[str, Any], measurement: Mapping[str, Any]) -> dict[str, str]:
    found = {
        "title": _text(measurement, "title"),
        "instrument": _text(measurement, "deviceserial"),
        "firmware": _text(measurement, "devicefw"),
        "software": f"PSTrace {_text(session, 'coreversion')}".strip(),
    }
    ticks = measurement.get("timestamp")  # 100 ns since the year 1
    if isinstance(ticks, int) and 0 < ticks < 3 * 10**18:
        start = datetime(1, 1, 1) + timedelta(microseconds=ticks // 10)
        found["start_time"] = start.isoformat(timespec="seconds")
    return {key: value for key, value in found.items() if value}
