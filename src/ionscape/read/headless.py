"""Columns of numbers without headings: what the data themselves say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.read.columns import FREQUENCY, IMAGINARY, MODULUS, PHASE, REAL, Heading
from ionscape.read.grid import Block
from ionscape.read.heading_row import Column, Columns
from ionscape.read.restarts import sweep_starts

Floats = NDArray[np.float64]

_NAME_THEM = "name the columns in a first line, e.g. frequency_hertz, real_impedance_ohm, imaginary_impedance_ohm"


def guessed_columns(block: Block, path: Path, warnings: list[str]) -> Columns:
    """Frequency, Z' and Z'' of a block without headings; the guess is stated in a warning.

    The first column that runs like a frequency is one, the next two are the impedance. A passive cell is mostly
    capacitive, so a third column that is mostly positive is read as -Z''. One that never exceeds 180 while the
    second spans more than twenty times its largest value cannot be Z'' (Kramers-Kronig ties the two) and is read
    as a phase.

    Raises
    ------
    ReadError
        Fewer than three columns or rows, or no column that can be a frequency.
    """
    grid, line = block.array(), block.rows[0].line
    if grid.shape[1] < 3:
        raise ReadError(
            path, f"only {grid.shape[1]} columns of numbers: a spectrum needs frequency and two of impedance", line
        )
    if grid.shape[0] < 3:
        raise ReadError(path, f"only {grid.shape[0]} rows of numbers and no headings: {_NAME_THEM}", line)
    at = next((index for index in range(grid.shape[1] - 2) if _runs_like_frequency(grid, index)), None)
    if at is None:
        raise ReadError(path, f"no headings, and no column that runs like a frequency: {_NAME_THEM}", line)
    return _impedance_after(grid, at, warnings)


def _impedance_after(grid: Floats, at: int, warnings: list[str]) -> Columns:
    usable = np.isfinite(grid[:, at : at + 3]).all(axis=1)
    second, third = grid[usable, at + 1], grid[usable, at + 2]
    frequency = Column(at, Heading(FREQUENCY))
    where = f"columns {at + 1} to {at + 3}"
    if second.size and np.all(second > 0) and np.abs(third).max() <= 180 < np.ptp(second) / 20:
        if np.ptp(second) > 20 * np.abs(third).max():
            warnings.append(f"no headings: {where} were read as frequency, |Z| and phase in degrees")
            angle = Column(at + 2, Heading(PHASE, unit="degree"))
            return Columns(frequency, Column(at + 1, Heading(MODULUS)), angle, polar=True)
    mostly_positive = bool(np.mean(third > 0) > 0.5)
    sign = -1.0 if mostly_positive else 1.0
    name = "-Z'' (mostly positive, and a cell is mostly capacitive)" if mostly_positive else "Z''"
    warnings.append(f"no headings: {where} were read as frequency, Z' and {name}")
    return Columns(frequency, Column(at + 1, Heading(REAL)), Column(at + 2, Heading(IMAGINARY, sign)))


def _runs_like_frequency(grid: Floats, index: int) -> bool:
    """Positive, in one or a few sweeps, over more than a factor of two, and not evenly spaced like a time or a count."""
    column = grid[:, index]
    column = column[np.isfinite(column)]
    if column.size < 3 or np.any(column < 0) or not np.any(column > 0):
        return False
    positive = column[column > 0]
    if positive.max() < 2 * positive.min():
        return False
    steps = np.diff(column)
    if np.allclose(steps, steps[0], rtol=1e-3, atol=0.0):
        return False
    starts = [*sweep_starts(column), column.size]
    pieces = [np.diff(column[a:b]) for a, b in zip(starts[:-1], starts[1:], strict=True) if b - a > 2]
    orderly = [max(np.mean(piece >= 0), np.mean(piece <= 0)) > 0.9 for piece in pieces]
    return bool(orderly) and all(orderly)
