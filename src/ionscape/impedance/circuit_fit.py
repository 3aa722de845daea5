"""What the fit of a circuit to a spectrum says: values, joint uncertainty, arcs, and what stays open."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.impedance.circuit import Circuit, Leaf

if TYPE_CHECKING:
    from ionscape.core.estimate import Estimate
    from ionscape.core.quantity import Dimension

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
ParameterStatus = Literal["determined", "bound", "undetermined"]
Position = Literal["complete", "cut at high frequency", "cut at low frequency", "outside the window"]

FLANK = 3.0  # an arc is complete if the window goes on this factor beyond its apex on both sides
OUTSIDE = 10.0  # and outside if its apex lies this factor beyond the window


@dataclass(frozen=True)
class Arc:
    """One (depressed) semicircle: R||Q, R||C or ZARC.

    Attributes
    ----------
    label : str
        Of its resistance: ``"R1"`` or ``"ZARC1"``.
    R, tau, alpha : float
        Resistance [ohm], time constant [s], exponent.
    apex_frequency : float
        1/(2 pi tau) [Hz].
    Q : float
        tau^alpha / R [S s^alpha].
    capacitance : float
        tau/R = Q^(1/alpha) R^((1-alpha)/alpha) [F].
    position : str
        ``"complete"``, ``"cut at high frequency"``, ``"cut at low frequency"`` or ``"outside the window"``.
    status : str
        Of its resistance: ``"determined"``, ``"bound"`` or ``"undetermined"``.
    """

    label: str
    R: float
    tau: float
    alpha: float
    apex_frequency: float
    Q: float
    capacitance: float
    position: Position
    status: ParameterStatus


@dataclass(frozen=True)
class Candidate:
    """A circuit that was tried.

    Attributes
    ----------
    circuit : str
    n_parameters : int
    chi_square, aicc, bic : float
    refused : str
        Why it cannot be the answer although it was fitted; empty if it can.
    doubt : str
        What of it the data do not determine, which counts against it; empty if nothing.
    """

    circuit: str
    n_parameters: int
    chi_square: float
    aicc: float
    bic: float
    refused: str = ""
    doubt: str = ""


@dataclass(frozen=True)
class CircuitFit:
    """A circuit fitted to one spectrum.

    Attributes
    ----------
    circuit : Circuit
    names, units : tuple of str
        Natural parameters (``R1``, ``Q1``, ``Q1.alpha``) and their SI units.
    values, standard_uncertainty : (p,) arrays
        Natural parameters and 1 standard deviation from the curvature at the minimum; infinite where
        undetermined, zero where held at a bound.
    intervals68, intervals95 : (p, 2) arrays
        Ends that hold the truth with 68.3 % and 95 %: Student's t on ln R, ln tau, alpha, or the profile
        likelihood where that is skewed; 0 or inf where open.
    status : tuple of str
        Per natural parameter: ``"determined"``; ``"bound"`` where only one end of the 95 % interval exists;
        ``"undetermined"``.
    profiled : tuple of bool
        Whose interval is from the profile likelihood.
    theta, theta_names, theta_scales, covariance
        Fitted parameters (p,), their names, ``"log"`` or ``"linear"`` each, and covariance (p, p).
    joint_covariance : (p, p) array
        What `estimates` use: as ``covariance`` where the residuals are independent and spread as the weights
        say, wider where they are not (see `residual_structure`).
    frequency, impedance, model, residuals : (N,) arrays
        High frequency first; residuals (data - model)/abs(data), complex.
    weights : (N,) array
        Multiplied each point's residual.
    chi_square : float
        Sum of squared weighted residuals.
    degrees_of_freedom : int
    noise : float
        Relative standard deviation of each component, from the residuals.
    aicc, bic : float
    runner_up : (str, float) or None
        Second-best circuit and how much larger its BIC is (negative where an arc more lowers the BIC by less
        than an arc must earn); None where the circuit was given.
    candidates : tuple of Candidate
        All that were tried, best first.
    arcs : tuple of Arc
        From high to low frequency.
    warnings : tuple of str
    converged : bool
    n_evaluations : int
    """

    circuit: Circuit
    names: tuple[str, ...]
    units: tuple[str, ...]
    values: FloatArray
    standard_uncertainty: FloatArray
    intervals68: FloatArray
    intervals95: FloatArray
    status: tuple[ParameterStatus, ...]
    profiled: tuple[bool, ...]
    theta: FloatArray
    theta_names: tuple[str, ...]
    theta_scales: tuple[str, ...]
    covariance: FloatArray
    joint_covariance: FloatArray
    frequency: FloatArray
    impedance: ComplexArray
    model: ComplexArray
    residuals: ComplexArray
    weights: FloatArray
    chi_square: float
    degrees_of_freedom: int
    noise: float
    aicc: float
    bic: float
    runner_up: tuple[str, float] | None
    candidates: tuple[Candidate, ...]
    arcs: tuple[Arc, ...]
    warnings: tuple[str, ...]
    converged: bool
    n_evaluations: int

    def value(self, name: str) -> float:
        """Natural parameter by name; KeyError if the circuit has none such."""
        if name not in self.names:
            raise KeyError(f"{name}: circuit {self.circuit} has {', '.join(self.names)}")
        return float(self.values[self.names.index(name)])

    def estimates(self, source: str) -> dict[str, Estimate]:
        """Joint estimates of all natural parameters, and tau and capacitance of every arc.

        Parameters
        ----------
        source : str
            Unique name of this fit; what comes from the same source keeps its correlations.

        Returns
        -------
        dict
            By natural name (``R1``, ``Q1``, ``Q1.alpha``), and ``Q1.tau``, ``Q1.capacitance`` of an arc.
        """
        from ionscape.core.estimate import joint

        rows = [*self._natural_rows(), *self._arc_rows()]
        finite = np.where(np.isfinite(self.joint_covariance), self.joint_covariance, 0.0)
        gradients = np.array([r.gradient for r in rows])
        found = joint(
            source,
            [r.value for r in rows],
            gradients @ finite @ gradients.T,
            scales=[r.scale for r in rows],
            dimensions=[_dimension(r.unit, r.alpha) for r in rows],
            degrees_of_freedom=self.degrees_of_freedom,
        )
        return {r.name: self._honest(r, e) for r, e in zip(rows, found, strict=True)}

    def _natural_rows(self) -> list[_Row]:
        rows = []
        slopes = self.circuit.values_jacobian(self.theta)
        for leaf in self.circuit.leaves:
            alpha = _alpha(leaf, self.theta)
            columns = zip(leaf.names, leaf.units, leaf.scales, strict=True)
            for j, (name, unit, scale) in enumerate(columns, start=leaf.offset):
                value = float(self.values[j])
                gradient = slopes[j] / (value if scale == "log" else 1.0)
                rows.append(_Row(name, value, scale, unit, alpha, gradient, j))
        return rows

    def _arc_rows(self) -> list[_Row]:
        rows = []
        for leaf in self.circuit.leaves:
            if leaf.is_arc:
                resistance, tau = self.theta[leaf.offset], self.theta[leaf.offset + 1]
                unit = np.eye(self.theta.size)
                ln_tau, ln_c = unit[leaf.offset + 1], unit[leaf.offset + 1] - unit[leaf.offset]
                if leaf.fused:
                    rows.append(_Row(f"{leaf.labels[-1]}.tau", math.exp(tau), "log", "s", 1.0, ln_tau))
                name = f"{leaf.labels[-1]}.capacitance"
                rows.append(_Row(name, math.exp(tau - resistance), "log", "F", 1.0, ln_c))
        return rows

    def _honest(self, row: _Row, estimate: Estimate) -> Estimate:
        """Bounds and open parameters instead of numbers; the profile's shape where it is skewed."""
        from ionscape.core.estimate import lower_bound, undetermined, upper_bound

        touched = np.flatnonzero(row.gradient != 0)
        if np.any(~np.isfinite(np.diag(self.covariance)[touched])):
            return undetermined(estimate.dimension, f"the spectrum leaves {row.name} open")
        if row.index is None:
            return estimate
        if self.status[row.index] == "undetermined":
            return undetermined(estimate.dimension, f"the spectrum leaves {row.name} open")
        low, high = self._ends(row, self.intervals95[row.index])
        if self.status[row.index] == "bound":
            note = f"only one limit of {row.name} follows from the spectrum (95 %)"
            if math.isfinite(high) and high < self._ceiling(row):
                return upper_bound(high, estimate.dimension, note)
            return lower_bound(low, estimate.dimension, note)
        if self.profiled[row.index] and estimate.spread > 0:
            return replace(estimate, shape=self._shape(row, estimate.spread))
        return estimate

    def _ceiling(self, row: _Row) -> float:
        return math.inf if row.scale == "log" else 1.0

    def _ends(self, row: _Row, interval: FloatArray) -> tuple[float, float]:
        """An interval's ends, as much further out as the joint covariance is wider than the curvature's."""
        curvature, joint = (float(row.gradient @ np.where(np.isfinite(c), c, 0.0) @ row.gradient)
                            for c in (self.covariance, self.joint_covariance))  # fmt: skip
        wider = math.sqrt(joint / curvature) if curvature > 0 and joint > 0 else 1.0
        low, high = (float(end) for end in interval)
        if row.scale == "linear":
            return row.value + wider * (low - row.value), row.value + wider * (high - row.value)
        return row.value * (low / row.value) ** wider, row.value * (high / row.value) ** wider

    def _shape(self, row: _Row, spread: float) -> tuple[float, float, float, float, float]:
        assert row.index is not None
        low68, high68 = self._ends(row, self.intervals68[row.index])
        low95, high95 = self._ends(row, self.intervals95[row.index])
        ends = np.array([low95, low68, row.value, high68, high95])
        deviation = np.log(ends / row.value) if row.scale == "log" else ends - row.value
        a, b, c, d, e = (float(x) for x in deviation / spread)
        return (a, b, c, d, e)


