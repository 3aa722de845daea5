"""``read``: the way from a path to a measurement, and every way it can end in one clear sentence."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Measurement, Sweep
from ionscape.read import delimited, read, reading
from ionscape.read.formats import HEAD_BYTES, ReaderFormat, reader_formats
from ionscape.read.reading import completed_from_name

Write = Callable[[str, str | bytes], Path]
TABLE = "f,Z',Z''\n1000,5,-1\n100,6,-2\n10,7,-1\n"


def test_a_table(write: Write) -> None:
    measurement = read(str(write("a.csv", TABLE)))
    assert (measurement.format, measurement.technique) == ("delimited", "impedance")
    assert measurement.sweeps[0].frequency.tolist() == [1000, 100, 10]
    assert measurement.warnings == ()


def test_the_name_adds_what_the_file_does_not_state(write: Write) -> None:
    measurement = read(write("pellet_d8mm_2.1mm thick_-17C.csv", TABLE))
    assert measurement.temperature_kelvin == pytest.approx(256.15)
    assert measurement.thickness_metre == pytest.approx(2.1e-3)
    assert measurement.area_square_metre == pytest.approx(np.pi / 4 * 64e-6)


def test_the_file_goes_before_its_name(write: Write) -> None:
    measurement = read(write("pellet_80C.csv", "# T = 25 °C\n# Thickness [mm]: 1\n" + TABLE))
    assert measurement.temperature_kelvin == pytest.approx(298.15)
    assert measurement.thickness_metre == pytest.approx(1e-3)
    assert any("its name '80C'" in warning for warning in measurement.warnings)


def test_a_sweeps_own_temperature_goes_before_the_name() -> None:
    columns = {name: np.ones(1) for name in (FREQUENCY, REAL_IMPEDANCE, IMAGINARY_IMPEDANCE)}
    own = Measurement(Path("a_80C.csv"), "impedance", "test", (Sweep(columns, temperature_kelvin=353.0),))
    result = completed_from_name(own, "a_80C.csv")
    assert result.temperature_kelvin is None
    assert result.warnings == ()


def test_doubtful_name_is_told(write: Write) -> None:
    measurement = read(write("a_25C_80C.csv", TABLE))
    assert measurement.temperature_kelvin is None
    assert "several temperatures" in measurement.warnings[0]


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"^nothing.csv: no such file in "):
        read(tmp_path / "nothing.csv")
    with pytest.raises(ReadError, match="this is a folder"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b" \n\t\n", "the file is empty"),
        (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n\0\0\0", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", "a picture"),
        (b"PK\x03\x04\x14\0\0\0\0\0readme.txt", "zip archive: unpack"),
        (b"\x89HDF\r\n\x1a\n\0\0", "HDF5"),
        (bytes(range(256)) * 4, "binary content of no known instrument"),
    ],
)
def test_what_is_no_measurement(content: bytes, words: str, write: Write) -> None:
    with pytest.raises(ReadError, match=words):
        read(write("a.dat", content))


def test_a_reader_that_breaks_gives_a_reason(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path, content: bytes) -> Measurement:
        raise IndexError(f"{path.name} has {len(content)} bytes")

    formats = [ReaderFormat("fragile", lambda *_: True, broken)]
    monkeypatch.setattr(reading, "reader_formats", lambda: iter(formats))
    with pytest.raises(ReadError, match=r"looks like fragile, but .*IndexError"):
        read(write("a.csv", TABLE))


def test_a_reader_that_breaks_while_recognising_is_named(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(head: bytes, name: str) -> bool:
        raise IndexError(f"{name}, {len(head)} bytes")

    formats = [ReaderFormat("fragile", broken, delimited.read), ReaderFormat.of_module(delimited)]
    monkeypatch.setattr(reading, "reader_formats", lambda: iter(formats))
    path = write("a.csv", TABLE)
    with pytest.warns(RuntimeWarning, match=r"'fragile' broke on a.csv"):
        assert read(path).format == "delimited"


@given(st.binary(max_size=400), st.sampled_from(["a.mpr", "a.csv", "a.z", "a.xlsx", "a.DTA", "a.txt", "ser"]))
def test_random_bytes_never_break(content: bytes, name: str) -> None:
    _never_breaks(content, name)


_BEGINNINGS = (
    b"BIO-LOGIC MODULAR FILE\x1a                         \0\0\0\0MODULE",
    b"EC-Lab ASCII FILE\r\nNb header lines : 4\r\n\r\nfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\r\n",
    b"EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE\n\tPt\tFreq\tZreal\tZimag\n",
    b"ZPLOT2 ASCII\n  Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange\nEnd Comments\n",
    b"PK\x03\x04\x14\0\0\0\0\0[Content_Types].xml",
    b"f;Z';Z''\n1,0;2,0;3,0\n",
    b"depth (nm),6Li,7Li\n1,2,3\n",
    b"g (T/m);delta (ms);I\n0,1;2;3\n",
    b"# 6Li\n# x y intensity\n0 0 1\n",
    b"\x93NUMPY\x01\x00\x46\x00{'descr': '<i4', 'fortran_order': False, 'shape': (2, 2), }",
    b"PK\x03\x04" + bytes(22) + b"\x07\0\0\0" + b"6Li.npy",
)


@given(st.sampled_from(_BEGINNINGS), st.binary(max_size=300))
def test_known_beginnings_with_random_ends_never_break(start: bytes, end: bytes) -> None:
    _never_breaks(start + end, "a.dat")


def _never_breaks(content: bytes, name: str) -> None:
    """As `read` does, without the disk, and without its net for readers that break."""
    for reader in reader_formats():
        if reader.recognises(content[:HEAD_BYTES], name):
            with contextlib.suppress(ReadError):
                assert reader.read(Path(name), content).sweeps
            return


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "('scipy', 'pint', 'pydantic', 'python_calamine', 'zarr')"
    code = (
        "import sys, ionscape.read; from ionscape.read import read\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_unknown_names_of_the_package() -> None:
    import ionscape.read

    with pytest.raises(AttributeError, match="no attribute 'reed'"):
        ionscape.read.reed  # noqa: B018


def _format(name: str, technique: str, mark: bytes) -> ReaderFormat:
    def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
        return head.startswith(mark)

    def reads(path: Path, content: bytes) -> Measurement:  # noqa: ARG001
        columns = {"position_metre": np.array([0.0, 1.0]), "counts_6Li": np.array([1.0, 2.0])}
        return Measurement(path, technique, name, (Sweep(columns),))

    return ReaderFormat(name, recognises, reads, technique)


def test_only_the_formats_of_the_technique_are_asked(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    formats = [_format("eager", "impedance", b""), _format("crater", "tracer", b"CRATER")]
    monkeypatch.setattr(reading, "reader_formats", lambda: iter(formats))
    assert read(write("a.dat", "CRATER"), "tracer").format == "crater"
    with pytest.raises(ReadError, match=r"this is an impedance spectrum \(eager\), the study says tracer"):
        read(write("b.dat", "other"), "tracer")


def test_a_table_that_another_format_also_recognises_is_read_as_the_study_says(write: Write) -> None:
    gamry = "EXPLAIN\nTAG\tEISPOT\n"
    assert read(write("a.dta", gamry + "depth (nm)\tC\n1\t0.5\n2\t0.4\n"), "tracer").technique == "tracer"
    with pytest.raises(
        ReadError, match=r"this is an impedance spectrum \(gamry-dta\), the study says tracer"
    ):
        read(write("b.dta", gamry + "words\n"), "tracer")


def test_a_technique_without_readers(write: Write) -> None:
    with pytest.raises(ReadError, match=r"this is an impedance spectrum .*, the study says hall"):
        read(write("a.csv", TABLE), "hall")
    with pytest.raises(ReadError, match="a table cannot hold what hall needs"):
        read(write("b.csv", "a,b\n1,2\n3,4\n"), "hall")
    with pytest.raises(ReadError, match="the study says hall"):
        read(write("a.npy", b"\x93NUMPY"), "hall")
