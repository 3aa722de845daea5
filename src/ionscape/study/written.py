"""Whether a results folder still holds exactly what this run would write again."""

from __future__ import annotations

import json
from pathlib import Path

from ionscape.study.cache import Cache, cache_folder, key_of, source_hash
from ionscape.study.result import StudyResult


class Written:
    """The memory of one results folder, in the study's cache.

    Parameters
    ----------
    result : StudyResult
    directory : Path
        Where its results are or will be written.
    store : str or None
        The database that is to remember them.
    """

    def __init__(self, result: StudyResult, directory: Path, store: str | None = None) -> None:
        self._directory = directory.resolve()
        self._from_cache = all(record.from_cache for record in result.analyses)
        self._cache = Cache(cache_folder(result.study.path.parent))
        self._key = key_of(what="written", result=result.key, folder=str(self._directory), store=store,
                           writer=source_hash("ionscape"))  # fmt: skip

    def intact(self) -> bool:
        """The folder holds the results of this very computation, every file of the size and time noted."""
        content = self._cache.get(self._key) if self._from_cache else None
        if content is None or not self._directory.is_dir():
            return False
        return bool(json.loads(content) == self._files())

    def note(self) -> None:
        """Remember what was just written."""
        self._cache.put(self._key, json.dumps(self._files()).encode())

    def _files(self) -> dict[str, list[int]]:
        return {
            path.relative_to(self._directory).as_posix(): [path.stat().st_size, path.stat().st_mtime_ns]
            for path in sorted(self._directory.rglob("*"))
            if path.is_file()
        }
