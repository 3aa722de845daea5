"""Results that need not be computed again: files named by the SHA-256 of all that they depend on.

The cache is the folder ``.ionscape-cache`` beside the study file, or the one that the environment variable
IONSCAPE_CACHE names. Deleting it costs time only. An entry is written to a temporary file and renamed, so
that a reader, another run, or a run after a kill never sees half of one; a damaged entry counts as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import lru_cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

from ionscape.core.errors import IonscapeError
from ionscape.core.estimate import Estimate
from ionscape.core.serial import encode

FOLDER = ".ionscape-cache"
VARIABLE = "IONSCAPE_CACHE"
_KEEP_SECONDS = 90 * 86400
_DEPENDENCIES = (
    "numpy", "scipy", "pint", "pydantic", "python-calamine", "numba", "scikit-image",
    "tifffile", "nmrglue",
)  # fmt: skip
_PLUG_IN_GROUPS = ("ionscape.readers", "ionscape.impedance_elements")
# Parts of ionscape that no result depends on.
_WITHOUT_RESULTS = ("cli.py", "commands", "report", "store", "web", "testing", "templates")


def cache_folder(study_folder: Path) -> Path:
    """Where the results of studies in a folder are kept."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).expanduser() if chosen else study_folder / FOLDER


class Cache:
    """A folder of entries.

    Parameters
    ----------
    folder : Path
        Created at the first entry.
    fresh : bool
        Read nothing that an earlier run left.
    """

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        self.folder, self._fresh = folder, fresh
        self._written: set[str] = set()
        self.problem = ""

    def get(self, key: str) -> bytes | None:
        """The entry, or None if there is none or it is damaged."""
        if self._fresh and key not in self._written:
            return None
        path = self._path(key)
        try:
            whole = path.read_bytes()
        except OSError:
            return None
        content = whole[32:]
        if hashlib.sha256(content).digest() != whole[:32]:
            return None
        return content

    def put(self, key: str, content: bytes) -> None:
        """Keep an entry; a disk that cannot take it costs the saving of time, not the result."""
        path = self._path(key)
        temporary = path.with_name(f".{uuid4().hex}.tmp")
        try:
            if not path.parent.is_dir():
                self._make(path.parent)
            temporary.write_bytes(hashlib.sha256(content).digest() + content)
            temporary.replace(path)
            self._written.add(key)
        except OSError as error:
            temporary.unlink(missing_ok=True) if temporary.parent.is_dir() else None
            self.problem = (
                f"the cache {self.folder} cannot be written ({error.strerror}): nothing is kept there"
            )

    def prune(self) -> None:
        """Remove entries and leavings of killed runs that are older than 90 days."""
        oldest = time.time() - _KEEP_SECONDS
        for path in self.folder.glob("??/*"):
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
            except OSError:  # another run was faster
                continue

    def _make(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / ".gitignore").exists():
            (self.folder / ".gitignore").write_text("*\n", "utf-8")

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key[2:]


def key_of(**parts: Any) -> str:
    """SHA-256 of parts, independent of the order of mappings."""
    return hashlib.sha256(json.dumps(plain(parts), sort_keys=True, allow_nan=True).encode()).hexdigest()


def plain(value: Any) -> Any:
    """JSON types that stand for ``value``: texts for what JSON has no type for.

    Raises
    ------
    IonscapeError
        If there is nothing that certainly tells it from other values.
    """
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Estimate):
        return value.to_json()
    text = getattr(value, "text", None)  # a Quantity, as the user wrote it
    if isinstance(text, str):
        return text
    if is_dataclass(value):
        content, arrays = encode(value)
        if not arrays:
            return plain(content)
    # its text may be the same for different values, or another in each process
    raise IonscapeError(f"{type(value).__qualname__} cannot be part of a key: results depend on plain values")


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Versions of Python, ionscape and the packages that results depend on."""
    found = {"python": ".".join(map(str, sys.version_info[:3])), "ionscape": _version("ionscape")}
    plug_ins = {point.dist.name: point.dist.version for point in _plug_ins() if point.dist is not None}
    return found | {name: _version(name) for name in _DEPENDENCIES} | plug_ins


def _plug_ins() -> list[metadata.EntryPoint]:
    """What other packages add to ionscape's own techniques: readers and circuit elements."""
    found = [point for group in _PLUG_IN_GROUPS for point in metadata.entry_points(group=group)]
    return sorted(found, key=lambda point: (point.group, point.name, point.value))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "?"


@lru_cache(maxsize=64)
def code_hash(package: str) -> str:
    """SHA-256 of ionscape's own source (what results depend on), of plug-ins and of a technique's package.

    The whole of ionscape counts, not only what a technique imports: a helper three modules away is never
    forgotten, and a development change costs one recomputation.
    """
    own = source_hash("ionscape", _WITHOUT_RESULTS)
    for top in sorted({point.module.partition(".")[0] for point in _plug_ins()} - {"ionscape"}):
        own += f" {source_hash(top)}"
    return own if package.split(".")[0] == "ionscape" else f"{own} {source_hash(package)}"


@lru_cache(maxsize=64)
def source_hash(package: str, without: tuple[str, ...] = ()) -> str:
    """SHA-256 of all Python source in a package, but for the parts named."""
    digest = hashlib.sha256()
    for name, content in _sources(package, without):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources(package: str, without: tuple[str, ...]) -> list[tuple[str, bytes]]:
    spec = find_spec(package)
    if spec is None:
        return []
    if not spec.submodule_search_locations:
        return [(package, Path(spec.origin).read_bytes())] if spec.origin else []
    found = []
    for location in spec.submodule_search_locations:
        folder = Path(location)
        for path in sorted(folder.rglob("*.py")):
            inside = path.relative_to(folder)
            if inside.parts[0] not in without:
                found.append((inside.as_posix(), path.read_bytes()))
    return found
