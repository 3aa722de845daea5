"""Figures of D(n) and site energies: what is drawn is what was given, in the field's units."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.constants import e

from ionscape.core.outcome import Figure
from ionscape.replacement.diffusion_law import ConstantDiffusion, SiteEnergyDiffusion
from ionscape.replacement.populations import native_populations, static_and_mixed
from ionscape.replacement.site_energy_distribution import Gaussian
from ionscape.replacement.site_energy_figures import (
    diffusion_curve,
    diffusion_figure,
    site_energy_figure,
    stacked_figure,
)

T = 343.15
GLASS = Gaussian(0.25 * e)
LAW = SiteEnergyDiffusion(GLASS, 1e-17, reference_temperature=T)


def named(figure: Figure, name: str) -> dict[str, Any]:
    (found,) = (plot for plot in figure.plot["data"] if plot["name"] == name)
    return dict(found)


def area(shape: dict[str, Any]) -> float:
    """Of a filled outline, by the shoelace formula, as x in meV and y in 1/eV."""
    x, y = np.array(shape["x"]) / 1000, np.array(shape["y"])
    return float(abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2)


def test_diffusion_is_drawn_in_cm2_per_s_with_its_interval() -> None:
    draws = [
        SiteEnergyDiffusion(GLASS, 1e-17 * f, reference_temperature=T) for f in np.linspace(0.5, 1.5, 101)
    ]
    native = diffusion_curve("Li+", LAW, T, draws=draws, bulk=1e-17)
    figure = diffusion_figure([native, diffusion_curve("K+", ConstantDiffusion(7.7e-21), T, native=False)])
    json.dumps(figure.plot)
    line = named(figure, "Li+")
    assert line["y"][-1] == pytest.approx(1e-13)
    assert named(figure, "Li+, bulk")["y"] == [1e-13]
    assert set(named(figure, "K+")["y"]) == {7.7e-17}
    band = named(figure, "Li+, 68 %")
    half = len(band["y"]) // 2
    assert band["y"][half - 1] == pytest.approx(1e-13 * (0.5 + 0.84135), rel=0.01)
    assert band["y"][half] == pytest.approx(1e-13 * (0.5 + 0.15865), rel=0.02)
    assert figure.plot["layout"]["yaxis"]["type"] == "log"
    assert "68 %" in figure.caption


def test_the_covered_part_is_thick_and_the_rest_thin() -> None:
    figure = diffusion_figure([diffusion_curve("Li+", LAW, T, covered=(0.15, 0.95))])
    thin, thick = (plot for plot in figure.plot["data"] if plot["name"] == "Li+")
    assert thick["line"]["width"] > thin["line"]["width"]
    drawn = [x for x, y in zip(thick["x"], thick["y"], strict=True) if y is not None]
    assert (min(drawn), max(drawn)) == (pytest.approx(0.15, abs=0.01), pytest.approx(0.95, abs=0.01))
    assert None not in thin["y"]


@pytest.mark.parametrize("temperature", [0.0, T])
def test_filled_parts_of_the_distribution_have_their_shares(temperature: float) -> None:
    parts = [
        (ion, native_populations(GLASS, u, temperature=temperature))
        for ion, u in (("Cs+", 0.03), ("K+", 0.15))
    ]
    figure = site_energy_figure(parts, native_ion="Li+")
    json.dumps(figure.plot)
    assert area(named(figure, "immobile (K+)")) == pytest.approx(0.15, abs=2e-3)
    assert area(named(figure, "mobile (K+)")) == pytest.approx(0.85, abs=2e-3)
    assert area(named(figure, "vacant")) == pytest.approx(0.1 / 0.9, abs=2e-3)
    assert named(figure, "initial Fermi level")["x"] == [0.0, 0.0]
    level = dict(parts)["Cs+"].level_left / e * 1000
    assert named(figure, "mobile down to here (Cs+)")["x"] == pytest.approx([level] * 2, rel=1e-5)
    assert "<" not in figure.caption


def test_an_interval_of_the_density_is_drawn_behind() -> None:
    parts = native_populations(GLASS, 0.15)
    figure = site_energy_figure(
        [("K+", parts)], native_ion="Li+", interval=(parts.energy, 0.9 * parts.sites, 1.1 * parts.sites)
    )
    assert figure.plot["data"][0]["name"] == "68 % interval"
    assert "68 %" in figure.caption


def test_static_and_mixed_stand_side_by_side_with_equal_areas() -> None:
    u, ions = np.array([0.04, 0.3, 0.66]), ["Li+", "Rb+", "Cs+"]
    static, mixed = static_and_mixed(GLASS, u)
    figure = stacked_figure([("not mixed", static), ("mixed", mixed)], ions)
    json.dumps(figure.plot)
    for ion, fraction in zip(ions, u, strict=True):
        shapes = [plot for plot in figure.plot["data"] if plot["name"] == ion]
        assert [shape["xaxis"] for shape in shapes] == ["x", "x2"]
        assert [shape["showlegend"] for shape in shapes] == [True, False]
        for shape in shapes:
            assert area(shape) == pytest.approx(fraction, abs=3e-3)
    titles = [note["text"] for note in figure.plot["layout"]["annotations"]]
    assert titles == ["not mixed", "mixed"]
    assert figure.plot["layout"]["yaxis"]["range"] == figure.plot["layout"]["yaxis2"]["range"]
