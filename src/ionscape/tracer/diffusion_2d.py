"""Diffusion on a grain map with resistive boundaries: cell-centred finite volumes on the image's pixels.

Inside a grain the flux is -D∇C; across a boundary it is P ΔC with the permeability P = D_gb/δ [m/s]. A pixel
face on a boundary is half a pixel of grain, the boundary and half a pixel of grain in series: conductance per
area 1/(h/D + 1/(P w)), where w = |n·e| takes out the extra length of the stairs. Second order away from the
boundaries; each stage is one rational function of the matrix (``rational_exponential``), as exact as asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError
from ionscape.tracer.diffusion_step import DiffusionStep
from ionscape.tracer.faces import GrainFaces, grain_faces
from ionscape.tracer.grain_network import EDGES, Coefficients, GrainNetwork, factor
from ionscape.tracer.rational_exponential import RationalExponential, rational_exponential

FloatArray = NDArray[np.float64]
Edge = Literal["bottom", "top", "left", "right"]


@dataclass(frozen=True)
class Stage2D:
    """One stage at one temperature.

    Attributes
    ----------
    duration : float
        [s]
    source : bool
        Whether the source edge is in contact with the tracer; without, all edges are closed.
    bulk_scale, permeability_scale : float
        D and P of this stage over those given, where it has another temperature.
    """

    duration: float
    source: bool
    bulk_scale: float = 1.0
    permeability_scale: float = 1.0


@dataclass(frozen=True)
class Solution:
    """Isotope fractions at the end of each stage.

    Attributes
    ----------
    fields : tuple of (ny, nx) float arrays
        One per stage.
    mass_error : float
        Largest over the stages of \\|gain - influx through the source edge\\| over all that is in the sample.
    n_steps : int
        Solves that it took.
    """

    fields: tuple[FloatArray, ...]
    mass_error: float
    n_steps: int


@dataclass(frozen=True)
class Sensitivities:
    """Fractions and their derivatives, per stage.

    Attributes
    ----------
    fields : tuple of (ny, nx) float arrays
    by_bulk : tuple of (ny, nx) float arrays
        d field / d ln D.
    by_group : tuple of (n_groups, ny, nx) float arrays
        d field / d ln P of each group.
    by_beyond : tuple of (ny, nx) float arrays
        d field / d ln of D beyond the image at fixed D and P; zero where nothing lies beyond.
    """

    fields: tuple[FloatArray, ...]
    by_bulk: tuple[FloatArray, ...]
    by_group: tuple[FloatArray, ...]
    by_beyond: tuple[FloatArray, ...]


class GrainDiffusion:
    """Diffusion on a labelled image.

    Parameters
    ----------
    labels : (ny, nx) int array
        Grain of each pixel; row 0 is the top of the image, so ``"bottom"`` is the last row.
    spacing : (float, float)
        Distance [m] of neighbouring rows and columns, (hy, hx).
    source_edge : {"bottom", "top", "left", "right"} or None
        Edge that may touch the tracer; the others are closed.
    faces : GrainFaces, optional
        Of these labels, where they are at hand.
    surface_exchange : float
        Coefficient k [m/s] at the source edge, flux k (C_source - C); infinite: the edge follows at once.
    beyond : float
        Length [m] of sample behind the edge opposite to the source; zero: closed there. It counts as a
        homogeneous medium with the steady D_eff of the map itself, or with ``beyond_diffusion`` of ``solve``.

    Raises
    ------
    InputError
        Where labels or spacing are not usable, or the edge is not one of the four.
    """

    def __init__(
        self,
        labels: ArrayLike,
        spacing: tuple[float, float],
        *,
        source_edge: Edge | None,
        faces: GrainFaces | None = None,
        surface_exchange: float = np.inf,
        beyond: float = 0.0,
    ) -> None:
        self.faces = grain_faces(labels, spacing) if faces is None else faces
        self.labels = np.asarray(labels)
        if source_edge is not None and source_edge not in EDGES:
            raise InputError(f"the source edge is one of bottom, top, left and right, got {source_edge!r}")
        if not surface_exchange > 0:
            raise InputError(f"surface_exchange must be larger than zero, got {surface_exchange}")
        if not 0 <= beyond < np.inf or (beyond and source_edge is None):
            raise InputError(
                "beyond, the length of sample behind the image, must be at least zero and needs a source edge"
            )
        self.source_edge = source_edge
        self.surface_exchange = surface_exchange
        self.beyond = beyond
        self.spacing = (float(spacing[0]), float(spacing[1]))
        self.shape = (self.labels.shape[0], self.labels.shape[1])
        self._network = GrainNetwork(self.labels, self.spacing, self.faces, source_edge, beyond)

    @property
    def n_boundaries(self) -> int:
        """How many boundaries the map has: the length of ``permeability`` where it is an array."""
        return self.faces.n_boundaries

    def solve(
        self,
        bulk: float,
        permeability: ArrayLike,
        stages: Sequence[Stage2D],
        *,
        initial: ArrayLike = 0.0,
        source: float = 1.0,
        tolerance: float = 1e-6,
        beyond_diffusion: float | None = None,
    ) -> Solution:
        """Isotope fraction at the end of each stage.

        Parameters
        ----------
        bulk : float
            D in the grains [m^2/s].
        permeability : float or (n_boundaries,) array
            P = D_gb/δ [m/s].
        stages : sequence of Stage2D
        initial : float or (ny, nx) array
            Fraction at the start; behind an image of fractions the mean of its far edge goes on.
        source : float
            Fraction at the source edge while it is in contact.
        tolerance : float
            Error of each stage's time integration relative to the largest difference in the map (root mean
            square); fractions stay between their extremes to this tolerance.
        beyond_diffusion : float, optional
            D [m^2/s] of the medium beyond the image, which scales as P from stage to stage; else the map's
            own D_eff in each stage.

        Returns
        -------
        Solution

        Raises
        ------
        InputError
            Where a coefficient or duration is not positive, or a source is on where there is no source edge.
        """
        series = rational_exponential(tolerance)
        field, fields, worst = self._start(initial), [], 0.0
        volume = self._network.volume
        course = self._course(bulk, permeability, stages, beyond_diffusion)
        for stage, (at, _) in zip(stages, course, strict=True):
            step = self._step(at, stage, series)
            lifted = source * stage.source
            new, mean = step.advance(field - lifted)
            new += lifted
            gain = float((volume * (new - field)).sum())
            influx = -stage.duration * float((step.held * mean).sum())
            worst = max(worst, abs(gain - influx) / max(float((volume * np.abs(new)).sum()), 1e-300))
            field = new
            fields.append(self._image(field))
        return Solution(tuple(fields), worst, len(fields) * (len(series.coefficients) - 1))

    def sensitivities(
        self,
        bulk: float,
        groups: ArrayLike,
        permeabilities: ArrayLike,
        stages: Sequence[Stage2D],
        *,
        initial: ArrayLike = 0.0,
        source: float = 1.0,
        tolerance: float = 1e-6,
        beyond_diffusion: float | None = None,
    ) -> Sensitivities:
        """Fractions with the exact derivatives of what ``solve`` computes, by the same factorisations.

        Parameters
        ----------
        bulk : float
            D in the grains [m^2/s].
        groups : (n_boundaries,) int array
            Group of each boundary, 0 .. n_groups - 1.
        permeabilities : (n_groups,) float array
            P of each group [m/s].
        stages, initial, source, tolerance, beyond_diffusion
            As of ``solve``.

        Returns
        -------
        Sensitivities

        Raises
        ------
        InputError
            As ``solve``, and where a group has no permeability.
        """
        group = np.asarray(groups, dtype=np.intp)
        values = np.atleast_1d(np.asarray(permeabilities, dtype=float))
        n, known = self.n_boundaries, np.isin(group, np.arange(len(values)))
        if group.shape != (n,) or not known.all():
            raise InputError(f"each of the {n} boundaries needs a group from 0 to {len(values) - 1}")
        series, field = rational_exponential(tolerance), self._start(initial)
        tangents = np.zeros((field.size, 2 + len(values)))
        fields, slopes = [], []
        course = self._course(bulk, values[group], stages, beyond_diffusion)
        for stage, (at, steady) in zip(stages, course, strict=True):
            step = self._step(at, stage, series)
            lifted = source * stage.source
            turns = self._slopes(at, steady, step, group, len(values))
            field, tangents = step.advance_with(field - lifted, tangents, turns)
            field = field + lifted
            fields.append(self._image(field))
            slopes.append(np.stack([self._image(column) for column in tangents.T]))
        by_bulk, by_beyond = tuple(s[0] for s in slopes), tuple(s[1] for s in slopes)
        return Sensitivities(tuple(fields), by_bulk, tuple(s[2:] for s in slopes), by_beyond)

    def effective_diffusion(self, bulk: float, permeability: ArrayLike, axis: int) -> float:
        """Steady D_eff [m^2/s] of the map from top to bottom (axis 0) or from left to right (axis 1)."""
        if axis not in (0, 1):
            raise InputError(f"the axis is 0 (from top to bottom) or 1 (from left to right), got {axis}")
        return self._steady(Coefficients(bulk, bulk, self._permeability(bulk, permeability)), axis).value

    def _step(self, at: Coefficients, stage: Stage2D, series: RationalExponential) -> DiffusionStep:
        edge = self.source_edge if stage.source else None
        return DiffusionStep(self._network, at, stage.duration, series, edge, self.surface_exchange)

    def _steady(self, at: Coefficients, axis: int) -> _SteadyFlow:
        alone = self._network
        if self.beyond:
            alone = GrainNetwork(self.labels, self.spacing, self.faces, None, 0.0)
        near, _ = alone.held("top" if axis == 0 else "left", at.bulk)
        far, _ = alone.held("bottom" if axis == 0 else "right", at.bulk)
        field = factor(alone.matrix(alone.conductances(at), near + far)).solve(near)
        aspect = self.shape[axis] * self.spacing[axis] / (self.shape[1 - axis] * self.spacing[1 - axis])
        return _SteadyFlow(float((far * field).sum()) * aspect, aspect, alone, field)

    def _course(
        self, bulk: float, permeability: ArrayLike, stages: Sequence[Stage2D], beyond: float | None
    ) -> list[tuple[Coefficients, _SteadyFlow | None]]:
        """Coefficients of each stage, and the steady flow that D beyond comes from where it is not given."""
        values = self._permeability(bulk, permeability)
        if beyond is not None and not 0 < beyond < np.inf:
            raise InputError(f"beyond_diffusion must be larger than zero, got {beyond}")
        course: list[tuple[Coefficients, _SteadyFlow | None]] = []
        flows: dict[tuple[float, float], _SteadyFlow] = {}
        for stage in stages:
            self._check(stage)
            at = Coefficients(bulk * stage.bulk_scale, bulk, values * stage.permeability_scale)
            flow = None
            if beyond is not None:
                at = replace(at, beyond=beyond * stage.permeability_scale)
            elif self.beyond:
                scales = (stage.bulk_scale, stage.permeability_scale)
                flow = flows.get(scales) or self._steady(at, EDGES[str(self.source_edge)][0])
                flows[scales] = flow
                at = replace(at, beyond=flow.value)
            course.append((at, flow))
        return course

    def _check(self, stage: Stage2D) -> None:
        if not 0 < stage.duration < np.inf:
            raise InputError(f"the duration of a stage must be larger than zero, got {stage.duration} s")
        if stage.source and self.source_edge is None:
            raise InputError("the source is on in a stage, but no edge of the map is the source edge")

    def _slopes(
        self,
        at: Coefficients,
        flow: _SteadyFlow | None,
        step: DiffusionStep,
        group: NDArray[np.intp],
        n_groups: int,
    ) -> list[tuple[FloatArray, FloatArray]]:
        """Derivatives of links and held conductances by ln D, ln D beyond, ln P of each group."""
        links = self._network.slopes(at, group, n_groups)
        if flow is not None:
            shares = flow.shares(at, group, n_groups)
            links = [s + shares[k] * links[1] for k, s in enumerate(links)]
        none = np.zeros_like(step.held)
        return [(s, step.held_slope if k == 0 else none) for k, s in enumerate(links)]

    def _permeability(self, bulk: float, permeability: ArrayLike) -> FloatArray:
        if not 0 < bulk < np.inf:
            raise InputError(f"the bulk diffusion coefficient must be larger than zero, got {bulk}")
        values = np.asarray(permeability, dtype=float)
        if values.ndim and values.shape != (self.n_boundaries,):
            raise InputError(
                f"the map has {self.n_boundaries} boundaries, not {values.size}: one permeability for each"
            )
        if not np.all(values > 0):
            raise InputError("every boundary permeability must be larger than zero")
        return np.broadcast_to(values, (self.n_boundaries,))

    def _start(self, initial: ArrayLike) -> FloatArray:
        values = np.asarray(initial, dtype=float)
        pixels = np.broadcast_to(values, self.shape).ravel()
        added = self._network.n_cells - pixels.size
        if not added:
            return pixels.copy()
        axis, place = EDGES[str(self.source_edge)]
        far = float(np.take(pixels.reshape(self.shape), -1 - place, axis=axis).mean())
        return np.concatenate([pixels, np.full(added, far)])

    def _image(self, field: FloatArray) -> FloatArray:
        return np.asarray(field[: self._network.n_pixels].reshape(self.shape))


@dataclass(frozen=True)
class _SteadyFlow:
    """Flow between two opposite edges: D_eff, length over width, network of the image, field from 1 to 0."""

    value: float
    aspect: float
    network: GrainNetwork
    field: FloatArray

    def shares(self, at: Coefficients, groups: NDArray[np.intp], n_groups: int) -> list[float]:
        """d ln D_eff by ln D, ln D beyond (0), ln P of each group.

        D_eff is the power of the steady field, so that its derivative needs no further solve; it is of degree
        one in D and P together.
        """
        drop = (self.field[self.network.one] - self.field[self.network.other]) ** 2
        slopes = self.network.slopes(at, groups, n_groups)[2:]
        by_group = [float((slope * drop).sum()) * self.aspect / self.value for slope in slopes]
        return [1 - sum(by_group), 0.0, *by_group]
