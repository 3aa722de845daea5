"""`tracer.plan` from the rows of a study."""

from __future__ import annotations

import pytest
from scipy.constants import elementary_charge

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
