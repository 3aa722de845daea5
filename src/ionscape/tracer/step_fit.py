"""Gradient and step of the isotope fraction at every grain boundary, and the permeability D_gb/delta from
them.

On both sides of a boundary the fraction is a surface: level and slope along the boundary of each side's own,
and one slope across it, since the flux D_b dC/dn is continuous. Curvature enters as random coefficients whose
spread, relative to the local macroscopic gradient, is estimated from all boundaries of the image together
(restricted maximum likelihood): where the noise allows it the fit follows the curvature, where not its size
still counts in the error. So no width of a strip has to be tuned. Pixels that the instrument's resolution
blurs across a boundary are left out.

Sources: P = D_gb/delta = D_b (dC/dn)/dC, G. Hasegawa et al., J. Mater. Chem. A 12, 731 (2024), eq. (3);
restricted likelihood, D. A. Harville, J. Am. Stat. Assoc. 72, 320 (1977).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.serial import storable
from ionscape.tracer.boundary_strips import Strip, distance_to_boundaries, strip_around
from ionscape.tracer.boundary_tracing import BoundaryLine, boundary_lines
from ionscape.tracer.measured_image import IonImage
from ionscape.tracer.strip_surface import N_COLUMNS, N_FIXED, ORDERS, columns_of, functionals_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int_]

MODEL_ERROR = 0.15
"""Standard deviation of the gradient from structure that the surface does not follow (the fields around
triple junctions), over the image's typical gradient at boundaries; from images by finite elements, see
``verify/tracer_boundary_coverage.py``."""
CLEARANCE = 1.5  # resolutions (full width at half maximum) left out on both sides of a boundary


@storable
@dataclass(frozen=True)
class BoundarySteps:
    """Gradient and step at every boundary of an image; B boundaries, K of them measured.

    Attributes
    ----------
    lines : tuple of BoundaryLine, B
    reasons : tuple of str, B
        Why a boundary was not measured; empty where it was.
    measured : (K,) int array
        Indices of the measured boundaries; what follows has one entry for each.
    gradient : (K,) array
        dC/dn [1/m] at the boundary along the normal from grain a to grain b, mean along the boundary.
    step : (K,) array
        C_b - C_a at the boundary, mean along it.
    covariance : (K, 2, 2) array
        Of (gradient, step).
    level : (K,) array
        Fraction at the boundary, mean of both sides.
    gradients : (K, 2) array
        On the side of a and of b, fitted without asking them to be equal.
    mismatch : (K,) array
        Their difference over its standard deviation.
    amplitude, across : (K,) arrays
        Macroscopic change of the fraction over one grain there: its size, and its part along the normal.
    shared : (M, 2) int array
        Pairs of measured boundaries that share pixels, indices into ``measured``.
    shared_covariance : (M, 2, 2) array
        Of (gradient, step) of the first with those of the second.
    grain_size : float
        [m], the length scale of the fit.
    curvature : (float, float)
        Relative size of second and third order.
    noise_factor : float
        Variance of the residuals over the stated one; it is included in the covariances.
    clearance : float
        [m] left out on both sides of every boundary.
    """

    lines: tuple[BoundaryLine, ...]
    reasons: tuple[str, ...]
    measured: IntArray
    gradient: FloatArray
    step: FloatArray
    covariance: FloatArray
    level: FloatArray
    gradients: FloatArray
    mismatch: FloatArray
    amplitude: FloatArray
    across: FloatArray
    shared: IntArray
    shared_covariance: FloatArray
    grain_size: float
    curvature: tuple[float, float]
    noise_factor: float
    clearance: float


def boundary_steps(
    image: IonImage,
    labels: IntArray,
    *,
    resolution: float | None = None,
    strip_width: float | None = None,
    minimum_length: float | None = None,
) -> BoundarySteps:
    """Measure gradient and step at every boundary.

    Parameters
    ----------
    image : IonImage
    labels : (ny, nx) int array
        Grains, from 0; negative: none.
    resolution : float, optional
        Full width at half maximum of the instrument's blur [m]; one pixel if not given.
    strip_width : float, optional
        Furthest distance from a boundary that is used [m]; its length if not given.
    minimum_length : float, optional
        Shorter boundaries are not measured [m]; five pixels if not given.

    Raises
    ------
    InputError
        If image and labels differ in size.
    AnalysisError
        If no boundary can be measured.
    """
    if labels.shape != image.fraction.shape:
        raise InputError(
            f"the image has {_size(image.fraction.shape)} pixels but the map of grains "
            f"{_size(labels.shape)}: give both on the same pixels, or 'registration' so that the map is "
            "brought onto the image"
        )
    pixel = float(np.sqrt(image.spacing[0] * image.spacing[1]))
    clearance = CLEARANCE * max(resolution or 0.0, pixel)
    lines = tuple(boundary_lines(labels, image.spacing))
    scale = float(np.sqrt(labels.size * image.spacing[0] * image.spacing[1] / max(np.unique(labels).size, 1)))
    shortest = 5 * pixel if minimum_length is None else minimum_length
    distance = distance_to_boundaries(labels, image.spacing)
    strips, reasons = [], []
    for line in lines:
        strip = strip_around(image, labels, distance, line, scale, clearance, strip_width, shortest)
        reasons.append(strip if isinstance(strip, str) else "")
        strips += [] if isinstance(strip, str) else [strip]
    if not strips:
        first = next((reason for reason in reasons if reason), "the map has one grain only")
        raise AnalysisError(f"no grain boundary can be measured: {first}")
    measured = np.flatnonzero([not reason for reason in reasons])
    return _fitted(image, lines, tuple(reasons), measured, strips, scale, clearance)


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in reversed(shape))


# ---- the fit --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Normals:
    """Sums of all strips: normal matrices (K, 17, 17), right sides (K, 17), squares (K,), counts (K,)."""

    matrix: FloatArray
    right: FloatArray
    squares: FloatArray
    count: FloatArray
    amplitude: FloatArray

    def penalised(self, curvature: tuple[float, float], noise: float, *, separate: bool) -> FloatArray:
        """Normal matrices with the random coefficients' precision; the last column held at zero or free."""
        matrix = self.matrix / noise
        random = range(N_FIXED, N_COLUMNS - 1)
        matrix[:, random, random] += 1 / self._variance(curvature)
        if not separate:
            matrix = matrix.copy()
            matrix[:, -1, :] = matrix[:, :, -1] = 0.0
            matrix[:, -1, -1] = 1.0
        return matrix

    def _variance(self, curvature: tuple[float, float]) -> FloatArray:
        ratio = np.where(ORDERS == 2, curvature[0], curvature[1])
        return np.asarray((self.amplitude[:, None] * ratio) ** 2)

    def deviance(self, curvature: tuple[float, float], noise: float) -> float:
        """-2 ln of the restricted likelihood."""
        matrix = self.penalised(curvature, noise, separate=False)
        right = self.right / noise
        right[:, -1] = 0.0
        fitted = np.linalg.solve(matrix, right[..., None])[..., 0]
        squares = self.squares / noise - np.einsum("kp,kp->k", right, fitted)
        determinant = np.linalg.slogdet(matrix)[1] + np.log(self._variance(curvature)).sum(axis=1)
        return float(np.sum(squares + determinant + self.count * np.log(noise)))


