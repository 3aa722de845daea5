"""Simulations of a study's conductor: what is read off at the end of every stage, and what errors do to it.

Every output is propagated linearly: the parameters move by 1 SD up and down, one by one, and the change goes
with the latents of that parameter. Outputs and inputs that share a cause stay correlated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, Scale, upper_bound
from ionscape.core.quantity import DIMENSIONLESS, Dimension, dimension_of
from ionscape.replacement.profile_summary import PLATEAU_RANGE, summarise
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.simulate_options import MixingTime
from ionscape.replacement.simulated_glass import THICKNESS, Glass
from ionscape.replacement.simulation import Description, simulate

FloatArray = NDArray[np.float64]
Key = tuple[str, str]
"""Quantity, and the item that tells which stage and ion."""

LAST = 1 - 1e-7  # of the time at which a stage ends: still under its drive
ROUNDING = 1e-9
COARSER = 2  # times fewer cells for the differences
UNRESOLVED = 1e-4  # the tolerance of the fractions: smaller ones are not resolved
LOOSE = 1e-3  # tolerance of the fractions for the differences
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
    begin, end : float
        [s] from the start of the programme.
    ion : str
        That entered; empty at rest.
    name : str
        To print: the ion, with the stage's number where it enters more than once; ``rest (stage 2)``.
    text : str
        As the study states the stage.
    """

    number: int
    begin: float
    end: float
    ion: str
    name: str
    text: str

    @property
    def time(self) -> float:
        """[s] Just before the drive ends: for which profiles and fields are kept."""
        return self.end * LAST

    def points(self, trace_time: FloatArray) -> NDArray[np.intp]:
        """Indices of the points of a trace [s] that belong to the stage."""
        inside = (trace_time > self.begin * (1 + ROUNDING)) & (trace_time <= self.end * (1 + ROUNDING))
        return np.flatnonzero(inside)


@dataclass(frozen=True)
class Prediction:
    """One simulation, and what moving every uncertain parameter does to it.

    Attributes
    ----------
    mixing : MixingTime
    result : Replacement
    coarse : Replacement
        The same on a coarser mesh: what the moved ones are compared with.
    moved : mapping of str to tuple of (z, Replacement)
        Per parameter with an error: by how many SD it was moved, and the result.
    """

    mixing: MixingTime
    result: Replacement
    coarse: Replacement
    moved: Mapping[str, tuple[tuple[float, Replacement], ...]] = field(default_factory=dict)


def stage_ends(glass: Glass) -> tuple[StageEnd, ...]:
    """The ends of all stages."""
    found: list[StageEnd] = []
    entered = [stage.ion for stage in glass.stages if stage.control != "rest"]
    begin = 0.0
    for number, stage in enumerate(glass.stages, start=1):
        ion = stage.ion if stage.control != "rest" else ""
        alone = ion and entered.count(ion) == 1
        found.append(
            StageEnd(number, begin, begin + stage.duration, ion,
                     ion if alone else f"{ion or 'rest'} (stage {number})", stage.text)
        )  # fmt: skip
        begin += stage.duration
    return tuple(found)


def saved_times(glass: Glass) -> tuple[float, ...]:
    """[s] Ends of the stages, quarters of the driven ones, and what the study asks for."""
    times, total = set[float](), math.fsum(stage.duration for stage in glass.stages)
    for end in stage_ends(glass):
        if end.ion:
            times |= {end.begin + share * (end.end - end.begin) for share in QUARTERS}
        times.add(end.time)
    times |= {wanted.value for wanted in glass.options.save_at}
    return tuple(sorted(t for t in times if 0 < t <= total))


def run(
    glass: Glass, values: Mapping[str, float], mixing_time: float,
    description: Description = "electroneutral",
) -> Replacement:  # fmt: skip
    """One simulation with these values [SI] of the parameters."""
    options = glass.options
    faces = None
    if options.film_depth is not None:
        faces = np.linspace(0.0, options.film_depth.value, options.cells + 1)
    return simulate(
        glass.conductor(values, mixing_time), glass.programme(values), description=description,
        faces=faces, cells=options.cells, save_at=saved_times(glass),
    )  # fmt: skip


