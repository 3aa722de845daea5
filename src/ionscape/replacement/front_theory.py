"""Front theory: the profile of a binary replacement without solving the transport equations.

At constant current j and without diffusion the native ions obey u_t + (j f(u))_x = 0 with the share of the
current that they carry, f = (u - w) D_n / [(u - w) D_n + zeta D_f (1 - u)]: u their fraction, w the immobile
part of it, zeta the ratio of the charges, foreign over native. From an interface without native flux the
solution is the lower convex hull of f (Oleinik): where the hull lies on f, depth x = Q f'(u), a fan that
looks like a plateau and slopes logarithmically; where the hull is straight, a shock. Q is the charge through
the front face over the charge density of the carriers. Diffusion gives the shock its width: a travelling
wave, D u_x = j [f(u) - hull(u)].

Abou-el-Leil and Cooper (1979) treated the front of constant coefficients; here D_n depends on u.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import DiffusionLaw

FloatArray = NDArray[np.float64]

FRONT_LEVEL = 0.55
"""The front's depth is the first one with this native fraction."""
PLATEAU_RANGE = (0.35, 0.75)
"""Of the front's depth: where the plateau's mean is taken."""
WIDTH_START = 0.8
"""Of the front's depth: the fraction there is the foot of the 10-90 % width."""

# Of the mobile part: close at the ends, where logarithms of the fraction count.
_GRID = np.concatenate([[0.0], np.geomspace(1e-9, 0.01, 120)[:-1], np.linspace(0.01, 0.99, 440),
                        1 - np.geomspace(0.01, 1e-4, 40)[1:], [1.0]])  # fmt: skip
_WAVE_POINTS = 200
_ROUNDING = 1e-11  # of the chords' slopes, next to u = 1
_SPREAD = 4 * 0.9061938024368233  # 10-90 % width of erf(x/2 sqrt(Dt)) over sqrt(Dt): 4 erfinv(0.8)


