"""What the README shows works as it stands there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ionscape.study import load_study

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


def test_the_python_of_the_readme_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = _blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.startswith("valid")
    assert "ohm>" in printed
    assert re.search(r"D\* = 2\.0\d?e-09 cm2/s", printed)  # the truth of the generated data is 2.01e-9


def test_the_study_of_the_readme_is_a_study_of_ten_lines(tmp_path: Path) -> None:
    (text,) = _blocks("yaml")
    assert len(text.splitlines()) <= 10
    shutil.copytree(ROOT / "examples" / "ceramic_pellet" / "spectra", tmp_path / "spectra")
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    assert set(load_study(tmp_path / "study.yaml").analyses) == {"validity", "arcs", "Ea"}


def test_files_that_the_readme_points_to_are_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
