"""The .mpr reader against files that a small writer in this test packs, and against text twins."""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement
from ionscape.read import biologic_mpr, biologic_mpt
from ionscape.read.biologic_mpr import read, recognises

PATH = Path("a.mpr")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Packed:
    """One column as the writer packs it: EC-Lab's number, struct code, values."""

    number: int
    code: str
    values: Sequence[float]


def spectrum(points: int = 25, sweeps: int = 1) -> tuple[Floats, NDArray[np.complex128]]:
    """50 ohm in series with 1 kohm parallel to 1 µF, highest frequency first; closed form, synthetic."""
    frequency = np.tile(np.geomspace(1e6, 1.0, points), sweeps)
    return frequency, np.asarray(50 + 1e3 / (1 + 2j * np.pi * frequency * 1e-3), dtype=np.complex128)


def eis_columns(points: int = 25, sweeps: int = 1) -> list[Packed]:
    frequency, z = spectrum(points, sweeps)
    rows = np.arange(frequency.size)
    return [
        Packed(32, "f", frequency.tolist()),
        Packed(37, "f", z.real.tolist()),
        Packed(38, "f", (-z.imag).tolist()),
        Packed(36, "f", np.abs(z).tolist()),
        Packed(35, "f", np.angle(z, deg=True).tolist()),
        Packed(4, "d", (10.0 + 2.5 * rows).tolist()),
        Packed(77, "f", np.full(rows.size, 0.25).tolist()),
        Packed(76, "f", np.full(rows.size, 4.0).tolist()),
        Packed(24, "d", (1.0 + rows // points).tolist()),
        Packed(39, "H", [10] * rows.size),
    ]


def module(name: bytes, body: bytes, version: int, long: bool) -> bytes:
    size = (
        struct.pack("<IQI", 0xFFFFFFFF, len(body), version)
        if long
        else struct.pack("<II", len(body), version)
    )
    return b"MODULE" + name.ljust(10) + name.ljust(25) + size + b"01/02/24" + body


def data_body(
    columns: Sequence[Packed], version: int, points: int | None = None, flags: bool = False
) -> bytes:
    numbers = ([1, 2, 3, 21, 31, 65] if flags else []) + [column.number for column in columns]
    rows = len(columns[0].values) if columns else 0
    count = "<IH" if version >= 10 else "<IB"
    head = struct.pack(count, rows if points is None else points, len(numbers))
    head += struct.pack(f"<{len(numbers)}H", *numbers)
    codes = "<" + ("B" if flags else "") + "".join(column.code for column in columns)
    record = struct.Struct(codes)
    packed = b"".join(
        record.pack(*([3] if flags else []), *(column.values[row] for column in columns))
        for row in range(rows)
    )
    return head.ljust({2: 405, 3: 406}.get(version, 1007), b"\0") + packed


def settings_body(technique: int = 29, area: float = 0.001, unit: int = 2, comment: bytes = b"") -> bytes:
    body = bytearray(0x75C)
    body[0] = technique
    body[7 : 8 + len(comment)] = bytes([len(comment)]) + comment
    struct.pack_into("<f", body, 0x211, area)
    body[0x250] = unit
    return bytes(body)


def log_body() -> bytes:
    body = bytearray(2000)
    struct.pack_into("<d", body, 585, 45301.460068125)  # 2024-01-10 11:02:29.886
    name = b"C:\\data\\pellet.mpr"
    body[593 : 594 + len(name)] = bytes([len(name)]) + name
    body[951:957] = b"\x0511.50"
    return bytes(body)


def mpr(
    columns: Sequence[Packed],
    version: int = 3,
    settings: bytes | None = None,
    loops: Sequence[int] = (),
    points: int | None = None,
    flags: bool = False,
) -> bytes:
    long = version >= 10
    parts = [b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + bytes(4)]
    parts.append(module(b"VMP Set", settings or settings_body(), 0, long))
    parts.append(module(b"VMP data", data_body(columns, version, points, flags), version, long))
    parts.append(module(b"VMP LOG", log_body(), 0, long))
    if loops:
        parts.append(module(b"VMP loop", struct.pack(f"<{len(loops) + 1}I", len(loops), *loops), 0, long))
    return b"".join(parts)


def impedance(measurement: Measurement) -> NDArray[np.complex128]:
    return np.concatenate([sweep.impedance for sweep in measurement.sweeps])


@pytest.mark.parametrize("version", [2, 3, 10, 11])
def test_every_layout_returns_what_was_written(version: int) -> None:
    content = mpr(eis_columns(), version)
    assert recognises(content[:65536], "anything.bin")
    found = read(PATH, content)
    frequency, z = spectrum()
    (sweep,) = found.sweeps
    np.testing.assert_allclose(sweep.frequency, frequency, rtol=1e-7)
    np.testing.assert_allclose(sweep.impedance, z, rtol=1e-6)
    assert np.all(sweep.impedance.imag < 0)
    np.testing.assert_array_equal(sweep.columns["test_time_second"], 10.0 + 2.5 * np.arange(25))
    np.testing.assert_allclose(sweep.columns["current_ampere"], 4e-3)
    np.testing.assert_allclose(sweep.columns["voltage_volt"], 0.25)
    assert (found.format, found.technique, sweep.label) == ("biologic-mpr", "impedance", "")
    assert found.metadata["start_time"] == "2024-01-10T11:02:29.886"
    assert found.metadata["software"] == "EC-Lab 11.50"
    assert found.metadata["original_file"] == "C:\\data\\pellet.mpr"


def test_cycles_are_sweeps() -> None:
    found = read(PATH, mpr(eis_columns(12, sweeps=3), loops=(0, 12, 24, 36)))
    assert [(sweep.label, sweep.frequency.size) for sweep in found.sweeps] == [
        ("cycle 1", 12),
        ("cycle 2", 12),
        ("cycle 3", 12),
    ]


def test_a_battery_record_gives_its_impedance_steps() -> None:
    """Flags, direct-current rows, no Re and Im, a cycle counter that steps in the midst of a sweep."""
    frequency, z = spectrum(12, 2)
    frequency = np.insert(frequency, [0, 0, 12], 0.0)
    z = np.insert(z, [0, 0, 12], 0.0)
    rows = frequency.size
    columns = [
        Packed(131, "H", [0] * rows),
        Packed(4, "d", list(range(rows))),
        Packed(6, "f", [3.7] * rows),
        Packed(32, "f", frequency.tolist()),
        Packed(36, "f", np.abs(z).tolist()),
        Packed(35, "f", np.angle(z, deg=True).tolist()),
        Packed(468, "I", [0] * rows),
        Packed(469, "I", [0] * 8 + [1] * (rows - 8)),
    ]
    found = read(PATH, mpr(columns, 11, settings_body(127), flags=True))
    assert found.metadata["technique"] == "Modulo Bat"
    assert [sweep.frequency.size for sweep in found.sweeps] == [12, 12]
    np.testing.assert_allclose(impedance(found), z[frequency > 0], rtol=2e-6)


@pytest.mark.parametrize("code", ["B", "H", "f", "d"])
@pytest.mark.parametrize("place", range(10))
def test_one_unknown_column_anywhere_is_skipped(code: str, place: int) -> None:
    columns = eis_columns()
    columns.insert(place, Packed(9001, code, [7] * 25))
    found = read(PATH, mpr(columns))
    np.testing.assert_array_equal(impedance(found), impedance(read(PATH, mpr(eis_columns()))))
    assert any("9001" in warning for warning in found.warnings)
    assert "test_time_second" in found.sweeps[0].columns


@given(st.data())
def test_unknown_columns_never_give_wrong_numbers(data: st.DataObject) -> None:
    """Any number of unknown columns anywhere: the right columns, fewer columns, or a refusal."""
    truth = read(PATH, mpr(eis_columns())).sweeps[0].columns
    columns = eis_columns()
    for number in range(data.draw(st.integers(1, 7))):
        code = data.draw(st.sampled_from("BHfd"))
        place = data.draw(st.integers(0, len(columns)))
        columns.insert(place, Packed(9000 + number, code, [data.draw(st.integers(0, 200))] * 25))
    try:
        found = read(PATH, mpr(columns)).sweeps
    except ReadError as error:
        refusal = error.reason
    else:
        refusal = ""
    if refusal:
        assert "unknown" in refusal
        return
    assert len(found) == 1
    for name, values in found[0].columns.items():
        np.testing.assert_allclose(values, truth[name], rtol=1e-5)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (mpr(eis_columns(0)), "holds no points: the run was stopped"),
        (
            mpr([Packed(4, "d", [1.0]), Packed(6, "f", [3.0])], settings=settings_body(127)),
            "Modulo Bat record",
        ),
        (mpr([Packed(4, "d", []), Packed(6, "f", [])], settings=settings_body(28)), "Wait record"),
        (mpr([Packed(4, "d", [1.0, 2.0]), Packed(32, "f", [1e3, 1e2])]), "a frequency, but no impedance"),
        (mpr([Packed(32, "f", [0.0] * 3), *eis_columns(3)[1:]]), "zero frequency"),
        (mpr(eis_columns(), points=24), "do not fit the columns"),
        (mpr(eis_columns(), points=2**32 - 1), "do not fit the columns"),
        (mpr([Packed(32, "f", [3e20] * 9), *eis_columns(9)[1:]]), "make no sense"),
        (mpr(eis_columns(), version=7), "version 7 of the data module"),
        (b"BIO-LOGIC MODULAR FILE\x1a".ljust(52), "no data module"),
    ],
)
def test_a_file_without_a_spectrum_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        read(PATH, content)


