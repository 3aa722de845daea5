"""What a fitted profile says in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ionscape.core.estimate import Estimate
from ionscape.core.number_format import format_number, format_quantity
from ionscape.tracer.profile_choice import CLEAR, Candidate, Tried
from ionscape.tracer.profile_models import DIFFUSION, EXCHANGE, FLUX, INITIAL, MODELS, SOURCE, SURFACE
from ionscape.tracer.profile_problem import Problem

RANDOM = 0.01  # chance below which the order of residuals is no accident
TOO_WIDE = 0.25  # relative difference of D between models worth a sentence


def reasons_of(
    candidates: Sequence[Candidate], found: Mapping[str, Estimate], problem: Problem
) -> tuple[str, ...]:
    """Why this model, and what the data do not fix."""
    reasons = []
    best = candidates[0]
    if len(candidates) == 1:
        reasons.append(f"the model is as stated: '{best.title}' ({MODELS[best.model].meaning})")
    if best.bic > 0:
        reasons.append(
            f"the model '{candidates[1].title}' fits as well (BIC {best.bic:.1f} lower), but assumes instant "
            "exchange, which the data do not show and D depends on: "
            f"'{best.title}' is reported, which does not"
        )
    for other in candidates[2 if best.bic > 0 else 1 : 3]:
        gap = other.bic - best.bic
        verdict = "clearly better than" if gap > CLEAR else "slightly better than"
        verdict = verdict if gap > 2 else "as well as"
        alike = abs(best.rms - other.rms) < 0.03 * other.rms
        numbers = f"rms {format_number(best.rms, 2)}" + (
            " of both" if alike else f" against {format_number(other.rms, 2)}"
        )
        if abs(best.correlation - other.correlation) > 0.1:
            numbers += (f"; neighbouring residuals correlate by {best.correlation:.2f} against "
                        f"{other.correlation:.2f}")  # fmt: skip
        reasons.append(
            f"the model '{best.title}' fits {verdict} '{other.title}' (BIC {_apart(gap)}; {numbers})"
        )
    return (*reasons, *_meniscus(candidates, found), *_open_exchange(found, problem))


def _apart(gap: float) -> str:
    if abs(gap) < 0.05:
        return "equal"
    return f"{abs(gap):.1f} {'lower' if gap > 0 else 'higher'}"


def motion_reasons(motion: float, doubt: float, *, stated: bool) -> tuple[str, ...]:
    """What a source that moved adds to D, and what is free of it."""
    if not doubt > 0:
        return ()
    whence = "as stated" if stated else (
        "assumed: a tenth of its distance from zero, as no surface_motion is stated; '0 um' if it rested"
    )
    return (
        f"the fit holds the exchanged face at rest; a motion of ±{format_number(motion * 1e6, 2)} µm (1 SD, "
        f"{whence}) makes D uncertain by {format_number(100 * doubt, 2)} %, which is included; storage or "
        "annealing of the same sample (tracer.propagate) starts from the measured profile and gives a D that "
        "is free of this error",
    )


def _meniscus(candidates: Sequence[Candidate], found: Mapping[str, Estimate]) -> tuple[str, ...]:
    """What a surface inside the profile means, and what D would be without it."""
    best, at = candidates[0], found.get(SURFACE)
    held = [c for c in candidates if c.model == best.model and not c.free_surface]
    if not best.free_surface or at is None or at.status != "determined" or not held:
        return ()
    other = format_number(held[0].diffusion_coefficient * 1e4, 2)
    return (
        f"the exchanged face lies at {format_quantity(at, 'um')}, inside the profile, as a meniscus makes "
        "it; with "
        f"the face held at zero D would come out as {other} cm²/s",
    )


def _open_exchange(found: Mapping[str, Estimate], problem: Problem) -> tuple[str, ...]:
    """The product that is fixed where k alone is not."""
    flux = found.get(FLUX)
    exchange = found.get(EXCHANGE)
    if flux is None or exchange is None or exchange.status == "determined":
        return ()
    initial = problem.fixed.get(INITIAL)
    if initial is None:
        initial = found[INITIAL].value if INITIAL in found else 0.0
    product = format_quantity(flux, "cm/s")
    text = (f"the surface exchange coefficient is {exchange.status}: the data fix k (Cs − C0) = "
            f"{product}, so k "
            f"follows once the source's fraction Cs is given")  # fmt: skip
    if abs(flux.value) > 0 and initial < 1:
        lowest = abs(flux.value) / (1 - initial) * 100
        text += f"; Cs cannot exceed 1, so k is at least about {format_number(lowest, 2)} cm/s"
    return (text,)


def warnings_of(tried: Sequence[Tried], found: Mapping[str, Estimate]) -> tuple[str, ...]:
    """What would make the result wrong."""
    best = tried[0]
    return tuple(text for text in (
        _order(best), _excess(best), _not_decided(tried), _surface(best), _resolution(best), _window(best),
        _fractions(found),
    ) if text)  # fmt: skip


def _order(best: Tried) -> str:
    if best.noise.widened > 1:
        return (f"the residuals are not random (correlation of neighbours {best.noise.correlation:.2f}): the "
                f"model is incomplete; uncertainties were widened by {best.noise.widened:.1f}")  # fmt: skip
    if best.noise.chance_of_runs < RANDOM:
        return "the residuals change sign too seldom to be random: the model may be incomplete"
    return ""


def _excess(best: Tried) -> str:
    if best.noise.excess <= 1:
        return ""
    return (f"the scatter is {best.noise.excess:.1f} times what the stated errors explain: uncertainties "
            "follow "
            "the scatter")  # fmt: skip


def _not_decided(tried: Sequence[Tried]) -> str:
    """Models that fit about as well and give another D."""
    best = tried[0]
    own = _diffusion(best)
    for other in tried[1:]:
        n = best.fit.residuals.size
        gap = n * math.log(max(other.fit.cost, 1e-300) / max(best.fit.cost, 1e-300)) + math.log(n) * (
            len(other.problem.names) - len(best.problem.names)
        )
        ratio = _diffusion(other) / own
        if gap < CLEAR and abs(math.log(ratio)) > TOO_WIDE:
            return (f"'{other.problem.model.name}' fits about as well and gives D {ratio:.2g} times as "
                    "large: the "
                    "profile alone does not decide between the models")  # fmt: skip
    return ""


def _surface(best: Tried) -> str:
    """A fixed surface where a free one, inside the profile, is clearly better: a meniscus."""
    problem = best.problem
    if SURFACE not in problem.fixed or problem.model.name not in ("constant source", "surface exchange"):
        return ""
    from dataclasses import replace

    freed = replace(problem, fixed={k: v for k, v in problem.fixed.items() if k != SURFACE})
    n = best.fit.residuals.size
    if n < len(freed.names) + 3:
        return ""
    fit = freed.solve()
    at = float(fit.theta[freed.names.index(SURFACE)])
    better = n * math.log(max(best.fit.cost, 1e-300) / max(fit.cost, 1e-300)) - math.log(n) > CLEAR
    if not better or not at > max(problem.fixed[SURFACE], float(problem.data.position[0])):
        return ""
    d = math.exp(float(fit.theta[freed.names.index(DIFFUSION)]))
    return (f"the profile asks for a surface at {format_number(at * 1e6, 3)} µm instead of "
            f"{format_number(problem.fixed[SURFACE] * 1e6, 3)} µm, as a meniscus makes it: with "
            "surface_position: "
            f"free D would be {format_number(d * 1e4, 3)} cm²/s, {d / _diffusion(best):.2g} times this "
            "value")  # fmt: skip


def _resolution(best: Tried) -> str:
    length = math.sqrt(_diffusion(best) * best.problem.data.time)
    if best.problem.data.resolution <= length:
        return ""
    return (f"the instrument's resolution ({format_number(best.problem.data.resolution * 1e9, 2)} nm) "
            "exceeds the "
            f"diffusion length ({format_number(length * 1e9, 2)} nm): D rests on the resolution")  # fmt: skip


def _window(best: Tried) -> str:
    """A profile that ends before the tracer does."""
    data, problem = best.problem.data, best.problem
    values = problem.values(best.fit.theta[None])
    base = float(values[INITIAL][0, 0])
    curve = problem.curve(best.fit.theta[None])[0]
    left, first = abs(float(curve[-1]) - base), abs(float(curve[0]) - base)
    noise = float(data.deviation[-1]) * math.sqrt(best.noise.variance)
    if data.sample_length is not None:
        return ""
    if INITIAL in problem.names and abs(base) > abs(float(curve[0]) - base):
        return (f"the initial fraction is fitted ({base:.2g}) and is most of the profile, as also where the "
                "tracer has reached the far edge: state initial_fraction")  # fmt: skip
    if left < 0.1 * first or left < 3 * noise:
        return ""
    return (f"the profile ends where {left / first:.0%} of the excess is left: state sample_length to "
            "exclude "
            "that the tracer has reached the far edge")  # fmt: skip


def _fractions(found: Mapping[str, Estimate]) -> str:
    for name in (SOURCE, INITIAL):
        estimate = found.get(name)
        if estimate is None or estimate.status != "determined":
            continue
        low, high = estimate.interval(0.95)
        if low > 1 or high < 0:
            return (f"the fitted {name.replace('_', ' ')} ({estimate.value:.3g}) is no isotope fraction: "
                    "another "
                    "model, or a signal that is not normalised")  # fmt: skip
    return ""


def _diffusion(one: Tried) -> float:
    j = one.problem.names.index(DIFFUSION)
    return float(np.exp(one.fit.theta[j]))


__all__ = ["motion_reasons", "reasons_of", "warnings_of"]
