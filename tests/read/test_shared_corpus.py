"""Every real file of the shared corpus yields a spectrum or a reason, and the reasons are the right ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement
from ionscape.read import read

_RESULTS_NOT_DATA = {"truth", "LinKK_Output"}

# Each of these was opened and looked at: the file holds no spectrum, for the reason given.
_REASONS = {
    # the heading freq/Hz was taken out of the header, so that 18 headings stand over 19 columns
    "formats_impedance_py/exampleDataBioLogic_MissingFreq.mpt": "no frequency column",
    # Modulo Bat with constant current or voltage steps only: time, voltage, charge
    "formats_yadg/mb.issue_218.mpr": "no frequency column",
    "formats_yadg/mb.issue_95.de.mpt": "no frequency column",
    "formats_yadg/mb.issue_95.mpr": "no frequency column",
    "formats_yadg/mb.issue_95.mpt": "no frequency column",
    # Wait technique: time and voltage
    "formats_yadg/wait.mpr": "no frequency column",
    "formats_yadg/wait.mpt": "no frequency column",
    "formats_yadg/wait.old.mpt": "no frequency column",
    # prose about the samples
    "lpscl_huang/SSB_sample_info.txt": "this is a text",
    "lpscl_huang/sample_info.txt": "this is a text",
    # stopped before the first point: settings or headings, then nothing
    "thesis_latp_llto/assb/150806_LTO_LLTO_Li_04_PEIS_C03.mpr": "no points",
    "thesis_latp_llto/assb/LiNiMnO-LATP-LTO_07_PEIS_C01.mpr": "no points",
    "thesis_latp_llto/assb/LiNiMnO-LATP-LTO_07_PEIS_C01.mpt": "no points",
}


@pytest.fixture(scope="module")
def corpus(shared_data: Path) -> dict[str, Measurement | ReadError]:
    """What ``read`` makes of every data file; any other exception fails the tests."""
    folder = shared_data / "eis"
    found: dict[str, Measurement | ReadError] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and path.name != "README.md" and not _RESULTS_NOT_DATA & set(inside.parts):
            try:
                found[inside.as_posix()] = read(path)
            except ReadError as error:
                found[inside.as_posix()] = error
    return found


def _measurement(corpus: dict[str, Measurement | ReadError], name: str) -> Measurement:
    result = corpus[name]
    assert isinstance(result, Measurement), result
    return result


def test_every_file_gives_a_spectrum_or_the_right_reason(
    corpus: dict[str, Measurement | ReadError], counts: list[str]
) -> None:
    refused = {name: result for name, result in corpus.items() if isinstance(result, ReadError)}
    line = f"read {len(corpus) - len(refused)} of {len(corpus)} files; {len(refused)} with a reason"
    counts.append(line)
    print(line)
    for name, error in refused.items():
        print(f"  {name}: {error.reason}")
    assert set(refused) == set(_REASONS)
    assert {name for name, error in refused.items() if _REASONS[name] not in error.reason} == set()


def test_every_spectrum_is_usable(corpus: dict[str, Measurement | ReadError]) -> None:
    for name, result in corpus.items():
        if isinstance(result, ReadError):
            continue
        for sweep in result.sweeps:
            assert sweep.frequency.size > 0, name
            assert np.all(sweep.frequency > 0), name
            assert np.all(np.isfinite(sweep.impedance)), name
        labels = [sweep.label for sweep in result.sweeps]
        assert len(set(labels)) == len(labels), name


def test_reasons_are_one_sentence(corpus: dict[str, Measurement | ReadError]) -> None:
    for result in corpus.values():
        if isinstance(result, ReadError):
            assert "\n" not in str(result)
            assert 20 < len(str(result)) < 250


_CARRIERS = (
    "data-comma.csv",
    "data-comma-decimal-separator.csv",
    "data-header-variant-1.csv",
    "data-header-variant-2.csv",
    "data-header-variant-3.csv",
    "data-header-variant-4.csv",
    "data-semicolon.csv",
    "data-space.csv",
    "data-tab.csv",
    "case-negative-real-imaginary.csv",
    "data-metadata.mpt",
    "data.dta",
    "data.i2b",
    "data.idf",
    "data.ids",
    "data.mpt",
    "data.pssession",
    "data.ods",
    "data.xlsx",
    "data.z",
    "data.P00",
    "data.dfr",
)


@pytest.mark.parametrize("name", _CARRIERS)
def test_formats_that_carry_one_spectrum_agree(name: str, corpus: dict[str, Measurement | ReadError]) -> None:
    reference = _measurement(corpus, "formats_pyimpspec/data-comma.csv").sweeps[0]
    precision = {"data.P00": 2e-3, "data.idf": 2e-5, "data.ids": 2e-5}.get(name, 1e-6)  # digits printed
    sweeps = _measurement(corpus, f"formats_pyimpspec/{name}").sweeps
    for sweep in sweeps if name in ("data.xlsx", "data.ods") else sweeps[:1]:
        assert sweep.frequency == pytest.approx(reference.frequency, rel=precision)
        distance = np.abs(sweep.impedance - reference.impedance) / np.abs(reference.impedance)
        assert distance.max() < precision


def test_reversed_file_holds_the_same_spectra(corpus: dict[str, Measurement | ReadError]) -> None:
    forward = _measurement(corpus, "formats_pyimpspec/case-multiple-spectra.csv").sweeps
    backward = _measurement(corpus, "formats_pyimpspec/case-multiple-spectra-reverse.csv").sweeps
    assert (len(forward), len(backward)) == (4, 2)
    assert backward[0].frequency == pytest.approx(forward[0].frequency[::-1])
    spectra = [sweep.impedance for sweep in forward]
    for sweep in backward:
        assert any(np.allclose(sweep.impedance[::-1], spectrum, rtol=1e-9) for spectrum in spectra)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lpscl_huang/PEIS_LPSCl_IonBlocking_-25C.mpr", "lpscl_huang/PEIS_LPSCl_IonBlocking_-25C.txt"),
        (
            "lpscl_huang/PEIS_LPSCl_IonBlocking_-25C.mpr",
            "lpscl_huang/PEIS_LPSCl_IonBlocking_-25C_RelaxIS.txt",
        ),
        (
            "thesis_latp_llto/halfcell/LAGP_Korrosion.z",
            "thesis_latp_llto/halfcell/LAGP_Korrosion_04_PEIS_C02.mpt",
        ),
        (
            "thesis_latp_llto/halfcell/LATP_Korrosion.z",
            "thesis_latp_llto/halfcell/LATP_Korrosion_04_PEIS_C02.mpt",
        ),
    ],
)
def test_one_measurement_in_two_formats(
    one: str, other: str, corpus: dict[str, Measurement | ReadError]
) -> None:
    left, right = (_measurement(corpus, name).sweeps[0] for name in (one, other))
    left_order, right_order = np.argsort(left.frequency), np.argsort(right.frequency)
    assert left.frequency[left_order] == pytest.approx(right.frequency[right_order], rel=1e-5)
    z, w = left.impedance[left_order], right.impedance[right_order]
    assert np.abs(z - w).max() < 2e-6 * np.abs(w).max()


def test_polar_log_agrees_with_the_authors_own_conversion(
    corpus: dict[str, Measurement | ReadError], shared_data: Path
) -> None:
    """The author put the 42 °C run into Lin-KK; that program printed Z' and Z'' of the points it kept."""
    sweep = _measurement(corpus, "thesis_latp_llto/LATP_LMNO/22.07.2015_42C.txt").sweeps[0]
    kept = read(shared_data / "eis/thesis_latp_llto/LinKK_Output/LATP_LMNO_42.txt").sweeps[0]
    nearest = [int(np.argmin(np.abs(sweep.frequency - f))) for f in kept.frequency]
    assert sweep.frequency[nearest] == pytest.approx(kept.frequency, rel=1e-6)
    assert np.abs(sweep.impedance[nearest] / kept.impedance - 1).max() < 1e-4


