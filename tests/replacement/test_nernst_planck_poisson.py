"""The full Nernst-Planck-Poisson description: reference numbers, closed forms, conservation, robustness."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge, epsilon_0
from scipy.special import erfc

from ionscape.core.errors import AnalysisError, InputError
from ionscape.replacement import nernst_planck_poisson
from ionscape.replacement.diffusion_law import ConstantDiffusion, DiffusionLaw, SiteEnergyDiffusion
from ionscape.replacement.nernst_planck_poisson import electrode_charge, solve
from ionscape.replacement.profile_summary import summarise
from ionscape.replacement.programme import Programme, Stage, Surface, Trace, constant_current
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.site_energy_distribution import Gaussian
from ionscape.replacement.system import Conductor, Ion

FloatArray = NDArray[np.float64]

T, DENSITY, BULK, DAY = 343.15, 1.41e28, 1e-17, 86400.0
VOLT = Boltzmann * T / elementary_charge
DEBYE = math.sqrt(8 * epsilon_0 * Boltzmann * T / (elementary_charge**2 * DENSITY))
# D_M/D_bulk; plateau published; of an independent code on 8000 cells: plateau, front depth and width [nm],
# potential across 130 nm and the bulk [V], excess charge at the front
REFERENCE = {
    "K+": (7.7e-4, 0.15, 0.150, 96.8, 25.9, 0.40, 2.9, -5.5e-6),
    "Rb+": (1.94e-4, 0.07, 0.070, 99.3, 7.1, 1.7, 3.2, -8.5e-5),
    "Cs+": (4.5e-5, 0.03, 0.030, 99.7, 1.7, 7.5, 3.3, -1.5e-3),
}
CONFIRMED = {"K+": (96.80, 25.80, 0.405), "Rb+": (99.32, 7.07, 1.708), "Cs+": (99.72, 1.67, 7.503)}
"""Front depth, width and potential by a second code, to more digits."""


def constant(name: str, diffusion: float, charge: int = 1) -> Ion:
    return Ion(name, ConstantDiffusion(diffusion, reference_temperature=T), charge)


def glass(
    *foreign: Ion, law: DiffusionLaw | None = None, thickness: float = 1e-3, **more: float
) -> Conductor:
    """Lithium borate of the assumed set."""
    law = law or SiteEnergyDiffusion(Gaussian(0.25 * elementary_charge), BULK, reference_temperature=T)
    ions = (Ion("Li+", law, immobile_fraction=more.pop("immobile", 0.0)), *foreign)
    return Conductor(ions, DENSITY, thickness, **more)


def same_everywhere(diffusion: float = BULK) -> ConstantDiffusion:
    return ConstantDiffusion(diffusion, reference_temperature=T)


def experiment(name: str) -> tuple[Conductor, Programme]:
    """Of the reference table: the charge of a rectangular front at 100 nm over the plateau, in a day."""
    ratio, plateau, *_ = REFERENCE[name]
    current = DENSITY * elementary_charge * 100e-9 * (1 - plateau) / DAY
    return glass(constant(name, ratio * BULK)), constant_current(current, DAY, name, T)


def uniform(cells: int, length: float = 140e-9) -> FloatArray:
    return np.linspace(0, length, cells + 1)


def check_reference(name: str, cells: int) -> None:
    conductor, programme = experiment(name)
    found = solve(conductor, programme, faces=uniform(cells), tolerance=1e-4)
    _, _, plateau, _, _, _, bulk, excess = REFERENCE[name]
    depth, width, film = CONFIRMED[name]
    summary = summarise(found.faces, found.fractions["Li+"][-1])
    assert summary.plateau_fraction == pytest.approx(plateau, rel=0.01)
    assert summary.front_depth * 1e9 == pytest.approx(depth, rel=1e-3)
    assert summary.front_width * 1e9 == pytest.approx(width, rel=0.01)
    across = found.potential[-1, 0] - np.interp(130e-9, found.depth, found.potential[-1])
    assert across == pytest.approx(film, rel=2e-3)
    assert found.bulk_voltage[-1] == pytest.approx(bulk, rel=0.02)
    assert np.min(found.excess_charge[-1]) == pytest.approx(excess, rel=0.03)
    assert found.charge == pytest.approx(programme.charge, rel=1e-12)
    assert max(found.mass_error, found.charge_error) < 1e-12


@pytest.mark.parametrize(("name", "cells"), [("K+", 600), ("Rb+", 1200), ("Cs+", 1200)])
def test_reference_table(name: str, cells: int) -> None:
    """Within 1 % (the excess charge is printed to two digits) on 1200 cells of 0.12 nm, K+ on 600."""
    check_reference(name, cells)


def electroneutral_profile(name: str, cells: int) -> FloatArray:
    """Of the native ion by another way: F = h(u)(j u - D_M du/dx) in the lines of scipy's BDF."""
    from scipy.integrate import solve_ivp

    ratio, plateau, *_ = REFERENCE[name]
    law = experiment(name)[0].ions[0].law
    dx, velocity, foreign = 140.0 / cells, 100.0 * (1 - plateau) / DAY, ratio * BULK * 1e18
    table = np.linspace(0, 1, 20001)
    diffusion = np.exp(law.log_diffusion(np.maximum(table, 1e-9), T)) * 1e18

    def rate(_: float, u: FloatArray) -> FloatArray:
        face = np.append((u[1:] + u[:-1]) / 2, 1.0)
        slope = np.append(np.diff(u) / dx, (1 - u[-1]) / (dx / 2))
        native = np.interp(face, table, diffusion)
        flux = native / (native * face + foreign * (1 - face)) * (velocity * face - foreign * slope)
        return np.asarray(-np.diff(flux, prepend=0.0) / dx)

    from scipy.sparse import diags

    pattern = diags([1.0, 1.0, 1.0], [-1, 0, 1], shape=(cells, cells))
    found = solve_ivp(
        rate, (0, DAY), np.ones(cells), method="BDF", rtol=1e-5, atol=1e-7, jac_sparsity=pattern
    )
    return np.asarray(found.y[:, -1])


