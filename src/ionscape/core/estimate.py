"""`Estimate`: a value whose uncertainty knows what it shares with every other value.

An estimate is a function of *latents*, independent standard normal variables, each named after what caused
it ("the third direction of the fit of spectrum 140 °C", "the thickness of pellet A"). In a linear or a
logarithmic scale it is a weighted sum of them, so products of logarithmic estimates (sigma = L/(R A),
Haven ratios) and straight lines through their logarithms (Arrhenius) are exact. Where a step is not linear
in that scale, the shape of the marginal distribution is taken from joint draws and kept beside the weights
(a Gaussian copula). Two estimates that share a cause share its latents, through every step and across
processes and files: nothing is averaged away because somebody forgot a covariance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NoReturn
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import CorrelationError, UnitError
from ionscape.core.marginal import Shape, latent_draws, shape_of, shaped, student_shape
from ionscape.core.quantity import DIMENSIONLESS, Dimension, plain_unit, si_unit, to_field, unit_scale

FloatArray = NDArray[np.float64]
Scale = Literal["linear", "log"]
Status = Literal["determined", "bound", "undetermined", "refused"]

N_DRAWS = 8000


@dataclass(frozen=True, eq=False)
class Estimate:
    """One quantity: best value, joint uncertainty, dimension and status.

    Build it with `measured`, `exact`, `joint`, `from_draws`, `upper_bound`, `lower_bound`, `undetermined` or
    `refused`; combine it with ``+ - * / **`` and `propagate`.

    Attributes
    ----------
    value : float
        Best value in SI; nan where undetermined or refused; the limit itself where status is ``bound``.
    dimension : Dimension
    scale : "linear" or "log"
        In which the weights are given; ``log`` for quantities that are positive by nature.
    weights : mapping of str to float
        Latent name to weight, in the scale's unit (relative, for ``log``).
    shape : Shape or None
        Of the marginal; None for a normal one.
    status : "determined", "bound", "undetermined" or "refused"
    side : "upper", "lower" or ""
        For a bound: the truth lies below ("upper") or above ("lower") `value` with 95 % probability.
    note : str
        Why, for all but determined values.
    """

    value: float
    dimension: Dimension = DIMENSIONLESS
    scale: Scale = "linear"
    weights: Mapping[str, float] = field(default_factory=dict)
    shape: Shape | None = None
    status: Status = "determined"
    side: Literal["", "upper", "lower"] = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.status == "determined" and not math.isfinite(self.value):
            raise ValueError(f"a determined estimate needs a finite value, got {self.value}")
        if self.scale == "log" and self.status == "determined" and self.value <= 0:
            raise ValueError(f"an estimate on a log scale must be positive, got {self.value}")

    # ---- what it says -------------------------------------------------------------------------------
    @property
    def spread(self) -> float:
        """Standard deviation in the estimate's own scale (relative, for ``log``)."""
        return math.sqrt(math.fsum(w * w for w in self.weights.values()))

    @property
    def standard_uncertainty(self) -> float:
        """1 standard deviation in SI; nan unless determined.

        For a skewed or heavy-tailed marginal: half the width of the central 68.3 % interval.
        """
        if self.status != "determined":
            return math.nan
        if self.shape is not None:
            low, high = self.interval(0.6826894921370859)
            return (high - low) / 2
        return self.spread * (abs(self.value) if self.scale == "log" else 1.0)

    def interval(self, probability: float = 0.95) -> tuple[float, float]:
        """Central interval in SI that holds the truth with ``probability`` (one-sided for a bound)."""
        if self.status == "bound":
            return (-math.inf, self.value) if self.side == "upper" else (self.value, math.inf)
        if self.status != "determined":
            return (math.nan, math.nan)
        from scipy.special import ndtri

        z = float(ndtri(0.5 + probability / 2))
        low, high = self._from_deviation(self._deviation(np.array([-z, z])))
        return float(low), float(high)

    def draws(self, n: int = N_DRAWS) -> FloatArray:
        """``n`` joint draws in SI: the i-th draws of all estimates belong together."""
        if self.status != "determined":
            return np.full(n, math.nan)
        if not self.weights or self.spread == 0:
            return np.full(n, self.value)
        z = sum((w * latent_draws(name, n) for name, w in self.weights.items()), np.zeros(n)) / self.spread
        return self._from_deviation(self._deviation(z))

    def to(self, unit: str) -> tuple[float, float]:
        """Value and standard uncertainty in ``unit``.

        Raises
        ------
        UnitError
            If the unit has another dimension.
        """
        factor, _, dimension = unit_scale(unit)
        if dimension != self.dimension:
            raise UnitError(f"cannot express {si_unit(self.dimension)} in {unit}")
        return to_field(self.value, unit), self.standard_uncertainty / abs(factor)

    def _deviation(self, z: FloatArray) -> FloatArray:
        return z * self.spread if self.shape is None else shaped(z, self.shape) * self.spread

    def _from_deviation(self, deviation: FloatArray) -> FloatArray:
        return self.value * np.exp(deviation) if self.scale == "log" else self.value + deviation

    # ---- arithmetic ---------------------------------------------------------------------------------
    def __add__(self, other: Estimate | float) -> Estimate:
        from ionscape.core.propagation import as_estimate, weighted_sum

        return weighted_sum(self, as_estimate(other, self.dimension), 1.0)

    __radd__ = __add__

    def __sub__(self, other: Estimate | float) -> Estimate:
        from ionscape.core.propagation import as_estimate, weighted_sum

        return weighted_sum(self, as_estimate(other, self.dimension), -1.0)

    def __rsub__(self, other: float) -> Estimate:
        return -self + other

    def __neg__(self) -> Estimate:
        return self * -1.0

    def __mul__(self, other: Estimate | float) -> Estimate:
        from ionscape.core.propagation import as_estimate, power_product

        return power_product((self, 1.0), (as_estimate(other, DIMENSIONLESS), 1.0))

    __rmul__ = __mul__

    def __truediv__(self, other: Estimate | float) -> Estimate:
        from ionscape.core.propagation import as_estimate, power_product

        return power_product((self, 1.0), (as_estimate(other, DIMENSIONLESS), -1.0))

    def __rtruediv__(self, other: float) -> Estimate:
        return exact(other) / self

    def __pow__(self, power: float) -> Estimate:
        from ionscape.core.propagation import power_product

        return power_product((self, float(power)))

    def __float__(self) -> NoReturn:
        raise CorrelationError("float() would drop the uncertainty and its correlations: use .value")

    def __array__(self, *_: object, **__: object) -> NoReturn:
        raise CorrelationError("an array would drop the correlations: use .value, .draws() or covariance()")

    def __repr__(self) -> str:
        unit = plain_unit(self.dimension)
        if self.status in ("undetermined", "refused"):
            return f"<{self.status}: {self.note}>"
        if self.status == "bound":
            return f"<{'<' if self.side == 'upper' else '>'} {self.value:.4g} {unit}>"
        return f"<{self.value:.6g} ± {self.standard_uncertainty:.2g} {unit}>"

    # ---- files --------------------------------------------------------------------------------------
    def to_json(self) -> dict[str, Any]:
        """All of it as JSON types (weights included: the correlations survive)."""
        value = self.value if math.isfinite(self.value) else None
        record: dict[str, Any] = {"value": value, "dimension": list(self.dimension), "scale": self.scale}
        record["weights"] = dict(self.weights)
        if self.shape:
            record["shape"] = list(self.shape)
        record |= {key: text for key, text in (("side", self.side), ("note", self.note)) if text}
        record["status"] = self.status
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Estimate:
        """Inverse of `to_json`.

        Raises
        ------
        CorrelationError
            If the weights are missing: such a record would be independent of its own siblings.
        """
        if "weights" not in record:
            raise CorrelationError("this record has no weights: its correlations are lost")
        shape = tuple(record["shape"]) if record.get("shape") else None
        return cls(
            value=math.nan if record["value"] is None else float(record["value"]),
            dimension=tuple(record["dimension"]), scale=record["scale"],
            weights=dict(record["weights"]), shape=shape,
            status=record["status"], side=record.get("side", ""), note=record.get("note", ""),
        )  # fmt: skip


