"""Hamiltonian draws against distributions whose moments are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ionscape.fit.hamiltonian import hamiltonian_draws

FloatArray = NDArray[np.float64]
OPEN = np.full(2, np.inf)


def test_a_normal_distribution_has_its_covariance() -> None:
    covariance = np.array([[4.0, 1.5], [1.5, 1.0]])
    precision = np.linalg.inv(covariance)

    def density(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        pull = theta @ precision
        return -0.5 * np.sum(pull * theta, axis=1), -pull

    found = hamiltonian_draws(
        density, np.zeros(2), 0.7 * np.linalg.cholesky(covariance), -OPEN, OPEN, n=6400,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert found.r_hat < 1.05
    np.testing.assert_allclose(np.cov(found.theta.T), covariance, atol=0.35)
    np.testing.assert_allclose(found.theta.mean(axis=0), 0, atol=0.15)


def test_a_limit_cuts_the_distribution() -> None:
    """A half-normal has the mean sqrt(2/pi)."""

    def density(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        return -0.5 * np.sum(theta**2, axis=1), -theta

    low = np.array([0.0, -np.inf])
    found = hamiltonian_draws(
        density, np.array([0.5, 0.0]), np.eye(2), low, OPEN, n=6400, rng=np.random.default_rng(1)
    )
    assert found.theta[:, 0].min() >= 0
    assert abs(found.theta[:, 0].mean() - np.sqrt(2 / np.pi)) < 0.05


def test_a_curved_ridge_is_followed() -> None:
    """x normal, y about x^2 - 1: the variance of y is 2 + s^2."""

    def density(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        x, y = theta.T
        off = (y - (x**2 - 1)) / 0.5
        return -0.5 * (x**2 + off**2), np.stack([-x + off * 2 * x / 0.5, -off / 0.5], axis=1)

    found = hamiltonian_draws(
        density, np.array([0.0, -1.0]), np.diag([1.0, 0.5]), -OPEN, OPEN, n=6400, rng=np.random.default_rng(2)
    )
    assert abs(found.theta[:, 0].std() - 1) < 0.1
    assert abs(found.theta[:, 1].var() - 2.25) < 0.5
