"""b-values: closed forms against exact integrals of waveforms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ionscape.core.errors import InputError
from ionscape.nmr.gradient_waveform import HALF_SINE, b_values, pulse_shape, trapezoid, waveform_b
from ionscape.nmr.nuclei import gyromagnetic_ratio

times = st.tuples(st.floats(1e-4, 5e-3), st.floats(1.0, 200.0))


@given(times, st.floats(0.01, 30.0))
def test_rectangular_pulses_are_stejskal_and_tanners(lengths: tuple[float, float], g: float) -> None:
    small, large = lengths[0], lengths[0] * (1 + lengths[1])
    expected = (gyromagnetic_ratio("7Li") * small * g) ** 2 * (large - small / 3)
    assert b_values(g, small, large) == pytest.approx(expected, rel=1e-12)
    t = [0, 0, small, small, large, large, large + small, large + small]
    b = waveform_b(t, np.array([0, 1, 1, 0, 0, 1, 1, 0]) * g, refocusing=[(small + large) / 2])
    assert b == pytest.approx(expected, rel=1e-9)


def test_a_sampled_half_sine_converges_to_the_closed_form_at_second_order() -> None:
    small, large = 2e-3, 3e-2
    closed = (gyromagnetic_ratio("7Li") * small) ** 2 * 4 / math.pi**2 * (large - small / 4)
    assert b_values(1.0, small, large, shape="half-sine") == pytest.approx(closed, rel=1e-12)
    errors = []
    for n in (21, 41, 81):
        t = np.linspace(0, small, n)
        g = np.sin(math.pi * t / small)
        sampled = waveform_b(np.r_[t, t + large], np.r_[g, g], refocusing=[large / 2])
        errors.append(abs(sampled / closed - 1))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(orders > 1.9)
    assert np.all(orders < 2.1)


@given(times, st.floats(0.0, 0.5))
@example((1e-3, 1.0), 1e-310)  # a ramp so short that its slope is no number
@example((1e-4, 1.0), 1.1e-16)  # a ramp of one rounding error at the end of the pulse
def test_a_trapezoid_is_prices_and_the_waveforms(lengths: tuple[float, float], share: float) -> None:
    whole, large = lengths[0], lengths[0] * (1 + lengths[1])
    ramp, half = share * whole, whole * (1 - share)
    price = half**2 * (large - half / 3) + ramp**3 / 30 - half * ramp**2 / 6
    b = float(b_values(1.0, whole, large, shape=trapezoid(share)))
    assert b == pytest.approx(gyromagnetic_ratio("7Li") ** 2 * price, rel=1e-9)
    one = np.array([0, ramp, whole - ramp, whole])
    sampled = waveform_b(np.r_[one, one + large], [0, 1, 1, 0] * 2, refocusing=[(whole + large) / 2])
    assert b == pytest.approx(sampled, rel=1e-9)


def test_bipolar_pairs_of_a_stimulated_echo() -> None:
    small, large, gap = 2e-3, 3e-2, 1e-3
    half = small / 2
    block = np.array([0, 0, half, half, half + gap, half + gap, small + gap, small + gap])
    lobes = np.array([0, 1, 1, 0, 0, -1, -1, 0.0])
    b = waveform_b(
        np.r_[block, block + large], np.r_[lobes, lobes], storage=[(0.006, 0.02)],
        refocusing=[half + gap / 2, large + half + gap / 2],
    )  # fmt: skip
    assert b == pytest.approx(float(b_values(1.0, small, large, bipolar_interval=gap)), rel=1e-9)


def test_gradients_during_storage_do_nothing() -> None:
    t = [0, 0, 1e-3, 1e-3, 1e-2, 1e-2, 1.2e-2, 1.2e-2, 3e-2, 3e-2, 3.1e-2, 3.1e-2]
    spoiled = waveform_b(t, [0, 1, 1, 0, 0, 5, 5, 0, 0, 1, 1, 0], storage=[(5e-3, 2e-2)])
    assert spoiled == pytest.approx(float(b_values(1.0, 1e-3, 3e-2)), rel=1e-9)


def test_a_waveform_that_does_not_refocus_is_refused() -> None:
    with pytest.raises(InputError, match="not refocused"):
        waveform_b([0, 0, 1, 1], [0, 1, 1, 0])


def test_a_shape_factor_is_the_mean_height() -> None:
    assert pulse_shape(0.9).mean_height == pytest.approx(0.9)
    assert pulse_shape("half-sine") is HALF_SINE
    with pytest.raises(InputError, match="shape factor"):
        pulse_shape(0.2)


def test_overlapping_pulses_are_refused() -> None:
    with pytest.raises(InputError, match="must not be shorter"):
        b_values(1.0, 2e-3, 1e-3)
