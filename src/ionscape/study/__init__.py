"""From a study file to results: load and check it, plan the work, run it, cache it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

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
