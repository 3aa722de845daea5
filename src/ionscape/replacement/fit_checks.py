"""Checks of a fit by other means: the zones of the profile (eq. 3 of Gunawan 2024) and the front theory."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge

from ionscape.core.errors import InputError
from ionscape.core.serial import storable
from ionscape.replacement.diffusion_law import DiffusionLaw
from ionscape.replacement.foreign_diffusion import diffusion_of_foreign_ion
from ionscape.replacement.front_theory import front
from ionscape.replacement.profile_summary import summarise

FloatArray = NDArray[np.float64]

ZONES_AGREE = 0.10
"""Eq. (3) is good to this, relative, where the front is sharp (Gunawan 2024, section 3.2)."""


@storable
@dataclass(frozen=True)
class ProfileCheck:
    """One profile's fit against other means.

    Attributes
    ----------
    foreign_by_zones : float
        D of the foreign ion by eq. (3) over the fitted one; nan where the equation does not apply.
    zones_reason : str
        Why it does not.
    plateau_fit, plateau_theory : float
        Mean fraction of native ions behind the front: of the fit, and of the front theory, which needs no
        solution of the transport equations; nan where there is no front.
    """

    foreign_by_zones: float
    zones_reason: str
    plateau_fit: float
    plateau_theory: float


def profile_check(
    law: DiffusionLaw, foreign: float, depth: FloatArray, native: FloatArray, *, charge: float,
    duration: float, carrier_density: float, ion_charge: int, temperature: float,
    immobile_fraction: float = 0.0,
) -> ProfileCheck:  # fmt: skip
    """Check the fit of one profile.

    Parameters
    ----------
    law : DiffusionLaw
        Of the native ion, as fitted.
    foreign : float
        Fitted D of the foreign ion [m^2/s].
    depth, native : (G,) arrays
        [m] and the fraction of the native ion inside the solid, without depth resolution.
    charge, duration : float
        [C/m^2] and [s] of the experiment; the current is taken as constant.
    carrier_density, temperature : float
        [m^-3], [K]
    ion_charge : int
        Of the native ion.
    immobile_fraction : float
    """
    current = charge / duration
    density = carrier_density * abs(ion_charge) * elementary_charge
    ratio, reason = _by_zones(law, foreign, depth, native, current / density, temperature, immobile_fraction)
    try:
        predicted = front(
            law, foreign, current, charge, carrier_density=carrier_density, temperature=temperature,
            native_charge=ion_charge, foreign_charge=ion_charge,
            immobile_fraction=immobile_fraction,
        ).plateau_fraction  # fmt: skip
    except InputError:
        predicted = math.nan
    return ProfileCheck(ratio, reason, summarise(depth, native).plateau_fraction, predicted)


def _by_zones(
    law: DiffusionLaw, foreign: float, depth: FloatArray, native: FloatArray, velocity: float,
    temperature: float, immobile: float,
) -> tuple[float, str]:  # fmt: skip
    """D of the foreign ion by eq. (3) over the fitted one, and why it is missing.

    ``velocity``: current over the charge of all native ions [m/s], their mean one in the bulk. The equation
    counts the native ions that move.
    """
    layer = summarise(depth, native).plateau_fraction
    if not math.isfinite(layer):
        return math.nan, "the profile has no front"
    middle = (1 + layer) / 2  # where eq. (3) takes the front
    at_bulk, at_front, at_layer = np.exp(law.log_diffusion(np.array([1.0, middle, layer]), temperature))
    mobile = 1 - immobile
    try:
        found = diffusion_of_foreign_ion(
            native_bulk=mobile, native_front=middle - immobile, native_layer=max(layer - immobile, 0.0),
            diffusion_bulk=float(at_bulk), diffusion_front=float(at_front), diffusion_layer=float(at_layer),
            gradient_front=_gradient(depth, native, middle), field_bulk=velocity / (mobile * float(at_bulk)),
        )  # fmt: skip
    except InputError as error:
        return math.nan, str(error)
    return found / foreign, ""


def _gradient(depth: FloatArray, native: FloatArray, level: float) -> float:
    """du/dx [1/m] where the profile rises through a level."""
    k = int(np.argmax(native >= level))
    low, high = max(k - 2, 0), min(k + 1, depth.size - 1)
    return max(float((native[high] - native[low]) / (depth[high] - depth[low])), 0.0)
