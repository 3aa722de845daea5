"""Options of the impedance analyses: what a study may say, and one clear sentence for what it may not."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ionscape.impedance.options import FitOptions, GlobalOptions, ValidityOptions
from ionscape.impedance.spec import TECHNIQUE


def _complaint(model: type[FitOptions] | type[ValidityOptions], **fields: object) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(fields)
    return str(caught.value)


def test_texts_become_numbers_and_canonical_circuits() -> None:
    options = FitOptions.model_validate(
        {"frequency_min": "100 mHz", "frequency_max": "1 MHz", "circuit": "R0-(R,Q)-Q"}
    )
    assert options.frequency_min == pytest.approx(0.1)
    assert options.frequency_max == pytest.approx(1e6)
    assert options.circuit == "R0-(R1,Q1)-Q2"


def test_options_survive_the_way_through_json() -> None:
    fields = {"frequency_max": "1 MHz", "shared": ["Q1"], "arcs": {"arc 1": "bulk"}, "candidates": ["R0-Q1"]}
    options = GlobalOptions.model_validate(fields)
    assert GlobalOptions.model_validate(options.model_dump(mode="json")) == options


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"circuit": "R0-(R1,X1)"}, "unknown element 'X'"),
        ({"circuit": "R0-(R1,Q1"}, "needs ',' or '\\)' here"),
        ({"candidates": ["R0-Q1", "R0--Q1"]}, "expected an element"),
        ({"circuit": "R0-Q1", "candidates": ["R0-Q1"]}, "not both"),
        ({"weights": "proportional"}, "modulus"),
        ({"frequency_min": "100"}, "without a unit"),
        ({"frequency_min": "100 K"}, "expected a frequency"),
        ({"frequency_min": "0 Hz"}, "larger than zero"),
        ({"frequency_min": "1 MHz", "frequency_max": "1 Hz"}, "must be below"),
        ({"arcs": {"arc 1": "grain"}}, "choose from bulk"),
        ({"arcs": {"R1": "bulk"}}, "'arc 1', 'arc 2'"),
        ({"circuits": "R0-Q1"}, "Extra inputs"),
    ],
)
def test_wrong_options_are_told_in_a_sentence(fields: dict[str, object], words: str) -> None:
    import re

    assert re.search(words, _complaint(FitOptions, **fields))


def test_what_cannot_be_shared_is_told_when_the_study_is_loaded() -> None:
    words = _complaint(GlobalOptions, circuit="(R1,Q1)-Q2", shared=["Q1.alpha", "R2"])
    assert "'R2' is none of the parameters that can be shared" in words
    assert "Q1.capacitance" in words


def test_limits_of_the_validity_test() -> None:
    assert "greater than 0" in _complaint(ValidityOptions, tolerance=0)


def test_every_field_is_described() -> None:
    for analysis in TECHNIQUE.analyses:
        for name, field in analysis.options.model_fields.items():
            assert field.description, f"{analysis.name}.{name}"


def test_the_technique_lists_four_analyses() -> None:
    assert [analysis.name for analysis in TECHNIQUE.analyses] == [
        "impedance.validity",
        "impedance.relaxation_times",
        "impedance.fit",
        "impedance.global_fit",
    ]
    assert all(analysis.each is not None for analysis in TECHNIQUE.analyses)
