"""tracer.propagate as a study uses it: rows, channels, systematic errors, warnings, refusals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.citation import cited
from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import Estimate, correlation, measured
from ionscape.core.measurement import FRACTION, FRACTION_UNCERTAINTY, POSITION, SPUTTER_TIME, Sweep
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import named_dimension
from ionscape.core.registry import Item, Series
from ionscape.core.sample import Sample
from ionscape.core.serial import from_bytes, to_bytes
from ionscape.testing.stored_profiles import ROOM, StoredSample, counted
from ionscape.tracer.measurement_fields import TracerMeasurement
from ionscape.tracer.propagate_analysis import fractions_of_one, storage_of_study
from ionscape.tracer.propagate_options import PropagateOptions

DAY = 86400.0
HOT = 473.15
TRUTH = StoredSample(length=5e-3, meniscus=4e-4, diffusion=3e-13, energy=0.43 * elementary_charge)
X = np.linspace(0, 5e-3, 64)
LLTO = Sample("llto", extra={"grain_size": measured(16e-6, 11e-6, named_dimension("length"))})
WORKS = {"": 0.0, "14 d at 22 degC": 3e-13 * 14 * DAY, "42 d at 22 degC": 3e-13 * 42 * DAY,
         "hot": 3e-13 * 14 * DAY + TRUTH.coefficient(HOT) * 3600}  # fmt: skip
HOT_STORAGE = ["14 d at 22 degC", "1 h at 200 degC"]


def item(
    went_through: Any = "", seed: int = 0, *, columns: Mapping[str, Any] | None = None, kelvin: float = 0.0,
    counts: float = 4000, **fields: Any,
) -> Item:  # fmt: skip
    """One profile; ``went_through`` is a text, or "hot" for two weeks at 22 °C and the anneal."""
    work = WORKS[went_through]
    expected = TRUTH.stored(X, work) if work else TRUTH.exchanged(X)
    tracer, others = counted(expected, counts, np.random.default_rng([seed, len(str(went_through))]))
    content = {POSITION: X, "counts_6Li": tracer, "counts_7Li": others} if columns is None else dict(columns)
    stated: dict[str, Any] = {"exchange_time": "110 h"}
    if went_through:
        stated["storage"] = HOT_STORAGE if went_through == "hot" else went_through
    stated |= fields
    name = went_through or "start"
    temperature = measured(HOT if went_through == "hot" else ROOM, kelvin, named_dimension("temperature"),
                           source=f"thermometer {name}")  # fmt: skip
    return Item(name, Sweep(content), temperature, f"study/{name}", TracerMeasurement(**stated))


def outcome(items: Sequence[Item], sample: Sample = LLTO, **options: Any) -> Outcome:
    """Of the whole analysis, through the cache's format as in a run."""
    chosen = PropagateOptions(**options)
    pieces = [from_bytes(to_bytes(fractions_of_one(one, sample, chosen))) for one in items]
    series = Series(sample, "study/storage", [i.label for i in items], [i.temperature for i in items],
                    [i.source for i in items], pieces, fields=[i.fields for i in items])  # fmt: skip
    return storage_of_study(series, chosen)


def the(found: Outcome, quantity: str, at: float | None = None) -> Row:
    """The one row of that quantity (at a temperature)."""
    rows = [r for r in found.rows if r.quantity == quantity]
    if at is not None:
        rows = [r for r in rows if r.temperature is not None and abs(r.temperature.value - at) < 0.1]
    (row,) = rows
    return row


def holds(estimate: Estimate, truth: float) -> bool:
    """Within three standard deviations."""
    low, high = estimate.interval(0.9973)
    return low < truth < high


def test_one_temperature_gives_an_effective_tracer_coefficient() -> None:
    found = outcome([item("14 d at 22 degC", 1), item("", 1), item("42 d at 22 degC", 1)])
    row = the(found, "diffusion_coefficient", ROOM)
    assert (row.kind, row.channel) == ("D*", "effective")
    assert holds(row.estimate, 3e-13)
    assert row.estimate.spread < 0.03
    assert {r.quantity for r in found.rows} == {"diffusion_coefficient"}
    assert not found.warnings
    assert found.findings[0].startswith("D* = ")
    assert "at 22 °C (effective: the ions diffused over" in found.findings[0]
    assert any("Each later profile alone" in text for text in found.findings)


