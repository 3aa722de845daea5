"""Isotope images as a least-squares problem: what a grain map with given coefficients would show.

Fractions are C0 + (Cs - C0) u with the exchanged share u of `GrainDiffusion`; ln D, ln P of every group of
boundaries, Cs and C0 are the parameters, in this order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.tracer.diffusion_2d import Edge, GrainDiffusion, Stage2D
from ionscape.tracer.faces import GrainFaces, grain_faces

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
TOLERANCE = 1e-5  # of the time integration: far below the counting noise of any pixel


@dataclass(frozen=True)
class Scene:
    """Images of one area, and what happened to it.

    Attributes
    ----------
    fractions, variances : tuple of (ny, nx) arrays
        Of each image; a pixel without a finite fraction and positive, finite variance is left out.
    labels : (ny, nx) int array
    spacing : (float, float)
        [m]
    stages : tuple of tuples of Stage2D
        From the start of the exchange to each image.
    source_edge : "bottom", "top", "left" or "right"
    beyond : float
        [m] Of sample behind the opposite edge.
    resolution : float
        [m] 1 standard deviation of the instrument's blur.
    excluded : int
        Pixels nearer than this to another grain are not compared.
    """

    fractions: tuple[FloatArray, ...]
    variances: tuple[FloatArray, ...]
    labels: NDArray[np.int64]
    spacing: tuple[float, float]
    stages: tuple[tuple[Stage2D, ...], ...]
    source_edge: Edge
    beyond: float = 0.0
    resolution: float = 0.0
    excluded: int = 1

    def binned(self, factor: int) -> Scene:
        """The same with blocks of ``factor`` x ``factor`` pixels, a block as its middle pixel's grain."""
        ny, nx = (n // factor for n in self.labels.shape)
        rows, columns = slice(factor // 2, ny * factor, factor), slice(factor // 2, nx * factor, factor)
        labels = self.labels[rows, columns]
        fractions, variances = [], []
        same = np.kron(labels, np.ones((factor, factor), dtype=labels.dtype))
        own = same == self.labels[: ny * factor, : nx * factor]
        for fraction, variance in zip(self.fractions, self.variances, strict=True):
            f, v = fraction[: ny * factor, : nx * factor], variance[: ny * factor, : nx * factor]
            weight = np.where(own & usable(f, v), 1 / np.where(v > 0, v, 1.0), 0.0)
            total = _blocks(weight, factor)
            safe = np.where(total > 0, total, 1.0)
            fractions.append(
                np.where(total > 0, _blocks(weight * np.where(weight > 0, f, 0.0), factor) / safe, np.nan)
            )
            variances.append(np.where(total > 0, 1 / safe, np.nan))
        spacing = (self.spacing[0] * factor, self.spacing[1] * factor)
        return replace(
            self, fractions=tuple(fractions), variances=tuple(variances), labels=labels, spacing=spacing
        )


def usable(fraction: FloatArray, variance: FloatArray) -> NDArray[np.bool_]:
    """Pixels with a number and an error."""
    return np.isfinite(fraction) & np.isfinite(variance) & (variance > 0)


def steadied(variance: FloatArray) -> FloatArray:
    """Mean variance of the 5 x 5 pixels around: a pixel whose own noise set its weight would pull the fit."""
    from scipy.ndimage import uniform_filter

    known = np.isfinite(variance) & (variance > 0)
    total = uniform_filter(np.where(known, variance, 0.0), 5, mode="nearest")
    share = uniform_filter(known.astype(float), 5, mode="nearest")
    return np.where(known, total / np.maximum(share, 1 / 25), np.nan)


def _blocks(values: FloatArray, factor: int) -> FloatArray:
    ny, nx = values.shape
    return np.asarray(values.reshape(ny // factor, factor, nx // factor, factor).sum(axis=(1, 3)))


class ImageProblem:
    """Weighted residuals of all images and their derivatives.

    Parameters
    ----------
    scene : Scene
    groups : (n_boundaries,) int array or None
        Group of each boundary; None for one group.
    faces : GrainFaces, optional
        Of the scene's labels.
    """

    def __init__(self, scene: Scene, groups: IntArray | None = None, faces: GrainFaces | None = None) -> None:
        self.scene = scene
        self.faces = grain_faces(scene.labels, scene.spacing) if faces is None else faces
        self.grid = GrainDiffusion(scene.labels, scene.spacing, source_edge=scene.source_edge,
                                   faces=self.faces, beyond=scene.beyond)  # fmt: skip
        n = self.grid.n_boundaries
        self.groups = np.zeros(n, dtype=np.intp) if groups is None else np.asarray(groups, dtype=np.intp)
        self.n_groups = int(self.groups.max()) + 1 if n else 0
        inner = away_from_boundaries(scene.labels, scene.excluded)
        pairs = list(zip(scene.fractions, scene.variances, strict=True))
        self.masks = tuple(usable(f, v) & inner for f, v in pairs)
        if not any(mask.any() for mask in self.masks):
            raise InputError("no pixel is left to compare: the grains are too small for the excluded "
                             "margin, or the "
                             "image has no usable pixel")  # fmt: skip
        self.data = np.concatenate([f[m] for (f, _), m in zip(pairs, self.masks, strict=True)])
        self.root = np.concatenate([1 / np.sqrt(v[m]) for (_, v), m in zip(pairs, self.masks, strict=True)])
        self.history, self.places = _history(scene.stages)

    @property
    def n_parameters(self) -> int:
        """ln D, the groups' ln P, Cs and C0."""
        return self.n_groups + 3

    def shares(self, theta: FloatArray) -> list[FloatArray]:
        """Exchanged share, blurred, of each image; one permeability for each group."""
        permeability = np.exp(theta[1 : 1 + self.n_groups])[self.groups]
        found = self.grid.solve(
            float(np.exp(theta[0])), permeability, self.history, tolerance=TOLERANCE
        ).fields
        return [self.blurred(found[place]) for place in self.places]

    def shares_and_slopes(self, theta: FloatArray) -> tuple[list[FloatArray], list[FloatArray]]:
        """The same with d/d ln D, d/d ln P (1 + groups, ny, nx) of each image."""
        found = self.grid.sensitivities(
            float(np.exp(theta[0])), self.groups, np.exp(theta[1 : 1 + self.n_groups]), self.history,
            tolerance=TOLERANCE,
        )  # fmt: skip
        fields = [self.blurred(found.fields[place]) for place in self.places]
        slopes = [
            np.stack([self.blurred(s) for s in (found.by_bulk[place], *found.by_group[place])])
            for place in self.places
        ]
        return fields, slopes

    def images(self, theta: FloatArray) -> list[FloatArray]:
        """Modelled fraction of each image."""
        source, initial = theta[-2:]
        return [initial + (source - initial) * share for share in self.shares(theta)]

    def residuals(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weighted residuals (m,), model minus data, and their derivatives (m, p)."""
        fields, slopes = self.shares_and_slopes(theta)
        rise = theta[-2] - theta[-1]
        share = np.concatenate([f[m] for f, m in zip(fields, self.masks, strict=True)])
        by_theta = np.concatenate([s[:, m] for s, m in zip(slopes, self.masks, strict=True)], axis=1)
        jacobian = np.vstack([rise * by_theta, share, 1 - share]).T * self.root[:, None]
        return (theta[-1] + rise * share - self.data) * self.root, jacobian

    def blurred(self, field: FloatArray) -> FloatArray:
        """As the instrument sees it."""
        if self.scene.resolution <= 0:
            return field
        from scipy.ndimage import gaussian_filter

        sigma = [self.scene.resolution / step for step in self.scene.spacing]
        return np.asarray(gaussian_filter(field, sigma, mode="reflect"))  # its own adjoint

    def grains_of_residuals(self) -> IntArray:
        """Grain (m,) that each residual lies in, images counted together."""
        return np.concatenate([self.scene.labels[mask] for mask in self.masks]).astype(np.intp)


def away_from_boundaries(labels: NDArray[np.int64], excluded: int) -> NDArray[np.bool_]:
    """Pixels with no other grain within ``excluded`` pixels along rows and columns."""
    if excluded <= 0:
        return np.ones(labels.shape, dtype=bool)
    from scipy.ndimage import maximum_filter, minimum_filter

    size = 2 * excluded + 1
    return np.asarray(
        maximum_filter(labels, size, mode="nearest") == minimum_filter(labels, size, mode="nearest")
    )


def _history(stages: Sequence[tuple[Stage2D, ...]]) -> tuple[tuple[Stage2D, ...], tuple[int, ...]]:
    """The longest history and where in it each image was taken.

    Raises
    ------
    InputError
        If the images do not belong to one history.
    """
    longest = max(stages, key=len)
    for own in stages:
        if not own:
            raise InputError("an image needs at least one stage: the exchange")
        if longest[: len(own)] != own:
            raise InputError(
                "the images do not belong to one history: every image's stages must be the beginning of the "
                "last one's"
            )
    return longest, tuple(len(own) - 1 for own in stages)
