"""Fit a tracer profile: position and isotope fraction in, diffusion coefficient with honest bounds out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import Estimate
from ionscape.core.position_scale import increasing
from ionscape.core.serial import storable
from ionscape.fit.information import bic
from ionscape.fit.least_squares import LeastSquaresFit
from ionscape.tracer.counting import IsotopeFraction
from ionscape.tracer.far_edge import in_slab, reason_of_edge
from ionscape.tracer.profile_choice import Candidate, Tried, choose, table_of
from ionscape.tracer.profile_estimates import (
    derived,
    estimates_of,
    moved,
    scaled,
    sensitivities,
    with_doubt,
)
from ionscape.tracer.profile_models import DIFFUSION, DIMENSIONS, INITIAL, MODELS, SOURCE, SURFACE
from ionscape.tracer.profile_problem import Problem, ProfileData
from ionscape.tracer.profile_words import motion_reasons, reasons_of, warnings_of
from ionscape.tracer.surface_motion import motion_of, with_motion

FloatArray = NDArray[np.float64]
Pair = float | tuple[float, float]
"""A value, or a value with its standard uncertainty."""

FEWEST = 5
RESOLUTION = "resolution"


@storable
@dataclass(frozen=True)
class ProfileFit:
    """A fitted profile.

    Attributes
    ----------
    model : str
    parameters : mapping of str to Estimate
        In SI, correlated; ``undetermined`` or a bound where the data leave them open.
    given : mapping of str to float
        Parameters that were stated and not fitted.
    position, fraction, deviation, fitted : (N,) arrays
        [m]; deviation is 1 standard deviation of each fraction (from the scatter where none was given).
    curve_position, curve : (M,) arrays
        The fitted curve on a fine grid.
    alternatives : mapping of str to (M,) array
        The curves of the other candidates.
    time : float
        [s] of the exchange.
    rms : float
        Of fraction minus fitted.
    chi_square_per_freedom : float
        nan where no errors were given.
    correlation, widened, chance_of_runs : float
        Of the residuals, see `ionscape.tracer.profile_noise.Noise`.
    candidates : tuple of Candidate
        All models tried, the chosen one first.
    reasons : tuple of str
        Why this model, and what is not fixed.
    warnings : tuple of str
    """

    model: str
    parameters: Mapping[str, Estimate]
    given: Mapping[str, float]
    position: FloatArray
    fraction: FloatArray
    deviation: FloatArray
    fitted: FloatArray
    curve_position: FloatArray
    curve: FloatArray
    alternatives: Mapping[str, FloatArray]
    time: float
    rms: float
    chi_square_per_freedom: float
    correlation: float
    widened: float
    chance_of_runs: float
    candidates: tuple[Candidate, ...] = ()
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def diffusion_coefficient(self) -> Estimate:
        """D* [m^2/s]."""
        return self.parameters[DIFFUSION]

    @property
    def diffusion_length(self) -> Estimate:
        """sqrt(Dt) [m]."""
        from ionscape.core.estimate import exact
        from ionscape.core.quantity import named_dimension

        return (self.diffusion_coefficient * exact(self.time, named_dimension("time"))) ** 0.5


@dataclass(frozen=True)
class _Given:
    """What is stated with an uncertainty: value and 1 standard deviation by name."""

    values: dict[str, float] = field(default_factory=dict)
    deviations: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, stated: Pair | None) -> None:
        if stated is None:
            return
        value, deviation = stated if isinstance(stated, tuple) else (float(stated), 0.0)
        if not (math.isfinite(value) and deviation >= 0):
            raise InputError(f"{name.replace('_', ' ')}: expected a number with an uncertainty, got {stated}")
        self.values[name] = value
        if deviation > 0:
            self.deviations[name] = deviation


def fit_profile(
    position: ArrayLike, fraction: ArrayLike | IsotopeFraction, *, exchange_time: Pair,
    variance: ArrayLike | None = None, model: str | None = None, candidates: Sequence[str] = (),
    initial_fraction: Pair | None = None, source_fraction: Pair | None = None,
    surface_position: Pair | str = 0.0, surface_motion: float | None = None,
    resolution: Pair | None = None, sample_length: float | None = None,
    position_uncertainty: float = 0.0, fast_boundaries: bool = True,
    source: str | None = None, shared_source: str | None = None,
) -> ProfileFit:  # fmt: skip
    """Fit an exchange profile by least squares; the model is chosen from the data unless given.

    Parameters
    ----------
    position : (N,) array
        Distance from the face that was exchanged [m], increasing.
    fraction : (N,) array or IsotopeFraction
        Isotope fraction, or any signal proportional to its excess; an `IsotopeFraction` brings its counting
        errors, which then follow the fitted fraction.
    exchange_time : float or (float, float)
        [s], with its standard uncertainty.
    variance : (N,) array, optional
        Of each fraction; equal errors, estimated from the scatter, unless given.
    model : str, optional
        A name of `ionscape.tracer.profile_models.MODELS`.
    candidates : sequence of str, optional
        Models to choose from.
    initial_fraction, source_fraction : float or (float, float), optional
        Before the exchange, and of the source; fitted unless given.
    surface_position : float, (float, float), "free" or "auto"
        [m]; ``auto`` fits it where the data ask for a surface inside the profile, as a meniscus makes it.
    surface_motion : float, optional
        1 standard deviation [m] by which the source moved along the sample during the exchange, about a mean
        that the fit holds at rest; 0: it rested. Unless given, a tenth of the distance at which a free
        surface is found inside the profile, and none for a stated surface.
    resolution : float or (float, float), optional
        1 standard deviation of the instrument's resolution [m], with its standard uncertainty.
    sample_length : float, optional
        Length of the sample along the diffusion [m]: models with a closed far edge are used where needed.
    position_uncertainty : float
        Relative standard uncertainty of the position scale; enters D twice.
    fast_boundaries : bool
        Whether the sample may have fast grain boundaries.
    source, shared_source : str, optional
        Roots of the names of latents: of this fit, and of causes it shares with others.

    Raises
    ------
    InputError
        If the arrays or options cannot be used: the message says which and what to do.
    AnalysisError
        If no model applies, e.g. a semi-infinite one where the tracer has reached the far edge.

    Notes
    -----
    Where several models were tried and fit about as well, the uncertainty of D holds their differences, each
    weighted by exp(-AICc/2) (Buckland, Burnham and Augustin 1997).

    Where a grain boundary blocks rather than conducts, a profile over many grains gives the effective
    coefficient across them; no model of fast boundaries applies then.
    """
    data, shared, known, notes = _data(position, fraction, variance, exchange_time, resolution, sample_length)
    given, surface = _given(initial_fraction, source_fraction, surface_position)
    _question_fractions(data, given.values)
    if model is not None and candidates:
        raise InputError("give either a model or candidates to choose from, not both")
    tried = choose(data, given.values, known=known, surface=surface,
                   names=(model,) if model is not None else tuple(candidates),
                   boundaries=fast_boundaries)  # fmt: skip
    best = tried[0]
    fit = scaled(best.fit, best.noise)
    _refuse_far_edge(tried)
    own = source or f"profile {uuid4()}"
    found = estimates_of(best.problem, fit, best.noise, own)
    found = derived(found, best.problem.fixed)
    found[DIFFUSION] = with_doubt(found[DIFFUSION], table_of(tried), f"{own}#model")
    if isinstance(resolution, tuple) and resolution[1] > 0:
        given.deviations[RESOLUTION] = resolution[1]
    causes = _Causes(shared_source or own, best.problem, fit, given.deviations, shared)
    time_spread = exchange_time[1] / exchange_time[0] if isinstance(exchange_time, tuple) else 0.0
    found = causes.applied(found, position_uncertainty, time_spread)
    motion = motion_of(surface_motion, found)
    found, doubt = with_motion(found, best.problem, fit, motion, f"{own}#surface motion")
    moved_words = motion_reasons(motion, doubt, stated=surface_motion is not None)
    return _report(tried, found, known, notes, moved_words)


def _refuse_far_edge(tried: Sequence[Tried]) -> None:
    """Refuse where the tracer has reached the far edge: by this model, or as a better reading of a tail."""
    best = tried[0]
    reason = reason_of_edge(best.problem, scaled(best.fit, best.noise))
    simple = next((one for one in tried if in_slab(one.problem, 1.0) is not None), None)
    if not reason and simple is not None and simple is not best:
        rival = bic(best.fit.cost, best.fit.residuals.size, len(best.problem.names))
        reason = reason_of_edge(simple.problem, scaled(simple.fit, simple.noise), rival=rival)
    if reason:
        raise AnalysisError(reason)


def _data(
    position: ArrayLike, fraction: ArrayLike | IsotopeFraction, variance: ArrayLike | None,
    exchange_time: Pair, resolution: Pair | None, sample_length: float | None,
) -> tuple[ProfileData, Mapping[str, FloatArray], bool, tuple[str, ...]]:  # fmt: skip
    """The profile checked, what its points share, whether the errors are known, and notes."""
    x = increasing(position, "position")
    counted = fraction if isinstance(fraction, IsotopeFraction) else None
    c = np.asarray(counted.fraction if counted is not None else fraction, dtype=np.float64)
    if counted is not None and variance is None and not np.all(np.isnan(counted.variance)):
        variance = counted.variance
    v = np.ones(c.shape) if variance is None else np.asarray(variance, dtype=np.float64)
    if c.shape != x.shape or v.shape != x.shape:
        raise InputError(f"position has {x.size} points, fraction {c.size} and its variance {v.size}: "
                         "they must "
                         "belong together")  # fmt: skip
    kept = np.isfinite(c) & np.isfinite(v)
    if variance is not None and not np.all(v[kept] > 0):
        raise InputError("the variance of every fraction must be larger than zero")
    if int(kept.sum()) < FEWEST:
        raise InputError(f"a profile needs at least {FEWEST} points with a fraction, got {int(kept.sum())}")
    time, blur = _value(exchange_time), None if resolution is None else _value(resolution)
    if not (math.isfinite(time) and time > 0):
        raise InputError(f"the exchange time must be larger than zero, got {time:g} s")
    for name, value in (("resolution", blur), ("sample_length", sample_length)):
        if value is not None and not value > 0:
            raise InputError(f"{name} must be larger than zero, got {value:g} m")
    if sample_length is not None and x[-1] > sample_length * 1.001:
        raise InputError(
            f"the profile reaches to {x[-1]:g} m, beyond the sample's length of {sample_length:g} m"
        )
    trials = None
    if counted is not None and counted.total is not None:
        total = counted.total[kept]
        share = np.clip(c[kept], 0.5 / (total + 1), 1 - 0.5 / (total + 1))
        trials = share * (1 - share) / v[kept]
    shared = {name: s[kept] for name, s in counted.systematic.items()} if counted is not None else {}
    notes = counted.warnings if counted is not None else ()
    data = ProfileData(x[kept], c[kept], np.sqrt(v[kept]), time, trials, blur or 0.0, sample_length)
    return data, shared, variance is not None, notes


def _question_fractions(data: ProfileData, given: Mapping[str, float]) -> None:
    """Whether the profile falls while the stated fractions say that it rises, or the other way round."""
    if INITIAL not in given or SOURCE not in given:
        return
    count = max(data.fraction.size // 20, 1)
    near, far = float(np.mean(data.fraction[:count])), float(np.mean(data.fraction[-count:]))
    stated = given[SOURCE] - given[INITIAL]
    if (near - far) * stated >= 0 or abs(near - far) < 0.5 * abs(stated):
        return
    verb = "falls" if near > far else "rises"
    raise InputError(
        f"the profile {verb} from {near:.3g} at the surface to {far:.3g}, but the study says "
        f"source_fraction {given[SOURCE]:.3g} and initial_fraction {given[INITIAL]:.3g}: are they swapped?"
    )


def _value(stated: Pair) -> float:
    return stated[0] if isinstance(stated, tuple) else float(stated)


def _given(initial: Pair | None, source: Pair | None, surface: Pair | str) -> tuple[_Given, str]:
    """Stated parameters, and what becomes of the surface's position."""
    given = _Given()
    given.add(INITIAL, initial)
    given.add(SOURCE, source)
    if isinstance(surface, str):
        if surface not in ("free", "auto"):
            raise InputError(f"surface_position: expected a position, 'free' or 'auto', got {surface!r}")
        given.add(SURFACE, 0.0)
        return given, surface
    given.add(SURFACE, surface)
    return given, "fixed"


