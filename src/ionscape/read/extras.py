"""Modules of optional extras: loaded when a file needs them, with one sentence where they are missing."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from ionscape.core.errors import ReadError


def optional_module(module: str, extra: str, path: Path, what: str) -> Any:
    """The module, imported.

    Parameters
    ----------
    module, extra : str
        E.g. ``"tifffile"`` and ``"images"``.
    path : Path
        The file that needs it.
    what : str
        The file's kind, e.g. ``"TIFF images"``.

    Raises
    ------
    ReadError
        It is not installed; the message holds the command.
    """
    try:
        return import_module(module)
    except ImportError:
        reason = f"reading {what} needs {module.split('.')[0]}: pip install 'ionscape[{extra}]'"
        raise ReadError(path, reason) from None
