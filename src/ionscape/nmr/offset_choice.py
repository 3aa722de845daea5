"""A decay that bends: several coefficients, or one and a constant offset of the echoes?

Both leave a tail. Averages over models follow S. T. Buckland, K. P. Burnham and N. H. Augustin, Biometrics
53, 603 (1997), with the weights exp(-BIC/2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from ionscape.core.estimate import Estimate, undetermined

DISTINCT = 6.0  # difference in BIC from which the data tell the two apart: odds of 20 to 1
UNTOLD = "one diffusion coefficient with a constant offset describes the decay as well"


def averaged(model: Estimate, offset: Estimate, difference: float) -> Estimate:
    """The mean D under either model, with the spread of both and of the choice between them.

    Parameters
    ----------
    model, offset : Estimate
        D under the distribution, and under one coefficient with an offset [m²/s].
    difference : float
        BIC of ``offset`` less that of ``model``.
    """
    if model.status != "determined" or offset.status != "determined":
        left = model if model.status != "determined" else offset
        return undetermined(left.dimension, f"{UNTOLD}, and does not give D: {left.note}")
    share = 1 / (1 + math.exp(difference / 2))  # of the offset
    step = math.log(offset.value / model.value)
    middle = share * step
    variance = (1 - share) * (model.spread**2 + middle**2) + share * (offset.spread**2 + (step - middle) ** 2)
    if not model.spread > 0:
        return replace(model, value=model.value * math.exp(middle), shape=None)
    stretch = math.sqrt(variance) / model.spread
    weights = {name: stretch * weight for name, weight in model.weights.items()}
    return replace(model, value=model.value * math.exp(middle), weights=weights, shape=None)


def without_distinction(
    model: Mapping[str, Estimate], offset: Mapping[str, Estimate], difference: float
) -> dict[str, Estimate]:
    """The model's estimates where an offset does as well: D with the wider error, nothing else."""
    found = {name: undetermined(estimate.dimension, UNTOLD) for name, estimate in model.items()}
    name = "diffusion_coefficient"
    return found | {name: averaged(model[name], offset[name], difference)}
