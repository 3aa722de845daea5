"""Princeton Applied Research Parstat text export: one table with DC steps and AC points."""

from __future__ import annotations

from pathlib import Path

from ionscape.core.measurement import Measurement
from ionscape.read.delimited import text_table
from ionscape.read.table_file import measurement_of
from ionscape.read.text import decode

FORMAT = "parstat"


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """The headings Elapsed Time, Frequency and Zre (ohms) in the first line."""
    first = decode(head[:1000]).split("\n", 1)[0]
    return "Elapsed Time (s)" in first and "Frequency (Hz)" in first and "Zre (ohms)" in first


def read(path: Path, content: bytes) -> Measurement:
    """The spectra of a Parstat export; the DC points, at frequency zero, are left out.

    Raises
    ------
    ReadError
        No point has a frequency.
    """
    return measurement_of(text_table(path, content), path, FORMAT, metadata={})
