"""The LLTO study finds the published coefficients that its data were generated from, and says that they were.

`map`, the fit of both whole images, takes two minutes and runs in ``make verify``.
"""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from ionscape.core.outcome import Outcome, Row
from ionscape.study import StudyResult, load_study, run_study
from ionscape.testing.llto import ROOM, TRUTH

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "llto"
ELECTRONVOLT = 1.602176634e-19
MAP, WINDOW = "  map: ", "  window: "


def _run(folder: Path, *, only: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> StudyResult:
    there = shutil.copytree(EXAMPLE, folder / "llto")
    study = there / "study.yaml"
    lines = study.read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(without)] if without else lines
    if only:
        first = kept.index("analyses:")
        kept = kept[: first + 1] + [line for line in kept[first + 1 :] if line.startswith(only)]
    study.write_text("\n".join(kept) + "\n", "utf-8")
    return run_study(load_study(study), jobs=1, cache=folder / "cache")


@pytest.fixture(scope="module")
def llto(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return _run(tmp_path_factory.mktemp("llto"), without=(MAP, WINDOW))


def _outcome(result: StudyResult, analysis: str) -> Outcome:
    record = next(a for a in result.analyses if a.name == analysis)
    assert record.status == "done", record.reason
    return record.outcome


def _row(result: StudyResult, analysis: str, quantity: str, kelvin: float | None = None, **more: str) -> Row:
    rows = [
        row for row in _outcome(result, analysis).rows
        if row.quantity == quantity and all(getattr(row, key) == value for key, value in more.items())
        and (kelvin is None or (row.temperature is not None and abs(row.temperature.value - kelvin) < 0.1))
    ]  # fmt: skip
    assert rows, f"{analysis} gives no {quantity}"
    return rows[0]


def _holds(row: Row, truth: float, probability: float = 0.99) -> None:
    """The 99 % interval: a fixed set of numbers may miss 95 % one time in twenty."""
    low, high = row.estimate.interval(probability)
    assert low <= truth <= high, f"{row.quantity}: {truth:g} outside {low:g} to {high:g}"


def test_nothing_fails_and_it_says_that_nothing_was_measured(llto: StudyResult) -> None:
    assert all(record.status == "done" for record in llto.analyses)
    assert "not measured" in llto.study.synthetic


@pytest.mark.parametrize(("analysis", "celsius"), [("storage", 22), ("anneal_60", 60), ("anneal_100", 100),
                                                   ("anneal_200", 200)])  # fmt: skip
def test_storage_finds_the_effective_coefficient(llto: StudyResult, analysis: str, celsius: float) -> None:
    row = _row(llto, analysis, "diffusion_coefficient", celsius + 273.15)
    assert (row.kind, row.channel) == ("D*", "effective")
    _holds(row, TRUTH.effective(celsius + 273.15))
    assert row.estimate.standard_uncertainty < 0.02 * row.estimate.value


def test_exchange_below_a_moving_meniscus_does_not_pretend(llto: StudyResult) -> None:
    _holds(_row(llto, "exchange", "diffusion_coefficient"), TRUTH.effective(ROOM))


@pytest.mark.parametrize("celsius", [22, 40, 60, 80, 100])
def test_echoes_find_the_bulk(llto: StudyResult, celsius: float) -> None:
    row = _row(llto, "echo", "diffusion_coefficient", celsius + 273.15)
    assert (row.kind, row.channel) == ("D_NMR", "bulk")
    _holds(row, TRUTH.bulk(celsius + 273.15))


def test_permeability_of_the_boundaries(llto: StudyResult) -> None:
    """From single boundaries of the image (geometric mean), and from D_eff and D_bulk."""
    geometric = TRUTH.permeability(ROOM) * math.exp(-(TRUTH.permeability_spread**2) / 2)
    _holds(_row(llto, "edges", "boundary_permeability"), geometric)
    _holds(_row(llto, "effective", "boundary_permeability", ROOM), TRUTH.permeability(ROOM))
    inside = _row(llto, "effective", "boundary_diffusion_coefficient", ROOM)
    _holds(inside, TRUTH.permeability(ROOM) * TRUTH.boundary_thickness)


def test_activation_energies(llto: StudyResult) -> None:
    boundary = _row(llto, "lines", "activation_energy", channel="boundary")
    bulk = _row(llto, "lines", "activation_energy", channel="bulk")
    _holds(boundary, TRUTH.boundary_energy * ELECTRONVOLT)
    _holds(bulk, TRUTH.bulk_energy * ELECTRONVOLT)
    assert boundary.estimate.standard_uncertainty < 0.005 * ELECTRONVOLT


def test_haven_ratios(llto: StudyResult) -> None:
    truth = TRUTH.boundary_prefactor / TRUTH.boundary_conductivity_prefactor
    assert truth == pytest.approx(0.24)
    for row in _outcome(llto, "haven_boundary").rows:
        if row.quantity == "haven_ratio":
            _holds(row, truth)
    for row in _outcome(llto, "haven_bulk").rows:
        if row.quantity == "haven_ratio":
            _holds(row, 1.0)
    assert any("use with H_R" in text for text in _outcome(llto, "haven_boundary").findings)


def test_the_grain_size_of_the_map(llto: StudyResult) -> None:
    _holds(_row(llto, "edges", "grain_size"), TRUTH.grain_size)


def test_bulk_tracer_against_total_conductivity_is_refused(tmp_path: Path) -> None:
    there = shutil.copytree(EXAMPLE, tmp_path / "llto")
    text = (there / "study.yaml").read_text("utf-8")
    head = text[: text.index("analyses:")]
    study = there / "refused.yaml"
    study.write_text(
        head + "analyses:\n  echo: { use: nmr.fit, on: echoes }\n"
        "  h:\n    use: consistency.haven_ratio\n    tracer: echo.diffusion_coefficient\n"
        "    conductivity: [1.0e-3 S/cm at 22 degC]\n    channels: { conductivity: effective }\n"
        "    kinds: { conductivity: D_sigma }\n", "utf-8")  # fmt: skip
    result = run_study(load_study(study), jobs=1, cache=tmp_path / "cache")
    record = next(a for a in result.analyses if a.name == "h")
    said = record.reason + " ".join(row.estimate.note for row in record.outcome.rows)
    ratios = [row.estimate for row in record.outcome.rows if row.quantity == "haven_ratio"]
    assert all(ratio.status == "refused" for ratio in ratios)
    assert "bulk" in said
    assert "effective" in said or "total" in said


@pytest.mark.verify
def test_the_whole_image(tmp_path: Path) -> None:
    result = _run(tmp_path, only=("  echo: ", "  storage: ", MAP, WINDOW))
    geometric = TRUTH.permeability(ROOM) * math.exp(-(TRUTH.permeability_spread**2) / 2)
    _holds(_row(result, "map", "diffusion_coefficient", channel="bulk"), TRUTH.bulk(ROOM))
    _holds(_row(result, "map", "boundary_permeability"), geometric)
    # other grains than the profiles cross (README): that they disagree must not pass in silence
    assert "contradict each other" in _outcome(result, "window").findings[0]
