"""From a study file to results: load and check it, plan the work, run it, cache it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ionscape.study.load import load_study
    from ionscape.study.model import Study
    from ionscape.study.problems import StudyErrors
    from ionscape.study.result import AnalysisRecord, InputFile, StudyResult
    from ionscape.study.run import run_study

_HOME = {
    "load_study": "load",
    "StudyErrors": "problems",
    "Study": "model",
    "run_study": "run",
    "StudyResult": "result",
    "AnalysisRecord": "result",
    "InputFile": "result",
}
__all__ = ["AnalysisRecord", "InputFile", "Study", "StudyErrors", "StudyResult", "load_study", "run_study"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"ionscape.study.{_HOME[name]}"), name)