def coarse_run(
    glass: Glass, values: Mapping[str, float], mixing_time: float, faces: FloatArray | None = None
) -> Replacement:
    """One simulation for differences: fewer cells, longer steps.

    On the same ``faces`` the error of the mesh drops out of differences: a distance between two profiles is
    right to 1 % where the profiles themselves are off by more than it.
    """
    return simulate(
        glass.conductor(values, mixing_time), glass.programme(values), faces=faces,
        cells=glass.options.cells // COARSER, save_at=saved_times(glass), tolerance=LOOSE,
    )  # fmt: skip


def predicted(
    glass: Glass, mixing: MixingTime, description: Description = "electroneutral", *,
    both_ways: bool = True, faces: FloatArray | None = None,
) -> Prediction:  # fmt: skip
    """The simulation at the best values, and with every uncertain parameter moved up, and down.

    The moved ones are electroneutral, on a coarser mesh (``faces``, if given) and compared with one of their
    kind.
    """
    best = glass.best
    result = run(glass, best, mixing.seconds, description)
    coarse = coarse_run(glass, best, mixing.seconds, faces)
    moved = {
        name: tuple((z, _moved(glass, name, z, mixing.seconds, coarse))
                    for z in _steps(estimate)[0 if both_ways else 1 :])
        for name, estimate in glass.parameters.items() if estimate.spread > 0
    }  # fmt: skip
    return Prediction(mixing, result, coarse, moved)


def _moved(glass: Glass, name: str, z: float, mixing_time: float, coarse: Replacement) -> Replacement:
    """With one parameter moved by z SD."""
    estimate = glass.parameters[name]
    value = (
        estimate.value * math.exp(z * estimate.spread) if estimate.scale == "log"
        else estimate.value + z * estimate.spread
    )  # fmt: skip
    film = float(coarse.faces[-1])
    if name == THICKNESS and all(stage.control != "voltage" for stage in glass.stages):
        longer = (value - film) / (estimate.value - film)  # the bulk is a resistance in series
        return replace(coarse, bulk_voltage=coarse.bulk_voltage * longer)
    return coarse_run(glass, glass.best | {name: value}, mixing_time, coarse.faces)


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
    """Quantities at the ends of the stages [SI].

    Plateau, front depth and front width are those of the native ion, by the definitions of `summarise`; the
    share of every foreign ion over the same depths is given as ``stage: ion`` where there are several.
    """
    found: dict[Key, float] = {}
    for end in stage_ends(glass):
        at = saved_index(result, end.time)
        found |= _front(result, glass, end, at)
        if end.ion:
            found["attached_charge", end.name] = _charge(result, end)
            k = min(int(np.searchsorted(result.trace_time, end.time)), result.trace_time.size - 1)
            found["film_voltage", end.name] = float(result.film_voltage[k])
            found["bulk_voltage", end.name] = float(result.bulk_voltage[k])
            found["excess_charge", end.name] = float(result.excess_charge[at].min())
    return found


def _front(result: Replacement, glass: Glass, end: StageEnd, at: int) -> dict[Key, float]:
    plateau, depth, width = summarise(result.faces, result.fractions[glass.ions[0]][at])
    if not math.isfinite(depth):
        return {}
    found = {("plateau_fraction", end.name): plateau, ("front_depth", end.name): depth}
    if math.isfinite(width):
        found["front_width", end.name] = width
    arrived = {stage.ion for stage in glass.stages[: end.number]}
    here = [ion for ion in glass.ions[1:] if ion in arrived]
    if len(here) > 1:
        low, high = (share * depth for share in PLATEAU_RANGE)
        for ion in here:
            amount = amount_between(result.faces, result.fractions[ion][at], low, high)
            found["plateau_fraction", f"{end.name}: {ion}"] = amount / (high - low)
    return found


def shares_behind(result: Replacement, glass: Glass, end: StageEnd) -> FloatArray | None:
    """(ions,) Mean fractions over the plateau's depths at the end of a stage, their sum 1; None: no front."""
    at = saved_index(result, end.time)
    depth = summarise(result.faces, result.fractions[glass.ions[0]][at]).front_depth
    if not math.isfinite(depth):
        return None
    low, high = (share * depth for share in PLATEAU_RANGE)
    shares = np.array([amount_between(result.faces, result.fractions[ion][at], low, high)
                       for ion in glass.ions])  # fmt: skip
    return np.asarray(shares / shares.sum())


