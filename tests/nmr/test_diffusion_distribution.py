"""Regularised distributions against known ones."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.core.errors import AnalysisError
from ionscape.nmr import arrange_echoes, distribution_of

B = np.r_[0, np.geomspace(1e10, 1e13, 35)]


def _area(d: np.ndarray, p: np.ndarray, low: float, high: float) -> float:
    inside = (d >= low) & (d <= high)
    return float(p[inside].sum() * np.log(d[1] / d[0]))


@pytest.mark.parametrize("known", [True, False])
def test_two_sites_are_two_peaks_with_their_shares(known: bool) -> None:
    rng = np.random.default_rng(1)
    y = 0.4 * np.exp(-B * 1e-11) + 0.6 * np.exp(-B * 2e-13) + 0.003 * rng.standard_normal(B.size)
    decay = arrange_echoes(y, np.full(B.size, 0.003) if known else None, b_value=B)
    found = distribution_of(decay, np.array([1 / y.max()]), 1.0 if known else 0.003 / y.max())
    assert np.all(found.density >= 0)
    assert _area(found.coefficient, found.density, 0, 1) == pytest.approx(1.0)
    assert _area(found.coefficient, found.density, 5e-14, 8e-13) == pytest.approx(0.6, abs=0.06)
    assert _area(found.coefficient, found.density, 3e-12, 4e-11) == pytest.approx(0.4, abs=0.06)


def test_less_noise_resolves_more() -> None:
    rng = np.random.default_rng(2)
    noise = rng.standard_normal(B.size)
    widths = []
    for sd in (0.03, 0.0005):
        decay = arrange_echoes(np.exp(-B * 1e-12) + sd * noise, np.full(B.size, sd), b_value=B)
        found = distribution_of(decay, np.array([1 / decay.intensity.max() * decay.intensity[0]]), 1.0)
        x = np.log(found.coefficient)
        mean = np.average(x, weights=found.density)
        widths.append(np.sqrt(np.average((x - mean) ** 2, weights=found.density)))
    assert widths[1] < widths[0]


def test_too_few_echoes() -> None:
    decay = arrange_echoes(np.exp(-B[:5] * 1e-11), b_value=B[:5])
    with pytest.raises(AnalysisError, match="at least 8 echoes"):
        distribution_of(decay, np.ones(1), 0.01)
