"""Slips of an analysis cost that analysis only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ionscape.core.errors import IonscapeError
from ionscape.core.outcome import Outcome
from ionscape.core.registry import Technique
from ionscape.report import write_results
from ionscape.study import load_study, run_study
from ionscape.study.outcome_check import check_outcome

MakeStudy = Callable[..., Path]
TECHNIQUE = Technique("t", "For tests.", (), "t")


def test_a_slip_fails_its_analysis_and_all_others_are_written(
    make_study: MakeStudy, study_text: str, tmp_path: Path
) -> None:
    text = study_text + "".join(
        f"  {name}: {{ use: toy.slips, on: arcs.conductivity_total, slip: {name} }}\n"
        for name in ("citation", "arrays", "unit", "none")
    )
    result = run_study(load_study(make_study(text)), jobs=1)
    assert {record.name: record.reason for record in result.failed} == {
        "citation": "no reference for Nobody1900: add it to references.bib",
        "arrays": "the array 'x' is also the group of 'x/y'",
        "unit": "mean is to be printed in 'ohm', which is no unit of conductivity",
    }
    write_results(result, tmp_path / "out")
    assert "Toy2020" in (tmp_path / "out" / "references.bib").read_text("utf-8")
    assert (tmp_path / "out" / "arrays.zarr" / "none" / "x" / "y").is_dir()


@pytest.mark.parametrize("names", [("a/b/c", "a/b"), ("a", "a//b"), ("/a", "a/b/c")])
def test_an_array_is_no_group(names: tuple[str, ...]) -> None:
    with pytest.raises(IonscapeError, match="is also the group of"):
        check_outcome(Outcome(arrays={name: np.ones(1) for name in names}), TECHNIQUE)


def test_pieces_of_an_unknown_class_fail_the_analysis_only(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ionscape.core import serial

    path = make_study()
    study = load_study(path)
    run_study(study, jobs=1)  # the pieces are in the cache
    for entry in (path.parent / ".ionscape-cache").glob("??/*"):
        if b"StoredOutcome" in entry.read_bytes():
            entry.unlink()
    known = {name: cls for name, cls in serial._CLASSES.items() if not name.endswith("Plateau")}
    monkeypatch.setattr(serial, "_CLASSES", known)
    arcs, mean = run_study(study, jobs=1).analyses
    assert arcs.reason.startswith("the stored type toy_technique.pieces.Plateau is not known")
    assert mean.reason == "needs arcs, which failed"
