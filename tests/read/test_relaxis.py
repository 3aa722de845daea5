"""RelaxIS exports."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.read import biologic_mpr
from ionscape.read.relaxis import read, recognises

PATH = Path("a.txt")
FREQUENCY = np.geomspace(1.0, 1e5, 16)
Z = 20 + 300 / (1 + 2j * np.pi * FREQUENCY * 3e-4)  # closed form, synthetic
TITLES = ["Data: Frequency", "Data: Z'", "Data: Z''", "Data: |Z|"]


def block(names: list[str], last: str = "") -> str:
    titles = "\t".join(TITLES * len(names))
    parameters = "\t".join(f"DC=0.1, TM=33.7\tModel: none\t{name}\t" for name in names)
    rows = [
        "\t".join(f"{f}\t{z.real}\t{z.imag}\t{abs(z)}" for _ in names)
        for f, z in zip(FREQUENCY, Z, strict=True)
    ]
    return "\n".join([titles, parameters, *rows, last])


def export(*blocks: str) -> bytes:
    return "\n".join(["RelaxIS 3.0 Spectrum export", "Date: 12/16/2025 2:29:15 PM", *blocks]).encode()


def test_a_spectrum() -> None:
    content = export(block(["pellet"]))
    assert recognises(content, "a.csv")
    found = read(PATH, content)
    (sweep,) = found.sweeps
    np.testing.assert_allclose(sweep.frequency, FREQUENCY)
    np.testing.assert_allclose(sweep.impedance, Z)
    assert found.metadata["export_time"] == "12/16/2025 2:29:15 PM"
    assert found.temperature_kelvin is None


def test_spectra_below_and_beside_each_other() -> None:
    found = read(PATH, export(block(["a", "b"]), block(["c"])))
    assert [sweep.label for sweep in found.sweeps] == ["a", "b", "c"]
    for sweep in found.sweeps:
        np.testing.assert_allclose(sweep.impedance, Z)


def test_a_broken_row_is_left_out_with_its_line() -> None:
    found = read(PATH, export(block(["a"], last="1.0\t2.0")))
    assert found.warnings == ("row without three numbers left out (line 21)",)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (export(), "no column titles"),
        (export("Data: Frequency\tData: Z'\nx\n1\t2"), "should stand by Data: Frequency"),
        (export("\t".join(TITLES)), "holds no points"),
    ],
)
def test_a_file_without_a_spectrum_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        read(PATH, content)


@given(st.binary(max_size=60), st.integers(0, 1800), st.integers(0, 1800))
def test_damage_gives_a_measurement_or_a_reason(junk: bytes, at: int, end: int) -> None:
    content = export(block(["a"]))
    damaged = (content[:at] + junk + content[at + len(junk) :])[:end]
    recognises(damaged, "a.txt")
    with suppress(ReadError):
        assert read(PATH, damaged).sweeps


def test_the_export_is_the_binary_file_upside_down(shared_data: Path) -> None:
    """And its parameter TM is the mean time of the points, so not a temperature."""
    folder = shared_data / "eis" / "lpscl_huang"
    path, binary = (
        folder / "PEIS_LPSCl_IonBlocking_-25C_RelaxIS.txt",
        folder / "PEIS_LPSCl_IonBlocking_-25C.mpr",
    )
    found = read(path, path.read_bytes())
    (truth,) = biologic_mpr.read(binary, binary.read_bytes()).sweeps
    np.testing.assert_allclose(found.sweeps[0].frequency, truth.frequency[::-1], rtol=1e-7)
    np.testing.assert_allclose(found.sweeps[0].impedance, truth.impedance[::-1], rtol=1e-7)
    stated = float(found.metadata["parameters"].split("TM=")[1].split(",")[0])
    assert stated == pytest.approx(truth.columns["test_time_second"].mean(), abs=1e-6)
