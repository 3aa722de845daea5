"""Complex non-linear least squares of one circuit to one spectrum.

Real and imaginary part of each point are two residuals with the same weight.
Source: J. R. Macdonald and L. D. Potter, Solid State Ionics 23, 61 (1987); modulus weights:
B. A. Boukamp, Solid State Ionics 20, 31 (1986).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.fit.least_squares import LeastSquaresFit, Loss, least_squares, minimise
from ionscape.impedance.circuit import Circuit, ln_s
from ionscape.impedance.starting_values import starting_values

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

IMPEDANCE_REACH = np.log(1e4)  # how far beyond the measured |Z| a parameter may go
FREQUENCY_REACH = np.log(1e6)  # and beyond the measured window
RACE = ((10, 3), (8, 2), (30, 1))  # iterations, and how many starts stay in
EXACT = 1e-12  # relative misfit that counts as exact data


@dataclass(frozen=True)
class Problem:
    """A circuit, a spectrum and weights, as residuals to be minimised.

    Attributes
    ----------
    circuit : Circuit
    log_s : (N,) complex array
        ln(i omega).
    impedance : (N,) complex array
        [ohm]
    weights : (N,) array
        Multiply the residual of each point [1/ohm].
    lower, upper : (p,) arrays
        Bounds of theta.
    """

    circuit: Circuit
    log_s: ComplexArray
    impedance: ComplexArray
    weights: FloatArray
    lower: FloatArray
    upper: FloatArray

    def model(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weighted residuals (K, 2N) and Jacobian (K, 2N, p); real and imaginary parts interleaved."""
        z, slopes = self.circuit.evaluate(theta, self.log_s)
        slopes *= self.weights
        residuals = np.ascontiguousarray((z - self.impedance) * self.weights)
        return residuals.view(np.float64), slopes.view(np.float64).swapaxes(-1, -2)

    @property
    def cost_floor(self) -> float:
        """Cost at which the data are met to rounding."""
        scaled = self.impedance * self.weights
        return float(np.vdot(scaled, scaled).real) * EXACT**2

    def with_weights(self, weights: FloatArray) -> Problem:
        """The same with other weights."""
        return replace(self, weights=weights)


def pose(circuit: Circuit, frequency: FloatArray, impedance: ComplexArray, weights: FloatArray) -> Problem:
    """Problem with bounds that reach as far as the spectrum could possibly tell."""
    log_s = ln_s(frequency)
    size = np.log(np.abs(impedance))
    sizes = np.array([size.min() - IMPEDANCE_REACH, size.max() + IMPEDANCE_REACH])
    omegas = np.array([log_s.real.min() - FREQUENCY_REACH, log_s.real.max() + FREQUENCY_REACH])
    lower, upper = [], []
    for leaf in circuit.leaves:
        for p in leaf.element.parameters:
            if p.scale == "linear":
                lower.append(p.lower)
                upper.append(p.upper)
                continue
            levels, corners = p.impedance_power * sizes, p.frequency_power * omegas
            if leaf.element.symbol == "Q" and not leaf.fused:  # Q scales as 1/(|Z| omega^alpha)
                corners = np.append(corners, 0.2 * corners)
            with np.errstate(divide="ignore"):
                lower.append(max(float(levels.min() + corners.min()), float(np.log(p.lower))))
                upper.append(min(float(levels.max() + corners.max()), float(np.log(p.upper))))
    return Problem(circuit, log_s, impedance, weights, np.array(lower), np.array(upper))


def solve(
    problem: Problem, starts: FloatArray | None = None, *, loss: Loss = "squares", tolerance: float = 1e-11
) -> LeastSquaresFit:
    """Best fit over several starts, refined in a race: all a few steps, the best few to the end.

    Parameters
    ----------
    problem : Problem
    starts : (p,) or (K, p) array, optional
        Drawn from the spectrum if not given.
    loss : "squares" or "huber"
    tolerance : float
        Relative gain in the cost below which it stops.
    """
    if starts is None:
        starts = draw_starts(problem)
    rows = np.atleast_2d(starts)
    if len(rows) > 1:
        rows = _race(problem, rows)
    rows = in_order(problem.circuit, rows[0])
    return least_squares(
        problem.model, rows, problem.lower, problem.upper,
        loss=loss, tolerance=tolerance, cost_floor=problem.cost_floor,
    )  # fmt: skip


def draw_starts(problem: Problem) -> FloatArray:
    """Starts from the spectrum: a few for a plain series of elements, more for a nested circuit."""
    count = 8 if problem.circuit.series_leaves is not None else 24
    return starting_values(problem.circuit, problem.log_s, problem.impedance, problem.weights, count)


def _race(problem: Problem, rows: FloatArray) -> FloatArray:
    """Best of several starts after a few rounds, each with fewer rows; still to be converged."""
    for iterations, keep in RACE:
        found = minimise(
            problem.model, rows, problem.lower, problem.upper,
            iterations=iterations, tolerance=1e-4, cost_floor=problem.cost_floor,
        )  # fmt: skip
        rows = found.theta[np.argsort(found.cost)[:keep]]
    return rows


def in_order(circuit: Circuit, theta: FloatArray) -> FloatArray:
    """Theta with arcs of one kind that stand in series sorted from high to low frequency."""
    if circuit.series_leaves is None:
        return theta
    out = theta.copy()
    kinds = {leaf.element.symbol for leaf in circuit.series_leaves if leaf.is_arc}
    for kind in kinds:
        arcs = [leaf for leaf in circuit.series_leaves if leaf.element.symbol == kind]
        order = np.argsort([theta[leaf.offset + 1] for leaf in arcs], kind="stable")
        for leaf, source in zip(arcs, order, strict=True):
            out[leaf.offset : leaf.stop] = theta[arcs[source].offset : arcs[source].stop]
    return out


def theta_from_user(problem: Problem, values: Mapping[str, float]) -> FloatArray:
    """Starts that keep what the user gave (natural parameters by name) and draw the rest from the spectrum.

    Raises
    ------
    InputError
        A name that the circuit has not, or a value that cannot be.
    """
    names = problem.circuit.names
    for name, value in values.items():
        if name not in names:
            raise InputError(f"starting value for {name!r}: circuit {problem.circuit} has {', '.join(names)}")
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"starting value {name} = {value:g} must be a positive number")
    starts = np.clip(draw_starts(problem), problem.lower, problem.upper)
    natural = problem.circuit.values(starts)
    for name, value in values.items():
        natural[:, names.index(name)] = value
    return np.clip(problem.circuit.theta(natural), problem.lower, problem.upper)
