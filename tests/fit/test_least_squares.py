"""The fitting core against linear algebra, scipy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import curve_fit

from ionscape.fit.least_squares import Model, invert_normal, least_squares, minimise

FloatArray = NDArray[np.float64]
OPEN = (np.full(2, -np.inf), np.full(2, np.inf))


def linear(design: FloatArray, data: FloatArray) -> Model:
    def model(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        jacobian = np.broadcast_to(design, (len(theta), *design.shape))
        return theta @ design.T - data, jacobian.copy()

    return model


def decay(x: FloatArray, data: FloatArray) -> Model:
    """exp(a) exp(-exp(b) x)"""

    def model(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        rate = np.exp(theta[:, 1:])
        y = np.exp(theta[:, :1] - rate * x)
        return y - data, np.stack([y, -rate * x * y], axis=-1)

    return model


@given(seed=st.integers(0, 10_000), p=st.integers(1, 5))
def test_linear_problem_gives_the_normal_equations(seed: int, p: int) -> None:
    rng = np.random.default_rng(seed)
    design, data = rng.normal(size=(20, p)), rng.normal(size=20)
    fit = least_squares(linear(design, data), rng.normal(size=p), np.full(p, -np.inf), np.full(p, np.inf))
    expected, cost = np.linalg.lstsq(design, data)[:2]
    assert fit.theta == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert fit.cost == pytest.approx(cost[0])
    covariance = cost[0] / (20 - p) * np.linalg.inv(design.T @ design)
    assert fit.covariance == pytest.approx(covariance, rel=1e-5, abs=1e-10)
    assert fit.converged
    assert fit.degrees_of_freedom == 20 - p


def test_nonlinear_problem_agrees_with_scipy() -> None:
    rng = np.random.default_rng(3)
    x = np.linspace(0, 4, 30)
    data = 2.0 * np.exp(-0.7 * x) + 0.02 * rng.normal(size=30)
    fit = least_squares(decay(x, data), np.array([0.0, 2.0]), *OPEN)
    theta, covariance = curve_fit(
        lambda x, a, b: np.exp(a - np.exp(b) * x), x, data, [0.5, -0.5], xtol=1e-12, ftol=1e-12
    )
    assert fit.theta == pytest.approx(theta, rel=1e-6)
    assert fit.covariance == pytest.approx(covariance, rel=1e-4)


def test_rows_of_a_batch_do_not_disturb_each_other() -> None:
    rng = np.random.default_rng(4)
    x = np.linspace(0, 4, 30)
    data = 2.0 * np.exp(-0.7 * x) + 0.02 * rng.normal(size=30)
    starts = np.array([[0.0, 2.0], [3.0, -2.0], [0.69, -0.36]])
    together = minimise(decay(x, data), starts, *OPEN)
    for row, start in enumerate(starts):
        alone = minimise(decay(x, data), start[None], *OPEN)
        assert together.theta[row] == pytest.approx(alone.theta[0], rel=1e-9)


@given(seed=st.integers(0, 10_000))
@example(seed=333)  # a first step that the bounds turn uphill
@example(seed=940)
def test_bounded_solution_satisfies_the_kuhn_tucker_conditions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    design, data = rng.normal(size=(15, 4)), rng.normal(size=15)
    lower, upper = np.full(4, -0.1), np.full(4, 0.15)
    minimum = minimise(linear(design, data), rng.uniform(-0.1, 0.15, size=(3, 4)), lower, upper)
    for theta, residuals in zip(minimum.theta, minimum.residuals, strict=True):
        gradient = residuals @ design
        assert np.all((theta >= lower) & (theta <= upper))
        inside = (theta > lower) & (theta < upper)
        assert np.abs(gradient[inside]) == pytest.approx(0, abs=1e-4)
        assert np.all(gradient[theta == lower] >= -1e-4)
        assert np.all(gradient[theta == upper] <= 1e-4)


def test_parameter_at_a_bound_is_reported_and_the_rest_is_conditional_on_it() -> None:
    rng = np.random.default_rng(5)
    design = rng.normal(size=(20, 2))
    data = design @ [1.0, -2.0] + 0.01 * rng.normal(size=20)
    fit = least_squares(linear(design, data), np.zeros(2), np.array([-5.0, -1.0]), np.array([5.0, 5.0]))
    assert tuple(fit.at_bound) == (0, -1)
    assert fit.theta[1] == -1.0
    column = design[:, 0]
    shifted = data + design[:, 1]
    assert fit.theta[0] == pytest.approx(column @ shifted / (column @ column))
    assert fit.covariance[1, 1] == 0
    assert fit.covariance[0, 0] == pytest.approx(fit.variance / (column @ column))


def test_open_direction_is_reported_not_regularised() -> None:
    """Only the sum of the first two parameters is fixed by the data; the third is fixed by itself."""
    rng = np.random.default_rng(6)
    column, other = rng.normal(size=(2, 20))
    design = np.column_stack([column, column, other])
    data = 3 * column + 2 * other + 0.01 * rng.normal(size=20)
    fit = least_squares(linear(design, data), np.ones(3), np.full(3, -np.inf), np.full(3, np.inf))
    assert tuple(fit.undetermined) == (True, True, False)
    assert np.isinf(fit.covariance[0, 0])
    assert np.isinf(fit.covariance[1, 1])
    assert np.isfinite(fit.covariance[2, 2])
    direction = fit.open_directions[0]
    assert direction[0] == pytest.approx(-direction[1])
    assert direction[2] == pytest.approx(0, abs=1e-6)


def test_parameter_without_effect_is_undetermined() -> None:
    jacobian = np.column_stack([np.ones(5), np.zeros(5)])
    inverse, undetermined, directions = invert_normal(jacobian, np.array([True, True]))
    assert tuple(undetermined) == (False, True)
    assert inverse[0, 0] == pytest.approx(0.2)
    assert directions.tolist() == [[0.0, 1.0]]


def test_exact_data_end_at_the_truth() -> None:
    x = np.linspace(0, 4, 30)
    data = 2.0 * np.exp(-0.7 * x)
    fit = least_squares(decay(x, data), np.array([0.0, 1.0]), *OPEN, cost_floor=1e-24)
    assert np.exp(fit.theta) == pytest.approx([2.0, 0.7], rel=1e-9)
    assert fit.converged


def test_outliers_pull_the_robust_fit_little() -> None:
    rng = np.random.default_rng(7)
    x = np.linspace(0, 4, 60)
    truth = np.array([np.log(2.0), np.log(0.7)])
    data = 2.0 * np.exp(-0.7 * x) + 0.01 * rng.normal(size=60)
    data[[5, 20, 40]] += 1.0
    plain = least_squares(decay(x, data), truth, *OPEN)
    robust = least_squares(decay(x, data), truth, *OPEN, loss="huber")
    assert np.max(np.abs(robust.theta - truth)) < 0.2 * np.max(np.abs(plain.theta - truth))
    assert robust.weights[[5, 20, 40]] == pytest.approx(0, abs=0.05)


def test_robust_covariance_is_the_scatter_of_the_estimator() -> None:
    """Location of contaminated data: the stated variance against the spread over many samples."""
    rng = np.random.default_rng(8)
    found, stated = [], []
    for _ in range(250):
        data = rng.normal(size=50) * np.where(rng.random(50) < 0.1, 5.0, 1.0)
        fit = least_squares(
            linear(np.ones((50, 1)), data), np.zeros(1), np.full(1, -9.0), np.full(1, 9.0), loss="huber"
        )
        found.append(fit.theta[0])
        stated.append(fit.covariance[0, 0])
    assert np.mean(stated) == pytest.approx(np.var(found), rel=0.25)