def test_temperatures_from_names(corpus: dict[str, Measurement | ReadError]) -> None:
    def celsius(name: str) -> float | None:
        kelvin = _measurement(corpus, name).temperature_kelvin
        return None if kelvin is None else round(kelvin - 273.15, 6)

    for degrees in range(140, 201, 10):
        assert celsius(f"adediwura_s04147/s04147-{degrees}deg.txt") == degrees
    for degrees in (-72, -59, -50, -41, -27, -17, -1, 29, 50):
        assert celsius(f"thesis_latp_llto/LATP_LMNO/1stTry/17.07.2015_{degrees}C.txt") == degrees
    assert celsius("thesis_latp_llto/LLTO_LMNO/22.07.2015_50C_2.txt") == 50
    assert celsius("thesis_latp_llto/LLTO_LMNO/22.07.2015_blubC.txt") is None
    assert celsius("thesis_latp_llto/assb/SC_LATP_Au_Test01_02_PEIS_C03.mpr") is None
    assert celsius("lpscl_huang/PEIS_LPSCl_IonBlocking_-25C.mpr") == -25


def test_geometry_that_nobody_filled_in_is_unknown(corpus: dict[str, Measurement | ReadError]) -> None:
    """Zero in the LCR log; 1 cm2 in Gamry and ZPlot files is what the programs fill in by themselves."""
    for name in (
        "thesis_latp_llto/LATP_LMNO/22.07.2015_42C.txt",
        "formats_impedance_py/exampleDataGamry.DTA",
        "formats_impedance_py/exampleDataZPlot.z",
    ):
        measurement = _measurement(corpus, name)
        assert measurement.area_square_metre is None
        assert measurement.thickness_metre is None
    corrected = _measurement(corpus, "formats_pyimpspec/drift-corrected-data.dta")
    assert corrected.area_square_metre == pytest.approx(2e-6)


def test_aborted_run_gives_its_points_and_says_so(corpus: dict[str, Measurement | ReadError]) -> None:
    aborted = _measurement(corpus, "formats_impedance_py/exampleDataGamryABORT.DTA")
    assert aborted.sweeps[0].frequency.size == 72
    assert any("aborted" in warning for warning in aborted.warnings)


def test_loops_of_a_table_are_sweeps(corpus: dict[str, Measurement | ReadError]) -> None:
    """Ten loops, each of 89 frequencies and a row at frequency zero."""
    loops = _measurement(corpus, "lpscl_huang/SSB_Sample2_PEIS_AtRest.csv").sweeps
    assert [sweep.label for sweep in loops] == [str(number) for number in range(10)]
    assert {sweep.frequency.size for sweep in loops} == {89}
