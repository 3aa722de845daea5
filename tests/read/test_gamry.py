"""Gamry .DTA files, written here field by field."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.core.measurement import TIME
from ionscape.read import gamry

NAME = Path("a.DTA")
HEADINGS = "\tPt\tTime\tFreq\tZreal\tZimag\tZsig\tZmod\tZphz\tIdc\tVdc\tIERange\n"
UNITS = "\t#\ts\tHz\tohm\tohm\tV\tohm\t°\tA\tV\t#\n"
POINTS = [(10.0, 1e5, 100.5, -12.25), (20.0, 1e4, 150.0, -40.5), (30.0, 1e3, 190.0, -10.0)]


def _rows(points: list[tuple[float, float, float, float]] = POINTS) -> str:
    return "".join(
        f"\t{n}\t{t}\t{f}\t{re}\t{im}\t1\t{abs(complex(re, im))}\t-1\t1e-6\t0.1\t7\n"
        for n, (t, f, re, im) in enumerate(points)
    )


def _file(curve: str, *, area: str = "1.00000E+000", end: str = "") -> bytes:
    head = (
        "EXPLAIN\nTAG\tEISPOT\nTITLE\tLABEL\tPellet 3\tTest &Identifier\nDATE\tLABEL\t1/2/2026\tDate\n"
        f"AREA\tQUANT\t{area}\t&Area (cm^2)\nFREQFINAL\tQUANT\t1.0E-001\tFinal\nOCVCURVE\tTABLE\t1\n"
        "\tPt\tT\tVf\tVm\tAch\tOver\tTemp\n\t#\ts\tV vs. Ref.\tV\tV\tbits\tdeg C\n"
        "\t0\t0.25\t0.3\t0.3\t0.1\t..........a\t-327.67\nEOC\tQUANT\t0.3\tOpen Circuit (V)\n"
    )
    return (head + curve + end).encode("latin-1")


def test_curve_and_header() -> None:
    content = _file("ZCURVE\tTABLE\n" + HEADINGS + UNITS + _rows(), area="5.0E-001")
    assert gamry.recognises(content, "x")
    measurement = gamry.read(NAME, content)
    (sweep,) = measurement.sweeps
    assert sweep.frequency.tolist() == [1e5, 1e4, 1e3]
    assert sweep.impedance.tolist() == [100.5 - 12.25j, 150 - 40.5j, 190 - 10j]
    assert sweep.columns[TIME].tolist() == [10, 20, 30]
    assert measurement.area_square_metre == pytest.approx(5e-5)
    assert measurement.metadata["title"] == "Pellet 3"
    assert measurement.temperature_kelvin is None


def test_decimal_comma() -> None:
    content = _file(("ZCURVE\tTABLE\n" + HEADINGS + UNITS + _rows()).replace(".", ","))
    assert gamry.read(NAME, content).sweeps[0].impedance.tolist() == [100.5 - 12.25j, 150 - 40.5j, 190 - 10j]


def test_default_area_is_not_stated() -> None:
    assert gamry.read(NAME, _file("ZCURVE\tTABLE\n" + HEADINGS + UNITS + _rows())).area_square_metre is None


def test_drift_corrected_columns_go_first_and_the_others_stay() -> None:
    headings = "\tPt\tFreq\tZreal\tZimag\tZrealDrCor\tZimagDrCor\n\t#\tHz\tohm\tohm\tohm\tohm\n"
    rows = "".join(f"\t{n}\t{f}\t{re}\t{im}\t{re + 1}\t{im - 1}\n" for n, (_, f, re, im) in enumerate(POINTS))
    measurement = gamry.read(NAME, _file("ZCURVE\tTABLE\n" + headings + rows))
    sweep = measurement.sweeps[0]
    assert sweep.impedance.tolist() == [101.5 - 13.25j, 151 - 41.5j, 191 - 11j]
    assert sweep.columns["uncorrected_real_impedance_ohm"].tolist() == [100.5, 150, 190]
    assert "corrected for drift" in measurement.warnings[0]


def test_several_curves_are_sweeps() -> None:
    curve = HEADINGS + UNITS + _rows()
    measurement = gamry.read(NAME, _file("ZCURVE\tTABLE\n" + curve + "ZCURVE2\tTABLE\n" + curve))
    assert [sweep.label for sweep in measurement.sweeps] == ["1", "2"]


def test_aborted_run_keeps_its_points() -> None:
    end = "EXPERIMENTABORTED\tTOGGLE\tT\tExperiment Aborted\nFRACURVE\tTABLE\t1\n\tPt\tT\tV\n\t0\t1\t2\n"
    measurement = gamry.read(NAME, _file("ZCURVE\tTABLE\n" + HEADINGS + UNITS + _rows(), end=end))
    assert measurement.sweeps[0].frequency.size == 3
    assert "aborted" in measurement.warnings[0]


@pytest.mark.parametrize(
    ("curve", "end", "words"),
    [
        ("", "", "of kind EISPOT without an impedance curve"),
        ("ZCURVE\tTABLE\n" + HEADINGS + UNITS, "", "before the first frequency"),
        (
            "ZCURVE\tTABLE\n" + HEADINGS,
            "EXPERIMENTABORTED\tTOGGLE\tT\tx\n",
            "aborted before the first frequency",
        ),
    ],
)
def test_reasons(curve: str, end: str, words: str) -> None:
    with pytest.raises(ReadError, match=words):
        gamry.read(NAME, _file(curve, end=end))


@given(st.integers(0, 900), st.text(max_size=30))
def test_damaged_files_give_a_spectrum_or_a_reason(at: int, noise: str) -> None:
    whole = _file("ZCURVE\tTABLE\n" + HEADINGS + UNITS + _rows()).decode("latin-1")
    for text in (whole[:at], whole[:at] + noise + whole[at:]):
        try:
            assert gamry.read(NAME, text.encode()).sweeps
        except ReadError:
            continue