def test_two_temperatures_give_an_energy() -> None:
    found = outcome([item("", 2), item("14 d at 22 degC", 2), item("hot", 2)])
    assert holds(the(found, "diffusion_coefficient", ROOM).estimate, 3e-13)
    assert holds(the(found, "diffusion_coefficient", HOT).estimate, TRUTH.coefficient(HOT))
    energy = the(found, "activation_energy").estimate
    prefactor = the(found, "pre_exponential_factor").estimate
    assert holds(energy, TRUTH.energy)
    assert holds(prefactor, 3e-13 * math.exp(TRUTH.energy / Boltzmann / ROOM))
    assert correlation(energy, prefactor) > 0.9
    rebuilt = prefactor.value * math.exp(-energy.value / Boltzmann / ROOM)
    assert rebuilt == pytest.approx(the(found, "diffusion_coefficient", ROOM).estimate.value, rel=1e-9)


def test_a_thermometer_moves_the_energy_as_the_line_through_two_points() -> None:
    """E = k ln(D2/D1)/(1/T1 - 1/T2): 2 K at the anneal alone."""
    items = [item("", 2), item("14 d at 22 degC", 2), item("hot", 2, kelvin=2.0)]
    found = outcome(items)
    energy = the(found, "activation_energy").estimate
    expected = energy.value / (1 / ROOM - 1 / HOT) * 2.0 / HOT**2
    assert abs(energy.weights["thermometer hot"]) == pytest.approx(expected, rel=0.02)
    assert energy.weights["thermometer hot"] < 0  # hotter than stated... so the line is less steep
    row = the(found, "diffusion_coefficient", HOT)
    assert abs(row.estimate.weights.get("thermometer hot", 0.0)) < 1e-3  # D belongs to what it was
    assert row.temperature is not None
    assert row.temperature.standard_uncertainty == pytest.approx(2.0)


def test_a_stage_states_its_own_uncertainty() -> None:
    """D2/D1 fixes E: 2 K at the anneal as through two points; the same text is the same unknown."""
    stages = ["14 d at 22 ± 0.5 degC", "1 h at 200 ± 2 degC"]
    items = [item("", 2), item("14 d at 22 degC", 2, storage=stages[0]), item("hot", 2, storage=stages)]
    found = outcome(items)
    energy = the(found, "activation_energy").estimate
    slope = energy.value / (1 / ROOM - 1 / HOT)
    assert energy.weights["study/llto#storage temperature 200 ± 2 degC"] == pytest.approx(
        -slope * 2.0 / HOT**2, rel=0.02
    )
    assert energy.weights["study/llto#storage temperature 22 ± 0.5 degC"] == pytest.approx(
        slope * 0.5 / ROOM**2, rel=0.02
    )
    row = the(found, "diffusion_coefficient", HOT)
    assert row.temperature is not None
    assert row.temperature.standard_uncertainty == pytest.approx(2.0)
    assert row.temperature.weights.keys() == {"study/llto#storage temperature 200 ± 2 degC"}


def test_an_energy_that_was_asked_for_is_told_to_be_missing() -> None:
    found = outcome([item("", 1), item("14 d at 22 degC", 1)], law="arrhenius")
    assert the(found, "activation_energy").estimate.status == "undetermined"


def three_temperatures(bend: float) -> list[Item]:
    """22, 60 and 100 °C; D at 60 °C is ``bend`` times that of the line."""
    stages, work, x, rng = list[str](), 0.0, np.linspace(0, 5e-3, 60), np.random.default_rng(12)

    def columns() -> Mapping[str, Any]:
        expected = TRUTH.stored(x, work) if work else TRUTH.exchanged(x)
        tracer, others = counted(expected, 2000, rng)
        return {POSITION: x, "counts_6Li": tracer, "counts_7Li": others}

    items = [item("", columns=columns())]
    for hours, celsius in ((336, 22), (48, 60), (8, 100)):
        factor = bend if celsius == 60 else 1.0
        work += factor * TRUTH.coefficient(celsius + 273.15) * hours * 3600
        stages.append(f"{hours} h at {celsius} ± 0.2 degC")
        later = item("14 d at 22 degC", columns=columns(), storage=list(stages))
        items.append(replace(later, label=f"{celsius} °C"))
    return items