def test_agrees_with_the_electroneutral_film() -> None:
    conductor, programme = experiment("K+")
    full = solve(conductor, programme, faces=uniform(300), tolerance=1e-5).fractions["Li+"][-1]
    neutral = electroneutral_profile("K+", 1200).reshape(300, 4).mean(axis=1)
    assert np.max(np.abs(full - neutral)) < 5e-4


@pytest.mark.verify
@pytest.mark.parametrize(("name", "cells"), [("Rb+", 1400), ("Cs+", 2800)])
def test_agrees_with_the_electroneutral_film_at_sharp_fronts(name: str, cells: int) -> None:
    conductor, programme = experiment(name)
    full = solve(conductor, programme, faces=uniform(cells), tolerance=1e-5).fractions["Li+"][-1]
    neutral = electroneutral_profile(name, 3 * cells).reshape(cells, 3).mean(axis=1)
    assert np.max(np.abs(full - neutral)) < 1e-3


def test_converges_in_time_to_the_tolerance() -> None:
    conductor, programme = experiment("K+")
    faces = uniform(200)
    exact, *found = (
        solve(conductor, programme, faces=faces, tolerance=tolerance).fractions["Li+"][-1]
        for tolerance in (1e-8, 1e-3, 1e-4, 1e-5)
    )
    wrong = [float(np.max(np.abs(each - exact))) for each in found]
    assert wrong[0] < 1e-2
    assert wrong[1] < 1e-3
    assert wrong[2] < 1e-4


