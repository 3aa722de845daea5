"""A second experiment on a replaced glass: three ions against another method, and what tells mixing apart."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from ionscape.core.outcome import Outcome
from ionscape.replacement import Conductor, ConstantDiffusion, Gaussian, Ion, Replacement, simulate
from ionscape.replacement.diffusion_law import SiteEnergyDiffusion
from ionscape.replacement.profile_summary import summarise
from ionscape.replacement.programme import Stage, constant_current, joined
from ionscape.replacement.sequential import Scan, Spectrometer, distance, told_apart
from ionscape.replacement.simulate_options import StatedCounting
from ionscape.testing.lithium_borate import TRUTH
from ionscape.testing.three_ions import depth_of_charge, replaced_twice
from tests.replacement.simulated_cases import MEV, estimate_of, series, simulated

FIRST, SECOND = 243e-5, 127e-5  # A/m^2 of Rb+ and Cs+, 24 h each
# By `replaced_twice` (2500 cells, 1e-5): front of Li+, and mean Li+, Rb+, Cs+ over 0.35 to 0.75 of its depth
INDEPENDENT = (150.95e-9, 0.03432, 0.5924, 0.3733)


def glass(intermixing_time: float = math.inf) -> Conductor:
    def law(ratio: float) -> SiteEnergyDiffusion:
        return SiteEnergyDiffusion(
            Gaussian(250 * MEV), ratio * TRUTH.bulk_diffusion, 0.10, reference_temperature=TRUTH.temperature
        )

    caesium = ConstantDiffusion(TRUTH.diffusion_ratio["Cs+"] * TRUTH.bulk_diffusion)
    ions = (Ion("Li+", law(1.0)), Ion("Rb+", law(TRUTH.diffusion_ratio["Rb+"])), Ion("Cs+", caesium))
    return Conductor(ions, TRUTH.carrier_density, TRUTH.thickness, 8.0, intermixing_time)


@lru_cache(maxsize=4)
def two_experiments(intermixing_time: float = math.inf, rest: float = 0.0, cells: int = 600) -> Replacement:
    parts = [constant_current(FIRST, TRUTH.duration, "Rb+", TRUTH.temperature),
             constant_current(SECOND, TRUTH.duration, "Cs+", TRUTH.temperature)]  # fmt: skip
    programme = joined(parts)
    if rest:
        still = Stage(rest, temperature=TRUTH.temperature)
        programme = type(programme)((programme.stages[0], still, programme.stages[1]))
    return simulate(glass(intermixing_time), programme, cells=cells)


def read_off(faces: NDArray[np.float64], fractions: NDArray[np.float64]) -> tuple[float, ...]:
    depth = summarise(faces, fractions[0]).front_depth
    amounts = np.concatenate([np.zeros((3, 1)), np.cumsum(fractions * np.diff(faces), axis=1)], axis=1)
    low, high = 0.35 * depth, 0.75 * depth
    means = [float(np.diff(np.interp([low, high], faces, row))[0]) / (high - low) for row in amounts]
    return (depth, *means)


def stacked(result: Replacement) -> NDArray[np.float64]:
    return np.stack([result.fractions[ion][-1] for ion in ("Li+", "Rb+", "Cs+")])


def test_caesium_into_rubidium_into_the_glass_as_by_another_method() -> None:
    result = two_experiments()
    assert read_off(result.faces, stacked(result)) == pytest.approx(INDEPENDENT, rel=0.01)


@pytest.mark.verify
def test_the_other_method_gives_these_numbers() -> None:
    """A minute; the profiles agree cell by cell too, but where a front of 1 nm moves by 0.01 nm."""
    faces, fractions = replaced_twice((depth_of_charge(FIRST), depth_of_charge(SECOND)))
    assert read_off(faces, fractions) == pytest.approx(INDEPENDENT, rel=1e-3)
    result = two_experiments(cells=1200)
    amounts = [np.interp(faces, result.faces, np.append(0.0, np.cumsum(row * np.diff(result.faces))))
               for row in stacked(result)]  # fmt: skip
    difference = np.abs(np.diff(amounts, axis=1) / np.diff(faces) - fractions)
    assert difference.mean() < 1e-3


def test_mixed_site_energies_let_the_rest_of_the_native_ions_go() -> None:
    """Mixed with Rb+, the Li+ that stayed is as mobile as in the bulk: the second front takes it along."""
    unmixed, mixed = (read_off(r.faces, stacked(r)) for r in (
        two_experiments(cells=200), two_experiments(0.0, cells=200)))  # fmt: skip
    assert unmixed[1] > 0.03
    assert mixed[1] < 1e-4
    assert mixed[2] > unmixed[2] + 0.3  # and Rb+ is swept ahead of Cs+ instead of being left behind


# ---- telling apart --------------------------------------------------------------------------------------
def test_distance_by_counting_alone_is_the_norm() -> None:
    found = distance(np.zeros(4), np.array([1.0, 2.0, 0.0, 2.0]), np.full(4, 0.25), np.zeros((0, 4)))
    assert found.counting == found.all_errors == pytest.approx(6.0)


def test_what_a_shared_error_can_imitate_is_no_difference() -> None:
    """d = a J: a |J| / sqrt(1 + |J|^2), at most a; and across J all of it stays."""
    j = np.array([[3.0, 4.0, 0.0]])
    along = distance(np.zeros(3), 2 * j[0], np.ones(3), j)
    assert along.counting == pytest.approx(10.0)
    assert along.all_errors == pytest.approx(10.0 / math.sqrt(26.0))
    across = distance(np.zeros(3), np.array([0.0, 0.0, 7.0]), np.ones(3), j)
    assert across.all_errors == pytest.approx(7.0)


def test_a_stretched_profile_is_as_far_as_its_stretch() -> None:
    """All depths 1 % too large, of an error of 1 %: 1 SD; by counting alone it would be many."""
    first = two_experiments(cells=200)
    second = Replacement(**{**vars(first), "faces": first.faces * 1.01})
    spectrometer = Spectrometer(StatedCounting("", scale_error=0.0), ("Li+", "Rb+", "Cs+"), 180e-9)
    found = told_apart(spectrometer, first, second, np.zeros((0, 1)), float(first.time[-1]))
    assert found.counting > 20
    assert found.all_errors == pytest.approx(1.0, abs=0.05)


def test_where_a_scan_crosses_the_limit() -> None:
    time = np.geomspace(1e3, 1e7, 5)
    scan = Scan(time, np.full(5, 0.1), 5e5 / time, np.array([0.0, 0.5, 5.0, 50.0, 500.0]))
    assert scan.slowest == pytest.approx(1e5)
    assert scan.fastest == pytest.approx(1e5)
    assert math.isnan(scan.slowest_first)


# ---- in a study -----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def compared() -> Outcome:
    return simulated(
        series(), cells=160, intermixing_time=["never", "at once"],
        programme=["Rb+ 243 nA/cm^2 for 24 h at 70 degC", "rest for 1 d at 70 degC",
                   "Cs+ 127 nA/cm^2 for 24 h at 70 degC"],
        ions={"Rb+": "1.94e-4 ± 0.06e-4", "Cs+": 4.5e-5},
    )  # fmt: skip


def test_the_study_answers_whether_mixing_can_be_seen(compared: Outcome) -> None:
    assert "told apart by one profile" in compared.findings[0]
    assert any("are told from ones that never mix" in text for text in compared.findings)
    assert any(text.startswith("Cs+ pushes Rb+ (unmixed): 90 %") for text in compared.findings)
    names = {figure.name for figure in compared.figures}
    assert {"distinguish", "populations"} <= names


def test_the_shift_is_the_difference_of_its_two_shares(compared: Outcome) -> None:
    shares = [estimate_of(compared, "plateau_fraction", f"Cs+: Rb+, {mixed}")
              for mixed in ("unmixed", "mixed at once")]  # fmt: skip
    shift = estimate_of(compared, "intermixing_shift", "Cs+: Rb+, at once less never")
    assert shift.value == pytest.approx(shares[1].value - shares[0].value, abs=1e-6)
    assert shift.value > 0.3
    assert 0 < shift.spread < 0.02