@dataclass(frozen=True)
class Front:
    """A replaced layer at constant current, sharp; its front's width and voltage estimated from diffusion.

    N points of the hull from the lowest native fraction to 1.

    Attributes
    ----------
    replaced_depth : float
        Q [m]: depth of the layer, were all native ions replaced in it.
    velocity : float
        Q over time [m/s]: current density over the charge density of the carriers.
    fraction : (N,) array
        Native fractions u.
    carried : (N,) array
        Lower hull of the share of the current that native ions carry.
    share : (N,) array
        The share itself.
    log_diffusion : (N,) array
        ln of D [m^2/s] of the native ion.
    diffusion_foreign : float
        [m^2/s]
    temperature : float
        [K]
    immobile_fraction : float
    native_charge, foreign_charge : int
    foot_fraction : float
        u behind the last shock; 1 where there is none.
    """

    replaced_depth: float
    velocity: float
    fraction: FloatArray
    carried: FloatArray
    share: FloatArray
    log_diffusion: FloatArray
    diffusion_foreign: float
    temperature: float
    immobile_fraction: float
    native_charge: int
    foreign_charge: int
    foot_fraction: float

    @property
    def shock_fraction(self) -> float:
        """By how much u jumps at the front; zero where D_foreign is so large that none forms."""
        return 1.0 - self.foot_fraction

    @property
    def shock_depth(self) -> float:
        """[m] of the shock, or of the end of the fan where there is none."""
        return float(self._depths[-1])

    @cached_property
    def front_depth(self) -> float:
        """First depth [m] with u = 0.55."""
        return float(self.depth_of(FRONT_LEVEL))

    @cached_property
    def plateau_fraction(self) -> float:
        """Mean of u over 0.35 to 0.75 of the front's depth."""
        a, b = (part * self.front_depth for part in PLATEAU_RANGE)
        amounts = self.native_amount([a, b])
        return float((amounts[1] - amounts[0]) / (b - a))

    @cached_property
    def front_width(self) -> float:
        """10-90 % width [m] between u at 0.8 of the front's depth and 1, from the travelling wave.

        Without a shock, or where the 10 % point lies in the fan, that part of it counts too. A width beyond
        the depth says that the front has not formed: diffusion outruns the current.
        """
        start = float(self.profile(WIDTH_START * self.front_depth))
        low, high = start + 0.1 * (1 - start), start + 0.9 * (1 - start)
        foot = self.foot_fraction
        fan = self.depth_of(min(high, foot)) - self.depth_of(low) if low < foot else 0.0
        above = max(low, foot + 0.05 * (1 - foot))
        return float(fan) + (self._wave_width(above, high) if above < high else 0.0)

    @cached_property
    def film_voltage(self) -> float:
        """[V] across the layer: its resistance and the diffusion potential; a shock's resistance left out."""
        depth = np.concatenate([[0.0], self._depths])
        ohmic = self.velocity * float(np.sum(np.diff(depth) * self._resistance[:-1]))
        jump = (np.exp(self.log_diffusion) - self.diffusion_foreign) * self._resistance
        between = (jump[1:] + jump[:-1]) / 2 * np.diff(self.fraction)
        diffusion = float(np.sum(between[self._depths > 0]))
        return Boltzmann * self.temperature / elementary_charge * (ohmic + diffusion)

    def profile(self, depth: ArrayLike) -> FloatArray:
        """Native fraction at depths [m], immobile ions included; 1 beyond the front."""
        x = np.asarray(depth, dtype=float)
        if np.any(x < 0):
            raise InputError("depths of a profile start at the surface and cannot be negative")
        centres = (self.fraction[1:] + self.fraction[:-1]) / 2
        last = int(np.searchsorted(self.fraction, self.foot_fraction))
        at = np.append(self._depths[:last], self.shock_depth)
        values = np.append(centres[:last], self.foot_fraction)
        inside = np.interp(x, at, values, left=float(self.fraction[0]))
        return np.asarray(np.where(x >= self.shock_depth, 1.0, inside))

    def depth_of(self, fraction: ArrayLike) -> FloatArray:
        """Depth [m] at which native fractions are reached first; on a shock, its depth."""
        u = np.asarray(fraction, dtype=float)
        centres = (self.fraction[1:] + self.fraction[:-1]) / 2
        return np.asarray(np.interp(u, centres, self._depths))

    def native_amount(self, depth: ArrayLike) -> FloatArray:
        """Native ions from the surface to depths [m], over the bulk's density [m].

        Legendre transform of the hull, max over u of x u - Q hull(u): beyond the front it is x - Q exactly.
        """
        x = np.asarray(depth, dtype=float)
        at = np.searchsorted(self._depths, x)
        return np.asarray(x * self.fraction[at] - self.replaced_depth * self.carried[at])

    def averages(self, faces: ArrayLike) -> FloatArray:
        """Mean native fraction between faces [m], as a mesh of cells takes it: conserves mass exactly."""
        edges = np.asarray(faces, dtype=float)
        return np.asarray(np.diff(self.native_amount(edges)) / np.diff(edges))

    @cached_property
    def _depths(self) -> FloatArray:
        """(N - 1,) depth of each piece of the hull."""
        slopes = np.diff(self.carried) / np.diff(self.fraction)
        return np.asarray(self.replaced_depth * np.maximum.accumulate(slopes))

    @cached_property
    def _resistance(self) -> FloatArray:
        """1/(z_n D_n (u - w) + z_f D_f (1 - u)) at the points of the hull [s/m^2]."""
        native = abs(self.native_charge) * np.exp(self.log_diffusion)
        foreign = abs(self.foreign_charge) * self.diffusion_foreign
        mobile = self.fraction - self.immobile_fraction
        return np.asarray(1 / (native * mobile + foreign * (1 - self.fraction)))

    @cached_property
    def interdiffusion(self) -> FloatArray:
        """(N,) D of the mutual diffusion at the points of the hull [m^2/s]."""
        native, ratio = np.exp(self.log_diffusion), self.foreign_charge / self.native_charge
        mobile, foreign = self.fraction - self.immobile_fraction, ratio * (1 - self.fraction)
        total = native * mobile + self.diffusion_foreign * foreign
        return np.asarray(native * self.diffusion_foreign * (mobile + foreign) / total)

    def gradient(self, fraction: ArrayLike) -> FloatArray:
        """du/dx [1/m] of the travelling wave at fractions between foot and 1."""
        chord = self.share - self.carried
        steepness = self.velocity * chord / self.interdiffusion
        return np.asarray(np.interp(np.asarray(fraction, dtype=float), self.fraction, steepness))

    def _wave_width(self, low: float, high: float) -> float:
        u = np.linspace(low, high, _WAVE_POINTS)
        steepness = self.gradient(u)
        middle = np.interp((low + high) / 2, self.fraction, self.interdiffusion)
        spread = math.sqrt(float(middle) * self._time)
        if not np.all(steepness * spread > 1e-6):  # no drift towards the front: it only spreads
            return _SPREAD * spread
        return float(np.trapezoid(1 / steepness, u))

    @property
    def _time(self) -> float:
        return self.replaced_depth / self.velocity


