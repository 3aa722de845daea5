"""Polycrystals solved by finite elements, seen as pixels and counts: what image fits are tested with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ionscape.testing.grain_map import ReferenceDiffusion, ReferenceStage, voronoi_grains
from ionscape.tracer.diffusion_2d import Stage2D

FloatArray = NDArray[np.float64]
PIXEL, INITIAL, SOURCE = 2e-6, 0.0759, 0.95


@dataclass(frozen=True)
class Case:
    """One polycrystal and what it shows without noise."""

    labels: NDArray[np.intp]
    stages: tuple[tuple[Stage2D, ...], ...]
    fractions: tuple[FloatArray, ...]
    bulk: float
    permeability: float
    effective: float
    each: FloatArray
    pairs: NDArray[np.intp]

    def counted(self, counts: int, seed: int) -> list[tuple[FloatArray, FloatArray]]:
        """Images with counting noise."""
        rng = np.random.default_rng(seed)
        return [(rng.binomial(counts, c) / counts, c * (1 - c) / counts) for c in self.fractions]


@lru_cache(maxsize=8)
def case(
    *, shape: tuple[int, int] = (46, 30), grains: int = 14, bulk: float = 2.6e-12, permeability: float = 6e-8,
    spread: float = 0.0, exchange: float = 800.0, storage: float = 800.0, seed: int = 3,
) -> Case:  # fmt: skip
    """Exchanged from the bottom, then stored; P of the boundaries log-normal with ``spread``."""
    rng = np.random.default_rng(seed)
    (ny, nx) = shape
    crystal = voronoi_grains(grains, nx * PIXEL, ny * PIXEL, rng, relaxations=1)
    each = permeability * np.exp(spread * rng.standard_normal(len(crystal.edges)))
    reference = ReferenceDiffusion(crystal, bulk, each, 1.2 * PIXEL)
    shares = reference.fields([ReferenceStage(exchange, True), ReferenceStage(storage, False)])
    both = (Stage2D(exchange, True), Stage2D(storage, False))
    fractions = tuple(INITIAL + (SOURCE - INITIAL) * reference.pixels(u, shape, PIXEL) for u in shares)
    return Case(crystal.labels(shape, PIXEL), (both[:1], both), fractions, bulk, permeability,
                reference.effective_diffusion(0), each, crystal.edges)  # fmt: skip
