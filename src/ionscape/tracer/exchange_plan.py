"""Which exchange time tells most about bulk and boundaries: expected errors before the experiment.

A row of grains of one size with resistive boundaries between them, exchanged from one end and imaged; the
Fisher information of the counts gives the smallest errors that any analysis can reach.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError

FloatArray = NDArray[np.float64]
Goal = Literal["bulk", "boundary", "both", "effective"]

CELLS_PER_GRAIN = 8  # 1.5e-3 of the fraction from a grid four times finer
GROWTH = 1.15  # of the cells beyond the image, where grains and boundaries are taken together
_POSITIVE = ("bulk_diffusion", "boundary_permeability", "grain_size", "image_length", "image_width",
             "pixel", "counts_per_pixel")  # fmt: skip
STEP = 0.02  # of ln D, ln P and the surface's position in cells, for central differences
_SHIFTS = ((0.0, 0.0, 0.0), (STEP, 0.0, 0.0), (-STEP, 0.0, 0.0), (0.0, STEP, 0.0), (0.0, -STEP, 0.0),
           (0.0, 0.0, STEP), (0.0, 0.0, -STEP))  # fmt: skip
TOLERATED = 1.2  # errors up to this multiple of the smallest count as good


@dataclass(frozen=True)
class Grains:
    """What is exchanged, and how it is looked at (SI).

    Attributes
    ----------
    bulk_diffusion, boundary_permeability : float
        D [m^2/s] inside the grains and P = D_gb/delta [m/s] of a boundary.
    grain_size : float
        [m] Distance of the boundaries along the diffusion.
    image_length, image_width, pixel : float
        [m] Image along and across the diffusion, and its pixel.
    counts_per_pixel : float
        Of both isotopes together, per image.
    source_fraction, initial_fraction : float
    sample_length : float or None
        [m] Along the diffusion; None for one that the tracer does not cross.
    boundary_spread : float
        Standard deviation of ln P among the boundaries: the few that a short exchange reaches say little
        about all of them.
    """

    bulk_diffusion: float
    boundary_permeability: float
    grain_size: float
    image_length: float
    image_width: float
    pixel: float
    counts_per_pixel: float
    source_fraction: float = 0.95
    initial_fraction: float = 0.0759
    sample_length: float | None = None
    boundary_spread: float = 0.5

    @property
    def effective_diffusion(self) -> float:
        """Of grains and boundaries in series [m^2/s]."""
        return 1 / (1 / self.bulk_diffusion + 1 / (self.boundary_permeability * self.grain_size))


@dataclass(frozen=True)
class ExchangePlan:
    """Expected relative errors (1 SD) for every exchange time.

    Attributes
    ----------
    exchange_time : (n,) array
        [s]
    storage_time : (m,) array
        [s]; (0,) for one image right after the exchange, else a second image after that storage.
    error_bulk, error_boundary, error_effective : (n, m) arrays
        Of D, of the mean P of all boundaries, and of the D of grains and boundaries in series.
    error_boundary_known_bulk : (n, m) array
        Of P, where D is known from elsewhere to ``bulk_known``.
    grains_reached : (n,) array
        Grains within the diffusion length 2 sqrt(D_eff t).
    contrast : (n,) array
        Fraction left between the two ends of the image, 1 at the start and 0 when all is exchanged.
    bulk_known : float or None
        Relative standard deviation of D from elsewhere.
    """

    exchange_time: FloatArray
    storage_time: FloatArray
    error_bulk: FloatArray
    error_boundary: FloatArray
    error_effective: FloatArray
    error_boundary_known_bulk: FloatArray
    grains_reached: FloatArray
    contrast: FloatArray
    bulk_known: float | None

    def error(self, goal: Goal) -> FloatArray:
        """What is to be small (n, m); for ``both``, the root of the sum of the squares for D and P."""
        if goal == "both":
            return np.hypot(self.error_bulk, self.error_boundary)
        if goal == "boundary" and self.bulk_known is not None:
            return self.error_boundary_known_bulk
        return {"bulk": self.error_bulk, "boundary": self.error_boundary,
                "effective": self.error_effective}[goal]  # fmt: skip

    def best(self, goal: Goal = "both") -> tuple[int, int]:
        """Indices of exchange and storage time with the smallest error."""
        i, j = np.unravel_index(int(np.argmin(self.error(goal))), self.error_bulk.shape)
        return int(i), int(j)

    def optimum(self, goal: Goal = "both") -> tuple[float, float, float]:
        """Best exchange time [s], and the range around it with errors within 20 % of the smallest."""
        i, j = self.best(goal)
        log_time, log_error = np.log(self.exchange_time), np.log(self.error(goal)[:, j])
        good = log_error <= log_error[i] + math.log(TOLERATED)
        low = i - int(np.argmin(good[i::-1])) + 1 if not good[: i + 1].all() else 0
        high = i + int(np.argmin(good[i:])) - 1 if not good[i:].all() else log_time.size - 1
        return (
            math.exp(_vertex(log_time, log_error, i)),
            float(self.exchange_time[low]),
            float(self.exchange_time[high]),
        )


def exchange_design(
    grains: Grains, *, exchange_time: Sequence[float] | FloatArray | None = None,
    storage_time: Sequence[float] | FloatArray = (), bulk_known: float | None = None,
) -> ExchangePlan:  # fmt: skip
    """Expected errors of D_bulk and P against the exchange time (and the storage time).

    Parameters
    ----------
    grains : Grains
    exchange_time : (n,) array, optional
        [s]; by default from the crossing of one grain to well beyond the crossing of the image.
    storage_time : (m,) array, optional
        [s] After which the same area is imaged again (no tracer enters meanwhile); the two images are then
        evaluated together.
    bulk_known : float, optional
        Relative standard deviation of a D from elsewhere (NMR), 0 for an exact one.

    Returns
    -------
    ExchangePlan

    Raises
    ------
    InputError
        If a number is not positive, or the image is shorter than a grain.

    Notes
    -----
    Fisher information J' W J of ln D, ln P, source fraction, initial fraction and a resistance at the surface
    (its position, a meniscus), W the inverse binomial variance C(1 - C)/counts. Finite volumes in space (8
    cells a grain; beyond the image a homogeneous medium of the same effective D), exact in time
    (eigenvectors). To the error of P comes ``boundary_spread``/sqrt(n) for the n boundaries within the
    diffusion length. Boundaries drawn at the wrong place and a fluctuating source come on top of all that.
    """
    _check(grains)
    times = _default_times(grains) if exchange_time is None else np.asarray(exchange_time, dtype=float)
    times = times[::2] if exchange_time is None and len(storage_time) else times
    storage = np.asarray(storage_time, dtype=float) if len(storage_time) else np.zeros(1)
    if times.ndim != 1 or not np.all(times > 0) or not np.all(storage >= 0):
        raise InputError("exchange times must be larger than zero, storage times not negative")
    longest = float(times.max() + storage.max())
    rows = [_Row(grains, shift, longest) for shift in _SHIFTS]
    exchanged = [row.exchanged(times) for row in rows]
    information = _information(grains, exchanged, rows[0])
    reached = 2 * np.sqrt(grains.effective_diffusion * times) / grains.grain_size
    errors = np.full((4, times.size, storage.size), np.inf)
    for j, duration in enumerate(storage):
        both = information
        if len(storage_time):
            stored = [row.stored(u, duration) for row, u in zip(rows, exchanged, strict=True)]
            both = information + _information(grains, stored, rows[0])
        errors[:, :, j] = _errors(grains, both, bulk_known, _sampling(grains, reached))
    in_image = exchanged[0][: rows[0].seen]
    return ExchangePlan(
        times, storage, errors[0], errors[1], errors[2], errors[3],
        reached, in_image[0] - in_image[-1], bulk_known,
    )  # fmt: skip


def _check(grains: Grains) -> None:
    for name in _POSITIVE:
        value = getattr(grains, name)
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{name} must be larger than zero, got {value}")
    if grains.image_length < grains.grain_size:
        raise InputError(
            f"the image ({grains.image_length * 1e6:.3g} um along the diffusion) is shorter than a grain "
            f"({grains.grain_size * 1e6:.3g} um): it shows no boundary to measure"
        )
    if not 0 <= grains.initial_fraction <= 1 or not 0 <= grains.source_fraction <= 1:
        raise InputError("source_fraction and initial_fraction must be between 0 and 1")
    if abs(grains.source_fraction - grains.initial_fraction) < 0.01:
        raise InputError("source and initial fraction are the same: no exchange could be seen")


def _default_times(grains: Grains) -> FloatArray:
    first = 0.25 * grains.grain_size**2 / grains.effective_diffusion  # one grain reached
    last = 15 * grains.image_length**2 / grains.effective_diffusion
    return np.geomspace(first, max(last, 10 * first), 90)


class _Row:
    """Finite volumes of a row of grains: the image, and behind it the same as one effective medium."""

    def __init__(self, grains: Grains, shift: tuple[float, float, float], longest: float) -> None:
        d = grains.bulk_diffusion * math.exp(shift[0])
        p = grains.boundary_permeability * math.exp(shift[1])
        size = grains.grain_size
        number = round(grains.image_length / size) * CELLS_PER_GRAIN
        h = size / CELLS_PER_GRAIN
        # From unshifted values, so that all rows have the same cells.
        reach = grains.image_length + 8 * math.sqrt(grains.effective_diffusion * longest)
        widths = np.concatenate(
            [np.full(number, h), _coarser(h, (grains.sample_length or reach) - number * h)]
        )
        resistance = 0.5 * (widths[:-1] + widths[1:]) / d
        resistance[CELLS_PER_GRAIN - 1 : number : CELLS_PER_GRAIN] += 1 / p
        # Beyond the image the boundaries count by the length that they share.
        resistance[number:] += 0.5 * (widths[number:-1] + widths[number + 1 :]) / (size * p)
        self.seen, self.widths, self.root = number, widths, np.sqrt(widths)
        self._conductance = 1 / resistance
        self._entrance = d / ((0.5 + shift[2]) * h)

    @cached_property
    def _closed(self) -> tuple[FloatArray, FloatArray]:
        return self._modes(0.0)

    def _modes(self, entrance: float) -> tuple[FloatArray, FloatArray]:
        """Rates and vectors in which diffusion is diagonal."""
        from scipy.linalg import eigh_tridiagonal

        diagonal = np.zeros_like(self.widths)
        diagonal[:-1] += self._conductance
        diagonal[1:] += self._conductance
        diagonal[0] += entrance
        rate, vectors = eigh_tridiagonal(
            diagonal / self.widths, -self._conductance / (self.root[:-1] * self.root[1:])
        )
        return np.maximum(rate, 0.0), np.asarray(vectors)

    def exchanged(self, times: FloatArray) -> FloatArray:
        """Exchanged share (N, n) of every cell after the exchange times."""
        rate, vectors = self._modes(self._entrance)
        decay = np.exp(-rate[:, None] * times) * (vectors.T @ self.root)[:, None]
        return np.asarray(1 - (vectors @ decay) / self.root[:, None])

    def stored(self, exchanged: FloatArray, duration: float) -> FloatArray:
        """The same after storage without a source."""
        rate, vectors = self._closed
        modes = vectors.T @ (self.root[:, None] * exchanged)
        return np.asarray(vectors @ (np.exp(-rate * duration)[:, None] * modes) / self.root[:, None])


def _coarser(h: float, length: float) -> FloatArray:
    """Growing cells that fill ``length``; none where nothing is left."""
    if length <= h:
        return np.zeros(0)
    count = max(math.ceil(math.log1p(length / h * (GROWTH - 1)) / math.log(GROWTH)), 1)
    widths = h * GROWTH ** np.arange(1, count + 1)
    return np.asarray(widths * length / widths.sum())


def _information(grains: Grains, shares: Sequence[FloatArray], row: _Row) -> FloatArray:
    """Fisher information (n, 5, 5) of ln D, ln P, surface, source and initial fraction, one image."""
    base, *moved = (u[: row.seen] for u in shares)
    rise = grains.source_fraction - grains.initial_fraction
    fraction = np.clip(grains.initial_fraction + rise * base, 1e-4, 1 - 1e-4)
    slopes = [rise * (up - down) / (2 * STEP) for up, down in zip(moved[::2], moved[1::2], strict=True)]
    jacobian = np.stack([*slopes, base, 1 - base])
    per_cell = grains.counts_per_pixel * row.widths[: row.seen] * grains.image_width / grains.pixel**2
    weight = per_cell[:, None] / (fraction * (1 - fraction))
    return np.asarray(np.einsum("pkn,kn,qkn->npq", jacobian, weight, jacobian))


def _sampling(grains: Grains, reached: FloatArray) -> FloatArray:
    """Standard deviation of the mean ln P of the boundaries within reach (n,)."""
    along = np.clip(reached, 1.0, max(grains.image_length / grains.grain_size, 1.0))
    across = max(grains.image_width / grains.grain_size, 1.0)
    return np.asarray(grains.boundary_spread / np.sqrt(along * across))


def _errors(
    grains: Grains, information: FloatArray, bulk_known: float | None, sampling: FloatArray
) -> FloatArray:
    """Errors (4, n): of ln D, ln P, ln D_eff, and of ln P with D known."""
    share = grains.effective_diffusion / grains.bulk_diffusion
    along = np.array([share, 1 - share])
    found = np.full((4, information.shape[0]), np.inf)
    for k, matrix in enumerate(information):
        covariance = _covariance(matrix, sampling[k])
        if covariance is not None:
            found[:3, k] = np.sqrt([covariance[0, 0], covariance[1, 1], along @ covariance @ along])
        if bulk_known is not None:
            added = matrix.copy()
            added[0, 0] += 1 / max(bulk_known, 1e-6) ** 2
            covariance = _covariance(added, sampling[k])
            found[3, k] = math.sqrt(covariance[1, 1]) if covariance is not None else math.inf
    return found


def _covariance(information: FloatArray, sampling: float) -> FloatArray | None:
    """Of ln D and ln P (2, 2), with the boundaries not reached; None where nothing is determined."""
    inverse = _inverse(information)
    return None if inverse is None else inverse[:2, :2] + np.diag([0.0, sampling**2])


def _inverse(matrix: FloatArray) -> FloatArray | None:
    """The inverse, None where double precision cannot tell it from a singular matrix."""
    scale = np.sqrt(np.diag(matrix))
    if not np.all(scale > 0):
        return None
    scaled = matrix / np.outer(scale, scale)
    if np.linalg.cond(scaled) > 1e13:
        return None
    inverse = np.linalg.inv(scaled) / np.outer(scale, scale)
    return inverse if np.all(np.diag(inverse) > 0) else None


def _vertex(x: FloatArray, y: FloatArray, i: int) -> float:
    """Abscissa of the lowest point of the parabola through the three points about i."""
    if not 0 < i < x.size - 1 or not np.all(np.isfinite(y[i - 1 : i + 2])):
        return float(x[i])
    a, b, _ = np.polyfit(x[i - 1 : i + 2] - x[i], y[i - 1 : i + 2], 2)
    return float(x[i] + np.clip(-b / (2 * a), x[i - 1] - x[i], x[i + 1] - x[i])) if a > 0 else float(x[i])
