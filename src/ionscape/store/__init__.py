"""All studies ever run, searchable; and results packed for others.

SQLite by default (a file in the user's data folder), PostgreSQL by URL; the code speaks to both through
SQLAlchemy and asks nothing of one that the other lacks.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "record": "recording",
    "is_recorded": "recording",
    "query": "search",
    "FoundQuantity": "search",
    "export_crate": "export",
    "store_url": "connection",
}
__all__ = ["FoundQuantity", "export_crate", "is_recorded", "query", "record", "store_url"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"ionscape.store.{_HOME[name]}"), name)
