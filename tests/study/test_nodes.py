"""YAML with positions."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.study.nodes import Document, Number, parse
from ionscape.study.problems import StudyErrors


def read(text: str) -> Document:
    return parse(Path("llto.yaml"), text)


def errors(text: str) -> list[str]:
    with pytest.raises(StudyErrors) as caught:
        read(text)
    return caught.value.lines()


def test_words_that_yaml_1_1_would_turn_into_something_else_stay_words() -> None:
    content = read("a: {on: x, no: yes, n: 010, time: 1:30, day: 2024-01-02, e: 5.0e21}").content["a"]
    assert content == {"on": "x", "no": "yes", "n": 10, "time": "1:30", "day": "2024-01-02", "e": 5e21}
    assert isinstance(content["e"], Number)
    assert content["e"].text == "5.0e21"


def test_every_key_and_element_knows_its_line() -> None:
    lines = read("study: x\nsamples:\n  llto:\n    thickness: 2 mm\nlist:\n  - a\n  - b\n").lines
    assert lines["samples", "llto", "thickness"] == 4
    assert lines["list", 1] == 7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "llto.yaml:3: a: stands twice (first at line 1): remove one"),
        ("a:\n\tb: 1\n", "llto.yaml:2: not valid YAML: a tab: indent with spaces"),
        ("a: b: c\n", "llto.yaml:1: not valid YAML: a second ':' here"),
        ("a: 'b\n", "llto.yaml:2: not valid YAML"),
        ("- a\n", "llto.yaml:1: expected a study with 'study:'"),
        ("", "llto.yaml:1: expected a study with 'study:'"),
        ("b: 1\na: !!python/object/apply:os.system [x]\n", "llto.yaml:2: a: the YAML tag"),
        ("b: 1\na: \x07\n", "llto.yaml:2: a character that a text file cannot hold"),
        ("? [a]\n: b\n", "llto.yaml:1: a key must be a word"),
        ("a: &x [*x]\n", "aliases that make the file endless"),
        ("a: &x\n  b: *x\n", "aliases that make the file endless"),
    ],
)
def test_what_is_not_a_study_is_told_with_its_line(text: str, said: str) -> None:
    assert said in errors(text)[0]


def test_aliases_that_double_at_every_step_are_stopped() -> None:
    text = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
    assert "aliases" in errors(text)[0]


def test_anchors_and_merges_save_typing() -> None:
    content = read("a: &base {thickness: 1 mm, area: 1 mm^2}\nb:\n  <<: *base\n  area: 2 mm^2\n").content
    assert content["b"] == {"thickness": "1 mm", "area": "2 mm^2"}


@given(st.text(max_size=80))
def test_any_text_gives_a_document_or_an_error_with_a_line(text: str) -> None:
    lines = [1]
    try:
        read(text)
    except StudyErrors as error:
        lines = [problem.line for problem in error.problems]
    assert min(lines) >= 1
