"""What is reported of a series: the straight line, or what is preferred to it where the points bend."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.constants import elementary_charge

from ionscape.core.estimate import Estimate, undetermined
from ionscape.core.number_format import format_celsius
from ionscape.temperature.model_choice import Candidate, Comparison
from ionscape.temperature.series_sum import explains, series_sum
from ionscape.temperature.straight_line import ArrheniusFit

_RIVAL = 6.0  # ΔBIC below which another curve is not excluded
_TWOFOLD = math.log(2)
_NEAR = 0.10
_STEPS = ("step", "step_slopes")

At = Callable[[float], Estimate]


@dataclass(frozen=True, eq=False)
class Reported:
    """Rows and words of one quantity.

    Attributes
    ----------
    energy, factor : Estimate
        With a note where they are averages over points that bend.
    at : callable (temperature [K]) -> Estimate
    model : str
        The values come from it; empty for the straight line.
    verdict : str
        On curvature, one sentence.
    parameters : str
        Name of the candidate whose parameters are rows of their own; empty for none.
    """

    energy: Estimate
    factor: Estimate
    at: At
    model: str
    verdict: str
    parameters: str


def reported(quantity: str, line: ArrheniusFit, bend: Comparison, parts: Mapping[str, At]) -> Reported:
    """Choose what stands for a series.

    Parameters
    ----------
    quantity : str
    line : ArrheniusFit
    bend : Comparison
    parts : mapping of str to callable
        For a total: name of each process in series and its value at a temperature.
    """
    energy, factor = line.activation_energy, line.pre_exponential_factor
    best = bend.candidate(bend.preferred)
    if line.solution is None:
        return Reported(energy, factor, line.at, "", bend.verdict, "")
    if len(line.points) == 2:
        note = "two points only: nothing tests the line"
        return Reported(_noted(energy, note), _noted(factor, note), line.at, "", bend.verdict, "")
    curved = best is not None and best.fit is not None
    if (curved or bend.unexplained) and len(parts) > 1:
        summed = series_sum(parts)
        off = explains(line, summed)
        if off is not None:
            return _as_sum(line, summed, " and ".join(parts), off)
    if bend.unexplained and (best is None or best.fit is None or best.name in _STEPS):
        return _as_nothing(line, bend)
    if best is None or best.fit is None:
        return Reported(energy, factor, line.at, "", bend.verdict, "")
    if best.name in _STEPS:
        return _as_step(line, bend, best)
    return _as_curve(line, bend, best, total=quantity.endswith("_total"))


def _noted(estimate: Estimate, note: str) -> Estimate:
    return replace(estimate, note=note) if estimate.status == "determined" else estimate


def _range(line: ArrheniusFit) -> str:
    data = line.points.temperature
    return f"{format_celsius(data[0])} to {format_celsius(data[-1])}"


def _as_nothing(line: ArrheniusFit, bend: Comparison) -> Reported:
    nothing = [
        undetermined(dimension, bend.unexplained)
        for dimension in (
            line.activation_energy.dimension, line.pre_exponential_factor.dimension, line.points.dimension,
        )
    ]  # fmt: skip
    return Reported(nothing[0], nothing[1], lambda _: nothing[2], "", bend.verdict, "")


def _as_curve(line: ArrheniusFit, bend: Comparison, best: Candidate, *, total: bool) -> Reported:
    verdict, caveat = bend.verdict, ""
    if total:
        verdict += "; a sum of processes in series bends too, so its parameters are not given as physics"
        caveat = "the points bend and may be a sum of processes: give its parts in 'on', or measure there"
    elif bend.unexplained:
        verdict += f"; {bend.unexplained}: it is a smooth curve through the points, not their physics"
        caveat = bend.unexplained
    energy, factor = line.activation_energy, line.pre_exponential_factor
    average = f"apparent, an average over {_range(line)}: the points bend"
    return Reported(
        _noted(energy, average), _noted(factor, average), _on_curve(line, bend, best, caveat), best.text,
        verdict, "" if caveat else best.name,
    )  # fmt: skip


def _as_sum(line: ArrheniusFit, summed: At, parts: str, off: float) -> Reported:
    average = f"apparent, an average over {_range(line)}: a sum of {parts} bends"
    verdict = f"bends as a sum of {parts} must: the sum of their lines meets the points within {off:.1g} %"
    energy, factor = (_noted(e, average) for e in (line.activation_energy, line.pre_exponential_factor))
    return Reported(energy, factor, summed, f"sum of {parts}", verdict, "")


def _as_step(line: ArrheniusFit, bend: Comparison, best: Candidate) -> Reported:
    """One energy where both sides share it; none where they do not."""
    assert best.fit is not None
    solution = best.fit.solution
    dimension = line.activation_energy.dimension
    factor = undetermined(line.pre_exponential_factor.dimension, "it differs on either side of a step")
    if best.name == "step":
        row = elementary_charge * np.array([0.0, 1.0, 0.0])
        energy = solution.estimate(row, float(row @ solution.coefficients), dimension, "linear")
        energy = _noted(energy, "common slope of both sides of a step")
    else:
        energy = undetermined(dimension, "the slope differs on either side of a step (below and above break)")
    return Reported(energy, factor, _on_curve(line, bend, best, ""), best.text, bend.verdict, best.name)


def _on_curve(line: ArrheniusFit, bend: Comparison, best: Candidate, caveat: str) -> At:
    """Value on the preferred curve, widened by what curves that are not excluded say instead.

    Where a parameter of the curve is not fixed, the straight line counts among those. Undetermined where
    another says twice or half as much; outside the points also where a parameter is not fixed or there is a
    caveat; a step whose place is not fixed, everywhere.
    """
    fit = best.fit
    assert fit is not None
    open_ = next((e.note for e in fit.estimates if e.status != "determined"), "")
    limit = bend.candidates[0].bic + _RIVAL
    rivals = [c.fit.at for c in bend.candidates if c.fit and c is not best and c.bic < limit]
    rivals += [line.at] if open_ else []
    caveat = caveat or (f"the points bend, and {open_}" if open_ else "")
    near = -1.0 if open_ and best.name in _STEPS else _NEAR
    source = f"{fit.solution.source}.rivals"

    def at(kelvin: float) -> Estimate:
        dimension = line.points.dimension
        if caveat and _outside(line, kelvin) > near:
            return undetermined(dimension, caveat)
        value = fit.at(kelvin)
        others = [e for e in (rival(kelvin) for rival in rivals) if e.status == "determined"]
        if value.status != "determined" or not others:
            return value
        off = max(abs(math.log(e.value / value.value)) for e in others)
        if off > _TWOFOLD:
            text = f"models that describe the points alike differ {math.exp(off):.2g} times here"
            return undetermined(dimension, text)
        return replace(value, weights={**value.weights, source: off / 2})

    return at


def _outside(line: ArrheniusFit, kelvin: float) -> float:
    """Distance from the points in 1/T, over their range."""
    inverse = 1 / line.points.temperature
    return float(max(1 / kelvin - inverse[0], inverse[-1] - 1 / kelvin, 0.0) / (inverse[0] - inverse[-1]))
