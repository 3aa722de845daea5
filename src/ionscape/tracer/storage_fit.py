"""Diffusion coefficients from how a measured profile changes in storage or annealing.

The profile before storage is measured, so nothing need be assumed of the exchange that made it: no erfc, no
liquid line, no surface reaction. Every later profile is the earlier one, spread by the diffusion in between.
Prefer this to a fit of the exchange profile where the source's edge is not sharp (N. Kuwata's group, LLTO:
8.0e-9 cm2/s from the exchange profile with its meniscus, 3.0e-9 from storage; Hasegawa 2024, figure 4).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Boltzmann

from ionscape.core.errors import InputError
from ionscape.tracer.history import History, Stage, check_history
from ionscape.tracer.propagation_1d import Edge
from ionscape.tracer.smoothing import (
    Modes,
    SmoothProfile,
    checked_profile,
    fit_smoothness,
    hyper_start,
    mode_count,
    modes_between,
)
from ionscape.tracer.storage_change import Change, at_most, bounded, change_of
from ionscape.tracer.storage_likelihood import (
    Law,
    MeasuredProfile,
    StorageLikelihood,
    choose_law,
    stage_temperatures,
)
from ionscape.tracer.storage_marginal import Marginal, Optimum, covariance_at, marginal, optimise
from ionscape.tracer.storage_scatter import departures, scatter_of, widened

FloatArray = NDArray[np.float64]
Later = tuple[ArrayLike, ArrayLike, ArrayLike | None, History]

GRID = 33  # values of theta tried for each later profile alone
WELLS = 3
_ALONE = (Stage(1.0, 300.0, 300.0),)  # one second: ln D is ln theta


@dataclass(frozen=True)
class Setting:
    """What is taken as known of sample and measurement.

    Attributes
    ----------
    left, right : "zero flux" or "fixed"
    edges : (float, float) or None
        [m]; from zero, or the first point if that is negative, to the last point if not given.
    law : "auto", "arrhenius" or "free"
        A line in 1/T or a D for each temperature, where there are several.
    activation_energy : float or None
        [J], known.
    displacement_sd : float
        [m], 1 standard deviation of a later profile's displacement against the first; inf: free.
    """

    left: Edge = "zero flux"
    right: Edge = "zero flux"
    edges: tuple[float, float] | None = None
    law: str = "auto"
    activation_energy: float | None = None
    displacement_sd: float = 0.0


@dataclass(frozen=True)
class StorageFit:
    """The joint fit of all profiles.

    Attributes
    ----------
    law : Law
    logs, covariance : (n,), (n, n) arrays
        ln D [m^2/s] at the law's temperatures; the covariance holds what profiles contradict each other.
    temperatures : tuple of float
        [K], of the constant stages.
    diffusion : tuple of Marginal
        ln D at each of these temperatures.
    activation_energy, log_prefactor : Marginal or None
        [J] and ln D0, where they are fitted.
    alone : tuple of Marginal
        ln theta [m^2] of each later profile, from it and the first alone.
    theta : (K,) array
        [m^2], of the joint fit.
    displacement, displacement_sd : (K,) arrays
        [m]
    scatter : float
        Scatter of the points in units of their counting noise (1: noise explains it all); uncertainties
        include it.
    contradiction : float
        Scatter (1 SD) of ln theta among the later profiles beyond noise; uncertainties include it.
    initial : SmoothProfile
        The initial profile, given all profiles.
    profiles : tuple of MeasuredProfile
        The first and the later ones, counting variances as the smooth profiles expect them.
    histories : tuple of History
    likelihood, optimum
        For refits.
    """

    law: Law
    logs: FloatArray
    covariance: FloatArray
    temperatures: tuple[float, ...]
    diffusion: tuple[Marginal, ...]
    activation_energy: Marginal | None
    log_prefactor: Marginal | None
    alone: tuple[Marginal, ...]
    theta: FloatArray
    displacement: FloatArray
    displacement_sd: FloatArray
    scatter: float
    contradiction: float
    initial: SmoothProfile
    profiles: tuple[MeasuredProfile, ...]
    histories: tuple[History, ...]
    likelihood: StorageLikelihood = field(repr=False)
    optimum: Optimum = field(repr=False)

    def curve(self, k: int, position: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Fraction of profile ``k`` (0: the first) at positions [m] as its file gives them, and its 1 SD.

        The band holds what is not known of the initial profile; that of D comes on top.
        """
        x = np.asarray(position, dtype=np.float64)
        shift, theta = (float(self.displacement[k - 1]), float(self.theta[k - 1])) if k else (0.0, 0.0)
        return self.initial.at(x + shift, theta)

    def quantities(self) -> FloatArray:
        """ln D at each temperature, then activation energy [J] and ln D0 where they are fitted."""
        return values_of(self.law, self.temperatures, self.logs)


