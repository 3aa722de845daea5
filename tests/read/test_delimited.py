"""Text tables in any dialect, written by an independent writer and read back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.core.measurement import TIME, Measurement
from ionscape.read import delimited

Complex = NDArray[np.complex128]
NAME = Path("table.txt")


@dataclass(frozen=True)
class Wording:
    """How a file names and scales its three columns: SI value = factor * written value."""

    names: tuple[str, str, str]
    factors: tuple[float, float, float] = (1.0, 1.0, 1.0)
    polar: bool = False


_WORDINGS = (
    Wording(("f", "Z'", "Z''")),
    Wording(("Frequency (Hz)", "Z' (Ohm)", "-Z'' (Ohm)"), (1, 1, -1)),
    Wording(("freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm"), (1, 1, -1)),
    Wording(("Freq.[Hz]", "Zs'[ohm]", "Zs''[ohm]")),
    Wording(("frequency", "real", "imaginary")),
    Wording(("frequency_hertz", "real_impedance_ohm", "imaginary_impedance_ohm")),
    Wording(("f/kHz", "Zre/kOhm", "Zim/kOhm"), (1e3, 1e3, 1e3)),
    Wording(("Frequenz [MHz]", "Realteil [MOhm]", "Imag [mOhm]"), (1e6, 1e6, 1e-3)),
    Wording(("omega (rad/s)", "ReZ", "ImZ"), (1 / (2 * math.pi), 1, 1)),
    Wording(("F[Hz]", "Z[Ohm]", "Theta[deg]"), polar=True),
    Wording(("frequency", "|Z|", "-phase/rad"), (1, 1, -180 / math.pi), polar=True),
)
_DIALECTS = [(d, m) for d in ("\t", ";", ",", " ") for m in (".", ",") if not (d == "," and m == ",")]
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252")
_PREFACES = ("", "# a comment\n", "Sample: pellet no 3\nDate: 17.07.2015 12:30:00\n\n")


@st.composite
def spectra(draw: st.DrawFn) -> tuple[NDArray[np.float64], list[Complex]]:
    """Frequencies of one sweep and the impedance of each sweep, mostly capacitive, over many decades."""
    size = draw(st.integers(3, 25))
    top, decades = draw(st.floats(2, 8)), draw(st.floats(1, 8))
    frequency = np.logspace(top, top - decades, size)
    if draw(st.booleans()):
        frequency = frequency[::-1]
    part = st.floats(1e-3, 1e9)
    sweeps = []
    for _ in range(draw(st.integers(1, 3))):
        real = draw(st.lists(part, min_size=size, max_size=size))
        imaginary = draw(st.lists(part, min_size=size, max_size=size))
        sweeps.append(np.array(real) - 1j * np.array(imaginary))
    return frequency, sweeps


@st.composite
def layouts(draw: st.DrawFn) -> tuple[tuple[str, str], Wording | None, list[int], str, str, str]:
    """Delimiter and mark, wording or None, order of columns, encoding, line end, preface."""
    dialect = draw(st.sampled_from(_DIALECTS))
    wording = draw(st.one_of(st.none(), st.sampled_from(_WORDINGS)))
    extra = draw(st.integers(0, 2))
    order = list(range(3 + extra))
    if wording is not None:
        order = draw(st.permutations(order))
    encoding = draw(st.sampled_from(_ENCODINGS))
    return (
        dialect,
        wording,
        order,
        encoding,
        draw(st.sampled_from(("\n", "\r\n", "\r"))),
        draw(st.sampled_from(_PREFACES)),
    )


def _columns(
    frequency: NDArray[np.float64], z: Complex, wording: Wording | None
) -> list[NDArray[np.float64]]:
    wording = wording or Wording(("", "", ""))
    first, second = (np.abs(z), np.rad2deg(np.angle(z))) if wording.polar else (z.real, z.imag)
    written = zip((frequency, first, second), wording.factors, strict=True)
    return [values / factor for values, factor in written]


def _text(
    frequency: NDArray[np.float64],
    sweeps: list[Complex],
    dialect: tuple[str, str],
    wording: Wording | None,
    order: list[int],
    preface: str,
) -> str:
    delimiter, mark = dialect
    lines = []
    if wording is not None:
        names = [*wording.names, "Range", "Ewe/V"][: len(order)]
        lines.append(delimiter.join(names[column] for column in order))
    for z in sweeps:
        columns = _columns(frequency, z, wording)
        columns += [(np.arange(frequency.size) % 3 + 1).astype(np.float64), np.full(frequency.size, 0.25)]
        for row in zip(*columns, strict=True):
            cells = [repr(float(value)).replace(".", mark) for value in row]
            lines.append(delimiter.join(cells[column] for column in order))
    return preface + "\n".join(lines) + "\n"


@settings(max_examples=250)
@given(spectra(), layouts())
def test_any_dialect_comes_back(
    spectrum: tuple[NDArray[np.float64], list[Complex]],
    layout: tuple[tuple[str, str], Wording | None, list[int], str, str, str],
) -> None:
    frequency, sweeps = spectrum
    dialect, wording, order, encoding, line_end, preface = layout
    # random numbers are no impedance: without headings these would be read as modulus and phase
    assume(wording or all(np.abs(z.imag).max() > min(180, np.ptp(z.real) / 20) for z in sweeps))
    text = _text(frequency, sweeps, dialect, wording, order, preface)
    content = text.replace("\n", line_end).encode(encoding)
    assert delimited.recognises(content[:65536], NAME.name)
    measurement = delimited.read(NAME, content)
    assert len(measurement.sweeps) == len(sweeps)
    for sweep, z in zip(measurement.sweeps, sweeps, strict=True):
        assert sweep.frequency == pytest.approx(frequency, rel=1e-12)
        assert np.abs(sweep.impedance - z).max() <= 1e-12 * np.abs(z).max()
    assert any("no headings" in warning for warning in measurement.warnings) == (wording is None)


def _read(text: str, encoding: str = "utf-8") -> Measurement:
    return delimited.read(NAME, text.encode(encoding))


def _reason(text: str) -> str:
    with pytest.raises(ReadError) as caught:
        _read(text)
    return str(caught.value)


ROWS = [(1e5, 10.0, -1.0), (1e4, 12.0, -5.0), (1e3, 20.0, -9.0), (1e2, 28.0, -3.0)]


def _rows(delimiter: str = ",", sign: float = 1.0) -> str:
    return "".join(f"{f:g}{delimiter}{re:g}{delimiter}{sign * im:g}\n" for f, re, im in ROWS)


def test_all_positive_third_column_without_heading_is_minus_z() -> None:
    measurement = _read(_rows(sign=-1.0))
    assert measurement.sweeps[0].impedance.imag == pytest.approx([row[2] for row in ROWS])
    assert "-Z''" in measurement.warnings[0]


def test_modulus_and_phase_without_heading_are_told_from_cartesian() -> None:
    """|Z| over four decades with a phase below 90: no Z'' that small belongs to such a Z'."""
    f = np.logspace(6, 0, 30)
    z = 1e6 / (1 + 1j * f * 1e-3)
    text = "".join(
        f"{a!r} {b!r} {c!r}\n"
        for a, b, c in zip(f.tolist(), np.abs(z).tolist(), np.angle(z, deg=True).tolist(), strict=True)
    )
    measurement = _read(text)
    assert measurement.sweeps[0].impedance == pytest.approx(z, rel=1e-9)
    assert "phase" in measurement.warnings[0]


