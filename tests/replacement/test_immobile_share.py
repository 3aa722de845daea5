"""A share w of native ions that never moves: the others have D_sigma/(1 - w), as a conductivity counts all.

Every description must give the bulk the resistance L/sigma that was measured, whatever w is.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.estimate import exact, measured
from ionscape.core.quantity import dimension_of
from ionscape.replacement.design_choice import _bulk_voltage
from ionscape.replacement.diffusion_law import ConstantDiffusion, SiteEnergyDiffusion
from ionscape.replacement.distribution_family import distribution_family
from ionscape.replacement.experiment_design import Glass, attach
from ionscape.replacement.fit_checks import ZONES_AGREE, profile_check
from ionscape.replacement.instrument import slice_edges, slice_means
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.profile_problem import ProfileProblem
from ionscape.replacement.profile_quantities import fit_inputs
from ionscape.replacement.programme import constant_current
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.simulate_options import SimulateOptions
from ionscape.replacement.simulated_glass import glass_of
from ionscape.replacement.simulation import simulate
from ionscape.replacement.site_energy_distribution import Gaussian
from ionscape.replacement.system import Conductor, Ion
from tests.replacement import simulated_cases

FloatArray = NDArray[np.float64]
W, FWHM, VACANT = 0.2, 0.25 * elementary_charge, 0.1
BULK, FOREIGN, KELVIN, DENSITY, DAY = 1e-17, 7.7e-21, 343.15, 1.41e28, 86400.0
LENGTH = 80e-9
CURRENT = LENGTH * DENSITY * elementary_charge / DAY
SIGMA = BULK * DENSITY * elementary_charge**2 / (Boltzmann * KELVIN)
OHMIC = CURRENT * 1e-3 / SIGMA
"""[V] across 1 mm of glass."""
DEPTH = 0.5e-9 * np.arange(0.5, 300.0)


@pytest.fixture(scope="module")
def done() -> Replacement:
    """By the solver of many ions, with D of the mobile ions written out here."""
    law = SiteEnergyDiffusion(Gaussian(FWHM), BULK / (1 - W), VACANT)
    ions = (Ion("Li+", law, immobile_fraction=W), Ion("K+", ConstantDiffusion(FOREIGN)))
    return simulate(Conductor(ions, DENSITY, 1e-3), constant_current(CURRENT, DAY, "K+", KELVIN), cells=300)


def test_the_bulk_has_the_resistance_that_was_measured(done: Replacement) -> None:
    glass = Glass(FWHM, VACANT, DENSITY, 1e-3, immobile_fraction=W)
    planned = attach(glass, "K+", temperature=KELVIN, bulk_diffusion=BULK, foreign_diffusion=FOREIGN,
                     length=LENGTH, duration=DAY)  # fmt: skip
    assert done.bulk_voltage[-1] == pytest.approx(OHMIC, rel=1e-3)
    assert planned.bulk_voltage == pytest.approx(OHMIC, rel=1e-3)
    assert _bulk_voltage(glass, BULK, KELVIN, CURRENT) == pytest.approx(OHMIC, rel=1e-9)
    assert planned.film_voltage == pytest.approx(done.film_voltage[-1], rel=0.02)


def test_a_simulated_study_has_it_too() -> None:
    fields = {"programme": "K+ 222.25 nA/cm^2 for 24 h at 70 degC", "ions": {"K+": 7.7e-4},
              "immobile_fraction": W}  # fmt: skip
    glass = glass_of(simulated_cases.series(), SimulateOptions.model_validate(fields))
    native = glass.conductor(glass.best, math.inf).ions[0]
    stated = glass.best["D_bulk"]
    assert native.immobile_fraction == W
    at_bulk = float(np.exp(native.law.log_diffusion(np.ones(1), KELVIN)[0]))
    assert at_bulk * (1 - W) == pytest.approx(stated, rel=1e-9)


def _problem(native: FloatArray) -> ProfileProblem:
    kelvin, n0 = exact(KELVIN, dimension_of("K")), exact(DENSITY, dimension_of("m^-3"))
    profile = MeasuredProfile(
        "k", "s/k", "Li+", "K+", DEPTH, native, np.full(DEPTH.size, 1e-3), None, None, 0.0, math.inf, {}, 0.0,
        "depths", (0.0, 0.0), constant_current(CURRENT, DAY, "K+", KELVIN), 0.0, "current", kelvin,
    )  # fmt: skip
    inputs = fit_inputs([profile], n0, 1, [exact(BULK, dimension_of("m^2/s"))], exact(VACANT),
                        measured(W, 0.05, source="w"))  # fmt: skip
    return ProfileProblem([profile], inputs, distribution_family("gaussian"), cells=300)


def test_the_fit_takes_the_conductivity_for_that_of_all_ions(done: Replacement) -> None:
    """Its model with the stated D_sigma is the simulation with D_sigma/(1 - w)."""
    native = slice_means(done.faces, done.fractions["Li+"][-1], slice_edges(DEPTH), 0.0)
    problem = _problem(native)
    theta = problem.parameters.start.copy()
    at = {name: problem.parameters.in_theta(name) for name in problem.names[:2]}
    theta[at["site_energy_fwhm"]] = FWHM / (Boltzmann * KELVIN)
    theta[at["diffusion_coefficient_foreign K+"]] = math.log(FOREIGN)
    residuals = problem.residuals(theta)[: DEPTH.size] * 1e-3
    # 7e-3 if D of the mobile ions were taken as D_sigma
    assert np.sqrt(np.mean(residuals**2)) < 5e-4
    slopes, step = problem.jacobian(theta)[: DEPTH.size, -1], 1e-2
    ends = [problem.residuals(theta + sign * step * np.eye(theta.size)[-1])[: DEPTH.size] for sign in (-1, 1)]
    assert np.abs((ends[1] - ends[0]) / (2 * step) - slopes).max() < 0.03 * np.abs(slopes).max()


def test_eq_3_counts_the_ions_that_move(done: Replacement) -> None:
    law = SiteEnergyDiffusion(Gaussian(FWHM), BULK / (1 - W), VACANT)
    found = profile_check(
        law, FOREIGN, done.depth, done.fractions["Li+"][-1], charge=LENGTH * DENSITY * elementary_charge,
        duration=DAY, carrier_density=DENSITY, ion_charge=1, temperature=KELVIN, immobile_fraction=W,
    )  # fmt: skip
    assert found.foreign_by_zones == pytest.approx(1.0, abs=ZONES_AGREE)
    assert found.plateau_theory == pytest.approx(found.plateau_fit, abs=0.03)
