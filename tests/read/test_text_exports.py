"""Small text exports of single instruments: CH Instruments, Parstat, PowerSuite, LCR meter, Novocontrol."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement
from ionscape.read import chinstruments, lcr_meter, neisys, parstat, powersuite
from ionscape.read.formats import ReaderFormat, reader_formats

Z = np.array([100 - 12j, 150 - 40j, 190 - 10j])
F = (1e5, 1e4, 1e3)

CHI = (
    "Feb. 20, 2020   15:55:08\nA.C. Impedance\nFile: c:\\x\nInstrument Model:  CHI660E\nHeader: \n\n"
    "Init E (V) = 0\n\n"
    "Freq/Hz, Z'/ohm, Z\"/ohm, Z/ohm, Phase/deg\n\n"
    + "".join(
        f"{f:.3e}, {z.real:.3e}, {z.imag:.3e}, {abs(z):.3e}, {np.angle(z, deg=True):.1f}\n"
        for f, z in zip(F, Z, strict=True)
    )
)
PARSTAT = (
    "Potential (V)\tCurrent (A)\tElapsed Time (s)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)"
    "\t|Vac| (V)\t|Iac| (A)\t\n"
    "3.49\t-0.15\t10\t0\t0\t0\t0\t0\t\n"
    + "".join(f"3.5\t0.02\t20\t{f}\t{z.real}\t{z.imag}\t0.005\t0.2\t\n" for f, z in zip(F, Z, strict=True))
)
POWERSUITE = "Frequency\t Zre\t Zimg\r\r\n" + "".join(
    f"{f}\t {z.real}\t {z.imag}\r\r\n" for f, z in zip(F, Z, strict=True)
)
LCR = "Time: 17:46; Datum: 17.07.2015\nSample Area [sqmm]: {area}\nSample Thickness [mm]: {thickness}\n\n" + (
    "F[Hz]\t\tZ[Ohm]\t\tTheta\t\tTemperatur[°C]\n"
    + "".join(
        f"{f:.6f}\t{abs(z):.6f}\t{np.angle(z, deg=True):.6f}\n".replace(".", ",")
        for f, z in zip(F, Z, strict=True)
    )
)
NOVOCONTROL = "s04147-140deg \nFixed value(s) :  AC Volt  [Vrms]=3.5000e-02  Temp. [°C]=140.0\n" + (
    "   Freq.[Hz]   \tZs'[ohm]  \tZs''[ohm]\n"
    + "".join(f" {f:.5e}\t {z.real:.5e}\t{z.imag:.5e}\n" for f, z in zip(F, Z, strict=True))
)
LCR_UNKNOWN = LCR.format(area="0,000", thickness="0,000")
EXPORTS = [
    (chinstruments, CHI),
    (parstat, PARSTAT),
    (powersuite, POWERSUITE),
    (lcr_meter, LCR_UNKNOWN),
    (neisys, NOVOCONTROL),
]


def _read(module: ModuleType, text: str) -> Measurement:
    return ReaderFormat.of_module(module).read(Path("x.txt"), text.encode("latin-1"))


@pytest.mark.parametrize(("module", "text"), EXPORTS)
def test_numbers(module: ModuleType, text: str) -> None:
    measurement = _read(module, text)
    assert measurement.format == module.FORMAT
    (sweep,) = measurement.sweeps
    assert sweep.frequency == pytest.approx(F)
    assert np.abs(sweep.impedance - Z).max() < 1e-5
    assert measurement.warnings == ()


@pytest.mark.parametrize(("module", "text"), EXPORTS)
def test_only_its_own_reader_recognises_each(module: ModuleType, text: str) -> None:
    content = text.encode("latin-1")
    names = [reader.name for reader in reader_formats() if reader.recognises(content, "x.txt")]
    assert names == [module.FORMAT, "delimited"]


def test_lcr_geometry() -> None:
    unknown = _read(lcr_meter, LCR_UNKNOWN)
    assert (unknown.area_square_metre, unknown.thickness_metre) == (None, None)
    known = _read(lcr_meter, LCR.format(area="50,000", thickness="2,100"))
    assert known.area_square_metre == pytest.approx(5e-5)
    assert known.thickness_metre == pytest.approx(2.1e-3)


def test_lcr_phase_is_in_degrees_however_small() -> None:
    text = LCR_UNKNOWN[: LCR_UNKNOWN.index("Temperatur")] + "\n100,0\t546,0\t-0,5\n10,0\t546,0\t0,1\n"
    sweep = _read(lcr_meter, text).sweeps[0]
    assert sweep.impedance.imag == pytest.approx(546 * np.sin(np.deg2rad([-0.5, 0.1])))


def test_novocontrol_header() -> None:
    measurement = _read(neisys, NOVOCONTROL)
    assert measurement.metadata["title"] == "s04147-140deg"
    assert measurement.sweeps[0].temperature_kelvin == pytest.approx(413.15)


def test_parstat_without_a_frequency() -> None:
    with pytest.raises(ReadError, match="zero frequency"):
        _read(parstat, "".join(PARSTAT.splitlines(keepends=True)[:2]))


@pytest.mark.parametrize(("module", "text"), EXPORTS)
def test_without_points(module: ModuleType, text: str) -> None:
    lines = text.replace("\r\r\n", "\n").split("\n")
    head = "\n".join(line for line in lines if not line.strip().startswith("1") and not line.startswith("3."))
    with pytest.raises(ReadError, match="no points"):
        _read(module, head)
