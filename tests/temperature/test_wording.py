"""Numbers in sentences."""

from __future__ import annotations

import pytest

from ionscape.core.estimate import exact, measured, undetermined, upper_bound
from ionscape.core.quantity import dimension_of
from ionscape.temperature.wording import celsius, said, wide

K, S = dimension_of("K"), dimension_of("S/m")


@pytest.mark.parametrize(
    ("estimate", "unit", "text"),
    [
        (measured(313.26, 2.34, K), "K", "313.3 ± 2.3 K"),
        (measured(6.41e-7, 1.5e-7, S), "S/cm", "(6.4 ± 1.5)e-09 S/cm"),
        (measured(15900.0, 123.0, K), "K", "15900 ± 120 K"),
        (upper_bound(14.38, K, ""), "K", "< 14.4 K (95 %)"),
        (undetermined(K, "why"), "K", "undetermined"),
        (exact(45.0), "1", "45"),
    ],
)
def test_said(estimate: object, unit: str, text: str) -> None:
    assert said(estimate, unit) == text  # type: ignore[arg-type]


def test_names_and_temperatures() -> None:
    assert celsius(298.15) == "25 °C"
    assert wide("conductivity_grain_boundary") == "conductivity (grain boundary)"
    assert wide("vogel_temperature") == "vogel temperature"
