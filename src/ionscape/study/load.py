"""A study file, read and checked: everything that can be said without computing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from ionscape.core.errors import InputError
from ionscape.study.analyses import AnalysisReader
from ionscape.study.measurements import read_measurements
from ionscape.study.model import Study
from ionscape.study.nodes import LARGEST_FILE, parse
from ionscape.study.problems import Problems
from ionscape.study.samples import read_samples
from ionscape.study.validation import Fields, validated

_NAME = re.compile(r"^[^\W\d][\w-]*$")


class StudyFields(Fields):
    """The top of a study file."""

    study: str = Field(min_length=1)
    samples: dict[str, Any] = Field(default_factory=dict)
    measurements: dict[str, Any] = Field(default_factory=dict)
    analyses: dict[str, Any] = Field(min_length=1)
    seed: int = 0
    synthetic: str = ""


def load_study(path: str | Path) -> Study:
    """Read and check a study file.

    Raises
    ------
    InputError
        If the file cannot be read.
    StudyErrors
        With everything that is wrong in it, each with its line.
    """
    file = Path(path)
    text = _text(file)
    document = parse(file, text)
    problems = Problems(file, document.lines)
    top = validated(StudyFields, document.content, (), problems)
    title = str(document.content.get("study") or file.stem)
    parts = [_section(document.content, key, problems) for key in ("samples", "measurements", "analyses")]
    samples_written, measurements_written, analyses_written = parts
    samples, unsaid = read_samples(title, samples_written, problems)
    measurements, unsaid_there = read_measurements(
        title, measurements_written, file.resolve().parent, samples_written, samples, problems
    )
    reader = AnalysisReader(
        title, analyses_written, measurements_written, measurements, samples_written, file.resolve().parent,
        problems,
    )  # fmt: skip
    analyses = reader.read()
    problems.raise_any()
    assert top is not None  # a problem was noted otherwise
    warnings = (*unsaid, *unsaid_there, *reader.notes)
    return Study(
        title, file.resolve(), text, samples, measurements, analyses, warnings, top.seed, top.synthetic
    )


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise InputError(f"{file}: too large for a study file: is it a data file?")
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(f"{file}: no such study file{_alternative(file)}") from error
    except IsADirectoryError as error:
        raise InputError(f"{file}: is a folder, expected a study file{_alternative(file / 'x')}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not a text in UTF-8: is it a data file?") from error
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error


def _alternative(file: Path) -> str:
    here = sorted(p.name for p in file.parent.glob("*.y*ml")) if file.parent.is_dir() else []
    return f" (there is {', '.join(here[:5])})" if here else ""


def _section(content: Mapping[str, Any], key: str, problems: Problems) -> dict[str, Any]:
    section = content.get(key)
    if not isinstance(section, dict):
        return {}  # of the wrong type: noted by the model
    for name in section:
        if not _NAME.match(name):
            problems.add(
                (key, name), "a name starts with a letter and holds letters, digits, '_' and '-' only"
            )
    return section
