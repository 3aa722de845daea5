"""Data files of instruments to `ionscape.core.measurement.Measurement`: ``read(path)``.

Names are loaded when first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ionscape.read.export import write_csv, write_netcdf
    from ionscape.read.formats import ReaderFormat, reader_formats
    from ionscape.read.reading import read

_PLACES = {
    "read": "reading",
    "write_csv": "export",
    "write_netcdf": "export",
    "ReaderFormat": "formats",
    "reader_formats": "formats",
}

__all__ = ["ReaderFormat", "read", "reader_formats", "write_csv", "write_netcdf"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
