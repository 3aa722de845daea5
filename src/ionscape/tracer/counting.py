"""Ion counts to the tracer's isotope fraction, with counting statistics and what all points share.

C = I_tracer / (sum over all isotopes of the element); Hasegawa 2024, eq. (1), which prints 6Li twice.
Detector and counting statistics: `ionscape.core.counting_statistics`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.counting_statistics import HALF, Detector, Pair, pair, whole_counts
from ionscape.core.errors import InputError
from ionscape.core.measurement import COUNTS, FRACTION, FRACTION_UNCERTAINTY, Sweep

FloatArray = NDArray[np.float64]

# The abundant isotope of elements that have two in nature: the other one serves as tracer.
_ABUNDANT = {"H": "1H", "Li": "7Li", "B": "11B", "C": "12C", "N": "14N", "O": "16O", "Cl": "35Cl", "K": "39K",
             "Cu": "63Cu", "Ga": "69Ga", "Br": "79Br", "Rb": "85Rb", "Ag": "107Ag"}  # fmt: skip


@dataclass(frozen=True)
class IsotopeFraction:
    """Isotope fraction of every point or pixel.

    Attributes
    ----------
    fraction : array of any shape
        nan where no ion was counted.
    variance : array, same shape
        From counting alone, independent from point to point; finite and larger than zero wherever an ion was
        counted, also where none of them was the tracer.
    systematic : mapping of str to array, same shape
        Cause that all points share ("mass discrimination", "background 6Li") to the change of the fraction
        for one standard deviation of it.
    total : array or None
        Counts of all isotopes after corrections; None for fractions that came without counts.
    warnings : tuple of str
    """

    fraction: FloatArray
    variance: FloatArray
    systematic: Mapping[str, FloatArray] = field(default_factory=dict)
    total: FloatArray | None = None
    warnings: tuple[str, ...] = ()


def isotope_fraction(
    counts: Mapping[str, ArrayLike], tracer: str | None = None, *,
    background: Mapping[str, Pair] | None = None, dead_time: float | None = None,
    dwell_time: float | None = None, pulses: int | None = None, mass_discrimination: Pair | None = None,
    saturated: str = "refuse",
) -> IsotopeFraction:  # fmt: skip
    """Fraction of the tracer among all isotopes of its element, and its counting variance.

    Parameters
    ----------
    counts : mapping of isotope ("6Li") to whole numbers, arrays of one shape (points or pixels)
        Further elements are left out.
    tracer : str, optional
        The tracer's isotope; the rarer of two in nature unless given.
    background : mapping of isotope to counts per point, or (counts, standard uncertainty)
        Subtracted; the uncertainty is one unknown for all points.
    dead_time, dwell_time : float, optional
        [s] of a non-paralysable detector, and the counting time of one point.
    pulses : int, optional
        Primary pulses per point of a time-of-flight instrument that counts at most one ion of a mass per
        pulse.
    mass_discrimination : float or (float, float), optional
        Measured over true ratio tracer/others, with its standard uncertainty: one unknown for all points.
    saturated : "refuse" or "mask"
        What becomes of points where the detector saturated: an error, or nan with a warning.

    Raises
    ------
    InputError
        If counts are negative, no whole numbers, all zero, of different shapes or saturated; if the tracer is
        not among them, or nothing to compare it with.
    """
    isotopes, tracer = _isotopes(counts, tracer)
    for name in background or {}:
        if name not in isotopes:
            raise InputError(f"background of {name!r}: no such counts; there are {', '.join(isotopes)}")
    detector = Detector(dead_time, dwell_time, pulses, saturated)
    found = {name: detector.corrected(name, values) for name, values in isotopes.items()}
    signal = {name: true - pair((background or {}).get(name, 0.0))[0] for name, (true, _) in found.items()}
    ratio, ratio_sd = pair(1.0 if mass_discrimination is None else mass_discrimination)
    if not ratio > 0:
        raise InputError(f"mass discrimination must be larger than zero, got {ratio:g}")
    a, spread_a = signal[tracer] / ratio, found[tracer][1] / ratio**2
    others = [name for name in found if name != tracer]
    b = np.sum([signal[name] for name in others], axis=0)
    spread_b = np.sum([found[name][1] for name in others], axis=0)
    total = a + b
    usable = np.isfinite(total) & (total > 0)
    if not usable.any():
        raise InputError(f"no ion of {', '.join(isotopes)} was counted anywhere above the background")
    safe = np.where(usable, total, 1.0)
    fraction = np.where(usable, a / safe, np.nan)
    share = np.clip((a + HALF) / (safe + 2 * HALF), HALF / (safe + 2 * HALF), 1 - HALF / (safe + 2 * HALF))
    variance = ((1 - share) ** 2 * spread_a + share**2 * spread_b) / (safe * (safe + 2 * HALF))
    variance = np.where(usable, variance, np.inf)
    shared = _shared(fraction, safe, tracer, background or {}, ratio, ratio_sd)
    return IsotopeFraction(fraction, variance, shared, np.where(usable, total, 0.0),
                           (*detector.warnings, *_blank(usable)))  # fmt: skip


def fraction_of_sweep(sweep: Sweep, fields: Any = None) -> IsotopeFraction:
    """The isotope fraction of a profile or image as it was read, with what the study says of the measurement.

    Parameters
    ----------
    sweep : Sweep
        With counts per isotope, or with ``isotope_fraction`` (and perhaps its standard uncertainty).
    fields : `TracerMeasurement` or None

    Raises
    ------
    InputError
        If it has neither, or the counts cannot be used.
    """
    counts = {name[len(COUNTS):]: values for name, values in sweep.columns.items()
              if name.startswith(COUNTS)}  # fmt: skip
    matrix = getattr(fields, "matrix", "")
    if matrix and matrix not in counts:
        raise InputError(f"matrix {matrix!r}: no such counts; there are {', '.join(counts) or 'none'}")
    if counts:
        reference = counts.pop(matrix, None)
        found = isotope_fraction(
            counts,
            getattr(fields, "tracer", "") or None,
            **_stated(fields),
            saturated="mask" if np.ndim(next(iter(counts.values()))) > 1 else "refuse",
        )
        return found if reference is None else _checked_by_matrix(found, reference, matrix)
    if FRACTION not in sweep.columns:
        raise InputError("no isotope fraction: give columns of counts (counts_6Li, counts_7Li) or "
                         f"{FRACTION!r}")  # fmt: skip
    fraction = np.asarray(sweep.columns[FRACTION], dtype=np.float64)
    if np.any((fraction < -0.5) | (fraction > 1.5)):
        raise InputError(f"an isotope fraction lies between 0 and 1, got {np.nanmax(np.abs(fraction)):g}: "
                         "percent must be divided by 100")  # fmt: skip
    deviation = sweep.columns.get(FRACTION_UNCERTAINTY)
    if deviation is None:
        return IsotopeFraction(fraction, np.full(fraction.shape, np.nan))
    if not np.all(deviation[np.isfinite(fraction)] > 0):
        raise InputError("the uncertainty of an isotope fraction must be larger than zero everywhere")
    return IsotopeFraction(fraction, np.asarray(deviation, dtype=np.float64) ** 2)


def _stated(fields: Any) -> dict[str, Any]:
    """What a `TracerMeasurement` says of the detector, as arguments of `isotope_fraction`."""
    if fields is None:
        return {}
    stated = {"background": {name: (q.value, q.uncertainty or 0.0) for name, q in fields.background.items()},
              "pulses": fields.pulses}  # fmt: skip
    for name in ("dead_time", "dwell_time"):
        quantity = getattr(fields, name)
        stated[name] = None if quantity is None else quantity.value
    ratio = fields.mass_discrimination
    stated["mass_discrimination"] = None if ratio is None else (ratio.value, ratio.uncertainty or 0.0)
    return stated


def _isotopes(counts: Mapping[str, ArrayLike], tracer: str | None) -> tuple[dict[str, FloatArray], str]:
    """The counts of the tracer's element, checked, and the tracer."""
    if tracer is not None and tracer not in counts:
        raise InputError(
            f"tracer {tracer!r} is not among the counts: there are {', '.join(counts) or 'none'}"
        )
    element = _element(tracer) if tracer else ""
    kept = {name: whole_counts(name, values) for name, values in counts.items()
            if not element or _element(name) == element}  # fmt: skip
    if len(kept) < 2:
        raise InputError("an isotope fraction needs the counts of at least two isotopes of one element, "
                         f"got {', '.join(counts) or 'none'}")  # fmt: skip
    if len({values.shape for values in kept.values()}) > 1:
        shapes = ", ".join(f"{name} {'×'.join(map(str, v.shape))}" for name, v in kept.items())
        raise InputError(f"counts of all isotopes must have one shape, got {shapes}")
    if tracer is None:
        tracer = _rarer(tuple(kept))
    return kept, tracer


