"""Images onto one another: drift between scans, and an optical or EBSD image onto the fraction map.

Sources: M. Guizar-Sicairos, S. T. Thurman and J. R. Fienup, Opt. Lett. 33, 156 (2008), for the drift;
mutual information, P. Viola and W. M. Wells, Int. J. Comput. Vis. 24, 137 (1997).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.tracer.measured_image import images_extra

FloatArray = NDArray[np.float64]
Metric = Literal["correlation", "mutual information"]

FURTHEST = 0.2  # of the image's smaller side: a larger drift is no drift
_TILES = 3  # along either side, each registered for itself


@dataclass(frozen=True)
class Registration:
    """How pixels of the reference map to those of the moving image.

    Attributes
    ----------
    matrix : (2, 3) array
        (y, x) of the moving image = matrix @ (y, x, 1) of the reference, in pixels.
    residual : float
        Root mean square misfit that remains [pixels of the reference]: of the control points (nan where they
        fix the map exactly), or of parts of the image registered for themselves.
    similarity : float
        Correlation or mutual information [nats] reached; nan for control points.
    """

    matrix: FloatArray
    residual: float
    similarity: float

    def apply(self, moving: NDArray[Any], shape: tuple[int, int], *, labels: bool = False) -> NDArray[Any]:
        """``moving`` on the pixels of the reference, (ny, nx); -1 (labels) or nan outside of it."""
        from scipy.ndimage import affine_transform

        kind = np.asarray(moving, dtype=float)
        return np.asarray(
            affine_transform(
                kind,
                self.matrix[:, :2],
                self.matrix[:, 2],
                shape,
                order=0 if labels else 1,
                mode="constant",
                cval=-1.0 if labels else np.nan,
            )
        )


def drift(frames: FloatArray, *, limit: float | None = None) -> FloatArray:
    """Shift of every scan against the first by phase correlation.

    Parameters
    ----------
    frames : (n, ny, nx) array
    limit : float, optional
        Largest shift that is believed [pixels]; a fifth of the smaller side if not given.

    Returns
    -------
    (n, 2) array
        (y, x) in pixels, to a twentieth: what scan k shows at p + shift k stands at p in the first.

    Raises
    ------
    AnalysisError
        If a shift exceeds the limit, or scikit-image is not installed.
    """
    images_extra("correcting the drift between scans")
    from skimage import registration

    most = FURTHEST * min(frames.shape[1:]) if limit is None else limit
    shifts = np.zeros((len(frames), 2))
    for k in range(1, len(frames)):
        back, *_ = cast("Any", registration).phase_cross_correlation(
            frames[0], frames[k], upsample_factor=20, normalization=None
        )
        shifts[k] = -np.asarray(back)
        if np.hypot(*shifts[k]) > most:
            raise AnalysisError(
                f"scan {k + 1} seems shifted by {np.hypot(*shifts[k]):.0f} pixels against the first, more "
                f"than the {most:.0f} that count as drift: do the scans show the same place?"
            )
    return shifts


def whole_pixel_overlap(frames: FloatArray, shifts: FloatArray) -> FloatArray:
    """(n, my, mx) scans moved back by whole pixels (counts stay counts) and cut to what all of them saw."""
    whole = np.rint(shifts).astype(int)
    low, high = whole.min(axis=0), whole.max(axis=0)
    (ny, nx) = frames.shape[1:]
    size = (ny - (high[0] - low[0]), nx - (high[1] - low[1]))
    if min(size) < 1:
        raise AnalysisError("the scans have no area in common")
    return np.stack(
        [
            frame[y - low[0] : y - low[0] + size[0], x - low[1] : x - low[1] + size[1]]
            for frame, (y, x) in zip(frames, whole, strict=True)
        ]
    )


def registered(
    moving: FloatArray,
    reference: FloatArray,
    *,
    points: Sequence[Sequence[float]] | None = None,
    model: Literal["similarity", "affine"] = "similarity",
    metric: Metric = "correlation",
) -> Registration:
    """Bring one image onto another of the same place.

    Parameters
    ----------
    moving, reference : (my, mx), (ny, nx) arrays
        With bright features at the same places for "correlation"; any relation for "mutual information".
    points : sequence of (x, y, x moving, y moving), optional
        Control points in pixels from the top left corner, the reference first. Without them the similarity
        of both images is maximised.
    model : "similarity" or "affine"
        Scale, rotation and shift; or shear and two scales as well.
    metric : "correlation" or "mutual information"

    Raises
    ------
    InputError
        If there are too few points, or they lie on one line.
    AnalysisError
        If the images show no common feature.
    """
    if points is not None:
        return _by_points(np.asarray(points, dtype=float), model)
    return _by_similarity(moving, reference, model, metric)


def stretched(moving_shape: tuple[int, ...], shape: tuple[int, ...]) -> Registration:
    """Two images of the same area with different numbers of pixels: edges onto edges."""
    scale = np.array(moving_shape, dtype=float) / np.array(shape, dtype=float)
    matrix = np.column_stack([np.diag(scale), (scale - 1) / 2])
    return Registration(matrix, float("nan"), float("nan"))


def _by_points(points: FloatArray, model: str) -> Registration:
    fewest = 2 if model == "similarity" else 3
    if points.ndim != 2 or points.shape[1] != 4:
        raise InputError(
            "each control point is a list of four numbers: x, y in the image, x, y in the map of grains"
        )
    if len(points) < fewest:
        raise InputError(f"a {model} registration needs at least {fewest} control points, got {len(points)}")
    x, y, u, v = points.T
    if model == "similarity":  # u + iv = (a + ib)(x + iy) + c + id
        design = np.vstack(
            [
                np.column_stack([x, -y, np.ones_like(x), np.zeros_like(x)]),
                np.column_stack([y, x, np.zeros_like(x), np.ones_like(x)]),
            ]
        )
        found, _, rank, _ = np.linalg.lstsq(design, np.concatenate([u, v]), rcond=None)
        a, b, c, d = found
        matrix = np.array([[a, b, d], [-b, a, c]])
        if rank < 4:
            raise InputError("the control points coincide: choose points far apart")
    else:
        design = np.column_stack([y, x, np.ones_like(x)])
        found, _, rank, _ = np.linalg.lstsq(design, np.column_stack([v, u]), rcond=None)
        matrix = found.T
        if rank < 3:
            raise InputError("the control points lie on one line: choose points all over the image")
    misfit = matrix @ np.vstack([y, x, np.ones_like(x)]) - np.vstack([v, u])
    freedom = 2 * len(points) - 2 * fewest
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    residual = float(np.sqrt(2 * np.sum(misfit**2) / freedom)) / scale if freedom else float("nan")
    return Registration(matrix, residual, float("nan"))


def _by_similarity(moving: FloatArray, reference: FloatArray, model: str, metric: Metric) -> Registration:
    middle = (np.array(reference.shape) - 1) / 2
    best, score = _centred(stretched(moving.shape, reference.shape).matrix, middle), np.inf
    for width in (8.0, 4.0, 1.5):  # from coarse to fine: a wide basin first
        best, score = _refined(best, middle, moving, reference, width, model, metric)
    matrix = _placed(best, middle)
    if not -score > (0.1 if metric == "correlation" else 0.02):
        raise AnalysisError("the images show no common feature: give 'control_points'")
    placed = Registration(matrix, 0.0, 0.0).apply(moving, (reference.shape[0], reference.shape[1]))
    return Registration(matrix, _local_misfit(placed, reference), -score)


def _refined(
    base: FloatArray, middle: FloatArray, moving: FloatArray, reference: FloatArray, width: float,
    model: str, metric: Metric,
) -> tuple[FloatArray, float]:  # fmt: skip
    """The map, centred, that makes both images most alike, smoothed over ``width`` pixels; minus how much."""
    from scipy.ndimage import gaussian_filter
    from scipy.optimize import minimize

    fixed = gaussian_filter(reference, width)
    loose = gaussian_filter(moving, width * float(np.sqrt(abs(np.linalg.det(base[:, :2])))))
    shape = (reference.shape[0], reference.shape[1])
    step = np.array([0.05] * (2 if model == "similarity" else 4) + [2 * width] * 2)

    def cost(x: FloatArray) -> float:
        matrix = _placed(_changed(base, x * step), middle)
        return -_similarity(Registration(matrix, 0.0, 0.0).apply(loose, shape), fixed, metric)

    simplex = np.vstack([np.zeros(step.size), np.eye(step.size)])
    found = minimize(
        cost,
        np.zeros(step.size),
        method="Nelder-Mead",
        options={"initial_simplex": simplex, "xatol": 0.01, "fatol": 1e-5, "maxiter": 250},
    )
    return _changed(base, found.x * step), float(found.fun)


def _centred(matrix: FloatArray, middle: FloatArray) -> FloatArray:
    """Linear part, and where the middle of the reference goes."""
    return np.column_stack([matrix[:, :2], matrix[:, :2] @ middle + matrix[:, 2]])


def _placed(centred: FloatArray, middle: FloatArray) -> FloatArray:
    return np.column_stack([centred[:, :2], centred[:, 2] - centred[:, :2] @ middle])


def _changed(centred: FloatArray, x: FloatArray) -> FloatArray:
    """A small change before the linear part: scale and rotation (or four numbers), and a shift."""
    if x.size == 4:
        change = (1 + x[0]) * np.array([[np.cos(x[1]), np.sin(x[1])], [-np.sin(x[1]), np.cos(x[1])]])
    else:
        change = np.eye(2) + x[:4].reshape(2, 2)
    return np.column_stack([centred[:, :2] @ change, centred[:, 2] + centred[:, :2] @ x[-2:]])


def _similarity(a: FloatArray, b: FloatArray, metric: Metric) -> float:
    both = np.isfinite(a) & np.isfinite(b)
    if np.count_nonzero(both) < 0.25 * b.size:
        return 0.0
    u, v = a[both], b[both]
    if metric == "correlation":
        u, v = u - u.mean(), v - v.mean()
        return float(u @ v / max(np.sqrt((u @ u) * (v @ v)), 1e-300))
    table, _, _ = np.histogram2d(u, v, bins=24)
    p = table / table.sum()
    outer = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    filled = p > 0
    return float(np.sum(p[filled] * np.log(p[filled] / outer[filled])))


def _local_misfit(placed: FloatArray, reference: FloatArray) -> float:
    """Root mean square shift of parts of the image that are registered for themselves."""
    from scipy.ndimage import gaussian_filter
    from skimage import registration

    shifts = []
    a, b = (
        gaussian_filter(np.nan_to_num(placed, nan=float(np.nanmean(placed))), 1.5),
        gaussian_filter(reference, 1.5),
    )
    for rows in np.array_split(np.arange(b.shape[0]), _TILES):
        for columns in np.array_split(np.arange(b.shape[1]), _TILES):
            part = np.ix_(rows, columns)
            if min(rows.size, columns.size) < 16 or np.std(a[part]) == 0 or np.std(b[part]) == 0:
                continue
            shift, *_ = cast("Any", registration).phase_cross_correlation(
                b[part] - b[part].mean(), a[part] - a[part].mean(), upsample_factor=10, normalization=None
            )
            shifts.append(float(np.hypot(*shift)))
    return float(np.median(shifts)) if shifts else float("nan")
