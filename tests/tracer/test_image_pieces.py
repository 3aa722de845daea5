"""Files of a study that do not say what they hold are named, used as the study says, or an error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ionscape.core.errors import InputError
from ionscape.core.measurement import Sweep
from ionscape.core.outcome import Failure
from ionscape.core.registry import Series
from ionscape.core.sample import Sample
from ionscape.tracer.image_pieces import images_and_maps
from ionscape.tracer.measurement_fields import TracerMeasurement

RNG = np.random.default_rng(0)
LIGHT, HEAVY = RNG.poisson(300.0, (30, 20)).astype(float), RNG.poisson(700.0, (30, 20)).astype(float)
LABELS = 1.0 + np.add.outer(np.arange(30) // 10, np.zeros(20))


def pieces(*files: tuple[str, Any, str | None]) -> Series:
    """Label, sweep or failure, and what the study says it holds; one measurement per folder."""
    own: dict[str, TracerMeasurement] = {}
    for label, _, holds in files:
        said = {} if holds is None else {"holds": holds}
        own.setdefault(label.split("/")[0], TracerMeasurement.model_validate(said))
    return Series(
        Sample("s"), "study/edges", labels=[label for label, *_ in files], pieces=[p for _, p, _ in files],
        fields=[own[label.split("/")[0]] for label, *_ in files],
    )  # fmt: skip


IMAGE = ("map/a.npz", Sweep({"counts_6Li": LIGHT, "counts_7Li": HEAVY}), None)


@pytest.mark.parametrize(
    ("holds", "column"),
    [("grain labels", "grain_labels"), ("boundary mask", "boundary_mask")],
)
def test_a_file_without_a_name_is_what_the_study_says(holds: str, column: str) -> None:
    found = images_and_maps(pieces(IMAGE, ("grains/ebsd.tif", Sweep({"channel_1": LABELS}), holds)))
    assert found.images == {"map/a.npz": [0]}
    assert list(found.maps) == ["grains/ebsd.tif"]
    np.testing.assert_array_equal(found.maps["grains/ebsd.tif"].columns[column], LABELS)


def test_counts_and_fractions_that_a_name_hides() -> None:
    stack = Sweep({"channel_1": LIGHT, "channel_2": HEAVY})
    found = images_and_maps(pieces(("m/boundary 6Li 7Li.tif", stack, "counts")))
    assert list(found.series.pieces[0].columns) == ["counts_6Li", "counts_7Li"]
    whole = images_and_maps(pieces(("m/area.tif", Sweep({"channel_1": LIGHT / 1000}), "fraction")))
    assert list(whole.series.pieces[0].columns) == ["isotope_fraction"]
    with pytest.raises(InputError, match=r"m/area.tif holds 2 images of counts, but of which isotope"):
        images_and_maps(pieces(("m/area.tif", stack, "counts")))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (LABELS, "grains/ebsd.tif: .* 3 different whole numbers.* 'holds: grain labels'"),
        (LABELS > 1, "2 different whole numbers.* 'holds: boundary mask'"),
        (LIGHT / 7, "set 'holds: fraction'"),
        (np.arange(9.0), "no image and no map of grains"),
    ],
)
def test_a_file_that_says_nothing_is_an_error_with_the_way_out(values: Any, words: str) -> None:
    unnamed = Sweep({"channel_1": np.asarray(values, dtype=float)})
    with pytest.raises(InputError, match=words):
        images_and_maps(pieces(IMAGE, ("grains/ebsd.tif", unnamed, None)))


def test_files_of_different_size_are_named_with_their_sizes() -> None:
    files = [("m/a_6Li.tif", Sweep({"counts_6Li": LIGHT}), None),
             ("m/a_7Li.tif", Sweep({"counts_7Li": HEAVY[:, :15]}), None)]  # fmt: skip
    with pytest.raises(InputError, match=r"m/a_6Li.tif has 20 x 30, m/a_7Li.tif has 15 x 30"):
        images_and_maps(pieces(*files))


def test_one_isotope_alone_names_the_file() -> None:
    with pytest.raises(InputError, match=r"m/a_6Li.tif: counts of 6Li only"):
        images_and_maps(pieces(("m/a_6Li.tif", Sweep({"counts_6Li": LIGHT}), None)))


def test_a_map_that_cannot_be_read_is_not_left_out() -> None:
    broken = ("grains/ebsd.tif", Failure("grains/ebsd.tif", "a colour picture"), None)
    with pytest.raises(InputError, match=r"grains/ebsd.tif cannot be used: a colour picture"):
        images_and_maps(pieces(IMAGE, broken))
    found = images_and_maps(pieces(IMAGE, ("map/b.npz", Failure("map/b.npz", "damaged"), None)))
    assert [failure.item for failure in found.failures] == ["map/b.npz"]
