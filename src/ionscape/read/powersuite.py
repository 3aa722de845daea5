"""Princeton Applied Research PowerSuite text export: Frequency, Zre, Zimg."""

from __future__ import annotations

from pathlib import Path

from ionscape.core.measurement import Measurement
from ionscape.read.delimited import text_table
from ionscape.read.table_file import measurement_of
from ionscape.read.text import decode, split_lines

FORMAT = "powersuite"


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """The first line reads Frequency, Zre, Zimg."""
    return split_lines(decode(head[:200]))[0].split() == ["Frequency", "Zre", "Zimg"]


def read(path: Path, content: bytes) -> Measurement:
    """The spectra of a PowerSuite export.

    Raises
    ------
    ReadError
        No points below the headings.
    """
    return measurement_of(text_table(path, content), path, FORMAT, metadata={})
