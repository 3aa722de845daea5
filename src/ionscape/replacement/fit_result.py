"""What a joint fit of site energies gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.core.serial import storable
from ionscape.replacement.identifiability import Identifiability

FloatArray = NDArray[np.float64]


@storable
@dataclass(frozen=True)
class ProfileFit:
    """One profile of a joint fit.

    G depths of the fine grid, N slices.

    Attributes
    ----------
    label, item : str
        Of the profile; and what its results are called: the ion, or the ion and the label.
    native_ion, foreign_ion : str
    depth : (G,) array
        [m] as the instrument counts depths.
    native, foreign : (G,) arrays
        Best model of the signals, blurred, on the scale of the data; ``foreign`` also where it was not
        measured.
    native_band, foreign_band : (2, 2, G) arrays
        Low and high ends of the 68 % (first) and 95 % intervals of the model.
    native_inside : (G,) array
        Best model of the fraction inside the solid, without blur.
    native_residuals, foreign_residuals : (N,) arrays
        (Data - model)/SD; nan for slices left out; ``foreign_residuals`` empty where it was not measured.
    inflation, inflation_foreign : float
        By which the stated counting errors were multiplied, so that chi-square is what it should be.
    chi_square : float
        Of this profile with the errors as stated.
    n_points : int
        Values that count.
    plateau_fraction, front_depth, front_width : Estimate
        Of the unblurred profile; depths [m] in the solid.
    bulk_diffusion, foreign_diffusion, diffusion_ratio : Estimate
        [m^2/s], [m^2/s], D_foreign/D_bulk.
    temperature : Estimate
        [K]
    """

    label: str
    item: str
    native_ion: str
    foreign_ion: str
    depth: FloatArray
    native: FloatArray
    foreign: FloatArray
    native_band: FloatArray
    foreign_band: FloatArray
    native_inside: FloatArray
    native_residuals: FloatArray
    foreign_residuals: FloatArray
    inflation: float
    inflation_foreign: float
    chi_square: float
    n_points: int
    plateau_fraction: Estimate
    front_depth: Estimate
    front_width: Estimate
    bulk_diffusion: Estimate
    foreign_diffusion: Estimate
    diffusion_ratio: Estimate
    temperature: Estimate


@storable
@dataclass(frozen=True)
class BulkLine:
    """The width that goes with each D_bulk, where D_bulk is not known.

    Attributes
    ----------
    factor : (M,) array
        D_bulk over its best value; of several temperatures all together.
    bulk_diffusion : (M,) array
        [m^2/s] of the first profile.
    fwhm, fwhm_sd : (M,) arrays
        [J] best width at that D_bulk, and 1 SD of it.
    chi_square : (M,) array
        Of the best fit at that D_bulk.
    """

    factor: FloatArray
    bulk_diffusion: FloatArray
    fwhm: FloatArray
    fwhm_sd: FloatArray
    chi_square: FloatArray


@storable
@dataclass(frozen=True)
class SiteEnergyFit:
    """A joint fit of one distribution of site energies to one or several profiles.

    Attributes
    ----------
    distribution : str
        Its family, as given to `fit_site_energies`.
    site_energy_fwhm, site_energy_mean, vacancy_fraction, immobile_fraction : Estimate
        [J], [J] above the level at which ions are free to go, shares. Undetermined or bounds where the
        profiles and what is stated do not fix them.
    shape_parameters : mapping of str to Estimate
        Of families with more than a width.
    profiles : tuple of ProfileFit
    names : tuple of str
        Of the draws, P: quantities that are not exactly known.
    best : (P,) array
        Best values in SI.
    draws : (n, P) array
        Joint posterior draws in SI.
    logarithmic : (P,) bool array
        Which are positive by nature.
    chi_square : float
        Sum of squares at the best fit with the errors as used (inflated where it says so), priors included.
    degrees_of_freedom : int
    n_data, n_parameters : int
        Values that count; free parameters of the conductor.
    sum_of_squares : float
        Of the data's residuals alone, errors as stated.
    effective_draws : float
        Number of independent draws that the posterior is worth.
    worth : float
        Share of the emulated draws that stands up to the computed model (1: all).
    bulk_known : bool
    bulk_line : BulkLine or None
    identifiability : Identifiability or None
    evaluations : int
        Profiles computed.
    converged : bool
    warnings : tuple of str
    """

    distribution: str
    site_energy_fwhm: Estimate
    site_energy_mean: Estimate
    vacancy_fraction: Estimate
    immobile_fraction: Estimate
    shape_parameters: Mapping[str, Estimate]
    profiles: tuple[ProfileFit, ...]
    names: tuple[str, ...]
    best: FloatArray
    draws: FloatArray
    logarithmic: NDArray[np.bool_]
    chi_square: float
    degrees_of_freedom: int
    n_data: int
    n_parameters: int
    sum_of_squares: float
    effective_draws: float
    worth: float
    bulk_known: bool
    bulk_line: BulkLine | None
    identifiability: Identifiability | None
    evaluations: int
    converged: bool
    warnings: tuple[str, ...] = field(default=())
