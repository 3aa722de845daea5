"""The lithium borate study finds the width that its profiles were made with, and says that they were made.

All of it takes minutes and runs in ``make verify``; the suite fits two profiles together, with few draws.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ionscape.core.outcome import Outcome, Row
from ionscape.study import StudyResult, load_study, run_study
from ionscape.testing.lithium_borate import TRUTH

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "lithium_borate"
MEV = 1.602176634e-22
CHEAP = """analyses:
  arcs: { use: impedance.fit, on: spectra }
  joint:
    use: replacement.fit
    on: [potassium, rubidium]
    vacancy_fraction: 10 %
    model_free: false
    draws: 200
  sequential:
    use: replacement.simulate
    programme: K+ 222.2 ± 2 nA/cm^2 for 24 h at 70 degC
    site_energy_fwhm: joint.site_energy_fwhm
    vacancy_fraction: 10 %
    diffusion_ratio: joint.diffusion_ratio
    cells: 200
"""


def _run(folder: Path, analyses: str = "") -> StudyResult:
    there = shutil.copytree(EXAMPLE, folder / "lithium_borate")
    study = there / "study.yaml"
    if analyses:
        text = study.read_text("utf-8")
        study.write_text(text[: text.index("analyses:")] + analyses, "utf-8")
    return run_study(load_study(study), jobs=1, cache=folder / "cache")


@pytest.fixture(scope="module")
def cheap(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return _run(tmp_path_factory.mktemp("cheap"), CHEAP)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return _run(tmp_path_factory.mktemp("whole"))


def _outcome(result: StudyResult, analysis: str) -> Outcome:
    record = next(a for a in result.analyses if a.name == analysis)
    assert record.status == "done", record.reason
    return record.outcome


def _row(result: StudyResult, analysis: str, quantity: str, item: str = "") -> Row:
    rows = [
        row for row in _outcome(result, analysis).rows
        if row.quantity == quantity and row.item.startswith(item)
    ]  # fmt: skip
    assert rows, f"{analysis} gives no {quantity}"
    return rows[0]


def _holds(row: Row, truth: float, probability: float = 0.99) -> None:
    """The 99 % interval: a fixed set of numbers may miss 95 % one time in twenty."""
    low, high = row.estimate.interval(probability)
    assert low <= truth <= high, f"{row.quantity} ({row.item}): {truth:g} outside {low:g} to {high:g}"


def test_the_joint_fit_finds_the_width(cheap: StudyResult) -> None:
    """250 meV within the interval, which is no wider than 5 meV (1 SD), D_bulk from the impedance."""
    width = _row(cheap, "joint", "site_energy_fwhm")
    _holds(width, TRUTH.fwhm * 1000 * MEV)
    assert width.estimate.standard_uncertainty < 5 * MEV
    for ion in ("K+", "Rb+"):
        _holds(_row(cheap, "joint", "diffusion_ratio", ion), TRUTH.diffusion_ratio[ion])


def test_a_simulation_takes_what_the_fit_found(cheap: StudyResult) -> None:
    """The K+ experiment foretold: 15 % stay behind, with the fit's errors."""
    plateau = _row(cheap, "sequential", "plateau_fraction", "K+").estimate
    assert plateau.value == pytest.approx(TRUTH.plateau["K+"], rel=0.03)
    assert 0 < plateau.spread < 0.05


def test_nothing_was_measured_and_it_says_so(cheap: StudyResult) -> None:
    assert "not measured" in cheap.study.synthetic
    assert all(record.status == "done" for record in cheap.analyses)
    files = [path for path in (EXAMPLE / "data").rglob("*") if path.is_file()]
    assert all("SYNTHETIC" in path.read_text("utf-8") for path in files)
    assert sum(path.stat().st_size for path in files) < 300_000


# ---- the whole study ------------------------------------------------------------------------------------
@pytest.mark.verify
def test_every_analysis_of_the_whole_study(whole: StudyResult) -> None:
    assert all(record.status == "done" for record in whole.analyses)
    for analysis in ("joint", "vacancies", "alone"):
        _holds(_row(whole, analysis, "site_energy_fwhm"), TRUTH.fwhm * 1000 * MEV)
    for ion, ratio in TRUTH.diffusion_ratio.items():
        _holds(_row(whole, "joint", "diffusion_ratio", ion), ratio)
    assert _row(whole, "degenerate", "site_energy_fwhm").estimate.status == "undetermined"


@pytest.mark.verify
def test_unknown_vacancies_widen_the_interval(whole: StudyResult) -> None:
    known, unknown = (_row(whole, name, "site_energy_fwhm").estimate for name in ("joint", "vacancies"))
    assert unknown.standard_uncertainty > 3 * known.standard_uncertainty


@pytest.mark.verify
def test_the_second_experiment_is_foretold(whole: StudyResult) -> None:
    """Unmixed 3.4 % Li+ and 59 % Rb+ behind the Cs+ front; mixed neither Li+ nor, there, Cs+."""
    said = _outcome(whole, "sequential")
    unmixed = _row(whole, "sequential", "plateau_fraction", "Cs+: Rb+, unmixed").estimate
    assert unmixed.value == pytest.approx(0.592, abs=0.03)
    assert "told apart by one profile" in said.findings[0]
    assert any("Cs+ pushes Rb+" in text for text in said.findings)
