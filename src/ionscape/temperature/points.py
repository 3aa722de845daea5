"""The points of a temperature series: logarithms against 1/kT, with the weight of every shared cause."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, measured
from ionscape.core.quantity import Dimension, dimension_name, dimension_of

FloatArray = NDArray[np.float64]
FormName = Literal["ln sigma T", "ln sigma", "ln D", "ln eta", "ln x"]

K_PER_EV = Boltzmann / elementary_charge
_KELVIN = dimension_of("K")
_LARGEST_LINEAR_SPREAD = 0.5


@dataclass(frozen=True)
class Form:
    """What is drawn against 1/kT.

    Attributes
    ----------
    name : str
    text : str
        As printed, e.g. ``ln(σT)``.
    times_temperature : bool
    sign : int
        +1 for what grows on heating (σ, D), -1 for what falls (viscosity, resistance, time), so that the
        activation energy of a thermally activated process is positive.
    """

    name: FormName
    text: str
    times_temperature: bool
    sign: int


def form_for(dimension: Dimension, name: FormName | None) -> Form:
    """The form asked for, or the default of the dimension: ln(σT) for a conductivity, else ln x.

    Raises
    ------
    InputError
        If the form belongs to another kind of quantity.
    """
    kinds = {dimension_of("S/m"): "sigma", dimension_of("m^2/s"): "D", dimension_of("Pa*s"): "eta"}
    kind = kinds.get(dimension)
    if name == "ln D" and dimension == dimension_of("m/s"):  # D_gb/δ, a diffusion coefficient over a length
        name = "ln x"
    default = {"sigma": "ln sigma T", "D": "ln D", "eta": "ln eta"}.get(kind or "", "ln x")
    chosen = name or default
    wanted = {"ln sigma T": "sigma", "ln sigma": "sigma", "ln D": "D", "ln eta": "eta"}.get(chosen, kind)
    if wanted != kind:
        raise InputError(
            f"form '{chosen}' does not fit a quantity in {dimension_name(dimension)}: use '{default}'"
        )
    falls = dimension in (dimension_of("Pa*s"), dimension_of("ohm"), dimension_of("s"))
    text = {"ln sigma T": "ln(σT)", "ln sigma": "ln σ", "ln D": "ln D", "ln eta": "ln η"}.get(chosen, "ln x")
    return Form(chosen, text, chosen == "ln sigma T", -1 if falls else 1)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Points:
    """Usable points of one series, cold to hot.

    Attributes
    ----------
    form : Form
    dimension : Dimension
        Of the quantity itself.
    temperature : (n,) array
        [K]
    x : (n,) array
        1/kT [1/eV].
    y : (n,) array
        ln(q T) or ln q, SI, times `Form.sign`.
    quantities, temperatures : tuples of Estimate
    names : tuple of str
        The m latents that any of the points depends on.
    quantity_weights, temperature_weights : (n, m) arrays
        Of ln q (times sign) and of ln T.
    left_out : tuple of str
        One sentence per point that could not be used.
    """

    form: Form
    dimension: Dimension
    temperature: FloatArray
    x: FloatArray
    y: FloatArray
    quantities: tuple[Estimate, ...]
    temperatures: tuple[Estimate, ...]
    names: tuple[str, ...]
    quantity_weights: FloatArray
    temperature_weights: FloatArray
    left_out: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.x.size)

    def weights(self, slope: float) -> FloatArray:
        """Weights (n, m) of the distance of the points from a line y = a - ``slope`` x (first order).

        A temperature error moves a point along x, and along y too where y holds T.
        """
        along_y = self.form.sign if self.form.times_temperature else 0.0
        return self.quantity_weights + (along_y - slope * self.x)[:, None] * self.temperature_weights

    def weights_apart(self, slope: float) -> FloatArray:
        """`weights` without the temperature errors that points share (a calibration), for the weighting.

        A shared error of temperature almost lies along the line and tells little of the points' distance from
        it; weighted by it, any small bend of the points would be taken for a large shift of all temperatures
        and move the line off the points. It goes into the errors of the results all the same.
        """
        along_y = self.form.sign if self.form.times_temperature else 0.0
        alone = np.count_nonzero(self.temperature_weights, axis=0) == 1
        along = (along_y - slope * self.x)[:, None] * self.temperature_weights
        return np.asarray(self.quantity_weights + along * alone)

    def own_variance(self, slope: float) -> FloatArray:
        """Variance (n,) from the causes that touch one point only."""
        weights = self.weights(slope)
        single = np.count_nonzero(weights, axis=0) == 1
        return np.asarray((weights[:, single] ** 2).sum(axis=1))


def as_estimates(
    values: Sequence[Estimate | float | None] | FloatArray, sd: ArrayLike | None, dimension: Dimension,
    what: str,
) -> list[Estimate | None]:  # fmt: skip
    """Estimates as they are; plain numbers (SI, 1 standard deviation each, independent) made into some.

    None for what is missing, nan or not positive. Raises `InputError` if the lengths differ.
    """
    given = list(values)
    spreads = [0.0] * len(given) if sd is None else [float(s) for s in np.broadcast_to(sd, len(given))]
    found: list[Estimate | None] = []
    for value, spread in zip(given, spreads, strict=True):
        if value is None or isinstance(value, Estimate):
            found.append(value)
            continue
        if spread < 0 or not math.isfinite(spread):
            raise InputError(f"the standard uncertainty of a {what} cannot be {spread}")
        usable = math.isfinite(value) and value > 0
        found.append(measured(float(value), spread, dimension) if usable else None)
    return found


def collect(
    temperatures: Sequence[Estimate | None], quantities: Sequence[Estimate | None],
    form: FormName | None, labels: Sequence[str] = (),
) -> Points:  # fmt: skip
    """Sort out the usable points and write their logarithms and weights as arrays.

    Raises
    ------
    InputError
        If the lengths, the dimensions of the quantities or the dimension of a temperature do not agree.
    """
    if len(temperatures) != len(quantities):
        raise InputError(f"{len(temperatures)} temperatures for {len(quantities)} values: give one for each")
    names = labels or [f"point {i + 1}" for i in range(len(quantities))]
    dimensions = {q.dimension for q in quantities if q is not None}
    if len(dimensions) > 1:
        raise InputError(f"one line through {' and '.join(sorted(map(dimension_name, dimensions)))}")
    if any(t is not None and t.dimension != _KELVIN for t in temperatures):
        raise InputError("a temperature has the wrong dimension: give kelvin")
    dimension = dimensions.pop() if dimensions else dimension_of("S/m")
    usable: list[tuple[Estimate, Estimate]] = []
    left_out: list[str] = []
    for name, t, q in zip(names, temperatures, quantities, strict=True):
        reason = _why_not(t, q)
        if reason:
            left_out.append(f"{name} is left out: {reason}")
        elif t is not None and q is not None:
            usable.append((t, q))
    usable.sort(key=lambda pair: pair[0].value)
    return _arrays(usable, form_for(dimension, form), dimension, tuple(left_out))


def _why_not(temperature: Estimate | None, quantity: Estimate | None) -> str:
    if temperature is None or temperature.status != "determined" or not temperature.value > 0:
        return "its temperature is not known"
    if quantity is None or (quantity.status == "determined" and not quantity.value > 0):
        return "its value is not a positive number"
    if quantity.status != "determined":
        return f"its value is {'only a bound' if quantity.status == 'bound' else quantity.status}" + (
            f" ({quantity.note})" if quantity.note else ""
        )
    if quantity.scale == "linear" and quantity.spread > _LARGEST_LINEAR_SPREAD * quantity.value:
        return "it is uncertain by more than half its value, so that its logarithm says nothing"
    return ""


def _arrays(
    usable: Sequence[tuple[Estimate, Estimate]], form: Form, dimension: Dimension, left_out: tuple[str, ...]
) -> Points:
    names = tuple(dict.fromkeys(name for pair in usable for e in pair for name in e.weights))
    column = {name: j for j, name in enumerate(names)}
    tables = np.zeros((2, len(usable), len(names)))
    for i, pair in enumerate(usable):
        for table, e in zip(tables, pair, strict=True):
            for name, weight in e.weights.items():
                table[i, column[name]] = weight if e.scale == "log" else weight / e.value
    temperature = np.array([t.value for t, _ in usable])
    y = np.log(np.array([q.value for _, q in usable]))
    if form.times_temperature:
        y = y + np.log(temperature)
    return Points(
        form, dimension, temperature, 1 / (K_PER_EV * temperature), form.sign * y,
        tuple(q for _, q in usable), tuple(t for t, _ in usable), names,
        form.sign * tables[1], tables[0], left_out,
    )  # fmt: skip
