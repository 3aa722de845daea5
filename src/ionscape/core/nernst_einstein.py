"""Nernst and Einstein: the diffusion coefficient that a conductivity stands for, and the Haven ratio.

D_σ = σkT/(n z² e²) is a definition: n is the number density of all ions of the kind, mobile or not. The Haven
ratio is H_R = D*/D_σ (Murch 1982). Errors are joint: what σ, n, T and D* share cancels or adds as it must.
"""

from __future__ import annotations

from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.errors import InputError, UnitError
from ionscape.core.estimate import Estimate, exact
from ionscape.core.quantity import Dimension, dimension_of, si_unit

_PER_CHARGE = dimension_of("J/K/C^2")
_CHARGE_PER_HEAT = dimension_of("C*K/J")


def diffusion_coefficient(
    conductivity: Estimate, temperature: Estimate, carrier_density: Estimate, charge: int = 1
) -> Estimate:
    """D_σ = σkT/(n z² e²) [m^2/s].

    Parameters
    ----------
    conductivity : Estimate
        [S/m]
    temperature : Estimate
        [K]
    carrier_density : Estimate
        Number density of all ions of the kind [m^-3].
    charge : int
        z, elementary charges of the carrier (its sign does not matter).

    Raises
    ------
    InputError
        If z is 0, or an argument has the wrong dimension.
    """
    _check(conductivity, "S/m", "the conductivity")
    _check(temperature, "K", "the temperature")
    _check(carrier_density, "m^-3", "the carrier density")
    return conductivity * temperature / carrier_density * _thermal(charge)


def haven_ratio(tracer_diffusion: Estimate, conductivity_diffusion: Estimate) -> Estimate:
    """H_R = D*/D_σ, from two diffusion coefficients [m^2/s] at one temperature.

    Raises
    ------
    InputError
        If an argument is no diffusion coefficient.
    """
    _check(tracer_diffusion, "m^2/s", "the tracer diffusion coefficient")
    _check(conductivity_diffusion, "m^2/s", "the diffusion coefficient from the conductivity")
    return tracer_diffusion / conductivity_diffusion


def apparent_carrier_density(
    conductivity: Estimate, temperature: Estimate, tracer_diffusion: Estimate, charge: int = 1
) -> Estimate:
    """n_app = σkT/(z²e²D*) = n/H_R [m^-3]: not a count of carriers.

    Raises
    ------
    InputError
        If z is 0, or an argument has the wrong dimension.
    """
    _check(conductivity, "S/m", "the conductivity")
    _check(temperature, "K", "the temperature")
    _check(tracer_diffusion, "m^2/s", "the tracer diffusion coefficient")
    return conductivity * temperature / tracer_diffusion * _thermal(charge)


def mobility(diffusion: Estimate, temperature: Estimate, charge: int = 1) -> Estimate:
    """μ = |z|eD/(kT) [m^2/V/s]; with D_σ it is σ/(|z|en), the mean drift of all ions of the kind.

    Raises
    ------
    InputError
        If z is 0, or an argument has the wrong dimension.
    """
    _check(diffusion, "m^2/s", "the diffusion coefficient")
    _check(temperature, "K", "the temperature")
    _thermal(charge)
    return diffusion / temperature * exact(abs(charge) * elementary_charge / Boltzmann, _CHARGE_PER_HEAT)


def _thermal(charge: int) -> Estimate:
    """k/(z²e²)"""
    if charge == 0:
        raise InputError("a carrier of charge 0 carries no current: give a carrier such as Li+")
    return exact(Boltzmann / (charge * elementary_charge) ** 2, _PER_CHARGE)


def _check(estimate: Estimate, unit: str, what: str) -> None:
    wanted: Dimension = dimension_of(unit)
    if estimate.dimension != wanted:
        raise UnitError(f"{what} must be in {unit}, got {si_unit(estimate.dimension)}")
