"""The electroneutral film: reference table, closed forms, conservation and bounds, controls, several ions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Boltzmann, elementary_charge
from scipy.special import erfc, erfcx

from ionscape.replacement.diffusion_law import ConstantDiffusion, DiffusionLaw
from ionscape.replacement.electroneutral import solve
from ionscape.replacement.profile_summary import summarise
from ionscape.replacement.programme import (
    Control,
    Programme,
    Stage,
    Surface,
    Trace,
    constant_current,
    joined,
)
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.simulation import simulate
from ionscape.replacement.system import Conductor, Ion

from .replacement_cases import BULK, DAY, DENSITY, REFERENCES, TEMPERATURE, GaussianSites

FloatArray = NDArray[np.float64]

PER_FLUX = DENSITY * elementary_charge
SURFACES: tuple[Surface, ...] = ("beam", "melt")


@pytest.mark.parametrize("name", REFERENCES)
def test_reference_table(name: str) -> None:
    """600 cells graded to the expected front (the default), against independent codes."""
    case = REFERENCES[name]
    found = simulate(case.conductor(), case.programme())
    plateau, depth, width = summarise(found.faces, found.fractions["Li+"][-1])
    assert plateau == pytest.approx(case.plateau, rel=0.01)
    assert depth == pytest.approx(case.front_depth, rel=0.002)
    assert width == pytest.approx(case.front_width, rel=0.01)
    assert found.film_voltage[-1] == pytest.approx(case.film_voltage, rel=0.01)
    assert found.bulk_voltage[-1] == pytest.approx(case.bulk_voltage, abs=0.05)
    assert found.charge == pytest.approx(case.charge, rel=0.01)
    assert found.mass_error < 1e-12
    assert found.charge_error < 1e-12
    excess = float(np.min(found.excess_charge))
    assert excess == pytest.approx({"K": -5.6e-6, "Rb": -8.5e-5, "Cs": -1.54e-3}[name], rel=0.03)


def pair(native: float, foreign: float, **changes: float) -> Conductor:
    ions = (Ion("Li+", ConstantDiffusion(native)), Ion("M+", ConstantDiffusion(foreign)))
    return Conductor(ions, DENSITY, **{"thickness": 1e-3, **changes})


def beam(flux: float, duration: float = 1.0, ion: str = "M+") -> Programme:
    return constant_current(flux * PER_FLUX, duration, ion, TEMPERATURE)


def test_equal_coefficients_with_a_current() -> None:
    """Advection and diffusion with a flux condition (van Genuchten and Parker 1984), D = 1, v = 3, t =
    0.4."""
    speed, end = 3.0, 0.4
    x = np.linspace(0.02, 11.9, 2000)
    root = 2 * np.sqrt(end)
    exact = erfc((x - speed * end) / root) / 2
    exact += np.sqrt(speed**2 * end / np.pi) * np.exp(-((x - speed * end) ** 2) / (4 * end))
    behind = np.exp(-((x - speed * end) ** 2) / (4 * end)) * erfcx((x + speed * end) / root)
    exact -= (1 + speed * x + speed**2 * end) * behind / 2
    found = solve(
        pair(1.0, 1.0, thickness=1e3), beam(speed, end), faces=np.linspace(0, 12, 601), tolerance=1e-6
    )
    assert np.interp(x, found.depth, found.fractions["M+"][-1]) == pytest.approx(exact, abs=1e-4)


def test_equal_coefficients_without_a_current() -> None:
    """A step interdiffuses as the textbook's error function."""
    faces = np.linspace(0, 20, 401)
    step = np.where(faces[1:] <= 10, 0.8, 0.0)
    found = solve(
        pair(1.0, 1.0, thickness=1e3), Programme((Stage(1.0, temperature=TEMPERATURE),)), faces=faces,
        initial={"Li+": 1 - step, "M+": step}, tolerance=1e-6,
    )  # fmt: skip
    exact = 0.4 * erfc((found.depth - 10) / 2)
    assert found.fractions["M+"][-1] == pytest.approx(exact, abs=1e-4)
    assert found.charge == 0


