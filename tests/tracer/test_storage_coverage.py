"""A short run of verify/tracer_storage_coverage.py: intervals hold the truth as often as they say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

SCRIPT = Path(__file__).resolve().parents[2] / "verify" / "tracer_storage_coverage.py"
REPLICATES = 6


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tracer_storage_coverage", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_intervals_of_diffusion_and_energy_cover() -> None:
    script = _script()
    tallies = script.run(REPLICATES, seed=3)
    assert len(tallies) == 4
    held = [pair for tally in tallies.values() for pair in tally if pair is not None]
    assert len(held) == 4 * REPLICATES
    # three standard deviations of a binomial; D at both temperatures and E of one study count as two
    n = 3 * REPLICATES
    for level, goal in ((0, 0.683), (1, 0.95)):
        share = sum(pair[level] for pair in held) / len(held)
        assert abs(share - goal) < 3 * (goal * (1 - goal) / n) ** 0.5
