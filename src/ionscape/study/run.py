"""Run a study: what the cache does not answer is computed, in parallel, and kept at once."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from ionscape.core.outcome import Outcome
from ionscape.core.serial import from_bytes
from ionscape.study.cache import Cache, cache_folder, versions
from ionscape.study.file_task import analyse_files
from ionscape.study.model import Study
from ionscape.study.plan import Plan, combine_task, cut, files_of, look_up, make_plan, wanted_files
from ionscape.study.recovery import combined_alone, files_alone
from ionscape.study.result import AnalysisRecord, InputFile, StudyResult
from ionscape.study.series_task import combine
from ionscape.study.tasks import StoredOutcome, TaskResult, traceback_name
from ionscape.study.workers import (
    InlineExecutor,
    ProcessWorkers,
    local_executor,
    lost,
    process_workers,
    usable_cores,
)

Callback = Callable[[int, int, str], None]
"""Called with the number of tasks done, their total, and what was done last."""

_NO_WORKERS = (
    "worker processes cannot import this script again, so all is computed in this process: put the call of "
    'run_study under `if __name__ == "__main__":`, or say jobs=1'
)


def run_study(
    study: Study, *, jobs: int | None = None, fresh: bool = False, executor: Executor | None = None,
    progress: Callback | None = None, cache: Path | None = None, plan: Plan | None = None,
) -> StudyResult:  # fmt: skip
    """Compute all analyses of a study that the cache does not hold.

    Parameters
    ----------
    study : Study
        From `load_study`.
    jobs : int, optional
        Worker processes; the number of cores by default, none where the work is too small for them. The
        results do not depend on it.
    fresh : bool
        Compute all, also what the cache holds.
    executor : Executor, optional
        Any `concurrent.futures` executor instead of own processes, e.g. that of a Dask client; its workers
        must see the data files under the same paths.
    progress : callable, optional
    cache : Path, optional
        Folder of the cache; see `ionscape.study.cache`.
    plan : Plan, optional
        From `make_plan`, by whoever made it already to see the study's key.

    Raises
    ------
    InputError
        If a data file has vanished.
    """
    started = datetime.now(UTC)
    store = Cache(cache or cache_folder(study.path.parent), fresh=fresh)
    plan = plan or make_plan(study)
    look_up(plan, store)
    run = _Run(plan, store, progress)
    run.outcomes = {name: from_bytes(content) for name, content in plan.outcomes.items()}
    if len(plan.outcomes) < len(study.analyses):
        wanted = wanted_files(plan, store)
        workers = jobs or _useful_workers(len(wanted))
        cut(plan, wanted, workers)
        with local_executor(workers) if executor is None else _given(executor, run) as pool:
            run.compute(pool)
        store.prune()
    return _result(run, started)


@contextmanager
def _given(executor: Executor, run: _Run) -> Iterator[Executor]:
    """Whoever made the executor closes it; what waits in it is withdrawn if this run ends early."""
    try:
        yield executor
    except BaseException:
        for future in run.waiting:
            future.cancel()
        raise


def _useful_workers(files: int) -> int:
    """Starting a process costs about a second: fewer than eight files each are not worth one."""
    return max(1, min(usable_cores(), files // 8))


@dataclass
class _Run:
    plan: Plan
    cache: Cache
    progress: Callback | None
    outcomes: dict[str, StoredOutcome] = field(default_factory=dict)
    tracebacks: dict[str, str] = field(default_factory=dict)
    waiting: dict[Future[Any], int | str] = field(default_factory=dict)
    _tainted: set[str] = field(default_factory=set)  # analyses with a piece that is not to be kept
    _done: int = 0

    def compute(self, pool: Executor) -> None:
        """Hand out tasks in the graph's order and keep every result the moment it is there."""
        order = TopologicalSorter(self.plan.graph)
        order.prepare()
        while order.is_active():
            for node in order.get_ready():
                self._start(pool, node, order)
            done = wait(self.waiting, return_when=FIRST_COMPLETED).done
            if isinstance(pool, ProcessWorkers) and any(lost(future) for future in done):
                pool = self._recovered(pool, order)
                continue
            for future in done:
                self._take(self.waiting.pop(future), future.result(), order)

    def _start(self, pool: Executor, node: int | str, order: TopologicalSorter[int | str]) -> None:
        task = self._task(node)
        if task is None:
            self._advance(order, node)
            return
        function, argument = task
        future = pool.submit(function, argument)
        if isinstance(pool, InlineExecutor):
            self._take(node, future.result(), order)
        else:
            self.waiting[future] = node

    def _recovered(self, pool: ProcessWorkers, order: TopologicalSorter[int | str]) -> Executor:
        """Go on after a worker ended by force, and took the others with it.

        What may have been under way is done again, each file alone, so that one culprit costs nobody else
        his result; new workers do the rest. Without workers (a script that cannot be imported again: it does
        not ask for ``__name__ == "__main__"``) this process does all.
        """
        wait(self.waiting)
        ended, self.waiting = self.waiting, {}
        left = [node for future, node in ended.items() if lost(future)]  # in the order of submission
        for future, node in ended.items():
            if not lost(future):
                self._take(node, future.result(), order)
        pool.restart()
        if not pool.can_work():
            warnings.warn(_NO_WORKERS, RuntimeWarning, stacklevel=4)
            inline = InlineExecutor()
            for node in left:
                self._start(inline, node, order)
            return inline
        sent = pool.count + 1  # they begin in the order of submission; one more may have just been finished
        with process_workers(1) as worker:
            for node in left[:sent]:
                self._take(node, self._done_alone(worker, node), order)
        for node in left[sent:]:
            self._start(pool, node, order)
        return pool

    def _done_alone(self, worker: ProcessWorkers, node: int | str) -> Any:
        if isinstance(node, int):
            return files_alone(worker, [task for task, _ in self.plan.chunks[node]])
        task = combine_task(self.plan, node, self.outcomes)
        assert not isinstance(task, str)  # it was handed out before
        return combined_alone(worker, task)

    def _advance(self, order: TopologicalSorter[int | str], node: int | str) -> None:
        order.done(node)
        self._done += 1
        if self.progress is not None:
            what = node if isinstance(node, str) else self.plan.chunks[node][-1][0].label
            self.progress(self._done, len(self.plan.graph), what)

    def _task(self, node: int | str) -> tuple[Callable[..., Any], Any] | None:
        """The function and its argument; None, with the reason noted, for what cannot be computed."""
        if isinstance(node, int):
            return analyse_files, [task for task, _ in self.plan.chunks[node]]
        task = combine_task(self.plan, node, self.outcomes)
        if isinstance(task, str):
            self.outcomes[node] = StoredOutcome("failed", task, Outcome())
            return None
        return combine, task

    def _take(self, node: int | str, result: Any, order: TopologicalSorter[int | str]) -> None:
        if isinstance(node, str):
            self._keep_outcome(node, result)
        else:
            self._keep_pieces(node, result)
        self._advance(order, node)

    def _keep_pieces(self, node: int, results: list[list[TaskResult]]) -> None:
        for (_, places), of_file in zip(self.plan.chunks[node], results, strict=True):
            for place, result in zip(places, of_file, strict=True):
                self.plan.found[place.key] = result.content
                self._note(place.analysis, result)
                if not result.traceback:
                    self.cache.put(place.key, result.content)

    def _keep_outcome(self, name: str, result: TaskResult) -> None:
        self._note(name, result)
        self.outcomes[name] = from_bytes(result.content)
        upstream = self.plan.study.analyses[name].needs
        if self._tainted.intersection((name, *upstream)):
            self._tainted.add(name)
        else:
            self.cache.put(self.plan.keys[name], result.content)
        for place in self.plan.pieces[name]:
            self.plan.found.pop(place.key, None)

    def _note(self, name: str, result: TaskResult) -> None:
        if result.traceback:
            self._tainted.add(name)
            file = traceback_name(name)
            self.tracebacks[file] = self.tracebacks.get(file, "") + result.traceback + "\n"


