"""What a detector missed, against detectors simulated pulse by pulse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.counting_statistics import Detector, pair, whole_counts
from ionscape.core.errors import InputError


@pytest.mark.parametrize("expected", [300.0, 6000.0, 15000.0])
def test_one_ion_of_a_mass_per_pulse(expected: float) -> None:
    pulses = 20000
    rng = np.random.default_rng(1)
    seen = rng.binomial(pulses, -np.expm1(-expected / pulses), 4000).astype(float)
    found, variance = Detector(None, None, pulses, "refuse").corrected("7Li", seen)
    assert float(found.mean()) == pytest.approx(expected, rel=2e-3)
    assert float(found.var()) == pytest.approx(float(variance.mean()), rel=0.08)


def test_a_dead_detector_event_by_event() -> None:
    """Arrival times drawn one by one; what comes within the dead time of a counted ion is lost."""
    rng = np.random.default_rng(2)
    dead, dwell, rate = 50e-9, 1e-4, 4e6
    seen = []
    for _ in range(400):
        times = np.cumsum(rng.exponential(1 / rate, 700))
        times, count, free = times[times < dwell], 0, -1.0
        for t in times:
            if t >= free:
                count, free = count + 1, t + dead
        seen.append(float(count))
    found, variance = Detector(dead, dwell, None, "refuse").corrected("7Li", np.array(seen))
    assert float(found.mean()) == pytest.approx(rate * dwell, rel=0.01)
    assert float(found.var()) == pytest.approx(float(variance.mean()), rel=0.2)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_without_a_detector_counts_stay(counts: list[int]) -> None:
    values = np.array(counts, dtype=float)
    found, variance = Detector(None, None, None, "refuse").corrected("7Li", values)
    np.testing.assert_array_equal(found, values)
    assert np.all(variance > 0)


def test_saturated_and_impossible() -> None:
    with pytest.raises(InputError, match="saturated at 1 points"):
        Detector(None, None, 100, "refuse").corrected("7Li", np.array([3.0, 100.0]))
    masked = Detector(None, None, 100, "mask")
    assert np.isnan(masked.corrected("7Li", np.array([3.0, 100.0]))[0][1])
    assert "left out" in masked.warnings[0]
    with pytest.raises(InputError, match="needs dwell_time"):
        Detector(1e-9, None, None, "refuse")
    for bad, message in ((-1.0, "negative"), (1.5, "no whole numbers"), (np.nan, "missing")):
        with pytest.raises(InputError, match=message):
            whole_counts("7Li", [1.0, bad])
    assert pair(2.0) == (2.0, 0.0)