def test_a_cut_file_gives_the_points_it_has() -> None:
    whole = mpr(eis_columns(), version=11)
    end = whole.index(b"MODULEVMP LOG")
    found = read(PATH, whole[: end - 100])
    assert 20 < found.sweeps[0].frequency.size < 25
    assert any("of 25 points could be read" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("area", "unit", "expected"), [(1.13, 2, 1.13e-4), (113.1, 3, 113.1e-6), (0.0, 2, None)]
)
def test_area(area: float, unit: int, expected: float | None) -> None:
    found = read(PATH, mpr(eis_columns(), settings=settings_body(area=area, unit=unit)))
    assert found.area_square_metre == (None if expected is None else pytest.approx(expected))
    assert found.warnings == ()


def test_the_default_area_is_no_area() -> None:
    found = read(PATH, mpr(eis_columns()))
    assert found.area_square_metre is None
    assert found.warnings == ("electrode surface area 0.001 cm² is EC-Lab's default and was ignored",)


@pytest.mark.parametrize(
    ("comment", "kelvin"),
    [(b"25\xb0C", 298.15), (b"t = 0.033 mm", None), (b"after 60\xb0C, now 25\xb0C", None)],
)
def test_temperature_from_the_comment(comment: bytes, kelvin: float | None) -> None:
    found = read(PATH, mpr(eis_columns(), settings=settings_body(comment=comment)))
    assert found.temperature_kelvin == (None if kelvin is None else pytest.approx(kelvin))


