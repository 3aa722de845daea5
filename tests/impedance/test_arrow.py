"""The arrow solver against a dense solve of the same problem."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.impedance.arrow import FloatArray, Linearised, fit_arrow

RNG = np.random.default_rng(4)
N, P, G, M = 5, 3, 2, 12
LOCAL_DESIGN = RNG.normal(size=(N, M, P))
BORDER_DESIGN = RNG.normal(size=(N, M, G))
DATA = RNG.normal(size=(N, M))
FREE = (np.full((N, P), -np.inf), np.full((N, P), np.inf))


def _linear(local: FloatArray, border: FloatArray) -> Linearised:
    r = np.einsum("nmp,np->nm", LOCAL_DESIGN, local) + BORDER_DESIGN @ border - DATA
    return Linearised(
        float(np.vdot(r, r)),
        np.einsum("nmp,nmq->npq", LOCAL_DESIGN, LOCAL_DESIGN),
        np.einsum("nmp,nmg->npg", LOCAL_DESIGN, BORDER_DESIGN),
        np.einsum("nmg,nmh->gh", BORDER_DESIGN, BORDER_DESIGN),
        np.einsum("nmp,nm->np", LOCAL_DESIGN, r),
        np.einsum("nmg,nm->g", BORDER_DESIGN, r),
    )


def _dense() -> tuple[FloatArray, FloatArray]:
    design = np.zeros((N * M, N * P + G))
    for i in range(N):
        design[i * M : (i + 1) * M, i * P : (i + 1) * P] = LOCAL_DESIGN[i]
        design[i * M : (i + 1) * M, N * P :] = BORDER_DESIGN[i]
    solution = np.linalg.lstsq(design, DATA.ravel(), rcond=None)[0]
    inverse = np.linalg.inv(design.T @ design)
    return np.asarray(solution, dtype=np.float64), np.asarray(inverse, dtype=np.float64)


def test_a_linear_problem_is_solved_exactly() -> None:
    fit = fit_arrow(_linear, np.zeros((N, P)), np.zeros(G), *FREE)
    solution, _ = _dense()
    assert fit.converged
    np.testing.assert_allclose(np.append(fit.local.ravel(), fit.border), solution, atol=1e-6)


def test_the_covariance_is_that_of_the_dense_inverse() -> None:
    fit = fit_arrow(_linear, np.zeros((N, P)), np.zeros(G), *FREE)
    inverse_schur, gain, inverse = fit.factors()
    _, dense = _dense()
    np.testing.assert_allclose(inverse_schur, dense[N * P :, N * P :], rtol=1e-8)
    for i in range(N):
        at = slice(i * P, (i + 1) * P)
        own = inverse[i] + gain[i] @ inverse_schur @ gain[i].T
        np.testing.assert_allclose(own, dense[at, at], rtol=1e-8)
        np.testing.assert_allclose(-gain[i] @ inverse_schur, dense[at, N * P :], rtol=1e-7, atol=1e-12)


def test_bounds_hold_and_are_marked() -> None:
    lower, upper = np.full((N, P), -0.05), np.full((N, P), 0.05)
    fit = fit_arrow(_linear, np.zeros((N, P)), np.zeros(G), lower, upper)
    assert np.all((fit.local >= lower) & (fit.local <= upper))
    assert not fit.free.all()


@pytest.mark.parametrize("start", [0.0, 3.0])
def test_a_curved_problem_converges(start: float) -> None:
    """exp(local) + border = data, one number each; border held by one extra observation of 1."""
    target = np.array([2.0, 3.0, 5.0])

    def model(local: FloatArray, border: FloatArray) -> Linearised:
        grown = np.exp(local[:, 0])
        r = grown + border[0] - target
        tie = border[0] - 1.0
        return Linearised(
            float(r @ r + tie**2), (grown**2)[:, None, None], grown[:, None, None], np.array([[4.0]]),
            (grown * r)[:, None], np.array([r.sum() + tie]),
        )  # fmt: skip

    fit = fit_arrow(model, np.full((3, 1), start), np.zeros(1), np.full((3, 1), -9.0), np.full((3, 1), 9.0))
    assert fit.converged
    np.testing.assert_allclose(np.exp(fit.local[:, 0]), target - 1.0, rtol=1e-4)
