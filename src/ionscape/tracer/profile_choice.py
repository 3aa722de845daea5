"""Which model of a profile: every candidate fitted, compared by BIC and by the order of its residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.serial import storable
from ionscape.fit.information import aicc, bic, effective_count
from ionscape.fit.least_squares import LeastSquaresFit
from ionscape.tracer.profile_models import DIFFUSION, FLUX, MODELS, PRODUCT, SURFACE, with_free_source
from ionscape.tracer.profile_noise import Noise, noise_of
from ionscape.tracer.profile_problem import Problem, ProfileData

CLEAR = 6.0  # difference in BIC from which the choice is called clear
SLAB_SHARE = 0.2  # diffusion length over sample length from which the far edge belongs into the models
WEIGHT_ROUNDS = 3
FEWEST_FOR_BOUNDARIES = 12


@storable
@dataclass(frozen=True)
class Candidate:
    """One model that was tried, in order of preference.

    Attributes
    ----------
    model : str
    free_surface : bool
        Whether the surface's position was fitted.
    n_parameters : int
    rms : float
        Of the residuals of the fraction.
    bic, aicc : float
        Above the lowest of all candidates.
    diffusion_coefficient, deviation : float
        [m^2/s], and its relative standard deviation from the curvature.
    correlation : float
        Of neighbouring residuals.
    chance_of_runs : float
    """

    model: str
    free_surface: bool
    n_parameters: int
    rms: float
    bic: float
    aicc: float
    diffusion_coefficient: float
    deviation: float
    correlation: float
    chance_of_runs: float

    @property
    def title(self) -> str:
        """The model, and whether the surface is free."""
        return f"{self.model}, surface free" if self.free_surface else self.model


@dataclass(frozen=True)
class Tried:
    """A candidate with its fit."""

    problem: Problem
    fit: LeastSquaresFit
    noise: Noise


def try_model(name: str, data: ProfileData, fixed: dict[str, float], *, known: bool) -> Tried:
    """Fit one model.

    Raises
    ------
    AnalysisError
        If there are too few points.
    InputError
        If the model is not known, or needs the sample's length.
    """
    if name not in MODELS:
        raise InputError(f"no model {name!r}: choose from {', '.join(MODELS)}")
    model = MODELS[name]
    if name.endswith("in slab") and data.sample_length is None:
        raise InputError(f"'{name}' needs the length of the sample (sample_length)")
    if model.amplitude not in fixed:
        model = with_free_source(model)
    problem = Problem(model, data, fixed)
    fit = problem.solve()
    return _tried(problem, fit, known=known)


def _tried(problem: Problem, fit: LeastSquaresFit, *, known: bool) -> Tried:
    fit = problem.off_plateau(fit, noise_of(fit, known=known).variance)
    return Tried(problem, fit, noise_of(fit, known=known))


def _with_errors_of_best(tried: list[Tried], *, known: bool) -> list[Tried]:
    """All refitted with the counting errors of the best one's fractions: their costs stay comparable.

    Errors from the observed fractions would pull every fit towards points that came out low.
    """
    for _ in range(WEIGHT_ROUNDS):
        data = tried[0].problem.reweighted(tried[0].fit.theta).data
        refitted = []
        for one in tried:
            problem = replace(one.problem, data=data)
            fit = problem.solve(one.fit.theta)
            refitted.append(_tried(problem, fit, known=known))
        tried = ranked(refitted)
    return tried


def names_to_try(data: ProfileData) -> tuple[str, ...]:
    """Models of an exchange through one face; with a far edge where the tracer may have come near it."""
    plain = ("constant source", "surface exchange")
    if data.sample_length is None:
        return plain
    # Where the fraction has fallen half-way, x is about the diffusion length sqrt(Dt).
    level = (np.max(data.fraction) + np.min(data.fraction)) / 2
    half = float(data.position[int(np.argmax(data.fraction < level))])
    if half < SLAB_SHARE * data.sample_length and data.position[-1] < 0.5 * data.sample_length:
        return plain
    return tuple(f"{name} in slab" for name in plain)


def ranked(tried: Sequence[Tried]) -> list[Tried]:
    """By BIC, the number of independent points taken from the closest fit."""
    best = min(tried, key=lambda one: one.fit.cost)
    count = effective_count(best.fit.residuals[None, :]) if best.noise.widened > 1 else None
    return sorted(tried, key=lambda one: _bic(one, count))


def table_of(tried: Sequence[Tried]) -> tuple[Candidate, ...]:
    """The candidates as `ranked` gives them."""
    best = min(tried, key=lambda one: one.fit.cost)
    count = effective_count(best.fit.residuals[None, :]) if best.noise.widened > 1 else None
    bics = [_bic(one, count) for one in tried]
    aiccs = [aicc(one.fit.cost, one.fit.residuals.size, len(one.problem.names)) for one in tried]
    return tuple(
        _candidate(one, b - min(bics), a - min(aiccs)) for one, b, a in zip(tried, bics, aiccs, strict=True)
    )


def _candidate(one: Tried, above_bic: float, above_aicc: float) -> Candidate:
    data = one.problem.data
    names = one.problem.names
    log_diffusion, deviation = _log_diffusion(one)
    off = one.fit.residuals * data.deviation
    return Candidate(
        one.problem.model.name, SURFACE in names, len(names), float(np.sqrt(np.mean(off**2))),
        above_bic, above_aicc, float(np.exp(log_diffusion)), deviation,
        one.noise.correlation, one.noise.chance_of_runs,
    )  # fmt: skip


def _bic(one: Tried, count: float | None) -> float:
    return bic(one.fit.cost, one.fit.residuals.size, len(one.problem.names), count)


def choose(
    data: ProfileData, fixed: dict[str, float], *, known: bool, surface: str, names: Sequence[str] = (),
    boundaries: bool = True,
) -> list[Tried]:  # fmt: skip
    """All candidates, the chosen one first.

    Parameters
    ----------
    data : ProfileData
    fixed : dict
        Given parameters.
    known : bool
        Whether the deviations are true errors.
    surface : "fixed", "free" or "auto"
        ``auto`` tries models with the surface shifted into the sample (a meniscus) beside those without.
    names : sequence of str
        Models to try; those of an exchange unless given.
    boundaries : bool
        Whether the sample may have fast grain boundaries.

    Raises
    ------
    AnalysisError
        If no candidate could be fitted.
    """
    wanted = tuple(names) or names_to_try(data)
    tried, reasons = [], []
    for name in wanted:
        for free in {"fixed": (False,), "free": (True,), "auto": (False, True)}[surface]:
            held = {k: v for k, v in fixed.items() if k != SURFACE} if free else fixed
            try:
                one = try_model(name, data, held, known=known)
            except AnalysisError as error:
                reasons.append(str(error))
                continue
            if surface == "auto" and free and not _shifted_inwards(one):
                continue
            tried.append(one)
    if not tried:
        raise AnalysisError(reasons[0])
    tried = ranked(tried)
    if data.trials is not None:
        tried = _with_errors_of_best(tried, known=known)
    if boundaries and not names and _tail_suspected(tried[0]):
        tail = try_model("fast boundaries", tried[0].problem.data, fixed, known=known)
        if _is_fixed(tail):
            tried = ranked([*tried, tail])
    return _encompassing_first(tried)


def _encompassing_first(tried: list[Tried]) -> list[Tried]:
    """Slow exchange before a constant source where the data cannot tell them apart and D depends on it.

    A constant source is the limit of fast exchange, so BIC can prefer it by ln N at most, never clearly; its
    narrow interval of D would rest on an assumption and not on the data.
    """
    simple = tried[0]
    name = simple.problem.model.name.replace("constant source", "surface exchange")
    for wide in tried[1:]:
        # With the source's fraction stated, the height of the profile tells how fast the exchange is.
        same = wide.problem.model.name == name and _free(wide) == _free(simple) and FLUX in wide.problem.names
        if same and _bic(wide, None) - _bic(simple, None) < CLEAR and _differs(wide, simple):
            return [wide, *(one for one in tried if one is not wide)]
    return tried


def _free(one: Tried) -> bool:
    return SURFACE in one.problem.names


def _differs(wide: Tried, simple: Tried) -> bool:
    """Whether D is another, or much less certain, without the assumption of instant exchange."""
    (d_wide, sd_wide), (d_simple, sd_simple) = (_log_diffusion(one) for one in (wide, simple))
    return abs(d_wide - d_simple) > sd_simple or not sd_wide < 2 * sd_simple


def _log_diffusion(one: Tried) -> tuple[float, float]:
    """ln D and its standard deviation from the curvature."""
    j = one.problem.names.index(DIFFUSION)
    variance = float(one.fit.covariance[j, j]) * one.noise.variance / max(one.fit.variance, 1e-300)
    return float(one.fit.theta[j]), float(np.sqrt(max(variance, 0.0)))


def _shifted_inwards(one: Tried) -> bool:
    """Whether the surface was found inside the profile: outwards, it only imitates slow exchange."""
    return bool(one.fit.theta[one.problem.names.index(SURFACE)] > one.problem.data.position[0])


def _tail_suspected(best: Tried) -> bool:
    enough = best.fit.residuals.size >= FEWEST_FOR_BOUNDARIES
    return enough and best.noise.widened > 1 and SURFACE in best.problem.fixed


def _is_fixed(tail: Tried) -> bool:
    """Whether the data fix D and the boundaries' product to a factor of e: else the tail is no such tail."""
    scale = tail.noise.variance / max(tail.fit.variance, 1e-300)
    places = [tail.problem.names.index(name) for name in (DIFFUSION, PRODUCT)]
    return all(0 < float(tail.fit.covariance[j, j]) * scale < 1 for j in places)


__all__ = ["Candidate", "Tried", "choose", "ranked", "table_of", "try_model"]