# ---- where estimates come from ----------------------------------------------------------------------
def exact(value: float, dimension: Dimension = DIMENSIONLESS) -> Estimate:
    """A number without uncertainty."""
    return Estimate(float(value), dimension, "log" if value > 0 else "linear")


def measured(
    value: float, standard_uncertainty: float, dimension: Dimension = DIMENSIONLESS, *,
    source: str | None = None, scale: Scale | None = None,
) -> Estimate:  # fmt: skip
    """A value with its own, independent uncertainty (SI, 1 standard deviation).

    Parameters
    ----------
    source : str, optional
        What it is ("samples.llto.thickness"): estimates with the same source are the same unknown and
        move together. Without one it is independent of all others.
    scale : optional
        ``log`` by default for positive values with a dimension, else ``linear``.
    """
    if not standard_uncertainty >= 0:
        raise ValueError(f"a standard uncertainty cannot be {standard_uncertainty}")
    chosen: Scale = scale or ("log" if value > 0 and dimension != DIMENSIONLESS else "linear")
    spread = standard_uncertainty / abs(value) if chosen == "log" else standard_uncertainty
    weights = {source or f"measured {uuid4()}": float(spread)} if spread else {}
    return Estimate(float(value), dimension, chosen, weights)


def joint(
    source: str, values: Sequence[float], covariance: FloatArray, *,
    scales: Sequence[Scale], dimensions: Sequence[Dimension], degrees_of_freedom: float | None = None,
) -> list[Estimate]:  # fmt: skip
    """Estimates of all the parameters of one fit, correlated as the fit says.

    Parameters
    ----------
    source : str
        Unique name of the fit (study, analysis, item): the root of its latents' names.
    values : (P,) floats
        Best values in SI (not their logarithms).
    covariance : (P, P) array
        Of the parameters in their scales (of ln p where the scale is ``log``).
    scales, dimensions : (P,) sequences
    degrees_of_freedom : float, optional
        Of the variance in ``covariance``: gives the marginals Student's t tails.
    """
    variances, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    roots = vectors * np.sqrt(np.clip(variances, 0.0, None))
    shape = student_shape(degrees_of_freedom)
    return [
        Estimate(float(value), dimension, scale,
                 {f"{source}#{k}": float(w) for k, w in enumerate(row) if w != 0.0}, shape)
        for value, row, scale, dimension in zip(values, roots, scales, dimensions, strict=True)
    ]  # fmt: skip


