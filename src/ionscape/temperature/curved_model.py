"""Models that bend: linear in all but one parameter, which is profiled.

VFT (the Vogel temperature), MYEGA (its barrier's constant) and the broken line (the break temperature) are
straight lines in a transformed abscissa once that one parameter is fixed (variable projection, Golub and
Pereyra 1973); its profile gives the best value without a starting guess and an interval that may be open.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from ionscape.core.estimate import Estimate, Scale, lower_bound, undetermined, upper_bound
from ionscape.core.quantity import Dimension
from ionscape.fit.scatter import principal
from ionscape.temperature.generalised_least_squares import (
    Fit,
    Scatter,
    covariance_of,
    fit,
    student_factor,
)
from ionscape.temperature.points import FloatArray, Points

_GRID = 161
_UNIFORM = (-1.645448, -1.182453, 0.0, 1.182453, 1.645448)  # 95 and 68.3 % of a rectangle, in its SD


@dataclass(frozen=True)
class Parameter:
    """A quantity that a model reports.

    Attributes
    ----------
    quantity : str
    unit : str
        In which it is printed.
    dimension : Dimension
    scale : "linear" or "log"
    of : callable (coefficients (p,)) -> float
        SI value from the coefficients; the profiled one is the last.
    """

    quantity: str
    unit: str
    dimension: Dimension
    scale: Scale
    of: Callable[[FloatArray], float]


@dataclass(frozen=True)
class CurvedModel:
    """A model y = columns(T, theta) @ coefficients, theta being the one parameter that is not linear.

    Attributes
    ----------
    name, text : str
        ``text`` as printed in a sentence.
    symbol : str
        Of theta, with its unit, for reasons ("T0 [K]").
    columns : callable ((n,) temperatures [K], theta) -> (n, p - 1) array
        The first column is 1.
    bounds : callable (Points) -> (low, high)
        Where theta may lie; an interval that reaches a bound is open there.
    parameters : tuple of Parameter
        The first is a monotone function of theta alone, with `first_is_theta`.
    fewest : int
        Points needed.
    citation : str
    first_is_theta : bool
    one_sided : bool
        Whether a profile that closes on one side only bounds theta (a break that is not there has no bound).
    places : callable (Points) -> (g,) array, optional
        The only values of theta that make a difference (gaps between points, for a step).
    """

    name: str
    text: str
    symbol: str
    columns: Callable[[FloatArray, float], FloatArray]
    bounds: Callable[[Points], tuple[float, float]]
    parameters: tuple[Parameter, ...]
    fewest: int
    citation: str
    first_is_theta: bool = True
    one_sided: bool = False
    places: Callable[[Points], FloatArray] | None = None

    @property
    def size(self) -> int:
        """Number of parameters."""
        return int(self.columns(np.array([300.0]), 1.0).shape[1]) + 1


class Profile:
    """Weighted residual sum of squares as a function of theta, blind to what all points share.

    Parameters
    ----------
    points : Points
    covariance : (n, n) array
        Of the points.
    model : CurvedModel
    """

    def __init__(self, points: Points, covariance: FloatArray, model: CurvedModel) -> None:
        n = len(points)
        self.model, self.temperature = model, points.temperature
        centred = np.linalg.svd(np.ones((n, 1)), full_matrices=True)[0][:, 1:]
        vectors, self.variances, _ = principal(centred.T @ covariance @ centred, np.trace(covariance) / n)
        self.contrasts = centred @ vectors
        self.y = self.contrasts.T @ points.y
        places = model.places(points) if model.places else np.linspace(*model.bounds(points), _GRID)
        self.grid: FloatArray = np.asarray(places)
        self._columns = np.stack([self._contrast(theta) for theta in self.grid])

    def _contrast(self, theta: float) -> FloatArray:
        return np.asarray(self.contrasts.T @ self.model.columns(self.temperature, theta)[:, 1:])

    def sums(self, added: float) -> FloatArray:
        """Residual sums of squares on the grid (161,), with a variance added to every point."""
        return self._projected(self._columns, np.array([added]))

    def at(self, theta: float, added: float) -> float:
        """Residual sum of squares at one theta."""
        return float(self._projected(self._contrast(theta)[None], np.array([added]))[0])

    def along(self, theta: float, added: FloatArray) -> FloatArray:
        """Residual sums of squares at one theta for several added variances (v,)."""
        return self._projected(self._contrast(theta)[None], added)

    def _projected(self, columns: FloatArray, added: FloatArray) -> FloatArray:
        """For g columns and one variance, or one set of columns and g variances."""
        root = np.sqrt(self.variances + added[:, None])
        y = self.y / root
        q = np.linalg.qr(columns / root[:, :, None])[0]
        inside = np.matmul(y[:, None, :], q)
        rest = y - np.matmul(q, inside.transpose(0, 2, 1))[:, :, 0]
        return np.asarray((rest**2).sum(axis=1))

    def best(self, added: float) -> tuple[float, float]:
        """Theta with the least sum, and that sum."""
        sums = self.sums(added)
        i = int(np.argmin(sums))
        if self.model.places:
            return float(self.grid[i]), float(sums[i])
        low, high = self.grid[max(i - 1, 0)], self.grid[min(i + 1, _GRID - 1)]
        found = minimize_scalar(
            lambda theta: self.at(theta, added), bounds=(low, high), method="bounded",
            options={"xatol": 1e-6 * (self.grid[-1] - self.grid[0])},
        )  # fmt: skip
        if found.fun < sums[i]:
            return float(found.x), float(found.fun)
        return float(self.grid[i]), float(sums[i])

    def interval(self, added: float, height: float, theta: float) -> tuple[float, float]:
        """Where the sum rises by ``height`` on either side; infinite where it does not within the bounds."""
        least = self.at(theta, added)
        above = self.sums(added) - least - height
        return self._crossing(above, theta, least + height, added, -1), self._crossing(
            above, theta, least + height, added, 1
        )

    def _crossing(self, above: FloatArray, theta: float, level: float, added: float, side: int) -> float:
        """The outermost crossing: a profile with two valleys keeps both."""
        outer = [i for i in range(_GRID) if (self.grid[i] - theta) * side > 0 and above[i] <= 0]
        edge = 0 if side < 0 else _GRID - 1
        last = (outer[0] if side < 0 else outer[-1]) if outer else None
        if last == edge or (self.grid[edge] - theta) * side <= 0:
            return side * math.inf
        inner = theta if last is None else float(self.grid[last])
        beyond = [g for g in self.grid[::side] if (g - inner) * side > 0]
        return float(brentq(lambda t: self.at(t, added) - level, inner, float(beyond[0])))


@dataclass(frozen=True, eq=False)
class CurvedFit:
    """A curved model fitted to a series.

    Attributes
    ----------
    model : CurvedModel
    coefficients : (p,) array
        Those of the columns, then theta.
    solution : Fit
        Linearised at the best coefficients.
    estimates : tuple of Estimate
        One for each of ``model.parameters``; undetermined or a bound where the profile stays open.
    """

    model: CurvedModel
    coefficients: FloatArray
    solution: Fit
    estimates: tuple[Estimate, ...]

    def at(self, temperature: float) -> Estimate:
        """The quantity on the curve at a temperature [K], SI; correlated with the points."""
        points = self.solution.points
        form = points.form
        if self.model.places:
            low, high = gap(points, float(self.coefficients[-1]))
            if low < temperature < high:
                return undetermined(points.dimension, f"the step lies between {low:.1f} and {high:.1f} K")
        value = float(curve(self.model, np.array([temperature]), self.coefficients)[0])
        row = form.sign * jacobian(self.model, np.array([temperature]), self.coefficients)[0]
        ln_value = form.sign * value - (math.log(temperature) if form.times_temperature else 0.0)
        if not abs(ln_value) < 600 or not np.isfinite(row).all():
            why = f"the {self.model.text} curve ends above {temperature:.1f} K"
            return undetermined(points.dimension, why)
        return self.solution.estimate(row, ln_value, points.dimension, "log")


def curve(model: CurvedModel, temperature: FloatArray, coefficients: FloatArray) -> FloatArray:
    """y (n,) of the model; nan where it is not defined."""
    return np.asarray(model.columns(temperature, float(coefficients[-1])) @ coefficients[:-1])


def jacobian(model: CurvedModel, temperature: FloatArray, coefficients: FloatArray) -> FloatArray:
    """d y / d coefficients (n, p); without theta where only some places are tried."""
    theta = float(coefficients[-1])
    columns = model.columns(temperature, theta)
    if model.places:
        return columns
    step = 1e-5 * max(abs(theta), 1.0)
    up, down = (model.columns(temperature, theta + s) @ coefficients[:-1] for s in (step, -step))
    return np.column_stack([columns, (up - down) / (2 * step)])


def fit_curved(
    points: Points, model: CurvedModel, *, slope: float, source: str, scatter: Scatter = "auto"
) -> CurvedFit:
    """Fit a curved model with the full covariance of the points.

    Parameters
    ----------
    points : Points
        At least ``model.fewest`` of them.
    model : CurvedModel
    slope : float
        Of the straight line [eV]: along it a temperature error moves the points.
    source : str
        Root of the names of the latents.
    scatter : "auto" or "stated"
        As for the straight line.
    """
    profile = Profile(points, covariance_of(points, slope), model)
    added = 0.0
    for _ in range(3):  # the scatter about the curve and the curve itself settle together
        theta, _ = profile.best(added)
        linear = fit(points, model.columns(points.temperature, theta), slope=slope, source=source)
        coefficients = np.append(linear.coefficients, theta)
        design = jacobian(model, points.temperature, coefficients)
        free = coefficients[: design.shape[1]]
        target = points.y - curve(model, points.temperature, coefficients) + design @ free
        solution = fit(points, design, slope=slope, source=source, scatter=scatter, target=target)
        added = solution.scatter**2
    return CurvedFit(model, coefficients, solution, _estimates(model, profile, coefficients, solution))


def _estimates(
    model: CurvedModel, profile: Profile, coefficients: FloatArray, solution: Fit
) -> tuple[Estimate, ...]:
    added, theta = solution.scatter**2, float(coefficients[-1])
    freedom = solution.freedom
    if model.places:
        return _placed(model, profile, coefficients, solution)
    low, high = profile.interval(added, student_factor(0.95, freedom) ** 2, theta)
    if not (math.isfinite(low) and math.isfinite(high)):
        return _open(model, profile, added, theta, freedom)
    found = [_parameter(p, coefficients, solution) for p in model.parameters]
    if model.first_is_theta:
        inner = profile.interval(added, student_factor(0.6826894921370859, freedom) ** 2, theta)
        found[0] = _with_profile(found[0], theta, (low, *inner, high))
    return tuple(found)


def gap(points: Points, middle: float) -> tuple[float, float]:
    """The two neighbouring temperatures [K] around one that lies between them."""
    t = points.temperature
    return float(t[t < middle].max()), float(t[t > middle].min())


def _placed(
    model: CurvedModel, profile: Profile, coefficients: FloatArray, solution: Fit
) -> tuple[Estimate, ...]:
    """Undetermined where a second place is not excluded at 95 %; else uniform between the two neighbours."""
    sums, theta = profile.sums(solution.scatter**2), float(coefficients[-1])
    if np.count_nonzero(sums - sums.min() < student_factor(0.95, solution.freedom) ** 2) > 1:
        why = f"the data do not fix {model.symbol}"
        return tuple(undetermined(p.dimension, why) for p in model.parameters)
    low, high = gap(solution.points, theta)
    weights = {f"{solution.source}#place": (high - low) / math.sqrt(12)}
    where = Estimate((low + high) / 2, model.parameters[0].dimension, "linear", weights, _UNIFORM)
    return (where, *(_parameter(p, coefficients, solution) for p in model.parameters[1:]))


def _parameter(parameter: Parameter, coefficients: FloatArray, solution: Fit) -> Estimate:
    """First order in the coefficients; `log` parameters in their logarithm."""
    inside = (lambda c: math.log(parameter.of(c))) if parameter.scale == "log" else parameter.of
    try:
        steps = np.diag(1e-6 * np.maximum(np.abs(coefficients), 1e-6))
        steps = steps[: solution.coefficients.size]
        gradient = [(inside(coefficients + s) - inside(coefficients - s)) / (2 * s.max()) for s in steps]
        value = inside(coefficients)
        return solution.estimate(np.array(gradient), value, parameter.dimension, parameter.scale)
    except ValueError:  # a logarithm of something negative: the curve bends the other way
        return undetermined(parameter.dimension, "the data bend the other way than this model can")


def _with_profile(estimate: Estimate, theta: float, edges: tuple[float, float, float, float]) -> Estimate:
    """The profile's interval as the shape of the marginal (theta itself, linear scale)."""
    if estimate.status != "determined" or estimate.spread == 0:
        return estimate
    a, b, c, d = ((edge - theta) / estimate.spread for edge in edges)
    return replace(estimate, shape=(a, b, 0.0, c, d))


def _open(
    model: CurvedModel, profile: Profile, added: float, theta: float, freedom: int | None
) -> tuple[Estimate, ...]:
    """Theta is not enclosed: a bound if one side closes (one-sided 95 %), else undetermined."""
    low, high = profile.interval(added, student_factor(0.90, freedom) ** 2, theta)
    first = model.parameters[0]
    why = f"the data do not fix {model.symbol} of the {model.text} model"
    if model.one_sided and math.isfinite(high):
        head = upper_bound(high, first.dimension, f"{why} from below: the straight line lies inside")
    elif model.one_sided and math.isfinite(low):
        head = lower_bound(low, first.dimension, f"{why} from above")
    else:
        head = undetermined(first.dimension, why)
    return (head, *(undetermined(p.dimension, why) for p in model.parameters[1:]))
