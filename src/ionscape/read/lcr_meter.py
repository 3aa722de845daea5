"""Logs of an LCR meter in polar form: sample area and thickness, then F[Hz], Z[Ohm], Theta in degrees."""

from __future__ import annotations

from pathlib import Path

from ionscape.core.measurement import Measurement
from ionscape.read.delimited import text_table
from ionscape.read.table_file import measurement_of
from ionscape.read.text import decode

FORMAT = "lcr-meter"


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """The header states Sample Area, the headings are F[Hz], Z[Ohm], Theta."""
    start = decode(head[:2000])
    return "Sample Area" in start and "F[Hz]" in start and "Z[Ohm]" in start and "Theta" in start


def read(path: Path, content: bytes) -> Measurement:
    """The spectrum of an LCR-meter log; an area or thickness of zero means that nobody typed it in.

    Raises
    ------
    ReadError
        No points below the headings.
    """
    return measurement_of(text_table(path, content, degrees=True), path, FORMAT)