def values_of(law: Law, temperatures: Sequence[float], logs: FloatArray) -> FloatArray:
    rows = functionals(law, temperatures)
    return np.array([float(weights @ logs) + constant for weights, constant in rows])


def functionals(law: Law, temperatures: Sequence[float]) -> list[tuple[FloatArray, float]]:
    """Weights and constants of ln D at the temperatures, and of energy and ln D0 of an Arrhenius law."""
    rows = [law.weights(t) for t in temperatures]
    if law.kind == "arrhenius":
        inverse = 1 / law.temperatures
        rows.append((np.array([-1.0, 1.0]) * Boltzmann / (inverse[0] - inverse[1]), 0.0))
        rows.append(law.weights(math.inf))
    return rows


def fit_storage(
    position0: ArrayLike, fraction0: ArrayLike, variance0: ArrayLike | None, later: Sequence[Later], *,
    left: Edge = "zero flux", right: Edge = "zero flux", edges: tuple[float, float] | None = None,
    law: str = "auto", known: Mapping[str, float] | None = None, displacement_sd: float = 0.0,
) -> StorageFit:  # fmt: skip
    """Fit D, or D0 and the activation energy, to profiles before and after storage.

    Parameters
    ----------
    position0, fraction0, variance0 : (N,) arrays
        [m], increasing; isotope fraction; its variance from counting (None: estimated from the scatter).
    later : sequence of (position, fraction, variance, history)
        Each with its history since the first profile: stages, or a `Programme`.
    left, right : "zero flux" or "fixed"
        Edges of the sample: closed to the tracer, or held at a fraction that is fitted.
    edges : (float, float), optional
        [m], where they are; by default zero (or the first point, if negative) and the last point.
    law : "auto", "arrhenius" or "free"
        Where there are several temperatures: a line of ln D in 1/T (auto, arrhenius), or a D for each.
    known : mapping, optional
        ``{"activation_energy": J}`` where it is known.
    displacement_sd : float
        [m], 1 standard deviation of each later profile's displacement against the first (a new cut or
        mount); 0: none, inf: free.

    Raises
    ------
    InputError
        If profiles or histories cannot be used; the message names which.
    """
    unknown = set(known or {}) - {"activation_energy"}
    if unknown:
        raise InputError(f"known may hold 'activation_energy', not {', '.join(sorted(unknown))}")
    first = MeasuredProfile(*checked_profile(position0, fraction0, variance0, "the first profile"))
    others = [MeasuredProfile(*checked_profile(x, c, v, f"later profile {i + 1}"))
              for i, (x, c, v, _) in enumerate(later)]  # fmt: skip
    stated = [variance0 is not None, *(v is not None for _, _, v, _ in later)]
    if len(set(stated)) > 1:
        raise InputError("give the variance of all profiles or of none: they are weighed against each other")
    setting = Setting(left, right, edges, law, (known or {}).get("activation_energy"), displacement_sd)
    return fit_profiles(first, others, [h for *_, h in later], setting, known_noise=stated[0])


def fit_profiles(
    first: MeasuredProfile, later: Sequence[MeasuredProfile], histories: Sequence[History], setting: Setting,
    *, known_noise: bool = True,
) -> StorageFit:  # fmt: skip
    """`fit_storage` of checked profiles; counts, where there are, give expected variances."""
    if not later:
        raise InputError("storage needs a profile before and at least one after it")
    for k, history in enumerate(histories):
        check_history(history, f"the storage before later profile {k + 1}")
    if setting.law not in ("auto", "arrhenius", "free"):
        raise InputError(f"law must be 'auto', 'arrhenius' or 'free', got {setting.law!r}")
    if not setting.displacement_sd >= 0:
        raise InputError(f"the displacement's standard deviation cannot be {setting.displacement_sd:g} m")
    law = choose_law(histories, setting.law, setting.activation_energy)
    low, high = _edges(first, later, setting.edges)
    modes = modes_between(low, high, setting.left, setting.right, mode_count(first.fraction.size))
    first = _expected(modes, first, known_noise=known_noise)
    later = [_expected(modes, profile, known_noise=known_noise) for profile in later]
    smooth = fit_smoothness(modes, first.position, first.fraction, first.variance, known_noise=known_noise)
    hyper = np.log([smooth.amplitude, smooth.correlation_length, smooth.scatter])
    bounds = hyper_start(modes, [first.position], first.fraction, first.variance, known_noise=known_noise)[1]
    alone = [_alone(modes, first, profile, setting.displacement_sd, hyper, bounds) for profile in later]
    likelihood = StorageLikelihood(modes, first, later, histories, law, setting.displacement_sd)
    best = _joint(likelihood, alone, hyper, bounds)
    return _summary(likelihood, best, tuple(m for m, _ in alone))


