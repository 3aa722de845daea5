"""The bundled study's pipeline on real files: published values found, broken runs left out with reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from ionscape.core.outcome import Row
from ionscape.study import AnalysisRecord, load_study, run_study

ELECTRONVOLT = 1.602176634e-19

CERAMIC = """
study: Sample s04147, as measured
samples:
  s04147: {{ thickness: 0.21 ± 0.002 cm, diameter: 0.8 ± 0.005 cm }}
measurements:
  spectra: {{ technique: impedance, sample: s04147, files: "{data}/adediwura_s04147/*.txt",
             temperature: from name }}
analyses:
  validity: {{ use: impedance.validity, on: spectra }}
  arcs: {{ use: impedance.fit, on: spectra }}
  Ea: {{ use: temperature.arrhenius, on: [arcs.conductivity_bulk, arcs.conductivity_grain_boundary,
                                         arcs.conductivity_total] }}
"""
COMPOSITE = """
study: LATP composite, some runs broken
samples: {{ latp: {{}} }}
measurements:
  first: {{ technique: impedance, sample: latp, temperature: from name,
           files: "{data}/thesis_latp_llto/LATP_LMNO/1stTry/*.txt" }}
  second: {{ technique: impedance, sample: latp, temperature: from name,
            files: "{data}/thesis_latp_llto/LATP_LMNO/*.txt" }}
analyses:
  broken: {{ use: impedance.validity, on: first }}
  doubtful: {{ use: impedance.fit, on: first }}
  arcs: {{ use: impedance.fit, on: second }}
"""
# EISFitpython's separate fits (truth/separate_Arrhenius_Analysis_Report.txt): eV, and S/cm at 140 degC.
PUBLISHED = {
    "bulk": (0.5869, 0.0163, 2.857e-6, 2.511e-7),
    "grain_boundary": (0.8919, 0.0025, 2.076e-7, 4.579e-9),
    "total": (0.8555, 0.0006, 1.936e-7, 4.375e-9),
}


def _run(text: str, data: Path, folder: Path) -> dict[str, AnalysisRecord]:
    study = folder / "study.yaml"
    study.write_text(text.format(data=data.as_posix()), encoding="utf-8")
    result = run_study(load_study(study), jobs=1, cache=folder / "cache")
    return {record.name: record for record in result.analyses}


@pytest.fixture(scope="module")
def ceramic(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, AnalysisRecord]:
    return _run(CERAMIC, shared_data / "eis", tmp_path_factory.mktemp("s04147"))


@pytest.fixture(scope="module")
def composite(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, AnalysisRecord]:
    return _run(COMPOSITE, shared_data / "eis", tmp_path_factory.mktemp("latp"))


def _rows(record: AnalysisRecord, quantity: str) -> list[Row]:
    return [row for row in record.outcome.rows if row.quantity == quantity]


@pytest.mark.parametrize("which", PUBLISHED)
def test_published_conductivities_and_energies_without_any_starting_value(
    ceramic: dict[str, AnalysisRecord], which: str
) -> None:
    energy, energy_error, sigma, sigma_error = PUBLISHED[which]
    (line,) = [r for r in _rows(ceramic["Ea"], "activation_energy") if r.item == f"conductivity_{which}"]
    own = line.estimate.standard_uncertainty / ELECTRONVOLT
    assert abs(line.estimate.value / ELECTRONVOLT - energy) < (energy_error**2 + own**2) ** 0.5
    coldest = next(r for r in _rows(ceramic["arcs"], f"conductivity_{which}") if "140" in r.item)
    assert abs(coldest.estimate.value / 100 - sigma) < sigma_error


def test_all_seven_ceramic_spectra_pass(ceramic: dict[str, AnalysisRecord]) -> None:
    assert not ceramic["validity"].outcome.failures
    assert "7 of 7" in ceramic["validity"].outcome.findings[0]


def test_broken_runs_are_left_out_with_their_reasons(composite: dict[str, AnalysisRecord]) -> None:
    assert "0 of 11" in composite["broken"].outcome.findings[0]
    reasons = {f.item: f.reason for f in composite["arcs"].outcome.failures}
    assert set(reasons) == {"22.07.2015_150C.txt", "22.07.2015_150C_2.txt"}
    assert all("noise" in reason or "negative" in reason for reason in reasons.values())
    assert len({row.item for row in _rows(composite["arcs"], "resistance_total")}) == 3


def test_findings_open_with_what_failed_the_test(composite: dict[str, AnalysisRecord]) -> None:
    assert "do not pass the Kramers-Kronig test" in composite["doubtful"].outcome.findings[0]


def test_without_geometry_conductivities_are_refused_with_the_reason(
    composite: dict[str, AnalysisRecord],
) -> None:
    rows = _rows(composite["arcs"], "conductivity_total")
    assert rows
    assert all(r.estimate.status == "refused" and "thickness" in r.estimate.note for r in rows)
