"""`tracer.plan` from the rows of a study."""

from __future__ import annotations

import math

import pytest
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.errors import InputError
from ionscape.core.estimate import exact, measured
from ionscape.core.outcome import Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.core.sample import Sample
from ionscape.tracer.plan_analysis import plan_of_study
from ionscape.tracer.plan_options import PlanOptions

D, J, K, P = (dimension_of(unit) for unit in ("m^2/s", "J", "K", "m/s"))
SAMPLE = Sample("llto", extra={"grain_size": measured(16e-6, 11e-6, dimension_of("m"))})
COLD = {"diffusion": [Row("D", measured(3e-13, 3e-14, D, source="D"), exact(295.15, K), channel="effective")],
        "activation_energy": [Row("E", measured(0.41 * elementary_charge, 3e-21, J))]}  # fmt: skip
EXCHANGE = {"bulk_diffusion": [Row("D", measured(2.6e-12, 1e-13, D, source="NMR"))],
            "boundary_permeability": [Row("P", exact(1.5e-8, P))]}  # fmt: skip


def series(*inputs: dict[str, list[Row]]) -> Series:
    """A series with these rows."""
    return Series(SAMPLE, "study/plan", inputs={k: v for given in inputs for k, v in given.items()})


def test_both_plans_with_rows_figures_and_pitfalls() -> None:
    options = PlanOptions.model_validate({"acquisition_time": "5 h", "acquisition_temperature": "-110 degC"})
    outcome = plan_of_study(series(COLD, EXCHANGE), options)
    rows = {row.quantity: row.estimate for row in outcome.rows}
    assert set(rows) == {"acquisition_temperature", "acquisition_time", "diffusion_length", "exchange_time"}
    assert rows["acquisition_temperature"].side == rows["acquisition_time"].side == "upper"
    assert rows["exchange_time"].spread > 0
    assert "NMR" in rows["exchange_time"].weights
    assert {figure.name for figure in outcome.figures} == {"acquisition", "exchange"}
    text = " ".join(outcome.warnings)
    assert "fewer than 3 grains" in text
    assert "homogeneous" in text
    assert "effective D" in text


def test_the_goal_moves_the_optimum() -> None:
    plans = {
        goal: plan_of_study(series(EXCHANGE), PlanOptions.model_validate({"goal": goal}))
        for goal in ("bulk", "boundary")
    }
    times = {goal: plan.rows[0].estimate.value for goal, plan in plans.items()}
    assert times["bulk"] < 0.2 * times["boundary"]


def test_a_second_image_is_planned_with_its_storage() -> None:
    outcome = plan_of_study(series(EXCHANGE), PlanOptions(second_image=True))
    assert "a second image after" in outcome.findings[0]


def test_nothing_given_is_a_sentence() -> None:
    with pytest.raises(InputError, match="nothing to plan with"):
        plan_of_study(series(), PlanOptions())
    with pytest.raises(InputError, match="temperature"):
        plan_of_study(series({"diffusion": [Row("D", exact(3e-13, D))]}), PlanOptions())


def line(name: str, value: float, ev: float, channel: str = "") -> dict[str, list[Row]]:
    """D [m^2/s] of this value at 22 degC on an Arrhenius line, known to 4 % at four temperatures."""
    rows = []
    for t in (295.15, 313.15, 333.15, 373.15):
        d = value * math.exp(-ev * elementary_charge / Boltzmann * (1 / t - 1 / 295.15))
        rows.append(Row("D", measured(d, 0.04 * d, D, source=f"{name} {t}"), exact(t, K), channel=channel))
    return {name: rows}


BULK = line("bulk_diffusion", 2.6e-12, 0.33, "bulk")
EFFECTIVE = line("diffusion", 3e-13, 0.43, "effective")
HOURS_AT_110 = {"acquisition_time": "5 h", "acquisition_temperature": "-110 degC"}


def test_an_image_that_resolves_the_grains_is_limited_by_d_inside_them() -> None:
    """Closed form: 2.6e-8 cm^2/s at 22 degC and 0.33 eV give sqrt(2Dt) = 1.6 um at -110 degC in 5 h."""
    options = PlanOptions.model_validate(HOURS_AT_110)
    outcome = plan_of_study(series(BULK, EFFECTIVE), options)
    length = next(row.estimate for row in outcome.rows if row.quantity == "diffusion_length")
    at = 2.6e-12 * math.exp(-0.33 * elementary_charge / Boltzmann * (1 / 163.15 - 1 / 295.15))
    expected = math.sqrt(2 * at * 5 * 3600)
    assert expected == pytest.approx(1.6e-6, rel=0.05)
    assert length.value == pytest.approx(expected, rel=1e-6)
    assert "above the 0.3 µm allowed" in outcome.findings[0]
    assert "D inside the grains (grains of 16 µm, resolution 1 µm)" in " ".join(outcome.findings)
    assert not any("effective D" in text for text in outcome.warnings)
    limit = next(row.estimate for row in outcome.rows if row.quantity == "acquisition_temperature")
    alone = plan_of_study(series(EFFECTIVE), options)
    mild = next(row.estimate for row in alone.rows if row.quantity == "acquisition_temperature")
    assert limit.value < mild.value - 10


def test_an_image_that_does_not_resolve_the_grains_is_limited_by_the_effective_d() -> None:
    options = PlanOptions.model_validate(HOURS_AT_110 | {"resolution": "40 um"})
    both, alone = (plan_of_study(series(*rows), options) for rows in ((BULK, EFFECTIVE), (EFFECTIVE,)))
    assert [row.estimate.value for row in both.rows] == [row.estimate.value for row in alone.rows]
    assert not any("effective D" in text for text in alone.warnings)


def test_the_effective_d_alone_is_doubted_in_row_finding_and_warning() -> None:
    outcome = plan_of_study(series(EFFECTIVE), PlanOptions.model_validate(HOURS_AT_110))
    assert all("by how much the image blurs is not known" in row.estimate.note for row in outcome.rows)
    assert any("a pixel lies inside a grain of 16 µm" in text for text in outcome.warnings)
    assert all(text.startswith("By the effective D alone") for text in outcome.findings)


def test_the_exchange_is_planned_with_the_bulk_d_at_its_own_temperature() -> None:
    boundary = {"boundary_permeability": [Row("P", exact(1.5e-8, P), exact(295.15, K))]}
    one = {"bulk_diffusion": BULK["bulk_diffusion"][:1]}
    warmer = {"bulk_diffusion": BULK["bulk_diffusion"][1:]}
    times = [
        next(row.estimate.value for row in plan_of_study(series(rows, boundary), PlanOptions()).rows
             if row.quantity == "exchange_time")
        for rows in (one, BULK, warmer)
    ]  # fmt: skip
    assert times[1] == times[0]
    assert times[2] == pytest.approx(times[0], rel=1e-3)  # along the line
    with pytest.raises(InputError, match="state that of boundary_permeability"):
        plan_of_study(series(BULK, {"boundary_permeability": [Row("P", exact(1.5e-8, P))]}), PlanOptions())
