"""`temperature.arrhenius` as a study uses it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core import serial
from ionscape.core.citation import cited
from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate, correlation, exact, measured, undetermined
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.core.sample import Sample
from ionscape.temperature.spec import TECHNIQUE, ArrheniusOptions

K_EV = Boltzmann / elementary_charge
S, K = dimension_of("S/m"), dimension_of("K")
T = np.linspace(300.0, 420.0, 9)
THICKNESS = measured(1.0, 0.02, source="thickness", scale="log")


def rows(quantity: str, energy: float, *, noise: float = 0.01) -> list[Row]:
    x = 1 / (K_EV * T)
    scatter = noise * np.random.default_rng(len(quantity)).standard_normal(T.size)
    sigma = np.exp(15 - energy * x + scatter) / T
    return [
        Row(quantity, measured(float(s), 0.01 * float(s), S) * THICKNESS, exact(float(t), K), f"{t:.0f} K")
        for s, t in zip(sigma, T, strict=True)
    ]


def outcome(given: Sequence[Row], **options: object) -> Outcome:
    series = Series(Sample("pellet"), "study.Ea", inputs={"on": given})
    found = TECHNIQUE.analyses[0].combine(series, ArrheniusOptions.model_validate(options))
    json.dumps([figure.plot for figure in found.figures], allow_nan=False)
    serial.decode(*serial.encode(found))
    cited(found.citations)
    return found


def test_one_quantity_gives_the_rows_that_design_names() -> None:
    found = outcome(rows("conductivity_bulk", 0.5), at=["25 degC", "100 degC"])
    assert [(r.quantity, r.item) for r in found.rows] == [
        ("activation_energy", ""), ("pre_exponential_factor", ""), ("conductivity_bulk", ""),
        ("conductivity_bulk", ""),
    ]  # fmt: skip
    energy, factor, cold, warm = found.rows
    assert energy.estimate.to("eV")[0] == pytest.approx(0.5, abs=0.01)
    assert (energy.unit, factor.unit) == ("eV", "S*K/cm")
    assert factor.estimate.to("S*K/cm")[0] > 0
    assert cold.temperature is not None
    assert cold.temperature.value == pytest.approx(298.15)
    assert cold.estimate.note == "extrapolated 2 K below the coldest point (26.9 °C)"
    assert warm.estimate.note == ""
    assert "thickness" in cold.estimate.weights
    assert "thickness" not in energy.estimate.weights
    assert "ln(σT)" in found.findings[0]
    assert "ln σ would give" in found.findings[0]
    assert any("no curvature beyond the errors" in text for text in found.findings)


def test_several_quantities_are_told_apart_and_stay_correlated() -> None:
    found = outcome([*rows("conductivity_bulk", 0.5), *rows("conductivity_total", 0.8)])
    items = {r.item for r in found.rows}
    assert items == {"conductivity_bulk", "conductivity_total"}
    values: list[Estimate] = [r.estimate for r in found.rows if r.quantity.startswith("conductivity")]
    assert correlation(*values) > 0.3  # one thickness
    names = [trace["name"] for trace in found.figures[0].plot["data"]]
    assert "conductivity (bulk)" in names
    assert "conductivity (total)" in names


def test_a_bend_is_reported_with_its_model_and_a_warning() -> None:
    sigma = np.exp(5 - 1200 / (T - 170)) / T
    found = outcome([
        Row("conductivity_bulk", measured(float(s), 0.01 * float(s), S), exact(float(t), K))
        for s, t in zip(sigma, T, strict=True)
    ])  # fmt: skip
    assert any("the line bends (steeper on cooling" in text for text in found.findings)
    assert any("not to be trusted" in text and "gives" in text for text in found.warnings)
    quantities = {r.quantity for r in found.rows}
    assert quantities & {"vogel_temperature", "break_temperature"}
    assert any("Dotted" in figure.caption for figure in found.figures)


def test_models_asked_for_are_reported_even_where_the_line_is_straight() -> None:
    found = outcome(rows("conductivity_bulk", 0.5), models=["vft"])
    (t0,) = [r for r in found.rows if r.quantity == "vogel_temperature"]
    assert t0.estimate.status in ("bound", "undetermined")
    assert [row[1] for row in found.tables[1].rows] == ["straight line", "VFT"]


def test_rows_that_cannot_be_used_are_named_and_the_rest_goes_on() -> None:
    given = rows("conductivity_bulk", 0.5)
    given[1] = Row("conductivity_bulk", undetermined(S, "outside the window"), given[1].temperature, "315 K")
    given[2] = Row("conductivity_bulk", given[2].estimate, None, "no temperature")
    found = outcome(given)
    assert any("315 K is left out" in text and "outside the window" in text for text in found.warnings)
    assert any("no temperature is left out" in text for text in found.warnings)
    assert found.rows[0].estimate.status == "determined"


def test_too_few_rows_give_undetermined_rows_with_the_reason() -> None:
    found = outcome(rows("conductivity_bulk", 0.5)[:1])
    assert {r.estimate.status for r in found.rows} == {"undetermined"}
    assert "needs two usable points" in found.rows[0].estimate.note
    assert found.figures == ()
    with pytest.raises(AnalysisError, match="'on' gave none"):
        outcome([])


def test_a_diffusion_coefficient_is_drawn_as_ln_d() -> None:
    d = dimension_of("m^2/s")
    given = [
        Row("diffusion_coefficient", measured(float(v), 0.05 * float(v), d), exact(float(t), K))
        for t, v in zip(T, 1e-6 * np.exp(-0.4 / (K_EV * T)), strict=True)
    ]
    found = outcome(given)
    assert "from ln D" in found.findings[0]
    assert found.rows[0].estimate.to("eV")[0] == pytest.approx(0.4)
    assert found.rows[1].unit == "cm^2/s"
    assert found.rows[1].estimate.to("cm^2/s")[0] == pytest.approx(1e-2, rel=1e-6)


def test_the_plot_shows_points_where_they_are() -> None:
    given = rows("conductivity_bulk", 0.5)
    plot = outcome(given).figures[0].plot
    (points,) = [t for t in plot["data"] if t["mode"] == "markers" and t["showlegend"]]
    expected = [np.log10(r.estimate.to("S/cm")[0] * t) for r, t in zip(given, T, strict=True)]
    assert points["x"] == pytest.approx([1000 / t for t in T], rel=1e-5)
    assert points["y"] == pytest.approx(expected, rel=1e-5)
    assert plot["layout"]["yaxis"]["title"]["text"] == "log₁₀(σT / S K/cm)"
    ticks = plot["layout"]["xaxis2"]
    celsius = [1000 / v - 273.15 for v in ticks["tickvals"]]
    assert [float(t) for t in ticks["ticktext"]] == pytest.approx(celsius)
    assert ticks["range"] == plot["layout"]["xaxis"]["range"]


def coefficients(kind: str, channel: str, energy: float, unit: str = "m^2/s", name: str = "") -> list[Row]:
    dimension = dimension_of(unit)
    values = 1e-8 * np.exp(-energy / (K_EV * T))
    return [
        Row(
            name or "diffusion_coefficient", measured(float(v), 0.02 * float(v), dimension),
            exact(float(t), K), f"{t:.0f} K", "", kind, channel,
        )
        for v, t in zip(values, T, strict=True)
    ]  # fmt: skip


def test_kind_and_channel_of_a_coefficient_stay_with_it() -> None:
    found = outcome(coefficients("D*", "effective", 0.43))
    assert {(r.kind, r.channel) for r in found.rows} == {("D*", "effective")}
    energy, factor, cold = found.rows
    assert energy.estimate.to("eV")[0] == pytest.approx(0.43, abs=1e-3)
    assert (factor.unit, cold.quantity, cold.unit) == ("cm^2/s", "diffusion_coefficient", "cm^2/s")
    assert "from ln D" in found.findings[0]


def test_coefficients_of_different_kinds_are_not_put_on_one_line() -> None:
    found = outcome([*coefficients("D_NMR", "bulk", 0.3), *coefficients("D*", "effective", 0.43)])
    lines = [r for r in found.rows if r.quantity == "activation_energy"]
    energies = {(r.kind, r.channel): r.estimate.to("eV")[0] for r in lines}
    assert energies == {("D_NMR", "bulk"): pytest.approx(0.3), ("D*", "effective"): pytest.approx(0.43)}
    assert {r.quantity for r in found.rows} >= {"diffusion_coefficient"}


@pytest.mark.parametrize("form", [None, "ln x", "ln D"])
def test_a_permeability_of_boundaries_has_a_straight_line(form: str | None) -> None:
    given = coefficients("D*", "boundary", 0.43, "m/s", "boundary_permeability")
    found = outcome(given, **({"form": form} if form else {}))
    assert found.rows[0].estimate.to("eV")[0] == pytest.approx(0.43, abs=1e-3)
    assert [r.unit for r in found.rows] == ["eV", "cm/s", "cm/s"]
    assert not any("left out" in text for text in found.warnings)
