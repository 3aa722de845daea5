"""`consistency.table`: every coefficient named, one figure, the answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ionscape.consistency.spec import TECHNIQUE
from ionscape.core import serial
from ionscape.core.citation import cited
from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import exact, measured
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series

ANALYSES = {a.name: a for a in TECHNIQUE.analyses}
TABLE = ANALYSES["consistency.table"]


def outcome(series: Series, **options: object) -> Outcome:
    found = TABLE.combine(series, TABLE.options.model_validate(options))
    json.dumps([figure.plot for figure in found.figures], allow_nan=False)
    serial.decode(*serial.encode(found))
    cited(found.citations)
    for row in found.rows:
        assert row.estimate.dimension == dimension_of(TABLE.outputs[row.quantity])
    return found


@pytest.fixture(scope="module")
def whole(llto: Any) -> Outcome:
    """All that the paper has: conductivities, NMR, profiles, a map, boundaries from D_eff."""
    nmr, profiles = llto.diffusion("D_NMR", "bulk", 0.02), llto.diffusion("D*", "effective", 0.03)
    step = Row(
        "boundary_permeability",
        measured(llto.edge(295.15) / 16e-6, 1e-9, llto.P, source="map"),
        exact(295.15, llto.K),
        "map",
        "",
        "D*",
        "boundary",
    )
    effective = ANALYSES["consistency.effective_diffusion"]
    back = effective.combine(
        llto.series({"bulk_diffusion": nmr, "effective_diffusion": profiles}), effective.options()
    )
    rows = [*llto.conductivities(), *nmr, *profiles, step, *back.rows]
    return outcome(llto.series({"on": rows}))


def test_every_coefficient_bears_its_name(whole: Outcome) -> None:
    table = next(t for t in whole.tables if t.name == "coefficients")
    assert {row[0] for row in table.rows} == {
        "D_NMR,bulk",
        "D_σ,bulk",
        "(l/δ)D*_gb",
        "(l/δ)D_σ,gb",
        "D*_eff",
        "D_σ,eff",
    }
    assert "n = " in table.caption
    assert any(
        text.startswith("Which D is which, nearest to 25 °C: D_NMR,bulk = ") for text in whole.findings
    )


def test_the_rows_keep_kind_and_channel_and_can_be_read_again(whole: Outcome, llto: Any) -> None:
    rows = [r for r in whole.rows if r.quantity.startswith("diffusion_coefficient")]
    assert {(r.kind, r.channel) for r in rows} == {
        ("D_NMR", "bulk"),
        ("D_sigma", "bulk"),
        ("D*", "boundary"),
        ("D_sigma", "boundary"),
        ("D*", "effective"),
        ("D_sigma", "effective"),
    }
    again = outcome(llto.series({"on": rows}))
    assert len([r for r in again.rows if r.quantity.startswith("diffusion_coefficient")]) == len(rows)


def test_three_haven_ratios_and_three_verdicts(whole: Outcome) -> None:
    """The paper's: about 1 in the bulk, 0.24 at the boundary; between them over many grains."""
    common = {
        r.item.split(",")[0]: r.estimate
        for r in whole.rows
        if r.quantity == "haven_ratio" and "one activation energy" in r.item
    }
    for channel, truth in (("bulk", 1.0), ("boundary", 0.24)):
        low, high = common[channel].interval(0.95)
        assert low <= truth <= high
    assert common["boundary"].interval(0.95)[1] < 0.5
    verdicts = next(t for t in whole.tables if t.name == "verdicts")
    assert {row[0].split(",")[0]: row[1] for row in verdicts.rows} == {
        "bulk": "use",
        "boundary": "use with H_R",
        "effective": "use with H_R",
    }
    assert "tan δ" in verdicts.caption
    whole_said = next(row[2] for row in verdicts.rows if row[0] == "effective")
    assert "composite of bulk and grain boundaries" in whole_said


def test_boundaries_from_the_whole_stand_once_whatever_the_grain_size_means(llto: Any) -> None:
    """(l/δ)D_gb from D_eff and the D_gb/δ made of it are one value, though the options differ."""
    effective = ANALYSES["consistency.effective_diffusion"]
    inputs = {
        "bulk_diffusion": llto.diffusion("D_NMR", "bulk", 0.02),
        "effective_diffusion": llto.diffusion("D*", "effective", 0.03),
    }
    back = effective.combine(
        llto.series(inputs), effective.options.model_validate({"grain_size_average": "series"})
    )
    found = outcome(llto.series({"on": list(back.rows)}), grain_size_average="intercept")
    products = [r.estimate.value for r in back.rows if r.quantity == "diffusion_coefficient"]
    shown = [r.estimate.value for r in found.rows if r.quantity == "diffusion_coefficient_boundary"]
    assert sorted(shown) == sorted(products)


