"""The results folder: written whole beside its place, then moved there."""

from __future__ import annotations

import glob
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from ionscape.core.errors import InputError

if TYPE_CHECKING:
    from ionscape.study.result import StudyResult

FILES = ("results.csv", "results.json", "report.html", "arrays.zarr", "references.bib", "provenance.json")
_ABANDONED = 3600.0  # s: a temporary folder this old belongs to a run that was killed


def write_results(result: StudyResult, directory: Path) -> None:
    """Write everything that a study leaves behind into ``directory``.

    Parameters
    ----------
    result : StudyResult
    directory : Path
        Made where it does not exist. Earlier results in it are replaced, and only by complete new ones;
        files in it that ionscape did not write stay.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    directory = directory.resolve()
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory}: the results need a folder, and this is a file: choose another name")
    working = directory.parent / f".{directory.name}.partial-{uuid4().hex[:12]}"
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(directory)
        working.mkdir()
        _write_files(result, working)
        _move_in_place(working, directory)
    except OSError as error:
        raise InputError(f"{directory}: results cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(working, ignore_errors=True)


def _write_files(result: StudyResult, folder: Path) -> None:
    from ionscape.report.arrays import write_arrays
    from ionscape.report.page import page_html
    from ionscape.report.provenance import bibtex, provenance_text
    from ionscape.report.results_table import csv_text, json_text, result_rows

    rows = result_rows(result)
    texts = {
        "results.csv": csv_text(rows),
        "results.json": json_text(result, rows),
        "references.bib": bibtex(result),
        "provenance.json": provenance_text(result),
        "report.html": page_html(result),
        **result.tracebacks,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    write_arrays(result, folder / "arrays.zarr")


def _move_in_place(working: Path, directory: Path) -> None:
    """Swap folders where the old one is all ours; else move our entries one by one and leave the rest."""
    if not directory.exists():
        working.rename(directory)
        return
    old = working.with_name(working.name.replace(".partial-", ".old-"))
    if directory != Path.cwd() and all(is_result(entry.name) for entry in directory.iterdir()):
        directory.rename(old)
        working.rename(directory)
    else:
        old.mkdir()
        for entry in [e for e in directory.iterdir() if is_result(e.name)]:
            entry.rename(old / entry.name)
        for entry in list(working.iterdir()):
            entry.rename(directory / entry.name)
    shutil.rmtree(old, ignore_errors=True)


def is_result(name: str) -> bool:
    """Whether an entry of a results folder is one that ionscape writes there."""
    return name in FILES or (name.startswith("traceback-") and name.endswith(".txt"))


def _remove_abandoned(directory: Path) -> None:
    for kind in ("partial", "old"):
        for entry in directory.parent.glob(f".{glob.escape(directory.name)}.{kind}-*"):
            if time.time() - entry.stat().st_mtime > _ABANDONED:
                shutil.rmtree(entry, ignore_errors=True)