def _normals(image: IonImage, strips: list[Strip], amplitude: FloatArray) -> _Normals:
    f, v = image.fraction.ravel(), image.variance.ravel()
    matrix, right, squares = [], [], []
    for strip in strips:
        design = columns_of(strip)
        values = f[strip.pixels]
        weighted = design / v[strip.pixels, None]
        matrix.append(weighted.T @ design)
        right.append(weighted.T @ values)
        squares.append(float(np.sum(values**2 / v[strip.pixels])))
    counts = np.array([strip.pixels.size for strip in strips], dtype=float)
    return _Normals(np.array(matrix), np.array(right), np.array(squares), counts, amplitude)


def _curvature(sums: _Normals) -> tuple[tuple[float, float], float]:
    """Relative sizes of second and third order, and the factor on the stated variance, most probable for
    all."""
    from scipy.optimize import minimize

    def deviance(log: FloatArray) -> float:
        second, third, noise = np.exp(np.clip(log, -9, 3))
        return sums.deviance((float(second), float(third)), float(noise))

    best = minimize(
        deviance,
        np.array([-1.5, -1.5, 0.0]),
        method="Nelder-Mead",
        options={
            "xatol": 0.02,
            "fatol": 0.05,
            "maxiter": 200,
            "initial_simplex": np.array(
                [[-1.5, -1.5, 0.0], [-0.5, -1.5, 0.0], [-1.5, -0.5, 0.0], [-1.5, -1.5, 0.2]]
            ),
        },
    )
    second, third, noise = np.exp(np.clip(best.x, -9, 3))
    return (float(second), float(third)), float(noise)


