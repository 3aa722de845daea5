"""Is it one diffusion coefficient? D must be the same at all gradients and all diffusion times.

Four nested models are compared: one D or one per group of equal Δ and δ, with or without bending within the
groups. A D that changes with g or Δ is an apparent one, and no diffusion coefficient (Pang et al., figure 2).

Sources: M. Y. Pang et al., Phys. Chem. Chem. Phys. 23, 27159 (2021); comparison of nested models: D. M. Bates
and D. G. Watts, Nonlinear Regression Analysis (1988), section 3.10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError
from ionscape.core.number_format import format_number, format_value
from ionscape.nmr.coefficient_groups import Coefficients, fit_coefficients, halves
from ionscape.nmr.delay_trend import NO_TREND, DelayTrend, delay_trend, n_delays
from ionscape.nmr.echo_decay import EchoDecay, arrange_echoes
from ionscape.nmr.echo_problem import IMPROBABLE
from ionscape.nmr.gradient_waveform import PulseShape
from ionscape.nmr.long_time_limit import LongTimeLimit, extrapolate_delay

FloatArray = NDArray[np.float64]

ONE, ON_DELAY, ON_GRADIENT = "one coefficient", "depends on Δ", "depends on g"
ON_BOTH, SCATTERS = "depends on g and Δ", "scatters between runs"
ONE_DELAY, TOO_FEW = "cannot tell (only one Δ)", "cannot tell"
EQUAL_NOISE = 0.01  # probability of series' noise levels from which they are taken as different
ENOUGH = 4  # spare points from which a series' own noise is estimated
COUNTS = 2.0  # b D up to which the second cumulant describes a bent decay
FEWEST_SLOPES = 3  # different gradients per diffusion time for its slope at b = 0


@dataclass(frozen=True)
class ApparentCoefficient:
    """D of one group of echoes.

    Attributes
    ----------
    delay, pulse : float
        Δ, δ [s]; nan where not known.
    gradients : (float, float)
        Smallest and largest |g| [T/m].
    value : float
        [m²/s]
    spread : float
        1 SD of ln D.
    n : int
        Number of echoes.
    part : str
        ``all``, ``weak`` or ``strong`` gradients.
    group : int
    """

    delay: float
    pulse: float
    gradients: tuple[float, float]
    value: float
    spread: float
    n: int
    part: str
    group: int


@dataclass(frozen=True)
class SingleCoefficient:
    """Whether one diffusion coefficient describes all echoes.

    Attributes
    ----------
    verdict : str
        ``one coefficient``, ``depends on Δ``, ``depends on g``, ``depends on g and Δ``, ``scatters between
        runs``, ``cannot tell (only one Δ)`` or ``cannot tell``.
    reasons : tuple of str
    p_delay, p_gradient : float
        Probability of such a dependence on Δ (on δ, between runs) and on g by chance; nan where untested.
    exponent, exponent_sd : float
        D ~ Δ^exponent; nan with one Δ.
    bending, bending_sd : float
        β of E = exp[-(bD)^β].
    ratio_delay, ratio_gradient : float
        Largest over smallest D of the groups; D of strong over that of weak gradients.
    groups, parts : tuple of ApparentCoefficient
        D per Δ and δ, and those of weak and strong gradients apart.
    long_time : LongTimeLimit or None
        Only where D depends on Δ.
    """

    verdict: str
    reasons: tuple[str, ...]
    p_delay: float
    p_gradient: float
    exponent: float
    exponent_sd: float
    bending: float
    bending_sd: float
    ratio_delay: float
    ratio_gradient: float
    groups: tuple[ApparentCoefficient, ...]
    parts: tuple[ApparentCoefficient, ...]
    long_time: LongTimeLimit | None = None

    @property
    def is_single(self) -> bool:
        """Whether nothing speaks against one coefficient."""
        return self.verdict in (ONE, ONE_DELAY, TOO_FEW)


def single_coefficient(
    gradient: ArrayLike, pulse: ArrayLike, delay: ArrayLike, intensity: ArrayLike,
    uncertainty: ArrayLike | None = None, *, nucleus: str = "7Li",
    shape: str | float | PulseShape = "rectangular", bipolar_interval: float | None = None,
    b_value: ArrayLike | None = None, series: ArrayLike | None = None, level: float = 0.05,
    negligible: float = 0.01, source: str = "single coefficient",
) -> SingleCoefficient:  # fmt: skip
    """Test whether D is the same for all gradients and diffusion times.

    Parameters
    ----------
    gradient, pulse, delay, intensity, uncertainty : (N,) arrays
        g [T/m], δ [s], Δ [s], echo (any scale) and its 1 SD; without it the noise is that of the residuals.
    nucleus, shape, bipolar_interval, b_value, series
        As in `arrange_echoes`.
    level : float
        Probability of calling one coefficient several.
    negligible : float
        A change of D by a smaller share over the whole range is no dependence, however significant.
    source : str
        Root of the latents' names.

    Raises
    ------
    InputError
        If the arrays are no decay or the level is no probability.
    """
    decay = arrange_echoes(
        intensity, uncertainty, b_value=b_value, gradient=gradient, pulse=pulse, delay=delay,
        nucleus=nucleus, shape=shape, bipolar_interval=bipolar_interval, series=series,
    )  # fmt: skip
    return judge_echoes(decay, level=level, negligible=negligible, source=source)


@dataclass(frozen=True)
class _Nested:
    """The four fits, and what their residuals say of the noise."""

    together: Coefficients
    together_bent: Coefficients
    apart: Coefficients
    apart_bent: Coefficients
    variance: float
    freedom: float  # of the variance; inf where it is known


def judge_echoes(
    decay: EchoDecay, *, level: float = 0.05, negligible: float = 0.01, source: str = "single coefficient"
) -> SingleCoefficient:
    """As `single_coefficient`, for data already arranged."""
    if not 0 < level < 0.5:
        raise InputError(f"the level of a test lies between 0 and 0.5, got {level:g}")
    if decay.b.size < 2 * decay.n_groups + 2 - (decay.uncertainty is not None):
        return _untold(decay)
    nested = _nested(decay)
    p_gradient = _comparison(nested.apart, nested.apart_bent, nested)
    several = decay.n_groups > 1
    p_groups = _comparison(nested.together_bent, nested.apart_bent, nested) if several else math.nan
    trend = delay_trend(decay, nested.apart_bent, nested.variance, nested.freedom) if several else NO_TREND
    p_delay = p_groups
    if several and decay.n_groups > 2 and not math.isnan(trend.p):
        p_delay = min(1.0, 2 * min(p_groups, trend.p))
    if several and p_gradient < level:  # is it one curve of b, whatever its shape?
        p_delay = float(np.fmax(p_delay, _one_curve(decay, nested)))
    found = SingleCoefficient(
        "", (), p_delay, p_gradient, trend.exponent, trend.sd, nested.apart_bent.bending,
        nested.apart_bent.bending_sd * math.sqrt(nested.variance), _ratio(nested.apart_bent),
        math.nan, _apparent(decay, decay.group, nested, "all"), (),
    )  # fmt: skip
    return _judged(_with_parts(found, decay, nested), decay, nested, trend, level, negligible, source)


# ---- the fits -------------------------------------------------------------------------------------
def _nested(decay: EchoDecay) -> _Nested:
    deviation = decay.uncertainty if decay.uncertainty is not None else _noise_of_series(decay)
    same = np.zeros(decay.b.size, dtype=int)
    fits = [fit_coefficients(decay, owner, deviation, bend=bend)
            for owner in (same, decay.group) for bend in ("none", "stretched")]  # fmt: skip
    # bending only adds freedom: a worse minimum than without it is a local one
    costs = [min(fits[0].cost, fits[1].cost), min(fits[1].cost, fits[2].cost, fits[3].cost, fits[0].cost)]
    fits[1], fits[3] = replace(fits[1], cost=costs[0]), replace(fits[3], cost=costs[1])
    spare = decay.b.size - fits[3].n_parameters
    variance, freedom = 1.0, math.inf
    if decay.uncertainty is None or (spare > 0 and _improbable(fits[3].cost, spare)):
        variance, freedom = max(fits[3].cost / max(spare, 1), 1e-300), float(spare)
    return _Nested(fits[0], fits[1], fits[2], fits[3], variance, freedom)


def _improbable(cost: float, spare: int) -> bool:
    from scipy.stats import chi2

    return bool(chi2.sf(cost, spare) < IMPROBABLE)


def _noise_of_series(decay: EchoDecay) -> FloatArray:
    """The same deviation for all echoes, or one per series where their scatter clearly differs."""
    runs = [decay.subset(decay.series == k) for k in range(int(decay.series.max()) + 1)]
    spare = np.array([run.b.size - 2 * run.n_groups - 1 for run in runs])
    if len(runs) == 1 or spare.min() < ENOUGH:
        return np.ones(decay.b.size)
    from scipy.stats import chi2

    cost = np.array([fit_coefficients(r, r.group, np.ones(r.b.size), bend="stretched").cost for r in runs])
    variance = np.maximum(cost / spare, 1e-30)
    pooled = cost.sum() / spare.sum()
    correction = 1 + (np.sum(1 / spare) - 1 / spare.sum()) / (3 * (len(runs) - 1))
    bartlett = float((spare.sum() * math.log(max(pooled, 1e-30)) - spare @ np.log(variance)) / correction)
    if chi2.sf(bartlett, len(runs) - 1) > EQUAL_NOISE:
        return np.ones(decay.b.size)
    return np.asarray(np.sqrt(variance)[decay.series])


def _comparison(simple: Coefficients, rich: Coefficients, nested: _Nested) -> float:
    """Probability of the gain of the richer model by chance."""
    from scipy.stats import chi2, f

    more = rich.n_parameters - simple.n_parameters
    gain = max(simple.cost - rich.cost, 0.0) / nested.variance
    if more <= 0 or nested.freedom <= 0:
        return math.nan
    if math.isinf(nested.freedom):
        return float(chi2.sf(gain, more))
    return float(f.sf(gain / more, more, nested.freedom))


def _one_curve(decay: EchoDecay, nested: _Nested) -> float:
    """Probability of the groups' differences if all decays were one curve of b that bends as two sites do.

    A bent curve seen over different ranges of b gives different apparent D: that is no dependence on Δ.
    """
    spare = decay.b.size - decay.n_groups * 2 - 2
    if spare < 1:
        return math.nan
    deviation = decay.uncertainty if decay.uncertainty is not None else _noise_of_series(decay)
    same = np.zeros(decay.b.size, dtype=int)
    one, each = (fit_coefficients(decay, o, deviation, bend="two") for o in (same, decay.group))
    cost = min(one.cost, each.cost)
    variance, freedom = 1.0, math.inf
    if decay.uncertainty is None or _improbable(cost, spare):
        variance, freedom = max(cost / spare, 1e-300), float(spare)
    return _comparison(one, replace(each, cost=cost), replace(nested, variance=variance, freedom=freedom))


def _ratio(apart: Coefficients) -> float:
    return float(np.exp(np.ptp(apart.log_d)))


def _with_parts(found: SingleCoefficient, decay: EchoDecay, nested: _Nested) -> SingleCoefficient:
    """D of weak and strong gradients: how much it changes, in plain numbers."""
    label = halves(decay)
    if label is None:
        reach = np.exp(nested.apart.log_d[decay.group]) * decay.b
        middle = float(np.median(reach[reach > 0]))
        beta = found.bending
        # slope of (bD)^β at the largest b over that at the median
        return replace(found, ratio_gradient=float((reach.max() / middle) ** (beta - 1)))
    owner = np.unique(label, return_inverse=True)[1]
    # each half keeps its own intensity: a local slope
    local = replace(decay, group=owner)
    deviation = decay.uncertainty if decay.uncertainty is not None else np.ones(decay.b.size)
    fit = fit_coefficients(local, owner, deviation)
    spread = np.sqrt(np.maximum(np.diag(fit.covariance) * nested.variance, 0.0))
    parts = []
    for k in range(decay.n_groups):
        for m, name in ((2 * k, "weak"), (2 * k + 1, "strong")):
            inside = owner == m
            parts.append(_one(decay, inside, float(fit.log_d[m]), float(spread[m]), name, k))
    change = fit.log_d[1::2] - fit.log_d[::2]
    variance = spread[1::2] ** 2 + spread[::2] ** 2
    usable = np.isfinite(variance) & (variance > 0)
    weight = np.where(usable, 1 / np.where(usable, variance, 1.0), 0.0)
    mean = float(np.sum(weight * change) / weight.sum()) if weight.sum() > 0 else 0.0
    return replace(found, ratio_gradient=math.exp(mean), parts=tuple(parts))


def _one(
    decay: EchoDecay, inside: NDArray[np.bool_], log_d: float, spread: float, part: str, group: int
) -> ApparentCoefficient:
    g = np.abs(decay.gradient[inside])
    return ApparentCoefficient(
        float(np.mean(decay.delay[inside])), float(np.mean(decay.pulse[inside])),
        (float(g.min()), float(g.max())), math.exp(log_d), spread, int(inside.sum()), part, group,
    )  # fmt: skip


def _apparent(
    decay: EchoDecay, owner: NDArray[np.int_], nested: _Nested, part: str
) -> tuple[ApparentCoefficient, ...]:
    spread = np.sqrt(np.maximum(np.diag(nested.apart.covariance) * nested.variance, 0.0))
    return tuple(
        _one(decay, owner == k, float(nested.apart.log_d[k]), float(spread[k]), part, k)
        for k in range(decay.n_groups)
    )


# ---- the verdict ----------------------------------------------------------------------------------
def _untold(decay: EchoDecay) -> SingleCoefficient:
    reason = (f"{decay.b.size} echoes in {decay.n_groups} groups leave nothing to compare: each needs an "
              "intensity and a slope")  # fmt: skip
    nan = math.nan
    return SingleCoefficient(TOO_FEW, (reason,), nan, nan, nan, nan, 1.0, nan, nan, nan, (), ())


def _judged(
    found: SingleCoefficient, decay: EchoDecay, nested: _Nested, trend: DelayTrend, level: float,
    negligible: float, source: str,
) -> SingleCoefficient:  # fmt: skip
    tests = sum(not math.isnan(p) for p in (found.p_delay, found.p_gradient))
    limit = level / max(tests, 1)  # Bonferroni: one false alarm in all at the level
    on_delay = found.p_delay < limit and found.ratio_delay > 1 + negligible
    on_gradient = found.p_gradient < limit and abs(math.log(found.ratio_gradient)) > math.log1p(negligible)
    scatters = on_delay and _is_scatter(decay, trend)
    reasons = _reasons(found, decay, trend, limit, negligible)
    if on_delay and not scatters:
        verdict = ON_BOTH if on_gradient else ON_DELAY
    elif on_gradient:
        verdict = ON_GRADIENT
    elif scatters:
        verdict = SCATTERS
    else:
        verdict = ONE if n_delays(decay) > 1 else ONE_DELAY
    long_time = None
    if verdict in (ON_DELAY, ON_BOTH) and n_delays(decay) > 1:
        long_time = _extrapolated(decay, nested, source)
    return replace(found, verdict=verdict, reasons=reasons, long_time=long_time)


def _is_scatter(decay: EchoDecay, trend: DelayTrend) -> bool:
    """Groups differ, but do not fall or rise with Δ."""
    return n_delays(decay) < 2 or trend.p_scatter < IMPROBABLE


def _extrapolated(decay: EchoDecay, nested: _Nested, source: str) -> LongTimeLimit:
    """From the slopes at b = 0: the decay of restricted spins bends, by its second cumulant first."""
    log_d, covariance = nested.apart.log_d, nested.apart.covariance
    weak = np.exp(log_d[decay.group]) * decay.b <= COUNTS
    kept = decay.subset(weak)
    enough = kept.n_groups == decay.n_groups and all(
        np.unique(kept.b[kept.group == k]).size > FEWEST_SLOPES for k in range(kept.n_groups)
    )
    if enough:
        deviation = kept.uncertainty if kept.uncertainty is not None else np.ones(kept.b.size)
        fit = fit_coefficients(kept, kept.group, deviation, bend="cumulant")
        log_d, covariance = fit.log_d, fit.covariance
    spread = np.sqrt(np.maximum(np.diag(covariance) * nested.variance, 1e-12))
    return extrapolate_delay(decay.effective_delay, np.exp(log_d), spread, source=source)


def _reasons(
    found: SingleCoefficient, decay: EchoDecay, trend: DelayTrend, limit: float, negligible: float
) -> tuple[str, ...]:
    said = []
    if n_delays(decay) > 1:
        low, high = (format_number(1e3 * end, 3) for end in (np.min(decay.delay), np.max(decay.delay)))
        power = format_value(found.exponent, found.exponent_sd)
        said.append(
            f"over Δ from {low} to {high} ms D changes by a factor of {format_number(found.ratio_delay, 3)} "
            f"({probability(found.p_delay)}), as Δ to the power of {power}."
        )
        if _is_scatter(decay, trend):
            said.append(
                "the D of the diffusion times scatter about any trend beyond their errors "
                f"({probability(trend.p_scatter)})."
            )
    elif decay.n_groups > 1:
        factor_text = format_number(found.ratio_delay, 3)
        said.append(
            f"between the runs D differs by a factor of {factor_text} ({probability(found.p_delay)})."
        )
    else:
        said.append("all echoes have one diffusion time: whether D depends on Δ is not tested.")
    factor = found.ratio_gradient if found.ratio_gradient >= 1 else 1 / found.ratio_gradient
    said.append(
        f"from weak to strong gradients D {'falls' if found.ratio_gradient < 1 else 'rises'} by a factor of "
        f"{format_number(factor, 3)} ({probability(found.p_gradient)})."
    )
    tested = (("Δ", found.p_delay, found.ratio_delay), ("g", found.p_gradient, factor))
    small = [name for name, p, ratio in tested if p < limit and ratio <= 1 + negligible]
    if small:
        said.append(f"the change with {' and '.join(small)} is significant, but below the {negligible:.1%} "
                    "that count.")  # fmt: skip
    return tuple(said)


def probability(p: float) -> str:
    """``p = 0.03``, ``p < 10⁻⁴``."""
    return "not tested" if math.isnan(p) else "p < 10⁻⁴" if p < 1e-4 else f"p = {format_number(p, 2)}"