def test_phase_without_unit() -> None:
    z = np.array([row[1] + 1j * row[2] for row in ROWS])
    for unit, scale in (("degrees", 180 / np.pi), ("radians", 1.0)):
        rows = "".join(
            f"{row[0]!r},{abs(w)!r},{float(np.angle(w)) * scale!r}\n"
            for row, w in zip(ROWS, z.tolist(), strict=True)
        )
        measurement = _read("f,|Z|,phase\n" + rows)
        assert measurement.sweeps[0].impedance == pytest.approx(z)
        assert any("radians" in warning for warning in measurement.warnings) == (unit == "radians")


def test_units_in_a_row_below_the_headings() -> None:
    measurement = _read("Freq\tZ'\tZ''\nkHz\tOhm\tOhm\n" + _rows("\t"))
    assert measurement.sweeps[0].frequency == pytest.approx([row[0] * 1e3 for row in ROWS])


def test_headings_split_otherwise_than_the_numbers() -> None:
    for head in (
        "F[Hz]\t\tZ'[Ohm]\t\tZ''[Ohm]\t\tTemperatur[°C]",
        "f (Hz), Z' (Ohm), Z'' (Ohm)",
        "# f (Hz)  Re Z (Ohm)  Im Z (Ohm)",
        "Frequency (Hz) Re Z (Ohm) Im Z (Ohm)",
    ):
        assert _read(head + "\n" + _rows("\t")).sweeps[0].impedance.real == pytest.approx(
            [row[1] for row in ROWS]
        )


