"""The whole image as one inverse problem, against finite elements that share nothing with it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ionscape.core.errors import InputError
from ionscape.core.estimate import correlation, exact, measured
from ionscape.core.quantity import dimension_of
from ionscape.testing.image_cases import INITIAL, PIXEL, SOURCE, Case, case
from ionscape.tracer import Stage2D, fit_image

SPACING = (PIXEL, PIXEL)
DIFFUSION = dimension_of("m^2/s")


def fitted(found: Case, images: Any, **more: Any) -> Any:
    """The fit of a case's images with its own map."""
    stages = found.stages[: len(images)]
    return fit_image(images, found.labels, SPACING, stages, source_edge="bottom", **more)


@pytest.fixture(scope="module")
def two() -> Any:
    """Both images, free in everything."""
    return fitted(case(), case().counted(400, 1))


def test_the_truth_lies_in_the_intervals(two: Any) -> None:
    truth = case()
    for estimate, value in (
        (two.bulk, truth.bulk), (two.permeability[0], truth.permeability), (two.effective, truth.effective),
        (two.source_fraction, SOURCE), (two.initial_fraction, INITIAL),
    ):  # fmt: skip
        low, high = estimate.interval(0.997)
        assert low <= value <= high
        assert estimate.spread < 0.1
    assert two.converged
    assert not two.robust
    assert two.chi_square == pytest.approx(1.0, abs=0.1)


def test_intervals_cover_in_a_few_replicates() -> None:
    """A short version of verify/tracer_image_coverage.py."""
    truth, inside = case(), []
    for seed in range(12):
        found = fitted(truth, truth.counted(300, 100 + seed))
        for estimate, value in ((found.bulk, truth.bulk), (found.permeability[0], truth.permeability)):
            low, high = estimate.interval(0.95)
            inside.append(low <= value <= high)
    assert sum(inside) >= 19  # fewer of 24 has a chance below 1 % at 95 %


def test_the_effective_coefficient_is_known_better_than_its_parts(two: Any) -> None:
    assert correlation(two.bulk, two.permeability[0]) < -0.3
    assert two.effective.spread < min(two.bulk.spread, two.permeability[0].spread)


def test_without_noise_only_the_pixels_err() -> None:
    truth = case()
    images = [(c, c * (1 - c) / 400) for c in truth.fractions]
    found = fitted(truth, images)
    assert found.bulk.value == pytest.approx(truth.bulk, rel=0.03)
    assert found.permeability[0].value == pytest.approx(truth.permeability, rel=0.03)
    assert found.effective.value == pytest.approx(truth.effective, rel=0.02)


def test_a_diffusion_coefficient_from_elsewhere_keeps_its_causes() -> None:
    truth = case()
    images = truth.counted(100, 2)
    nmr = measured(truth.bulk * 1.01, 0.02 * truth.bulk, DIFFUSION, source="NMR")
    free, known = fitted(truth, images), fitted(truth, images, bulk=nmr)
    assert known.permeability[0].spread < free.permeability[0].spread
    assert known.bulk.spread < nmr.spread
    assert "NMR" in known.bulk.weights
    assert known.permeability[0].weights["NMR"] < 0  # a larger D leaves more to the boundaries
    fixed = fitted(truth, images, bulk=exact(truth.bulk, DIFFUSION))
    assert fixed.bulk.value == truth.bulk
    assert not fixed.bulk.weights
    step = fitted(truth, images, bulk=measured(1.01 * nmr.value, nmr.spread * 1.01 * nmr.value, DIFFUSION))
    slope = math.log(step.permeability[0].value / known.permeability[0].value) / math.log(1.01)
    assert slope == pytest.approx(known.permeability[0].weights["NMR"] / nmr.spread, rel=0.1)


def test_more_counts_shrink_the_errors_but_not_below_the_pixels() -> None:
    truth = case()
    few, many = (fitted(truth, truth.counted(n, 3)) for n in (200, 20000))
    assert many.permeability[0].spread < 0.8 * few.permeability[0].spread
    assert many.permeability[0].spread > 0.1 * few.permeability[0].spread * 1.01


