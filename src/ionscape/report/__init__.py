"""What a run leaves behind: tables, arrays, references, provenance, and a page to send to a co-author."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "write_results": "write",
    "read_results": "results_table",
    "result_rows": "results_table",
    "ResultRow": "results_table",
    "page_html": "page",
}
__all__ = ["ResultRow", "page_html", "read_results", "result_rows", "write_results"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"ionscape.report.{_HOME[name]}"), name)