def test_equal_diffusion_without_current_is_interdiffusion() -> None:
    """A step in composition, and a melt: error functions, no potential."""
    conductor = glass(constant("K+", BULK), law=same_everywhere())
    faces, time = uniform(400, 200e-9), 10.0
    step = (faces[1:] <= 100e-9).astype(float)
    rest = solve(
        conductor, Programme((Stage(time, temperature=T),)), faces=faces,
        initial={"K+": step, "Li+": 1 - step}, tolerance=1e-5,
    )  # fmt: skip
    spread = 2 * math.sqrt(BULK * time)
    exact = erfc((rest.depth - 100e-9) / spread) / 2
    np.testing.assert_allclose(rest.fractions["K+"][-1], exact, atol=3e-4)
    assert np.max(np.abs(rest.potential)) < 1e-9
    bath = Programme((Stage(time, "current", 0.0, "K+", T, "melt", 0.8),))
    melt = solve(conductor, bath, faces=faces, tolerance=1e-5)
    np.testing.assert_allclose(melt.fractions["K+"][-1], 0.8 * erfc(melt.depth / spread), atol=3e-4)
    amount = 0.8 * spread / math.sqrt(math.pi)
    assert melt.fractions["K+"][-1] @ np.diff(faces) == pytest.approx(amount, rel=1e-3)
    assert max(rest.mass_error, melt.mass_error) < 1e-12


def test_slow_foreign_ion_gives_a_rectangular_front() -> None:
    """Width D_M/(j/n0) of the exponential front is far below a cell."""
    conductor = glass(constant("Cs+", 1e-4 * BULK), law=same_everywhere())
    _, programme = experiment("Cs+")
    found = solve(conductor, programme, faces=uniform(70), tolerance=1e-3)
    depth = programme.charge / (DENSITY * elementary_charge)
    native = found.fractions["Li+"][-1]
    assert np.max(native[found.depth < depth - 7e-9]) < 1e-3
    assert np.min(native[found.depth > depth + 7e-9]) > 1 - 1e-3
    field = programme.charge / DAY * VOLT / (DENSITY * elementary_charge * 1e-4 * BULK)
    assert found.film_voltage[-1] == pytest.approx(field * depth, rel=0.01)


def layer_faces(finest: float, length: float) -> FloatArray:
    return np.concatenate([[0.0], np.geomspace(finest, length, 500)])


@pytest.mark.parametrize("drop", [0.01, 1.0, 10.0, 40.0])
def test_blocking_electrode_has_its_debye_layer(drop: float) -> None:
    """Mobile cations on a fixed background: lambda^2 psi'' = 1 - exp(-psi), in units of kT/e, has the
    integral (lambda psi')^2 = 2 (psi + exp(-psi) - 1); small drops decay as exp(-x/lambda). Charging through
    1 mm of bulk takes up to an hour."""
    conductor = glass(law=same_everywhere())
    faces = layer_faces(2e-4 * DEBYE, 40 * DEBYE)
    stage = Stage(1e5, "voltage", drop * VOLT, "", T, "blocking")
    found = solve(conductor, Programme((stage,)), faces=faces, tolerance=1e-6)
    slope = math.sqrt(2 * (drop + math.exp(-drop) - 1)) / DEBYE
    charge = 8 * epsilon_0 * slope * VOLT
    assert electrode_charge(found, 8.0)[-1] == pytest.approx(charge, rel=3e-3)
    assert found.charge == pytest.approx(charge, rel=3e-3)
    psi = found.potential[-1] / VOLT
    np.testing.assert_allclose(found.fractions["Li+"][-1], np.exp(-psi), rtol=2e-2, atol=1e-6)
    if drop <= 0.01:
        np.testing.assert_allclose(psi, drop * np.exp(-found.depth / DEBYE), atol=5e-3 * drop)
    assert found.film_voltage[-1] == pytest.approx(drop * VOLT, rel=1e-6)
    assert abs(found.current_density[-1]) < 1e-6 * np.max(np.abs(found.current_density))


