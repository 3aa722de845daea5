"""A diffusion coefficient far outside the temperatures where it was measured, with its error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, eV

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, covariance, joint
from ionscape.core.quantity import dimension_of
from ionscape.fit.scatter import excess, principal

DIFFUSION = dimension_of("m^2/s")
ONE_TEMPERATURE = 0.5  # K: values closer than this count as measured at one temperature


@dataclass(frozen=True)
class ArrheniusLaw:
    """D(T) through a known point, D(T0) exp[-E/k (1/T - 1/T0)], every error kept.

    Attributes
    ----------
    diffusion : Estimate
        [m^2/s] at ``reference``.
    activation_energy : Estimate
        [J]
    reference : Estimate
        [K]
    coldest, warmest : float
        [K] Range of the measurements behind it: beyond it, the law is an assumption.
    """

    diffusion: Estimate
    activation_energy: Estimate
    reference: Estimate
    coldest: float
    warmest: float

    def at(self, temperature: float) -> Estimate:
        """D [m^2/s] at a temperature [K]; all errors taken as normal, of ln D, E and T0."""
        along = 1 / temperature - 1 / self.reference.value
        energy = self.activation_energy.value / Boltzmann
        linear = 1.0 if self.activation_energy.scale == "linear" else self.activation_energy.value
        kelvin = 1.0 if self.reference.scale == "linear" else self.reference.value
        relative = 1.0 if self.diffusion.scale == "log" else 1 / self.diffusion.value
        weights: dict[str, float] = {}
        for estimate, slope in (
            (self.diffusion, relative),
            (self.activation_energy, -along * linear / Boltzmann),
            (self.reference, -energy * kelvin / self.reference.value**2),
        ):
            for name, weight in estimate.weights.items():
                weights[name] = weights.get(name, 0.0) + slope * weight
        return Estimate(self.diffusion.value * math.exp(-energy * along), DIFFUSION, "log", weights)

    def upper(self, temperature: float) -> float:
        """D [m^2/s] that is not exceeded with 95 % probability."""
        return self.at(temperature).interval(0.90)[1]


def arrhenius_law(
    diffusion: Sequence[Estimate], temperature: Sequence[Estimate], activation_energy: Estimate | None = None,
    *, source: str = "arrhenius law",
) -> ArrheniusLaw:  # fmt: skip
    """The law through one point and a known activation energy, or through points at several temperatures.

    Parameters
    ----------
    diffusion, temperature : (n,) sequences of Estimate
        [m^2/s] and [K].
    activation_energy : Estimate, optional
        [J]; needed for points at one temperature, and then used with the coldest point.
    source : str
        Unique name, for the latents of the points' scatter about the line.

    Raises
    ------
    InputError
        If there is no usable point, or the slope is not known.

    Notes
    -----
    Several points: least squares in ln D against 1/T, weighted by each point's own variance; errors that the
    points share are propagated through the same weights, and where the points scatter more than they say, the
    missing variance is added to each (Paule and Mandel 1982). Where `temperature.arrhenius` has run, give its
    value and energy instead: their errors are joint.
    """
    points = [(d, t) for d, t in zip(diffusion, temperature, strict=True)
              if d.status == "determined" and t.status == "determined"]  # fmt: skip
    if not points:
        raise InputError(
            "no diffusion coefficient with a temperature is determined: nothing to extrapolate from"
        )
    kelvin = np.array([t.value for _, t in points])
    if activation_energy is not None:
        if activation_energy.status != "determined":
            raise InputError(f"the activation energy is {activation_energy.status}: "
                             f"{activation_energy.note}")
        d, t = points[int(np.argmin(kelvin))]
        return ArrheniusLaw(d, activation_energy, t, float(kelvin.min()), float(kelvin.max()))
    if np.ptp(kelvin) < ONE_TEMPERATURE:
        raise InputError(
            "diffusion at one temperature says nothing about the cold: give activation_energy as well, or "
            "diffusion coefficients at several temperatures"
        )
    return _through_points(points, kelvin, source)


def _through_points(
    points: Sequence[tuple[Estimate, Estimate]], kelvin: NDArray[np.float64], source: str
) -> ArrheniusLaw:
    logs = np.array([math.log(d.value) for d, _ in points])
    x = eV / (Boltzmann * kelvin)  # per eV, or the normal equations lose all digits
    middle = float(x.mean())
    shared = covariance([d for d, _ in points])
    energy = -float(np.polyfit(x - middle, logs, 1)[0]) * eV
    # An error of T moves ln D along the line by E/(k T^2) dT.
    own = np.diag(shared) + np.array([(energy / (Boltzmann * t.value**2) * t.standard_uncertainty) ** 2
                                      for _, t in points])  # fmt: skip
    weight = 1 / own if np.all(own > 0) else np.ones_like(own)
    design = np.column_stack([np.ones_like(x), -(x - middle)])
    gain = np.linalg.solve(design.T @ (weight[:, None] * design), design.T * weight)
    solution = gain @ logs
    noise = shared + np.diag(own - np.diag(shared))
    noise = noise + missing_variance(logs, design, noise)[0] * np.eye(len(x))
    if not solution[1] > 0:
        raise InputError(
            "the diffusion coefficients do not grow with temperature: nothing to extrapolate with"
        )
    gain[1] /= solution[1]  # relative: both of a size, which the roots of the covariance need
    value, slope = joint(source, [math.exp(solution[0]), float(solution[1]) * eV], gain @ noise @ gain.T,
                         scales=("log", "log"), dimensions=(DIFFUSION, dimension_of("J")))  # fmt: skip
    reference = Estimate(eV / (Boltzmann * middle), dimension_of("K"))
    return ArrheniusLaw(value, slope, reference, float(kelvin.min()), float(kelvin.max()))


def missing_variance(
    logs: NDArray[np.float64], design: NDArray[np.float64], noise: NDArray[np.float64]
) -> tuple[float, float]:
    """Variance to add to every point so that they scatter as their errors say; 0 if they do.

    Parameters
    ----------
    logs : (n,) array
        Values.
    design : (n, p) array
        Of the line that they are to follow.
    noise : (n, n) array
        Covariance of their stated errors.

    Returns
    -------
    variance : float
    probability : float
        With which right errors would scatter as much; 1 where there are no more points than parameters.
    """
    from scipy.linalg import null_space
    from scipy.special import gammaincc

    contrasts = null_space(design.T)
    if contrasts.shape[1] == 0:
        return 0.0, 1.0
    vectors, variances, known = principal(
        contrasts.T @ noise @ contrasts, float(np.trace(noise)) / logs.size
    )
    found = vectors.T @ contrasts.T @ logs
    scatter: Literal["auto", "unknown"] = "auto" if known else "unknown"
    chi_square, variance = excess(found, variances, scatter, significance=1.0, always=True)
    return variance, float(gammaincc(found.size / 2, chi_square / 2)) if known else 1.0
