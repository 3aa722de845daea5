"""One permeability for each boundary: against the truth of finite elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ionscape.testing.image_cases import PIXEL, Case, case
from ionscape.tracer import fit_image

SPACING = (PIXEL, PIXEL)


def spread_case() -> Case:
    """Boundaries that differ by a factor of 1.65 (1 SD)."""
    return case(
        shape=(56, 40), grains=20, permeability=3e-8, spread=0.5, exchange=2500.0, storage=4000.0, seed=5
    )


@pytest.fixture(scope="module")
def each() -> Any:
    """``auto`` chooses one for each, as the residuals of one for all exceed the noise."""
    truth = spread_case()
    return fit_image(truth.counted(800, 5), truth.labels, SPACING, truth.stages, source_edge="bottom",
                     permeability="auto")  # fmt: skip


def matched(fit: Any, truth: Case) -> tuple[Any, Any]:
    """Indices of the fit's boundaries that are edges of the truth, and the true ln P there."""
    known = {tuple(sorted(p)): v for p, v in zip(truth.pairs.tolist(), truth.each, strict=True)}
    pairs = np.sort(fit.problem.faces.pairs, axis=1).tolist()
    index = np.array([k for k, p in enumerate(pairs) if tuple(p) in known])
    return index, np.log([known[tuple(pairs[k])] for k in index])


def test_population_and_bulk_are_found(each: Any) -> None:
    truth = spread_case()
    assert each.population is not None
    assert each.chi_square == pytest.approx(1.0, abs=0.08)
    true = float(np.log(truth.each).std())
    assert each.population.spread.status == "bound"
    assert each.population.spread.value > true
    assert each.population.fitted_spread == pytest.approx(true, rel=0.35)
    for estimate, value in ((each.bulk, truth.bulk), (each.effective, truth.effective),
                            (each.permeability[0], float(np.exp(np.log(truth.each).mean())))):  # fmt: skip
        low, high = estimate.interval(0.997)
        assert low < value < high


def test_single_boundaries_cover_their_truth(each: Any) -> None:
    index, logs = matched(each, spread_case())
    population = each.population
    score = (np.log(population.permeability[index]) - logs) / population.deviation[index]
    assert 0.6 < np.mean(np.abs(score) < 1) < 0.92
    assert np.mean(np.abs(score) < 1.96) > 0.88
    told = population.determined[index]
    assert told.sum() > 10
    assert np.corrcoef(np.log(population.permeability[index][told]), logs[told])[0, 1] > 0.6


def test_what_is_not_determined_falls_back_to_the_population(each: Any) -> None:
    population = each.population
    rest = ~population.determined
    assert rest.any()
    away = np.log(population.permeability[rest] / each.permeability[0].value)
    assert np.std(away) < population.fitted_spread


def test_one_population_for_equal_boundaries_stays_narrow() -> None:
    truth = case()
    found = fit_image(truth.counted(400, 9), truth.labels, SPACING, truth.stages, source_edge="bottom",
                      permeability="each")  # fmt: skip
    spread = found.population.spread if found.population is not None else None
    assert spread is not None
    assert spread.status != "determined" or spread.value < 0.2
