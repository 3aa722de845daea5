"""Residuals and derivatives of several profiles together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ionscape.core.estimate import Estimate, exact, measured
from ionscape.replacement.distribution_family import distribution_family
from ionscape.replacement.profile_problem import ProfileProblem, thermal_energy
from ionscape.replacement.profile_quantities import fit_inputs
from ionscape.replacement.profile_start import meshed, plateau_of, starts

from .inverse_cases import coverage


def problem(ions: tuple[str, ...] = ("K+", "Rb+"), bulk: Estimate | None = None) -> ProfileProblem:
    case = coverage()
    profiles = [case.profile(ion, np.random.default_rng(1), case.Errors(0.0, 0.0)) for ion in ions]
    known = bulk or measured(case.BULK, 0.1 * case.BULK, case.DIFFUSION, source="dc conductivity")
    inputs = fit_inputs(
        profiles, measured(case.CARRIERS, 0.02 * case.CARRIERS, case.DENSITY, source="density"), 1,
        [known] * len(profiles), measured(0.1, 0.04, source="vacancies", scale="log"), None,
    )  # fmt: skip
    return meshed(ProfileProblem(profiles, inputs, distribution_family("gaussian")))


def truth(of: ProfileProblem) -> np.ndarray:
    case = coverage()
    theta = of.parameters.start.copy()
    theta[of.parameters.names.index("site_energy_fwhm")] = case.WIDTH / thermal_energy(of)
    theta[of.parameters.names.index("immobile_fraction")] = 0.01
    for seen in of.observations:
        name = f"diffusion_coefficient_foreign {seen.profile.foreign_ion}"
        theta[of.parameters.names.index(name)] = math.log(case.BULK * case.IONS[seen.profile.foreign_ion][0])
    return np.asarray(theta)


def test_derivatives_are_those_of_the_residuals() -> None:
    one = problem()
    theta = truth(one)
    jacobian = one.jacobian(theta)
    for column, name in enumerate(one.names):
        step = np.zeros(theta.size)
        step[column] = 0.003 if name == "immobile_fraction" else 0.02
        numeric = (one.residuals(theta + step) - one.residuals(theta - step)) / (2 * step[column])
        scale = np.abs(numeric).max()
        assert np.abs(numeric - jacobian[:, column]).max() < 0.03 * scale, name


def test_another_method_agrees_with_the_model_at_the_truth() -> None:
    """Profiles by scipy's BDF lie within their noise of the fit's model at the true parameters."""
    one = problem()
    theta = truth(one)
    theta[one.parameters.names.index("immobile_fraction")] = 0.0
    case = coverage()
    for k, found in enumerate(one.means(theta)):
        seen = one.observations[k]
        faces, fractions = case.true_curve(seen.profile.foreign_ion)
        expected = case.blurred_means(faces, fractions, seen.edges, case.BLUR)
        assert np.sqrt(np.mean((found.mean - expected) ** 2)) < 1.5e-3


def test_causes_that_profiles_share_are_one_latent() -> None:
    names = problem().names
    assert names.count("sputter rate") == names.count("ammeter") == names.count("dc conductivity") == 1
    assert "synthetic K+ native normalisation" in names
    assert "synthetic Rb+ native normalisation" in names


def test_a_start_needs_no_guess() -> None:
    one = problem()
    plateaus = [plateau_of(seen)[1] for seen in one.observations]
    assert plateaus == pytest.approx([0.15, 0.07], abs=0.015)
    start = starts(one, 1)[0]
    width = start[one.parameters.names.index("site_energy_fwhm")] * thermal_energy(one)
    assert width == pytest.approx(coverage().WIDTH, rel=0.3)


def test_a_constant_law_has_no_width() -> None:
    case = coverage()
    profiles = [case.profile("K+", np.random.default_rng(1), case.Errors(0.0, 0.0))]
    inputs = fit_inputs(profiles, exact(case.CARRIERS, case.DENSITY), 1, None, exact(0.1), exact(0.0))
    names = ProfileProblem(profiles, inputs, distribution_family("constant")).names
    assert names[:2] == ("bulk_diffusion", "diffusion_coefficient_foreign K+")
