"""Nernst-Einstein: published numbers, limits, joint errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.consistency import apparent_carrier_density, diffusion_coefficient, haven_ratio
from ionscape.core.errors import InputError, UnitError
from ionscape.core.estimate import exact, measured
from ionscape.core.quantity import dimension_of

S, K, N, D = (dimension_of(u) for u in ("S/m", "K", "m^-3", "m^2/s"))


def test_hasegawas_bulk_conductivity() -> None:
    """Hasegawa 2024, recomputed: 2.6e-8 cm²/s, 5.0e21 cm⁻³ and 295 K stand for 8.2e-4 S/cm."""
    found = diffusion_coefficient(exact(8.2e-2, S), exact(295.0, K), exact(5.0e27, N))
    assert found.to("cm^2/s")[0] == pytest.approx(2.6e-8, rel=0.01)


@given(st.floats(1e-10, 1e2), st.floats(100, 1500), st.floats(1e25, 1e29), st.sampled_from([-2, -1, 1, 2, 3]))
def test_apparent_carriers_are_those_put_in_where_the_haven_ratio_is_one(
    sigma: float, kelvin: float, density: float, charge: int
) -> None:
    conductivity, temperature = measured(sigma, 0.05 * sigma, S), exact(kelvin, K)
    d = diffusion_coefficient(conductivity, temperature, exact(density, N), charge)
    assert haven_ratio(d, d).value == pytest.approx(1)
    assert haven_ratio(d, d).spread == pytest.approx(0, abs=1e-12)
    n = apparent_carrier_density(conductivity, temperature, d, charge)
    assert n.value == pytest.approx(density)
    assert n.spread == pytest.approx(0, abs=1e-12)  # sigma's error cancels


def test_einstein_relation_of_charge_and_mobility() -> None:
    """Twice the charge: a quarter of D for the same conductivity."""
    one, two = (diffusion_coefficient(exact(1.0, S), exact(300.0, K), exact(1e28, N), z) for z in (1, -2))
    assert one.value / two.value == pytest.approx(4)


def test_relative_errors_add_in_square_and_shared_ones_stay_shared() -> None:
    d = diffusion_coefficient(measured(1.0, 0.03, S, source="sigma"), exact(300.0, K),
                              measured(1e28, 4e26, N, source="n"))  # fmt: skip
    assert d.spread == pytest.approx(0.05)
    assert set(d.weights) == {"sigma", "n"}
    ratio = haven_ratio(measured(1e-12, 1e-13, D), d)
    assert ratio.spread == pytest.approx((0.1**2 + 0.05**2) ** 0.5)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(UnitError, match="carrier density must be in m"):
        diffusion_coefficient(exact(1.0, S), exact(300.0, K), exact(1.0, S))
    with pytest.raises(InputError, match="charge 0"):
        diffusion_coefficient(exact(1.0, S), exact(300.0, K), exact(1e28, N), 0)
