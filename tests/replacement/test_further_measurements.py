"""A further experiment adds exactly its own information."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.constants import elementary_charge

from ionscape.replacement.experiment_design import (
    Glass,
    Spectrometer,
    attach,
    expected_derivatives,
    expected_identifiability,
)
from ionscape.replacement.further_measurements import with_further_experiments

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
