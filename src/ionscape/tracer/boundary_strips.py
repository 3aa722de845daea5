"""The pixels around a grain boundary that tell its gradient and step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.tracer.boundary_tracing import BoundaryLine
from ionscape.tracer.measured_image import IonImage

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int_]

STRAIGHTEST_BEND = 0.8  # chord over length below which one normal does not describe a line
FEWEST_PIXELS = 12  # on each side


@dataclass(frozen=True)
class Strip:
    """Pixels around one boundary in its own frame, lengths in grain sizes.

    Attributes
    ----------
    pixels : (N,) int array
        Flat indices into the image.
    across, along : (N,) arrays
    far : (N,) bool array
        On the side of grain b.
    line_across, line_along, normal_across, normal_along, share : (K,) arrays
        Points of the boundary, its unit normals and their share of the length.
    """

    pixels: IntArray
    across: FloatArray
    along: FloatArray
    far: NDArray[np.bool_]
    line_across: FloatArray
    line_along: FloatArray
    normal_across: FloatArray
    normal_along: FloatArray
    share: FloatArray


def distance_to_boundaries(labels: IntArray, spacing: tuple[float, float]) -> FloatArray:
    """(ny, nx) distance [m] of every pixel's centre to the nearest edge between two grains."""
    from scipy.ndimage import distance_transform_edt

    ny, nx = labels.shape
    lattice = np.ones((2 * ny - 1, 2 * nx - 1), dtype=bool)  # centres at even, edges at odd places
    lattice[::2, 1::2] = labels[:, 1:] == labels[:, :-1]
    lattice[1::2, ::2] = labels[1:] == labels[:-1]
    far = distance_transform_edt(lattice, sampling=(spacing[0] / 2, spacing[1] / 2))
    return np.asarray(far[::2, ::2])


def strip_around(
    image: IonImage,
    labels: IntArray,
    distance: FloatArray,
    line: BoundaryLine,
    scale: float,
    clearance: float,
    width: float | None,
    shortest: float,
) -> Strip | str:
    """The usable pixels around one boundary, or why it cannot be measured.

    Parameters
    ----------
    distance : (ny, nx) array
        [m] From `distance_to_boundaries`.
    scale : float
        [m] Grain size: the unit of the strip's own lengths.
    clearance : float
        [m] Left out on both sides of every boundary.
    width : float or None
        [m] Furthest distance that is used; the line's length if None.
    shortest : float
        [m] Shorter lines are not measured.
    """
    if unfit := _unfit(line, shortest):
        return unfit
    centre, normal = line.centre, line.normal
    tangent = np.array([-normal[1], normal[0]])
    low, high = np.sort((line.path - centre) @ tangent)[[0, -1]]
    reach = max(high - low, 8 * max(image.spacing)) if width is None else width
    half = np.abs(tangent) * max(-low, high) + np.abs(normal) * reach + clearance
    part = _window(centre - half, centre + half, image.spacing, labels.shape)
    i, j = np.mgrid[part]
    offset = np.stack([i * image.spacing[0], j * image.spacing[1]], axis=-1) - centre
    across, along = offset @ normal, offset @ tangent
    grain = labels[part]
    inside = np.isin(grain, line.grains) & (distance[part] > clearance)
    inside &= (np.abs(across) <= reach) & (along >= low) & (along <= high)
    inside &= np.isfinite(image.fraction[part] + image.variance[part]) & (image.variance[part] > 0)
    far = grain[inside] == line.grains[1]
    if min(np.count_nonzero(far), np.count_nonzero(~far)) < FEWEST_PIXELS:
        return "too few pixels on one side that no boundary blurs"
    middles = line.middles - centre
    return Strip(
        pixels=i[inside] * labels.shape[1] + j[inside],
        across=across[inside] / scale,
        along=along[inside] / scale,
        far=far,
        line_across=middles @ normal / scale,
        line_along=middles @ tangent / scale,
        normal_across=line.normals @ normal,
        normal_along=line.normals @ tangent,
        share=line.pieces / line.length,
    )


def _unfit(line: BoundaryLine, shortest: float) -> str:
    if line.length < shortest:
        return f"shorter than {shortest * 1e6:.2g} µm"
    return "bent too much for one normal" if line.straightness < STRAIGHTEST_BEND else ""


def _window(
    low: FloatArray, high: FloatArray, spacing: tuple[float, float], shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """Rows and columns between two corners (y, x) [m], as far as the image goes."""
    (i0, j0), (i1, j1) = (
        np.rint(np.clip(corner / spacing, 0, np.array(shape) - 1)).astype(int) for corner in (low, high)
    )
    return slice(i0, i1 + 1), slice(j0, j1 + 1)
