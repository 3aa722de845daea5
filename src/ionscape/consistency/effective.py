"""Effective diffusion over many grains: predicted from its parts, compared with what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ionscape.consistency.series_model import (
    brick_layer_diffusion,
    core_fraction,
    maxwell_garnett_diffusion,
    series_diffusion,
)
from ionscape.core.estimate import Estimate
from ionscape.core.propagation import propagate
from ionscape.core.quantity import dimension_of

_DIFFUSION = dimension_of("m^2/s")
PROBABILITY = 0.95
FROM_EFFECTIVE = "from D_eff and D_bulk"
"""Item of rows that the series model gave, backwards."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """A predicted value against a measured one.

    Attributes
    ----------
    ratio : Estimate
        Predicted over measured, with joint errors.
    sigmas : float
        Distance of ln(ratio) from 0 in its standard deviations; nan where it cannot be told.
    agrees : bool or None
        Whether the 95 % interval of the ratio holds 1.
    """

    ratio: Estimate
    sigmas: float
    agrees: bool | None

    @property
    def sentence(self) -> str:
        """``1.3 times the measured value, 0.6 standard deviations``."""
        if self.agrees is None:
            return "cannot be compared"
        word = "agrees with" if self.agrees else "does not agree with"
        return (
            f"{word} the measured one: {self.ratio.value:.2f} times it, {self.sigmas:.1f} standard deviations"
        )


def agreement(predicted: Estimate, found: Estimate) -> Agreement:
    """Compare two values of one quantity that may share errors."""
    ratio = predicted / found
    if ratio.status != "determined" or not ratio.value > 0:
        return Agreement(ratio, math.nan, None)
    low, high = ratio.interval(PROBABILITY)
    spread = ratio.spread if ratio.scale == "log" else ratio.spread / ratio.value
    sigmas = abs(math.log(ratio.value)) / spread if spread > 0 else math.inf
    if ratio.value == 1:
        sigmas = 0.0
    return Agreement(ratio, sigmas, low <= 1 <= high)


@dataclass(frozen=True, eq=False)
class Prediction:
    """D_eff of one model.

    Attributes
    ----------
    model : str
    value : Estimate
        [m^2/s]
    """

    model: str
    value: Estimate


def predictions(
    bulk: Estimate,
    boundary_product: Estimate,
    grain_size: Estimate | None = None,
    boundary_thickness: Estimate | None = None,
    *,
    along: Estimate | None = None,
    segregation: Estimate | None = None,
) -> list[Prediction]:
    """D_eff [m^2/s] by the series model, and by brick layer and Maxwell-Garnett where l and δ are known.

    Parameters
    ----------
    bulk, boundary_product : Estimate
        D_bulk and (l/δ) D_gb [m^2/s], with the errors they share. A step of tracer fraction, D_eff, or an arc
        read with the density of the bulk, gives it with the segregation s in it: (l/δ) s D_gb.
    grain_size, boundary_thickness : Estimate, optional
        l (path along the flux per boundary) and δ [m].
    along : Estimate, optional
        D along the boundaries [m^2/s]; the same as across if not given.
    segregation : Estimate, optional
        Density of the ions in the boundary over that in the grain; 1 if not given.
    """
    found = [Prediction("series", _propagated(series_diffusion, bulk, boundary_product))]
    if grain_size is None or boundary_thickness is None:
        return found
    ratio = boundary_thickness / grain_size

    def bricks(b: Any, x: Any, s: Any, *rest: Any) -> Any:
        return brick_layer_diffusion(b, x, rest[0] if rest else x * s, s)

    def shells(b: Any, x: Any, s: Any, *rest: Any) -> Any:
        density = rest[0] if rest else 1.0
        return maxwell_garnett_diffusion(b, x * s / density, core_fraction(s), segregation=density)

    more = () if along is None else (along,)
    found.append(Prediction("brick layer", _propagated(bricks, bulk, boundary_product, ratio, *more)))
    denser = () if segregation is None else (segregation,)
    name = "Maxwell-Garnett, spheres in shells"
    name += ", segregation" if segregation is not None else ""
    found.append(Prediction(name, _propagated(shells, bulk, boundary_product, ratio, *denser)))
    return found


def _propagated(model: Callable[..., Any], *arguments: Estimate) -> Estimate:
    return propagate(model, *arguments, dimension=_DIFFUSION, scale="log")


def diffusion_reach(effective: Estimate, time: Estimate) -> Estimate:
    """√(D_eff t) [m], which must be much larger than the grains for one D_eff to exist."""
    return (effective * time) ** 0.5


def resistance_share(bulk: Estimate, boundary_product: Estimate) -> Estimate:
    """Share of the boundaries in the resistance to diffusion, 0 to 1."""
    return propagate(lambda b, x: (1 / x) / (1 / x + 1 / b), bulk, boundary_product)


def many_grains(reach: float, grain_size: float) -> str:
    """Whether l ≪ √(D_eff t) holds, in words; empty where it does (a tenth or less)."""
    share = grain_size / reach
    if share <= 0.1 or not np.isfinite(share):
        return ""
    return (
        f"the grains are {share:.2g} of √(D_eff t): one effective coefficient needs l ≪ √(D_eff t), wait "
        f"{(10 * share) ** 2:.2g} times as long"
    )
