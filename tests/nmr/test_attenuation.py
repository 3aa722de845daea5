"""Models of attenuation: derivatives, initial slopes, limits, and other ways to compute them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import gamma as gamma_distribution
from scipy.stats import lognorm

from ionscape.nmr.attenuation import MODELS

B = np.linspace(0, 4.0, 9)
THETA = {
    "one": [0.1], "two": [0.5, -1.5, 0.4], "three": [0.8, -0.5, -2.0, 0.3, -0.2], "gamma": [0.1, -0.7],
    "log-normal": [0.1, -0.3], "powder": [0.1, 1.2], "powder of channels": [0.1], "powder of layers": [0.1],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MODELS))
def test_derivatives_are_those_of_the_function(name: str) -> None:
    theta = np.array([THETA[name]])
    e, slope = MODELS[name].evaluate(theta, B)
    for j in range(theta.shape[1]):
        step = np.zeros_like(theta)
        step[0, j] = 1e-5
        up, down = (MODELS[name].evaluate(theta + s, B)[0] for s in (step, -step))
        np.testing.assert_allclose(slope[0, :, j], ((up - down) / 2e-5)[0], atol=2e-8)
    assert e[0, 0] == pytest.approx(1.0)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_mean_is_the_initial_slope(name: str) -> None:
    theta = np.array(THETA[name])
    small = 1e-5
    e, _ = MODELS[name].evaluate(theta[None], np.array([small]))
    log_mean, by_theta = MODELS[name].mean(theta)
    assert -np.log(e[0, 0]) / small == pytest.approx(np.exp(log_mean), rel=1e-4)
    for j in range(theta.size):
        step = 1e-6 * np.eye(theta.size)[j]
        change = (MODELS[name].mean(theta + step)[0] - MODELS[name].mean(theta - step)[0]) / 2e-6
        assert by_theta[j] == pytest.approx(change, abs=1e-6)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_spread_only_slows_the_decay(name: str) -> None:
    """Jensen: no distribution decays faster than its mean."""
    theta = np.array([THETA[name]])
    e, _ = MODELS[name].evaluate(theta, B)
    mean = np.exp(MODELS[name].mean(theta[0])[0])
    assert np.all(e[0] >= np.exp(-mean * B) - 1e-12)
    assert np.all(np.diff(e[0]) < 0)


def test_gamma_is_the_laplace_transform_of_its_density() -> None:
    mean, c = np.exp(THETA["gamma"])
    density = gamma_distribution(1 / c, scale=mean * c)
    expected = [quad(lambda d, b=b: density.pdf(d) * np.exp(-b * d), 0, np.inf)[0] for b in B]
    e, _ = MODELS["gamma"].evaluate(np.array([THETA["gamma"]]), B)
    np.testing.assert_allclose(e[0], expected, rtol=1e-7)


def test_log_normal_is_the_laplace_transform_of_its_density() -> None:
    mean, s = np.exp(THETA["log-normal"])
    density = lognorm(s, scale=mean * np.exp(-(s**2) / 2))
    expected = [quad(lambda d, b=b: density.pdf(d) * np.exp(-b * d), 0, np.inf, epsabs=1e-12)[0] for b in B]
    e, _ = MODELS["log-normal"].evaluate(np.array([THETA["log-normal"]]), B)
    np.testing.assert_allclose(e[0], expected, rtol=1e-6)
