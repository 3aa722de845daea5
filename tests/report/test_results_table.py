"""results.csv and results.json: what each status prints, and that nothing is lost on the way back."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.core.estimate import Estimate, joint, lower_bound, measured, refused, upper_bound
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.report.results_table import (
    COLUMNS,
    ResultRow,
    csv_text,
    json_text,
    read_results,
    result_rows,
    shown_path,
)
from ionscape.study.result import StudyResult
from ionscape.testing.results import example_result

EXAMPLE = example_result()
SIEMENS, DIFFUSION = dimension_of("S/m"), dimension_of("m^2/s")


def _with_rows(*rows: Row) -> StudyResult:
    result = EXAMPLE
    record = replace(result.analyses[0], outcome=Outcome(rows))
    return replace(result, analyses=(record,))


def _table(result: StudyResult) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_text(result_rows(result)))))


def _written(result: StudyResult, folder: Path) -> Path:
    path = folder / "results.json"
    path.write_text(json_text(result, result_rows(result)), encoding="utf-8")
    return path


def test_columns_are_the_contract() -> None:
    contract = (
        "sample, analysis, quantity, value, uncertainty, ci_low, ci_high, unit, temperature_K, status, note"
    )
    assert ", ".join(COLUMNS[:-1]) == contract
    assert COLUMNS[-1] == "item"


def test_field_units_uncertainty_and_interval() -> None:
    temperature = measured(300.0, 1.0, dimension_of("K"))
    row = Row("conductivity_bulk", measured(2.0e-4, 2.0e-6, SIEMENS), temperature, "a.mpt")
    (line,) = _table(_with_rows(row))
    assert line["unit"] == "S/cm"
    assert float(line["value"]) == pytest.approx(2.0e-6)
    assert float(line["uncertainty"]) == pytest.approx(2.0e-8)
    # log-normal, 1 %: the 95 % ends are v exp(±1.96 * 0.01)
    assert float(line["ci_low"]) == pytest.approx(2.0e-6 * math.exp(-0.0195996), rel=1e-6)
    assert float(line["ci_high"]) == pytest.approx(2.0e-6 * math.exp(0.0195996), rel=1e-6)
    assert (line["temperature_K"], line["item"], line["status"], line["note"]) == (
        "300",
        "a.mpt",
        "determined",
        "",
    )


def test_an_offset_moves_the_value_and_not_the_uncertainty() -> None:
    row = Row("glass_transition", measured(300.0, 2.0, dimension_of("K"), scale="linear"), unit="degC")
    (line,) = _table(_with_rows(row))
    assert float(line["value"]) == pytest.approx(26.85)
    assert float(line["uncertainty"]) == pytest.approx(2.0)
    assert float(line["ci_high"]) == pytest.approx(26.85 + 2 * 1.959964)


def test_bounds_and_missing_values() -> None:
    lines = _table(
        _with_rows(
            Row("conductivity_bulk", upper_bound(1e-3, SIEMENS, "arc cut")),
            Row("conductivity_total", lower_bound(1e-3, SIEMENS, "arc cut")),
            Row("haven_ratio", refused(SIEMENS, 'no tracer, no "ratio"')),
        )
    )
    numbers = [(x["value"], x["uncertainty"], x["ci_low"], x["ci_high"]) for x in lines]
    assert numbers == [("1e-05", "", "", "1e-05"), ("1e-05", "", "1e-05", ""), ("", "", "", "")]
    assert [x["status"] for x in lines] == ["bound", "bound", "refused"]
    assert lines[2]["note"] == 'no tracer, no "ratio"'


def test_a_quotient_of_results_read_back_has_the_same_uncertainty(tmp_path: Path) -> None:
    # Haven ratio of two results that share the thickness error: from the definition, var = a² + b² − 2ρab
    covariance = np.array([[0.04, 0.03], [0.03, 0.09]])
    tracer, sigma = joint("fit", [3e-13, 4e-13], covariance, scales=("log", "log"),
                          dimensions=(DIFFUSION, DIFFUSION), degrees_of_freedom=9)  # fmt: skip
    result = _with_rows(
        Row("diffusion_coefficient", tracer), Row("diffusion_coefficient_conductivity", sigma)
    )
    read = [row.estimate for row in read_results(_written(result, tmp_path))]
    before, after = tracer / sigma, read[0] / read[1]
    assert after.spread == pytest.approx(math.sqrt(0.04 + 0.09 - 2 * 0.03), rel=1e-12)
    assert after.interval() == before.interval()


def test_rows_return_as_they_were(tmp_path: Path) -> None:
    result = EXAMPLE
    rows = result_rows(result)
    for old, new in zip(rows, read_results(_written(result, tmp_path)), strict=True):
        assert _plain(old) == _plain(new)


def _plain(row: ResultRow) -> tuple[object, ...]:
    temperature = None if row.temperature is None else row.temperature.to_json()
    return (row.sample, row.analysis, row.quantity, row.unit, row.item, row.estimate.to_json(), temperature)


@given(
    value=st.floats(min_value=1e-20, max_value=1e20),
    weights=st.dictionaries(st.text(max_size=8), st.floats(0.01, 10.0), max_size=4),
    note=st.text(max_size=20),
)
def test_any_estimate_survives(value: float, weights: dict[str, float], note: str) -> None:
    estimate = Estimate(value, SIEMENS, "log", weights, note=note)
    result = _with_rows(Row("conductivity_bulk", estimate, item=note))
    content = json.loads(json_text(result, result_rows(result)))
    record = content["rows"][0]["estimate"]
    names = content["latents"]
    assert {names[int(k)]: w for k, w in record["weights"].items()} == weights
    assert record["value"] == value
    (line,) = _table(result)
    assert float(line["value"]) == pytest.approx(value / 100, rel=1e-9)


def test_the_same_study_gives_the_same_bytes() -> None:
    first, again = EXAMPLE, example_result()
    later = replace(again, finished=again.finished.replace(year=2031), analyses=tuple(
        replace(a, from_cache=True, seconds=9.0) for a in again.analyses))  # fmt: skip
    assert json_text(first, result_rows(first)) == json_text(later, result_rows(later))
    assert csv_text(result_rows(first)) == csv_text(result_rows(later))


def test_json_holds_si_hashes_and_failures() -> None:
    result = EXAMPLE
    content = json.loads(json_text(result, result_rows(result)))
    row = next(r for r in content["rows"] if r["quantity"] == "conductivity_bulk")
    assert row["si"]["value"] == pytest.approx(100 * row["value"])
    assert row["si"]["unit"] == "m^-3*kg^-1*s^3*A^2"
    assert content["inputs"][0] == {"path": "data/llto_0000.mpt", "sha256": result.inputs[0].sha256,
                                    "size": 10240, "format": "biologic-mpt"}  # fmt: skip
    assert len(content["analyses"][0]["failures"]) == 3
    assert content["analyses"][2]["status"] == "failed"


def test_paths_are_shown_from_the_study() -> None:
    assert shown_path(Path("/a/b/data/x.mpt"), Path("/a/b/study.yaml")) == "data/x.mpt"
    assert shown_path(Path("/a/raw/x.mpt"), Path("/a/b/study.yaml")) == "../raw/x.mpt"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "other"}', '{"format": "ionscape results 1"}'])
def test_what_is_no_results_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReadError, match=r"results\.json"):
        read_results(path)
    with pytest.raises(ReadError, match="cannot be read"):
        read_results(tmp_path / "nothing.json")


def test_a_coefficient_keeps_what_it_is(tmp_path: Path) -> None:
    tracer = Row("diffusion_coefficient", measured(3e-13, 2e-14, DIFFUSION), kind="D*", channel="effective")
    result = _with_rows(tracer, Row("diffusion_coefficient", measured(3e-12, 2e-14, DIFFUSION)))
    _written(result, tmp_path)
    first, second = read_results(tmp_path)
    assert (first.kind, first.channel) == ("D*", "effective")
    assert first.name == "diffusion coefficient D* (effective)"
    assert (second.kind, second.name) == ("", "diffusion coefficient")
