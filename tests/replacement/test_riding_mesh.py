"""Meshes that ride with the fronts: high currents and long runs, against a method without a mesh in
depth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.constants import elementary_charge

from ionscape.replacement.diffuse_front import front_with_diffusion
from ionscape.replacement.diffusion_law import ConstantDiffusion
from ionscape.replacement.front_theory import front
from ionscape.replacement.profile_summary import summarise
from ionscape.replacement.programme import Programme, Stage, Trace, constant_current, joined
from ionscape.replacement.riding_mesh import ride_of
from ionscape.replacement.simulation import simulate
from ionscape.replacement.system import Conductor, Ion

from .replacement_cases import BULK, DAY, DENSITY, REFERENCES, TEMPERATURE, GaussianSites

PER_FLUX = DENSITY * elementary_charge


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize(("stronger", "longer"), [(1, 1), (4, 1), (8, 1), (16, 1), (1, 16)])
def test_high_currents_and_long_runs(name: str, stronger: int, longer: int) -> None:
    """Up to 1.9 kV across the film and a front of a 15 000th of its depth, at the defaults."""
    case = REFERENCES[name]
    current, duration = stronger * case.flux * PER_FLUX, longer * DAY
    found = simulate(case.conductor(), constant_current(current, duration, "M+", TEMPERATURE))
    sharp = front(
        GaussianSites(), case.ratio * BULK, current, current * duration, carrier_density=DENSITY,
        temperature=TEMPERATURE,
    )  # fmt: skip
    other = front_with_diffusion(sharp)
    plateau, depth, width = summarise(found.faces, found.fractions["Li+"][-1])
    assert plateau == pytest.approx(other.plateau_fraction, rel=0.005)
    assert depth == pytest.approx(other.front_depth, rel=0.001)
    assert width == pytest.approx(other.front_width, rel=0.005)
    assert found.film_voltage[-1] == pytest.approx(other.film_voltage, rel=0.01)
    assert found.mass_error < 1e-12
    assert found.charge_error < 1e-12
    assert not found.warnings
    assert found.n_steps < 100


def test_voltage_that_makes_a_sharp_front() -> None:
    """Rb at 20 V: its own current fed back gives the voltage; the plateau is front theory's."""
    case = REFERENCES["Rb"]
    programme = Programme((Stage(DAY, "voltage", 20.0, "M+", TEMPERATURE),))
    found = simulate(case.conductor(), programme, cells=400)
    assert found.film_voltage + found.bulk_voltage == pytest.approx(20.0, abs=1e-6)
    plateau = summarise(found.faces, found.fractions["Li+"][-1]).plateau_fraction
    assert plateau == pytest.approx(0.0662, abs=0.001)  # without diffusion, at any current
    log = Trace(found.trace_time, found.current_density)
    again = simulate(case.conductor(), Programme((Stage(DAY, "current", log, "M+", TEMPERATURE),)), cells=700)
    other = summarise(again.faces, again.fractions["Li+"][-1]).plateau_fraction
    assert other == pytest.approx(plateau, rel=5e-3)
    assert again.film_voltage[-1] + again.bulk_voltage[-1] == pytest.approx(20.0, rel=2e-3)
    assert found.mass_error < 1e-10
    assert found.charge_error < 1e-10


def test_two_sharp_fronts() -> None:
    """Rb, then Cs, at four times the current: Rb ends where the charge of both has pushed it."""
    rubidium, caesium = (ConstantDiffusion(REFERENCES[name].ratio * BULK) for name in ("Rb", "Cs"))
    ions = (Ion("Li+", GaussianSites()), Ion("Rb+", rubidium), Ion("Cs+", caesium))
    flux = 4 * 97e-9 / DAY
    stages = [constant_current(flux * PER_FLUX, DAY / 2, name, TEMPERATURE) for name in ("Rb+", "Cs+")]
    found = simulate(Conductor(ions, DENSITY, 1e-3), joined(stages), cells=200, tolerance=1e-3)
    native, depth = found.fractions["Li+"][-1], found.depth
    total = flux * DAY
    assert float((1 - native) @ np.diff(found.faces)) == pytest.approx(total, rel=1e-9)
    # Cs replaces all Rb, and Li but for its own plateau of 0.029 (front theory): its front by mass balance
    behind = float(found.fractions["Cs+"][-1] @ np.diff(found.faces))
    assert behind == pytest.approx(total / 2, rel=1e-9)
    front_of_caesium = depth[np.flatnonzero(found.fractions["Cs+"][-1] > 0.5)[-1]]
    left = float(native[depth < 0.9 * front_of_caesium].mean())
    assert front_of_caesium == pytest.approx(total / 2 / (1 - left), rel=0.01)
    # between both fronts Rb has left what it leaves alone
    between = native[(depth > 1.3 * front_of_caesium) & (depth < 0.9 * 4.1e-7)]
    assert float(between.mean()) == pytest.approx(0.0662, rel=0.35)
    assert found.mass_error < 1e-10


