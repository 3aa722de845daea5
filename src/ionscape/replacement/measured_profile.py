"""A measured depth profile after a replacement: fractions of the bulk density, with every error it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.core.serial import storable
from ionscape.replacement.programme import Programme

FloatArray = NDArray[np.float64]


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