@dataclass(frozen=True)
class _Causes:
    """Uncertainties of what was stated, carried over to what was fitted."""

    root: str
    problem: Problem
    fit: LeastSquaresFit
    deviations: Mapping[str, float]
    shared: Mapping[str, FloatArray]

    def applied(self, found: Mapping[str, Estimate], position: float, time: float) -> dict[str, Estimate]:
        """The estimates with the weights of all these causes added."""
        moves = sensitivities(self.problem, self.fit, self._shifts())
        logs = dict(zip(self.problem.names, self.problem.logs, strict=True))
        result = {}
        for name, estimate in found.items():
            if estimate.status == "determined":
                weights = {self._name(cause): move[name] for cause, move in moves.items()
                           if move.get(name)}  # fmt: skip
                estimate = moved(estimate, weights, relative=bool(logs.get(name, False)))
                metre, second = DIMENSIONS[name][0], DIMENSIONS[name][2]
                scales = {self._name("position scale"): metre * position,
                          self._name("exchange time"): second * time}  # fmt: skip
                estimate = moved(estimate, {k: w for k, w in scales.items() if w}, relative=True)
            result[name] = estimate
        return result

    def _name(self, cause: str) -> str:
        return f"{self.root}#{cause.replace('_', ' ')}"

    def _shifts(self) -> dict[str, FloatArray]:
        """Change of the weighted residuals for 1 standard deviation of each cause."""
        deviation, theta = self.problem.data.deviation, self.fit.theta[None]
        shifts = {cause: -shift / deviation for cause, shift in self.shared.items()}
        for name, spread in self.deviations.items():
            if name == RESOLUTION or name in self.problem.fixed:
                up, down = (self._changed(name, step).curve(theta)[0] for step in (spread / 2, -spread / 2))
                shifts[name] = (up - down) / deviation
        return shifts

    def _changed(self, name: str, step: float) -> Problem:
        """The problem with one stated number changed."""
        if name == RESOLUTION:
            data = self.problem.data
            return replace(self.problem, data=replace(data, resolution=max(data.resolution + step, 0.0)))
        fixed = {**self.problem.fixed, name: self.problem.fixed[name] + step}
        return replace(self.problem, fixed=fixed)


