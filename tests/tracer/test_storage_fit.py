"""Storage fits recover known D and E from synthetic profiles of another method, and say what they cannot."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.constants import elementary_charge
from scipy.optimize import curve_fit
from scipy.special import erfc

from ionscape.core.errors import InputError
from ionscape.testing.stored_profiles import NATURAL, ROOM, SOURCE, StoredSample, counted
from ionscape.tracer.counting import isotope_fraction
from ionscape.tracer.history import Programme, Stage, diffusion_work
from ionscape.tracer.smoothing import modes_between
from ionscape.tracer.storage_checks import contents, disagreements, displaced
from ionscape.tracer.storage_fit import Setting, StorageFit, fit_profiles, fit_storage, functionals
from ionscape.tracer.storage_likelihood import MeasuredProfile, StorageLikelihood, choose_law
from ionscape.tracer.storage_marginal import _Profile

FloatArray = NDArray[np.float64]
DAY = 86400.0
SAMPLE = StoredSample(length=5e-3, meniscus=5e-4, diffusion=3e-13, energy=0.43 * elementary_charge)
X = np.linspace(0, 5e-3, 75)
TWO_WEEKS, SIX_WEEKS = (Stage(14 * DAY, ROOM, ROOM),), (Stage(42 * DAY, ROOM, ROOM),)
ANNEALED = (*TWO_WEEKS, Stage(3600.0, 473.15, 473.15))


def profile(expected: FloatArray, seed: int, counts: float = 6000, x: FloatArray = X) -> MeasuredProfile:
    """As counted."""
    tracer, others = counted(expected, counts, np.random.default_rng(seed))
    found = isotope_fraction({"6Li": tracer, "7Li": others})
    return MeasuredProfile(x, found.fraction, found.variance, found.total)


def fitted(histories: Sequence[Any], seed: int = 1, x: FloatArray = X, **setting: Any) -> StorageFit:
    """Of profiles after these histories."""
    counts = 6000 * X.size / x.size  # as many in all
    first = profile(SAMPLE.exchanged(x), seed, counts, x)
    works = [diffusion_work(history, SAMPLE.coefficient) for history in histories]
    later = [profile(SAMPLE.stored(x, theta), seed + 1 + k, counts, x) for k, theta in enumerate(works)]
    return fit_profiles(first, later, histories, Setting(**setting))


def test_storage_is_right_where_the_meniscus_misleads_erfc() -> None:
    """Hasegawa 2024, figure 4: 22 °C, 110 h; erfc from the stated edge is far too large, storage is not."""
    first = profile(SAMPLE.exchanged(X), 3)

    def profile_of_edge(x: FloatArray, d: float) -> FloatArray:
        return np.asarray(NATURAL + (SOURCE - NATURAL) * erfc(x / np.sqrt(4 * d * 1e-13 * 110 * 3600)))

    by_erfc = 1e-13 * curve_fit(profile_of_edge, X, first.fraction, p0=[5.0])[0][0]
    assert by_erfc > 2 * SAMPLE.diffusion
    fit = fitted([TWO_WEEKS, SIX_WEEKS])
    found = fit.diffusion[0]
    assert abs(found.value - np.log(3e-13)) < 3 * found.spread
    assert found.spread < 0.03
    assert fit.activation_energy is None


@pytest.mark.parametrize("sd", [0.0, 1e-5])
@pytest.mark.parametrize("share", [1e-3, 3e-2, 0.3, 1.0])
def test_each_later_profile_alone_finds_its_diffusion(share: float, sd: float) -> None:
    """From barely moved to nearly uniform, with counts so many that the likelihood's well is very narrow."""
    most = 0.45 * SAMPLE.length**2 / np.pi**2 * np.log(100)  # the longest mode has decayed to 12 %
    x = np.linspace(0, 5e-3, 64)
    works = [0.3 * share * most, share * most]
    histories = [(Stage(work / 3e-13, ROOM, ROOM),) for work in works]
    first = profile(SAMPLE.exchanged(x), 51, counts=3e4, x=x)
    later = [profile(SAMPLE.stored(x, w), 52 + k, counts=3e4, x=x) for k, w in enumerate(works)]
    fit = fit_profiles(first, later, histories, Setting(displacement_sd=sd))
    assert abs(fit.logs[0] - np.log(3e-13)) < 4 * fit.diffusion[0].spread
    for found, work in zip(fit.alone, works, strict=True):
        assert found.status == "determined"
        assert abs(found.value - np.log(work)) < 4 * found.spread
        assert found.spread < 0.2


