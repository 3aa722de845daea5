"""What an echo decays like: one diffusion coefficient, several, a distribution, or a powder.

Every model gives the attenuation E (1 without gradient) and its derivatives by parameters that may take any
real value: logarithms of diffusion coefficients, and logits of shares.

Sources: E. O. Stejskal and J. E. Tanner, J. Chem. Phys. 42, 288 (1965); gamma distribution: M. Röding et al.,
J. Magn. Reson. 222, 105 (2012); log-normal: P. T. Callaghan and D. N. Pinder, Macromolecules 18, 373 (1985).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.nmr.powder import orientation_integral

FloatArray = NDArray[np.float64]
Evaluate = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]

NARROWEST, WIDEST = 1e-4, 30.0  # of a gamma's relative variance
LIMIT = 12.0  # of a logit


@dataclass(frozen=True)
class Attenuation:
    """A family of decays.

    Attributes
    ----------
    name : str
        As a study writes it.
    words : str
        For a sentence.
    parameters : tuple of str
        ``ln`` before a quantity: its logarithm; ``logit`` before a share.
    evaluate : callable
        ``(theta (R, p), b (N,)) -> E (R, N), dE/dtheta (R, N, p)``.
    starts : callable
        ``ln of a first D -> (S, p)``.
    mean : callable
        ``theta -> (ln of the mean D, its derivatives (p,))``: minus the initial slope of ln E.
    shares : tuple of (float, float)
        Bounds of the parameters that are no ln D, in their order.
    """

    name: str
    words: str
    parameters: tuple[str, ...]
    evaluate: Evaluate
    starts: Callable[[float], FloatArray]
    mean: Callable[[FloatArray], tuple[float, FloatArray]]
    shares: tuple[tuple[float, float], ...] = ()


# ---- one ------------------------------------------------------------------------------------------
def _one(theta: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    x = np.exp(theta[:, :1]) * b
    e = np.exp(-x)
    return e, (-x * e)[..., None]


# ---- several --------------------------------------------------------------------------------------
def _several(n: int) -> Evaluate:
    def evaluate(theta: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
        x = np.exp(theta[:, None, :n]) * b[:, None]  # (R, N, n)
        e = np.exp(-x)
        share, slope = shares_of(theta[:, n:])
        by_share = np.einsum("rNi,rij->rNj", e, slope)
        return np.einsum("rNi,ri->rN", e, share), np.concatenate([-x * e * share[:, None], by_share], axis=2)

    return evaluate


def shares_of(logits: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shares (R, n) and their derivatives (R, n, n-1) from n-1 logits against the last."""
    full = np.concatenate([logits, np.zeros((len(logits), 1))], axis=1)
    weight = np.exp(full - full.max(axis=1, keepdims=True))
    share = weight / weight.sum(axis=1, keepdims=True)
    slope = share[:, :, None] * (np.eye(full.shape[1])[None] - share[:, None, :])
    return share, slope[:, :, :-1]


def _starts_of_several(n: int) -> Callable[[float], FloatArray]:
    def starts(log_d: float) -> FloatArray:
        spans = (1.0, 2.5, 4.5)
        rows = [[*(log_d + span * (0.5 - k / (n - 1)) + shift for k in range(n)), *([logit] * (n - 1))]
                for span in spans for shift in (-0.5, 1.0) for logit in (-1.0, 1.0)]  # fmt: skip
        return np.array(rows)

    return starts


def _mean_of_several(n: int) -> Callable[[FloatArray], tuple[float, FloatArray]]:
    def mean(theta: FloatArray) -> tuple[float, FloatArray]:
        d = np.exp(theta[:n])
        share, slope = shares_of(theta[None, n:])
        total = float(share[0] @ d)
        return math.log(total), np.concatenate([share[0] * d, d @ slope[0]]) / total

    return mean


