"""Workers that end by force: the culprit is named, everybody else's results stay."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ionscape.study import load_study, run_study

MakeStudy = Callable[..., Path]


def test_a_file_that_ends_its_worker_is_left_out_with_the_reason(
    make_study: MakeStudy, study_text: str
) -> None:
    text = study_text.replace("use: toy.plateau,", "use: toy.plateau, deadly: s-33degC.csv,")
    path = make_study(text, spectra=5)
    result = run_study(load_study(path), jobs=2)
    arcs, mean = result.analyses
    (failure,) = arcs.outcome.failures
    assert failure.item == "s-33degC.csv"
    assert failure.reason.startswith("reading it ended the worker process: ")
    assert len({row.item for row in arcs.outcome.rows}) == 4
    assert mean.status == "done"
    assert "s-33degC.csv" in result.tracebacks["traceback-arcs.txt"]


def test_an_analysis_that_ends_its_worker_fails_alone(make_study: MakeStudy, study_text: str) -> None:
    text = study_text + "  bad: { use: toy.plateau, on: spectra, deadly: all }\n"
    arcs, mean, bad = run_study(load_study(make_study(text)), jobs=2).analyses
    assert (arcs.status, mean.status, bad.status) == ("done", "done", "failed")
    assert bad.reason.startswith("computing it ended the worker process: ")


def test_a_script_that_does_not_ask_for_main_is_computed_in_its_own_process(
    make_study: MakeStudy, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys; from pathlib import Path; from ionscape.study import load_study, run_study\n"
        "result = run_study(load_study(Path(sys.argv[1])), jobs=2)\n"
        "print([record.status for record in result.analyses])\n",
        "utf-8",
    )
    call = [sys.executable, str(script), str(make_study())]
    done = subprocess.run(call, env=os.environ.copy(), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "['done', 'done']\n")
    assert "computed in this process" in done.stderr
    assert "Traceback" not in done.stderr
