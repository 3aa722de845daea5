"""Profiles made by finite volumes and counted ion by ion, fitted: truths, errors, statuses, bad input."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from ionscape.core import serial
from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import correlation
from ionscape.tracer.counting import IsotopeFraction, isotope_fraction
from ionscape.tracer.fast_boundary import with_fast_boundaries
from ionscape.tracer.profile_fit import fit_profile

FloatArray = NDArray[np.float64]
D, T = 3e-13, 110 * 3600.0
LENGTH = math.sqrt(D * T)
C0, CS = 0.0759, 0.95


@lru_cache(maxsize=8)
def _volumes(number: float, length: float) -> tuple[FloatArray, FloatArray]:
    """g(eta), eta = x/sqrt(Dt), by finite volumes: exchange number k sqrt(t/D), closed edge at ``length``."""
    edges = length * np.linspace(0, 1, 401) ** 1.7
    centres, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)

    def change(_: float, g: FloatArray) -> FloatArray:
        inflow = (1 - g[0]) / (1 / number + centres[0])
        return -np.diff(np.concatenate([[inflow], -np.diff(g) / np.diff(centres), [0.0]])) / widths

    found = solve_ivp(change, (0, 1), np.zeros(400), method="LSODA", rtol=1e-7, atol=1e-9, lband=1, uband=1)
    return np.concatenate([[-1.0, 0.0], centres]), np.concatenate([np.ones(2), found.y[:, -1]])


def _counted(
    x: FloatArray, number: float = 1e6, length: float = 12.0, counts: int = 20_000, shift: float = 0.0,
    seed: int = 3,
) -> IsotopeFraction:  # fmt: skip
    eta, g = _volumes(number, length)
    fraction = C0 + (CS - C0) * np.interp((x - shift) / LENGTH, eta, g)
    rng = np.random.default_rng(seed)
    total = rng.poisson(counts, x.size)
    tracer = rng.binomial(total, fraction)
    return isotope_fraction({"6Li": tracer, "7Li": total - tracer})


X = np.linspace(0.02, 6, 70) * LENGTH


def _near(value: float, truth: float, spread: float) -> None:
    assert abs(value - truth) < 3.5 * spread


def test_constant_source_is_found_and_preferred() -> None:
    chosen = fit_profile(X, _counted(X), exchange_time=T, source_fraction=CS, initial_fraction=C0)
    assert chosen.model == "constant source"
    found = fit_profile(X, _counted(X), exchange_time=T, model="constant source")
    for name, truth in (("diffusion_coefficient", D), ("source_fraction", CS), ("initial_fraction", C0)):
        estimate = found.parameters[name]
        _near(estimate.value, truth, estimate.standard_uncertainty)
    assert found.diffusion_coefficient.standard_uncertainty < 0.02 * D
    assert found.chi_square_per_freedom == pytest.approx(1, abs=0.5)
    assert found.diffusion_length.value == pytest.approx(LENGTH, rel=0.02)


def test_surface_exchange_is_found_and_preferred() -> None:
    found = fit_profile(X, _counted(X, 0.7), exchange_time=T, source_fraction=CS, initial_fraction=C0)
    assert found.model == "surface exchange"
    exchange = found.parameters["surface_exchange_coefficient"]
    _near(exchange.value, 0.7 * math.sqrt(D / T), exchange.standard_uncertainty)
    _near(found.diffusion_coefficient.value, D, found.diffusion_coefficient.standard_uncertainty)
    other = {c.model: c for c in found.candidates}["constant source"]
    assert other.bic > 50
    assert any("clearly better than" in reason for reason in found.reasons)


def test_exchange_without_the_sources_fraction_gives_d_and_the_product_alone() -> None:
    number = 0.05
    found = fit_profile(
        X, _counted(X, number), exchange_time=T, initial_fraction=C0, model="surface exchange"
    )
    assert found.parameters["surface_exchange_coefficient"].status == "undetermined"
    assert "source_fraction" in found.parameters["surface_exchange_coefficient"].note
    assert found.parameters["source_fraction"].status == "undetermined"
    flux = found.parameters["surface_flux"]
    low, high = flux.interval(0.95)
    assert 0.9 * low < number * math.sqrt(D / T) * (CS - C0) < 1.1 * high
    low, high = found.diffusion_coefficient.interval(0.95)
    assert low < D < high


def test_doubt_between_models_is_part_of_d() -> None:
    """Slow exchange in so much noise that erfc, with half the D, fits as well."""
    hits, told = [], 0
    for seed in range(8):
        found = fit_profile(X, _counted(X, 0.03, seed=seed), exchange_time=T, initial_fraction=C0)
        low, high = found.diffusion_coefficient.interval(0.95)
        hits.append(low < D < high)
        if found.candidates[0].bic > 0:
            told += 1
            assert found.model == "surface exchange"
            assert any("assumes instant exchange" in text for text in found.reasons)
    assert told > 0
    assert sum(hits) >= 6


def test_exchange_faster_than_can_be_seen_is_a_lower_bound() -> None:
    found = fit_profile(X, _counted(X), exchange_time=T, source_fraction=CS, model="surface exchange")
    exchange = found.parameters["surface_exchange_coefficient"]
    assert (exchange.status, exchange.side) == ("bound", "lower")
    assert exchange.value > math.sqrt(D / T)


def test_meniscus_is_found_on_request_and_told_otherwise() -> None:
    at = 0.3 * LENGTH
    observed = _counted(X, shift=at)
    stated = {"exchange_time": T, "source_fraction": CS, "initial_fraction": C0}
    held = fit_profile(X, observed, model="constant source", **stated)  # type: ignore[arg-type]
    assert held.diffusion_coefficient.value > 1.2 * D  # what Hasegawa saw: erfc overestimates
    assert any("meniscus" in text for text in held.warnings)
    for surface in ("auto", "free"):
        found = fit_profile(X, observed, surface_position=surface, **stated)  # type: ignore[arg-type]
        assert found.candidates[0].free_surface
        position = found.parameters["surface_position"]
        _near(position.value, at, position.standard_uncertainty)
        _near(found.diffusion_coefficient.value, D, found.diffusion_coefficient.standard_uncertainty)


def test_a_surface_at_zero_stays_there() -> None:
    found = fit_profile(X, _counted(X), exchange_time=T, source_fraction=CS, surface_position="auto")
    assert not found.candidates[0].free_surface


def test_far_edge_is_refused_and_can_be_fitted() -> None:
    length = 1.6 * LENGTH
    x = np.linspace(0.01, 1, 60) * length
    observed = _counted(x, 1e6, 1.6)
    for options in ({}, {"model": "constant source"}, {"initial_fraction": C0}):
        with pytest.raises(AnalysisError, match="far edge"):
            fit_profile(x, observed, exchange_time=T, **options)
    with pytest.raises(AnalysisError, match="'constant source' does not know: fit 'constant source in slab'"):
        fit_profile(x, observed, exchange_time=T, sample_length=length, model="constant source")
    found = fit_profile(
        x, observed, exchange_time=T, sample_length=length, source_fraction=CS, initial_fraction=C0
    )
    assert found.model == "constant source in slab"
    _near(found.diffusion_coefficient.value, D, found.diffusion_coefficient.standard_uncertainty)


@pytest.mark.parametrize("fractions", [{}, {"initial_fraction": C0, "source_fraction": CS}])
@pytest.mark.parametrize("model", ["constant source", "surface exchange"])
def test_far_edge_is_refused_where_the_sample_is_nearly_uniform(
    model: str, fractions: dict[str, float]
) -> None:
    """sqrt(Dt) of 1.5 lengths: a stated semi-infinite model describes nothing, however wide its noise."""
    length = LENGTH / 1.5
    x = np.linspace(0.01, 1, 60) * length
    with pytest.raises(AnalysisError, match=f"far edge of the sample.*fit '{model} in slab'"):
        fit_profile(x, _counted(x, 1e6, 1 / 1.5), exchange_time=T, sample_length=length, model=model,
                    **fractions)  # type: ignore[arg-type]


def test_a_fitted_initial_fraction_that_is_most_of_the_profile_is_questioned() -> None:
    """Nearly uniform, neither length nor initial fraction stated: an erfc on a plateau fits."""
    x = np.linspace(0.01, 1, 60) * LENGTH
    found = fit_profile(x, _counted(x, 1e6, 1.0), exchange_time=T, model="constant source")
    assert any("state initial_fraction" in text for text in found.warnings)
    told = fit_profile(X, _counted(X), exchange_time=T).warnings
    assert not any("state initial_fraction" in text for text in told)


def test_open_by_misfit_is_not_called_open_by_the_data() -> None:
    rough = 0.9 + 0.04 * (-1.0) ** np.arange(X.size)
    found = fit_profile(X, rough, exchange_time=T, variance=np.full(X.size, 1e-6), model="constant source",
                        initial_fraction=C0, source_fraction=0.9).diffusion_coefficient  # fmt: skip
    assert found.status == "undetermined"
    assert "does not describe the profile" in found.note
    times = float(found.note.split("the residuals are ")[1].split(" times the stated errors")[0])
    assert times == pytest.approx(0.04 / 0.001, rel=0.05)


def test_swapped_fractions_are_questioned() -> None:
    with pytest.raises(InputError, match=r"falls from 0\.[89].* to 0\.07.*are they swapped\?"):
        fit_profile(X, _counted(X), exchange_time=T, initial_fraction=CS, source_fraction=C0)
    depleted = 1 - _counted(X).fraction  # the other isotope: the profile rises, as stated
    found = fit_profile(X, depleted, exchange_time=T, initial_fraction=1 - C0, source_fraction=1 - CS)
    assert found.diffusion_coefficient.status == "determined"


def test_far_edge_that_is_far_does_no_harm() -> None:
    found = fit_profile(X, _counted(X), exchange_time=T, sample_length=10 * LENGTH, model="constant source")
    assert found.model == "constant source"


def test_profile_that_ends_early_is_no_far_edge_but_a_warning() -> None:
    x = np.linspace(0.02, 1.5, 40) * LENGTH
    found = fit_profile(x, _counted(x), exchange_time=T, source_fraction=CS, initial_fraction=C0)
    _near(found.diffusion_coefficient.value, D, found.diffusion_coefficient.standard_uncertainty)
    assert any("sample_length" in text for text in found.warnings)


def test_fast_boundaries_are_found_where_the_tail_asks() -> None:
    beta, spacing = 60.0, 12 * LENGTH
    product = 2 * beta * D * LENGTH
    x = np.linspace(0.02, 25, 120) * LENGTH
    rng = np.random.default_rng(5)
    fraction = C0 + (CS - C0) * with_fast_boundaries(x, T, D, product, spacing)
    total = rng.poisson(400_000, x.size)
    tracer = rng.binomial(total, fraction)
    observed = isotope_fraction({"6Li": tracer, "7Li": total - tracer})
    found = fit_profile(x, observed, exchange_time=T, source_fraction=CS, initial_fraction=C0)
    assert found.model == "fast boundaries"
    for name, truth in (("diffusion_coefficient", D), ("boundary_product", product)):
        estimate = found.parameters[name]
        _near(estimate.value, truth, estimate.standard_uncertainty)
    none = fit_profile(
        x, observed, exchange_time=T, source_fraction=CS, initial_fraction=C0, fast_boundaries=False
    )
    assert none.model != "fast boundaries"
    assert any("not random" in text for text in none.warnings)


def test_thin_film_and_layer_on_a_random_walk() -> None:
    rng = np.random.default_rng(12)
    width = 0.9 * LENGTH
    place = np.abs(rng.uniform(0, width, 300_000) + rng.normal(0, math.sqrt(2) * LENGTH, 300_000))
    edges = np.linspace(0, 6 * LENGTH, 51)
    n = np.histogram(place, edges)[0]
    x, bin_width = (edges[1:] + edges[:-1]) / 2, edges[1]
    fraction = n / 300_000 * width / bin_width
    variance = (n + 0.5) * (width / bin_width / 300_000) ** 2
    layer = fit_profile(x, fraction, variance=variance, exchange_time=T, model="finite layer",
                        initial_fraction=0.0, source_fraction=1.0)  # fmt: skip
    _near(layer.diffusion_coefficient.value, D, layer.diffusion_coefficient.standard_uncertainty)
    thickness = layer.parameters["layer_thickness"]
    _near(thickness.value, width, thickness.standard_uncertainty)
    film = fit_profile(
        x, fraction, variance=variance, exchange_time=T, model="thin film", initial_fraction=0.0
    )
    amount = film.parameters["amount"]
    assert amount.value == pytest.approx(width, rel=0.05)
    assert film.diffusion_coefficient.value > 1.05 * D  # the layer's own width passes for diffusion


def test_resolution_is_taken_out() -> None:
    deviation = 0.5 * LENGTH
    fine = np.linspace(0, 8, 4001) * LENGTH
    eta, g = _volumes(1e6, 12.0)
    curve = C0 + (CS - C0) * np.interp(fine / LENGTH, eta, g)
    x = np.linspace(0.05, 5, 60) * LENGTH
    weight = np.exp(-(((fine[None, :] - x[:, None]) / deviation) ** 2) / 2)
    seen = (weight @ curve) / weight.sum(axis=1)  # a beam that sees only what is below the surface
    rng = np.random.default_rng(8)
    noisy = seen + 0.002 * rng.standard_normal(x.size)
    stated = {"exchange_time": T, "source_fraction": CS, "initial_fraction": C0, "model": "constant source",
              "variance": np.full(x.size, 4e-6)}  # fmt: skip
    blind = fit_profile(x, noisy, **stated)  # type: ignore[arg-type]
    found = fit_profile(x, noisy, resolution=(deviation, 0.1 * deviation), **stated)  # type: ignore[arg-type]
    assert any("what the stated errors explain" in text for text in blind.warnings)
    assert found.chi_square_per_freedom < 1.6 < blind.chi_square_per_freedom
    _near(found.diffusion_coefficient.value, D, found.diffusion_coefficient.standard_uncertainty)
    sharp = fit_profile(x, noisy, resolution=deviation, **stated)  # type: ignore[arg-type]
    assert (
        found.diffusion_coefficient.standard_uncertainty
        > 1.2 * sharp.diffusion_coefficient.standard_uncertainty
    )


@settings(max_examples=6)
@given(st.floats(0.01, 0.2), st.floats(0.01, 0.2))
def test_errors_of_time_and_depth_enter_as_they_should(time: float, depth: float) -> None:
    found = fit_profile(X, _counted(X), exchange_time=(T, time * T), position_uncertainty=depth,
                        model="constant source", source_fraction=CS, initial_fraction=C0)  # fmt: skip
    plain = fit_profile(X, _counted(X), exchange_time=T, model="constant source", source_fraction=CS,
                        initial_fraction=C0)  # fmt: skip
    expected = math.sqrt(plain.diffusion_coefficient.spread**2 + time**2 + (2 * depth) ** 2)
    assert found.diffusion_coefficient.spread == pytest.approx(expected, rel=0.01)


def test_two_profiles_share_what_was_stated_once() -> None:
    fits = [
        fit_profile(X, _counted(X, seed=seed), exchange_time=(T, 0.05 * T), model="constant source",
                    source_fraction=(CS, 0.01), initial_fraction=C0, shared_source="sample")
        for seed in (1, 2)
    ]  # fmt: skip
    assert correlation(*(fit.diffusion_coefficient for fit in fits)) > 0.9


def test_sensitivity_to_the_sources_fraction_is_that_of_a_refit() -> None:
    stated = {"exchange_time": T, "model": "constant source", "initial_fraction": C0}
    observed = _counted(X)
    found = fit_profile(X, observed, source_fraction=(CS, 0.002), source="a", **stated)  # type: ignore[arg-type]
    ends = [fit_profile(X, observed, source_fraction=CS + s, **stated).diffusion_coefficient.value  # type: ignore[arg-type]
            for s in (0.001, -0.001)]  # fmt: skip
    assert found.diffusion_coefficient.weights["a#source fraction"] == pytest.approx(
        math.log(ends[0] / ends[1]), rel=0.02
    )


def test_scatter_beyond_the_stated_errors_widens() -> None:
    rng = np.random.default_rng(4)
    eta, g = _volumes(1e6, 12.0)
    noisy = C0 + (CS - C0) * np.interp(X / LENGTH, eta, g) + 0.01 * rng.standard_normal(X.size)
    stated = fit_profile(X, noisy, exchange_time=T, variance=np.full(X.size, 1e-6), model="constant source")
    equal = fit_profile(X, noisy, exchange_time=T, model="constant source")
    assert stated.diffusion_coefficient.spread == pytest.approx(equal.diffusion_coefficient.spread, rel=0.02)
    assert any("what the stated errors explain" in text for text in stated.warnings)


def test_may_be_stored() -> None:
    found = fit_profile(X, _counted(X), exchange_time=T)
    again = serial.from_bytes(serial.to_bytes(found))
    assert again.parameters["diffusion_coefficient"].value == found.diffusion_coefficient.value
    assert again.candidates == found.candidates


GOOD = np.linspace(0.9, 0.1, 20)


@pytest.mark.parametrize(
    ("position", "fraction", "options", "words"),
    [
        (np.arange(20.0), GOOD, {"exchange_time": 0.0}, "exchange time must be larger than zero"),
        (np.arange(20.0)[::-1], GOOD, {}, "must increase"),
        (np.arange(19.0), GOOD, {}, "must belong together"),
        (np.arange(20.0), np.full(20, np.nan), {}, "at least 5 points"),
        (np.arange(20.0), GOOD, {"variance": np.zeros(20)}, "variance of every fraction"),
        (np.arange(20.0), GOOD, {"model": "erfc"}, "no model 'erfc'"),
        (np.arange(20.0), GOOD, {"model": "constant source in slab"}, "sample_length"),
        (np.arange(20.0), GOOD, {"sample_length": 5.0}, "beyond the sample's length"),
        (np.arange(20.0), GOOD, {"surface_position": "somewhere"}, "surface_position"),
        (np.arange(20.0), GOOD, {"resolution": -1.0}, "resolution must be larger"),
        (np.arange(20.0), GOOD, {"model": "thin film", "candidates": ("thin film",)}, "not both"),
    ],
)
def test_bad_input_is_a_sentence(
    position: FloatArray, fraction: FloatArray, options: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        fit_profile(position, fraction, **({"exchange_time": T} | options))  # type: ignore[arg-type]
