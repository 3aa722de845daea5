"""The command line: what it prints, what it writes, with which exit code it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from ionscape.cli import main

MakeStudy = Callable[..., Path]


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Answer]:
    """Runs a command in an empty folder, with a store of its own."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IONSCAPE_STORE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        monkeypatch.setenv(variable, "1")  # put back afterwards

    def run(*arguments: object) -> Answer:
        with pytest.raises(SystemExit) as stop:
            main([str(a) for a in arguments])
        said = capsys.readouterr()
        return Answer(int(stop.value.code or 0), said.out, said.err)

    return run


def test_run_writes_everything_and_ends_with_the_report(
    make_study: MakeStudy, command: Callable[..., Answer]
) -> None:
    answer = command("run", make_study())
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "arcs: 8 rows",
        *answer.out.splitlines()[1:-1],
        "toy-results/report.html",
    ]
    assert re.search(r"mean: .*\d", answer.out)
    written = {path.name for path in Path("toy-results").iterdir()}
    assert written == {
        "results.csv",
        "results.json",
        "report.html",
        "arrays.zarr",
        "references.bib",
        "provenance.json",
    }


def test_an_unchanged_run_writes_nothing(make_study: MakeStudy, command: Callable[..., Answer]) -> None:
    path = make_study()
    command("run", path)
    results = Path("toy-results/results.csv")
    before = results.read_bytes(), results.stat().st_mtime_ns
    again = command("run", path)
    assert again.out.splitlines()[-1] == "toy-results/report.html (unchanged)"
    assert (results.read_bytes(), results.stat().st_mtime_ns) == before
    results.write_text("spoiled", "utf-8")
    assert command("run", path).out.splitlines()[-1] == "toy-results/report.html"
    assert results.read_bytes() == before[0]


def test_a_store_that_was_deleted_is_filled_again(
    make_study: MakeStudy, command: Callable[..., Answer], tmp_path: Path
) -> None:
    path = make_study()
    first = command("run", path)
    results = Path("toy-results/results.csv").read_bytes()
    for file in tmp_path.glob("store.sqlite*"):
        file.unlink()
    again = command("run", path)
    assert (again.code, again.out) == (0, first.out)
    assert Path("toy-results/results.csv").read_bytes() == results
    assert command("results", "resistance_total").out.count("resistance_total") == 4
    assert command("run", path).out.splitlines()[-1].endswith("(unchanged)")
    (tmp_path / "store.sqlite").write_bytes(b"")  # emptied, not deleted
    command("run", path)
    assert command("results", "resistance_total").out.count("resistance_total") == 4


def test_bad_input_writes_nothing_and_tells_all(
    make_study: MakeStudy, study_text: str, command: Callable[..., Answer]
) -> None:
    text = study_text.replace("2.00 ± 0.02 mm", "0.21 S/cm").replace("toy.average", "toy.averige")
    for verb in ("run", "check"):
        answer = command(verb, make_study(text))
        assert answer.code == 2
        assert answer.out == ""
        assert answer.err.splitlines() == [
            "toy.yaml:4: samples.pellet.thickness: expected a length, got '0.21 S/cm'",
            "toy.yaml:15: analyses.mean.use: no analysis 'toy.averige': did you mean 'toy.average'?",
        ]
    assert list(Path().iterdir()) == []


def test_a_failed_analysis_is_exit_code_1_and_the_rest_is_written(
    make_study: MakeStudy, study_text: str, command: Callable[..., Answer]
) -> None:
    text = study_text + "  none: { use: toy.refuses, on: arcs.conductivity_total }\n"
    text += "  bug: { use: toy.crashes, on: arcs.conductivity_total }\n"
    answer = command("run", make_study(text), "-o", "out/here")
    assert answer.code == 1
    assert "none (toy.refuses) failed: nothing here to average" in answer.err
    assert "mean" in Path("out/here/results.csv").read_text("utf-8")
    assert "in crashes" in Path("out/here/traceback-bug.txt").read_text("utf-8")


def test_files_left_out_are_told_and_fail_nothing(
    make_study: MakeStudy, command: Callable[..., Answer]
) -> None:
    path = make_study()
    (path.parent / "data" / "s-31degC.csv").write_bytes(b"")
    checked = command("check", path)
    assert (checked.code, "s-31degC.csv: " in checked.err) == (0, True)
    assert "(4 files, 2 analyses, 1 files cannot be used)" in checked.out
    answer = command("run", path)
    assert answer.code == 0
    assert "arcs: 1 left out, e.g. s-31degC.csv: " in answer.out


def test_read_describes_and_converts(make_study: MakeStudy, command: Callable[..., Answer]) -> None:
    file = make_study().parent / "data" / "s-30degC.csv"
    answer = command("read", file, "--csv", "-o", "converted")
    assert answer.code == 0
    assert "  sweeps      1, 12 points" in answer.out
    assert "  frequency   1 to 1e+06 Hz" in answer.out
    assert "  temperature 30 °C" in answer.out
    assert "frequency_hertz" in Path("converted/s-30degC.csv").read_text("utf-8")
    again = command("read", file, "--csv", "-o", "converted")
    assert (again.code, "is there already" in again.err) == (2, True)
    missing = command("read", "nothing.txt", file)
    assert (missing.code, "nothing.txt" in missing.err, str(file) in missing.out) == (2, True, True)


