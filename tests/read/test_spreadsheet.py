"""Workbooks, zipped together by hand from the two formats' own XML."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.read import spreadsheet

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
