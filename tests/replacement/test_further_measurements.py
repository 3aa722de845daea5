"""A further experiment adds exactly its own information."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.constants import elementary_charge

from ionscape.core.estimate import exact
from ionscape.core.quantity import dimension_of
from ionscape.replacement.experiment_design import (
    Glass,
    Spectrometer,
    attach,
    expected_derivatives,
    expected_identifiability,
)
from ionscape.replacement.further_measurements import as_measured, with_further_experiments
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.programme import constant_current

GLASS = Glass(0.25 * elementary_charge, 0.10, 1.41e28, 1e-3)
KELVIN, BULK = 343.15, 1e-17


def test_second_ion_and_second_charge_are_those_of_a_joint_fit() -> None:
    by = Spectrometer()
    done, slower = (
        attach(GLASS, "K+", temperature=KELVIN, bulk_diffusion=BULK, length=85e-9, duration=86400.0,
               foreign_diffusion=d)
        for d in (7.7e-21, 7.7e-21 / 4)
    )  # fmt: skip
    rows = [expected_derivatives(GLASS, one, by) for one in (done, slower)]
    cov = np.array([[0.01]])
    alone, both = (
        expected_identifiability(GLASS, r, [KELVIN] * len(r), vacancy_sd=0.04, bulk_covariance=cov,
                                 bulk_diffusion=[BULK])
        for r in (rows[:1], rows)
    )  # fmt: skip
    found = with_further_experiments(alone, GLASS, done, by)
    (ion,) = [label for label in found.extra if "second foreign ion" in label]
    (charge,) = [label for label in found.extra if "half the charge" in label]
    assert found.extra[ion] == pytest.approx(both.sd[0], rel=1e-6)
    assert found.sd == pytest.approx(alone.sd, rel=1e-6)
    assert found.extra[charge] < alone.sd[0]
    assert "second foreign ion" in " ".join(found.sentences())


def test_the_next_profile_is_counted_as_the_last_one() -> None:
    """Poisson counts of 12 000 and 8000 per slice at fraction 1."""
    rng = np.random.default_rng(3)
    depth = np.arange(0.25e-9, 150e-9, 0.5e-9)
    native = np.where(depth < 90e-9, 0.15, 1.0)
    counts, foreign = rng.poisson(12000 * native), rng.poisson(8000 * (1 - native))
    profile = MeasuredProfile(
        label="k", source="k", native_ion="Li+", foreign_ion="K+", depth=depth, native=counts / 12000,
        native_sd=np.sqrt(counts) / 12000, foreign=foreign / 8000, foreign_sd=np.sqrt(foreign + 1) / 8000,
        native_scale_sd=0.01, foreign_scale_sd=math.inf, systematic={}, depth_scale_sd=0.02,
        depth_scale_source="crater", resolution=(1.2e-9, 0.1e-9),
        programme=constant_current(222e-5, 86400.0, "K+", KELVIN), charge_scale_sd=0.015,
        charge_scale_source="current", temperature=exact(KELVIN, dimension_of("K")),
    )  # fmt: skip
    found = as_measured(profile)
    assert found.counts == pytest.approx(12000, rel=0.01)
    assert found.foreign_counts == pytest.approx(8000, rel=0.01)
    assert found.slice == pytest.approx(0.5e-9)
    assert (found.resolution, found.depth_error, found.charge_error) == (1.2e-9, 0.02, 0.015)
