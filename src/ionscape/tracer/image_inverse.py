"""The whole isotope image as one inverse problem: D of the grains and P = D_gb/δ of the boundaries.

Every pixel away from the boundaries is compared with two-dimensional diffusion in the segmented map; all
unknowns are fitted together, so that they come with their joint covariance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate
from ionscape.fit.least_squares import minimise
from ionscape.tracer.diffusion_2d import Edge, Stage2D
from ionscape.tracer.image_intervals import (
    Priors,
    covariance_of,
    estimates_of,
    exceeds_noise,
    limits_of_wide,
    prior_rows,
)
from ionscape.tracer.image_problem import ImageProblem, Scene, steadied
from ionscape.tracer.image_start import starting_values
from ionscape.tracer.map_elasticity import elasticity

if TYPE_CHECKING:
    from ionscape.tracer.boundary_population import Population

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Permeability = Literal["one", "class", "each", "auto"]

COARSE_CELLS = 12000  # a larger map is fitted in blocks of 2 x 2 pixels first
NEGLIGIBLE = 0.1  # of the cost: a twentieth of what one standard deviation costs
DECADES = 6.0  # either side of the start: what the fit may try


class _Image(Protocol):
    @property
    def fraction(self) -> FloatArray: ...

    @property
    def variance(self) -> FloatArray: ...


@dataclass(frozen=True)
class ImageFit:
    """What the images say.

    Attributes
    ----------
    bulk : Estimate
        D of the grains [m^2/s].
    permeability : tuple of Estimate
        P = D_gb/δ [m/s] of each group of boundaries; for ``each``, the median of the population.
    effective : Estimate
        D of the map along the diffusion [m^2/s], joint with the others.
    source_fraction, initial_fraction : Estimate
    groups : (n_boundaries,) int array
        Group of each boundary of ``problem.faces``.
    population : Population or None
        For ``each``: P of every boundary and their spread.
    models : tuple of (ny, nx) arrays
        Modelled fractions.
    standardised : tuple of (ny, nx) arrays
        (data - model) / standard deviation, nan where not compared.
    chi_square : float
        Mean square of the residuals per degree of freedom.
    degrees_of_freedom : int
    robust : bool
        Whether the residuals exceed the counting noise and the errors were widened for it.
    converged : bool
    theta : (p,) array
        ln D, ln P..., Cs, C0.
    problem : ImageProblem
    """

    bulk: Estimate
    permeability: tuple[Estimate, ...]
    effective: Estimate
    source_fraction: Estimate
    initial_fraction: Estimate
    groups: IntArray
    population: Population | None
    models: tuple[FloatArray, ...]
    standardised: tuple[FloatArray, ...]
    chi_square: float
    degrees_of_freedom: int
    robust: bool
    converged: bool
    theta: FloatArray = field(repr=False)
    problem: ImageProblem = field(repr=False)


def fit_image(
    images: Sequence[Any], labels: ArrayLike, spacing: tuple[float, float],
    stages: Sequence[Sequence[Stage2D]], *, source_edge: Edge,
    bulk: Estimate | Literal["free"] = "free", permeability: Permeability = "one",
    classes: ArrayLike | None = None, source_fraction: Estimate | float | None = None,
    initial_fraction: Estimate | float | None = None, resolution: float = 0.0, beyond: float = 0.0,
    excluded: int = 1, source: str = "image fit",
) -> ImageFit:  # fmt: skip
    """Fit diffusion with resistive grain boundaries to one or several images of the same area.

    Parameters
    ----------
    images : sequence of IonImage, or of (fraction, variance) pairs of (ny, nx) arrays
        nan where there is no data. Variances are averaged over 5 x 5 pixels, so that a pixel's own noise does
        not set its weight.
    labels : (ny, nx) int array
        Grain of each pixel.
    spacing : (float, float)
        [m] of rows and columns.
    stages : sequence of sequences of Stage2D, one per image
        What happened from the beginning of the exchange to that image. A later image's history begins with
        that of an earlier one; its storage starts from the model's state.
    source_edge : {"bottom", "top", "left", "right"}
        Edge of the image that touches the tracer: the liquid's line. The two sides are taken as closed
        (as much flows in as out on average); beyond the far edge the sample goes on for ``beyond``.
    bulk : Estimate or "free"
        D of the grains from elsewhere (NMR): a prior whose causes the results keep. One without an error
        fixes D.
    permeability : "one", "class", "each" or "auto"
        One P for all boundaries, one for each class, or one for each boundary with a log-normal population
        whose mean and spread are estimated too. ``auto``: one, and each where one leaves residuals beyond the
        counting noise; boundaries that differ make one P a wrong model, which shifts D too.
    classes : (n_boundaries,) int array, for "class"
        Class of each boundary, 0 ..., in the order of `grain_faces`.
    source_fraction, initial_fraction : Estimate, float or None
        Free where None; a float is taken as exact.
    resolution : float
        [m] 1 standard deviation of the instrument's blur.
    beyond : float
        [m] Of sample behind the edge opposite to the source: a homogeneous medium with the map's own D_eff.
    excluded : int
        Pixels within this distance of another grain are left out: they hold a mixture, and labels may be
        wrong by a pixel.
    source : str
        Unique name of the fit, for its latents.

    Returns
    -------
    ImageFit

    Raises
    ------
    InputError
        If shapes do not agree, a number is not usable, or the map has no boundary.

    Notes
    -----
    Errors: inverse of the Fisher information where the residuals are as large as the counting noise says.
    Where they are larger, from the scatter of the grains' scores (cluster-robust sandwich; Liang and Zeger
    1986), because model errors are alike all over a grain: a million pixels of one wrong grain are one
    observation. To both comes what boundaries drawn in pixels cost (`ionscape.tracer.pixel_error`). What
    exceeds 40 % is taken from the profile likelihood: an interval, a bound, or undetermined.
    """
    scene = _scene(images, labels, spacing, stages, source_edge, resolution, beyond, excluded)
    problem = ImageProblem(scene)
    if problem.n_groups == 0:
        raise InputError(
            "the map has one grain only: there is no boundary to fit (is the segmentation right?)"
        )
    groups = _groups(permeability, classes, problem.grid.n_boundaries)
    priors = Priors.of(bulk, source_fraction, initial_fraction, int(groups.max()) + 1)
    theta = _first_fit(problem, priors)
    theta = np.concatenate([theta[:1], np.full(int(groups.max()) + 1, theta[1]), theta[2:]])
    problem = ImageProblem(scene, groups, problem.faces)
    theta, converged = _minimum(problem, priors, theta, drop=0.02)
    if permeability == "each" or (permeability == "auto" and _misfit(problem, theta)):
        from ionscape.tracer.boundary_population import fit_population

        return fit_population(problem, priors, theta, source)
    return _result(problem, priors, theta, converged, source)


def _misfit(problem: ImageProblem, theta: FloatArray) -> bool:
    """Whether one P for all leaves more than the noise."""
    model = np.concatenate([f[m] for f, m in zip(problem.images(theta), problem.masks, strict=True)])
    chi_square = float(np.sum(((model - problem.data) * problem.root) ** 2)) / problem.data.size
    return exceeds_noise(chi_square, problem.data.size)


def _scene(
    images: Sequence[Any], labels: ArrayLike, spacing: tuple[float, float],
    stages: Sequence[Sequence[Stage2D]], source_edge: Edge, resolution: float, beyond: float, excluded: int,
) -> Scene:  # fmt: skip
    grid = np.asarray(labels)
    if len(images) == 0 or len(images) != len(stages):
        raise InputError(f"{len(images)} images but {len(stages)} histories: give one for each")
    fractions, variances = [], []
    for image in images:
        f, v = image if isinstance(image, tuple) else (image.fraction, image.variance)
        f, v = np.asarray(f, dtype=float), np.asarray(v, dtype=float)
        if f.shape != grid.shape or v.shape != grid.shape:
            raise InputError(
                f"image and grain map must have one size: image {_size(f)}, its variance {_size(v)}, map "
                f"{_size(grid)}"
            )
        fractions.append(f)
        variances.append(steadied(v))
    if not resolution >= 0 or not beyond >= 0:
        raise InputError("resolution and the length beyond the image cannot be negative")
    steps = (float(spacing[0]), float(spacing[1]))
    return Scene(tuple(fractions), tuple(variances), grid.astype(np.int64), steps,
                 tuple(tuple(own) for own in stages), source_edge, beyond, resolution, excluded)  # fmt: skip


def _size(array: NDArray[Any]) -> str:
    return " × ".join(str(n) for n in array.shape)


def _groups(permeability: Permeability, classes: ArrayLike | None, n_boundaries: int) -> IntArray:
    if permeability != "class":
        return np.zeros(n_boundaries, dtype=np.intp)
    if classes is None:
        raise InputError("permeability 'class' needs the class of each boundary")
    found = np.asarray(classes, dtype=np.intp)
    if found.shape != (n_boundaries,):
        raise InputError(f"the map has {n_boundaries} boundaries, but {found.size} classes are given")
    if not np.array_equal(np.unique(found), np.arange(found.max() + 1)):
        raise InputError("classes must be numbered 0, 1, 2 ... without gaps")
    return found


def _first_fit(problem: ImageProblem, priors: Priors) -> FloatArray:
    """One P for all, from the best of several starts; on a coarser map first where the map is large."""
    one = priors.with_groups(1)
    coarse = problem
    if problem.scene.labels.size > COARSE_CELLS:
        small = ImageProblem(problem.scene.binned(2))
        if small.n_groups == 1 and small.data.size > 20 * small.n_parameters:
            coarse = small
    starts = starting_values(coarse, one)
    costs = [_cost(coarse, one, start) for start in starts]
    return _minimum(coarse, one, starts[int(np.argmin(costs))], drop=0.5)[0]


def _cost(problem: ImageProblem, priors: Priors, theta: FloatArray) -> float:
    model = np.concatenate([f[m] for f, m in zip(problem.images(theta), problem.masks, strict=True)])
    rows, _ = prior_rows(priors, theta)
    return float(np.sum(((model - problem.data) * problem.root) ** 2) + rows @ rows)


def _minimum(
    problem: ImageProblem, priors: Priors, theta: FloatArray, *, drop: float
) -> tuple[FloatArray, bool]:
    """Levenberg-Marquardt over what is not fixed, until a step would lower the cost by less than ``drop``."""
    free = priors.free

    def model(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        residuals, jacobians = [], []
        for row in rows:
            full = theta.copy()
            full[free] = row
            r, j = problem.residuals(full)
            pr, pj = prior_rows(priors, full)
            residuals.append(np.concatenate([r, pr]))
            jacobians.append(np.vstack([j, pj])[:, free])
        return np.stack(residuals), np.stack(jacobians)

    lower, upper = bounds(theta, priors)
    share = drop / problem.data.size  # of a cost that is about the number of pixels
    found = minimise(model, theta[None, free], lower[free], upper[free], iterations=25, tolerance=share)
    best = theta.copy()
    best[free] = found.theta[0]
    # The time integration leaves a little noise in the cost: what counts is what a step would still gain.
    gradient, jacobian = found.residuals[0] @ found.jacobian[0], found.jacobian[0]
    step = np.linalg.lstsq(jacobian.T @ jacobian, gradient, rcond=1e-13)[0]
    at_bound = (best[free] <= lower[free]) | (best[free] >= upper[free])
    return best, bool(found.converged[0] or at_bound.any() or gradient @ step < NEGLIGIBLE)


def bounds(theta: FloatArray, priors: Priors) -> tuple[FloatArray, FloatArray]:
    """What the parameters may be: six decades about the start, fractions from 0 to 1."""
    reach = np.full(theta.size, DECADES * math.log(10))
    lower, upper = theta - reach, theta + reach
    lower[-2:], upper[-2:] = 0.0, 1.0
    if priors.centre[0] is not None and priors.free[0]:
        lower[0], upper[0] = (math.log(priors.centre[0].value) + sign * 10 * math.log(10) for sign in (-1, 1))
    return lower, upper


def _result(
    problem: ImageProblem, priors: Priors, theta: FloatArray, converged: bool, source: str
) -> ImageFit:
    residuals, jacobian = problem.residuals(theta)
    groups = problem.n_groups
    whole = elasticity(problem, math.exp(theta[0]), np.exp(theta[1 : 1 + groups])[problem.groups])
    spread = covariance_of(problem, priors, theta, residuals, jacobian, whole)
    found = estimates_of(theta, whole.value, spread, priors, source)
    found, effective = limits_of_wide(problem, priors, theta, found[:-1]), found[-1]
    models = problem.images(theta)
    return ImageFit(
        found[0], tuple(found[1 : 1 + groups]), effective, found[-2], found[-1], problem.groups, None,
        tuple(models), standardised(problem, models), spread.chi_square, spread.degrees_of_freedom,
        spread.robust, converged, theta, problem,
    )  # fmt: skip


def standardised(problem: ImageProblem, models: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
    """(data - model) / standard deviation of each image, nan where not compared."""
    scene = problem.scene
    with np.errstate(invalid="ignore", divide="ignore"):
        return tuple(
            np.where(mask, (f - m) / np.sqrt(v), np.nan)
            for f, v, m, mask in zip(scene.fractions, scene.variances, models, problem.masks, strict=True)
        )
