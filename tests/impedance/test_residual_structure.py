"""Uncertainties when the residuals are not what least squares assumes; spectra from plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ionscape.impedance import fit

F = np.logspace(6, -1, 50)
S = 2j * np.pi * F
CIRCUIT = "(R1,Q1)-Q2"


def _spectrum(alpha: float = 0.9) -> NDArray[np.complex128]:
    return np.asarray(1e4 / (1 + (1e-5 * S) ** alpha) + 1 / (1e-6 * S**0.9), dtype=np.complex128)


def test_uneven_noise_is_seen_and_intervals_cover_far_better_than_those_of_the_curvature() -> None:
    """Noise of one size for all |Z| under modulus weights: it hides the small bulk arc."""
    rng = np.random.default_rng(7)
    clean = 2e3 / (1 + (1e-7 * S) ** 0.95) + 1e4 / (1 + (1e-4 * S) ** 0.9) + 1 / (1e-6 * S**0.9)
    plain = widened = seen = 0
    for k in range(60):
        z = clean + 40.0 * (rng.normal(size=F.size) + 1j * rng.normal(size=F.size))
        found = fit(F, z, "(R1,Q1)-(R2,Q2)-Q3", intervals=False)
        seen += any("spread" in text for text in found.warnings)
        low, high = found.estimates(f"{k}")["R1"].interval()
        widened += low <= 2e3 <= high
        plain += abs(np.log(found.value("R1") / 2e3)) < 1.98 * found.standard_uncertainty[0] / found.value(
            "R1"
        )
    assert seen >= 45
    assert widened >= 52
    assert widened > plain + 3


def test_even_noise_leaves_the_uncertainties_as_they_are() -> None:
    rng = np.random.default_rng(3)
    clean = _spectrum()
    z = clean + 0.003 * np.abs(clean) * (rng.normal(size=F.size) + 1j * rng.normal(size=F.size))
    found = fit(F, z, CIRCUIT, intervals=False)
    assert found.warnings == ()
    spread = found.estimates("x")["R1"].spread
    assert spread == pytest.approx(found.standard_uncertainty[0] / found.value("R1"), rel=1e-9)


def test_a_circuit_that_misses_structure_widens_its_estimates() -> None:
    """A Cole-Davidson arc fitted by a Cole-Cole arc: the residuals wave along frequency."""
    rng = np.random.default_rng(3)
    clean = np.asarray(1e4 / (1 + 1e-5 * S) ** 0.6 + 1 / (1e-6 * S**0.9), dtype=np.complex128)
    z = clean * (1 + 1e-4 * (rng.normal(size=F.size) + 1j * rng.normal(size=F.size)))
    found = fit(F, z, CIRCUIT)
    assert any("correlated along frequency" in text for text in found.warnings)
    spread = found.estimates("x")["R1"].spread
    assert spread > 2 * found.standard_uncertainty[0] / found.value("R1")
