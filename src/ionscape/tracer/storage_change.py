"""Whether a later profile differs from the first by more than noise, from the measured differences alone.

A smooth curve cannot follow a kink such as a liquid line leaves; what it misses is in both profiles and can
look like diffusion between them. The difference of two profiles at the same positions holds no such misfit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann

from ionscape.tracer.history import SAME_TEMPERATURE, History, Programme
from ionscape.tracer.smoothing import SmoothProfile, fit_smoothness
from ionscape.tracer.storage_likelihood import Law, MeasuredProfile
from ionscape.tracer.storage_marginal import ONE_SIDED, Marginal

FloatArray = NDArray[np.float64]

SEEN = 6.634896601021213  # drop of chi-square (one degree of freedom) that noise exceeds in 1 % of cases
GRID = 240
FEWEST = 8
OUTSIDE = 0.05  # share of a quantity that profiles which changed leave open


@dataclass(frozen=True)
class Change:
    """What the differences of a later profile from the first say.

    Attributes
    ----------
    gain : float
        Drop of their chi-square from no diffusion to the best one.
    upper : float
        ln theta [m^2], 95 % bound from above; at least that of half a distance between points, below which
        a kink between them changes as no curve through them tells.
    """

    gain: float
    upper: float

    @property
    def significant(self) -> bool:
        """Whether noise alone would hardly change the profile so."""
        return self.gain > SEEN


def change_of(
    initial: SmoothProfile, first: MeasuredProfile, later: MeasuredProfile, limits: tuple[float, float], *,
    displaced: bool = False,
) -> Change | None:  # fmt: skip
    """Of one later profile; None where too few of its positions agree with those of the first.

    Parameters
    ----------
    initial : SmoothProfile
        As the joint fit gives it, for its modes and its scatter.
    first, later : MeasuredProfile
    limits : (float, float)
        ln theta, from what moves nothing to what leaves nothing.
    displaced : bool
        Whether the later profile may be displaced: a difference like the slope then says nothing.

    Notes
    -----
    What diffusion would change is computed from the weighted mean of both profiles, whose noise is
    independent of that of their difference: the curve cannot adapt to the difference that it is to explain.
    """
    near = np.clip(np.searchsorted(first.position, later.position), 1, first.position.size - 1)
    near -= later.position - first.position[near - 1] < first.position[near] - later.position
    same = np.abs(first.position[near] - later.position) < 1e-6 * initial.modes.length
    if np.count_nonzero(same) < max(FEWEST, later.position.size / 2):
        return None
    x, near = later.position[same], near[same]
    variances = initial.scatter**2 * np.array([first.variance[near], later.variance[same]])
    fractions = np.array([first.fraction[near], later.fraction[same]])
    spread = np.sqrt(variances.sum(axis=0))
    difference = (fractions[1] - fractions[0]) / spread
    weights = 1 / variances
    mean = np.sum(weights * fractions, axis=0) / weights.sum(axis=0)
    curve = fit_smoothness(initial.modes, x, mean, 1 / weights.sum(axis=0), known_noise=True)
    logs = np.linspace(*limits, GRID)
    templates = _templates(curve, x, np.exp(logs)) / spread
    if displaced:
        slope = curve.modes.values(x)[1] @ curve.mean / spread
        slope /= max(float(np.linalg.norm(slope)), 1e-300)
        difference = difference - slope * (slope @ difference)
        templates = templates - np.outer(templates @ slope, slope)
    gains = 2 * templates @ difference - np.sum(templates**2, axis=1)
    top = max(float(gains.max()), 0.0)
    allowed = np.flatnonzero(gains >= top - ONE_SIDED**2)
    upper = float(logs[min(int(allowed[-1]) + 1, GRID - 1)]) if allowed.size else float(logs[0])
    return Change(top, max(upper, 2 * math.log(np.median(np.diff(x)) / 2)))


def _templates(curve: SmoothProfile, x: FloatArray, theta: FloatArray) -> FloatArray:
    """Change of the curve by each theta, (K, N)."""
    values = curve.modes.values(x)[0] * curve.mean
    rates = np.minimum(np.outer(theta, curve.modes.wavenumber**2), 700.0)
    return np.asarray(np.expm1(-rates) @ values.T)


def bounded(
    found: Sequence[Marginal], rows: Sequence[tuple[FloatArray, float]], temperatures: Sequence[float],
    law: Law, histories: Sequence[History], logs: FloatArray, covariance: FloatArray,
    changes: Sequence[Change | None],
) -> list[Marginal]:  # fmt: skip
    """The quantities of a storage fit, open where they rest on profiles that have not changed.

    Parameters
    ----------
    found : sequence of Marginal
        ln D at the temperatures, then energy and ln D0 where they are fitted.
    rows : sequence of (weights, constant)
        The same quantities as functions of ``logs``.
    temperatures, law, histories, logs, covariance
        As of `StorageFit`.
    changes : sequence of Change or None
        Of every later profile.
    """
    theta, slopes = law.works(histories, logs)
    seen = [k for k, change in enumerate(changes) if change is None or change.significant]
    if len(seen) == len(changes):
        return list(found)
    span = slopes[seen] / theta[seen, None]
    result = [
        one if _inside(weights, span) else
        at_most(one, _upper(j, one, temperatures, law, histories, theta, changes))
        for j, (one, (weights, _)) in enumerate(zip(found, rows, strict=True))
    ]  # fmt: skip
    if law.kind == "arrhenius" and found[-2].status == "determined" and not _inside(rows[-2][0], span):
        result[-2:] = _energy(result, temperatures, law, logs, covariance, span)
    return result


def at_most(one: Marginal, upper: float) -> Marginal:
    """Open towards smaller values; the wider of two upper bounds, nothing where ``upper`` is nan."""
    if one.status == "determined":
        lower = math.nan if math.isnan(upper) else None
        return Marginal(one.value, math.nan, upper=upper, lower=lower)
    wider = one.status == "bound" and one.upper is not None and upper > one.upper
    return replace(one, upper=upper) if wider else one


def _inside(weights: FloatArray, span: FloatArray) -> bool:
    """Whether profiles that changed fix the quantity."""
    if not span.size:
        return False
    left = weights - np.linalg.pinv(span) @ (span @ weights)
    return float(np.linalg.norm(left)) < OUTSIDE * float(np.linalg.norm(weights))


def _upper(
    j: int, one: Marginal, temperatures: Sequence[float], law: Law, histories: Sequence[History],
    theta: FloatArray, changes: Sequence[Change | None],
) -> float:  # fmt: skip
    """Largest ln D at temperature ``j`` that profiles which have not changed allow; nan where none tells."""
    limits = []
    for history, work, change in zip(histories, theta, changes, strict=True):
        if j >= len(temperatures) or change is None or change.significant:
            continue
        if law.kind == "constant":
            limits.append(change.upper - (math.log(work) - one.value))
        elif not isinstance(history, Programme):  # all stages add: each has at most the whole
            time = sum(s.duration for s in history
                       if s.is_constant and abs(s.start - temperatures[j]) < SAME_TEMPERATURE)  # fmt: skip
            limits += [change.upper - math.log(time)] if time else []
    return min(limits, default=math.nan)


def _energy(
    found: Sequence[Marginal], temperatures: Sequence[float], law: Law, logs: FloatArray,
    covariance: FloatArray, span: FloatArray,
) -> list[Marginal]:  # fmt: skip
    """Energy and ln D0 where D of the coldest stage is only bounded from above: both from below."""
    open_ends = [Marginal(one.value, math.nan, upper=math.nan, lower=math.nan) for one in found[-2:]]
    cold, hot = (float(t) for t in law.temperatures)
    at_cold = [one for one, t in zip(found, temperatures, strict=False) if abs(t - cold) < SAME_TEMPERATURE]
    if not at_cold or at_cold[0].upper is None or not _inside(np.array([0.0, 1.0]), span):
        return open_ends
    least = float(logs[1]) - ONE_SIDED * math.sqrt(max(float(covariance[1, 1]), 0.0))
    energy = Boltzmann * (least - at_cold[0].upper) / (1 / cold - 1 / hot)
    if not math.isfinite(energy):
        return open_ends
    return [Marginal(found[-2].value, math.nan, lower=energy),
            Marginal(found[-1].value, math.nan, lower=least + energy / (Boltzmann * hot))]  # fmt: skip


__all__ = ["Change", "at_most", "bounded", "change_of"]
