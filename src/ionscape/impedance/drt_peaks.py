"""The arcs behind the peaks of a distribution of relaxation times, with resistances and intervals.

Areas between minima are biased where arcs overlap, and a regularised width is too wide. So peaks only start
a fit of Cole-Cole arcs to the spectrum itself; the Bayesian information criterion says how many it holds.

References
----------
K. S. Cole, R. H. Cole, J. Chem. Phys. 9 (1941) 341.
G. Schwarz, Ann. Stat. 6 (1978) 461.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from ionscape.fit.information import bic, effective_count
from ionscape.fit.least_squares import (
    LeastSquaresFit,
    invert_normal,
    least_squares,
    minimise,
    summarise,
)
from ionscape.impedance.drt_kernel import ComplexArray, DrtProblem, FloatArray

MOST_PEAKS = 4
# Smoothing of γ (standard deviation in decades) before maxima are counted, and the least share of |Z| at
# their own frequency that counts.
SMOOTHING = 0.2
SMALLEST_SHARE = 0.01
SMALLEST_EXPONENT = 0.4
# Rise of the criterion at which leaving out still more arcs is not tried.
HOPELESS = 20.0
# An arc added to the first guess must be known within this standard deviation of ln R.
UNDETERMINED = 0.5
SCREENING_ITERATIONS = 5
MOST_ITERATIONS = 40
PER_ARC = 3


@dataclass(frozen=True)
class Peak:
    """One arc: R/(1 + (iωτ)^α).

    Attributes
    ----------
    resistance, resistance_sd : float
        [ohm] with one standard deviation, from that of ln R; inf where the data do not fix it.
    tau : float
        [s]
    log_tau_sd : float
        Standard deviation of ln τ.
    resistance_interval, tau_interval : tuple of two floats
        68 % intervals, symmetric in the logarithm; (0, inf) where the data do not fix the value.
    alpha_estimate, alpha_sd : float
        Cole-Cole exponent and its standard deviation; 1 for a single relaxation time. 0 at a bound.
    resistance_between_minima : float
        [ohm] Integral of γ between the minima beside the peak: a check that knows no arc shape.
    height : float
        γ at the peak [ohm].
    kind : str
        ``"resolved"``; ``"at edge of window"`` if the arc's summit lies beyond the measured frequencies, so
        that R and τ rest on extrapolation.
    """

    resistance: float
    resistance_sd: float
    tau: float
    log_tau_sd: float
    resistance_interval: tuple[float, float]
    tau_interval: tuple[float, float]
    alpha_estimate: float
    alpha_sd: float
    resistance_between_minima: float
    height: float
    kind: Literal["resolved", "at edge of window"]


@dataclass(frozen=True)
class FittedArcs:
    """Arcs as fitted to the spectrum, sorted by τ, beside R∞, L and tail.

    Attributes
    ----------
    log_resistance, log_tau, alpha : (K,) arrays
    log_resistance_sd, log_tau_sd, alpha_sd : (K,) arrays
    covariance : (2K, 2K) array
        Of ln R of all arcs, then ln τ of all; zero where a parameter is open (its sd is then infinite).
    tail_exponent, tail_exponent_sd : float or None
    log_tau_window : tuple of two floats
        ln(1/ω) of the highest and the lowest measured frequency.
    """

    log_resistance: FloatArray
    log_tau: FloatArray
    alpha: FloatArray
    log_resistance_sd: FloatArray
    log_tau_sd: FloatArray
    alpha_sd: FloatArray
    covariance: FloatArray
    tail_exponent: float | None
    tail_exponent_sd: float | None
    log_tau_window: tuple[float, float]


def fit_arcs(
    omega: FloatArray,
    z: ComplexArray,
    relative_sd: FloatArray,
    problem: DrtProblem,
    values: FloatArray,
    inductance: bool,
) -> FittedArcs:
    """Count and fit the arcs, starting from a distribution.

    Parameters
    ----------
    values : (P,) array
        R∞ [ohm], L [H] and tail at ω_min [ohm], where fitted, then γ [ohm].
    """
    arcs = _ArcModel(omega, z, relative_sd, inductance, problem.tail_exponent)
    first = _maxima(problem, values[problem.n_extra :], np.abs(z), omega)
    chosen = _choose_number(arcs, arcs.start_of_extra(values[: problem.n_extra]), first)
    lower, upper = arcs.bounds(chosen.theta.size)
    fit = least_squares(arcs, chosen.theta, lower, upper, tolerance=1e-7)
    # R∞ at its bound of zero is not known to be zero: let it widen what it can be traded against
    free = fit.at_bound == 0
    free[0] = True
    inverse, undetermined, _ = invert_normal(fit.jacobian, free)
    sd = np.where(undetermined, np.inf, np.sqrt(fit.variance * np.diag(inverse)))
    table = np.stack([fit.theta, sd])[:, arcs.n_extra :].reshape(2, -1, PER_ARC)
    by_tau = np.argsort(table[0, :, 1])
    table = table[:, by_tau]
    at = (arcs.n_extra + PER_ARC * by_tau + np.arange(2)[:, None]).ravel()
    closed = ~undetermined[at]
    has_tail = problem.tail_exponent is not None
    values_of, sd_of = table[0].T, table[1].T
    return FittedArcs(
        log_resistance=values_of[0],
        log_tau=values_of[1],
        alpha=values_of[2],
        log_resistance_sd=sd_of[0],
        log_tau_sd=sd_of[1],
        alpha_sd=sd_of[2],
        covariance=np.where(closed[:, None] & closed, fit.variance * inverse[np.ix_(at, at)], 0.0),
        tail_exponent=float(fit.theta[arcs.n_extra - 1]) if has_tail else None,
        tail_exponent_sd=float(sd[arcs.n_extra - 1]) if has_tail else None,
        log_tau_window=(-float(np.log(omega[0])), -float(np.log(omega[-1]))),
    )


def _choose_number(arcs: _ArcModel, extra: FloatArray, first: FloatArray) -> LeastSquaresFit:
    """The fit with as many arcs as the data are worth: from the first guess down, then up from the best."""
    best = arcs.try_starts(_rows(extra, [first]))
    smaller = best
    while starts := _with_one_less(arcs.arcs_of(smaller)):
        smaller = arcs.try_starts(_rows(extra, starts))
        gain = _gain(best, smaller)
        if gain <= 0:
            best = smaller
        elif gain > HOPELESS:
            break
    while 0 < arcs.arcs_of(best).shape[0] < MOST_PEAKS:
        starts = _with_one_more(arcs.arcs_of(best))
        larger = arcs.try_starts(_rows(best.theta[: arcs.n_extra], starts))
        spread = np.sqrt(np.diag(larger.covariance))[arcs.n_extra :: PER_ARC]
        if _gain(larger, best) <= 0 or np.any(spread > UNDETERMINED):
            break
        best = larger
    return best


def _gain(larger: LeastSquaresFit, smaller: LeastSquaresFit) -> float:
    """By how much the larger model lowers the Bayesian information criterion.

    Both are judged with as many independent residuals as the larger leaves: what is autocorrelated is no
    evidence for an arc.
    """
    count = larger.residuals.size
    independent = effective_count(larger.residuals.reshape(2, -1))
    floor = 1e-12 * count
    criteria = [bic(max(fit.cost, floor), count, fit.theta.size, independent) for fit in (smaller, larger)]
    return criteria[0] - criteria[1]


def _rows(extra: FloatArray, starts: list[FloatArray]) -> FloatArray:
    return np.array([np.concatenate([extra, arcs.ravel()]) for arcs in starts])


def _maxima(problem: DrtProblem, gamma: FloatArray, modulus: FloatArray, omega: FloatArray) -> FloatArray:
    """ln R, ln τ, α of the largest maxima, (K, 3), rising in τ."""
    reach = max(1, round(3 * SMOOTHING * math.log(10) / problem.step))
    offsets = np.arange(-reach, reach + 1) * problem.step / (SMOOTHING * math.log(10))
    kernel = np.exp(-0.5 * offsets**2)
    smooth = np.convolve(np.pad(gamma, reach, mode="constant"), kernel / kernel.sum(), "valid")
    padded = np.concatenate([[-1.0], smooth, [-1.0]])
    tops = np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]) & (smooth > 0))
    edges = _minima_between(smooth, tops.tolist())
    areas = np.array([gamma[a:b].sum() * problem.step for a, b in pairwise(edges)])
    scale = np.exp(np.interp(problem.log_tau, -np.log(omega), np.log(modulus)))
    share = areas / scale[tops] if tops.size else areas
    chosen = np.argsort(-share)[:MOST_PEAKS]
    chosen = np.sort(chosen[share[chosen] > SMALLEST_SHARE])
    rows = [(math.log(areas[k]), problem.log_tau[tops[k]], 0.9) for k in chosen]
    return np.array(rows).reshape(-1, PER_ARC)


def _minima_between(curve: FloatArray, tops: list[int]) -> list[int]:
    """Indices that part the curve at the lowest point between neighbouring maxima."""
    inner = [int(a + np.argmin(curve[a:b])) for a, b in pairwise(tops)]
    return [0, *inner, curve.size]


def _with_one_less(arcs: FloatArray) -> list[FloatArray]:
    """All ways to leave one arc out, and to join two neighbours."""
    arcs = arcs[np.argsort(arcs[:, 1])]
    count = arcs.shape[0]
    if count == 0:
        return []
    ways = [np.delete(arcs, k, axis=0) for k in range(count)]
    for k in range(count - 1):
        share = 1 / (1 + math.exp(np.clip(arcs[k + 1, 0] - arcs[k, 0], -50, 50)))
        joined = share * arcs[k] + (1 - share) * arcs[k + 1]
        joined[0] = np.logaddexp(arcs[k, 0], arcs[k + 1, 0])
        ways.append(np.concatenate([arcs[:k], joined[None], arcs[k + 2 :]]))
    return ways


def _with_one_more(arcs: FloatArray) -> list[FloatArray]:
    """Each arc parted in two, a decade apart, the smaller on either side: a shoulder has no maximum."""
    ways = []
    for k in range(arcs.shape[0]):
        for side in (-1.0, 1.0):
            large, small = arcs[k].copy(), arcs[k].copy()
            large[0] += math.log(0.85)
            small[0] += math.log(0.15)
            small[1] += side * math.log(10)
            large[2] = small[2] = max(large[2], 0.85)
            ways.append(np.concatenate([arcs[:k], [large, small], arcs[k + 1 :]]))
    return ways


class _ArcModel:
    """Residuals and Jacobian of R∞ + iωL + tail + Cole-Cole arcs for `ionscape.fit`."""

    def __init__(
        self,
        omega: FloatArray,
        z: ComplexArray,
        relative_sd: FloatArray,
        inductance: bool,
        exponent: float | None,
    ) -> None:
        self.weight = 1.0 / (np.abs(z) * relative_sd)
        self.data = z * self.weight
        self.log_omega = np.log(omega)
        self.inductance, self.tail, self.exponent = inductance, exponent is not None, exponent
        self.n_extra = 1 + inductance + 2 * self.tail
        modulus = np.abs(z)
        self.unit_resistance = float(modulus.min())
        self.unit_inductance = float(modulus[0] / omega[0])
        self.unit_tail = float(modulus[-1])
        self.n_points = omega.size
        self.resistance_range = (math.log(modulus.min() * 1e-4), math.log(modulus.max() * 1e3))
        self.tau_range = (-self.log_omega[0] - 2.3, -self.log_omega[-1] + 2.3)

    def start_of_extra(self, values: FloatArray) -> FloatArray:
        """First guess of R∞, L, tail amplitude and exponent, in the units of the fit."""
        start = [values[0] / self.unit_resistance]
        if self.inductance:
            start.append(values[1] / self.unit_inductance)
        if self.exponent is not None:
            start += [values[-1] / self.unit_tail, self.exponent]
        return np.array(start)

    def bounds(self, size: int) -> tuple[FloatArray, FloatArray]:
        """Lower and upper bounds of that many parameters."""
        count = (size - self.n_extra) // PER_ARC
        tail_low, tail_high = ([0.0, SMALLEST_EXPONENT], [np.inf, 1.0]) if self.tail else ([], [])
        lower = [0.0] * (1 + self.inductance) + tail_low
        upper = [np.inf] * (1 + self.inductance) + tail_high
        lower += [self.resistance_range[0], self.tau_range[0], SMALLEST_EXPONENT] * count
        upper += [self.resistance_range[1], self.tau_range[1], 1.0] * count
        return np.array(lower), np.array(upper)

    def arcs_of(self, fit: LeastSquaresFit) -> FloatArray:
        """ln R, ln τ, α of its arcs, (K, 3)."""
        return fit.theta[self.n_extra :].reshape(-1, PER_ARC)

    def try_starts(self, starts: FloatArray) -> LeastSquaresFit:
        """Fit, not to the last digit, from the most promising of several starts."""
        lower, upper = self.bounds(starts.shape[1])
        if starts.shape[0] > 1:
            screened = minimise(self, starts, lower, upper, iterations=SCREENING_ITERATIONS)
            starts = screened.theta[[np.argmin(screened.cost)]]
        found = minimise(self, starts, lower, upper, iterations=MOST_ITERATIONS, tolerance=1e-3)
        return summarise(found, 0, lower, upper)

    def __call__(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        rows, n = theta.shape[0], self.n_points
        slope = np.zeros((rows, n, theta.shape[1]), dtype=np.complex128)
        omega = np.exp(self.log_omega)
        slope[:, :, 0] = self.unit_resistance
        model = (theta[:, :1] * self.unit_resistance).astype(np.complex128) + np.zeros(n)
        if self.inductance:
            slope[:, :, 1] = 1j * omega * self.unit_inductance
            model = model + theta[:, 1:2] * slope[:, :, 1]
        if self.tail:
            at = 1 + self.inductance
            log_s = self.log_omega - self.log_omega[-1] + 0.5j * np.pi
            slope[:, :, at] = self.unit_tail * np.exp(-theta[:, at + 1 : at + 2] * log_s)
            tail = theta[:, at : at + 1] * slope[:, :, at]
            slope[:, :, at + 1] = -log_s * tail
            model = model + tail
        for first in range(self.n_extra, theta.shape[1], PER_ARC):
            log_r, log_tau, alpha = (theta[:, first + k, None] for k in range(PER_ARC))
            log_s = self.log_omega + log_tau + 0.5j * np.pi
            power = np.exp(alpha * log_s)
            arc = np.exp(log_r) / (1 + power)
            fall = -arc * power / (1 + power)
            slope[:, :, first] = arc
            slope[:, :, first + 1] = alpha * fall
            slope[:, :, first + 2] = log_s * fall
            model = model + arc
        residual = model * self.weight - self.data
        slope *= self.weight[None, :, None]
        return (
            np.concatenate([residual.real, residual.imag], axis=1),
            np.concatenate([slope.real, slope.imag], axis=1),
        )


def peaks_of(arcs: FittedArcs, problem: DrtProblem, gamma: FloatArray) -> tuple[Peak, ...]:
    """The arcs with what the distribution shows at their place."""
    at = [int(np.argmin(np.abs(problem.log_tau - centre))) for centre in arcs.log_tau]
    edges = _minima_between(gamma, at)
    first, last = arcs.log_tau_window
    peaks = []
    for k in range(len(at)):
        resistance, log_r_sd = math.exp(arcs.log_resistance[k]), float(arcs.log_resistance_sd[k])
        log_tau, log_tau_sd = float(arcs.log_tau[k]), float(arcs.log_tau_sd[k])
        peaks.append(
            Peak(
                resistance=resistance,
                resistance_sd=resistance * log_r_sd,
                tau=math.exp(log_tau),
                log_tau_sd=log_tau_sd,
                resistance_interval=_interval(math.log(resistance), log_r_sd),
                tau_interval=_interval(log_tau, log_tau_sd),
                alpha_estimate=float(arcs.alpha[k]),
                alpha_sd=float(arcs.alpha_sd[k]),
                resistance_between_minima=float(gamma[edges[k] : edges[k + 1]].sum() * problem.step),
                height=float(gamma[at[k]]),
                kind="resolved" if first <= log_tau <= last else "at edge of window",
            )
        )
    return tuple(peaks)


def _interval(log_value: float, log_sd: float) -> tuple[float, float]:
    if not log_sd < 10:
        return (0.0, math.inf)
    return (math.exp(log_value - log_sd), math.exp(log_value + log_sd))
