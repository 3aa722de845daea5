"""A grid of cells to sweeps, for text tables and spreadsheets alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, TIME, Sweep
from ionscape.read.grid import Block, Row, blocks_of
from ionscape.read.heading_row import Columns, columns_above, names_a_spectrum, why_no_spectrum
from ionscape.read.headless import guessed_columns
from ionscape.read.naming import temperature_in_header
from ionscape.read.profile_table import profile_table, why_no_profile
from ionscape.read.sweeps import impedance_sweeps

Floats = NDArray[np.float64]

IMPEDANCE = "impedance"
_KELVIN = "temperature_kelvin"


@dataclass(frozen=True)
class Table:
    """What a table holds.

    Attributes
    ----------
    sweeps : tuple of Sweep
    warnings : tuple of str
    preface : tuple of str
        The lines above the headings.
    normalised : {"", "area", "resistivity"}
        Whether the impedance was given in ohm cm2 or ohm cm; the sweeps then hold the ohms of 1 cm2 (and
        1 cm).
    technique : str
        Whose columns the sweeps hold.
    """

    sweeps: tuple[Sweep, ...]
    warnings: tuple[str, ...]
    preface: tuple[str, ...]
    normalised: str = ""
    technique: str = IMPEDANCE


@dataclass(frozen=True)
class _Part:
    """The columns of one block, in SI, and a label per row if the table has a column of sweeps."""

    columns: dict[str, Floats]
    labels: list[str]
    normalised: str


def read_table(
    rows: Sequence[Row], path: Path, *, degrees: bool = False, technique: str | None = IMPEDANCE
) -> Table:
    """The sweeps of a grid of cells.

    Parameters
    ----------
    rows : sequence of Row
        In order, without blank ones.
    path : Path
        For messages.
    degrees : bool
        Whether phases without a unit are known to be in degrees.
    technique : str or None
        What the table should hold; None if its headings are to tell.

    Returns
    -------
    Table
        Where the headings name columns of another technique than the one asked for, that one's.

    Raises
    ------
    ReadError
        No numbers, no columns that belong together, or no usable point.
    """
    blocks = blocks_of(rows)
    if not blocks:
        raise ReadError(path, _no_numbers(rows))
    first = next(row.line for row in rows if row.values is not None)
    preface = tuple(row.text for row in rows if row.line < first)
    warnings: list[str] = []
    parts = list(_headed(blocks, degrees, warnings))
    if not parts or technique not in (None, IMPEDANCE):
        found = profile_table(blocks, path, None if technique == IMPEDANCE else technique)
        if found is not None:
            return Table(found.sweeps, found.warnings, preface, technique=found.technique)
        if not parts and technique not in (None, IMPEDANCE):
            raise ReadError(path, why_no_profile(blocks[0], technique), line=blocks[0].rows[0].line)
    parts = parts or [_unheaded(blocks, path, warnings)]
    sweeps, dropped = _joined(parts, path)
    normalised = next((part.normalised for part in parts if part.normalised), "")
    return Table(sweeps, tuple(dict.fromkeys([*warnings, *dropped])), preface, normalised)


def _no_numbers(rows: Sequence[Row]) -> str:
    if not rows:
        return "the file is blank"
    if any(names_a_spectrum(row) for row in rows[-3:]):
        return "headings of a spectrum but no points below: the run was stopped before the first frequency"
    return (
        "no columns of numbers (split by tab, comma, semicolon or space): this is a text, not a measurement"
    )


def _headed(blocks: Sequence[Block], degrees: bool, warnings: list[str]) -> Iterator[_Part]:
    """Parts of the blocks below headings; a block of the same width without its own takes those above."""
    columns: list[Columns] = []
    width = 0
    for block in blocks:
        grid = block.array()
        found = columns_above(block, grid)
        if found:
            columns, width = found, grid.shape[1]
        elif not columns or grid.shape[1] != width or why_no_spectrum(block, grid):
            if columns and grid.shape[0] > 2:
                rows = f"{grid.shape[0]} rows from line {block.rows[0].line}"
                warnings.append(f"{rows} belong to another table and were left out")
            continue
        for spectrum in columns:
            yield _part(
                block, _filled(grid, spectrum) if len(columns) > 1 else grid, spectrum, degrees, warnings
            )


def _filled(grid: Floats, columns: Columns) -> Floats:
    """The rows in which a spectrum that stands beside longer ones has anything."""
    needed = [column.index for column in (columns.frequency, columns.first, columns.second)]
    filled: Floats = grid[np.isfinite(grid[:, needed]).any(axis=1)]
    return filled


def _unheaded(blocks: Sequence[Block], path: Path, warnings: list[str]) -> _Part:
    block = max(blocks, key=lambda candidate: len(candidate.rows))
    grid = block.array()
    named = why_no_spectrum(block, grid)
    if named is not None:
        raise ReadError(path, named[0], line=named[1])
    return _part(block, grid, guessed_columns(block, path, warnings), True, warnings)


def _part(block: Block, grid: Floats, columns: Columns, degrees: bool, warnings: list[str]) -> _Part:
    real, imaginary = columns.impedance(grid, degrees=degrees, warnings=warnings)
    values = {FREQUENCY: columns.frequency.of(grid), REAL_IMPEDANCE: real, IMAGINARY_IMPEDANCE: imaginary}
    values |= {extra.heading.quantity: extra.of(grid) for extra in columns.kept}
    if columns.time is not None:
        values[TIME] = columns.time.of(grid)
    stated = temperature_in_header(row.text for row in block.above)
    if columns.temperature is not None:
        values[_KELVIN] = columns.temperature.of(grid)
    elif stated is not None:
        values[_KELVIN] = np.full(grid.shape[0], stated)
    labels = []
    if columns.sweep is not None:
        at = columns.sweep.index
        labels = [row.cells[at].strip() if at < len(row.cells) else "" for row in block.rows]
    return _Part(values, labels, columns.first.heading.normalised)


def _joined(parts: Sequence[_Part], path: Path) -> tuple[tuple[Sweep, ...], list[str]]:
    """Sweeps of all parts; a part, a change of label and a restart of the frequency each begin a new one."""
    shared = set.intersection(*(set(part.columns) for part in parts))
    names = [name for name in parts[0].columns if name in shared]
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in names}
    columns.pop(_KELVIN, None)
    sizes = [part.columns[FREQUENCY].size for part in parts]
    kelvin = _kelvin(parts, sizes)
    boundaries = set(np.cumsum(sizes)[:-1].tolist())
    labels = [label for part in parts for label in part.labels]
    complete = len(labels) == sum(sizes)
    if complete:
        boundaries |= {row for row in range(1, len(labels)) if labels[row] != labels[row - 1]}
    _refuse_negative(columns[FREQUENCY], path)
    return impedance_sweeps(
        columns, path, boundaries=sorted(boundaries), temperature=kelvin, labels=labels if complete else None
    )


def _kelvin(parts: Sequence[_Part], sizes: Sequence[int]) -> Floats | None:
    """Temperature of every row, NaN in the parts that state none; None if no part states one."""
    if not any(_KELVIN in part.columns for part in parts):
        return None
    unknown = (np.full(size, np.nan) for size in sizes)
    return np.concatenate([part.columns.get(_KELVIN, nan) for part, nan in zip(parts, unknown, strict=True)])


def _refuse_negative(frequency: Floats, path: Path) -> None:
    negative = int(np.count_nonzero(frequency < 0))
    if negative:
        count = f"{negative} of {frequency.size}"
        raise ReadError(path, f"{count} frequencies are negative: not a frequency column")
