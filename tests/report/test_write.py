"""The results folder: complete or not there, and never at the cost of a user's own files."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ionscape.core.errors import InputError
from ionscape.report import read_results, write_results
from ionscape.report.write import FILES
from ionscape.testing.results import example_result

EXAMPLE = example_result()


def test_everything_is_there(tmp_path: Path) -> None:
    target = tmp_path / "new" / "llto-results"
    write_results(replace(EXAMPLE, tracebacks={"traceback-haven.txt": "boom"}), target)
    assert sorted(p.name for p in target.iterdir()) == sorted([*FILES, "traceback-haven.txt"])
    assert [p.name for p in target.parent.iterdir()] == ["llto-results"]  # nothing temporary is left
    assert len(read_results(target)) == sum(len(a.outcome.rows) for a in EXAMPLE.analyses)


def test_a_rerun_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_results(example_result(), tmp_path / name)
    for name in ("results.csv", "results.json", "references.bib"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_new_results_replace_all_of_the_old(tmp_path: Path) -> None:
    write_results(replace(EXAMPLE, tracebacks={"traceback-haven.txt": "boom"}), tmp_path / "r")
    write_results(replace(EXAMPLE, analyses=EXAMPLE.analyses[1:2]), tmp_path / "r")
    assert sorted(p.name for p in (tmp_path / "r").iterdir()) == sorted(FILES)
    assert len(read_results(tmp_path / "r")) == 2
    assert not (tmp_path / "r" / "arrays.zarr" / "arcs").exists()


def test_the_users_own_files_stay(tmp_path: Path) -> None:
    own = tmp_path / "r" / "raw" / "data.mpt"
    own.parent.mkdir(parents=True)
    own.write_text("precious")
    write_results(EXAMPLE, tmp_path / "r")
    write_results(EXAMPLE, tmp_path / "r")
    assert own.read_text() == "precious"
    assert sorted(p.name for p in (tmp_path / "r").iterdir()) == sorted([*FILES, "raw"])
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_the_working_folder_may_be_the_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_results(EXAMPLE, Path())
    write_results(EXAMPLE, Path())
    assert sorted(p.name for p in Path().iterdir()) == sorted(FILES)


def test_a_failure_leaves_the_old_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_results(EXAMPLE, tmp_path / "r")
    before = (tmp_path / "r" / "results.csv").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ionscape.report.arrays.write_arrays", full)
    with pytest.raises(InputError, match="No space left"):
        write_results(replace(EXAMPLE, analyses=()), tmp_path / "r")
    assert (tmp_path / "r" / "results.csv").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_a_file_in_the_way_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "r").write_text("a file")
    with pytest.raises(InputError, match="this is a file"):
        write_results(EXAMPLE, tmp_path / "r")
    assert (tmp_path / "r").read_text() == "a file"


def test_what_a_killed_run_left_is_cleared_in_time(tmp_path: Path) -> None:
    dead, alive = tmp_path / ".r.partial-aaaa", tmp_path / ".r.partial-bbbb"
    for folder in (dead, alive):
        folder.mkdir()
    long_ago = time.time() - 7200
    os.utime(dead, (long_ago, long_ago))
    write_results(EXAMPLE, tmp_path / "r")
    assert not dead.exists()
    assert alive.exists()  # perhaps another run at work


def test_provenance_and_references(tmp_path: Path) -> None:
    write_results(EXAMPLE, tmp_path / "r")
    content = json.loads((tmp_path / "r" / "provenance.json").read_text("utf-8"))
    assert content["study"]["text"] == EXAMPLE.study.text
    assert content["inputs"][0]["sha256"] == EXAMPLE.inputs[0].sha256
    assert content["seed"] == 7
    assert content["started"] == "2026-01-02T03:04:00+00:00"
    assert {a["name"]: a["from_cache"] for a in content["analyses"]} == {
        "arcs": False,
        "Ea": False,
        "haven": False,
    }
    bib = (tmp_path / "r" / "references.bib").read_text("utf-8")
    assert [line for line in bib.splitlines() if line.startswith("@")] == [
        "@article{boukamp1995,",
        "@article{brug1984,",
        "@article{irvine1990,",
    ]
    assert str(tmp_path) not in json.dumps(content)
