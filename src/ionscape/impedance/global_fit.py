"""One fit of all temperatures: what is Arrhenius is fitted as Arrhenius, what is shared has one value.

For each tied arc ln(R/T) = ln A + E/kT (sigma T is Arrhenius) plus a deviation of its own at every
temperature, whose standard deviation (temperature errors, samples that drift) is estimated beforehand and is
zero where the separate fits show none: a strict tie would pretend that it does not exist.
Parameters may also be shared strictly ("single chi square" fit): Q1, Q1.alpha, Q1.capacitance.

Sources: nonlinear mixed effects, M. J. Lindstrom and D. M. Bates, Biometrics 46, 673 (1990);
one chi square for all temperatures as in EISFitpython (Adediwura et al., J. Mater. Chem. A 12, 15847 (2024)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann

from ionscape.core.errors import AnalysisError
from ionscape.impedance.arrow import ArrowFit, Linearised, fit_arrow
from ionscape.impedance.circuit import Circuit, ln_s
from ionscape.impedance.circuit_fit import CircuitFit
from ionscape.impedance.cnls import pose
from ionscape.impedance.shared_parameters import Kind, Plan, coordinates_of, plan_of, theta_of

FloatArray = NDArray[np.float64]

STRICT = 1e-4  # a deviation of ln R this small is none: a hundredth of a percent


@dataclass(frozen=True)
class GlobalFit:
    """Result of the fit of all temperatures.

    Attributes
    ----------
    circuit : Circuit
    temperatures : (n,) array
        [K]
    tied : tuple of str
        Labels of the resistances on Arrhenius lines.
    shared : tuple of str
        Natural names of the parameters with one value for all temperatures.
    theta : (n, p) array
        Parameters of the circuit at every temperature.
    energies, ln_prefactors : (k,) arrays
        E [J] and ln A of R/T = A exp(E/kT) [ohm/K] per tied arc.
    deviations : (n, k, k) array
        Covariance of ln R of the tied arcs about their lines that was assumed at every temperature.
    chi_square : float
        Sum of squares of the data alone, in units of the noise.
    degrees_of_freedom : int
    variance : float
        chi_square over degrees of freedom: 1 if the model describes all data within their noise.
    noise : (n,) array
        Relative noise taken for each spectrum.
    arrow : ArrowFit
    columns : tuple of int
        Place in the local parameters of each circuit parameter, -1 - place in the border for shared ones.
    kinds : tuple of str
        Second coordinate of each leaf that is an arc: ``tau``, ``Q`` or ``capacitance``.
    """

    circuit: Circuit
    temperatures: FloatArray
    tied: tuple[str, ...]
    shared: tuple[str, ...]
    theta: FloatArray
    energies: FloatArray
    ln_prefactors: FloatArray
    deviations: FloatArray
    chi_square: float
    degrees_of_freedom: int
    variance: float
    noise: FloatArray
    arrow: ArrowFit
    columns: tuple[int, ...]
    kinds: tuple[Kind, ...]

    def index(self, label: str) -> int:
        """Place of ln R of an arc or resistance in theta."""
        return next(leaf.offset for leaf in self.circuit.leaves if leaf.labels[0] == label)

    def roots(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Square roots of the covariance, for latents.

        Returns
        -------
        border : (g, g) array
            Weights of the border parameters on g common latents.
        common : (n, p, g) array
            Weights of the local parameters on the same; ln R itself where an arc is tied, not its deviation.
        own : (n, p, p) array
            Weights of the local parameters on p latents of each spectrum.
        """
        inverse_schur, gain, inverse = self.arrow.factors()
        border = _root(inverse_schur) * np.sqrt(self.variance)
        return border, self.with_lines(-gain @ border, border), _roots(inverse) * np.sqrt(self.variance)

    def with_lines(self, local: FloatArray, border: FloatArray) -> FloatArray:
        """Changes (n, p, m) of the local parameters, for tied arcs those of ln R in place of the "
        "deviation's."""
        inverse = 1 / (Boltzmann * self.temperatures)
        position = (inverse - inverse.mean()) / (np.ptp(inverse) / 2 or 1.0)
        moved = local.copy()
        for k, label in enumerate(self.tied):
            a, b = border[len(border) - 2 * (len(self.tied) - k) :][:2]
            moved[:, self.columns[self.index(label)], :] += a + position[:, None] * b
        return moved


