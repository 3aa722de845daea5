"""Activation energies of a published impedance series, from the conductivities printed with it.

Adediwura, sample s04147 (413 to 473 K): "separate" fits, report `separate_Arrhenius_Analysis_Report.txt` of
the published data set; conductivities [S/cm] and their errors as printed. The printed energies are those of
an *unweighted* line through ln(σT): ordinary least squares on these rounded numbers returns energies, errors
(1 standard deviation, no Student factor), R² and the factor by which a0 is uncertain; a weighted line does
not (bulk: 0.596 eV). "RT" there is 298 K.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.constants import elementary_charge

from ionscape.temperature import arrhenius, compare

KELVIN = np.array([413.0, 423.0, 433.0, 443.0, 453.0, 463.0, 473.0])
SIGMA = {
    "bulk": [2.857e-06, 3.721e-06, 5.256e-06, 7.453e-06, 1.049e-05, 1.523e-05, 1.860e-05],
    "gb": [2.076e-07, 3.666e-07, 6.261e-07, 1.050e-06, 1.719e-06, 2.737e-06, 4.397e-06],
    "total": [1.936e-07, 3.338e-07, 5.594e-07, 9.201e-07, 1.477e-06, 2.320e-06, 3.556e-06],
}
ERROR = {
    "bulk": [2.511e-07, 2.895e-07, 3.286e-07, 3.782e-07, 5.837e-07, 9.921e-07, 1.845e-06],
    "gb": [4.579e-09, 8.158e-09, 1.372e-08, 2.272e-08, 3.838e-08, 6.430e-08, 1.366e-07],
    "total": [4.375e-09, 7.664e-09, 1.260e-08, 2.036e-08, 3.402e-08, 5.698e-08, 1.190e-07],
}
# energy [eV], its error, a0 [S K/cm], factor by which a0 is uncertain, conductivity at 298 K [S/cm]
PRINTED = {
    "bulk": (0.5869, 0.0163, 16090.3, 1.5346, 6.41287e-09),
    "gb": (0.8919, 0.0025, 6537462.6, 1.0686, 1.80948e-11),
    "total": (0.8555, 0.0006, 2198387.3, 1.0172, 2.51250e-11),
}


@pytest.mark.parametrize("arc", list(PRINTED))
def test_unweighted_line_returns_the_printed_numbers(arc: str) -> None:
    fit = arrhenius(KELVIN, 100 * np.array(SIGMA[arc]), at=[298.0])
    energy, error, factor, uncertain, cold = PRINTED[arc]
    assert fit.activation_energy.value / elementary_charge == pytest.approx(energy, abs=2e-4)
    assert fit.activation_energy.spread / elementary_charge == pytest.approx(error, abs=1e-4)
    assert fit.pre_exponential_factor.to("S*K/cm")[0] == pytest.approx(factor, rel=3e-3)
    assert math.exp(fit.pre_exponential_factor.spread) == pytest.approx(uncertain, rel=1e-3)
    assert fit.values[0][1].to("S/cm")[0] == pytest.approx(cold, rel=2e-3)


@pytest.mark.parametrize("arc", list(PRINTED))
def test_weighted_line_agrees_within_the_errors(arc: str) -> None:
    sigma, error = 100 * np.array(SIGMA[arc]), 100 * np.array(ERROR[arc])
    fit = arrhenius(KELVIN, sigma, uncertainty=error)
    energy, printed, *_ = PRINTED[arc]
    assert abs(fit.activation_energy.value / elementary_charge - energy) < printed
    assert compare(fit).preferred == "straight"
