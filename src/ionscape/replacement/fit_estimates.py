"""From draws to estimates that know their causes: latents of what was stated, and of the fit's own noise.

An estimate depends on a stated cause as the posterior covaries with its latent (in the linear case exactly
the gain of the fit on the prior), and on the fit's own latents for the rest. The shape of the marginal is
that of the draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, Scale, lower_bound, undetermined, upper_bound
from ionscape.core.marginal import shape_of
from ionscape.core.quantity import DIMENSIONLESS, Dimension

FloatArray = NDArray[np.float64]
CHANCE = 3.5  # standard errors of a correlation: below it is chance
AS_WIDE = 0.7  # of the prior's spread: from here on the data have not told much
PILED_UP = 0.05  # of the draws within a tenth of their 95 % range of a limit: less than 1.8 SD away from it


@dataclass(frozen=True)
class Drawn:
    """Joint draws of some quantities (n, Q) in SI, their scales and dimensions."""

    values: FloatArray
    scales: tuple[Scale, ...]
    dimensions: tuple[Dimension, ...]


def estimates_of(
    source: str, drawn: Drawn, latents: FloatArray, names: Sequence[str]
) -> list[Estimate]:
    """Estimates of all quantities, correlated with each other and with the causes of what was stated.

    Parameters
    ----------
    source : str
        Root of the names of the fit's own latents.
    drawn : Drawn
    latents : (n, L) array
        Draws of the stated latents, the i-th with the i-th of ``drawn``.
    names : (L,) sequence of str
    """
    inside = np.column_stack([
        np.log(column) if scale == "log" else column
        for column, scale in zip(drawn.values.T, drawn.scales, strict=True)
    ])  # fmt: skip
    centre = np.median(inside, axis=0)
    deviation = inside - centre
    low, high = np.quantile(deviation, [0.158655, 0.841345], axis=0)
    spread = (high - low) / 2
    spread = np.where(spread > 1e-12 * (1 + np.abs(centre)), spread, 0.0)
    scores = _normal_scores(deviation)
    gains = _gains(scores, latents) * spread[:, None]
    own = (scores.T @ scores / len(scores)) * np.outer(spread, spread) - gains @ gains.T
    roots = _roots(own, spread)
    found = []
    for k, (scale, dimension) in enumerate(zip(drawn.scales, drawn.dimensions, strict=True)):
        value = math.exp(centre[k]) if scale == "log" else float(centre[k])
        weights = {name: float(w) for name, w in zip(names, gains[k], strict=True) if w}
        weights |= {f"{source}#{n}": float(w) for n, w in enumerate(roots[k]) if w}
        plain = Estimate(value, dimension, scale, weights)
        found.append(replace(plain, shape=shape_of(deviation[:, k], plain.spread)) if spread[k] else
                     Estimate(value, dimension, scale))  # fmt: skip
    return found


def _normal_scores(deviation: FloatArray) -> FloatArray:
    """(n, Q) normal scores of the ranks: mean 0, standard deviation 1."""
    from scipy.special import ndtri

    ranks = np.argsort(np.argsort(deviation, axis=0), axis=0)
    scores = ndtri((ranks + 0.5) / len(deviation))
    return np.asarray(scores / scores.std(axis=0))


def _gains(scores: FloatArray, latents: FloatArray) -> FloatArray:
    """(Q, L) covariance of scores with latents, where it is more than chance."""
    if latents.shape[1] == 0:
        return np.zeros((scores.shape[1], 0))
    centred = latents - latents.mean(axis=0)
    covariance = scores.T @ centred / len(scores)
    chance = CHANCE * centred.std(axis=0) / math.sqrt(len(scores))
    return np.where(np.abs(covariance) > chance, covariance, 0.0)


def _roots(covariance: FloatArray, spread: FloatArray) -> FloatArray:
    """Square root of what is left, without the small negative variances that draws make."""
    scale = np.where(spread > 0, spread, 1.0)
    variances, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    roots = vectors * np.sqrt(np.clip(variances, 0.0, None))
    return np.asarray(np.where(np.abs(roots) > 1e-9, roots, 0.0) * spread[:, None])


# ---- what the profiles do not fix ---------------------------------------------------------------------
def fixed_or_not(
    estimate: Estimate, draws: FloatArray, *, what: str, prior_sd: float, lower: float, upper: float,
    stated: str = "",
) -> Estimate:  # fmt: skip
    """A share that may be unfixed: undetermined where its draws are about as wide as before, a bound at a
    limit.

    Parameters
    ----------
    estimate : Estimate
    draws : (n,) array
        In the scale in which the prior is given.
    what : str
        Words for the parameter.
    prior_sd : float
        Before the data, in the same scale.
    lower, upper : float
        Limits of the draws.
    stated : str
        What was stated or assumed; empty: nothing.
    """
    low, high = np.quantile(draws, [0.025, 0.975])
    side = _limit(draws, lower, upper, float(high - low))
    if float(np.std(draws)) > AS_WIDE * prior_sd:
        before = f"{stated} went in and comes out" if stated else "any value between its limits fits"
        return undetermined(DIMENSIONLESS, f"the profiles do not fix the {what}: {before}")
    if side == "lower":
        limit = float(np.quantile(draws, 0.95))
        limit = math.exp(limit) if estimate.scale == "log" else limit
        return upper_bound(limit, DIMENSIONLESS, f"the profiles set no lower limit to the {what}")
    if side == "upper":
        limit = float(np.quantile(draws, 0.05))
        limit = math.exp(limit) if estimate.scale == "log" else limit
        return lower_bound(limit, DIMENSIONLESS, f"the profiles set no upper limit to the {what}")
    return estimate


def _limit(draws: FloatArray, lower: float, upper: float, width: float) -> str:
    """Which limit the draws pile up at: the density there is not far below its largest."""
    if np.mean(draws < lower + 0.1 * width) > PILED_UP:
        return "lower"
    if np.mean(draws > upper - 0.1 * width) > PILED_UP:
        return "upper"
    return ""