def test_boundaries_that_hardly_resist_leave_only_a_lower_limit() -> None:
    truth = case(shape=(30, 20), grains=7, permeability=3e-5, exchange=150.0, storage=150.0)
    found = fitted(truth, truth.counted(50, 4))
    p = found.permeability[0]
    assert p.status == "bound"
    assert p.side == "lower"
    assert p.value < truth.permeability
    low, high = found.effective.interval(0.997)
    assert low < truth.effective < high


def test_boundaries_that_differ_are_not_described_by_one_number() -> None:
    truth = case(
        shape=(56, 40), grains=20, permeability=3e-8, spread=0.5, exchange=2500.0, storage=4000.0, seed=5
    )
    one = fitted(truth, truth.counted(800, 5))
    assert one.robust
    assert one.chi_square > 1.3
    assert one.bulk.spread > 0.03


def test_the_instruments_blur_is_part_of_the_model() -> None:
    from scipy.ndimage import gaussian_filter

    truth = case()
    rng = np.random.default_rng(6)
    seen = [gaussian_filter(c, 1.5) for c in truth.fractions]
    images = [(rng.binomial(400, c) / 400, c * (1 - c) / 400) for c in seen]
    with_blur, without = (fitted(truth, images, resolution=r) for r in (1.5 * PIXEL, 0.0))
    low, high = with_blur.permeability[0].interval(0.997)
    assert low < truth.permeability < high
    assert with_blur.chi_square < without.chi_square


def test_a_part_of_a_longer_sample_needs_what_lies_beyond() -> None:
    """The lower half of a map: closed at the cut it would look like a sample that fills up."""
    truth = case(shape=(60, 24), grains=14, exchange=1600.0, seed=8)
    rng = np.random.default_rng(7)
    c = truth.fractions[0][26:]
    image = [(rng.binomial(400, c) / 400, c * (1 - c) / 400)]
    results = [
        fit_image(image, truth.labels[26:], SPACING, truth.stages[:1], source_edge="bottom", beyond=beyond)
        for beyond in (26 * PIXEL, 0.0)
    ]
    errors = [abs(math.log(found.effective.value / truth.effective)) for found in results]
    low, high = results[0].permeability[0].interval(0.997)
    assert low < truth.permeability < high
    assert errors[0] < 0.1
    assert results[0].chi_square <= results[1].chi_square


def test_classes_get_their_own_permeability() -> None:
    truth = case(
        shape=(56, 40), grains=20, permeability=3e-8, spread=0.5, exchange=2500.0, storage=4000.0, seed=5
    )
    from ionscape.tracer.faces import grain_faces

    pairs = np.sort(grain_faces(truth.labels, SPACING).pairs, axis=1).tolist()
    known = {tuple(sorted(p)): v for p, v in zip(truth.pairs.tolist(), truth.each, strict=True)}
    classes = np.array([int(known.get(tuple(p), 0.0) > 3e-8) for p in pairs])
    images = truth.counted(800, 5)
    found, one = (fitted(truth, images, permeability=p, classes=classes) for p in ("class", "one"))
    assert len(found.permeability) == 2
    assert found.permeability[1].value > 1.5 * found.permeability[0].value
    assert found.chi_square < one.chi_square


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": np.zeros((46, 30), dtype=int)}, "one grain only"),
        ({"labels": np.zeros((6, 4), dtype=int)}, "one size"),
        ({"stages": [(Stage2D(100.0, True),)]}, "one for each"),
        ({"stages": [(Stage2D(100.0, True),), (Stage2D(200.0, True), Stage2D(3.0, False))]}, "one history"),
        ({"excluded": 30}, "no pixel is left"),
        ({"permeability": "class"}, "needs the class"),
        ({"permeability": "class", "classes": [0, 1]}, "classes are given"),
    ],
)
def test_bad_input_is_one_sentence(change: dict[str, Any], words: str) -> None:
    truth = case()
    given: dict[str, Any] = {"labels": truth.labels, "stages": truth.stages} | change
    labels, stages = given.pop("labels"), given.pop("stages")
    with pytest.raises(InputError, match=words):
        fit_image(truth.counted(100, 1), labels, SPACING, stages, source_edge="bottom", **given)
