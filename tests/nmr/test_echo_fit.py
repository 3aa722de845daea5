"""Fits of echo decays: truth recovered, intervals that cover, and what the decay does not fix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ionscape.core.errors import AnalysisError, InputError
from ionscape.nmr import b_values, fit_decay, powder_average
from ionscape.nmr.attenuation import MODELS

D = 1e-11
B = np.linspace(0, 3.0 / D, 16)


def _noise(seed: int, size: int = 16) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(size)


@settings(max_examples=40)
@given(st.floats(-15, -8), st.floats(-6, 6))
def test_an_exact_decay_gives_its_d_whatever_the_scales(log_d: float, log_top: float) -> None:
    d = 10.0**log_d
    b = np.linspace(0.1, 2.0, 8) / d
    found = fit_decay(10.0**log_top * np.exp(-b * d), b_value=b, model="one")
    assert found.diffusion_coefficient.value == pytest.approx(d, rel=1e-6)


@pytest.mark.parametrize("known", [True, False])
def test_intervals_cover(known: bool) -> None:
    """The long run is verify/nmr_coverage.py."""
    rng = np.random.default_rng(11)
    n, noise, inside = 120, 0.03, np.zeros(2)
    for _ in range(n):
        y = np.exp(-B * D) + noise * rng.standard_normal(B.size)
        sd = np.full(B.size, noise) if known else None
        d = fit_decay(y, sd, b_value=B, model="one").diffusion_coefficient
        inside += [low <= D <= high for low, high in map(d.interval, (0.6827, 0.95))]
    low, high = inside / n
    # three standard deviations of a count
    assert low == pytest.approx(0.683, abs=0.13)
    assert high == pytest.approx(0.95, abs=0.06)


def test_too_little_attenuation_gives_an_upper_bound() -> None:
    held = 0
    for seed in range(30):
        d = fit_decay(
            1 + 0.03 * _noise(seed), np.full(16, 0.03), b_value=B * 1e-3, model="one"
        ).diffusion_coefficient
        if d.status == "bound":
            assert d.side == "upper"
            # 3 % noise over 16 echoes: b D below about 0.1
            assert 1e-3 < d.value * B[-1] * 1e-3 < 0.5
            held += 1
    assert held >= 25


def test_full_attenuation_at_the_first_gradient_gives_a_lower_bound() -> None:
    y = np.where(B == 0, 1.0, 0.0) + 0.01 * _noise(3)
    d = fit_decay(y, np.full(16, 0.01), b_value=B, model="one").diffusion_coefficient
    assert (d.status, d.side) == ("bound", "lower")
    assert d.value > 2 / B[1]


def test_noise_alone_determines_nothing() -> None:
    d = fit_decay(0.1 * _noise(5), b_value=B + B[1], model="one").diffusion_coefficient
    assert d.status == "undetermined"


@pytest.mark.parametrize("seed", range(4))
def test_one_coefficient_is_chosen_where_there_is_one(seed: int) -> None:
    assert fit_decay(np.exp(-B * D) + 0.02 * _noise(seed), b_value=B).model == "one"


def test_two_coefficients_far_apart_are_both_found() -> None:
    b = np.linspace(0, 1, 24) ** 2 * 2e12
    y = 3 * (0.6 * np.exp(-b * 1e-11) + 0.4 * np.exp(-b * 5e-13)) + 0.01 * _noise(1, 24)
    found = fit_decay(y, b_value=b)
    assert found.model == "two"
    truths = {"diffusion_coefficient_1": 1e-11, "diffusion_coefficient_2": 5e-13, "fraction_1": 0.6,
              "diffusion_coefficient": 6.2e-12}  # fmt: skip
    for name, truth in truths.items():
        low, high = found.estimates[name].interval(0.997)
        assert low < truth < high


def test_two_coefficients_too_close_are_undetermined() -> None:
    y = 0.5 * np.exp(-B * D) + 0.5 * np.exp(-B * 1.1 * D) + 0.01 * _noise(2)
    found = fit_decay(y, b_value=B, model="two")
    assert found.estimates["diffusion_coefficient_1"].status == "undetermined"
    assert "as well" in found.estimates["diffusion_coefficient_1"].note


def test_a_powder_of_layers_gives_a_third_of_the_trace() -> None:
    y = powder_average(B, (0.0, 1.5 * D, 1.5 * D)) + 0.003 * _noise(4)
    named = fit_decay(y, b_value=B, model="powder of layers")
    low, high = named.diffusion_coefficient.interval(0.997)
    assert low < D < high
    free = fit_decay(y, b_value=B, model="powder")
    low, high = free.diffusion_coefficient.interval(0.997)
    assert low < D < high


def test_a_baseline_is_told_from_a_slow_decay() -> None:
    y = np.exp(-B * 3 * D) + 0.1 + 0.003 * _noise(6)
    found = fit_decay(y, b_value=B, model="one", baseline=True)
    low, high = found.diffusion_coefficient.interval(0.997)
    assert low < 3 * D < high
    assert found.baseline[0] * y.max() == pytest.approx(0.1, abs=0.01)


def test_relaxation_between_diffusion_times_costs_no_accuracy() -> None:
    g = np.tile(np.linspace(0.5, 8, 10), 3)
    delay = np.repeat([0.02, 0.06, 0.2], 10)
    b = b_values(g, 2e-3, delay)
    y = np.repeat([1.0, 0.5, 0.1], 10) * np.exp(-b * 3e-12)
    found = fit_decay(y, gradient=g, pulse=2e-3, delay=delay, model="one")
    assert found.diffusion_coefficient.value == pytest.approx(3e-12, rel=1e-6)
    # each is over the largest echo of the series, whose own gradient is not zero
    np.testing.assert_allclose(found.intensity_at_zero * y.max(), [1.0, 0.5, 0.1], rtol=1e-6)


def test_magnitudes_with_a_floor_of_noise_are_questioned() -> None:
    rng = np.random.default_rng(0)
    b = np.linspace(0, 12 / D, 24)
    clean = np.exp(-b * D)
    noise = 0.02
    magnitude = np.hypot(clean + noise * rng.standard_normal(24), noise * rng.standard_normal(24))
    found = fit_decay(magnitude, np.full(24, noise), b_value=b, model="one")
    assert any("Rician" in text or "pattern" in text or "scatter" in text for text in found.warnings)


def test_stated_uncertainties_that_are_too_small_are_told_and_widened() -> None:
    y = np.exp(-B * D) + 0.03 * _noise(8)
    small, right = (fit_decay(y, np.full(16, sd), b_value=B, model="one") for sd in (0.003, 0.03))
    assert any("times as much as their stated" in text for text in small.warnings)
    ratio = (
        small.diffusion_coefficient.standard_uncertainty / right.diffusion_coefficient.standard_uncertainty
    )
    assert ratio == pytest.approx(1.0, abs=0.45)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"b_value": B[:5]}, "b_value has 5 values where intensity has 16"),
     ({"b_value": -B}, "cannot be negative"),
     ({"b_value": None}, "give b_value, or gradient"),
     ({"uncertainty": np.zeros(16)}, "must be larger than zero"),
     ({"intensity": np.zeros(16)}, "all intensities are zero"),
     ({"intensity": np.r_[np.nan, np.ones(15)]}, r"no number \(row 1\)"),
     ({"model": "seven"}, "no model 'seven'"),
     ({"b_value": None, "gradient": 50 * np.arange(16.0), "pulse": 1e-3, "delay": 0.1}, "is it in G/cm"),
     ({"b_value": None, "gradient": np.ones(16), "pulse": 2.0, "delay": 100.0}, "is it in milliseconds"),
     ({"b_value": np.full(16, 1e9)}, "two gradients at least")],
)  # fmt: skip
def test_bad_input_is_told_in_a_sentence(change: dict[str, object], said: str) -> None:
    given_: dict[str, Any] = {"intensity": np.exp(-B * D), "b_value": B} | change
    with pytest.raises(InputError, match=said):
        fit_decay(**given_)


def test_too_few_echoes_for_a_model() -> None:
    with pytest.raises(AnalysisError, match="needs at least 7 echoes, there are 5"):
        fit_decay(np.exp(-B[:5] * D), b_value=B[:5], model="three")


def test_every_model_can_be_named() -> None:
    y = np.exp(-B * D) + 0.01 * _noise(9)
    for name in MODELS:
        assert fit_decay(y, b_value=B, model=name).model == name


@pytest.mark.parametrize("b", [np.r_[1.9, 14:150:10], np.repeat([1.9, 14.0], 4)])
@pytest.mark.parametrize("known", [True, False])
def test_a_decay_seen_at_its_first_echo_only_gives_a_lower_bound(b: np.ndarray, known: bool) -> None:
    """With I0 free the first echo sets no upper end, and the noise that follows none either."""
    n, bounds = 20, 0
    for seed in range(n):
        y = np.exp(-b) + 0.02 * np.exp(-1.9) * _noise(seed, b.size)
        sd = np.full(b.size, 0.02 * np.exp(-1.9)) if known else None
        d = fit_decay(y, sd, b_value=b / D, model="one").diffusion_coefficient
        if d.status == "bound":
            assert d.side == "lower"
            assert d.value < D
            bounds += 1
    assert bounds >= n - 2  # echoes that rise above the noise by chance: one in forty


def test_the_intensity_at_zero_follows_from_the_first_echo() -> None:
    b = np.linspace(1.5, 4.0, 10)
    y = 7.0 * np.exp(-b)
    found = fit_decay(y, b_value=b / D, model="one")
    assert found.intensity_at_zero[0] * y.max() == pytest.approx(7.0, rel=1e-6)


def test_one_coefficient_with_an_offset_is_not_named_a_distribution() -> None:
    b = np.linspace(0, 4, 16) / D
    outside = 0
    for seed in range(12):
        found = fit_decay(np.exp(-b * D) + 0.05 + 0.01 * _noise(seed), b_value=b)
        spread = found.estimates.get("relative_spread")
        assert spread is None or spread.status == "undetermined"
        assert found.model == "one" or "constant offset" in found.offset
        d = found.diffusion_coefficient
        if d.status == "determined":
            low, high = d.interval(0.95)
            outside += not low < D < high
    assert outside <= 3  # of 12: 95 % would allow three in a thousand times


def test_an_offset_far_beyond_the_noise_is_taken_for_what_it_is() -> None:
    b = np.linspace(0, 10, 60) / D
    found = fit_decay(np.exp(-b * D) + 0.05 + 0.002 * _noise(3, 60), b_value=b)
    spread = found.estimates.get("relative_spread")
    assert spread is None or spread.status == "undetermined"
    assert found.offset
    low, high = found.diffusion_coefficient.interval(0.997)
    assert low < D < high


def test_a_distribution_that_no_offset_explains_keeps_its_spread() -> None:
    b = np.linspace(0, 8, 24) / D
    found = fit_decay((1 + 0.5 * b * D) ** -2 + 0.002 * _noise(2, 24), b_value=b)
    assert not found.offset
    low, high = found.estimates["relative_spread"].interval(0.997)
    assert low < np.sqrt(0.5) < high
    assert any("constant offset: worse by" in text for text in found.reasons)