def _macroscopic(image: IonImage, lines: list[BoundaryLine], scale: float) -> tuple[FloatArray, FloatArray]:
    """(K,) change of the fraction over one grain in the image smoothed over several grains: its size, and its
    part along the normals."""
    from scipy.ndimage import gaussian_filter

    usable = np.isfinite(image.fraction)
    width = [1.5 * scale / h for h in image.spacing]
    filled = np.where(usable, image.fraction, 0.0)
    smooth = gaussian_filter(filled, width) / np.maximum(gaussian_filter(usable.astype(float), width), 1e-9)
    slopes = [d / h * scale for d, h in zip(np.gradient(smooth), image.spacing, strict=True)]
    at = np.rint(np.array([line.centre for line in lines]) / image.spacing).astype(int)
    place = tuple(np.clip(at, 0, np.array(smooth.shape) - 1).T)
    here = np.column_stack([slope[place] for slope in slopes])
    least = 0.05 * float(np.sqrt(np.mean(slopes[0] ** 2 + slopes[1] ** 2))) + 1e-12
    across = np.einsum("kd,kd->k", here, np.array([line.normal for line in lines]))
    return np.maximum(np.hypot(here[:, 0], here[:, 1]), least), across


def _fitted(
    image: IonImage,
    lines: tuple[BoundaryLine, ...],
    reasons: tuple[str, ...],
    measured: IntArray,
    strips: list[Strip],
    scale: float,
    clearance: float,
) -> BoundarySteps:
    amplitude, across = _macroscopic(image, [lines[k] for k in measured], scale)
    sums = _normals(image, strips, amplitude)
    curvature, noise = _curvature(sums)
    want = np.array([functionals_of(strip) for strip in strips]) / np.array([scale, 1.0, 1.0])[:, None]
    inverse = np.linalg.inv(sums.penalised(curvature, noise, separate=False))
    inverse[:, -1, :] = inverse[:, :, -1] = 0.0
    found = np.einsum("kfp,kpq,kq->kf", want, inverse, sums.right / noise)
    ratio = want[:, :2]
    covariance = ratio @ inverse @ ratio.swapaxes(1, 2)
    covariance[:, 0, 0] += (MODEL_ERROR * _typical_gradient(found[:, 0], covariance[:, 0, 0], amplitude)) ** 2
    gradients, mismatch = _either_side(sums, curvature, noise, want[:, 0], scale)
    shared, shared_covariance = _shared(image, strips, ratio @ inverse, noise)
    return BoundarySteps(
        lines=lines,
        reasons=reasons,
        measured=measured,
        gradient=found[:, 0],
        step=found[:, 1],
        covariance=covariance,
        level=found[:, 2],
        gradients=gradients,
        mismatch=mismatch,
        amplitude=amplitude,
        across=across,
        shared=shared,
        shared_covariance=shared_covariance,
        grain_size=scale,
        curvature=curvature,
        noise_factor=noise,
        clearance=clearance,
    )


def _either_side(
    sums: _Normals, curvature: tuple[float, float], noise: float, want: FloatArray, scale: float
) -> tuple[FloatArray, FloatArray]:
    """(K, 2) gradients of both sides where they need not be equal, and (K,) their difference over its SD."""
    loose = np.linalg.inv(sums.penalised(curvature, noise, separate=True))
    apart = np.einsum("kpq,kq->kp", loose, sums.right / noise)
    difference, mean = apart[:, -1] / scale, np.einsum("kp,kp->k", want, apart)
    gradients = np.column_stack([mean - difference / 2, mean + difference / 2])
    return gradients, apart[:, -1] / np.sqrt(loose[:, -1, -1])


def _typical_gradient(gradient: FloatArray, variance: FloatArray, amplitude: FloatArray) -> FloatArray:
    """(K,) root mean square gradient at boundaries, without its noise, in proportion to the macroscopic
    one."""
    weight = (amplitude / variance) ** 2
    square = np.sum(weight * (gradient**2 - variance)) / np.sum(weight * amplitude**2)
    return np.asarray(amplitude * np.sqrt(max(float(square), 0.0)))


def _shared(
    image: IonImage, strips: list[Strip], gain: FloatArray, noise: float
) -> tuple[IntArray, FloatArray]:
    """Covariance between boundaries whose strips have pixels in common."""
    from scipy import sparse

    v = image.variance.ravel()
    rows, columns, weights = [], [], []
    for k, strip in enumerate(strips):
        pull = gain[k] @ columns_of(strip).T / (noise * v[strip.pixels])
        for part in range(2):
            rows.append(np.full(strip.pixels.size, 2 * k + part))
            columns.append(strip.pixels)
            weights.append(pull[part] * np.sqrt(noise * v[strip.pixels]))
    shape = (2 * len(strips), image.fraction.size)
    table = sparse.coo_array(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=shape
    ).tocsr()
    product: Any = (table @ table.T).tocoo()
    first, second = product.row // 2, product.col // 2
    upper = first < second
    keys = first[upper].astype(np.int64) * len(strips) + second[upper]
    found, which = np.unique(keys, return_inverse=True)
    blocks = np.zeros((found.size, 2, 2))
    blocks[which, product.row[upper] % 2, product.col[upper] % 2] = product.data[upper]
    return np.column_stack([found // len(strips), found % len(strips)]), blocks
