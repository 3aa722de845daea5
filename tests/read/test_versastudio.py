"""VersaStudio .par."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import ReadError
from ionscape.read.versastudio import read, recognises

PATH = Path("a.par")
FREQUENCY = np.geomspace(1e5, 1.0, 16)
Z = 20 + 300 / (1 + 2j * np.pi * FREQUENCY * 3e-4)  # closed form, synthetic
TITLES = "Segment #, Point #, E(V), I(A), Elapsed Time(s), Frequency(Hz), Z Real, Z Imag, ActionId, 0"


def segment(number: int = 1, titles: str = TITLES, end: bool = True) -> str:
    rows = [
        f"{number},{n},0.1,-3E-06,{1.5 * n},{f},{z.real},{z.imag},21"
        for n, (f, z) in enumerate(zip(FREQUENCY, Z, strict=True))
    ]
    closing = [f"</Segment{number}>", ""] if end else []
    return "\r\n".join([f"<Segment{number}>", "Type=2", f"Definition={titles}", *rows, *closing])


def par(*segments: str, area: str = "0.785") -> bytes:
    top = (
        "<Application>\r\nName=VersaStudio\r\nVersion=2.52\r\n</Application>\r\n\r\n"
        f"<Action0>\r\nWorking Electrode Area (cm2)={area}\r\nComment=パレット\r\n</Action0>\r\n"
        "<Instrument>\r\nType=VersaSTAT4\r\nSN=16334007\r\n</Instrument>\r\n"
        "<Action1>\r\nName=Potentiostatic EIS\r\n</Action1>\r\n"
    )
    return (top + "\r\n".join(segments)).encode()


def test_a_spectrum() -> None:
    content = par(segment())
    assert recognises(content, "a.txt")
    found = read(PATH, content)
    (sweep,) = found.sweeps
    np.testing.assert_allclose(sweep.frequency, FREQUENCY)
    np.testing.assert_allclose(sweep.impedance, Z)
    np.testing.assert_allclose(sweep.columns["test_time_second"], 1.5 * np.arange(16))
    np.testing.assert_allclose(sweep.columns["current_ampere"], -3e-6)
    assert found.area_square_metre == pytest.approx(0.785e-4)
    assert found.warnings == ()
    assert found.metadata == {
        "technique": "Potentiostatic EIS",
        "instrument": "VersaSTAT4 16334007",
        "software": "VersaStudio 2.52",
        "comments": "パレット",
    }


def test_segments_are_sweeps() -> None:
    found = read(PATH, par(segment(1), segment(2)))
    assert [(sweep.label, sweep.frequency.size) for sweep in found.sweeps] == [("1", 16), ("2", 16)]


def test_the_default_area_is_no_area() -> None:
    found = read(PATH, par(segment(), area="1"))
    assert found.area_square_metre is None
    assert "default" in found.warnings[0]


def test_a_cut_file_gives_the_points_it_has() -> None:
    found = read(PATH, par(segment(end=False))[:-40])
    assert found.sweeps[0].frequency.size == 15
    assert "cut short" in found.warnings[0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (par(), "an experiment that did not run"),
        (par(segment(titles="Segment #, Point #, E(V), I(A), 0")), "no impedance in it"),
        (par(f"<Segment1>\nDefinition={TITLES}\n</Segment1>"), "holds no points"),
    ],
)
def test_a_file_without_a_spectrum_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        read(PATH, content)


@given(st.binary(max_size=60), st.integers(0, 1800), st.integers(0, 1800))
def test_damage_gives_a_measurement_or_a_reason(junk: bytes, at: int, end: int) -> None:
    content = par(segment())
    damaged = (content[:at] + junk + content[at + len(junk) :])[:end]
    recognises(damaged, "a.par")
    with suppress(ReadError):
        assert read(PATH, damaged).sweeps


def test_a_real_file(shared_data: Path) -> None:
    path = shared_data / "eis" / "formats_impedance_py" / "exampleDataVersaStudio.par"
    (sweep,) = read(path, path.read_bytes()).sweeps
    assert sweep.frequency.size == 61
    assert (sweep.frequency[0], sweep.impedance[0]) == (1e5, 55.31571 + 4.575431j)
    assert sweep.impedance[-1].imag < -100
