"""D of the native ion as a fit of site energies says: at its best values, or at a draw of its posterior."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ionscape.replacement.diffusion_law import ConstantDiffusion, DiffusionLaw, SiteEnergyDiffusion
from ionscape.replacement.distribution_family import distribution_family
from ionscape.replacement.fit_result import ProfileFit, SiteEnergyFit
from ionscape.replacement.site_energy_distribution import SiteEnergyDistribution

FloatArray = NDArray[np.float64]

MOST_DRAWS = 400
"""Draws from which bands of a curve are taken: enough for the ends of a 95 % interval."""


def value_of(fit: SiteEnergyFit, name: str, otherwise: float, draw: FloatArray | None = None) -> float:
    """Best value (or that of one draw) of a quantity of the fit; ``otherwise`` where it was exactly known."""
    row = fit.best if draw is None else draw
    return float(row[fit.names.index(name)]) if name in fit.names else otherwise


def bulk_of(fit: SiteEnergyFit, profile: ProfileFit, draw: FloatArray | None = None) -> float:
    """D_bulk [m^2/s] of a profile's temperature."""
    for name in fit.names:
        base, _, labels = name.partition(" ")
        if base == "bulk_diffusion" and (not labels or profile.label in labels[1:-1].split(", ")):
            return value_of(fit, name, math.nan, draw)
    return profile.bulk_diffusion.value


def fitted_distribution(fit: SiteEnergyFit, draw: FloatArray | None = None) -> SiteEnergyDistribution | None:
    """The distribution, energies in J; None where D does not depend on the composition."""
    family = distribution_family(fit.distribution)
    known = {"site_energy_fwhm": fit.site_energy_fwhm, **fit.shape_parameters}
    values = [value_of(fit, p.name, known[p.name].value, draw) for p in family.parameters]
    return family.distribution(np.array(values))


def vacancies_of(fit: SiteEnergyFit, draw: FloatArray | None = None) -> float:
    """The vacancy fraction."""
    return value_of(fit, "vacancy_fraction", fit.vacancy_fraction.value, draw)


def immobile_of(fit: SiteEnergyFit, draw: FloatArray | None = None) -> float:
    """The share of the native ions that never moves."""
    stated = fit.immobile_fraction.value if fit.immobile_fraction.status == "determined" else 0.0
    return value_of(fit, "immobile_fraction", stated, draw)


def fitted_law(fit: SiteEnergyFit, profile: ProfileFit, draw: FloatArray | None = None) -> DiffusionLaw:
    """D of the native ions that move against their filling at a profile's temperature.

    D_bulk is that of all native ions, as a conductivity gives it; where a share w never moves, the others
    have D_bulk/(1 - w).

    Parameters
    ----------
    fit : SiteEnergyFit
    profile : ProfileFit
        Its temperature and D_bulk.
    draw : (P,) array, optional
        A row of ``fit.draws``; the best values unless given.
    """
    bulk, kelvin = bulk_of(fit, profile, draw), profile.temperature.value
    bulk /= 1 - immobile_of(fit, draw)
    found = fitted_distribution(fit, draw)
    if found is None:
        return ConstantDiffusion(bulk, reference_temperature=kelvin)
    return SiteEnergyDiffusion(found, bulk, vacancies_of(fit, draw), reference_temperature=kelvin)


def law_draws(fit: SiteEnergyFit, profile: ProfileFit, filling: FloatArray) -> FloatArray:
    """ln of D [m^2/s] at fillings (F,) for draws of the posterior (n, F); without draws of the best."""
    rows = fit.draws[:: max(len(fit.draws) // MOST_DRAWS, 1)] if len(fit.draws) else fit.best[None]
    kelvin = profile.temperature.value
    return np.array([fitted_law(fit, profile, row).log_diffusion(filling, kelvin) for row in rows])
