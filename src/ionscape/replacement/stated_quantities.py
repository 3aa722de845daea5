"""What is stated beforehand, as functions of its causes: independent standard normal latents with names.

A quantity of the fit is x = x0 + deviation(w . z): z are the latents of all stated estimates, w their
weights in the scale in which the fit works. Estimates that share a cause share its latent, here as
everywhere; and what the fit makes of a cause can be told from what it makes of the noise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.core.marginal import Shape, shaped

FloatArray = NDArray[np.float64]
_STEP = 1e-4


@dataclass(frozen=True)
class Stated:
    """One stated quantity in the fit's scale.

    Attributes
    ----------
    centre : float
    weights : mapping of str to float
        Latent to change for 1 SD of it.
    shape : Shape or None
        Of the marginal, as in `Estimate`.
    """

    centre: float
    weights: Mapping[str, float]
    shape: Shape | None = None

    @property
    def spread(self) -> float:
        """Standard deviation of the weighted sum."""
        return math.sqrt(math.fsum(w * w for w in self.weights.values()))

    def deviation(self, total: FloatArray) -> FloatArray:
        """Deviation from the centre for weighted sums of latents (any shape)."""
        if self.shape is None or not self.weights:
            return total
        return shaped(total / self.spread, self.shape) * self.spread

    def slope(self, total: FloatArray) -> FloatArray:
        """d deviation / d weighted sum."""
        if self.shape is None or not self.weights:
            return np.ones_like(total)
        step = _STEP * self.spread
        return (self.deviation(total + step) - self.deviation(total - step)) / (2 * step)


def stated_log(estimate: Estimate) -> Stated:
    """ln of a positive quantity; one on the linear scale is taken as log-normal with its relative error."""
    if estimate.scale == "log":
        return Stated(math.log(estimate.value), dict(estimate.weights), estimate.shape)
    weights = {name: w / estimate.value for name, w in estimate.weights.items()}
    return Stated(math.log(estimate.value), weights)


def stated_linear(estimate: Estimate) -> Stated:
    """The quantity itself."""
    if estimate.scale == "linear":
        return Stated(estimate.value, dict(estimate.weights), estimate.shape)
    return Stated(estimate.value, {name: w * estimate.value for name, w in estimate.weights.items()})


def latent_names(stated: Sequence[Stated]) -> tuple[str, ...]:
    """All latents in the order in which they first occur."""
    return tuple(dict.fromkeys(name for one in stated for name, w in one.weights.items() if w))
