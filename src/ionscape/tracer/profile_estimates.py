"""From the minimum of a profile fit to estimates: correlated, skewed where they are, open where they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, joint, lower_bound, undetermined, upper_bound
from ionscape.core.marginal import Shape
from ionscape.core.number_format import format_number
from ionscape.core.quantity import DIMENSIONLESS
from ionscape.fit.least_squares import LeastSquaresFit
from ionscape.fit.profile import profile_intervals, skewed_parameters, student_quantiles
from ionscape.tracer.profile_choice import Candidate
from ionscape.tracer.profile_models import DIMENSIONS, EXCHANGE, FLUX, INITIAL, SOURCE
from ionscape.tracer.profile_noise import Noise
from ionscape.tracer.profile_problem import Problem

FloatArray = NDArray[np.float64]

WIDEST = 100.0  # a 95 % interval whose ends differ by more than this factor determines nothing
NEGLIGIBLE = 0.1  # of the spread: half a percent once added in squares
DESCRIBES = 3.0  # residuals over stated errors up to which the model is taken to describe the profile
MANY = 10**6  # degrees of freedom of a known variance


@dataclass(frozen=True)
class Ends:
    """68.3 and 95 % interval of one fitted parameter in its own scale; infinite where it is open."""

    low: tuple[float, float]
    high: tuple[float, float]
    profiled: bool

    @property
    def width(self) -> float:
        """Of the 95 % interval."""
        return self.high[1] - self.low[1]


def scaled(fit: LeastSquaresFit, noise: Noise) -> LeastSquaresFit:
    """The fit with the variance that the noise has."""
    share = noise.variance / fit.variance if fit.variance > 0 else 0.0
    freedom = int(noise.degrees_of_freedom) if math.isfinite(noise.degrees_of_freedom) else MANY
    return replace(fit, variance=noise.variance, covariance=fit.covariance * share,
                   degrees_of_freedom=freedom)  # fmt: skip


def intervals_of(problem: Problem, fit: LeastSquaresFit) -> dict[str, Ends]:
    """Intervals of every fitted parameter: by curvature, or by profile likelihood where it bends."""
    low, high = problem.bounds()
    skewed = skewed_parameters(problem.residuals, fit, low, high)
    found: dict[str, Ends] = {}
    reaches = student_quantiles(fit.degrees_of_freedom)
    for j, name in enumerate(problem.names):
        deviation = math.sqrt(max(float(fit.covariance[j, j]), 0.0))
        centre = float(fit.theta[j])
        found[name] = Ends(
            (centre - reaches[0] * deviation, centre - reaches[1] * deviation),
            (centre + reaches[0] * deviation, centre + reaches[1] * deviation),
            False,
        )
    if skewed:
        limits = profile_intervals(problem.residuals, fit, low, high, skewed)
        for k, j in enumerate(limits.parameters):
            lows = np.where(limits.low_open[:, k], -math.inf, limits.low[:, k])
            highs = np.where(limits.high_open[:, k], math.inf, limits.high[:, k])
            found[problem.names[j]] = Ends((float(lows[0]), float(lows[1])),
                                           (float(highs[0]), float(highs[1])), True)  # fmt: skip
    return found


def estimates_of(problem: Problem, fit: LeastSquaresFit, noise: Noise, source: str) -> dict[str, Estimate]:
    """One estimate per fitted parameter, by name, with the correlations of the fit.

    Parameters
    ----------
    problem : Problem
    fit : LeastSquaresFit
        As `scaled` gives it.
    noise : Noise
    source : str
        Root of the names of the fit's latents.
    """
    ends = intervals_of(problem, fit)
    logs = dict(zip(problem.names, problem.logs, strict=True))
    found = {name: _open(problem, name, ends[name], bool(logs[name])) for name in problem.names}
    if noise.excess > DESCRIBES:  # intervals as wide as the misfit say nothing of what the data allow
        found = {name: one and undetermined(one.dimension, _misfit(problem, noise))
                 for name, one in found.items()}  # fmt: skip
    kept = [j for j, name in enumerate(problem.names) if found[name] is None]
    names = [problem.names[j] for j in kept]
    theta = fit.theta[kept]
    covariance = _filled(fit.covariance[np.ix_(kept, kept)], [ends[name] for name in names])
    values = [math.exp(t) if logs[name] else float(t) for t, name in zip(theta, names, strict=True)]
    plain = joint(
        source, values, covariance, scales=["log" if logs[name] else "linear" for name in names],
        dimensions=[DIMENSIONS[name] for name in names],
        degrees_of_freedom=noise.degrees_of_freedom if math.isfinite(noise.degrees_of_freedom) else None,
    )  # fmt: skip
    for name, estimate, centre in zip(names, plain, theta, strict=True):
        shape = _shape(ends[name], float(centre), estimate.spread)
        found[name] = replace(estimate, shape=shape) if shape is not None else estimate
    return {name: estimate for name, estimate in found.items() if estimate is not None}


def _open(problem: Problem, name: str, ends: Ends, log: bool) -> Estimate | None:
    """The estimate of a parameter that the data leave open, on one side or both; None if they fix it."""
    dimension = DIMENSIONS[name]
    low_open, high_open = math.isinf(ends.low[1]), math.isinf(ends.high[1])
    wide = log and ends.width > math.log(WIDEST)
    if (low_open and high_open) or (wide and not low_open and not high_open):
        return undetermined(dimension, _why(problem, name))
    if name == EXCHANGE and FLUX in problem.names and low_open:
        # The limit stands on the weakest feature of the profile; k itself is open towards zero.
        limit = format_number(100 * math.exp(ends.high[1]), 2)
        return undetermined(dimension, f"{_why(problem, name)}; the data only exclude k above {limit} cm/s")
    if log and high_open:
        return lower_bound(math.exp(ends.low[1]), dimension, f"{_words(name)} may be any larger")
    if log and low_open:
        return upper_bound(math.exp(ends.high[1]), dimension, f"{_words(name)} may be any smaller")
    return undetermined(dimension, _why(problem, name)) if low_open or high_open else None


def _why(problem: Problem, name: str) -> str:
    if name == EXCHANGE and FLUX in problem.names:
        return ("the profile fixes the product k (Cs - C0) and hardly k alone: k follows if the fraction of "
                "the source is stated (source_fraction)")  # fmt: skip
    return f"profiles with very different {_words(name)} fit equally well"


def _misfit(problem: Problem, noise: Noise) -> str:
    return (f"the model '{problem.model.name}' does not describe the profile: the residuals are "
            f"{format_number(noise.excess, 2)} times the stated errors")  # fmt: skip


def _words(name: str) -> str:
    return name.replace("_", " ")


def _filled(covariance: FloatArray, ends: list[Ends]) -> FloatArray:
    """Variances from the profile where the curvature has none (a parameter at a bound, or nearly so)."""
    filled = covariance.copy()
    for i, end in enumerate(ends):
        if not (math.isfinite(filled[i, i]) and filled[i, i] > 0) and end.profiled:
            filled[i, :] = filled[:, i] = 0.0
            filled[i, i] = (end.width / 4) ** 2
    return filled


def _shape(ends: Ends, centre: float, spread: float) -> Shape | None:
    if not ends.profiled or not spread > 0:
        return None
    offsets = [ends.low[1], ends.low[0], centre, ends.high[0], ends.high[1]]
    if not all(map(math.isfinite, offsets)):
        return None
    return tuple((offset - centre) / spread for offset in offsets)  # type: ignore[return-value]


def derived(found: Mapping[str, Estimate], fixed: Mapping[str, float]) -> dict[str, Estimate]:
    """The source's fraction where k (Cs - C0) was fitted in its place, beside all others."""
    result = dict(found)
    if FLUX not in found:
        return result
    exchange = found.get(EXCHANGE)
    if exchange is None or exchange.status != "determined":
        result[SOURCE] = undetermined(DIMENSIONS[SOURCE], "only the product k (Cs - C0) is fixed")
    else:
        initial = found.get(INITIAL)
        excess = found[FLUX] / exchange
        result[SOURCE] = excess + (initial if initial is not None else fixed.get(INITIAL, 0.0))
    return result


