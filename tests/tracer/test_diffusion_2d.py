"""Diffusion on grain maps: closed forms, order of convergence, conservation, conforming finite elements."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import erfc

from ionscape.core.errors import InputError
from ionscape.testing.grain_map import (
    GrainMap,
    ReferenceDiffusion,
    ReferenceStage,
    grains_from_seeds,
    voronoi_grains,
)
from ionscape.tracer.diffusion_2d import Edge, GrainDiffusion, Stage2D
from ionscape.tracer.faces import grain_faces

FloatArray = NDArray[np.float64]

D = 2.6e-12  # m^2/s
P = 1.36e-8  # m/s
HOUR = 3600.0


def orders(errors: list[float]) -> FloatArray:
    return np.asarray(np.log2(np.array(errors[:-1]) / np.array(errors[1:])))


def cosine_means(n: int, length: float, k: float) -> FloatArray:
    """Means of cos(k x) over n cells of [0, length]."""
    edges = np.linspace(0, length, n + 1)
    return np.diff(np.sin(k * edges)) / (k * length / n)


def test_second_order_in_space_within_a_grain() -> None:
    length, t, errors = 100e-6, 400.0, []
    k_x, k_y = np.pi / length, 2 * np.pi / length
    for n in (8, 16, 32):
        start = np.outer(cosine_means(n, length, k_y), cosine_means(n, length, k_x))
        model = GrainDiffusion(np.zeros((n, n)), (length / n, length / n), source_edge=None)
        found = model.solve(D, P, [Stage2D(t, False)], initial=start, tolerance=1e-11).fields[0]
        errors.append(float(np.abs(found - start * np.exp(-D * (k_x**2 + k_y**2) * t)).max()))
    assert orders(errors).min() > 1.9


def test_second_order_in_space_across_a_boundary() -> None:
    """Mode cos k(L - |x|) sign(x) of two closed grains of length L: kL tan kL = 2PL/D."""
    length, t, errors = 50e-6, 600.0, []
    root = brentq(lambda q: q * np.tan(q) - 2 * P * length / D, 1e-9, np.pi / 2 - 1e-9)
    for n in (8, 16, 32):
        half = cosine_means(n, length, root / length)
        start = np.tile(np.concatenate([half, -half[::-1]]), (3, 1))
        labels = np.tile(np.repeat([0, 1], n), (3, 1))
        model = GrainDiffusion(labels, (1e-6, length / n), source_edge=None)
        found = model.solve(D, P, [Stage2D(t, False)], initial=start, tolerance=1e-11).fields[0]
        exact = start * np.exp(-D * (root / length) ** 2 * t)
        errors.append(float(np.abs(found - exact).max()))
    assert orders(errors).min() > 1.9


@pytest.mark.parametrize("edge", ["bottom", "top", "left", "right"])
def test_surface_exchange_decays_as_its_mode(edge: Edge) -> None:
    """Mode cos(kx) of a slab closed at 0 with D k tan(kL) = surface exchange coefficient at L."""
    length, exchange, t, errors = 100e-6, 4e-8, 900.0, []
    root = brentq(lambda q: q * np.tan(q) - exchange * length / D, 1e-9, np.pi / 2 - 1e-9)
    for n in (16, 32, 64):
        profile = cosine_means(n, length, root / length)
        profile = profile if edge in ("bottom", "right") else profile[::-1]
        upright = edge in ("bottom", "top")
        start = np.tile(profile[:, None], (1, 2)) if upright else np.tile(profile, (2, 1))
        spacing = (length / n, 1e-6) if upright else (1e-6, length / n)
        model = GrainDiffusion(np.zeros_like(start), spacing, source_edge=edge, surface_exchange=exchange)
        found = model.solve(D, P, [Stage2D(t, True)], initial=start, source=0.0, tolerance=1e-11).fields[0]
        errors.append(float(np.abs(found - start * np.exp(-D * (root / length) ** 2 * t)).max()))
    assert orders(errors).min() > 1.9


def test_constant_source_follows_the_error_function() -> None:
    t, errors = 500.0, []
    for n in (50, 100, 200):
        h = 400e-6 / n
        model = GrainDiffusion(np.zeros((n, 1)), (h, h), source_edge="bottom")
        found = model.solve(D, P, [Stage2D(t, True)], initial=0.1, source=0.9, tolerance=1e-10).fields[0]
        depth = ((np.arange(n) + 0.5) * h)[::-1]
        exact = 0.1 + 0.8 * erfc(depth / (2 * np.sqrt(D * t)))
        errors.append(float(np.abs(found[:, 0] - exact).max()))
    assert orders(errors).min() > 1.9


def test_the_sample_may_go_on_beyond_the_image() -> None:
    """A window of a half-space sees the error function; closed at the far edge it would not."""
    t, h, n = 3000.0, 1e-6, 60
    model = GrainDiffusion(np.zeros((3, n)), (h, h), source_edge="left", beyond=2e-3)
    found = model.solve(D, P, [Stage2D(t, True)], tolerance=1e-9)
    exact = erfc((np.arange(n) + 0.5) * h / (2 * np.sqrt(D * t)))
    assert found.fields[0][1] == pytest.approx(exact, abs=5e-4)
    assert found.mass_error < 1e-11
    closed = GrainDiffusion(np.zeros((3, n)), (h, h), source_edge="left").solve(D, P, [Stage2D(t, True)])
    assert closed.fields[0][1, -1] > exact[-1] + 0.1


def small_map() -> tuple[NDArray[np.intp], FloatArray]:
    grains = voronoi_grains(12, 24e-6, 30e-6, np.random.default_rng(2))
    labels = grains.labels((15, 12), 2e-6)
    n = grain_faces(labels, (2e-6, 2e-6)).n_boundaries
    return labels, P * np.random.default_rng(3).lognormal(0, 0.5, n)


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5, 1e-7, 1e-9])
def test_time_integration_is_as_exact_as_asked(tolerance: float) -> None:
    """Against the dense matrix exponential of the same network."""
    from scipy.linalg import expm

    labels, permeability = small_map()
    model = GrainDiffusion(labels, (2e-6, 2e-6), source_edge="bottom")
    stages = [Stage2D(200.0, True), Stage2D(3000.0, False)]
    found = model.solve(D, permeability, stages, tolerance=tolerance)
    network = model._network
    at = model._course(D, permeability, stages, None)[0][0]
    held, _ = network.held("bottom", D)
    open_ = network.matrix(network.conductances(at), held).toarray() / network.volume[:, None]
    closed = network.matrix(network.conductances(at)).toarray() / network.volume[:, None]
    one = 1 - expm(-200.0 * open_) @ np.ones(labels.size)
    two = expm(-3000.0 * closed) @ one
    for field, exact in zip(found.fields, (one, two), strict=True):
        assert np.sqrt(np.mean((field.ravel() - exact) ** 2)) < 2 * tolerance


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), decades=st.floats(-3, 3), hours=st.floats(0.01, 100))
def test_mass_is_conserved_and_fractions_stay_between_their_extremes(
    seed: int, decades: float, hours: float
) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, size=(9, 11))
    model = GrainDiffusion(labels, (1e-6, 1.5e-6), source_edge="right")
    permeability = P * 10**decades * rng.lognormal(0, 1, model.n_boundaries)
    start = rng.uniform(0.1, 0.4, size=labels.shape)
    stages = [Stage2D(hours * HOUR, True), Stage2D(hours * HOUR, False)]
    found = model.solve(D, permeability, stages, initial=start, source=0.95, tolerance=1e-7)
    assert found.mass_error < 1e-11
    assert found.fields[1].sum() == pytest.approx(found.fields[0].sum(), rel=1e-11)
    for field in found.fields:
        assert field.min() > 0.1 - 1e-6
        assert field.max() < 0.95 + 1e-6


def test_derivatives_are_those_of_what_is_computed() -> None:
    labels, _ = small_map()
    model = GrainDiffusion(labels, (2e-6, 2e-6), source_edge="bottom", surface_exchange=3e-7, beyond=1e-4)
    groups = np.arange(model.n_boundaries) % 2
    stages = [Stage2D(300.0, True), Stage2D(900.0, False, bulk_scale=1.5, permeability_scale=2.0)]

    def fields(ln_d: float, ln_p: tuple[float, float], beyond: float | None = None) -> FloatArray:
        permeability = np.exp(np.array(ln_p))[groups]
        found = model.solve(np.exp(ln_d), permeability, stages, initial=0.1, beyond_diffusion=beyond)
        return np.stack(found.fields)

    d, p, e = float(np.log(D)), (float(np.log(P)), float(np.log(3 * P))), 1e-3
    exact = model.sensitivities(D, groups, [P, 3 * P], stages, initial=0.1)
    assert np.stack(exact.fields) == pytest.approx(fields(d, p), abs=1e-12)
    by_bulk = (fields(d + e, p) - fields(d - e, p)) / (2 * e)
    assert np.stack(exact.by_bulk) == pytest.approx(by_bulk, abs=1e-6 * np.abs(by_bulk).max())
    for g in (0, 1):
        up, down = (tuple(v + s * e * (k == g) for k, v in enumerate(p)) for s in (1, -1))
        by_group = (fields(d, (up[0], up[1])) - fields(d, (down[0], down[1]))) / (2 * e)
        found = np.stack([each[g] for each in exact.by_group])
        assert found == pytest.approx(by_group, abs=1e-6 * np.abs(by_group).max())
    given_beyond = model.sensitivities(D, groups, [P, 3 * P], stages, initial=0.1, beyond_diffusion=4e-13)
    by_beyond = (fields(d, p, 4e-13 * np.exp(e)) - fields(d, p, 4e-13 * np.exp(-e))) / (2 * e)
    assert np.stack(given_beyond.by_beyond) == pytest.approx(by_beyond, abs=1e-6 * np.abs(by_beyond).max())


def effective(grains: GrainMap, pixel: float, axis: int, *, weighted: bool = True) -> float:
    shape = round(grains.height / pixel), round(grains.width / pixel)
    labels = grains.labels(shape, pixel)
    faces = grain_faces(labels, (pixel, pixel), weighted=weighted)
    return GrainDiffusion(labels, (pixel, pixel), source_edge=None, faces=faces).effective_diffusion(
        D, P, axis
    )


def test_effective_diffusion_of_layers_is_the_series_formula() -> None:
    grains = grains_from_seeds([[20e-6, (k + 0.5) * 20e-6] for k in range(5)], 40e-6, 100e-6)
    assert effective(grains, 1e-6, 0) == pytest.approx(1 / (1 / D + 4 / (P * 100e-6)), rel=1e-9)
    assert effective(grains, 1e-6, 1) == pytest.approx(D, rel=1e-9)


@pytest.mark.parametrize("degrees", [10, 20, 30, 45, 60, 75])
def test_tilted_boundaries_converge_to_the_finite_elements(degrees: float) -> None:
    """Mean over places of the boundaries on the pixels' lattice; the staircase stays wrong.

    Places where a boundary ends in a corner are left out: there one pixel decides which edge a grain touches.
    """
    normal = np.array([np.sin(np.deg2rad(degrees)), np.cos(np.deg2rad(degrees))])
    size, ratios, stairs = np.array([60e-6, 80e-6]), [], []
    for shift in (0.13, 0.37, 0.64, 0.81):
        seeds = size / 2 + (np.arange(-4, 5)[:, None] + shift) * 17e-6 * normal
        inside = ((seeds > 0.5e-6) & (seeds < size - 0.5e-6)).all(axis=1)
        grains = grains_from_seeds(seeds[inside], *size)
        if (np.abs(grains.ends / size - 0.5).min(axis=-1) > 0.5 - 3e-6 / size[1]).any():
            continue
        coarse, fine = (ReferenceDiffusion(grains, D, P, e).effective_diffusion(0) for e in (5e-6, 2.5e-6))
        exact = fine + (fine - coarse) / 3
        ratios.append(effective(grains, 0.5e-6, 0) / exact)
        stairs.append(effective(grains, 0.5e-6, 0, weighted=False) / exact)
    assert len(ratios) >= 2
    assert np.mean(ratios) == pytest.approx(1, abs=0.005)
    if degrees < 60:  # steeper ones let most of the flow pass along them
        assert np.mean(stairs) > 1.05


def test_grain_maps_converge_to_the_finite_elements_and_the_staircase_does_not() -> None:
    grains = voronoi_grains(60, 120e-6, 240e-6, np.random.default_rng(3))
    coarse, fine = (ReferenceDiffusion(grains, D, P, e).effective_diffusion(0) for e in (3e-6, 1.5e-6))
    exact = fine + (fine - coarse) / 2  # corners of grains: between first and second order
    assert fine == pytest.approx(exact, rel=2e-3)
    found = [effective(grains, h, 0) / exact for h in (2e-6, 1e-6, 0.5e-6)]
    assert abs(found[0] - 1) < 0.01
    assert found[1:] == pytest.approx([1, 1], abs=0.005)
    stairs = [effective(grains, h, 0, weighted=False) / exact for h in (2e-6, 1e-6, 0.5e-6)]
    assert min(stairs) > 1.15
    assert stairs[2] >= stairs[0] - 0.005  # no better for finer pixels


def test_an_image_follows_the_finite_elements_in_time() -> None:
    grains = voronoi_grains(20, 70e-6, 110e-6, np.random.default_rng(8))
    permeability = P * np.random.default_rng(9).lognormal(0, 0.5, len(grains.edges))
    reference = ReferenceDiffusion(grains, D, permeability, 2e-6)
    exact = reference.fields(
        [ReferenceStage(8 * HOUR, True), ReferenceStage(10 * HOUR, False)], halvings=6, steps=6
    )
    shape, pixel = (110, 70), 1e-6
    labels = grains.labels(shape, pixel)
    faces = grain_faces(labels, (pixel, pixel))
    which = grains.boundary_of(faces.pairs)
    model = GrainDiffusion(labels, (pixel, pixel), source_edge="bottom", faces=faces)
    own = np.where(which >= 0, permeability[which], P)
    found = model.solve(D, own, [Stage2D(8 * HOUR, True), Stage2D(10 * HOUR, False)])
    inside = np.ones(shape, dtype=bool)  # pixels on a boundary hold both sides in the image, one in the model
    for rows, columns, down in (
        (faces.x_rows, faces.x_columns, False),
        (faces.y_rows, faces.y_columns, True),
    ):
        inside[rows, columns] = inside[rows + down, columns + (not down)] = False
    for field, nodal in zip(found.fields, exact, strict=True):
        off = (field - reference.pixels(nodal, shape, pixel))[inside]
        assert np.sqrt(np.mean(off**2)) < 0.005
        assert abs(off.mean()) < 0.002


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"bulk": 0.0}, "bulk diffusion coefficient"),
        ({"permeability": -1.0}, "larger than zero"),
        ({"permeability": [1e-8, 1e-8, 1e-8]}, "the map has 1 boundaries, not 3"),
        ({"stages": [Stage2D(0.0, True)]}, "duration"),
        ({"beyond_diffusion": 0.0}, "beyond_diffusion"),
    ],
)
def test_bad_coefficients_are_named(change: dict[str, object], says: str) -> None:
    model = GrainDiffusion([[0, 1], [0, 1]], (1e-6, 1e-6), source_edge="bottom", beyond=1e-4)
    arguments: dict[str, object] = {"bulk": D, "permeability": P, "stages": [Stage2D(1.0, True)]}
    with pytest.raises(InputError, match=says):
        model.solve(**{**arguments, **change})  # type: ignore[arg-type]


def test_bad_models_are_named() -> None:
    with pytest.raises(InputError, match="source edge is one of"):
        GrainDiffusion([[0, 1]], (1e-6, 1e-6), source_edge="up")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="surface_exchange"):
        GrainDiffusion([[0, 1]], (1e-6, 1e-6), source_edge="top", surface_exchange=0.0)
    with pytest.raises(InputError, match="beyond"):
        GrainDiffusion([[0, 1]], (1e-6, 1e-6), source_edge=None, beyond=1e-3)
    model = GrainDiffusion([[0, 1]], (1e-6, 1e-6), source_edge=None)
    with pytest.raises(InputError, match="no edge of the map"):
        model.solve(D, P, [Stage2D(1.0, True)])
    with pytest.raises(InputError, match="group"):
        model.sensitivities(D, [1], [P], [Stage2D(1.0, False)])
    with pytest.raises(InputError, match="axis"):
        model.effective_diffusion(D, P, 2)
