"""The figure of fitted profiles holds what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ionscape.tracer.exchange_profiles import constant_source
from ionscape.tracer.profile_figures import profiles
from ionscape.tracer.profile_fit import ProfileFit, fit_profile


@pytest.fixture(scope="module")
def fit() -> ProfileFit:
    rng = np.random.default_rng(1)
    x = np.linspace(1e-6, 6e-4, 40)
    noisy = 0.1 + 0.8 * constant_source(x, 1e4, 1e-12) + 0.01 * rng.standard_normal(40)
    return fit_profile(x, noisy, exchange_time=1e4)


def test_panels_and_names(fit: ProfileFit) -> None:
    """The chosen model with the profile's name, the other one by its own: whichever the data chose."""
    one = profiles([("a", fit)])
    json.dumps(one.plot, allow_nan=False)
    traces = {trace["name"]: trace for trace in reversed(one.plot["data"])}
    other = {"constant source", "surface exchange"} - {fit.model}
    assert set(traces) == {"a", f"a: {fit.model}"} | other
    assert traces[f"a: {fit.model}"]["y"] == pytest.approx(list(fit.curve), rel=1e-4)
    assert traces["a"]["x"] == pytest.approx(list(fit.position * 1e6), rel=1e-4)
    assert one.plot["layout"]["xaxis2"]["title"]["text"] == "position [µm]"
    assert one.plot["layout"]["yaxis3"]["type"] == "log"
    assert "scatter" in one.caption
    assert fit.model in one.caption


def test_several_profiles_show_no_other_models(fit: ProfileFit) -> None:
    two = profiles([("a", fit), ("b", fit)])
    assert {t["name"] for t in two.plot["data"]} == {"a", "b", f"a: {fit.model}", f"b: {fit.model}"}
