"""Workbooks, zipped together by hand from the two formats' own XML."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import InputError, ReadError
from ionscape.read import spreadsheet, workbook_size

Sheets = dict[str, list[list[str | float]]]
ROWS: list[list[str | float]] = [[1e5, 10.0, 1.0], [1e4, 12.5, 5.0], [1e3, 20.0, 9.0], [100.0, 28.0, 3.0]]
SHEETS: Sheets = {
    "notes": [["pressed by hand"], ["at noon"]],
    "cold": [["Thickness [mm]: 2.0"], ["T = -10 °C"], ["f/Hz", "Z'/Ohm", "-Z''/Ohm"], *ROWS],
    "empty": [],
    "hot": [["f/kHz", "Z'/Ohm", "-Z''/Ohm"], *ROWS],
}
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def _xlsx(sheets: Sheets) -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    numbered = list(enumerate(sheets.items(), start=1))
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" '
        f'Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets>'
        + "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, (name, _) in numbered)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="r{n}" Type="{rel}/worksheet" Target="worksheets/s{n}.xml"/>'
            for n, _ in numbered
        )
        + "</Relationships>",
    }
    for n, (_, rows) in numbered:
        body = "".join(
            f'<row r="{i}">' + _xlsx_cells(i, row) + "</row>" for i, row in enumerate(rows, start=1)
        )
        files[f"xl/worksheets/s{n}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'
        )
    return _zipped(files)


def _xlsx_cells(row: int, cells: list[str | float]) -> str:
    written = ""
    for letter, cell in zip("ABCDEFGH", cells, strict=False):
        place = f'r="{letter}{row}"'
        if isinstance(cell, str):
            written += f'<c {place} t="inlineStr"><is><t>{cell}</t></is></c>'
        else:
            written += f"<c {place}><v>{cell!r}</v></c>"
    return written


def _ods(sheets: Sheets) -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{name}="{office}:{name}:1.0"' for name in ("office", "table", "text"))
    tables = "".join(
        f'<table:table table:name="{name}">'
        + "".join("<table:table-row>" + "".join(map(_ods_cell, row)) + "</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    return _zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
            "content.xml": f"<office:document-content {spaces}><office:body><office:spreadsheet>{tables}"
            "</office:spreadsheet></office:body></office:document-content>",
        }
    )


def _ods_cell(cell: str | float) -> str:
    if isinstance(cell, str):
        return f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{cell!r}"/>'


def _zipped(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text if name == "mimetype" else _HEAD + text)
    return stream.getvalue()


@pytest.mark.parametrize(("build", "name"), [(_xlsx, "a.xlsx"), (_ods, "a.ods")])
def test_every_sheet_with_a_table_is_read(build: object, name: str) -> None:
    assert callable(build)
    content = build(SHEETS)
    assert spreadsheet.recognises(content[:65536], name)
    measurement = spreadsheet.read(Path(name), content)
    cold, hot = measurement.sweeps
    assert (cold.label, hot.label) == ("cold", "hot")
    assert cold.frequency.tolist() == [1e5, 1e4, 1e3, 100.0]
    assert hot.frequency.tolist() == [1e8, 1e7, 1e6, 1e5]
    assert cold.impedance.tolist() == [10 - 1j, 12.5 - 5j, 20 - 9j, 28 - 3j]
    assert cold.temperature_kelvin == pytest.approx(263.15)
    assert measurement.thickness_metre == pytest.approx(2e-3)
    assert [warning for warning in measurement.warnings if "'notes'" in warning]
    assert not [warning for warning in measurement.warnings if "'empty'" in warning]


def test_numbers_kept_as_text() -> None:
    rows: list[list[str | float]] = [["f", "Z'", "Z''"], ["1000,5", "2,5", "-1,5"], ["100,5", "3,5", "-2,5"]]
    sweep = spreadsheet.read(Path("a.xlsx"), _xlsx({"one": rows})).sweeps[0]
    assert sweep.frequency.tolist() == [1000.5, 100.5]
    assert sweep.impedance.tolist() == [2.5 - 1.5j, 3.5 - 2.5j]
    assert sweep.label == ""


def test_sheets_named_after_temperatures() -> None:
    table: list[list[str | float]] = [["f", "Z'", "-Z''"], *ROWS]
    sweeps = spreadsheet.read(Path("a.xlsx"), _xlsx({"-10C": table, "60 °C": table, "Sheet3": table})).sweeps
    assert [sweep.temperature_kelvin for sweep in sweeps] == [263.15, 333.15, None]


def test_a_workbook_without_a_spectrum_gives_each_sheets_reason() -> None:
    sheets: Sheets = {"one": [["time/s", "U/V", "I/A"], [1.0, 2.0, 3.0]], "two": [["hello"]]}
    with pytest.raises(
        ReadError, match=r"sheet 'one': no frequency column .*; sheet 'two': no columns of numbers"
    ):
        spreadsheet.read(Path("a.xlsx"), _xlsx(sheets))


def _stray(address: str, cell: str) -> bytes:
    """The workbook with one more row in its second sheet."""
    row = f'<row r="{re.sub("[A-Z]", "", address)}"><c r="{address}"{cell}</row></sheetData>'
    with zipfile.ZipFile(io.BytesIO(_xlsx(SHEETS))) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    parts["xl/worksheets/s2.xml"] = parts["xl/worksheets/s2.xml"].replace("</sheetData>", row)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


def test_a_stray_cell_in_the_last_corner_is_refused_with_a_reason() -> None:
    content = _stray("XFD1048576", "><v>1</v></c>")
    with pytest.raises(ReadError, match=r"a sheet spans 1\.7e\+10 cells .* delete it"):
        spreadsheet.read(Path("a.xlsx"), content)


def test_a_far_cell_that_is_formatted_but_empty_is_no_obstacle() -> None:
    assert len(spreadsheet.read(Path("a.xlsx"), _stray("XFD1048576", ' s="0"/>')).sweeps) == 2


def test_repeated_cells_of_an_ods_count_as_many() -> None:
    cell = '<table:table-cell office:value-type="float" office:value="1.5"'
    many = f'{cell} table:number-columns-repeated="16000"/>'
    rows = f'<table:table-row table:number-rows-repeated="1000000">{many}</table:table-row></table:table>'
    empty = (
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell '
        'table:number-columns-repeated="16000"/></table:table-row></table:table>'
    )
    with zipfile.ZipFile(io.BytesIO(_ods(SHEETS))) as archive:
        parts = {name: archive.read(name).decode().removeprefix(_HEAD) for name in archive.namelist()}
    content = parts["content.xml"]
    parts["content.xml"] = content.replace("</table:table>", rows)
    with pytest.raises(ReadError, match=r"a sheet spans 1\.6e\+10 cells"):
        spreadsheet.read(Path("a.ods"), _zipped(parts))
    parts["content.xml"] = content.replace("</table:table>", empty)  # as spreadsheet programs write them
    assert len(spreadsheet.read(Path("a.ods"), _zipped(parts)).sweeps) == 2


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_size, "MOST_BYTES", 1 << 20)
    stream = io.BytesIO(_xlsx(SHEETS))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", " " * (2 << 20))
    assert len(stream.getvalue()) < 10_000
    with pytest.raises(ReadError, match="the workbook unpacks to more than 1 MB"):
        spreadsheet.read(Path("a.xlsx"), stream.getvalue())


@given(st.integers(1, 16384), st.integers(1, 1048576))
def test_the_size_follows_from_the_cells_addresses(column: int, row: int) -> None:
    letters, left = "", column
    while left:
        left, digit = divmod(left - 1, 26)
        letters = chr(65 + digit) + letters
    content = _stray(f"{letters}{row}", "><v>1</v></c>")
    if max(column, 3) * max(row, 7) > workbook_size.MOST_CELLS:
        with pytest.raises(InputError, match="a sheet spans"):
            workbook_size.check_size(content)
    else:
        workbook_size.check_size(content)


def test_other_archives_are_not_recognised() -> None:
    assert not spreadsheet.recognises(_zipped({"readme.txt": "x"}), "a.zip")
    assert not spreadsheet.recognises(b"f,Z',Z''", "a.csv")


@given(st.binary(max_size=200), st.integers(0, 3000))
def test_damaged_workbooks_give_a_reason(noise: bytes, at: int) -> None:
    whole = _xlsx(SHEETS)
    for content in (whole[:at], whole[:at] + noise + whole[at + len(noise) :], b"\xd0\xcf\x11\xe0" + noise):
        try:
            spreadsheet.read(Path("a.xlsx"), content)
        except ReadError:
            continue


PROFILE: list[list[str | float]] = [
    ["depth (um)", "6Li+", "7Li+"],
    [0.5, 95, 5],
    [1.0, 50, 50],
    [1.5, 8.0, 92],
]


@pytest.mark.parametrize("build", [_xlsx, _ods])
def test_profiles_in_a_workbook(build: Callable[[Sheets], bytes]) -> None:
    found = spreadsheet.read(
        Path("a.xlsx"), build({"59 h": PROFILE, "110 h": PROFILE, "notes": [["at noon"]]})
    )
    assert (found.technique, [sweep.label for sweep in found.sweeps]) == ("tracer", ["59 h", "110 h"])
    assert found.sweeps[0].columns["counts_6Li"].tolist() == [95, 50, 8]
    assert found.sweeps[1].columns["position_metre"] == pytest.approx([5e-7, 1e-6, 1.5e-6])


def test_of_two_techniques_in_a_workbook_the_study_chooses() -> None:
    content = _xlsx({"cold": SHEETS["cold"], "profile": PROFILE})
    first = spreadsheet.read(Path("a.xlsx"), content)
    assert (first.technique, len(first.sweeps)) == ("impedance", 1)
    assert "sheet 'profile' was left out: it holds tracer, another one impedance" in first.warnings
    chosen = spreadsheet.read(Path("a.xlsx"), content, "tracer")
    assert (chosen.technique, len(chosen.sweeps)) == ("tracer", 1)
