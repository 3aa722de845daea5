"""Autolab FRA text (.dfr): a version, the number of points, then nine numbers per point, one to a line.

The first three are frequency, Z' and -Z''; what the other six are is not documented, and they are not read.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ionscape.core.errors import ReadError
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Measurement
from ionscape.read.sweeps import impedance_sweeps
from ionscape.read.text import floats, lines_of

FORMAT = "autolab-dfr"

FIRST_POINT = 3  # lines before it: version, number of points, one more number
VALUES_PER_POINT = 9
VERSION = re.compile(rb"\s*VERSION\s*\d+(\.\d+)?\s*[\r\n]+\s*\d+\s*[\r\n]")


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """Whether the file begins with a version and a lone count."""
    return VERSION.match(head[:200]) is not None


def read(path: Path, content: bytes) -> Measurement:
    """The spectrum of a .dfr file.

    Raises
    ------
    ReadError
        No count of points, or a line of the points that is no number.
    """
    lines = lines_of(content)
    count = lines[1].strip() if len(lines) > 1 else ""
    if not count.isdecimal() or len(count) > 9:
        raise ReadError(path, "the number of points should stand in the second line", line=2)
    available = min(int(count), (len(lines) - FIRST_POINT) // VALUES_PER_POINT)
    points = np.empty((max(available, 0), VALUES_PER_POINT))
    for index in range(len(points)):
        first = FIRST_POINT + index * VALUES_PER_POINT
        values = floats(lines[first : first + VALUES_PER_POINT])
        if values is None:
            raise ReadError(
                path, f"nine numbers should stand here, one to a line, for point {index + 1}", line=first + 1
            )
        points[index] = values
    columns = {FREQUENCY: points[:, 0], REAL_IMPEDANCE: points[:, 1], IMAGINARY_IMPEDANCE: -points[:, 2]}
    sweeps, warnings = impedance_sweeps(columns, path)
    if available < int(count):
        warnings.append(f"the file is cut short: {available} of {int(count)} points could be read")
    return Measurement(
        source=path,
        technique="impedance",
        format=FORMAT,
        sweeps=sweeps,
        metadata={"software": f"Autolab FRA, file {lines[0].strip()}"},
        warnings=tuple(warnings),
    )
