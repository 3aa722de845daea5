"""Rows become coefficients that say what they are, or a sentence says what is missing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.consistency.coefficients import Terms, coefficients_of, ratio_symbol, symbol
from ionscape.core.estimate import correlation, exact, measured, refused
from ionscape.core.outcome import Row
from ionscape.core.quantity import dimension_of
from ionscape.core.sample import Sample

D = dimension_of("m^2/s")


def test_conductivities_are_named_by_channel(llto: Any) -> None:
    reading = coefficients_of({"on": llto.conductivities()}, llto.sample())
    assert {c.symbol for c in reading.coefficients} == {"D_σ,bulk", "(l/δ)D_σ,gb", "D_σ,eff"}
    assert reading.left_out == ()
    room = {c.channel: c for c in reading.coefficients if c.kelvin == 295.15}
    assert room["bulk"].value.value == pytest.approx(llto.bulk(295.15), rel=0.05)
    assert room["boundary"].value.value == pytest.approx(llto.edge(295.15, 0.20e-4), rel=0.05)
    assert "brick layer" in room["boundary"].relation
    assert correlation(room["bulk"].value, room["effective"].value) > 0.5  # thickness and carriers


@pytest.mark.parametrize("morphology", ["glass", "single crystal"])
def test_without_boundaries_the_total_is_the_bulk(llto: Any, morphology: str) -> None:
    reading = coefficients_of({"on": llto.conductivities(["total"])}, llto.sample(morphology=morphology))
    assert {c.channel for c in reading.coefficients} == {"bulk"}


@given(st.floats(1e-12, 1e-4), st.floats(1e-9, 1e-3))
def test_permeability_times_grain_size_is_the_boundary_product(permeability: float, size: float) -> None:
    """l D_gb/δ = (l/δ) D_gb, and the error of l goes in as it is."""
    sample = Sample("x", extra={"grain_size": measured(size, 0.3 * size, dimension_of("m"), source="l")})
    row = Row(
        "boundary_permeability", exact(permeability, dimension_of("m/s")), exact(300.0, dimension_of("K"))
    )
    (found,) = coefficients_of({"on": [row]}, sample).coefficients
    assert (found.kind, found.channel) == ("D*", "boundary")
    assert found.value.value == pytest.approx(permeability * size)
    assert found.value.spread == pytest.approx(0.3)


def test_what_does_not_say_what_it_is_is_left_out_with_the_mend(llto: Any) -> None:
    bare = [Row("diffusion_coefficient", exact(1e-12, D), exact(t, llto.K)) for t in (300.0, 310.0)]
    reading = coefficients_of({"on": bare}, llto.sample())
    assert reading.coefficients == ()
    (text,) = reading.left_out
    assert text.endswith("(2 values)")
    assert "kinds: {on: D*}" in text
    assert "channels: {on: effective}" in text
    terms = Terms(kinds={"on": "D_NMR"}, channels={"on": "bulk"})
    assert {c.symbol for c in coefficients_of({"on": bare}, llto.sample(), terms).coefficients} == {
        "D_NMR,bulk"
    }


def test_a_row_that_says_itself_is_not_overruled(llto: Any) -> None:
    row = Row("diffusion_coefficient", exact(1e-12, D), exact(300.0, llto.K), "", "", "D*", "effective")
    terms = Terms(kinds={"tracer": "D_NMR"}, channels={"tracer": "bulk"})
    (found,) = coefficients_of({"tracer": [row]}, llto.sample(), terms).coefficients
    assert (found.kind, found.channel) == ("D*", "effective")


def test_what_is_no_coefficient_is_ignored(llto: Any) -> None:
    rows = [
        Row("pre_exponential_factor", exact(1e-4, D), kind="D*", channel="bulk"),
        Row("surface_exchange_coefficient", exact(1e-9, llto.P), exact(300.0, llto.K)),
        Row("conductivity_grain_boundary_specific", exact(1e-7, llto.S), exact(300.0, llto.K)),
        Row("diffusion_coefficient_along", exact(1e-12, D), exact(300.0, llto.K), "", "", "D_NMR", "bulk"),
        Row("resistance_bulk", exact(1e3, llto.OHM), exact(300.0, llto.K)),
        Row("diffusion_coefficient_effective_predicted", exact(1e-12, D), None, "", "", "D*", "effective"),
    ]
    reading = coefficients_of({"on": rows}, llto.sample())
    assert (reading.coefficients, reading.left_out) == ((), ())


def test_one_value_in_two_words_counts_once(llto: Any) -> None:
    at = exact(300.0, llto.K)
    product = measured(2.4e-13, 1e-14, D, source="X")
    rows = [
        Row("diffusion_coefficient", product, at, "", "", "D*", "boundary"),
        Row("boundary_permeability", product / llto.GRAIN, at, "", "", "D*", "boundary"),
        Row("boundary_diffusion_coefficient", product / llto.GRAIN * 5e-10, at, "", "", "D*", "boundary"),
    ]
    assert len(coefficients_of({"on": rows}, llto.sample()).coefficients) == 1


def test_the_cait_convention_is_named(llto: Any) -> None:
    row = llto.stated("cait", 4e-13, 0.0, "m^2/s", 300.0)
    terms = Terms(channels={"cait": "bulk"})
    (plain,) = coefficients_of({"cait": [row]}, llto.sample(), terms).coefficients
    assert (plain.kind, plain.value.value) == ("D_CAIT", 4e-13)
    terms = Terms(channels={"cait": "bulk"}, cait_convention="2 D*")
    (half,) = coefficients_of({"cait": [row]}, llto.sample(), terms).coefficients
    assert (half.kind, half.value.value) == ("D*", 2e-13)
    assert "2 D*" in half.relation


def test_missing_carriers_temperature_and_grain_size_are_named(llto: Any) -> None:
    (sigma,) = llto.conductivities(["bulk"])[:1]
    (found,) = coefficients_of({"on": [sigma]}, Sample("x")).coefficients
    assert "give carrier_density" in found.value.note
    (found,) = coefficients_of(
        {"on": [Row("conductivity_bulk", exact(1.0, llto.S))]}, llto.sample()
    ).coefficients
    assert "at 22 degC" in found.value.note
    row = Row("boundary_permeability", exact(1e-8, llto.P), exact(300.0, llto.K))
    assert "grain_size: 16 ± 11 um" in coefficients_of({"on": [row]}, Sample("x")).left_out[0]
    row = Row("boundary_diffusion_coefficient", exact(1e-17, D), exact(300.0, llto.K))
    assert "grain_boundary_thickness" in coefficients_of({"on": [row]}, Sample("x")).left_out[0]


def test_a_refused_coefficient_stays_refused(llto: Any) -> None:
    row = Row(
        "diffusion_coefficient", refused(D, "D depends on g"), exact(300.0, llto.K), "", "", "D_NMR", "bulk"
    )
    (found,) = coefficients_of({"nmr": [row]}, llto.sample()).coefficients
    assert (found.value.status, found.value.note) == ("refused", "D depends on g")


def test_symbols() -> None:
    assert symbol("D*", "effective") == "D*_eff"
    assert symbol("D_sigma", "boundary") == "(l/δ)D_σ,gb"
    assert symbol("D_NMR") == "D_NMR"
    assert ratio_symbol("D*", "D_sigma", "boundary") == "D*_gb/D_σ,gb"
