"""What every profile, isotope image and echo decay must satisfy, whichever reader made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core import measurement as m
from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement, Sweep
from ionscape.read.isotope_names import isotopes_in

Floats = NDArray[np.float64]

_LARGEST_FRACTION = 1.5  # noise may carry a fraction a little beyond 0 and 1; percent lie far beyond


@dataclass(frozen=True)
class Fault:
    """A point that cannot be: its index in the flattened columns, and the sentence."""

    point: int
    reason: str


def checked_profiles(measurement: Measurement) -> Measurement:
    """The measurement, if its columns can be what their names say; impedance passes unchanged.

    Columns become float64.

    Raises
    ------
    ReadError
        Columns of unequal shape, a sweep without points, or a `fault_in` one.
    """
    if measurement.technique not in ("tracer", "nmr", "replacement"):
        return measurement
    sweeps = []
    for sweep in measurement.sweeps:
        columns = {name: np.asarray(values, dtype=np.float64) for name, values in sweep.columns.items()}
        shapes = {values.shape for values in columns.values()}
        if len(shapes) != 1 or not next(iter(shapes)) or 0 in next(iter(shapes)):
            raise ReadError(
                measurement.source, "its reader gave no points, or columns of unequal shape: report this"
            )
        fault = fault_in(columns, whole=measurement.technique != "replacement")
        if fault is not None:
            raise ReadError(measurement.source, f"{_place(fault.point, shapes.pop(), sweep)}: {fault.reason}")
        sweeps.append(replace(sweep, columns=columns))
    return replace(measurement, sweeps=tuple(sweeps))


def _place(point: int, shape: tuple[int, ...], sweep: Sweep) -> str:
    indices = [int(index) + 1 for index in np.unravel_index(point, shape)]
    where = "row {}, column {}".format(*indices) if len(indices) == 2 else f"point {point + 1}"
    return f"{sweep.label}, {where}" if sweep.label else where


def fault_in(columns: Mapping[str, NDArray[Any]], *, whole: bool = True) -> Fault | None:
    """The first point of a sweep that cannot be, or None.

    Counts are whole numbers (unless ``whole`` is false: corrected ones need not be), zero or more; fractions
    lie between 0 and 1, but for noise; uncertainties are larger than zero; positions and sputter times
    increase; pulse lengths and diffusion times are larger than zero, and no diffusion time is shorter than
    its pulse.
    """
    for name, values in columns.items():
        fault = _fault_of_column(name, np.asarray(values, dtype=np.float64), whole)
        if fault is not None:
            return fault
    if m.GRADIENT_PULSE in columns and m.DIFFUSION_TIME in columns:
        pulse, delay = columns[m.GRADIENT_PULSE], columns[m.DIFFUSION_TIME]
        if (short := _first(delay < pulse)) is not None:
            return Fault(
                short,
                f"the diffusion time {delay.flat[short]:.4g} s is shorter than the gradient pulse of "
                f"{pulse.flat[short]:.4g} s: are the columns exchanged, or a unit wrong?",
            )
    return None


def _fault_of_column(name: str, values: Floats, whole: bool) -> Fault | None:
    if name.startswith(m.COUNTS) and (isotopes_in(name) or not whole):
        return _fault_of_counts(name.removeprefix(m.COUNTS), values, whole)
    if name.startswith(m.SPECIES_FRACTION_UNCERTAINTY):
        wild = _first(values <= 0)
        return None if wild is None else Fault(wild, f"{name} is {values.flat[wild]:.6g}: an uncertainty is "
                                                     "larger than zero")  # fmt: skip
    if name == m.FRACTION:
        wild = _first((values > _LARGEST_FRACTION) | (values < 1 - _LARGEST_FRACTION))
        reason = "an isotope fraction lies between 0 and 1; for percent write 'fraction (%)'"
    elif name in (m.FRACTION_UNCERTAINTY, m.INTENSITY_UNCERTAINTY):
        wild, reason = _first(values <= 0), "an uncertainty is larger than zero"
    elif name in (m.GRADIENT_PULSE, m.DIFFUSION_TIME):
        wild, reason = _first(values <= 0), "a time is larger than zero"
    elif name == m.B_VALUE:
        wild, reason = _first(values < 0), "a b-value is not negative"
    elif name in (m.POSITION, m.SPUTTER_TIME) and values.ndim == 1:
        return _fault_of_order(name, values)
    else:
        return None
    return None if wild is None else Fault(wild, f"{name} is {values.flat[wild]:.6g}: {reason}")


def _fault_of_counts(isotope: str, values: Floats, whole: bool) -> Fault | None:
    if (negative := _first(values < 0)) is not None:
        return Fault(
            negative,
            f"the counts of {isotope} are {values.flat[negative]:.6g}: counts cannot be negative; give "
            "them as counted, and the background in the study's field 'background'",
        )
    if whole and (broken := _first(values != np.round(values))) is not None:
        return Fault(
            broken,
            f"the counts of {isotope} are {values.flat[broken]:.6g}, not a whole number, so that their "
            "noise is not known: give counts as counted (sums, not means or rates), or "
            "isotope_fraction with isotope_fraction_uncertainty",
        )
    return None


def _fault_of_order(name: str, values: Floats) -> Fault | None:
    if (late := _first(np.diff(values) <= 0)) is None:
        return None
    words = "position" if name == m.POSITION else "sputter time"
    return Fault(
        late + 1,
        f"the {words} {values[late + 1]:.6g} {'m' if name == m.POSITION else 's'} does not increase "
        f"(before it stands {values[late]:.6g}): sort the rows, and tell several profiles apart by "
        "a column 'label'",
    )


def _first(bad: NDArray[np.bool_]) -> int | None:
    found = np.flatnonzero(bad)
    return int(found[0]) if found.size else None
