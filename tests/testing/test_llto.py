"""The generated LLTO data: the truth agrees with itself, and profiles with closed forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ionscape.testing import llto
from ionscape.testing.llto import CELLS, LENGTH, ROOM, TRUTH


def test_truth_is_the_published_set() -> None:
    assert TRUTH.bulk(ROOM) == pytest.approx(2.6e-12)
    assert TRUTH.permeability(ROOM) == pytest.approx(1.364e-8, rel=1e-3)
    assert TRUTH.permeability(ROOM) * TRUTH.boundary_thickness == pytest.approx(6.8e-18, rel=0.01)
    assert TRUTH.effective(ROOM) == pytest.approx(2.013e-13, rel=1e-3)
    assert TRUTH.boundary(ROOM) / TRUTH.boundary_conductivity_diffusion(ROOM) == pytest.approx(0.24)
    assert TRUTH.conductivity(TRUTH.bulk(ROOM), ROOM) == pytest.approx(8.2e-2, rel=0.01)  # 8.2e-4 S/cm
    sample = llto.pellet()
    for celsius in (-20, 22, 120):
        t = celsius + 273.15
        assert sample.arcs["bulk"].conductivity_at(t) == pytest.approx(
            TRUTH.conductivity(TRUTH.bulk(t), t), rel=1e-6
        )
        assert sample.arcs["grain_boundary"].conductivity_at(t) == pytest.approx(
            TRUTH.conductivity(TRUTH.boundary_conductivity_diffusion(t), t), rel=1e-6
        )


def test_storage_kernel_lets_a_cosine_decay_and_conserves() -> None:
    middles = (np.arange(CELLS) + 0.5) * LENGTH / CELLS
    k = 3 * np.pi / LENGTH
    start = 0.5 + 0.3 * np.cos(k * middles)
    after = llto.diffused(start, 2e-7)
    assert after == pytest.approx(0.5 + 0.3 * np.cos(k * middles) * np.exp(-(k**2) * 2e-7), abs=1e-5)
    assert after.sum() == pytest.approx(start.sum(), rel=1e-9)


def test_exchange_stays_at_the_source_below_the_liquid_line() -> None:
    found = llto.exchanged(10 * 3600.0, TRUTH, np.random.default_rng(0))
    middles = (np.arange(CELLS) + 0.5) * LENGTH / CELLS
    assert np.all(found[middles < 0.2e-3] == TRUTH.source_fraction)
    assert found[middles > 2e-3] == pytest.approx(TRUTH.initial_fraction, abs=1e-6)
    assert np.all(np.diff(found) <= 1e-12)


def test_small_files_say_that_they_are_synthetic(tmp_path: Path) -> None:
    llto.write_echoes(tmp_path)
    llto.write_spectra(tmp_path)
    llto.write_truth(tmp_path / "truth.json")
    files = sorted(tmp_path.iterdir())
    assert len(files) == len(llto.ECHO_CELSIUS) + len(llto.PELLET_CELSIUS) + 1
    assert all("SYNTHETIC" in path.read_text(encoding="utf-8") for path in files)


def test_image_grains_have_the_stated_intercept() -> None:
    grains, permeability = llto.image_grains()
    intercept = (
        np.pi * grains.width * grains.height / (2 * grains.lengths.sum())
    )  # of lines in all directions
    assert intercept == pytest.approx(
        TRUTH.grain_size, rel=0.05
    )  # fewer boundaries beside the sample's walls
    assert permeability.mean() == pytest.approx(TRUTH.permeability(ROOM), rel=0.03)