def test_temperature_column_is_averaged_per_sweep() -> None:
    columns = [*eis_columns(10, 2), Packed(462, "f", [20.0, 30.0] * 5 + [60.0] * 10)]
    found = read(PATH, mpr(columns))
    assert [sweep.temperature_kelvin for sweep in found.sweeps] == [
        pytest.approx(298.15),
        pytest.approx(333.15),
    ]


@given(st.data())
def test_damage_gives_a_measurement_or_a_reason(data: st.DataObject) -> None:
    content = bytearray(mpr(eis_columns(6, 2), data.draw(st.sampled_from([2, 3, 11])), loops=(0, 6, 12)))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(content[: data.draw(st.integers(0, len(content)))])
    recognises(damaged[:65536], "a.mpr")
    try:
        found = read(PATH, damaged)
    except ReadError:
        return
    for sweep in found.sweeps:
        assert np.all(sweep.frequency > 0)
        assert np.all(np.isfinite(sweep.impedance))


def test_a_hundred_points_take_milliseconds() -> None:
    content = mpr(eis_columns(100))
    read(PATH, content)
    times = []
    for _ in range(5):
        start = time.process_time()
        read(PATH, content)
        times.append(time.process_time() - start)
    assert min(times) < 0.01


TWINS = [
    "formats_yadg/geis.issue_149.mpt",
    "formats_yadg/geis.mpt",
    "formats_yadg/mb.issue_149.mpt",
    "formats_yadg/mb.issue_223.mpt",
    "formats_yadg/mb.mpt",
    "formats_yadg/peis.issue_149.mpt",
    "formats_yadg/peis.issue_225.ewe_ece.mpt",
    "formats_yadg/peis.issue_225.no_ece.mpt",
    "formats_yadg/peis.issue_225.with_ece.mpt",
    "formats_yadg/peis.mpt",
    "lpscl_huang/PEIS_LPSCl_IonBlocking_-25C.txt",
    "thesis_latp_llto/assb/SC_LATP_Au_Test01_02_PEIS_C03.mpt",
]


