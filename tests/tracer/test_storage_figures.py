"""The storage figure draws what the fit says: points, curves that pass through the truth, bands of 95 %."""

from __future__ import annotations

import json

import numpy as np

from ionscape.testing.stored_profiles import ROOM, StoredSample, counted
from ionscape.tracer.counting import isotope_fraction
from ionscape.tracer.history import Stage
from ionscape.tracer.storage_figures import storage_profiles
from ionscape.tracer.storage_fit import Setting, fit_profiles
from ionscape.tracer.storage_likelihood import MeasuredProfile
from ionscape.tracer.storage_words import length_unit

SAMPLE = StoredSample(length=4e-4, meniscus=2e-5, diffusion=3e-15, energy=7e-20)
X = np.linspace(0, 4e-4, 80)
THETA = 3e-15 * 14 * 86400.0


def test_bands_hold_the_true_curves() -> None:
    rng = np.random.default_rng(4)
    profiles = []
    for expected in (SAMPLE.exchanged(X), SAMPLE.stored(X, THETA)):
        tracer, others = counted(expected, 1500, rng)
        found = isotope_fraction({"6Li": tracer, "7Li": others})
        profiles.append(MeasuredProfile(X, found.fraction, found.variance, found.total))
    fit = fit_profiles(profiles[0], profiles[1:], [(Stage(14 * 86400.0, ROOM, ROOM),)], Setting())
    figure = storage_profiles(fit, ["before", "after"])
    json.dumps(figure.plot, allow_nan=False)
    assert figure.plot["layout"]["xaxis"]["title"]["text"] == "position [µm]"
    bands = [trace for trace in figure.plot["data"] if trace.get("fill") == "toself"]
    assert [band["name"] for band in bands] == ["before: 95 %", "after: 95 %"]
    for band, stored in zip(bands, (False, True), strict=True):
        x, y = np.array(band["x"]), np.array(band["y"])
        half = x.size // 2
        at = x[:half] / 1e6
        true = SAMPLE.stored(at, THETA) if stored else SAMPLE.exchanged(at)
        inside = (true <= y[:half]) & (y[half:][::-1] <= true)
        assert inside.mean() > 0.8
    residuals = [trace for trace in figure.plot["data"] if trace.get("yaxis") == "y2"]
    assert all(0.7 < np.std(np.array(trace["y"])) < 1.3 for trace in residuals)


def test_lengths_have_a_unit_that_suits_them() -> None:
    assert [length_unit(length)[0] for length in (5e-3, 4e-4, 3e-7)] == ["mm", "µm", "nm"]
