"""What a fit says of arcs, and the joint estimates it hands on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ionscape.core.estimate import correlation
from ionscape.core.quantity import dimension_of
from ionscape.impedance.circuit_fit import CircuitFit, arcs_of
from ionscape.impedance.circuit_text import parse_circuit
from ionscape.impedance.spectrum_fit import fit

F = np.geomspace(1e7, 0.1, 60)
CIRCUIT = "(R1,Q1)-(R2,Q2)-Q3"
VALUES = [1e4, 1e-11, 0.95, 3e4, 1e-8, 0.85, 1e-6, 0.8]


def noisy(text: str, values: list[float], f: NDArray[np.float64] = F, noise: float = 5e-3) -> CircuitFit:
    rng = np.random.default_rng(1)
    z = parse_circuit(text).impedance(f, values)
    return fit(f, z * (1 + noise * (rng.normal(size=f.size) + 1j * rng.normal(size=f.size))), text)


def test_arc_quantities_are_those_of_the_r_cpe_pair() -> None:
    circuit = parse_circuit("R0-(R1,Q1)-(R2,C2)-ZARC3")
    r, q, a = 1e3, 1e-7, 0.8
    theta = circuit.theta(np.array([5.0, r, q, a, 100.0, 1e-12, 50.0, 1e-1, 0.9]))
    arcs = arcs_of(circuit, theta, dict.fromkeys(circuit.names, "determined"), F)
    assert [arc.label for arc in arcs] == ["R2", "R1", "ZARC3"]
    arc = arcs[1]
    tau = (r * q) ** (1 / a)
    assert (arc.R, arc.tau, arc.alpha, arc.Q) == pytest.approx((r, tau, a, q))
    assert arc.apex_frequency == pytest.approx(1 / (2 * math.pi * tau))
    assert arc.capacitance == pytest.approx(q ** (1 / a) * r ** ((1 - a) / a))  # Perrenot 2024, eq. (1)
    assert arcs[0].capacitance == pytest.approx(1e-12)
    assert arcs[0].alpha == 1


@pytest.mark.parametrize(
    ("apex", "position"),
    [
        (1e4, "complete"),
        (5e6, "cut at high frequency"),
        (5e7, "cut at high frequency"),
        (2e8, "outside the window"),
        (0.2, "cut at low frequency"),
        (0.03, "cut at low frequency"),
        (1e-3, "outside the window"),
    ],
)
def test_position_in_the_window(apex: float, position: str) -> None:
    circuit = parse_circuit("(R1,C1)")
    theta = np.array([math.log(100.0), -math.log(2 * math.pi * apex)])
    assert arcs_of(circuit, theta, {"R1": "determined"}, F)[0].position == position


def test_estimates_carry_values_units_and_uncertainty() -> None:
    result = noisy(CIRCUIT, VALUES)
    found = result.estimates("spectrum 1")
    for name, value, deviation in zip(result.names, result.values, result.standard_uncertainty, strict=True):
        assert found[name].value == pytest.approx(value)
        assert found[name].standard_uncertainty == pytest.approx(deviation, rel=0.02)
    assert found["R1"].dimension == dimension_of("ohm")
    assert found["Q1.capacitance"].dimension == dimension_of("F")
    assert found["Q1.tau"].dimension == dimension_of("s")
    product = found["R1"] * found["Q1"]
    alpha = result.value("Q1.alpha")
    assert product.dimension[2] == pytest.approx(alpha, abs=1e-5)  # seconds to the alpha


def test_estimates_keep_the_correlations_of_the_fit() -> None:
    result = noisy(CIRCUIT, VALUES)
    found = result.estimates("spectrum 1")
    i, j = result.theta_names.index("ln R1"), result.theta_names.index("ln R2")
    c = result.covariance
    assert correlation(found["R1"], found["R2"]) == pytest.approx(c[i, j] / math.sqrt(c[i, i] * c[j, j]))
    # The dc resistance is better known than its two parts.
    total = found["R1"] + found["R2"]
    gradient = np.zeros(len(result.theta))
    gradient[[i, j]] = result.value("R1"), result.value("R2")
    assert total.standard_uncertainty == pytest.approx(math.sqrt(gradient @ c @ gradient), rel=0.03)
    # C = tau/R must agree with the same made of its estimates.
    again = found["Q1.tau"] / found["R1"]
    assert again.value == pytest.approx(found["Q1.capacitance"].value)
    assert again.spread == pytest.approx(found["Q1.capacitance"].spread)


def test_fits_of_different_sources_are_independent() -> None:
    result = noisy(CIRCUIT, VALUES)
    assert correlation(result.estimates("a")["R1"], result.estimates("b")["R1"]) == 0
    assert correlation(result.estimates("a")["R1"], result.estimates("a")["R1"]) == pytest.approx(1)


def test_skewed_interval_reaches_the_estimate() -> None:
    """Arcs half a decade apart with 2 % noise: the profile's ends are the estimate's ends."""
    result = noisy(CIRCUIT, [1e4, 1e-10, 0.9, 1e4, 1e-9, 0.85, 1e-6, 0.8], noise=2e-2)
    j = result.names.index("R1")
    assert result.profiled[j]
    if result.status[j] == "determined":
        assert result.estimates("s")["R1"].interval(0.95) == pytest.approx(result.intervals95[j], rel=1e-6)


def test_open_parameter_is_no_number() -> None:
    """An arc of which only the capacitive flank lies in the window: R is bounded from below at most."""
    f = np.geomspace(1e6, 1e3, 40)
    result = noisy("(R1,Q1)", [1e9, 1e-9, 0.95], f)
    assert result.status[0] != "determined"
    estimate = result.estimates("s")["R1"]
    assert estimate.status in ("bound", "undetermined")
    if estimate.status == "bound":
        assert estimate.side == "lower"
        assert estimate.value < 1e9
    assert result.arcs[0].status == result.status[0]
    q = result.estimates("s")["Q1"]
    assert q.status == "determined"
    low, high = q.interval(0.997)
    assert low < 1e-9 < high


def test_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="R9"):
        noisy(CIRCUIT, VALUES).value("R9")
