"""The choice between models of a profile."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.core.errors import InputError
from ionscape.tracer.exchange_profiles import constant_source, slab
from ionscape.tracer.profile_choice import choose, names_to_try, table_of, try_model
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


def test_unknown_model_lists_the_known() -> None:
    with pytest.raises(InputError, match="choose from constant source, surface exchange"):
        try_model("gaussian", _data(0.01, 1), FIXED, known=True)
