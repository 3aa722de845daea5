"""Every column of the record, not only those in use, against the text exports."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from ionscape.core.errors import ReadError
from ionscape.read.biologic_columns import FIELDS
from ionscape.read.biologic_records import makes_sense, record_columns

PATH = Path("a.mpr")
ALIASES = {"P/W": "Pwe/W"}  # newer EC-Lab words it so
HARMONIC = ("THD", "NSD", "NSR", "|Ewe h", "|I h")
NEVER_SEEN = {  # numbers that no real file at hand holds together with a text export
    *(16, 17, 18, 19, 23, 26, 69, 75, 78, 163, 168, 173, 271, 272, 301, 302, 331, 332, 361, 362, 391, 392),
    *(422, 423, 424, 425, 426, 462, 498, 499, 500, 501, 502, 505, 11, 9),
}


def records(content: bytes) -> tuple[tuple[int, ...], int, bytes]:
    """Column numbers, number of points, and the packed records."""
    start = content.index(b"MODULEVMP data")
    (length,) = struct.unpack_from("<I", content, start + 41)
    new = length == 0xFFFFFFFF
    header, length = (65, struct.unpack_from("<Q", content, start + 45)[0]) if new else (57, length)
    body = content[start + header : start + header + length]
    points, count = struct.unpack_from("<IH" if new else "<IB", body)
    numbers = struct.unpack_from(f"<{count}H", body, 6 if new else 5)
    version = struct.unpack_from("<I", content, start + 45)[0]
    return numbers, points, body[1007 if new else 403 + version :]


def test_every_column_agrees_with_the_text_export(shared_data: Path) -> None:
    seen = set()
    for text in sorted((shared_data / "eis").rglob("*.mpt")):
        binary = text.with_suffix(".mpr")
        if not binary.exists():
            continue
        numbers, points, packed = records(binary.read_bytes())
        if not points:
            continue
        columns, warnings = record_columns(numbers, packed, points, len(packed), binary)
        assert warnings == []
        lines = text.read_text("latin-1").replace("Â", "").splitlines()
        start = int(lines[1].split(":")[1])
        titles = lines[start - 1].split("\t")
        rows = [line.replace(",", ".").split("\t") for line in lines[start:]]
        for label, values in columns.items():
            title = label if label in titles else ALIASES.get(label, label)
            if label in ("Ns", "I Range") or title not in titles:
                continue
            place = titles.index(title)
            text_values = np.array([float(row[place]) for row in rows])
            shown = np.isin(
                text_values, (-1.0, 0.0), invert=True
            )  # EC-Lab blanks harmonics beyond its bandwidth
            if not label.startswith(HARMONIC):
                shown[:] = True
            np.testing.assert_allclose(
                values[shown], text_values[shown], rtol=3e-5, atol=1e-30, err_msg=f"{text.name} {label}"
            )
            seen.add(label)
    known = {field.label for number, field in FIELDS.items() if number not in NEVER_SEEN}
    assert known - seen == {"Ns", "I Range"}


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ReadError, match="do not fit"):
        record_columns([32, 37], bytes(80), 9, 80, PATH)
    with pytest.raises(ReadError, match="do not fit"):
        record_columns([32, 37], bytes(90), 9, 90, PATH)
    with pytest.raises(ReadError, match="cut short"):
        record_columns([32, 37], b"", 9, 72, PATH)


def test_what_makes_sense() -> None:
    frequency = np.geomspace(1e5, 1.0, 12)
    z = {"Re(Z)/Ohm": np.full(12, 3.0), "-Im(Z)/Ohm": np.full(12, 4.0), "|Z|/Ohm": np.full(12, 5.0)}
    time = np.arange(12.0)
    assert makes_sense({"freq/Hz": frequency, **z, "time/s": time}, guessed=True)
    assert not makes_sense({"freq/Hz": frequency, **z, "time/s": -time}, guessed=True)
    assert not makes_sense({"freq/Hz": frequency * 1e9, **z}, guessed=True)
    assert not makes_sense({"freq/Hz": frequency, **z, "|Z|/Ohm": np.full(12, 6.0)}, guessed=True)
    assert not makes_sense({"freq/Hz": np.tile(frequency[:2], 6), **z}, guessed=True)
    assert makes_sense({"freq/Hz": np.tile(frequency[:2], 6), **z}, guessed=False)
    assert not makes_sense({"freq/Hz": np.zeros(12), **z}, guessed=True)
