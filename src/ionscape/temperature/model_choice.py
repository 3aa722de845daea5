"""Is a straight line enough? A quadratic term tested directly, and curved models compared by BIC."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ionscape.core.number_format import format_celsius
from ionscape.core.quantity import dimension_of
from ionscape.temperature.broken_line import BROKEN_LINE
from ionscape.temperature.curved_model import CurvedFit, CurvedModel, Profile, fit_curved, gap
from ionscape.temperature.generalised_least_squares import Fit, Scatter, covariance_of, fit, two_sided
from ionscape.temperature.mauro import MYEGA
from ionscape.temperature.points import Points
from ionscape.temperature.residual_order import chance_of_order
from ionscape.temperature.step import STEP, STEP_SLOPES
from ionscape.temperature.straight_line import ArrheniusFit
from ionscape.temperature.vogel import VOGEL

ModelName = Literal["vft", "myega", "broken", "step"]
MODELS: dict[str, CurvedModel] = {
    model.name: model for model in (VOGEL, MYEGA, BROKEN_LINE, STEP, STEP_SLOPES)
}

_STRONG = 6.0  # of Kass and Raftery 1995: "strong" evidence
_VERY_STRONG = 10.0
_SIGNIFICANT = 0.05
_ORDERED = 0.01
_LARGE_SCATTER = 5.0

STRAIGHT = CurvedModel(
    name="straight", text="straight line", symbol="",
    columns=lambda temperature, _: np.column_stack([np.ones_like(temperature), -1000 / temperature]),
    bounds=lambda _: (0.0, 1.0), parameters=(), fewest=3, citation="", first_is_theta=False,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Candidate:
    """One model in the comparison.

    Attributes
    ----------
    name, text : str
    parameters : int
        Number of fitted parameters (without the scatter, which every model has).
    bic : float
        Up to a constant that all candidates share.
    fit : CurvedFit or None
        None for the straight line.
    """

    name: str
    text: str
    parameters: int
    bic: float
    fit: CurvedFit | None


@dataclass(frozen=True, eq=False)
class Comparison:
    """Whether the series bends.

    Attributes
    ----------
    quadratic : float
        The quadratic term of y in 1/T in its standard deviations, positive where the slope is steeper on
        cooling; nan where it cannot be tested.
    probability : float
        That a straight line shows as much (two-sided; Student's t where the scatter told the error).
    candidates : tuple of Candidate
        Least BIC first.
    preferred : str
        "straight" unless the bend is significant (or the residuals follow an order) and a curved model is
        better by more than 6 in BIC; a step, which neither test need see, is preferred by more than 10.
    verdict : str
        One sentence.
    unexplained : str
        Why neither the line nor any model describes the points; empty where one does.
    """

    quadratic: float
    probability: float
    candidates: tuple[Candidate, ...]
    preferred: str
    verdict: str
    unexplained: str = ""

    def candidate(self, name: str) -> Candidate | None:
        """The candidate of that name, if it was compared."""
        return next((c for c in self.candidates if c.name == name), None)

    def advantage(self, name: str) -> float:
        """BIC of the straight line less that of the model: positive where the model is better."""
        own, straight = self.candidate(name), self.candidate("straight")
        return straight.bic - own.bic if own and straight else math.nan


def compare(
    line: ArrheniusFit, models: Sequence[ModelName] | None = None, *, scatter: Scatter = "auto",
    source: str = "curvature",
) -> Comparison:  # fmt: skip
    """Compare the straight line with curved models, with the full covariance of the points.

    Parameters
    ----------
    line : ArrheniusFit
    models : sequence of "vft", "myega", "broken", "step", optional
        Default: VFT, broken line and step (with one slope and with two); for a viscosity MYEGA as well.
        Those that need more points than there are, and MYEGA for anything but a viscosity, are not compared.
    scatter : "auto" or "stated"
    source : str
        Root of the names of the latents of the curved fits.

    Notes
    -----
    BIC = -2 ln L + p ln n (Schwarz 1978) on the contrasts that are blind to an error shared by all points, L
    maximised over the model's parameters and over a variance added to every point.
    """
    points = line.points
    if line.solution is None:
        return Comparison(math.nan, math.nan, (), "straight", f"curvature cannot be tested: {line.reason}")
    slope = line.slope
    quadratic, probability = _quadratic(points, slope, scatter)
    viscosity = points.dimension == dimension_of("Pa*s")
    named: Sequence[str] = models if models is not None else ("vft", "broken", "myega", "step")
    wanted = [*named, *(["step_slopes"] if "step" in named else [])]
    usable = [
        MODELS[m] for m in wanted
        if np.unique(points.temperature).size >= MODELS[m].fewest and (m != "myega" or viscosity)
    ]  # fmt: skip
    candidates = []
    if len(points) >= STRAIGHT.fewest:
        bic = _bic(points, slope, STRAIGHT, scatter)
        candidates.append(Candidate("straight", STRAIGHT.text, model_size(STRAIGHT), bic, None))
        for model in usable:
            found = fit_curved(points, model, slope=slope, source=f"{source}.{model.name}", scatter=scatter)
            bic = _bic(points, slope, model, scatter)
            candidates.append(Candidate(model.name, model.text, model.size, bic, found))
    candidates.sort(key=lambda c: c.bic)
    return _judged(line.solution, quadratic, probability, candidates)


def _quadratic(points: Points, slope: float, scatter: Scatter) -> tuple[float, float]:
    if np.unique(points.temperature).size < 3:
        return math.nan, math.nan
    x = points.x - points.x.mean()
    design = np.column_stack([np.ones_like(x), -x, -(x**2)])
    solution = fit(points, design, slope=slope, source="curvature", scatter=scatter)
    bend = np.array([0.0, 0.0, 1.0])
    spread = solution.standard_deviation(bend)
    if not spread > 1e-12 * abs(solution.coefficients[2]) or spread == 0:
        return math.nan, math.nan
    ratio = float(solution.coefficients[2]) / spread
    return ratio, two_sided(ratio, solution.tail_degrees_of_freedom(bend @ solution.gain, spread))


def _bic(points: Points, slope: float, model: CurvedModel, scatter: Scatter) -> float:
    covariance = covariance_of(points, slope)
    profile = Profile(points, covariance, model)
    largest = float(np.ptp(profile.y) ** 2 + 1e-20)
    stated = scatter == "stated" and bool(covariance.any())
    added = np.array([0.0]) if stated else np.append(0.0, largest * np.geomspace(1e-12, 1.0, 61))

    volume = np.log(profile.variances + added[:, None]).sum(axis=1)
    twice = volume + np.array([profile.sums(v).min() for v in added])
    for _ in range(2):  # theta for the variance, the variance for theta
        i = int(np.argmin(twice))
        theta, _ = profile.best(float(added[i]))
        added = np.append(np.linspace(added[max(i - 1, 0)], added[min(i + 1, added.size - 1)], 61), added[i])
        added.sort()
        twice = np.log(profile.variances + added[:, None]).sum(axis=1) + profile.along(theta, added)
    return float(twice.min()) + model_size(model) * math.log(len(points))


def model_size(model: CurvedModel) -> int:
    """Number of parameters; the straight line has no theta."""
    return 2 if model is STRAIGHT else model.size


def _judged(solution: Fit, quadratic: float, probability: float, candidates: list[Candidate]) -> Comparison:
    straight = next((c for c in candidates if c.name == "straight"), None)
    best = candidates[0] if candidates else None
    gain = straight.bic - best.bic if straight and best else 0.0
    term = f"quadratic term {abs(quadratic):.1f} SD"
    bent = probability < _SIGNIFICANT
    order = chance_of_order(solution)
    shifts = best is not None and best.name in ("step", "step_slopes")
    strong = _VERY_STRONG if shifts else _STRONG
    if best and best.fit and gain > strong and (bent or order < _ORDERED or shifts):
        left = chance_of_order(best.fit.solution)
        verdict = f"{_seen(best, quadratic, term, bent)}: {best.text} is preferred by ΔBIC = {gain:.1f}"
        why = f"{_ordered(left)} about the {best.text} model either"
        return Comparison(quadratic, probability, tuple(candidates), best.name, verdict,
                          why if left < _ORDERED else "")  # fmt: skip
    unexplained = ""
    excess = _scatter_ratio(solution)
    if order < _ORDERED:
        unexplained = f"{_ordered(order)}: not one straight line, and no compared model explains them"
        verdict = unexplained
    elif math.isnan(quadratic):
        verdict = f"curvature cannot be tested with {len(solution.points)} points"
    elif bent:
        tried = f", ΔBIC {gain:.1f} for {best.text}" if best and best is not straight else ""
        verdict = f"a hint of curvature ({term}{tried}): not enough to give up the straight line"
    elif excess > _LARGE_SCATTER:
        verdict = f"curvature cannot be judged: the points scatter {excess:.2g} times more than their errors"
    else:
        verdict = f"no curvature beyond the errors ({term})"
    return Comparison(quadratic, probability, tuple(candidates), "straight", verdict, unexplained)


def _seen(best: Candidate, quadratic: float, term: str, bent: bool) -> str:
    """What the points do, in words."""
    if best.name in ("step", "step_slopes") and best.fit:
        low, high = gap(best.fit.solution.points, float(best.fit.coefficients[-1]))
        return f"the points step between {format_celsius(low)} and {format_celsius(high)}"
    if not bent:
        return "the residuals are not random along temperature"
    return f"the line bends ({'steeper' if quadratic > 0 else 'flatter'} on cooling, {term})"


def _ordered(chance: float) -> str:
    return f"the residuals are not random along temperature (chance {max(chance, 1e-4):.1g})"


def _scatter_ratio(solution: Fit) -> float:
    """Scatter of the points over their own stated errors; 0 where none are stated."""
    own = float(np.mean(solution.own_variance))
    if own <= 0 or math.isinf(solution.chi_square):
        return 0.0
    return math.sqrt(1 + solution.scatter**2 / own)