def test_row_names_without_a_heading() -> None:
    body = "".join(f"{n}\t{row[0]}\t{row[1]}\t{row[2]}\n" for n, row in enumerate(ROWS, start=1))
    assert _read("f\tZ'\tZ''\n" + body).sweeps[0].frequency == pytest.approx([row[0] for row in ROWS])
    assert _read(body).sweeps[0].frequency == pytest.approx([row[0] for row in ROWS])


def test_thousands_separators() -> None:
    measurement = _read("f;Z';Z''\n100,000.0;1,500.5;-1,000\n10,000.0;1,600.5;-20.5\n")
    assert measurement.sweeps[0].frequency.tolist() == [1e5, 1e4]
    assert measurement.sweeps[0].impedance.tolist() == [1500.5 - 1000j, 1600.5 - 20.5j]


def test_text_in_other_columns_is_no_matter() -> None:
    rows = "".join(f"17.07.2015 12:30:0{n},{row[0]},{row[1]},{row[2]},OK\n" for n, row in enumerate(ROWS))
    assert _read("when,f,Z',Z'',state\n" + rows).sweeps[0].frequency.size == 4


def test_tables_one_below_the_other_are_sweeps() -> None:
    measurement = _read(f"T = 25 °C\nf,Z',Z''\n{_rows()}\nT = 80 °C\nf,Z',Z''\n{_rows()}")
    assert [sweep.temperature_kelvin for sweep in measurement.sweeps] == [298.15, 353.15]
    assert [sweep.label for sweep in measurement.sweeps] == ["1", "2"]


def test_column_of_sweeps_and_of_temperatures() -> None:
    rows = "".join(
        f"{name},{celsius},{f},{re},{im}\n"
        for name, celsius in (("cold", -10), ("hot", 60))
        for f, re, im in ROWS
    )
    measurement = _read("sweep,T/°C,f,Z',Z''\n" + rows)
    assert [sweep.label for sweep in measurement.sweeps] == ["cold", "hot"]
    assert [sweep.temperature_kelvin for sweep in measurement.sweeps] == pytest.approx([263.15, 333.15])


def test_spectra_side_by_side_are_sweeps() -> None:
    """As spreadsheet programs write them; the shorter one is padded with empty cells."""
    short = [",,"] + [f"{f},{re + 1},{im}" for f, re, im in ROWS[1:]]
    rows = [f"{f},{re},{im},{other}" for (f, re, im), other in zip(ROWS, [*short[1:], short[0]], strict=True)]
    measurement = _read("f,Z',Z'',f,Z',Z''\n" + "\n".join(rows))
    assert [sweep.frequency.size for sweep in measurement.sweeps] == [4, 3]
    assert measurement.sweeps[1].impedance.real == pytest.approx([row[1] + 1 for row in ROWS[1:]])
    assert measurement.warnings == ()