def amount_between(faces: FloatArray, fraction: FloatArray, low: float, high: float) -> float:
    """Integral [m] of a fraction between two depths [m]."""
    amount = np.concatenate([[0.0], np.cumsum(fraction * np.diff(faces))])
    ends = np.interp([low, high], faces, amount)
    return float(ends[1] - ends[0])


def _charge(result: Replacement, end: StageEnd) -> float:
    """[C/m^2] that went in during a stage: the trace of the current, straight between its points."""
    at = end.points(result.trace_time)
    time, current = result.trace_time[at], result.current_density[at]
    if time.size == 0:
        return math.nan
    return float(np.trapezoid(np.append(current[0], current), np.append(end.begin, time)))


# ---- propagation --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Readings:
    """What is read off one prediction: at the best values, and with every parameter moved by z SD."""

    best: Mapping[Key, float]
    coarse: Mapping[Key, float]
    moved: Mapping[str, Mapping[float, Mapping[Key, float]]]

    def less(self, other: Readings, quantity: str, name: str) -> Readings:
        """Differences of all readings of a quantity, as readings of the quantity ``name``."""

        def difference(mine: Mapping[Key, float], theirs: Mapping[Key, float]) -> dict[Key, float]:
            return {
                (name, key[1]): value - theirs[key]
                for key, value in mine.items()
                if key[0] == quantity and key in theirs
            }

        moved = {
            parameter: {
                z: difference(mine, other.moved[parameter][z])
                for z, mine in ways.items() if z in other.moved[parameter]
            }
            for parameter, ways in self.moved.items()
        }  # fmt: skip
        return Readings(
            difference(self.best, other.best), difference(self.coarse, other.coarse), moved
        )


def readings(glass: Glass, prediction: Prediction) -> Readings:
    """The `outputs` of a prediction."""
    moved = {
        name: {z: outputs(result, glass) for z, result in ways} for name, ways in prediction.moved.items()
    }
    return Readings(outputs(prediction.result, glass), outputs(prediction.coarse, glass), moved)


def estimates(glass: Glass, read: Readings) -> tuple[dict[Key, Estimate], tuple[Key, ...]]:
    """Estimates of what was read off, and the keys of those whose response is bent."""
    found, bent = {}, []
    for key, value in read.best.items():
        if key[0] == "plateau_fraction" and value < UNRESOLVED:
            found[key] = upper_bound(UNRESOLVED, DIMENSIONLESS, "below the tolerance of the simulation")
            continue
        found[key], is_bent = _estimate(key, value, glass, read)
        if is_bent:
            bent.append(key)
    return found, tuple(bent)


def _estimate(key: Key, value: float, glass: Glass, read: Readings) -> tuple[Estimate, bool]:
    ends = {
        name: {z: outcome[key] for z, outcome in ways.items() if key in outcome}
        for name, ways in read.moved.items() if key in read.coarse
    }  # fmt: skip
    centre = read.coarse.get(key, value)
    values = [value, centre, *(v for ways in ends.values() for v in ways.values())]
    scale: Scale = "log" if key[0] not in _LINEAR and min(values) > 0 else "linear"
    inside: Callable[[float], float] = math.log if scale == "log" else float
    weights: dict[str, float] = {}
    bend = 0.0
    for name, ways in ends.items():
        points = sorted([(0.0, inside(centre)), *((z, inside(v)) for z, v in ways.items())])
        (z0, f0), (z1, f1) = points[0], points[-1]
        if z1 == z0:
            continue
        if len(points) == 3:
            bend += (f1 + f0 - 2 * inside(centre)) ** 2 / 4
        parameter = glass.parameters[name]
        for latent, weight in parameter.weights.items():
            step = (f1 - f0) / (z1 - z0) * weight / parameter.spread
            weights[latent] = weights.get(latent, 0.0) + step
    estimate = Estimate(value, dimension_of_output(key[0]), scale, {k: w for k, w in weights.items() if w})
    return estimate, bend > (BENT * estimate.spread) ** 2 > 0


def dimension_of_output(quantity: str) -> Dimension:
    """Of a quantity that a simulation gives."""
    unit = _DIMENSIONS.get(quantity)
    return DIMENSIONLESS if unit is None else dimension_of(unit)
