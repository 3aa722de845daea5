"""In a worker: combine the pieces of a series, or the results of other analyses, into one outcome."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from ionscape.core.errors import AnalysisError, IonscapeError
from ionscape.core.outcome import Failure, Outcome
from ionscape.core.registry import Series, analysis, technique
from ionscape.core.serial import from_bytes, to_bytes
from ionscape.study.outcome_check import check_outcome
from ionscape.study.tasks import (
    CombineTask,
    FilePieces,
    ItemPiece,
    StoredOutcome,
    TaskResult,
    completed,
    measurement_fields,
    reason_of,
    unexpected,
)


def combine(task: CombineTask) -> TaskResult:
    """The whole analysis, from pieces or from other results."""
    start = time.process_time()
    found = StoredOutcome("failed", "", Outcome())
    read = 0.0

    def content(found: StoredOutcome) -> bytes:
        return to_bytes(replace(found, seconds=time.process_time() - start + read))

    try:
        files = _files(task)
        read = sum(file.seconds for file in files)
        items, fields = _by_temperature(files, task)
        failures = tuple(item.piece for item in items if isinstance(item.piece, Failure))
        formats = tuple(file.format for file in files)
        found = StoredOutcome("failed", "", Outcome(failures=failures), formats, _notes(task, files))
        if items and len(failures) == len(items):
            raise AnalysisError(_nothing_usable(failures))
        outcome = _with_failures(_combined(task, files, items, fields), failures)
        return TaskResult(content(replace(found, status="done", outcome=outcome)))
    except IonscapeError as error:
        return TaskResult(content(replace(found, reason=reason_of(error))))
    except Exception as error:  # a bug in one analysis must not stop the others
        reason = unexpected(error, task.work.name)
        return TaskResult(content(replace(found, reason=reason)), traceback.format_exc())


def _by_temperature(files: Sequence[FilePieces], task: CombineTask) -> tuple[list[ItemPiece], list[Any]]:
    """Items and their measurements' fields: from cold to hot where all temperatures are known."""
    validated = {id(content): measurement_fields(task.technique, content) for content in task.fields}
    pairs = [
        (item, validated[id(content)])
        for file, content in zip(files, task.fields, strict=True)
        for item in file.items
    ]
    known = [(item.temperature.value, k) for k, (item, _) in enumerate(pairs) if item.temperature is not None]
    ordered = [pairs[k] for _, k in sorted(known)] if len(known) == len(pairs) else pairs
    return [item for item, _ in ordered], [fields for _, fields in ordered]


def _nothing_usable(failures: Sequence[Failure]) -> str:
    first = failures[0]
    if len(failures) == 1:
        return f"the only item could not be used; {first.item}: {first.reason}"
    return f"none of the {len(failures)} items could be used; the first, {first.item}: {first.reason}"


def _combined(
    task: CombineTask, files: Sequence[FilePieces], items: Sequence[ItemPiece], fields: Sequence[Any]
) -> Outcome:
    use = analysis(task.work.use)
    sample = completed(
        task.work.sample, *(_agreed(files, f) for f in ("thickness_metre", "area_square_metre"))
    )
    series = Series(
        sample, task.work.source,
        labels=tuple(i.label for i in items), temperatures=tuple(i.temperature for i in items),
        item_sources=tuple(i.source for i in items), pieces=tuple(i.piece for i in items),
        inputs=task.inputs, seed=task.seed,
        fields=tuple(fields),
    )  # fmt: skip
    outcome = use.combine(series, use.options.model_validate(dict(task.work.options)))
    if not isinstance(outcome, Outcome):
        raise TypeError(f"{use.name} gave {type(outcome).__name__} instead of an Outcome")
    check_outcome(outcome, technique(use.name.partition(".")[0]))
    return outcome


def _with_failures(outcome: Outcome, failures: tuple[Failure, ...]) -> Outcome:
    told = {failure.item for failure in outcome.failures}
    untold = tuple(failure for failure in failures if failure.item not in told)
    return replace(outcome, failures=outcome.failures + untold) if untold else outcome


def _agreed(files: Sequence[FilePieces], field: str) -> float | None:
    """A geometry that all readable files state alike."""
    values = {getattr(file, field) for file in files if file.format}
    return values.pop() if len(values) == 1 else None


def _notes(task: CombineTask, files: Sequence[FilePieces]) -> tuple[tuple[str, str], ...]:
    """What the readers remarked, and geometry that only the files know."""
    sample = task.work.sample
    no_thickness = not (sample.thickness or sample.thickness_before or sample.thickness_after)
    notes: list[tuple[str, str]] = [(task.work.name, remark) for remark in task.remarks]
    for file in files:
        notes += [(file.label, note) for note in file.notes]
        if no_thickness and file.thickness_metre:
            notes.append((file.label, _taken(f"thickness {file.thickness_metre * 100:.4g} cm")))
        if sample.area is None and file.area_square_metre:
            notes.append((file.label, _taken(f"area {file.area_square_metre * 1e4:.4g} cm²")))
    return tuple(notes)


def _taken(what: str) -> str:
    return f"{what} taken from the file, the study states none; its uncertainty is not known"


def _files(task: CombineTask) -> list[FilePieces]:
    try:
        return [from_bytes(content) for content in task.pieces]
    except IonscapeError:  # a class of the technique that this process has not met yet
        _import_modules(technique(task.technique).package)
        return [from_bytes(content) for content in task.pieces]


def _import_modules(package: str) -> None:
    from pkgutil import iter_modules

    root = import_module(package)
    for module in iter_modules(getattr(root, "__path__", ())):
        if not module.ispkg:
            import_module(f"{package}.{module.name}")
