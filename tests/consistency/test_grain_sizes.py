"""What ± means for a grain size, and what a spread does to D_eff."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.consistency.grain_sizes import averages, grain_size_of, log_normal_sizes
from ionscape.consistency.series_model import series_diffusion
from ionscape.core.estimate import exact, measured
from ionscape.core.quantity import dimension_of

SIZE = measured(16e-6, 11e-6, dimension_of("m"), source="l")


def test_the_error_of_a_mean_is_kept_and_said() -> None:
    found = grain_size_of(SIZE, average="series")
    assert found.value is SIZE
    assert "uncertainty of the mean" in found.sentence
    assert grain_size_of(measured(16e-6, 1e-6, dimension_of("m")), average="series").sentence == ""


def test_what_a_size_is_decides_the_path_per_boundary() -> None:
    """As it stands; 1.5 mean intercepts (3/S_V over 2/S_V); from one to the other where it is not known."""
    size = exact(16e-6, dimension_of("m"))
    assert grain_size_of(size, average="series").value is size
    assert grain_size_of(size, average="intercept").value.value == pytest.approx(24e-6)
    unknown = grain_size_of(size, source="here")
    assert unknown.value.value == pytest.approx(20e-6)
    assert unknown.value.weights == {"here.path per boundary": pytest.approx(np.sqrt(1 / 48) / 1.25)}
    low, high = unknown.value.interval(0.95)
    assert low < 16e-6 < 24e-6 < high
    assert "grain_size_average" in unknown.sentence


def test_a_spread_leaves_the_mean_certain_to_its_root_of_n() -> None:
    found = grain_size_of(SIZE, meaning="distribution", count=250, average="series")
    assert found.value.spread == pytest.approx(11 / 16 / np.sqrt(250))
    assert found.spread == pytest.approx(11 / 16)
    assert set(found.value.weights) == {"l"}  # the same unknown as in every other result


def test_an_unknown_average_counts() -> None:
    """Harmonic to length-weighted mean of log-normal sizes: 1/(1 + cv²) to 1 + cv²."""
    found = grain_size_of(SIZE, meaning="distribution", source="here")
    assert found.value.weights["here.average"] == pytest.approx(np.log(1 + (11 / 16) ** 2) / np.sqrt(3))
    assert "give grain_count" in found.sentence
    assert "grain_size_average" in found.sentence


def test_sizes_have_the_mean_and_spread_asked_for() -> None:
    sizes = log_normal_sizes(16e-6, 0.6875, 20001)
    assert sizes.mean() == pytest.approx(16e-6)
    assert sizes.std() / sizes.mean() == pytest.approx(0.6875, rel=0.01)


def test_averages_bracket_the_mean_size() -> None:
    """A chain of random grains, resistances added one by one, is the mean size; the others lie about it."""
    bulk, permeability = 2.6e-12, 1.5e-8
    found = averages(lambda l: series_diffusion(bulk, permeability * l), 16e-6, 0.6875)
    mean, weighted, harmonic, beside = found.values()
    assert harmonic < beside < mean < weighted
    rng = np.random.default_rng(3)
    width = np.sqrt(np.log1p(0.6875**2))
    chain = 16e-6 * np.exp(width * rng.standard_normal(400_000) - width**2 / 2)
    walked = chain.sum() / (chain.sum() / bulk + chain.size / permeability)
    assert walked == pytest.approx(mean, rel=0.01)