def _edges(
    first: MeasuredProfile, later: Sequence[MeasuredProfile], stated: tuple[float, float] | None
) -> tuple[float, float]:
    """Of the sample, checked against all positions."""
    spans = [(float(p.position[0]), float(p.position[-1])) for p in (first, *later)]
    for k, (low, high) in enumerate(spans[1:]):
        if high <= spans[0][0] or low >= spans[0][1]:
            raise InputError(f"later profile {k + 1} lies at {low:g} to {high:g} m, the first at "
                             f"{spans[0][0]:g} to "
                             f"{spans[0][1]:g} m: they do not overlap")  # fmt: skip
    low, high = min(min(span) for span in spans), max(max(span) for span in spans)
    if stated is None:
        return min(low, 0.0), high
    if not (stated[0] <= low and high <= stated[1]):
        raise InputError(f"positions from {low:g} to {high:g} m lie outside the sample's edges, "
                         f"{stated[0]:g} and "
                         f"{stated[1]:g} m")  # fmt: skip
    return stated


def _expected(modes: Modes, profile: MeasuredProfile, *, known_noise: bool) -> MeasuredProfile:
    """The profile with the counting variance that its own smooth curve expects."""
    if profile.total is None:
        return profile
    x = profile.position
    curve = fit_smoothness(modes, x, profile.fraction, profile.variance, known_noise=known_noise)
    return profile.reweighted(curve.at(x)[0])


def _alone(
    modes: Modes, first: MeasuredProfile, later: MeasuredProfile, displacement_sd: float, hyper: FloatArray,
    bounds: list[tuple[float, float]],
) -> tuple[Marginal, FloatArray]:  # fmt: skip
    """ln theta of one later profile, and the most likely q."""
    likelihood = StorageLikelihood(modes, first, [later], [_ALONE], Law("constant", np.array([300.0])),
                                   displacement_sd)  # fmt: skip
    limits = _theta_limits(modes, first)
    best = _best_of_wells(likelihood, limits, hyper, bounds)
    return marginal(likelihood, best, np.ones(1), 0.0), best.q


def _best_of_wells(
    likelihood: StorageLikelihood, limits: tuple[float, float], hyper: FloatArray,
    bounds: list[tuple[float, float]],
) -> Optimum:  # fmt: skip
    """Every well of the likelihood over ln theta, gone to its bottom; the deepest."""
    from scipy.optimize import minimize_scalar

    shifts, grid = np.zeros(likelihood.n_shifts), np.linspace(*limits, GRID)

    def cost(at: float) -> float:
        return likelihood.cost(np.concatenate([[at], shifts, hyper]))[0]

    costs = np.array([cost(float(at)) for at in grid])
    edged = np.concatenate([[np.inf], costs, [np.inf]])
    wells = np.flatnonzero((costs <= edged[:-2]) & (costs < edged[2:]))
    found = []
    for i in wells[np.argsort(costs[wells])][:WELLS]:
        between = float(grid[max(i - 1, 0)]), float(grid[min(i + 1, GRID - 1)])
        at = minimize_scalar(cost, bounds=between, method="bounded", options={"xatol": 1e-3}).x
        found.append(optimise(likelihood, np.concatenate([[at], shifts, hyper]),
                              _all_bounds(likelihood, [limits], bounds)))  # fmt: skip
    return _at(likelihood, *min(found, key=lambda one: one[1]), _all_bounds(likelihood, [limits], bounds))


def _theta_limits(modes: Modes, first: MeasuredProfile) -> tuple[float, float]:
    """ln theta that moves nothing, and that leaves nothing to be seen."""
    gap = float(np.median(np.diff(first.position)))
    slowest = float(modes.wavenumber[modes.n_still])
    return math.log((0.03 * gap) ** 2), math.log(20 / slowest**2)


