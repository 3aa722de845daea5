"""Powder averages against numerical integrals and each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from ionscape.core.errors import InputError
from ionscape.nmr.powder import axial_powder, orientation_integral, powder_average

B = np.geomspace(1e-3, 30.0, 12)
coefficient = st.floats(0.0, 3.0)


@given(st.floats(-40.0, 40.0))
def test_the_orientation_integral(x: float) -> None:
    expected = quad(lambda u: np.exp(-x * u**2 - max(-x, 0)), 0, 1, epsabs=1e-13)[0]
    log_j, slope = orientation_integral(np.array([x]))
    assert log_j[0] - max(-x, 0) == pytest.approx(np.log(expected), abs=1e-7)
    moment = quad(lambda u: -(u**2) * np.exp(-x * u**2 - max(-x, 0)), 0, 1, epsabs=1e-13)[0]
    assert slope[0] == pytest.approx(moment / expected, rel=1e-5, abs=1e-7)


@settings(max_examples=40)
@given(coefficient, coefficient)
def test_the_axial_form_is_the_general_one(along: float, across: float) -> None:
    general = powder_average(B, (across, across, along))
    np.testing.assert_allclose(axial_powder(B, along, across), general, rtol=1e-6, atol=1e-12)


@settings(max_examples=40)
@given(coefficient, coefficient, coefficient)
def test_weak_gradients_see_a_third_of_the_trace(x: float, y: float, z: float) -> None:
    b = 1e-5
    e = powder_average([b], (x, y, z))[0]
    assert -np.log(e) / b == pytest.approx((x + y + z) / 3, abs=1e-3)


def test_random_directions_give_the_general_average() -> None:
    rng = np.random.default_rng(4)
    n = rng.standard_normal((200_000, 3))
    n /= np.linalg.norm(n, axis=1)[:, None]
    d = n**2 @ np.array([0.2, 1.0, 3.0])
    for b in (0.3, 1.0, 3.0):
        sample = np.exp(-b * d)
        assert powder_average([b], (3.0, 0.2, 1.0))[0] == pytest.approx(
            sample.mean(), abs=4 * sample.std() / np.sqrt(d.size)
        )


def test_channels_fade_as_one_over_root_b() -> None:
    e = axial_powder([1e4, 4e4], 1.0, 0.0)
    assert e[0] / e[1] == pytest.approx(2.0, rel=1e-6)


def test_layers_fade_as_one_over_b() -> None:
    e = axial_powder([1e4, 4e4], 0.0, 1.0)
    assert e[0] / e[1] == pytest.approx(4.0, rel=1e-3)


def test_a_negative_principal_value_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be negative"):
        powder_average(B, (-1.0, 1.0, 1.0))
