"""The signals of the native and of the foreign ion in a profile as it was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ionscape.core import measurement as m
from ionscape.core.counting_statistics import Detector
from ionscape.core.errors import InputError
from ionscape.core.formula import parse_ion
from ionscape.core.measurement import Sweep
from ionscape.core.position_scale import FloatArray, PositionScale, depth_scale, increasing
from ionscape.read.species_headings import element_of, plain_species
from ionscape.replacement.measurement_fields import ReplacementMeasurement
from ionscape.replacement.smooth_counts import expected_counts

_EXAMPLE = "e.g. ion_columns: {Li+: 7Li, Cs+: 133Cs}"


@dataclass(frozen=True)
class Signal:
    """All columns of one ion together, after detector and background.

    Attributes
    ----------
    names : tuple of str
        Of the columns.
    value, variance : (N,) array
        Variance of counting, from what the counts were expected to be.
    background_sd : mapping of str to float
        1 SD of the background of each column, where it is uncertain.
    raw : mapping of str to (N,) array
        As read.
    whole : bool
        Whether all raw values are whole numbers.
    """

    names: tuple[str, ...]
    value: FloatArray
    variance: FloatArray
    background_sd: Mapping[str, float] = field(default_factory=dict)
    raw: Mapping[str, FloatArray] = field(default_factory=dict)
    whole: bool = True

    def kept(self, keep: NDArray[np.bool_]) -> Signal:
        """The same at some points."""
        return Signal(self.names, self.value[keep], self.variance[keep], self.background_sd,
                      {name: values[keep] for name, values in self.raw.items()}, self.whole)  # fmt: skip


def columns_of(ion: str, sweep: Sweep, fields: ReplacementMeasurement, prefix: str = m.COUNTS) -> list[str]:
    """Names of the columns of an ion, without their prefix: all isotopes of its element, or as stated.

    Raises
    ------
    InputError
        If a stated column is missing, or isotopes stand beside their sum.
    """
    there = species_in(sweep, prefix)
    stated = fields.ion_columns.get(ion)
    if stated:
        wanted = [plain_species(name.removeprefix(prefix)) or name.removeprefix(prefix) for name in stated]
        missing = [name for name in wanted if name not in there]
        if missing and prefix == m.COUNTS:
            raise InputError(f"ion_columns: no column {missing[0]!r} for {ion}; there are {_listed(there)}")
        return [name for name in wanted if name in there]
    element = parse_ion(ion).element
    own = [name for name in there if element_of(name) == element]
    if element in own and len(own) > 1:
        raise InputError(f"the columns {_listed(own)} give {ion} twice (a sum and its isotopes?): name one, "
                         f"{_EXAMPLE}")  # fmt: skip
    return own


def species_in(sweep: Sweep, prefix: str) -> list[str]:
    """Names of all species in columns of that prefix."""
    skip = m.SPECIES_FRACTION_UNCERTAINTY
    return [name[len(prefix) :] for name in sweep.columns
            if name.startswith(prefix) and (prefix == skip or not name.startswith(skip))]  # fmt: skip


def ion_signal(ion: str, sweep: Sweep, fields: ReplacementMeasurement, detector: Detector) -> Signal | None:
    """Counts of an ion after the detector's losses and background; None where the file has none.

    Raises
    ------
    InputError
        If counts are negative or saturated.
    """
    names = columns_of(ion, sweep, fields)
    return counted(names, sweep, fields, detector) if names else None


def counted(
    names: Sequence[str], sweep: Sweep, fields: ReplacementMeasurement, detector: Detector
) -> Signal:
    """Sum of columns of counts after the detector's losses and background."""
    value = variance = np.zeros(1)
    raw, spreads, whole = {}, {}, True
    for name in names:
        counts = np.asarray(sweep.columns[m.COUNTS + name], dtype=np.float64)
        if counts.ndim != 1:
            raise InputError("a profile is wanted, this is an image: export the depth profile")
        if np.any(counts < 0):
            raise InputError(f"counts of {name}: {int(np.sum(counts < 0))} are negative; give the raw counts "
                             "and state the background instead of subtracting it")  # fmt: skip
        true, spread = detector.corrected(name, counts)
        background = fields.background.get(name)
        value = value + true - (0.0 if background is None else background.value)
        # the detector's factor on the variance, at what the counts were expected to be
        variance = variance + spread / (counts + 0.5) * expected_counts(counts)
        if background is not None and background.uncertainty:
            spreads[name] = background.uncertainty
        raw[name] = counts
        whole &= bool(np.all(counts == np.round(counts)))
    return Signal(tuple(names), value, variance, spreads, raw, whole)


def fraction_signal(ion: str, sweep: Sweep, fields: ReplacementMeasurement) -> Signal | None:
    """Fractions of an ion that came without counts, and their stated variance (nan where none is stated)."""
    names = columns_of(ion, sweep, fields, m.SPECIES_FRACTION)
    if not names:
        return None
    if len(names) > 1:
        raise InputError(f"the fractions {_listed(names)} are both of {ion}: name one, {_EXAMPLE}")
    value = np.asarray(sweep.columns[m.SPECIES_FRACTION + names[0]], dtype=np.float64)
    deviation = sweep.columns.get(m.SPECIES_FRACTION_UNCERTAINTY + names[0])
    variance = np.full(value.shape, np.nan) if deviation is None else np.asarray(deviation) ** 2
    return Signal(tuple(names), value, variance, whole=False)


def depths_of(sweep: Sweep, fields: ReplacementMeasurement) -> PositionScale:
    """Depths of a profile, and the relative SD of their common factor.

    Raises
    ------
    InputError
        If neither depth nor sputter time is there, or the time cannot be turned into depth.
    """
    if m.POSITION in sweep.columns:
        for name in ("sputter_rate", "crater_depth"):
            if getattr(fields, name) is not None:
                raise InputError(f"{name} is for profiles over sputter time, this one is over depth: give "
                                 "depth_uncertainty instead")  # fmt: skip
        stated = fields.depth_uncertainty
        depth = increasing(sweep.columns[m.POSITION], "depth")
        return PositionScale(depth, 0.0 if stated is None else stated.value)
    if m.SPUTTER_TIME not in sweep.columns:
        raise InputError("no column of depth or sputter time: name one, e.g. 'depth (nm)'")
    time = increasing(sweep.columns[m.SPUTTER_TIME], "sputter time")
    if fields.sputter_rate is None and fields.crater_depth is None:
        raise InputError("the profile is over sputter time: give 'sputter_rate' (e.g. 0.25 nm/s) or "
                         "'crater_depth' (e.g. 200 nm)")  # fmt: skip
    rate, crater = (None if q is None else (q.value, q.uncertainty or 0.0)
                    for q in (fields.sputter_rate, fields.crater_depth))  # fmt: skip
    # times of the middle of each cycle: sputtering ends half a cycle after the last
    step = float(time[1] - time[0])
    end = time[-1] + (step / 2 if abs(time[0] - step / 2) < step / 4 else 0.0)
    if end > time[-1]:
        scale = depth_scale(np.append(time, end), sputter_rate=rate, crater_depth=crater)
        return PositionScale(scale.position[:-1], scale.relative_uncertainty, scale.warnings)
    return depth_scale(time, sputter_rate=rate, crater_depth=crater)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
