"""A short run of verify/tracer_profile_coverage.py: intervals hold the truth as often as they say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ionscape.tracer.exchange_profiles import constant_source, surface_exchange

SCRIPT = Path(__file__).resolve().parents[2] / "verify" / "tracer_profile_coverage.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tracer_profile_coverage", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_its_volumes_are_finer_than_the_noise(script: ModuleType) -> None:
    eta = np.linspace(0, 8, 60)
    assert script.finite_volumes(np.inf)(eta) == pytest.approx(constant_source(eta, 1.0, 1.0), abs=1e-5)
    assert script.finite_volumes(0.9)(eta) == pytest.approx(surface_exchange(eta, 1.0, 1.0, 0.9), abs=1e-5)


@pytest.mark.parametrize("name", ["erfc", "Crank"])
def test_intervals_cover(script: ModuleType, name: str) -> None:
    n = 60
    for tally in script.run(n, seed=7, names=(name,)).values():
        assert tally.determined == n
        assert abs(tally.inside68 / n - 0.683) < 3 * (0.683 * 0.317 / n) ** 0.5
        assert tally.inside95 / n > 0.95 - 3 * (0.05 * 0.95 / n) ** 0.5
