"""One model and one profile as a least-squares problem: parameters, starts, residuals with derivatives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.fit.least_squares import LeastSquaresFit, least_squares, minimise, summarise
from ionscape.tracer.profile_models import (
    DIFFUSION,
    EXCHANGE,
    INITIAL,
    LAYER,
    PRODUCT,
    SPACING,
    SURFACE,
    ProfileModel,
)
from ionscape.tracer.resolution import blurred

FloatArray = NDArray[np.float64]

INSTANT = 20.0  # exchange number k sqrt(t/D) from which the fit may stand on the plateau
PLATEAU = (2.0, 4.0, 8.0, 16.0, 30.0, 60.0, 120.0, 250.0)
AS_GOOD = 0.02  # of the noise's variance: a hundredth of a standard deviation
STEP = 1e-5  # of central differences, in ln p, or of the profile's length: error 1e-9 of the derivative
BEST_STARTS = 4
SLOWEST, FASTEST = 1e-3, 1e3  # exchange number k sqrt(t/D): beyond, the profile no longer changes


@dataclass(frozen=True)
class ProfileData:
    """What is fitted.

    Attributes
    ----------
    position, fraction, deviation : (N,) arrays
        [m]; the deviation is 1 standard deviation, or 1 where the noise is not known.
    time : float
        [s]
    trials : (N,) array or None
        Counted ions: the variance then follows the fitted fraction.
    resolution : float
        1 standard deviation [m]; 0 for none.
    sample_length : float or None
        [m]
    """

    position: FloatArray
    fraction: FloatArray
    deviation: FloatArray
    time: float
    trials: FloatArray | None = None
    resolution: float = 0.0
    sample_length: float | None = None

    @property
    def reach(self) -> float:
        """Length of the profile [m]."""
        return float(self.position[-1] - min(self.position[0], 0.0))


@dataclass(frozen=True)
class Problem:
    """A model with the parameters that are fitted and those that are given.

    Attributes
    ----------
    model : ProfileModel
    data : ProfileData
    fixed : mapping of str to float
        Given parameters, in SI.
    """

    model: ProfileModel
    data: ProfileData
    fixed: Mapping[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """The fitted parameters."""
        every = (*self.model.parameters, SURFACE, INITIAL, self.model.amplitude)
        return tuple(name for name in every if name not in self.fixed)

    @property
    def logs(self) -> NDArray[np.bool_]:
        """Which of them are fitted as logarithms."""
        return np.array([name in self.model.parameters for name in self.names])

    def values(self, theta: FloatArray) -> dict[str, FloatArray]:
        """Natural values by name, (K, 1) each, of theta (K, p)."""
        found = {name: np.full((len(theta), 1), value) for name, value in self.fixed.items()}
        for i, (name, log) in enumerate(zip(self.names, self.logs, strict=True)):
            found[name] = np.exp(theta[:, i : i + 1]) if log else theta[:, i : i + 1]
        return found

    def response(self, values: Mapping[str, FloatArray], position: FloatArray) -> FloatArray:
        """g (K, N) at positions (N,), with the instrument's resolution."""
        surface, data = values[SURFACE], self.data

        def profile(x: FloatArray) -> FloatArray:
            return self.model.response(x - surface, data.time, values, data.sample_length)

        if not data.resolution:
            return profile(position[None, :])
        lateral = bool(data.position[0] < min(float(self.fixed.get(SURFACE, 0.0)), 0.0))
        return blurred(profile, position, surface, data.resolution, solid_beyond=lateral)

    def curve(self, theta: FloatArray, position: FloatArray | None = None) -> FloatArray:
        """Model fractions (K, N) for theta (K, p)."""
        values = self.values(theta)
        g = self.response(values, self.data.position if position is None else position)
        return self.model.fraction(g, values[INITIAL], values[self.model.amplitude])

    def residuals(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weighted residuals (K, N) and their derivatives (K, N, p), all from one call of the curve."""
        k, p = theta.shape
        step = np.array([STEP * (self.data.reach if name == SURFACE else 1.0) for name in self.names])
        shifts = np.concatenate([np.zeros((1, p)), np.diag(step), -np.diag(step)])
        rows = (theta[:, None, :] + shifts[None]).reshape(-1, p)
        curves = self.curve(rows).reshape(k, 2 * p + 1, -1)
        slopes = (curves[:, 1 : p + 1] - curves[:, p + 1 :]) / (2 * step)[None, :, None]
        off = (curves[:, 0] - self.data.fraction) / self.data.deviation
        return off, np.asarray((slopes / self.data.deviation).swapaxes(1, 2))

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper limits (p,): where the profile no longer tells anything."""
        low, high = self._limits()
        ends = [(low[name], high[name]) for name in self.names]
        return np.array([e[0] for e in ends]), np.array([e[1] for e in ends])

    def _limits(self) -> tuple[dict[str, float], dict[str, float]]:
        x, t = self.data.position, self.data.time
        near, far = float(np.min(np.diff(x))), self.data.reach
        small, large = (near / 30) ** 2 / t, (30 * far) ** 2 / t
        lengths = (math.log(near / 30), math.log(30 * far))
        rate = (0.5 * math.log(small / t) - 2, 0.5 * math.log(large / t) + 2)
        low, high = self._linear_limits()
        log_limits = {
            DIFFUSION: (math.log(small), math.log(large)), EXCHANGE: rate, LAYER: lengths,
            SPACING: (math.log(near / 1e3), math.log(1e5 * far)),
            PRODUCT: (math.log(small * near / 1e2), math.log(large * far * 1e6)),
        }  # fmt: skip
        low |= {name: ends[0] for name, ends in log_limits.items()}
        high |= {name: ends[1] for name, ends in log_limits.items()}
        return low, high

    def _linear_limits(self) -> tuple[dict[str, float], dict[str, float]]:
        free = (INITIAL, self.model.amplitude)
        x, far = self.data.position, self.data.reach
        return (dict.fromkeys(free, -math.inf) | {SURFACE: float(x[0]) - far},
                dict.fromkeys(free, math.inf) | {SURFACE: float(x[-1])})  # fmt: skip

    def starts(self) -> FloatArray:
        """The best few of a grid over the shape's parameters, the linear ones solved for each."""
        names = [name for name in self.names if name not in (INITIAL, self.model.amplitude)]
        grids = np.meshgrid(*(self._grid(name) for name in names), indexing="ij")
        rows = np.column_stack([grid.ravel() for grid in grids])
        theta = np.zeros((len(rows), len(self.names)))
        for i, name in enumerate(names):
            theta[:, self.names.index(name)] = rows[:, i]
        self._relate(theta)
        cost = self._solve_linear(theta)
        return theta[np.argsort(cost)[:BEST_STARTS]]

    def _grid(self, name: str) -> FloatArray:
        far, t = self.data.reach, self.data.time
        near = float(np.median(np.diff(self.data.position)))
        if name == DIFFUSION:
            return np.linspace(math.log((near / 3) ** 2 / t), math.log((2 * far) ** 2 / t), 14)
        if name == EXCHANGE:  # exchange numbers, turned into k once D is known
            return np.log([0.03, 0.3, 1.0, 4.0, 30.0])
        if name == PRODUCT:  # beta
            return np.log([3.0, 30.0, 300.0, 3e3])
        if name == SPACING:  # in diffusion lengths
            return np.log([1.0, 10.0, 100.0])
        if name == LAYER:  # in diffusion lengths
            return np.log([0.2, 1.0, 4.0])
        return float(self.data.position[0]) + far * np.array([0.0, 0.1, 0.3])

    def _relate(self, theta: FloatArray) -> None:
        """Grids in terms of D become the parameters themselves."""
        names = self.names
        if DIFFUSION in names:
            d = theta[:, names.index(DIFFUSION)]
        else:
            d = np.full(len(theta), math.log(self.fixed[DIFFUSION]))
        t = math.log(self.data.time)
        for name, shift in ((EXCHANGE, (d - t) / 2), (PRODUCT, math.log(2) + 1.5 * d + t / 2),
                            (SPACING, (d + t) / 2), (LAYER, (d + t) / 2)):  # fmt: skip
            if name in names:
                theta[:, names.index(name)] += shift

    def _solve_linear(self, theta: FloatArray) -> FloatArray:
        """Put the best initial fraction and amplitude into theta (K, p); returns the costs (K,)."""
        free = [name for name in (INITIAL, self.model.amplitude) if name in self.names]
        columns = [self.names.index(name) for name in free]
        theta[:, columns] = 0.0
        base = self.curve(theta)
        parts = []
        for column in columns:
            theta[:, column] = 1.0
            parts.append((self.curve(theta) - base) / self.data.deviation)
            theta[:, column] = 0.0
        target = (self.data.fraction - base) / self.data.deviation
        cost = np.einsum("kn,kn->k", target, target)
        for k in range(len(theta) if columns else 0):
            design = np.column_stack([part[k] for part in parts])
            if not np.all(np.isfinite(design)):
                cost[k] = math.inf
                continue
            found, *_ = np.linalg.lstsq(design, target[k], rcond=1e-10)
            theta[k, columns] = found
            cost[k] = float(np.sum((design @ found - target[k]) ** 2))
        return np.where(np.isfinite(cost), cost, math.inf)

    def solve(self, start: FloatArray | None = None) -> LeastSquaresFit:
        """The best fit.

        Raises
        ------
        AnalysisError
            If there are no more points than parameters.
        """
        n, p = self.data.position.size, len(self.names)
        if n < p + 1:
            raise AnalysisError(f"{n} points are too few for the {p} parameters of '{self.model.name}'")
        low, high = self.bounds()
        scale = float(np.sum((self.data.fraction / self.data.deviation) ** 2))
        return least_squares(self.residuals, self.starts() if start is None else start, low, high,
                             cost_floor=1e-22 * max(scale, 1e-300))  # fmt: skip

    def off_plateau(self, fit: LeastSquaresFit, variance: float) -> LeastSquaresFit:
        """The minimum of instant exchange within the noise, at the slowest exchange that is as good.

        On the plateau of instant exchange no derivative tells that a slower one fits too, with another D.
        """
        if EXCHANGE not in self.names or DIFFUSION not in self.names:
            return fit
        j, d = self.names.index(EXCHANGE), float(fit.theta[self.names.index(DIFFUSION)])
        ln_unit = (d - math.log(self.data.time)) / 2  # of k for an exchange number of one
        slower = [number for number in PLATEAU if math.log(number) < fit.theta[j] - ln_unit]
        if fit.theta[j] - ln_unit < math.log(INSTANT) or not slower:
            return fit
        rows = np.tile(fit.theta, (len(slower), 1))
        rows[:, j] = np.log(slower) + ln_unit
        self._solve_linear(rows)
        held = np.zeros(rows.shape, dtype=bool)
        held[:, j] = True
        low, high = self.bounds()
        found = minimise(self.residuals, rows, low, high, frozen=held)
        as_good = np.flatnonzero(found.cost <= fit.cost + AS_GOOD * variance)
        return summarise(found, int(as_good[0]), low, high) if as_good.size else fit

    def reweighted(self, theta: FloatArray) -> Problem:
        """The problem with counting errors of the fitted fractions instead of the observed ones."""
        trials = self.data.trials
        if trials is None:
            return self
        half = 0.5 / (trials + 1)
        share = np.clip(self.curve(theta[None])[0], half, 1 - half)
        return replace(self, data=replace(self.data, deviation=np.sqrt(share * (1 - share) / trials)))


__all__ = ["Problem", "ProfileData"]
