"""Novocontrol text export (NEISYS, WinDETA): Freq.[Hz], Zs'[ohm], Zs''[ohm] below a line of fixed values."""

from __future__ import annotations

from pathlib import Path

from ionscape.core.measurement import Measurement
from ionscape.read.delimited import text_table
from ionscape.read.table_file import measurement_of
from ionscape.read.text import decode, split_lines

FORMAT = "novocontrol"


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """The headings Freq.[Hz] and Zs'[ohm]."""
    start = decode(head[:4000])
    return "Freq.[Hz]" in start and "Zs'[" in start


def read(path: Path, content: bytes) -> Measurement:
    """The spectra of a Novocontrol export.

    Raises
    ------
    ReadError
        The export holds other quantities than impedance, or no points.
    """
    measurement = measurement_of(text_table(path, content), path, FORMAT)
    title = split_lines(decode(content[:400]))[0].strip()
    if title and not title.startswith("#"):
        return Measurement(**{**vars(measurement), "metadata": {"title": title, **measurement.metadata}})
    return measurement
