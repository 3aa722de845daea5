"""The Arrhenius line: ln(σT) = ln A - E/kT through points that share errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from uuid import uuid4

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, undetermined
from ionscape.core.quantity import Dimension, dimension_of
from ionscape.temperature.generalised_least_squares import Fit, Scatter, fit, student_factor
from ionscape.temperature.points import K_PER_EV, FloatArray, FormName, Points, as_estimates, collect

_KELVIN = dimension_of("K")
_JOULE = dimension_of("J")
_ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class ArrheniusFit:
    """A straight line through the points, its errors joint with those of the points.

    Attributes
    ----------
    points : Points
    activation_energy : Estimate
        [J]
    pre_exponential_factor : Estimate
        In the SI unit of the form (S K/m, S/m, m^2/s).
    values : tuple of (float, Estimate)
        Temperature [K] and the quantity there (SI), on the line, for every temperature asked for.
    warnings : tuple of str
    solution : Fit or None
        None where the points do not make a line.
    """

    points: Points
    activation_energy: Estimate
    pre_exponential_factor: Estimate
    values: tuple[tuple[float, Estimate], ...]
    warnings: tuple[str, ...]
    solution: Fit | None = field(repr=False)

    @property
    def slope(self) -> float:
        """Activation energy [eV]; nan where there is no line."""
        return float(self.solution.coefficients[1]) if self.solution else math.nan

    @cached_property
    def reason(self) -> str:
        """Why there is no line; empty if there is one."""
        return self.activation_energy.note

    def at(self, temperature: float) -> Estimate:
        """The quantity on the line at a temperature [K], SI; correlated with the points, E and A."""
        if self.solution is None:
            return undetermined(self.points.dimension, self.reason)
        form = self.points.form
        row = form.sign * np.array([1.0, -1 / (K_PER_EV * temperature)])
        ln_value = float(row @ self.solution.coefficients)
        ln_value -= math.log(temperature) if form.times_temperature else 0.0
        return self.solution.estimate(row, ln_value, self.points.dimension, "log")

    def line(
        self, temperature: ArrayLike, probability: float = 0.95
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Best y and its central interval at temperatures [K], (n,) each; y = ln q or ln(q T), SI.

        Raises
        ------
        InputError
            If the points do not make a line.
        """
        if self.solution is None:
            raise InputError(self.reason)
        x = 1 / (K_PER_EV * np.asarray(temperature, dtype=float))
        rows = np.column_stack([np.ones_like(x), -x])
        best = rows @ self.solution.coefficients
        half = np.empty_like(best)
        for i, row in enumerate(rows):
            spread = self.solution.standard_deviation(row)
            tail = self.solution.tail_degrees_of_freedom(row @ self.solution.gain, spread)
            half[i] = spread * student_factor(probability, tail)
        sign = self.points.form.sign
        return sign * best, sign * best - half, sign * best + half


def arrhenius(
    temperature: Sequence[Estimate | float | None] | FloatArray,
    quantity: Sequence[Estimate | float | None] | FloatArray,
    *, form: FormName | None = None, at: Sequence[float] = (298.15,), scatter: Scatter = "auto",
    temperature_uncertainty: ArrayLike | None = None, uncertainty: ArrayLike | None = None,
    dimension: str = "S/m", source: str | None = None, labels: Sequence[str] = (),
) -> ArrheniusFit:  # fmt: skip
    """Arrhenius line by generalised least squares with the full covariance of the points.

    Parameters
    ----------
    temperature, quantity : (n,) sequences of Estimate, or arrays [K] and SI
        An error that several estimates share moves them together: thickness and area go undiminished into
        the pre-exponential factor and cancel from the activation energy; a shared temperature offset goes
        into both. Where the errors of temperature matter they act through the slope (effective variance).
    form : "ln sigma T", "ln sigma", "ln D", "ln eta" or "ln x", optional
        What is straight against 1/kT. Default: ln(σT) for a conductivity, the plain logarithm otherwise.
    at : sequence of float
        Temperatures [K] at which the quantity is wanted.
    scatter : "auto" or "stated"
        ``auto``: where the points scatter more than their errors say (chance below 20 %), the variance that
        is missing is estimated from them and added to every point, with Student's t for the n - 2 degrees of
        freedom; where they scatter less, the stated errors stand. ``stated``: the stated errors in any case.
        Without any stated errors the scatter is all there is (ordinary least squares with Student's t).
    temperature_uncertainty, uncertainty : (n,) arrays or floats, optional
        1 standard deviation [K, SI] of plain numbers, independent from point to point.
    dimension : str
        Unit of plain numbers ("S/m", "m^2/s", "Pa*s").
    source : str, optional
        Unique name of this fit, for the latents of the scatter.
    labels : sequence of str
        What the points are called in warnings.

    Returns
    -------
    ArrheniusFit
        Undetermined, with the reason, where fewer than two temperatures are usable (three where only the
        scatter can tell the error).

    Raises
    ------
    InputError
        If lengths or dimensions do not agree, or a wanted temperature is not positive.

    References
    ----------
    Aitken 1936 (generalised least squares); Orear 1982 (effective variance); Mandel and Paule 1970, Birge
    1932 (scatter beyond the errors).
    """
    if any(not (math.isfinite(t) and t > 0) for t in at):
        raise InputError(f"temperatures wanted must be positive kelvin, got {', '.join(map(str, at))}")
    quantity_dimension = dimension_of(dimension)
    points = collect(
        as_estimates(temperature, temperature_uncertainty, _KELVIN, "temperature"),
        as_estimates(quantity, uncertainty, quantity_dimension, "value"), form, labels,
    )  # fmt: skip
    name = source or f"arrhenius {uuid4()}"
    reason = _too_few(points)
    solution = None if reason else _solved(points, name, scatter)
    if solution is not None and solution.degrees_of_freedom == 0 and _errorless(solution):
        solution = None
        reason = "two points without uncertainties: a line, but nothing to tell its error from"
    if solution is None:
        return _no_line(points, reason, at)
    return _with_estimates(points, solution, at)


