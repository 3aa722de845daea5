"""Is it one coefficient? One is called one; dependence on Δ, on g and scatter between runs are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ionscape.core.errors import InputError
from ionscape.nmr import SingleCoefficient, b_values, gyromagnetic_ratio, permeable_limit, single_coefficient
from ionscape.testing.echoes import lattice_echo

D = 2e-12
PULSE = 3e-3
DELAY = np.repeat([0.02, 0.05, 0.1, 0.3], 10)
TOP = np.repeat([1.0, 0.8, 0.6, 0.4], 10)
GRADIENT = np.tile(np.linspace(1, 18, 10), 4) * np.sqrt(0.02 / DELAY)
B = b_values(GRADIENT, PULSE, DELAY)


def _judge(attenuation: np.ndarray, seed: int, *, noise: float = 0.01, **more: Any) -> SingleCoefficient:
    y = TOP * attenuation + noise * np.random.default_rng(seed).standard_normal(B.size)
    return single_coefficient(GRADIENT, np.full(B.size, PULSE), DELAY, y, **more)


@pytest.mark.parametrize("known", [True, False])
def test_false_alarms_are_as_rare_as_stated(known: bool) -> None:
    """The long run is verify/nmr_coverage.py: here 20 sets, 1 expected."""
    sd: dict[str, Any] = {"uncertainty": np.full(B.size, 0.01)} if known else {}
    found = [_judge(np.exp(-B * D), seed, negligible=0.0, **sd).verdict for seed in range(20)]
    assert sum(verdict != "one coefficient" for verdict in found) <= 4


def test_restricted_ions_are_found_and_their_limit_holds() -> None:
    distance, permeability = 0.8e-6, 1.5e-6
    pulse = 1e-4  # exact echo: short pulses, b from the same q
    q = gyromagnetic_ratio("7Li") * GRADIENT * PULSE
    echo = lattice_echo(q, DELAY, D, distance, permeability, sites=40)
    limit = permeable_limit(D, permeability, distance)
    held = 0
    for seed in range(6):
        y = TOP * echo + 0.004 * np.random.default_rng(seed).standard_normal(B.size)
        verdict = single_coefficient(GRADIENT, np.full(B.size, pulse), DELAY, y, np.full(B.size, 0.004),
                                     b_value=q**2 * DELAY)  # fmt: skip
        assert verdict.verdict in ("depends on Δ", "depends on g and Δ")
        assert verdict.exponent < 0
        assert not verdict.is_single
        assert verdict.long_time is not None
        low, high = verdict.long_time.limit.interval(0.95)
        held += low <= limit <= high
    assert held >= 4


def test_two_sites_depend_on_g_and_not_on_the_diffusion_time() -> None:
    e = 0.5 * np.exp(-B * 4e-12) + 0.5 * np.exp(-B * 0.3e-12)
    for seed in range(4):
        verdict = _judge(e, seed)
        assert verdict.verdict == "depends on g"
        assert verdict.ratio_gradient < 0.9
        assert verdict.bending < 1
        assert verdict.long_time is None


def test_both_dependences_are_named() -> None:
    d = 4e-12 * np.where(DELAY < 0.04, 1.6, np.where(DELAY < 0.2, 1.0, 0.7))
    verdict = _judge(0.5 * np.exp(-B * d) + 0.5 * np.exp(-B * 0.1 * d), 1, noise=0.003)
    assert verdict.verdict == "depends on g and Δ"


def test_runs_that_scatter_are_no_dependence_on_the_diffusion_time() -> None:
    jump = np.repeat([1.0, 1.5, 0.95, 1.4], 10)  # a gradient amplifier that slips between runs
    verdict = _judge(np.exp(-B * D * jump), 2, noise=0.004)
    assert verdict.verdict == "scatters between runs"
    assert verdict.long_time is None
    assert not verdict.is_single


def test_one_diffusion_time_cannot_tell() -> None:
    g = np.linspace(1, 18, 10)
    y = np.exp(-b_values(g, PULSE, 0.02) * D) + 0.01 * np.random.default_rng(1).standard_normal(10)
    verdict = single_coefficient(g, np.full(10, PULSE), np.full(10, 0.02), y)
    assert verdict.verdict == "cannot tell (only one Δ)"
    assert any("not tested" in reason for reason in verdict.reasons)


def test_too_few_echoes_cannot_tell() -> None:
    g = np.array([1.0, 10.0, 1.0, 10.0])
    delay = np.array([0.02, 0.02, 0.1, 0.1])
    verdict = single_coefficient(g, np.full(4, PULSE), delay, np.exp(-b_values(g, PULSE, delay) * D))
    assert verdict.verdict == "cannot tell"


def test_a_change_too_small_to_matter_is_said_but_not_called_a_dependence() -> None:
    d = D * np.where(DELAY > 0.2, 0.995, 1.0)
    strict = _judge(np.exp(-B * d), 3, noise=1e-4, negligible=0.0)
    lenient = _judge(np.exp(-B * d), 3, noise=1e-4, negligible=0.02)
    assert strict.verdict == "depends on Δ" or strict.verdict == "scatters between runs"
    assert lenient.verdict == "one coefficient"
    assert any("below the 2.0% that count" in reason for reason in lenient.reasons)


def test_series_of_different_noise_are_weighted() -> None:
    """Three quiet runs and a loud one, noise not stated: the loud one must not cry wolf."""
    rng = np.random.default_rng(5)
    series = np.repeat(np.arange(4), 10)
    loud = np.where(series == 3, 0.05, 0.002)
    alarms = 0
    for _ in range(12):
        y = np.exp(-B * D) + loud * rng.standard_normal(B.size)
        verdict = single_coefficient(
            GRADIENT, np.full(B.size, PULSE), DELAY, y, series=series, negligible=0.0
        )
        alarms += verdict.verdict != "one coefficient"
    assert alarms <= 3  # 0.6 expected


def test_the_level_is_a_probability() -> None:
    with pytest.raises(InputError, match="level of a test lies between 0 and"):
        _judge(np.exp(-B * D), 1, level=2.0)
