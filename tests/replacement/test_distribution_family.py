"""Families of distributions as the fit uses them."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.core.errors import InputError
from ionscape.replacement.distribution_family import FAMILIES, distribution_family

VALUES = {"gaussian": [8.0], "two gaussians": [7.0, 5.0, 0.2], "exponential tail": [3.0], "constant": []}


@pytest.mark.parametrize("name", [f for f in FAMILIES if f != "constant"])
def test_levels_are_the_quantiles_of_the_distribution(name: str) -> None:
    """Filling the distribution up to a level gives the share again."""
    family, values = distribution_family(name), np.array(VALUES[name])
    distribution = family.distribution(values)
    assert distribution is not None
    filling = np.linspace(0.01, 1, 50)
    levels = family.levels(values, np.log(0.1), filling)
    top = float(distribution.quantile(0.9))
    np.testing.assert_allclose(distribution.cumulative(levels + top), 0.9 * filling, rtol=2e-4)
    assert levels[-1] == pytest.approx(0, abs=1e-9)


def test_width_of_two_peaks_is_that_of_the_whole() -> None:
    values = np.array([VALUES["two gaussians"]])
    family = distribution_family("two gaussians")
    distribution = family.distribution(values[0])
    assert distribution is not None
    assert family.widths(values)[0] == pytest.approx(distribution.fwhm, rel=0.01)


def test_published_fall_of_the_diffusion_coefficient() -> None:
    """Gunawan 2024: about four decades from u = 1 to 0.2 at 298 K for 250 meV and 10 % vacancies."""
    kt = 8.617333e-5 * 298.15
    level = distribution_family("gaussian").levels(np.array([0.25 / kt]), np.log(0.1), np.array([0.2]))
    assert -level[0] / np.log(10) == pytest.approx(3.94, abs=0.01)


def test_all_sites_alike() -> None:
    assert not distribution_family("constant").levels(np.zeros(0), -2.0, np.linspace(0, 1, 5)).any()


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(InputError, match="two gaussians"):
        distribution_family("lorentzian")
