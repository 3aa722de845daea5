"""Fit a circuit to one spectrum without any guess: the function that users and studies call."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError
from ionscape.fit.information import aicc, bic
from ionscape.fit.least_squares import LeastSquaresFit, Loss
from ionscape.impedance.circuit import Circuit
from ionscape.impedance.circuit_choice import CircuitChoice, check_candidates
from ionscape.impedance.circuit_fit import Candidate, CircuitFit, ParameterStatus, arcs_of
from ionscape.impedance.circuit_text import parse_circuit
from ionscape.impedance.cnls import Problem, pose, solve, theta_from_user
from ionscape.impedance.parameter_intervals import natural_deviation, parameter_intervals, parameter_status
from ionscape.impedance.residual_structure import inflation_by_correlation, is_uneven, joint_covariance
from ionscape.impedance.spectrum import check_spectrum

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Weights = Literal["modulus", "unit", "noise"]

NOISE_ROUNDS = 3


def fit(
    frequency: ArrayLike,
    impedance: ArrayLike,
    circuit: str | Circuit | None = None,
    *,
    weights: Weights | ArrayLike = "modulus",
    robust: bool = False,
    intervals: bool = True,
    starting_values: Mapping[str, float] | None = None,
    candidates: Sequence[str] | None = None,
) -> CircuitFit:
    """Fit a circuit, given or chosen from the data, by complex non-linear least squares.

    Parameters
    ----------
    frequency : (N,) array
        [Hz], in any order.
    impedance : (N,) complex array
        [ohm], Z'' negative for a capacitor.
    circuit : str or Circuit, optional
        For example ``"R0-(R1,Q1)-(R2,Q2)-Q3"``. Chosen by BIC if not given.
    weights : "modulus", "unit", "noise" or (N,) array
        1/abs(Z); equal; from a noise model sigma^2 = a^2 |Z|^2 + b^2 estimated from the residuals; or your
        own 1/sigma per point, in the order of `frequency` (only ratios matter).
    robust : bool
        Huber's loss against outliers; intervals are then from its covariance, never profiled.
    intervals : bool
        Profile-likelihood intervals for what is skewed; else from the curvature alone.
    starting_values : mapping, optional
        Natural parameters by name where you know better; never needed.
    candidates : sequence of str, optional
        Circuits to choose from.

    Returns
    -------
    CircuitFit

    Raises
    ------
    InputError
        The spectrum, the circuit or an option cannot be used.
    AnalysisError
        No circuit is supported by the data (only if none is given).
    """
    f, z = check_spectrum(frequency, impedance)
    loss: Loss = "huber" if robust else "squares"
    noise_model = isinstance(weights, str) and weights == "noise"
    w = _initial_weights(weights, np.asarray(frequency, dtype=np.float64), z)
    table: tuple[Candidate, ...] = ()
    if circuit is None:
        if starting_values is not None:
            raise InputError("starting values need a circuit: name the circuit that they belong to")
        if candidates is not None:
            check_candidates(candidates)
        choice = CircuitChoice(f, z, w, loss)
        best = choice.choose(candidates)
        table, problem, found = choice.table(), best.problem, best.fit
    else:
        if candidates is not None:
            raise InputError("give either a circuit or candidates to choose from, not both")
        problem = pose(parse_circuit(circuit) if isinstance(circuit, str) else circuit, f, z, w)
        _check_size(problem)
        starts = theta_from_user(problem, starting_values) if starting_values else None
        found = solve(problem, starts, loss=loss)
    for _ in range(NOISE_ROUNDS if noise_model else 0):
        problem = problem.with_weights(noise_weights(z, found.residuals / np.repeat(problem.weights, 2)))
        found = solve(problem, found.theta, loss=loss)
    return _report(problem, found, f, table, profile=intervals and not robust)


def _initial_weights(weights: Weights | ArrayLike, frequency: FloatArray, z: ComplexArray) -> FloatArray:
    if isinstance(weights, str):
        if weights in ("modulus", "noise"):
            return 1 / np.abs(z)
        if weights == "unit":
            return np.full(z.size, 1 / float(np.median(np.abs(z))))
        raise InputError(f"weights: expected 'modulus', 'unit', 'noise' or an array, not {weights!r}")
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != frequency.shape or not np.all(np.isfinite(w) & (w > 0)):
        raise InputError(f"weights must be {frequency.size} positive numbers, one per point")
    return w[np.argsort(-frequency, kind="stable")]


def _check_size(problem: Problem) -> None:
    p, n = problem.circuit.n_parameters, problem.impedance.size
    if 2 * n <= p:
        raise InputError(
            f"circuit {problem.circuit} has {p} parameters, but {n} points give only {2 * n} numbers: "
            f"take a simpler circuit"
        )


def noise_weights(impedance: ComplexArray, residuals: FloatArray) -> FloatArray:
    """Weights 1/sigma of the noise model sigma^2 = a^2 |Z|^2 + b^2 that makes the residuals most likely.

    Parameters
    ----------
    impedance : (N,) complex array
    residuals : (2N,) array
        [ohm], real and imaginary parts interleaved.
    """
    power = np.sum(residuals.reshape(-1, 2) ** 2, axis=1)
    size = np.abs(impedance) ** 2
    floors = np.concatenate([[0.0], np.geomspace(1e-3, 30, 46) ** 2]) * float(np.median(size))
    shape = size + floors[:, None]
    scale = np.maximum(np.mean(power / (2 * shape), axis=1), 1e-300)
    likelihood = size.size * np.log(scale) + np.sum(np.log(shape), axis=1)
    best = shape[int(np.argmin(likelihood))]
    return np.asarray(1 / np.sqrt(best))


def _report(
    problem: Problem, found: LeastSquaresFit, f: FloatArray, table: tuple[Candidate, ...], *, profile: bool
) -> CircuitFit:
    circuit, z = problem.circuit, problem.impedance
    n = 2 * z.size
    model = circuit.evaluate(found.theta, problem.log_s)[0]
    residuals = (z - model) / np.abs(z)
    ends68, ends95, profiled = parameter_intervals(problem, found, profile=profile)
    status = tuple(parameter_status(problem, found, j, ends95[j]) for j in range(circuit.n_parameters))
    relative = found.variance / float(np.mean(problem.weights**2 * np.abs(z) ** 2))
    score = bic(found.cost, n, circuit.n_parameters)
    rivals = [c for c in table[1:] if not c.refused]
    rival = next((c for c in rivals if not c.doubt), rivals[0] if rivals else None)
    runner_up = None if rival is None else (rival.circuit, rival.bic - table[0].bic)
    inflation, uneven = inflation_by_correlation(found), is_uneven(found, f, z)
    return CircuitFit(
        circuit=circuit,
        names=circuit.names,
        units=circuit.units,
        values=circuit.values(found.theta),
        standard_uncertainty=natural_deviation(circuit, found),
        intervals68=ends68,
        intervals95=ends95,
        status=status,
        profiled=profiled,
        theta=found.theta,
        theta_names=circuit.theta_names,
        theta_scales=circuit.theta_scales,
        covariance=found.covariance,
        joint_covariance=joint_covariance(found, inflation, uneven),
        frequency=f,
        impedance=z,
        model=model,
        residuals=residuals,
        weights=problem.weights,
        chi_square=found.cost,
        degrees_of_freedom=found.degrees_of_freedom,
        noise=math.sqrt(relative),
        aicc=aicc(found.cost, n, circuit.n_parameters),
        bic=score,
        runner_up=runner_up,
        candidates=table,
        arcs=arcs_of(circuit, found.theta, dict(zip(circuit.names, status, strict=True)), f),
        warnings=_warnings(circuit, found, status, inflation, uneven),
        converged=found.converged,
        n_evaluations=found.n_evaluations,
    )


def _warnings(
    circuit: Circuit, found: LeastSquaresFit, status: tuple[ParameterStatus, ...], inflation: float,
    uneven: bool,
) -> tuple[str, ...]:  # fmt: skip
    out = []
    if not found.converged:
        out.append("the fit did not converge: take its values as a description only")
    open_names = [n for n, s in zip(circuit.names, status, strict=True) if s == "undetermined"]
    if open_names:
        out.append(f"the spectrum does not determine {', '.join(open_names)}")
    one_sided = [n for n, s in zip(circuit.names, status, strict=True) if s == "bound"]
    if one_sided:
        out.append(f"only a limit follows for {', '.join(one_sided)}")
    if inflation > 1:
        out.append(
            "the residuals are correlated along frequency: the circuit misses some structure; estimates are "
            "widened for it, as the uncertainties from the curvature alone may be too small by a factor of "
            f"about {inflation:.1f}"
        )
    if uneven:
        out.append(
            "the noise is not spread as the weights assume: the uncertainties of estimates allow for it, and "
            "weights 'noise' would use the data better"
        )
    return tuple(out)