def _report(
    tried: Sequence[Tried], found: Mapping[str, Estimate], known: bool, notes: tuple[str, ...],
    reasons: tuple[str, ...],
) -> ProfileFit:  # fmt: skip
    best = tried[0]
    problem, noise, data = best.problem, best.noise, best.problem.data
    fitted = problem.curve(best.fit.theta[None])[0]
    grid = np.linspace(min(data.position[0], 0.0), data.position[-1], 300)
    candidates = table_of(tried)
    scale = 1.0 if known else math.sqrt(noise.variance) / noise.widened
    chi = best.fit.cost / max(best.fit.degrees_of_freedom, 1) if known else math.nan
    record: dict[str, Any] = {
        "model": problem.model.name, "parameters": found, "given": dict(problem.fixed),
        "position": data.position, "fraction": data.fraction, "deviation": data.deviation * scale,
        "fitted": fitted, "curve_position": grid, "curve": problem.curve(best.fit.theta[None], grid)[0],
        "alternatives": {entry.title: one.problem.curve(one.fit.theta[None], grid)[0]
                         for entry, one in zip(candidates[1:], tried[1:], strict=True)},
        "time": data.time, "rms": float(np.sqrt(np.mean((data.fraction - fitted) ** 2))),
        "chi_square_per_freedom": chi, "correlation": noise.correlation, "widened": noise.widened,
        "chance_of_runs": noise.chance_of_runs, "candidates": candidates,
    }  # fmt: skip
    return ProfileFit(**record, reasons=(*reasons, *reasons_of(candidates, found, problem)),
                      warnings=(*notes, *warnings_of(tried, found)))  # fmt: skip


__all__ = ["MODELS", "ProfileFit", "fit_profile"]
