"""Whether a results folder still holds exactly what this run would write again."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from ionscape.study.cache import Cache, cache_folder, key_of, source_hash


@dataclass(frozen=True)
class Said:
    """What a run told its user: notes, the answers, the exit code."""

    notes: tuple[str, ...]
    answers: tuple[str, ...]
    code: int


class Written:
    """The memory of one results folder, in the study's cache.

    Parameters
    ----------
    study : Path
        Of the study file.
    key : str
        `Plan.key` of the study.
    directory : Path
        Where its results are or will be written.
    store : str or None
        The database that is to remember them.
    """

    def __init__(self, study: Path, key: str, directory: Path, store: str | None = None) -> None:
        self._directory = directory.resolve()
        self._cache = Cache(cache_folder(study.resolve().parent))
        self._key = key_of(what="written", result=key, folder=str(self._directory), store=store,
                           writer=source_hash("ionscape"))  # fmt: skip

    def intact(self) -> Said | None:
        """What was said when the folder was written; None unless it still holds those files.

        Sizes and times of change are compared, not contents.
        """
        content = self._cache.get(self._key)
        if content is None or not self._directory.is_dir():
            return None
        record = json.loads(content)
        if record["files"] != self._files():
            return None
        said = record["said"]
        return Said(tuple(said["notes"]), tuple(said["answers"]), int(said["code"]))

    def note(self, said: Said) -> None:
        """Remember what was just written."""
        content = json.dumps({"files": self._files(), "said": asdict(said)})
        self._cache.put(self._key, content.encode())

    def _files(self) -> dict[str, list[int]]:
        found, folders = {}, [str(self._directory)]
        start = len(folders[0]) + 1
        while folders:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif entry.is_file():
                        state = entry.stat()
                        found[entry.path[start:]] = [state.st_size, state.st_mtime_ns]
        return found
