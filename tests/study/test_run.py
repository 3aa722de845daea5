"""Running: the cache, failures, resumption, and the same results however it runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ionscape.core.errors import InputError
from ionscape.report import result_rows
from ionscape.report.results_table import csv_text
from ionscape.study import StudyResult, load_study, run_study

MakeStudy = Callable[..., Path]


def table(result: StudyResult) -> str:
    """``results.csv`` as text."""
    return csv_text(result_rows(result))


def cached(result: StudyResult) -> dict[str, bool]:
    return {record.name: record.from_cache for record in result.analyses}


def run(path: Path, **options: Any) -> StudyResult:
    return run_study(load_study(path), **options)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Which items were analysed since the last call."""
    path = tmp_path / "log"
    monkeypatch.setenv("TOY_LOG", str(path))

    def read() -> list[str]:
        lines = path.read_text("utf-8").split() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    return read


def test_a_study_gives_its_rows_and_says_where_all_comes_from(make_study: MakeStudy) -> None:
    result = run(make_study())
    arcs, mean = result.analyses
    assert [row.quantity for row in arcs.outcome.rows[:2]] == ["resistance_total", "conductivity_total"]
    assert [row.temperature.value for row in arcs.outcome.rows if row.temperature][::2] == pytest.approx(
        [303.15, 304.15, 305.15, 306.15]
    )
    # the errors of thickness (1 %) and area (2 %) are shared and stay; that of R (1 %) halves over four items
    average = mean.outcome.rows[0].estimate
    expected = (0.01**2 + 0.02**2 + (0.01 / 2) ** 2) ** 0.5
    assert average.standard_uncertainty / average.value == pytest.approx(expected, rel=0.01)
    assert (mean.status, mean.sample, mean.technique) == ("done", "pellet", "toy")
    assert {file.format for file in result.inputs} == {"delimited"}
    assert all(len(file.sha256) == 64 and file.used_by == ("spectra",) for file in result.inputs)
    assert {"python", "numpy", "scipy", "ionscape"} <= set(result.versions)


def test_nothing_changed_nothing_computed(make_study: MakeStudy, log: Callable[[], list[str]]) -> None:
    path = make_study()
    first = run(path)
    assert len(log()) == 4
    again = run(path)
    assert log() == []
    assert cached(again) == {"arcs": True, "mean": True}
    assert table(again) == table(first)
    assert again.key == first.key
    assert cached(run(path, fresh=True)) == {"arcs": False, "mean": False}
    assert len(log()) == 4


def test_only_what_depends_on_a_change_is_computed(
    make_study: MakeStudy, study_text: str, log: Callable[[], list[str]]
) -> None:
    text = study_text + "  other: { use: toy.plateau, on: spectra }\n"
    path = make_study(text)
    first = run(path)
    log()
    make_study(text.replace("  arcs: { use: toy.plateau, ", "  arcs: { use: toy.plateau, gain: 2, "))
    changed = run(path)
    assert cached(changed) == {"arcs": False, "mean": False, "other": True}
    assert len(log()) == 4
    ratio = changed.analyses[1].outcome.rows[0].estimate / first.analyses[1].outcome.rows[0].estimate
    assert ratio.value == pytest.approx(0.5)
    make_study(text)  # and back: still known
    assert all(cached(run(path)).values())


def test_one_changed_file_is_read_again_alone(make_study: MakeStudy, log: Callable[[], list[str]]) -> None:
    path = make_study()
    run(path)
    log()
    data = path.parent / "data"
    (data / "s-31degC.csv").write_bytes((data / "s-30degC.csv").read_bytes())
    assert cached(run(path)) == {"arcs": False, "mean": False}
    assert log() == ["s-31degC.csv"]
    (data / "s-33degC.csv").unlink()
    assert cached(run(path)) == {"arcs": False, "mean": False}
    assert log() == []


def test_a_changed_helper_of_the_technique_is_noticed(
    make_study: MakeStudy, edit_helper: Callable[[str], None]
) -> None:
    path = make_study()
    run(path)
    edit_helper("# a change in a module that the analysis imports\n")
    assert cached(run(path)) == {"arcs": False, "mean": False}


