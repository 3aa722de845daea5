"""A measured depth profile after a replacement: fractions of the bulk density, with every error it has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, measured
from ionscape.core.measurement import Sweep
from ionscape.core.number_format import format_number
from ionscape.core.position_scale import PositionScale
from ionscape.core.quantity import Quantity, named_dimension
from ionscape.core.sample import Sample
from ionscape.core.serial import storable
from ionscape.replacement.ion_signals import depths_of
from ionscape.replacement.measurement_fields import ReplacementMeasurement
from ionscape.replacement.normalisation import normalised
from ionscape.replacement.programme import Programme, Trace
from ionscape.replacement.programme_text import StatedStage, drive_sd, programme_from

FloatArray = NDArray[np.float64]
LEAST_POINTS = 20


@storable
@dataclass(frozen=True)
class MeasuredProfile:
    """One profile, normalised, and the experiment that made it.

    Attributes
    ----------
    label : str
        Of the item in its study.
    source : str
        Unique over all studies: the root of the names of latents that belong to this profile alone.
    native_ion, foreign_ion : str
        E.g. ``Li+`` and ``Cs+``.
    depth : (N,) array
        [m] centre of each sputtered slice, increasing.
    native : (N,) array
        Fraction of the bulk density; may scatter below 0 and above 1.
    native_sd : (N,) array
        1 SD of counting alone, independent from point to point.
    foreign, foreign_sd : (N,) array or None
        Of the foreign ion; its sensitivity is a first estimate (u + u_M = 1 in the replaced zone).
    native_scale_sd, foreign_scale_sd : float
        Relative 1 SD of the two normalisations, common to all points; inf: free.
    systematic : mapping of str to (N,) array
        Cause that all points share (``background 7Li``) to the change of ``native`` for 1 SD of it.
    depth_scale_sd : float
        Relative 1 SD of the common factor of all depths.
    depth_scale_source : str
        Name of its latent; profiles of one sputter rate share it.
    resolution : (float, float)
        [m] 1 SD of a Gaussian along the depth, and the standard uncertainty of that; (0, 0): none stated.
    programme : Programme
    charge_scale_sd : float
        Relative 1 SD of the current or charge.
    charge_scale_source : str
        Name of its latent.
    temperature : Estimate
        [K] of the experiment.
    warnings : tuple of str
    findings : tuple of str
        How it was normalised, and what the charge says of the depths.
    counts : mapping of str to (N,) array
        Counts as they were read, for a figure; empty where fractions came without counts.
    """

    label: str
    source: str
    native_ion: str
    foreign_ion: str
    depth: FloatArray
    native: FloatArray
    native_sd: FloatArray
    foreign: FloatArray | None
    foreign_sd: FloatArray | None
    native_scale_sd: float
    foreign_scale_sd: float
    systematic: Mapping[str, FloatArray]
    depth_scale_sd: float
    depth_scale_source: str
    resolution: tuple[float, float]
    programme: Programme
    charge_scale_sd: float
    charge_scale_source: str
    temperature: Estimate
    warnings: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    counts: Mapping[str, FloatArray] = field(default_factory=dict)


def measured_profile(
    sweep: Sweep, fields: ReplacementMeasurement, *, label: str, source: str, native_ion: str,
    temperature: Estimate | None, sample: Sample | None = None,
) -> MeasuredProfile:  # fmt: skip
    """Normalise a profile as it was read.

    Parameters
    ----------
    sweep : Sweep
        With depth or sputter time, and counts or fractions of the ions.
    fields : ReplacementMeasurement
        What the study says.
    label, source : str
        Of the item.
    native_ion : str
        Unless the fields name it.
    temperature : Estimate or None
        [K] of stages that state none.
    sample : Sample, optional
        To question charges that the sample cannot hold.

    Raises
    ------
    InputError
        If columns are missing, counts cannot be used, no temperature is known, the profile has no flat deep
        part (and nothing is stated instead), or the programme cannot be.

    Notes
    -----
    The native ion's signal is divided by its level in the bulk. The foreign ion's sensitivity is such that
    both fractions add up to 1 on the mean over the replaced zone: a first estimate, its scale is free unless
    ``sensitivity`` is stated. Variances come from what the counts were expected to be, times what the flat
    part scatters more than Poisson's law says.
    """
    native_ion = fields.native or native_ion
    if not native_ion:
        raise InputError("which ion was there before? Give 'native', or the sample's 'carrier'")
    _check_ions(native_ion, fields)
    kelvin, programme = _experiment(fields, source, temperature)
    scale = depths_of(sweep, fields)
    keep = scale.position >= (0.0 if fields.skip_depth is None else fields.skip_depth.value)
    if np.count_nonzero(keep) < LEAST_POINTS:
        raise InputError(f"{np.count_nonzero(keep)} points remain behind skip_depth: a profile needs "
                         f"{LEAST_POINTS}")  # fmt: skip
    depth = scale.position[keep]
    fractions = normalised(sweep, fields, native_ion, keep, depth)
    _question(programme, sample, native_ion)
    own_scale = fields.sputter_rate is None
    resolution = fields.depth_resolution
    return MeasuredProfile(
        label, source, native_ion, fields.foreign, depth, fractions.native, fractions.native_sd,
        fractions.foreign, fractions.foreign_sd, fractions.native_scale_sd, fractions.foreign_scale_sd,
        fractions.systematic, scale.relative_uncertainty,
        f"{source}#depth scale" if own_scale else _shared(source, label, "sputter rate", fields.sputter_rate),
        (0.0, 0.0) if resolution is None else (resolution.value, resolution.uncertainty or 0.0),
        programme, *_charge_scale(fields, source, label), kelvin,
        (*_scale_warnings(scale, fields), *fractions.warnings), fractions.findings, fractions.counts,
    )  # fmt: skip


# ---- the experiment ------------------------------------------------------------------------------------
def _check_ions(native_ion: str, fields: ReplacementMeasurement) -> None:
    if fields.foreign == native_ion:
        raise InputError(f"native and foreign ion are both {native_ion}: isotopes that replace each other "
                         "belong "
                         "to the technique tracer")  # fmt: skip
    if (fields.foreign[-1] == "+") != (native_ion[-1] == "+"):
        raise InputError(f"{fields.foreign} cannot take the place of {native_ion}: their charges have "
                         "opposite signs")  # fmt: skip


def _experiment(
    fields: ReplacementMeasurement, source: str, temperature: Estimate | None
) -> tuple[Estimate, Programme]:
    """Temperature of the stages that drive ions, and the programme."""
    stages = fields.stages
    own = [stage for stage in stages if stage.control != "rest" and stage.temperature is not None]
    if temperature is None and len(own) < sum(stage.control != "rest" for stage in stages):
        raise InputError("at which temperature were the ions replaced? Give the measurement's "
                         "'temperature', or "
                         "write it in the programme ('... at 70 degC')")  # fmt: skip
    programme = programme_from(stages, None if temperature is None else temperature.value)
    if not own or (temperature is not None and len(own) < sum(s.control != "rest" for s in stages)):
        assert temperature is not None  # refused above
        return temperature, programme
    return _stage_temperature(own, source), programme


def _stage_temperature(stages: Sequence[StatedStage], source: str) -> Estimate:
    """Mean [K] over the stages' time, their uncertainty one cause."""
    times = np.array([stage.duration for stage in stages])
    courses = [stage.temperature for stage in stages if stage.temperature is not None]
    kelvins = np.array([float(np.mean(c.values)) if isinstance(c, Trace) else c for c in courses])
    value = float(np.sum(times * kelvins) / times.sum())
    spread = float(np.sum(times * [stage.temperature_sd for stage in stages]) / times.sum())
    return measured(value, spread, named_dimension("temperature"), source=f"{source}#temperature")


