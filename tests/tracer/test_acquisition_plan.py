"""How cold and how long: closed forms, and the error of the extrapolation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, measured
from ionscape.core.quantity import dimension_of
from ionscape.tracer import acquisition_limits

HOUR = 3600.0
CELSIUS = 273.15


def energy(value: float, error: float = 0.0) -> Estimate:
    """[eV] as an estimate."""
    return measured(value * elementary_charge, error * elementary_charge, dimension_of("J"), source="E")


def diffusion(value: float, error: float = 0.0, source: str = "D") -> Estimate:
    """[m^2/s] as an estimate."""
    return measured(value, error, dimension_of("m^2/s"), source=source)


def test_the_papers_estimate_of_0_19_um() -> None:
    """Hasegawa: 1e-14 cm^2/s at -110 degC, 5 h: sqrt(2Dt) = 0.19 um, below 1 um."""
    found = acquisition_limits(
        1e-18, CELSIUS - 110, 0.43 * elementary_charge, resolution=1e-6,
        acquisition_time=5 * HOUR, acquisition_temperature=CELSIUS - 110,
    )  # fmt: skip
    assert found.diffusion_length is not None
    assert found.diffusion_length.value == pytest.approx(0.19e-6, rel=0.01)
    assert found.allowed


@given(st.floats(0.2, 0.8), st.floats(0.0, 0.05), st.floats(0.1, 100.0), st.floats(0.1, 1.0))
def test_at_the_limit_the_95_percent_diffusion_length_is_what_is_allowed(
    ev: float, error: float, hours: float, share: float
) -> None:
    found = acquisition_limits(
        diffusion(2.6e-12, 1e-13), 295.0, energy(ev, error), resolution=1e-6, share=share,
        acquisition_time=hours * HOUR,
    )  # fmt: skip
    limit = found.temperature_limit
    assert limit is not None
    if limit.status != "bound" or limit.value >= 294.9:
        return
    spread = math.hypot(1 / 26, error * elementary_charge / Boltzmann * (1 / limit.value - 1 / 295))
    logs = math.log(2.6e-12) - ev * elementary_charge / Boltzmann * (1 / limit.value - 1 / 295)
    length = math.sqrt(2 * math.exp(logs + 1.6448536 * spread) * hours * HOUR)
    assert length == pytest.approx(share * 1e-6, rel=5e-3)


def test_what_is_not_sure_is_not_allowed() -> None:
    best = acquisition_limits(3e-13, 295.0, energy(0.43), resolution=1e-6, acquisition_time=5 * HOUR)
    wide = acquisition_limits(3e-13, 295.0, energy(0.43, 0.05), resolution=1e-6, acquisition_time=5 * HOUR)
    hopeless = acquisition_limits(3e-13, 295.0, energy(0.43, 0.3), resolution=1e-6, acquisition_time=5 * HOUR)
    assert best.temperature_limit is not None
    assert wide.temperature_limit is not None
    assert hopeless.temperature_limit is not None
    assert wide.temperature_limit.value < best.temperature_limit.value - 3
    assert hopeless.temperature_limit.status == "undetermined"
    assert np.isnan(hopeless.safe).all()


def test_points_at_several_temperatures_make_their_own_line() -> None:
    kelvin = np.array([295.0, 323.0, 373.0, 473.0])
    true = 2e-7 * np.exp(-0.41 * elementary_charge / (Boltzmann * kelvin))
    points = [diffusion(d, 0.05 * d, f"point {i}") for i, d in enumerate(true)]
    found = acquisition_limits(points, list(kelvin), resolution=1e-6, acquisition_temperature=163.15)
    expected = 2e-7 * math.exp(-0.41 * elementary_charge / (Boltzmann * 163.15))
    at = found.law.at(163.15)
    assert at.value == pytest.approx(expected, rel=1e-6)
    gain = np.linalg.pinv(np.column_stack([np.ones(4), -1000 / kelvin]))
    reach = np.array([1.0, -1000 / 163.15]) @ gain
    assert at.spread == pytest.approx(0.05 * float(np.linalg.norm(reach)), rel=1e-3)


def test_scatter_beyond_the_stated_errors_widens_the_extrapolation() -> None:
    kelvin = np.array([295.0, 323.0, 373.0, 423.0, 473.0])
    logs = -0.41 * elementary_charge / (Boltzmann * kelvin) + np.array([0.4, -0.5, 0.1, 0.4, -0.4])
    points = [diffusion(2e-7 * math.exp(v), 1e-3 * 2e-7 * math.exp(v), f"p{i}") for i, v in enumerate(logs)]
    law = acquisition_limits(points, list(kelvin), resolution=1e-6).law
    assert law.at(163.15).spread > 0.5


def test_one_temperature_says_nothing_about_the_cold() -> None:
    with pytest.raises(InputError, match="activation_energy"):
        acquisition_limits(3e-13, 295.0, resolution=1e-6)


@pytest.mark.parametrize("name", ["resolution", "share", "acquisition_time", "acquisition_temperature"])
def test_nothing_may_be_zero(name: str) -> None:
    numbers: dict[str, float] = {"resolution": 1e-6} | {name: 0.0}
    with pytest.raises(InputError, match=name):
        acquisition_limits(3e-13, 295.0, energy(0.4), **numbers)
