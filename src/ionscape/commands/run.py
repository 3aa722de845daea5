"""``ionscape run``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ionscape.study.plan import Plan
    from ionscape.study.result import StudyResult
    from ionscape.study.run import Callback
    from ionscape.study.written import Said

_MOST_LINES = 16
_MOST_NOTES = 8


@click.command(short_help="Compute a study and write its results.")
@click.argument("study", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR",
              help="Where the results go [default: the study's name + '-results', here].")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes [default: the cores].")
@click.option("--fresh", is_flag=True, help="Compute all, also what the cache holds.")
@click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler to compute on, e.g. tcp://host:8786.")
@click.option("--store", metavar="URL", help="Database that remembers the results [default: your own].")
def run(
    study: Path, output: Path | None, jobs: int | None, fresh: bool, scheduler: str | None, store: str | None
) -> int:
    """Check STUDY, compute what changed, and write tables, report and provenance.

    Killed at any moment, the same command goes on where it stopped. Exit code 0: done; 1: an analysis failed
    (the others are written); 2: bad input (nothing is written). Single files that cannot be used do not fail
    an analysis: the report lists them with the reason.
    """
    from ionscape.study.workers import limit_threads

    limit_threads()  # before anything numerical is loaded
    directory = output or Path(f"{study.stem}-results")
    try:
        said, unchanged = _done(study, directory, jobs, fresh, scheduler, store)
    except KeyboardInterrupt:
        click.echo("\ninterrupted: what was computed is kept, the same command goes on from there", err=True)
        return 130
    for note in said.notes:
        click.echo(note, err=True)
    report = directory / "report.html"
    click.echo("\n".join([*said.answers, f"{report} (unchanged)" if unchanged else str(report)]))
    return said.code


def _done(
    path: Path, directory: Path, jobs: int | None, fresh: bool, scheduler: str | None, store: str | None
) -> tuple[Said, bool]:
    """What to say, and whether all was there already."""
    from ionscape.report import write_results
    from ionscape.study.load import load_study
    from ionscape.study.plan import make_plan
    from ionscape.study.written import Written

    study = load_study(path)
    plan = make_plan(study)
    written = Written(study.path, plan.key, directory, store)
    known = None if fresh else written.intact()
    if known is not None and _remembered(plan, store):
        return known, True
    result = _computed(plan, jobs, fresh, scheduler)
    write_results(result, directory)
    said = _said(result)
    if _remember(result, store) and not result.tracebacks:  # a bug is tried again
        written.note(said)
    return said, False


def _computed(plan: Plan, jobs: int | None, fresh: bool, scheduler: str | None) -> StudyResult:
    from ionscape.study.run import run_study
    from ionscape.study.workers import dask_executor

    study = plan.study
    with _progress() as progress:
        if scheduler is not None:
            with dask_executor(scheduler) as executor:
                return run_study(
                    study, jobs=jobs, fresh=fresh, executor=executor, progress=progress, plan=plan
                )
        return run_study(study, jobs=jobs, fresh=fresh, progress=progress, plan=plan)


def _remember(result: StudyResult, url: str | None) -> bool:
    """Enter the results in the store; one that cannot be reached costs the memory, not the results."""
    from ionscape.core.errors import IonscapeError
    from ionscape.store import record

    try:
        record(result, url)
    except IonscapeError as error:
        click.echo(f"not remembered in the store: {error}", err=True)
        return False
    return True


def _remembered(plan: Plan, url: str | None) -> bool:
    """Whether the store still has what this run would enter; one that cannot be read is tried by entering."""
    from ionscape.core.errors import IonscapeError
    from ionscape.store import is_recorded

    try:
        return bool(is_recorded(plan.study.path, plan.key, url))
    except IonscapeError:
        return False


def _said(result: StudyResult) -> Said:
    from ionscape.study.written import Said

    notes = [f"note: {warning}" for warning in result.warnings[:_MOST_NOTES]]
    if len(result.warnings) > _MOST_NOTES:
        notes.append(f"note: ... and {len(result.warnings) - _MOST_NOTES} more in the report")
    notes += [f"{record.name} ({record.use}) failed: {record.reason}" for record in result.failed]
    return Said(tuple(notes), tuple(_headlines(result)), 1 if result.failed else 0)


def _headlines(result: StudyResult) -> list[str]:
    """The answers in plain sentences, and how many files could not be used."""
    lines: list[str] = []
    for record in result.analyses:
        if record.status == "failed":
            continue
        findings = record.outcome.findings[:3] or _first_rows(result, record.name)
        lines += [f"{record.name}: {finding}" for finding in findings]
        if record.outcome.failures:
            first = record.outcome.failures[0]
            lines.append(
                f"{record.name}: {len(record.outcome.failures)} left out, e.g. {first.item}: {first.reason}"
            )
    more = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], f"... and {more} more in the report"] if more > 0 else lines


def _first_rows(result: StudyResult, name: str) -> list[str]:
    from ionscape.core.number_format import format_estimate, format_name, format_unit, with_unit
    from ionscape.report import result_rows

    rows = [row for row in result_rows(result) if row.analysis == name]
    whole = [row for row in rows if not row.item] or rows
    return [
        f"{format_name(row.quantity)} "
        f"{with_unit(format_estimate(row.estimate, row.unit), format_unit(row.unit))}"
        for row in whole[:2]
    ]


@contextmanager
def _progress() -> Iterator[Callback | None]:
    """A bar on the terminal for runs longer than two seconds."""
    import sys
    import time

    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=None)
    start = time.monotonic()

    def report(done: int, total: int, what: str) -> None:
        if time.monotonic() - start > 2 and not bar.live.is_started:
            bar.start()
        bar.update(task, completed=done, total=total, description=what)

    try:
        yield report
    finally:
        if bar.live.is_started:
            bar.stop()
