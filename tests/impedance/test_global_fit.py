"""The global fit: against dense derivatives, separate fits in the limit, and its own ties."""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import numpy as np
import pytest
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import correlation, measured
from ionscape.core.quantity import named_dimension
from ionscape.impedance.arrhenius_lines import fit_lines, log_resistances
from ionscape.impedance.circuit_fit import CircuitFit
from ionscape.impedance.global_estimates import (
    estimates_of,
    line_energy,
    own_temperature_variance,
    shared_latents,
)
from ionscape.impedance.global_fit import FloatArray, GlobalFit, fit_globally
from ionscape.impedance.spectrum_fit import fit
from ionscape.testing.spectra import Arc, Pellet, proportional_noise

FREQUENCY = np.logspace(6, -1, 45)
KELVIN = np.array([300.0, 315.0, 330.0, 345.0, 360.0])
CIRCUIT = "(R1,Q1)-(R2,Q2)-Q3"
PELLET = Pellet(
    {"bulk": Arc(1e-4, 0.35, 1e-11, 0.95, 330.0), "grain_boundary": Arc(2e-5, 0.45, 1e-9, 0.9, 330.0)},
    thickness=2e-3,
    area=5e-5,
    electrode=(3e-6, 0.85),
)
TEMPERATURE = named_dimension("temperature")


@lru_cache(maxsize=4)
def _fits(noise: float = 0.005, seed: int = 3) -> tuple[CircuitFit, ...]:
    rng = np.random.default_rng(seed)
    spectra = [proportional_noise(PELLET.impedance(FREQUENCY, float(t)), noise, rng) for t in KELVIN]
    return tuple(fit(FREQUENCY, z, CIRCUIT) for z in spectra)


@lru_cache(maxsize=4)
def _tied() -> GlobalFit:
    return fit_globally(_fits(), KELVIN.tolist(), tied=("R1", "R2"))


def test_without_ties_it_is_the_separate_fits() -> None:
    whole = fit_globally(_fits(), KELVIN.tolist())
    for single, theta, own in zip(_fits(), whole.theta, whole.roots()[2], strict=True):
        np.testing.assert_allclose(theta, single.theta, rtol=1e-5, atol=1e-5)
        spread = np.sqrt((own**2).sum(axis=1) / whole.variance)
        np.testing.assert_allclose(spread, np.sqrt(np.diag(single.covariance)), rtol=2e-2)


def test_energies_come_back_with_their_errors() -> None:
    whole = _tied()
    border = whole.roots()[0]
    reach = np.ptp(1 / (Boltzmann * KELVIN)) / 2
    for k, name in enumerate(PELLET.arcs):
        spread = np.sqrt((border[2 * k + 1] ** 2).sum()) / reach / elementary_charge
        off = whole.energies[k] / elementary_charge - PELLET.arcs[name].activation_energy
        assert abs(off) < 4 * spread
        assert 1e-4 < spread < 5e-3


def test_tied_resistances_lie_on_their_lines() -> None:
    whole = _tied()
    for k, label in enumerate(whole.tied):
        y = whole.theta[:, whole.index(label)] - np.log(KELVIN)
        line = whole.ln_prefactors[k] + whole.energies[k] / (Boltzmann * KELVIN)
        np.testing.assert_allclose(y, line, atol=2e-4)


def test_a_loose_tie_gives_back_the_separate_fits() -> None:
    loose = fit_globally(
        _fits(), KELVIN.tolist(), tied=("R1", "R2"), deviations=np.eye(2) * np.full((5, 1, 1), 1e4)
    )
    np.testing.assert_allclose(loose.theta, [f.theta for f in _fits()], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("shared", "name"),
    [
        (("Q1", "Q1.alpha"), "Q1"),
        (("Q1.capacitance", "Q2.capacitance"), "Q1.capacitance"),
        (("Q3.alpha",), "Q3.alpha"),
    ],
)
def test_shared_parameters_have_one_value(shared: tuple[str, ...], name: str) -> None:
    whole = fit_globally(_fits(), KELVIN.tolist(), shared=shared)
    values = whole.circuit.values(whole.theta)
    names = list(whole.circuit.names)
    if name == "Q1.capacitance":
        logs = whole.theta[:, 1] - whole.theta[:, 0]
        assert np.ptp(logs) < 1e-9
        assert np.exp(logs[0]) == pytest.approx(1e-11, rel=0.05)
    else:
        assert np.ptp(values[:, names.index(name)]) < 1e-9 * values[0, names.index(name)]


def test_sharing_makes_the_cut_arc_better_known() -> None:
    free, shared = (
        fit_globally(_fits(), KELVIN.tolist(), shared=s) for s in ((), ("Q1.capacitance", "Q1.alpha"))
    )

    def spread(whole: GlobalFit) -> float:
        _, common, own = whole.roots()
        return float(np.sqrt((common[-1, 0] ** 2).sum() + (own[-1, 0] ** 2).sum()))

    assert spread(shared) < spread(free)