def test_energy_and_prefactor_from_two_temperatures() -> None:
    fit = fitted([TWO_WEEKS, ANNEALED])
    assert fit.law.kind == "arrhenius"
    assert fit.temperatures == (ROOM, 473.15)
    for found, truth in zip(fit.diffusion, (3e-13, SAMPLE.coefficient(473.15)), strict=True):
        assert abs(found.value - np.log(truth)) < 3 * found.spread
    energy, prefactor = fit.activation_energy, fit.log_prefactor
    assert energy is not None
    assert prefactor is not None
    assert abs(energy.value - SAMPLE.energy) < 3 * energy.spread
    assert abs(prefactor.value - np.log(SAMPLE.coefficient(1e12))) < 3 * prefactor.spread


def test_a_ramp_is_propagated_as_what_it_is() -> None:
    """Up in one hour, down in two; the truth from the integral over the ramp, energy known."""
    ramp = (Stage(3600.0, ROOM, 473.15), Stage(7200.0, 473.15, ROOM))
    fit = fitted([ramp], activation_energy=SAMPLE.energy)
    middle = SAMPLE.coefficient(float(fit.law.temperatures[0]))
    assert abs(fit.logs[0] - np.log(middle)) < 3 * np.sqrt(fit.covariance[0, 0])
    same = Programme(lambda t: float(np.interp(t, [0, 3600, 10800], [ROOM, 473.15, ROOM])), 10800.0)
    again = fitted([same], activation_energy=SAMPLE.energy)
    assert again.theta[0] == pytest.approx(fit.theta[0], rel=1e-3)


def test_a_coefficient_for_each_temperature() -> None:
    free, line = fitted([TWO_WEEKS, ANNEALED], law="free"), fitted([TWO_WEEKS, ANNEALED])
    for one, other in zip(free.diffusion, line.diffusion, strict=True):  # two points make a line
        assert one.value == pytest.approx(other.value, abs=0.02 * one.spread + 1e-3)


def test_nothing_moved_gives_an_upper_bound() -> None:
    first = profile(SAMPLE.exchanged(X), 5)
    fit = fit_profiles(first, [profile(SAMPLE.exchanged(X), 6)], [TWO_WEEKS], Setting())
    found = fit.diffusion[0]
    assert found.status == "bound"
    assert found.upper is not None
    assert found.upper < np.log(3e-15)


def test_a_uniform_profile_gives_a_lower_bound() -> None:
    fit = fitted([(Stage(3e9, ROOM, ROOM),)])
    found = fit.diffusion[0]
    assert found.status == "bound"
    assert found.lower is not None
    slowest = np.log((5e-3 / np.pi) ** 2 / 3e9)  # one decay of the longest mode
    assert slowest < found.lower < np.log(3e-13)


@pytest.mark.parametrize(("points", "seed"), [(150, 1), (75, 1), (75, 4)])  # 75: too few for the kink
def test_one_temperature_unmoved_bounds_energy_from_below(points: int, seed: int) -> None:
    """Storage too cold to move anything, then an anneal: D of the anneal is fixed, E only bounded."""
    cold = (Stage(600.0, 250.0, 250.0),)
    x = np.linspace(0, 5e-3, points)
    fit = fitted([cold, (*cold, Stage(3600.0, 473.15, 473.15))], seed, x=x)
    assert fit.alone[0].status == "bound"
    assert fit.diffusion[1].status == "determined"
    assert abs(fit.diffusion[1].value - np.log(SAMPLE.coefficient(473.15))) < 3 * fit.diffusion[1].spread
    assert fit.diffusion[0].status == "bound"
    assert fit.diffusion[0].upper is not None
    assert fit.diffusion[0].upper > np.log(SAMPLE.coefficient(250.0))
    energy = fit.activation_energy
    assert energy is not None
    assert energy.status == "bound"
    assert energy.lower is not None
    assert energy.lower < SAMPLE.energy


def test_skewed_quantities_have_intervals_in_their_own_scale() -> None:
    """Few counts and little diffusion: profiled, in ln D as in joules."""
    works = [diffusion_work(history, SAMPLE.coefficient) for history in (TWO_WEEKS, ANNEALED)]
    first = profile(SAMPLE.exchanged(X), 40, counts=15)
    later = [profile(SAMPLE.stored(X, theta), 41 + k, counts=15) for k, theta in enumerate(works)]
    fit = fit_profiles(first, later, [TWO_WEEKS, ANNEALED], Setting())
    energy = _Profile(fit.likelihood, fit.optimum, *functionals(fit.law, fit.temperatures)[-2]).marginal()
    assert energy.quantiles is not None
    assert np.all(np.diff(energy.quantiles) > 0)
    assert energy.quantiles[0] < SAMPLE.energy < energy.quantiles[-1]
    assert fit.activation_energy is not None
    assert energy.spread == pytest.approx(fit.activation_energy.spread, rel=0.3)


