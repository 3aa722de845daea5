"""ZPlot and ZView files in their three shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.read import autolab, zplot

NAME = Path("a.z")
VALUES = [(1e5, 100.0, -12.0), (1e4, 150.0, -40.0), (1e3, 190.0, -10.0)]
TABS = "\n".join(
    f"{f:.6E}\t1.0E-02\t0.0E+00\t2.5E+00\t{re:.4E}\t{im:.4E}\t0.0E+00\t0\t4" for f, re, im in VALUES
)
COMMAS = "\n".join(
    f"{f:.6E}, 1.0E-02, 0.0E+00, 2.5E+00, {re:.4E}, {im:.4E}, 0.0E+00, 0, 5" for f, re, im in VALUES
)
HEADINGS = "  Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange\n"
QUOTED = "\"  Freq (Hz)    Ampl     Bias   Time(Sec)   Z'(a)    Z''(b)    GD   Err   Range\"\n"
WITH_BLOCKS = (
    "ZPLOT2 ASCII\n  Measured Data, ZPlot:       3.2c\n  Date:                       10-12-2018\n"
    "  Begin Information:          Cell Information\n    Surface Area:             0.5\n"
    "  End Information:            Cell Information\n  Data Points:                3\n"
    + HEADINGS
    + "End Comments\n"
    + TABS
)
OLD = (
    '"ZPlotW Data File: Version 3.2c"\n"Raw Data"\nDate: 12-17-2019    Time: 16:24:35\n'
    "0,3,0,1,300000,0.005\n3\n" + QUOTED + COMMAS
)
ZVIEW = '"ZView Calculated Data File: Version 1.1"\n"Raw Data"\n0,2,0,1,7.9E-3,1.4E+3\n93\n' + QUOTED + TABS
Z60W = '"Z60W Data File: Version 1.1"\n""\n""\n0,2,0,1,0.1,10000\n3\n' + QUOTED + COMMAS


@pytest.mark.parametrize("text", [WITH_BLOCKS, OLD, ZVIEW, ZVIEW.replace("\n", "\r\n")])
def test_every_shape(text: str) -> None:
    assert zplot.recognises(text.encode(), "x")
    assert not autolab.recognises(text.encode(), "x")
    measurement = zplot.read(NAME, text.encode())
    (sweep,) = measurement.sweeps
    assert sweep.frequency.tolist() == [1e5, 1e4, 1e3]
    assert sweep.impedance.tolist() == [100 - 12j, 150 - 40j, 190 - 10j]


def test_header() -> None:
    measurement = zplot.read(NAME, WITH_BLOCKS.encode())
    assert measurement.area_square_metre == pytest.approx(5e-5)
    assert measurement.metadata["Date"] == "10-12-2018"
    default = WITH_BLOCKS.replace("             0.5", "             1")
    assert zplot.read(NAME, default.encode()).area_square_metre is None


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_z60w_file_is_autolabs(bom: bytes) -> None:
    content = bom + Z60W.encode()
    assert autolab.recognises(content, "x")
    assert not zplot.recognises(content, "x")
    assert autolab.read(NAME, content).sweeps[0].impedance.tolist() == [100 - 12j, 150 - 40j, 190 - 10j]


@pytest.mark.parametrize(
    ("text", "words"),
    [(WITH_BLOCKS[: WITH_BLOCKS.index("1.0")], "cut short|no points"), (WITH_BLOCKS[:60], "cut short")],
)
def test_reasons(text: str, words: str) -> None:
    with pytest.raises(ReadError, match=words):
        zplot.read(NAME, text.encode())


def test_headings_without_points() -> None:
    with pytest.raises(ReadError, match="before the first frequency"):
        zplot.read(NAME, WITH_BLOCKS[: -len(TABS)].encode())


@given(st.integers(0, 500), st.text(max_size=30))
def test_damaged_files_give_a_spectrum_or_a_reason(at: int, noise: str) -> None:
    for whole in (WITH_BLOCKS, OLD):
        try:
            assert zplot.read(NAME, (whole[:at] + noise + whole[at:]).encode()).sweeps
        except ReadError:
            continue