def test_new_writes_a_study_that_check_understands(
    make_study: MakeStudy, command: Callable[..., Answer]
) -> None:
    assert command("new", "llto").code == 0
    assert "study: llto" in Path("llto.yaml").read_text("utf-8")
    answer = command("new", "llto")
    assert (answer.code, "is there already" in answer.err) == (2, True)
    data = Path("data")
    data.mkdir()
    source = make_study().parent / "data" / "s-30degC.csv"
    (data / "llto_30degC.txt").write_bytes(source.read_bytes())
    checked = command("check", "llto.yaml")
    assert (checked.code, checked.err) == (0, "")
    unknown = command("new", "x", "--technique", "impedanc")
    assert (unknown.code, "did you mean 'impedance'?" in unknown.err) == (2, True)


def test_new_writes_a_replacement_study_that_check_understands(
    make_study: MakeStudy, command: Callable[..., Answer]
) -> None:
    assert command("new", "glass", "--technique", "replacement").code == 0
    Path("data/spectra").mkdir(parents=True)
    source = make_study().parent / "data" / "s-30degC.csv"
    Path("data/spectra/glass_70degC.csv").write_bytes(source.read_bytes())
    rows = "".join(f"{2 * i + 1},{900 + i},{5},{400}\n" for i in range(30))
    Path("data/cs_into_glass.csv").write_text(f"sputter time (s),7Li,133Cs,11B\n{rows}", "utf-8")
    checked = command("check", "glass.yaml")
    assert checked.code == 0
    assert "sites: conductivity is taken from arcs.conductivity_bulk" in checked.err
    Path("data/cs_into_glass.csv").write_text("depth,signal\n1,2\n2,3\n", "utf-8")
    assert "needs a column of depth or sputter time" in command("check", "glass.yaml").err


def test_techniques_show_fields_defaults_and_units(toy_site: Path, command: Callable[..., Answer]) -> None:
    assert toy_site.is_dir()
    assert re.search(r"^toy +A technique for tests\.$", command("techniques").out, re.M)
    whole = command("techniques", "toy").out
    assert re.search(r"^  amplitude +number, default 0.01$", whole, re.M)
    assert re.search(r"^  weights +modulus \| unit, default modulus$", whole, re.M)
    assert "default conductivity_total of the only toy.plateau on the sample" in whole
    one = command("techniques", "toy.average").out
    on = r"^  on +results, e.g. arcs.conductivity_total, or a value \[S/m\], required$"
    assert re.search(on, one, re.M)
    assert "gives mean [S/m], luck [1]" in one
    wrong = command("techniques", "toi")
    assert (wrong.code, "did you mean 'toy'?" in wrong.err) == (2, True)


def test_results_of_earlier_runs_are_found_and_packed(
    make_study: MakeStudy, command: Callable[..., Answer]
) -> None:
    assert command("results").err == "no study has been run yet\n"
    command("run", make_study())
    found = command("results", "resistance_total", "pellet")
    assert found.out.count("resistance_total") == 4
    assert re.search(r"836.2 ± 8.4 (Ω|ohm)", found.out)
    assert command("results", "nothing_like_it").err == "nothing found\n"
    packed = command("export", "toy-results", "-o", "crate")
    assert packed.code == 0
    assert json.loads(Path("crate/ro-crate-metadata.json").read_text("utf-8"))["@graph"]
    assert command("export", "nowhere").code == 2


def test_a_cluster_needs_dask(
    make_study: MakeStudy, command: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    answer = command("run", make_study(), "--scheduler", "tcp://nowhere:1")
    assert (answer.code, answer.err) == (2, "--scheduler needs Dask: pip install 'ionscape[scale]'\n")


def test_ctrl_c_says_how_to_go_on(make_study: MakeStudy, study_text: str, tmp_path: Path) -> None:
    path = make_study(study_text.replace("use: toy.plateau,", "use: toy.plateau, delay: 0.05,"), spectra=200)
    environment = {**os.environ, "IONSCAPE_STORE": f"sqlite:///{tmp_path / 'store.sqlite'}"}
    run = [sys.executable, "-m", "ionscape", "run", str(path), "--jobs", "2", "-o", str(tmp_path / "out")]
    # a shell that runs the suite in the background lets its children ignore Ctrl-C
    child = subprocess.Popen(run, env=environment, stderr=subprocess.PIPE, text=True,
                             preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL))  # fmt: skip
    cache = path.parent / ".ionscape-cache"
    deadline = time.monotonic() + 30
    while not list(cache.glob("??/*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=20)
    assert child.returncode == 130
    assert said.strip() == "interrupted: what was computed is kept, the same command goes on from there"
    assert not (tmp_path / "out").exists()
