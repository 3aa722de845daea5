"""Elements against closed-form limits and numerical derivatives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.impedance import elements
from ionscape.impedance.circuit import ln_s
from ionscape.impedance.circuit_text import parse_circuit
from ionscape.impedance.elements import BUILT_IN, Element, Parameter, define_element, find_element

ComplexArray = NDArray[np.complex128]
F = np.geomspace(1e-3, 1e7, 21)
S = 2j * np.pi * F


def z_of(text: str, values: Sequence[float], f: NDArray[np.float64] = F) -> ComplexArray:
    return parse_circuit(text).impedance(f, values)


def test_plain_elements_are_their_formulas() -> None:
    assert z_of("R1", [50.0]) == pytest.approx(np.full(F.size, 50.0 + 0j))
    assert z_of("C1", [1e-6]) == pytest.approx(1 / (S * 1e-6))
    assert z_of("L1", [1e-6]) == pytest.approx(S * 1e-6)
    assert z_of("Q1", [1e-6, 0.8]) == pytest.approx(1 / (1e-6 * S**0.8))
    assert z_of("W1", [30.0]) == pytest.approx(30 * (1 - 1j) / np.sqrt(2 * np.pi * F))
    assert z_of("ZARC1", [100.0, 1e-3, 0.9]) == pytest.approx(100 / (1 + (S * 1e-3) ** 0.9))
    assert z_of("G1", [100.0, 1e-3]) == pytest.approx(100 / np.sqrt(1 + S * 1e-3))


def test_warburg_is_a_constant_phase_element_of_exponent_one_half() -> None:
    assert z_of("W1", [30.0]) == pytest.approx(z_of("Q1", [1 / (30 * np.sqrt(2)), 0.5]))


def test_finite_warburgs_have_their_limits() -> None:
    low, high = np.array([1e-6]), np.array([1e9])
    # Short: R at dc. Open: R/3 in series with C = tau/R. Both: semi-infinite at high frequency.
    assert z_of("Ws1", [200.0, 1.0], low) == pytest.approx([200.0], rel=1e-5)
    open_z = z_of("Wo1", [200.0, 1.0], low)
    assert open_z.real == pytest.approx([200 / 3], rel=1e-4)
    assert open_z.imag == pytest.approx(-200 / (2 * np.pi * low * 1.0), rel=1e-5)
    sigma = 200 / np.sqrt(2)
    for symbol in ("Ws1", "Wo1"):
        assert z_of(symbol, [200.0, 1.0], high) == pytest.approx(z_of("W1", [sigma], high), rel=1e-6)


def test_gerischer_has_its_limits() -> None:
    assert z_of("G1", [200.0, 1.0], np.array([1e-7])) == pytest.approx([200.0], rel=1e-5)
    high = np.array([1e7])
    assert z_of("G1", [200.0, 1.0], high) == pytest.approx(z_of("W1", [200 / np.sqrt(2)], high), rel=1e-6)


@given(
    symbol=st.sampled_from(sorted(BUILT_IN)),
    size=st.floats(-5, 5),
    ln_tau=st.floats(-12, 4),
    alpha=st.floats(0.3, 1.0),
)
def test_derivatives_are_those_of_the_impedance(
    symbol: str, size: float, ln_tau: float, alpha: float
) -> None:
    element = BUILT_IN[symbol]
    theta = [size, ln_tau, alpha] if len(element.parameters) == 3 else [size, ln_tau]
    if symbol == "Q":
        theta = [size, alpha]
    theta = theta[: len(element.parameters)]
    log_s, h = ln_s(np.geomspace(1e-2, 1e6, 9)), 1e-5
    columns = [np.array([[t]]) for t in theta]
    _, slopes = element.evaluate(columns, log_s)
    for j, slope in enumerate(slopes):
        up = [c + h * (i == j) for i, c in enumerate(columns)]
        down = [c - h * (i == j) for i, c in enumerate(columns)]
        difference = (element.evaluate(up, log_s)[0] - element.evaluate(down, log_s)[0]) / (2 * h)
        scale = np.max(np.abs(difference))
        assert np.broadcast_to(slope, difference.shape) == pytest.approx(
            difference, rel=1e-6, abs=1e-7 * scale
        )


def havriliak_negami(omega: ComplexArray, r: float, tau: float, beta: float) -> ComplexArray:
    return np.asarray(r / (1 + 1j * omega * tau) ** beta)


PARAMETERS = (
    Parameter("", "ohm", impedance_power=1),
    Parameter("tau", "s", frequency_power=-1),
    Parameter("beta", "", "linear", 0.2, 1.0),
)


def test_an_element_of_the_user_is_parsed_differentiated_and_forgotten() -> None:
    mine = define_element("HN", havriliak_negami, PARAMETERS, amplitude=True)
    circuit = parse_circuit("R0-HN1", [mine])
    assert circuit.names == ("R0", "HN1", "HN1.tau", "HN1.beta")
    values = [5.0, 100.0, 1e-3, 0.7]
    expected = 5 + 100 / (1 + S * 1e-3) ** 0.7
    assert circuit.impedance(F, values) == pytest.approx(expected)
    slope = circuit.jacobian(F, values)[:, 3]
    assert slope == pytest.approx(-np.log(1 + S * 1e-3) * (expected - 5), rel=1e-6, abs=1e-6)
    with pytest.raises(InputError, match="unknown element 'HN'"):
        parse_circuit("R0-HN1")


def test_derivatives_of_the_user_are_used() -> None:
    def derivatives(omega: ComplexArray, r: float) -> list[ComplexArray]:
        return [np.ones_like(omega * r) + 0j]

    mine = define_element(
        "X",
        lambda omega, r: r + 0j * omega,
        [Parameter("", "ohm", impedance_power=1)],
        derivatives=derivatives,
    )
    assert parse_circuit("X1", [mine]).jacobian(F, [3.0])[:, 0] == pytest.approx(np.ones(F.size) + 0j)


@pytest.mark.parametrize(
    ("symbol", "parameters", "words"),
    [
        ("R", PARAMETERS, "not one of R, C"),
        ("X1", PARAMETERS, "letters only"),
        ("X", (), "needs parameters"),
        ("X", (Parameter(), Parameter()), "with a name"),
    ],
)
def test_unusable_definitions_are_refused(symbol: str, parameters: tuple[Parameter, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        define_element(symbol, havriliak_negami, parameters)


def test_an_installed_package_offers_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = define_element("HN", havriliak_negami, PARAMETERS)

    class Point:
        def load(self) -> Element:
            return mine

    def points(group: str) -> list[Point]:
        return [Point()] if group == "ionscape.impedance_elements" else []

    monkeypatch.setattr(elements, "entry_points", points)
    assert find_element("HN") is mine
    assert parse_circuit("HN1").names[0] == "HN1"
    assert find_element("ZZ") is None
