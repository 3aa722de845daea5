"""``report.html``: one self-contained page, findings first, that opens from disk with no network."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ionscape.core.outcome import Failure
from ionscape.report.provenance import citations, provenance
from ionscape.report.results_table import ResultRow, result_rows
from ionscape.report.value_tables import (
    MAX_HEADLINE_COLUMNS,
    MAX_ROWS,
    ValueTable,
    is_main,
    item_table,
    sample_table,
    series_table,
    split_rows,
)

if TYPE_CHECKING:
    from jinja2 import Environment, Template

    from ionscape.study.result import AnalysisRecord, StudyResult

PLOTLY = "plotly-cartesian-4.1.1.min.js"
MAX_HEADLINE_ROWS = 24
_HEADLINE_FINDINGS = 3
_LONG = 8  # analyses: beyond, the findings at the top have one sentence each


@dataclass(frozen=True)
class Numbered:
    """A figure or table with its number on the page and an anchor."""

    number: int
    anchor: str
    of: Any


@dataclass(frozen=True)
class FailureGroup:
    """Items that gave no result for one and the same reason."""

    reason: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """One analysis on the page."""

    record: AnalysisRecord
    anchor: str
    figures: tuple[Numbered, ...]
    tables: tuple[Numbered, ...]
    series: ValueTable | None
    items: ValueTable | None
    failures: tuple[FailureGroup, ...]
    references: tuple[int, ...]


def page_html(result: StudyResult) -> str:
    """The whole page as one HTML text: style, scripts, figures and tables inside."""
    rows = result_rows(result)
    needs = {name: plan.needs for name, plan in result.study.analyses.items()}
    whole, items = split_rows(rows, {name for name, others in needs.items() if others})
    references = citations(result)
    places = {c.key: n for n, c in enumerate(references, start=1)}
    sections = list(_sections(result, whole, items, places))
    scripts = [_asset(PLOTLY), _asset("page.js")]
    statuses: Counter[str] = Counter(row.estimate.status for row in rows)
    return _template("report.html.j2").render(
        result=result,
        study=result.study,
        date=f"{result.finished.day} {result.finished:%B %Y}",
        policy=_policy(scripts),
        style=_asset("page.css"),
        scripts=scripts,
        specs=[(f.anchor, _embedded(f.of.plot)) for s in sections for f in s.figures],
        synthetic=result.study.synthetic,
        samples=sample_table(result.study.samples.values()),
        findings=_headline_findings(sections, whole, items, needs),
        headline=_headline_series(whole),
        by_temperature=list(_headline_items(items)),
        counts=_counts(statuses),
        failed_items=sum(len(s.record.outcome.failures) for s in sections),
        warned=sum(len(s.record.outcome.warnings) for s in sections) + len(result.warnings),
        sections=sections,
        references=references,
        provenance=provenance(result),
        max_rows=MAX_ROWS,
    )


def _sections(
    result: StudyResult, whole: Sequence[ResultRow], items: Sequence[ResultRow], places: Mapping[str, int]
) -> Iterator[Section]:
    figure = table = 0
    series_of, items_of = _by_analysis(whole), _by_analysis(items)
    for n, record in enumerate(result.analyses, start=1):
        outcome = record.outcome
        figures = [Numbered(figure + k, f"figure-{figure + k}", f) for k, f in enumerate(outcome.figures, 1)]
        tables = [Numbered(table + k, f"table-{table + k}", t) for k, t in enumerate(outcome.tables, 1)]
        figure, table = figure + len(figures), table + len(tables)
        keys = sorted({places[key] for key in outcome.citations})
        yield Section(
            record, f"analysis-{n}", tuple(figures), tuple(tables),
            series_table(series_of.get(record.name, [])), item_table(items_of.get(record.name, [])),
            _grouped(outcome.failures), tuple(keys),
        )  # fmt: skip


def _by_analysis(rows: Sequence[ResultRow]) -> dict[str, list[ResultRow]]:
    found: dict[str, list[ResultRow]] = {}
    for row in rows:
        found.setdefault(row.analysis, []).append(row)
    return found


def _headline_findings(
    sections: Sequence[Section], whole: Sequence[ResultRow], items: Sequence[ResultRow],
    needs: Mapping[str, Sequence[str]],
) -> list[tuple[Section, tuple[str, ...]]]:  # fmt: skip
    """What a study says in the end stands first: what builds on the most, then its steps, then checks.

    Of a long study each analysis has one sentence here, and none is told twice.
    """
    answers = {row.analysis for row in whole if is_main(row)}
    steps = {row.analysis for row in items if is_main(row)}
    long = len(sections) > _LONG

    def rank(section: Section) -> int:
        name = section.record.name
        return 0 if name in answers else 1 if name in steps else 2

    depths = {s.record.name: _depth(s.record.name, needs) for s in sections}
    found, told = [], set[str]()
    for s in sorted(sections, key=lambda s: (rank(s) == 2, -depths[s.record.name], rank(s))):
        new = [text for text in s.record.outcome.findings if text not in told]
        new = new[: 1 if long else _HEADLINE_FINDINGS - rank(s)]
        told |= set(new)
        found.append((s, tuple(new)))
    return found


def _depth(name: str, needs: Mapping[str, Sequence[str]]) -> int:
    """How many analyses lie, one upon the other, below this one."""
    return max((1 + _depth(other, needs) for other in needs.get(name, ())), default=0)


def _headline_series(whole: Sequence[ResultRow]) -> ValueTable | None:
    """Main quantities; what a later analysis repeats (a table of all) is left out."""
    main = [row for row in whole if is_main(row)] or list(whole)
    first: dict[tuple[str, str, str, float | None, float], ResultRow] = {}
    for row in main:
        kelvin = None if row.temperature is None else row.temperature.value
        first.setdefault((row.sample, row.name, row.item, kelvin, row.estimate.value), row)
    main = list(first.values())
    several = len({row.analysis for row in main}) > 1
    return series_table(main[:MAX_HEADLINE_ROWS], with_analysis=several)


def _headline_items(items: Sequence[ResultRow]) -> Iterator[tuple[str, ValueTable]]:
    """Main quantities by temperature, a table for each sample, each from the first analysis that gives it."""
    first: dict[tuple[str, str], str] = {}
    for row in items:
        first.setdefault((row.sample, row.name), row.analysis)
    for sample in dict.fromkeys(row.sample for row in items):
        own = [r for r in items if r.sample == sample and first[sample, r.name] == r.analysis]
        main = [row for row in own if is_main(row)] or own
        table = item_table(main, max_columns=MAX_HEADLINE_COLUMNS, items=False)
        if table is not None and len(table.rows) + table.left_out > MAX_HEADLINE_ROWS:
            cut = len(table.rows) + table.left_out - MAX_HEADLINE_ROWS
            table = ValueTable(table.columns, table.rows[:MAX_HEADLINE_ROWS], table.notes, cut)
        if table is not None:
            yield sample, table


def _grouped(failures: Sequence[Failure]) -> tuple[FailureGroup, ...]:
    groups: dict[str, list[str]] = {}
    for failure in failures:
        groups.setdefault(failure.reason, []).append(failure.item)
    return tuple(FailureGroup(reason, tuple(items)) for reason, items in groups.items())


def _counts(statuses: Mapping[str, int]) -> str:
    """``"14 quantities: 12 determined, 2 undetermined"``."""
    total = sum(statuses.values())
    words = {"determined": "determined", "bound": "one-sided bounds" if statuses.get("bound") != 1
             else "one-sided bound", "undetermined": "undetermined", "refused": "refused"}  # fmt: skip
    parts = [f"{statuses[status]} {word}" for status, word in words.items() if statuses.get(status)]
    noun = "quantity" if total == 1 else "quantities"
    return f"{total} {noun}: {', '.join(parts)}" if total else ""


def _embedded(plot: Mapping[str, Any]) -> str:
    """JSON that may stand inside a script element: no ``<``, no line separators, no nan."""
    try:
        text = json.dumps(plot, allow_nan=False, separators=(",", ":"))
    except (ValueError, TypeError):
        text = json.dumps(_plain(plot), allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _plain(value: Any) -> Any:
    """JSON types of a figure that holds nan, infinities or numpy's own types."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int)) else str(value)


def _policy(scripts: Sequence[str]) -> str:
    """Content security policy: only these very scripts run, and nothing is fetched from anywhere."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


@lru_cache(maxsize=8)
def _asset(name: str) -> str:
    return resources.files("ionscape.report").joinpath("assets", name).read_text("utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ionscape.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["size"] = _size
    return environment


def _template(name: str) -> Template:
    return _environment().get_template(name)


def _size(count: int) -> str:
    """A file size in words."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1e3:.3g} kB" if count < 1e6 else f"{count / 1e6:.3g} MB"
