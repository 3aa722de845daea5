"""The generated profiles agree with the published set, with finer meshes, and say that they are synthetic."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ionscape.testing import lithium_borate as made
from ionscape.testing.lithium_borate import TRUTH

FloatArray = NDArray[np.float64]


def _read_off(faces: FloatArray, u: FloatArray) -> tuple[float, float, float]:
    """Plateau, front depth and 10-90 % width by the definitions of the reference table."""
    x = (faces[1:] + faces[:-1]) / 2
    k = int(np.argmax(u >= 0.55))
    depth = float(np.interp(0.55, u[k - 1 : k + 1], x[k - 1 : k + 1]))
    plateau = float(u[(x > 0.35 * depth) & (x < 0.75 * depth)].mean())
    low = float(np.interp(0.8 * depth, x, u))
    front = x > 0.8 * depth
    ends = np.interp([low + 0.1 * (1 - low), low + 0.9 * (1 - low)], u[front], x[front])
    return plateau, depth, float(ends[1] - ends[0])


def test_potassium_gives_the_reference_table_and_its_charge() -> None:
    """Plateau 0.150, front 96.8 nm, width 25.8 nm (8000 cells of another code); 19.2 mC/cm2."""
    faces, u = made.replaced("K+")
    plateau, depth, width = _read_off(faces, u)
    assert plateau == pytest.approx(0.150, rel=0.005)
    assert depth == pytest.approx(96.8e-9, rel=0.002)
    assert width == pytest.approx(25.85e-9, rel=0.005)
    assert 1e-4 * TRUTH.current_density("K+") * TRUTH.duration == pytest.approx(19.2e-3, rel=0.002)
    assert (1 - u).sum() * (faces[1] - faces[0]) == pytest.approx(TRUTH.flux("K+") * TRUTH.duration, rel=1e-6)


def test_the_mesh_is_fine_enough() -> None:
    """Second order: the error of 4000 cells is a third of what they differ from 2000."""
    found = []
    for cells in (1000, 2000, 4000):
        u = made.replaced("K+", cells=cells, tolerance=1e-6)[1]
        found.append(u.reshape(500, -1).mean(axis=1))
    coarse, fine = (np.abs(b - a).max() for a, b in pairwise(found))
    assert fine < 2e-4
    assert np.log2(coarse / fine) > 1.8


def test_mixing_keeps_amounts_and_has_the_stated_width() -> None:
    """A step seen through the sputter beam is the normal distribution function."""
    from scipy.special import ndtr

    faces = np.linspace(0.0, made.LENGTH, made.CELLS + 1)
    step = np.where(faces[:-1] < 50e-9, 0.0, 1.0)
    found = made.slice_fractions(faces, step)
    x = (np.arange(made.SLICES) + 0.5) * made.SLICE
    assert np.abs(found - ndtr((x - 50e-9) / made.RESOLUTION)).max() < 6e-3  # slices average 0.5 nm
    assert (1 - found).sum() * made.SLICE == pytest.approx(50e-9, rel=1e-3)


def test_current_densities_and_conductivity_are_the_assumed_ones() -> None:
    for ion, nano in (("K+", 222), ("Rb+", 243), ("Cs+", 254)):
        assert TRUTH.current_density(ion) * 1e5 == pytest.approx(nano, abs=0.5)
    assert TRUTH.conductivity(343.15) == pytest.approx(7.64e-7, rel=1e-3)
    at_70 = made.pellet().arcs["bulk"].conductivity_at(333.15)
    assert at_70 == pytest.approx(TRUTH.conductivity(333.15), rel=1e-6)


def test_counts_have_poisson_scatter_and_what_is_stated_is_not_the_truth() -> None:
    native = np.full(made.SLICES, 0.5)
    found = made.counts("K+", native, np.random.default_rng(1))
    ratio = found["7Li"] / found["39K"] * made.COUNTS["39K"] / made.COUNTS["7Li"]
    expected = np.sqrt(2 / made.COUNTS["7Li"] + 2 / made.COUNTS["39K"])
    assert ratio.std() == pytest.approx(expected, rel=0.12)
    for ion in made.ISOTOPE:
        read = made.stated(ion)
        assert read["current_density"] == pytest.approx(TRUTH.current_density(ion), rel=0.04)
        assert read["current_density"] != TRUTH.current_density(ion)


def test_files_say_that_they_are_synthetic(tmp_path: Path) -> None:
    made.write_spectra(tmp_path)
    made.write_truth(tmp_path / "truth.json")
    assert all("SYNTHETIC" in path.read_text("utf-8") for path in tmp_path.iterdir())
    said = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    assert said["truth_si_eV"]["fwhm"] == 0.25
    assert len(list(tmp_path.iterdir())) == len(made.CELSIUS) + 1
