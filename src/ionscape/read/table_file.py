"""A table and the words around it to a Measurement: temperature, geometry, metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ionscape.core.measurement import Measurement
from ionscape.read.naming import Geometry, geometry_in_header, temperature_in_header
from ionscape.read.table import Table

_PAIR = re.compile(r"\s*\"?([A-Za-zÄÖÜäöü][^:=\t]{1,60}?)\s*[:=]\s*(\S.*?)\"?\s*$")
_MOST_PAIRS = 200

_CENTIMETRE, _SQUARE_CENTIMETRE = 1e-2, 1e-4


def pairs_in(lines: Iterable[str]) -> dict[str, str]:
    """``name: value`` and ``name = value`` lines of a header; the first of a name counts."""
    pairs: dict[str, str] = {}
    for line in lines:
        match = _PAIR.match(line)
        if match and len(pairs) < _MOST_PAIRS:
            pairs.setdefault(match[1].strip(), match[2].strip())
    return pairs


def measurement_of(
    table: Table,
    path: Path,
    name: str,
    *,
    metadata: Mapping[str, str] | None = None,
    warnings: Iterable[str] = (),
) -> Measurement:
    """The measurement that a table and the lines above it describe.

    Parameters
    ----------
    table : Table
    path : Path
    name : str
        Of the format.
    metadata : mapping of str to str, optional
        Instead of the pairs found in the preface.
    warnings : iterable of str
        Beside those of the table.
    """
    geometry = geometry_in_header(table.preface)
    notes = [*table.warnings, *warnings]
    if table.normalised:
        geometry = _unit_geometry(table.normalised, notes)
    return Measurement(
        source=path,
        technique=table.technique,
        format=name,
        sweeps=table.sweeps,
        temperature_kelvin=temperature_in_header(table.preface),
        thickness_metre=geometry.thickness_metre,
        area_square_metre=geometry.area_square_metre,
        metadata=pairs_in(table.preface) if metadata is None else metadata,
        warnings=tuple(notes),
    )


def _unit_geometry(normalised: str, notes: list[str]) -> Geometry:
    """The geometry with which an impedance per area, or a resistivity, is one in ohm."""
    if normalised == "area":
        notes.append("the impedance is given per area (ohm cm2): read as that of an electrode of 1 cm2")
        return Geometry(None, _SQUARE_CENTIMETRE)
    notes.append("the impedance is given as a resistivity (ohm cm): read as that of 1 cm thickness and 1 cm2")
    return Geometry(_CENTIMETRE, _SQUARE_CENTIMETRE)
