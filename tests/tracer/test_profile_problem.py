"""The least-squares problem of a profile: derivatives, starts that lead home, counting errors."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.core.errors import AnalysisError
from ionscape.tracer.profile_models import INITIAL, MODELS, SOURCE, SURFACE, with_free_source
from ionscape.tracer.profile_problem import Problem, ProfileData

X = np.linspace(1e-6, 60e-6, 40)
TIME = 3600.0
TRUTH = {
    "diffusion_coefficient": 4e-14, "surface_exchange_coefficient": 5e-9, "boundary_product": 4e-17,
    "boundary_spacing": 4e-5, "layer_thickness": 6e-6, "amount": 5e-6, "surface_flux": 3e-9,
    INITIAL: 0.02, SOURCE: 0.9, SURFACE: 2e-6,
}  # fmt: skip


def _problem(name: str, fixed: tuple[str, ...], resolution: float = 0.0, source: bool = True) -> Problem:
    model = MODELS[name] if source else with_free_source(MODELS[name])
    data = ProfileData(X, np.zeros(X.size), np.full(X.size, 1e-3), TIME, None, resolution, 70e-6)
    return Problem(model, data, {key: TRUTH[key] for key in fixed})


def _theta(problem: Problem) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([np.log(TRUTH[n]) if log else TRUTH[n]
                     for n, log in zip(problem.names, problem.logs, strict=True)])  # fmt: skip


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("resolution", [0.0, 1.5e-6])
def test_derivatives_are_those_of_the_curve(name: str, resolution: float) -> None:
    """Against differences over ten times the step, extrapolated."""
    problem = _problem(name, (), resolution, source=False)
    theta = _theta(problem)
    _, jacobian = problem.residuals(theta[None])
    for j, log in enumerate(problem.logs):
        step = 1e-3 if log else 1e-3 * max(abs(theta[j]), 1e-7)
        curves = []
        for factor in (1.0, 2.0):
            shift = np.zeros_like(theta)
            shift[j] = factor * step
            up, down = (problem.curve((theta + s)[None])[0] for s in (shift, -shift))
            curves.append((up - down) / (2 * factor * step) / 1e-3)
        expected = (4 * curves[0] - curves[1]) / 3
        scale = float(np.max(np.abs(expected)))
        kink = np.abs(X - TRUTH[SURFACE]) < 2e-6 if problem.names[j] == SURFACE else np.zeros(X.size, bool)
        assert jacobian[0, ~kink, j] == pytest.approx(expected[~kink], abs=3e-5 * scale)


@pytest.mark.parametrize(
    ("name", "fixed"),
    [("constant source", (SURFACE,)), ("constant source", (SOURCE, INITIAL)),
     ("surface exchange", (SURFACE, SOURCE)),
     ("constant source in slab", (SURFACE, SOURCE)), ("surface exchange in slab", (SURFACE, SOURCE, INITIAL)),
     ("thin film", (SURFACE,)), ("finite layer", (SURFACE, INITIAL)),
     ("fast boundaries", (SURFACE, SOURCE, INITIAL))],
)  # fmt: skip
def test_starts_lead_to_the_only_minimum(name: str, fixed: tuple[str, ...]) -> None:
    blank = _problem(name, fixed)
    truth = _theta(blank)
    data = ProfileData(X, blank.curve(truth[None])[0], np.full(X.size, 1e-3), TIME, None, 0.0, 70e-6)
    found = Problem(blank.model, data, blank.fixed).solve()
    assert found.cost < 1e-6
    assert found.theta == pytest.approx(truth, rel=1e-3, abs=1e-4)


def test_counting_errors_follow_the_curve() -> None:
    blank = _problem("constant source", (SURFACE, SOURCE, INITIAL))
    theta = _theta(blank)
    curve = blank.curve(theta[None])[0]
    data = ProfileData(X, curve, np.ones(X.size), TIME, np.full(X.size, 500.0))
    problem = Problem(blank.model, data, blank.fixed).reweighted(theta)
    assert problem.data.deviation**2 == pytest.approx(curve * (1 - curve) / 500)


def test_too_few_points_are_refused() -> None:
    data = ProfileData(X[:3], X[:3], np.ones(3), TIME)
    with pytest.raises(AnalysisError, match="3 points are too few for the 4 parameters"):
        Problem(with_free_source(MODELS["surface exchange"]), data, {SURFACE: 0.0}).solve()
