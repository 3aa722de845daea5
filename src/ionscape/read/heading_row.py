"""The row of headings above a block of numbers: which column is the frequency, which the impedance."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.read import columns as c
from ionscape.read.columns import Heading, heading, is_unit_row
from ionscape.read.grid import Block, Row

Floats = NDArray[np.float64]

_ROWS_ABOVE = 8  # headings stand at most so many rows above the numbers


@dataclass(frozen=True)
class Column:
    """A column whose heading is understood."""

    index: int
    heading: Heading

    def of(self, grid: Floats) -> Floats:
        """The column's values in SI (phases in degrees), (N,)."""
        if self.index >= grid.shape[1]:
            return np.full(grid.shape[0], np.nan)
        values: Floats = self.heading.factor * (grid[:, self.index] + self.heading.offset)
        return values


@dataclass(frozen=True)
class Columns:
    """Where the frequency and the impedance stand; Cartesian parts, or modulus and phase if ``polar``."""

    frequency: Column
    first: Column
    second: Column
    polar: bool = False
    time: Column | None = None
    temperature: Column | None = None
    sweep: Column | None = None
    kept: tuple[Column, ...] = ()

    def impedance(self, grid: Floats, *, degrees: bool, warnings: list[str]) -> tuple[Floats, Floats]:
        """Z' and Z'' [ohm], each (N,)."""
        first, second = self.first.of(grid), self.second.of(grid)
        if not self.polar:
            return first, second
        if not self.second.heading.unit and not degrees and _in_radians(second, warnings):
            return first * np.cos(second), first * np.sin(second)
        angle = np.deg2rad(second)
        return first * np.cos(angle), first * np.sin(angle)


def _in_radians(phase: Floats, warnings: list[str]) -> bool:
    """Whether a phase without a unit is in radians: it never leaves the range that a passive cell has in radians."""
    largest = float(np.nanmax(np.abs(phase))) if np.isfinite(phase).any() else 0.0
    if largest > 1.66:  # beyond 95 degrees in radians
        if largest < 3.2:
            warnings.append(f"the phase states no unit and reaches {largest:.2g}: read as degrees")
        return False
    warnings.append(f"the phase states no unit and stays below {largest:.2g}: read as radians")
    return True


def chosen(headings: Sequence[tuple[int, Heading]]) -> Columns | None:
    """The columns that make a spectrum; None if frequency or impedance is missing.

    Z' and Z'' go before modulus and phase; of two columns of one meaning the first counts.
    """
    first: dict[str, Column] = {}
    for index, meaning in headings:
        first.setdefault(meaning.quantity, Column(index, meaning))
    frequency = first.get(c.FREQUENCY)
    pairs = (((c.REAL, c.IMAGINARY), False), ((c.MODULUS, c.PHASE), True))
    for (one, other), polar in pairs:
        if frequency is not None and one in first and other in first:
            kept = tuple(column for name, column in first.items() if "_" in name)
            extras = {name: first.get(name) for name in (c.TIME, c.TEMPERATURE, c.SWEEP)}
            return Columns(frequency, first[one], first[other], polar, kept=kept, **extras)
    return None


def columns_above(block: Block, grid: Floats) -> Columns | None:
    """The columns that the nearest understood row of headings above a block names; None if no row does."""
    for number in _nearest(block):
        for placed in _readings(block.above, number, grid):
            columns = chosen(placed)
            if columns is not None:
                return columns
    return None


def why_no_spectrum(block: Block, grid: Floats) -> tuple[str, int] | None:
    """Reason and line if a row of headings stands above the block but names no spectrum; None if there is none."""
    for number in _nearest(block):
        row = block.above[number]
        cells = [cell.strip() for cell in row.cells if cell.strip()]
        if is_unit_row(cells):
            continue
        known = {meaning.quantity for placed in _readings(block.above, number, grid) for _, meaning in placed}
        delimited = bool(re.search(r"[\t;,]", row.text)) and len(cells) >= min(3, _occupied(grid).size)
        wordy = sum(bool(re.search(r"[^\W\d_]", cell)) and len(cell) < 60 for cell in cells) >= 0.7 * len(cells)
        if (delimited and wordy) or (known & {c.FREQUENCY, c.REAL, c.IMAGINARY, c.MODULUS} and len(known) >= 2):
            return _reason(cells, known), row.line
    return None


def _reason(names: Sequence[str], known: set[str]) -> str:
    listed = ", ".join(repr(name) for name in names[:8]) + (", ..." if len(names) > 8 else "")
    if c.FREQUENCY not in known:
        return f"no frequency column among the headings {listed}"
    return f"no impedance columns (Z' and Z'', or |Z| and phase) among the headings {listed}"


def _nearest(block: Block) -> range:
    last = len(block.above) - 1
    return range(last, max(-1, last - _ROWS_ABOVE), -1)


def _readings(above: Sequence[Row], number: int, grid: Floats) -> Iterator[list[tuple[int, Heading]]]:
    """Understood headings of a row with their columns, for each way to split the row into cells."""
    below = above[number + 1] if number + 1 < len(above) else None
    units = below.cells if below is not None and is_unit_row(below.cells) else []
    for cells in _splits(above[number]):
        places = _places(cells, grid)
        found = ((index, heading(cell, _unit_below(units, cells, cell))) for index, cell in places)
        yield [(index, meaning) for index, meaning in found if meaning is not None]


def _unit_below(units: Sequence[str], cells: Sequence[str], cell: str) -> str:
    position = cells.index(cell)
    return units[position] if position < len(units) else ""


def _splits(row: Row) -> Iterator[list[str]]:
    """Ways to split a row of headings: as its numbers are split, then by other delimiters."""
    yield row.cells
    text = row.text.strip().lstrip("#%!*/ ")
    for delimiter in (r"\t+", ";", ",", r"\s{2,}"):
        cells = [cell.strip() for cell in re.split(delimiter, text)]
        if len(cells) >= 3:
            yield cells
    glued = re.sub(r"\s+(?=[\[({/])|(?<=[\[({/])\s+", "", text)  # keep "f (Hz)" and "f / Hz" together
    yield glued.split()


def _occupied(grid: Floats) -> NDArray[np.intp]:
    return np.flatnonzero(np.isfinite(grid).any(axis=0))


def _places(cells: Sequence[str], grid: Floats) -> list[tuple[int, str]]:
    """Which column each heading stands over."""
    width = grid.shape[1]
    trimmed = list(cells)
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    if len(trimmed) == width:
        return list(enumerate(trimmed))
    names = [cell for cell in trimmed if cell]
    occupied = _occupied(grid)
    if len(names) == len(trimmed) and len(names) == width - 1 and _is_index(grid[:, 0]):
        return list(enumerate(names, start=1))  # R writes row names without a heading
    if len(names) >= occupied.size or len(names) < len(trimmed):
        return [(int(index), name) for index, name in zip(occupied, names, strict=False)]
    return list(enumerate(trimmed))


def _is_index(column: Floats) -> bool:
    return bool(column.size > 1 and np.all(np.diff(column) == 1.0) and column[0] in (0.0, 1.0))
