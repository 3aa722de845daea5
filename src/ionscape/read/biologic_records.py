"""Packed records of an .mpr file to columns, also where some of the column numbers are unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.read.biologic_columns import FIELDS, FLAG_COLUMNS
from ionscape.read.biologic_spectra import NEEDED

Floats = NDArray[np.float64]

WIDTHS = (0, 1, 2, 4, 8)  # bytes that a column may take; 0 for another bit of the flags
MOST_UNKNOWN = 5  # 5**5 splits are looked through in a few milliseconds
LOWEST_HERTZ, HIGHEST_HERTZ = 1e-7, 1e8


def record_columns(
    numbers: Sequence[int], data: bytes, points: int, stated_bytes: int, path: Path
) -> tuple[dict[str, Floats], list[str]]:
    """Columns of packed records.

    The width of a record is ``stated_bytes / points``. It must be the sum of the columns' widths; if some
    column numbers are unknown, every split of the remaining bytes between them is tried. Taken are the
    columns that stand in the same place in all splits under which frequency, impedance and time make sense.

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
        The sizes do not fit, nothing makes sense, or no column has a certain place.
    """
    unknown = [number for number in numbers if number not in FIELDS and number not in FLAG_COLUMNS]
    known = sum(FIELDS[number].width for number in numbers if number in FIELDS)
    known += any(number in FLAG_COLUMNS for number in numbers)
    width, rest = divmod(stated_bytes, points)
    if rest or width < known or (width > known and not unknown):
        raise ReadError(
            path,
            f"{stated_bytes} bytes for {points} points do not fit the columns {list(numbers)}: the file is "
            "damaged or of an unknown version; export it as text (.mpt)",
        )
    complete = min(points, len(data) // width)
    if complete == 0:
        raise ReadError(path, "the file is cut short before its first point")
    raw = np.frombuffer(data, dtype=np.uint8, count=complete * width).reshape(complete, width)
    found, unclear = _certain_columns(numbers, unknown, raw, width - known)
    if not found or not unclear.isdisjoint(NEEDED) or not makes_sense(found, guessed=bool(unknown)):
        raise ReadError(path, _why_not(unknown))
    warnings = []
    if unknown:
        warnings.append(f"columns of unknown kind left out (EC-Lab's numbers {', '.join(map(str, unknown))})")
    if unclear:
        hidden = ", ".join(sorted(unclear))
        warnings.append(f"columns left out, because unknown ones before them hide their place: {hidden}")
    if complete < points:
        warnings.append(f"the file is cut short: {complete} of {points} points could be read")
    return found, warnings


def _why_not(unknown: Sequence[int]) -> str:
    if unknown:
        return f"columns of unknown kind ({list(unknown)}) hide the place of others: export it as text (.mpt)"
    return "its frequency, impedance and time make no sense: the file is damaged, or export it as text (.mpt)"


def _certain_columns(
    numbers: Sequence[int], unknown: Sequence[int], raw: NDArray[np.uint8], spare: int
) -> tuple[dict[str, Floats], set[str]]:
    """Columns whose place is the same in every sensible reading, and the labels of the others.

    With more than `MOST_UNKNOWN` unknown columns only what stands before the first of them is certain.
    """
    if len(unknown) > MOST_UNKNOWN:
        readings = [_offsets(numbers[: numbers.index(unknown[0])], {})]
    else:
        widths = _splits(spare, len(unknown))
        tried = {_offsets(numbers, dict(zip(unknown, width, strict=True))) for width in widths}
        readings = [places for places in tried if makes_sense(_columns(places, raw), guessed=bool(unknown))]
    if not readings:
        return {}, set()
    certain = set(readings[0]).intersection(*readings[1:])
    known = {number for number in numbers if number in FIELDS}
    unclear = known - {number for number, _ in certain}
    return _columns(sorted(certain), raw), {FIELDS[number].label for number in unclear}


def _splits(spare: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All ways to share `spare` bytes between `parts` columns."""
    return (widths for widths in product(WIDTHS, repeat=parts) if sum(widths) == spare)


def _offsets(numbers: Sequence[int], guessed: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    """(column number, byte offset) of the known columns, in order."""
    found, position, flags_seen = [], 0, False
    for number in numbers:
        if number in FLAG_COLUMNS:
            position += 0 if flags_seen else 1
            flags_seen = True
        elif number in FIELDS:
            found.append((number, position))
            position += FIELDS[number].width
        else:
            position += guessed[number]
    return tuple(found)


def _columns(offsets: Sequence[tuple[int, int]], raw: NDArray[np.uint8]) -> dict[str, Floats]:
    columns = {}
    for number, offset in offsets:
        field = FIELDS[number]
        packed = np.ascontiguousarray(raw[:, offset : offset + field.width])
        with np.errstate(over="ignore", invalid="ignore"):
            columns[field.label] = packed.view(field.dtype).ravel().astype(np.float64)
    return columns


def makes_sense(columns: Mapping[str, Floats], guessed: bool) -> bool:
    """Whether these can be one measurement: real frequencies, |Z|² = Z'² + Z''², time that runs on.

    Parameters
    ----------
    columns : mapping of EC-Lab label to (N,) float array
    guessed : bool
        Whether places were guessed; then the frequency must go one way mostly, as no misread bytes do.
    """
    frequency = columns.get("freq/Hz")
    if frequency is not None:
        ac = frequency != 0.0
        inside = (frequency >= LOWEST_HERTZ) & (frequency <= HIGHEST_HERTZ)
        if not np.all(inside | ~ac) or (guessed and not (ac.any() and _swept(frequency[ac]))):
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
