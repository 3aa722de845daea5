"""The list of formats, and formats of other packages."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import ionscape.read
from ionscape.core.errors import ReadError
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Measurement, Sweep
from ionscape.read import formats, read
from ionscape.read.formats import companions


def test_every_module_that_describes_a_format_is_listed() -> None:
    names = [info.name for info in pkgutil.iter_modules(ionscape.read.__path__)]
    described = {name for name in names if hasattr(import_module(f"ionscape.read.{name}"), "FORMAT")}
    assert described == {*formats.SPECIFIC, *formats.GENERIC}


def test_names_of_formats_differ() -> None:
    names = [reader.name for reader in formats.reader_formats()]
    assert len(set(names)) == len(names)
    assert names[-2:] == ["spreadsheet", "delimited"]


@pytest.mark.parametrize(
    "head", [b"", b"\0", b"f,Z',Z''\n1,2,3\n", bytes(range(256)), b"\xff\xfe", b"PK\x03\x04"]
)
def test_recognising_never_raises(head: bytes) -> None:
    for reader in formats.reader_formats():
        assert isinstance(reader.recognises(head, "a"), bool)


@pytest.fixture
def third_parties(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """Entry points that seem to be installed."""
    entries: list[EntryPoint] = []
    monkeypatch.setattr(formats, "entry_points", lambda **_: entries)
    formats.third_party_formats.cache_clear()
    yield entries
    formats.third_party_formats.cache_clear()


def _entry(name: str, module: str) -> EntryPoint:
    return EntryPoint(name=name, value=module, group=formats.ENTRY_POINT_GROUP)


def _is_theirs(head: bytes, name: str) -> bool:
    return head.startswith(b"THEIRS") and bool(name)


def _read_theirs(path: Path, content: bytes) -> Measurement:
    one = np.full(1, float(len(content)))
    columns = {FREQUENCY: one, REAL_IMPEDANCE: one, IMAGINARY_IMPEDANCE: -one}
    return Measurement(path, "impedance", "theirs", (Sweep(columns),))


def test_another_packages_format_goes_before_the_generic_ones(
    third_parties: list[EntryPoint], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = SimpleNamespace(FORMAT="theirs", recognises=_is_theirs, read=_read_theirs)
    monkeypatch.setattr(EntryPoint, "load", lambda _: module)
    third_parties.append(_entry("theirs", "their_package.reader"))
    path = tmp_path / "a.txt"
    path.write_text("THEIRS\nf,Z',Z''\n1,2,-3\n2,2,-3\n")
    assert read(path).format == "theirs"
    path.write_text("f,Z',Z''\n1,2,-3\n2,2,-3\n")
    assert read(path).format == "delimited"


def test_a_format_that_cannot_be_loaded_is_named_and_left_out(
    third_parties: list[EntryPoint], tmp_path: Path
) -> None:
    third_parties += [_entry("gone", "no_such_package_at_all"), _entry("empty", "ionscape.read")]
    with pytest.warns(RuntimeWarning) as caught:
        assert formats.third_party_formats() == ()
    text = " ".join(str(warning.message) for warning in caught)
    assert "'gone' (no_such_package_at_all)" in text
    assert "'empty' (ionscape.read)" in text
    path = tmp_path / "a.csv"
    path.write_text("f,Z',Z''\n1,2,-3\n2,2,-3\n")
    assert read(path).format == "delimited"


def test_another_packages_technique(
    third_parties: list[EntryPoint], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = SimpleNamespace(FORMAT="theirs", recognises=_is_theirs, read=_read_theirs)
    monkeypatch.setattr(EntryPoint, "load", lambda _: module)
    third_parties.append(_entry("theirs", "their_package.reader"))
    assert (
        next(reader for reader in formats.reader_formats() if reader.name == "theirs").technique
        == "impedance"
    )
    module.TECHNIQUE = "hall"
    formats.third_party_formats.cache_clear()
    path = tmp_path / "a.txt"
    path.write_text("THEIRS\n")
    with pytest.raises(ReadError, match=r"this is a measurement of hall \(theirs\), the study says tracer"):
        read(path, "tracer")


def test_every_format_serves_a_technique_that_exists_or_all() -> None:
    serving = {reader.name: reader.technique for reader in formats.reader_formats()}
    assert {serving["spreadsheet"], serving["delimited"]} == {""}
    assert set(serving.values()) == {"", "impedance", "tracer", "nmr"}


def test_parameters_beside_a_bruker_file_belong_to_it(tmp_path: Path) -> None:
    processed = tmp_path / "pdata" / "1"
    processed.mkdir(parents=True)
    for name in ("ser", "acqus", "difflist", "notes.txt", "pdata/1/2rr", "pdata/1/procs"):
        (tmp_path / name).write_text(name)
    names = {"acqus", "difflist", "2rr", "procs"}
    assert {file.name for file in companions(tmp_path / "ser")} == names
    assert {file.name for file in companions(processed / "2rr")} == names - {"2rr"}
    assert companions(tmp_path / "spectrum.csv") == ()
