"""Columns of numbers without headings: what the data themselves say."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.read.columns import FREQUENCY, IMAGINARY, MODULUS, PHASE, REAL, Heading
from ionscape.read.grid import Block
from ionscape.read.heading_row import Column, Columns, is_index
from ionscape.read.restarts import sweep_starts

Floats = NDArray[np.float64]

_NAME_THEM = (
    "name the columns in a first line, e.g. frequency_hertz, real_impedance_ohm, imaginary_impedance_ohm"
)


def guessed_columns(block: Block, path: Path, warnings: list[str]) -> Columns:
    """Frequency, Z' and Z'' of a block without headings; the guess is stated in a warning.

    The first column, after a counting one, must run like a frequency; the next two are the impedance. A
    passive cell is mostly capacitive, so a third column that is mostly positive is read as -Z''; columns that
    can only be modulus and phase are read as these.

    Raises
    ------
    ReadError
        Fewer than three columns or rows, or a first column that cannot be a frequency.
    """
    grid, line = block.array(), block.rows[0].line
    if grid.shape[1] < 3:
        raise ReadError(
            path,
            f"only {grid.shape[1]} columns of numbers: a spectrum needs frequency and two of impedance",
            line,
        )
    if grid.shape[0] < 3:
        raise ReadError(path, f"only {grid.shape[0]} rows of numbers and no headings: {_NAME_THEM}", line)
    at = _first_quantity(grid)
    if at > grid.shape[1] - 3 or not _runs_like_frequency(grid[:, at]):
        raise ReadError(
            path, f"no headings, and the first column does not run like a frequency: {_NAME_THEM}", line
        )
    return _impedance_after(grid, at, path, warnings)


def _impedance_after(grid: Floats, at: int, path: Path, warnings: list[str]) -> Columns:
    usable = np.isfinite(grid[:, at : at + 3]).all(axis=1)
    if not usable.any():
        raise ReadError(path, f"no row holds three numbers from column {at + 1} on")
    second, third = grid[usable, at + 1], grid[usable, at + 2]
    frequency = Column(at, Heading(FREQUENCY))
    where = f"columns {at + 1} to {at + 3}"
    if _is_polar(grid[usable, at], second, third):
        warnings.append(f"no headings: {where} were read as frequency, |Z| and phase in degrees")
        angle = Column(at + 2, Heading(PHASE, unit="degree"))
        return Columns(frequency, Column(at + 1, Heading(MODULUS)), angle, polar=True)
    mostly_positive = bool(np.mean(third > 0) > 0.5)
    sign = -1.0 if mostly_positive else 1.0
    name = "-Z'' (mostly positive, and a cell is mostly capacitive)" if mostly_positive else "Z''"
    warnings.append(f"no headings: {where} were read as frequency, Z' and {name}")
    return Columns(frequency, Column(at + 1, Heading(REAL)), Column(at + 2, Heading(IMAGINARY, sign)))


def _is_polar(frequency: Floats, second: Floats, third: Floats) -> bool:
    """Whether two columns can only be modulus and phase in degrees.

    Kramers-Kronig: a Z' that changes by R needs a Z'' of at least R/20 somewhere, if its arc is not flatter
    than that of a CPE of exponent 0.13; and a modulus that changes by d decades over D needs a phase of about
    90 d/D degrees.
    """
    largest = float(np.abs(third).max())
    if np.any(second <= 0) or largest > 180 or np.ptp(second) <= 20 * largest:
        return False
    decades = float(np.log10(frequency.max() / frequency[frequency > 0].min()))
    return largest > 30 * float(np.log10(second.max() / second.min())) / decades


def _first_quantity(grid: Floats) -> int:
    """Index of the first column of numbers that does not merely count the rows."""
    occupied = np.flatnonzero(np.isfinite(grid).any(axis=0))
    first = int(occupied[0])
    return int(occupied[1]) if grid.shape[1] > 3 and is_index(grid[:, first]) else first


def _runs_like_frequency(column: Floats) -> bool:
    """Positive, in few sweeps, over more than a factor of two, not evenly spaced like a time or a count."""
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
    pieces = [np.diff(column[a:b]) for a, b in pairwise(starts) if b - a > 2]
    orderly = [max(np.mean(piece >= 0), np.mean(piece <= 0)) > 0.9 for piece in pieces]
    return bool(orderly) and all(orderly)
