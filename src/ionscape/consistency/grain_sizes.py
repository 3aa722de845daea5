"""``grain_size: 16 ± 11 um``: a spread of grains, or the error of their mean? And which mean?

In series, boundaries per length count: l is the mean linear intercept (length of a path over the number of
boundaries on it). A spread of sizes leaves that mean as it is; an error of the mean does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.core.number_format import format_quantity

Meaning = Literal["uncertainty", "distribution"]
Average = Literal["unknown", "intercept"]
WIDE = 0.2
"""Relative ± of a grain size from which its meaning is worth a sentence."""


@dataclass(frozen=True, eq=False)
class GrainSize:
    """The l of a series model, and what its ± was taken for.

    Attributes
    ----------
    value : Estimate
        [m], the mean with the error of the mean.
    spread : float
        Relative standard deviation of the sizes; 0 where the ± is the error of the mean.
    sentence : str
        What the ± was taken for; empty where it is small.
    """

    value: Estimate
    spread: float
    sentence: str


def grain_size_of(
    stated: Estimate,
    *,
    meaning: Meaning = "uncertainty",
    count: int | None = None,
    average: Average = "unknown",
    source: str = "grain size",
) -> GrainSize:
    """What a stated grain size says about the mean.

    Parameters
    ----------
    stated : Estimate
        [m], ± as the study writes it.
    meaning : "uncertainty" or "distribution"
        Whether the ± is the standard uncertainty of the mean, or the standard deviation of the sizes.
    count : int, optional
        Number of grains measured: the mean of a distribution is uncertain by its spread over √count.
    average : "intercept" or "unknown"
        Of a distribution: whether the mean is the mean linear intercept. If that is not known, the
        averages that it may be (harmonic to length-weighted, log-normal sizes) count as an error.
    source : str
        Name of the latents.
    """
    relative = stated.standard_uncertainty / stated.value
    if meaning == "uncertainty" or relative == 0:
        text = f"l = {format_quantity(stated, 'um')}: ± is taken as the uncertainty of the mean"
        return GrainSize(stated, 0.0, text if relative > WIDE else "")
    weights: dict[str, float] = {}
    if count:
        weights[next(iter(stated.weights), source)] = relative / math.sqrt(count)
    if average == "unknown":
        weights[f"{source}.average"] = math.log1p(relative**2) / math.sqrt(3)
    text = f"l = {stated.value * 1e6:.3g} µm with sizes spread by ± {relative * stated.value * 1e6:.2g} µm"
    text += f" ({count} grains)" if count else "; the error of the mean is not stated (give grain_count)"
    if average == "unknown":
        text += (
            "; how it was averaged is not known (grain_size_average: intercept if it is), which counts as"
            " error"
        )
    return GrainSize(Estimate(stated.value, stated.dimension, "log", weights), relative, text)


def log_normal_sizes(mean: float, relative_spread: float, n: int = 2001) -> NDArray[np.float64]:
    """``n`` sizes, equally probable, of a log-normal distribution by its mean [m] and relative spread."""
    from scipy.special import ndtri

    width = math.sqrt(math.log1p(relative_spread**2))
    z = ndtri((np.arange(n) + 0.5) / n)
    sizes = np.exp(width * z)
    return np.asarray(mean * sizes / sizes.mean())


def averages(
    diffusion: Callable[[NDArray[np.float64]], NDArray[np.float64]], mean: float, relative_spread: float
) -> dict[str, float]:
    """D_eff [m^2/s] of a log-normal distribution of sizes, by every rule of averaging that bears a name.

    Parameters
    ----------
    diffusion : callable
        Grain sizes [m] to D_eff [m^2/s].
    mean, relative_spread : float
        Number mean [m] and relative standard deviation of the sizes.
    """
    sizes = log_normal_sizes(mean, relative_spread)
    at = [mean, mean * (1 + relative_spread**2), mean / (1 + relative_spread**2)]
    one, weighted, harmonic = (float(diffusion(np.array([x]))[0]) for x in at)
    return {
        "mean size (path over number of boundaries)": one,
        "length-weighted mean size": weighted,
        "harmonic mean size": harmonic,
        "side by side, each size by itself": float(np.mean(diffusion(sizes))),
    }
