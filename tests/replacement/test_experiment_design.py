"""Charges verified by simulation, voltages of a reference, expected errors against found scatter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.constants import elementary_charge

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import ConstantDiffusion
from ionscape.replacement.experiment_design import (
    Attachment,
    Glass,
    Spectrometer,
    attach,
    attachment_for_depth,
    closed_form_length,
    expected_derivatives,
    expected_identifiability,
)
from ionscape.replacement.instrument import slice_edges, slice_means
from ionscape.replacement.profile_summary import summarise
from ionscape.replacement.programme import constant_current
from ionscape.replacement.simulation import simulate
from ionscape.replacement.system import Conductor, Ion

MEV = 1e-3 * elementary_charge
GLASS = Glass(250 * MEV, 0.10, 1.41e28, 1e-3)
KELVIN, BULK, DAY = 343.15, 1e-17, 86400.0
RATIOS = {"K+": 7.7e-4, "Rb+": 1.94e-4, "Cs+": 4.5e-5}


def _planned(ion: str, depth: float = 100e-9, current_density: float | None = None) -> Attachment:
    return attachment_for_depth(
        GLASS, ion, depth, temperature=KELVIN, bulk_diffusion=BULK, foreign_diffusion=RATIOS[ion] * BULK,
        duration=DAY if current_density is None else None, current_density=current_density,
    )  # fmt: skip


@pytest.mark.parametrize("ion", ["K+", "Cs+"])
def test_front_comes_where_it_is_wanted(ion: str) -> None:
    planned = _planned(ion, 80e-9)
    conductor = Conductor((Ion("Li+", GLASS.law(BULK)), Ion(ion, ConstantDiffusion(RATIOS[ion] * BULK))),
                          GLASS.carrier_density, GLASS.thickness)  # fmt: skip
    done = simulate(conductor, constant_current(planned.current_density(GLASS), DAY, ion, KELVIN), cells=600)
    found = summarise(done.faces, done.fractions["Li+"][-1])
    assert found.front_depth == pytest.approx(80e-9, rel=0.01)
    assert found.plateau_fraction == pytest.approx(planned.plateau_fraction, abs=0.004)
    assert done.charge == pytest.approx(planned.charge(GLASS), rel=1e-6)


def test_closed_form_is_depth_times_what_leaves() -> None:
    planned = _planned("Cs+")
    sharp = closed_form_length(GLASS, 100e-9, temperature=KELVIN, bulk_diffusion=BULK,
                               foreign_diffusion=RATIOS["Cs+"] * BULK)  # fmt: skip
    assert sharp == pytest.approx(planned.length, rel=0.02)
    assert sharp == pytest.approx(100e-9 * (1 - planned.plateau_fraction), rel=0.01)


@pytest.mark.parametrize(
    ("ion", "nominal", "film", "bulk"),
    [("K+", 85e-9, 0.40, 2.9), ("Rb+", 93e-9, 1.7, 3.2), ("Cs+", 97e-9, 7.5, 3.3)],
)
def test_voltages_of_the_reference_table(ion: str, nominal: float, film: float, bulk: float) -> None:
    found = attach(GLASS, ion, temperature=KELVIN, bulk_diffusion=BULK, length=nominal, duration=DAY,
                   foreign_diffusion=RATIOS[ion] * BULK)  # fmt: skip
    assert found.film_voltage == pytest.approx(film, rel=0.03)
    assert found.bulk_voltage == pytest.approx(bulk, rel=0.03)


def test_current_or_time_must_be_given() -> None:
    with pytest.raises(InputError, match="either the time or the current"):
        attachment_for_depth(GLASS, "K+", 1e-7, temperature=KELVIN, bulk_diffusion=BULK,
                             foreign_diffusion=7.7e-21)  # fmt: skip


def test_settled_current_gives_the_same_experiment() -> None:
    by_time = _planned("K+")
    by_current = _planned("K+", current_density=by_time.current_density(GLASS))
    assert by_current.duration == pytest.approx(DAY, rel=0.005)


def test_more_counts_and_more_ions_tell_more() -> None:
    k, cs = _planned("K+"), _planned("Cs+")
    few, many = (Spectrometer(counts=n, foreign_counts=n) for n in (1500, 150000))

    def sd(planned: list[Attachment], by: Spectrometer) -> float:
        rows = [expected_derivatives(GLASS, one, by) for one in planned]
        found = expected_identifiability(
            GLASS, rows, [KELVIN] * len(rows), vacancy_sd=0.04, bulk_covariance=np.array([[0.01]]),
            bulk_diffusion=[BULK],
        )  # fmt: skip
        return float(found.sd[0])

    assert sd([k], many) < sd([k], few)
    assert sd([k, cs], few) < min(sd([k], few), sd([cs], few))


def test_expected_errors_are_the_scatter_of_fits() -> None:
    """Counted profiles fitted with width, D_foreign and both scales free: the scatter is the one expected."""
    rng = np.random.default_rng(11)
    by = Spectrometer(counts=2000, foreign_counts=2000, slice=1e-9, depth_error=1e-9, charge_error=1e-9,
                      scale_error=math.inf)  # fmt: skip
    planned = _planned("K+")
    rows = expected_derivatives(GLASS, planned, by)
    known = expected_identifiability(GLASS, [rows], [KELVIN], vacancy_sd=0.0, bulk_diffusion=[BULK],
                                     bulk_covariance=np.zeros((1, 1)))  # fmt: skip
    depth = (np.arange(150) + 0.5) * by.slice

    def native(log_width: float, log_foreign: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        glass = Glass(GLASS.fwhm * math.exp(log_width), GLASS.vacancy_fraction, GLASS.carrier_density, 1e-3)
        seen = attach(glass, "K+", temperature=KELVIN, bulk_diffusion=BULK, length=planned.length,
                      duration=DAY, foreign_diffusion=planned.foreign_diffusion * math.exp(log_foreign))
        return slice_means(seen.faces, seen.native, slice_edges(depth), by.resolution)

    step = 0.02  # the fits are Newton steps from the truth with derivatives of whole simulations
    truth = native(0.0, 0.0)
    ends = [native(step, 0) - native(-step, 0), native(0, step) - native(0, -step)]
    slopes = np.column_stack(ends) / (2 * step)
    found = []
    for _ in range(300):
        u = rng.poisson(by.counts * truth) / by.counts
        v = rng.poisson(by.foreign_counts * np.clip(1 - truth, 0, 1)) / by.foreign_counts
        sd = np.sqrt(np.concatenate([truth, 1 - truth]) / by.counts + 1 / by.counts**2)
        zero = np.zeros(truth.size)
        ours, theirs = np.column_stack([slopes, truth, zero]), np.column_stack([-slopes, zero, 1 - truth])
        design = np.concatenate([ours, theirs])
        left = np.concatenate([u - truth, v - (1 - truth)])
        found.append(np.linalg.lstsq(design / sd[:, None], left / sd, rcond=None)[0][0])
    assert np.std(found) == pytest.approx(known.sd[0], rel=0.15)
