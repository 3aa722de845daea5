"""Headings of profiles, images and decays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core import measurement as m
from ionscape.read.columns import SWEEP, TEMPERATURE
from ionscape.read.quantity_headings import RATE, UNCERTAINTY, is_quantity_unit_row, quantity_heading


@pytest.mark.parametrize(
    ("cell", "quantity", "factor"),
    [
        ("depth (nm)", m.POSITION, 1e-9),
        ("depth_cm", m.POSITION, 1e-2),
        ("Position [µm]", m.POSITION, 1e-6),
        ("x / um", m.POSITION, 1e-6),
        ("position_metre", m.POSITION, 1.0),
        ("Depth in mm", m.POSITION, 1e-3),
        ("Sputter Time / min", m.SPUTTER_TIME, 60.0),
        ("6Li+ (counts)", "counts_6Li", 1.0),
        ("I(7Li)", "counts_7Li", 1.0),
        ("¹⁸O⁻", "counts_18O", 1.0),
        ("counts_6Li", "counts_6Li", 1.0),
        ("6Li (cps)", RATE + "6Li", 1.0),
        ("6Li/(6Li+7Li)", m.FRACTION, 1.0),
        ("isotope fraction (%)", m.FRACTION, 0.01),
        ("C", m.FRACTION, 1.0),
        ("fraction 18O", m.FRACTION, 1.0),
        ("fraction error", m.FRACTION_UNCERTAINTY, 1.0),
        ("uncertainty", UNCERTAINTY, 1.0),
        ("g (T/m)", m.GRADIENT, 1.0),
        ("Gradient strength [G/cm]", m.GRADIENT, 1e-2),
        ("g / mT m^-1", m.GRADIENT, 1e-3),
        ("δ (ms)", m.GRADIENT_PULSE, 1e-3),
        ("delta_ms", m.GRADIENT_PULSE, 1e-3),
        ("Δ (ms)", m.DIFFUSION_TIME, 1e-3),
        ("Delta [ms]", m.DIFFUSION_TIME, 1e-3),
        ("b (s/mm^2)", m.B_VALUE, 1e6),
        ("b-value / s m^-2", m.B_VALUE, 1.0),
        ("b_value_s_per_mm2", m.B_VALUE, 1e6),
        ("I/I0", m.INTENSITY, 1.0),
        ("Intensity (a.u.)", m.INTENSITY, 1.0),
        ("intensity uncertainty", m.INTENSITY_UNCERTAINTY, 1.0),
        ("label", SWEEP, 1.0),
        ("T (°C)", TEMPERATURE, 1.0),
    ],
)
def test_meaning(cell: str, quantity: str, factor: float) -> None:
    found = quantity_heading(cell)
    assert found is not None
    assert found.quantity == quantity
    assert found.factor == pytest.approx(factor)


@pytest.mark.parametrize(
    "cell", ["6Li/7Li", "27Al16O", "6Li uncertainty", "comment", "", "frequency_hertz", "Z'"]
)
def test_no_meaning(cell: str) -> None:
    assert quantity_heading(cell) is None


def test_the_unit_below_counts_where_the_heading_has_none() -> None:
    below = quantity_heading("depth", "nm")
    assert below is not None
    assert below.factor == pytest.approx(1e-9)
    without = quantity_heading("depth")
    assert without is not None
    assert without.unit == ""


def test_unit_rows() -> None:
    assert is_quantity_unit_row(["nm", "counts", "counts"])
    assert is_quantity_unit_row(["(T/m)", "a.u."])
    assert not is_quantity_unit_row(["depth", "6Li", "7Li"])


@given(st.text(max_size=30))
def test_any_text_is_taken(text: str) -> None:
    quantity_heading(text)
    quantity_heading("depth", text)