def test_three_temperatures_test_the_straight_line() -> None:
    straight = outcome(three_temperatures(1.0))
    assert holds(the(straight, "activation_energy").estimate, TRUTH.energy)
    assert any("A straight line of ln D in 1/T describes all" in text for text in straight.findings)


def test_a_bent_line_is_rejected_and_gives_a_coefficient_for_each_temperature() -> None:
    bent = outcome(three_temperatures(1.6))
    assert any("No straight line" in text for text in bent.findings)
    assert the(bent, "activation_energy").estimate.status == "undetermined"
    for celsius, factor in ((22, 1.0), (60, 1.6), (100, 1.0)):
        kelvin = celsius + 273.15
        row = the(bent, "diffusion_coefficient", kelvin)
        assert holds(row.estimate, factor * TRUTH.coefficient(kelvin))
    forced = outcome(three_temperatures(1.6), law="arrhenius")
    assert any("does not describe these temperatures" in text for text in forced.warnings)
    assert any(text.startswith("Fitted separately: ") for text in forced.findings)


def test_a_known_energy_serves_one_profile_after_two_stages() -> None:
    found = outcome([item("", 3), item("hot", 3)], activation_energy="0.43 ± 0.01 eV")
    row = the(found, "diffusion_coefficient", ROOM)
    assert holds(row.estimate, 3e-13)
    assert any("activation energy" in name for name in row.estimate.weights)
    assert not [r for r in found.rows if r.quantity == "activation_energy"]  # it was given
    with pytest.raises(InputError, match="state 'activation_energy'"):
        outcome([item("", 3), item("hot", 3)])


def test_the_scale_of_positions_enters_twice() -> None:
    """A sputter rate known to 3 % makes D uncertain by 6 %, by a latent that its text names."""
    items = []
    for storage in ("", "14 d at 22 degC"):
        plain = item(storage, 4)
        columns = {SPUTTER_TIME: X / 1e-9, "counts_6Li": plain.sweep.columns["counts_6Li"],
                   "counts_7Li": plain.sweep.columns["counts_7Li"]}  # fmt: skip
        items.append(item(storage, 4, columns=columns, sputter_rate="1.00 ± 0.03 nm/s"))
    row = the(outcome(items), "diffusion_coefficient", ROOM)
    scale = [w for name, w in row.estimate.weights.items() if "position scale" in name]
    assert scale == [pytest.approx(0.06)]
    assert holds(row.estimate, 3e-13)


def test_a_shared_error_of_the_fractions_enters() -> None:
    """Mass discrimination, one unknown for all profiles: nearly without effect on D, but it is there."""
    items = [item(storage, 5, mass_discrimination="1.00 ± 0.02") for storage in ("", "14 d at 22 degC")]
    row = the(outcome(items), "diffusion_coefficient", ROOM)
    (weight,) = [w for name, w in row.estimate.weights.items() if "mass discrimination" in name]
    assert 0 < abs(weight) < 0.02


@pytest.mark.parametrize(
    ("sample", "channel"), [(Sample("g", morphology="glass"), "bulk"), (LLTO, "effective"), (Sample("x"), "")]
)
def test_channels(sample: Sample, channel: str) -> None:
    found = outcome([item("", 6), item("14 d at 22 degC", 6)], sample)
    assert the(found, "diffusion_coefficient").channel == channel
    assert any("cannot be told" in text for text in found.warnings) == (channel == "")


def test_fractions_with_and_without_uncertainty() -> None:
    def as_fraction(storage: str, *, stated: bool) -> Item:
        plain = item(storage, 7).sweep.columns
        total = plain["counts_6Li"] + plain["counts_7Li"]
        p = plain["counts_6Li"] / total
        columns = {POSITION: X, FRACTION: p}
        if stated:
            columns[FRACTION_UNCERTAINTY] = np.sqrt((p * (1 - p) + 1e-4) / total)
        return item(storage, 7, columns=columns)

    for stated in (True, False):
        found = outcome([as_fraction(s, stated=stated) for s in ("", "14 d at 22 degC")])
        assert holds(the(found, "diffusion_coefficient").estimate, 3e-13)
    with pytest.raises(AnalysisError, match="give them for all"):
        outcome([as_fraction("", stated=True), as_fraction("14 d at 22 degC", stated=False)])