def test_geometry_and_temperature_count_too(make_study: MakeStudy, study_text: str) -> None:
    path = make_study()
    run(path)
    make_study(study_text.replace("2.00 ± 0.02 mm", "2.00 ± 0.03 mm"))
    assert cached(run(path)) == {"arcs": False, "mean": False}
    make_study(study_text.replace("_uncertainty: 1 K", "_uncertainty: 2 K"))
    assert cached(run(path)) == {"arcs": False, "mean": False}


def test_a_damaged_entry_is_computed_again(make_study: MakeStudy) -> None:
    path = make_study()
    first = run(path)
    for entry in (path.parent / ".ionscape-cache").glob("??/*"):
        content = entry.read_bytes()
        entry.write_bytes(content[: len(content) // 2])
    again = run(path)
    assert cached(again) == {"arcs": False, "mean": False}
    assert table(again) == table(first)


def test_of_200_spectra_three_broken_leave_197_results_and_three_reasons(make_study: MakeStudy) -> None:
    path = make_study(spectra=200)
    data = path.parent / "data"
    (data / "s-40degC.csv").write_bytes(b"")
    text = (data / "s-50degC.csv").read_text("utf-8")
    (data / "s-50degC.csv").write_text(text.splitlines()[0] + "\n", "utf-8")
    (data / "s-60degC.csv").write_bytes(bytes(range(256)) * 20)
    result = run(path, jobs=1)
    arcs = result.analyses[0].outcome
    assert len([row for row in arcs.rows if row.quantity == "resistance_total"]) == 197
    assert [failure.item for failure in arcs.failures] == ["s-40degC.csv", "s-50degC.csv", "s-60degC.csv"]
    assert all(failure.reason and "Traceback" not in failure.reason for failure in arcs.failures)
    assert [record.status for record in result.analyses] == ["done", "done"]


def test_an_analysis_that_fails_stops_only_what_needs_it(make_study: MakeStudy, study_text: str) -> None:
    text = study_text + (
        "  none: { use: toy.refuses, on: arcs.conductivity_total }\n"
        "  after: { use: toy.average, on: none.mean }\n"
        "  bug: { use: toy.crashes, on: arcs.conductivity_total }\n"
    )
    path = make_study(text)
    for _ in range(2):  # refusals are kept like results, bugs are tried again
        result = run(path)
        reasons = {record.name: record.reason for record in result.analyses}
        assert reasons["none"] == "nothing here to average"
        assert reasons["after"] == "needs none, which failed"
        assert reasons["bug"] == "stopped by an unexpected KeyError: 'missing' (see traceback-bug.txt)"
        assert [record.name for record in result.failed] == ["none", "after", "bug"]
        assert "in crashes" in result.tracebacks["traceback-bug.txt"]
        assert result.analyses[1].status == "done"
    assert cached(result) == {"arcs": True, "mean": True, "none": True, "after": False, "bug": False}


def test_a_bug_in_one_item_is_that_items_failure(make_study: MakeStudy) -> None:
    path = make_study()
    bad = path.parent / "data" / "s-31degC.csv"
    bad.write_text(
        "frequency / Hz,Re(Z) / Ohm,Im(Z) / Ohm\n1e5,1e10,-1e4\n1e4,1e10,-1e5\n1e3,1e10,-1e6\n", "utf-8"
    )
    result = run(path)
    (failure,) = result.analyses[0].outcome.failures
    assert failure.reason == "stopped by an unexpected ZeroDivisionError: a bug (see traceback-arcs.txt)"
    assert "plateau" in result.tracebacks["traceback-arcs.txt"]
    assert cached(run(path)) == {"arcs": False, "mean": False}


def test_when_no_item_can_be_used_the_analysis_fails(make_study: MakeStudy) -> None:
    path = make_study(spectra=2)
    for file in (path.parent / "data").iterdir():
        file.write_bytes(b"")
    arcs, mean = run(path).analyses
    assert arcs.reason.startswith("none of the 2 items could be used; the first, s-30degC.csv: ")
    assert len(arcs.outcome.failures) == 2
    assert mean.reason == "needs arcs, which failed"


def test_a_file_that_vanishes_is_bad_input(make_study: MakeStudy) -> None:
    path = make_study()
    study = load_study(path)
    (path.parent / "data" / "s-30degC.csv").unlink()
    with pytest.raises(InputError, match=r"s-30degC.csv: cannot be read"):
        run_study(study)


def test_several_sweeps_of_one_file_take_a_list_of_temperatures(
    make_study: MakeStudy, study_text: str
) -> None:
    text = study_text.replace("data/*.csv", "data/two.csv").replace("from name", "[30 degC, 40 ± 2 degC]")
    path = make_study(text)
    data = path.parent / "data"
    lines = [(data / f"s-{t}degC.csv").read_text("utf-8").splitlines() for t in (30, 31)]
    (data / "two.csv").write_text("\n".join([*lines[0], *lines[1][1:]]) + "\n", "utf-8")
    rows = run(path).analyses[0].outcome.rows
    found = [(r.temperature.value, r.temperature.standard_uncertainty) for r in rows[::2] if r.temperature]
    assert found == [pytest.approx((303.15, 1.0)), pytest.approx((313.15, 2.0), rel=1e-3)]
    make_study(text.replace("[30 degC, 40 ± 2 degC]", "[30 degC, 40 degC, 50 degC]"))
    reason = run(path).analyses[0].outcome.failures[0].reason
    assert reason == "holds 2 sweeps, but the study states 3 temperatures for it"


def test_processes_threads_and_one_after_another_agree_to_the_last_bit(make_study: MakeStudy) -> None:
    path = make_study(spectra=9)
    serial = run(path, jobs=1, cache=path.parent / "a")
    parallel = run(path, jobs=2, cache=path.parent / "b")
    with ThreadPoolExecutor(2) as pool:
        threads = run(path, executor=pool, cache=path.parent / "c")
    assert table(serial) == table(parallel) == table(threads)
    outcomes = [[record.outcome.rows for record in r.analyses] for r in (serial, parallel, threads)]
    weights = [[[row.estimate.to_json() for row in rows] for rows in all_rows] for all_rows in outcomes]
    assert weights[0] == weights[1] == weights[2]


def test_two_runs_at_once_on_one_cache_agree(make_study: MakeStudy) -> None:
    path = make_study(spectra=12)
    study = load_study(path)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: run_study(study, jobs=1), range(2))
    assert table(first) == table(second)
    assert all(cached(run(path)).values())


def test_progress_is_told(make_study: MakeStudy) -> None:
    told: list[tuple[int, int, str]] = []
    run(make_study(), jobs=1, progress=lambda done, total, what: told.append((done, total, what)))
    assert told[-1] == (len(told), len(told), "mean")


def test_files_that_no_analysis_uses_are_noted(make_study: MakeStudy, study_text: str) -> None:
    more = "  more:\n    technique: toy\n    sample: pellet\n    files: data/s-30degC.csv\nanalyses:"
    result = run(make_study(study_text.replace("analyses:", more)))
    assert "measurement more is used by no analysis" in result.warnings
    assert result.inputs[0].used_by == ("spectra", "more")


def test_a_run_that_is_killed_goes_on_where_it_stopped(make_study: MakeStudy, study_text: str) -> None:
    text = study_text.replace("use: toy.plateau,", "use: toy.plateau, delay: 0.01,")
    path = make_study(text, spectra=40)
    whole = run(path, jobs=1, cache=path.parent / "undisturbed")
    code = (
        "import sys; from pathlib import Path; from ionscape.study import load_study, run_study\n"
        "if __name__ == '__main__': run_study(load_study(Path(sys.argv[1])), jobs=1)\n"
    )
    cache = path.parent / ".ionscape-cache"
    child = subprocess.Popen([sys.executable, "-c", code, str(path)], env=os.environ.copy())
    deadline = time.monotonic() + 30
    while len(list(cache.glob("??/*"))) < 12 and time.monotonic() < deadline:
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    kept = len(list(cache.glob("??/*")))
    assert 12 <= kept < 40
    result = run(path, jobs=1)
    assert table(result) == table(whole)
    assert cached(result) == {"arcs": False, "mean": False}
