"""Packed records of an .mpr file to columns, also where some of the column numbers are unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.read.biologic_columns import FIELDS, FLAG_COLUMNS

Floats = NDArray[np.float64]

WIDTHS = (4, 8, 2, 1)  # bytes that a column takes, most frequent first
MOST_LAYOUTS = 5000
LOWEST_HERTZ, HIGHEST_HERTZ = 1e-7, 1e8


def record_columns(
    numbers: Sequence[int], data: bytes, points: int, stated_bytes: int, path: Path
) -> tuple[dict[str, Floats], list[str]]:
    """Columns of packed records.

    The width of a record is ``stated_bytes / points``. It must be the sum of the columns' widths; if some column
    numbers are unknown, every split of the remaining bytes between them is tried, and the one is taken under
    which frequency, impedance and time make sense. Two different readings that both make sense are an error.

    Parameters
    ----------
    numbers : sequence of int
        Column numbers in order.
    data : bytes
        The records; may be shorter than stated where the file is cut.
    points : int
        Number of records, above zero, as the file states.
    stated_bytes : int
        Length of all records, as the file states.
    path : Path

    Returns
    -------
    columns : dict of EC-Lab label to (N,) float array
    warnings : list of str

    Raises
    ------
    ReadError
        No layout, or more than one, makes sense of the data.
    """
    unknown = [number for number in numbers if number not in FIELDS and number not in FLAG_COLUMNS]
    known = sum(FIELDS[number].width for number in numbers if number in FIELDS)
    known += any(number in FLAG_COLUMNS for number in numbers)
    width, rest = divmod(stated_bytes, points)
    if rest or width < known + len(unknown) or (width > known and not unknown):
        raise ReadError(
            path,
            f"{stated_bytes} bytes of data for {points} points do not agree with the columns {list(numbers)}: "
            "the file is damaged or of an unknown version; export it as text (.mpt)",
        )
    complete = min(points, len(data) // width)
    if complete == 0:
        raise ReadError(path, "the file is cut short before its first point")
    raw = np.frombuffer(data, dtype=np.uint8, count=complete * width).reshape(complete, width)
    columns = _only_sensible(numbers, unknown, raw, width - known, path)
    warnings = []
    if unknown:
        listed = ", ".join(map(str, unknown))
        warnings.append(f"columns of unknown kind were skipped (EC-Lab column numbers {listed})")
    if complete < points:
        warnings.append(f"the file is cut short: {complete} of {points} points could be read")
    return columns, warnings


def _only_sensible(
    numbers: Sequence[int], unknown: Sequence[int], raw: NDArray[np.uint8], spare: int, path: Path
) -> dict[str, Floats]:
    """The one reading of the records that makes sense."""
    sensible: dict[tuple[tuple[str, int], ...], dict[str, Floats]] = {}
    for count, widths in enumerate(_splits(spare, len(unknown))):
        if count >= MOST_LAYOUTS:
            raise ReadError(path, f"too many columns of unknown kind ({list(unknown)}): export the file as text (.mpt)")
        offsets = _offsets(numbers, dict(zip(unknown, widths, strict=True)))
        if offsets in sensible:
            continue
        columns = _columns(offsets, raw)
        if makes_sense(columns):
            sensible[offsets] = columns
    if len(sensible) == 1:
        return next(iter(sensible.values()))
    if not sensible:
        reason = "no reading of its records gives a plausible frequency, impedance and time"
    else:
        reason = f"the columns of unknown kind ({list(unknown)}) can be read in {len(sensible)} ways"
    raise ReadError(path, f"{reason}: the file is damaged or of an unknown version; export it as text (.mpt)")


def _splits(spare: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All ways to share `spare` bytes between `parts` columns."""
    if parts == 0:
        if spare == 0:
            yield ()
        return
    for head in product(WIDTHS, repeat=parts - 1):
        last = spare - sum(head)
        if last in WIDTHS:
            yield (*head, last)


def _offsets(numbers: Sequence[int], guessed: Mapping[int, int]) -> tuple[tuple[str, int], ...]:
    """(label, byte offset) of the known columns, in order."""
    found, position, flags_seen = [], 0, False
    for number in numbers:
        if number in FLAG_COLUMNS:
            position += 0 if flags_seen else 1
            flags_seen = True
        elif number in FIELDS:
            found.append((str(number), position))
            position += FIELDS[number].width
        else:
            position += guessed[number]
    return tuple(found)


def _columns(offsets: Sequence[tuple[str, int]], raw: NDArray[np.uint8]) -> dict[str, Floats]:
    columns = {}
    for number, offset in offsets:
        field = FIELDS[int(number)]
        packed = np.ascontiguousarray(raw[:, offset : offset + field.width])
        with np.errstate(over="ignore", invalid="ignore"):
            columns[field.label] = packed.view(field.dtype).ravel().astype(np.float64)
    return columns


def makes_sense(columns: Mapping[str, Floats]) -> bool:
    """Whether these can be one measurement: frequencies an instrument has, |Z|² = Z'² + Z''², time that runs on.

    Parameters
    ----------
    columns : mapping of EC-Lab label to (N,) float array
    """
    frequency = columns.get("freq/Hz")
    if frequency is not None:
        ac = frequency != 0.0
        inside = (frequency >= LOWEST_HERTZ) & (frequency <= HIGHEST_HERTZ)
        if not np.all(inside | ~ac) or (not _swept(frequency[ac])):
            return False
        if not _modulus_agrees(columns, ac):
            return False
    time = columns.get("time/s")
    return time is None or bool(np.all(np.isfinite(time)) and np.all(np.abs(time) < 1e10) and _runs_on(time))


def _swept(frequency: Floats) -> bool:
    """Whether most steps between neighbours go the same way, as in sweeps and never in misread bytes."""
    if frequency.size < 5:
        return True
    step = np.sign(np.diff(np.log(frequency)))
    return bool(max(np.mean(step >= 0.0), np.mean(step <= 0.0)) > 0.6)


def _runs_on(time: Floats) -> bool:
    return bool(np.mean(np.diff(time) >= 0.0) > 0.9) if time.size > 1 else True


def _modulus_agrees(columns: Mapping[str, Floats], ac: NDArray[np.bool_]) -> bool:
    """Whether |Z|, Z' and Z'' agree in nearly all rows; phase within a turn where there is one."""
    phase = columns.get("Phase(Z)/deg")
    with np.errstate(over="ignore", invalid="ignore"):
        if phase is not None and not np.all(np.abs(phase[ac]) <= 360.0):
            return False
        modulus = columns.get("|Z|/Ohm")
        real, imaginary = columns.get("Re(Z)/Ohm"), columns.get("-Im(Z)/Ohm")
        if modulus is None:
            return True
        if real is None or imaginary is None:
            return bool(np.all(modulus[ac] >= 0.0))
        square = real[ac] ** 2 + imaginary[ac] ** 2
        close = np.abs(square - modulus[ac] ** 2) <= 1e-4 * np.abs(square)
    return bool(np.mean(close) > 0.9) if close.size else True
