"""Rows of cells: which are numbers, which are words, and which words stand above which numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes
    ----------
    line : int
        1-based, in the file or the sheet.
    cells : list of str
    values : list of float or None
        One per cell, NaN where it is no number; None for a row of words.
    text : str
        The whole line.
    """

    line: int
    cells: list[str]
    values: list[float] | None
    text: str


@dataclass
class Block:
    """Consecutive rows of numbers and the rows of words above them."""

    above: list[Row] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def array(self) -> NDArray[np.float64]:
        """(rows, columns), NaN where a row is short or a cell is no number."""
        width = max((len(row.values or ()) for row in self.rows), default=0)
        grid = np.full((len(self.rows), width), np.nan)
        for number, row in enumerate(self.rows):
            values = row.values or []
            grid[number, : len(values)] = values
        return grid


def blocks_of(rows: Sequence[Row]) -> list[Block]:
    """Runs of rows of numbers, each with the words above it."""
    blocks = [Block()]
    for row in rows:
        if row.values is not None:
            blocks[-1].rows.append(row)
            continue
        if blocks[-1].rows:
            blocks.append(Block())
        blocks[-1].above.append(row)
    return [block for block in blocks if block.rows]


def numbers_in(values: Sequence[float], cells: Sequence[str]) -> bool:
    """Whether a row is one of numbers: at least two, and at least as many as words."""
    numbers = sum(value == value for value in values)
    if numbers >= 2:
        return 2 * numbers >= sum(1 for cell in cells if cell)
    missing = sum(cell.lower() == "nan" for cell in cells)
    return missing >= 2 and numbers + missing == len(cells)
