"""The choice between models of a profile."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.core.errors import InputError
from ionscape.tracer.exchange_profiles import constant_source, slab, surface_exchange
from ionscape.tracer.profile_choice import choose, names_to_try, table_of, try_model
from ionscape.tracer.profile_fit import fit_profile
from ionscape.tracer.profile_models import INITIAL, SOURCE, SURFACE
from ionscape.tracer.profile_problem import ProfileData

LENGTH = 3e-5
TIME = 1e4
D = LENGTH**2 / TIME
FIXED = {SURFACE: 0.0, INITIAL: 0.0, SOURCE: 1.0}


def _data(noise: float, seed: int, length: float | None = None, reach: float = 5.0) -> ProfileData:
    x = np.linspace(0.05, reach, 40) * LENGTH
    g = constant_source(x, TIME, D) if length is None else slab(x, TIME, D, length)
    rng = np.random.default_rng(seed)
    return ProfileData(
        x, g + noise * rng.standard_normal(x.size), np.full(x.size, noise), TIME, sample_length=length
    )


def test_the_simpler_model_is_kept_when_it_holds() -> None:
    """A useless parameter wins by BIC about as often as chi-square of one exceeds ln 40: in 6 % of cases."""
    first = [choose(_data(0.01, seed), FIXED, known=True, surface="auto")[0] for seed in range(60)]
    plain = sum(one.problem.model.name == "constant source" and SURFACE in one.problem.fixed for one in first)
    assert plain >= 51


def test_table_starts_with_the_best() -> None:
    candidates = table_of(choose(_data(0.01, 1), FIXED, known=True, surface="fixed"))
    assert candidates[0].bic == 0
    assert [c.bic for c in candidates] == sorted(c.bic for c in candidates)


def test_slab_where_the_edge_may_matter() -> None:
    assert names_to_try(_data(0.01, 1, 2 * LENGTH, 2.0))[0] == "constant source in slab"
    far = _data(0.01, 1, 200 * LENGTH)
    assert names_to_try(far) == ("constant source", "surface exchange")


@pytest.mark.parametrize("seed", range(3))
def test_instant_exchange_is_not_assumed_where_the_source_is_unknown(seed: int) -> None:
    """A profile of instant exchange allows slow exchange and a larger D, as a scan over D and k."""
    noise = 0.015
    rng = np.random.default_rng(seed)
    x = np.linspace(0.05, 5.0, 40) * LENGTH
    c = constant_source(x, TIME, D) + noise * rng.standard_normal(x.size)
    found = fit_profile(x, c, variance=np.full(x.size, noise**2), exchange_time=TIME, initial_fraction=0.0)
    assert found.model == "surface exchange"
    ratios = np.linspace(0.5, 2.5, 161)
    lowest = []
    for ratio in ratios:
        numbers = np.concatenate([np.geomspace(0.02, 300, 80), [1e6]])[:, None]
        g = surface_exchange(x, TIME, ratio * D, numbers * np.sqrt(ratio * D / TIME))
        height = (g @ c) / np.sum(g * g, axis=1)
        lowest.append(np.min(np.sum((c - height[:, None] * g) ** 2, axis=1)) / noise**2)
    allowed = ratios[np.array(lowest) < min(lowest) + 1.96**2]
    low, high = found.diffusion_coefficient.interval(0.95)
    # Doubt between models may widen, nothing may narrow.
    assert low / D < allowed[0] * 1.05
    assert high / D > allowed[-1] * 0.95
    assert high / D < allowed[-1] * 1.3


def test_unknown_model_lists_the_known() -> None:
    with pytest.raises(InputError, match="choose from constant source, surface exchange"):
        try_model("gaussian", _data(0.01, 1), FIXED, known=True)
