"""The row of headings above a block of numbers: which column is the frequency, which the impedance."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ionscape.read import columns as c
from ionscape.read.columns import Heading, heading, is_unit_row
from ionscape.read.grid import Block, Row

Floats = NDArray[np.float64]

# White space within a heading: "f (Hz)", "f / Hz", "Re Z"
_GLUE = re.compile(
    r"\s+(?=[\[({/])|(?<=[\[({/])\s+|(?<=\bre)\s+(?=z)|(?<=\bim)\s+(?=z)|(?<=\breal)\s+(?=z)", re.IGNORECASE
)
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
    """Whether a phase without a unit is in radians: it stays where a passive cell's phase is in radians."""
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


def side_by_side(headings: Sequence[tuple[int, Heading]]) -> list[Columns]:
    """The columns of each spectrum where several stand side by side, each with its own frequency."""
    starts = [n for n, (_, meaning) in enumerate(headings) if meaning.quantity == c.FREQUENCY]
    groups = [chosen(headings[a:b]) for a, b in pairwise([*starts, len(headings)])]
    complete = [group for group in groups if group is not None]
    if len(complete) > 1:
        return complete
    single = chosen(headings)
    return [single] if single else []


def columns_above(block: Block, grid: Floats) -> list[Columns]:
    """The columns that the nearest understood row of headings above a block names; empty if no row does."""
    for placed in readings_above(block, grid):
        columns = side_by_side(placed)
        if columns:
            return columns
    return []


def readings_above(
    block: Block,
    grid: Floats,
    meaning: Callable[[str, str], Heading | None] = heading,
    unit_row: Callable[[list[str]], bool] = is_unit_row,
) -> Iterator[list[tuple[int, Heading]]]:
    """Understood headings with their columns, for every row above a block, the nearest first.

    Parameters
    ----------
    block : Block
    grid : (rows, columns) float array
        Of the block.
    meaning : callable
        The meaning of a heading, given the unit below it.
    unit_row : callable
        Whether a row holds nothing but units.
    """
    for number in _nearest(block):
        yield from _readings(block.above, number, grid, meaning, unit_row)


def names_a_spectrum(row: Row) -> bool:
    """Whether a row of words holds the headings of a spectrum."""
    for cells, _ in _splits(row):
        found = ((index, heading(cell)) for index, cell in enumerate(cells))
        if chosen([(index, meaning) for index, meaning in found if meaning is not None]):
            return True
    return False


def why_no_spectrum(block: Block, grid: Floats) -> tuple[str, int] | None:
    """Reason and line if the headings above the block name no spectrum; None if there are no headings."""
    for number in _nearest(block):
        row = block.above[number]
        names = names_in(row, _occupied(grid).size)
        if is_unit_row(names or row.cells):
            continue
        if names:
            meanings = [heading(name) for name in names]
            return _reason(names, {meaning.quantity for meaning in meanings if meaning}), row.line
        known = {meaning.quantity for placed in _readings(block.above, number, grid) for _, meaning in placed}
        if known & {c.FREQUENCY, c.REAL, c.IMAGINARY, c.MODULUS} and len(known) >= 2:
            return _reason(row.cells, known), row.line
    return None


def names_in(row: Row, columns: int) -> list[str]:
    """The cells of a row that can only be headings: delimited words, one to a column; else empty."""
    for cells, at_spaces in _splits(row):
        names = [cell.strip() for cell in cells if cell.strip()]
        if at_spaces:  # may be a sentence
            continue
        words_among = sum(bool(re.search(r"[^\W\d_]", name)) and len(name) < 60 for name in names)
        wordy = words_among >= 0.7 * len(names)
        pairs = any(re.search(r"\w\s*[:=]\s*\S", name) for name in names)
        if wordy and not pairs and min(3, columns) <= len(names) <= columns + 2:
            return names
    return []


def _reason(names: Sequence[str], known: set[str]) -> str:
    listed = ", ".join(repr(name) for name in names[:8]) + (", ..." if len(names) > 8 else "")
    if c.FREQUENCY not in known:
        return f"no frequency column among the headings {listed}"
    return f"no impedance columns (Z' and Z'', or |Z| and phase) among the headings {listed}"


def _nearest(block: Block) -> range:
    last = len(block.above) - 1
    return range(last, max(-1, last - _ROWS_ABOVE), -1)


def _readings(
    above: Sequence[Row],
    number: int,
    grid: Floats,
    meaning: Callable[[str, str], Heading | None] = heading,
    unit_row: Callable[[list[str]], bool] = is_unit_row,
) -> Iterator[list[tuple[int, Heading]]]:
    """Understood headings of a row with their columns, for each way to split the row into cells."""
    below = above[number + 1] if number + 1 < len(above) else None
    units = below.cells if below is not None and unit_row(below.cells) else []
    for cells in _fitting(above[number], grid):
        places = _places(cells, grid)
        found = ((index, meaning(cell, _unit_below(units, cells, cell))) for index, cell in places)
        yield [(index, understood) for index, understood in found if understood is not None]


def _fitting(row: Row, grid: Floats) -> list[list[str]]:
    """The splits of a row that can stand over the grid's columns, those with as many cells as columns first.

    A row split at single spaces must not have more: ``Re Z (Ohm)`` may be one heading or three.
    """
    columns = _occupied(grid).size
    fitting = []
    for cells, at_spaces in _splits(row):
        excess = sum(bool(cell) for cell in cells) - columns
        if excess <= 0 or not at_spaces:
            fitting.append((excess != 0, cells))
    return [cells for _, cells in sorted(fitting, key=lambda pair: pair[0])]


def _unit_below(units: Sequence[str], cells: Sequence[str], cell: str) -> str:
    position = cells.index(cell)
    return units[position] if position < len(units) else ""


def _splits(row: Row) -> Iterator[tuple[list[str], bool]]:
    """Ways to split a row of headings, its own first, and whether that is at single spaces."""
    yield row.cells, row.cells == row.text.split() and "\t" not in row.text
    text = row.text.strip().strip('"').strip()
    for delimiter in (r"\t+", ";", ",", r"\s{2,}"):
        cells = [cell.strip() for cell in re.split(delimiter, text)]
        if len(cells) >= 2:
            yield cells, False
    yield _GLUE.sub("", text).split(), True


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
    if len(names) == len(trimmed) and len(names) == width - 1 and is_index(grid[:, 0]):
        return list(enumerate(names, start=1))  # R writes row names without a heading
    if len(names) >= occupied.size or len(names) < len(trimmed):
        return [(int(index), name) for index, name in zip(occupied, names, strict=False)]
    return list(enumerate(trimmed))


def is_index(column: Floats) -> bool:
    """Whether a column merely counts the rows, from 0 or 1."""
    return bool(column.size > 1 and np.all(np.diff(column) == 1.0) and column[0] in (0.0, 1.0))
