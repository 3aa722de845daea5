"""The intervals cover: a short run of verify/haven_ratio_coverage.py, with the scatter that so few allow."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

PROOF = Path(__file__).resolve().parents[2] / "verify" / "haven_ratio_coverage.py"
REPLICATES = 24


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    spec = importlib.util.spec_from_file_location("haven_ratio_coverage", PROOF)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    for name, tally in module.coverage(REPLICATES, 7).items():
        independent = min(tally.determined, REPLICATES)  # those of one replicate share their errors
        for percent, (probability, slack) in module.GOALS.items():
            chance = 3 * math.sqrt(probability * (1 - probability) / independent)
            assert abs(tally.share(percent) - probability) < slack + chance, (name, percent, tally)
