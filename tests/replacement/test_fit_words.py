"""Sentences and tables of a fit, on a result made by hand: order, status, tension, shares of uncertainty."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.constants import eV

from ionscape.core.citation import cited
from ionscape.core.estimate import Estimate, exact, measured, undetermined
from ionscape.core.quantity import dimension_of
from ionscape.replacement.bulk_input import BulkDiffusion
from ionscape.replacement.charge_balance import ChargeBalance
from ionscape.replacement.fit_checks import ProfileCheck
from ionscape.replacement.fit_result import BulkLine, ProfileFit, SiteEnergyFit
from ionscape.replacement.fit_study_inputs import StudyInputs
from ionscape.replacement.fit_tables import fit_tables
from ionscape.replacement.fit_words import balance_warnings, citations, fit_findings, shares, tensions
from ionscape.replacement.identifiability import identifiability
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.programme import constant_current

J, D, M, K, Q = (dimension_of(u) for u in ("J", "m^2/s", "m", "K", "C/m^2"))
AT = exact(343.15, K)
VACANCIES = measured(0.10, 0.04, source="vacancies", scale="log")
BULK = measured(1e-17, 2e-19, D, source="sigma")
NAMES = ("site_energy_fwhm", "vacancy_fraction", "bulk_diffusion", "diffusion_coefficient_foreign K+")
# 4 meV from the vacancies, 3 meV from the profiles
WIDTH = Estimate(0.25 * eV, J, "log", {"vacancies": 0.016, "fit#0": 0.012})


def _profile() -> ProfileFit:
    depth = np.linspace(0, 150e-9, 50)
    native = np.where(depth < 97e-9, 0.15, 1.0)
    band = np.array([[native, native], [native, native]])
    return ProfileFit(
        "k.csv", "K+", "Li+", "K+", depth, native, 1 - native, band, 1 - band, native, np.zeros(20),
        np.zeros(20), 1.0, 1.0, 38.0, 40, measured(0.15, 0.001, source="p"),
        measured(97e-9, 1e-9, M, source="x"), measured(26e-9, 1e-9, M, source="w"), BULK,
        measured(7.7e-21, 1e-22, D, source="f"), measured(7.7e-4, 2e-5, source="r", scale="log"), AT,
    )  # fmt: skip


def _fit(width: Estimate = WIDTH, vacancies: float = 0.1) -> SiteEnergyFit:
    z = np.random.default_rng(0).normal(size=(300, 4))
    best = np.array([0.25 * eV, vacancies, 1e-17, 7.7e-21])
    draws = best * np.exp(0.02 * z)
    known = identifiability(np.eye(4) / 0.02, NAMES, scales=("log",) * 4, values=best)
    return SiteEnergyFit(
        "gaussian", width, undetermined(J, "no "
                                           "energy"), VACANCIES, exact(0.0), {}, (_profile(),), NAMES, best,
        draws, np.ones(4, dtype=bool), 38.0, 36, 40, 4, 38.0, 300.0, 1.0, True, None,
        known, 100, True,
    )  # fmt: skip


def _inputs(assumed: bool = True) -> StudyInputs:
    n = 20
    depth = np.linspace(1e-9, 150e-9, n)
    measured_one = MeasuredProfile(
        "k.csv", "s/k.csv", "Li+", "K+", depth, np.ones(n), np.full(n, 0.01), None, None, 0.0, math.inf, {},
        0.01, "s/k.csv#depth scale", (0.0, 0.0), constant_current(2.2e-3, 86400.0, "K+", 343.15), 0.01,
        "s/k.csv#charge", AT,
    )  # fmt: skip
    bulk = BulkDiffusion(BULK, (), "conductivity at 70 °C")
    density = exact(1.41e28, dimension_of("m^-3"))
    return StudyInputs((measured_one,), (bulk,), density, 1, VACANCIES, exact(0.0), assumed, None)


BALANCE = ChargeBalance(exact(190.0, Q), exact(190.0, Q), measured(1.0, 0.02, source="b"), True)
CHECK = ProfileCheck(0.98, "", 0.15, 0.13)
ALONE = (undetermined(D, "factor"),)


def test_what_the_profiles_fix_then_the_width_then_the_assumptions() -> None:
    found = fit_findings(_fit(), _inputs(), ALONE, [BALANCE], [CHECK])
    assert found[0].startswith("The profiles alone")
    assert found[1].startswith("The site energies of Li+ have a width of 250.0 ± 5.0 meV")
    assert found[-1].startswith("Assumed")
    assert "0.100 +0.049 −0.033 of the sites are vacant" in found[-1]
    assert any("Li borate glass Li3B7O12." in text and "Published" in text for text in found)


def test_the_uncertainty_of_the_width_is_shared_out() -> None:
    found = dict(shares(WIDTH, _inputs()))
    assert found == {
        "the assumed vacancy fraction": pytest.approx(4.0),
        "the profiles' own noise and scales": pytest.approx(3.0),
    }
    stated = dict(shares(WIDTH, _inputs(assumed=False)))
    assert "the vacancy fraction" in stated


def test_an_undetermined_width_is_not_given_as_a_number() -> None:
    lost = undetermined(J, "without D_bulk: 232 meV at 5e-18, 250 meV at 1e-17")
    found = fit_findings(_fit(lost), _inputs(), ALONE, [BALANCE], [CHECK])
    assert "is undetermined: without D_bulk: 232 meV" in found[1]
    assert not any("Published widths" in text for text in found)
    line = BulkLine(np.array([0.5, 1.0]), np.array([5e-18, 1e-17]), np.array([0.26, 0.25]) * eV,
                    np.array([0.001, 0.001]) * eV, np.array([41.0, 40.0]))  # fmt: skip
    tables = fit_tables(replace(_fit(lost), bulk_line=line), _inputs(), [BALANCE], [CHECK])
    widths = next(table for table in tables if table.name == "widths")
    assert widths.rows[0] == ("5×10⁻¹⁴", "260.0 ± 1.0", "1")


def test_a_vacancy_fraction_pulled_far_from_what_was_assumed_is_a_warning() -> None:
    assert tensions(_fit(), _inputs()) == []
    told = tensions(_fit(vacancies=0.42), _inputs())
    assert len(told) == 1
    assert "from 0.100 +0.049 −0.033 to 0.42, 3.6 standard deviations" in told[0]


def test_charges_that_contradict_are_warned_of() -> None:
    wrong = replace(BALANCE, ratio=measured(0.8, 0.02, source="b"))
    assert "check the current" in balance_warnings(_fit(), [wrong])[0]
    assert "ends before the unchanged" in balance_warnings(_fit(), [replace(BALANCE, reaches_bulk=False)])[0]
    assert balance_warnings(_fit(), [BALANCE]) == []


def test_tables_have_a_cell_for_every_head() -> None:
    for table in fit_tables(_fit(), _inputs(), [BALANCE], [CHECK]):
        assert all(len(row) == len(table.columns) for row in table.rows)


def test_sources_are_in_the_library() -> None:
    keys = {c.key for c in cited(citations(_fit()))}
    assert keys >= {"gunawan2024", "schafer2018", "schafer2019", "wiemer2021"}
