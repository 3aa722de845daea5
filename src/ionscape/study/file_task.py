"""In a worker: read one data file and let every analysis that wants it look at its sweeps."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ionscape.core.errors import IonscapeError, ReadError
from ionscape.core.estimate import Estimate
from ionscape.core.measurement import Measurement, Sweep
from ionscape.core.outcome import Failure
from ionscape.core.registry import Analysis, Item, analysis, technique
from ionscape.core.sample import Sample
from ionscape.core.serial import to_bytes
from ionscape.study.model import TemperatureRule
from ionscape.study.tasks import (
    FilePieces,
    FileTask,
    ItemPiece,
    TaskResult,
    Work,
    completed,
    measurement_fields,
    reason_of,
    unexpected,
)


def analyse_files(tasks: Sequence[FileTask]) -> list[list[TaskResult]]:
    """For each file, what each of its works makes of it."""
    return [_analyse_file(task) for task in tasks]


def _analyse_file(task: FileTask) -> list[TaskResult]:
    from ionscape.read import read

    start = time.process_time()
    try:
        measurement = read(task.path, technique(task.technique).reads or task.technique)
        sweeps = _with_temperature(task, measurement)
    except IonscapeError as error:
        return left_out(task, reason_of(error))
    except Exception as error:  # a reader's bug must not stop the other files
        text = traceback.format_exc()
        return [_failed(task, work, unexpected(error, work.name), text) for work in task.works]
    reading = (time.process_time() - start) / len(task.works)
    return [_apply(task, work, measurement, sweeps, reading) for work in task.works]


def _with_temperature(task: FileTask, measurement: Measurement) -> list[tuple[str, Sweep, Estimate | None]]:
    rule, sweeps = task.temperature, measurement.sweeps
    if len(rule.values) > 1 and len(rule.values) != len(sweeps):
        reason = f"holds {len(sweeps)} sweeps, but the study states {len(rule.values)} temperatures for it"
        raise ReadError(task.path, reason)
    labels = [sweep.label or str(i + 1) for i, sweep in enumerate(sweeps)]
    if len(set(labels)) < len(labels):
        labels = [f"{label}, {i + 1}" for i, label in enumerate(labels)]
    found = []
    for i, (sweep, label) in enumerate(zip(sweeps, labels, strict=True)):
        name = task.label if len(sweeps) == 1 else f"{task.label} [{label}]"
        value = _kelvin(rule, i, sweep, measurement)
        own = f"{task.temperature_source}/{name}"
        temperature = None if value is None else rule.estimate(value, i, own)
        found.append((name, sweep, temperature))
    return found


def _kelvin(rule: TemperatureRule, index: int, sweep: Sweep, measurement: Measurement) -> float | None:
    if rule.kind == "stated":
        return rule.values[index if len(rule.values) > 1 else 0]
    own = sweep.temperature_kelvin
    return own if own is not None else measurement.temperature_kelvin


def left_out(task: FileTask, reason: str, text: str = "") -> list[TaskResult]:
    """For each work of a file that cannot be used, the reason; ``text`` where it may be tried again."""
    return [_failed(task, work, reason, text) for work in task.works]


def _failed(task: FileTask, work: Work, reason: str, text: str) -> TaskResult:
    label, source = _names(task, work, task.label)
    pieces = FilePieces(label, (ItemPiece(label, source, None, Failure(label, reason)),))
    return TaskResult(to_bytes(pieces), text)


def _names(task: FileTask, work: Work, label: str) -> tuple[str, str]:
    """Label and source of an item."""
    whole = f"{task.measurement}/{label}"
    return whole if work.several else label, f"{work.source}/{whole}"


def _apply(
    task: FileTask, work: Work, measurement: Measurement,
    sweeps: Sequence[tuple[str, Sweep, Estimate | None]], reading: float,
) -> TaskResult:  # fmt: skip
    start = time.process_time()
    use = analysis(work.use)
    options = use.options.model_validate(dict(work.options))
    fields = measurement_fields(task.technique, task.fields)
    sample = completed(work.sample, measurement.thickness_metre, measurement.area_square_metre)
    pieces: list[ItemPiece] = []
    text = ""
    for name, sweep, temperature in sweeps:
        label, source = _names(task, work, name)
        piece, problem = _piece(
            use, Item(label, sweep, temperature, source, fields, task.path), sample, options, work.name
        )
        text = text or problem
        pieces.append(ItemPiece(label, source, temperature, piece))
    found = FilePieces(_names(task, work, task.label)[0], tuple(pieces), measurement.format,
                       (*measurement.warnings, *_contradictions(task, measurement)),
                       measurement.thickness_metre, measurement.area_square_metre,
                       time.process_time() - start + reading)  # fmt: skip
    return TaskResult(_packed_file(found), text)


def _packed_file(found: FilePieces) -> bytes:
    try:
        return to_bytes(found)
    except IonscapeError:  # what cannot be stored is its item's failure, not the file's
        return to_bytes(replace(found, items=tuple(_storable(item) for item in found.items)))


def _storable(item: ItemPiece) -> ItemPiece:
    try:
        to_bytes(item)
    except IonscapeError as error:
        return replace(item, piece=Failure(item.label, str(error)))
    return item


def _piece(use: Analysis, item: Item, sample: Sample, options: Any, name: str) -> tuple[Any, str]:
    if use.each is None:
        return item.sweep, ""
    try:
        return use.each(item, sample, options), ""
    except IonscapeError as error:
        return Failure(item.label, reason_of(error)), ""
    except Exception as error:
        return Failure(item.label, unexpected(error, name)), traceback.format_exc()


def _contradictions(task: FileTask, measurement: Measurement) -> tuple[str, ...]:
    """The study's word counts; where the file says otherwise the user hears of it."""
    own, values = measurement.temperature_kelvin, task.temperature.values
    if own is None or len(values) != 1 or abs(own - values[0]) < 10:
        return ()
    kelvin = " (the 273 K between kelvin and °C)" if abs(abs(own - values[0]) - 273.15) < 2 else ""
    file, study = (f"{value - 273.15:.4g} °C" for value in (own, values[0]))
    return (f"says {file}, the study says {study}{kelvin}: the study's was used",)
