"""Quantities arranged for a reader: those of a whole series as a list, those of its items by temperature."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ionscape.core.coefficient import symbol_of
from ionscape.core.estimate import Estimate
from ionscape.core.number_format import (
    format_estimate,
    format_interval,
    format_name,
    format_number,
    format_unit,
    format_value,
    spans_powers,
    with_unit,
)
from ionscape.core.quantity import dimension_of, field_unit, named_dimension, to_field
from ionscape.core.sample import Sample
from ionscape.report.results_table import ResultRow

# What a reader looks for first; a name that starts so counts.
MAIN = (
    "conductivity", "activation_energy", "diffusion_coefficient", "haven_ratio", "boundary_permeability",
    "boundary_diffusion_coefficient", "surface_exchange_coefficient", "apparent_carrier_density",
    "carrier_density", "mobility", "migration_enthalpy", "formation_enthalpy", "volume_fraction",
    "tortuosity", "effective_conductivity_ratio", "plateau_fraction", "front_depth", "site_energy_fwhm",
    "diffusion_ratio",
    "critical_current_density", "loss_tangent", "yield_pressure",
)  # fmt: skip
MAX_ROWS = 200
MAX_HEADLINE_COLUMNS = 5

_ION = re.compile(r"[A-Z][a-z]?\d*[+-](?: \(.*\))?")
"""An item that is an ion stands for its own line: which ion it is must not be lost."""

_LENGTHS = ((1e-4, "cm"), (1e-7, "um"), (0.0, "nm"))
_SAMPLE_UNITS = {"area": "cm^2", "density": "g/cm^3", "number density": "cm^-3"}


@dataclass(frozen=True)
class Cell:
    """One printed cell: its text, the letter of its note, its status, a full name, the unit of a column."""

    text: str
    mark: str = ""
    status: str = ""
    title: str = ""
    unit: str = ""


@dataclass(frozen=True)
class ValueTable:
    """A printed table: column heads, rows of cells, lettered notes, and how many rows were left out."""

    columns: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[tuple[str, str], ...] = ()
    left_out: int = 0


@dataclass
class _Notes:
    """Letters for the reasons in one table, each reason once."""

    letters: dict[str, str] = field(default_factory=dict)

    def mark(self, reason: str) -> str:
        if not reason:
            return ""
        return self.letters.setdefault(reason, _letter(len(self.letters)))

    @property
    def listed(self) -> tuple[tuple[str, str], ...]:
        return tuple((letter, reason) for reason, letter in self.letters.items())


def is_main(row: ResultRow) -> bool:
    """Whether it belongs among the answers at the top of the page."""
    return row.quantity.startswith(MAIN)


def split_rows(
    rows: Sequence[ResultRow], of_results: Collection[str] = ()
) -> tuple[list[ResultRow], list[ResultRow]]:
    """Rows of a whole series, and rows of its single items.

    Where the item is itself a quantity of the study (the line through ``conductivity_bulk``), the row
    tells of that quantity's whole series; so does a row without a temperature of an analysis of results
    (``of_results``: their names).
    """
    quantities = {row.quantity for row in rows}

    def is_whole(row: ResultRow) -> bool:
        summary = row.temperature is None and row.analysis in of_results
        return not row.item or row.item in quantities or summary

    return [row for row in rows if is_whole(row)], [row for row in rows if not is_whole(row)]


def series_table(whole: Sequence[ResultRow], *, with_analysis: bool = False) -> ValueTable | None:
    """Quantities that belong to no single item: name, value, 95 % interval; None if there are none."""
    if not whole:
        return None
    notes = _Notes()
    samples = len({row.sample for row in whole}) > 1
    heads = ["Quantity", *(["Sample"] if samples else []), "Value ± 1 SD", "95 % interval",
             *(["Analysis"] if with_analysis else [])]  # fmt: skip
    printed = []
    for row in whole[:MAX_ROWS]:
        name = row.name
        if row.item and row.item != row.quantity:
            kind = f", {symbol_of(row.kind, row.channel)}" if row.kind else ""
            item = row.item.removesuffix(kind)
            name += f", {format_name(item) if item.partition(', ')[0].isidentifier() else item}"
        if row.temperature is not None:
            name += f" at {celsius(row.temperature)} °C"
        value = value_cell(row, notes, unit=True)
        cells = [Cell(name, title=row.quantity), *([Cell(row.sample)] if samples else []), value,
                 Cell(_interval(row)), *([Cell(row.analysis)] if with_analysis else [])]  # fmt: skip
        printed.append(tuple(cells))
    columns = tuple(Cell(head) for head in heads)
    return ValueTable(columns, tuple(printed), notes.listed, max(len(whole) - MAX_ROWS, 0))


def item_table(
    own: Sequence[ResultRow], *, max_columns: int | None = None, items: bool = True
) -> ValueTable | None:
    """Quantities of single items, one line per item, from cold to hot; None if there are none.

    Parameters
    ----------
    own : sequence of ResultRow
        Of one sample.
    max_columns : int, optional
        Keeps the first quantities only.
    items : bool
        Whether the items' labels are printed also where temperatures tell the lines apart.
    """
    columns = list(dict.fromkeys(map(_column, own)))[:max_columns]
    lines: _Lines = {}
    for row in own:
        key = (math.inf if row.temperature is None else row.temperature.value, row.item)
        if _column(row) in columns:
            lines.setdefault(key, {})[_column(row)] = row
    if not items:
        lines = _merged(lines)
    if not lines:
        return None
    order = sorted(lines, key=lambda key: key[0])  # items at one temperature stay in the study's order
    known = order[0][0] < math.inf
    labelled = items or not known or len({t for t, _ in order}) < len(order)
    labelled = labelled or any(_ION.fullmatch(item) for _, item in order)
    powers = {c: spans_powers(_shown_values(own, c)) for c in columns}
    notes = _Notes()
    printed = []
    for key in order[:MAX_ROWS]:
        line = lines[key]
        alone = not items and known and sum(other[0] == key[0] for other in order) == 1
        alone = alone and not _ION.fullmatch(key[1])
        cells = [Cell("" if alone else key[1])] if labelled else []
        cells += _temperature_cells(line.values()) if known else []
        cells += [value_cell(line[c], notes, power=powers[c]) if c in line else Cell("") for c in columns]
        printed.append(tuple(cells))
    heads = [Cell("Item")] if labelled else []
    heads += [Cell("T", unit="°C"), Cell("T", unit="K")] if known else []
    several = len({column[0] for column in columns}) > 1
    heads += [_column_head(column, analysis=several) for column in columns]
    return ValueTable(tuple(heads), tuple(printed), notes.listed, max(len(order) - MAX_ROWS, 0))


def _merged(lines: _Lines) -> _Lines:
    """What different analyses say at one temperature, in one line; items that say the same keep their own."""
    found: _Lines = {}
    for (kelvin, item), line in lines.items():
        first = next((key for key in found if key[0] == kelvin and not _ION.fullmatch(key[1])), None)
        own = kelvin == math.inf or _ION.fullmatch(item) is not None
        if first is None or own or set(found[first]) & set(line):
            found.setdefault((kelvin, item), {}).update(line)
        else:
            found[first].update(line)
    return found


def value_cell(row: ResultRow, notes: _Notes, *, unit: bool = False, power: bool = False) -> Cell:
    """A value as printed; the reason behind anything but a determined value goes into the notes."""
    text = format_estimate(row.estimate, row.unit, scientific=power)
    if unit:
        text = with_unit(text, row.unit)
    return Cell(text, notes.mark(row.estimate.note), row.estimate.status, row.estimate.note)


def sample_table(samples: Iterable[Sample]) -> ValueTable | None:
    """What the study says of its samples: one column per sample, geometry with its uncertainty."""
    listed = list(samples)
    facts = [_facts(sample) for sample in listed]
    names = list(dict.fromkeys(name for fact in facts for name in fact))
    if not names:
        return None
    rows = tuple((Cell(name), *(Cell(fact.get(name, "–")) for fact in facts)) for name in names)
    return ValueTable((Cell(""), *(Cell(sample.name) for sample in listed)), rows)


def celsius(temperature: Estimate | None) -> str:
    """A temperature in °C to a tenth of a degree."""
    return "–" if temperature is None else format_number(round(temperature.value - 273.15, 1), 5)


def _facts(sample: Sample) -> dict[str, str]:
    facts = {"formula": sample.formula, "carrier": sample.carrier, "morphology": sample.morphology or ""}
    values = {
        "carrier density": sample.carrier_density, "thickness": sample.thickness,
        "thickness before": sample.thickness_before, "thickness after": sample.thickness_after,
        "area": sample.area, **{name.replace("_", " "): e for name, e in sample.extra.items()},
    }  # fmt: skip
    if sample.thickness_before is not None and sample.thickness_after is not None:
        values["thickness"] = None  # both are shown
    facts |= {name: _quantity(name, e) for name, e in values.items() if e is not None}
    return {name: text for name, text in facts.items() if text}


def _quantity(name: str, estimate: Estimate) -> str:
    unit = field_unit(name.replace(" ", "_"), estimate.dimension)
    if estimate.dimension == named_dimension("length"):
        unit = next(u for least, u in _LENGTHS if abs(estimate.value) >= least)
    for word, habit in _SAMPLE_UNITS.items():
        if estimate.dimension == dimension_of(habit) and estimate.dimension == named_dimension(word):
            unit = habit
    return with_unit(format_estimate(estimate, unit), unit)


_Column = tuple[str, str, str, str]  # analysis, quantity, its name, unit
_Lines = dict[tuple[float, str], dict[_Column, ResultRow]]


def _column(row: ResultRow) -> _Column:
    return (row.analysis, row.quantity, row.name, row.unit)


def _column_head(column: _Column, *, analysis: bool) -> Cell:
    name = f"{column[0]}: {column[2]}" if analysis else column[2]
    return Cell(name, title=column[1], unit=format_unit(column[3]))


def _shown_values(rows: Iterable[ResultRow], column: _Column) -> Iterator[float]:
    for row in rows:
        if _column(row) == column and row.estimate.status in ("determined", "bound"):
            yield to_field(row.estimate.value, row.unit)


def _temperature_cells(line: Iterable[ResultRow]) -> list[Cell]:
    temperature = next((row.temperature for row in line if row.temperature is not None), None)
    return [Cell(celsius(temperature)), Cell(_kelvin(temperature))]


def _interval(row: ResultRow) -> str:
    low, high = row.numbers[2:]
    if low is None or high is None:
        return "one-sided" if row.estimate.status == "bound" else ""
    return format_interval(low, high)


def _kelvin(temperature: Estimate | None) -> str:
    if temperature is None:
        return "–"
    return format_value(round(temperature.value, 2), temperature.standard_uncertainty)


def _letter(n: int) -> str:
    """a, b, … z, aa, ab, …"""
    return (_letter(n // 26 - 1) if n >= 26 else "") + chr(ord("a") + n % 26)