def test_unequal_coefficients_without_a_current() -> None:
    """Nernst-Planck interdiffusion, D1 D2/(D1 u + D2 (1 - u)), against scipy's BDF on other cells."""
    from scipy.integrate import solve_ivp

    faces, fast, slow = np.linspace(0, 20, 801), 1.0, 0.1
    centre, h = (faces[1:] + faces[:-1]) / 2, faces[1]
    u0 = np.where(centre < 10, 0.2, 1.0)

    def rate(_: float, u: FloatArray) -> FloatArray:
        mean = (u[1:] + u[:-1]) / 2
        flux = -fast * slow / (fast * mean + slow * (1 - mean)) * np.diff(u) / h
        return np.asarray(-np.diff(np.concatenate([[0.0], flux, [0.0]])) / h)

    band = np.eye(800, k=0) + np.eye(800, k=1) + np.eye(800, k=-1)
    other = solve_ivp(rate, (0, 4), u0, "BDF", rtol=1e-7, atol=1e-9, jac_sparsity=band).y[:, -1]
    coarse = np.linspace(0, 20, 401)
    start = np.where(coarse[1:] <= 10, 0.2, 1.0)
    found = solve(
        pair(fast, slow, thickness=1e3), Programme((Stage(4.0, temperature=TEMPERATURE),)), faces=coarse,
        initial={"Li+": start, "M+": 1 - start}, tolerance=1e-6,
    )  # fmt: skip
    assert found.fractions["Li+"][-1] == pytest.approx(other.reshape(-1, 2).mean(axis=1), abs=3e-4)


def test_slow_foreign_ion_gives_a_rectangle() -> None:
    """D_foreign << D_native: all native ions leave, the front lies where the charge says."""
    found = simulate(pair(1.0, 5e-3, thickness=10.0), beam(1.0, 1.0), cells=200)
    plateau, depth, width = summarise(found.faces, found.fractions["Li+"][-1])
    assert depth == pytest.approx(1.0, rel=2e-3)
    assert plateau < 1e-6
    assert width < 0.03


def test_field_carries_the_current() -> None:
    """e E/kT = [j + (D_Li - D_M) du/dx]/(D_Li u + D_M (1 - u)) at every face (PHYSICS.md, section 5)."""
    fast, slow, flux = 1e-17, 1e-20, 1e-3 / PER_FLUX
    found = simulate(pair(fast, slow), constant_current(1e-3, DAY, "M+", TEMPERATURE), cells=400)
    u, inner = found.fractions["Li+"][-1], slice(40, -40)
    mean, slope = (u[1:] + u[:-1]) / 2, np.diff(u) / np.diff(found.depth)
    exact = (flux + (fast - slow) * slope) / (fast * mean + slow * (1 - mean)) * Boltzmann * TEMPERATURE
    relative = found.field[-1, 1:-1] * elementary_charge / exact
    assert np.median(np.abs(relative[inner] - 1)) < 1e-3
    sigma = fast * elementary_charge**2 * DENSITY / (Boltzmann * TEMPERATURE)
    assert found.field[-1, -1] == pytest.approx(1e-3 / sigma, rel=2e-3)
    assert found.bulk_voltage[-1] == pytest.approx(1e-3 / sigma * (1e-3 - found.faces[-1]), rel=1e-9)
    assert found.film_voltage[-1] == pytest.approx(found.potential[-1, 0], rel=0.01)


@dataclass(frozen=True)
class Steep(DiffusionLaw):
    """ln D straight in the filling."""

    low: float
    high: float

    def log_diffusion(self, filling: ArrayLike, temperature: float) -> FloatArray:  # noqa: ARG002
        """See `DiffusionLaw`."""
        return np.asarray(self.low + (self.high - self.low) * np.asarray(filling, dtype=float))


@settings(max_examples=25, deadline=None)
@given(
    low=st.floats(-14, 5), high=st.floats(-5, 5), foreign=st.floats(-12, 4), cells=st.integers(8, 30),
    immobile=st.floats(0, 0.3), surface=st.sampled_from(SURFACES), voltage=st.booleans(),
)  # fmt: skip
def test_bounds_and_balance(
    low: float, high: float, foreign: float, cells: int, immobile: float, surface: Surface, voltage: bool
) -> None:
    """Any D, cells a million times too coarse or not: nothing negative, nothing lost."""
    ions = (Ion("Li+", Steep(low, high), 1, immobile), Ion("M+", ConstantDiffusion(float(np.exp(foreign)))))
    conductor = Conductor(ions, DENSITY, 100.0)
    value = 3.0 if voltage else PER_FLUX
    control: Control = "voltage" if voltage else "current"
    stage = Stage(0.6, control, value, "M+", TEMPERATURE, surface)
    faces = np.linspace(0, 1.5, cells + 1)
    found = solve(conductor, Programme((stage,)), faces=faces, tolerance=1e-3)
    check_balance(found, immobile)
    if surface == "beam" and found.fractions["M+"][-1, -1] < 1e-9:
        amount = float(found.fractions["M+"][-1] @ np.diff(faces))
        assert amount == pytest.approx(found.charge / PER_FLUX, rel=1e-6)