def exported(path: Path) -> list[dict[str, float]]:
    """Rows of an EC-Lab export above zero frequency, parsed by nothing but split and float."""
    lines = path.read_text("latin-1").splitlines()
    start = int(lines[1].split(":")[1])
    titles = lines[start - 1].rstrip("\t").split("\t")
    rows = []
    for line in lines[start:]:
        fields = line.replace(",", ".").split("\t")
        row = {title: float(field) for title, field in zip(titles, fields, strict=False) if title}
        if row["freq/Hz"] > 0:
            rows.append(row)
    return rows


@pytest.mark.parametrize("twin", TWINS)
def test_real_files_agree_with_their_text_export(shared_data: Path, twin: str) -> None:
    text = shared_data / "eis" / twin
    binary = text.with_suffix(".mpr")
    found = read(binary, binary.read_bytes())
    rows = exported(text)
    z = np.array([complex(row["Re(Z)/Ohm"], -row["-Im(Z)/Ohm"]) for row in rows])
    np.testing.assert_allclose(impedance(found), z, rtol=1e-5)
    for name, title, factor in [
        ("frequency_hertz", "freq/Hz", 1.0),
        ("test_time_second", "time/s", 1.0),
        ("voltage_volt", "<Ewe>/V", 1.0),
        ("voltage_volt", "Ewe/V", 1.0),
        ("current_ampere", "<I>/mA", 1e-3),
        ("current_ampere", "I/mA", 1e-3),
    ]:
        if title in rows[0]:
            mine = np.concatenate([sweep.columns[name] for sweep in found.sweeps])
            np.testing.assert_allclose(mine, [row[title] * factor for row in rows], rtol=1e-6, atol=1e-16)


@pytest.mark.parametrize("twin", TWINS)
def test_both_readers_tell_the_same(shared_data: Path, twin: str) -> None:
    text = shared_data / "eis" / twin
    binary = text.with_suffix(".mpr")
    one = biologic_mpr.read(binary, binary.read_bytes())
    other = biologic_mpt.read(text, text.read_bytes())
    assert [(s.label, s.frequency.size) for s in one.sweeps] == [
        (s.label, s.frequency.size) for s in other.sweeps
    ]
    assert (one.area_square_metre is None) == (other.area_square_metre is None)
    assert one.area_square_metre is None or one.area_square_metre == pytest.approx(other.area_square_metre)
    assert one.temperature_kelvin == other.temperature_kelvin
    assert one.warnings == other.warnings
    for mine, theirs in zip(one.sweeps, other.sweeps, strict=True):
        assert set(mine.columns) == set(theirs.columns)


def test_start_times_agree_with_the_text_exports(shared_data: Path) -> None:
    for twin in TWINS:
        text = shared_data / "eis" / twin
        binary = text.with_suffix(".mpr")
        one = biologic_mpr.read(binary, binary.read_bytes()).metadata["start_time"]
        other = biologic_mpt.read(text, text.read_bytes()).metadata["start_time"]
        date, clock = other.replace(".", "/", 2).split(" ") if "/" not in other else other.split(" ")
        month, day, year = date.split("/")
        assert one.startswith(f"{year}-{month}-{day}T{clock}"[:23])


REASONS = {
    "formats_yadg/mb.issue_218.mpr": "Modulo Bat record without an impedance step",
    "formats_yadg/mb.issue_95.mpr": "Modulo Bat record without an impedance step",
    "formats_yadg/wait.mpr": "Wait record",
    "thesis_latp_llto/assb/150806_LTO_LLTO_Li_04_PEIS_C03.mpr": "holds no points",
    "thesis_latp_llto/assb/LiNiMnO-LATP-LTO_07_PEIS_C01.mpr": "holds no points",
}


def test_every_real_file_gives_a_spectrum_or_its_reason(shared_data: Path) -> None:
    files = sorted((shared_data / "eis").rglob("*.mpr"))
    assert len(files) == 20
    for path in files:
        reason = REASONS.get(path.relative_to(shared_data / "eis").as_posix())
        if reason is None:
            assert read(path, path.read_bytes()).sweeps
        else:
            with pytest.raises(ReadError, match=reason):
                read(path, path.read_bytes())
