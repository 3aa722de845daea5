"""pydantic's findings in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import Field

from ionscape.study.problems import Problems
from ionscape.study.validation import Fields, validated


class Inner(Fields):
    mode: Literal["a", "b"] = "a"


class Model(Fields):
    count: int = Field(1, ge=1)
    flag: bool = False
    numbers: tuple[float, ...] = ()
    either: float | Literal["auto"] = "auto"
    inner: Inner = Inner()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"count": 0}, "x.count: must be greater than or equal to 1, got '0'"),
        ({"count": "many"}, "x.count: expected a whole number, got 'many'"),
        ({"count": 1.5}, "x.count: expected a whole number, got '1.5'"),
        ({"flag": "maybe"}, "x.flag: expected true or false, got 'maybe'"),
        ({"numbers": ["1", "z"]}, "x.numbers[1]: expected a number, got 'z'"),
        ({"numbers": 3}, "x.numbers: expected a list, got '3'"),
        ({"either": "aut"}, "x.either: expected 'auto', got 'aut': did you mean 'auto'?"),
        ({"inner": {"mode": "c"}}, "x.inner.mode: expected 'a' or 'b', got 'c'"),
        ({"inner": {"mod": "c"}}, "x.inner.mod: unknown key"),
        ({"coun": 1}, "x.coun: unknown key: did you mean 'count'?"),
        ({"count": None}, "x.count: is empty: give a value, or remove the key"),
    ],
)
def test_sentences(content: dict[str, Any], said: str) -> None:
    problems = Problems(Path("a.yaml"), {("x",): 3})
    validated(Model, content, ("x",), problems)
    with pytest.raises(Exception, match=r"a\.yaml:3: ") as caught:
        problems.raise_any()
    assert f"a.yaml:3: {said}" in str(caught.value).splitlines()
