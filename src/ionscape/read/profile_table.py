"""Tables of tracer profiles, of echo decays and of profiles of several elements, told by their headings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.core import measurement as m
from ionscape.core.errors import ReadError
from ionscape.core.measurement import Sweep
from ionscape.read.columns import SWEEP, TEMPERATURE
from ionscape.read.grid import Block
from ionscape.read.heading_row import Column, is_index, names_in, readings_above
from ionscape.read.isotope_names import isotopes_in
from ionscape.read.naming import temperature_in_header
from ionscape.read.profile_checks import fault_in
from ionscape.read.quantity_headings import (
    RATE,
    SECOND_POSITION,
    UNCERTAINTY,
    is_quantity_unit_row,
    needs_unit,
    quantity_heading,
)
from ionscape.read.species_headings import element_of, species_heading
from ionscape.read.sweeps import mean_kelvin, numbered

Floats = NDArray[np.float64]

TRACER, NMR, REPLACEMENT = "tracer", "nmr", "replacement"
_PLACES = (m.POSITION, m.SPUTTER_TIME)
_KEPT = {
    TRACER: (*_PLACES, m.FRACTION, m.FRACTION_UNCERTAINTY),
    NMR: (m.GRADIENT, m.GRADIENT_PULSE, m.DIFFUSION_TIME, m.B_VALUE, m.INTENSITY, m.INTENSITY_UNCERTAINTY),
    REPLACEMENT: _PLACES,
}
_AMOUNTS = {
    TRACER: (m.COUNTS, RATE),
    NMR: (),
    REPLACEMENT: (m.COUNTS, RATE, m.SPECIES_FRACTION),  # which begins the name of its uncertainty too
}
_UNIT_EXAMPLES = {
    m.POSITION: "depth (nm)",
    m.SPUTTER_TIME: "sputter time (s)",
    m.GRADIENT: "g (T/m)",
    m.B_VALUE: "b (s/m2)",
    m.GRADIENT_PULSE: "gradient pulse (ms)",
    m.DIFFUSION_TIME: "diffusion time (ms)",
}
_NAME_THEM = {
    TRACER: "a tracer profile needs a column of position or sputter time and either counts per isotope or "
    "the isotope fraction; name them e.g. 'depth (nm), 6Li, 7Li' or 'position (um), isotope_fraction'",
    NMR: "an echo decay needs a column of gradient strength or b-value and one of intensity; name them e.g. "
    "'g (T/m), intensity' or 'b (s/m2), intensity'",
    REPLACEMENT: "a profile of replaced ions needs a column of depth or sputter time and the counts of the "
    "native and the foreign ion; name them e.g. 'depth (nm), 7Li, 133Cs, 11B' or 'depth (nm), Li fraction, "
    "Li fraction uncertainty'",
}


@dataclass(frozen=True)
class ProfileTable:
    """What the headings of a table made of it."""

    technique: str
    sweeps: tuple[Sweep, ...]
    warnings: tuple[str, ...]


def profile_table(blocks: Sequence[Block], path: Path, technique: str | None) -> ProfileTable | None:
    """The profiles or decays of a table; None if no row of headings names the columns of one.

    Each block of numbers with headings of its own is a sweep; a column of labels splits it further.
    Gradients, pulse lengths and diffusion times of several decays stay together in one sweep.

    Parameters
    ----------
    blocks : sequence of Block
    path : Path
        For messages.
    technique : {"tracer", "nmr", "replacement", None}
        The one to look for first; None: the headings tell.

    Raises
    ------
    ReadError
        A column whose unit is not stated, counts that are none, or positions that do not increase.
    """
    order = dict.fromkeys(name for name in (technique, *_unasked(blocks, technique)) if name in _KEPT)
    for wanted in order:
        warnings: list[str] = []
        sweeps = [sweep for block in blocks for sweep in _sweeps_of(block, str(wanted), path, warnings)]
        if sweeps:
            # of a single sweep only the label matters that tells its nucleus
            told = len(sweeps) == 1 and bool(isotopes_in(sweeps[0].label))
            kept = tuple(sweeps) if told else numbered(sweeps)
            return ProfileTable(str(wanted), kept, tuple(dict.fromkeys(warnings)))
    return None


def _unasked(blocks: Sequence[Block], technique: str | None) -> tuple[str, ...]:
    """The techniques to look for where none is asked for, or after the one that is.

    Counts of several elements, none of which has two isotopes, make no isotope fraction.
    """
    for block in blocks:
        for placed in readings_above(block, block.array(), species_heading, is_quantity_unit_row):
            names = [meaning.quantity for _, meaning in placed]
            elements = [element_of(name.removeprefix(m.COUNTS)) for name in names
                        if name.startswith(m.COUNTS)]  # fmt: skip
            several = len(elements) > 1 or any(name.startswith(m.SPECIES_FRACTION) for name in names)
            if several and any(name in _PLACES for name in names):
                apart = technique is None and 1 < len(elements) == len(set(elements))
                return (REPLACEMENT, TRACER, NMR) if apart else (TRACER, NMR, REPLACEMENT)
    return (TRACER, NMR)


def why_no_profile(block: Block, technique: str) -> str:
    """Why the headings above a block of numbers make no profile or decay."""
    if technique not in _NAME_THEM:
        return f"a table cannot hold what {technique} needs"
    for row in reversed(block.above):
        names = names_in(row, block.array().shape[1])
        if names and not is_quantity_unit_row(names):
            listed = ", ".join(repr(name) for name in names[:8]) + (", ..." if len(names) > 8 else "")
            return f"of the headings {listed} too few are understood: {_NAME_THEM[technique]}"
    return f"no headings: {_NAME_THEM[technique]}"


def _sweeps_of(block: Block, technique: str, path: Path, warnings: list[str]) -> Iterator[Sweep]:
    grid = block.array()
    meaning = species_heading if technique == REPLACEMENT else quantity_heading
    for placed in readings_above(block, grid, meaning, is_quantity_unit_row):
        columns = _chosen([Column(index, meaning) for index, meaning in placed], technique)
        if columns:
            _refuse_unclear(columns, path, block)
            warnings.extend(_left_out(grid, columns))
            yield from _split(block, grid, columns, technique, path, warnings)
            return


def _left_out(grid: Floats, columns: dict[str, Column]) -> list[str]:
    """What to say of columns of numbers that are not used and do not merely count the rows."""
    used = {column.index for column in columns.values()}
    rest = [
        index for index in range(grid.shape[1]) if index not in used and np.isfinite(grid[:, index]).any()
    ]
    told = ", ".join(str(index + 1) for index in rest if not is_index(grid[:, index]))
    return [f"columns left out, as their headings are not understood: number {told}"] if told else []


def _chosen(found: Sequence[Column], technique: str) -> dict[str, Column]:
    """The columns that make a profile or a decay, by name; empty if they do not."""
    columns: dict[str, Column] = {}
    for column in found:
        name = column.heading.quantity
        if name == UNCERTAINTY:
            name = m.FRACTION_UNCERTAINTY if technique == TRACER else m.INTENSITY_UNCERTAINTY
        columns.setdefault(name, column)
    if m.POSITION not in columns and SECOND_POSITION in columns:
        columns[m.POSITION] = columns.pop(SECOND_POSITION)
    counts = [name for name in columns if name.startswith(_AMOUNTS[technique])]
    if technique == NMR:
        complete = m.INTENSITY in columns and (m.GRADIENT in columns or m.B_VALUE in columns)
    else:
        complete = any(name in columns for name in _PLACES) and bool(counts or m.FRACTION in columns)
    if not complete:
        return {}
    kept = [
        *_KEPT[technique],
        *counts,
        SWEEP,
        TEMPERATURE,
        *([SECOND_POSITION] if technique != NMR else []),
    ]
    return {name: column for name, column in columns.items() if name in kept}


def _refuse_unclear(columns: dict[str, Column], path: Path, block: Block) -> None:
    line = block.above[-1].line if block.above else block.rows[0].line
    if SECOND_POSITION in columns:
        reason = (
            "a table of pixels with x and y: save the image as .npz or .tif, or export it from SurfaceLab"
        )
        raise ReadError(path, reason, line)
    for name, column in columns.items():
        if name.startswith(RATE):
            isotope = name.removeprefix(RATE)
            reason = f"{isotope} is given as counts per second: give counts, rate times counting time"
            raise ReadError(path, reason, line)
        if needs_unit(name) and not column.heading.unit:
            raise ReadError(
                path, f"no unit is stated for the {_words(name)}: write e.g. {_UNIT_EXAMPLES[name]!r}", line
            )
        if column.heading.unit == "%" and name == m.GRADIENT:
            reason = "the gradient is in % of a maximum that the table does not state: give it in T/m or G/cm"
            raise ReadError(path, reason, line)


def _words(name: str) -> str:
    return {m.B_VALUE: "b-value", m.GRADIENT: "gradient strength"}.get(
        name, name.rsplit("_", 1)[0].replace("_", " ")
    )


def _split(
    block: Block, grid: Floats, columns: dict[str, Column], technique: str, path: Path, warnings: list[str]
) -> Iterator[Sweep]:
    """The sweeps of one block: one, or one per label."""
    labels = _labels(block, columns.get(SWEEP))
    kelvin = columns.get(TEMPERATURE)
    stated = temperature_in_header(row.text for row in block.above)
    values = {name: column.of(grid) for name, column in columns.items() if name not in (SWEEP, TEMPERATURE)}
    _share_percent(values, columns)
    complete = np.all([np.isfinite(column) for column in values.values()], axis=0)
    if dropped := int(np.count_nonzero(~complete)):
        warnings.append(f"{dropped} of {complete.size} rows left out: a number is missing")
    starts = [0, *(row for row in range(1, len(labels)) if labels[row] != labels[row - 1]), len(block.rows)]
    for low, high in pairwise(starts):
        rows = low + np.flatnonzero(complete[low:high])
        if not rows.size:
            continue
        mine = {name: column[rows] for name, column in values.items()}
        fault = fault_in(mine, whole=technique != REPLACEMENT)
        if fault is not None:
            raise ReadError(path, fault.reason, line=block.rows[rows[fault.point]].line)
        own = mean_kelvin(None if kelvin is None else kelvin.of(grid), rows)
        yield Sweep(mine, labels[low] if labels else "", stated if own is None else own)


def _labels(block: Block, column: Column | None) -> list[str]:
    if column is None:
        return []
    at = column.index
    return [row.cells[at].strip() if at < len(row.cells) else "" for row in block.rows]


def _share_percent(values: dict[str, Floats], columns: dict[str, Column]) -> None:
    """An uncertainty without a unit stands in that of its fraction."""
    pairs = {m.FRACTION_UNCERTAINTY: m.FRACTION}
    pairs |= {name: name.replace(m.SPECIES_FRACTION_UNCERTAINTY, m.SPECIES_FRACTION) for name in values
              if name.startswith(m.SPECIES_FRACTION_UNCERTAINTY)}  # fmt: skip
    for deviation, fraction in pairs.items():
        if deviation in values and fraction in values and not columns[deviation].heading.unit:
            values[deviation] = values[deviation] * columns[fraction].heading.factor
