"""What the profiles alone say of D_bulk: the only D_CAIT that does not repeat what went in.

With D_bulk taken from the conductivity, its posterior is mostly that input again, and comparing the two
would confirm nothing. So it is fitted once more with nothing known of D_bulk, if the information of the
profiles says that this can give a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from ionscape.core.estimate import Estimate, measured, undetermined
from ionscape.replacement.bulk_input import DIFFUSION, SAME_TEMPERATURE
from ionscape.replacement.fit_result import SiteEnergyFit
from ionscape.replacement.fitted_law import bulk_of
from ionscape.replacement.identifiability import POOR, Identifiability
from ionscape.replacement.measured_profile import MeasuredProfile

VAGUE = 3.0
"""1 SD of ln D_bulk that stands for knowing nothing: moves a value that is known to 30 % by 1 % of the
distance to where the prior lies."""

Refit = Callable[[list[Estimate | None]], SiteEnergyFit]


def bulk_from_profiles_alone(
    fit: SiteEnergyFit, profiles: Sequence[MeasuredProfile], refit: Refit, source: str
) -> tuple[Estimate, ...]:
    """D_bulk [m^2/s] at each profile's temperature from the profiles and the vacancies, no conductivity used.

    Parameters
    ----------
    fit : SiteEnergyFit
        With whatever was known.
    profiles : sequence of MeasuredProfile
    refit : callable
        The same fit with other D_bulk (one per profile).
    source : str
        Root of the name of the latent for what is not known.

    Returns
    -------
    tuple of Estimate
        Undetermined where the profiles know it to a factor only.
    """
    spread = spread_alone(fit.identifiability) if fit.identifiability is not None else math.inf
    if fit.distribution == "constant" or spread > POOR:
        return (undetermined(DIFFUSION, _reason(spread)),) * len(profiles)
    vague = [_vague(fit, profiles, k, source) for k in range(len(profiles))]
    found = refit(list(vague))
    return tuple(_checked(profile.bulk_diffusion) for profile in found.profiles)


def spread_alone(found: Identifiability) -> float:
    """1 SD of ln D_bulk from the profiles and what is known of the rest, the worst of several temperatures.

    nan where it is no parameter, as it was stated without an error.
    """
    at = [k for k, name in enumerate(found.names) if name.partition(" ")[0] == "bulk_diffusion"]
    if not at:
        return math.nan
    known = found.prior_information.copy()
    known[at, :], known[:, at] = 0.0, 0.0
    total = found.information + known
    scale = np.sqrt(np.maximum(np.diag(total), 1e-300))
    values, vectors = np.linalg.eigh(total / np.outer(scale, scale))
    variance = (vectors**2 / np.maximum(values, 1e-12)).sum(axis=1) / scale**2
    return float(np.sqrt(np.max(variance[at])))


def _vague(fit: SiteEnergyFit, profiles: Sequence[MeasuredProfile], k: int, source: str) -> Estimate:
    """As good as unknown; one unknown for all profiles of a temperature."""
    kelvin = profiles[k].temperature.value
    first = next(n for n, p in enumerate(profiles) if abs(p.temperature.value - kelvin) <= SAME_TEMPERATURE)
    value = bulk_of(fit, fit.profiles[first])
    return measured(value, VAGUE * value, DIFFUSION, source=f"{source}#nothing known of D_bulk {first}",
                    scale="log")  # fmt: skip


def _checked(found: Estimate) -> Estimate:
    if found.status == "determined" and found.standard_uncertainty > POOR * found.value:
        return undetermined(DIFFUSION, _reason(found.standard_uncertainty / found.value))
    return found


def _reason(spread: float) -> str:
    known = f"to a factor {math.exp(spread):.2g} only" if spread < VAGUE else "not at all"
    return f"the profiles alone, without a conductivity, know D_bulk {known} (1 SD)"
