"""The level up to which sites are filled, at absolute zero and at a temperature (Fermi-Dirac).

A *filling* s is the share of the conductor's carriers; of all the sites a share v stays empty when s = 1, so
that (1 - v) s of the sites are taken (Gunawan 2024, section 3.2: v = 10 % assumed).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Boltzmann

from ionscape.core.errors import AnalysisError, InputError
from ionscape.replacement.site_energy_distribution import SiteEnergyDistribution

FloatArray = NDArray[np.float64]

LOWEST_FILLING = 1e-12
"""Fillings below it are taken as it: its level is finite, and so is the diffusion coefficient."""

_NODES = 8
_FARTHEST_SHARE = 1e-28  # of the sites: lies below all that a filling of 1e-12 is sensitive to
_COLD = 1e-3  # kT over the width below which the smearing of the filling is left out
_ROUNDS = 60


def fermi_energy(
    distribution: SiteEnergyDistribution, filling: ArrayLike, vacancy_fraction: float = 0.1,
    temperature: float = 0.0,
) -> FloatArray:  # fmt: skip
    """E_F [J] at fillings.

    Parameters
    ----------
    distribution : SiteEnergyDistribution
    filling : array-like
        Share of the carriers, of any shape; below `LOWEST_FILLING` as there.
    vacancy_fraction : float
        Share of the sites that is empty at filling 1.
    temperature : float
        [K]. Zero: all sites up to the level are taken, none above. Else they are taken as by Fermi and
        Dirac, at most one ion in a site, and the level is solved for.

    Raises
    ------
    InputError
        If the vacancy fraction or the temperature is impossible.
    """
    refuse_vacancies(distribution, vacancy_fraction, temperature)
    s = np.asarray(filling, dtype=float)
    taken = np.clip(s, LOWEST_FILLING, (1 - 1e-12) / (1 - vacancy_fraction)) * (1 - vacancy_fraction)
    kt = Boltzmann * temperature
    if kt <= _COLD * distribution.fwhm:
        # The level shifts by about (kT)^2 g'/g pi^2/6, some 1e-6 of the width.
        return distribution.quantile(taken)
    return _thermal_level(distribution, taken, kt)


def activation_energy(
    distribution: SiteEnergyDistribution, filling: ArrayLike, bulk_activation_energy: float,
    vacancy_fraction: float = 0.1, temperature: float = 0.0,
) -> FloatArray:  # fmt: skip
    """E_act(n) = E_DC - E_F(n) [J], the threshold E_DC placed by the activation energy at filling 1 [J].

    Source: Gunawan 2024, section 3.2. Other parameters as of `fermi_energy`.
    """
    top = fermi_energy(distribution, 1.0, vacancy_fraction, temperature)
    level = fermi_energy(distribution, filling, vacancy_fraction, temperature)
    return np.asarray(bulk_activation_energy + top - level)


def occupied_share(distribution: SiteEnergyDistribution, level: ArrayLike, temperature: float) -> FloatArray:
    """Share of the sites that is taken when the level is at energies [J], at a temperature [K].

    The integral of density times 1/(1 + exp((E - level)/kT)); at zero the cumulative share.
    """
    kt = Boltzmann * temperature
    at = np.asarray(level, dtype=float)
    if kt <= _COLD * distribution.fwhm:
        return distribution.cumulative(at)
    nodes, weights = _quadrature(distribution, kt)
    return _occupied(at.ravel(), nodes, weights, kt)[0].reshape(at.shape)


def refuse_vacancies(
    distribution: SiteEnergyDistribution, vacancy_fraction: float, temperature: float
) -> None:
    """Refuse what no filling can have.

    Raises
    ------
    InputError
        With the reason.
    """
    if not 0 <= vacancy_fraction < 1:
        raise InputError(f"the vacancy fraction must be at least 0 and below 1, got {vacancy_fraction:g}")
    if not temperature >= 0:
        raise InputError(f"a temperature must be above absolute zero, got {temperature:g} K")
    if vacancy_fraction == 0 and (temperature > 0 or not np.isfinite(distribution.quantile(1.0))):
        raise InputError(
            "without vacancies the highest level of this distribution is not defined: state a vacancy "
            "fraction larger than zero"
        )


def _thermal_level(distribution: SiteEnergyDistribution, taken: FloatArray, kt: float) -> FloatArray:
    """Level of each share: a table of the shares inverted, then Newton on the logit of the share."""
    nodes, weights = _quadrature(distribution, kt)
    wanted = np.log(taken) - np.log1p(-taken)
    flat = wanted.ravel()
    levels, logits = _table(distribution, kt)
    level = np.interp(flat, logits, levels)
    low, high = np.full(flat.shape, levels[0]), np.full(flat.shape, levels[-1])
    open_ = np.ones(flat.shape, dtype=bool)
    for _ in range(_ROUNDS):
        share, slope = _occupied(level[open_], nodes, weights, kt)
        off = np.log(share) - np.log1p(-share) - flat[open_]
        low[open_] = np.where(off <= 0, level[open_], low[open_])
        high[open_] = np.where(off > 0, level[open_], high[open_])
        new = level[open_] - off * share * (1 - share) / slope
        inside = (new >= low[open_]) & (new <= high[open_])
        new = np.where(inside, new, (low[open_] + high[open_]) / 2)
        still = np.abs(new - level[open_]) > 1e-5 * kt  # the error after the step is its square
        level[open_] = new
        open_[open_] = still
        if not np.any(open_):
            return np.asarray(level.reshape(taken.shape))
    raise AnalysisError("no Fermi level was found: are kT and the width of the distribution of one order?")


@lru_cache(maxsize=16)
def _table(distribution: SiteEnergyDistribution, kt: float) -> tuple[FloatArray, FloatArray]:
    """Levels and the logits of their shares, from below the lowest filling to above the highest."""
    nodes, weights = _quadrature(distribution, kt)
    low = float(distribution.quantile(LOWEST_FILLING * 1e-3)) - 30 * kt
    high = float(distribution.quantile(1 - 1e-12)) + 30 * kt
    step = 1.0 * kt + 0.1 * distribution.fwhm
    levels = np.linspace(low, high, max(int((high - low) / step), 16))
    share, _ = _occupied(levels, nodes, weights, kt)
    keep = (share > 0) & (share < 1)
    logits = np.log(share[keep]) - np.log1p(-share[keep])
    rising = np.concatenate([[True], np.diff(logits) > 0])
    return levels[keep][rising], logits[rising]


@lru_cache(maxsize=16)
def _quadrature(distribution: SiteEnergyDistribution, kt: float) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes, and weights times density, on panels that kT, width and kinks ask for."""
    low, high = float(distribution.quantile(_FARTHEST_SHARE)), float(distribution.quantile(1 - 1e-16))
    ends = np.array(sorted({low, high, *(energy for energy in distribution.breaks if low < energy < high)}))
    width = min(2 * kt, distribution.scale)
    panels = np.ceil(np.diff(ends) / width).astype(int)
    points = [np.linspace(a, b, n + 1) for (a, b), n in zip(pairwise(ends), panels, strict=True)]
    edges = np.unique(np.concatenate(points))
    x, w = np.polynomial.legendre.leggauss(_NODES)
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    nodes = (middle[:, None] + half[:, None] * x).ravel()
    weights = (half[:, None] * w).ravel() * distribution.density(nodes)
    keep = weights > 0
    return nodes[keep], weights[keep]


def _occupied(
    level: FloatArray, nodes: FloatArray, weights: FloatArray, kt: float
) -> tuple[FloatArray, FloatArray]:
    """Taken share at each level, and its derivative [1/J]."""
    share, slope = np.empty(level.shape), np.empty(level.shape)
    chunk = max(1, 2_000_000 // nodes.size)
    for start in range(0, level.size, chunk):
        part = slice(start, start + chunk)
        taken = 1 / (1 + np.exp(np.clip((nodes - level[part, None]) / kt, -700, 700)))
        share[part] = taken @ weights
        slope[part] = (taken * (1 - taken)) @ weights / kt
    return share, slope
