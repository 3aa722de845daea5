"""A worker process that ended by force: its tasks are done again one by one, and the culprit is named."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool

from ionscape.core.outcome import Outcome
from ionscape.core.serial import to_bytes
from ionscape.study.file_task import analyse_files, left_out
from ionscape.study.series_task import combine
from ionscape.study.tasks import CombineTask, FileTask, StoredOutcome, TaskResult
from ionscape.study.workers import ProcessWorkers

_WHY = "ended the worker process: there is not the memory for it, or a library crashed on it"
_TOLD = "No traceback: the process was killed, or ended without raising an exception, at "


def files_alone(worker: ProcessWorkers, tasks: Sequence[FileTask]) -> list[list[TaskResult]]:
    """`analyse_files`, one file at a time by a single process that does nothing else."""
    results: list[list[TaskResult]] = []
    for task in tasks:
        try:
            results += worker.submit(analyse_files, [task]).result()
        except BrokenProcessPool:
            worker.restart()
            results.append(left_out(task, f"reading it {_WHY}", f"{_TOLD}{task.path.name}"))
    return results


def combined_alone(worker: ProcessWorkers, task: CombineTask) -> TaskResult:
    """`combine` by a single process that does nothing else."""
    try:
        return worker.submit(combine, task).result()
    except BrokenProcessPool:
        worker.restart()
        outcome = StoredOutcome("failed", f"computing it {_WHY}", Outcome())
        return TaskResult(to_bytes(outcome), f"{_TOLD}{task.work.name}")
