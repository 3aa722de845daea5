"""What a simulated replacement gives back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.serial import storable

FloatArray = NDArray[np.float64]


@storable
@dataclass(frozen=True)
class Replacement:
    """Profiles and potentials over time.

    S saved times, C cells of the film, K steps of the trace.

    Attributes
    ----------
    time : (S,) array
        [s] of the saved profiles; the last is the end of the programme.
    faces : (C + 1,) array
        [m] depths of the cells' faces, from 0.
    fractions : mapping of ion's name to (S, C) array
        u = z n/n0 averaged over the cell, immobile ions included.
    potential : (S, C) array
        [V] against the end of the film, at the cells' centres.
    field : (S, C + 1) array
        [V/m] at the faces.
    excess_charge : (S, C) array
        Charge density over e n0; of a neutral film from the field by Poisson's equation.
    flux : mapping of ion's name to (S, C + 1) array
        [m^-2 s^-1]
    trace_time, current_density, film_voltage, bulk_voltage : (K,) arrays
        [s], [A/m^2], [V] across the film that is computed and across the bulk behind it.
    charge : float
        [C/m^2] through the front face.
    mass_error : float
        Largest relative deviation of an ion's amount from what went in and out.
    charge_error : float
        Largest deviation of the charge inside from what went in, relative to what went in.
    description : str
        ``electroneutral`` or ``Nernst-Planck-Poisson``.
    n_steps : int
    warnings : tuple of str
    mixed : mapping of foreign ion's name to (S, C) array
        The part whose site energies have mixed with those of earlier ions, where that takes a finite time;
        else empty.
    """

    time: FloatArray
    faces: FloatArray
    fractions: Mapping[str, FloatArray]
    potential: FloatArray
    field: FloatArray
    excess_charge: FloatArray
    flux: Mapping[str, FloatArray]
    trace_time: FloatArray
    current_density: FloatArray
    film_voltage: FloatArray
    bulk_voltage: FloatArray
    charge: float
    mass_error: float
    charge_error: float
    description: str
    n_steps: int
    warnings: tuple[str, ...] = ()
    mixed: Mapping[str, FloatArray] = dataclasses.field(default_factory=dict)

    @property
    def depth(self) -> FloatArray:
        """(C,) centres of the cells [m]."""
        return np.asarray((self.faces[1:] + self.faces[:-1]) / 2)

    def profile(self, ion: str, depth: ArrayLike, at: int = -1) -> FloatArray:
        """Fraction of an ion at depths [m], at the end or another saved time; exact cell averages between."""
        amount = np.concatenate([[0.0], np.cumsum(self.fractions[ion][at] * np.diff(self.faces))])
        from scipy.interpolate import PchipInterpolator

        return np.asarray(PchipInterpolator(self.faces, amount).derivative()(np.asarray(depth, dtype=float)))
