"""Distribution of relaxation times with a blocking tail and inductance, and the arcs that it holds.

References
----------
T. H. Wan, M. Saccoccio, C. Chen, F. Ciucci, Electrochim. Acta 184 (2015) 483.
F. Ciucci, C. Chen, Electrochim. Acta 167 (2015) 439.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ionscape.core.errors import AnalysisError, InputError
from ionscape.impedance.drt_kernel import (
    BoolArray,
    ComplexArray,
    DrtProblem,
    DrtSolution,
    FloatArray,
    effective_parameters,
    pose,
    solve,
)
from ionscape.impedance.drt_peaks import FittedArcs, Peak, fit_arcs, peaks_of
from ionscape.impedance.spectrum import check_spectrum

MINIMUM_POINTS = 10
TAIL_EXPONENTS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SMALLEST_TAIL_EXPONENT = 0.45
# Regularisation at which exponents are compared, and those tried afterwards.
TRIAL_REGULARISATION = 1e-3
REGULARISATIONS = tuple(10.0**k for k in np.arange(0.0, -8.5, -1.0))
# A tail must raise the log evidence by this much: without one the gain stays below 5 in synthetic spectra,
# with one it exceeds 20.
TAIL_EVIDENCE = 8.0
# Beside a tail, what lies beyond the low end of the window cannot be told from it.
TAIL_EXTENSION = -0.3


@dataclass(frozen=True)
class Tail:
    """Blocking tail, 1/(Q (iω)^α).

    Attributes
    ----------
    Q : float
        [F s^(α-1)]; a capacitance [F] if α is 1.
    alpha, alpha_sd : float
        Exponent and its standard deviation; 0 if it is given or at its bound of 1.
    """

    Q: float
    alpha: float
    alpha_sd: float


@dataclass(frozen=True)
class RelaxationTimes:
    """Distribution of relaxation times. Arrays over frequency run from high to low.

    Attributes
    ----------
    tau : (M,) array
        Relaxation time [s].
    gamma : (M,) array
        γ(ln τ) [ohm]: its integral over ln τ is a resistance.
    gamma_low, gamma_high : (M,) arrays
        95 % credible band of γ given the regularisation, cut at zero. It holds noise and smoothness, not the
        bias of the smoothing.
    resistance_infinity : float
        [ohm], not below zero.
    inductance : float
        [H], not below zero; zero if not fitted.
    tail : Tail or None
        What blocks at low frequency, if the data ask for it.
    regularisation : float
        λ, in units of the spectrum's own |Z|.
    regularisation_rule : str
        How it was chosen.
    degrees_of_freedom : float
        Effective number of parameters at λ.
    peaks : tuple of Peak
        Arcs, from short to long τ.
    peak_covariance : (2K, 2K) array
        Of ln R of all K peaks, then ln τ of all.
    frequency : (N,) array
        [Hz]
    model : (N,) complex array
        Impedance of the distribution with R∞, L and tail [ohm].
    misfit : float
        Root mean square of |data - model|/|data|.
    weights : (N,) array
        Weight of each point in the sum of squared residuals [1/ohm²].
    """

    tau: FloatArray
    gamma: FloatArray
    gamma_low: FloatArray
    gamma_high: FloatArray
    resistance_infinity: float
    inductance: float
    tail: Tail | None
    regularisation: float
    regularisation_rule: str
    degrees_of_freedom: float
    peaks: tuple[Peak, ...]
    peak_covariance: FloatArray
    frequency: FloatArray
    model: ComplexArray
    misfit: float
    weights: FloatArray


def relaxation_times(
    frequency: ArrayLike,
    impedance: ArrayLike,
    *,
    tail: Literal["auto", "none", "cpe", "capacitance"] = "auto",
    inductance: bool = True,
    regularisation: float | Literal["auto"] = "auto",
    points_per_decade: int = 7,
    extension: float = 1.0,
    relative_sd: ArrayLike | None = None,
) -> RelaxationTimes:
    """Invert a spectrum to its distribution of relaxation times, γ ≥ 0.

    Parameters
    ----------
    frequency : (N,) array
        [Hz], any order, at least 10 points.
    impedance : (N,) complex array
        [ohm], Z'' negative for a capacitor.
    tail : str
        Constant-phase element or capacitance in series; ``"auto"`` takes one if the evidence asks for it.
    inductance : bool
        Whether a series inductance is fitted.
    regularisation : float or "auto"
        λ; ``"auto"`` maximises the evidence (marginal likelihood), noise level unknown.
    points_per_decade : int
        Grid of τ.
    extension : float
        Decades by which the grid reaches beyond the window. Beside a tail it ends inside the window at low
        frequency.
    relative_sd : (N,) array, optional
        Standard deviation of each point over |Z| in the order of `frequency`, e.g.
        `KramersKronig.noise_by_point`; equal if not given.

    Returns
    -------
    RelaxationTimes

    Raises
    ------
    InputError
        If the arrays are not a spectrum or an option is out of range.
    AnalysisError
        If there are fewer than 10 points.
    """
    f, z = check_spectrum(frequency, impedance)
    sd = _check_options(f, frequency, relative_sd, tail, regularisation, points_per_decade, extension)
    omega = 2 * np.pi * f
    posing = partial(
        pose, omega, z, sd, inductance=inductance, extension=extension, points_per_decade=points_per_decade
    )
    without = partial(posing, tail_exponent=None, low_frequency_extension=extension)
    within = partial(posing, low_frequency_extension=TAIL_EXTENSION)
    exponent = _tail_exponent(tail, without, within)
    problem = without() if exponent is None else within(tail_exponent=exponent)
    trial = solve(problem, TRIAL_REGULARISATION)
    arcs = fit_arcs(omega, z, sd, problem, trial.coefficients * problem.unit, inductance)
    if arcs.tail_exponent is not None and tail != "capacitance":
        finer = within(tail_exponent=arcs.tail_exponent)
        if solve(finer, TRIAL_REGULARISATION, trial.free).evidence > trial.evidence:
            problem = finer
    if regularisation == "auto":
        solution, rule = _most_evident(problem), "maximum evidence (marginal likelihood)"
    else:
        solution, rule = solve(problem, float(regularisation)), "given"
    return _report(f, z, sd, problem, solution, rule, inductance, arcs)


def _check_options(
    f: FloatArray,
    frequency: ArrayLike,
    relative_sd: ArrayLike | None,
    tail: str,
    regularisation: float | str,
    points_per_decade: int,
    extension: float,
) -> FloatArray:
    if f.size < MINIMUM_POINTS:
        raise AnalysisError(
            f"a distribution of relaxation times needs at least {MINIMUM_POINTS} points, "
            f"but there are {f.size}"
        )
    if tail not in ("auto", "none", "cpe", "capacitance"):
        raise InputError(f"tail must be 'auto', 'none', 'cpe' or 'capacitance', not {tail!r}")
    if isinstance(regularisation, str):
        if regularisation != "auto":
            raise InputError(f"regularisation must be a positive number or 'auto', not {regularisation!r}")
    elif not regularisation > 0:
        raise InputError(f"regularisation must be a positive number or 'auto', not {regularisation:g}")
    if points_per_decade < 4 or not 0 <= extension <= 3:
        raise InputError("points_per_decade must be at least 4 and extension between 0 and 3 decades")
    if relative_sd is None:
        return np.ones(f.size)
    sd = np.asarray(relative_sd, dtype=np.float64)
    if sd.shape != f.shape or not np.all(np.isfinite(sd) & (sd > 0)):
        raise InputError("relative_sd must be positive and as long as frequency")
    ordered = sd[np.argsort(-np.asarray(frequency), kind="stable")]
    return np.asarray(ordered / np.median(ordered))


def _tail_exponent(tail: str, without: partial[DrtProblem], within: partial[DrtProblem]) -> float | None:
    """Exponent of the tail, or None; the evidence decides where it may."""
    if tail == "none":
        return None
    if tail == "capacitance":
        return 1.0

    free: BoolArray | None = None

    def evidence(alpha: float) -> float:
        nonlocal free
        solution = solve(within(tail_exponent=alpha), TRIAL_REGULARISATION, free)
        free = solution.free
        return solution.evidence

    tried = [evidence(alpha) for alpha in TAIL_EXPONENTS]
    best = int(np.argmax(tried))
    if tail == "auto":
        bare = solve(without(), TRIAL_REGULARISATION).evidence
        if tried[best] < bare - 20:  # far behind even the best guess of the exponent: no tail
            return None
    half = 0.5 * (TAIL_EXPONENTS[1] - TAIL_EXPONENTS[0])
    alpha, found = TAIL_EXPONENTS[best], tried[best]
    for _ in range(3):  # halve the bracket: 0.05, 0.025, 0.0125
        for other in (alpha - half, alpha + half):
            if SMALLEST_TAIL_EXPONENT <= other <= 1.0:
                value = evidence(other)
                if value > found:
                    alpha, found = other, value
                    break
        half /= 2
    if tail == "auto" and found < bare + TAIL_EVIDENCE:
        return None
    return alpha


def _most_evident(problem: DrtProblem) -> DrtSolution:
    """Scan λ over decades, falling, each from the active set before it; then half a decade about the best."""
    best: DrtSolution | None = None
    free = None
    for strength in REGULARISATIONS:
        solution = solve(problem, strength, free)
        free = solution.free
        if best is None or solution.evidence > best.evidence:
            best = solution
        elif solution.evidence < best.evidence - 10:
            break
    assert best is not None
    nearby = [solve(problem, best.regularisation * factor, best.free) for factor in (10**0.5, 10**-0.5)]
    return max([best, *nearby], key=lambda solution: solution.evidence)


def _report(
    f: FloatArray,
    z: ComplexArray,
    sd: FloatArray,
    problem: DrtProblem,
    solution: DrtSolution,
    rule: str,
    inductance: bool,
    arcs: FittedArcs,
) -> RelaxationTimes:
    values = solution.coefficients * problem.unit
    extra, gamma = values[: problem.n_extra], values[problem.n_extra :]
    n_effective = effective_parameters(problem, solution)
    freedom = max(problem.target.size - n_effective, 1.0)
    variance = solution.sum_of_squares / freedom
    covariance = variance * np.linalg.inv(problem.gram + solution.regularisation * problem.penalty)
    gamma_sd = np.sqrt(np.diag(covariance))[problem.n_extra :] * problem.unit[problem.n_extra :]
    fitted = problem.matrix @ solution.coefficients * np.tile(np.abs(z) * sd, 2)
    model = fitted[: f.size] + 1j * fitted[f.size :]
    blocking = None
    if problem.tail_exponent is not None and extra[-1] > 0:
        alpha, alpha_sd = problem.tail_exponent, arcs.tail_exponent_sd or 0.0
        blocking = Tail(float((2 * np.pi * f[-1]) ** -alpha / extra[-1]), alpha, alpha_sd)
    return RelaxationTimes(
        tau=np.exp(problem.log_tau),
        gamma=gamma,
        gamma_low=np.maximum(gamma - 1.96 * gamma_sd, 0.0),
        gamma_high=gamma + 1.96 * gamma_sd,
        resistance_infinity=float(extra[0]),
        inductance=float(extra[1]) if inductance else 0.0,
        tail=blocking,
        regularisation=solution.regularisation,
        regularisation_rule=rule,
        degrees_of_freedom=n_effective,
        peaks=peaks_of(arcs, problem, gamma),
        peak_covariance=arcs.covariance,
        frequency=f,
        model=model,
        misfit=float(np.sqrt(np.mean(np.abs((z - model) / z) ** 2))),
        weights=1.0 / (np.abs(z) * sd) ** 2,
    )
