"""Counts to fractions: statistics against simulated detectors, corrections undone, bad input named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import InputError
from ionscape.core.measurement import FRACTION, FRACTION_UNCERTAINTY, Sweep
from ionscape.tracer.counting import fraction_of_sweep, isotope_fraction
from ionscape.tracer.measurement_fields import TracerMeasurement

COUNTS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=20).filter(
    lambda pairs: any(a + b for a, b in pairs)
)


@given(COUNTS)
def test_fraction_and_its_complement(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs, dtype=float).T
    six = isotope_fraction({"6Li": a, "7Li": b})
    seven = isotope_fraction({"6Li": a, "7Li": b}, "7Li")
    counted = a + b > 0
    assert six.fraction[counted] + seven.fraction[counted] == pytest.approx(1.0)
    assert six.variance[counted] == pytest.approx(seven.variance[counted])
    assert np.all(six.variance[counted] > 0)
    assert np.all(np.isfinite(six.variance[counted]))
    assert np.all(np.isnan(six.fraction[~counted]))


@pytest.mark.parametrize(("share", "mean"), [(0.0759, 400.0), (0.5, 40.0), (0.95, 15.0), (0.004, 200.0)])
def test_variance_is_the_scatter_of_repeated_counts(share: float, mean: float) -> None:
    rng = np.random.default_rng(3)
    a, b = rng.poisson(mean * share, 40_000), rng.poisson(mean * (1 - share), 40_000)
    found = isotope_fraction({"6Li": a, "7Li": b})
    # The half count makes the variance of rare ions too large rather than too small: by 1/2 in 15 x 0.05.
    rare = mean * min(share, 1 - share)
    ratio = float(np.mean(found.variance[np.isfinite(found.variance)]) / np.nanvar(found.fraction))
    assert 0.97 - 1 / mean < ratio < 1.06 + 0.6 / rare
    assert float(np.nanmean(found.fraction)) == pytest.approx(share, abs=5 * (share / mean / 40_000) ** 0.5)


def test_time_of_flight_correction_undoes_one_ion_per_pulse() -> None:
    rng = np.random.default_rng(4)
    pulses, rate = 2000, {"6Li": 0.08, "7Li": 0.7}
    seen = {name: rng.binomial(pulses, 1 - np.exp(-r), 20_000) for name, r in rate.items()}
    raw = isotope_fraction(seen)
    found = isotope_fraction(seen, pulses=pulses)
    truth = 0.08 / 0.78
    assert float(np.mean(raw.fraction)) > 1.2 * truth  # what is missed without it
    assert float(np.mean(found.fraction)) == pytest.approx(truth, rel=1e-3)
    assert float(np.mean(found.variance)) == pytest.approx(float(np.var(found.fraction)), rel=0.05)


def test_dead_time_correction_undoes_a_simulated_detector() -> None:
    rng = np.random.default_rng(5)
    dead, dwell = 0.02, 100.0

    def registered(rate: float) -> int:
        waits = rng.exponential(1 / rate, int(2 * rate * dwell) + 100) + dead
        return int(np.searchsorted(np.cumsum(waits), dwell))

    a = np.array([registered(2.0) for _ in range(1500)])
    b = np.array([registered(20.0) for _ in range(1500)])
    found = isotope_fraction({"6Li": a, "7Li": b}, dead_time=dead, dwell_time=dwell)
    assert float(np.mean(found.fraction)) == pytest.approx(2 / 22, rel=0.005)
    assert float(np.mean(found.variance)) == pytest.approx(float(np.var(found.fraction)), rel=0.12)


def test_background_is_subtracted_and_its_error_is_shared() -> None:
    rng = np.random.default_rng(6)
    a, b = rng.poisson(50 + 20, 50_000), rng.poisson(450, 50_000)
    found = isotope_fraction({"6Li": a, "7Li": b}, background={"6Li": (20.0, 2.0)})
    assert float(np.mean(found.fraction)) == pytest.approx(0.1, rel=0.01)
    assert float(np.mean(found.variance)) == pytest.approx(float(np.var(found.fraction)), rel=0.03)
    more = isotope_fraction({"6Li": a, "7Li": b}, background={"6Li": 22.0})
    shift = found.systematic["background 6Li"]
    assert np.allclose(shift, more.fraction - found.fraction, rtol=0.02)


def test_mass_discrimination_is_one_unknown_for_all_points() -> None:
    counts = {"6Li": np.array([100.0, 500.0, 900.0]), "7Li": np.array([900.0, 500.0, 100.0])}
    plain = isotope_fraction(counts)
    found = isotope_fraction(counts, mass_discrimination=(1.02, 0.01))
    odds = found.fraction / (1 - found.fraction)
    assert odds == pytest.approx(plain.fraction / (1 - plain.fraction) / 1.02)
    up = isotope_fraction(counts, mass_discrimination=1.03)
    assert found.systematic["mass discrimination"] == pytest.approx(up.fraction - found.fraction, rel=0.02)


def test_images_and_three_isotopes() -> None:
    rng = np.random.default_rng(7)
    image = {name: rng.poisson(mean, (20, 30)) for name, mean in (("16O", 60), ("17O", 1), ("18O", 3))}
    found = isotope_fraction(image | {"48Ti": rng.poisson(100, (20, 30))}, "18O")
    assert found.fraction.shape == found.variance.shape == (20, 30)
    assert float(np.nanmean(found.fraction)) == pytest.approx(3 / 64, rel=0.06)


def test_saturated_pixels_of_an_image_are_left_out() -> None:
    image = {"counts_6Li": np.full((3, 3), 5.0), "counts_7Li": np.full((3, 3), 50.0)}
    image["counts_7Li"][1, 1] = 100.0
    found = fraction_of_sweep(Sweep(image), TracerMeasurement(pulses=100))
    assert np.isnan(found.fraction[1, 1])
    assert np.count_nonzero(np.isnan(found.fraction)) == 1
    assert any("saturated" in text for text in found.warnings)


def test_matrix_yield_that_changes_is_told() -> None:
    columns = {
        "counts_6Li": np.full(10, 400.0),
        "counts_7Li": np.full(10, 600.0),
        "counts_48Ti": np.full(10, 1e3),
    }
    columns["counts_48Ti"][:2] = 200.0
    found = fraction_of_sweep(Sweep(columns), TracerMeasurement(matrix="48Ti"))
    assert found.fraction == pytest.approx(0.4)
    assert any("48Ti" in text for text in found.warnings)


def test_fractions_without_counts() -> None:
    given_error = fraction_of_sweep(
        Sweep({FRACTION: np.array([0.1, 0.2]), FRACTION_UNCERTAINTY: np.array([0.01, 0.02])})
    )
    assert given_error.variance == pytest.approx([1e-4, 4e-4])
    assert np.all(np.isnan(fraction_of_sweep(Sweep({FRACTION: np.array([0.1, 0.2])})).variance))


@pytest.mark.parametrize(
    ("counts", "options", "words"),
    [
        ({"6Li": [1, -2], "7Li": [3, 4]}, {}, "negative"),
        ({"6Li": [1, 2.5], "7Li": [3, 4]}, {}, "no whole numbers"),
        ({"6Li": [1, np.nan], "7Li": [3, 4]}, {}, "missing"),
        ({"6Li": [0, 0], "7Li": [0, 0]}, {}, "no ion"),
        ({"6Li": [1, 2], "7Li": [3, 4]}, {"tracer": "18O"}, "not among the counts"),
        ({"6Li": [1, 2]}, {}, "at least two isotopes"),
        ({"6Li": [1, 2], "7Li": [3, 4, 5]}, {}, "one shape"),
        ({"16O": [1, 2], "17O": [3, 4], "18O": [5, 6]}, {}, "State it"),
        ({"6Li": [1, 2], "7Li": [3, 4]}, {"pulses": 4}, "saturated"),
        ({"6Li": [1, 2], "7Li": [3, 4]}, {"dead_time": 1e-8}, "dwell_time"),
        ({"6Li": [1, 2], "7Li": [3, 4]}, {"background": {"8Li": 1.0}}, "no such counts"),
    ],
)
def test_bad_counts_are_named(counts: dict[str, list[float]], options: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        isotope_fraction(counts, **options)  # type: ignore[arg-type]
