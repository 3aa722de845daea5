"""From draws to estimates: causes, correlations, and what is not fixed."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.core.estimate import correlation
from ionscape.core.quantity import DIMENSIONLESS
from ionscape.replacement.fit_estimates import Drawn, estimates_of, fixed_or_not


def test_gain_on_a_cause_and_the_rest_are_told_apart() -> None:
    """y = 2 + 0.3 z + 0.4 e: the gain on the stated cause is 0.3, and quantities stay correlated."""
    rng = np.random.default_rng(0)
    z, e = rng.standard_normal((2, 20000))
    y, x = 2 + 0.3 * z + 0.4 * e, np.exp(0.1 * z - 0.1 * e)
    found = estimates_of("fit", Drawn(np.column_stack([y, x]), ("linear", "log"), (DIMENSIONLESS,) * 2),
                         np.column_stack([z, rng.standard_normal(20000)]), ["cause", "other"])  # fmt: skip
    assert found[0].weights["cause"] == pytest.approx(0.3, abs=0.02)
    assert "other" not in found[0].weights
    assert found[0].standard_uncertainty == pytest.approx(0.5, rel=0.03)
    assert correlation(found[0], found[1]) == pytest.approx((0.03 - 0.04) / (0.5 * np.sqrt(0.02)), abs=0.03)


def test_a_quantity_that_does_not_vary_is_exact() -> None:
    drawn = Drawn(np.full((500, 1), 0.1), ("log",), (DIMENSIONLESS,))
    found = estimates_of("fit", drawn, np.zeros((500, 0)), [])
    assert found[0].value == pytest.approx(0.1)
    assert found[0].spread == 0


@pytest.mark.parametrize(
    ("centre", "sd", "status"),
    [(0.02, 0.03, "bound"), (0.2, 0.02, "determined"), (0.2, 0.15, "undetermined")],
)
def test_a_share_is_a_number_a_bound_or_neither(centre: float, sd: float, status: str) -> None:
    rng = np.random.default_rng(1)
    draws = centre + sd * rng.standard_normal(20000)
    draws = draws[(draws > 0) & (draws < 0.5)]
    drawn = Drawn(draws[:, None], ("linear",), (DIMENSIONLESS,))
    plain = estimates_of("fit", drawn, np.zeros((draws.size, 0)), [])
    found = fixed_or_not(plain[0], draws, what="immobile fraction", prior_sd=0.144, lower=0.0, upper=0.5)
    assert found.status == status
    if status == "bound":
        assert found.value == pytest.approx(np.quantile(draws, 0.95))
