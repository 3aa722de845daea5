"""Fields that name a file: every key that ends in ``_file``, at any depth, relative to the study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ionscape.study.problems import Place, Problems, nearest

ENDING = "_file"


def with_files(
    content: Mapping[str, Any], folder: Path, place: Place, problems: Problems
) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """The fields with absolute paths, and the files; a file that is not there goes to ``problems``.

    Parameters
    ----------
    content : mapping
        Fields as written.
    folder : Path
        Of the study.
    place : Place
        Where the fields stand.
    """
    found: dict[Path, None] = {}
    resolved = _resolved(dict(content), folder, place, problems, found)
    return resolved, tuple(found)


def _resolved(value: Any, folder: Path, place: Place, problems: Problems, found: dict[Path, None]) -> Any:
    if isinstance(value, list):
        return [_resolved(v, folder, (*place, i), problems, found) for i, v in enumerate(value)]
    if not isinstance(value, dict):
        return value
    return {
        key: _file(v, folder, (*place, key), problems, found)
        if str(key).endswith(ENDING) and isinstance(v, str) and v
        else _resolved(v, folder, (*place, key), problems, found)
        for key, v in value.items()
    }


def _file(text: str, folder: Path, place: Place, problems: Problems, found: dict[Path, None]) -> str:
    path = (folder / Path(text).expanduser()).resolve()
    if path.is_file():
        found[path] = None
        return str(path)
    here = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
    close = nearest(path.name, here)
    problems.add(place, f"there is no file {text!r}" + (f": did you mean {close!r}?" if close else ""))
    return text