def _all_bounds(
    likelihood: StorageLikelihood, logs: list[tuple[float, float]], hyper: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    reach = 8.0 if np.isfinite(likelihood.displacement_sd) else 25.0  # free: half the sample
    return [*logs, *[(-reach, reach)] * likelihood.n_shifts, *hyper]


def _at(
    likelihood: StorageLikelihood, q: FloatArray, cost: float, bounds: list[tuple[float, float]]
) -> Optimum:
    return Optimum(q, cost, covariance_at(likelihood, q, bounds), bounds)


def _joint(
    likelihood: StorageLikelihood, alone: Sequence[tuple[Marginal, FloatArray]], hyper: FloatArray,
    bounds: list[tuple[float, float]],
) -> Optimum:  # fmt: skip
    """From the thetas of the single profiles to the parameters of all."""
    low, high = _theta_limits(likelihood.modes, likelihood.start)
    shortest = likelihood.law.works(likelihood.histories, np.zeros(likelihood.n_logs))[0]
    logs = [(low - math.log(shortest.max()) - 7, high - math.log(shortest.min()) + 7)] * likelihood.n_logs
    if likelihood.n_logs == 1:
        logs = [(low - math.log(shortest.max()), high - math.log(shortest.min()))]
    wanted = np.array([q[0] for _, q in alone])
    sure = np.array([1 / max(m.spread, 0.02) if m.status == "determined" else 0.3 for m, _ in alone])
    start = _start(likelihood, wanted, sure, logs)
    shifts = [q[1] for _, q in alone] if likelihood.n_shifts else []
    every = _all_bounds(likelihood, logs, bounds)
    return _at(likelihood, *optimise(likelihood, np.concatenate([start, shifts, hyper]), every), every)


def _start(
    likelihood: StorageLikelihood, wanted: FloatArray, sure: FloatArray, bounds: list[tuple[float, float]]
) -> FloatArray:
    """ln D that explain the thetas of the single profiles best."""
    from scipy.optimize import least_squares

    n = likelihood.n_logs

    def distance(logs: FloatArray) -> FloatArray:
        theta = likelihood.law.works(likelihood.histories, logs)[0]
        gentle = 1e-3 * (logs - logs.mean())  # where fewer profiles than temperatures tell anything
        return np.concatenate([sure * (np.log(theta) - wanted), gentle])

    unit = np.log(likelihood.law.works(likelihood.histories, np.zeros(n))[0])
    level = float(np.average(wanted - unit, weights=sure))
    low, high = (np.array([b[side] for b in bounds]) for side in (0, 1))
    spread = np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
    tilts = (0.0, 2.0, 4.0, 6.0) if n > 1 else (0.0,)
    starts = [np.clip(level + tilt * spread, low + 1e-6, high - 1e-6) for tilt in tilts]
    found = [least_squares(distance, start, bounds=(low, high)) for start in starts]
    return np.asarray(min(found, key=lambda f: f.cost).x)


def _summary(likelihood: StorageLikelihood, best: Optimum, alone: tuple[Marginal, ...]) -> StorageFit:
    n, law = likelihood.n_logs, likelihood.law
    logs, shifts, amplitude, length, noise = likelihood.split(best.q)
    temperatures = stage_temperatures(likelihood.histories) or law.temperatures.tolist()  # ramps alone
    rows = functionals(law, temperatures)
    found = likelihood.amplitudes(best.q)
    initial = SmoothProfile(likelihood.modes, found.mean, found.covariance, length, amplitude, noise)
    changes = _changes(likelihood, initial)
    alone = tuple(_unless_unchanged(one, change) for one, change in zip(alone, changes, strict=True))
    covariance = best.covariance[:n, :n]
    theta, slopes = law.works(likelihood.histories, logs)
    slopes = slopes / theta[:, None]
    contradiction, more = scatter_of(*departures(alone, theta, slopes, covariance), slopes)
    marginals = bounded([marginal(likelihood, best, *row) for row in rows], rows, temperatures, law,
                        likelihood.histories, logs, covariance, changes)  # fmt: skip
    marginals = [widened(one, math.sqrt(float(weights @ more @ weights)))
                 for one, (weights, _) in zip(marginals, rows, strict=True)]  # fmt: skip
    arrhenius = law.kind == "arrhenius"
    spread = np.sqrt(np.diag(best.covariance)[n : n + likelihood.n_shifts]) * likelihood.shift_scale
    return StorageFit(
        law=law, logs=logs, covariance=covariance + more, temperatures=tuple(temperatures),
        diffusion=tuple(marginals[: len(temperatures)]),
        activation_energy=marginals[-2] if arrhenius else None,
        log_prefactor=marginals[-1] if arrhenius else None,
        alone=alone, theta=theta, contradiction=contradiction,
        displacement=shifts, displacement_sd=spread if likelihood.n_shifts else np.zeros(shifts.size),
        scatter=noise, initial=initial,
        profiles=(likelihood.start, *likelihood.later), histories=likelihood.histories,
        likelihood=likelihood, optimum=best,
    )  # fmt: skip


def _changes(likelihood: StorageLikelihood, initial: SmoothProfile) -> list[Change | None]:
    """Of every later profile against the first."""
    limits = _theta_limits(likelihood.modes, likelihood.start)
    moved = likelihood.n_shifts > 0
    return [change_of(initial, likelihood.start, later, limits, displaced=moved)
            for later in likelihood.later]  # fmt: skip


def _unless_unchanged(alone: Marginal, change: Change | None) -> Marginal:
    """An upper bound where the profile has not changed."""
    return alone if change is None or change.significant else at_most(alone, change.upper)


__all__ = ["Setting", "StorageFit", "fit_profiles", "fit_storage"]
