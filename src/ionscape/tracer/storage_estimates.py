"""From a storage fit to estimates: correlated by the fit, with the systematic errors that the study "
  "states."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, Scale, joint, lower_bound, undetermined, upper_bound
from ionscape.core.marginal import Shape
from ionscape.core.quantity import DIMENSIONLESS, Dimension, named_dimension
from ionscape.tracer.storage_fit import StorageFit, functionals
from ionscape.tracer.storage_likelihood import MeasuredProfile
from ionscape.tracer.storage_marginal import Marginal
from ionscape.tracer.storage_refit import refit

FloatArray = NDArray[np.float64]
Moves = Mapping[str, FloatArray]
"""Name of a latent to the change of `StorageFit.quantities` for 1 standard deviation of it."""

UNMOVED = "the later profiles do not differ from the first beyond noise: longer or hotter storage would tell"
UNIFORM = "the later profiles are already uniform: a shorter or colder storage would tell"
FLAT = "profiles computed with very different values fit equally well"


@dataclass(frozen=True)
class StorageEstimates:
    """Estimates of a storage fit.

    Attributes
    ----------
    diffusion : tuple of Estimate
        [m^2/s], at `StorageFit.temperatures`.
    activation_energy, prefactor : Estimate
        [J] and [m^2/s].
    """

    diffusion: tuple[Estimate, ...]
    activation_energy: Estimate
    prefactor: Estimate


def estimates_of(fit: StorageFit, source: str, moves: Moves) -> StorageEstimates:
    """Estimates whose latents are those of the fit and those of the systematic errors.

    Parameters
    ----------
    fit : StorageFit
    source : str
        Root of the names of the fit's latents.
    moves : Moves
    """
    diffusion, energy = named_dimension("diffusion coefficient"), named_dimension("energy")
    n = fit.logs.size
    covariance = np.where(np.isfinite(fit.covariance), fit.covariance, 0.0)
    latents = joint(source, [1.0] * n, covariance, scales=["log"] * n, dimensions=[DIMENSIONLESS] * n)
    rows = functionals(fit.law, fit.temperatures)
    found = [*fit.diffusion, *(m for m in (fit.activation_energy, fit.log_prefactor) if m is not None)]
    kinds: list[tuple[Scale, Dimension]] = [("log", diffusion)] * len(fit.diffusion)
    kinds += [("linear", energy), ("log", diffusion)] if fit.activation_energy else []
    built = []
    for j, (one, (weights, _), (scale, dimension)) in enumerate(zip(found, rows, kinds, strict=True)):
        statistical = _combined(latents, weights)
        systematic = {name: float(move[j]) for name, move in moves.items() if move[j]}
        built.append(_estimate(one, statistical, systematic, scale, dimension))
    rest = built[len(fit.diffusion) :]
    if not rest:
        rest = [undetermined(energy, _why_no_energy(fit)), undetermined(diffusion, _why_no_energy(fit))]
    return StorageEstimates(tuple(built[: len(fit.diffusion)]), rest[0], rest[1])


def _why_no_energy(fit: StorageFit) -> str:
    if fit.law.kind == "free":
        return "a D was fitted for each temperature: use temperature.arrhenius on them, or law: arrhenius"
    if fit.law.energy:
        return "the activation energy was taken as known"
    return "storage at one temperature says nothing of how D depends on it"


def _combined(latents: Sequence[Estimate], weights: FloatArray) -> dict[str, float]:
    total: dict[str, float] = {}
    for latent, weight in zip(latents, weights, strict=True):
        for name, value in latent.weights.items():
            total[name] = total.get(name, 0.0) + float(weight) * value
    return {name: value for name, value in total.items() if value}


def _estimate(
    found: Marginal, statistical: Mapping[str, float], systematic: Mapping[str, float], scale: Scale,
    dimension: Dimension,
) -> Estimate:  # fmt: skip
    log = scale == "log"
    if found.status == "undetermined":
        return undetermined(dimension, FLAT)
    if found.upper is not None:
        return upper_bound(math.exp(found.upper) if log else found.upper, dimension, UNMOVED if log else FLAT)
    if found.lower is not None:
        return lower_bound(math.exp(found.lower) if log else found.lower, dimension, UNIFORM if log else FLAT)
    value = math.exp(found.value) if log else found.value
    spread = math.sqrt(sum(w * w for w in statistical.values()))
    shape: Shape | None = None
    if found.quantiles is not None:
        shape = tuple((q - found.value) / found.spread for q in found.quantiles)  # type: ignore[assignment]
        scaled = found.spread / spread if spread else 0.0
        statistical = {name: w * scaled for name, w in statistical.items()} or {"": found.spread}
    plain = Estimate(value, dimension, scale, dict(statistical), shape)
    if not systematic:
        return plain
    if shape is None:
        merged = {name: statistical.get(name, 0.0) + systematic.get(name, 0.0)
                  for name in (*statistical, *(k for k in systematic if k not in statistical))}  # fmt: skip
        return replace(plain, weights=merged)
    if log:
        return plain * Estimate(1.0, DIMENSIONLESS, "log", dict(systematic))
    return plain + Estimate(0.0, dimension, "linear", dict(systematic))


def moves_of_temperature(fit: StorageFit, warmer: Sequence[tuple[str, Mapping[float, float]]]) -> Moves:
    """For thermometers.

    Parameters
    ----------
    fit : StorageFit
    warmer : sequence of (latent, {stated temperature [K]: 1 standard deviation of it [K]})
    """
    if fit.law.kind == "free" or (fit.law.kind == "constant" and not fit.law.energy):
        return {}  # each D belongs to the temperature that there was, whatever it was
    base = fit.quantities()
    return {latent: refit(fit, warmer=partial(_nearest, table))[0] - base
            for latent, table in warmer if any(table.values())}  # fmt: skip


def _nearest(table: Mapping[float, float], temperature: float) -> float:
    return table[min(table, key=lambda t: abs(t - temperature))]


def moves_of_energy(fit: StorageFit, latent: str, deviation: float) -> Moves:
    """For a known activation energy [J]."""
    if not deviation or not fit.law.energy:
        return {}
    return {latent: refit(fit, energy=deviation)[0] - fit.quantities()}


def moves_of_position(fit: StorageFit, causes: Mapping[str, FloatArray]) -> Moves:
    """For the scale of positions: latent to the relative 1 SD of each profile (first and later, (K + 1,))."""
    found: dict[str, FloatArray] = {}
    for latent, relative in causes.items():
        if np.ptp(relative) == 0:  # one scale for all: D goes as its square
            move = np.zeros(fit.quantities().size)
            move[: len(fit.diffusion)] = 2 * relative[0]
            if fit.log_prefactor is not None:
                move[-1] = 2 * relative[0]
            found[latent] = move
            continue
        moved = [replace(p, position=p.position * (1 + r))
                 for p, r in zip(fit.profiles, relative, strict=True)]  # fmt: skip
        found[latent] = refit(fit, profiles=moved)[0] - fit.quantities()
    return found


def moves_of_fraction(fit: StorageFit, causes: Mapping[str, Sequence[FloatArray | None]]) -> Moves:
    """For what shifts the fractions of profiles together: latent to the shift of each profile, None: none."""
    base, found = fit.quantities(), {}
    for latent, shifts in causes.items():
        moved: list[MeasuredProfile] = [
            profile if shift is None else replace(profile, fraction=profile.fraction + shift)
            for profile, shift in zip(fit.profiles, shifts, strict=True)
        ]
        found[latent] = refit(fit, profiles=moved)[0] - base
    return found


__all__ = ["StorageEstimates", "estimates_of"]
