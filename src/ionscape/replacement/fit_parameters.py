"""The unknowns of a fit of profiles: free parameters and the latents of all that is stated beforehand.

The *quantities* g of the model (ln D, ln n0, scales ...) follow from the fitted vector theta: a free
quantity is its own element, a stated one a weighted sum of latents. Latents are standard normal beforehand;
every quantity that shares a cause with another moves with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Scale
from ionscape.replacement.stated_quantities import Stated, latent_names

FloatArray = NDArray[np.float64]
FURTHEST_LATENT = 8.0


@dataclass(frozen=True)
class Entry:
    """One quantity of the model.

    Attributes
    ----------
    name : str
        As the identifiability and the corner plot call it.
    scale : "log" or "linear"
        ``log``: the model works with its logarithm.
    stated : Stated or None
        None: free.
    start, lower, upper : float
        In the scale; of a free quantity.
    vague : (float, float) or None
        Centre and SD of a weak prior on a free quantity, in its scale.
    instrument : bool
        Belongs to the measurement, not to the conductor.
    """

    name: str
    scale: Scale = "linear"
    stated: Stated | None = None
    start: float = 0.0
    lower: float = -math.inf
    upper: float = math.inf
    vague: tuple[float, float] | None = None
    instrument: bool = False


@dataclass(frozen=True)
class Parameters:
    """All quantities of the model (G), and the vector that is fitted (P): free ones first, then latents."""

    entries: tuple[Entry, ...]
    place: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", {entry.name: i for i, entry in enumerate(self.entries)})

    @cached_property
    def free(self) -> tuple[int, ...]:
        """Indices of the free quantities."""
        return tuple(i for i, entry in enumerate(self.entries) if entry.stated is None)

    @cached_property
    def latents(self) -> tuple[str, ...]:
        """Names of the latents."""
        return latent_names([e.stated for e in self.entries if e.stated is not None])

    @property
    def names(self) -> tuple[str, ...]:
        """Of the fitted vector."""
        return (*(self.entries[i].name for i in self.free), *self.latents)

    @property
    def size(self) -> int:
        """P."""
        return len(self.free) + len(self.latents)

    def index(self, name: str) -> int:
        """Place of a quantity in g."""
        return self.place[name]

    def in_theta(self, name: str) -> int | None:
        """Place of a free quantity in theta; None if it is stated."""
        at = self.place[name]
        return self.free.index(at) if at in self.free else None

    @cached_property
    def matrix(self) -> FloatArray:
        """(G, P): what theta does to the quantities, before shapes."""
        found = np.zeros((len(self.entries), self.size))
        column = {name: len(self.free) + k for k, name in enumerate(self.latents)}
        for k, i in enumerate(self.free):
            found[i, k] = 1.0
        for i, entry in enumerate(self.entries):
            if entry.stated is not None:
                for name, weight in entry.stated.weights.items():
                    found[i, column[name]] = weight
        return found

    @cached_property
    def centre(self) -> FloatArray:
        """(G,) of the stated quantities, zero for the free."""
        return np.array([0.0 if e.stated is None else e.stated.centre for e in self.entries])

    @cached_property
    def lower(self) -> FloatArray:
        """(P,) bounds."""
        ends = [self.entries[i].lower for i in self.free]
        return np.array([*ends, *[-FURTHEST_LATENT] * len(self.latents)])

    @cached_property
    def upper(self) -> FloatArray:
        """(P,) bounds."""
        ends = [self.entries[i].upper for i in self.free]
        return np.array([*ends, *[FURTHEST_LATENT] * len(self.latents)])

    @cached_property
    def start(self) -> FloatArray:
        """(P,)."""
        return np.array([*(self.entries[i].start for i in self.free), *[0.0] * len(self.latents)])

    def quantities(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """g (K, G) and the slopes (K, G) of its shapes, for theta (K, P): d g/d theta = slope * matrix."""
        total = theta @ self.matrix.T
        slope = np.ones_like(total)
        for i, entry in enumerate(self.entries):
            if entry.stated is not None and entry.stated.shape is not None:
                slope[:, i] = entry.stated.slope(total[:, i])
                total[:, i] = entry.stated.deviation(total[:, i])
        return self.centre + total, slope

    @cached_property
    def prior(self) -> tuple[FloatArray, FloatArray]:
        """Rows (q, P) and offsets (q,): the prior's residuals are rows @ theta - offsets."""
        rows, offsets = [], []
        for k in range(self.size):
            at = self.free[k] if k < len(self.free) else -1
            vague = self.entries[at].vague if at >= 0 else (0.0, 1.0)
            if vague is not None:
                row = np.zeros(self.size)
                row[k] = 1 / vague[1]
                rows.append(row)
                offsets.append(vague[0] / vague[1])
        return np.array(rows).reshape(len(rows), self.size), np.array(offsets)


def prior_information(entries: Sequence[Entry]) -> FloatArray:
    """(G, G) Fisher information of what is stated, between the quantities themselves (shapes left out).

    A quantity without uncertainty gets a precision that holds it.
    """
    parameters = Parameters(tuple(entries))
    latent = parameters.matrix[:, len(parameters.free) :]
    found = np.zeros((len(entries), len(entries)))
    stated = [i for i, e in enumerate(entries) if e.stated is not None]
    if stated:
        covariance = latent[stated] @ latent[stated].T
        covariance[np.diag_indices(len(stated))] += 1e-12
        found[np.ix_(stated, stated)] = np.linalg.inv(covariance)
    for i, entry in enumerate(entries):
        if entry.vague is not None and entry.stated is None:
            found[i, i] += 1 / entry.vague[1] ** 2
    return found