def test_front_stands_still_on_the_mesh() -> None:
    case = REFERENCES["Rb"]
    faces = np.linspace(0, 130e-9, 131)
    ride = ride_of(case.conductor(), case.programme(), faces, None)
    assert ride is not None
    assert ride.at(float(ride.passed[-1])) == pytest.approx(faces)
    at_half = ride.at(float(ride.passed[-1]) / 2)
    k = int(np.searchsorted(faces, case.front_depth))
    assert at_half[k] == pytest.approx(faces[k] / 2, rel=1e-3)
    assert np.all(np.diff(ride.at(0.0)) > 0)


def test_nothing_rides_where_nothing_can_be_told() -> None:
    case = REFERENCES["Rb"]
    faces = np.linspace(0, 130e-9, 31)
    swing = Trace(np.array([0.0, DAY]), np.array([1e-3, -1e-3]))
    melt = Programme((Stage(DAY, "current", swing, "M+", TEMPERATURE, "melt"),))
    assert ride_of(case.conductor(), melt, faces, None) is None
    assert ride_of(case.conductor(intermixing_time=10.0), case.programme(), faces, None) is None
    assert ride_of(case.conductor(), Programme((Stage(DAY),)), faces, None) is None


def test_kept_profiles_are_those_of_shorter_runs() -> None:
    case = REFERENCES["Rb"]
    flux = case.flux * PER_FLUX
    whole = simulate(case.conductor(), case.programme(), save_at=[DAY / 4])
    quarter = simulate(case.conductor(), constant_current(flux, DAY / 4, "M+", TEMPERATURE))
    depth = np.concatenate([np.linspace(1e-9, 22e-9, 40), np.linspace(30e-9, 90e-9, 10)])
    assert whole.profile("Li+", depth, at=0) == pytest.approx(quarter.profile("Li+", depth), abs=3e-3)
    first = np.interp(depth, whole.depth, whole.potential[0] - whole.potential[0][-1])
    other = np.interp(depth, quarter.depth, quarter.potential[-1] - quarter.potential[-1][-1])
    bulk = whole.field[0, -1] * (whole.faces[-1] - quarter.faces[-1])
    inside = depth < 22e-9
    assert first[inside] == pytest.approx(other[inside] + bulk, rel=0.01)


def test_too_coarse_a_mesh_says_so() -> None:
    case = REFERENCES["Cs"]
    faces = np.linspace(0, 110e-9, 101)
    found = simulate(case.conductor(), case.programme(), faces=faces)
    assert any("too coarse for the front" in each and "cells are needed" in each for each in found.warnings)
    fine = simulate(case.conductor(), case.programme(), faces=np.linspace(0, 110e-9, 601))
    assert not fine.warnings


def test_going_on_while_site_energies_mix() -> None:
    """Half a programme and then the other half: the mixed parts are kept."""
    case = REFERENCES["K"]
    conductor = case.conductor(intermixing_time=DAY / 2)
    half = constant_current(case.flux * PER_FLUX, DAY / 2, "M+", TEMPERATURE)
    faces = np.linspace(0, 200e-9, 201)
    whole = simulate(conductor, joined([half, half]), faces=faces)
    first = simulate(conductor, half, faces=faces)
    second = simulate(conductor, half, faces=faces, start=first)
    assert second.fractions["Li+"][-1] == pytest.approx(whole.fractions["Li+"][-1], abs=1e-3)
    assert second.mixed["M+"][-1] == pytest.approx(whole.mixed["M+"][-1], abs=1e-3)
    forgotten = simulate(case.conductor(), half, faces=faces)
    assert not forgotten.mixed


def test_film_voltage_under_a_melt_converges() -> None:
    """On few cells as on many, and as the full equations on many."""
    case = REFERENCES["K"]
    stage = Stage(DAY, "current", case.flux * PER_FLUX, "M+", TEMPERATURE, "melt")
    coarse, fine = (
        simulate(case.conductor(), Programme((stage,)), faces=np.linspace(0, 200e-9, n + 1))
        for n in (200, 800)
    )
    full = simulate(
        case.conductor(), Programme((stage,)), description="Nernst-Planck-Poisson",
        faces=np.linspace(0, 200e-9, 801),
    )  # fmt: skip
    assert coarse.film_voltage[-1] == pytest.approx(fine.film_voltage[-1], rel=0.01)
    assert fine.film_voltage[-1] == pytest.approx(full.film_voltage[-1], rel=0.01)
