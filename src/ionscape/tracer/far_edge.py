"""Has the tracer reached the far edge? Then no semi-infinite model applies."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.number_format import format_number
from ionscape.fit.information import bic
from ionscape.fit.least_squares import LeastSquaresFit
from ionscape.tracer.profile_models import INITIAL, MODELS, with_free_source
from ionscape.tracer.profile_problem import Problem

FloatArray = NDArray[np.float64]

NOTICEABLE = 2.0  # standard deviations by which the edge changes the profile, all points together
STRONG = 16.0  # difference in BIC: four standard deviations, for a refusal must not come by chance
RISEN = 3.0  # standard errors of the last points above the initial fraction
BEYOND = (1.0, 1.1, 1.25)  # where the edge may lie, in lengths of the profile


def in_slab(problem: Problem, length: float) -> Problem | None:
    """The same problem with a closed far edge; None where there is no such model."""
    name = f"{problem.model.name} in slab"
    if name not in MODELS:
        return None
    model = with_free_source(MODELS[name]) if "surface_flux" in problem.names else MODELS[name]
    return replace(problem, model=model, data=replace(problem.data, sample_length=length))


def reason_of_edge(problem: Problem, fit: LeastSquaresFit, *, rival: float = math.inf) -> str:
    """Why the far edge matters for this semi-infinite fit, in one sentence; empty if it does not.

    ``rival`` is the BIC of another explanation (a fast tail) that a closed edge has to beat.
    """
    if not problem.model.semi_infinite or in_slab(problem, 1.0) is None:
        return ""
    if problem.data.sample_length is not None:
        if math.isfinite(rival):
            return ""
        return _by_length(problem, fit, problem.data.sample_length)
    return _by_shape(problem, fit, rival)


def _by_length(problem: Problem, fit: LeastSquaresFit, length: float) -> str:
    """Whether a closed edge at the stated length changes the curve noticeably: the fitted one, or that of a
    closed fit, which is the one to believe where the open model does not describe the profile.
    """
    closed = in_slab(problem, length)
    assert closed is not None
    if not _noticed(problem, closed, fit.theta, fit.variance):
        other = closed.solve()
        if other.cost > fit.cost + fit.variance or not _noticed(problem, closed, other.theta, other.variance):
            return ""
    return (f"the tracer has reached the far edge of the sample ({_um(length)}), which "
            f"'{problem.model.name}' "
            f"does not know: fit '{closed.model.name}'")  # fmt: skip


def _noticed(problem: Problem, closed: Problem, theta: FloatArray, variance: float) -> bool:
    change = (closed.curve(theta[None])[0] - problem.curve(theta[None])[0]) / problem.data.deviation
    return float(np.sqrt(np.sum(change**2))) > NOTICEABLE * math.sqrt(max(variance, 1e-300))


def _by_shape(problem: Problem, fit: LeastSquaresFit, rival: float) -> str:
    """Whether the profile levels off above the initial fraction, as it does before a closed edge."""
    if not _risen(problem, fit):
        return ""
    n, p = fit.residuals.size, len(problem.names)
    own = bic(fit.cost, n, p)
    last = float(problem.data.position[-1])
    for share in BEYOND:
        closed = in_slab(problem, share * last)
        assert closed is not None
        if bic(closed.solve().cost, n, p) < min(own - STRONG, rival):
            return (f"the profile levels off near {_um(last)} and stays above the initial fraction, as where "
                    "the tracer has reached the far edge: state sample_length and fit "
                    f"'{closed.model.name}'")  # fmt: skip
    return ""


def _risen(problem: Problem, fit: LeastSquaresFit) -> bool:
    """Whether the last points lie above the initial fraction that was given; True where none was."""
    if INITIAL not in problem.fixed:
        return True
    data = problem.data
    count = max(data.position.size // 10, 3)
    weights = 1 / data.deviation[-count:] ** 2
    mean = float(np.average(data.fraction[-count:], weights=weights))
    error = math.sqrt(fit.variance / float(np.sum(weights)))
    return abs(mean - problem.fixed[INITIAL]) > RISEN * error


def _um(metres: float) -> str:
    return f"{format_number(metres * 1e6, 3)} µm" if metres < 1e-3 else f"{format_number(metres * 1e3, 3)} mm"


__all__ = ["in_slab", "reason_of_edge"]
