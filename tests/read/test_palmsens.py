"""PalmSens sessions."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.read.palmsens import read, recognises

PATH = Path("a.pssession")
FREQUENCY = np.geomspace(1e5, 1.0, 16)
Z = 20 + 300 / (1 + 2j * np.pi * FREQUENCY * 3e-4)  # closed form, synthetic


def array(kind: int, values: Any, unit: str = "Volt", quantity: str = "") -> dict[str, Any]:
    return {
        "ArrayType": kind,
        "Unit": {"Type": f"PalmSens.Units.{unit}", "Q": quantity},
        "DataValues": [{"V": float(value)} for value in values],
    }


def data_set(scale: float = 1.0, rows: int = 16) -> dict[str, Any]:
    return {
        "Values": [
            array(2, np.full(rows, 7.0), "MicroAmpere"),
            array(1, np.full(rows, 0.5)),
            array(0, np.arange(rows), "Time"),
            array(5, FREQUENCY, "Hertz"),
            array(7, scale * Z.real, "ZRe"),
            array(8, -scale * Z.imag, "ZIm", "-Z''"),
        ]
    }


def session(*measurements: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "PalmSens.DataFiles.SessionFile",
        "CoreVersion": "5.9",
        "Measurements": list(measurements),
    }


def measurement(title: str = "pellet", **more: Any) -> dict[str, Any]:
    return {
        "Title": title,
        "TimeStamp": 638283044195322907,
        "DeviceSerial": "PS4",
        "DataSet": data_set(),
        **more,
    }


def packed(content: dict[str, Any], encoding: str = "utf-16", lower: bool = False) -> bytes:
    text = json.dumps(content, ensure_ascii=False)
    for word in (
        "Type",
        "CoreVersion",
        "Measurements",
        "Title",
        "DataSet",
        "Values",
        "ArrayType",
        "DataValues",
        "V",
    ):
        text = text.replace(f'"{word}":', f'"{word.lower()}":') if lower else text
    return (text + "\ufeff").encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
@pytest.mark.parametrize("lower", [False, True])
def test_a_spectrum(encoding: str, lower: bool) -> None:
    content = packed(session(measurement()), encoding, lower)
    assert recognises(content[:65536], "a.json")
    found = read(PATH, content)
    (sweep,) = found.sweeps
    np.testing.assert_allclose(sweep.frequency, FREQUENCY)
    np.testing.assert_allclose(sweep.impedance, Z)
    np.testing.assert_allclose(sweep.columns["current_ampere"], 7e-6)
    assert found.warnings == ()
    assert found.metadata["software"] == "PSTrace 5.9"


def test_metadata_and_area() -> None:
    found = read(PATH, packed(session(measurement(Method="#Corrosion\r\nAREA=7.850E-001\r\nDENSITY=0\r\n"))))
    assert found.metadata["start_time"] == "2023-08-22T12:33:39"
    assert found.metadata["instrument"] == "PS4"
    assert found.area_square_metre == pytest.approx(0.785e-4)


def test_measurements_are_sweeps_and_others_are_passed_over() -> None:
    scan = {"Title": "CV", "DataSet": {"Values": [array(1, [0.1, 0.2])]}}
    found = read(PATH, packed(session(measurement("a"), scan, measurement("b"))))
    assert [sweep.label for sweep in found.sweeps] == ["a", "b"]


def test_the_list_of_spectra_repeats_or_adds() -> None:
    again = {"Title": "x", "DataSet": data_set()}
    other = {"Title": "y", "DataSet": data_set(scale=2.0)}
    found = read(PATH, packed(session(measurement(EISDataList=[again]))))
    assert len(found.sweeps) == 1
    found = read(PATH, packed(session(measurement(EISDataList=[again, other]))))
    assert [sweep.label for sweep in found.sweeps] == ["pellet", "y"]
    np.testing.assert_allclose(found.sweeps[1].impedance, 2 * Z)
    assert "'y'" in found.warnings[0]


def test_columns_of_another_length_are_left_out() -> None:
    found = read(PATH, packed(session(measurement(DataSet=data_set(rows=20)))))
    assert set(found.sweeps[0].columns) == {
        "frequency_hertz",
        "real_impedance_ohm",
        "imaginary_impedance_ohm",
    }
    assert "not of the spectrum's length" in found.warnings[0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (packed(session(measurement()))[:4000], "cut short or damaged"),
        (b"[" * 100000, "cut short or damaged"),
        (b"[]", "holds no measurements"),
        (packed(session()), "measurements: none"),
        (packed(session({"Title": "CV", "DataSet": {"Values": []}})), "no impedance in it; measurements: CV"),
    ],
)
def test_a_file_without_a_spectrum_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        read(PATH, content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.data(), JSON)
def test_any_value_in_any_place_gives_a_measurement_or_a_reason(data: st.DataObject, odd: Any) -> None:
    content = session(measurement(EISDataList=[{"Title": "x", "DataSet": data_set()}]))
    node: Any = content
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            node[key] = odd
            break
        node = node[key]
    with suppress(ReadError):
        assert read(PATH, json.dumps(content).encode()).sweeps


@given(st.binary(max_size=60), st.integers(0, 3000), st.integers(0, 9000))
def test_damage_gives_a_measurement_or_a_reason(junk: bytes, at: int, end: int) -> None:
    content = packed(session(measurement()), "utf-8")
    damaged = (content[:at] + junk + content[at + len(junk) :])[:end]
    recognises(damaged, "a.pssession")
    with suppress(ReadError):
        assert read(PATH, damaged).sweeps
