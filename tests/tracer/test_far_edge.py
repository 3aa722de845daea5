"""Has the tracer reached the far edge? Told by a stated length, or by the shape of the profile."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.tracer.exchange_profiles import constant_source, slab
from ionscape.tracer.far_edge import in_slab, reason_of_edge
from ionscape.tracer.profile_estimates import scaled
from ionscape.tracer.profile_models import INITIAL, MODELS, SOURCE, SURFACE
from ionscape.tracer.profile_noise import noise_of
from ionscape.tracer.profile_problem import Problem, ProfileData

LENGTH, TIME = 1e-4, 3600.0
D = LENGTH**2 / TIME
FIXED = {SURFACE: 0.0, SOURCE: 0.95, INITIAL: 0.08}


def _reason(
    edge: float | None, reach: float, stated: float | None, seed: int = 1, noise: float = 0.01
) -> str:
    """For a sample of ``edge`` diffusion lengths, profiled to ``reach``, of stated length ``stated``."""
    x = np.linspace(0.02, reach, 50) * LENGTH
    g = constant_source(x, TIME, D) if edge is None else slab(x, TIME, D, edge * LENGTH)
    rng = np.random.default_rng(seed)
    fraction = 0.08 + 0.87 * g + noise * rng.standard_normal(x.size)
    length = None if stated is None else stated * LENGTH
    data = ProfileData(x, fraction, np.full(x.size, noise), TIME, sample_length=length)
    problem = Problem(MODELS["constant source"], data, FIXED)
    fit = problem.solve()
    return reason_of_edge(problem, scaled(fit, noise_of(fit, known=True)))


@pytest.mark.parametrize("edge", [0.6, 1.0, 1.5, 2.0])
def test_shape_tells_an_edge_that_was_reached(edge: float) -> None:
    assert "levels off" in _reason(edge, edge, None)


@pytest.mark.parametrize("edge", [0.8, 1.5, 2.2])
def test_length_tells_an_edge_that_was_reached(edge: float) -> None:
    assert "fit 'constant source in slab'" in _reason(edge, 0.9 * edge, edge)


def test_no_false_alarm() -> None:
    for reach in (0.7, 1.5, 3.0, 6.0):
        assert all(not _reason(None, reach, None, seed) for seed in range(10))
        assert not _reason(None, reach, 9.0)


def test_only_semi_infinite_exchange_is_asked() -> None:
    data = ProfileData(np.arange(5.0), np.ones(5), np.ones(5), 1.0, sample_length=9.0)
    assert in_slab(Problem(MODELS["thin film"], data, {}), 1.0) is None
    closed = in_slab(Problem(MODELS["surface exchange"], data, {}), 2.0)
    assert closed is not None
    assert closed.data.sample_length == 2.0
