"""What a measurement's files are called: short names that no two files share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePath


def file_labels(files: Sequence[Path]) -> list[str]:
    """The files' names, each with as many of its folders as tell it from all others.

    Parameters
    ----------
    files : sequence of Path
        Absolute and all different.
    """
    labels: dict[Path, str] = {}
    length = 1
    while left := [path for path in files if path not in labels]:
        counts = Counter(path.parts[-length:] for path in left)
        labels |= {path: Path(*path.parts[-length:]).as_posix() for path in left
                   if counts[path.parts[-length:]] == 1}  # fmt: skip
        length += 1
    return [labels[path] for path in files]


def files_called(name: str, files: Sequence[Path]) -> list[Path]:
    """The files whose path ends in ``name``: a file's name, or with some of its folders (``run1/a.csv``)."""
    parts = PurePath(name).parts
    return [path for path in files if parts and path.parts[-len(parts) :] == parts]
