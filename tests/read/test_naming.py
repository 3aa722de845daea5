"""Temperatures and sizes in names and header lines, and what must not be taken for one."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.read import read
from ionscape.read.naming import (
    Geometry,
    geometry_in_header,
    geometry_in_name,
    temperature_in_header,
    temperature_in_name,
)


@pytest.mark.parametrize(
    ("name", "celsius"),
    [
        ("17.07.2015_-17C.txt", -17),
        ("17.07.2015__LRC_0_  -17°C.txt", -17),
        ("22.07.2015_50C_2.txt", 50),
        ("20.07.2015_100C.txt", 100),
        ("22.07.2015_-1C", -1),
        ("s04147-140deg.txt", 140),
        ("PEIS_LPSCl_IonBlocking_-25C", -25),
        ("PEIS_TSeq7_-25C_#51_C01.mpr_1", -25),
        ("pellet--40C", -40),
        ("300K", 26.85),
        ("x_413.15K", 140),
        ("T=25", 25),
        ("T=-25.csv", -25),
        ("temp_25.csv", 25),
        ("25degC", 25),
        ("LLZO25degC", 25),
        ("-40°C", -40),
        ("25,5 °C", 25.5),
        ("25.5C", 25.5),
        ("minus25C", -25),
        ("cell_m20C.z", -20),
        ("0C", 0),
        ("x_25C_298.15K", 25),
        ("SSB_25C_0.1C_C02", 25),
    ],
)
def test_temperature_in_name(name: str, celsius: float) -> None:
    found = temperature_in_name(name)
    assert found.kelvin == pytest.approx(celsius + 273.15)
    assert found.text.strip("=") in name


@pytest.mark.parametrize(
    "name",
    [
        "HybridGEIS_0.01C_03_CP_C08.mpr",
        "HybridVal3_Rest_Iac=0.0033C_C01_004",
        "150806_LTO_LLTO_Li_04_PEIS_C03.mpr",
        "SC_LATP_Au_Test01_02_PEIS_C01",
        "22.07.2015_blubC.txt",
        "17.07.2015.txt",
        "20150717.csv",
        "Li6PS5Cl_5mm.csv",
        "NMC622C",
        "100kHz_10kOhm",
        "100KHz",
        "R_2K",
        "sample_12",
        "T25",
        "",
    ],
)
def test_no_temperature_in_name(name: str) -> None:
    found = temperature_in_name(name)
    assert (found.kelvin, found.warning) == (None, "")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x_25C_80C.csv", "several temperatures (25C, 80C)"),
        ("LLZO_1C", "C-rate"),
        ("T=300", "°C or K"),
        ("x_-400degC", "cannot be a temperature"),
    ],
)
def test_doubtful_temperature_is_not_taken_but_told(name: str, words: str) -> None:
    found = temperature_in_name(name)
    assert found.kelvin is None
    assert words in found.warning


def test_hyphen_read_as_separator_is_told() -> None:
    found = temperature_in_name("LLZO-25C")
    assert found.kelvin == pytest.approx(298.15)
    assert "separator" in found.warning


@given(st.integers(-200, 999), st.sampled_from(["_{}degC", "a b {}°C", "x_{} °C.txt", "({}deg)"]))
def test_written_temperature_comes_back(celsius: int, pattern: str) -> None:
    assert temperature_in_name(pattern.format(celsius)).kelvin == pytest.approx(celsius + 273.15)


@given(st.text(max_size=60))
def test_any_name_is_survived(name: str) -> None:
    kelvin = temperature_in_name(name).kelvin
    assert kelvin is None or 0 < kelvin < 2500
    geometry = geometry_in_name(name)
    assert geometry.area_square_metre is None or geometry.area_square_metre > 0


@pytest.mark.parametrize(
    ("line", "kelvin"),
    [
        ("Temperature [°C]: 25", 298.15),
        ("Temperatur[°C]: -12,5", 260.65),
        ("T = 298.15 K", 298.15),
        ("temperature_kelvin: 298.15", 298.15),
        ("Fixed value(s) :  AC Volt  [Vrms]=3.5000e-02 Temp. [°C]=-20.5", 252.65),
        ("Sample temperature: 25 C", 298.15),
        ("Temp = 25", None),
        ("Temperature [°C]", None),
        ("TM=33.74, J=-5E-6", None),
        ("OCV = 3 V", None),
    ],
)
def test_temperature_in_header(line: str, kelvin: float | None) -> None:
    assert temperature_in_header([line]) == (None if kelvin is None else pytest.approx(kelvin))


def test_contradicting_header_lines_give_no_temperature() -> None:
    assert temperature_in_header(["T = 25 °C", "T = 80 °C"]) is None


@pytest.mark.parametrize(
    ("line", "thickness", "area"),
    [
        ("Sample Area [sqmm]: 0,000", None, None),
        ("Sample Thickness [mm]: 0,000", None, None),
        ("Sample Area [sqmm]: 50,000", None, 5e-5),
        ("Sample Thickness [mm]: 2,100", 2.1e-3, None),
        ("thickness_metre: 0.0021", 2.1e-3, None),
        ("area_square_metre: 5e-05", None, 5e-5),
        ("Diameter: 8 mm", None, math.pi / 4 * 64e-6),
        ("Area (cm^2) = 0.5", None, 5e-5),
        ("Electrode surface area : 0.5 cm²", None, 5e-5),
        ("Pellet thickness: 500 µm", 5e-4, None),
        ("Surface Area: 1", None, None),
        ("The thickness was not measured", None, None),
    ],
)
def test_geometry_in_header(line: str, thickness: float | None, area: float | None) -> None:
    found = geometry_in_header([line])
    assert found.thickness_metre == (None if thickness is None else pytest.approx(thickness))
    assert found.area_square_metre == (None if area is None else pytest.approx(area))


@pytest.mark.parametrize(
    ("name", "thickness", "area"),
    [
        ("LLZO_d8mm_2.1mm thick.csv", 2.1e-3, math.pi / 4 * 64e-6),
        ("pellet d=8mm", None, math.pi / 4 * 64e-6),
        ("thickness_2.1mm", 2.1e-3, None),
        ("x_A0.5cm2", None, 5e-5),
        ("2.1mm", None, None),
        ("id8mm", None, None),
        ("d8mm_d9mm", None, None),
    ],
)
def test_geometry_in_name(name: str, thickness: float | None, area: float | None) -> None:
    found = geometry_in_name(name)
    assert found.thickness_metre == (None if thickness is None else pytest.approx(thickness))
    assert found.area_square_metre == (None if area is None else pytest.approx(area))


GAP = st.text(alphabet=" _\t", min_size=1, max_size=3).map(lambda unit: (unit * 1990)[:1960])


PADDED = ["T{}x", "temp{}", "T{}[{}K", "area{}", "{}area", "sample{}area{}[mm", "25{}deg{}"]


@given(st.sampled_from(PADDED), GAP)
def test_padding_costs_time_in_proportion_to_its_length(pattern: str, gap: str) -> None:
    line = pattern.replace("{}", gap[: 1960 // pattern.count("{}")])
    start = time.process_time()
    assert temperature_in_header([line] * 10) is None
    assert geometry_in_header([line] * 10) == Geometry(None, None)
    temperature_in_name(line)
    geometry_in_name(line)
    assert time.process_time() - start < 0.5  # 20 kB in a few milliseconds; the cube of 2000 takes minutes


@pytest.mark.parametrize("word", ["T", "temp", "area", "25", "T ", "1,", "a_"])
@pytest.mark.parametrize("pad", [" ", "_", " _"])
def test_100_kb_of_padding_are_survived(word: str, pad: str) -> None:
    start = time.process_time()
    for line in (word + pad * 100_000, (word + pad) * 30_000):
        temperature_in_header([line])
        geometry_in_header([line])
        temperature_in_name(line)
        geometry_in_name(line)
    assert time.process_time() - start < 1.0


def test_a_file_with_a_padded_header_line_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "padded.csv"
    rows = "\n".join(f"{10.0**k},{100 - 9 * k},{-k - 1}" for k in range(6, 0, -1))
    padding = f"Temperature{' _' * 50_000}x\nT: 25 °C\narea{' ' * 100_000}\n"
    path.write_text(f"{padding}frequency / Hz,Re(Z) / Ohm,Im(Z) / Ohm\n{rows}\n", "utf-8")
    start = time.process_time()
    measurement = read(path)
    assert time.process_time() - start < 2.0
    assert len(measurement.sweeps[0].frequency) == 6
