"""Which formats can be read: the built-in modules, and those of other packages.

A format is a module with three names:

``FORMAT: str``
    Short name, e.g. ``"gamry-dta"``.
``recognises(head: bytes, name: str) -> bool``
    Whether the first 64 KiB of a file are of this format; the name is only a tie-break. Fast, never raises.
``read(path: Path, content: bytes) -> Measurement``
    Raises `ionscape.core.errors.ReadError`.

and, where it does not hold impedance, a fourth:

``TECHNIQUE: str``
    The technique whose measurements the format holds, e.g. ``"tracer"``. The built-in tables serve several:
    theirs is empty, and their ``read`` takes the technique that the study names, or None, as third argument.

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
    "bruker_diffusion",
    "numpy_npz",
    "numpy_npy",
    "tiff",
    "iontof_ita",
    "iontof_ascii",
)
# Formats that take any table; asked after everybody else's.
GENERIC = ("spreadsheet", "delimited")


@dataclass(frozen=True)
class ReaderFormat:
    """One format: its name, how it is recognised, how it is read, and for which technique.

    ``technique`` is empty for tables, whose content tells; their ``read`` takes the wanted one as well.
    """

    name: str
    recognises: Callable[[bytes, str], bool]
    read: Callable[..., Measurement]
    technique: str = "impedance"

    @classmethod
    def of_module(cls, module: Any) -> ReaderFormat:
        """The format that a module with the three names above describes.

        Raises
        ------
        AttributeError
            If a name is missing.
        """
        technique = getattr(module, "TECHNIQUE", "impedance")
        return cls(name=module.FORMAT, recognises=module.recognises, read=module.read, technique=technique)

    def measurement(self, path: Path, content: bytes, technique: str | None = None) -> Measurement:
        """`read`, with the technique for those formats that serve several."""
        return self.read(path, content) if self.technique else self.read(path, content, technique)


def reader_formats() -> Iterator[ReaderFormat]:
    """All formats, most specific first; each module is imported when its turn comes."""
    for name in SPECIFIC:
        yield _built_in(name)
    yield from third_party_formats()
    for name in GENERIC:
        yield _built_in(name)


def companions(path: Path) -> tuple[Path, ...]:
    """Files beside a data file that its reader reads too: what depends on the one depends on all of them."""
    if path.name not in ("ser", "2rr"):
        return ()
    inside = path.resolve().parents
    folder = inside[2] if path.name == "2rr" and len(inside) > 2 else inside[0]
    named = [folder / name for name in ("acqus", "acqu2s", "difflist", "pulseprogram")]
    spectra = sorted(folder.glob("pdata/*/2rr")) + sorted(folder.glob("pdata/*/proc*s"))
    return tuple(file for file in (*named, *spectra) if file.is_file() and file != path.resolve())


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
