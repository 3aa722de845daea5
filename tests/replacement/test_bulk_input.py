"""D_bulk from conductivities and stated coefficients: Nernst-Einstein, Arrhenius line, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import Boltzmann, elementary_charge, eV

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, correlation, exact, measured
from ionscape.core.outcome import Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.core.sample import Sample
from ionscape.replacement.bulk_input import bulk_diffusion_at

S, K, N, D = (dimension_of(u) for u in ("S/m", "K", "m^-3", "m^2/s"))
DENSITY = 1.41e28
AT = exact(343.15, K)


def _sample(relative: float = 0.0) -> Sample:
    density = measured(DENSITY, relative * DENSITY, N, source="n")
    return Sample("glass", carrier="Li+", carrier_charge=1, carrier_density=density)


def _series(sample: Sample | None = None, **inputs: list[Row]) -> Series:
    return Series(sample or _sample(), "study/fit", inputs=inputs)


def _true(kelvin: float, energy: float = 0.65) -> float:
    return 1e-17 * math.exp(-energy * eV / Boltzmann * (1 / kelvin - 1 / 343.15))


def _sigma(kelvin: float) -> float:
    return DENSITY * elementary_charge**2 * _true(kelvin) / (Boltzmann * kelvin)


def _rows(kelvins: list[float], relative: float, rng: np.random.Generator | None = None) -> list[Row]:
    found = []
    for k, kelvin in enumerate(kelvins):
        error = 0.0 if rng is None else float(rng.standard_normal()) * relative
        value = _sigma(kelvin) * math.exp(error)
        estimate = measured(value, relative * value, S, source=f"sigma {k}")
        found.append(Row("conductivity_bulk", estimate, exact(kelvin, K)))
    return found


def test_a_conductivity_at_the_temperature_is_nernst_einstein() -> None:
    found = bulk_diffusion_at(_series(_sample(0.02), conductivity=_rows([343.15], 0.01)), AT)
    assert found.estimate.value == pytest.approx(1e-17)
    assert found.estimate.spread == pytest.approx(math.hypot(0.01, 0.02))
    assert found.doubts == ()


@given(st.floats(313.0, 373.0))
def test_exact_conductivities_on_a_line_give_the_line(kelvin: float) -> None:
    rows = _rows([313.15, 333.15, 353.15, 373.15], 0.02)
    found = bulk_diffusion_at(_series(conductivity=rows), exact(kelvin, K))
    assert found.estimate.value == pytest.approx(_true(kelvin), rel=1e-6)
    assert found.estimate.dimension == D


def test_the_interval_covers_and_two_temperatures_know_of_each_other() -> None:
    """Least squares by hand is the other method: its variance of a point on the line, and the coverage."""
    rng = np.random.default_rng(5)
    kelvins = [313.15, 323.15, 333.15, 343.15, 353.15, 363.15]
    x = 1 / np.array(kelvins)
    design = np.column_stack([np.ones_like(x), x - x.mean()])
    at = np.array([1.0, 1 / 343.15 - x.mean()])
    expected = 0.03 * math.sqrt(at @ np.linalg.inv(design.T @ design) @ at)
    inside = 0
    for _ in range(400):
        found = bulk_diffusion_at(_series(conductivity=_rows(kelvins, 0.03, rng)), AT).estimate
        assert found.spread > 0.999 * expected
        low, high = found.interval(0.95)
        inside += low < 1e-17 < high
    assert inside / 400 == pytest.approx(0.95, abs=0.035)


def test_an_activation_energy_from_two_temperatures_has_the_slopes_error() -> None:
    kelvins = [313.15, 333.15, 353.15, 373.15]
    series = _series(_sample(0.05), conductivity=_rows(kelvins, 0.02))
    low, high = (bulk_diffusion_at(series, exact(t, K)).estimate for t in (320.0, 360.0))
    ratio = high / low
    x = 1 / np.array(kelvins)
    slope_sd = 0.02 / math.sqrt(np.sum((x - x.mean()) ** 2))
    assert ratio.spread == pytest.approx(slope_sd * (1 / 320 - 1 / 360), rel=1e-6)  # the density has gone
    assert correlation(low, high) > 0.9


def test_the_error_of_temperatures_acts_through_the_energy() -> None:
    thermometer = Estimate(343.15, K, "log", {"thermometer": 1.0 / 343.15})
    own = [Row("conductivity_bulk", measured(_sigma(343.15), 0.0, S), thermometer)]
    one = bulk_diffusion_at(_series(conductivity=own), thermometer).estimate
    assert one.spread == pytest.approx(1.0 / 343.15)  # only the T of kT: both temperatures move together
    rows = _rows([323.15, 343.15, 363.15], 1e-6)
    line = bulk_diffusion_at(_series(conductivity=rows), thermometer).estimate
    assert line.spread == pytest.approx(0.65 * eV / (Boltzmann * 343.15**2), rel=1e-3)


def test_a_single_temperature_elsewhere_is_not_used() -> None:
    found = bulk_diffusion_at(_series(conductivity=_rows([298.15], 0.01)), AT)
    assert found.estimate.status == "undetermined"
    assert "known at 25 °C only, the experiment was at 70 °C" in found.estimate.note


def test_one_value_and_an_activation_energy_are_a_line_too() -> None:
    energy = Row("activation_energy", measured(0.65 * eV, 0.01 * eV, dimension_of("J"), source="E"))
    series = _series(conductivity=_rows([323.15], 0.01), activation_energy=[energy])
    found = bulk_diffusion_at(series, AT).estimate
    assert found.value == pytest.approx(1e-17, rel=1e-6)
    along = 0.01 * eV / Boltzmann * (1 / 323.15 - 1 / 343.15)
    assert found.spread == pytest.approx(math.hypot(0.01, along), rel=1e-3)


def test_extrapolation_is_said() -> None:
    found = bulk_diffusion_at(_series(conductivity=_rows([293.15, 303.15, 313.15], 0.01)), AT)
    assert any("extrapolated from 20 °C to 40 °C" in doubt for doubt in found.doubts)


def test_scatter_beyond_the_errors_is_added_and_said() -> None:
    rng = np.random.default_rng(1)
    rows = [Row(r.quantity, r.estimate * math.exp(0.2 * float(rng.standard_normal())), r.temperature)
            for r in _rows([303.15, 313.15, 323.15, 333.15, 343.15, 353.15], 0.005)]  # fmt: skip
    found = bulk_diffusion_at(_series(conductivity=rows), AT)
    assert found.estimate.spread > 0.03
    assert any("scatters about its Arrhenius line" in doubt for doubt in found.doubts)


@pytest.mark.parametrize(("kind", "usable"), [("D_sigma", True), ("D_CAIT", True), ("", True), ("D*", False),
                                              ("D_NMR", False), ("D_chemical", False)])  # fmt: skip
def test_only_what_a_field_moves_is_taken(kind: str, usable: bool) -> None:
    row = Row("diffusion_coefficient", measured(1e-17, 1e-18, D), AT, kind=kind)
    found = bulk_diffusion_at(_series(bulk_diffusion=[row]), AT)
    assert (found.estimate.status == "determined") is usable
    if kind in ("D*", "D_NMR"):
        assert "haven_ratio" in found.estimate.note


def test_a_haven_ratio_makes_a_tracer_coefficient_one_of_conduction() -> None:
    row = Row("diffusion_coefficient", measured(3e-18, 3e-19, D), AT, kind="D*")
    ratio = Row("haven_ratio", measured(0.3, 0.03, source="H"))
    found = bulk_diffusion_at(_series(bulk_diffusion=[row], haven_ratio=[ratio]), AT).estimate
    assert found.value == pytest.approx(1e-17)
    assert found.standard_uncertainty / found.value == pytest.approx(math.hypot(0.1, 0.1), rel=0.05)


def test_nothing_given_says_what_follows() -> None:
    found = bulk_diffusion_at(_series(), AT, default_note="why")
    assert (found.estimate.status, found.estimate.note) == ("undetermined", "why")


def test_both_are_too_much_and_a_density_is_needed() -> None:
    row = Row("diffusion_coefficient", exact(1e-17, D), AT)
    with pytest.raises(InputError, match="not both"):
        bulk_diffusion_at(_series(conductivity=_rows([343.15], 0.01), bulk_diffusion=[row]), AT)
    found = bulk_diffusion_at(_series(Sample("glass"), conductivity=_rows([343.15], 0.01)), AT)
    assert "carrier_density" in found.estimate.note


def test_conductivities_of_the_whole_are_doubted_and_mixtures_refused() -> None:
    total = [Row("conductivity_total", r.estimate, r.temperature) for r in _rows([343.15], 0.01)]
    assert "not that inside the grains" in bulk_diffusion_at(_series(conductivity=total), AT).doubts[0]
    found = bulk_diffusion_at(_series(conductivity=total + _rows([343.15], 0.01)), AT)
    assert "name the one of the bulk" in found.estimate.note


def test_the_foreign_ion_is_not_the_native_one() -> None:
    slow = measured(7.7e-21, 1e-22, D, source="k")
    row = Row("diffusion_coefficient_foreign", slow, AT, "K+", kind="D_CAIT")
    found = bulk_diffusion_at(_series(bulk_diffusion=[row]), AT)
    assert found.estimate.status == "undetermined"
    assert "of the foreign ion" in found.estimate.note
