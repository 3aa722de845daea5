"""Words for what is wrong."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from ionscape.study.problems import Problem, Problems, StudyErrors, dotted, nearest, suggestion


@pytest.mark.parametrize(
    ("word", "meant"),
    [("thicknes", "thickness"), ("Thickness", "thickness"), ("grainsize", "grain_size"), ("xyz", None)],
)
def test_nearest_word(word: str, meant: str | None) -> None:
    assert nearest(word, ["thickness", "diameter", "grain_size"]) == meant


def test_without_a_near_word_all_are_listed() -> None:
    assert suggestion("xyz", ["area", "diameter"]) == "there are area, diameter"
    assert suggestion("xyz", []) == "there are none"


def test_places_read_like_the_file() -> None:
    assert dotted(("analyses", "Ea", "on", 1)) == "analyses.Ea.on[1]"


def test_what_is_not_in_the_file_stands_at_its_parent() -> None:
    problems = Problems(Path("a.yaml"), {("samples",): 3, ("samples", "llto"): 4})
    assert problems.line(("samples", "llto", "area")) == 4
    assert problems.line(("other",)) == 1


def test_errors_are_sorted_and_survive_another_process() -> None:
    error = StudyErrors("a.yaml", [Problem(9, "b", "second"), Problem(2, "", "first")])
    copy = pickle.loads(pickle.dumps(error))
    assert copy.lines() == error.lines() == ["a.yaml:2: first", "a.yaml:9: b: second"]
