"""Headings as instruments and people word them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.read.columns import Heading, heading, is_unit_row


def _read(cell: str, unit: str = "") -> tuple[str, float]:
    found = heading(cell, unit)
    assert found is not None, cell
    return found.quantity, found.factor


@pytest.mark.parametrize(
    ("cell", "factor"),
    [
        ("f", 1),
        ("Freq.[Hz]", 1),
        ("freq/Hz", 1),
        ("Frequency (Hz)", 1),
        ("frequency_hertz", 1),
        ("Frequenz [kHz]", 1e3),
        ("f / MHz", 1e6),
        ("f (mHz)", 1e-3),
        ("Data: Frequency", 1),
        ("Hz", 1),
        ("omega / rad s^-1", 1 / (2 * math.pi)),
        ("ω (rad/s)", 1 / (2 * math.pi)),
        ("angular frequency", 1 / (2 * math.pi)),
        ("Frequency (rad/s)", 1 / (2 * math.pi)),
        ("f / s^-1", 1),
    ],
)
def test_frequency(cell: str, factor: float) -> None:
    assert _read(cell) == ("frequency", pytest.approx(factor))


@pytest.mark.parametrize(
    ("cell", "factor"),
    [
        ("Z'", 1),
        ("Z′ (Ω)", 1),
        ("Zs'[ohm]", 1),
        ("Re(Z)/Ohm", 1),
        ("Zre (ohms)", 1),
        ("Z'(a)", 1),
        ("Zreal", 1),
        ("Z_real", 1),
        ("real_impedance_ohm", 1),
        ("Real part of Z", 1),
        ("Realteil", 1),
        ("R", 1),
        ("-Z'", -1),
        ("Z' / kOhm", 1e3),
        ("Re Z (MΩ)", 1e6),
        ("Zre (mΩ)", 1e-3),
    ],
)
def test_real_part(cell: str, factor: float) -> None:
    assert _read(cell) == ("real", pytest.approx(factor))


@pytest.mark.parametrize(
    ("cell", "factor"),
    [
        ("Z''", 1),
        ('Z"/ohm', 1),
        ("Zs''[ohm]", 1),
        ("-Im(Z)/Ohm", -1),
        ("−Z″ (kΩ)", -1e3),
        ("-Z’’ / MΩ", -1e6),
        ("(-Z'')", -1),
        ("Z'' * (-1)", -1),
        ("Zimg", 1),
        ("imaginary", 1),
        ("imaginary_impedance_ohm", 1),
        ("Imaginärteil", 1),
        ("Z''(b)", 1),
        ("X", 1),
        ("neg. Im(Z)", -1),
        ("$-Z''$ (Ohm)", -1),
        ("(-Z'') / Ohm", -1),
        ("(-Z'' / Ohm)", -1),
        ("Data -Im(Z)", -1),
        ("Im(Z) / Ohm", 1),
    ],
)
def test_imaginary_part(cell: str, factor: float) -> None:
    assert _read(cell) == ("imaginary", pytest.approx(factor))


@pytest.mark.parametrize(
    ("cell", "quantity", "factor"),
    [
        ("|Z|", "modulus", 1),
        ("|Z|/Ohm", "modulus", 1),
        ("Z[Ohm]", "modulus", 1),
        ("Zmod", "modulus", 1),
        ("Betrag", "modulus", 1),
        ("Impedance (kΩ)", "modulus", 1e3),
        ("Phase(Z)/deg", "phase", 1),
        ("Theta", "phase", 1),
        ("-Phase (°)", "phase", -1),
        ("phi / rad", "phase", 180 / math.pi),
        ("Zphz", "phase", 1),
        ("time/s", "time", 1),
        ("Elapsed Time (s)", "time", 1),
        ("t / min", "time", 60),
        ("T / K", "temperature", 1),
        ("loop_index", "sweep", 1),
    ],
)
def test_others(cell: str, quantity: str, factor: float) -> None:
    assert _read(cell) == (quantity, pytest.approx(factor))


def test_celsius_has_an_offset() -> None:
    assert heading("Temperatur[°C]") == Heading("temperature", 1.0, 273.15, "°C")


@pytest.mark.parametrize(
    ("cell", "kind", "factor"), [("Z' (Ω cm²)", "area", 1.0), ("Z' / kOhm cm", "resistivity", 1e3)]
)
def test_normalised_impedance_is_told(cell: str, kind: str, factor: float) -> None:
    found = heading(cell)
    assert found is not None
    assert (found.quantity, found.normalised, found.factor) == ("real", kind, factor)


@pytest.mark.parametrize(
    "cell",
    [
        "I/A",
        "Ewe/V",
        "Potential (V)",
        "Y'",
        "Eps'",
        "M''",
        "sig'",
        "log f",
        "log|Z|",
        "Cp",
        "Z' error",
        "",
        "Frequency (V)",
    ],
)
def test_other_quantities_are_none(cell: str) -> None:
    assert heading(cell) is None


def test_battery_data_format_names_are_kept() -> None:
    assert heading("voltage_volt") == Heading("voltage_volt")


def test_unit_below_the_heading() -> None:
    assert _read("Freq", "kHz") == ("frequency", 1e3)
    assert _read("Z'", "Ohm") == ("real", 1.0)
    assert is_unit_row(["Hz", "ohm", "[ohm]"])
    assert not is_unit_row(["Pt", "Freq", "Zreal"])


@given(st.text(max_size=40))
def test_any_text_is_survived(cell: str) -> None:
    found = heading(cell)
    assert found is None or math.isfinite(found.factor)