def _rarer(names: tuple[str, ...]) -> str:
    elements = {_element(name) for name in names}
    abundant = _ABUNDANT.get(next(iter(elements))) if len(elements) == 1 else None
    rare = [name for name in names if name != abundant]
    if abundant is None or len(names) != 2 or len(rare) != 1:
        raise InputError(f"which of {', '.join(names)} is the tracer? State it, e.g. tracer: {names[0]}")
    return rare[0]


def _element(isotope: str) -> str:
    return re.sub(r"[^A-Za-z]", "", isotope)


def _shared(
    fraction: FloatArray, total: FloatArray, tracer: str, background: Mapping[str, Pair], ratio: float,
    ratio_sd: float,
) -> dict[str, FloatArray]:  # fmt: skip
    """Change of the fraction for one standard deviation of each shared cause."""
    shared = {}
    if ratio_sd > 0:
        shared["mass discrimination"] = -fraction * (1 - fraction) * ratio_sd / ratio
    for name, value in background.items():
        deviation = pair(value)[1]
        if deviation > 0:
            slope = -(1 - fraction) / ratio if name == tracer else fraction
            shared[f"background {name}"] = slope * deviation / total
    return shared


def _blank(usable: NDArray[np.bool_]) -> tuple[str, ...]:
    blank = int(np.sum(~usable))
    return (f"{blank} of {usable.size} points have no counts and no fraction",) if blank else ()


def _checked_by_matrix(found: IsotopeFraction, matrix: ArrayLike, name: str) -> IsotopeFraction:
    """Warn where the element's yield relative to the matrix changes: the fraction itself needs no matrix."""
    reference = whole_counts(name, matrix)
    if found.total is None or reference.shape != found.fraction.shape:
        raise InputError(f"counts of the matrix {name} must have the shape of the isotopes' counts")
    enough = (reference >= 100) & (found.total >= 100)
    if np.count_nonzero(enough) < 3:
        return found
    ratio = found.total[enough] / reference[enough]
    strays = int(np.sum(np.abs(np.log(ratio / np.median(ratio))) > np.log(2)))
    if not strays:
        return found
    text = (f"the yield of the element relative to the matrix {name} differs from its median by more than a "
            f"factor of two at {strays} of {ratio.size} points: composition, charging or another "
            "phase")  # fmt: skip
    return IsotopeFraction(found.fraction, found.variance, found.systematic, found.total,
                           (*found.warnings, text))  # fmt: skip


__all__ = ["IsotopeFraction", "fraction_of_sweep", "isotope_fraction"]
