"""Tails judged by their capacitance, against numbers computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.impedance.series_evidence import tail_capacitance, tail_doubt
from ionscape.impedance.spectrum_fit import fit

F = np.logspace(5, 0, 31)
CELL, AREA = 2.2e-13, 5e-5


def _tail(q: float, alpha: float) -> tuple[float, str, str]:
    """Capacitance, and the doubt where a boundary is possible and where it is not."""
    fitted = fit(F, 1e3 + 1 / (q * (2j * np.pi * F) ** alpha), "R0-Q1")
    found = tail_capacitance(fitted)
    assert found is not None
    doubts = [tail_doubt(fitted, reference=CELL, area=AREA, boundary_possible=b) for b in (True, False)]
    return found[0], doubts[0], doubts[1]


def test_the_capacitance_is_that_of_the_admittance_at_the_lowest_frequency() -> None:
    q, alpha = 3e-7, 0.8
    admittance = q * (2j * np.pi * F.min()) ** alpha
    assert _tail(q, alpha)[0] == pytest.approx(admittance.imag / (2 * np.pi * F.min()), rel=1e-3)


@pytest.mark.parametrize(
    ("q", "alpha", "if_possible", "if_not"),
    [
        (1e-5, 0.9, False, False),  # 20 uF/cm2, a double layer
        (5e-9, 0.95, True, False),  # 10 nF/cm2, a boundary of permittivity 2e4 or an interface
        (1e-10, 0.95, True, True),  # 0.2 nF/cm2: neither a double layer nor an interface
        (1e-8, 0.5, False, False),  # a diffusion impedance is no capacitor
    ],
)
def test_what_may_be_a_slow_arc(q: float, alpha: float, if_possible: bool, if_not: bool) -> None:
    _, possible, impossible = _tail(q, alpha)
    assert (possible != "", impossible != "") == (if_possible, if_not)


def test_a_capacitor_and_no_tail() -> None:
    fitted = fit(F, 1e3 + 1 / (2j * np.pi * F * 1e-6), "R0-C1")
    assert tail_capacitance(fitted) == pytest.approx((1e-6, 1.0))
    without = fit(F, 1e3 / (1 + 2j * np.pi * F * 1e-3), "(R1,C1)")
    assert tail_capacitance(without) is None
    assert tail_doubt(without, reference=CELL, area=AREA, boundary_possible=True) == ""
