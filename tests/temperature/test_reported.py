"""What a study says where the straight line is wrong: synthetic series whose truth is a closed form."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.estimate import Estimate, exact, measured
from ionscape.core.outcome import Outcome, Row
from ionscape.core.propagation import propagate
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.core.sample import Sample
from ionscape.temperature.spec import TECHNIQUE, ArrheniusOptions

K_EV = Boltzmann / elementary_charge
S, K = dimension_of("S/m"), dimension_of("K")
ROOM = 298.15

Law = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def line(factor: float, energy: float) -> Law:
    return lambda kelvin: np.asarray(factor / kelvin * np.exp(-energy / (K_EV * kelvin)))


def series(
    quantity: str, law: Law, celsius: Sequence[float] | NDArray[np.float64], sd: float, seed: int = 1
) -> list[Row]:
    kelvin = np.asarray(celsius) + 273.15
    sigma = law(kelvin) * np.exp(sd * np.random.default_rng(seed).standard_normal(kelvin.size))
    return [
        Row(quantity, measured(float(s), sd * float(s), S), exact(float(t), K))
        for s, t in zip(sigma, kelvin, strict=True)
    ]


def outcome(given: Sequence[Row], **options: object) -> Outcome:
    found = TECHNIQUE.analyses[0].combine(
        Series(Sample("pellet"), "study.Ea", inputs={"on": given}), ArrheniusOptions.model_validate(options)
    )
    assert isinstance(found, Outcome)
    return found


def one(found: Outcome, quantity: str, item: str = "") -> Estimate:
    (row,) = [r for r in found.rows if r.quantity == quantity and (not item or r.item == item)]
    return row.estimate


def holds(estimate: Estimate, truth: float) -> bool:
    low, high = estimate.interval(0.997)
    return low <= truth <= high


# ---- a curve --------------------------------------------------------------------------------------------
def vogel(kelvin: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(50 / kelvin * np.exp(-900 / (kelvin - 190)))


def test_values_come_from_the_preferred_curve() -> None:
    found = outcome(
        series("conductivity_bulk", vogel, [0, 15, 30, 45, 60, 75, 90], 0.003), at=["-20 degC", "25 degC"]
    )
    for row in found.rows[2:4]:
        assert row.temperature is not None
        assert holds(row.estimate, float(vogel(np.array(row.temperature.value))))
        assert "from VFT, preferred over the straight line" in row.estimate.note
        assert any(name.startswith("measured") for name in row.estimate.weights)
    assert "extrapolated 20 K below" in found.rows[2].estimate.note
    assert "apparent, an average over 0 °C to 90 °C: the points bend" in found.rows[0].estimate.note
    assert holds(one(found, "vogel_temperature"), 190.0)


def test_the_verdict_comes_before_the_values_where_the_line_is_rejected() -> None:
    energy, verdict, value = outcome(series("conductivity_bulk", vogel, range(0, 95, 15), 0.003)).findings
    assert "apparent, an average" in energy
    assert "the line bends" in verdict
    assert "from VFT" in value
    straight = outcome(series("conductivity_bulk", line(1e5, 0.4), range(0, 95, 15), 0.003)).findings
    assert "no curvature beyond the errors" in straight[-1]


def test_a_curve_that_is_no_model_has_no_parameters_and_is_not_extrapolated() -> None:
    """A parabola is not VFT, however much better than a line VFT is."""
    kelvin = np.linspace(300, 420, 9)
    middle = float((1 / (K_EV * kelvin)).mean())

    def parabola(t: NDArray[np.float64]) -> NDArray[np.float64]:
        x = 1 / (K_EV * t)
        return np.asarray(np.exp(15 - 0.5 * x - 0.02 * (x - middle) ** 2) / t)

    found = outcome(series("conductivity_bulk", parabola, kelvin - 273.15, 0.003), at=["-40 degC", "77 degC"])
    assert not {r.quantity for r in found.rows} & {"vogel_temperature", "break_temperature", "step_factor"}
    cold, inside = found.rows[2].estimate, found.rows[3].estimate
    assert cold.status == "undetermined"
    assert "not random along temperature" in cold.note
    assert inside.value == pytest.approx(float(parabola(np.array(350.15))), rel=0.1)
    assert any("not their physics" in text for text in found.findings)


# ---- a jump ---------------------------------------------------------------------------------------------
JUMP = [10, 20, 30, 40, 55, 65, 75, 85]


def test_a_jump_with_one_energy_keeps_that_energy() -> None:
    def law(kelvin: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.where(kelvin > 323.15, 30.0, 1.0) * line(3e4, 0.40)(kelvin))

    found = outcome(series("conductivity_total", law, JUMP, 0.007))
    assert holds(one(found, "activation_energy"), 0.40 * elementary_charge)
    assert one(found, "activation_energy").to("eV")[1] < 0.01
    assert one(found, "pre_exponential_factor").status == "undetermined"
    assert holds(one(found, "step_factor"), 30.0)
    assert one(found, "break_temperature").interval(0.95) == pytest.approx(
        (320.65 - 7.125, 320.65 + 7.125), abs=0.01
    )
    assert holds(one(found, "conductivity_total"), float(law(np.array(ROOM))))
    assert "the points step between 40 °C and 55 °C" in found.findings[1]
    assert one(outcome(series("conductivity_total", law, JUMP, 0.007), at=["50 degC"]),
               "conductivity_total").status == "undetermined"  # fmt: skip


def test_a_jump_with_two_energies_has_no_single_one() -> None:
    def law(kelvin: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.where(kelvin > 320, line(1e4, 0.25)(kelvin), line(2e6, 0.55)(kelvin)))

    found = outcome(series("conductivity_bulk", law, JUMP, 0.007))
    assert one(found, "activation_energy").status == "undetermined"
    assert holds(one(found, "activation_energy_below_break"), 0.55 * elementary_charge)
    assert holds(one(found, "activation_energy_above_break"), 0.25 * elementary_charge)
    assert found.findings[0].startswith("No activation energy")


def test_scatter_far_above_the_errors_lets_nobody_judge_curvature() -> None:
    rows = series("conductivity_bulk", line(1e5, 0.4), range(0, 95, 15), 0.2, seed=5)
    rough = [
        Row(r.quantity, measured(r.estimate.value, 0.005 * r.estimate.value, S), r.temperature) for r in rows
    ]
    found = outcome(rough)
    assert any("cannot be judged: the points scatter" in text for text in found.findings)
    assert not any("no curvature" in text for text in found.findings)


def test_ordered_residuals_that_no_model_explains_leave_no_energy() -> None:
    """A wave about the line: neither a curve, nor a break, nor a step."""
    celsius = np.linspace(0, 120, 16)

    def wave(kelvin: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(line(1e5, 0.4)(kelvin) * np.exp(0.3 * np.sin((kelvin - 273.15) / 120 * 5 * np.pi)))

    found = outcome(series("conductivity_bulk", wave, celsius, 0.005))
    for row in found.rows:
        assert row.estimate.status == "undetermined"
        assert "the residuals are not random along temperature" in row.estimate.note


# ---- a sum ----------------------------------------------------------------------------------------------
BULK, BOUNDARY = line(3e5, 0.30), line(1e6, 0.42)


def in_series(kelvin: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 / BULK(kelvin) + 1 / BOUNDARY(kelvin)))


def bent_total(celsius: Sequence[float]) -> dict[str, list[Row]]:
    bulk = series("conductivity_bulk", BULK, celsius, 0.001, 1)
    boundary = series("conductivity_grain_boundary", BOUNDARY, celsius, 0.001, 2)
    total = [
        Row("conductivity_total", propagate(lambda a, b: 1 / (1 / a + 1 / b), p.estimate, q.estimate,
                                            dimension=S, scale="log"), p.temperature)
        for p, q in zip(bulk, boundary, strict=True)
    ]  # fmt: skip
    return {"bulk": bulk, "boundary": boundary, "total": total}


def test_a_total_bends_as_the_sum_of_its_parts_must() -> None:
    rows = bent_total(range(-20, 200, 20))
    given = rows["total"] + rows["bulk"] + rows["boundary"]
    found = outcome(given, at=["25 degC", "-60 degC"])
    assert any("bends as a sum of bulk and grain boundary must" in text for text in found.findings)
    assert not {r.quantity for r in found.rows} & {"vogel_temperature", "break_temperature"}
    values = [r for r in found.rows if r.quantity == "conductivity_total"]
    for row in values:
        assert row.temperature is not None
        assert holds(row.estimate, float(in_series(np.array(row.temperature.value))))
        assert "from the sum of bulk and grain boundary" in row.estimate.note
    assert "apparent" in one(found, "activation_energy", "conductivity_total").note
    assert found.rows[0].item == "conductivity_total"  # the order of the study


def test_a_total_without_its_parts_has_neither_t0_nor_break_nor_extrapolation() -> None:
    found = outcome(
        bent_total(range(-20, 200, 20))["total"], at=["25 degC", "-60 degC"], models=["vft", "broken"]
    )
    assert {r.quantity for r in found.rows} == {
        "activation_energy", "pre_exponential_factor", "conductivity_total",
    }  # fmt: skip
    room, cold = (r.estimate for r in found.rows[2:])
    assert room.value == pytest.approx(float(in_series(np.array(ROOM))), rel=0.02)
    assert cold.status == "undetermined"
    assert any("a sum of processes in series bends too" in text for text in found.findings)


# ---- few points -----------------------------------------------------------------------------------------
def test_two_points_are_said_to_be_tested_by_nothing() -> None:
    found = outcome(series("conductivity_bulk", line(1e5, 0.4), [20, 60], 0.01))
    assert found.rows[0].estimate.status == "determined"
    assert found.rows[0].estimate.note == "two points only: nothing tests the line"
    assert "nothing tests the line" in found.findings[0]


def test_the_table_says_once_what_few_points_get() -> None:
    three, seven = (
        outcome(series("conductivity_bulk", line(1e5, 0.4), np.linspace(0, 90, n), 0.01)) for n in (3, 7)
    )
    assert "3 to 5 points" in three.tables[0].caption
    assert "3 to 5 points" not in seven.tables[0].caption