def test_charge_of_a_blocking_electrode_stays_when_it_is_left() -> None:
    conductor = glass(law=same_everywhere())
    stage = Stage(10.0, "voltage", 0.5, "", T, "blocking")
    faces = layer_faces(2e-3 * DEBYE, 40 * DEBYE)
    found = solve(conductor, Programme((stage, Stage(10.0, temperature=T))), faces=faces, save_at=[10.0])
    charges = electrode_charge(found, 8.0)
    assert charges[1] == pytest.approx(charges[0], rel=1e-9)
    np.testing.assert_allclose(found.time, [10, 20])


def test_sample_between_blocking_electrodes_is_a_capacitor() -> None:
    """Small voltages: two Debye layers in series."""
    conductor = glass(law=same_everywhere(), thickness=80 * DEBYE)
    half = layer_faces(5e-3 * DEBYE, 40 * DEBYE)
    faces = np.concatenate([half, 80 * DEBYE - half[-2::-1]])
    stage = Stage(100.0, "voltage", 0.02 * VOLT, "", T, "blocking")
    found = solve(conductor, Programme((stage,)), faces=faces, back="blocking", tolerance=1e-6)
    assert electrode_charge(found, 8.0)[-1] == pytest.approx(8 * epsilon_0 / DEBYE * 0.01 * VOLT, rel=3e-3)
    np.testing.assert_allclose(found.field[-1], found.field[-1][::-1], rtol=2e-2, atol=1e-3)
    assert found.mass_error < 1e-12


def test_relaxation_of_space_charge_is_dielectric() -> None:
    """At rest a uniform field in the bulk decays with epsilon/sigma."""
    conductor = glass(constant("K+", BULK), law=same_everywhere())
    relaxation = DEBYE**2 / BULK
    faces = uniform(100, 100e-9)
    found = solve(
        conductor, Programme((Stage(3 * relaxation, temperature=T),)), faces=faces,
        initial_field=np.full(101, 1e4), save_at=[relaxation], tolerance=1e-6,
    )  # fmt: skip
    middle = found.field[:, 50]
    np.testing.assert_allclose(middle, 1e4 * np.exp([-1, -3]), rtol=1e-3)


def test_imposed_voltage_gives_back_the_imposed_current() -> None:
    """The voltages that a current needs, imposed as they were found, give that current and profile."""
    conductor, programme = experiment("Rb+")
    faces = uniform(100)
    by_current = solve(conductor, programme, faces=faces, tolerance=1e-5)
    voltage = by_current.film_voltage + by_current.bulk_voltage
    late = by_current.trace_time > 1.0
    times, volts = by_current.trace_time[late], voltage[late]
    trace = Trace(np.append(0.0, times), np.append(volts[0], volts))
    stage = Stage(DAY, "voltage", trace, "Rb+", T)
    by_voltage = solve(conductor, Programme((stage,)), faces=faces, tolerance=1e-5)
    assert by_voltage.charge == pytest.approx(programme.charge, rel=2e-3)
    assert by_voltage.current_density[-1] == pytest.approx(by_current.current_density[-1], rel=2e-3)
    assert np.max(np.abs(by_voltage.fractions["Li+"][-1] - by_current.fractions["Li+"][-1])) < 0.02


def test_voltage_over_the_whole_sample() -> None:
    """No bulk behind the film: the current is Ohm's before anything has entered."""
    conductor = glass(constant("K+", BULK), law=same_everywhere(), thickness=100e-9)
    stage = Stage(1.0, "voltage", 0.1, "K+", T)
    found = solve(conductor, Programme((stage,)), faces=uniform(100, 100e-9))
    conductivity = DENSITY * elementary_charge * BULK / VOLT
    np.testing.assert_allclose(found.current_density[1:], conductivity * 0.1 / 100e-9, rtol=0.01)
    np.testing.assert_allclose(found.film_voltage, 0.1, rtol=1e-9)


