"""The verdict on families of distributions, from sums of squares that are laid down here."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import exact, measured
from ionscape.core.quantity import dimension_of
from ionscape.core.serial import from_bytes, to_bytes
from ionscape.fit.information import bic
from ionscape.replacement.fit_result import ProfileFit, SiteEnergyFit
from ionscape.replacement.model_comparison import compare_distributions, compared

POINTS = 800
WIDTH = measured(4.0e-20, 4e-22, dimension_of("J"), source="width")
NONE = exact(0.0)


def _fit(name: str, squares: float, parameters: int) -> SiteEnergyFit:
    """What a fit leaves: white residuals of that sum of squares."""
    rng = np.random.default_rng(4)
    void, one = np.zeros(0), exact(1.0)
    profiles = tuple(
        ProfileFit(label=ion, item=ion, native_ion="Li+", foreign_ion=ion, depth=void, native=void,
                   foreign=void, native_band=void, foreign_band=void, native_inside=void,
                   native_residuals=rng.normal(size=POINTS // 2), foreign_residuals=void, inflation=1.0,
                   inflation_foreign=1.0, chi_square=squares / 2, n_points=POINTS // 2,
                   plateau_fraction=exact(plateau), front_depth=one, front_width=one, bulk_diffusion=one,
                   foreign_diffusion=one, diffusion_ratio=one, temperature=one)
        for ion, plateau in (("K+", 0.15), ("Cs+", 0.03))
    )  # fmt: skip
    return SiteEnergyFit(
        distribution=name, site_energy_fwhm=WIDTH, site_energy_mean=NONE, vacancy_fraction=exact(0.1),
        immobile_fraction=exact(0.09) if name == "constant" else NONE, shape_parameters={}, profiles=profiles,
        names=(), best=np.zeros(0), draws=np.zeros((0, 0)), logarithmic=np.zeros(0, dtype=bool),
        chi_square=squares, degrees_of_freedom=POINTS - parameters, n_data=POINTS, n_parameters=parameters,
        sum_of_squares=squares, effective_draws=0.0, worth=1.0, bulk_known=True, bulk_line=None,
        identifiability=None, evaluations=1, converged=True,
    )  # fmt: skip


def test_simplest_of_equals_is_preferred_and_the_rest_ruled_out() -> None:
    found = compared({
        "gaussian": _fit("gaussian", 800.0, 3), "two gaussians": _fit("two gaussians", 799.0, 5),
        "exponential tail": _fit("exponential tail", 2400.0, 3), "constant": _fit("constant", 90000.0, 3),
    })  # fmt: skip
    assert found.best.distribution == "gaussian"
    first, second = found.sentences()
    assert first.startswith("The profiles ask for one Gaussian")
    gone = first.split("ruled out: ")[1]
    assert "an exponential tail of deep sites, a constant D and an immobile share" in gone
    assert "15 % (K+), 3 % (Cs+)" in second
    assert found.contenders[-1].distribution == "constant"
    assert found.best.criterion == pytest.approx(bic(800.0, POINTS, 3, found.n_effective), rel=1e-12)


def test_ties_are_called_ties() -> None:
    found = compared({"gaussian": _fit("gaussian", 800.0, 3), "exponential tail": _fit("x", 800.5, 3)})
    assert "they cannot be told apart" in found.sentences()[0]


def test_constant_diffusion_can_win() -> None:
    found = compared({"gaussian": _fit("gaussian", 900.0, 3), "constant": _fit("constant", 800.0, 3)})
    assert "no evidence of a distribution" in found.sentences()[1]
    assert found.best.fwhm is None


def test_every_family_is_fitted_once_and_failures_are_kept() -> None:
    asked: dict[str, Any] = {}

    def fit(_profiles: Any, **how: Any) -> SiteEnergyFit:
        asked[how["distribution"]] = how["immobile_fraction"]
        if how["distribution"] == "two gaussians":
            raise AnalysisError("no start was found")
        return _fit(how["distribution"], 800.0 if how["distribution"] == "gaussian" else 5000.0, 3)

    found = compare_distributions(
        cast(Any, ()), carrier_density=exact(1e28), vacancy_fraction=exact(0.1), immobile_fraction=NONE,
        fit=fit,
    )  # fmt: skip
    assert set(asked) == {"gaussian", "two gaussians", "exponential tail", "constant"}
    assert asked["constant"] is None  # free: it is what the alternative stands on
    assert asked["gaussian"] is NONE
    cells = {row[0]: row for row in found.table().rows}
    assert cells["Two Gaussians of one width"][-1] == "no start was found"
    assert found.best.distribution == "gaussian"
    assert from_bytes(to_bytes(found)).sentences() == found.sentences()


def test_nothing_to_compare() -> None:
    def fit(_profiles: Any, **_how: Any) -> SiteEnergyFit:
        raise AnalysisError("no front")

    with pytest.raises(AnalysisError, match="no front"):
        compare_distributions(cast(Any, ()), carrier_density=exact(1e28), vacancy_fraction=None,
                              immobile_fraction=None, fit=fit)  # fmt: skip
