"""Distributions of relaxation times against the analytical ones, and the arcs read from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.impedance.relaxation_time_distribution import RelaxationTimes, relaxation_times
from ionscape.read import read

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Arc = tuple[float, float, float]  # R [ohm], tau [s], alpha

F = np.logspace(7, -1, 60)
TWO: list[Arc] = [(1e3, 1e-6, 0.95), (3e3, 1e-4, 0.85)]
OVERLAPPING: list[Arc] = [(1e3, 1e-4, 0.95), (1e3, 1e-3, 0.9)]


def spectrum(
    arcs: list[Arc],
    f: FloatArray = F,
    *,
    series: float = 0.0,
    inductance: float = 0.0,
    tail: tuple[float, float] | None = None,
    noise: float = 2e-3,
    seed: int = 0,
) -> ComplexArray:
    s = 2j * np.pi * f
    z = series + inductance * s
    for resistance, tau, alpha in arcs:
        z = z + resistance / (1 + (s * tau) ** alpha)
    if tail is not None:
        z = z + 1 / (tail[0] * s ** tail[1])
    rng = np.random.default_rng(seed)
    error = rng.normal(size=f.size) + 1j * rng.normal(size=f.size)
    return np.asarray(z + noise / np.sqrt(2) * np.abs(z) * error)


def cole_cole_sum(tau: FloatArray, arcs: list[Arc]) -> FloatArray:
    """Resistance at relaxation times up to `tau`: the analytical γ of Cole and Cole (1941), integrated."""
    total = np.zeros(tau.size)
    for resistance, centre, alpha in arcs:
        slope = np.tan(alpha * np.pi / 2)
        u = np.log(tau / centre)
        total += resistance * (0.5 + np.arctan(np.tanh(alpha * u / 2) * slope) / (np.pi * alpha))
    return total


def cole_cole_density(tau: FloatArray, arc: Arc) -> FloatArray:
    resistance, centre, alpha = arc
    u = alpha * np.log(tau / centre)
    angle = (1 - alpha) * np.pi
    return np.asarray(resistance / (2 * np.pi) * np.sin(angle) / (np.cosh(u) - np.cos(angle)))


def test_the_integral_used_as_truth_is_that_of_the_density() -> None:
    tau = np.geomspace(1e-12, 1e12, 40_001)
    step = np.log(tau[1] / tau[0])
    for arc in (*TWO, (7.0, 1.0, 0.6)):
        density = cole_cole_density(tau, arc)
        summed = np.cumsum(density) * step - density * step / 2
        assert summed == pytest.approx(cole_cole_sum(tau, [arc]), abs=1e-3 * arc[0])


def summed(result: RelaxationTimes) -> FloatArray:
    step = np.log(result.tau[1] / result.tau[0])
    return np.asarray((np.cumsum(result.gamma) - result.gamma / 2) * step)


@pytest.mark.parametrize("arcs", [TWO, OVERLAPPING, [(1e2, 1e-6, 0.95), (1e4, 1e-3, 0.85)]])
def test_distribution_is_the_analytical_one(arcs: list[Arc]) -> None:
    errors = []
    for seed in range(2):
        result = relaxation_times(F, spectrum(arcs, seed=seed))
        truth = cole_cole_sum(result.tau, arcs)
        errors.append(np.sqrt(np.mean((summed(result) - truth) ** 2)) / truth[-1])
    assert np.mean(errors) < 0.015


def test_weak_noise_gives_a_density_near_the_analytical_one() -> None:
    arc = (1e3, 1e-4, 0.8)
    result = relaxation_times(F, spectrum([arc], noise=1e-4))
    truth = cole_cole_density(result.tau, arc)
    assert np.abs(result.gamma - truth).max() < 0.15 * truth.max()
    inside = (result.gamma_low <= truth) & (truth <= result.gamma_high)
    assert inside.mean() > 0.8


def check_arcs(result: RelaxationTimes, arcs: list[Arc], rel: float) -> None:
    assert len(result.peaks) == len(arcs)
    for peak, (resistance, tau, alpha) in zip(result.peaks, arcs, strict=True):
        assert peak.resistance == pytest.approx(resistance, rel=rel)
        assert np.log(peak.tau / tau) == pytest.approx(0, abs=3 * rel)
        assert peak.alpha_estimate == pytest.approx(alpha, abs=2 * rel)


@pytest.mark.parametrize("n", [30, 60, 80])
def test_two_arcs_two_decades_apart(n: int) -> None:
    for seed in range(2):
        f = np.logspace(7, -1, n)
        result = relaxation_times(f, spectrum(TWO, f, seed=seed))
        check_arcs(result, TWO, 0.02)
        assert [p.kind for p in result.peaks] == ["resolved", "resolved"]
        for peak, (resistance, _, _) in zip(result.peaks, TWO, strict=True):
            assert abs(peak.resistance - resistance) < 4 * peak.resistance_sd
            assert peak.resistance_between_minima == pytest.approx(resistance, rel=0.1)


@pytest.mark.parametrize(("n", "noise", "rel"), [(30, 2e-3, 0.06), (60, 2e-3, 0.05), (60, 1e-2, 0.2)])
def test_overlapping_arcs_a_decade_apart(n: int, noise: float, rel: float) -> None:
    f = np.logspace(7, -1, n)
    for seed in range(2):
        result = relaxation_times(f, spectrum(OVERLAPPING, f, series=50, noise=noise, seed=seed))
        check_arcs(result, OVERLAPPING, rel)


def coverage(seeds: range) -> float:
    inside = []
    for seed in seeds:
        result = relaxation_times(F, spectrum(TWO, tail=(1e-6, 0.85), noise=5e-3, seed=seed))
        if len(result.peaks) != 2:
            inside += [False, False]
            continue
        for peak, (resistance, _, _) in zip(result.peaks, TWO, strict=True):
            low, high = peak.resistance_interval
            inside.append(low <= resistance <= high)
    return float(np.mean(inside))


def test_resistance_intervals_cover() -> None:
    # binomial standard deviation of 48 intervals about 0.68: 0.07
    assert 0.48 < coverage(range(24)) < 0.9


@pytest.mark.verify
def test_resistance_intervals_cover_68_percent() -> None:
    assert coverage(range(400)) == pytest.approx(0.68, abs=0.05)


def test_single_relaxation_time_gives_one_peak() -> None:
    for seed in range(2):
        result = relaxation_times(F, spectrum([(1e3, 1e-4, 1.0)], series=200, seed=seed))
        check_arcs(result, [(1e3, 1e-4, 1.0)], 0.01)
        assert result.resistance_infinity == pytest.approx(200, rel=0.02)


@pytest.mark.parametrize(("q", "alpha"), [(1e-6, 0.85), (1e-5, 1.0), (1e-4, 0.5), (1e-6, 0.7)])
def test_blocking_tail_makes_no_peak(q: float, alpha: float) -> None:
    for seed in range(2):
        result = relaxation_times(F, spectrum(TWO, tail=(q, alpha), seed=seed))
        check_arcs(result, TWO, 0.03)
        assert result.tail is not None
        assert result.tail.alpha == pytest.approx(alpha, abs=0.02)
        assert pytest.approx(q, rel=0.05) == result.tail.Q
        assert result.misfit < 1.5 * 2e-3


def test_tail_alone_and_resistor_alone_have_no_peak() -> None:
    tail = relaxation_times(F, spectrum([], series=100, tail=(1e-5, 0.8)))
    assert tail.peaks == ()
    assert tail.tail is not None
    resistor = relaxation_times(F, spectrum([], series=100))
    assert resistor.peaks == ()
    assert resistor.tail is None
    assert resistor.resistance_infinity == pytest.approx(100, rel=0.01)


def test_no_tail_is_seen_where_there_is_none() -> None:
    cut_at_low_frequency: list[Arc] = [(1e3, 1e-4, 0.95), (3e3, 3.0, 0.85)]
    for arcs in (TWO, OVERLAPPING, cut_at_low_frequency):
        for seed in range(3):
            assert relaxation_times(F, spectrum(arcs, noise=1e-2, seed=seed)).tail is None


def test_inductance_makes_no_peak() -> None:
    for seed in range(2):
        z = spectrum([(1e3, 1e-4, 0.9)], series=20, inductance=3e-6, seed=seed)
        result = relaxation_times(F, z)
        check_arcs(result, [(1e3, 1e-4, 0.9)], 0.01)
        assert result.inductance == pytest.approx(3e-6, rel=0.02)
    assert relaxation_times(F, z, inductance=False).inductance == 0.0


def test_cut_arc_is_kept_and_marked() -> None:
    arcs: list[Arc] = [(1e3, 3e-9, 0.95), (3e3, 1e-3, 0.85)]
    for seed in range(2):
        result = relaxation_times(F, spectrum(arcs, tail=(1e-5, 0.8), seed=seed))
        assert [p.kind for p in result.peaks] == ["at edge of window", "resolved"]
        cut = result.peaks[0]
        assert abs(np.log(cut.resistance / 1e3)) < 4 * cut.resistance_sd / cut.resistance
        whole = result.peaks[1]
        assert cut.resistance_sd / cut.resistance > 5 * whole.resistance_sd / whole.resistance


def test_total_resistance_is_what_the_distribution_adds_up_to() -> None:
    result = relaxation_times(F, spectrum(TWO, series=50))
    step = np.log(result.tau[1] / result.tau[0])
    assert result.gamma.sum() * step + result.resistance_infinity == pytest.approx(4050, rel=5e-3)
    s = 2j * np.pi * result.frequency[:, None]
    rebuilt = result.resistance_infinity + np.sum(step * result.gamma / (1 + s * result.tau), axis=1)
    rebuilt = rebuilt + s[:, 0] * result.inductance
    assert rebuilt == pytest.approx(result.model, rel=1e-9)
    assert np.all(result.gamma >= 0)
    assert np.all((result.gamma_low <= result.gamma) & (result.gamma <= result.gamma_high))


@settings(max_examples=4)
@given(st.floats(-6, 6), st.floats(-3, 3), st.integers(0, 2**16))
def test_units_and_order_do_not_matter(log_ohm: float, log_hertz: float, seed: int) -> None:
    z = spectrum(TWO, tail=(1e-6, 0.85), seed=seed)
    order = np.random.default_rng(seed).permutation(F.size)
    one = relaxation_times(F, z)
    other = relaxation_times(F[order] * 10**log_hertz, z[order] * 10**log_ohm)
    assert len(other.peaks) == len(one.peaks)
    for a, b in zip(one.peaks, other.peaks, strict=True):
        assert b.resistance == pytest.approx(a.resistance * 10**log_ohm, rel=1e-3)
        assert b.tau == pytest.approx(a.tau / 10**log_hertz, rel=1e-3)


def test_options_are_followed() -> None:
    z = spectrum(TWO, tail=(1e-5, 1.0))
    capacitance = relaxation_times(F, z, tail="capacitance")
    assert capacitance.tail is not None
    assert capacitance.tail.alpha == 1.0
    assert relaxation_times(F, z, tail="none").tail is None
    smooth = relaxation_times(F, z, regularisation=10.0)
    assert smooth.regularisation == 10.0
    assert smooth.regularisation_rule == "given"
    assert smooth.misfit > relaxation_times(F, z).misfit
    noise = np.where(F < 1, 50.0, 1.0)
    assert relaxation_times(F, z, relative_sd=noise).weights[-1] == pytest.approx(
        1 / (50 * np.abs(z[-1])) ** 2
    )


def test_bad_input_is_refused_with_a_sentence() -> None:
    z = spectrum(TWO)
    with pytest.raises(AnalysisError, match="at least 10 points, but there are 5"):
        relaxation_times(F[:5], z[:5])
    with pytest.raises(InputError, match="tail must be"):
        relaxation_times(F, z, tail="warburg")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="regularisation must be"):
        relaxation_times(F, z, regularisation=-1.0)
    with pytest.raises(InputError, match="points_per_decade"):
        relaxation_times(F, z, points_per_decade=2)
    with pytest.raises(InputError, match="relative_sd"):
        relaxation_times(F, z, relative_sd=np.zeros(F.size))


# ---------------------------------------------------------------- real data
@pytest.mark.parametrize(
    ("celsius", "bulk", "boundary"),
    [(140, 1.462e5, 2.012e6), (180, 3.984e4, 2.430e5), (190, 2.743e4, 1.526e5)],
)
def test_ceramic_pellet_as_published(shared_data: Path, celsius: int, bulk: float, boundary: float) -> None:
    """R1 and R2 of the published circuit fit (R1,Q1)-(R2,Q2)-Q3; here no circuit was given."""
    sweep = read(shared_data / f"eis/adediwura_s04147/s04147-{celsius}deg.txt").sweeps[0]
    peaks = relaxation_times(sweep.frequency, sweep.impedance).peaks
    assert [p.resistance for p in peaks] == [pytest.approx(bulk, rel=0.01), pytest.approx(boundary, rel=0.01)]
