"""What the native ions lack, against the charge attached."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.constants import elementary_charge

from ionscape.core.estimate import exact, measured
from ionscape.core.quantity import dimension_of
from ionscape.replacement.charge_balance import charge_balance
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.programme import Programme, Stage, constant_current

N0 = 1.41e28
HOUR = 3600.0
LACK = 80e-9  # m: a plateau of 0.2 down to 100 nm


def _profile(n_slices: int = 400, charge: float = LACK * N0 * elementary_charge) -> MeasuredProfile:
    edges = np.linspace(0.0, 200e-9, n_slices + 1)
    depth = (edges[1:] + edges[:-1]) / 2
    native = np.where(depth < 100e-9, 0.2, 1.0)
    return MeasuredProfile(
        label="p", source="test/p", native_ion="Li+", foreign_ion="K+", depth=depth, native=native,
        native_sd=np.full(n_slices, 0.01), foreign=None, foreign_sd=None, native_scale_sd=0.0,
        foreign_scale_sd=math.inf, systematic={}, depth_scale_sd=0.0, depth_scale_source="crater",
        resolution=(0.0, 0.0), programme=constant_current(charge / HOUR, HOUR, "K+", 343.15),
        charge_scale_sd=0.0, charge_scale_source="current", temperature=exact(343.15, dimension_of("K")),
    )  # fmt: skip


DENSITY = exact(N0, dimension_of("m^-3"))


def test_a_step_balances_exactly() -> None:
    found = charge_balance(_profile(), DENSITY)
    assert found.missing.value == pytest.approx(LACK * N0 * elementary_charge, rel=1e-9)
    assert found.ratio.value == pytest.approx(1.0, rel=1e-9)
    assert found.reaches_bulk
    assert found.contradiction < 1e-6


def test_counting_averages_out_and_scales_do_not() -> None:
    """150 nm of 0.5 nm slices: sqrt(300) 0.5 nm 0.01; the scales of depth, current and density in full."""
    noisy = charge_balance(_profile(), DENSITY).ratio
    assert noisy.standard_uncertainty == pytest.approx(math.sqrt(300) * 0.5e-9 * 0.01 / LACK, rel=0.02)
    scaled = replace(_profile(), depth_scale_sd=0.03, charge_scale_sd=0.02)
    density = measured(N0, 0.01 * N0, dimension_of("m^-3"), source="n0")
    found = charge_balance(scaled, density).ratio
    assert found.standard_uncertainty == pytest.approx(math.hypot(0.03, 0.02, 0.01, 0.00108), rel=0.02)
    assert {"crater", "current", "n0"} <= set(found.weights)


def test_an_error_of_the_bulk_level_does_not_grow_with_the_length_of_the_profile() -> None:
    long = replace(_profile(), native_scale_sd=0.01)
    # only down to one and a half depths of the front: 0.2 of 100 nm and 50 nm at 1
    expected = 0.01 * (0.2 * 100e-9 + 50e-9) / LACK
    found = charge_balance(long, DENSITY).ratio
    assert found.standard_uncertainty == pytest.approx(math.hypot(expected, 0.00108), rel=0.03)


def test_a_charge_that_does_not_fit_is_seen() -> None:
    wrong = replace(_profile(charge=1.3 * LACK * N0 * elementary_charge), depth_scale_sd=0.03)
    found = charge_balance(wrong, DENSITY)
    assert found.ratio.value == pytest.approx(1 / 1.3, rel=1e-6)
    assert found.contradiction > 3


def test_a_profile_that_ends_in_the_plateau_is_named() -> None:
    whole = _profile()
    cut = replace(whole, depth=whole.depth[:150], native=whole.native[:150], native_sd=whole.native_sd[:150])
    assert not charge_balance(cut, DENSITY).reaches_bulk


def test_a_controlled_voltage_leaves_it_open() -> None:
    programme = Programme((Stage(HOUR, "voltage", 5.0, "K+", 343.15),))
    found = charge_balance(replace(_profile(), programme=programme), DENSITY)
    assert found.ratio.status == "undetermined"
    assert "voltage" in found.attached.note
    assert math.isnan(found.contradiction)
