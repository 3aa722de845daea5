"""Fit echo decays: diffusion coefficients with intervals, and which model the data ask for.

Sources: the models' in `ionscape.nmr.attenuation`; intervals: profile likelihood; choice: Schwarz's
criterion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import Estimate
from ionscape.fit.information import aicc, bic
from ionscape.fit.least_squares import LeastSquaresFit
from ionscape.nmr.attenuation import MODELS, Attenuation
from ionscape.nmr.coefficient_estimates import estimates_of
from ionscape.nmr.echo_decay import EchoDecay, arrange_echoes
from ionscape.nmr.echo_problem import EchoProblem, first_coefficient, pose, solve
from ionscape.nmr.gradient_waveform import PulseShape
from ionscape.nmr.offset_choice import DISTINCT, without_distinction

FloatArray = NDArray[np.float64]

CANDIDATES = ("one", "gamma", "log-normal", "two")
WORTH = 2.0  # gain in BIC from which a model with more parameters is taken
ALIKE = 2.0  # difference in BIC below which the data do not tell two models apart
NAMED = "named by the user"
PATTERN = 0.01  # probability of the runs of signs below which residuals are no noise


@dataclass(frozen=True)
class DecayFit:
    """A fitted set of echo decays.

    Attributes
    ----------
    model : str
        Key of `ionscape.nmr.attenuation.MODELS`.
    estimates : mapping of str to Estimate
        ``diffusion_coefficient`` (the mean: minus the slope of ln E at b = 0) [m²/s], and what else the model
        has: ``diffusion_coefficient_1``, ``fraction_1``, ``relative_spread``...
    decay : EchoDecay
    fitted : (N,) array
        In units of the largest intensity of each series.
    intensity_at_zero : (K,) array
        I0 of each group, same units.
    baseline : (S,) array
        Of each series; zeros if none was fitted.
    noise : float
        Standard deviation of the residuals in the same units (over the stated one if that is known).
    degrees_of_freedom : int
    bic, aicc : float
    runs_probability : float
        Of so few runs of residuals of one sign if they were noise.
    reasons : tuple of str
        Why this model.
    warnings : tuple of str
    offset : str
        Where the decay bends: what speaks for a constant offset instead; empty if nothing does.
    """

    model: str
    estimates: Mapping[str, Estimate]
    decay: EchoDecay
    fitted: FloatArray
    intensity_at_zero: FloatArray
    baseline: FloatArray
    noise: float
    degrees_of_freedom: int
    bic: float
    aicc: float
    runs_probability: float
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    offset: str = ""

    @property
    def diffusion_coefficient(self) -> Estimate:
        """The mean D [m²/s]."""
        return self.estimates["diffusion_coefficient"]


@dataclass(frozen=True)
class _Candidate:
    attenuation: Attenuation
    problem: EchoProblem
    fit: LeastSquaresFit
    bic: float
    aicc: float


def fit_decay(
    intensity: ArrayLike, uncertainty: ArrayLike | None = None, *, b_value: ArrayLike | None = None,
    gradient: ArrayLike | None = None, pulse: ArrayLike | None = None, delay: ArrayLike | None = None,
    nucleus: str = "7Li", shape: str | float | PulseShape = "rectangular",
    bipolar_interval: float | None = None, series: ArrayLike | None = None, model: str = "auto",
    baseline: bool = False, source: str = "echo decay",
) -> DecayFit:  # fmt: skip
    """Fit echo decays with one diffusion coefficient, several, a distribution, or a powder.

    Parameters
    ----------
    intensity, uncertainty : (N,) arrays
        Any scale; without uncertainties the noise is taken from the residuals.
    b_value : (N,) array, optional
        [s/m²]; or ``gradient`` [T/m], ``pulse`` δ [s] and ``delay`` Δ [s].
    nucleus, shape, bipolar_interval
        See `ionscape.nmr.b_values`.
    series : (N,) array, optional
        Label of the file of each point.
    model : str
        A key of `MODELS`, or ``auto``: the simplest of one, gamma, log-normal and two that the data allow.
        Where one coefficient with a constant offset cannot be excluded, that is said, and D allows for it.
    baseline : bool
        Whether a constant offset is fitted to each series.
    source : str
        Root of the names of the estimates' latents.

    Raises
    ------
    InputError
        If the arrays are no decay or the model is not known.
    AnalysisError
        If there are too few points for the model.
    """
    decay = arrange_echoes(
        intensity, uncertainty, b_value=b_value, gradient=gradient, pulse=pulse, delay=delay,
        nucleus=nucleus, shape=shape, bipolar_interval=bipolar_interval, series=series,
    )  # fmt: skip
    return fit_echoes(decay, model, baseline=baseline, source=source)


def fit_echoes(
    decay: EchoDecay, model: str = "auto", *, baseline: bool = False, source: str = "echo decay"
) -> DecayFit:
    """As `fit_decay`, for data already arranged."""
    if model != "auto" and model not in MODELS:
        raise InputError(f"no model {model!r}: choose from auto, {', '.join(MODELS)}")
    names = CANDIDATES if model == "auto" else (model,)
    found = [c for name in names if (c := _candidate(decay, MODELS[name], baseline)) is not None]
    if not found:
        needed = (
            decay.n_groups + len(MODELS[names[0]].parameters) + (int(decay.series.max()) + 1) * baseline + 1
        )
        raise AnalysisError(
            f"{MODELS[names[0]].words} needs at least {needed} echoes, there are {decay.b.size}"
        )
    best, reasons = _chosen(found) if model == "auto" else (found[0], (NAMED,))
    if model == "auto" and not baseline and best.attenuation.name != "one":
        return _offset_considered(best, found, reasons, source)
    return _report(best, found, reasons, source)


def _offset_considered(
    best: _Candidate, found: list[_Candidate], reasons: tuple[str, ...], source: str
) -> DecayFit:
    """A bent decay: the model chosen, unless one coefficient with a constant offset explains it as well."""
    report = _report(best, found, reasons, source)
    other = _candidate(best.problem.decay, MODELS["one"], baseline=True)
    if other is None:
        return report
    pair = [best, other]
    if len({c.fit.variance == 1.0 for c in pair}) > 1:
        pair = [_with_unknown_noise(c) for c in pair]
    difference = pair[1].bic - pair[0].bic
    words = best.attenuation.words
    if difference > DISTINCT:
        said = f"one diffusion coefficient with a constant offset: worse by {difference:.1f} in BIC"
        return replace(report, reasons=(*report.reasons, said))
    offset = _report(other, [other], (), source)
    size = ", ".join(f"{100 * value:.2g} %" for value in offset.baseline)
    if difference < -DISTINCT:
        told = (f"the decay is one coefficient with a constant offset ({size} of the largest echo) rather "
                f"than {words} (worse by {-difference:.1f} in BIC): remove the offset, or state 'baseline: "
                "true'")  # fmt: skip
        return replace(offset, offset=told, reasons=(f"{words}: worse by {-difference:.1f} in BIC",))
    told = (f"{words} and one coefficient with a constant offset ({size} of the largest echo) cannot be told "
            "apart: D allows for both; 'baseline: true' or a model named settles it, and so do stronger "
            "gradients")  # fmt: skip
    return replace(
        report,
        estimates=without_distinction(report.estimates, offset.estimates, difference),
        offset=told,
        reasons=(*report.reasons, "one diffusion coefficient with a constant offset: about as good"),
    )


def _candidate(decay: EchoDecay, attenuation: Attenuation, baseline: bool) -> _Candidate | None:
    """The fit of one model; None if there are too few points."""
    n_d = len(attenuation.parameters) - len(attenuation.shares)
    problem = pose(decay, attenuation.evaluate, n_d, attenuation.shares, baseline=baseline)
    spare = decay.b.size - problem.lower.size
    if spare < (0 if decay.uncertainty is not None else 1):
        return None
    log_d = first_coefficient(decay)
    rows = np.vstack([attenuation.starts(log_d + shift) for shift in (0.0, 1.5)])
    inner = problem.model_slice
    rows = np.clip(rows, problem.lower[inner], problem.upper[inner])
    fit = solve(problem, rows, known=decay.uncertainty is not None)
    n, p = decay.b.size, problem.lower.size
    if decay.uncertainty is not None and fit.variance == 1.0:
        return _Candidate(attenuation, problem, fit, fit.cost + p * np.log(n), fit.cost + 2 * p)
    return _Candidate(attenuation, problem, fit, bic(fit.cost, n, p), aicc(fit.cost, n, p))


def _chosen(found: list[_Candidate]) -> tuple[_Candidate, tuple[str, ...]]:
    """The simplest model that none with more parameters beats clearly."""
    if len({c.fit.variance == 1.0 for c in found}) > 1:  # stated uncertainties too small for some: all alike
        found = [_with_unknown_noise(c) for c in found]
    best = found[0]
    for other in found[1:]:
        gain = best.bic - other.bic
        more = other.problem.lower.size - best.problem.lower.size
        if gain > (WORTH if more > 0 else 0.0):
            best = other
    reasons = []
    for other in found:
        if other is best:
            continue
        difference = other.bic - best.bic
        said = "about as good" if difference < ALIKE else f"worse by {difference:.1f} in BIC"
        reasons.append(f"{other.attenuation.words}: {said}")
    return best, tuple(reasons)


def _with_unknown_noise(c: _Candidate) -> _Candidate:
    n, p = c.problem.decay.b.size, c.problem.lower.size
    return _Candidate(c.attenuation, c.problem, c.fit, bic(c.fit.cost, n, p), aicc(c.fit.cost, n, p))


def _report(best: _Candidate, found: list[_Candidate], reasons: tuple[str, ...], source: str) -> DecayFit:
    problem, fit, decay = best.problem, best.fit, best.problem.decay
    fitted = problem.fitted(fit.theta)
    runs = runs_probability(decay, fit.residuals)
    simpler = next((c for c in found if c.attenuation.name == "one"), None)
    if simpler is None and best.attenuation.name in ("two", "three"):
        simpler = _candidate(decay, MODELS["one"], problem.baseline)
    needless = simpler is not None and simpler is not best and simpler.bic <= best.bic
    first = problem.model_slice.stop
    residual = float(np.sqrt(fit.cost / max(decay.b.size - problem.lower.size, 1)))
    return DecayFit(
        model=best.attenuation.name,
        estimates=estimates_of(best.attenuation, problem, fit, source, needless=needless),
        decay=decay,
        fitted=fitted,
        intensity_at_zero=problem.intensity_at_zero(fit.theta),
        baseline=fit.theta[first:] if problem.baseline else np.zeros(int(decay.series.max()) + 1),
        noise=residual,
        degrees_of_freedom=max(decay.b.size - problem.lower.size, 0),
        bic=best.bic,
        aicc=best.aicc,
        runs_probability=runs,
        reasons=reasons,
        warnings=_warnings(problem, fit, fitted, residual, runs, best.attenuation.words),
    )  # fmt: skip


def _warnings(
    problem: EchoProblem, fit: LeastSquaresFit, fitted: FloatArray, residual: float, runs: float, words: str
) -> tuple[str, ...]:
    decay = problem.decay
    said = list(decay.notes)
    if runs < PATTERN:
        said.append(f"the residuals of {words} follow a pattern (runs of one sign, p = {runs:.1g}).")
    if decay.uncertainty is not None and fit.variance != 1.0:
        said.append(f"the echoes scatter {residual:.2g} times as much as their stated uncertainties: "
                    "intervals are widened by that.")  # fmt: skip
    noise = residual * (decay.uncertainty if decay.uncertainty is not None else np.ones(decay.b.size))
    deep = fitted < noise
    if (
        runs >= PATTERN
        and np.count_nonzero(deep) >= 4
        and np.all(decay.intensity[deep] > 0)
        and not problem.baseline
    ):
        said.append("fully attenuated echoes are all positive: magnitude data have a floor of noise (Rician "
                    "bias) that makes D too small; use phased real parts, or leave these points "
                    "out.")  # fmt: skip
    return tuple(said)


def runs_probability(decay: EchoDecay, residuals: FloatArray) -> float:
    """Probability of so few runs of one sign, along b within the groups, if the signs were random."""
    from scipy.special import ndtr

    runs, mean, variance = 0, 0.0, 0.0
    for k in range(decay.n_groups):
        inside = np.flatnonzero(decay.group == k)
        signs = residuals[inside[np.argsort(decay.b[inside], kind="stable")]] > 0
        up = int(signs.sum())
        n, down = signs.size, signs.size - up
        if n < 4 or up == 0 or down == 0:
            continue
        runs += 1 + int(np.count_nonzero(signs[1:] != signs[:-1]))
        product = 2.0 * up * down
        mean += 1 + product / n
        variance += product * (product - n) / (n**2 * (n - 1))
    return float(ndtr((runs + 0.5 - mean) / np.sqrt(variance))) if variance > 0 else 1.0
