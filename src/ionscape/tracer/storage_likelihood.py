"""How well a diffusion coefficient explains later profiles, the initial profile being as unknown as it is.

The initial profile is not taken as measured: its modes are integrated out together with every profile's
counting noise, so that what is not known of it enters the uncertainty of D. Since modes only decay, the
likelihood of all profiles needs linear algebra alone. Derivatives are Fisher's identity: those of the
complete-data likelihood averaged over the amplitudes (see S. Sarkka, Bayesian Filtering and Smoothing (2013),
section 12.2.4).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann

from ionscape.core.errors import InputError
from ionscape.core.serial import storable
from ionscape.tracer.history import SAME_TEMPERATURE, History, Programme, Stage, diffusion_work
from ionscape.tracer.smoothing import DECAYED, Amplitudes, Modes, hyper_gradient, infer

FloatArray = NDArray[np.float64]

LARGEST_LOG = 300.0  # of a D tried on the way: theta stays finite


@storable
@dataclass(frozen=True)
class MeasuredProfile:
    """One profile as measured.

    Attributes
    ----------
    position, fraction : (N,) arrays
        [m] and isotope fraction.
    variance : (N,) array
        Of the fraction, from counting; all one where it is not known.
    total : (N,) array or None
        Counts of all isotopes, where the variance comes from counts.
    """

    position: FloatArray
    fraction: FloatArray
    variance: FloatArray
    total: FloatArray | None = None

    def reweighted(self, expected: FloatArray) -> MeasuredProfile:
        """With the counting variance of the expected fraction, not of the one that happened to be counted.

        A point with few tracer counts seems more certain than one with many; weights taken from the counts
        themselves would pull the profile down.
        """
        if self.total is None:
            return self
        share = (self.fraction * self.total + 0.5) / (self.total + 1)
        least = 0.5 / (self.total + 1)
        seen, true = (np.clip(p, least, 1 - least) for p in (share, expected))
        return replace(self, variance=self.variance * true * (1 - true) / (seen * (1 - seen)))


@dataclass(frozen=True)
class Law:
    """ln D at any temperature as a linear function of ln D at a few.

    Attributes
    ----------
    kind : "constant", "arrhenius" or "free"
        One coefficient (``energy`` known or none), a straight line through two, or one for each temperature.
    temperatures : (n,) array
        [K], of the parameters.
    energy : float
        [J] of a constant law.
    """

    kind: str
    temperatures: FloatArray
    energy: float = 0.0

    def weights(self, temperature: float) -> tuple[FloatArray, float]:
        """ln D(T) = weights @ parameters + constant."""
        n = self.temperatures.size
        if self.kind == "constant":
            rise = self.energy / Boltzmann * (1 / self.temperatures[0] - 1 / temperature)
            return np.ones(1), rise
        if self.kind == "arrhenius":
            inverse = 1 / self.temperatures
            share = (1 / temperature - inverse[0]) / (inverse[1] - inverse[0])
            return np.array([1 - share, share]), 0.0
        nearest = int(np.argmin(np.abs(self.temperatures - temperature)))
        return np.eye(n)[nearest], 0.0

    def works(self, histories: Sequence[History], logs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """theta after each history (K,) [m^2], and d theta/d ln D (K, n)."""
        theta, slope = np.empty(len(histories)), np.empty((len(histories), logs.size))
        for k, history in enumerate(histories):
            if not isinstance(history, Programme) and all(stage.is_constant for stage in history):
                theta[k], slope[k] = self._steady_work(history, logs)
                continue
            theta[k] = diffusion_work(history, lambda t: self._coefficient(t, logs))
            for j in range(logs.size):
                slope[k, j] = theta[k] if logs.size == 1 else diffusion_work(history, self._by_log(j, logs))
        return theta, slope

    def _steady_work(self, history: Sequence[Stage], logs: FloatArray) -> tuple[float, FloatArray]:
        """Of stages of constant temperature."""
        theta, slope = 0.0, np.zeros(logs.size)
        for stage in history:
            weights, constant = self.weights(stage.start)
            work = stage.duration * math.exp(min(float(weights @ logs) + constant, LARGEST_LOG))
            theta += work
            slope += work * weights
        return theta, slope

    def _by_log(self, j: int, logs: FloatArray) -> Callable[[float], float]:
        """dD/d(ln D_j) at a temperature."""
        return lambda t: self._coefficient(t, logs) * float(self.weights(t)[0][j])

    def _coefficient(self, temperature: float, logs: FloatArray) -> float:
        weights, constant = self.weights(temperature)
        return math.exp(min(float(weights @ logs) + constant, LARGEST_LOG))


def stage_temperatures(histories: Sequence[History]) -> list[float]:
    """Distinct temperatures [K] of constant stages, in the order in which they come."""
    found: list[float] = []
    for history in histories:
        for stage in () if isinstance(history, Programme) else history:
            if stage.is_constant and all(abs(stage.start - t) > SAME_TEMPERATURE for t in found):
                found.append(stage.start)
    return found


def temperature_range(histories: Sequence[History]) -> tuple[float, float]:
    """Lowest and highest temperature [K] of all histories."""
    values: list[float] = []
    for history in histories:
        if isinstance(history, Programme):
            values += [history.temperature(t) for t in np.linspace(0, history.duration, 65)]
        else:
            values += [t for stage in history for t in (stage.start, stage.end)]
    return min(values), max(values)


def choose_law(histories: Sequence[History], wanted: str, energy: float | None) -> Law:
    """The law for these histories.

    Raises
    ------
    InputError
        If they need an activation energy that cannot be had from them.
    """
    low, high = temperature_range(histories)
    one = high - low < SAME_TEMPERATURE
    constant = stage_temperatures(histories)
    at = constant[0] if constant else (low + high) / 2
    if energy is not None:
        return Law("constant", np.array([at]), energy)
    if wanted == "free" and not one:
        if _all_constant(histories):
            return Law("free", np.array(constant))
        raise InputError("a D for each temperature needs stages of constant temperature: a ramp needs the "
                         "Arrhenius law, or a known 'activation_energy'")  # fmt: skip
    if one:
        return Law("constant", np.array([at]))
    if len(histories) == 1:
        raise InputError("one later profile after storage at more than one temperature cannot give both D "
                         "and its "
                         "activation energy: state 'activation_energy', or measure after each "
                         "stage")  # fmt: skip
    return Law("arrhenius", np.array([low, high]))


def _all_constant(histories: Sequence[History]) -> bool:
    return all(not isinstance(h, Programme) and all(stage.is_constant for stage in h) for h in histories)


class StorageLikelihood:
    """Of all profiles, by q = (ln D..., displacement / its scale..., ln amplitude, ln length, ln noise).

    Parameters
    ----------
    modes : Modes
    start : MeasuredProfile
    later : sequence of MeasuredProfile
    histories : sequence of History
        One for each later profile, since the start.
    law : Law
    displacement_sd : float
        [m], 1 standard deviation of each later profile's displacement; zero: none, inf: free.
    """

    def __init__(
        self, modes: Modes, start: MeasuredProfile, later: Sequence[MeasuredProfile],
        histories: Sequence[History], law: Law, displacement_sd: float = 0.0,
    ) -> None:  # fmt: skip
        self.modes, self.start, self.later = modes, start, tuple(later)
        self.histories, self.law, self.displacement_sd = tuple(histories), law, displacement_sd
        self.n_logs = law.temperatures.size
        self.n_shifts = len(self.later) if displacement_sd > 0 else 0
        self.shift_scale = displacement_sd if np.isfinite(displacement_sd) else modes.length / 50
        self.n = start.fraction.size + sum(p.fraction.size for p in self.later)
        functions = modes.values(start.position)[0]
        weighted = functions / start.variance[:, None]
        self._first = (functions.T @ weighted, weighted.T @ start.fraction)
        self._power = sum(float(np.sum(p.fraction**2 / p.variance)) for p in (start, *self.later))
        self._functions = [modes.values(p.position) for p in self.later]

    def split(self, q: FloatArray) -> tuple[FloatArray, FloatArray, float, float, float]:
        """ln D (n,), displacements [m] (K,), prior amplitude, correlation length and noise."""
        shifts = np.zeros(len(self.later))
        if self.n_shifts:
            shifts = q[self.n_logs : self.n_logs + self.n_shifts] * self.shift_scale
        amplitude, length, noise = (float(v) for v in np.exp(q[-3:]))
        return q[: self.n_logs], shifts, amplitude, length, noise

    def cost(self, q: FloatArray) -> tuple[float, FloatArray]:
        """Minus the log-likelihood and its gradient."""
        logs, shifts, amplitude, length, noise = self.split(q)
        theta, by_logs = self.law.works(self.histories, logs)
        designs = [self._design(k, float(theta[k]), float(shifts[k])) for k in range(len(self.later))]
        found, prior, slope = self._infer(designs, amplitude, length, noise)
        gradient = np.zeros(q.size)
        gradient[-3:] = hyper_gradient(found, prior, slope, self.n, noise, self.modes.n_still)
        for k, design in enumerate(designs):
            by_theta, by_shift = self._slopes(k, design, found, noise)
            gradient[: self.n_logs] += by_theta * by_logs[k]
            if self.n_shifts:
                gradient[self.n_logs + k] = by_shift * self.shift_scale
        likelihood = found.log_likelihood
        if self.n_shifts and np.isfinite(self.displacement_sd):
            z = q[self.n_logs : self.n_logs + self.n_shifts]
            likelihood -= 0.5 * float(z @ z)
            gradient[self.n_logs : self.n_logs + self.n_shifts] -= z
        return -likelihood, -gradient

    def amplitudes(self, q: FloatArray) -> Amplitudes:
        """The initial profile's modes, given q."""
        logs, shifts, amplitude, length, noise = self.split(q)
        theta, _ = self.law.works(self.histories, logs)
        designs = [self._design(k, float(theta[k]), float(shifts[k])) for k in range(len(self.later))]
        return self._infer(designs, amplitude, length, noise)[0]

    def _design(self, k: int, theta: float, shift: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Functions and their slopes at a later profile's points, (N, m) for the m modes that live."""
        exponent = theta * self.modes.wavenumber**2
        m = int(np.searchsorted(exponent, DECAYED))
        m = max(m, self.modes.n_still)
        decay = np.exp(-exponent[:m])
        value, slope = (table[:, :m] for table in self._functions[k])
        if shift:
            value, slope = self.modes.displaced(value, slope, shift)
        return value * decay, slope * decay, self.modes.wavenumber[:m] ** 2

    def _infer(
        self, designs: Sequence[tuple[FloatArray, FloatArray, FloatArray]], amplitude: float, length: float,
        noise: float,
    ) -> tuple[Amplitudes, FloatArray, FloatArray]:  # fmt: skip
        normal, right = self._first[0].copy(), self._first[1].copy()
        for profile, (value, _, _) in zip(self.later, designs, strict=True):
            m = value.shape[1]
            weighted = value / profile.variance[:, None]
            normal[:m, :m] += value.T @ weighted
            right[:m] += weighted.T @ profile.fraction
        shape, slope = self.modes.shape(length)
        prior = amplitude**2 * shape
        found = infer(normal, right, self._power, self.n, prior, self.modes.n_still, noise)
        return found, prior, slope

    def _slopes(
        self, k: int, design: tuple[FloatArray, FloatArray, FloatArray], found: Amplitudes, noise: float
    ) -> tuple[float, float]:
        """Derivatives of the log-likelihood by theta and by the displacement of one later profile."""
        value, slope, rate = design
        profile, m = self.later[k], value.shape[1]
        mean, spread = found.mean[:m], found.covariance[:m, :m]
        weight = 1 / (profile.variance * noise**2)
        residual = (profile.fraction - value @ mean) * weight
        pulled = (weight[:, None] * value) @ spread
        by_theta = -(residual @ value) @ (rate * mean) + float(np.sum((pulled * value) @ rate))
        if not self.n_shifts:
            return float(by_theta), 0.0
        return float(by_theta), float(residual @ slope @ mean - np.sum(pulled * slope))


__all__ = ["Law", "MeasuredProfile", "StorageLikelihood", "choose_law"]
