"""Generalised least squares that knows which causes the points share, and how far they scatter beyond them.

The estimator is written on contrasts, y'N with N spanning what the design cannot describe (Aitken's
estimator; Rao's form): an error that all points share (thickness, area) lies in the span of the design,
drops out of the weighting, and goes undiminished into the result; nothing large and nearly singular is
ever inverted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit

from ionscape.core.estimate import Estimate, Scale, undetermined
from ionscape.core.marginal import Shape, latent_draws, shape_of, shaped, student_shape
from ionscape.core.quantity import Dimension
from ionscape.fit.scatter import excess, principal
from ionscape.temperature.points import FloatArray, Points

Scatter = Literal["auto", "stated"]

# Scatter beyond the errors is added where right errors would scatter as much in fewer than one series of
# five. Always adding it widens good intervals (74 % where 68 % is said), adding it late leaves bad ones
# narrow: with this, 7 to 12 points whose errors are right, or too small by 1.25 to 3 times, have 68 %
# intervals that cover 68 to 72 % and 95 % ones that cover 93 to 96 % (4 points: 68 to 74 and 89 to 96 %).
_SIGNIFICANCE = 0.20
# So few points cannot tell whether their errors are right: 3 points with errors three times too small would
# have 95 % intervals that cover 82 %. The larger of stated and seen, always with Student's t, is safe.
_FEW = 5
_ROUNDING = 1e-12
_FIVE_DECADES = 5 * math.log(10)
_LARGEST_LOGARITHM = 250.0
_Z = (-1.959963984540054, -1.0, 0.0, 1.0, 1.959963984540054)
_N_DRAWS = 8000


@dataclass(frozen=True, eq=False)
class Fit:
    """A linear (or linearised) fit of p coefficients to n points.

    Attributes
    ----------
    source : str
        Root of the names of the latents for the scatter.
    points : Points
    coefficients : (p,) array
    gain : (p, n) array
        d coefficients / d y.
    weights : (n, m) array
        Of the points on their latents, along the fitted slope.
    own_variance : (n,) array
        Of the causes that touch one point only, with what was assumed for points without an uncertainty.
    assumed : (n,) array
        The part of ``own_variance`` that was assumed.
    scatter : float
        Standard deviation [of ln q] added to every point, because the points scatter more than their errors.
    chi_square : float
        Of the points about the fit, with the stated errors only; inf where none are stated.
    degrees_of_freedom : int
        n - p
    residuals : (n,) array
    design : (n, p) array
    cautious : bool
        Three to five points: the intervals have Student's t whether or not scatter was added.
    """

    source: str
    points: Points
    coefficients: FloatArray
    gain: FloatArray
    weights: FloatArray
    own_variance: FloatArray
    assumed: FloatArray
    scatter: float
    chi_square: float
    degrees_of_freedom: int
    residuals: FloatArray
    design: FloatArray
    cautious: bool

    @property
    def freedom(self) -> int | None:
        """Degrees of freedom of Student's t, None where the stated errors are taken as they are."""
        return self.degrees_of_freedom if self.scatter or self.cautious else None

    @property
    def fresh(self) -> FloatArray:
        """Root (p, p) of the coefficients' covariance from scatter and assumed errors: new latents."""
        covariance = (self.gain * (self.assumed + self.scatter**2)) @ self.gain.T
        variances, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
        return np.asarray(vectors * np.sqrt(np.clip(variances, 0.0, None)))

    def estimate(self, combination: FloatArray, value: float, dimension: Dimension, scale: Scale) -> Estimate:
        """Estimate of ``combination`` (p,) of the coefficients; ``value`` in SI, its logarithm for ``log``.

        For ``log``, the combination is that of the logarithm too; undetermined where that is not fixed to
        five decades.
        """
        along = combination @ self.gain
        known = along @ self.weights
        own = combination @ self.fresh
        named = [*zip(self.points.names, known, strict=True)]
        named += [(f"{self.source}#{k}", w) for k, w in enumerate(own)]
        spread = math.sqrt(math.fsum(w * w for _, w in named))
        weights = {name: float(w) for name, w in named if abs(w) > _ROUNDING * spread}
        shape = _product(self._points_shape(along, dict(named), spread), self._scatter_shape(along, spread))
        reach = spread * (max(-shape[0], shape[-1]) if shape else 2.0) / 2
        if scale == "log" and not (reach < _FIVE_DECADES and abs(value) < _LARGEST_LOGARITHM):
            return undetermined(dimension, f"uncertain by {reach / math.log(10):.2g} decades")
        best = math.exp(value) if scale == "log" else float(value)
        return Estimate(best, dimension, scale, weights, shape)

    def standard_deviation(self, combination: FloatArray) -> float:
        """Spread of a combination of the coefficients (no tails)."""
        along = combination @ self.gain
        new = ((self.assumed + self.scatter**2) * along**2).sum()
        return math.sqrt(float(((along @ self.weights) ** 2).sum() + new))

    def tail_degrees_of_freedom(self, along: FloatArray, spread: float) -> float | None:
        """Of the variance of a combination: n - p for the part that the scatter told, infinite for the rest.

        Welch's and Satterthwaite's formula.
        """
        told = float(((self.own_variance + self.scatter**2) * along**2).sum())
        if self.freedom is None or told == 0:
            return None
        return max(self.degrees_of_freedom * (spread**2 / told) ** 2, 1.0)

    def _scatter_shape(self, along: FloatArray, spread: float) -> Shape | None:
        return student_shape(self.tail_degrees_of_freedom(along, spread))

    def _points_shape(self, along: FloatArray, weights: dict[str, float], spread: float) -> Shape | None:
        """What becomes of the shapes of points that are skewed or heavy-tailed themselves.

        A point's shape is put down to the causes that it shares with no other point; where no point has any
        (one global fit of all), to all its causes.
        """
        bent = [i for i, q in enumerate(self.points.quantities) if _bent(q.shape) and along[i] != 0]
        if not bent or spread == 0:
            return None
        single = np.count_nonzero(self.weights, axis=0) == 1
        sign, deviation = self.points.form.sign, _drawn(weights)
        for i in bent:
            of_point = self.points.quantity_weights[i] * (single if single.any() else 1.0)
            part = float(np.sqrt((of_point**2).sum()))
            shape = self.points.quantities[i].shape
            if part > 0 and shape is not None:
                z = _drawn(dict(zip(self.points.names, sign * of_point / part, strict=True)))
                deviation += sign * along[i] * part * (shaped(z, shape) - z)
        found = shape_of(deviation, spread)
        return found if found is None or found[0] < 0 < found[-1] else None


