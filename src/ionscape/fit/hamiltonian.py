"""Draws from a smooth posterior by Hamiltonian Monte Carlo: many chains side by side, in whitened
coordinates.

With the posterior's approximate covariance as metric every parameter has about unit variance, so that one
step size serves all and a trajectory of a quarter turn gives an almost independent draw.

Sources: S. Duane, A. D. Kennedy, B. J. Pendleton and D. Roweth, Phys. Lett. B 195, 216 (1987); R. M. Neal in
Handbook of Markov Chain Monte Carlo (2011), ch. 5; split R-hat: A. Gelman et al., Bayesian Data Analysis,
3rd ed. (2013), section 11.4.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
# theta (K, P) -> ln of the density (K,), its gradient (K, P)
Density = Callable[[FloatArray], tuple[FloatArray, FloatArray]]

QUARTER_TURN = math.pi / 2
FIRST_STEP, LOWEST_STEP = 0.45, 0.05
SHORTEST = 0.25  # of the step size, in a trajectory
WANTED = 0.9  # share of trajectories that are accepted
CHAINS = 64
ENOUGH = 0.5  # of the draws should be independent; else only every fourth is kept
THINNINGS = (1, 4)


@dataclass(frozen=True)
class Draws:
    """Draws (n, P), the share of accepted trajectories, the number of independent draws, and split R-hat."""

    theta: FloatArray
    acceptance: float
    effective: float
    r_hat: float


def hamiltonian_draws(
    density: Density, start: FloatArray, root: FloatArray, lower: FloatArray, upper: FloatArray, *, n: int,
    rng: np.random.Generator, warm_up: int = 12,
) -> Draws:  # fmt: skip
    """Draw from a density.

    Parameters
    ----------
    density : callable
        ln of the (unnormalised) density and its gradient, for many points at once.
    start : (P,) array
        About the maximum, within the bounds.
    root : (P, P) array
        Square root R of an approximate covariance R R^T.
    lower, upper : (P,) arrays
        Nothing lies beyond.
    n : int
        Draws wanted.
    rng : numpy Generator
    warm_up : int
        Trajectories after which the metric is set from the states; as many again go before the first draw.
    """
    chains = _Chains(density, root, lower, upper, rng)
    chains.begin(start)
    learnt = []
    for k in range(2 * warm_up):
        chains.adapt(chains.advance())
        learnt.append(chains.theta.copy())
        if k == warm_up - 1:
            chains.root = _root_of(np.concatenate(learnt[warm_up // 2 :]), root)
    rounds = max(4, -(-n // CHAINS))
    kept: list[FloatArray] = []
    accepted = 0.0
    for thinning in THINNINGS:
        kept, accepted = [], 0.0
        for _ in range(rounds):
            accepted += sum(chains.advance() for _ in range(thinning)) / (rounds * thinning)
            kept.append(chains.theta.copy())
        if _effective(np.array(kept)) > ENOUGH * rounds * CHAINS:
            break
    states = np.array(kept)  # (rounds, chains, P)
    drawn = states.reshape(-1, states.shape[2])[:n]
    return Draws(drawn, accepted, min(_effective(states), float(len(drawn))), _split_r_hat(states))


def _root_of(states: FloatArray, fallback: FloatArray) -> FloatArray:
    """Square root of the covariance of states (K, P), drawn a little towards the first guess of it."""
    covariance = np.atleast_2d(np.cov(states, rowvar=False)) + 0.05 * fallback @ fallback.T
    return np.asarray(np.linalg.cholesky(covariance))


class _Chains:
    """The chains' state."""

    def __init__(
        self, density: Density, root: FloatArray, lower: FloatArray, upper: FloatArray, rng:
        np.random.Generator
    ) -> None:
        self.log_density_at, self.root, self.lower, self.upper, self.rng = density, root, lower, upper, rng
        self.step = FIRST_STEP

    def density(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The density mirrored at its limits, so that trajectories pass through them."""
        folded, sign = self.folded(theta)
        value, gradient = self.log_density_at(folded)
        outside = np.any((folded < self.lower) | (folded > self.upper), axis=1)
        return np.where(outside, -np.inf, value), gradient * sign

    def folded(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Points within the limits, and the sign of d(within)/d(point)."""
        below, above = theta < self.lower, theta > self.upper
        with np.errstate(invalid="ignore"):
            inside = np.where(below, 2 * self.lower - theta, np.where(above, 2 * self.upper - theta, theta))
        return inside, np.where(below | above, -1.0, 1.0)

    def begin(self, start: FloatArray) -> None:
        """Spread the chains around the start, within the bounds."""
        size = (CHAINS, start.size)
        spread = start + self.rng.standard_normal(size) @ self.root.T
        self.theta = np.clip(spread, self.lower, self.upper)
        self.log_density, self.gradient = self.density(self.theta)
        lost = ~np.isfinite(self.log_density)
        if lost.any():
            self.theta[lost] = start
            self.log_density, self.gradient = self.density(self.theta)

    def advance(self) -> float:
        """One trajectory of every chain; the share accepted."""
        momentum = self.rng.standard_normal(self.theta.shape)
        energy = self.log_density - 0.5 * np.sum(momentum**2, axis=1)
        # Lengths that vary keep a chain from coming back to where it was; steps that do take it round bends.
        length = QUARTER_TURN * self.rng.uniform(0.6, 1.4)
        step = self.step * self.rng.uniform(SHORTEST, 1.0)
        steps = max(1, round(length / step))
        theta, log_density, gradient = self.theta, self.log_density, self.gradient
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(steps):
                momentum = momentum + 0.5 * step * gradient @ self.root
                theta = theta + step * momentum @ self.root.T
                log_density, gradient = self.density(theta)
                momentum = momentum + 0.5 * step * gradient @ self.root
            gain = log_density - 0.5 * np.sum(momentum**2, axis=1) - energy
        gain = np.where(np.isfinite(gain), gain, -np.inf)
        taken = np.log(self.rng.uniform(size=gain.size)) < gain
        theta, sign = self.folded(theta)
        gradient = gradient * sign
        self.theta = np.where(taken[:, None], theta, self.theta)
        self.log_density = np.where(taken, log_density, self.log_density)
        self.gradient = np.where(taken[:, None], gradient, self.gradient)
        return float(np.mean(taken))

    def adapt(self, accepted: float) -> None:
        """Shorter steps where too few trajectories are accepted."""
        factor = math.exp(0.6 * (accepted - WANTED))
        self.step = min(max(self.step * factor, LOWEST_STEP), 0.9)


def _effective(states: FloatArray) -> float:
    """Number of independent draws of the parameter that mixes worst."""
    from ionscape.fit.information import effective_count

    centred = states - states.mean(axis=(0, 1))
    return min(effective_count(np.ascontiguousarray(centred[:, :, p].T)) for p in range(states.shape[2]))


def _split_r_hat(states: FloatArray) -> float:
    """Largest over the parameters: 1 where halves of all chains agree."""
    half = states.shape[0] // 2
    split = np.concatenate([states[:half], states[half : 2 * half]], axis=1)
    within = split.var(axis=0, ddof=1).mean(axis=0) if half > 1 else split.var(axis=(0, 1))
    between = half * split.mean(axis=0).var(axis=0, ddof=1)
    pooled = (half - 1) / half * within + between / half
    return float(np.sqrt(np.max(pooled / np.maximum(within, 1e-300))))