def test_logged_current_carries_its_charge() -> None:
    conductor, programme = experiment("K+")
    rng, times = np.random.default_rng(3), np.linspace(0, DAY, 3001)
    mean = programme.charge / DAY
    noisy = Trace(times, mean * (1 + 0.3 * np.sin(times / 7000) + 0.2 * rng.normal(size=times.size)))
    logged = Programme((Stage(DAY, "current", noisy, "K+", T),))
    found = solve(conductor, logged, faces=uniform(60), tolerance=1e-3)
    assert found.charge == pytest.approx(logged.charge, rel=1e-10)
    entered = found.fractions["K+"][-1] @ np.diff(found.faces)
    left = np.trapezoid([0, found.flux["K+"][-1, -1]], [0, DAY]) / DENSITY
    assert entered + left == pytest.approx(logged.charge / DENSITY / elementary_charge, rel=2e-2)


def test_temperature_history_of_activated_ions() -> None:
    """All D with one activation energy: a course of temperatures acts as its time at one, seen at rest."""
    energy = 0.6 * elementary_charge
    law = ConstantDiffusion(BULK, energy, T)
    conductor = Conductor((Ion("Li+", law), Ion("K+", law)), DENSITY, 1e-3)
    course = Trace(np.array([0.0, 400.0, 600.0]), np.array([T - 20, T + 15, T - 10]))
    faces = uniform(150, 200e-9)
    step = (faces[1:] <= 100e-9).astype(float)
    initial = {"K+": step, "Li+": 1 - step}
    history = Programme((Stage(600.0, temperature=course),))
    heated = solve(conductor, history, faces=faces, initial=initial, tolerance=1e-6)
    times = np.linspace(0, 600, 60001)
    same = float(np.trapezoid(np.exp(energy / Boltzmann * (1 / T - 1 / course.at(times))), times))
    rest = Programme((Stage(same, temperature=T),))
    steady = solve(conductor, rest, faces=faces, initial=initial, tolerance=1e-6)
    np.testing.assert_allclose(heated.fractions["K+"], steady.fractions["K+"], atol=2e-5)


def test_voltage_follows_the_temperature() -> None:
    """Before anything has entered, film and bulk are one ohmic resistance."""
    energy = 0.6 * elementary_charge
    law = ConstantDiffusion(BULK, energy, T)
    conductor = Conductor((Ion("Li+", law), Ion("K+", law)), DENSITY, 1e-3)
    course = Trace(np.array([0.0, 60.0]), np.array([T, T + 30]))
    stage = Stage(60.0, "current", 1e-3, "K+", course)
    found = solve(conductor, Programme((stage,)), faces=uniform(50), tolerance=1e-6)
    at = course.at(found.trace_time)
    conductivity = DENSITY * elementary_charge**2 * np.exp(law.log_diffusion(0 * at, T)) / (Boltzmann * at)
    conductivity *= np.exp(energy / Boltzmann * (1 / T - 1 / at))
    np.testing.assert_allclose(found.bulk_voltage, 1e-3 / conductivity * (1e-3 - 140e-9), rtol=1e-9)
    late = found.trace_time > 0.01
    np.testing.assert_allclose(found.film_voltage[late], (1e-3 / conductivity * 140e-9)[late], rtol=1e-4)


@cache
def sequence(intermixing_time: float) -> Replacement:
    """K+ for half a day, a rest, Cs+ for half a day."""
    conductor = glass(constant("K+", 2e-4 * BULK), constant("Cs+", 4.5e-5 * BULK),
                      intermixing_time=intermixing_time)  # fmt: skip
    current = DENSITY * elementary_charge * 90e-9 / DAY
    stages = (Stage(DAY / 2, "current", current, "K+", T), Stage(3600.0, temperature=T - 40),
              Stage(DAY / 2, "current", current, "Cs+", T))  # fmt: skip
    return solve(conductor, Programme(stages), faces=uniform(150), save_at=[DAY / 2], tolerance=1e-3)


