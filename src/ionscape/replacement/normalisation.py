"""Counts of a depth profile to fractions of the bulk density, with their noise and what all points share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core import measurement as m
from ionscape.core.counting_statistics import Detector
from ionscape.core.errors import InputError
from ionscape.core.measurement import Sweep
from ionscape.core.number_format import format_number
from ionscape.core.quantity import Quantity
from ionscape.read.species_headings import plain_species
from ionscape.replacement.bulk_level import BulkLevel, flat_part, level_in
from ionscape.replacement.ion_signals import Signal, counted, fraction_signal, ion_signal, species_in
from ionscape.replacement.matrix_division import MatrixCourse, matrix_course
from ionscape.replacement.measurement_fields import ReplacementMeasurement
from ionscape.replacement.smooth_counts import dispersion_of

FloatArray = NDArray[np.float64]
_REPLACED = 0.7  # fraction of the native ion below which the foreign one has taken its place
_NOISY = 4.0  # standard deviations by which the scatter exceeds counting
_LEAST_FOR_SCATTER = 20
_DROWNED = 0.2  # standard deviations of all points together: a shared cause below is left out


@dataclass(frozen=True)
class Fractions:
    """A profile as fractions of the bulk density; attributes as in `MeasuredProfile`."""

    native: FloatArray
    native_sd: FloatArray
    foreign: FloatArray | None
    foreign_sd: FloatArray | None
    native_scale_sd: float
    foreign_scale_sd: float
    systematic: Mapping[str, FloatArray]
    warnings: tuple[str, ...]
    findings: tuple[str, ...]
    counts: Mapping[str, FloatArray]


def normalised(
    sweep: Sweep, fields: ReplacementMeasurement, native_ion: str, keep: NDArray[np.bool_], depth: FloatArray
) -> Fractions:
    """Fractions of a profile.

    Parameters
    ----------
    sweep : Sweep
    fields : ReplacementMeasurement
    native_ion : str
    keep : (N,) bool array
        Points that are used.
    depth : (K,) array
        [m] of these.

    Raises
    ------
    InputError
        If columns are missing, counts cannot be used, or there is no bulk level.
    """
    detector = Detector(_seconds(fields.dead_time), _seconds(fields.dwell_time), fields.pulses, "refuse")
    native = ion_signal(native_ion, sweep, fields, detector)
    if native is None:
        return _of_fractions(sweep, fields, native_ion, keep, depth)
    foreign = ion_signal(fields.foreign, sweep, fields, detector)
    native, foreign = native.kept(keep), None if foreign is None else foreign.kept(keep)
    _check_backgrounds(sweep, fields)
    said: list[str] = []
    shared: dict[str, FloatArray] = {}
    value, variance = native.value, native.variance
    divisor = None
    if fields.matrix:
        divisor = matrix_course(fields.matrix, depth, _matrix(sweep, fields, detector).kept(keep).value)
        value, variance = _divided(native, divisor.course, divisor.variance)
        said.append(divisor.finding)
    drifting = () if divisor is None else divisor.shared
    level = _level(depth, value, variance, fields, drifting)
    dispersion, noise = _dispersion(depth, value, variance, level, native)
    level = _level(depth, value, dispersion * variance, fields, drifting)
    u = value / level.level
    native_sd = np.sqrt(dispersion * variance) / level.level
    if divisor is not None:
        shared |= _of_matrix(fields.matrix, divisor, depth, level, u, native_sd)
    # (n - b)/(n_bulk - b): the bulk level moves with the background too
    shared |= {f"background {name}": -(1 - u) * sd / level.level for name, sd in native.background_sd.items()}
    foreign_values = None if foreign is None else _divided(
        foreign, *((1.0, 0.0) if divisor is None else (divisor.course, divisor.variance))
    )  # fmt: skip
    counts = dict(native.raw) | ({} if foreign is None else dict(foreign.raw))
    scaled = _foreign(foreign_values, u, level, fields, dispersion)
    warnings = (*detector.warnings, *level.warnings, *noise, *scaled.warnings)
    return Fractions(u, native_sd, scaled.value, scaled.sd,
                       level.relative_sd, scaled.scale_sd, shared, warnings,
                       (*said, level.finding, *scaled.findings), counts)  # fmt: skip


def _of_matrix(
    name: str, divisor: MatrixCourse, depth: FloatArray, level: BulkLevel, u: FloatArray, sd: FloatArray
) -> dict[str, FloatArray]:
    """Changes of the fraction with the matrix's course, but for those that counting drowns."""
    window = (depth >= level.window[0]) & (depth <= level.window[1])
    found = {}
    for k, change in enumerate(divisor.shared):
        common = float(change[window].mean()) if window.any() else 0.0  # the bulk level goes with it
        own = -u * (change - common)
        if math.sqrt(float(np.sum((own / sd) ** 2))) > _DROWNED:
            found[f"matrix {name} ({k + 1})"] = own
    return found