def test_time_is_kept() -> None:
    rows = "".join(f"{n},{row[0]},{row[1]},{row[2]}\n" for n, row in enumerate(ROWS))
    assert _read("time/s,f,Z',Z''\n" + rows).sweeps[0].columns[TIME].tolist() == [0, 1, 2, 3]


def test_header_lines_give_geometry_and_metadata() -> None:
    measurement = _read(f"Operator: A. B.\nThickness [mm]: 2,1\nDiameter: 8 mm\nf;Z';Z''\n{_rows(';')}")
    assert measurement.thickness_metre == pytest.approx(2.1e-3)
    assert measurement.area_square_metre == pytest.approx(np.pi / 4 * 64e-6)
    assert measurement.metadata["Operator"] == "A. B."


def test_impedance_per_area_keeps_its_meaning() -> None:
    """sigma = L/(R A): with A = 1 cm2 the numbers in ohm cm2 are ohms."""
    measurement = _read("f/Hz,Z'/Ohm cm2,Z''/Ohm cm2\n" + _rows())
    assert measurement.area_square_metre == 1e-4
    assert measurement.thickness_metre is None
    assert "1 cm2" in measurement.warnings[0]
    resistivity = _read("f/Hz,Z'/Ohm m,Z''/Ohm m\n" + _rows())
    r, a, length = (
        resistivity.sweeps[0].impedance.real[0],
        resistivity.area_square_metre,
        resistivity.thickness_metre,
    )
    assert a is not None
    assert length is not None
    assert r * a / length == pytest.approx(10.0)


def test_unfinished_rows_are_left_out_with_a_count() -> None:
    measurement = _read("f,Z',Z''\n" + _rows() + "10,nan,nan\n1,5\n")
    assert measurement.sweeps[0].frequency.size == 4
    assert any("2 of 6" in warning for warning in measurement.warnings)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("This pellet was pressed at 300 MPa.\nIt was measured at 25 degrees.\n", "this is a text"),
        (
            "time/s,Ewe/V,I/A\n0,3.1,1e-3\n1,3.2,1e-3\n2,3.3,1e-3\n",
            "no frequency column among the headings 'time/s'",
        ),
        ("f/Hz,Ewe/V,I/A\n1,3.1,1e-3\n2,3.2,1e-3\n", "no impedance columns"),
        ("f,Z',Z''\n", "no points"),
        ("100,10\n10,20\n1,30\n", "only 2 columns"),
        ("0.0,3.1,1e-3\n1.0,3.2,1e-3\n2.0,3.3,1e-3\n", "name the columns"),
        ("100,10,-3\n", "only 1 rows"),
        ("f,Z',Z''\n-100,10,-3\n-10,12,-3\n", "negative"),
        ("f,Z',Z''\n0,10,-3\n0,12,-3\n", "zero frequency"),
        ("f,Z',Z''\n100,nan,-3\n10,nan,-3\n", "no point"),
    ],
)
def test_reasons(text: str, words: str) -> None:
    assert words in _reason(text)


def test_reason_names_the_line() -> None:
    assert _reason("made by hand\n\ntime/s,U/V,I/A\n0,3.1,1e-3\n1,3.2,1e-3\n").startswith(
        "table.txt:3: no frequency"
    )


def _spectrum_or_reason(text: str) -> None:
    try:
        measurement = delimited.read(NAME, text.encode())
    except ReadError:
        return
    assert all(np.all(sweep.frequency > 0) for sweep in measurement.sweeps)


@given(st.text(max_size=300))
def test_any_text_gives_a_spectrum_or_a_reason(text: str) -> None:
    _spectrum_or_reason(text)


@given(st.text(st.sampled_from("fZ'\"|-+,.;:\t \n0123456789eE%#()[]/naio"), max_size=400))
def test_soup_of_numbers_and_headings_gives_a_spectrum_or_a_reason(text: str) -> None:
    _spectrum_or_reason(text)
    _spectrum_or_reason("f,Z',Z''\n" + text)
