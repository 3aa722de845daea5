"""Ivium .idf and .ids."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.read.ivium_idf import read, recognises

PATH = Path("a.ids")
FREQUENCY = np.geomspace(1e5, 1.0, 16)
Z = 20 + 300 / (1 + 2j * np.pi * FREQUENCY * 3e-4)  # closed form, synthetic


def data_set(
    method: str = "Impedance", title: str = "Test", area: str = "1", rows: int = 16, stated: int = 16
) -> str:
    lines = [
        "Peaks=false",
        "starttime=01.02.2024",
        *(f"timing.time[{n + 1}]={2.5 * n}" for n in range(16)),
        f"Method={method}",
        "Technique=Constant E",
        f"Title={title}",
        f"Data Options.Area={area}",
        "Data Objects    ",
        "primary_data    ",
        "3               ",
        f"{stated}        ",
        *(f"{z.real:.5E}  {z.imag:.5E}\t{f:.5E} " for f, z in zip(FREQUENCY[:rows], Z, strict=False)),
        "7",
        "osc_data",
    ]
    return "\n".join(lines) + "\n"


def ivium(*sets: str) -> bytes:
    return b"\0\0\0\0H\0\0\0\r\n" + "".join(sets).encode("latin-1") + b"\0\0\0\0\n"


def test_one_set() -> None:
    content = ivium(data_set())
    assert recognises(content, "a.idf")
    found = read(PATH, content)
    (sweep,) = found.sweeps
    np.testing.assert_allclose(sweep.frequency, FREQUENCY, rtol=1e-5)
    np.testing.assert_allclose(sweep.impedance, Z, rtol=1e-5)
    np.testing.assert_allclose(sweep.columns["test_time_second"], 2.5 * np.arange(16))
    assert found.metadata["start_time"] == "01.02.2024"
    assert found.area_square_metre is None
    assert found.warnings == (
        "electrode area 1 cm² is Ivium's default and was ignored: state it if it is right",
    )


def test_several_sets_and_an_area() -> None:
    found = read(
        PATH, ivium(data_set(title="a", area="0,785"), data_set("CyclicVoltammetry"), data_set(title="b"))
    )
    assert [sweep.label for sweep in found.sweeps] == ["a", "b"]
    assert found.area_square_metre == pytest.approx(0.785e-4)
    assert found.warnings == ("1 data sets hold no impedance and were left out",)


def test_a_cut_set_gives_the_points_it_has() -> None:
    found = read(PATH, ivium(data_set(rows=9)))
    assert found.sweeps[0].frequency.size == 9
    assert any("9 of 16 points" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (ivium(data_set("CyclicVoltammetry")), "no impedance in it: the methods are CyclicVoltammetry"),
        (ivium("Method=Impedance\nTechnique=Constant E\n"), "no table of data"),
        (ivium(data_set().replace("\n3  ", "\nx  ")), "number of columns and of rows should stand here"),
        (ivium(data_set(rows=0, stated=0)), "holds no points"),
    ],
)
def test_a_file_without_a_spectrum_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        read(PATH, content)


@given(st.data())
def test_damage_gives_a_measurement_or_a_reason(data: st.DataObject) -> None:
    content = bytearray(ivium(data_set(), data_set()))
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(content[: data.draw(st.integers(0, len(content)))])
    recognises(damaged, "a.idf")
    with suppress(ReadError):
        assert read(PATH, damaged).sweeps
