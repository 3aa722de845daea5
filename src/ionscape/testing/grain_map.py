"""Synthetic polycrystals and an independent reference for diffusion in them.

Voronoi grains as exact polygons; linear finite elements on a mesh that conforms to them, with every grain
meshed for itself and coupled to its neighbours by P∫[u][v] along their common edge. Nothing here is shared
with ``ionscape.tracer.diffusion_2d``, neither grid nor time integration.

Lengths in metres, x to the right and y downwards from the top left corner; the source edge is the bottom,
y = height.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from scipy.sparse import csc_array, csr_array

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class GrainMap:
    """Convex grains that fill a rectangle.

    Attributes
    ----------
    width, height : float
        [m]
    seeds : (G, 2) float array
        A point belongs to the grain of the nearest seed.
    edges : (E, 2) int array
        The grains on both sides of each boundary.
    ends : (E, 2, 2) float array
        Both ends (x, y) of each boundary.
    """

    width: float
    height: float
    seeds: FloatArray
    edges: IntArray
    ends: FloatArray

    @property
    def lengths(self) -> FloatArray:
        """(E,) Length [m] of each boundary."""
        return np.asarray(np.hypot(*(self.ends[:, 1] - self.ends[:, 0]).T))

    @cached_property
    def corners(self) -> list[FloatArray]:
        """Corners of each grain, in order around it."""
        found: list[list[FloatArray]] = [[] for _ in self.seeds]
        for (a, b), ends in zip(self.edges, self.ends, strict=True):
            found[a] += list(ends)
            found[b] += list(ends)
        box = np.array([[x, y] for x in (0.0, self.width) for y in (0.0, self.height)])
        for corner, grain in zip(box, self.grain_at(box), strict=True):
            found[grain].append(corner)
        return [_around(np.array(points), self.seeds[k]) for k, points in enumerate(found)]

    def grain_at(self, points: ArrayLike) -> IntArray:
        """Grain of each point (..., 2)."""
        from scipy.spatial import cKDTree

        return np.asarray(cKDTree(self.seeds).query(np.asarray(points))[1], dtype=np.intp)

    def labels(
        self, shape: tuple[int, int], pixel: float, origin: tuple[float, float] = (0.0, 0.0)
    ) -> IntArray:
        """Grain at each pixel's middle, of an image of ``shape`` (ny, nx) with its corner at ``origin``."""
        return self.grain_at(_pixel_middles(shape, pixel, origin))

    def boundary_of(self, pairs: ArrayLike) -> IntArray:
        """Index into ``edges`` of each pair of grains (K, 2), -1 for pairs that only touch in a point."""
        known = {tuple(sorted(edge)): k for k, edge in enumerate(self.edges.tolist())}
        return np.array(
            [known.get(tuple(sorted(pair)), -1) for pair in np.asarray(pairs).tolist()], dtype=np.intp
        )


def grains_from_seeds(seeds: ArrayLike, width: float, height: float) -> GrainMap:
    """Voronoi cells of ``seeds`` (G, 2) in the rectangle; a row of seeds gives parallel, tilted lamellae."""
    from scipy.spatial import Voronoi

    own = np.asarray(seeds, dtype=float)
    images = [own]
    for axis, size in ((0, width), (1, height)):  # reflected seeds make the edges of the rectangle cell walls
        for wall in (0.0, size):
            image = own.copy()
            image[:, axis] = 2 * wall - image[:, axis]
            images.append(image)
    cells = Voronoi(np.concatenate(images))
    ridge = np.asarray(cells.ridge_points)
    inside = (ridge < len(own)).all(axis=1)
    ends = np.array([cells.vertices[cells.ridge_vertices[k]] for k in np.flatnonzero(inside)])
    ends = np.clip(ends.reshape(-1, 2, 2), 0.0, (width, height))
    edges = ridge[inside].astype(np.intp)
    long = np.hypot(*(ends[:, 1] - ends[:, 0]).T) > 1e-9 * (width + height)
    return GrainMap(width, height, own, edges[long], ends[long])