def _root(covariance: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray(vectors * np.sqrt(np.clip(values, 0, None)))


def _roots(covariances: FloatArray) -> FloatArray:
    return np.array([_root(each) for each in covariances])


class _Problem:
    """All spectra and the ties as one arrow-shaped problem."""

    def __init__(
        self, plan: Plan, fits: Sequence[CircuitFit], temperatures: FloatArray, noise: FloatArray,
        deviations: FloatArray,
    ) -> None:  # fmt: skip
        self.plan, self.temperatures = plan, temperatures
        self.stiffness = np.linalg.inv(deviations)
        self.inverse = 1 / (Boltzmann * temperatures)
        self.centre = float(self.inverse.mean())
        self.reach = float(np.ptp(self.inverse)) / 2 or 1.0
        self.spectra = []
        for fit, sigma in zip(fits, noise, strict=True):
            size = np.mean(fit.weights**2 * np.abs(fit.impedance) ** 2) ** 0.5
            self.spectra.append((ln_s(fit.frequency), fit.impedance, fit.weights / (size * sigma)))
        self.local_columns = [j for j, c in enumerate(plan.columns) if c >= 0]
        self.shared_columns = [j for j, c in enumerate(plan.columns) if c < 0]

    def assembled(self, local: FloatArray, border: FloatArray) -> FloatArray:
        """Coordinates (n, p) of all spectra: a tied ln R is its line and what it deviates from it."""
        u = np.empty((len(local), len(self.plan.columns)))
        u[:, self.local_columns] = local
        u[:, self.shared_columns] = border[: self.plan.n_shared]
        for k, place in enumerate(self.plan.tied):
            u[:, self.local_columns[place]] += self.line(k, border)
        return u

    def line(self, k: int, border: FloatArray) -> FloatArray:
        """ln R of the k-th tied arc on its line, at every temperature."""
        a, b = border[self.plan.n_shared + 2 * k : self.plan.n_shared + 2 * k + 2]
        return np.asarray(a + b * self.position + np.log(self.temperatures))

    @property
    def position(self) -> FloatArray:
        """Place of every temperature along the line: -1 to 1 in 1/kT."""
        return np.asarray((self.inverse - self.centre) / self.reach)

    def model(self, local: FloatArray, border: FloatArray) -> Linearised:
        """Sums over data and ties; the ties hold deviations only, so that lines move freely."""
        data, places = self.data(local, border), list(self.plan.tied)
        if not places:
            return data
        pulled = np.einsum("nkl,nl->nk", self.stiffness, local[:, places])
        own, gradient = data.local.copy(), data.gradient_local.copy()
        for k, place in enumerate(places):
            own[:, place, places] += self.stiffness[:, k, :]
        gradient[:, places] += pulled
        cost = data.cost + float(np.vdot(local[:, places], pulled))
        return replace(data, cost=cost, local=own, gradient_local=gradient)

    def data(self, local: FloatArray, border: FloatArray) -> Linearised:
        """Sums over the data alone."""
        n, p, s = len(local), self.plan.n_local, self.plan.n_shared
        u = self.assembled(local, border)
        slopes = np.empty((n, u.shape[1], u.shape[1]))
        theta = theta_of(self.plan, u, slopes)
        size, position = self.plan.n_border, self.position
        out = Linearised(0.0, np.zeros((n, p, p)), np.zeros((n, p, size)), np.zeros((size, size)),
                         np.zeros((n, p)), np.zeros(size))  # fmt: skip
        cost = 0.0
        for i, (log_s, z, weights) in enumerate(self.spectra):
            value, dz = self.plan.circuit.evaluate(theta[i], log_s)
            r = np.ascontiguousarray((value - z) * weights).view(np.float64)
            jacobian = (slopes[i].T @ (dz * weights)).view(np.float64)
            own, common = jacobian[self.local_columns], np.empty((size, r.size))
            common[:s] = jacobian[self.shared_columns]
            for k, place in enumerate(self.plan.tied):
                common[s + 2 * k], common[s + 2 * k + 1] = own[place], position[i] * own[place]
            cost += float(r @ r)
            out.local[i] = own @ own.T
            out.gradient_local[i] = own @ r
            out.cross[i] = own @ common.T
            out.border[:] += common @ common.T
            out.gradient_border[:] += common @ r
        return Linearised(cost, out.local, out.cross, out.border, out.gradient_local, out.gradient_border)


def fit_globally(
    fits: Sequence[CircuitFit], temperatures: Sequence[float], *, tied: Sequence[str] = (),
    shared: Sequence[str] = (), deviations: FloatArray | None = None,
    noise: Literal["each", "common"] = "each",
) -> GlobalFit:  # fmt: skip
    """Fit all spectra of a series together.

    Parameters
    ----------
    fits : sequence of CircuitFit
        Separate fits with one circuit: their data, weights and starting values are used.
    temperatures : sequence of float
        [K]
    tied : sequence of str
        Labels of resistances whose ln(R/T) lies on a line in 1/T.
    shared : sequence of str
        Natural names with one value for all (``Q1``, ``Q1.alpha``, ``Q1.tau``, ``Q1.capacitance``).
    deviations : (n, k, k) array, optional
        Covariance of ln R of the tied resistances about their lines at every temperature; strict if not
        given.
    noise : "each" or "common"
        Whether each spectrum is weighted by the noise of its separate fit, or all alike.

    Raises
    ------
    InputError
        A name that the circuit has not.
    AnalysisError
        Fewer spectra than the ties need, different circuits, or no convergence.
    """
    if len({fit.circuit.text for fit in fits}) != 1:
        raise AnalysisError("a global fit needs one circuit for all spectra")
    t = np.asarray(temperatures, dtype=np.float64)
    if tied and len(set(t.tolist())) < 3:
        raise AnalysisError(
            f"Arrhenius ties need at least 3 temperatures, but there are {len(set(t.tolist()))}"
        )
    plan = plan_of(fits[0].circuit, tied, shared)
    own_noise = np.array([max(fit.noise, 1e-9) for fit in fits])
    if noise == "common":
        weights = np.array([fit.degrees_of_freedom for fit in fits], dtype=np.float64)
        own_noise[:] = np.sqrt(np.average(own_noise**2, weights=weights))
    assumed = np.zeros((t.size, len(tied), len(tied))) if deviations is None else deviations
    assumed = assumed + STRICT**2 * np.eye(len(tied))
    problem = _Problem(plan, fits, t, own_noise, assumed)
    local, border, lower, upper = _start(problem, fits)
    arrow = fit_arrow(problem.model, local, border, lower, upper)
    if not arrow.converged:
        raise AnalysisError("the global fit did not converge: tie or share less")
    data = problem.data(arrow.local, arrow.border)
    count = sum(2 * fit.frequency.size for fit in fits)
    # A tied deviation counts as a parameter only as far as the data, not the tie, decide it.
    ties = t.size * len(tied) if deviations is None or not np.any(deviations) else 0
    parameters = arrow.local.size + arrow.border.size - ties
    dof = max(int(count - parameters), 1)
    energies, prefactors = _lines(problem, arrow.border)
    theta = theta_of(plan, problem.assembled(arrow.local, arrow.border))
    return GlobalFit(
        plan.circuit, t, tuple(tied), tuple(shared), theta, energies, prefactors, assumed, data.cost, dof,
        data.cost / dof, own_noise, arrow, plan.columns, plan.kinds,
    )  # fmt: skip


def _start(
    problem: _Problem, fits: Sequence[CircuitFit]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Separate fits as the start, shared parameters at their median, lines through the separate ln R."""
    plan = problem.plan
    u = coordinates_of(plan, np.array([fit.theta for fit in fits]))
    local = u[:, problem.local_columns]
    border = np.empty(plan.n_border)
    border[: plan.n_shared] = np.median(u[:, problem.shared_columns], axis=0)
    for k, place in enumerate(plan.tied):
        y = local[:, place] - np.log(problem.temperatures)
        slope, level = np.polyfit(problem.position, y, 1)
        at = plan.n_shared + 2 * k
        border[at : at + 2] = level, slope
        local[:, place] -= problem.line(k, border)
    bounds = [pose(plan.circuit, fit.frequency, fit.impedance, fit.weights) for fit in fits]
    lower, upper = (np.array([getattr(b, side) for b in bounds]) for side in ("lower", "upper"))
    for leaf, kind in zip(plan.circuit.leaves, plan.kinds, strict=True):
        if kind != "tau":  # the bounds of tau do not hold for what stands in its place
            lower[:, leaf.offset + 1], upper[:, leaf.offset + 1] = -np.inf, np.inf
    lower, upper = lower[:, problem.local_columns], upper[:, problem.local_columns]
    lower[:, list(plan.tied)], upper[:, list(plan.tied)] = -np.inf, np.inf
    return local, border, lower, upper


def _lines(problem: _Problem, border: FloatArray) -> tuple[FloatArray, FloatArray]:
    """E [J] and ln A of every tied arc."""
    s = problem.plan.n_shared
    slope = border[s + 1 :: 2] / problem.reach
    return slope, border[s::2] - slope * problem.centre
