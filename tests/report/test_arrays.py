"""arrays.zarr is read back with zarr itself, whose reader knows nothing of how it was written."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from numpy.typing import NDArray

from ionscape.report.arrays import SMALL, write_arrays
from ionscape.study.result import StudyResult
from ionscape.testing.results import example_result

EXAMPLE = example_result()


def _result(arrays: dict[str, NDArray[Any]]) -> StudyResult:
    result = EXAMPLE
    record = result.analyses[0]
    return replace(result, analyses=(replace(record, outcome=replace(record.outcome, arrays=arrays)),))


@pytest.mark.parametrize(
    "array",
    [
        np.linspace(0, 1, 7),
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.array([1 + 2j, np.nan]),
        np.array(3.5),
        np.array([True, False]),
        np.zeros((0, 2)),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(SMALL / 4, dtype=np.float32),
    ],
    ids=["real", "big-endian", "complex", "scalar", "bool", "empty", "fortran", "large"],
)
def test_arrays_come_back(tmp_path: Path, array: NDArray[Any]) -> None:
    write_arrays(_result({"140 °C/values": array}), tmp_path / "arrays.zarr")
    read = zarr.open_group(str(tmp_path / "arrays.zarr"), mode="r")["arcs/140 °C/values"]
    assert isinstance(read, zarr.Array)
    np.testing.assert_array_equal(np.asarray(read[...]), array)
    assert read.shape == array.shape


def test_text_comes_back(tmp_path: Path) -> None:
    write_arrays(_result({"labels": np.array(["Ω", "longer"])}), tmp_path / "arrays.zarr")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr: text has no specification yet
        read = zarr.open_group(str(tmp_path / "arrays.zarr"), mode="r")["arcs/labels"]
        assert isinstance(read, zarr.Array)
        assert list(np.asarray(read[...])) == ["Ω", "longer"]


def test_names_stay_inside_the_folder_and_apart(tmp_path: Path) -> None:
    arrays = {
        "../../out": np.ones(1),
        "a:b": np.ones(2),
        "a*b": np.ones(3),
        "/": np.ones(4),
        "__x": np.ones(5),
    }
    (tmp_path / "deep" / "down").mkdir(parents=True)
    write_arrays(_result(arrays), tmp_path / "deep" / "down" / "arrays.zarr")
    assert [p.name for p in (*tmp_path.iterdir(), *(tmp_path / "deep").iterdir())] == ["deep", "down"]
    root = zarr.open_group(str(tmp_path / "deep" / "down" / "arrays.zarr"), mode="r")
    found = root["arcs"]
    assert isinstance(found, zarr.Group)
    sizes = sorted(
        int(array.shape[0]) for name, array in found.members(max_depth=None) if hasattr(array, "shape")
    )
    assert sizes == [1, 2, 3, 4, 5]