def voronoi_grains(
    n: int, width: float, height: float, rng: np.random.Generator, *, relaxations: int = 0
) -> GrainMap:
    """``n`` grains around random seeds; each relaxation (Lloyd) makes their sizes more equal."""
    grains = grains_from_seeds(rng.random((n, 2)) * (width, height), width, height)
    for _ in range(relaxations):
        grains = grains_from_seeds([_centroid(corners) for corners in grains.corners], width, height)
    return grains


@dataclass(frozen=True)
class ReferenceStage:
    """``duration`` [s] with the bottom edge in contact with the source, or closed."""

    duration: float
    source: bool


class ReferenceDiffusion:
    """Linear finite elements, conforming to the grains.

    Parameters
    ----------
    grains : GrainMap
    bulk : float
        D in the grains [m^2/s].
    permeability : (E,) array or float
        P = D_gb/δ [m/s] of each boundary of ``grains.edges``.
    element : float or function of a point (2,)
        Length [m] of an element's side, about; it may differ from place to place.
    """

    def __init__(
        self,
        grains: GrainMap,
        bulk: float,
        permeability: ArrayLike,
        element: float | Callable[[FloatArray], float],
    ) -> None:
        self.grains = grains
        self.element = element if callable(element) else lambda _, size=element: size
        self._meshes, self.nodes, self.triangles = _mesh(grains, self.element)
        self.mass, stiffness = _assembled(self.nodes, self.triangles, bulk)
        each = np.broadcast_to(np.asarray(permeability, dtype=float), (len(grains.edges),))
        self.stiffness = (stiffness + self._coupling(each)).tocsc()

    def fields(
        self,
        stages: Sequence[ReferenceStage],
        *,
        initial: float = 0.0,
        source: float = 1.0,
        halvings: int = 9,
        steps: int = 10,
    ) -> list[FloatArray]:
        """Nodal fractions at each stage's end, by Alexander's two-stage SDIRK (L-stable, second order).

        A stage has ``steps`` steps of each size, and the size doubles ``halvings`` times: the small ones come
        first, when the source has just been switched on.
        """
        field, found = np.full(len(self.nodes), initial), []
        for stage in stages:
            held = self._on("bottom") if stage.source else np.zeros(len(self.nodes), dtype=bool)
            field = np.where(held, source, field)
            smallest = stage.duration / (steps * (2.0 ** (halvings + 1) - 1))
            for k in range(halvings + 1):
                field = self._advance(field, held, smallest * 2**k, steps)
            found.append(field)
        return found

    def effective_diffusion(self, axis: int) -> float:
        """Steady D_eff [m^2/s] from top to bottom (axis 0) or from left to right (axis 1)."""
        from scipy.sparse.linalg import spsolve

        low, high = (
            (self._on("top"), self._on("bottom")) if axis == 0 else (self._on("left"), self._on("right"))
        )
        field, free = high.astype(float), ~(low | high)
        field[free] = spsolve(self.stiffness[free][:, free], -(self.stiffness @ field)[free])
        across, along = self.grains.width, self.grains.height
        if axis == 1:
            across, along = along, across
        return float(field @ (self.stiffness @ field)) * along / across

    def pixels(
        self,
        field: FloatArray,
        shape: tuple[int, int],
        pixel: float,
        origin: tuple[float, float] = (0.0, 0.0),
        *,
        points: int = 3,
    ) -> FloatArray:
        """Mean of the field over each pixel, from ``points`` x ``points`` places in it."""
        fine = _pixel_middles((shape[0] * points, shape[1] * points), pixel / points, origin)
        values = self.at(field, fine.reshape(-1, 2)).reshape(shape[0], points, shape[1], points)
        return np.asarray(values.mean(axis=(1, 3)))

    def at(self, field: FloatArray, points: FloatArray) -> FloatArray:
        """The field at points (M, 2)."""
        grain, values = self.grains.grain_at(points), np.empty(len(points))
        order = np.argsort(grain, kind="stable")
        for chosen in np.split(order, np.flatnonzero(np.diff(grain[order])) + 1):
            first, mesh = self._meshes[int(grain[chosen[0]])]
            values[chosen] = _interpolated(mesh, field[first:], points[chosen])
        return values

    def total(self, field: FloatArray) -> float:
        """Integral of the field over the map [m^2]."""
        return float((self.mass @ field).sum())

    def _advance(self, field: FloatArray, held: NDArray[np.bool_], dt: float, steps: int) -> FloatArray:
        from scipy.sparse.linalg import splu

        gamma = 1 - np.sqrt(0.5)
        free = ~held
        mass, stiffness = self.mass[free][:, free], self.stiffness[free][:, free]
        push = -(self.stiffness[free][:, held] @ field[held])
        factors = splu(
            (mass + gamma * dt * stiffness).tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        u = field[free]
        for _ in range(steps):
            k_1 = factors.solve(push - stiffness @ u)
            k_2 = factors.solve(push - stiffness @ (u + (1 - gamma) * dt * k_1))
            u = u + dt * ((1 - gamma) * k_1 + gamma * k_2)
        new = field.copy()
        new[free] = u
        return new

    def _on(self, edge: str) -> NDArray[np.bool_]:
        axis, place = {
            "left": (0, 0.0),
            "right": (0, self.grains.width),
            "top": (1, 0.0),
            "bottom": (1, self.grains.height),
        }[edge]
        return np.asarray(
            np.abs(self.nodes[:, axis] - place) < 1e-9 * (self.grains.width + self.grains.height)
        )

    def _coupling(self, permeability: FloatArray) -> csr_array:
        """P∫[u][v] along each boundary, with the consistent matrix of linear elements."""
        from scipy.sparse import coo_array

        rows, columns, values = [], [], []
        for (a, b), ends, p in zip(self.grains.edges, self.grains.ends, permeability, strict=True):
            line = _divided(ends[0], ends[1], self.element(ends.mean(axis=0)))
            on_a, on_b = (_found(*self._meshes[int(grain)], line) for grain in (a, b))
            length = float(np.hypot(*(line[1] - line[0])))
            for i in range(len(line) - 1):
                for j, k, share in ((0, 0, 2), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
                    value = p * length * share / 6
                    rows += [on_a[i + j], on_b[i + j], on_a[i + j], on_b[i + j]]
                    columns += [on_a[i + k], on_b[i + k], on_b[i + k], on_a[i + k]]
                    values += [value, value, -value, -value]
        n = len(self.nodes)
        return coo_array((values, (rows, columns)), shape=(n, n)).tocsr()


def _pixel_middles(shape: tuple[int, int], pixel: float, origin: tuple[float, float]) -> FloatArray:
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    return np.stack([origin[0] + columns * pixel, origin[1] + rows * pixel], axis=-1)


def _around(points: FloatArray, centre: FloatArray) -> FloatArray:
    """Distinct points in order of their angle about an inner point."""
    size = float(np.abs(points - centre).max())
    order = np.argsort(np.arctan2(points[:, 1] - centre[1], points[:, 0] - centre[0]))
    points = points[order]
    return np.asarray(points[np.hypot(*(points - np.roll(points, 1, axis=0)).T) > 1e-9 * size])


def _centroid(corners: FloatArray) -> FloatArray:
    after = np.roll(corners, -1, axis=0)
    twice = corners[:, 0] * after[:, 1] - after[:, 0] * corners[:, 1]
    return np.asarray(((corners + after) * twice[:, None]).sum(axis=0) / (3 * twice.sum()))


def _divided(start: FloatArray, end: FloatArray, element: float) -> FloatArray:
    """Equally spaced points of a straight side, both ends included; the same from either grain."""
    n = max(1, int(np.ceil(float(np.hypot(*(end - start))) / element - 1e-9)))
    return np.asarray(start + np.linspace(0, 1, n + 1)[:, None] * (end - start))


def _mesh(
    grains: GrainMap, element: Callable[[FloatArray], float]
) -> tuple[list[tuple[int, Any]], FloatArray, IntArray]:
    """Per grain its first node and its triangulation; all nodes; all triangles."""
    from scipy.spatial import Delaunay

    meshes, nodes, triangles, first = [], [], [], 0
    for corners in grains.corners:
        sides = zip(corners, np.roll(corners, -1, axis=0), strict=True)
        around = [_divided(a, b, element((a + b) / 2))[:-1] for a, b in sides]
        points = np.concatenate([*around, _inner(corners, element(corners.mean(axis=0)))])
        centre, size = points.mean(axis=0), float(np.ptp(points, axis=0).max())
        mesh = Delaunay((points - centre) / size)
        t = mesh.simplices
        side = mesh.points[t[:, 1:]] - mesh.points[t[:, :1]]
        area = side[:, 0, 0] * side[:, 1, 1] - side[:, 0, 1] * side[:, 1, 0]
        triangles.append(t[np.abs(area) > 1e-10] + first)  # none flat between points of one side
        nodes.append(points)
        meshes.append((first, (mesh, centre, size)))
        first += len(points)
    return meshes, np.concatenate(nodes), np.concatenate(triangles).astype(np.intp)


def _inner(corners: FloatArray, element: float) -> FloatArray:
    """Points of a triangular lattice inside a convex grain, half an element off its sides."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    x, y = np.arange(low[0], high[0], element), np.arange(low[1], high[1], element * np.sqrt(0.75))
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    grid[1::2, :, 0] += element / 2
    points = grid.reshape(-1, 2)
    after = np.roll(corners, -1, axis=0)
    along = (after - corners) / np.hypot(*(after - corners).T)[:, None]
    offset = points[:, None, :] - corners[None]
    inward = along[None, :, 0] * offset[:, :, 1] - along[None, :, 1] * offset[:, :, 0]
    return np.asarray(points[(inward > 0.55 * element).all(axis=1)])


def _found(first: int, mesh: tuple[Any, FloatArray, float], points: FloatArray) -> IntArray:
    """Numbers of the nodes at given places."""
    delaunay, centre, size = mesh
    away = np.abs(delaunay.points[None] - ((points - centre) / size)[:, None]).sum(axis=2)
    return np.asarray(first + away.argmin(axis=1), dtype=np.intp)


def _interpolated(mesh: tuple[Any, FloatArray, float], field: FloatArray, points: FloatArray) -> FloatArray:
    delaunay, centre, size = mesh
    scaled = (points - centre) / size
    simplex = delaunay.find_simplex(scaled, tol=1e-6)
    transform = delaunay.transform[simplex]
    two = np.einsum("nij,nj->ni", transform[:, :2], scaled - transform[:, 2])
    weights = np.concatenate([two, 1 - two.sum(axis=1, keepdims=True)], axis=1)
    values = (field[delaunay.simplices[simplex]] * weights).sum(axis=1)
    lost = (simplex < 0) | ~np.isfinite(values)  # on a side, outside by rounding
    if lost.any():
        nearest = ((delaunay.points[None] - scaled[lost][:, None]) ** 2).sum(axis=2).argmin(axis=1)
        values[lost] = field[nearest]
    return np.asarray(values)


def _assembled(nodes: FloatArray, triangles: IntArray, bulk: float) -> tuple[csc_array, csr_array]:
    """Consistent mass matrix, and D∫∇u·∇v, of linear triangles."""
    from scipy.sparse import coo_array

    p = nodes[triangles]
    opposite = p[:, [2, 0, 1]] - p[:, [1, 2, 0]]  # side facing each corner
    area = 0.5 * np.abs(opposite[:, 0, 0] * opposite[:, 1, 1] - opposite[:, 0, 1] * opposite[:, 1, 0])
    local = bulk * np.einsum("nik,njk->nij", opposite, opposite) / (4 * area)[:, None, None]
    weight = area[:, None, None] / 12 * (np.ones((3, 3)) + np.eye(3))
    rows, columns = np.repeat(triangles, 3, axis=1).ravel(), np.tile(triangles, (1, 3)).ravel()
    n = len(nodes)
    mass = coo_array((weight.ravel(), (rows, columns)), shape=(n, n)).tocsc()
    return mass, coo_array((local.ravel(), (rows, columns)), shape=(n, n)).tocsr()
