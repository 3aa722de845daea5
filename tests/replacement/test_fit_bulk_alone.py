"""D_bulk from the profiles alone: its information without what was taken as known, and what is given back."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ionscape.core.estimate import Scale
from ionscape.replacement.fit_bulk_alone import spread_alone
from ionscape.replacement.identifiability import identifiability

NAMES = ("site_energy_fwhm", "bulk_diffusion", "vacancy_fraction")
SCALES: tuple[Scale, ...] = ("log", "log", "log")


def test_the_prior_of_d_bulk_is_left_out_and_that_of_the_vacancies_is_not() -> None:
    """Closed form: data know a + b and a + c; with c known to s, b alone is known to sqrt(r1 + r2 + s^2)."""
    rows = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]) / 0.1
    prior = np.array([[0.0, 1 / 0.02, 0.0], [0.0, 0.0, 1 / 0.4]])
    found = identifiability(rows, NAMES, prior_jacobian=prior, scales=SCALES)
    assert spread_alone(found) == pytest.approx(math.sqrt(0.1**2 + 0.1**2 + 0.4**2), rel=1e-6)


def test_a_better_prior_of_d_bulk_changes_nothing() -> None:
    rows = np.random.default_rng(2).normal(size=(20, 3))
    priors = [np.array([[0.0, 1 / sd, 0.0]]) for sd in (0.01, 1.0)]
    spreads = [
        spread_alone(identifiability(rows, NAMES, prior_jacobian=prior, scales=SCALES)) for prior in priors
    ]
    assert spreads[0] == pytest.approx(spreads[1], rel=1e-9)
    assert spreads[0] == pytest.approx(math.sqrt(np.linalg.inv(rows.T @ rows)[1, 1]), rel=1e-6)


def test_an_open_direction_is_open() -> None:
    rows = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    found = identifiability(rows, NAMES, prior_jacobian=np.array([[0.0, 10.0, 0.0]]), scales=SCALES)
    assert spread_alone(found) > 1e3


def test_a_value_stated_without_error_is_no_parameter() -> None:
    found = identifiability(np.eye(2), ("site_energy_fwhm", "vacancy_fraction"), scales=("log", "log"))
    assert math.isnan(spread_alone(found))