def check_balance(found: Replacement, immobile: float = 0.0) -> None:
    native, foreign = found.fractions["Li+"], [u for name, u in found.fractions.items() if name != "Li+"]
    assert np.min(native) >= immobile - 1e-12
    assert all(np.min(u) >= -1e-12 for u in foreign)
    assert native + np.sum(foreign, axis=0) == pytest.approx(1.0, abs=1e-10)
    assert found.mass_error < 1e-9
    assert found.charge_error < 1e-9


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("control", ["current", "voltage"])
def test_peclet_number_of_a_million(control: Control, whole: bool) -> None:
    """Per cell, through the one call or the solver alone: no hang, nothing negative, nothing lost."""
    slow = 2e-8 * BULK
    conductor = Conductor((Ion("Li+", GaussianSites()), Ion("M+", ConstantDiffusion(slow))), DENSITY, 1.0)
    faces, flux = np.linspace(0, 1.5e-6, 41), 1e-6 / DAY
    assert flux * faces[1] / slow > 1e6
    bulk_volts = flux / BULK * Boltzmann * TEMPERATURE / elementary_charge
    value = flux * PER_FLUX if control == "current" else bulk_volts
    programme = Programme((Stage(DAY, control, value, "M+", TEMPERATURE),))
    run = simulate if whole else solve
    found = run(conductor, programme, faces=faces, tolerance=1e-3)
    check_balance(found)
    assert np.max(found.fractions["Li+"]) <= 1 + 1e-12
    amount = float(found.fractions["M+"][-1] @ np.diff(found.faces))
    assert amount == pytest.approx(found.charge / PER_FLUX, rel=1e-6)
    assert found.n_steps < 5000


def test_voltage_and_current_agree() -> None:
    """Controlled voltage, and its own current fed back, give one profile; so does its own voltage fed
    back."""
    case = REFERENCES["Rb"]
    stage = Stage(DAY, "voltage", 5.0, "M+", TEMPERATURE)
    first = simulate(case.conductor(), Programme((stage,)), cells=200, tolerance=1e-5)
    assert first.film_voltage + first.bulk_voltage == pytest.approx(5.0, abs=1e-6)
    by_current = Stage(DAY, "current", Trace(first.trace_time, first.current_density), "M+", TEMPERATURE)
    second = simulate(case.conductor(), Programme((by_current,)), faces=first.faces, tolerance=1e-5)
    assert second.fractions["Li+"] == pytest.approx(first.fractions["Li+"], abs=2e-3)
    assert second.charge == pytest.approx(first.charge, rel=1e-4)
    assert second.film_voltage[-1] + second.bulk_voltage[-1] == pytest.approx(5.0, rel=1e-3)
    volts = Trace(second.trace_time, second.film_voltage + second.bulk_voltage)
    third = simulate(
        case.conductor(), Programme((Stage(DAY, "voltage", volts, "M+", TEMPERATURE),)), faces=first.faces
    )
    assert third.charge == pytest.approx(first.charge, rel=1e-3)


def test_temperature_only_scales_time() -> None:
    """With one activation energy for both ions a course of temperature is a course of time."""
    energy, reference = 0.5 * elementary_charge, 300.0
    ions = tuple(
        Ion(name, ConstantDiffusion(d, energy, reference)) for name, d in (("Li+", 1.0), ("M+", 0.05))
    )
    conductor = Conductor(ions, DENSITY, 100.0)
    faces, start = np.linspace(0, 10, 201), np.where(np.linspace(0, 10, 201)[1:] <= 5, 0.7, 0.0)
    initial = {"Li+": 1 - start, "M+": start}
    warm = Trace(np.array([0.0, 1.0]), np.array([300.0, 330.0]))
    times = np.linspace(0, 1, 20001)
    factor = np.exp(energy / Boltzmann * (1 / reference - 1 / warm.at(times)))
    scaled = float(np.trapezoid(factor, times))
    one = solve(
        conductor, Programme((Stage(1.0, temperature=warm),)), faces=faces, initial=initial, tolerance=1e-5
    )
    two = solve(
        conductor,
        Programme((Stage(scaled, temperature=reference),)),
        faces=faces,
        initial=initial,
        tolerance=1e-5,
    )
    assert one.fractions["M+"] == pytest.approx(two.fractions["M+"], abs=1e-4)


