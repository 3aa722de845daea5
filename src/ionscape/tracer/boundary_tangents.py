"""Derivatives of the modelled images by ln P of every single boundary, many right-hand sides at a time.

The matrix of each stage is factored once and the undisturbed fields are computed once; a block of boundaries
then costs one solve with many right-hand sides per term of the time integration.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ionscape.tracer.diffusion_step import DiffusionStep
from ionscape.tracer.grain_network import Coefficients, GrainNetwork
from ionscape.tracer.image_problem import ImageProblem
from ionscape.tracer.rational_exponential import RationalExponential, rational_exponential

FloatArray = NDArray[np.float64]
SingleArray = NDArray[np.float32]
BLOCK = 64  # boundaries at a time
TOLERANCE = 1e-3  # of derivatives: they steer the fit and give its errors


class BoundaryTangents:
    """Weighted derivatives of all compared pixels, d/d ln D and d/d ln P of each boundary.

    Parameters
    ----------
    problem : ImageProblem
    bulk : float
        [m^2/s]
    permeability : (n_boundaries,) array
        [m/s]
    beyond_diffusion : float
        [m^2/s] Of the medium beyond the image, held while single boundaries change.
    tolerance : float
        Of the time integration.
    """

    def __init__(
        self,
        problem: ImageProblem,
        bulk: float,
        permeability: FloatArray,
        beyond_diffusion: float,
        tolerance: float = TOLERANCE,
    ) -> None:
        scene = problem.scene
        self.problem = problem
        self.network = GrainNetwork(
            problem.grid.labels, scene.spacing, problem.faces, scene.source_edge, scene.beyond
        )
        self.boundary = np.concatenate([self.network.links.boundary, self.network.corners.boundary])
        self.series = rational_exponential(tolerance)
        now = np.zeros(self.network.n_cells)
        self.stages: list[_Stage] = []
        for stage in problem.history:
            at = Coefficients(
                bulk * stage.bulk_scale, beyond_diffusion * stage.permeability_scale,
                permeability * stage.permeability_scale,
            )  # fmt: skip
            edge = scene.source_edge if stage.source else None
            step = DiffusionStep(self.network, at, stage.duration, self.series, edge, math.inf)
            self.stages.append(_Stage(step, self.network, at, now - stage.source, self.series))
            now = self.stages[-1].end + stage.source

    def jacobian(self) -> SingleArray:
        """(m, 1 + n_boundaries), of the exchanged share."""
        problem = self.problem
        found = np.empty((problem.data.size, 1 + problem.grid.n_boundaries), dtype=np.float32)
        found[:, :1] = self._columns(None)
        for first in range(0, problem.grid.n_boundaries, BLOCK):
            last = min(first + BLOCK, problem.grid.n_boundaries)
            found[:, 1 + first : 1 + last] = self._columns((first, last))
        return found

    def transposed(self, directions: FloatArray) -> FloatArray:
        """(n_boundaries, q): the derivatives by ln P times ``directions`` (m, q), without forming them.

        The adjoint of all stages, from the last image back to the start: as much work as q boundaries.
        """
        problem, pixels = self.problem, self.problem.scene.labels.size
        weighted, first = directions * problem.root[:, None], 0
        sources = [np.zeros((self.network.n_cells, directions.shape[1])) for _ in self.stages]
        for place, mask in zip(problem.places, problem.masks, strict=True):
            count = int(mask.sum())
            for k in range(directions.shape[1]):
                image = np.zeros(mask.shape)
                image[mask] = weighted[first : first + count, k]
                sources[place][:pixels, k] += problem.blurred(image).ravel()
            first += count
        found = np.zeros((problem.grid.n_boundaries, directions.shape[1]))
        adjoint = np.zeros_like(sources[0])
        for stage, source in zip(self.stages[::-1], sources[::-1], strict=True):
            adjoint = stage.retreat(adjoint + source, self.boundary, found)
        return found

    def _columns(self, block: tuple[int, int] | None) -> FloatArray:
        """Columns of one block of boundaries, or that of D."""
        width = 1 if block is None else block[1] - block[0]
        tangents = np.zeros((self.network.n_cells, width))
        images = []
        for stage in self.stages:
            chosen = None
            if block is not None:
                chosen = np.flatnonzero((self.boundary >= block[0]) & (self.boundary < block[1]))
            tangents = stage.advance(tangents, chosen, self.boundary, 0 if block is None else block[0])
            images.append(tangents)
        problem = self.problem
        shape = problem.scene.labels.shape
        rows = []
        for place, mask in zip(problem.places, problem.masks, strict=True):
            pixels = images[place][: problem.scene.labels.size].T.reshape(-1, *shape)
            rows.append(np.stack([problem.blurred(p)[mask] for p in pixels], axis=1))
        return np.asarray(np.concatenate(rows) * problem.root[:, None])


class _Stage:
    """One stage with the undisturbed solutions of every term of its series."""

    def __init__(
        self, step: DiffusionStep, network: GrainNetwork, at: Coefficients, start: FloatArray,
        series: RationalExponential,
    ) -> None:  # fmt: skip
        self.step, self.network, self.series = step, network, series
        every = np.zeros(len(at.permeability), dtype=np.intp)
        slopes = network.slopes(at, every, 1)
        self.by_bulk = step.gamma * network.matrix(slopes[0], step.held_slope)
        self.by_boundary = step.gamma * slopes[2]
        c, volume = series.coefficients, network.volume
        before, now, self.solved = np.zeros_like(start), start, []
        self.end = c[0] * start
        for k in range(1, len(c)):
            solved = step.solve(volume * now)
            self.solved.append(solved)
            before, now = now, (1.0 if k == 1 else 2.0) * (2 * solved - now) - before
            self.end = self.end + c[k] * now

    def advance(
        self, slopes: FloatArray, links: NDArray[np.intp] | None, boundary: NDArray[np.intp], first: int
    ) -> FloatArray:
        """Tangents (N, B) at the stage's end: each term of the series differentiated."""
        c, volume = self.series.coefficients, self.network.volume
        before, now, end = np.zeros_like(slopes), slopes, c[0] * slopes
        for k, solved in enumerate(self.solved, start=1):
            right = volume[:, None] * now
            if links is None:
                right[:, 0] -= self.by_bulk @ solved
            else:
                one, other = self.network.one[links], self.network.other[links]
                flow = self.by_boundary[links] * (solved[one] - solved[other])
                np.subtract.at(right, (one, boundary[links] - first), flow)
                np.add.at(right, (other, boundary[links] - first), flow)
            found = self.step.solve(np.asfortranarray(right))
            before, now = now, (1.0 if k == 1 else 2.0) * (2 * found - now) - before
            end = end + c[k] * now
        return np.asarray(end)

    def retreat(self, adjoint: FloatArray, boundary: NDArray[np.intp], total: FloatArray) -> FloatArray:
        """Adjoint (N, q) at the stage's start; what the stage's boundaries do to it is added to ``total``.

        Clenshaw's recurrence, the series read backwards.
        """
        c, volume = self.series.coefficients, self.network.volume[:, None]
        crossing = np.flatnonzero(boundary >= 0)
        one, other, of = self.network.one[crossing], self.network.other[crossing], boundary[crossing]
        after, now = np.zeros_like(adjoint), c[-1] * adjoint
        for k in range(len(c) - 1, 0, -1):
            found = self.step.solve(np.asfortranarray(now))
            drop = self.solved[k - 1][one] - self.solved[k - 1][other]
            flow = self.by_boundary[crossing] * drop * (-2.0 if k == 1 else -4.0)
            for q in range(adjoint.shape[1]):
                pull = flow * (found[one, q] - found[other, q])
                total[:, q] += np.bincount(of, pull, minlength=len(total))
            turned = 2 * volume * found - now
            after, now = now, c[k - 1] * adjoint + (1.0 if k == 1 else 2.0) * turned - after
        return np.asarray(now)
