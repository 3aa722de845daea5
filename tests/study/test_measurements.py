"""Order and words of files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ionscape.study.measurements import natural_order


@given(st.lists(st.integers(0, 10**6), unique=True), st.sampled_from(["x", "run ", ""]))
def test_numbers_in_names_sort_as_numbers(numbers: list[int], word: str) -> None:
    names = [f"{word}{n}degC.txt" for n in numbers]
    assert sorted(names, key=natural_order) == [f"{word}{n}degC.txt" for n in sorted(numbers)]


@given(st.lists(st.text(max_size=8)))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert len(sorted(names, key=natural_order)) == len(names)
