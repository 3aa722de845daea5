"""A short run of verify/impedance_coverage.py: intervals hold the truth as often as they say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

SCRIPT = Path(__file__).resolve().parents[2] / "verify" / "impedance_coverage.py"


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("impedance_coverage", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_intervals_of_resistance_cover() -> None:
    tallies = _script().run(14, seed=5)
    assert set(tallies) == {
        "resistance", "conductivity", "global resistance", "global conductivity", "global activation energy"
    }  # fmt: skip
    for kind in ("resistance", "global resistance"):
        n = tallies[kind].determined
        assert n == 14 * 5 * 3
        # three standard deviations of a binomial; the three resistances of a spectrum count as two
        assert abs(tallies[kind].inside68 / n - 0.683) < 3 * (0.683 * 0.317 / (2 * n / 3)) ** 0.5
        assert tallies[kind].inside95 / n > 0.95 - 3 * (0.05 * 0.95 / (2 * n / 3)) ** 0.5
    energies = tallies["global activation energy"]
    assert energies.inside95 >= 0.85 * energies.determined
