"""The fit that users call: robustness, coverage, weights, published results, honest ends, bad input."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.impedance.circuit_fit import CircuitFit
from ionscape.impedance.spectrum_fit import fit, noise_weights

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
F = np.geomspace(1e7, 0.1, 60)
CIRCUIT = "(R1,Q1)-(R2,Q2)-Q3"
VALUES = np.array([1e4, 1e-11, 0.95, 3e4, 1e-8, 0.85, 1e-6, 0.8])


def model(p: FloatArray, f: FloatArray) -> ComplexArray:
    """Two arcs and a tail, written out without ionscape."""
    s = 2j * np.pi * f
    arcs = p[0] / (1 + p[0] * p[1] * s ** p[2]) + p[3] / (1 + p[3] * p[4] * s ** p[5])
    return np.asarray(arcs + 1 / (p[6] * s ** p[7]))


def draw_truth(rng: np.random.Generator) -> FloatArray:
    r1 = 10 ** rng.uniform(2, 5)
    r2 = r1 * 10 ** rng.uniform(-0.5, 1)
    f1 = 10 ** rng.uniform(4.5, 6.3)
    f2 = f1 / 10 ** rng.uniform(1.3, 3)
    w3 = 2 * np.pi * f2 / 10 ** rng.uniform(1.0, 2.0)
    a1, a2, a3 = rng.uniform(0.88, 1), rng.uniform(0.75, 0.97), rng.uniform(0.7, 0.95)
    q1, q2 = 1 / (r1 * (2 * np.pi * f1) ** a1), 1 / (r2 * (2 * np.pi * f2) ** a2)
    return np.array([r1, q1, a1, r2, q2, a2, 1 / ((r1 + r2) * w3**a3), a3])


def noisy(z: ComplexArray, rng: np.random.Generator, noise: float) -> ComplexArray:
    parts = rng.normal(size=z.size) + 1j * rng.normal(size=z.size)
    return np.asarray(z + noise * np.abs(z) / np.sqrt(2) * parts)


@pytest.mark.parametrize("circuit", [CIRCUIT, None])
def test_both_resistances_within_five_percent_without_a_guess(circuit: str | None) -> None:
    rng = np.random.default_rng(1)
    right = 0
    n = 50 if circuit else 15
    for _ in range(n):
        truth = draw_truth(rng)
        result = fit(F, noisy(model(truth, F), rng, 2e-3), circuit)
        found = [arc.R for arc in result.arcs]
        right += len(found) == 2 and np.allclose(found, truth[[0, 3]], rtol=0.05)
    assert right >= 0.98 * n


def test_intervals_cover_as_often_as_they_say() -> None:
    """120 spectra, 1 % noise, two resistances: binomial SD 4.3 % at 68 %, 2 % at 95 %."""
    rng = np.random.default_rng(2)
    inside = np.zeros((2, 2))
    for _ in range(120):
        truth = draw_truth(rng)
        result = fit(F, noisy(model(truth, F), rng, 1e-2), CIRCUIT)
        for row, ends in enumerate((result.intervals68, result.intervals95)):
            low, high = ends[[0, 3]].T
            inside[row] += (low <= truth[[0, 3]]) & (truth[[0, 3]] <= high)
    share = inside.mean(axis=1) / 120
    assert share[0] == pytest.approx(0.683, abs=0.1)
    assert share[1] == pytest.approx(0.95, abs=0.05)


def test_noise_of_the_data_is_found() -> None:
    rng = np.random.default_rng(3)
    result = fit(F, noisy(model(VALUES, F), rng, 5e-3), CIRCUIT)
    assert result.noise == pytest.approx(5e-3 / np.sqrt(2), rel=0.2)
    assert result.degrees_of_freedom == 112
    assert result.chi_square == pytest.approx(112 * result.noise**2)
    assert result.residuals == pytest.approx((result.impedance - result.model) / np.abs(result.impedance))
    assert result.warnings == ()


@given(order=st.permutations(range(60)))
@settings(max_examples=5)
def test_order_of_the_points_is_immaterial(order: list[int]) -> None:
    z = noisy(model(VALUES, F), np.random.default_rng(4), 2e-3)
    weights = 1 / np.abs(z)
    result = fit(F[order], z[order], CIRCUIT, weights=weights[order])
    assert result.frequency.tolist() == F.tolist()
    assert result.values == pytest.approx(fit(F, z, CIRCUIT).values, rel=1e-6)


@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-1, 1))
@settings(max_examples=10)
def test_units_of_impedance_and_time_are_immaterial(scale: float, shift: float) -> None:
    z = noisy(model(VALUES, F), np.random.default_rng(5), 2e-3)
    first, second = fit(F, z, CIRCUIT), fit(F * 10**shift, scale * z, CIRCUIT)
    assert second.values[[0, 3]] == pytest.approx(scale * first.values[[0, 3]], rel=1e-4)
    assert second.arcs[0].tau == pytest.approx(first.arcs[0].tau / 10**shift, rel=1e-4)
    assert second.chi_square == pytest.approx(first.chi_square, rel=1e-6)


def test_noise_weights_find_a_floor() -> None:
    """sigma^2 = (0.2 % |Z|)^2 + (100 ohm)^2, |Z| from 4 kohm up: the floor is found, and R1 gains by it."""
    rng = np.random.default_rng(6)
    z = model(VALUES, F)
    sigma = np.sqrt((2e-3 * np.abs(z)) ** 2 + 100.0**2)
    errors = []
    for _ in range(20):
        data = z + sigma * (rng.normal(size=60) + 1j * rng.normal(size=60))
        ratio = noise_weights(z, (data - z).view(np.float64)) * sigma
        assert ratio.max() / ratio.min() < 2
        both = [fit(F, data, CIRCUIT, weights=w, intervals=False) for w in ("modulus", "noise")]
        errors.append([np.log(result.value("R1") / 1e4) for result in both])
    modulus, modelled = np.sqrt(np.mean(np.square(errors), axis=0))
    assert modelled < modulus


def test_unit_and_given_weights() -> None:
    z = noisy(model(VALUES, F), np.random.default_rng(7), 1e-3)
    unit, same = fit(F, z, CIRCUIT, weights="unit"), fit(F, z, CIRCUIT, weights=np.full(60, 3.0))
    assert unit.values == pytest.approx(same.values, rel=1e-4)
    assert unit.noise == pytest.approx(same.noise, rel=1e-4)


def test_outliers_do_not_pull_a_robust_fit() -> None:
    z = noisy(model(VALUES, F), np.random.default_rng(8), 2e-3)
    z[[10, 25, 40]] *= 2
    plain, robust = fit(F, z, CIRCUIT), fit(F, z, CIRCUIT, robust=True)
    off_plain, off_robust = (np.max(np.abs(r.values[[0, 3]] / VALUES[[0, 3]] - 1)) for r in (plain, robust))
    assert off_robust < 0.01
    assert off_robust < off_plain / 3
    assert not any(robust.profiled)


def test_starting_values_are_optional_but_followed() -> None:
    z = noisy(model(VALUES, F), np.random.default_rng(9), 2e-3)
    helped = fit(F, z, CIRCUIT, starting_values={"R1": 1e4, "R2": 3e4})
    assert helped.values == pytest.approx(fit(F, z, CIRCUIT).values, rel=1e-5)


def test_a_cut_arc_is_right_or_says_so() -> None:
    """Window ends up to a decade below the bulk apex: of 40 spectra at most 4 may miss (10 % of pairs)."""
    rng = np.random.default_rng(10)
    missed = 0
    for _ in range(40):
        truth = draw_truth(rng)
        apex = (truth[0] * truth[1]) ** (-1 / truth[2]) / (2 * np.pi)
        f = np.geomspace(apex * 10 ** rng.uniform(-1, 0), 0.1, 60)
        result = fit(f, noisy(model(truth, f), rng, 1e-2), CIRCUIT)
        assert result.arcs[0].position != "complete" or result.arcs[0].apex_frequency < f[0] / 3
        for j in (0, 3):
            low, high = result.intervals95[j]
            missed += result.status[j] == "determined" and not low <= truth[j] <= high
    assert missed <= 9  # 80 intervals, 5 % may miss: more than 9 has a chance of 1 %


def test_a_circuit_too_rich_is_told() -> None:
    z = model(np.array([1e4, 1e-9, 0.9, 1e-3, 1e-9, 0.9, 1e-6, 0.8]), F)  # the second arc is 1 mohm
    z = noisy(z, np.random.default_rng(11), 2e-3)
    result = fit(F, z, "R0-(R1,Q1)-(R2,Q2)-(R3,Q3)-Q4")
    assert any(s != "determined" for s in result.status)
    assert any("does not determine" in w or "only a limit" in w for w in result.warnings)


def test_structured_residuals_are_told() -> None:
    z = model(VALUES, F) * (1 + 0.01 * np.sin(3 * np.log10(F)))
    assert any("correlated along frequency" in w for w in fit(F, z, CIRCUIT).warnings)


def test_exact_data_need_no_intervals() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = fit(F, model(VALUES, F), CIRCUIT)
    assert result.values == pytest.approx(VALUES, rel=1e-6)
    assert np.all(result.standard_uncertainty < 1e-6 * result.values)


def test_runner_up_and_candidates() -> None:
    z = noisy(model(VALUES, F), np.random.default_rng(12), 2e-3)
    chosen = fit(F, z)
    assert str(chosen.circuit) == CIRCUIT
    assert chosen.runner_up is not None
    assert chosen.runner_up[1] > 0
    assert chosen.candidates[0].circuit == CIRCUIT
    given_two = fit(F, z, candidates=["R0-(R1,Q1)-Q2", CIRCUIT])
    assert str(given_two.circuit) == CIRCUIT
    assert given_two.runner_up is not None
    assert given_two.runner_up[0] == "R0-(R1,Q1)-Q2"
    assert fit(F, z, CIRCUIT).runner_up is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"circuit": "R0-(R1,Q9"}, "position 10"),
        ({"circuit": CIRCUIT, "candidates": [CIRCUIT]}, "not both"),
        ({"candidates": []}, "at least one circuit"),
        ({"starting_values": {"R1": 1.0}}, "starting values need a circuit"),
        ({"circuit": CIRCUIT, "weights": "modulos"}, "'modulus', 'unit', 'noise'"),
        ({"circuit": CIRCUIT, "weights": np.ones(3)}, "60 positive numbers"),
        ({"circuit": CIRCUIT, "weights": -np.ones(60)}, "60 positive numbers"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        fit(F, model(VALUES, F), **options)  # type: ignore[arg-type]


def test_too_few_points_for_the_circuit() -> None:
    with pytest.raises(InputError, match="8 parameters, but 4 points give only 8 numbers"):
        fit(F[:4], model(VALUES, F[:4]), CIRCUIT)


# ---------------------------------------------------------------- published fits of a real pellet
def published(folder: Path) -> dict[int, dict[str, tuple[str, str]]]:
    """R1, R2 and their standard errors as printed, by temperature in K."""
    text = (folder / "truth" / "separate_Batch_EISfit_Report.txt").read_text(encoding="utf-8")
    report: dict[int, dict[str, tuple[str, str]]] = {}
    for block in text.split("Data_")[1:]:
        rows = re.findall(r"^(R\d) =\s+(\S+)\s+(\S+)", block, flags=re.MULTILINE)
        report[int(block[:3])] = {name: (value, error) for name, value, error in rows}
    return report


def read_pellet(path: Path) -> tuple[FloatArray, ComplexArray]:
    table = np.loadtxt(path, skiprows=3)
    return table[:, 0], table[:, 1] + 1j * table[:, 2]


@pytest.mark.parametrize("celsius", [140, 150, 160, 170, 180, 190, 200])
def test_published_fit_is_reproduced_to_all_printed_digits(shared_data: Path, celsius: int) -> None:
    folder = shared_data / "eis" / "adediwura_s04147"
    result = fit(*read_pellet(folder / f"s04147-{celsius}deg.txt"), CIRCUIT)
    for name, (value, error) in published(folder)[celsius + 273].items():
        j = result.names.index(name)
        assert f"{result.values[j]:.3e}" == value
        assert f"{result.standard_uncertainty[j]:.3e}" == error


def test_automatic_choice_on_the_real_pellet_finds_bulk_and_boundary(shared_data: Path) -> None:
    folder = shared_data / "eis" / "adediwura_s04147"
    results: list[CircuitFit] = []
    for celsius in (140, 170, 200):
        results.append(fit(*read_pellet(folder / f"s04147-{celsius}deg.txt")))
    for result in results:
        assert len(result.arcs) >= 2
        boundary = max(result.arcs, key=lambda arc: arc.R)
        assert 5e-12 < result.arcs[0].capacitance < 2e-11  # the published bulk: 7(2) pF
        assert boundary.R > 3 * result.arcs[0].R
