"""A logged current or voltage: a table of two columns, with the units in their headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ionscape.core.errors import InputError, ReadError, UnitError
from ionscape.core.quantity import Dimension, named_dimension, unit_scale
from ionscape.replacement.programme import Trace

Logged = Literal["current density", "current", "voltage"]
_DRIVES: tuple[Logged, ...] = ("current density", "current", "voltage")
_AREA = re.compile(r"(?<=[cmµuμn]m|/m)\^?(-?2)\b")
_EXAMPLE = "name them e.g. 'time (s), current density (nA/cm^2)'"


@dataclass(frozen=True)
class LoggedDrive:
    """What drove an experiment, as it was logged.

    Attributes
    ----------
    trace : Trace
        From the first logged moment: [A/m^2], [A] or [V].
    quantity : "current density", "current" or "voltage"
    duration : float
        [s] between the first and the last point.
    """

    trace: Trace
    quantity: Logged
    duration: float


def logged_drive(path: str | Path) -> LoggedDrive:
    """Read a table of time and current, current density or voltage.

    Parameters
    ----------
    path : str or Path
        Text table in any dialect; further columns are left out.

    Raises
    ------
    ReadError
        If the file cannot be read, no headings with units name the two columns, or time does not increase.
    """
    from ionscape.read.delimited import rows_of
    from ionscape.read.grid import blocks_of
    from ionscape.read.text import lines_of, looks_like_text

    file = Path(path)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ReadError(file, f"the logged current cannot be read: {error.strerror or error}") from error
    if not looks_like_text(content[:65536]):
        raise ReadError(file, "the logged current must be a text table: export it as csv")
    for block in blocks_of(rows_of(lines_of(content))):
        for row in reversed(block.above):
            found = _drive_of(row.cells, block.array(), file, block.rows[0].line)
            if found is not None:
                return found
    raise ReadError(file, f"no columns of time and of current, current density or voltage: {_EXAMPLE}")


def _drive_of(
    headings: list[str], grid: np.ndarray[tuple[int, ...], np.dtype[np.float64]], file: Path, line: int
) -> LoggedDrive | None:
    """The drive under a row of headings; None if they do not name one."""
    units = [_unit_of(heading) for heading in headings[: grid.shape[1]]]
    time = _first(units, named_dimension("time"))
    drive = next(
        ((name, at) for name in _DRIVES if (at := _first(units, named_dimension(name))) is not None), None
    )
    if time is None or drive is None:
        return None
    name, (column, factor) = drive
    kept = np.isfinite(grid[:, time[0]]) & np.isfinite(grid[:, column])
    seconds, values = grid[kept, time[0]] * time[1], grid[kept, column] * factor
    if seconds.size < 2:
        raise ReadError(file, "a logged current needs at least two points", line)
    if not np.all(np.diff(seconds) > 0):
        late = int(np.argmax(np.diff(seconds) <= 0)) + 1
        raise ReadError(file, f"the time {seconds[late]:g} s does not increase: sort the rows", line + late)
    try:
        trace = Trace(seconds - seconds[0], values)
    except InputError as error:
        raise ReadError(file, str(error), line) from error
    return LoggedDrive(trace, name, float(seconds[-1] - seconds[0]))


def _first(units: list[tuple[float, Dimension] | None], wanted: Dimension) -> tuple[int, float] | None:
    """Index and factor of the first column of a dimension."""
    for index, unit in enumerate(units):
        if unit is not None and unit[1] == wanted:
            return index, unit[0]
    return None


def _unit_of(heading: str) -> tuple[float, Dimension] | None:
    """Factor to SI and dimension of the unit that a heading ends with; None if it states none."""
    from ionscape.read.columns import UNIT_PLACES

    for place in UNIT_PLACES:
        match = place.fullmatch(heading.strip())
        if match is None:
            continue
        text = match[2].strip()
        try:
            factor, offset, dimension = unit_scale(_AREA.sub(r"^\1", text))
        except UnitError:
            continue
        if offset == 0 and any(dimension):
            return factor, dimension
    return None