def with_doubt(diffusion: Estimate, candidates: Sequence[Candidate], name: str) -> Estimate:
    """D of the chosen model, widened by what other models that fit about as well would give.

    Parameters
    ----------
    diffusion : Estimate
    candidates : sequence of Candidate
        The chosen model first.
    name : str
        Of the latent that stands for the choice.

    Notes
    -----
    Variance within and between models with Akaike's weights, after S. T. Buckland, K. P. Burnham and
    N. H. Augustin, Biometrics 53, 603 (1997), about the chosen model instead of the mean. A candidate whose
    own D is open adds nothing, nor does a constant source to the exchange model of which it is the limit.
    """
    best = candidates[0]
    within = best.model.startswith("surface exchange")  # a constant source is a part of it
    part = [within and c.model.startswith("constant source") and c.free_surface == best.free_surface
            for c in candidates]  # fmt: skip
    usual = [c for c, inner in zip(candidates, part, strict=True)
             if c.deviation < math.log(WIDEST) / 4 and not inner]  # fmt: skip
    if diffusion.status != "determined" or len(usual) < 2:
        return diffusion
    weights = [math.exp(-c.aicc / 2) for c in usual]
    squares = [c.deviation**2 + math.log(c.diffusion_coefficient / diffusion.value) ** 2 for c in usual]
    total = sum(w * s for w, s in zip(weights, squares, strict=True)) / sum(weights)
    more = math.sqrt(max(total - usual[0].deviation ** 2, 0.0))
    if more < NEGLIGIBLE * diffusion.spread:
        return diffusion
    return diffusion * Estimate(1.0, DIMENSIONLESS, "log", {name: more})


def moved(estimate: Estimate, weights: Mapping[str, float], *, relative: bool) -> Estimate:
    """The estimate with further latents, in its own scale (``relative``) or as added amounts."""
    if not weights:
        return estimate
    if relative:
        return estimate * Estimate(1.0, DIMENSIONLESS, "log", dict(weights))
    return estimate + Estimate(0.0, estimate.dimension, "linear", dict(weights))


def sensitivities(
    problem: Problem, fit: LeastSquaresFit, shifts: Mapping[str, FloatArray]
) -> dict[str, dict[str, float]]:
    """How far each fitted parameter moves, in its scale, for each shift of the residuals.

    Parameters
    ----------
    problem : Problem
    fit : LeastSquaresFit
        As `scaled` gives it.
    shifts : mapping of cause to (N,) array
        Change of the weighted residuals for 1 standard deviation of the cause.
    """
    inverse = np.where(np.isfinite(fit.covariance), fit.covariance, 0.0) / fit.variance
    moves = {cause: -inverse @ (fit.jacobian.T @ shift) for cause, shift in shifts.items()}
    return {cause: dict(zip(problem.names, map(float, move), strict=True)) for cause, move in moves.items()}


__all__ = ["derived", "estimates_of", "moved", "scaled", "sensitivities", "with_doubt"]
