"""``grain_size: 16 ± 11 um``: a spread of grains, or the error of their mean? And which mean?

In series, the path along the flux per boundary counts (`series_length`): 1.5 mean linear intercepts in a
ceramic of equiaxed grains, and one edge in a ceramic of cubes. A spread of sizes leaves the mean as it is; an
error of the mean does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.consistency.series_model import series_length
from ionscape.core.estimate import Estimate, exact, measured
from ionscape.core.number_format import format_quantity

Meaning = Literal["uncertainty", "distribution"]
Average = Literal["unknown", "intercept", "series"]
BETWEEN = (1.0, 1.5)
"""Path per boundary over a grain size of unknown definition: itself to a mean linear intercept."""
WIDE = 0.2
"""Relative ± of a grain size from which its meaning is worth a sentence."""


@dataclass(frozen=True, eq=False)
class GrainSize:
    """The path per boundary of a series model, and what the stated size was taken for.

    Attributes
    ----------
    value : Estimate
        l_s [m]: path along the flux per boundary, with the error of the mean and of its definition.
    spread : float
        Relative standard deviation of the sizes; 0 where the ± is the error of the mean.
    sentence : str
        What size and ± were taken for; empty where there is nothing to say.
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
    """What a stated grain size says about the path per boundary.

    Parameters
    ----------
    stated : Estimate
        [m], ± as the study writes it.
    meaning : "uncertainty" or "distribution"
        Whether the ± is the standard uncertainty of the mean, or the standard deviation of the sizes.
    count : int, optional
        Number of grains measured: the mean of a distribution is uncertain by its spread over √count.
    average : "unknown", "intercept" or "series"
        What size it is: ``series`` the path along the flux per boundary as it stands, ``intercept`` the mean
        linear intercept of equiaxed grains (1.5 of it, the lower bound on D_eff), ``unknown`` 1.25 of it,
        uniform from 1 to 1.5. Of a distribution of unknown average, the averages that it may be (harmonic to
        length-weighted, log-normal sizes) count as an error too.
    source : str
        Name of the latents; the same for all analyses of one sample.
    """
    relative = stated.standard_uncertainty / stated.value
    mean, spread, text = stated, 0.0, ""
    if meaning == "distribution" and relative > 0:
        mean, spread = _mean_of(stated, count, average, source), relative
        micrometre = stated.value * 1e6
        text = f"l = {micrometre:.3g} µm with sizes spread by ± {relative * micrometre:.2g} µm"
        text += f" ({count} grains)" if count else "; the error of the mean is not stated (give grain_count)"
        if average == "unknown":
            text += "; how it was averaged is not known, which counts as error"
    elif relative > WIDE:
        text = f"l = {format_quantity(stated, 'um')}: ± is taken as the uncertainty of the mean"
    value = mean * path_per_size(average, source) if average != "series" else mean
    said = [text or f"l = {format_quantity(stated, 'um')}"] if text or average != "series" else []
    said += [f"{_TAKEN_FOR[average]}: l_s = {format_quantity(value, 'um')}"] if average != "series" else []
    return GrainSize(value, spread, "; ".join(said))


_TAKEN_FOR = {
    "unknown": (
        "the path along the flux per boundary is taken as 1.25 l, uniform from l itself (cubes, or a paper's"
        " series formula: grain_size_average: series) to 1.5 l (l a mean linear intercept:"
        " grain_size_average: intercept)"
    ),
    "intercept": (
        "the path along the flux per boundary is 1.5 mean linear intercepts (equiaxed grains), which makes"
        " D_eff a lower bound where boundaries rule, and D_gb/δ from D_eff an upper one"
    ),
}


def path_per_size(average: Average, source: str) -> Estimate:
    """l_s/l, with one latent, named after ``source``, where the definition of l is not known."""
    if average == "series":
        return exact(1.0)
    if average == "intercept":
        return exact(float(series_length(1.0)))
    low, high = BETWEEN
    middle = (low + high) / 2
    return measured(middle, (high - low) / math.sqrt(12), source=f"{source}.path per boundary", scale="log")


def _mean_of(stated: Estimate, count: int | None, average: Average, source: str) -> Estimate:
    """The mean of a distribution, with the error that is left of it."""
    relative = stated.standard_uncertainty / stated.value
    weights: dict[str, float] = {}
    if count:
        weights[next(iter(stated.weights), source)] = relative / math.sqrt(count)
    if average == "unknown":
        weights[f"{source}.average"] = math.log1p(relative**2) / math.sqrt(3)
    return Estimate(stated.value, stated.dimension, "log", weights)


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
