"""The charge that the native ions lack in a measured profile against the charge that was attached."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge

from ionscape.core.estimate import Estimate, exact, measured, undetermined
from ionscape.core.quantity import dimension_of
from ionscape.core.serial import storable
from ionscape.replacement.instrument import slice_edges
from ionscape.replacement.measured_profile import MeasuredProfile

FloatArray = NDArray[np.float64]

AREAL = dimension_of("C/m^2")
FAR = 3.0
"""Standard deviations from which missing and attached charge contradict each other."""
_FRONT, _BEHIND = 0.55, 1.5
_REACHED = 0.9


@storable
@dataclass(frozen=True)
class ChargeBalance:
    """Charge of one profile.

    Attributes
    ----------
    attached : Estimate
        [C/m^2] of the programme; undetermined where a voltage was controlled.
    missing : Estimate
        [C/m^2] of the native ions that left the part measured.
    ratio : Estimate
        Missing over attached; 1 if one foreign ion took the place of every native one and the scales of
        depth, density and current are right.
    reaches_bulk : bool
        Whether the profile ends in the unchanged conductor; else part of the charge lies deeper.
    """

    attached: Estimate
    missing: Estimate
    ratio: Estimate
    reaches_bulk: bool

    @property
    def contradiction(self) -> float:
        """Standard deviations of the ratio's logarithm from 0; nan where it is not determined."""
        if self.ratio.status != "determined" or not self.ratio.value > 0:
            return math.nan
        spread = self.ratio.standard_uncertainty / self.ratio.value
        return abs(math.log(self.ratio.value)) / spread if spread > 0 else math.inf


def charge_balance(profile: MeasuredProfile, carrier_density: Estimate, charge: int = 1) -> ChargeBalance:
    """Integrate what the native ions lack.

    Parameters
    ----------
    profile : MeasuredProfile
    carrier_density : Estimate
        [m^-3] of the native ion before the experiment.
    charge : int
        Of the native ion, in elementary charges.

    Notes
    -----
    The part in front of the first slice is taken to be like the first. Behind one and a half depths of the
    front the conductor is unchanged, so that an error of the bulk level is not added up over a long profile.
    """
    widths = np.diff(slice_edges(profile.depth))
    widths[0] += max(float(profile.depth[0]) - widths[0] / 2, 0.0)
    used = profile.depth <= _BEHIND * _front(profile)
    lack = float(np.sum(widths[used] * (1 - profile.native[used])))
    share = measured(lack, _spread(profile, widths, used), dimension_of("m"), source=f"{profile.source}#lack",
                     scale="linear")  # fmt: skip
    depths = measured(1.0, profile.depth_scale_sd, source=profile.depth_scale_source, scale="log")
    per_ion = exact(abs(charge) * elementary_charge, dimension_of("C"))
    missing = share * depths * carrier_density * per_ion
    attached = _attached(profile)
    return ChargeBalance(attached, missing, missing / attached, bool(np.mean(profile.native[-5:]) > _REACHED))


def _front(profile: MeasuredProfile) -> float:
    """Depth [m] behind which all fractions are those of the bulk's side of the front."""
    below = np.flatnonzero(profile.native < _FRONT)
    return float(profile.depth[below[-1]]) if below.size else float(profile.depth[0])


def _spread(profile: MeasuredProfile, widths: FloatArray, used: NDArray[np.bool_]) -> float:
    """1 SD [m] of the integral: counting, the bulk level, shared causes."""
    w, native = widths[used], profile.native[used]
    parts = [float(np.sqrt(np.sum((w * profile.native_sd[used]) ** 2)))]
    if math.isfinite(profile.native_scale_sd):
        parts.append(profile.native_scale_sd * float(np.sum(w * native)))
    parts += [float(np.sum(w * change[used])) for change in profile.systematic.values()]
    return math.hypot(*parts)


def _attached(profile: MeasuredProfile) -> Estimate:
    charge = profile.programme.charge
    if not math.isfinite(charge) or charge == 0:
        return undetermined(AREAL, "the current is not known: a voltage was controlled")
    sd = profile.charge_scale_sd * abs(charge)
    return measured(abs(charge), sd, AREAL, source=profile.charge_scale_source)
