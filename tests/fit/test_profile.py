"""Profile-likelihood intervals against closed forms and root finding."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from ionscape.fit.least_squares import Model, least_squares
from ionscape.fit.profile import PROBABILITIES, profile_intervals, skewed_parameters, student_quantiles

FloatArray = NDArray[np.float64]


def test_quantiles_are_students() -> None:
    for found, p in zip(student_quantiles(7), PROBABILITIES, strict=True):
        assert found == pytest.approx(stats.t.ppf(0.5 + p / 2, 7))


def test_linear_problem_has_the_t_interval() -> None:
    rng = np.random.default_rng(1)
    design = rng.normal(size=(12, 3))
    data = design @ [1.0, 2.0, 3.0] + 0.1 * rng.normal(size=12)

    def model(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        return theta @ design.T - data, np.repeat(design[None], len(theta), axis=0)

    lower, upper = np.full(3, -100.0), np.full(3, 100.0)
    fit = least_squares(model, np.zeros(3), lower, upper)
    assert skewed_parameters(model, fit, lower, upper) == []
    found = profile_intervals(model, fit, lower, upper, [0, 2])
    deviation = np.sqrt(np.diag(fit.covariance))[[0, 2]]
    for level, p in enumerate(PROBABILITIES):
        half = stats.t.ppf(0.5 + p / 2, 9) * deviation
        assert found.low[level] == pytest.approx(fit.theta[[0, 2]] - half, abs=0.03 * deviation.max())
        assert found.high[level] == pytest.approx(fit.theta[[0, 2]] + half, abs=0.03 * deviation.max())
    assert not found.low_open.any()
    assert not found.high_open.any()


def saturating(x: FloatArray, data: FloatArray) -> Model:
    """1 - exp(-exp(a) x): beyond the first point a large rate cannot be told from an infinite one."""

    def model(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        rate = np.exp(theta)
        decayed = np.exp(-rate * x)
        return 1 - decayed - data, (rate * x * decayed)[..., None]

    return model


def test_skewed_parameter_ends_where_the_sum_of_squares_says() -> None:
    rng = np.random.default_rng(2)
    x = np.linspace(0.2, 2, 10)
    data = 1 - np.exp(-2.5 * x) + 0.15 * rng.normal(size=10)
    model = saturating(x, data)
    lower, upper = np.full(1, -5.0), np.full(1, 8.0)
    fit = least_squares(model, np.zeros(1), lower, upper)
    assert skewed_parameters(model, fit, lower, upper) == [0]
    found = profile_intervals(model, fit, lower, upper, [0])

    def excess(a: float, t: float) -> float:
        residuals = 1 - np.exp(-np.exp(a) * x) - data
        return float(residuals @ residuals - fit.cost - t**2 * fit.variance)

    for level, t in enumerate(student_quantiles(fit.degrees_of_freedom)):
        assert found.low[level, 0] == pytest.approx(brentq(excess, -5, fit.theta[0], args=(t,)), abs=0.02)


def test_open_end_is_said_to_be_open() -> None:
    x = np.linspace(1.0, 2, 10)
    data = np.ones(10) + 0.01 * np.random.default_rng(3).normal(size=10)
    model = saturating(x, data)
    lower, upper = np.full(1, -5.0), np.full(1, 8.0)
    fit = least_squares(model, np.full(1, 1.0), lower, upper)
    found = profile_intervals(model, fit, lower, upper, [0])
    assert found.high_open.all()
    assert not found.low_open.any()
    assert found.low[1, 0] < found.low[0, 0]
    assert np.exp(-np.exp(found.low[1, 0]) * 1.0) < 0.03  # 1 - exp(-rate) is within the noise of 1