@pytest.mark.parametrize("sd", [np.inf, 5e-5])
def test_displacement_is_found_and_does_not_bias(sd: float) -> None:
    first = profile(SAMPLE.exchanged(X), 8)
    moved = profile(SAMPLE.stored(X + 6e-5, 3e-13 * 14 * DAY), 9)
    fit = fit_profiles(first, [moved], [TWO_WEEKS], Setting(displacement_sd=sd))
    assert abs(fit.displacement[0] - 6e-5) < 3 * fit.displacement_sd[0]
    assert abs(fit.diffusion[0].value - np.log(3e-13)) < 3 * fit.diffusion[0].spread


def test_displacement_that_was_not_allowed_for_is_noticed() -> None:
    first = profile(SAMPLE.exchanged(X), 8)
    moved = profile(SAMPLE.stored(X + 1.2e-4, 3e-13 * 14 * DAY), 9)
    found = displaced(fit_profiles(first, [moved], [TWO_WEEKS], Setting()))
    assert found is not None
    assert found.significant
    assert found.displacement[0] == pytest.approx(1.2e-4, abs=3e-5)
    quiet = displaced(fitted([TWO_WEEKS]))
    assert quiet is not None
    assert not quiet.significant


def test_lost_tracer_is_noticed() -> None:
    first = profile(SAMPLE.exchanged(X), 10)
    after = SAMPLE.stored(X, 3e-13 * 14 * DAY)
    lost = profile(NATURAL + 0.93 * (after - NATURAL), 11)
    content = contents(fit_profiles(first, [lost], [TWO_WEEKS], Setting()))[0]
    assert content.deviates
    before = float(np.trapezoid(SAMPLE.exchanged(X), X))
    expected = -0.07 * float(np.trapezoid(after - NATURAL, X))
    assert content.excess == pytest.approx(expected, abs=3 * content.spread + 1e-3 * before)
    assert not contents(fitted([TWO_WEEKS]))[0].deviates


def test_content_of_a_part_of_the_sample_may_change() -> None:
    """A later profile that was only measured near the edge: what has diffused on is not lost."""
    first = profile(SAMPLE.exchanged(X), 12)
    near = X[X < 2e-3]
    later = profile(SAMPLE.stored(near, 3e-13 * 42 * DAY), 13, x=near)
    fit = fit_profiles(first, [later], [SIX_WEEKS], Setting())
    content = contents(fit)[0]
    assert content.after < content.before - 10 * content.spread
    assert not content.deviates
    assert abs(fit.diffusion[0].value - np.log(3e-13)) < 3 * fit.diffusion[0].spread


def test_profiles_that_contradict_each_other_are_noticed() -> None:
    first = profile(SAMPLE.exchanged(X), 14)
    later = [profile(SAMPLE.stored(X, d * DAY), 15) for d in (3e-13 * 14, 4.5e-13 * 42)]
    fit = fit_profiles(first, later, [TWO_WEEKS, SIX_WEEKS], Setting())
    deviations = disagreements(fit)
    assert deviations[0] < -3
    assert deviations[1] > 3
    found, apart = fit.diffusion[0], math.log(1.5)
    assert fit.contradiction == pytest.approx(apart / math.sqrt(2), rel=0.1)  # of two values
    assert all(abs(found.value - math.log(d)) < found.spread for d in (3e-13, 4.5e-13))
    assert fit.covariance[0, 0] == pytest.approx(found.spread**2)
    agreed = fitted([TWO_WEEKS, SIX_WEEKS])
    assert all(abs(d) < 3 for d in disagreements(agreed))
    assert agreed.contradiction == 0


def test_more_scatter_than_counting_widens_the_intervals() -> None:
    rng = np.random.default_rng(17)
    clean = fitted([TWO_WEEKS])
    rough = [replace(p, fraction=p.fraction + 2 * np.sqrt(p.variance) * rng.normal(size=X.size))
             for p in clean.profiles]  # fmt: skip
    fit = fit_profiles(rough[0], rough[1:], [TWO_WEEKS], Setting())
    assert fit.scatter == pytest.approx(np.sqrt(5), rel=0.15)
    assert fit.diffusion[0].spread > 1.5 * clean.diffusion[0].spread


def test_an_edge_that_stays_in_contact_with_the_source() -> None:
    """Fixed left edge, closed far one: erfc goes on spreading (the sample is long)."""
    t0, theta, width = 110 * 3600.0, 3e-13 * 14 * DAY, SOURCE - NATURAL

    def held(work: float) -> FloatArray:
        return np.asarray(NATURAL + width * erfc(X / np.sqrt(4 * work)))

    first, later = profile(held(3e-13 * t0), 20), profile(held(3e-13 * t0 + theta), 21)
    fit = fit_profiles(first, [later], [TWO_WEEKS], Setting(left="fixed"))
    assert abs(fit.diffusion[0].value - np.log(3e-13)) < 3 * fit.diffusion[0].spread


