"""Queries: words, comparisons in units, and one clear sentence for what cannot be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import InputError
from ionscape.core.estimate import lower_bound, measured, undetermined, upper_bound
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.store import query, record
from ionscape.store.search import parse_query
from ionscape.testing.results import example_result

SIEMENS = dimension_of("S/m")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("store") / "s.sqlite"
    example = example_result()
    record(example, str(file))
    rows = (
        Row("conductivity_bulk", upper_bound(1e-3, SIEMENS, "cut"), item="upper"),  # < 1e-5 S/cm
        Row("conductivity_bulk", lower_bound(1e-3, SIEMENS, "cut"), item="lower"),  # > 1e-5 S/cm
        Row("conductivity_bulk", undetermined(SIEMENS, "cut"), item="none"),
        Row("tortuosity", measured(1.2, 0.1), item="pure"),
    )
    record_ = replace(example.analyses[0], name="100%_sure", sample="", outcome=Outcome(rows))
    study = replace(example.study, title="Second", path=Path("/study/second.yaml"), samples={})
    record(replace(example, study=study, analyses=(record_,)), str(file))
    return str(file)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("conductivity_bulk llto", 7),
        ("CONDUCTIVITY_BULK LLTO", 7),
        ("La0.57 total", 7),
        ("impedance.fit lithium conductivity_bulk", 7),
        ("activation_energy>0.4 eV", 1),
        ("activation_energy > 0.2 eV", 2),
        ("temperature<0 degC conductivity_total", 2),
        ("temperature>=413.15 K conductivity_total", 1),
        ("tortuosity<2", 1),
        ("tortuosity<200 %", 1),
        ("100%_sure tortuosity", 1),
        ("100__sure", 0),  # no wildcards
        ("no such words", 0),
    ],
)
def test_what_a_query_finds(store: str, text: str, count: int) -> None:
    assert len(query(text, store)) == count


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("conductivity<2e-5 S/cm second", {"upper"}),
        ("conductivity<5e-6 S/cm second", set()),
        ("conductivity>5e-6 S/cm second", {"lower"}),
        ("conductivity>2e-5 S/cm second", set()),
    ],
)
def test_a_bound_counts_only_where_it_settles_the_question(store: str, text: str, items: set[str]) -> None:
    assert {row.item for row in query(text, store)} == items


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("activation_enrgy>0.5 eV", "did you mean activation_energy"),
        ("activation_energy>0.5", "compares in another unit: write e.g. 'activation_energy>1 eV'"),
        ("activation_energy>0.5 S/cm", "compares in another unit"),
        ("activation_energy>20 kJ/mol", "compares in another unit"),
        ("temperature>300 eV", "compares in another unit"),
        ("activation_energy>", "cannot read 'activation_energy>'"),
        ("activation_energy = 3", "cannot read"),
        (">5", "cannot read"),
        ("conductivity>1 S/cmm", "unknown unit"),
    ],
)
def test_a_bad_query_gets_one_clear_sentence(store: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        query(text, store)
    assert "\n" not in str(caught.value)


def test_limit_and_empty_query(store: str) -> None:
    assert len(query("", store)) == 41
    assert len(query("", store, limit=5)) == 5


def test_without_a_store_there_is_nothing_and_none_is_made(tmp_path: Path) -> None:
    file = tmp_path / "none.sqlite"
    assert query("anything", str(file)) == []
    assert not file.exists()


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        question = parse_query(text)
    except InputError:
        return
    assert all(word in text for word in question.words)
