"""Logged currents, as loggers write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ionscape.core.errors import ReadError
from ionscape.replacement.current_trace import logged_drive


def _file(folder: Path, text: str) -> Path:
    file = folder / "log.txt"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("headings", "quantity", "factor"),
    [
        ("time (s);current density (nA/cm2)", "current density", 1e-5),
        ("t / s;j / uA cm^-2", "current density", 1e-2),
        ("Time [s];I [pA]", "current", 1e-12),
        ("time_s;U (V)", "voltage", 1.0),
        ("t (s);j (A/m^2)", "current density", 1.0),
    ],
)
def test_units_stand_in_the_headings(tmp_path: Path, headings: str, quantity: str, factor: float) -> None:
    found = logged_drive(_file(tmp_path, f"# a note\n{headings}\n5;1.5\n10;2.5\n20;0.5\n"))
    assert found.quantity == quantity
    assert found.duration == 15.0
    np.testing.assert_allclose(found.trace.time, [0, 5, 15])
    np.testing.assert_allclose(found.trace.values, np.array([1.5, 2.5, 0.5]) * factor)


def test_minutes_and_a_decimal_comma(tmp_path: Path) -> None:
    found = logged_drive(_file(tmp_path, "t (min)\tI (nA)\n0,0\t1,5\n2,5\t2,5\n"))
    assert found.duration == 150.0
    np.testing.assert_allclose(found.trace.values, [1.5e-9, 2.5e-9])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,current\n0,1\n1,2\n", "name them e.g. 'time \\(s\\), current density"),
        ("time (s),T (degC)\n0,1\n1,2\n", "no columns of time and of current"),
        ("time (s),I (nA)\n0,1\n2,1\n1,1\n", "log.txt:4: the time 1 s does not increase"),
        ("time (s),I (nA)\n0,1\n", "at least two points"),
        ("nothing here", "no columns"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        logged_drive(_file(tmp_path, text))


def test_a_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="cannot be read"):
        logged_drive(tmp_path / "none.csv")
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04" + bytes(range(32)) * 20)
    with pytest.raises(ReadError, match="export it as csv"):
        logged_drive(tmp_path / "b.xlsx")
