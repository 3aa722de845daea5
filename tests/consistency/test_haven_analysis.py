"""`consistency.haven_ratio` as a study uses it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from ionscape.consistency.spec import TECHNIQUE
from ionscape.core import serial
from ionscape.core.citation import cited
from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import measured, refused
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import DIMENSIONLESS, dimension_of
from ionscape.core.registry import Series

ANALYSIS = next(a for a in TECHNIQUE.analyses if a.name == "consistency.haven_ratio")


def outcome(series: Series, **options: object) -> Outcome:
    found = ANALYSIS.combine(series, ANALYSIS.options.model_validate(options))
    json.dumps([figure.plot for figure in found.figures], allow_nan=False)
    serial.decode(*serial.encode(found))
    cited(found.citations)
    assert {row.quantity for row in found.rows} <= set(ANALYSIS.outputs)
    for row in found.rows:
        assert row.estimate.dimension == dimension_of(ANALYSIS.outputs[row.quantity])
    return found


def named(rows: Sequence[Row], quantity: str) -> list[Row]:
    return [row for row in rows if row.quantity == quantity]


def test_the_bulk_of_llto_may_use_nernst_einstein(llto: Any) -> None:
    inputs = {"tracer": llto.diffusion("D_NMR", "bulk", 0.02), "conductivity": llto.conductivities(["bulk"])}
    found = outcome(llto.series(inputs))
    (whole,) = [r for r in named(found.rows, "haven_ratio") if "one activation energy" in r.item]
    low, high = whole.estimate.interval(0.95)
    assert low <= 1 <= high
    assert "Nernst-Einstein: use;" in found.findings[0]
    carriers = named(found.rows, "apparent_carrier_density")[0].estimate
    assert carriers.to("cm^-3")[0] == pytest.approx(5e21, rel=0.2)
    assert "n" not in carriers.weights  # n/H_R: the density that made D_σ cancels
    difference = named(found.rows, "activation_energy_difference")[0].estimate
    assert difference.interval(0.95)[0] < 0 < difference.interval(0.95)[1]


def test_many_grains_mix_bulk_and_boundaries(llto: Any) -> None:
    inputs = {
        "tracer": llto.diffusion("D*", "effective", 0.02),
        "conductivity": llto.conductivities(["total"]),
    }
    found = outcome(llto.series(inputs), at=["25 degC", "-50 degC"])
    at = {
        round(r.temperature.value, 2): r.estimate
        for r in named(found.rows, "haven_ratio")
        if r.temperature and r.item == "effective"
    }
    for kelvin, estimate in at.items():
        truth = llto.in_series(llto.bulk(kelvin), llto.edge(kelvin))
        truth /= llto.in_series(llto.bulk(kelvin), llto.edge(kelvin, 0.20e-4))
        low, high = estimate.interval(0.99)
        assert low <= truth <= high
    assert any("rises on heating" in text for text in found.findings)
    assert any(text.startswith("No H_R (effective) at −50 °C from the lines") for text in found.findings)
    assert any("mixes that of the bulk" in text for text in found.findings)
    assert "use with H_R" in found.findings[0]


def test_extrapolation_says_what_an_error_of_the_energy_does(llto: Any) -> None:
    inputs = {"tracer": llto.diffusion("D_NMR", "bulk", 0.02), "conductivity": llto.conductivities(["bulk"])}
    found = outcome(llto.series(inputs), at="-50 degC")
    (text,) = [text for text in found.findings if "every 0.01 eV" in text]
    assert "D* extrapolated 72 K, D_σ extrapolated 30 K" in text


def test_across_channels_is_refused_with_what_to_measure(llto: Any) -> None:
    inputs = {"tracer": llto.diffusion("D_NMR", "bulk"), "conductivity": llto.conductivities(["total"])}
    found = outcome(llto.series(inputs))
    (row,) = found.rows
    assert row.estimate.status == "refused"
    assert "across channels" in row.estimate.note
    assert "bulk conductivity" in row.estimate.note
    assert found.findings[0].startswith("Nernst-Einstein: refuse. ")
    assert "To settle it: the bulk conductivity" in found.findings[0]


def test_the_boundary_says_what_depletion_would_do(llto: Any) -> None:
    tracer = [Row("boundary_permeability", measured(1.5e-8, 1e-9, llto.P), llto.exact(295.15, llto.K))]
    inputs = {"tracer": tracer, "conductivity": llto.conductivities(["grain_boundary"])}
    found = outcome(llto.series(inputs), grain_size_average="series")
    (row,) = named(found.rows, "haven_ratio")
    assert row.estimate.value == pytest.approx(0.26, abs=0.02)
    assert "l" in row.estimate.weights  # ± 11 µm of grain size, in full
    longer = outcome(llto.series(inputs))  # path per boundary not stated: 1.25 l, and said so
    ratio = named(longer.rows, "haven_ratio")[0].estimate
    assert ratio.value == pytest.approx(1.25 * row.estimate.value)
    assert "llto.grain_size.path per boundary" in ratio.weights
    assert any("1.25 l, uniform from" in text for text in longer.findings)
    assert any("depleted boundary" in text for text in found.findings)


def test_above_one_is_warned_about(llto: Any) -> None:
    tracer = [llto.stated("tracer", 6e-12, 1e-13, "m^2/s", 295.15)]
    inputs = {"tracer": tracer, "conductivity": llto.conductivities(["bulk"])}
    found = outcome(llto.series(inputs), channels={"tracer": "bulk"})
    assert any("above 1 beyond its error" in text for text in found.warnings)
    (text,) = [text for text in found.findings if "Nernst-Einstein" in text]
    assert "refuse" in text
    assert "too large a one makes D_σ too small" in text


def test_values_without_errors_are_not_tested(llto: Any) -> None:
    inputs = {
        "tracer": [llto.stated("tracer", 6e-13, 0.0, "m^2/s", 295.15)],
        "conductivity": [llto.stated("conductivity", 0.08, 0.0, "S/m", 295.15)],
    }
    bulk = {"tracer": "bulk", "conductivity": "bulk"}
    sure = llto.sample(carrier_density=llto.exact(5e27, llto.N))
    found = outcome(llto.series(inputs, sure), channels=bulk)
    text = " ".join(found.findings)
    assert "refuse. H_R = 0.2" in text
    assert "no stated error; it cannot be tested against 1" in text
    assert "excludes 1" not in text
    assert "correlated" not in text
    inputs["conductivity"] = [llto.stated("conductivity", 0.08, 0.004, "S/m", 295.15)]
    half = outcome(llto.series(inputs, sure), channels=bulk)
    assert any("D*_bulk is stated without an uncertainty" in text for text in half.warnings)


def test_a_far_extrapolation_is_refused_with_what_to_measure(llto: Any) -> None:
    """D* from 300 to 340 °C against σ at 25 °C: ln D* there has the error of E over seven ranges."""
    inputs = {
        "tracer": llto.diffusion("D*", "bulk", 0.05, [573.15, 593.15, 613.15]),
        "conductivity": [llto.stated("conductivity", 0.08, 1e-3, "S/m", 298.15)],
    }
    found = outcome(llto.series(inputs), channels={"conductivity": "bulk"})
    text = next(text for text in found.findings if "Nernst-Einstein" in text)
    assert "refuse" in text
    assert "D*_bulk is extrapolated 275 K" in text
    assert "To settle it: D*_bulk measured at 25 °C" in text


def test_ranges_far_apart_are_refused_even_with_one_energy(llto: Any) -> None:
    tracer = llto.diffusion("D*", "bulk", 0.02, [573.15, 583.15, 593.15, 603.15])
    sigma = [row for row in llto.conductivities(["bulk"]) if row.temperature.value < 330]
    found = outcome(llto.series({"tracer": tracer, "conductivity": sigma}))
    text = next(text for text in found.findings if "Nernst-Einstein" in text)
    assert "refuse" in text
    assert "D*_bulk (300 °C to 330 °C) and D_σ,bulk" in text
    assert "lie farther apart than either range is long" in text


def test_over_many_grains_it_is_a_composite_and_no_correlation(llto: Any) -> None:
    """H_eff = Σ w H with the shares w of the resistance to single ions: 0.92·0.24 + 0.08·1 = 0.30."""
    kelvin = 295.15
    share = llto.in_series(llto.bulk(kelvin), llto.edge(kelvin)) / llto.edge(kelvin)
    truth = share * 0.24 + (1 - share) * 1.0
    whole = llto.in_series(llto.bulk(kelvin), llto.edge(kelvin, 0.20e-4))
    assert llto.in_series(llto.bulk(kelvin), llto.edge(kelvin)) / whole == pytest.approx(truth)
    tracer = [*llto.diffusion("D_NMR", "bulk", 0.02), *llto.diffusion("D*", "effective", 0.02)]
    found = outcome(llto.series({"tracer": tracer, "conductivity": llto.conductivities()}))
    (text,) = [text for text in found.findings if text.startswith("Haven ratio of the whole")]
    assert "composite of bulk and grain boundaries" in text
    assert "no correlation factor (bulk " in text
    assert "boundary not known)" in text
    assert "ways are correlated" not in text
    assert not any(
        "Apparent carrier density (effective" in text and "correlated" in text for text in found.findings
    )


def test_electrons_cannot_carry_more_than_all(llto: Any) -> None:
    inputs = {"tracer": llto.diffusion("D_NMR", "bulk", 0.02), "conductivity": llto.conductivities(["bulk"])}
    found = outcome(llto.series(inputs), electronic_conductivity="1 S/cm")
    text = " ".join(found.findings)
    assert "of which it can only be a part: check its unit" in text
    assert "electrons carry" not in text.lower()


def test_a_carrier_density_without_an_error_is_warned_about(llto: Any) -> None:
    inputs = {"tracer": llto.diffusion("D_NMR", "bulk"), "conductivity": llto.conductivities(["bulk"])}
    sure = llto.sample(carrier_density=llto.exact(5e27, llto.N))
    assert any("density is stated without" in text for text in outcome(llto.series(inputs, sure)).warnings)
    assert outcome(llto.series(inputs)).warnings == ()


def test_a_technique_that_refuses_is_heard(llto: Any) -> None:
    nmr = [
        Row(
            "diffusion_coefficient",
            refused(dimension_of("m^2/s"), "D depends on the diffusion time"),
            llto.exact(295.15, llto.K),
            "",
            "",
            "D_NMR",
            "bulk",
        )
    ]
    found = outcome(llto.series({"tracer": nmr, "conductivity": llto.conductivities(["bulk"])}))
    assert any("refuse. No single diffusion coefficient exists" in text for text in found.findings)


def test_electrons_and_gradients_reach_the_verdict(llto: Any) -> None:
    inputs = {"tracer": llto.diffusion("D_NMR", "bulk", 0.02), "conductivity": llto.conductivities(["bulk"])}
    found = outcome(llto.series(inputs), electronic_conductivity="1e-4 S/cm")
    assert any("refuse. Electrons carry 7" in text for text in found.findings)
    assert not any("follow from each other" in text for text in found.findings)
    found = outcome(llto.series(inputs), driven_by="gradient")
    assert any("thermodynamic factor" in text for text in found.findings)


def test_stated_values_need_channel_and_temperature(llto: Any) -> None:
    tracer, sigma = llto.stated("tracer", 2.6e-12, 0.0, "m^2/s"), llto.stated(
        "conductivity", 0.08, 0.0, "S/m"
    )
    with pytest.raises(AnalysisError, match=r"channels: \{tracer: effective\}"):
        outcome(llto.series({"tracer": [tracer], "conductivity": [sigma]}))
    bulk = {"tracer": "bulk", "conductivity": "bulk"}
    found = outcome(llto.series({"tracer": [tracer], "conductivity": [sigma]}), channels=bulk)
    assert any("temperature of this conductivity is not known" in text for text in found.findings)


def test_the_cait_convention_leaves_no_ratio(llto: Any) -> None:
    inputs = {
        "tracer": llto.diffusion("D*", "bulk"),
        "conductivity": [llto.stated("conductivity", 2e-12, 0.0, "m^2/s", 295.15)],
    }
    kinds, channels = {"conductivity": "D_CAIT"}, {"conductivity": "bulk"}
    plain = outcome(llto.series(inputs), kinds=kinds, channels=channels)
    assert named(plain.rows, "haven_ratio")[0].estimate.status == "determined"
    with pytest.raises(AnalysisError, match="fixes the Haven ratio at 0"):
        outcome(llto.series(inputs), kinds=kinds, channels=channels, cait_convention="2 D*")


def test_thickness_shared_by_both_cancels(llto: Any) -> None:
    """D* through the same pellet as σ: L²/t against L/(R A), so that one power of L is left."""
    pellet = measured(1.0, 0.05, source="thickness", scale="log")
    sigma = llto.conductivities(["bulk"])[2]
    through = Row(
        "diffusion_coefficient",
        measured(2.6e-12, 2.6e-14, llto.D) * pellet**2,
        sigma.temperature,
        "",
        "",
        "D*",
        "bulk",
    )
    shared = Row(sigma.quantity, measured(0.08, 8e-4, llto.S) * pellet, sigma.temperature)
    found = outcome(llto.series({"tracer": [through], "conductivity": [shared]}))
    assert named(found.rows, "haven_ratio")[0].estimate.weights["thickness"] == pytest.approx(0.05)
    assert named(found.rows, "haven_ratio")[0].estimate.dimension == DIMENSIONLESS
