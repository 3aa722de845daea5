"""Rows of an impedance table to sweeps: cut where the frequency starts over, drop what is no number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Sweep
from ionscape.read.restarts import sweep_starts

Floats = NDArray[np.float64]

LOWEST_HERTZ, HIGHEST_HERTZ = 1e-7, 1e12


def impedance_sweeps(
    columns: Mapping[str, Floats],
    path: Path,
    *,
    boundaries: Iterable[int] = (),
    temperature: Floats | None = None,
    labels: Sequence[str] | None = None,
) -> tuple[tuple[Sweep, ...], list[str]]:
    """Cut a table into sweeps and leave out the rows that are no impedance.

    Rows at zero frequency are direct-current records between sweeps and go without a word; rows whose
    frequency or impedance is not a number go with a warning.

    Parameters
    ----------
    columns : mapping of str to (N,) float arrays
        With `FREQUENCY`, `REAL_IMPEDANCE` and `IMAGINARY_IMPEDANCE`; Z'' negative for a capacitor.
    path : Path
        For the error message.
    boundaries : iterable of int
        Rows where the instrument says that a new sweep begins, beside those seen in the frequency.
    temperature : (N,) array of float, optional
        Kelvin; each sweep gets the mean of its rows.
    labels : sequence of str, optional
        One per row; a sweep takes that of its first row if these differ between all sweeps.

    Returns
    -------
    sweeps : tuple of Sweep
    warnings : list of str

    Raises
    ------
    ReadError
        No row holds an impedance at a frequency above zero.
    """
    frequency = columns[FREQUENCY]
    ac = frequency != 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        z = np.abs(columns[REAL_IMPEDANCE]) + np.abs(columns[IMAGINARY_IMPEDANCE])
        usable = ac & (frequency >= LOWEST_HERTZ) & (frequency <= HIGHEST_HERTZ) & np.isfinite(z) & (z > 0.0)
    rows = np.flatnonzero(usable)
    if rows.size == 0:
        raise ReadError(path, _why_empty(frequency, ac))
    warnings = []
    dropped = int(ac.sum()) - rows.size
    if dropped:
        warnings.append(f"{dropped} of {int(ac.sum())} points left out: no usable frequency or impedance")
    pieces = _pieces(frequency[rows], rows, boundaries)
    names = _names([rows[piece[0]] for piece in pieces], labels)
    sweeps = []
    for piece, label in zip(pieces, names, strict=True):
        mine = {key: values[rows[piece]] for key, values in columns.items()}
        sweeps.append(Sweep(mine, label, mean_kelvin(temperature, rows[piece])))
    return tuple(sweeps), warnings


def _why_empty(frequency: Floats, ac: NDArray[np.bool_]) -> str:
    if frequency.size == 0:
        return "the file holds no points: the run was stopped before the first frequency was measured"
    if not ac.any():
        return "every point is at zero frequency: a direct-current record without an impedance step"
    return "no point holds both a frequency and an impedance that are finite and not zero"


def _pieces(frequency: Floats, rows: NDArray[np.intp], boundaries: Iterable[int]) -> list[NDArray[np.intp]]:
    """Index arrays into `rows`, one per sweep."""
    stated = {int(np.searchsorted(rows, boundary)) for boundary in boundaries}
    cuts = [0, *sorted(cut for cut in stated if 0 < cut < rows.size), rows.size]
    starts = [low + start for low, high in pairwise(cuts) for start in sweep_starts(frequency[low:high])]
    return np.split(np.arange(rows.size), starts[1:])


def _names(first_rows: Sequence[int], labels: Sequence[str] | None) -> list[str]:
    if len(first_rows) == 1:
        return [""]
    if labels is not None:
        names = [labels[row] for row in first_rows]
        if len(set(names)) == len(names):
            return names
    return [str(number) for number in range(1, len(first_rows) + 1)]


def mean_kelvin(temperature: Floats | None, rows: NDArray[np.intp]) -> float | None:
    """Mean temperature [K] of some rows; None where no row states one."""
    if temperature is None:
        return None
    values = temperature[rows]
    values = values[np.isfinite(values) & (values > 0.0)]
    return float(values.mean()) if values.size else None


def numbered(sweeps: Sequence[Sweep]) -> tuple[Sweep, ...]:
    """The sweeps with labels that tell them apart: their own, or else ``"1"``, ``"2"`` ...; none for one."""
    if len(sweeps) == 1:
        return (replace(sweeps[0], label=""),)
    own = {sweep.label for sweep in sweeps}
    if "" not in own and len(own) == len(sweeps):
        return tuple(sweeps)
    return tuple(replace(sweep, label=str(number)) for number, sweep in enumerate(sweeps, start=1))