# ---- distributions --------------------------------------------------------------------------------
def _gamma(theta: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    x, c = np.exp(theta[:, :1]) * b, np.exp(theta[:, 1:2])
    e = np.exp(-np.log1p(c * x) / c)
    by_d = -x * e / (1 + c * x)
    by_c = e * (np.log1p(c * x) / c - x / (1 + c * x))
    return e, np.stack([by_d, by_c], axis=2)


_Z = np.linspace(-8.0, 8.0, 161)
_WEIGHT = np.exp(-(_Z**2) / 2) / np.exp(-(_Z**2) / 2).sum()  # trapezium: spectral for a smooth integrand


def _log_normal(theta: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    s = np.exp(theta[:, 1:2])
    d = np.exp(theta[:, :1] - s**2 / 2 + s * _Z)  # (R, 161), of mean exp(theta0)
    x = d[:, None, :] * b[:, None]
    e = np.exp(-x)
    by_log_d = -x * e
    by_s = np.einsum("rNz,rz,z->rN", by_log_d, s * (_Z - s), _WEIGHT)
    return e @ _WEIGHT, np.stack([by_log_d @ _WEIGHT, by_s], axis=2)


def _starts_of_spread(log_d: float) -> FloatArray:
    return np.array([[log_d + shift, math.log(c)] for c in (0.05, 0.5, 2.0) for shift in (0.0, 1.0)])


def _first(theta: FloatArray) -> tuple[float, FloatArray]:
    slope = np.zeros(theta.size)
    slope[0] = 1.0
    return float(theta[0]), slope


# ---- powders --------------------------------------------------------------------------------------
def _axial(theta: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    ratio = np.exp(theta[:, 1:2])  # along over across
    across = 3 * np.exp(theta[:, :1]) * b / (ratio + 2)
    along = ratio * across
    log_j, slope = orientation_integral(along - across)
    e = np.exp(-across + log_j)
    by_along, by_across = e * slope, -e * (1 + slope)
    share = ratio / (ratio + 2)
    by_ratio = by_along * along * (1 - share) - by_across * across * share
    return e, np.stack([by_along * along + by_across * across, by_ratio], axis=2)


def _channels(theta: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    x = 3 * np.exp(theta[:, :1]) * b
    log_j, slope = orientation_integral(x)
    e = np.exp(log_j)
    return e, (e * slope * x)[..., None]


def _layers(theta: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    x = 1.5 * np.exp(theta[:, :1]) * b
    log_j, slope = orientation_integral(-x)
    e = np.exp(-x + log_j)
    return e, (-e * (1 + slope) * x)[..., None]


def _single_start(log_d: float) -> FloatArray:
    return np.array([[log_d], [log_d + 0.5]])


def _axial_starts(log_d: float) -> FloatArray:
    return np.array([[log_d + 0.2, ratio] for ratio in (3.0, 1.0, -0.7, -3.0)])


_SPREADS = ((math.log(NARROWEST), math.log(WIDEST)),)
_ALL = (
    Attenuation("one", "one diffusion coefficient", ("ln D",), _one, _single_start, _first),
    Attenuation("two", "two diffusion coefficients", ("ln D1", "ln D2", "logit f1"), _several(2),
                _starts_of_several(2), _mean_of_several(2), ((-LIMIT, LIMIT),)),
    Attenuation("three", "three diffusion coefficients",
                ("ln D1", "ln D2", "ln D3", "logit f1", "logit f2"), _several(3),
                _starts_of_several(3), _mean_of_several(3), ((-LIMIT, LIMIT),) * 2),
    Attenuation("gamma", "a gamma distribution of diffusion coefficients", ("ln D", "ln relative variance"),
                _gamma, _starts_of_spread, _first, _SPREADS),
    Attenuation("log-normal", "a log-normal distribution of diffusion coefficients", ("ln D", "ln spread"),
                _log_normal, _starts_of_spread, _first, ((math.log(0.01), math.log(3.0)),)),
    Attenuation("powder", "a powder of grains with axial conduction", ("ln D", "ln ratio"),
                _axial, _axial_starts, _first, ((-LIMIT, LIMIT),)),
    Attenuation("powder of channels", "a powder of grains that conduct along one axis", ("ln D",),
                _channels, _single_start, _first),
    Attenuation("powder of layers", "a powder of grains that conduct in planes", ("ln D",),
                _layers, _single_start, _first),
)  # fmt: skip
MODELS: Mapping[str, Attenuation] = {model.name: model for model in _ALL}