def _charge_scale(fields: ReplacementMeasurement, source: str, label: str) -> tuple[float, str]:
    """Relative 1 SD of the charge and its latent: a stated calibration is one unknown for all profiles."""
    own, calibration = drive_sd(fields.stages), fields.current_uncertainty
    if calibration is not None and own == 0:
        return calibration.value, _shared(source, label, "current calibration", calibration)
    return math.hypot(own, 0.0 if calibration is None else calibration.value), f"{source}#charge"


def _shared(source: str, label: str, cause: str, stated: Quantity | None) -> str:
    """Name of a latent that all profiles of one analysis share where they state the same."""
    return f"{source.removesuffix(label)}{cause} {'' if stated is None else stated.text}"


def _question(programme: Programme, sample: Sample | None, native_ion: str) -> None:
    """Refuse a charge that would replace more ions than the sample holds."""
    if sample is None or sample.carrier_density is None or sample.thickness is None:
        return
    charge, density = programme.charge, sample.carrier_density.value * abs(sample.carrier_charge or 1)
    depth = abs(charge) / (elementary_charge * density)
    if math.isfinite(depth) and depth > sample.thickness.value:
        raise InputError(f"the charge of {format_number(abs(charge) * 0.1, 3)} mC/cm^2 stands for all "
                         f"{native_ion} "
                         f"down to {format_number(depth * 1e6, 3)} um, more than the sample is thick: check "
                         "the "
                         "current, the duration and carrier_density")  # fmt: skip


def _scale_warnings(scale: PositionScale, fields: ReplacementMeasurement) -> tuple[str, ...]:
    exact = scale.relative_uncertainty == 0
    said: tuple[str, ...] = ("the depth scale is stated without an uncertainty and taken as exact: the "
                             "diffusion ratio goes with "
            "its square",) if exact else ()  # fmt: skip
    if fields.depth_resolution is None:
        said += ("no depth_resolution is stated: a front that the instrument blurs is taken as the glass's "
                 "own, "
                 "and the width of the site energies comes out too small",)  # fmt: skip
    return (*scale.warnings, *said)
