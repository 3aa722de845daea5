"""Inputs that a study leaves out and one analysis of the same sample gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ionscape.report.provenance import provenance
from ionscape.study import StudyErrors, StudyResult, load_study, run_study
from ionscape.study.plan import make_plan

Make = Callable[..., Path]


def _text(study_text: str, *lines: str) -> str:
    return study_text[: study_text.index("analyses:")] + "\n".join(["analyses:", *lines]) + "\n"


ARCS = "  arcs: { use: toy.plateau, on: spectra }"
FIT = "  fit: { use: toy.defaulted, on: spectra%s }"


def _finding(result: StudyResult, name: str = "fit") -> str:
    return next(a for a in result.analyses if a.name == name).outcome.findings[0]


def test_the_only_one_of_the_sample_is_taken_and_said(make_study: Make, study_text: str) -> None:
    study = load_study(make_study(_text(study_text, ARCS, FIT % ""), spectra=3))
    assert any("with_value is taken from arcs.conductivity_total" in note for note in study.warnings)
    plan = study.analyses["fit"]
    assert plan.needs == ("arcs",)
    assert plan.options["with_value"] == "arcs.conductivity_total (taken by default)"
    result = run_study(study, jobs=1)
    assert _finding(result).startswith("3 rows")
    shown = next(a for a in provenance(result)["analyses"] if a["name"] == "fit")
    assert shown["options"]["with_value"].startswith("arcs.conductivity_total")


def test_the_same_named_gives_the_same(make_study: Make, study_text: str) -> None:
    named = _text(study_text, ARCS, FIT % ", with_value: arcs.conductivity_total")
    result = run_study(load_study(make_study(named, spectra=3)), jobs=1)
    default = run_study(load_study(make_study(_text(study_text, ARCS, FIT % ""), spectra=3)), jobs=1)
    assert _finding(result) == _finding(default)
    assert not any("taken from" in note for note in result.warnings)


@pytest.mark.parametrize("said", [", with_value: none", ", other_value: 2e-3 S/cm"])
def test_none_and_an_alternative_leave_it_out(make_study: Make, study_text: str, said: str) -> None:
    study = load_study(make_study(_text(study_text, ARCS, FIT % said), spectra=2))
    assert "arcs" not in study.analyses["fit"].needs
    assert _finding(run_study(study, jobs=1)).startswith("0 rows")


def test_of_several_none_is_taken(make_study: Make, study_text: str) -> None:
    again = "  again: { use: toy.plateau, on: spectra, gain: 2 }"
    study = load_study(make_study(_text(study_text, ARCS, again, FIT % ""), spectra=2))
    assert study.analyses["fit"].needs == ()
    assert any("not taken from any of arcs, again: name one" in note for note in study.warnings)


def test_another_sample_s_is_not_taken(make_study: Make, study_text: str) -> None:
    more = "{ technique: toy, sample: disc, files: data/s-31degC.csv, temperature: 31 degC }"
    other = study_text.replace("measurements:", "  disc:\n    thickness: 1 ± 0.1 mm\nmeasurements:").replace(
        "analyses:", f"  more: {more}\nanalyses:"
    )
    text = _text(other, ARCS, "  fit: { use: toy.defaulted, on: more }")
    assert load_study(make_study(text, spectra=2)).analyses["fit"].needs == ()


def test_both_of_what_means_the_same_is_an_error(make_study: Make, study_text: str) -> None:
    both = FIT % ", with_value: 1e-3 S/cm, other_value: 2e-3 S/cm"
    with pytest.raises(StudyErrors, match="give either 'with_value' or 'other_value', not both"):
        load_study(make_study(_text(study_text, ARCS, both)))


def test_what_failed_is_missing_and_said(make_study: Make, study_text: str) -> None:
    """Named, its failure would stop the analysis; taken by default it must not."""
    path = make_study(_text(study_text, ARCS, FIT % "").replace("    area: 0.5 ± 0.01 cm^2\n", ""), spectra=2)
    result = run_study(load_study(path), jobs=1)
    assert _finding(result).startswith("0 rows")
    assert any("arcs gave no conductivity_total" in note for note in result.warnings)


def test_what_it_takes_counts_in_the_key(make_study: Make, study_text: str) -> None:
    keys = []
    for gain in ("1", "2"):
        arcs = f"  arcs: {{ use: toy.plateau, on: spectra, gain: {gain} }}"
        study = load_study(make_study(_text(study_text, arcs, FIT % ""), spectra=2))
        keys.append(make_plan(study).keys["fit"])
    assert keys[0] != keys[1]


def test_an_analysis_of_the_only_sample_belongs_to_it(make_study: Make, study_text: str) -> None:
    study = load_study(make_study(_text(study_text, ARCS, "  lone: { use: toy.lone }"), spectra=2))
    assert study.analyses["lone"].sample == "pellet"
    assert _finding(run_study(study, jobs=1), "lone").startswith("2 rows")


# ---- fields that name a file --------------------------------------------------------------------------
def test_files_of_fields_and_options_are_found_beside_the_study(make_study: Make, study_text: str) -> None:
    steps = ", log_file: log/a.txt, steps: [{ inner_file: log/b.txt }], with_value: none"
    path = make_study(_text(study_text.replace("    files:", "    log_file: log/c.txt\n    files:"),
                            FIT % steps), spectra=1)  # fmt: skip
    (path.parent / "log").mkdir()
    for name in "abc":
        (path.parent / "log" / f"{name}.txt").write_text(name.upper())
    result = run_study(load_study(path), jobs=1)
    assert result.analyses[0].outcome.findings[1] == "A ['C'] ['B'] pellet"
    assert {file.path.name for file in result.inputs} >= {"a.txt", "b.txt", "c.txt"}
    for name in "abc":
        before = make_plan(load_study(path)).keys["fit"]
        (path.parent / "log" / f"{name}.txt").write_text(name.upper() * 2)
        assert make_plan(load_study(path)).keys["fit"] != before


def test_a_missing_file_is_an_error_with_its_line(make_study: Make, study_text: str) -> None:
    text = _text(study_text.replace("    files:", "    log_file: lag.txt\n    files:"),
                 FIT % ", log_file: toy.yml")  # fmt: skip
    path = make_study(text)
    (path.parent / "log.txt").write_text("x")
    with pytest.raises(StudyErrors) as caught:
        load_study(path)
    message = str(caught.value)
    assert "measurements.spectra.log_file: there is no file 'lag.txt': did you mean 'log.txt'?" in message
    assert "analyses.fit.log_file: there is no file 'toy.yml': did you mean 'toy.yaml'?" in message