def test_three_ions_in_sequence() -> None:
    apart, mixed = sequence(math.inf), sequence(0.0)
    widths = np.diff(apart.faces)
    for found in (apart, mixed):
        for name in ("K+", "Cs+"):
            leaving = found.flux[name][-1, -1]
            assert leaving < 1e-3 * found.current_density[-1] / elementary_charge
            assert found.fractions[name][-1] @ widths == pytest.approx(45e-9, rel=2e-3)
        total = sum(found.fractions.values())
        np.testing.assert_allclose(total - 1, found.excess_charge, atol=1e-12)
        assert found.mass_error < 1e-12
        assert found.charge_error < 1e-12
    # unmixed, Cs+ takes the place of the K+ that lies above the native ions left; mixed, of both alike
    behind = apart.depth < 25e-9
    assert np.mean(apart.fractions["Li+"][-1, behind]) > 3 * np.mean(mixed.fractions["Li+"][-1, behind])


def test_slow_mixing_lies_between_none_and_complete() -> None:
    slow, fast = sequence(1e12), sequence(1e-3)
    np.testing.assert_allclose(slow.fractions["Li+"], sequence(math.inf).fractions["Li+"], atol=2e-4)
    np.testing.assert_allclose(fast.fractions["Li+"], sequence(0.0).fractions["Li+"], atol=2e-3)


def test_immobile_ions_stay() -> None:
    conductor = glass(constant("K+", 1e-4 * BULK), law=same_everywhere(), immobile=0.12)
    _, programme = experiment("K+")
    found = solve(conductor, programme, faces=uniform(300))
    behind = found.depth < 40e-9
    np.testing.assert_allclose(found.fractions["Li+"][-1, behind], 0.12, atol=1e-3)
    assert np.min(found.fractions["Li+"]) >= 0.12 - 1e-9


def test_divalent_ion_takes_the_place_of_two() -> None:
    conductor = glass(constant("Ca2+", 1e-4 * BULK, charge=2), law=same_everywhere())
    found = solve(conductor, constant_current(1e-3, DAY, "Ca2+", T), faces=uniform(200))
    amount = found.fractions["Ca2+"][-1] @ np.diff(found.faces)
    assert amount == pytest.approx(1e-3 * DAY / (DENSITY * elementary_charge), rel=1e-9)
    np.testing.assert_allclose(found.flux["Ca2+"][-1, 0], 1e-3 / (2 * elementary_charge))


def test_goes_on_where_it_was_left() -> None:
    conductor, programme = experiment("K+")
    half = constant_current(programme.charge / DAY, DAY / 2, "K+", T)
    faces = uniform(200)
    first = solve(conductor, half, faces=faces, tolerance=1e-6)
    last = {name: fraction[-1] for name, fraction in first.fractions.items()}
    second = solve(conductor, half, faces=faces, initial=last, initial_field=first.field[-1], tolerance=1e-6)
    at_once = solve(conductor, programme, faces=faces, tolerance=1e-6)
    np.testing.assert_allclose(second.fractions["Li+"], at_once.fractions["Li+"], atol=1e-5)
    assert second.mass_error < 1e-12


@settings(max_examples=25, deadline=None)
@given(
    ratio=st.floats(-12, 4), current=st.floats(-7, 2), width=st.floats(0.0, 0.9), density=st.floats(26, 29),
    cells=st.integers(3, 40), surface=st.sampled_from(["beam", "melt", "blocking"]), voltage=st.booleans(),
)  # fmt: skip
def test_nothing_is_negative_and_nothing_is_lost(
    ratio: float, current: float, width: float, density: float, cells: int, surface: Surface, voltage: bool
) -> None:
    """Diffusion ratios over 16 decades, currents over 9, any site energies, the coarsest meshes."""
    native = Ion("Li+", SiteEnergyDiffusion(Gaussian((0.01 + width) * elementary_charge), BULK,
                                            reference_temperature=T))  # fmt: skip
    conductor = Conductor((native, constant("Cs+", BULK * 10**ratio)), 10**density, 1e-3)
    value = 10**current * (1e3 if voltage else 1.0)
    duration = min(DAY, 90e-9 * 10**density * elementary_charge / 10**current)
    stage = Stage(duration, "voltage" if voltage else "current", value, "Cs+", T, surface)
    programme = Programme((stage, Stage(DAY, temperature=T)))
    found = solve(conductor, programme, faces=uniform(cells), tolerance=1e-3)
    assert min(float(np.min(each)) for each in found.fractions.values()) >= 0
    assert found.mass_error < 1e-4
    assert np.all(np.isfinite(found.potential))


