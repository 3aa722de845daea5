"""Figures of fitted profiles: what is drawn, where, and told apart by more than colour."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ionscape.replacement.fit_figures import DrawnProfile, profile_figure, profiles_figure


def _drawn(title: str = "K+", n: int = 300) -> DrawnProfile:
    depth = np.linspace(0.25e-9, 199.75e-9, n)
    grid = np.linspace(0.0, 200e-9, 180)

    def curve(x: np.ndarray) -> np.ndarray:
        return 0.15 + 0.85 / (1 + np.exp(-(x - 97e-9) / 6e-9))

    noise = np.random.default_rng(3).normal(size=(2, n))
    native = curve(depth) + 0.01 * noise[0]
    native_curve = curve(grid)
    sd = np.full(n, 0.01)
    return DrawnProfile(
        title, "Li+", "K+", depth, native, sd, noise[0], 1 - curve(depth) + 0.02 * noise[1], 2 * sd, noise[1],
        grid, native_curve, 1 - native_curve, (native_curve - 0.002, native_curve + 0.002),
        (native_curve - 0.004, native_curve + 0.004), native_curve, 97e-9,
    )  # fmt: skip


def _traces(plot: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [t for t in plot["data"] if t["name"] == name]


def _plain(figure: Any) -> dict[str, Any]:
    plot: dict[str, Any] = json.loads(json.dumps(figure.plot, allow_nan=False))
    return plot


def test_one_profile_in_two_panels() -> None:
    plot = _plain(profile_figure(_drawn()))
    assert {t["name"] for t in plot["data"]} == {
        "95 %", "68 %", "Li+", "Li+: fit", "Li+ inside the solid", "K+", "K+: fit", "front depth",
        "Li+: residual", "K+: residual",
    }  # fmt: skip
    assert plot["layout"]["xaxis2"]["title"]["text"] == "depth [nm]"
    assert plot["layout"]["yaxis2"]["title"]["text"] == "residual [SD]"
    assert all(t["yaxis"] == ("y2" if "residual" in t["name"] else "y") for t in plot["data"])
    front = _traces(plot, "front depth")[0]
    assert front["x"] == [97.0, 97.0]
    points = _traces(plot, "Li+")[0]
    assert points["error_y"]["array"][0] == pytest.approx(0.01)
    assert len(points["x"]) == np.count_nonzero(_drawn().depth <= 1.6 * 97e-9)
    assert points["marker"]["symbol"] != _traces(plot, "K+")[0]["marker"]["symbol"]
    assert _traces(plot, "K+: fit")[0]["line"]["dash"] != _traces(plot, "Li+: fit")[0]["line"]["dash"]


def test_the_native_ion_alone() -> None:
    alone = replace(_drawn(), foreign=None, foreign_sd=None, foreign_residual=None, inside=None)
    figure = profile_figure(alone)
    names = {t["name"] for t in _plain(figure)["data"]}
    assert not any("K+" in name for name in names)
    assert "inside" not in figure.caption
    assert "sensitivity" not in figure.caption


def test_a_long_profile_is_thinned() -> None:
    plot = _plain(profile_figure(_drawn(n=4000)))
    assert len(_traces(plot, "Li+")[0]["x"]) <= 500


def test_without_a_front_all_is_drawn() -> None:
    plot = _plain(profile_figure(replace(_drawn(), front_depth=math.nan)))
    assert len(_traces(plot, "Li+")[0]["x"]) == 300
    assert not _traces(plot, "front depth")


def test_several_profiles_differ_in_more_than_colour() -> None:
    plot = _plain(profiles_figure([_drawn(ion) for ion in ("K+", "Rb+", "Cs+")]))
    points = [_traces(plot, ion)[0]["marker"] for ion in ("K+", "Rb+", "Cs+")]
    fits = [_traces(plot, f"{ion}: fit")[0]["line"] for ion in ("K+", "Rb+", "Cs+")]
    for what in ("color", "symbol"):
        assert len({marker[what] for marker in points}) == 3
    assert len({line["dash"] for line in fits}) == 3
    assert plot["layout"]["xaxis"]["title"]["text"] == "depth [nm]"


def test_names_of_figures_are_plain() -> None:
    assert profile_figure(_drawn("K+ (a b/c.csv)")).name == "profile_k_a_b_c_csv"
    assert profile_figure(_drawn("K+ (run 2)")).title == "Profile and fit, K+: run 2"
