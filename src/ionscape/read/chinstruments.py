"""CH Instruments text files (.txt, .csv) of an A.C. impedance measurement."""

from __future__ import annotations

from pathlib import Path

from ionscape.core.measurement import Measurement
from ionscape.read.delimited import text_table
from ionscape.read.table_file import measurement_of
from ionscape.read.text import decode

FORMAT = "chinstruments"


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """A CHI model and the words A.C. Impedance (or its relatives) stand in the header."""
    start = decode(head[:4000])
    return "Instrument Model:" in start and "CHI" in start and "Impedance" in start


def read(path: Path, content: bytes) -> Measurement:
    """The spectra of a CH Instruments file.

    Raises
    ------
    ReadError
        No headings with Freq and Z', or no points.
    """
    return measurement_of(text_table(path, content), path, FORMAT)
