"""Which ions sit at which site energies: populated, mobile, immobile, vacant; native and foreign.

Densities are per energy and per carrier of the unchanged conductor: all native ions together have the area 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Boltzmann

from ionscape.core.errors import InputError
from ionscape.replacement.fermi_level import fermi_energy
from ionscape.replacement.site_energy_distribution import SiteEnergyDistribution

FloatArray = NDArray[np.float64]

_POINTS = 600
_DRAWN_SHARE = 1e-4  # of the sites left out at either end of the drawn range
_ROUNDING = 1e-9


@dataclass(frozen=True)
class NativePopulations:
    """The native ions before and after an experiment, over N energies.

    Attributes
    ----------
    energy : (N,) array
        [J] relative to the initial Fermi level E_F(1).
    sites : (N,) array
        All sites [1/J].
    populated : (N,) array
        Taken before the experiment; area 1.
    mobile : (N,) array
        Of these, what left where the plateau is; area 1 - plateau.
    immobile : (N,) array
        What stayed; area plateau.
    vacant : (N,) array
        Empty sites; area v/(1 - v).
    level_left : float
        [J] up to which ions stayed, relative to E_F(1).
    """

    energy: FloatArray
    sites: FloatArray
    populated: FloatArray
    mobile: FloatArray
    immobile: FloatArray
    vacant: FloatArray
    level_left: float


@dataclass(frozen=True)
class StackedPopulations:
    """Native and foreign ions together at one depth, K ions over N energies.

    Attributes
    ----------
    energy : (N,) array
        [J] relative to E_F(1).
    ions : (K, N) array
        [1/J]; the area of each is its fraction.
    vacant : (N,) array
        [1/J]
    filling : (K,) array
        Up to which each ion reaches.
    level : (K,) array
        Its Fermi level [J] relative to E_F(1).
    """

    energy: FloatArray
    ions: FloatArray
    vacant: FloatArray
    filling: FloatArray
    level: FloatArray


def stacked_filling(fractions: ArrayLike, mixed: ArrayLike | None = None) -> FloatArray:
    """Filling at which each ion's law is taken.

    Parameters
    ----------
    fractions : (K, ...) array-like
        u of the native ion, then of the foreign ones in the order of arrival.
    mixed : (K, ...) array-like, optional
        Part q of each that has mixed with the ions before it, at most its u; that of the native ion is not
        used. Left out: none (static). The fractions themselves: all (at once).

    Returns
    -------
    (K, ...) array
        s_i = u_1 + ... + u_i + q_(i+1) + ... + q_K.
    """
    u = np.asarray(fractions, dtype=float)
    q = _mixed(u, mixed)
    later = np.cumsum(q[::-1], axis=0)[::-1] - q
    return np.asarray(np.cumsum(u, axis=0) + later)


def native_populations(
    distribution: SiteEnergyDistribution, plateau_fraction: float, *, vacancy_fraction: float = 0.1,
    temperature: float = 0.0, energy: ArrayLike | None = None,
) -> NativePopulations:  # fmt: skip
    """Populated part of a distribution, and what of it left until the plateau (Gunawan 2024, Fig. 4).

    Parameters
    ----------
    distribution : SiteEnergyDistribution
    plateau_fraction : float
        Native fraction in the replaced layer.
    vacancy_fraction : float
    temperature : float
        [K] of the filling; zero: sharp levels.
    energy : (N,) array-like, optional
        [J] relative to E_F(1); chosen unless given.

    Raises
    ------
    InputError
        If the plateau is no fraction.
    """
    if not 0 <= plateau_fraction <= 1:
        raise InputError(f"a plateau's fraction lies between 0 and 1, got {plateau_fraction:g}")
    fractions = [plateau_fraction, 1 - plateau_fraction]
    s = stacked_populations(distribution, fractions, vacancy_fraction=vacancy_fraction,
                            temperature=temperature, energy=energy)  # fmt: skip
    populated = s.ions.sum(axis=0)
    return NativePopulations(s.energy, populated + s.vacant, populated, s.ions[1], s.ions[0], s.vacant,
                             float(s.level[0]))  # fmt: skip


def stacked_populations(
    distribution: SiteEnergyDistribution, fractions: ArrayLike, mixed: ArrayLike | None = None, *,
    vacancy_fraction: float = 0.1, temperature: float = 0.0, energy: ArrayLike | None = None,
) -> StackedPopulations:  # fmt: skip
    """Native and foreign ions over energy, where the sites are filled from below in the order of arrival.

    What has mixed lies among the native ions at the bottom, evenly; the rest of each foreign ion is a layer
    of its own on top of the ones before it. Nothing mixed: two distributions one above the other (Gunawan
    2024, Fig. 3); all mixed: the same distribution for each, times its fraction.

    Parameters
    ----------
    distribution : SiteEnergyDistribution
        Of the sites.
    fractions : (K,) array-like
        Native ion first; their sum is 1.
    mixed : (K,) array-like, optional
        See `stacked_filling`.
    vacancy_fraction, temperature, energy
        See `native_populations`.

    Raises
    ------
    InputError
        If the fractions do not add up to 1, or more has mixed than there is.
    """
    u = np.asarray(fractions, dtype=float)
    if u.ndim != 1 or u.min() < -_ROUNDING or abs(u.sum() - 1) > 1e-6:
        raise InputError("the fractions of the ions at one depth must not be negative and add up to 1")
    q = _mixed(u, mixed)
    s = stacked_filling(u, q)
    absolute = fermi_energy(distribution, np.append(s, 1.0), vacancy_fraction, temperature)
    top, levels = float(absolute[-1]), absolute[:-1] - absolute[-1]
    at = _energies(distribution, levels, top) if energy is None else np.asarray(energy, dtype=float)
    per_carrier = distribution.density(at + top) / (1 - vacancy_fraction)
    taken = per_carrier * np.stack([_occupancy(at - level, temperature) for level in levels])
    taken[s <= 0] = 0.0
    layers = np.diff(taken, axis=0, prepend=0.0)
    ions = np.maximum(layers, 0.0)
    ions[0] = 0.0
    at_bottom = np.concatenate([u[:1], q[1:]])
    if s[0] > 0:
        ions += layers[0] * (at_bottom / s[0])[:, None]
    return StackedPopulations(at, ions, np.maximum(per_carrier - taken[-1], 0.0), s, levels)


def static_and_mixed(
    distribution: SiteEnergyDistribution, fractions: ArrayLike, *, vacancy_fraction: float = 0.1,
    temperature: float = 0.0,
) -> tuple[StackedPopulations, StackedPopulations]:  # fmt: skip
    """The two ends that a second experiment could tell apart: nothing mixed, and all mixed."""
    u = np.asarray(fractions, dtype=float)
    v, t = vacancy_fraction, temperature
    static = stacked_populations(distribution, u, vacancy_fraction=v, temperature=t)
    energy = static.energy
    return static, stacked_populations(distribution, u, u, vacancy_fraction=v, temperature=t, energy=energy)


def _mixed(fractions: FloatArray, mixed: ArrayLike | None) -> FloatArray:
    if mixed is None:
        return np.zeros_like(fractions)
    q = np.array(mixed, dtype=float)
    if q.shape != fractions.shape:
        raise InputError("what has mixed is given for each ion, in the same order as the fractions")
    q[0] = 0.0
    if np.any(q < -_ROUNDING) or np.any(q > fractions + _ROUNDING):
        raise InputError("the part of an ion that has mixed lies between nothing and all of it")
    return q


def _energies(distribution: SiteEnergyDistribution, levels: FloatArray, top: float) -> FloatArray:
    """Evenly spaced, and both sides of each level, where a filling at absolute zero jumps."""
    low, high = distribution.quantile([_DRAWN_SHARE, 1 - _DRAWN_SHARE]) - top
    tiny = _ROUNDING * distribution.fwhm
    sides = (np.append(levels, 0.0)[:, None] + np.array([-tiny, tiny])).ravel()
    low, high = min(low, float(sides.min())), max(high, float(sides.max()))
    return np.unique(np.concatenate([np.linspace(low, high, _POINTS), sides]))


def _occupancy(above: FloatArray, temperature: float) -> FloatArray:
    """Share of the sites taken at energies [J] above a level."""
    if temperature == 0:
        return np.where(above <= 0, 1.0, 0.0)
    return np.asarray(1 / (1 + np.exp(np.clip(above / (Boltzmann * temperature), -700, 700))))