def test_bounds_reach_the_rows() -> None:
    plain = item("", 8)
    still = item("14 d at 22 degC", 9, columns=item("", 9).sweep.columns)
    found = outcome([plain, still])
    row = the(found, "diffusion_coefficient")
    assert found.findings[0].startswith("D* < ")
    assert row.estimate.status == "bound"
    assert row.estimate.side == "upper"
    assert "do not differ" in row.estimate.note


def test_contradictory_profiles_widen_the_row() -> None:
    """14 d as at 22 °C, 42 d as at half as much more diffusion: the row holds both, and says so."""
    expected = TRUTH.stored(X, 1.5 * WORKS["42 d at 22 degC"])
    tracer, others = counted(expected, 6000, np.random.default_rng(3))
    odd = {POSITION: X, "counts_6Li": tracer, "counts_7Li": others}
    found = outcome([item("", 1), item("14 d at 22 degC", 1), item("42 d at 22 degC", columns=odd)])
    low, high = the(found, "diffusion_coefficient").estimate.interval(0.68)
    assert low < 3e-13 < 4.5e-13 < high
    assert "contradict each other (the uncertainty includes their differences)" in found.findings[0]


def test_lost_tracer_and_displacement_are_told_with_figures() -> None:
    plain = item("14 d at 22 degC", 10).sweep.columns
    tracer = np.random.default_rng(1).binomial(plain["counts_6Li"].astype(int), 0.9).astype(float)
    lost = item("14 d at 22 degC", 10, columns={**plain, "counts_6Li": tracer})
    warnings = outcome([item("", 10), lost]).warnings
    assert any("% smaller than in start" in text for text in warnings)
    moved = item("14 d at 22 degC", 10, columns={**plain, POSITION: X + 2e-4})
    assert any("fit better displaced" in text for text in outcome([item("", 10), moved]).warnings)
    assert not any("fit better displaced" in text
                   for text in outcome([item("", 10), moved], displacement="free").warnings)  # fmt: skip


def test_figure_tables_arrays_and_sources() -> None:
    found = outcome([item("", 11), item("14 d at 22 degC", 11), item("42 d at 22 degC", 11)])
    (figure,) = found.figures
    names = [trace["name"] for trace in figure.plot["data"] if trace["showlegend"]]
    assert names == ["start", "14 d at 22 degC", "42 d at 22 degC"]
    assert figure.plot["layout"]["xaxis"]["title"]["text"] == "position [mm]"
    assert {table.name for table in found.tables} == {"contents", "agreement"}
    assert all(len(row) == len(table.columns) for table in found.tables for row in table.rows)
    curve = found.arrays["14 d at 22 degC/propagated_fraction"]
    assert np.max(np.abs(curve - TRUTH.stored(X, WORKS["14 d at 22 degC"]))) < 0.02
    assert len(cited(found.citations)) == 3


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([item("", 1)], "one profile before and at least one after"),
        ([item("", 1), item("", 2)], "stored for the same time"),
        ([item("", 1), item("14 d at 22 degC", 1, exchange_time="59 h")], "exchanged differently"),
    ],
)
def test_series_that_are_none(items: list[Item], words: str) -> None:
    with pytest.raises(AnalysisError, match=words):
        outcome(items)


def test_storage_that_does_not_continue_the_first() -> None:
    first, later = item("14 d at 22 degC", 1), item("hot", 1)
    fields = {"exchange_time": "110 h", "storage": ["15 d at 30 degC", "1 h at 200 degC"]}
    other = replace(later, fields=TracerMeasurement.model_validate(fields))
    with pytest.raises(AnalysisError, match="does not begin with"):
        outcome([first, other])


def test_profiles_that_are_none() -> None:
    with pytest.raises(InputError, match="no positions"):
        fractions_of_one(item("", 1, columns={"counts_6Li": X, "counts_7Li": X}), LLTO, PropagateOptions())
    backwards = item("", 1, columns={POSITION: X[::-1], "counts_6Li": X * 0 + 1, "counts_7Li": X * 0 + 9})
    with pytest.raises(InputError, match="must increase"):
        fractions_of_one(backwards, LLTO, PropagateOptions())
