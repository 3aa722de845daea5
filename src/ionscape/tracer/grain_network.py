"""A grain map as cells and links: two cells exchange their difference times the conductance of their link.

Pixels come first, row by row. Where the sample goes on beyond the edge opposite to the source, cells of a
homogeneous medium follow, as wide as the pixels and growing away from the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ionscape.tracer.faces import GrainFaces

if TYPE_CHECKING:
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import SuperLU

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

EDGES: dict[str, tuple[int, int]] = {"top": (0, 0), "bottom": (0, -1), "left": (1, 0), "right": (1, -1)}
GROWTH = 1.15  # of the cells beyond the image
LEAST_WEIGHT = 1e-12  # keeps 1/(P w) finite for a face that its boundary crosses at a right angle


@dataclass(frozen=True)
class Links:
    """L links: grain, boundary and medium beyond in series, cross / (bulk/D + beyond/D_e + 1/(P w)).

    Attributes
    ----------
    one, other : (L,) int arrays
        Cells at both ends.
    cross, bulk, beyond : (L,) float arrays
        Length [m] of the face (per depth of the map), and way through grain and through the medium beyond.
    boundary : (L,) int array
        Boundary crossed, -1 for none.
    weight : (L,) float array
        |n·e| of the face.
    """

    one: IntArray
    other: IntArray
    cross: FloatArray
    bulk: FloatArray
    beyond: FloatArray
    boundary: IntArray
    weight: FloatArray


@dataclass(frozen=True)
class Corners:
    """C diagonal links that give back the flow along a boundary which its stairs cut off.

    At each step the rows of a grain that meet are half a pixel fewer than the straight boundary would leave,
    so the two pixels of one grain that touch in the step's corner are linked: conductance
    share D / (1 + reach P/D), which vanishes for a boundary that does not hold the flow back.

    Attributes
    ----------
    one, other, boundary : (C,) int arrays
    share : (C,) float array
        With the boundary's direction t: max(hy|t_x|, hx|t_y|) / 2(hx|t_x| + hy|t_y|).
    reach : float
        Mean pixel size [m].
    """

    one: IntArray
    other: IntArray
    boundary: IntArray
    share: FloatArray
    reach: float


@dataclass(frozen=True)
class Coefficients:
    """D in the grains, D beyond the image [m^2/s], and P of each boundary [m/s]."""

    bulk: float
    beyond: float
    permeability: FloatArray


class GrainNetwork:
    """Cells and links of a map whose edge ``source_edge`` may touch the tracer.

    Parameters
    ----------
    labels : (ny, nx) int array
    spacing : (hy, hx)
    faces : GrainFaces
    source_edge : str or None
    beyond : float
        How far [m] the sample goes on behind the opposite edge.
    """

    def __init__(
        self,
        labels: IntArray,
        spacing: tuple[float, float],
        faces: GrainFaces,
        source_edge: str | None,
        beyond: float,
    ) -> None:
        self.n_pixels = labels.size
        self.spacing = spacing
        self.cell = np.arange(self.n_pixels).reshape(labels.shape)
        parts, volumes = [self._image(faces)], [np.full(self.n_pixels, spacing[0] * spacing[1])]
        if source_edge is not None and beyond > 0:
            added, volume = self._extension(source_edge, beyond)
            parts.append(added)
            volumes.append(volume)
        self.links = _joined(parts)
        self.corners = _corners(labels, self.cell, faces, spacing)
        self.one = np.concatenate([self.links.one, self.corners.one])
        self.other = np.concatenate([self.links.other, self.corners.other])
        self.volume = np.concatenate(volumes)

    @property
    def n_cells(self) -> int:
        """Pixels and cells beyond."""
        return len(self.volume)

    def edge(self, name: str) -> IntArray:
        """Cells along an edge of the image."""
        axis, place = EDGES[name]
        return np.asarray(np.take(self.cell, place, axis=axis))

    def conductances(self, at: Coefficients) -> FloatArray:
        """[m^2/s per depth] of the links and then the corners."""
        corners = self.corners
        along = corners.share * at.bulk / (1 + corners.reach * at.permeability[corners.boundary] / at.bulk)
        return np.concatenate([self.links.cross / self._resistance(at), along])

    def slopes(self, at: Coefficients, groups: IntArray, n_groups: int) -> list[FloatArray]:
        """Derivatives of the conductances: by ln D, by ln D beyond, by ln P of each group."""
        links, corners = self.links, self.corners
        steep = links.cross / self._resistance(at) ** 2
        passed = corners.reach * at.permeability[corners.boundary] / at.bulk
        along = corners.share * at.bulk / (1 + passed)
        loss = along * passed / (1 + passed)
        crossing = np.flatnonzero(links.boundary >= 0)
        behind = links.boundary[crossing]
        through = steep[crossing] / (at.permeability[behind] * links.weight[crossing])
        by_bulk = np.concatenate([steep * links.bulk / at.bulk, along + loss])
        found = [by_bulk, np.concatenate([steep * links.beyond / at.beyond, np.zeros_like(loss)])]
        for group in range(n_groups):
            slope = np.zeros(len(self.one))
            slope[crossing] = np.where(groups[behind] == group, through, 0.0)
            slope[len(steep) :] = np.where(groups[corners.boundary] == group, -loss, 0.0)
            found.append(slope)
        return found

    def _resistance(self, at: Coefficients) -> FloatArray:
        """(L,) Of each link, per area [s/m]."""
        links = self.links
        resistance = links.bulk / at.bulk + links.beyond / at.beyond
        crossing = links.boundary >= 0
        resistance[crossing] += 1 / (at.permeability[links.boundary[crossing]] * links.weight[crossing])
        return np.asarray(resistance)

    def matrix(self, conductance: FloatArray, held: FloatArray | None = None) -> csc_array:
        """Net outflow of each cell for given fractions; ``held``: (N,) conductance to a fixed fraction 0."""
        from scipy.sparse import coo_array

        one, other, n = self.one, self.other, self.n_cells
        ends = np.concatenate([one, other])
        diagonal: FloatArray = np.bincount(ends, np.tile(conductance, 2), minlength=n).astype(np.float64)
        diagonal = diagonal if held is None else diagonal + held
        own = np.arange(n)
        rows, columns = np.concatenate([own, one, other]), np.concatenate([own, other, one])
        values = np.concatenate([diagonal, -conductance, -conductance])
        return coo_array((values, (rows, columns)), shape=(n, n)).tocsc()

    def held(self, edge: str, bulk: float, surface_exchange: float = np.inf) -> tuple[FloatArray, FloatArray]:
        """(N,) conductance of half a pixel (and the surface) to a fraction held at an edge; its d/d ln D."""
        axis, cells = EDGES[edge][0], self.edge(edge)
        half, cross = self.spacing[axis] / 2, self.spacing[1 - axis]
        conductance, slope = np.zeros(self.n_cells), np.zeros(self.n_cells)
        per_area = 1 / (half / bulk + 1 / surface_exchange)
        conductance[cells] = cross * per_area
        slope[cells] = cross * per_area**2 * half / bulk
        return conductance, slope

    def _image(self, faces: GrainFaces) -> Links:
        """Links between neighbouring pixels."""
        (hy, hx), cell = self.spacing, self.cell
        boundary_x, weight_x = np.full(cell[:, 1:].shape, -1), np.ones(cell[:, 1:].shape)
        boundary_y, weight_y = np.full(cell[1:].shape, -1), np.ones(cell[1:].shape)
        boundary_x[faces.x_rows, faces.x_columns] = faces.x_boundary
        boundary_y[faces.y_rows, faces.y_columns] = faces.y_boundary
        weight_x[faces.x_rows, faces.x_columns] = np.maximum(faces.x_weight, LEAST_WEIGHT)
        weight_y[faces.y_rows, faces.y_columns] = np.maximum(faces.y_weight, LEAST_WEIGHT)
        across = _plain(cell[:, :-1].ravel(), cell[:, 1:].ravel(), hy, hx, 0.0, boundary_x, weight_x)
        down = _plain(cell[:-1].ravel(), cell[1:].ravel(), hx, hy, 0.0, boundary_y, weight_y)
        return _joined([across, down])

    def _extension(self, source_edge: str, beyond: float) -> tuple[Links, FloatArray]:
        """Cells of the medium beyond the edge opposite to the source."""
        axis, place = EDGES[source_edge]
        along, across = self.spacing[axis], self.spacing[1 - axis]
        last = np.asarray(np.take(self.cell, -1 - place, axis=axis))
        heights = _growing(along, beyond)
        layers = self.n_pixels + np.arange(len(heights) * len(last)).reshape(len(heights), len(last))
        parts, before, way = [], last, along / 2
        for k, (layer, height) in enumerate(zip(layers, heights, strict=True)):
            bulk, medium = (way, height / 2) if k == 0 else (0.0, way + height / 2)
            parts.append(_plain(before, layer, across, bulk, medium))
            parts.append(_plain(layer[:-1], layer[1:], height, 0.0, across))
            before, way = layer, height / 2
        return _joined(parts), np.repeat(heights * across, len(last))


def _corners(labels: IntArray, cell: IntArray, faces: GrainFaces, spacing: tuple[float, float]) -> Corners:
    """Blocks of 2 x 2 pixels of which three are of one grain."""
    hy, hx = spacing
    n_x = len(faces.x_rows)
    across = np.full(cell[:, 1:].shape, -1)  # which face lies between two pixels of a row
    across[faces.x_rows, faces.x_columns] = np.arange(n_x)
    down = np.full(cell[1:].shape, -1)
    down[faces.y_rows, faces.y_columns] = n_x + np.arange(len(faces.y_rows))
    tangent = np.abs(faces.normals[:, ::-1])
    found: list[list[FloatArray | IntArray]] = []
    for falling in (True, False):  # diagonal from top left to bottom right, or the other
        first, second = (0, 1) if falling else (1, 0)
        start, end = _corner(labels, 0, first), _corner(labels, 1, second)
        for row, column in ((0, second), (1, first)):  # the pixel that is not of the grain
            odd = _corner(labels, row, column)
            same = _corner(labels, 1 - row, 1 - column)
            rows, columns = np.nonzero((start == end) & (start == same) & (start != odd))
            x, y = across[rows + row, columns], down[rows, columns + column]
            t = tangent[x] + tangent[y]
            share = np.maximum(hy * t[:, 0], hx * t[:, 1]) / (2 * (hx * t[:, 0] + hy * t[:, 1]))
            ends = _corner(cell, 0, first)[rows, columns], _corner(cell, 1, second)[rows, columns]
            found.append([*ends, faces.boundary[x], share])
    one, other, boundary, share = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Corners(one, other, boundary, share, (hx + hy) / 2)


def _corner(values: IntArray, row: int, column: int) -> IntArray:
    """One pixel of every block of 2 x 2."""
    ny, nx = values.shape
    return values[row : ny - 1 + row, column : nx - 1 + column]


def factor(matrix: csc_array) -> SuperLU:
    """Sparse LU without pivoting: the matrix is symmetric and diagonally dominant."""
    from scipy.sparse.linalg import splu

    return splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})


def _growing(first: float, total: float) -> FloatArray:
    """Heights that grow by about GROWTH from ``first`` on and add up to ``total``."""
    n = max(1, int(np.ceil(np.log1p(total / first * (GROWTH - 1)) / np.log(GROWTH))))
    heights = first * GROWTH ** np.arange(n)
    return np.asarray(heights * (total / heights.sum()))


def _plain(
    one: IntArray,
    other: IntArray,
    cross: float,
    bulk: float,
    beyond: float,
    boundary: IntArray | None = None,
    weight: FloatArray | None = None,
) -> Links:
    def full(value: float) -> FloatArray:
        return np.full(len(one), value)

    crossed = np.full(len(one), -1) if boundary is None else boundary.ravel()
    share = full(1.0) if weight is None else weight.ravel()
    return Links(one, other, full(cross), full(bulk), full(beyond), crossed, share)


def _joined(parts: Sequence[Links]) -> Links:
    names = ("one", "other", "cross", "bulk", "beyond", "boundary", "weight")
    return Links(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
