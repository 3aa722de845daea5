"""Curves of a fitted profile with bands, and its plateau, front depth and front width for every draw."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.replacement.posterior import Posterior
from ionscape.replacement.profile_emulator import coordinates, fitted_emulator, monomials
from ionscape.replacement.profile_observation import Linearised
from ionscape.replacement.profile_problem import ProfileProblem
from ionscape.replacement.profile_summary import summarise

FloatArray = NDArray[np.float64]
GRID = 401
ENDS = ((0.1586553, 0.8413447), (0.025, 0.975))


@dataclass(frozen=True)
class Curves:
    """On a fine grid of depths (G,), see `ionscape.replacement.fit_result.ProfileFit`."""

    depth: FloatArray
    native: FloatArray
    foreign: FloatArray
    native_band: FloatArray
    foreign_band: FloatArray
    inside: FloatArray


def curves_of(problem: ProfileProblem, at: Linearised, posterior: Posterior, k: int) -> Curves:
    """Best curves at one theta and bands of the computed draws."""
    seen, best = problem.observations[k], at.means[k]
    edges = np.linspace(0.0, seen.edges[-1], GRID + 1)
    depth = (edges[1:] + edges[:-1]) / 2
    g, _ = problem.parameters.quantities(posterior.checked)
    means = np.array([
        problem.seen(k, y, fractions, edges)
        for y, fractions in zip(posterior.inputs[k], posterior.fractions[k], strict=True)
    ])  # fmt: skip
    mean = problem.seen(k, best.inputs, best.fractions, edges)
    native, foreign = _signals(problem, k, depth, at.quantities[None], mean[None])
    native_draws, foreign_draws = _signals(problem, k, depth, g, means)
    length = math.exp(best.inputs[-2])
    centres = (seen.faces[1:] + seen.faces[:-1]) / 2 * length
    return Curves(
        depth, native[0], foreign[0], _band(native_draws), _band(foreign_draws),
        np.interp(depth, centres, best.fractions),
    )  # fmt: skip


def _signals(
    problem: ProfileProblem, k: int, depth: FloatArray, g: FloatArray, means: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Native and foreign signals (K, G) on the scale of the data."""
    profile, index = problem.observations[k].profile, problem.parameters.index
    native = (1 + g[:, index(f"native scale {k}")])[:, None] * means
    for cause, change in profile.systematic.items():
        at_depth = np.interp(depth, profile.depth, change)
        native = native + g[:, index(f"systematic {cause}")][:, None] * at_depth
    return native, (1 + g[:, index(f"foreign scale {k}")])[:, None] * (1 - means)


def _band(curves: FloatArray) -> FloatArray:
    return np.array([np.quantile(curves, ends, axis=0) for ends in ENDS])


def summaries_of(
    problem: ProfileProblem, posterior: Posterior, k: int, g: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Plateau, front depth [m] and front width [m], in the solid, for all draws g (n, G).

    From the computed curves by a polynomial in the profile's inputs. Not a number where a curve has no front.
    """
    faces = problem.observations[k].faces
    told = np.array([summarise(faces, fractions) for fractions in posterior.fractions[k]])
    missing = np.full(len(g), np.nan)
    if not np.all(np.isfinite(told)) or np.any(told[:, 1:] <= 0):
        return missing, missing, missing
    y, inputs = problem.inputs_of(k, g), posterior.inputs[k]
    solver = problem.n_levels + 4
    summaries = np.column_stack([told[:, 0], np.log(told[:, 1:])])
    predicted = _through(problem, inputs[:, :solver], summaries, y[:, :solver])
    length = np.exp(y[:, solver] + g[:, problem.parameters.index(f"depth scale {k}")])
    return predicted[:, 0], np.exp(predicted[:, 1]) * length, np.exp(predicted[:, 2]) * length


def _through(
    problem: ProfileProblem, inputs: FloatArray, values: FloatArray, wanted: FloatArray
) -> FloatArray:
    """Values (K, 3) at wanted inputs by a polynomial through those computed."""
    frame = coordinates(inputs, None, problem.n_levels + 2)
    if not frame.dimensions:
        return np.repeat(values.mean(axis=0)[None], len(wanted), axis=0)
    degree = 2 if len(inputs) >= 2 * len(monomials(frame.dimensions, 2)) else 1
    return fitted_emulator(inputs, values, frame, degree).means(wanted)
