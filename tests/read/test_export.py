"""What is written comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import netcdf_file

from ionscape.core.measurement import (
    B_VALUE,
    FREQUENCY,
    GRADIENT,
    IMAGINARY_IMPEDANCE,
    INTENSITY,
    POSITION,
    REAL_IMPEDANCE,
    TIME,
    Measurement,
    Sweep,
)
from ionscape.read import read, write_csv, write_netcdf

_VALUE = st.floats(-1e12, 1e12).filter(lambda value: value == 0 or abs(value) > 1e-12)


def _measurement(sizes: list[int], values: list[float], kelvin: list[float | None]) -> Measurement:
    sweeps = []
    for number, size in enumerate(sizes):
        numbers = np.resize(np.array(values), 2 * size) + number + 1.0
        columns = {
            FREQUENCY: np.logspace(6, 0, size),
            REAL_IMPEDANCE: numbers[:size],
            IMAGINARY_IMPEDANCE: numbers[size:],
            TIME: np.arange(size) + 0.5,
            "voltage_volt": np.full(size, 0.1),
        }
        label = f"run {number + 1}, cooled" if len(sizes) > 1 else ""
        sweeps.append(Sweep(columns, label, kelvin[number]))
    return Measurement(
        Path("original.mpr"), "impedance", "test", tuple(sweeps), 298.15, 2.1e-3, 5e-5, {"Operator": "A. B."}
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    sizes=st.lists(st.integers(1, 20), min_size=1, max_size=3),
    values=st.lists(_VALUE, min_size=1, max_size=40),
    kelvin=st.lists(st.one_of(st.none(), st.floats(30, 1500)), min_size=3, max_size=3),
)
def test_csv_comes_back(
    sizes: list[int], values: list[float], kelvin: list[float | None], tmp_path: Path
) -> None:
    written = _measurement(sizes, values, kelvin)
    write_csv(written, tmp_path / "a.csv")
    back = read(tmp_path / "a.csv")
    assert len(back.sweeps) == len(sizes)
    for one, other in zip(written.sweeps, back.sweeps, strict=True):
        assert set(other.columns) == set(one.columns)
        for name, column in one.columns.items():
            assert other.columns[name].tolist() == column.tolist()
        assert other.label == one.label
        assert other.temperature_kelvin == pytest.approx(one.temperature_kelvin)
    assert back.temperature_kelvin == 298.15
    assert (back.thickness_metre, back.area_square_metre) == (2.1e-3, 5e-5)
    assert back.metadata["Operator"] == "A. B."


def test_netcdf_holds_all(tmp_path: Path) -> None:
    written = _measurement([4, 3], [1.0, -2.0, 3.0], [300.0, None])
    write_netcdf(written, tmp_path / "a.nc")
    file: Any  # attributes are those that were written
    with netcdf_file(str(tmp_path / "a.nc"), mmap=False) as file:
        assert file.variables["sweep"][:].tolist() == [1, 1, 1, 1, 2, 2, 2]
        for name in written.sweeps[0].columns:
            expected = np.concatenate([sweep.columns[name] for sweep in written.sweeps])
            assert file.variables[name][:].tolist() == expected.tolist()
        assert file.variables[FREQUENCY].units == b"hertz"
        assert file.variables["temperature_kelvin"][:4].tolist() == [300.0] * 4
        assert np.isnan(file.variables["temperature_kelvin"][4:]).all()
        assert b"thickness_metre: 0.0021" in file.description
        assert file.sweep_labels == b"run 1, cooled\nrun 2, cooled"


def _image() -> Measurement:
    counts = np.random.default_rng(8).poisson(5.0, (3, 4)).astype(np.float64)
    sweep = Sweep({"counts_6Li": counts, "counts_7Li": counts + 1}, spacing_metre=(1e-6, 2e-6))
    return Measurement(Path("map.npz"), "tracer", "numpy-npz", (sweep,))


def test_an_image_to_csv_takes_a_row_per_pixel(tmp_path: Path) -> None:
    write_csv(_image(), tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert "# pixel_metre: 1e-06 x 2e-06" in lines
    headings, *rows = (line.split(",") for line in lines if not line.startswith("#"))
    assert headings == ["sweep", "temperature_kelvin", "row", "column", "counts_6Li", "counts_7Li"]
    written = _image().sweeps[0].columns["counts_6Li"]
    assert len(rows) == written.size
    for row in rows:
        assert float(row[4]) == written[int(row[2]) - 1, int(row[3]) - 1]


def test_an_image_to_netcdf(tmp_path: Path) -> None:
    write_netcdf(_image(), tmp_path / "a.nc")
    with netcdf_file(str(tmp_path / "a.nc"), mmap=False) as file:
        counts = file.variables["counts_6Li"]
        back = np.zeros((3, 4))
        back[file.variables["row"][:] - 1, file.variables["column"][:] - 1] = counts[:]
        assert vars(counts)["units"] == b"1"
    np.testing.assert_array_equal(back, _image().sweeps[0].columns["counts_6Li"])


def test_profiles_and_decays_come_back(tmp_path: Path) -> None:
    profile = {POSITION: np.array([1.1e-7, 2.2e-7]), "counts_6Li": np.array([5.0, 6.0])}
    decay = {GRADIENT: np.array([0.1, 0.2]), B_VALUE: np.array([1e9, 4e9]), INTENSITY: np.array([1.0, 0.3])}
    for technique, columns in (("tracer", profile), ("nmr", decay)):
        sweeps = (Sweep(columns, "first", 300.0), Sweep(columns, "second"))
        write_csv(Measurement(Path("a"), technique, "test", sweeps), tmp_path / f"{technique}.csv")
        back = read(tmp_path / f"{technique}.csv", technique)
        assert [(sweep.label, sweep.temperature_kelvin) for sweep in back.sweeps] == [
            ("first", 300.0),
            ("second", None),
        ]
        for name, values in columns.items():
            assert back.sweeps[1].columns[name].tolist() == values.tolist()