def design(points: Points) -> FloatArray:
    """Columns (n, 2) of a straight line: 1 and -1/kT."""
    return np.column_stack([np.ones(len(points)), -points.x])


def _solved(points: Points, source: str, scatter: Scatter) -> Fit:
    """The effective variance depends on the slope: three rounds settle it far below its error."""
    columns = design(points)
    slope = float(np.linalg.lstsq(columns, points.y)[0][1])
    for _ in range(3):
        solution = fit(points, columns, slope=slope, source=source, scatter=scatter)
        slope = float(solution.coefficients[1])
    return solution


def _too_few(points: Points) -> str:
    if len(points) < 2:
        return f"an Arrhenius line needs two usable points, there {_are(len(points))}"
    if np.ptp(points.x) < 1e-6 * points.x.mean():
        return f"all {len(points)} points have one temperature: no slope"
    return ""


def _are(n: int) -> str:
    return "is one" if n == 1 else "are none"


def _errorless(solution: Fit) -> bool:
    return solution.standard_deviation(np.array([0.0, 1.0])) < _ROUNDING


def _factor_dimension(points: Points) -> Dimension:
    kelvin = 1.0 if points.form.times_temperature else 0.0
    return tuple(a + kelvin * b for a, b in zip(points.dimension, _KELVIN, strict=True))  # type: ignore[return-value]


def _no_line(points: Points, reason: str, at: Sequence[float]) -> ArrheniusFit:
    nothing = undetermined(points.dimension, reason)
    return ArrheniusFit(
        points, undetermined(_JOULE, reason), undetermined(_factor_dimension(points), reason),
        tuple((t, nothing) for t in at), points.left_out, None,
    )  # fmt: skip


def _with_estimates(points: Points, solution: Fit, at: Sequence[float]) -> ArrheniusFit:
    intercept, slope = solution.coefficients
    sign = points.form.sign
    energy = solution.estimate(
        np.array([0.0, elementary_charge]), float(slope) * elementary_charge, _JOULE, "linear"
    )
    factor = solution.estimate(
        sign * np.array([1.0, 0.0]), float(sign * intercept), _factor_dimension(points), "log"
    )
    found = ArrheniusFit(points, energy, factor, (), (*points.left_out, *_doubts(solution)), solution)
    values = tuple((float(t), found.at(float(t))) for t in at)
    return ArrheniusFit(points, energy, factor, values, found.warnings, solution)


def _doubts(solution: Fit) -> list[str]:
    """What the reader must know about the errors, one sentence each."""
    doubts: list[str] = []
    freedom, n = solution.degrees_of_freedom, len(solution.points)
    missing = int(np.count_nonzero(solution.assumed))
    if missing:
        doubts.append(f"{missing} of {n} points state no error of their own: the others' median is used")
    if freedom == 0:
        doubts.append("two points only: the line is exact and cannot show whether the points scatter or bend")
    elif math.isinf(solution.chi_square):
        doubts.append(
            f"the points state no errors of their own: the errors come from their scatter about the line "
            f"({freedom} degrees of freedom, Student's t)"
        )
    elif solution.scatter:
        doubts.append(
            f"the points scatter more than their errors say (chi-square {solution.chi_square:.3g} for "
            f"{freedom} degrees of freedom): a further {100 * solution.scatter:.2g} % per point is added, "
            f"and the intervals have Student's t tails"
        )
    return doubts