def test_no_hang_at_a_peclet_number_of_a_million() -> None:
    conductor = glass(constant("Cs+", 2e-28))
    programme = constant_current(2.2e-3, DAY, "Cs+", T)
    faces = uniform(100)
    cell_peclet = 2.2e-3 / (DENSITY * elementary_charge) * 1.4e-9 / 2e-28
    assert cell_peclet > 1e6
    found = solve(conductor, programme, faces=faces, tolerance=1e-3)
    assert np.min(found.fractions["Cs+"]) >= 0
    assert found.mass_error < 1e-6
    assert any("beyond the strength of dielectrics" in warning for warning in found.warnings)
    assert any("more than there are sites" in warning for warning in found.warnings)


def test_too_many_steps_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nernst_planck_poisson, "MOST_STEPS", 20)
    conductor, programme = experiment("Cs+")
    with pytest.raises(AnalysisError, match="steps were not enough"):
        solve(conductor, programme, faces=uniform(50))


def test_film_that_the_front_has_left_is_said() -> None:
    conductor, programme = experiment("K+")
    found = solve(conductor, programme, faces=uniform(50, 90e-9), tolerance=1e-3)
    assert "the film should be deeper" in found.warnings[0]


def test_progress_rises_to_one() -> None:
    conductor, programme = experiment("K+")
    told: list[float] = []
    solve(conductor, programme, faces=uniform(30), progress=told.append, save_at=[0.0, 10.0])
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("faces", "initial", "says"),
    [
        ([0.0, 1e-9], None, "at least two cells"),
        ([0.0, 2e-9, 1e-9], None, "increase"),
        ([0.0, 1e-9, 2e-9], {"K+": np.array([0.2, 0.2]), "Li+": np.array([0.2, 0.8])}, "add up to 1"),
        ([0.0, 1e-9, 2e-9], {"K+": np.array([0.2, 1.2])}, "positive"),
    ],
)
def test_impossible_starts_are_refused(
    faces: list[float], initial: dict[str, FloatArray] | None, says: str
) -> None:
    conductor, programme = experiment("K+")
    with pytest.raises(InputError, match=says):
        solve(conductor, programme, faces=np.array(faces), initial=initial)


def test_beams_bring_ions_in() -> None:
    conductor, _ = experiment("K+")
    with pytest.raises(InputError, match="takes no ions out"):
        solve(conductor, constant_current(-1e-3, DAY, "K+", T), faces=uniform(10))
    with pytest.raises(InputError, match="no ion"):
        solve(conductor, constant_current(1e-3, DAY, "Na+", T), faces=uniform(10))


def test_loss_into_a_melt_does_not_hang_on_the_mesh() -> None:
    """D of the native ion vanishes at the face, where it is gone; what diffuses out there is yet finite."""
    conductor, programme = experiment("K+")
    stage = Stage(DAY, "current", programme.charge / DAY, "K+", T, "melt")
    coarse, fine = (
        solve(conductor, Programme((stage,)), faces=uniform(cells), tolerance=1e-4) for cells in (150, 450)
    )
    assert fine.flux["Li+"][-1, 0] < 0
    assert coarse.flux["Li+"][-1, 0] == pytest.approx(fine.flux["Li+"][-1, 0], rel=0.02)
    assert coarse.film_voltage[-1] == pytest.approx(fine.film_voltage[-1], rel=2e-3)
