"""EC-Lab text exports: dialects, reasons, and damage."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.read.biologic_mpt import read, recognises

PATH = Path("a.mpt")
FREQUENCY = np.geomspace(1e5, 1.0, 21)
Z = 20 + 300 / (1 + 2j * np.pi * FREQUENCY * 3e-4)  # closed form, synthetic
LABELS = ["freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm", "time/s", "<Ewe>/V", "<I>/mA", "cycle number", "Cs/µF", ""]


def rows(sweeps: int = 1) -> list[list[str]]:
    return [
        [
            f"{f:.7E}",
            f"{z.real:.7E}",
            f"{-z.imag:.7E}",
            f"{3.0 * n:.15E}",
            "1.0E-001",
            "5.0E+000",
            f"{cycle + 1}",
            "0.0",
        ]
        for cycle in range(sweeps)
        for n, (f, z) in enumerate(zip(FREQUENCY, Z, strict=True))
    ]


def mpt(
    table: list[list[str]],
    labels: list[str] = LABELS,
    *,
    technique: str = "Potentio Electrochemical Impedance Spectroscopy",
    area: str = "0.001 cm²",
    extra: tuple[str, ...] = (),
    counted: bool = True,
) -> str:
    header = [
        "",
        technique,
        "",
        "Run on channel : 3 (SN 6987)",
        "User : ",
        "Safety Limits :",
        "\tDo not start on E overload",
        "Acquisition started on : 02.10.2015 15:28:29",
        "Device : VMP3 (SN 0324)",
        "EC-Lab for windows v10.33 (software)",
        *extra,
        f"Electrode surface area : {area}",
        "vs.                 Eoc                 ",
        "",
    ]
    top = ["EC-Lab ASCII FILE"] + ([f"Nb header lines : {len(header) + 3}    "] if counted else [])
    return "\r\n".join([*top, *header, "\t".join(labels), *("\t".join(row) for row in table)]) + "\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-8-sig"])
@pytest.mark.parametrize("comma", [False, True])
@pytest.mark.parametrize("counted", [False, True])
def test_every_dialect_gives_the_same_spectrum(encoding: str, comma: bool, counted: bool) -> None:
    text = mpt(rows(), counted=counted)
    content = (text.replace(".", ",") if comma else text).encode(encoding)
    assert recognises(content, "a.txt")
    found = read(PATH, content)
    (sweep,) = found.sweeps
    np.testing.assert_allclose(sweep.frequency, FREQUENCY, rtol=1e-7)
    np.testing.assert_allclose(sweep.impedance, Z, rtol=1e-7)
    assert np.all(sweep.impedance.imag < 0)
    np.testing.assert_allclose(sweep.columns["test_time_second"], 3.0 * np.arange(21))
    np.testing.assert_allclose(sweep.columns["current_ampere"], 5e-3)
    assert found.metadata["technique"].startswith("Potentio")
    assert found.metadata["instrument"] == "VMP3 (SN 0324)"
    assert found.area_square_metre is None
    assert found.warnings == ("electrode surface area 0.001 cm² is EC-Lab's default and was ignored",)


def test_a_table_alone_is_enough() -> None:
    content = "\n".join(mpt(rows()).splitlines()[15:]).encode()
    assert content.startswith(b"freq/Hz\t")
    assert recognises(content, "a.txt")
    np.testing.assert_allclose(read(PATH, content).sweeps[0].impedance, Z, rtol=1e-7)


def test_cycles_are_sweeps() -> None:
    found = read(PATH, mpt(rows(3)).encode())
    assert [(sweep.label, sweep.frequency.size) for sweep in found.sweeps] == [
        ("cycle 1", 21),
        ("cycle 2", 21),
        ("cycle 3", 21),
    ]


def test_loops_in_the_header_are_sweeps() -> None:
    """Two measurements of one frequency only: nothing but the loops can tell them apart."""
    table = [row[:6] for row in rows()[:1] * 6]
    loops = ("Number of loops : 2", "Loop 0 from point number 0 to 3", "Loop 1 from point number 4 to 5")
    found = read(PATH, mpt(table, LABELS[:6], extra=loops).encode())
    assert [sweep.frequency.size for sweep in found.sweeps] == [4, 2]


@pytest.mark.parametrize(
    ("area", "expected"),
    [("1.130 cm²", 1.13e-4), ("113,100 mm²", 113.1e-6), ("0.000 cm²", None), ("0.500 m²", 0.5)],
)
def test_area(area: str, expected: float | None) -> None:
    found = read(PATH, mpt(rows(), area=area).encode("latin-1"))
    assert found.area_square_metre == (None if expected is None else pytest.approx(expected))
    assert found.warnings == ()


def test_an_unknown_area_unit_is_said() -> None:
    (warning,) = read(PATH, mpt(rows(), area="2.0 barn").encode()).warnings
    assert "'barn'" in warning


@pytest.mark.parametrize(
    ("comment", "kelvin"), [("25°C", 298.15), ("-25 °C, pellet 3", 248.15), ("none", None)]
)
def test_temperature_from_the_comment(comment: str, kelvin: float | None) -> None:
    found = read(PATH, mpt(rows(), extra=(f"Comments : {comment}",)).encode())
    assert found.temperature_kelvin == (None if kelvin is None else pytest.approx(kelvin))


def test_a_temperature_column_is_averaged() -> None:
    table = [[*row[:6], "20.0" if n % 3 else "50.0"] for n, row in enumerate(rows())]
    found = read(PATH, mpt(table, [*LABELS[:6], "Temperature/°C"]).encode())
    assert found.sweeps[0].temperature_kelvin == pytest.approx(273.15 + 30.0)


def test_modulus_and_phase_are_enough() -> None:
    table = [
        [f"{f!r}", f"{abs(z)!r}", f"{np.angle(z, deg=True)!r}"]
        for f, z in zip(FREQUENCY.tolist(), Z, strict=True)
    ]
    table = [[field.replace("np.float64(", "").rstrip(")") for field in row] for row in table]
    found = read(PATH, mpt(table, ["freq/Hz", "|Z|/Ohm", "Phase(Z)/deg"]).encode())
    np.testing.assert_allclose(found.sweeps[0].impedance, Z, rtol=1e-12)


def test_an_absolute_time_column_is_left_out_with_a_warning() -> None:
    table = [[*row[:3], "08/01/2025 11:43:59.820", *row[4:]] for row in rows()]
    found = read(PATH, mpt(table).encode())
    assert "test_time_second" not in found.sweeps[0].columns
    assert any("time/s" in warning for warning in found.warnings)


def test_a_broken_last_row_is_left_out_with_its_line() -> None:
    text = mpt(rows())
    last = len(text.splitlines())
    end = text.rstrip().rindex("\n")
    for length in range(3, 60, 4):
        found = read(PATH, text[: end + length].encode())
        assert found.sweeps[0].frequency.size == 20
        assert any(f"(line {last})" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("content", "reason", "line"),
    [
        (mpt([]), "holds no points", None),
        (mpt([row[1:] for row in rows()], LABELS[1:]), "no frequency column .* export it again", None),
        (mpt([], ["mode", "time/s", "Ewe/V"], technique="Modulo Bat"), "Modulo Bat record without", None),
        (mpt([], ["mode", "time/s", "Ewe/V"], technique="Wait"), "this is a Wait record", None),
        (mpt([[row[0], *row[3:]] for row in rows()], [LABELS[0], *LABELS[3:]]), "but no impedance", None),
        (mpt([["1E3", "x", "2"]] * 3 + rows()[:5]), "3 of 8 rows have no number", 17),
        ("EC-Lab ASCII FILE\nnothing else\n", "no table", None),
    ],
)
def test_a_file_without_a_spectrum_says_why(content: str, reason: str, line: int | None) -> None:
    with pytest.raises(ReadError, match=reason) as caught:
        read(PATH, content.encode())
    assert caught.value.line == line


@given(st.data())
def test_damage_gives_a_measurement_or_a_reason(data: st.DataObject) -> None:
    content = bytearray(mpt(rows(2), extra=("Loop 0 from point number 0 to 20",)).encode("latin-1"))
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(content[: data.draw(st.integers(0, len(content)))])
    recognises(damaged[:65536], "a.mpt")
    with suppress(ReadError):
        assert read(PATH, damaged).sweeps


REASONS = {
    "MissingFreq": "no frequency column",
    "mb.issue_95": "Modulo Bat record without an impedance step",
    "wait": "Wait record",
    "LiNiMnO": "holds no points",
}


def test_every_real_file_gives_a_spectrum_or_its_reason(shared_data: Path) -> None:
    files = sorted((shared_data / "eis").rglob("*.mpt"))
    assert len(files) == 27
    for path in files:
        assert recognises(path.read_bytes()[:65536], path.name)
        reason = next((words for key, words in REASONS.items() if key in path.name), None)
        if reason is None:
            assert read(path, path.read_bytes()).sweeps
        else:
            with pytest.raises(ReadError, match=reason):
                read(path, path.read_bytes())


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("pyeis/ex1.mpt", [59, 59]),
        ("formats_yadg/mb.old.mpt", [70] * 8),
        ("formats_impedance_py/exampleDataBioLogic.mpt", [43]),
        ("thesis_latp_llto/halfcell/LATP_Korrosion_04_PEIS_C02.mpt", [37]),
    ],
)
def test_real_sweeps(shared_data: Path, name: str, sizes: list[int]) -> None:
    path = shared_data / "eis" / name
    found = read(path, path.read_bytes())
    assert [sweep.frequency.size for sweep in found.sweeps] == sizes
    assert np.mean([np.mean(sweep.impedance.imag < 0) for sweep in found.sweeps]) > 0.5
