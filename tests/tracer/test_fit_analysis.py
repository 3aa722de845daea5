"""From profiles of a study to rows, findings and failures: synthetic pellets with known truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ionscape.core import serial
from ionscape.core.citation import cited
from ionscape.core.errors import AnalysisError, IonscapeError
from ionscape.core.estimate import correlation, lower_bound, measured, undetermined
from ionscape.core.measurement import FRACTION, POSITION, SPUTTER_TIME, Sweep
from ionscape.core.outcome import Failure, Outcome, Row
from ionscape.core.quantity import named_dimension
from ionscape.core.registry import Item, Series
from ionscape.core.sample import Sample
from ionscape.study.outcome_check import check_outcome
from ionscape.tracer.exchange_profiles import constant_source, surface_exchange
from ionscape.tracer.fit_analysis import fit_one
from ionscape.tracer.fit_options import FitOptions
from ionscape.tracer.fit_words import fit_findings
from ionscape.tracer.measurement_fields import TracerMeasurement
from ionscape.tracer.spec import TECHNIQUE

ANALYSIS = next(a for a in TECHNIQUE.analyses if a.name == "tracer.fit")
D, HOURS = 3e-13, 110.0
TIME = HOURS * 3600
LENGTH = math.sqrt(D * TIME)  # 345 um
GRAINS = measured(16e-6, 3e-6, named_dimension("length"), source="study/samples.llto.grain_size")
LLTO = Sample("llto", morphology="polycrystalline", extra={"grain_size": GRAINS})
STATED = {"exchange_time": "110 ± 2 h", "initial_fraction": 0.0759, "source_fraction": "0.95 ± 0.01"}


def _sweep(seed: int, *, shift: float = 0.0, number: float = math.inf, counts: int = 20_000) -> Sweep:
    x = np.linspace(0.02, 6, 60) * LENGTH
    depth = x - shift
    g = (constant_source(depth, TIME, D) if math.isinf(number)
         else surface_exchange(depth, TIME, D, number * math.sqrt(D / TIME)))  # fmt: skip
    rng = np.random.default_rng(seed)
    total = rng.poisson(counts, x.size)
    tracer = rng.binomial(total, 0.0759 + (0.95 - 0.0759) * g)
    return Sweep(
        {POSITION: x, "counts_6Li": tracer.astype(float), "counts_7Li": (total - tracer).astype(float)}
    )


def _item(sweep: Sweep, label: str = "line", **fields: object) -> Item:
    t = measured(295.15, 1.0, named_dimension("temperature"), source="study/thermometer")
    return Item(label, sweep, t, f"study/exchange/{label}", TracerMeasurement.model_validate(STATED | fields))


def _run(items: Sequence[Item], sample: Sample = LLTO, **options: object) -> Outcome:
    """As a study does: every item, through the cache's bytes, then together."""
    chosen = FitOptions.model_validate(options)
    pieces: list[Any] = []
    assert ANALYSIS.each is not None
    for item in items:
        try:
            pieces.append(serial.from_bytes(serial.to_bytes(ANALYSIS.each(item, sample, chosen))))
        except IonscapeError as error:
            pieces.append(Failure(item.label, str(error)))
    series = Series(sample, "study/exchange", [i.label for i in items], [i.temperature for i in items],
                    [i.source for i in items], pieces, fields=[i.fields for i in items])  # fmt: skip
    outcome = ANALYSIS.combine(series, chosen)
    serial.to_bytes(outcome)
    check_outcome(outcome, TECHNIQUE)
    cited(outcome.citations)
    return outcome


def _row(outcome: Outcome, quantity: str, item: str = "line") -> Row:
    return next(row for row in outcome.rows if row.quantity == quantity and row.item == item)


def test_effective_coefficient_of_a_ceramic() -> None:
    outcome = _run([_item(_sweep(1))])
    row = _row(outcome, "diffusion_coefficient")
    assert (row.kind, row.channel) == ("D*", "effective")
    assert row.temperature is not None
    assert row.temperature.value == pytest.approx(295.15)
    assert abs(row.estimate.value - D) < 3.5 * row.estimate.standard_uncertainty
    assert row.estimate.spread > 2 / 110  # the exchange time's own error
    assert any("effective" in text for text in outcome.findings)
    assert outcome.figures[0].name == "profiles"
    assert {table.name for table in outcome.tables} == {"parameters", "models"}
    assert "line/isotope_fraction" in outcome.arrays


@pytest.mark.parametrize(
    ("sample", "options", "channel"),
    [
        (Sample("glass", morphology="glass"), {}, "bulk"),
        (Sample("crystal", morphology="single crystal"), {}, "bulk"),
        (Sample("coarse", extra={"grain_size": measured(5e-3, 1e-3, named_dimension("length"))}), {}, "bulk"),
        (Sample("between", extra={"grain_size": measured(3e-4, 1e-5, named_dimension("length"))}), {}, ""),
        (Sample("unknown"), {}, ""),
        (Sample("unknown"), {"channel": "effective"}, "effective"),
    ],
)
def test_channel(sample: Sample, options: dict[str, str], channel: str) -> None:
    outcome = _run([_item(_sweep(1))], sample, **options)
    assert _row(outcome, "diffusion_coefficient").channel == channel
    assert any("cannot be told" in text for text in outcome.warnings) == (not channel)


def test_profiles_share_time_and_source_but_not_noise() -> None:
    outcome = _run([_item(_sweep(1), "a"), _item(_sweep(2), "b")], model="constant source")
    first, second = (_row(outcome, "diffusion_coefficient", name).estimate for name in ("a", "b"))
    assert 0.5 < correlation(first, second) < 1
    assert any(name.startswith("study/llto#exchange time 110 ± 2 h") for name in first.weights)


