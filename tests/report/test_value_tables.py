"""How quantities are arranged: cold to hot, one column per quantity, reasons in lettered notes."""

from __future__ import annotations

from ionscape.core.estimate import exact, measured, undetermined
from ionscape.core.quantity import dimension_of
from ionscape.report.results_table import ResultRow
from ionscape.report.value_tables import item_table, sample_table, series_table, split_rows
from ionscape.testing.results import example_sample

SIEMENS, KELVIN = dimension_of("S/m"), dimension_of("K")


def _row(quantity: str, value: float, celsius: float | None = None, item: str = "") -> ResultRow:
    temperature = None if celsius is None else exact(273.15 + celsius, KELVIN)
    estimate = measured(value, value / 10, SIEMENS) if value else undetermined(SIEMENS, "arc cut")
    return ResultRow("s", "arcs", quantity, estimate, "S/cm", temperature, item)


def _texts(row: tuple[object, ...]) -> list[str]:
    return [str(getattr(cell, "text", cell)) for cell in row]


def test_items_from_cold_to_hot_with_gaps() -> None:
    rows = [_row("conductivity_bulk", 3.0, 50, "b"), _row("conductivity_bulk", 1.0, -20, "a"),
            _row("conductivity_total", 0.0, 50, "b")]  # fmt: skip
    table = item_table(rows, items=False)
    assert table is not None
    assert [f"{c.text} {c.unit}".strip() for c in table.columns] == [
        "T °C", "T K", "conductivity (bulk) S/cm", "conductivity (total) S/cm"]  # fmt: skip
    assert _texts(table.rows[0]) == ["−20", "253.15", "0.0100 ± 0.0010", ""]
    assert _texts(table.rows[1]) == ["50", "323.15", "0.0300 ± 0.0030", "undetermined"]
    assert table.rows[1][3].mark == "a"
    assert table.notes == (("a", "arc cut"),)


def test_a_column_over_decades_is_in_powers_of_ten() -> None:
    rows = [_row("conductivity_bulk", 100.0, 50, "b"), _row("conductivity_bulk", 1e-4, -20, "a")]
    table = item_table(rows)
    assert table is not None
    assert [row[-1].text for row in table.rows] == ["(1.00 ± 0.10)×10⁻⁶", "1.00 ± 0.10"]


def test_two_items_at_one_temperature_are_told_apart() -> None:
    rows = [_row("conductivity_bulk", 1.0, 20, "heating"), _row("conductivity_bulk", 2.0, 20, "cooling")]
    table = item_table(rows, items=False)
    assert table is not None
    assert [row[0].text for row in table.rows] == ["heating", "cooling"]


def test_whole_series_names_the_temperature_where_there_is_one() -> None:
    rows = [_row("conductivity_bulk", 1.0, 25, "conductivity_bulk"),
            _row("conductivity_bulk", 2.0, 25, "a.mpt"),
            _row("activation_energy", 3.0, None, "conductivity_bulk"), _row("haven_ratio", 4.0)]  # fmt: skip
    whole, items = split_rows(rows)
    assert [row.item for row in items] == ["a.mpt"]
    table = series_table(whole)
    assert table is not None
    assert [row[0].text for row in table.rows] == [
        "conductivity (bulk) at 25 °C", "activation energy, conductivity (bulk)", "haven ratio"]  # fmt: skip
    assert series_table([]) is None
    assert item_table([]) is None


def test_samples_with_their_geometry() -> None:
    table = sample_table([example_sample()])
    assert table is not None
    facts = {row[0].text: row[1].text for row in table.rows}
    assert facts["thickness"] == "0.2100 ± 0.0020 cm"
    # area = π d²/4 with d = 0.80 ± 0.01 cm: 0.50265 cm², 2 * 1.25 % of it
    assert facts["area"] == "0.503 ± 0.013 cm²"
    assert facts["carrier"] == "Li+"
    assert sample_table([]) is None
