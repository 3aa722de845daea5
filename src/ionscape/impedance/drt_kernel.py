"""The linear problem behind a distribution of relaxation times, and its non-negative solution.

Z(ω) = R∞ + iωL + T (iω/ω_min)^-α + ∫ γ(ln τ)/(1 + iωτ) d ln τ, on a logarithmic grid of τ. The trapezoid
sum over so smooth a kernel is exact to rounding. Curvature of γ is penalised, in units of the local |Z|, so
that a small arc at high frequency is smoothed no more than a large one at low frequency.

References
----------
F. Ciucci, C. Chen, Electrochim. Acta 167 (2015) 439 (Bayesian reading of the penalty).
J. Kim, H. Park, SIAM J. Sci. Comput. 33 (2011) 3261 (block principal pivoting).
D. J. C. MacKay, Neural Comput. 4 (1992) 415 (evidence).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
BoolArray = NDArray[np.bool_]

# Weak prior on R∞, L and the tail (in units of |Z|), which keeps the normal equations regular.
RIDGE = 1e-8
MOST_EXCHANGES = 200


@dataclass(frozen=True)
class DrtProblem:
    """Weighted normal equations.

    Attributes
    ----------
    matrix, target : (2N, P), (2N,) arrays
        Real rows above imaginary ones, divided by |Z| and the relative standard deviation.
    gram, projection : (P, P), (P,) arrays
        matrixᵀ·matrix and matrixᵀ·target.
    penalty : (P, P) array
    log_tau : (M,) array
        Grid of ln(τ/s).
    step : float
        Its spacing.
    unit : (P,) array
        What a coefficient of one means: ohm, henry, ohm (tail at ω_min), then ohm for each γ.
    n_extra : int
        R∞, L and the tail, where they are fitted.
    tail_exponent : float or None
    """

    matrix: FloatArray
    target: FloatArray
    gram: FloatArray
    projection: FloatArray
    penalty: FloatArray
    log_tau: FloatArray
    step: float
    unit: FloatArray
    n_extra: int
    tail_exponent: float | None


@dataclass(frozen=True)
class DrtSolution:
    """Solution at one strength of regularisation."""

    regularisation: float
    coefficients: FloatArray  # in units of DrtProblem.unit
    free: BoolArray
    sum_of_squares: float
    evidence: float


def pose(
    omega: FloatArray,
    impedance: ComplexArray,
    relative_sd: FloatArray,
    *,
    tail_exponent: float | None,
    inductance: bool,
    extension: float,
    low_frequency_extension: float,
    points_per_decade: int,
) -> DrtProblem:
    """Build the linear problem.

    Parameters
    ----------
    omega : (N,) array
        Angular frequency [1/s], falling.
    impedance : (N,) complex array
        [ohm]
    relative_sd : (N,) array
        Standard deviation over |Z| up to a factor.
    tail_exponent : float or None
        α of a constant-phase element in series, 1 for a capacitance; None for no tail.
    extension, low_frequency_extension : float
        Decades by which τ reaches beyond 1/ω_max and 1/ω_min (negative: stays inside).
    """
    modulus = np.abs(impedance)
    first = -np.log(omega[0]) - extension * np.log(10)
    last = -np.log(omega[-1]) + low_frequency_extension * np.log(10)
    count = max(4, round((last - first) / np.log(10) * points_per_decade) + 1)
    log_tau = np.linspace(first, last, count)
    step = float(log_tau[1] - log_tau[0])
    scale = np.exp(np.interp(log_tau, -np.log(omega), np.log(modulus)))
    columns: list[ComplexArray] = [np.ones(omega.size, dtype=np.complex128)]
    unit = [float(modulus.min())]
    if inductance:
        columns.append((1j * omega).astype(np.complex128))
        unit.append(float(modulus[0] / omega[0]))
    if tail_exponent is not None:
        log_s = np.log(omega / omega[-1]) + 0.5j * np.pi
        columns.append(np.exp(-tail_exponent * log_s).astype(np.complex128))
        unit.append(float(modulus[-1]))
    kernel = step / (1 + 1j * omega[:, None] * np.exp(log_tau))
    units = np.concatenate([unit, scale])
    full = np.concatenate([np.array(columns).T, kernel], axis=1) * units / (modulus * relative_sd)[:, None]
    data = impedance / (modulus * relative_sd)
    matrix = np.concatenate([full.real, full.imag])
    target = np.concatenate([data.real, data.imag])
    penalty = np.zeros((units.size, units.size))
    penalty[len(unit) :, len(unit) :] = _curvature(count, step)
    penalty[range(len(unit)), range(len(unit))] = RIDGE
    return DrtProblem(
        matrix=matrix,
        target=target,
        gram=matrix.T @ matrix,
        projection=matrix.T @ target,
        penalty=penalty,
        log_tau=log_tau,
        step=step,
        unit=units,
        n_extra=len(unit),
        tail_exponent=tail_exponent,
    )


def _curvature(count: int, step: float) -> FloatArray:
    """∫(d²γ/d(ln τ)²)² as a matrix; γ is zero beyond the grid."""
    second = np.diff(np.eye(count + 4), 2, axis=0)[:, 2:-2] / step**2
    return np.asarray(step * second.T @ second)


def solve(problem: DrtProblem, regularisation: float, start: BoolArray | None = None) -> DrtSolution:
    """Minimise |target - matrix·x|² + λ xᵀ·penalty·x over x ≥ 0, with the evidence for λ.

    The evidence is that of the Gaussian model restricted to the coefficients that are free (not held at
    zero), noise variance profiled. On synthetic arcs its λ came closest to the best possible one in the
    cumulative distribution; generalised cross-validation tends to smooth too little.
    """
    hessian = problem.gram + regularisation * problem.penalty
    free = np.ones(problem.unit.size, dtype=bool) if start is None else start
    x, free = non_negative(hessian, problem.projection, free)
    held = np.flatnonzero(free)
    residual = problem.target - problem.matrix @ x
    squares = float(residual @ residual)
    objective = squares + regularisation * float(x @ problem.penalty @ x)
    root = np.linalg.cholesky(hessian[np.ix_(held, held)])
    prior = held[held >= problem.n_extra]
    log_prior = np.linalg.slogdet(problem.penalty[np.ix_(prior, prior)])[1]
    log_prior += prior.size * np.log(regularisation)
    count = problem.target.size - (held.size - prior.size)
    smallest = 1e-12 * problem.target.size
    log_volume = 0.5 * log_prior - float(np.sum(np.log(np.diag(root))))
    evidence = float(log_volume - 0.5 * count * np.log(max(objective, smallest)))
    return DrtSolution(regularisation, x, free, squares, evidence)


def effective_parameters(problem: DrtProblem, solution: DrtSolution) -> float:
    """Trace of the hat matrix over the free coefficients."""
    held = np.flatnonzero(solution.free)
    block = np.ix_(held, held)
    hessian = problem.gram[block] + solution.regularisation * problem.penalty[block]
    return float(np.trace(np.linalg.solve(hessian, problem.gram[block])))


def non_negative(
    hessian: FloatArray, projection: FloatArray, free: BoolArray
) -> tuple[FloatArray, BoolArray]:
    """Solve min xᵀHx/2 - bᵀx, x ≥ 0, by block principal pivoting from a first guess of what is free."""
    fewest, chances = projection.size + 1, 3
    x = np.zeros(projection.size)
    tolerance = 1e-10 * float(np.abs(projection).max())
    for _ in range(MOST_EXCHANGES):
        held = np.flatnonzero(free)
        x[:] = 0.0
        x[held] = np.linalg.solve(hessian[np.ix_(held, held)], projection[held])
        gradient = hessian @ x - projection
        wrong = (free & (x < -1e-13)) | (~free & (gradient < -tolerance))
        count = int(np.count_nonzero(wrong))
        if count == 0:
            break
        if count < fewest:
            fewest, chances = count, 3
            free = free ^ wrong
        elif chances > 0:
            chances -= 1
            free = free ^ wrong
        else:  # one at a time, the last first, cannot cycle
            free = free.copy()
            last = np.flatnonzero(wrong)[-1]
            free[last] = ~free[last]
    return np.maximum(x, 0.0), free
