"""Princeton Applied Research VersaStudio (.par): sections in angle brackets, the data in ``<Segment1>``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from ionscape.read.text import floats, lines_of, to_float

FORMAT = "versastudio-par"

COLUMNS = {
    "Frequency(Hz)": FREQUENCY,
    "Z Real": REAL_IMPEDANCE,
    "Z Imag": IMAGINARY_IMPEDANCE,
    "Elapsed Time(s)": TIME,
    "E(V)": "voltage_volt",
    "I(A)": "current_ampere",
}
NEEDED = ("Frequency(Hz)", "Z Real", "Z Imag")
DEFAULT_AREA_CM2 = 1.0


@dataclass(frozen=True)
class Section:
    """One ``<Name> ... </Name>``; `line` is the 1-based line of its title."""

    name: str
    lines: Sequence[str]
    line: int

    def value(self, key: str) -> str:
        """Text behind ``key=``, empty if absent."""
        for line in self.lines:
            if line.startswith(key + "="):
                return line[len(key) + 1 :].strip()
        return ""


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """Whether VersaStudio wrote it."""
    plain = head.replace(b"\0", b"")
    return b"<Application>" in plain[:200] and b"Name=VersaStudio" in plain[:2000]


def read(path: Path, content: bytes) -> Measurement:
    """The impedance sweeps of a VersaStudio file.

    Raises
    ------
    ReadError
        No segment with data, or none with an impedance.
    """
    sections = list(_sections(lines_of(content)))
    segments = [part for part in sections if part.name.startswith("Segment") and part.value("Definition")]
    if not segments:
        raise ReadError(path, "no data: the file holds the set-up of an experiment that did not run")
    spectra = [segment for segment in segments if set(NEEDED) <= set(_titles(segment))]
    if not spectra:
        raise ReadError(path, "no impedance in it: no segment has Frequency(Hz), Z Real and Z Imag")
    sweeps: list[Sweep] = []
    warnings: list[str] = []
    for segment in spectra:
        found, more = _sweeps(segment, path)
        sweeps.extend(found)
        warnings.extend(more)
    area, about_area = _area(sections)
    return Measurement(
        source=path,
        technique="impedance",
        format=FORMAT,
        sweeps=numbered(sweeps),
        area_square_metre=area,
        metadata=_metadata(sections),
        warnings=(*warnings, *about_area),
    )


def _sections(lines: Sequence[str]) -> Iterator[Section]:
    name, start = "", 0
    for index, line in enumerate(lines):
        if not name and line.startswith("<") and line.rstrip().endswith(">") and " " not in line.strip():
            name, start = line.strip()[1:-1], index
        elif name and line.strip() == f"</{name}>":
            yield Section(name, lines[start + 1 : index], start + 1)
            name = ""
    if name:
        yield Section(name, lines[start + 1 :], start + 1)


def _titles(segment: Section) -> list[str]:
    """Titles of the columns; the ``0`` that ends the definition has none."""
    titles = [title.strip() for title in segment.value("Definition").split(",")]
    return titles[:-1] if titles[-1] == "0" else titles


def _sweeps(segment: Section, path: Path) -> tuple[tuple[Sweep, ...], list[str]]:
    titles = _titles(segment)
    rows, bad = [], []
    for number, line in enumerate(segment.lines, start=segment.line + 1):
        if "=" in line or not line.strip():
            continue
        values = floats(line.split(","), decimal=".")
        if values is None or len(values) < len(titles):
            bad.append(number)
        else:
            rows.append(values[: len(titles)])
    table = np.array(rows, dtype=np.float64).reshape(-1, len(titles))
    columns = {COLUMNS[title]: table[:, place] for place, title in enumerate(titles) if title in COLUMNS}
    parts = table[:, titles.index("Segment #")] if "Segment #" in titles else np.zeros(len(table))
    boundaries = (np.flatnonzero(np.diff(parts)) + 1).tolist()
    sweeps, warnings = impedance_sweeps(columns, path, boundaries=boundaries)
    warnings.extend(f"row that is cut short or no numbers left out (line {number})" for number in bad)
    return sweeps, warnings


def _area(sections: Sequence[Section]) -> tuple[float | None, list[str]]:
    """Square metres; VersaStudio writes 1 cm² where nobody filled the field in."""
    stated = [words for part in sections if (words := part.value("Working Electrode Area (cm2)"))]
    try:
        value = to_float(stated[0]) if stated else 0.0
    except ValueError:
        return None, [f"working electrode area {stated[0]!r} is not a number and was ignored"]
    if not 0.0 < value < np.inf:
        return None, []
    if value == DEFAULT_AREA_CM2:
        return None, [
            "electrode area 1 cm² is VersaStudio's default and was ignored: state it if it is right"
        ]
    return value * 1e-4, []


def _metadata(sections: Sequence[Section]) -> dict[str, str]:
    by_name = {section.name: section for section in reversed(sections)}

    def words(section: str, *keys: str) -> str:
        found = [by_name[section].value(key) for key in keys] if section in by_name else []
        return " ".join(word for word in found if word)

    found = {
        "technique": words("Action1", "Name"),
        "instrument": words("Instrument", "Type", "Model", "SN"),
        "software": words("Application", "Name", "Version"),
        "start_time": words("Experiment", "DateAcquired", "TimeAcquired"),
        "comments": words("Action0", "Comment"),
    }
    return {key: value for key, value in found.items() if value}