def fit(
    points: Points, design: FloatArray, *, slope: float, source: str, scatter: Scatter = "auto",
    target: FloatArray | None = None,
) -> Fit:  # fmt: skip
    """Fit y = design @ coefficients with the full covariance of the points.

    Parameters
    ----------
    points : Points
    design : (n, p) array
    slope : float
        d y / d(-x) [eV] along which a temperature error moves the points.
    source : str
    scatter : "auto" or "stated"
        ``auto`` adds scatter (equal for all points) where they lie further from the fit than their errors
        say; ``stated`` never does, unless no errors are stated.
    target : (n,) array, optional
        Fitted instead of ``points.y`` (for a step of a nonlinear fit).
    """
    y = points.y if target is None else target
    n, p = design.shape
    weights = points.weights(slope)
    own = points.own_variance(slope)
    assumed = _assumed(own)
    covariance = covariance_of(points, slope)
    pseudo = np.linalg.pinv(design)
    contrasts = np.linalg.svd(design, full_matrices=True)[0][:, p:]
    rotated, variances, stated = principal(contrasts.T @ covariance @ contrasts, np.trace(covariance) / n)
    contrasts = contrasts @ rotated
    cautious = scatter == "auto" and n <= _FEW and n > p
    chi_square, added = excess(
        contrasts.T @ y, variances, scatter if stated else "unknown",
        significance=_SIGNIFICANCE, always=cautious,
    )  # fmt: skip
    correction = (pseudo @ covariance @ contrasts) / (variances + added)
    gain = pseudo - correction @ contrasts.T
    coefficients = gain @ y
    return Fit(
        source, points, coefficients, gain, weights, own + assumed, assumed, math.sqrt(added),
        chi_square if stated else math.inf, n - p, y - design @ coefficients, design, cautious,
    )  # fmt: skip


def covariance_of(points: Points, slope: float) -> FloatArray:
    """Covariance (n, n) that weights the points about a line of that slope.

    With what is assumed for points without an error, without the errors of temperature that points share.
    """
    weights = points.weights_apart(slope)
    return np.asarray(weights @ weights.T + np.diag(_assumed(points.own_variance(slope))))


def student_factor(probability: float, degrees_of_freedom: float | None) -> float:
    """Two-sided quantile of Student's t, of the normal distribution for None."""
    quantile = 0.5 + probability / 2
    return float(stdtrit(1e9 if degrees_of_freedom is None else degrees_of_freedom, quantile))


def two_sided(t: float, degrees_of_freedom: float | None) -> float:
    """Two-sided probability of a value of Student's t as large as ``t``."""
    if degrees_of_freedom is None:
        return float(2 * ndtr(-abs(t)))
    return float(2 * stdtr(degrees_of_freedom, -abs(t)))


def _assumed(own: FloatArray) -> FloatArray:
    """For points without an own error among points with one: the others' median."""
    missing = own <= 0
    if missing.all() or not missing.any():
        return np.zeros_like(own)
    return np.where(missing, np.median(own[~missing]), 0.0)


def _drawn(weights: dict[str, float]) -> FloatArray:
    """Draws of a weighted sum of latents."""
    total = np.zeros(_N_DRAWS)
    for name, weight in weights.items():
        if weight:
            total += weight * latent_draws(name, _N_DRAWS)
    return total


def _bent(shape: Shape | None) -> bool:
    return shape is not None and max(abs(s - z) for s, z in zip(shape, _Z, strict=True)) > 0.05


def _product(a: Shape | None, b: Shape | None) -> Shape | None:
    """Quantiles of one shape, widened by the other as that widens a normal one."""
    if a is None or b is None:
        return b if a is None else a
    return tuple(s * (t / z if z else 1.0) for s, t, z in zip(a, b, _Z, strict=True))  # type: ignore[return-value]
