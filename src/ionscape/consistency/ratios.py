"""The Haven ratio of two coefficients over temperature: at points, along lines, as a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.constants import elementary_charge

from ionscape.consistency.course import Course, Found, points_of
from ionscape.core.estimate import Estimate, exact, undetermined
from ionscape.core.nernst_einstein import haven_ratio
from ionscape.core.quantity import DIMENSIONLESS, Dimension, dimension_of
from ionscape.temperature.generalised_least_squares import Fit, fit
from ionscape.temperature.points import K_PER_EV, FloatArray
from ionscape.temperature.straight_line import arrhenius

_DIFFUSION, _JOULE = dimension_of("m^2/s"), dimension_of("J")
PROBABILITY = 0.95


@dataclass(frozen=True, eq=False)
class Ratio:
    """H_R = D*/D_σ of one channel at one temperature.

    Attributes
    ----------
    kelvin : float or None
    ratio : Estimate
    single, collective : Found
        D* (or D_NMR, D_MD) and D_σ (or D_CAIT) there.
    lines : bool
        Whether both are read off lines.
    """

    kelvin: float | None
    ratio: Estimate
    single: Found
    collective: Found
    lines: bool = False

    @property
    def extrapolated(self) -> float:
        """How far the worse of the two is extrapolated [K]."""
        return max(self.single.extrapolated, self.collective.extrapolated)

    @property
    def how(self) -> str:
        """Where both come from, in words."""
        a, b = self.single.how, self.collective.how
        return a if a == b else f"D* {a}, D_σ {b}"


def ratios_at_points(single: Course, collective: Course, tolerance: float = 0.5) -> list[Ratio]:
    """H_R at every temperature where one is measured and the other can be told without extrapolation.

    Parameters
    ----------
    single, collective : Course
        D* (D_NMR, D_MD) and D_σ (D_CAIT) of one channel.
    tolerance : float
        [K] within which two temperatures are the same; what is left of their difference is corrected by the
        activation energy.
    """
    if single.bare and collective.bare and not single.usable and not collective.usable:
        a, b = single.at(None), collective.at(None)
        return [Ratio(None, haven_ratio(a.value, b.value), a, b)]
    energies = [c.line.slope for c in (single, collective) if c.line is not None]
    energy = float(np.mean(energies)) if energies else None
    found = []
    for kelvin in single.temperatures:
        other = _nearest(collective.temperatures, kelvin)
        same = other is not None and abs(other - kelvin) <= tolerance
        if not same and (collective.line is None or collective.outside(kelvin) > 0):
            continue
        a, b = (course.at(kelvin, tolerance, energy) for course in (single, collective))
        found.append(Ratio(kelvin, haven_ratio(a.value, b.value), a, b))
    paired = [r.kelvin for r in found]
    for kelvin in collective.temperatures:  # D* from its line where only D_σ is measured
        near = _nearest([k for k in paired if k is not None], kelvin)
        if near is not None and abs(near - kelvin) <= tolerance:
            continue
        if len(paired) or single.line is None or single.outside(kelvin) > 0:
            continue
        a, b = (course.at(kelvin, tolerance, energy) for course in (single, collective))
        found.append(Ratio(kelvin, haven_ratio(a.value, b.value), a, b))
    return found


def _nearest(temperatures: Sequence[float], kelvin: float) -> float | None:
    return min(temperatures, key=lambda t: abs(t - kelvin), default=None)


@dataclass(frozen=True, eq=False)
class JointLines:
    """ln D* and ln D_σ against 1/kT, fitted together; build it with `joint_lines`.

    All points tell together how far points scatter beyond their errors: four profiles alone could not.

    Attributes
    ----------
    solution : Fit
        Coefficients ln A*, ln A_σ, E* and E_σ [eV] (or the common E).
    common : bool
        Whether both lines have one slope.
    """

    solution: Fit
    common: bool

    def _row(self, which: int, kelvin: float) -> FloatArray:
        row = np.zeros(3 if self.common else 4)
        row[which], row[2 if self.common else 2 + which] = 1.0, -1 / (K_PER_EV * kelvin)
        return row

    def _estimate(self, row: FloatArray, dimension: Dimension) -> Estimate:
        return self.solution.estimate(row, float(row @ self.solution.coefficients), dimension, "log")

    def single(self, kelvin: float) -> Estimate:
        """D* [m^2/s] at a temperature [K]."""
        return self._estimate(self._row(0, kelvin), _DIFFUSION)

    def collective(self, kelvin: float) -> Estimate:
        """D_σ [m^2/s] at a temperature [K]."""
        return self._estimate(self._row(1, kelvin), _DIFFUSION)

    def ratio(self, kelvin: float = math.inf) -> Estimate:
        """H_R at a temperature [K]; at infinite temperature, the ratio of the pre-factors."""
        return self._estimate(self._row(0, kelvin) - self._row(1, kelvin), DIMENSIONLESS)

    def energy(self, which: int = 0) -> Estimate:
        """Activation energy [J] of D* (0) or D_σ (1)."""
        row = np.zeros(3 if self.common else 4)
        row[2 if self.common else 2 + which] = elementary_charge
        return self.solution.estimate(row, float(row @ self.solution.coefficients), _JOULE, "linear")

    def difference(self) -> Estimate:
        """E(D*) - E(D_σ) [J]."""
        row = elementary_charge * np.array([0.0, 0.0, 1.0, -1.0])
        return self.solution.estimate(row, float(row @ self.solution.coefficients), _JOULE, "linear")


def joint_lines(
    single: Course, collective: Course, source: str, *, common: bool = False
) -> JointLines | None:
    """Both lines in one generalised least-squares fit; None where one of the two has no line.

    Parameters
    ----------
    single, collective : Course
    source : str
        Root of the names of the latents.
    common : bool
        One activation energy for both: their distance is then H_R at every temperature.

    Notes
    -----
    An error that D* and D_σ share cancels in their ratio; one that all D_σ share (carrier density, area) goes
    undiminished into it.
    """
    if single.line is None or collective.line is None:
        return None
    points = points_of([*single.usable, *collective.usable])
    first = {id(c.value) for c in single.usable}
    mine = np.array([id(q) in first for q in points.quantities])
    columns = [mine * 1.0, ~mine * 1.0, *([-points.x] if common else [-points.x * mine, -points.x * ~mine])]
    design = np.column_stack(columns)
    if len(points) < design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    slope = (single.line.slope + collective.line.slope) / 2
    return JointLines(fit(points, design, slope=slope, source=source), common)


def ratio_on_lines(
    single: Course, collective: Course, kelvin: float, lines: JointLines | None = None
) -> Ratio:
    """H_R at a wanted temperature [K] from both lines, interpolated or extrapolated, with joint errors.

    ``lines`` are used where neither course bends. An error of 0.01 eV in one activation energy changes an
    H_R that is extrapolated from 400 °C to 25 °C by a quarter, and one extrapolated from infinite
    temperature 1.5 times: it is all in the error.
    """
    a, b = single.on_line(kelvin), collective.on_line(kelvin)
    if lines is None or single.bends or collective.bends:
        return Ratio(kelvin, haven_ratio(a.value, b.value), a, b, lines=True)
    a, b = replace(a, value=lines.single(kelvin)), replace(b, value=lines.collective(kelvin))
    return Ratio(kelvin, lines.ratio(kelvin), a, b, lines=True)


def trend_of_ratios(ratios: Sequence[Ratio], source: str) -> Estimate:
    """E(D*) - E(D_σ) [J] from ratios at three temperatures or more at which both are measured.

    What bends D* and D_σ alike, and every error that they share, cancels in the ratios.
    """
    both = [
        r for r in ratios if r.how == "measured" and r.ratio.status == "determined" and r.kelvin is not None
    ]
    if len(both) < 3:
        return undetermined(_JOULE, "fewer than three temperatures at which both are measured")
    kelvin = [exact(r.kelvin or math.nan, dimension_of("K")) for r in both]
    return arrhenius(kelvin, [r.ratio for r in both], form="ln x", source=source).activation_energy


def differs(estimate: Estimate, from_value: float = 0.0) -> bool:
    """Whether the 95 % interval excludes a value."""
    low, high = estimate.interval(PROBABILITY)
    return estimate.status == "determined" and not low <= from_value <= high


def effect_of_energy(difference: float, kelvin: float, reference: float = math.inf) -> float:
    """Factor by which an error in an activation energy moves a coefficient extrapolated to a temperature.

    Parameters
    ----------
    difference : float
        [eV]
    kelvin : float
        [K], where it is wanted.
    reference : float
        [K], where it was measured; infinite where only the pre-exponential factor is compared.
    """
    return math.exp(abs(difference * (1 / kelvin - 1 / reference)) / K_PER_EV)


__all__ = [
    "JointLines",
    "Ratio",
    "differs",
    "effect_of_energy",
    "joint_lines",
    "ratio_on_lines",
    "ratios_at_points",
    "trend_of_ratios",
]
