"""What a run of a study gives back: every analysis with its outcome, and where all of it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ionscape.core.outcome import Outcome
from ionscape.study.model import Study


@dataclass(frozen=True)
class InputFile:
    """One data file that the study read.

    Attributes
    ----------
    path : Path
        Absolute.
    sha256 : str
    size : int
        [byte]
    format : str
        Short name of the format; empty where the file could not be read.
    used_by : tuple of str
        Names of the measurements that list it.
    """

    path: Path
    sha256: str
    size: int
    format: str
    used_by: tuple[str, ...]


@dataclass(frozen=True)
class AnalysisRecord:
    """One analysis of the study and what came out.

    Attributes
    ----------
    name : str
        The study's own name for it, e.g. ``arcs``.
    use : str
        The analysis asked for, e.g. ``impedance.fit``.
    technique : str
        ``impedance``
    sample : str
        Name of the sample it belongs to; empty if to none.
    options : mapping
        Canonical options (defaults filled in), JSON types.
    status : "done" or "failed"
    reason : str
        Why it failed, one sentence; empty if done.
    outcome : Outcome
        Empty if failed.
    seconds : float
        CPU time of the computation, also where it comes from the cache.
    from_cache : bool
        Nothing of it had to be computed in this run.
    """

    name: str
    use: str
    technique: str
    sample: str
    options: Mapping[str, Any]
    status: Literal["done", "failed"]
    reason: str
    outcome: Outcome
    seconds: float
    from_cache: bool


@dataclass(frozen=True)
class StudyResult:
    """A study that was run.

    Attributes
    ----------
    study : Study
        ``study.title``, ``.path``, ``.text`` (the study file as read), ``.samples`` (name to `Sample`).
    analyses : tuple of AnalysisRecord
        In the study's order.
    inputs : tuple of InputFile
    warnings : tuple of str
        What the study left unsaid, one sentence each.
    versions : mapping of str to str
        Of Python, ionscape and what it computes with.
    started, finished : datetime
        With time zone (UTC).
    seed : int
        Every task's own seed is derived from it and from the task's name.
    key : str
        SHA-256 that changes when anything the results depend on changes.
    tracebacks : mapping of str to str
        File name (``traceback-arcs.txt``) to text, for unexpected exceptions.
    """

    study: Study
    analyses: tuple[AnalysisRecord, ...]
    inputs: tuple[InputFile, ...]
    warnings: tuple[str, ...]
    versions: Mapping[str, str]
    started: datetime
    finished: datetime
    seed: int
    key: str
    tracebacks: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[AnalysisRecord, ...]:
        """Analyses that gave no result."""
        return tuple(record for record in self.analyses if record.status == "failed")
