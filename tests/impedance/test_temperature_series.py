"""Series of spectra: one circuit, arcs followed, neighbours that help, failures that stop nobody."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from ionscape.core.errors import AnalysisError, InputError
from ionscape.impedance.circuit_text import parse_circuit
from ionscape.impedance.series_search import (
    choose_jointly,
    everywhere,
    exchange,
    fit_batch,
    inherited,
    lost_arc,
    without_arc,
)
from ionscape.impedance.spectrum_fit import fit
from ionscape.impedance.temperature_series import fit_series, join_series, series_order
from ionscape.testing.spectra import Arc, ComplexArray, FloatArray, Pellet, proportional_noise

FREQUENCY = np.logspace(6, -1, 50)
KELVIN = (300.0, 320.0, 340.0, 360.0)
CIRCUIT = "(R1,Q1)-(R2,Q2)-Q3"
PELLET = Pellet(
    {"bulk": Arc(1e-4, 0.35, 1e-11, 0.95, 320.0), "grain_boundary": Arc(2e-5, 0.45, 1e-9, 0.9, 320.0)},
    thickness=2e-3,
    area=5e-5,
    electrode=(3e-6, 0.85),
)


@lru_cache(maxsize=8)
def _spectra(noise: float = 0.003, hot: float = 0.0) -> tuple[tuple[FloatArray, ComplexArray], ...]:
    rng = np.random.default_rng(5)
    return tuple(
        (FREQUENCY, proportional_noise(PELLET.impedance(FREQUENCY, t + hot), noise, rng)) for t in KELVIN
    )


def test_the_truth_comes_back_in_any_order_of_temperatures() -> None:
    order = [2, 0, 3, 1]
    spectra = [_spectra()[i] for i in order]
    found = fit_series([f for f, _ in spectra], [z for _, z in spectra], [KELVIN[i] for i in order], CIRCUIT)
    assert found.circuit == CIRCUIT
    assert [t.label for t in found.tracks] == ["arc 1", "arc 2"]
    for place, i in enumerate(order):
        for track, name in zip(found.tracks, PELLET.arcs, strict=True):
            arc = found.arc(track, place)
            assert arc is not None
            assert pytest.approx(PELLET.resistance(name, KELVIN[i]), rel=0.03) == arc.R


def test_one_circuit_is_chosen_for_all() -> None:
    f, z = zip(*_spectra(), strict=True)
    found = fit_series(f, z, KELVIN)
    assert {each.circuit.text for each in found.fits if each is not None} == {CIRCUIT}
    assert found.ranking[0].circuit == CIRCUIT


def test_a_broken_spectrum_does_not_stop_the_others() -> None:
    f, z = (list(x) for x in zip(*_spectra(), strict=True))
    z[1] = z[1].copy()
    z[1][7] = np.nan
    found = fit_series(f, z, KELVIN, CIRCUIT)
    assert found.fits[1] is None
    assert "not a finite number at point 8" in found.reasons[1]
    assert [bool(r) for r in found.reasons] == [False, True, False, False]
    assert found.tracks[0].members[1] is None
    assert sum(each is not None for each in found.fits) == 3


def test_neighbours_lead_out_of_a_local_minimum() -> None:
    fits = [fit(f, z, CIRCUIT) for f, z in _spectra()]
    stuck = fit(
        *_spectra()[1], CIRCUIT, starting_values=dict(zip(fits[1].names, fits[1].values, strict=True))
    )
    wrong = stuck.theta.copy()
    wrong[0] += 2.0  # as if the fit had stopped far away
    circuit = parse_circuit(CIRCUIT)
    (bad,) = fit_batch(circuit, [stuck], [wrong])
    bad = type(bad)(wrong, bad.cost * 1e4, "", bad.n_independent)
    attempts = fit_batch(circuit, fits, [each.theta for each in fits])
    attempts[1] = bad
    better = exchange([circuit] * 4, attempts, fits)
    assert better[1].cost == pytest.approx(fits[1].chi_square, rel=1e-3)
    assert better[0].cost == attempts[0].cost


def test_a_batch_is_as_good_as_single_fits() -> None:
    fits = [fit(f, z, CIRCUIT) for f, z in _spectra()]
    nudged = [each.theta + 0.05 for each in fits]
    for single, attempt in zip(fits, fit_batch(parse_circuit(CIRCUIT), fits, nudged), strict=True):
        assert attempt.cost == pytest.approx(single.chi_square, rel=1e-4)
        assert attempt.lost == ""


def test_an_arc_that_left_the_window_is_let_go() -> None:
    spectra = [*_spectra()[:3], *(_spectra(hot=240.0)[3:])]  # the bulk relaxes far above 1 MHz there
    fits = [fit(f, z, CIRCUIT) for f, z in spectra[:3]]
    hot = fit(*spectra[3], "R0-(R1,Q1)-Q2")
    temperatures = [*KELVIN[:3], KELVIN[3] + 240.0]
    found = join_series([*fits, hot], [""] * 4, temperatures, given=False)
    assert found.circuit == CIRCUIT
    last = found.fits[3]
    assert last is not None
    assert len(last.arcs) == 1
    boundary = found.tracks[1].members
    assert boundary[3] is not None
    assert found.tracks[0].members[3] is None
    # what is left of the bulk above the window is in R0: only the sum can be right
    total = sum(PELLET.resistance(name, temperatures[3]) for name in PELLET.arcs)
    assert last.value("R0") + last.arcs[0].R == pytest.approx(total, rel=0.02)


def test_choosing_needs_one_kind_only_when_all_agree() -> None:
    fits = [fit(f, z, CIRCUIT) for f, z in _spectra()]
    (only,) = choose_jointly(fits, list(KELVIN))
    assert (only.circuit, only.excess, only.incoherent) == (CIRCUIT, 0.0, "")
    assert [c.text for c, _ in everywhere(CIRCUIT, fits)] == [CIRCUIT] * 4


def test_circuits_less_one_arc() -> None:
    whole = parse_circuit(CIRCUIT)
    first, second = without_arc(whole, "R1"), without_arc(whole, "R2")
    assert first is not None
    assert second is not None
    assert (first.text, second.text) == ("R0-(R2,Q2)-Q3", "(R1,Q1)-Q3")
    theta = np.arange(8.0)
    assert inherited(second, whole, theta).tolist() == [0.0, 1.0, 2.0, 6.0, 7.0]
    assert inherited(first, whole, theta)[0] == 0.0  # R0 starts at the lost R1
    assert without_arc(parse_circuit("R0-(R1-W1,Q1)"), "R1") is None


def test_a_lost_arc_is_found_by_its_missing_effect() -> None:
    circuit = parse_circuit("(R1,C1)-(R2,C2)")
    one = np.asarray(1e5 / (1 + 2j * np.pi * FREQUENCY * 1e-4))
    f, z = FREQUENCY, proportional_noise(one, 0.003, np.random.default_rng(2))
    problem = fit(f, z, "(R1,C1)")
    theta = np.array([problem.theta[0], problem.theta[1], np.log(1e-6), np.log(1e-2)])
    (attempt,) = fit_batch(circuit, [problem], [theta])
    assert attempt.lost in ("R1", "R2")
    omega = np.log(2 * np.pi * f)
    jacobian = np.ones((2 * f.size, 4))
    jacobian[:, 2:] = 0.0
    assert lost_arc(circuit, theta, jacobian, 1.0, omega) == "R2"


def test_order_falls_back_to_that_of_the_files() -> None:
    fits = [fit(f, z, CIRCUIT) for f, z in _spectra()]
    assert series_order(fits, [340.0, 300.0, 360.0, 320.0]) == [1, 3, 0, 2]
    assert series_order(fits, [340.0, None, 360.0, 320.0]) == [0, 1, 2, 3]
    assert series_order([None, *fits[1:]], [None] * 4) == [1, 2, 3]


def test_what_cannot_be_a_series() -> None:
    f, z = _spectra()[0]
    with pytest.raises(InputError, match="as many"):
        fit_series([f], [])
    with pytest.raises(InputError, match="do not match"):
        fit_series([f], [z], [300.0, 310.0])
    with pytest.raises(AnalysisError, match="none of the 1 spectra"):
        fit_series([f[:2]], [z[:2]], [300.0], CIRCUIT)
