"""Simulations of a study's conductor: what is read off at the end of every stage, and what errors do to it.

Every output is propagated linearly: the parameters move by 1 SD up and down, one by one, and the change goes
with the latents of that parameter. Outputs and inputs that share a cause stay correlated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import IonscapeError
from ionscape.core.estimate import Estimate, Scale
from ionscape.core.quantity import DIMENSIONLESS, Dimension, dimension_of
from ionscape.replacement.profile_summary import summarise
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.simulate_options import MixingTime
from ionscape.replacement.simulated_glass import Glass
from ionscape.replacement.simulation import Description, simulate

FloatArray = NDArray[np.float64]
Key = tuple[str, str]
"""Quantity, and the item that tells which stage and ion."""

QUARTERS = (0.25, 0.5, 0.75)  # of a driven stage, at which profiles are kept for the figures
BENT = 0.3  # of 1 SD: from this difference between up and down an output is called bent
_LEAST = 0.2  # of its value: how far a positive parameter is moved down at most
_LINEAR = ("excess_charge", "intermixing_shift")
_DIMENSIONS = {"front_depth": "m", "front_width": "m", "attached_charge": "C/m^2", "film_voltage": "V",
               "bulk_voltage": "V"}  # fmt: skip


@dataclass(frozen=True)
class StageEnd:
    """The end of a stage.

    Attributes
    ----------
    number : int
        From 1.
    time : float
        [s] from the start of the programme.
    ion : str
        That entered; empty at rest.
    name : str
        To print: the ion, with the stage's number where it enters more than once; ``rest (stage 2)``.
    text : str
        As the study states the stage.
    """

    number: int
    time: float
    ion: str
    name: str
    text: str


@dataclass(frozen=True)
class Prediction:
    """One simulation, and what 1 SD of every parameter does to it.

    Attributes
    ----------
    mixing : MixingTime
    result : Replacement
    moved : mapping of str to ((z, Replacement), (z, Replacement))
        Per parameter with an error: by how many SD it was moved, and the result.
    """

    mixing: MixingTime
    result: Replacement
    moved: Mapping[str, tuple[tuple[float, Replacement], tuple[float, Replacement]]] = field(
        default_factory=dict
    )


def stage_ends(glass: Glass) -> tuple[StageEnd, ...]:
    """The ends of all stages."""
    found: list[StageEnd] = []
    entered = [stage.ion for stage in glass.stages if stage.control != "rest"]
    time = 0.0
    for number, stage in enumerate(glass.stages, start=1):
        time += stage.duration
        ion = stage.ion if stage.control != "rest" else ""
        alone = ion and entered.count(ion) == 1
        found.append(
            StageEnd(number, time, ion, ion if alone else f"{ion or 'rest'} (stage {number})", stage.text)
        )
    return tuple(found)


def saved_times(glass: Glass) -> tuple[float, ...]:
    """[s] Ends of the stages, quarters of the driven ones, and what the study asks for."""
    times, begin, total = set[float](), 0.0, math.fsum(stage.duration for stage in glass.stages)
    for stage, end in zip(glass.stages, stage_ends(glass), strict=True):
        if stage.control != "rest":
            times |= {begin + share * stage.duration for share in QUARTERS}
        times.add(end.time)
        begin = end.time
    times |= {wanted.value for wanted in glass.options.save_at}
    return tuple(sorted(t for t in times if 0 < t < total * (1 - 1e-12)))


def run(
    glass: Glass, values: Mapping[str, float], mixing_time: float, description: Description = "electroneutral"
) -> Replacement:
    """One simulation with these values [SI] of the parameters."""
    options = glass.options
    faces = None
    if options.film_depth is not None:
        faces = np.linspace(0.0, options.film_depth.value, options.cells + 1)
    return simulate(
        glass.conductor(values, mixing_time), glass.programme(values), description=description,
        faces=faces, cells=options.cells, save_at=saved_times(glass),
    )  # fmt: skip


def predicted(glass: Glass, mixing: MixingTime, description: Description = "electroneutral") -> Prediction:
    """The simulation at the best values, and with every uncertain parameter moved up and down."""
    best = glass.best
    result = run(glass, best, mixing.seconds, description)
    moved = {}
    for name, estimate in glass.parameters.items():
        if estimate.spread > 0:
            ends = []
            for z in _steps(estimate):
                value = estimate.value * math.exp(z * estimate.spread) if estimate.scale == "log" else (
                    estimate.value + z * estimate.spread
                )  # fmt: skip
                ends.append((z, run(glass, best | {name: value}, mixing.seconds, description)))
            moved[name] = (ends[0], ends[1])
    return Prediction(mixing, result, moved)


def _steps(estimate: Estimate) -> tuple[float, float]:
    """SDs down and up; a positive parameter stays positive."""
    if estimate.scale == "log" or estimate.value <= 0:
        return -1.0, 1.0
    return -min(1.0, (1 - _LEAST) * estimate.value / estimate.spread), 1.0


# ---- reading off --------------------------------------------------------------------------------------
def saved_index(result: Replacement, time: float) -> int:
    """Which of the saved profiles belongs to a time [s]."""
    return int(np.argmin(np.abs(result.time - time)))


def outputs(result: Replacement, glass: Glass) -> dict[Key, float]:
    """Quantities at the end of every driven stage [SI].

    Of a stage in which an ion M enters, plateau, front depth and front width are those of what it has not
    replaced, 1 - u_M (for the first ion: the native one), by the definitions of `summarise`. Where several
    ions were there before, the share that each keeps behind the front is given as ``M: ion``.
    """
    found: dict[Key, float] = {}
    begin = 0.0
    for stage, end in zip(glass.stages, stage_ends(glass), strict=True):
        if end.ion:
            at = saved_index(result, end.time)
            found |= _front(result, glass, end, at)
            found["attached_charge", end.name] = _charge(result, begin, end.time)
            k = max(int(np.searchsorted(result.trace_time, end.time * (1 - 1e-9))), 0)
            k = min(k, result.trace_time.size - 1)
            found["film_voltage", end.name] = float(result.film_voltage[k])
            found["bulk_voltage", end.name] = float(result.bulk_voltage[k])
            found["excess_charge", end.name] = float(result.excess_charge[at].min())
        begin += stage.duration
    return found


def _front(result: Replacement, glass: Glass, end: StageEnd, at: int) -> dict[Key, float]:
    before = glass.ions[: glass.ions.index(end.ion)] if end.ion != glass.ions[0] else ()
    here = [ion for ion in before if result.fractions[ion][at].max() > 0] or [glass.ions[0]]
    left = np.asarray(sum(result.fractions[ion][at] for ion in here))
    plateau, depth, width = summarise(result.faces, left)
    found = {("plateau_fraction", end.name): plateau, ("front_depth", end.name): depth,
             ("front_width", end.name): width}  # fmt: skip
    if len(here) > 1:
        low, high = 0.35 * depth, 0.75 * depth
        for ion in here:
            amount = amount_between(result.faces, result.fractions[ion][at], low, high)
            found["plateau_fraction", f"{end.name}: {ion}"] = amount / (high - low)
    return {key: value for key, value in found.items() if math.isfinite(value)}


def amount_between(faces: FloatArray, fraction: FloatArray, low: float, high: float) -> float:
    """Integral [m] of a fraction between two depths [m]."""
    amount = np.concatenate([[0.0], np.cumsum(fraction * np.diff(faces))])
    ends = np.interp([low, high], faces, amount)
    return float(ends[1] - ends[0])


def _charge(result: Replacement, begin: float, end: float) -> float:
    """[C/m^2] that went in between two times: the trace of the current, straight between its points."""
    inside = (result.trace_time > begin * (1 + 1e-9)) & (result.trace_time <= end * (1 + 1e-9))
    time, current = result.trace_time[inside], result.current_density[inside]
    if time.size == 0:
        return math.nan
    return float(np.trapezoid(np.concatenate([current[:1], current]), np.concatenate([[begin], time])))


# ---- propagation --------------------------------------------------------------------------------------
def estimates(
    glass: Glass, prediction: Prediction, read: Callable[[Replacement], Mapping[Key, float]]
) -> tuple[dict[Key, Estimate], tuple[Key, ...]]:
    """Estimates of what ``read`` reads off, and the keys of those whose response is bent."""
    best = read(prediction.result)
    ends = {
        name: tuple((z, _tried(read, result)) for z, result in pair)
        for name, pair in prediction.moved.items()
    }
    found, bent = {}, []
    for key, value in best.items():
        found[key], is_bent = _estimate(key, value, glass, ends)
        if is_bent:
            bent.append(key)
    return found, tuple(bent)


def _tried(
    read: Callable[[Replacement], Mapping[Key, float]], result: Replacement
) -> Mapping[Key, float]:
    try:
        return read(result)
    except IonscapeError:  # no front any more: this parameter's response stays one-sided
        return {}


def _estimate(
    key: Key, value: float, glass: Glass,
    ends: Mapping[str, Sequence[tuple[float, Mapping[Key, float]]]],
) -> tuple[Estimate, bool]:  # fmt: skip
    dimension = dimension_of_output(key[0])
    values = [value, *(read[key] for pair in ends.values() for _, read in pair if key in read)]
    scale: Scale = "log" if key[0] not in _LINEAR and min(values) > 0 else "linear"
    inside: Callable[[float], float] = math.log if scale == "log" else float
    weights: dict[str, float] = {}
    bend = 0.0
    for name, pair in ends.items():
        points = [(0.0, inside(value)), *((z, inside(read[key])) for z, read in pair if key in read)]
        (z0, f0), (z1, f1) = min(points), max(points)
        if z1 == z0:
            continue
        slope = (f1 - f0) / (z1 - z0)
        if len(points) == 3:
            bend += (f1 + f0 - 2 * inside(value)) ** 2 / 4
        parameter = glass.parameters[name]
        for latent, weight in parameter.weights.items():
            weights[latent] = weights.get(latent, 0.0) + slope * weight / parameter.spread
    estimate = Estimate(value, dimension, scale, {k: w for k, w in weights.items() if w})
    return estimate, bend > (BENT * estimate.spread) ** 2 > 0


def dimension_of_output(quantity: str) -> Dimension:
    """Of a quantity that a simulation gives."""
    unit = _DIMENSIONS.get(quantity)
    return DIMENSIONLESS if unit is None else dimension_of(unit)
