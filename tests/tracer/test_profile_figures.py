"""The figure of fitted profiles holds what it says."""

from __future__ import annotations

import json

import numpy as np

from ionscape.tracer.exchange_profiles import constant_source
from ionscape.tracer.profile_figures import profiles
from ionscape.tracer.profile_fit import fit_profile


def test_panels_and_names() -> None:
    rng = np.random.default_rng(1)
    x = np.linspace(1e-6, 6e-4, 40)
    noisy = 0.1 + 0.8 * constant_source(x, 1e4, 1e-12) + 0.01 * rng.standard_normal(40)
    fit = fit_profile(x, noisy, exchange_time=1e4)
    one = profiles([("a", fit)])
    json.dumps(one.plot, allow_nan=False)
    names = {trace["name"] for trace in one.plot["data"]}
    assert {"a", "a: constant source", "surface exchange"} <= names
    assert one.plot["layout"]["xaxis2"]["title"]["text"] == "position [µm]"
    assert one.plot["layout"]["yaxis3"]["type"] == "log"
    assert "scatter" in one.caption
    two = profiles([("a", fit), ("b", fit)])
    assert len([t for t in two.plot["data"] if t["name"] == "surface exchange"]) == 0
