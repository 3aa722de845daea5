"""BioLogic EC-Lab binary files (.mpr): modules of settings, data, log and loops.

Layout, from laying files of EC-Lab 10.33 to 11.61 beside their text exports: a magic line padded to 52
bytes, then modules, each ``MODULE``, short name (10 bytes), long name (25), length (uint32, or 0xFFFFFFFF
followed by a uint64 from EC-Lab 11.50 on), version (uint32), date (8). ``VMP data`` holds the number of
points (uint32), the number of columns, their numbers (see `biologic_columns`), zeros up to a fixed offset,
then one packed record per point.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement
from ionscape.read.biologic_columns import FIELDS, FREQUENCY_NUMBER
from ionscape.read.biologic_records import record_columns
from ionscape.read.biologic_spectra import USED, area, commented_temperature, spectra

FORMAT = "biologic-mpr"

MAGIC = b"BIO-LOGIC MODULAR FILE"
FIRST_MODULE = 52
LONG_LENGTH = 0xFFFFFFFF
MODULES = frozenset({"VMP Set", "VMP data", "VMP LOG", "VMP loop"})
DATA_OFFSET = {0: 100, 2: 405, 3: 406}  # by version; 0 from public descriptions, no file at hand
DATA_OFFSET_LONG = 1007  # version 10 and later
TECHNIQUES = {  # first byte of the settings
    28: "Wait",
    29: "Potentio Electrochemical Impedance Spectroscopy",
    30: "Galvano Electrochemical Impedance Spectroscopy",
    127: "Modulo Bat",
}
AREA_UNITS = {0: "m²", 1: "dm²", 2: "cm²", 3: "mm²", 4: "µm²"}
START_TIME_OFFSETS = (585, 473, 469, 465)  # of an OLE date in the log, newest EC-Lab first
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Module:
    """One block of the file; `stated_length` exceeds ``len(data)`` where the file is cut short."""

    version: int
    data: bytes
    stated_length: int


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """Whether the file begins with BioLogic's magic line."""
    return head.startswith(MAGIC)


def read(path: Path, content: bytes) -> Measurement:
    """The impedance sweeps of an .mpr file.

    Raises
    ------
    ReadError
        No data, an aborted run, no impedance in it, or a record layout that cannot be known for certain.
    """
    modules = _modules(content)
    data = modules.get("VMP data")
    if data is None:
        raise ReadError(path, "no data module: the file is cut short or the run never started")
    settings = modules["VMP Set"].data if "VMP Set" in modules else b""
    technique = TECHNIQUES.get(settings[0], "") if settings else ""
    table, warnings = _table(data, path)
    sweeps, more = spectra(table, path, technique, _loop_starts(modules.get("VMP loop")))
    surface, about_area = _area(settings)
    metadata = _metadata(settings, modules.get("VMP LOG"), technique)
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


def _modules(content: bytes) -> dict[str, Module]:
    """The first module of each name that is read; the rest of the file is not copied."""
    found: dict[str, Module] = {}
    position = content.find(b"MODULE", FIRST_MODULE)
    while position >= 0 and position + 65 <= len(content) and len(found) < len(MODULES):
        length, version = struct.unpack_from("<II", content, position + 41)
        begin = position + 57
        if length == LONG_LENGTH:
            length, version = struct.unpack_from("<QI", content, position + 45)
            begin = position + 65
        name = content[position + 6 : position + 16].decode("latin-1").strip()
        if name in MODULES and name not in found:
            found[name] = Module(version, content[begin : begin + length], length)
        # A damaged length must not hide the modules that follow it.
        intact = content.startswith(b"MODULE", begin + length)
        position = begin + length if intact else content.find(b"MODULE", begin)
    return found


def _table(module: Module, path: Path) -> tuple[dict[str, Floats], list[str]]:
    """Columns by EC-Lab's label, and warnings."""
    points, numbers, offset = _data_header(module, path)
    if points == 0 or FREQUENCY_NUMBER not in numbers:
        # spectra() words the reason from the labels alone.
        return {FIELDS[number].label: np.zeros(0) for number in numbers if number in FIELDS}, []
    stated_bytes = module.stated_length - offset
    columns, warnings = record_columns(numbers, module.data[offset:], points, stated_bytes, path)
    return {label: values for label, values in columns.items() if label in USED}, warnings


def _data_header(module: Module, path: Path) -> tuple[int, tuple[int, ...], int]:
    """Number of points, column numbers, and where the records begin."""
    data, version = module.data, module.version
    long = version >= 10
    offset = DATA_OFFSET_LONG if long else DATA_OFFSET.get(version)
    if offset is None:
        raise ReadError(path, f"version {version} of the data module is not known: export it as text (.mpt)")
    if len(data) < offset:
        raise ReadError(path, "the file is cut short before its first point")
    points, count = struct.unpack_from("<IH" if long else "<IB", data)
    begin = 6 if long else 5
    code = "B" if version == 0 else "H"
    if begin + count * struct.calcsize(code) > offset:
        raise ReadError(path, f"{count} columns do not fit the data module's header: the file is damaged")
    return points, struct.unpack_from(f"<{count}{code}", data, begin), offset


def _loop_starts(module: Module | None) -> Sequence[int]:
    """Rows where loops begin: a count, then the boundaries of the loops."""
    if module is None or len(module.data) < 4:
        return ()
    (count,) = struct.unpack_from("<I", module.data)
    count = min(count, len(module.data) // 4 - 1)
    return struct.unpack_from(f"<{count}I", module.data, 4)


def _area(settings: bytes) -> tuple[float | None, list[str]]:
    if len(settings) < 0x251:
        return None, []
    (value,) = struct.unpack_from("<f", settings, 0x211)
    return area(float(f"{value:.7g}"), AREA_UNITS.get(settings[0x250], f"number {settings[0x250]}"))


def _metadata(settings: bytes, log: Module | None, technique: str) -> dict[str, str]:
    found = {
        "technique": technique,
        "comments": _pascal(settings, 0x007),
        "electrode_material": _pascal(settings, 0x11E),
        "electrolyte": _pascal(settings, 0x1C0),
    }
    if log is not None:
        started = _start(log.data)
        if started is not None:
            offset, moment = started
            found["start_time"] = moment.isoformat(timespec="milliseconds")
            found["original_file"] = _pascal(log.data, offset + 8)
            found["software"] = f"EC-Lab {_pascal(log.data, offset + 366)}".strip()
    return {key: value for key, value in found.items() if value}


def _start(log: bytes) -> tuple[int, datetime] | None:
    """Offset and value of the start of acquisition: an OLE date, days since 1899-12-30."""
    for offset in START_TIME_OFFSETS:
        if offset + 8 > len(log):
            continue
        (days,) = struct.unpack_from("<d", log, offset)
        if 33000.0 < days < 80000.0:  # 1990 to 2119
            moment = datetime(1899, 12, 30) + timedelta(milliseconds=round(days * 86400e3))
            return offset, moment
    return None


def _pascal(data: bytes, offset: int) -> str:
    """Text behind its length byte; empty if it holds control characters, so is none."""
    if offset >= len(data):
        return ""
    text = data[offset + 1 : offset + 1 + data[offset]].decode("cp1252", errors="replace").strip()
    return text if text.isprintable() else ""
