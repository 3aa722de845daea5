"""Metrohm Autolab: NOVA's ASCII export, and the Z60W file that FRA and NOVA write for ZView."""

from __future__ import annotations

from pathlib import Path

from ionscape.core.measurement import Measurement
from ionscape.read.delimited import text_table
from ionscape.read.table_file import measurement_of
from ionscape.read.text import decode, lines_of
from ionscape.read.zplot import read_z

FORMAT = "autolab"

_Z60W = "z60w data file"


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """A Z60W file, or a first row with NOVA's headings: Frequency (Hz), Z' (Ω), -Z'' (Ω), -Phase (°)."""
    start = decode(head[:2000]).lower()
    if start.lstrip(' "\ufeff').startswith(_Z60W):
        return True
    first = start.split("\n", 1)[0]
    return "frequency (hz)" in first and "-z'' (" in first and "-phase (" in first


def read(path: Path, content: bytes) -> Measurement:
    """The spectra of an Autolab export.

    Raises
    ------
    ReadError
        No headings or no points.
    """
    lines = lines_of(content)
    if lines[0].lower().lstrip(' "').startswith(_Z60W):
        return read_z(path, lines, FORMAT)
    return measurement_of(text_table(path, content), path, FORMAT)