def _divided(
    signal: Signal, course: FloatArray | float, relative: FloatArray | float
) -> tuple[FloatArray, FloatArray]:
    value = np.asarray(signal.value / course)
    return value, np.asarray(signal.variance / np.square(course) + value**2 * relative)


def _seconds(stated: Quantity | None) -> float | None:
    return None if stated is None else stated.value


def _matrix(sweep: Sweep, fields: ReplacementMeasurement, detector: Detector) -> Signal:
    name = plain_species(fields.matrix) or fields.matrix
    there = species_in(sweep, m.COUNTS)
    if name not in there:
        raise InputError(f"matrix {fields.matrix!r}: no such counts; there are {', '.join(there) or 'none'}")
    return counted([name], sweep, fields, detector)


def _check_backgrounds(sweep: Sweep, fields: ReplacementMeasurement) -> None:
    there = species_in(sweep, m.COUNTS)
    for name in fields.background:
        if name not in there:
            raise InputError(f"background of {name!r}: no such counts; there are {', '.join(there)}")


def _level(
    depth: FloatArray, value: FloatArray, variance: FloatArray, fields: ReplacementMeasurement,
    shared: tuple[FloatArray, ...] = (),
) -> BulkLevel:  # fmt: skip
    stated = fields.bulk_level
    if stated is not None:
        finding = f"The bulk level is {stated.text}, as stated."
        return BulkLevel(stated.value, (stated.uncertainty or 0.0) / stated.value, (math.nan, math.nan), 0,
                         finding)  # fmt: skip
    if fields.bulk_window is not None:
        return level_in(depth, value, variance, fields.bulk_window, found=False, shared=shared)
    found = flat_part(depth, value, variance, shared)
    return level_in(depth, value, variance, found, found=True, shared=shared)


def _dispersion(
    depth: FloatArray, value: FloatArray, variance: FloatArray, level: BulkLevel, signal: Signal
) -> tuple[float, tuple[str, ...]]:
    """Variance over that of counting, 1 unless the flat part says otherwise, and what to say of it."""
    inside = (depth >= level.window[0]) & (depth <= level.window[1])
    if np.count_nonzero(inside) < _LEAST_FOR_SCATTER:
        if not signal.whole:
            raise InputError(f"the counts of {', '.join(signal.names)} are no whole numbers, and their "
                             "noise cannot "
                             f"be found from a flat part of fewer than {_LEAST_FOR_SCATTER} points: give raw "
                             "counts")  # fmt: skip
        return 1.0, ()
    found, spread = dispersion_of(value[inside], variance[inside])
    if not signal.whole:
        return found, (f"the counts of {', '.join(signal.names)} are no whole numbers: their noise is taken "
                       "from "
                       f"the scatter in the bulk ({math.sqrt(found):.3g} times that of as many "
                       "counts)",)  # fmt: skip
    if found > 1 + _NOISY * spread / found:
        return found, (f"the native ion's counts scatter in the bulk {math.sqrt(found):.3g} times as much as "
                       "counting does: all counting errors are widened by it",)  # fmt: skip
    if found < 1 - _NOISY * spread / found:
        return 1.0, (f"the native ion's counts scatter in the bulk only {math.sqrt(found):.2g} times as "
                     "much as "
                     "counting does: are they means, or smoothed?",)  # fmt: skip
    return 1.0, ()


