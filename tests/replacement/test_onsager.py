"""Onsager coefficients: the fluxes of Nernst and Planck, the second law, limits and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import Boltzmann, elementary_charge
from scipy.optimize import brentq

from ionscape.core.errors import InputError
from ionscape.replacement.onsager import (
    Onsager,
    interdiffusion,
    nernst_planck_fluxes,
    onsager_coefficients,
    tracer_diffusion_by_published_convention,
)

T = 343.15
KT = Boltzmann * T
coefficients = st.floats(-22, -14).map(lambda x: 10.0**x)
densities = st.floats(25, 29).map(lambda x: 10.0**x)
slopes = st.integers(-(10**6), 10**6).map(lambda k: 1e30 * k)
fields = st.integers(-(10**9), 10**9).map(float)


def test_diagonal_is_that_of_the_paper() -> None:
    """L_ii = D_i n_i/kT (eqs 8 and 9)."""
    found = onsager_coefficients([1e-17, 1e-20], [3e27, 1.1e28], T)
    np.testing.assert_allclose(found.matrix, np.diag([1e-17 * 3e27, 1e-20 * 1.1e28]) / KT)


@given(
    coefficients,
    coefficients,
    densities,
    densities,
    slopes,
    slopes,
    fields,
    st.sampled_from([1, 2]),
)
def test_fluxes_are_those_of_nernst_and_planck(
    d1: float, d2: float, n1: float, n2: float, g1: float, g2: float, field: float, z2: int
) -> None:
    found = onsager_coefficients([d1, d2], [n1, n2], T, charge=[1, z2])
    plain = nernst_planck_fluxes([d1, d2], [n1, n2], [1, z2], T, [g1, g2], field)
    np.testing.assert_allclose(
        found.fluxes([g1, g2], field), plain, rtol=1e-9, atol=1e-9 * np.abs(plain).max()
    )


@given(
    coefficients,
    coefficients,
    densities,
    densities,
    st.floats(-0.95, 0.95),
    slopes,
    fields,
    st.sampled_from([1, 2]),
)
def test_with_cross_terms_field_and_gradient_have_coefficients_of_their_own(
    d1: float, d2: float, n1: float, n2: float, strength: float, slope: float, field: float, z2: int
) -> None:
    n, z = np.array([n1, n2]), np.array([1.0, z2])
    diagonal = np.array([d1 * n1, d2 * n2]) / KT
    cross = strength * np.sqrt(diagonal.prod())
    found = Onsager(np.array([[diagonal[0], cross], [cross, diagonal[1]]]), n, z, T)
    gradient = slope * np.array([1.0, -1.0 / z2])
    flux = -found.chemical_diffusion() @ gradient
    flux -= found.effective_diffusion() * z * n * elementary_charge * field / KT
    exact = found.fluxes(gradient, field)
    np.testing.assert_allclose(flux, exact, rtol=1e-9, atol=1e-9 * max(np.abs(exact).max(), 1e-300))
    effective = found.effective_diffusion()
    conductivity = float(np.sum(z**2 * elementary_charge**2 * n * effective) / KT)
    assert found.conductivity() == pytest.approx(conductivity, rel=1e-6)
    assert found.transport_numbers().sum() == pytest.approx(1)


@given(coefficients, st.floats(0.1, 10), st.floats(0.1, 10), st.floats(-0.3, 0.3), st.sampled_from([1, 2]))
def test_transformation_goes_there_and_back(
    d1: float, ratio: float, n_ratio: float, strength: float, z2: int
) -> None:
    d, n = np.array([d1, d1 * ratio]), np.array([1e28, 1e28 * n_ratio])
    cross = strength * float((d * n).min()) / KT / 4
    found = onsager_coefficients(d, n, T, charge=[1, z2], cross=cross)
    assert found.matrix[0, 1] == found.matrix[1, 0] == cross
    np.testing.assert_allclose(found.effective_diffusion(), d, rtol=1e-9)


@given(coefficients, coefficients, densities, densities, st.floats(-0.9, 0.9), st.sampled_from([1, 2]))
def test_interdiffusion_is_the_flux_without_current(
    d1: float, d2: float, n1: float, n2: float, strength: float, z2: int
) -> None:
    """The field without current found numerically; then flux over gradient."""
    diagonal = np.array([d1 * n1, d2 * n2]) / KT
    cross = strength * float(np.sqrt(diagonal.prod()))
    found = Onsager(
        np.array([[diagonal[0], cross], [cross, diagonal[1]]]), np.array([n1, n2]), np.array([1, z2]), T
    )
    gradient, z = np.array([1e34, -1e34 / z2]), np.array([1.0, z2])
    free = float(z @ found.fluxes(gradient, 0.0))
    field = free / (elementary_charge * float(z @ found.matrix @ z))
    flux = found.fluxes(gradient, field)
    assert abs(z @ flux) <= 1e-6 * np.abs(flux).max() + 1e-9 * abs(free)
    allowed = 1e-6 * abs(free) / 1e34
    assert found.interdiffusion() == pytest.approx(-flux[0] / 1e34, rel=1e-5, abs=allowed)
    if strength == 0:
        closed = interdiffusion([d1, d2], [n1, n2], [1, z2])
        assert found.interdiffusion() == pytest.approx(float(closed))


def test_interdiffusion_of_equal_charges_and_its_limits() -> None:
    n1, n2, d1, d2 = 3.0, 5.0, 1e-17, 4e-17
    expected = d1 * d2 * (n1 + n2) / (n1 * d1 + n2 * d2)
    assert float(interdiffusion([d1, d2], [n1, n2])) == pytest.approx(expected)
    assert onsager_coefficients([d1, d2], [n1, n2], T).interdiffusion() == pytest.approx(expected)
    assert float(interdiffusion([d1, d2], [1e-9, 1.0])) == pytest.approx(d1)
    assert float(interdiffusion([d1, d2], [1.0, 1e-9])) == pytest.approx(d2)
    assert float(interdiffusion([d1, d1], [0.3, 0.7])) == pytest.approx(d1)


def test_cross_term_at_which_entropy_would_fall_is_refused() -> None:
    def margin(cross: float) -> float:
        return (1 - cross) ** 2 - cross**2  # L_ii = D n/kT - L_12 with D n/kT = 1

    limit = brentq(margin, 0.0, 1.0)
    unit = {"density": [KT, KT], "temperature": T}
    onsager_coefficients([1.0, 1.0], cross=limit - 1e-6, **unit)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="entropy"):
        onsager_coefficients([1.0, 1.0], cross=limit + 1e-6, **unit)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ([[1.0, 0.1], [0.2, 1.0]], "symmetric"),
        ([[1.0, 1.1], [1.1, 1.0]], "positive definite"),
        ([[-1.0, 0.0], [0.0, 1.0]], "negative"),
        ([[1.0, np.nan], [np.nan, 1.0]], "finite"),
        ([[1.0]], "K x K"),
    ],
)
def test_impossible_matrices_are_refused(matrix: list[list[float]], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Onsager(np.array(matrix), np.ones(2), np.ones(2), T)


def test_entropy_of_any_force_rises() -> None:
    found = onsager_coefficients([1e-17, 2e-17], [1e28, 2e28], T, cross=5e30)
    rng = np.random.default_rng(1)
    for force in rng.normal(size=(50, 2)):
        assert force @ found.matrix @ force > 0


def test_published_convention_halves() -> None:
    assert float(tracer_diffusion_by_published_convention(2e-17)) == 1e-17


def test_three_ions_have_no_single_interdiffusion() -> None:
    three = onsager_coefficients([1e-17] * 3, [1e28] * 3, T)
    with pytest.raises(InputError, match="two ions"):
        three.interdiffusion()
    with pytest.raises(InputError, match="two ions"):
        onsager_coefficients([1e-17] * 3, [1e28] * 3, T, cross=1.0)