@dataclass(frozen=True)
class _Row:
    """A quantity that is (locally) linear in theta on its scale: value, gradient, place among the values."""

    name: str
    value: float
    scale: Literal["log", "linear"]
    unit: str
    alpha: float
    gradient: FloatArray
    index: int | None = None


def _alpha(leaf: Leaf, theta: FloatArray) -> float:
    for j, p in enumerate(leaf.element.parameters, start=leaf.offset):
        if p.name == "alpha":
            return float(theta[j])
    return 1.0


def _dimension(unit: str, alpha: float) -> Dimension:
    """Exponents of an SI unit; that of Q depends on alpha."""
    from ionscape.core.quantity import DIMENSIONLESS, dimension_of

    if unit == "":
        return DIMENSIONLESS
    if unit == "S s^alpha":
        siemens, second = dimension_of("S"), dimension_of("s")
        exponents = [a + round(alpha, 6) * b for a, b in zip(siemens, second, strict=True)]
        length, mass, time, current, temperature, substance, luminosity = exponents
        return (length, mass, time, current, temperature, substance, luminosity)
    return dimension_of(unit.replace("^", "**"))


def arcs_of(
    circuit: Circuit, theta: FloatArray, status: Mapping[str, ParameterStatus], window: FloatArray
) -> tuple[Arc, ...]:
    """The arcs of a fitted circuit from high to low frequency; window: measured frequencies [Hz]."""
    arcs = []
    for leaf in circuit.leaves:
        if not leaf.is_arc:
            continue
        log_r, log_tau = float(theta[leaf.offset]), float(theta[leaf.offset + 1])
        alpha = _alpha(leaf, theta)
        apex = math.exp(-log_tau) / (2 * math.pi)
        arcs.append(
            Arc(
                label=leaf.labels[0],
                R=math.exp(log_r),
                tau=math.exp(log_tau),
                alpha=alpha,
                apex_frequency=apex,
                Q=math.exp(alpha * log_tau - log_r),
                capacitance=math.exp(log_tau - log_r),
                position=_position(apex, float(window.min()), float(window.max())),
                status=status[leaf.labels[0]],
            )
        )
    return tuple(sorted(arcs, key=lambda arc: arc.tau))


def _position(apex: float, lowest: float, highest: float) -> Position:
    if apex > OUTSIDE * highest or apex < lowest / OUTSIDE:
        return "outside the window"
    if apex > highest / FLANK:
        return "cut at high frequency"
    return "cut at low frequency" if apex < lowest * FLANK else "complete"
