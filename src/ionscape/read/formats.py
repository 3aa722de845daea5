"""Which formats can be read: the built-in modules, and those of other packages.

A format is a module with three names:

``FORMAT: str``
    Short name, e.g. ``"gamry-dta"``.
``recognises(head: bytes, name: str) -> bool``
    Whether the first 64 KiB of a file are of this format; the name is only a tie-break. Fast, never raises.
``read(path: Path, content: bytes) -> Measurement``
    Raises `ionscape.core.errors.ReadError`.

Another package adds a format with an entry point of the group ``ionscape.readers`` that names such a module.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from ionscape.core.measurement import Measurement

HEAD_BYTES = 65536
ENTRY_POINT_GROUP = "ionscape.readers"

# Formats that a few bytes tell apart from all others; asked first, in this order.
SPECIFIC = (
    "biologic_mpr",
    "biologic_mpt",
    "gamry",
    "zplot",
    "autolab",
    "chinstruments",
    "versastudio",
    "parstat",
    "ivium_idf",
    "ivium_i2b",
    "palmsens",
    "relaxis",
    "p00",
    "dfr",
    "powersuite",
    "lcr_meter",
    "neisys",
)
# Formats that take any table; asked after everybody else's.
GENERIC = ("spreadsheet", "delimited")


@dataclass(frozen=True)
class ReaderFormat:
    """One format: its name, how it is recognised, how it is read."""

    name: str
    recognises: Callable[[bytes, str], bool]
    read: Callable[[Path, bytes], Measurement]

    @classmethod
    def of_module(cls, module: Any) -> ReaderFormat:
        """The format that a module with the three names above describes.

        Raises
        ------
        AttributeError
            If a name is missing.
        """
        return cls(name=module.FORMAT, recognises=module.recognises, read=module.read)


def reader_formats() -> Iterator[ReaderFormat]:
    """All formats, most specific first; each module is imported when its turn comes."""
    for name in SPECIFIC:
        yield _built_in(name)
    yield from third_party_formats()
    for name in GENERIC:
        yield _built_in(name)


@cache
def _built_in(name: str) -> ReaderFormat:
    return ReaderFormat.of_module(import_module(f"ionscape.read.{name}"))


@lru_cache(maxsize=1)
def third_party_formats() -> tuple[ReaderFormat, ...]:
    """Formats of other installed packages; one that cannot be loaded is left out with a warning."""
    found = (_loaded(entry) for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda e: e.name))
    return tuple(reader for reader in found if reader is not None)


def _loaded(entry: EntryPoint) -> ReaderFormat | None:
    try:
        return ReaderFormat.of_module(entry.load())
    except Exception as error:  # another package's fault must not stop a reading
        warnings.warn(
            f"reader {entry.name!r} ({entry.value}) could not be loaded and is left out: {error}",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