@dataclass(frozen=True)
class _Scaled:
    value: FloatArray | None
    sd: FloatArray | None
    scale_sd: float
    findings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def _foreign(
    signal: tuple[FloatArray, FloatArray] | None, native: FloatArray, level: BulkLevel,
    fields: ReplacementMeasurement, dispersion: float,
) -> _Scaled:  # fmt: skip
    """The foreign ion's fraction: by the stated sensitivity, or so that both add up to 1 where it is."""
    if signal is None:
        return _Scaled(None, None, math.inf, (), (f"no counts of {fields.foreign}: the native ion alone is "
                                                  "used",))
    value, variance = signal
    stated = fields.sensitivity
    if stated is not None:
        per = 1 / (level.level * stated.value)
        relative = math.hypot((stated.uncertainty or 0.0) / stated.value, level.relative_sd)
        return _Scaled(value * per, np.sqrt(dispersion * variance) * per, relative)
    replaced = native < _REPLACED
    total = float(np.sum(value[replaced] ** 2))
    per = float(np.sum((1 - native[replaced]) * value[replaced])) / total if total > 0 else 0.0
    if not per > 0:
        text = f"{fields.foreign} is not found where the native ion is missing: it is left out"
        return _Scaled(None, None, math.inf, (), (text,))
    finding = (f"The sensitivity for {fields.foreign} is taken so that both fractions add up to 1 in the "
               "replaced "
               f"zone: {format_number(1 / (per * level.level), 3)} of that for the native ion; its scale is "
               "free.")  # fmt: skip
    return _Scaled(value * per, np.sqrt(dispersion * variance) * per, math.inf, (finding,))


def _of_fractions(
    sweep: Sweep, fields: ReplacementMeasurement, native_ion: str, keep: NDArray[np.bool_], depth: FloatArray
) -> Fractions:
    """A profile that came as fractions."""
    native = fraction_signal(native_ion, sweep, fields)
    if native is None:
        there = [*species_in(sweep, m.COUNTS), *species_in(sweep, m.SPECIES_FRACTION)]
        raise InputError(f"no column of {native_ion}, the native ion: the file has "
                         f"{', '.join(there) or 'none'}; "
                         f"name it, e.g. ion_columns: "
                         f"{{{native_ion}: {there[0] if there else '7Li'}}}")  # fmt: skip
    foreign = fraction_signal(fields.foreign, sweep, fields)
    value, variance, said = _with_noise(native.value[keep], native.variance[keep], native_ion)
    level = _level(depth, value, variance, fields)
    scaled = _Scaled(None, None, math.inf, (), (f"no fractions of {fields.foreign}: the native ion alone is "
                                                "used",))
    if foreign is not None:
        other, spread, said_too = _with_noise(foreign.value[keep], foreign.variance[keep], fields.foreign)
        scaled = _Scaled(other, np.sqrt(spread), math.inf)
        said = (*said, *said_too)
    return Fractions(value / level.level, np.sqrt(variance) / level.level, scaled.value, scaled.sd,
                       level.relative_sd, scaled.scale_sd, {}, (*level.warnings, *said, *scaled.warnings),
                       (level.finding,), {})  # fmt: skip


def _with_noise(
    value: FloatArray, variance: FloatArray, ion: str
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Fractions with their variance: where none is stated, from second differences, the same everywhere."""
    if np.any(value < -0.5) or np.any(value > 1.5):
        raise InputError(f"a fraction of {ion} is {value[np.argmax(np.abs(value))]:.4g}: fractions are "
                         "those of the "
                         "bulk density, between 0 and 1; for percent write 'fraction (%)'")  # fmt: skip
    if np.all(np.isfinite(variance)):
        return value, variance, ()
    second = np.abs(np.diff(value, 2))
    spread = float(np.median(second)) / 0.6745 / math.sqrt(6)
    if not spread > 0:
        raise InputError(f"the fractions of {ion} carry no noise and state no uncertainty: give a column "
                         f"'{ion} fraction uncertainty', or counts")  # fmt: skip
    return value, np.full(value.shape, spread**2), (
        f"the fractions of {ion} state no uncertainty: {spread:.2g}, from the scatter of neighbours, is "
        "taken "
        "for all points",
    )  # fmt: skip