def test_one_row_of_ratio_and_carriers_for_each_channel(whole: Outcome) -> None:
    for quantity in ("haven_ratio", "apparent_carrier_density"):
        channels = [r.item.split(",")[0] for r in whole.rows if r.quantity == quantity]
        assert sorted(channels) == ["boundary", "bulk", "effective"]
    assert {r.item.split("_")[1][0] for r in whole.rows if r.quantity == "mobility"} == {"σ"}


def test_ratios_are_paired_within_a_channel_and_never_mixed_across(whole: Outcome) -> None:
    pairs = next(t for t in whole.tables if t.name == "pairs")
    names = {row[0] for row in pairs.rows}
    assert "D*_eff / D_σ,eff" in names
    assert "D_NMR,bulk / D_σ,eff" not in names
    assert "no Haven ratio" in pairs.caption


def test_bulk_and_boundaries_give_the_whole(whole: Outcome) -> None:
    texts = [text for text in whole.findings if "in series give" in text]
    assert any("resistance to charge" in text and "agrees with" in text for text in texts)
    assert any("no test: the boundaries' value was taken from D_eff itself" in text for text in texts)


def test_the_figure_tells_channel_by_colour_and_kind_by_symbol(whole: Outcome) -> None:
    (figure,) = whole.figures
    drawn = [t for t in figure.plot["data"] if t["mode"] == "markers" and t["showlegend"]]
    look = {t["name"].split(",")[0] + t["marker"]["symbol"]: t["marker"]["color"] for t in drawn}
    assert len(drawn) == 6
    assert len(set(look.values())) == 3
    assert {t["marker"]["symbol"] for t in drawn} == {"circle", "diamond", "square-open"}
    dashed = [t for t in figure.plot["data"] if t.get("line", {}).get("dash") in ("dash", "dot")]
    assert [t["name"] for t in dashed] == [
        "series model, D*<sub>eff</sub>",
        "series model, D<sub>σ,eff</sub>",
    ]
    edge = next(t["name"] for t in drawn if t["name"].startswith("(l/δ)D<sub>σ"))
    assert float(edge.split(", ")[1].split(" ±")[0]) == pytest.approx(0.43, abs=0.01)
    assert figure.plot["layout"]["xaxis2"]["title"]["text"] == "temperature / °C"


def test_mobility_is_that_of_the_charge(whole: Outcome) -> None:
    found = [r for r in whole.rows if r.quantity == "mobility" and r.item == "D_σ,bulk"]
    room = next(r for r in found if r.temperature and r.temperature.value == 295.15)
    assert room.estimate.to("cm^2/V/s")[0] == pytest.approx(2.6e-8 / 0.025434, rel=0.05)  # D over kT/e


def test_inputs_by_kind_and_stated_values(llto: Any) -> None:
    inputs = {
        "on": llto.conductivities(["bulk"]),
        "nmr": [llto.stated("nmr", 2.6e-12, 1e-13, "m^2/s", 295.15)],
        "simulated": [llto.stated("simulated", 3.0e-12, 5e-13, "m^2/s", 295.15)],
        "chemical": [llto.stated("chemical", 3.0e-11, 5e-12, "m^2/s", 295.15)],
    }
    found = outcome(llto.series(inputs), channels={"nmr": "bulk", "simulated": "bulk", "chemical": "bulk"})
    table = next(t for t in found.tables if t.name == "coefficients")
    assert {"D_NMR,bulk", "D_MD_bulk", "D̃_bulk"} & {row[0] for row in table.rows} >= {
        "D_NMR,bulk",
        "D̃_bulk",
    }
    assert any("D_NMR,bulk agrees with D_MD" in text for text in found.findings)


def test_nothing_to_tabulate_is_a_sentence(llto: Any) -> None:
    with pytest.raises(AnalysisError, match="no diffusion coefficient among the rows: wanted are"):
        outcome(llto.series({"on": [Row("resistance_bulk", exact(1.0, llto.OHM))]}))


def test_without_temperatures_there_is_a_table_and_no_figure(llto: Any) -> None:
    found = outcome(
        llto.series({"on": [llto.stated("on", 2.6e-12, 1e-13, "m^2/s")]}),
        kinds={"on": "D*"},
        channels={"on": "bulk"},
    )
    assert found.figures == ()
    assert any("refuse" in text for text in found.findings)
