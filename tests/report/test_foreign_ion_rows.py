"""Results of a foreign ion keep its name at the top of the report."""

from __future__ import annotations

from ionscape.core.estimate import exact, measured
from ionscape.core.quantity import dimension_of
from ionscape.report.results_table import ResultRow
from ionscape.report.value_tables import item_table

AT = exact(343.15, dimension_of("K"))


def _row(analysis: str, quantity: str, item: str, unit: str) -> ResultRow:
    value = measured(1e-8, 1e-10, dimension_of(unit), source=f"{quantity} {item}")
    return ResultRow("glass", analysis, quantity, value, unit, AT, item)


def test_an_ion_is_not_merged_into_the_line_of_a_spectrum() -> None:
    spectrum = _row("arcs", "conductivity_bulk", "glass_70C.csv", "S/cm")
    rows = [spectrum, _row("fit", "front_depth", "K+", "nm")]
    table = item_table(rows, items=False)
    assert table is not None
    assert [line[0].text for line in table.rows] == ["glass_70C.csv", "K+"]


def test_an_ion_alone_keeps_its_name() -> None:
    table = item_table([_row("fit", "front_depth", "K+ (run 2)", "nm")], items=False)
    assert table is not None
    assert table.rows[0][0].text == "K+ (run 2)"


def test_two_spectra_of_one_temperature_in_different_analyses_share_a_line() -> None:
    spectrum = _row("arcs", "conductivity_bulk", "a.csv", "S/cm")
    echo = _row("nmr", "diffusion_coefficient", "b", "cm^2/s")
    table = item_table([spectrum, echo], items=False)
    assert table is not None
    assert len(table.rows) == 1
