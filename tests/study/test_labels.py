"""Labels of files: unique, short, and understood where the study names a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.study import load_study, run_study
from ionscape.study.labels import file_labels, files_called
from ionscape.study.problems import StudyErrors

PARTS = st.lists(st.sampled_from("abc"), min_size=1, max_size=5)


@given(st.lists(PARTS, unique_by=tuple, max_size=12))
def test_no_two_files_share_a_label_and_each_label_finds_its_file(parts: list[list[str]]) -> None:
    files = [Path("/", *each) for each in parts]
    labels = file_labels(files)
    assert len(set(labels)) == len(files)
    assert [files_called(label, files) for label in labels if not label.startswith("/")] == [
        [file] for file, label in zip(files, labels, strict=True) if not label.startswith("/")
    ]


def test_folders_are_added_only_where_they_are_needed() -> None:
    files = [Path("/d/run1/eis/a.csv"), Path("/d/run2/eis/a.csv"), Path("/d/run2/eis/b.csv")]
    assert file_labels(files) == ["run1/eis/a.csv", "run2/eis/a.csv", "b.csv"]


@pytest.fixture
def two_runs(make_study: Callable[..., Path], study_text: str) -> Callable[[str], Path]:
    """A study of two files of one name in folders of one name, with a given temperature."""

    def make(temperature: str) -> Path:
        text = study_text.replace("data/*.csv", "data/run*/eis/*.csv").replace("from name", temperature)
        path = make_study(text, spectra=1)
        source = path.parent / "data" / "s-30degC.csv"
        for run in ("run1", "run2"):
            folder = path.parent / "data" / run / "eis"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "a_140degC.csv").write_bytes(source.read_bytes())
        return path

    return make


def test_files_of_one_name_in_folders_of_one_name_both_count(two_runs: Callable[[str], Path]) -> None:
    arcs = run_study(load_study(two_runs("from name")), jobs=1).analyses[0]
    assert [row.item for row in arcs.outcome.rows[::2]] == [
        "run1/eis/a_140degC.csv", "run2/eis/a_140degC.csv"
    ]  # fmt: skip


def test_temperatures_are_mapped_by_the_same_labels(two_runs: Callable[[str], Path]) -> None:
    path = two_runs("{run1/eis/a_140degC.csv: 140 degC, run2/eis/a_140degC.csv: 141 degC}")
    files = load_study(path).measurements["spectra"].files
    assert [file.temperature.values for file in files] == [(413.15,), (414.15,)]


def test_a_name_that_two_files_have_is_refused_with_its_line(two_runs: Callable[[str], Path]) -> None:
    with pytest.raises(StudyErrors) as wrong:
        load_study(two_runs("{a_140degC.csv: 140 degC}"))
    (line,) = wrong.value.lines()
    assert line == (
        "toy.yaml:11: measurements.spectra.temperature.a_140degC.csv: 2 files are called so: write "
        "run1/eis/a_140degC.csv and run2/eis/a_140degC.csv"
    )


def test_a_file_named_twice_is_refused(two_runs: Callable[[str], Path]) -> None:
    names = ("run1/eis/a_140degC.csv", "data/run1/eis/a_140degC.csv", "run2/eis/a_140degC.csv")
    with pytest.raises(StudyErrors, match=r"the same file as 'run1/eis/a_140degC\.csv'"):
        load_study(two_runs("{" + ", ".join(f"{name}: 140 degC" for name in names) + "}"))
