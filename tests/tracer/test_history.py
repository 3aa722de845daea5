"""Temperature histories: the integral of D over time against closed forms, and what continues what."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import Boltzmann as K_B
from scipy.constants import elementary_charge
from scipy.special import exp1

from ionscape.core.errors import InputError
from ionscape.tracer.history import Programme, Stage, beyond, diffusion_work, joined, tabulated

ENERGY = 0.43 * elementary_charge
DAY = 86400.0


def arrhenius(temperature: float) -> float:
    """4.8e-6 m²/s exp(-0.43 eV/kT)."""
    return 4.8e-6 * math.exp(-ENERGY / (K_B * temperature))


def ramp_work(start: float, end: float, duration: float) -> float:
    """Closed form of a linear ramp: the integral of exp(-b/T) is T exp(-b/T) - b E1(b/T)."""
    b = ENERGY / K_B

    def primitive(t: float) -> float:
        return t * math.exp(-b / t) - b * float(exp1(b / t))

    return 4.8e-6 * duration / (end - start) * (primitive(end) - primitive(start))


def test_constant_stages_are_exact() -> None:
    stages = (Stage(14 * DAY, 295.15, 295.15), Stage(3.8 * 3600, 473.15, 473.15))
    expected = 14 * DAY * arrhenius(295.15) + 3.8 * 3600 * arrhenius(473.15)
    assert diffusion_work(stages, arrhenius) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(("start", "end"), [(295.15, 473.15), (673.15, 295.15), (163.15, 673.15)])
def test_ramp_agrees_with_the_exponential_integral(start: float, end: float) -> None:
    assert diffusion_work([Stage(3600.0, start, end)], arrhenius) == pytest.approx(
        ramp_work(start, end, 3600.0), rel=1e-9
    )


def test_any_temperature_function() -> None:
    linear = Programme(lambda t: 295.15 + t / 36, 3600.0)
    assert diffusion_work(linear, arrhenius) == pytest.approx(ramp_work(295.15, 395.15, 3600.0), rel=1e-9)


def test_logged_temperatures_are_straight_between_points() -> None:
    log = tabulated([0, 1800, 3600], [295.15, 345.15, 395.15])
    assert diffusion_work(log, arrhenius) == pytest.approx(ramp_work(295.15, 395.15, 3600.0), rel=1e-9)


KELVIN = st.floats(200, 700)


@given(st.lists(st.tuples(st.floats(1, 1e6), KELVIN, KELVIN), min_size=1, max_size=4))
def test_work_adds_over_stages_and_lies_between_its_extremes(parts: list[tuple[float, float, float]]) -> None:
    stages = [Stage(*part) for part in parts]
    total = diffusion_work(stages, arrhenius)
    assert total == pytest.approx(sum(diffusion_work([s], arrhenius) for s in stages), rel=1e-12)
    low = sum(s.duration * arrhenius(min(s.start, s.end)) for s in stages)
    high = sum(s.duration * arrhenius(max(s.start, s.end)) for s in stages)
    assert low * (1 - 1e-9) <= total <= high * (1 + 1e-9)


def test_a_later_history_goes_on_from_the_earlier() -> None:
    two_weeks, six_weeks = Stage(14 * DAY, 295.15, 295.15), Stage(42 * DAY, 295.15, 295.15)
    anneal = Stage(3.8 * 3600, 473.15, 473.15)
    assert beyond((two_weeks, anneal), (two_weeks,)) == (anneal,)
    assert beyond((six_weeks,), (two_weeks,)) == (Stage(28 * DAY, 295.15, 295.15),)
    assert beyond((two_weeks,), ()) == (two_weeks,)
    assert beyond((two_weeks, two_weeks), (two_weeks,)) == (two_weeks,)
    assert joined((two_weeks, two_weeks, anneal)) == (Stage(28 * DAY, 295.15, 295.15), anneal)


@pytest.mark.parametrize(
    ("history", "earlier", "words"),
    [
        ((Stage(1.0, 473.0, 473.0),), (Stage(1.0, 295.0, 295.0),), "does not begin with"),
        ((Stage(1.0, 295.0, 295.0),), (Stage(2.0, 295.0, 295.0),), "does not begin with"),
        ((Stage(1.0, 295.0, 295.0),), (Stage(1.0, 295.0, 295.0), Stage(1.0, 300.0, 300.0)), "shorter"),
        ((Stage(9.0, 295.0, 400.0),), (Stage(2.0, 295.0, 400.0),), "does not begin with"),
    ],
)
def test_histories_that_do_not_continue_are_refused(
    history: tuple[Stage, ...], earlier: tuple[Stage, ...], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        beyond(history, earlier)


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ((), "has no stage"),
        ((Stage(0.0, 295.0, 295.0),), "must be larger than zero"),
        ((Stage(math.nan, 295.0, 295.0),), "must be larger than zero"),
        ((Stage(1.0, -110.0, 22.0),), "in kelvin is larger than zero"),
        (Programme(arrhenius, 0.0), "must be larger than zero"),
    ],
)
def test_impossible_histories_are_refused(history: tuple[Stage, ...] | Programme, words: str) -> None:
    with pytest.raises(InputError, match=words):
        diffusion_work(history, arrhenius)


def test_impossible_logs_are_refused() -> None:
    with pytest.raises(InputError, match="as many times as temperatures"):
        tabulated([0, 1, 2], [295.0, 296.0])
    with pytest.raises(InputError, match="must increase"):
        tabulated([0, 2, 1], np.full(3, 295.0))