def test_meniscus_is_found_by_default() -> None:
    outcome = _run([_item(_sweep(1, shift=0.3 * LENGTH))])
    surface = _row(outcome, "surface_position")
    assert surface.estimate.value == pytest.approx(0.3 * LENGTH, rel=0.1)
    assert any("meniscus" in text and "held at zero D would" in text for text in outcome.findings)


def test_exchange_coefficient_and_its_status() -> None:
    outcome = _run([_item(_sweep(1, number=0.8))])
    exchange = _row(outcome, "surface_exchange_coefficient")
    assert exchange.estimate.value == pytest.approx(0.8 * math.sqrt(D / TIME), rel=0.1)
    slow = _item(_sweep(1, number=0.03, counts=10**6), source_fraction=None)
    free = _run([slow], surface_position="0 um")
    assert _row(free, "surface_exchange_coefficient").estimate.status == "undetermined"
    assert any("k (Cs − C0)" in text for text in free.findings)


def test_sputter_time_becomes_depth_with_its_error() -> None:
    sweep = _sweep(1)
    columns = dict(sweep.columns)
    columns[SPUTTER_TIME] = columns.pop(POSITION) / 1e-9
    timed = _run([_item(Sweep(columns), sputter_rate="1.00 ± 0.05 nm/s")])
    plain = _run([_item(sweep)])
    a, b = (_row(outcome, "diffusion_coefficient").estimate for outcome in (timed, plain))
    assert a.value == pytest.approx(b.value, rel=1e-6)
    assert a.spread == pytest.approx(math.hypot(b.spread, 0.1), rel=1e-3)


def test_exchange_temperature_goes_before_the_measurements() -> None:
    outcome = _run([_item(_sweep(1), exchange_temperature="40 ± 1 degC")])
    at = _row(outcome, "diffusion_coefficient").temperature
    assert at is not None
    assert at.to("K") == pytest.approx((313.15, 1.0))


def test_one_bad_profile_does_not_stop_the_other() -> None:
    outcome = _run([_item(_sweep(1), "good"), _item(_sweep(2), "stored", storage="14 d at 22 degC")])
    assert [f.item for f in outcome.failures] == ["stored"]
    assert "tracer.propagate" in outcome.failures[0].reason
    assert _row(outcome, "diffusion_coefficient", "good").estimate.status == "determined"


@pytest.mark.parametrize(
    ("sweep", "fields", "words"),
    [
        (_sweep(1), {"exchange_time": None}, "exchange_time"),
        (Sweep({POSITION: np.zeros((3, 3)), FRACTION: np.zeros((3, 3))}), {}, "image"),
        (Sweep({FRACTION: np.linspace(1, 0, 9)}), {}, "no positions"),
        (Sweep({POSITION: np.arange(9.0)}), {}, "no isotope fraction"),
        (Sweep({POSITION: np.arange(9.0), FRACTION: np.linspace(95, 8, 9)}), {}, "percent"),
        (Sweep({SPUTTER_TIME: np.arange(9.0), FRACTION: np.linspace(1, 0, 9)}), {}, "sputter_rate"),
        (Sweep({POSITION: np.arange(9.0)[::-1], FRACTION: np.linspace(1, 0, 9)}), {}, "increase"),
    ],
)
def test_unusable_profiles_say_why(sweep: Sweep, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(AnalysisError, match=words):
        _run([_item(sweep, **fields)])


def test_first_sentence_says_which_coefficient() -> None:
    """Which D, its value, T, model, why this channel; the profile's name, where there are several."""
    first = _run([_item(_sweep(1))]).findings[0]
    assert first.startswith("The effective tracer diffusion coefficient is D* = ")
    for words in ("cm²/s at 22 °C", "model 'constant source'", "because the ions diffused over"):
        assert words in first
    several = _run([_item(_sweep(1), "a_1.csv"), _item(_sweep(2), "b_2.csv")]).findings
    assert several[0].startswith("For a_1.csv, the effective tracer")
    assert several[1].startswith("For b_2.csv, the effective tracer")


def test_first_sentence_of_a_bound_and_of_nothing() -> None:
    fit = fit_one(_item(_sweep(1)), LLTO, FitOptions())
    unit = fit.diffusion_coefficient.dimension
    bound, nothing = lower_bound(3.7e-11, unit, "it may be larger"), undetermined(unit, "nothing shows")
    for open_one, words in ((bound, "is D* > 3.7"), (nothing, "D* is undetermined at 22 °C")):
        changed = replace(fit, parameters={**fit.parameters, "diffusion_coefficient": open_one})
        temperature = measured(295.15, 1.0, named_dimension("temperature"), source="study/thermometer")
        (first, *_) = fit_findings({0: changed}, {0: ("", "")}, {0: temperature}, {0: "line"})
        assert words in first
        assert open_one.note in first


def test_a_surface_inside_the_profile_adds_a_motion() -> None:
    """Its own unknown in every exchange; said, with the way to a D that is free of it."""
    items = [_item(_sweep(k, shift=LENGTH / 2), f"line {k}") for k in (1, 2)]
    moved, rested = _run(items), _run(items, surface_motion="0 um")
    spread = [_row(o, "diffusion_coefficient", "line 1").estimate.spread for o in (moved, rested)]
    assert spread[0] > 2 * spread[1]
    assert any("surface_motion" in text and "tracer.propagate" in text for text in moved.findings)
    assert not any("surface_motion" in text for text in rested.findings)
    pair = [_row(moved, "diffusion_coefficient", f"line {k}").estimate for k in (1, 2)]
    own = [{name for name in one.weights if "surface motion" in name} for one in pair]
    assert own[0]
    assert not own[0] & own[1]