@pytest.mark.parametrize("law", ["arrhenius", "free"])
@pytest.mark.parametrize("sd", [0.0, 2e-5, np.inf])
def test_the_gradient_is_that_of_the_likelihood(law: str, sd: float) -> None:
    histories = [TWO_WEEKS, ANNEALED]
    profiles = [profile(SAMPLE.exchanged(X), 1), *(profile(SAMPLE.stored(X, t), 2) for t in (4e-7, 1e-6))]
    modes = modes_between(0, 5e-3, "zero flux", "fixed", 64)
    chosen = choose_law(histories, law, None)
    likelihood = StorageLikelihood(modes, profiles[0], profiles[1:], histories, chosen, sd)
    q = np.array([np.log(4e-13), np.log(1e-10), *([0.3, -0.2] if sd else []), np.log(0.3), np.log(1e-3), 0.1])
    steps = 1e-5 * np.eye(q.size)
    numeric = [(likelihood.cost(q + e)[0] - likelihood.cost(q - e)[0]) / 2e-5 for e in steps]
    np.testing.assert_allclose(likelihood.cost(q)[1], numeric, rtol=1e-4, atol=1e-2)


def test_public_function_on_plain_arrays() -> None:
    first, later = profile(SAMPLE.exchanged(X), 30), profile(SAMPLE.stored(X, 3e-13 * 14 * DAY), 31)
    fit = fit_storage(X, first.fraction, first.variance, [(X, later.fraction, later.variance, TWO_WEEKS)])
    assert abs(fit.diffusion[0].value - np.log(3e-13)) < 3 * fit.diffusion[0].spread
    silent = fit_storage(X, first.fraction, None, [(X, later.fraction, None, TWO_WEEKS)])
    assert abs(silent.diffusion[0].value - np.log(3e-13)) < 4 * silent.diffusion[0].spread


def test_three_profiles_of_200_points_take_less_than_a_second() -> None:
    x = np.linspace(0, 5e-3, 200)
    profiles = [profile(SAMPLE.exchanged(x), 1, x=x),
                *(profile(SAMPLE.stored(x, 3e-13 * d * DAY), 2, x=x) for d in (14, 42))]  # fmt: skip
    began = time.process_time()
    fit_profiles(profiles[0], profiles[1:], [TWO_WEEKS, SIX_WEEKS], Setting(displacement_sd=1e-5))
    assert time.process_time() - began < 2.0  # 0.5 s; twice that and more where BLAS spins up threads


GOOD = (X, SAMPLE.exchanged(X), np.full(X.size, 1e-4))


@pytest.mark.parametrize(
    ("first", "later", "more", "words"),
    [
        (GOOD, [], {}, "at least one after"),
        (GOOD, [(*GOOD, (Stage(0.0, 295.0, 295.0),))], {}, "larger than zero"),
        (GOOD, [(*GOOD, (Stage(1.0, -5.0, 295.0),))], {}, "in kelvin is larger than zero"),
        (GOOD, [(*GOOD, ())], {}, "has no stage"),
        (GOOD, [(X + 1, *GOOD[1:], TWO_WEEKS)], {}, "do not overlap"),
        (GOOD, [(X[:-1], *GOOD[1:], TWO_WEEKS)], {}, "later profile 1 needs as many positions as fractions"),
        (GOOD, [(X[::-1], *GOOD[1:], TWO_WEEKS)], {}, "later profile 1: the positions .* must increase"),
        (GOOD, [(X, GOOD[1], None, TWO_WEEKS)], {}, "of all profiles or of none"),
        (GOOD, [(*GOOD, TWO_WEEKS)], {"law": "vft"}, "law must be"),
        (GOOD, [(*GOOD, TWO_WEEKS)], {"known": {"D0": 1.0}}, "known may hold"),
        (GOOD, [(*GOOD, TWO_WEEKS)], {"edges": (0.0, 4e-3)}, "outside the sample's edges"),
        (GOOD, [(*GOOD, TWO_WEEKS)], {"displacement_sd": -1.0}, "displacement"),
        (GOOD, [(*GOOD, ANNEALED)], {}, "state 'activation_energy'"),
        (GOOD, [(*GOOD, (Stage(9.0, 295.0, 400.0),))] * 2, {"law": "free"}, "a ramp needs the Arrhenius law"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(first: Any, later: Any, more: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        fit_storage(first[0], first[1], first[2], later, **more)
