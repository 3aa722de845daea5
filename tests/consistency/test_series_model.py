"""Grains and boundaries: limits, bounds, and the way back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.consistency import (
    boundary_product,
    brick_layer_diffusion,
    maxwell_garnett_diffusion,
    series_diffusion,
    series_length,
)
from ionscape.consistency.series_model import core_fraction, flux_bounds, series_boundary_product
from ionscape.core.errors import InputError
from ionscape.core.estimate import exact, measured, undetermined, upper_bound
from ionscape.core.quantity import dimension_of

D = dimension_of("m^2/s")
DIFFUSION = st.floats(1e-20, 1e-8)
FRACTION = st.floats(0.01, 0.99)


@given(DIFFUSION, DIFFUSION)
def test_series_lies_below_both_and_is_half_of_equals(bulk: float, product: float) -> None:
    found = float(series_diffusion(bulk, product))
    assert found < min(bulk, product)
    assert float(series_diffusion(bulk, bulk)) == pytest.approx(bulk / 2)
    assert found == pytest.approx(float(series_diffusion(product, bulk)))


@given(DIFFUSION, st.floats(1e-6, 0.3), DIFFUSION)
def test_series_of_one_material_is_that_material(bulk: float, ratio: float, boundary: float) -> None:
    """(l+δ)/D = l/D + δ/D: with D_gb = D_bulk nothing changes, whatever δ/l."""
    assert float(series_diffusion(bulk, bulk / ratio, ratio)) == pytest.approx(bulk)
    layers = maxwell_garnett_diffusion(bulk, boundary, core_fraction(ratio, 1), dimensions=1)
    assert float(layers) == pytest.approx(
        float(series_diffusion(bulk, boundary / ratio, ratio))
    )  # one dimension


def test_fast_or_absent_boundaries_leave_the_bulk() -> None:
    assert float(series_diffusion(1e-12, math.inf)) == 1e-12
    assert float(series_diffusion(1e-12, 1e-6)) == pytest.approx(1e-12, rel=1e-5)


@given(DIFFUSION, DIFFUSION, st.floats(1e-7, 1e-3))
def test_bricks_without_paths_along_the_boundaries_are_the_series_model(
    bulk: float, product: float, ratio: float
) -> None:
    """To order δ/l, the area of the boundaries."""
    bricks = float(brick_layer_diffusion(bulk, product, 0.0, ratio))
    assert bricks == pytest.approx(float(series_diffusion(bulk, product)), rel=3 * ratio)


@given(DIFFUSION, st.floats(1e-4, 0.2))
def test_bricks_of_one_material_are_that_material(bulk: float, ratio: float) -> None:
    assert float(brick_layer_diffusion(bulk, bulk / ratio, bulk, ratio)) == pytest.approx(bulk)


@given(DIFFUSION, DIFFUSION, FRACTION, st.sampled_from([2, 3]))
def test_shells_lie_within_the_bounds_of_hashin_shtrikman_and_wiener(
    bulk: float, boundary: float, core: float, dimensions: int
) -> None:
    found = float(maxwell_garnett_diffusion(bulk, boundary, core, dimensions=dimensions))
    low, high = flux_bounds(bulk, boundary, core, dimensions)
    assert float(low) * (1 - 1e-9) <= found <= float(high) * (1 + 1e-9)
    series = 1 / (core / bulk + (1 - core) / boundary)
    parallel = core * bulk + (1 - core) * boundary
    assert series * (1 - 1e-9) <= float(low)
    assert float(high) <= parallel * (1 + 1e-9)


@given(DIFFUSION, DIFFUSION, FRACTION, st.floats(0.01, 100.0))
def test_segregation_keeps_the_flux_and_changes_the_mean_density(
    bulk: float, boundary: float, core: float, denser: float
) -> None:
    """Kalnin and Maier: of nD and n alone; n D of the shell fixed, D_eff falls as the mean density rises."""
    mixed = float(maxwell_garnett_diffusion(bulk, boundary / denser, core, segregation=denser))
    plain = float(maxwell_garnett_diffusion(bulk, boundary, core))
    assert mixed * (core + denser * (1 - core)) == pytest.approx(plain)


def test_thin_slow_shells_are_the_series_model_too() -> None:
    bulk, product, ratio = 2.6e-12, 2.4e-13, 3e-5
    shells = maxwell_garnett_diffusion(bulk, product * ratio, core_fraction(ratio))
    assert float(shells) == pytest.approx(float(series_diffusion(bulk, product)), rel=1e-3)


def test_a_box_of_boundaries_has_the_path_of_its_edges() -> None:
    """Boundaries alone resist, D_eff of a lattice of grains (each at one potential) is Σ P A d²/(6 V).

    Cubes: A = d² = a², V = a³, so that D_eff = P a; the area per volume is 3/a, the mean intercept 2a/3.
    Truncated octahedra of unit edge: 6 squares at 2√2 and 8 hexagons at √6 in 8√2: just above the bound.
    """
    edge = 16e-6
    assert float(series_length(2 * edge / 3)) == pytest.approx(edge)
    squares, hexagons, volume = 6.0, 8 * 1.5 * math.sqrt(3), 8 * math.sqrt(2)
    exact_path = (squares * 8 + hexagons * 6) / (6 * volume)
    intercept = 2 / ((squares + hexagons) / 2 / volume)
    assert float(series_length(intercept)) == pytest.approx(exact_path, rel=0.005)
    assert float(series_length(intercept)) < exact_path


def test_columns_have_the_path_of_their_network() -> None:
    """Squares of edge a: D_eff = P a, 2 a of lines per a². Hexagons of edge s: a triangular lattice of
    conductances P s has the sheet conductance √3 P s, with 2/(√3 s) of lines per area.
    """
    for lines_per_area, path in ((2 / 3.0, 3.0), (2 / (math.sqrt(3) * 3.0), math.sqrt(3) * 3.0)):
        intercept = math.pi / (2 * lines_per_area)
        assert float(series_length(intercept, 2)) == pytest.approx(path)
    with pytest.raises(InputError, match="dimensions must be"):
        series_length(1.0, 4)


def test_random_boundaries_under_a_uniform_flux() -> None:
    """Normals drawn at random: <(n·e)²> against <|n·e|>, 1/3 over 1/2 and 1/2 over 2/π."""
    rng = np.random.default_rng(5)
    for dimensions, ratio in ((2, 4 / math.pi), (3, 1.5)):
        n = rng.standard_normal((400_000, dimensions))
        along = n[:, 0] / np.linalg.norm(n, axis=1)
        assert np.mean(np.abs(along)) / np.mean(along**2) == pytest.approx(ratio, rel=0.005)
        assert float(series_length(1.0, dimensions)) == pytest.approx(ratio)


@given(DIFFUSION, st.floats(0.01, 0.99))
def test_backwards_is_the_inverse(bulk: float, share: float) -> None:
    product = bulk * (1 - share) / share
    effective = series_diffusion(bulk, product)
    assert float(series_boundary_product(effective, bulk)) == pytest.approx(product, rel=1e-6)


def test_an_error_that_both_share_goes_through_the_inverse_unchanged() -> None:
    """D_eff and D_bulk both 10 % off (one depth scale): so is (l/δ) D_gb, and no more."""
    scale = measured(1.0, 0.1, source="depth", scale="log")
    found = boundary_product(exact(2.0e-13, D) * scale, exact(2.6e-12, D) * scale)
    assert found.spread == pytest.approx(0.1, rel=0.02)


def test_equal_coefficients_leave_a_bound_and_a_larger_one_is_refused() -> None:
    bulk = measured(2.6e-12, 2e-13, D)
    equal = boundary_product(measured(2.5e-12, 2e-13, D), bulk)
    assert (equal.status, equal.side) == ("bound", "lower")
    assert equal.value > 2.6e-12  # D_eff within a tenth of D_bulk: boundaries hinder little
    larger = boundary_product(measured(6e-12, 2e-13, D), bulk)
    assert larger.status == "refused"
    assert "larger than D_bulk" in larger.note
    assert boundary_product(undetermined(D, "why"), bulk).note == "why"
    assert boundary_product(upper_bound(1e-13, D, "noise"), bulk).status == "undetermined"


def test_arrays_broadcast_and_nonsense_is_named() -> None:
    assert np.shape(series_diffusion(np.ones(3), np.ones((2, 1)))) == (2, 3)
    with pytest.raises(InputError, match="between 0 and 1"):
        maxwell_garnett_diffusion(1.0, 1.0, 1.5)
    with pytest.raises(InputError, match="dimensions must be"):
        maxwell_garnett_diffusion(1.0, 1.0, 0.5, dimensions=4)