def from_draws(
    source: str, draws: FloatArray, *, scales: Sequence[Scale], dimensions: Sequence[Dimension],
    values: Sequence[float] | None = None,
) -> list[Estimate]:  # fmt: skip
    """Estimates from joint posterior draws (n, P) in SI: marginals and rank correlations are kept.

    ``values`` are the best values (default: medians).
    """
    from scipy.special import ndtri

    n, count = draws.shape
    scores = ndtri((np.argsort(np.argsort(draws, axis=0), axis=0) + 0.5) / n)
    correlation = np.atleast_2d(np.corrcoef(scores, rowvar=False)) if count > 1 else np.ones((1, 1))
    inside = np.column_stack([np.log(d) if s == "log" else d for d, s in zip(draws.T, scales, strict=True)])
    if values is None:
        centre = np.median(inside, axis=0)
    else:
        centre = np.array([math.log(v) if s == "log" else v for v, s in zip(values, scales, strict=True)])
    deviation = inside - centre
    spread = np.diff(np.quantile(deviation, [0.158655, 0.841345], axis=0), axis=0)[0] / 2
    best = [math.exp(c) if s == "log" else c for c, s in zip(centre, scales, strict=True)]
    plain = joint(source, best, correlation * np.outer(spread, spread), scales=scales, dimensions=dimensions)
    return [replace(e, shape=shape_of(d, s)) for e, d, s in zip(plain, deviation.T, spread, strict=True)]


def upper_bound(value: float, dimension: Dimension, note: str) -> Estimate:
    """The truth lies below ``value`` (SI) with 95 % probability."""
    return Estimate(float(value), dimension, status="bound", side="upper", note=note)


def lower_bound(value: float, dimension: Dimension, note: str) -> Estimate:
    """The truth lies above ``value`` (SI) with 95 % probability."""
    return Estimate(float(value), dimension, status="bound", side="lower", note=note)


def undetermined(dimension: Dimension, note: str) -> Estimate:
    """The data do not fix this quantity; ``note`` says why."""
    return Estimate(math.nan, dimension, status="undetermined", note=note)


def refused(dimension: Dimension, note: str) -> Estimate:
    """The method does not apply here; ``note`` says why."""
    return Estimate(math.nan, dimension, status="refused", note=note)


def covariance(estimates: Sequence[Estimate]) -> FloatArray:
    """Covariance matrix (n, n) of the estimates in their own scales (relative, for ``log``)."""
    names = {name: i for i, name in enumerate(dict.fromkeys(k for e in estimates for k in e.weights))}
    table = np.zeros((len(estimates), max(len(names), 1)))
    for row, estimate in zip(table, estimates, strict=True):
        for name, weight in estimate.weights.items():
            row[names[name]] = weight
    return np.asarray(table @ table.T)


def correlation(a: Estimate, b: Estimate) -> float:
    """Correlation coefficient of two estimates (0 if one is exact)."""
    c = covariance([a, b])
    scale = math.sqrt(c[0, 0] * c[1, 1])
    return float(c[0, 1] / scale) if scale else 0.0
