"""The front with its diffusion, from an equation in which the native fraction takes the place of the depth.

With A(u, t) = integral of the depth x(u', t) up to u, the electroneutral equation u_t = -F_x becomes

    A_t = j f(u) - D(u)/A_uu,    A >= 0,    A(1, t) = Q(t),

f the share of the current that native ions carry and D the interdiffusion coefficient of `front_theory`. A
is convex. Where A = 0 no depth has that fraction: it lies below the fraction at the surface. Without D the
solution is Q times the lower hull of f. The front needs no resolution here: in u it is as wide as everything
else, so that any ratio of voltage to kT/e costs the same. Steps grow in proportion to the charge passed;
backward differences of second order; Newton, with the surface's fraction as an active set.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.replacement.front_theory import Front

FloatArray = NDArray[np.float64]

_START = 1e-3  # of the charge at which the film's voltage is kT/e: depletion at the surface is still small
_LOWEST = 1e-5  # fraction: below, nothing of A is left but rounding
_THINNED = 2  # of the sharp front's points, whose hull asks for more
_ITERATIONS = 60
_CLOSE = 1e-7  # of the charge: change of A in Newton's last step
_KEPT = 0.2  # of the diffusive flux, in one of Newton's steps


@dataclass(frozen=True)
class DiffuseFront(Front):
    """A `Front` with its diffusion: ``carried`` is A/Q, and there is no shock (``foot_fraction`` 1)."""

    def profile(self, depth: ArrayLike) -> FloatArray:
        """Native fraction at depths [m], immobile ions included."""
        x = np.asarray(depth, dtype=float)
        if np.any(x < 0):
            raise InputError("depths of a profile start at the surface and cannot be negative")
        centres = (self.fraction[1:] + self.fraction[:-1]) / 2
        # The first piece with a depth holds the surface's own fraction: the line goes on from behind it.
        first = min(int(np.searchsorted(self._depths, 0.0, side="right")) + 1, centres.size - 2)
        at, values = self._depths[first:], centres[first:]
        apart = at[1] - at[0]
        surface = values[0] - at[0] * (values[1] - values[0]) / apart if apart > 0 else values[0]
        lowest = max(float(surface), float(self.fraction[0]))
        at, values = np.concatenate([[0.0], at]), np.concatenate([[lowest], values])
        return np.asarray(np.interp(x, at, values, right=1.0))

    def gradient(self, fraction: ArrayLike) -> FloatArray:
        """du/dx [1/m] at fractions."""
        points = (self.fraction[1:] + self.fraction[:-1]) / 2
        by_fraction = np.gradient(self._depths, points)
        with np.errstate(divide="ignore"):
            return np.asarray(1 / np.interp(np.asarray(fraction, dtype=float), points, by_fraction))


def front_with_diffusion(sharp: Front, *, steps: int = 80) -> DiffuseFront:
    """A front as diffusion leaves it.

    Parameters
    ----------
    sharp : Front
        From `front`.
    steps : int
        In time; the error falls with their square.

    Raises
    ------
    AnalysisError
        If the iteration does not close in.
    """
    mobile = (sharp.fraction - sharp.immobile_fraction) / (1 - sharp.immobile_fraction)
    usable = (mobile >= _LOWEST) & (mobile < 1) & (sharp.fraction != sharp.foot_fraction)
    keep = np.concatenate([[0], np.flatnonzero(usable)[::_THINNED], [mobile.size - 1]])
    spread = sharp.interdiffusion[keep] / (sharp.velocity * sharp.replaced_depth)
    grid = _Grid(sharp.fraction[keep], sharp.share[keep], spread)
    first = min(_START * float(spread[-1]), 1e-2)
    charges = np.geomspace(first, 1.0, steps + 1)
    growth = charges[1] / charges[0]
    before, now = None, grid.start(first)
    for old, new in pairwise(charges):
        # Backward differences of second order on steps that grow by one ratio; the first is of first order.
        if before is None:
            weight, known = 1.0, now
        else:
            weight = (1 + 2 * growth) / (1 + growth)
            known = (1 + growth) * now - growth**2 / (1 + growth) * before
        before, now = now, grid.step(now * (new / old), known / (new - old), weight / (new - old), new)
    values = {field.name: getattr(sharp, field.name) for field in fields(Front)}
    kept = {name: values[name][keep] for name in ("fraction", "share", "log_diffusion")}
    return DiffuseFront(**{**values, **kept, "carried": now, "foot_fraction": 1.0})


class _Grid:
    """Fractions, second differences on them, and Newton for one step. Depths and charges in units of Q."""

    def __init__(self, fraction: FloatArray, share: FloatArray, spread: FloatArray) -> None:
        self.fraction, self.share, self.spread = fraction, share[1:-1], spread[1:-1]
        self.bulk_spread = float(spread[-1])
        width = np.diff(fraction)
        self.lower = 2 / (width[:-1] * (width[:-1] + width[1:]))
        self.upper = 2 / (width[1:] * (width[:-1] + width[1:]))
        self.bands = np.zeros((3, fraction.size - 2))
        self.diffusive: FloatArray | None = (
            None  # flux D/A_uu of the step before: it changes little with time
        )

    def start(self, charge: float) -> FloatArray:
        """Exponential profile with the depletion at the surface that a constant current makes at first."""
        depletion = 2 * math.sqrt(charge / (math.pi * self.bulk_spread))
        missing = np.maximum(1 - self.fraction, 1e-12)
        depth = np.maximum(charge / depletion * np.log(depletion / missing), 0.0)
        steps = np.diff(self.fraction) * (depth[1:] + depth[:-1]) / 2
        amount = np.concatenate([[0.0], np.cumsum(steps)])
        return np.asarray(amount * charge / amount[-1])

    def step(self, guess: FloatArray, known: FloatArray, rate: float, charge: float) -> FloatArray:
        """A at the next time: -A_uu + D/(f - A_t) = 0 where A > 0, not below 0 where A = 0.

        A_t is ``rate`` A - ``known``. In this form the equation is an obstacle problem with a monotone
        source: the active set closes in.
        """
        known, amount = known[1:-1], guess.copy()
        amount[0], amount[-1] = 0.0, charge
        if self.diffusive is None:
            amount[1:-1] = np.minimum(amount[1:-1], (known + (1 - _KEPT) * self.share) / rate)
        else:
            amount[1:-1] = np.maximum((known + self.share - self.diffusive) / rate, 0.0)
        at_surface = amount[1:-1] <= 0
        for _ in range(_ITERATIONS):
            diffusive = self.share + known - rate * amount[1:-1]
            bend = self.spread / diffusive
            residual = bend - self._second_difference(amount)
            at_surface = np.where(at_surface, residual >= 0, amount[1:-1] < 0)
            right = np.where(at_surface, amount[1:-1], residual)
            change = -self._solve(right, bend / diffusive * rate, ~at_surface)
            rising = change > 0
            room = (1 - _KEPT) * diffusive[rising] / (rate * change[rising])
            part = min(1.0, float(room.min())) if room.size else 1.0
            amount[1:-1] += part * change
            if part == 1.0 and np.abs(change).max() < _CLOSE * charge:
                amount = np.maximum(amount, 0.0)
                self.diffusive = self.share + known - rate * amount[1:-1]
                return amount
        raise AnalysisError("the front's equation did not close in: is D of the native ion smooth?")

    def _second_difference(self, amount: FloatArray) -> FloatArray:
        steps = np.diff(amount)
        return np.asarray(self.upper * steps[1:] - self.lower * steps[:-1])

    def _solve(self, right: FloatArray, diagonal: FloatArray, free: NDArray[np.bool_]) -> FloatArray:
        from scipy.linalg import solve_banded

        lower, upper = np.where(free, self.lower, 0.0), np.where(free, self.upper, 0.0)
        self.bands[0, 1:], self.bands[2, :-1] = -upper[:-1], -lower[1:]
        self.bands[1] = np.where(free, diagonal + lower + upper, 1.0)
        return np.asarray(solve_banded((1, 1), self.bands, right, check_finite=False))