def front(
    law_native: DiffusionLaw, diffusion_foreign: float, current_density: float, charge: float, *,
    carrier_density: float, temperature: float, native_charge: int = 1, foreign_charge: int = 1,
    immobile_fraction: float = 0.0,
) -> Front:  # fmt: skip
    """Front of one foreign ion at constant current.

    Parameters
    ----------
    law_native : DiffusionLaw
        Of the native ion, at fillings that count the immobile ions.
    diffusion_foreign : float
        [m^2/s]
    current_density : float
        [A/m^2] of charge into the front face.
    charge : float
        [C/m^2] in all.
    carrier_density : float
        [m^-3] of the native ions in the bulk, immobile ones included.
    temperature : float
        [K]
    native_charge, foreign_charge : int
        Signed elementary charges.
    immobile_fraction : float
        Share of the native ions that never moves.

    Raises
    ------
    InputError
        If a value is impossible, with the reason.
    """
    _refuse_nonsense(
        {"D of the foreign ion": diffusion_foreign, "current density": current_density, "charge": charge,
         "carrier density": carrier_density, "temperature": temperature},
        native_charge, foreign_charge, immobile_fraction)  # fmt: skip
    density = carrier_density * elementary_charge * abs(native_charge)
    w = immobile_fraction
    u = w + (1 - w) * _GRID

    def carried(fraction: FloatArray) -> tuple[FloatArray, FloatArray]:
        logs = law_native.log_diffusion(fraction, temperature)
        native = np.exp(logs) * (fraction - w)
        foreign = diffusion_foreign * foreign_charge / native_charge * (1 - fraction)
        return logs, native / (native + foreign)

    logs, share = carried(u)
    if not np.all(np.isfinite(logs[1:])):
        raise InputError("D of the native ion must be a finite number at every filling above zero")
    share[0] = 0.0
    foot = _tangent(u, share)
    if foot is not None:
        log_foot, share_foot = carried(np.array([foot]))
        at = int(np.searchsorted(u, foot))
        u, share = np.insert(u, at, foot), np.insert(share, at, share_foot)
        logs = np.insert(logs, at, log_foot)
    hull, last = _lower_hull(u, share)
    return Front(
        replaced_depth=charge / density, velocity=current_density / density, fraction=u, carried=hull,
        share=share, log_diffusion=logs, diffusion_foreign=diffusion_foreign, temperature=temperature,
        immobile_fraction=w, native_charge=native_charge, foreign_charge=foreign_charge,
        foot_fraction=float(u[last]) if last < u.size - 2 else 1.0,
    )  # fmt: skip


def _refuse_nonsense(
    positive: dict[str, float], native_charge: int, foreign_charge: int, immobile_fraction: float
) -> None:
    for name, value in positive.items():
        if not (value > 0 and math.isfinite(value)):
            raise InputError(f"front theory needs a {name} larger than zero, got {value:g}")
    if native_charge * foreign_charge <= 0:
        raise InputError(
            f"ions that replace each other have charges of one sign, got {native_charge:+d} and "
            f"{foreign_charge:+d}"
        )
    if not 0 <= immobile_fraction < 1:
        raise InputError(f"the immobile fraction must be at least 0 and below 1, got {immobile_fraction:g}")


def _tangent(u: FloatArray, share: FloatArray) -> float | None:
    """Where the steepest chord to (1, 1) starts, between the points by a parabola; None at the ends."""
    slope = (1 - share[:-1]) / (1 - u[:-1])
    k = int(np.argmax(slope))
    if not 0 < k < slope.size - 1:
        return None
    left, right = u[k] - u[k - 1], u[k + 1] - u[k]
    down, up = slope[k] - slope[k - 1], slope[k] - slope[k + 1]
    bend = down * right + up * left
    if not bend > 0:
        return None
    at = float(u[k] + (down * right**2 - up * left**2) / (2 * bend))
    return at if u[k - 1] < at < u[k + 1] and at != u[k] else None


def _lower_hull(u: FloatArray, share: FloatArray) -> tuple[FloatArray, int]:
    """Lower convex hull on the points, and the index at which its last straight piece starts."""
    slope = (1 - share[:-1]) / (1 - u[:-1])
    last = int(np.argmax(slope >= slope.max() * (1 - _ROUNDING)))
    left = np.diff(share[: last + 1]) / np.diff(u[: last + 1])
    if np.all(np.diff(left) >= 0):
        corners = np.append(np.arange(last + 1), u.size - 1)
    else:
        corners = _chain(u, share)
        last = int(corners[-2])
    return np.interp(u, u[corners], share[corners]), last


def _chain(u: FloatArray, share: FloatArray) -> NDArray[np.int64]:
    """Indices of the corners of the lower hull (Andrew's chain): several shocks."""
    xs, ys = u.tolist(), share.tolist()
    corners: list[int] = []
    for i in range(len(xs)):
        while len(corners) > 1:
            a, b = corners[-2], corners[-1]
            if (ys[b] - ys[a]) * (xs[i] - xs[a]) < (ys[i] - ys[a]) * (xs[b] - xs[a]):
                break
            corners.pop()
        corners.append(i)
    return np.asarray(corners, dtype=np.int64)