def _result(run: _Run, started: datetime) -> StudyResult:
    study, plan = run.plan.study, run.plan
    records = tuple(
        AnalysisRecord(
            name, analysis.use, analysis.technique, analysis.sample, analysis.options,
            found.status, found.reason, found.outcome, found.seconds, name in plan.outcomes,
        )
        for name, analysis in study.analyses.items()
        for found in (run.outcomes[name],)
    )  # fmt: skip
    warnings = (*study.warnings, *_unused(study), *_remarks(run))
    if run.cache.problem:
        warnings = (*warnings, run.cache.problem)
    return StudyResult(study, records, _with_formats(run), warnings, versions(), started, datetime.now(UTC),
                       study.seed, plan.key, run.tracebacks)  # fmt: skip


def _with_formats(run: _Run) -> tuple[InputFile, ...]:
    formats: dict[Path, str] = {}
    for name, found in run.outcomes.items():
        files = files_of(run.plan, name)
        if len(files) == len(found.formats):
            formats |= {file.path: f for (_, file), f in zip(files, found.formats, strict=True) if f}
    return tuple(replace(file, format=formats.get(file.path, "")) for file in run.plan.inputs)


def _remarks(run: _Run) -> list[str]:
    """What was remarked on single files; remarks that differ in their numbers only are told once."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for label, text in dict.fromkeys(note for found in run.outcomes.values() for note in found.notes):
        groups.setdefault(re.sub(r"\d+(\.\d+)?", "#", text), []).append((label, text))
    return [_remark(*alike) for alike in groups.values()]


def _remark(first: tuple[str, str], *others: tuple[str, str]) -> str:
    label, text = first
    return f"{label}: {text}" + (f" (and {len(others)} more files likewise)" if others else "")


def _unused(study: Study) -> list[str]:
    used = {name for analysis in study.analyses.values() for name in analysis.measurements}
    return [f"measurement {name} is used by no analysis" for name in study.measurements if name not in used]
