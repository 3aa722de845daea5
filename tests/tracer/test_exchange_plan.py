"""Expected errors against the exchange time: closed forms, conservation, limits."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.special import erfc

from ionscape.core.errors import InputError
from ionscape.tracer import Grains, exchange_design
from ionscape.tracer.exchange_plan import _Row

HOUR = 3600.0
LLTO = Grains(2.6e-12, 1.5e-8, 16e-6, 500e-6, 200e-6, 1e-6, 200.0)
FAST_BOUNDARIES = replace(LLTO, boundary_permeability=1e-4, boundary_spread=0.0)


def test_without_boundaries_the_profile_is_erfc() -> None:
    row = _Row(FAST_BOUNDARIES, (0.0, 0.0, 0.0), 59 * HOUR)
    at = np.cumsum(row.widths) - row.widths / 2
    for hours in (5.0, 59.0):
        found = row.exchanged(np.array([hours * HOUR]))[: row.seen, 0]
        expected = erfc(at[: row.seen] / (2 * math.sqrt(2.6e-12 * hours * HOUR)))
        assert found == pytest.approx(expected, abs=2e-3)


def test_steps_at_boundaries_agree_with_a_finer_integration() -> None:
    """The same row of grains on a four times finer grid, integrated by an implicit Runge-Kutta method."""
    fine, hours, grains = 32, 20.0, 6
    h = LLTO.grain_size / fine
    resistance = np.full(fine * grains - 1, h / LLTO.bulk_diffusion)
    resistance[fine - 1 :: fine] += 1 / LLTO.boundary_permeability

    def slope(_: float, u: NDArray[np.float64]) -> NDArray[np.float64]:
        flux = np.concatenate([[2 * LLTO.bulk_diffusion / h * (1 - u[0])], -np.diff(u) / resistance, [0.0]])
        return np.asarray(-np.diff(flux) / h)

    band = fine * grains
    jacobian = np.column_stack([slope(0, e) - slope(0, np.zeros(band)) for e in np.eye(band)])
    solved = solve_ivp(slope, (0, hours * HOUR), np.zeros(band), method="Radau", jac=jacobian, rtol=1e-6)
    short = replace(LLTO, image_length=grains * LLTO.grain_size, sample_length=grains * LLTO.grain_size)
    row = _Row(short, (0.0, 0.0, 0.0), hours * HOUR)
    found = row.exchanged(np.array([hours * HOUR]))[: row.seen, 0]
    coarse = solved.y[:, -1].reshape(row.seen, -1).mean(axis=1)
    assert found == pytest.approx(coarse, abs=1.5e-3)


def test_storage_conserves_the_tracer() -> None:
    row = _Row(LLTO, (0.0, 0.0, 0.0), 400 * HOUR)
    before = row.exchanged(np.array([10 * HOUR, 100 * HOUR]))
    after = row.stored(before, 300 * HOUR)
    assert row.widths @ after == pytest.approx(row.widths @ before, rel=1e-10)
    assert np.ptp(after[:, 0]) < np.ptp(before[:, 0])


def test_without_boundaries_the_error_is_that_of_the_closed_form() -> None:
    """Fisher information of erfc with source, initial fraction and surface position free."""
    hours = 3.0
    plan = exchange_design(FAST_BOUNDARIES, exchange_time=[hours * HOUR])
    reach = 2 * math.sqrt(2.6e-12 * hours * HOUR)
    x = (np.arange(4960) + 0.5) * 1e-7  # 31 whole grains
    u, gauss = erfc(x / reach), 2 / math.sqrt(math.pi) * np.exp(-((x / reach) ** 2))
    c = 0.0759 + (0.95 - 0.0759) * u
    jacobian = np.column_stack([(0.95 - 0.0759) * gauss * x / reach / 2, gauss, u, 1 - u])
    weight = 200.0 * 1e-7 * 200e-6 / 1e-12 / (c * (1 - c))
    error = math.sqrt(np.linalg.inv(jacobian.T @ (weight[:, None] * jacobian))[0, 0])
    assert plan.error_effective[0, 0] == pytest.approx(error, rel=0.02)


def test_too_short_and_too_long_are_both_worse() -> None:
    plan = exchange_design(LLTO)
    best, low, high = plan.optimum("boundary")
    error = plan.error_boundary[:, 0]
    assert low < best < high
    assert 10 * HOUR < best < 200 * HOUR  # 59 h in the paper
    assert error[0] > 2 * error.min()
    assert error[-1] > 2 * error.min()
    assert np.all(error[(plan.exchange_time >= low) & (plan.exchange_time <= high)] <= 1.2001 * error.min())


def test_what_is_known_of_the_bulk_helps_the_boundary() -> None:
    free, known = exchange_design(LLTO), exchange_design(LLTO, bulk_known=0.02)
    assert np.all(known.error_boundary_known_bulk <= free.error_boundary * (1 + 1e-9))


def test_more_counts_and_a_second_image_never_hurt() -> None:
    times = [20 * HOUR, 59 * HOUR]
    exact = replace(LLTO, boundary_spread=0.0)
    one = exchange_design(exact, exchange_time=times)
    four = exchange_design(replace(exact, counts_per_pixel=800.0), exchange_time=times)
    two = exchange_design(exact, exchange_time=times, storage_time=[16 * 24 * HOUR])
    assert four.error_bulk == pytest.approx(one.error_bulk / 2, rel=1e-6)
    assert np.all(two.error_bulk < one.error_bulk)
    assert np.all(two.error_boundary < one.error_boundary)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"grain_size": 0.0}, "grain_size"), ({"image_length": 1e-6}, "shorter than a grain"),
     ({"source_fraction": 0.0759}, "the same")],
)  # fmt: skip
def test_bad_plans_are_one_sentence(change: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        exchange_design(replace(LLTO, **change))
