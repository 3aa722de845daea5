"""Least squares with an arrow-shaped normal matrix: many local blocks that share a few border parameters.

Each block (one spectrum) has its own parameters and sees the border (activation energies, shared elements).
The normal equations are solved by the Schur complement of the blocks, so that the cost grows linearly with
their number. Source: B. Triggs et al., Lect. Notes Comput. Sci. 1883, 298 (2000), section 6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Linearised:
    """Sums over all residuals at one point.

    Attributes
    ----------
    cost : float
    local : (n, p, p) array
        J^T J of the local parameters of each block.
    cross : (n, p, g) array
    border : (g, g) array
    gradient_local : (n, p) array
        J^T r.
    gradient_border : (g,) array
    """

    cost: float
    local: FloatArray
    cross: FloatArray
    border: FloatArray
    gradient_local: FloatArray
    gradient_border: FloatArray


HOPELESS = 1e12  # damping at which no step is left
NEAR_ENOUGH = 0.05  # of the cost that one standard deviation makes, which is 1
VALLEY_DAMPING = 1e-3
MOST_HELD = 6  # rounds of taking parameters to their bounds within one step
ROUNDING = 1e-7  # of the cost: a hundredth of a standard deviation in any parameter

Model = Callable[[FloatArray, FloatArray], Linearised]


@dataclass(frozen=True)
class ArrowFit:
    """Where the fit ended.

    Attributes
    ----------
    local : (n, p) array
    border : (g,) array
    at : Linearised
    converged : bool
    n_evaluations : int
    free : (n, p) bool array
        False where a local parameter ended at a bound.
    """

    local: FloatArray
    border: FloatArray
    at: Linearised
    converged: bool
    n_evaluations: int
    free: BoolArray

    def factors(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Parts of the covariance for unit variance: S^-1 (g, g), A^-1 B (n, p, g), A^-1 (n, p, p).

        cov(border) = S^-1; local = -A^-1 B border + own part of covariance A^-1.
        """
        return _factors(self.at, self.free, 0.0)


def _factors(at: Linearised, free: BoolArray, damping: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Inverse Schur complement, A^-1 B and A^-1 of the damped normal matrix."""
    live = free & (np.einsum("npp->np", at.local) > 0)
    diagonal = np.where(live, np.einsum("npp->np", at.local), 1.0)
    scale = np.sqrt(diagonal)
    block = at.local / (scale[:, :, None] * scale[:, None, :])
    block = np.where(live[:, :, None] & live[:, None, :], block, 0.0)
    index = np.arange(block.shape[1])
    block[:, index, index] = 1.0 + damping
    inverse = np.linalg.inv(block) / (scale[:, :, None] * scale[:, None, :])
    inverse = np.where(live[:, :, None] & live[:, None, :], inverse, 0.0)
    gain = inverse @ at.cross
    schur = at.border - np.einsum("npg,nph->gh", at.cross, gain)
    size = np.sqrt(np.maximum(np.diag(at.border), 1e-300))
    scaled = schur / np.outer(size, size)
    scaled[np.diag_indices_from(scaled)] += damping
    return np.linalg.pinv(scaled, rcond=1e-13, hermitian=True) / np.outer(size, size), gain, inverse


def fit_arrow(
    model: Model, local: FloatArray, border: FloatArray, lower: FloatArray, upper: FloatArray, *,
    iterations: int = 100, tolerance: float = 1e-9,
) -> ArrowFit:  # fmt: skip
    """Levenberg-Marquardt with bounds on the local parameters.

    Parameters
    ----------
    model : callable
        ``model(local (n, p), border (g,)) -> Linearised``; residuals in units of their standard deviation.
    local, border : arrays
        Start.
    lower, upper : (n, p) arrays
        Bounds of the local parameters.
    iterations : int
    tolerance : float
        Done when a step promises to lower the cost by less than this share.
    """
    local = np.clip(local, lower, upper)
    at, damping, growth, converged, count = model(local, border), 1e-4, 2.0, False, 1
    while count <= iterations and not converged and damping < HOPELESS:
        step_local, step_border, promised = _step(at, local, lower, upper, damping)
        new = model(local + step_local, border + step_border)
        count += 1
        if new.cost <= at.cost:
            converged = max(promised, at.cost - new.cost) <= tolerance * at.cost
            local, border, at = np.clip(local + step_local, lower, upper), border + step_border, new
            damping, growth = max(damping / 5, 1e-14), 2.0
        else:
            # Stiff ties leave rounding in the cost: a step that promises less than that has arrived.
            converged = promised <= max(tolerance, ROUNDING) * at.cost
            damping, growth = damping * growth, growth * 2
    if not converged:  # along a valley that the data leave open there is no end; near enough is enough
        converged = _step(at, local, lower, upper, VALLEY_DAMPING)[2] <= NEAR_ENOUGH
    return ArrowFit(local, border, at, converged, count, ~_pushed(at, local, lower, upper))


def _pushed(at: Linearised, local: FloatArray, lower: FloatArray, upper: FloatArray) -> BoolArray:
    """Local parameters at a bound that the gradient pushes further out."""
    g = at.gradient_local
    return ((local <= lower) & (g > 0)) | ((local >= upper) & (g < 0))


def _step(
    at: Linearised, local: FloatArray, lower: FloatArray, upper: FloatArray, damping: float
) -> tuple[FloatArray, FloatArray, float]:
    """Damped step of local and border parameters, and how much it promises to lower the cost.

    A parameter that would leave its bounds is taken to the bound, and the others are solved for again with
    that move given: merely cutting its step would tear stiff ties.
    """
    held = _pushed(at, local, lower, upper)
    given = np.zeros(local.shape)
    for _ in range(MOST_HELD):
        g = at.gradient_local + np.einsum("npq,nq->np", at.local, given)
        g_border = at.gradient_border + np.einsum("npg,np->g", at.cross, given)
        inverse_schur, gain, inverse = _factors(at, ~held, damping)
        own = np.einsum("npq,nq->np", inverse, g)
        step_border = -inverse_schur @ (g_border - np.einsum("npg,np->g", at.cross, own))
        step = np.where(held, given, -own - gain @ step_border)
        outside = ~held & ((local + step < lower) | (local + step > upper))
        if not outside.any():
            break
        given = np.where(outside, np.clip(local + step, lower, upper) - local, given)
        held = held | outside
    step = np.clip(local + step, lower, upper) - local
    promised = -float(np.vdot(at.gradient_local, step) + at.gradient_border @ step_border)
    return step, step_border, promised
