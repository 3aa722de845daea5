"""References to quantities, with and without ``*``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ionscape.core.outcome import Outcome
from ionscape.core.registry import Analysis, Series
from ionscape.study import StudyErrors, load_study, run_study
from ionscape.study.analyses import misspelt, units_of
from ionscape.study.validation import Fields


def _nothing(series: Series, options: Fields) -> Outcome:
    return Outcome(warnings=(series.source, str(options)))


OUTPUTS = {"resistance_*": "ohm", "conductivity_bulk": "S/m", "conductivity_*": "S/m"}
USE = Analysis("x.y", "", Fields, _nothing, outputs=OUTPUTS)


@pytest.mark.parametrize(
    ("quantity", "units"),
    [("conductivity_bulk", {"S/m"}), ("resistance_bulk", {"ohm"}), ("resistance_*", {"ohm"}),
     ("resistance_b*", {"ohm"}), ("*", {"ohm", "S/m"}), ("conductivity", set()), ("diffusion*", set())],
)  # fmt: skip
def test_what_a_reference_can_stand_for(quantity: str, units: set[str]) -> None:
    assert units_of(USE, quantity) == units


@pytest.mark.parametrize(
    ("quantity", "meant"),
    [("conductivity_blk", "conductivity_bulk"), ("conductivity_bulc", ""), ("conductivity_bulk", ""),
     ("conductivity_bulk_2", ""), ("conductivity_interface", ""), ("conductivity_*", ""), ("", "")],
)  # fmt: skip
def test_a_slip_that_a_wildcard_would_let_through(quantity: str, meant: str) -> None:
    assert misspelt(quantity, OUTPUTS) == meant


# ---- analyses of measurements that also take results or stated values --------------------------------
TWO = """  more:
    technique: toy
    sample: pellet
    files: [data/s-31degC.csv]
    temperature: 31 degC
    amplitude: 0.02
analyses:
  both: { use: toy.compared, on: [spectra, more]%s }
"""


def _text(study_text: str, more: str) -> str:
    return study_text[: study_text.index("analyses:")] + TWO % more


def test_a_measurement_may_be_set_beside_a_stated_value(
    make_study: Callable[..., Path], study_text: str
) -> None:
    text = _text(study_text, ", with_value: 2.6e-3 S/cm at 22 degC")
    result = run_study(load_study(make_study(text, spectra=3)), jobs=1)
    outcome = next(a for a in result.analyses if a.name == "both").outcome
    assert outcome.findings[0] == "4 pieces, compared with ['0.26 at 295.15 K']"
    # each item carries the fields of its own measurement, in the order of temperature
    assert sorted(outcome.findings[1].split(", ")) == [
        "more/s-31degC.csv 0.02", "spectra/s-30degC.csv 0.01", "spectra/s-31degC.csv 0.01",
        "spectra/s-32degC.csv 0.01",
    ]  # fmt: skip


def test_an_optional_value_may_be_left_out(make_study: Callable[..., Path], study_text: str) -> None:
    study = load_study(make_study(_text(study_text, ""), spectra=3))
    assert study.analyses["both"].measurements == ("spectra", "more")
    assert study.analyses["both"].sample == "pellet"
    outcome = next(a for a in run_study(study, jobs=1).analyses if a.name == "both").outcome
    assert outcome.findings[0] == "4 pieces, compared with []"


@pytest.mark.parametrize(
    ("value", "said"),
    [("3 cm", "expected a conductivity, got '3 cm'"),
     ("1 S/cm at -300 degC", "'-300 degC' is at or below absolute zero"),
     ("1 S/cm at noon", "expected a temperature, got 'noon'"),
     ("both.mean", "toy.compared gives no 'mean'")],
)  # fmt: skip
def test_what_is_wrong_with_a_stated_value(
    make_study: Callable[..., Path], study_text: str, value: str, said: str
) -> None:
    with pytest.raises(StudyErrors) as caught:
        load_study(make_study(_text(study_text, f", with_value: {value}")))
    assert any(said in line for line in caught.value.lines())


def test_results_of_two_samples_do_not_mix_where_one_is_needed(
    make_study: Callable[..., Path], study_text: str
) -> None:
    head = study_text[: study_text.index("analyses:")].replace(
        "measurements:\n", "  other: { thickness: 1.00 ± 0.01 mm, area: 0.5 ± 0.01 cm^2 }\nmeasurements:\n"
    )
    text = head + (
        "  second: { technique: toy, sample: other, files: data/*.csv, temperature: from name }\n"
        "analyses:\n  a: { use: toy.plateau, on: spectra }\n  b: { use: toy.plateau, on: second }\n"
        "  h:\n    use: consistency.haven_ratio\n    tracer: a.conductivity_total\n"
        "    conductivity: b.conductivity_total\n"
    )
    with pytest.raises(StudyErrors) as caught:
        load_study(make_study(text))
    assert any("one sample" in line and "pellet" in line and "other" in line for line in caught.value.lines())
