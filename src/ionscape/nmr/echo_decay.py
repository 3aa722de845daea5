"""Echo intensities and what was set for each: checked, and in groups that share an intensity at g = 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError
from ionscape.nmr.gradient_waveform import PulseShape, b_values

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int_]

FEWEST_POINTS = 3
LARGEST_GRADIENT, LONGEST_PULSE, LONGEST_DELAY = 200.0, 1.0, 60.0


@dataclass(frozen=True)
class EchoDecay:
    """One data set: echoes at one temperature.

    Attributes
    ----------
    b : (N,) array
        [s/m²]
    intensity : (N,) array
        In units of the largest one of its series.
    uncertainty : (N,) array or None
        1 SD in the same units; None where it is not known.
    gradient, pulse, delay : (N,) arrays
        [T/m], [s], [s]; nan where only b is known.
    series : (N,) int array
        Which file or run: each has its own scale, noise and baseline.
    group : (N,) int array
        Points that share one intensity without gradient: one series, Δ and δ.
    notes : tuple of str
        What was assumed, one sentence each.
    """

    b: FloatArray
    intensity: FloatArray
    uncertainty: FloatArray | None
    gradient: FloatArray
    pulse: FloatArray
    delay: FloatArray
    series: IntArray
    group: IntArray
    notes: tuple[str, ...] = ()

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return int(self.group.max()) + 1

    @property
    def effective_delay(self) -> FloatArray:
        """Δ - δ/3 of each group [s], (K,); nan where not known."""
        each = self.delay - self.pulse / 3
        return np.array([np.mean(each[self.group == k]) for k in range(self.n_groups)])

    def subset(self, chosen: NDArray[np.bool_]) -> EchoDecay:
        """The chosen points, groups renumbered."""
        b, intensity, gradient = self.b[chosen], self.intensity[chosen], self.gradient[chosen]
        pulse, delay, series = self.pulse[chosen], self.delay[chosen], self.series[chosen]
        sd = None if self.uncertainty is None else self.uncertainty[chosen]
        group = np.unique(self.group[chosen], return_inverse=True)[1]
        return EchoDecay(b, intensity, sd, gradient, pulse, delay, series, group, self.notes)


def arrange_echoes(
    intensity: ArrayLike, uncertainty: ArrayLike | None = None, *, b_value: ArrayLike | None = None,
    gradient: ArrayLike | None = None, pulse: ArrayLike | None = None, delay: ArrayLike | None = None,
    nucleus: str = "7Li", shape: str | float | PulseShape = "rectangular",
    bipolar_interval: float | None = None, series: ArrayLike | None = None,
) -> EchoDecay:  # fmt: skip
    """Check echo intensities and arrange them.

    Parameters
    ----------
    intensity : (N,) array
        Echo amplitudes or integrals, any scale.
    uncertainty : (N,) array or float, optional
        1 SD in the same scale.
    b_value : (N,) array, optional
        [s/m²]; else from gradient, pulse and delay, see `b_values`.
    gradient, pulse, delay : (N,) arrays or floats
        g [T/m], δ [s], Δ [s]; optional where ``b_value`` is given.
    nucleus, shape, bipolar_interval
        As in `b_values`.
    series : (N,) array, optional
        Label of the file or run of each point; one for all if not given.

    Raises
    ------
    InputError
        If the arrays do not fit together, a value cannot be, or no group has two different b-values.
    """
    size = np.asarray(intensity).shape
    if len(size) != 1 or size[0] < FEWEST_POINTS:
        raise InputError(f"a decay needs at least {FEWEST_POINTS} echoes in one row of numbers")
    y = _column("intensity", intensity, size)
    g, small, large = (_known(name, values, size) for name, values in
                       (("gradient", gradient), ("pulse", pulse), ("delay", delay)))  # fmt: skip
    _plausible(g, small, large)
    if b_value is None:
        if gradient is None or pulse is None or delay is None:
            raise InputError("give b_value, or gradient, pulse and delay together")
        b = b_values(g, small, large, nucleus=nucleus, shape=shape, bipolar_interval=bipolar_interval)
    else:
        b = _column("b_value", b_value, size)
    if np.any(b < 0):
        raise InputError("a b-value cannot be negative")
    sd = None if uncertainty is None else _column("uncertainty", np.broadcast_to(uncertainty, size), size)
    if sd is not None and not np.all(sd > 0):
        raise InputError("the uncertainty of an intensity must be larger than zero")
    run = (
        np.zeros(size, dtype=int) if series is None else np.unique(np.asarray(series), return_inverse=True)[1]
    )
    group, notes = _groups(b, small, large, run.reshape(size))
    y, sd = _scaled(y, sd, run)
    return EchoDecay(b, y, sd, g, small, large, run, group, notes)


def _column(name: str, values: ArrayLike, size: tuple[int, ...]) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != size:
        raise InputError(f"{name} has {array.size} values where intensity has {size[0]}")
    if not np.all(np.isfinite(array)):
        raise InputError(
            f"{name} holds a value that is no number (row {int(np.argmin(np.isfinite(array))) + 1})"
        )
    return array


def _known(name: str, values: ArrayLike | None, size: tuple[int, ...]) -> FloatArray:
    if values is None:
        return np.full(size, np.nan)
    array = np.asarray(values, dtype=np.float64)
    return _column(name, np.full(size, float(array)) if array.ndim == 0 else array, size)


def _plausible(g: FloatArray, small: FloatArray, large: FloatArray) -> None:
    for values, limit, text in (
        (np.abs(g), LARGEST_GRADIENT, "a gradient of {:g} T/m is beyond any coil: is it in G/cm (0.01 T/m)?"),
        (small, LONGEST_PULSE, "a gradient pulse of {:g} s is impossibly long: is it in milliseconds?"),
        (large, LONGEST_DELAY, "a diffusion time of {:g} s is impossibly long: is it in milliseconds?"),
    ):
        if np.any(values > limit):
            raise InputError(text.format(float(np.nanmax(values))))


def _groups(
    b: FloatArray, small: FloatArray, large: FloatArray, run: IntArray
) -> tuple[IntArray, tuple[str, ...]]:
    """One group per series, Δ and δ; per series and Δ where only δ was stepped."""
    step = np.round(np.nan_to_num(np.column_stack([run, large, small]), nan=-1.0), 9)
    for columns, notes in (
        (3, ()),
        (2, ("the gradient pulse was stepped: the intensity without gradient is taken as the same for all "
             "pulse lengths (fixed echo time).",)),
    ):  # fmt: skip
        group = np.unique(step[:, :columns], axis=0, return_inverse=True)[1].reshape(-1)
        if all(np.ptp(b[group == k]) > 0 for k in range(int(group.max()) + 1)):
            return group, notes
    raise InputError("every diffusion time needs echoes at two gradients at least: relaxation alone changes "
                     "the echo from one diffusion time to the next")  # fmt: skip


def _scaled(y: FloatArray, sd: FloatArray | None, run: IntArray) -> tuple[FloatArray, FloatArray | None]:
    scale = np.array([np.max(np.abs(y[run == k])) for k in range(int(run.max()) + 1)])[run]
    if not np.all(scale > 0):
        raise InputError("all intensities are zero")
    return y / scale, None if sd is None else sd / scale
