"""D(n) without a distribution from profiles of another method: noise-free, counted, and what is not said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import exact, measured
from ionscape.core.quantity import dimension_of
from ionscape.core.serial import from_bytes, to_bytes
from ionscape.replacement.diffusion_spline import SimulatedFilm, SplineProblem
from ionscape.replacement.direct_diffusion import direct_diffusion
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.model_free import ModelFreeDiffusion, diffusion_from_profile
from ionscape.replacement.profile_course import Course
from ionscape.replacement.profile_forward import film_faces
from ionscape.replacement.programme import Programme, Stage, constant_current
from ionscape.testing import lithium_borate as made

FloatArray = NDArray[np.float64]
TRUTH = made.TRUTH
LAW = made.NativeLaw(
    TRUTH.fwhm / made.FWHM_IN_SD / (made.BOLTZMANN * TRUTH.temperature / made.ELEMENTARY_CHARGE),
    1 - TRUTH.vacancy_fraction,
)
BULK = measured(TRUTH.bulk_diffusion, 0.1 * TRUTH.bulk_diffusion, dimension_of("m^2/s"), source="D_bulk")
COUNTS = 15000.0


def _log_truth(fraction: FloatArray) -> FloatArray:
    return np.log(LAW.diffusion(fraction)[0] * TRUTH.bulk_diffusion)


@pytest.fixture(scope="module")
def solved() -> tuple[FloatArray, FloatArray]:
    """Faces and fractions after K+ came in, by central differences and scipy's BDF."""
    return made.replaced("K+", cells=2000, tolerance=1e-6)


@pytest.fixture(scope="module")
def slices(solved: tuple[FloatArray, FloatArray]) -> FloatArray:
    return made.slice_fractions(*solved)


def _profile(
    native: FloatArray, foreign: FloatArray, programme: Programme | None = None, label: str = "K+"
) -> MeasuredProfile:
    depth = np.asarray((np.arange(native.size) + 0.5) * made.SLICE, dtype=np.float64)
    return MeasuredProfile(
        label=label, source="made K+", native_ion="Li+", foreign_ion="K+", depth=depth, native=native,
        native_sd=np.sqrt(np.maximum(native, 1 / COUNTS) / COUNTS), foreign=foreign,
        foreign_sd=np.sqrt(np.maximum(foreign, 1 / COUNTS) / COUNTS), native_scale_sd=0.01,
        foreign_scale_sd=0.01, systematic={}, depth_scale_sd=0.01, depth_scale_source="depth",
        resolution=(made.RESOLUTION, 0.0),
        programme=programme or constant_current(TRUTH.current_density("K+"), TRUTH.duration, "K+",
                                                TRUTH.temperature),
        charge_scale_sd=0.01, charge_scale_source="charge",
        temperature=exact(TRUTH.temperature, dimension_of("K")),
    )  # fmt: skip


def _counted(slices: FloatArray, seed: int) -> MeasuredProfile:
    rng = np.random.default_rng(seed)
    u = np.clip(slices, 0, 1)
    return _profile(rng.poisson(COUNTS * u) / COUNTS, rng.poisson(COUNTS * (1 - u)) / COUNTS)


def _inverted(profile: MeasuredProfile) -> ModelFreeDiffusion:
    return diffusion_from_profile(profile, carrier_density=TRUTH.carrier_density, bulk_diffusion=BULK)


def test_noise_free_profile_gives_back_its_law(slices: FloatArray) -> None:
    found = _inverted(_profile(slices, 1 - slices))
    low, high = found.range
    assert low < 0.15
    assert high > 0.4
    told = np.isfinite(found.diffusion)
    u, truth = found.fraction[told], _log_truth(found.fraction[told])
    error = np.log(found.diffusion[told]) - truth
    assert np.max(np.abs(error[(u > 0.1) & (u < 0.4)])) < 0.05
    # nearer the end the penalty draws it away: by less than the bands say
    assert np.all((np.log(found.low_95[told]) < truth) & (truth < np.log(found.high_95[told])))
    assert found.foreign_diffusion == pytest.approx(
        TRUTH.diffusion_ratio["K+"] * TRUTH.bulk_diffusion, rel=0.03
    )
    assert np.all(np.isnan(found.diffusion[found.fraction > 0.7]))  # there the profile does not say


def test_bands_of_counted_profiles_hold_the_law(slices: FloatArray) -> None:
    inside_68, inside_95 = [], []
    for seed in range(5):
        found = _inverted(_counted(slices, seed))
        told = np.isfinite(found.diffusion)
        truth = np.exp(_log_truth(found.fraction[told]))
        inside_68.append(np.mean((found.low_68[told] < truth) & (truth < found.high_68[told])))
        inside_95.append(np.mean((found.low_95[told] < truth) & (truth < found.high_95[told])))
    # points of one curve are correlated: five curves are worth about twenty points
    assert 0.45 < np.mean(inside_68) < 0.98
    assert np.mean(inside_95) > 0.8


def test_direct_formula_on_a_profile_without_noise(solved: tuple[FloatArray, FloatArray]) -> None:
    faces, native = solved
    d = direct_diffusion(
        (faces[1:] + faces[:-1]) / 2, native, TRUTH.flux("K+"),
        TRUTH.diffusion_ratio["K+"] * TRUTH.bulk_diffusion, TRUTH.duration,
    )  # fmt: skip
    u = np.array([0.2, 0.3, 0.4, 0.5])
    error = np.log(d(u)) - _log_truth(u)
    assert np.all(np.abs(error) < 0.35)
    assert math.isnan(float(d(0.0001)))


def test_derivatives_are_those_of_the_residuals(slices: FloatArray) -> None:
    profile = _counted(slices, 1)
    length = TRUTH.flux("K+") * TRUTH.duration
    film = SimulatedFilm(Course(TRUTH.duration, 1.0, None), length, film_faces(150))
    problem = SplineProblem(profile, film, BULK)
    theta = problem.start()
    theta[problem.scales] = 0.4
    jacobian = problem.linearised(theta)[1]
    for k in np.flatnonzero(problem.free):
        ends = []
        for step in (1e-3, -1e-3):
            moved = theta.copy()
            moved[k] += step
            ends.append(problem.residuals(moved, problem.native(moved)))
        numerical = (ends[0] - ends[1]) / 2e-3
        assert np.max(np.abs(numerical - jacobian[:, k])) < 0.02 * np.max(np.abs(jacobian)) + 1e-6


def test_result_is_stored_and_said(slices: FloatArray) -> None:
    found = _inverted(_counted(slices, 3))
    again = from_bytes(to_bytes(found))
    assert again.sentences() == found.sentences()
    assert "without any distribution" in found.sentences()[0]


def test_controlled_voltage_is_refused(slices: FloatArray) -> None:
    programme = Programme((Stage(TRUTH.duration, "voltage", 3.0, "K+", TRUTH.temperature),))
    with pytest.raises(InputError, match="needs the current"):
        _inverted(_profile(slices, 1 - slices, programme))


def test_profile_that_no_law_gives_is_refused() -> None:
    native = np.where(np.arange(400) % 100 < 50, 0.2, 1.0)
    with pytest.raises(AnalysisError, match="no D"):
        diffusion_from_profile(
            _profile(native, 1 - native), carrier_density=TRUTH.carrier_density, bulk_diffusion=BULK, cells=60
        )