def test_energy_moves_with_a_shared_temperature_error_as_a_refit_says() -> None:
    stated = [measured(float(t), 1.0, TEMPERATURE, source="thermometer") for t in KELVIN]
    assert shared_latents(stated) == ["thermometer"]
    assert not own_temperature_variance(stated).any()
    deviations = np.eye(2) * np.full((5, 1, 1), 1e-4)
    here, there = (
        fit_globally(_fits(), (KELVIN + d).tolist(), tied=("R1", "R2"), deviations=deviations) for d in (0, 1)
    )
    found = estimates_of(here, stated, "study")
    for k, label in enumerate(("R1", "R2")):
        moved = there.energies[k] - here.energies[k]
        assert found.energies[label].weights["thermometer"] == pytest.approx(moved, rel=0.05)


def test_estimates_carry_the_joint_covariance() -> None:
    stated = [measured(float(t), 0.3, TEMPERATURE, source=f"T{t}") for t in KELVIN]
    found = estimates_of(_tied(), stated, "study")
    assert correlation(found.energies["R1"], found.energies["R2"]) < 0  # arcs trade resistance
    first, last = found.resistances["R1"][0], found.resistances["R1"][-1]
    ends = (first / last).value
    slope = np.log(ends * KELVIN[-1] / KELVIN[0]) / (1 / KELVIN[0] - 1 / KELVIN[-1]) * Boltzmann
    assert found.energies["R1"].value == pytest.approx(slope, rel=1e-3)
    assert correlation(found.energies["R1"], first / last) == pytest.approx(1.0, abs=0.02)


def test_line_energy_is_the_closed_form_and_knows_the_thermometer() -> None:
    energy = 0.4 * elementary_charge
    stated = [measured(float(t), 0.5, TEMPERATURE, source="thermometer") for t in KELVIN]
    r = [
        measured(float(t * np.exp(energy / (Boltzmann * t))), 0.0, named_dimension("resistance"))
        for t in KELVIN
    ]
    found = line_energy(r, stated)
    assert found.value == pytest.approx(energy)
    shifted = KELVIN + 0.5
    slope = np.polyfit(1 / (Boltzmann * shifted), np.log([x.value for x in r]) - np.log(shifted), 1)[0]
    assert found.weights["thermometer"] == pytest.approx(float(slope) - energy, rel=0.02)
    scattered = line_energy(r, stated, scatter=0.01, source="s")
    assert scattered.weights["s"] > 0


def test_lines_find_scatter_that_errors_do_not_explain() -> None:
    log_r, covariances = log_resistances(_fits(), ["R1", "R2"])
    good = fit_lines(log_r, covariances, KELVIN)
    assert good.energies / elementary_charge == pytest.approx([0.35, 0.45], abs=0.01)
    kick = 0.05 * np.array([1, -1, 1, -1, 1.0])[:, None] * np.ones(2)
    rough = fit_lines(log_r + kick, covariances, KELVIN)
    assert rough.scatter == pytest.approx(0.05, rel=0.6)
    assert np.all(np.diag(rough.covariance) > 4 * np.diag(good.covariance))
    allowed: FloatArray = np.full((5, 2, 2), 0.06**2)
    assert fit_lines(log_r + kick, covariances, KELVIN, allowed).scatter < rough.scatter


def test_what_cannot_be_fitted_together() -> None:
    with pytest.raises(InputError, match="shared: 'Q7'"):
        fit_globally(_fits(), KELVIN.tolist(), shared=("Q7",))
    with pytest.raises(InputError, match="cannot be tied"):
        fit_globally(_fits(), KELVIN.tolist(), tied=("R9",))
    with pytest.raises(AnalysisError, match="at least 3 temperatures"):
        fit_globally(_fits()[:2], KELVIN[:2].tolist(), tied=("R1",))
    other = fit(FREQUENCY, _fits()[0].impedance, "(R1,Q1)-Q3")
    with pytest.raises(AnalysisError, match="one circuit"):
        fit_globally([*_fits()[:2], other], KELVIN[:3].tolist())


def test_many_temperatures_stay_fast() -> None:
    """Linear in the number of spectra: 40 spectra take no more than 20 times what 4 take."""
    few, many = _fits()[:4], _fits() * 8
    kelvin = np.linspace(300, 360, 40)
    assert fit_globally(few, KELVIN[:4].tolist()).arrow.local.shape == (4, 8)
    found = fit_globally([dataclasses.replace(f) for f in many], kelvin.tolist())
    assert found.arrow.n_evaluations < 20
