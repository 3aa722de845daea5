"""Two values of one coefficient: a contradiction is said, agreement within errors is none."""

from __future__ import annotations

from ionscape.consistency.coefficients import Coefficient
from ionscape.consistency.repeats import contradictions
from ionscape.core.estimate import Estimate, exact, measured
from ionscape.core.quantity import dimension_of

DIFFUSION, KELVIN = dimension_of("m^2/s"), dimension_of("K")


def _coefficient(value: Estimate, channel: str = "effective", kelvin: float = 295.15) -> Coefficient:
    return Coefficient("D*", channel, value, exact(kelvin, KELVIN), "row")


def test_values_far_apart_are_said_with_their_distance() -> None:
    a = _coefficient(measured(2.0e-13, 0.02e-13, DIFFUSION, source="a"))
    b = _coefficient(measured(2.6e-13, 0.07e-13, DIFFUSION, source="b"))
    (told,) = contradictions([a, b], 0.5)
    # ln 1.3 = 0.262 over the root of 0.01² + 0.0269² = 0.0287
    assert "9.1 standard deviations" in told
    assert told.index("2.000") < told.index("2.600")


def test_what_is_no_contradiction() -> None:
    a = _coefficient(measured(2.0e-13, 0.2e-13, DIFFUSION, source="a"))
    near = _coefficient(measured(2.2e-13, 0.1e-13, DIFFUSION, source="b"))
    far = measured(9e-13, 0.1e-13, DIFFUSION, source="c")
    assert contradictions([a, near], 0.5) == []
    assert contradictions([a, _coefficient(far, "bulk")], 0.5) == []
    assert contradictions([a, _coefficient(far, kelvin=333.0)], 0.5) == []


def test_an_error_that_both_share_does_not_excuse_the_difference() -> None:
    shared = measured(1.0, 0.2, source="grain size")
    a = _coefficient(shared * measured(2.0e-13, 0.02e-13, DIFFUSION, source="a"))
    b = _coefficient(shared * measured(2.6e-13, 0.02e-13, DIFFUSION, source="b"))
    assert len(contradictions([a, b], 0.5)) == 1