def test_two_names_of_one_ion() -> None:
    """Two foreign ions of the same D together are one."""
    slow = ConstantDiffusion(2e-4 * BULK)
    three = Conductor((Ion("Li+", GaussianSites()), Ion("A+", slow), Ion("B+", slow)), DENSITY, 1e-3)
    two = Conductor((Ion("Li+", GaussianSites()), Ion("A+", slow)), DENSITY, 1e-3)
    flux = 60e-9 / DAY
    faces = np.linspace(0, 100e-9, 151)
    parts = [beam(flux, DAY / 2, name) for name in ("A+", "B+")]
    one = solve(three, joined(parts), faces=faces, tolerance=1e-5)
    other = solve(two, beam(flux, DAY, "A+"), faces=faces, tolerance=1e-5)
    check_balance(one)
    together = one.fractions["A+"] + one.fractions["B+"]
    # static filling: the second foreign ion lies above the first, and leaves the native ion's levels alone
    assert together[-1] == pytest.approx(other.fractions["A+"][-1], abs=2e-3)


def sequence(mixing_time: float) -> Replacement:
    ions = (
        Ion("Li+", GaussianSites()), Ion("Rb+", ConstantDiffusion(1.94e-4 * BULK)),
        Ion("Cs+", ConstantDiffusion(4.5e-5 * BULK)),
    )  # fmt: skip
    flux = 97e-9 / DAY
    programme = joined([beam(flux, DAY / 2, "Rb+"), beam(flux, DAY / 2, "Cs+")])
    conductor = Conductor(ions, DENSITY, 1e-3, intermixing_time=mixing_time)
    return solve(conductor, programme, faces=np.linspace(0, 130e-9, 201), tolerance=1e-3)


def test_limits_of_intermixing() -> None:
    never, at_once = sequence(np.inf), sequence(0.0)
    for limit, near in ((never, sequence(1e9)), (at_once, sequence(1.0))):
        check_balance(near)
        assert near.fractions["Li+"] == pytest.approx(limit.fractions["Li+"], abs=2e-3)
    between = sequence(DAY).fractions["Li+"][-1]
    left = [float(u[:60].sum()) for u in (at_once.fractions["Li+"][-1], between, never.fractions["Li+"][-1])]
    assert left[0] < left[1] < left[2]


def test_fully_mixed_pair_has_constant_coefficients() -> None:
    case = REFERENCES["K"]
    faces = np.linspace(0, 160e-9, 161)
    mixed = solve(case.conductor(intermixing_time=0.0), case.programme(), faces=faces, tolerance=1e-4)
    constant = solve(pair(BULK, case.ratio * BULK), case.programme(), faces=faces, tolerance=1e-4)
    assert mixed.fractions["Li+"] == pytest.approx(constant.fractions["Li+"], abs=1e-6)


def test_logged_current_carries_its_charge() -> None:
    """A noisy log: the charge is that of the log to rounding, the profile that of its mean."""
    case = REFERENCES["K"]
    times = np.linspace(0, DAY, 2000)
    noise = np.random.default_rng(3).normal(1, 0.1, 2000)
    mean = case.flux * PER_FLUX
    log = Trace(times, mean * noise / (np.trapezoid(noise, times) / DAY))
    faces = np.linspace(0, 160e-9, 161)
    logged = solve(
        case.conductor(),
        Programme((Stage(DAY, "current", log, "M+", TEMPERATURE),)),
        faces=faces,
        tolerance=1e-3,
    )
    smooth = solve(case.conductor(), case.programme(), faces=faces, tolerance=1e-3)
    assert logged.charge == pytest.approx(mean * DAY, rel=1e-10)
    assert logged.charge_error < 1e-9
    assert logged.fractions["Li+"] == pytest.approx(smooth.fractions["Li+"], abs=1e-2)


def test_different_charges() -> None:
    """Ca2+ into a Na+ conductor: each divalent ion replaces two, and the front lies where the charge says."""
    ions = (Ion("Na+", ConstantDiffusion(1.0)), Ion("Ca2+", ConstantDiffusion(1e-2), 2))
    found = simulate(Conductor(ions, DENSITY, 1e3), beam(1.0, 1.0, "Ca2+"), cells=200)
    assert summarise(found.faces, found.fractions["Na+"][-1]).front_depth == pytest.approx(1.0, rel=1e-2)
    particles = found.flux["Ca2+"][-1, 0]
    assert particles == pytest.approx(DENSITY / 2)
    assert found.mass_error < 1e-9
