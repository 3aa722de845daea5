"""What has to be computed: keys of everything, and the graph of tasks that the cache does not answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from graphlib import TopologicalSorter
from pathlib import Path

from ionscape.core.errors import InputError
from ionscape.core.outcome import Row
from ionscape.core.registry import technique
from ionscape.core.sample import Sample
from ionscape.read.formats import companions
from ionscape.study.cache import Cache, code_hash, key_of, versions
from ionscape.study.model import AnalysisPlan, DataFile, MeasurementPlan, Reference, Study
from ionscape.study.problems import suggestion
from ionscape.study.result import InputFile
from ionscape.study.tasks import CombineTask, FileTask, StoredOutcome, Work


@dataclass(frozen=True)
class Place:
    """Where a file's pieces for one analysis are kept."""

    analysis: str
    label: str
    key: str


@dataclass
class Plan:
    """The work of one run.

    Attributes
    ----------
    keys : dict of str to str
        Analysis name to the key of its outcome.
    pieces : dict of str to tuple of Place
        Analysis name to its files' pieces, in order.
    outcomes : dict of str to bytes
        Outcomes that the cache holds.
    found : dict of str to bytes
        Key of pieces to pieces that the cache holds and an analysis needs.
    chunks : list
        Files to read, with the places of their results: one chunk is one task.
    graph : dict
        Node to the nodes it needs; a node is an index into ``chunks`` or the name of an analysis.
    """

    study: Study
    inputs: tuple[InputFile, ...]
    works: dict[str, Work] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    pieces: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    outcomes: dict[str, bytes] = field(default_factory=dict)
    found: dict[str, bytes] = field(default_factory=dict)
    chunks: list[list[tuple[FileTask, tuple[Place, ...]]]] = field(default_factory=list)
    graph: dict[int | str, set[int | str]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Changes when anything the results depend on changes."""
        return key_of(analyses=self.keys, text=self.study.text, path=str(self.study.path))


def make_plan(study: Study) -> Plan:
    """Hash the inputs and derive the key of every piece and every outcome; nothing is looked up yet.

    Raises
    ------
    InputError
        If a data file has vanished or may not be read.
    """
    plan = Plan(study, _inputs(study))
    hashes = {file.path: _with_companions(file) for file in plan.inputs}
    order = TopologicalSorter({name: analysis.needs for name, analysis in study.analyses.items()})
    for name in order.static_order():
        analysis = study.analyses[name]
        plan.works[name] = _work(study, analysis)
        plan.pieces[name] = tuple(_places(study, plan.works[name], analysis, hashes))
        plan.keys[name] = _outcome_key(plan, analysis, hashes)
    return plan


def look_up(plan: Plan, cache: Cache) -> None:
    """Fill ``plan.outcomes`` with what the cache holds."""
    for name, key in plan.keys.items():
        content = cache.get(key)
        if content is not None:
            plan.outcomes[name] = content


def wanted_files(plan: Plan, cache: Cache) -> list[tuple[FileTask, tuple[Place, ...]]]:
    """Files to read because an analysis that must be computed lacks their pieces; fills ``plan.found``."""
    wanted: list[tuple[FileTask, tuple[Place, ...]]] = []
    places = {
        name: {(m, file.name): place for (m, file), place in zip(files_of(plan, name), found, strict=True)}
        for name, found in plan.pieces.items()
    }
    for measurement in plan.study.measurements.values():
        users = [n for n in places if n not in plan.outcomes and
                 measurement.name in plan.study.analyses[n].measurements]  # fmt: skip
        for file in measurement.files:
            missing = []
            for name in users:
                place = places[name][measurement.name, file.name]
                content = plan.found.get(place.key) or cache.get(place.key)
                if content is None:
                    missing.append(place)
                else:
                    plan.found[place.key] = content
            if missing:
                works = tuple(plan.works[place.analysis] for place in missing)
                wanted.append((_file_task(plan.study, measurement, file, works), tuple(missing)))
    return wanted


def cut(plan: Plan, wanted: list[tuple[FileTask, tuple[Place, ...]]], jobs: int) -> None:
    """Cut the files into tasks and draw the graph.

    Handing out a task costs about a millisecond, and a kill loses the tasks under way: eight files are
    neither too few nor too many.
    """
    size = max(1, min(8, -(-len(wanted) // (4 * jobs))))
    plan.chunks = [wanted[i : i + size] for i in range(0, len(wanted), size)]
    plan.graph = {i: set() for i in range(len(plan.chunks))}
    for name, analysis in plan.study.analyses.items():
        if name not in plan.outcomes:
            plan.graph[name] = {n for n in analysis.needs if n not in plan.outcomes}
    for i, chunk in enumerate(plan.chunks):
        for _, places in chunk:
            for place in places:
                plan.graph[place.analysis].add(i)


def combine_task(plan: Plan, name: str, outcomes: Mapping[str, StoredOutcome]) -> CombineTask | str:
    """The task that computes an analysis, or the reason why it cannot be computed."""
    analysis = plan.study.analyses[name]
    rows: dict[str, tuple[Row, ...]] = {}
    remarks: list[str] = []
    for key, references in analysis.inputs.items():
        chosen: list[Row] = []
        for reference in references:
            matching = _rows_of(reference, outcomes)
            if isinstance(matching, str) and not reference.by_default:
                return matching
            if isinstance(matching, str):
                remarks.append(f"{key}, which is taken from {reference.analysis} unless given, is missing: "
                               f"{matching}")  # fmt: skip
            else:
                chosen += matching
        rows[key] = tuple(chosen)
    fields = tuple(plan.study.measurements[m].fields for m, _ in files_of(plan, name))
    contents = tuple(plan.found[place.key] for place in plan.pieces[name])
    return CombineTask(
        plan.works[name], task_seed(plan.study, name), analysis.technique, fields, contents, rows,
        tuple(remarks),
    )  # fmt: skip


def _rows_of(reference: Reference, outcomes: Mapping[str, StoredOutcome]) -> list[Row] | str:
    """The rows that are referred to, or why there are none."""
    if reference.stated is not None:
        return [Row(reference.quantity, reference.stated, reference.temperature)]
    upstream = outcomes[reference.analysis]
    if upstream.status == "failed":
        return f"needs {reference.analysis}, which failed"
    matching = [r for r in upstream.outcome.rows if fnmatchcase(r.quantity, reference.quantity)]
    if matching:
        return matching
    hint = suggestion(reference.quantity, [r.quantity for r in upstream.outcome.rows])
    return f"{reference.analysis} gave no {reference.quantity}: {hint}"


def task_seed(study: Study, name: str) -> int:
    """Seed of one task: the same in every run, different for every task."""
    digest = hashlib.sha256(f"{study.seed}/{study.title}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def _work(study: Study, analysis: AnalysisPlan) -> Work:
    sample = study.samples.get(analysis.sample) or Sample(analysis.sample)
    source = f"{study.title}/{analysis.name}"
    return Work(analysis.name, analysis.use, analysis.written, sample, source, len(analysis.measurements) > 1)


def _file_task(
    study: Study, measurement: MeasurementPlan, file: DataFile, works: tuple[Work, ...]
) -> FileTask:
    source = f"{study.title}/measurements.{measurement.name}"
    return FileTask(file.path, file.name, measurement.name, measurement.technique, measurement.fields,
                    file.temperature, source, works)  # fmt: skip


def files_of(plan: Plan, name: str) -> list[tuple[str, DataFile]]:
    """Measurement and file of each of an analysis's pieces, in order."""
    names = plan.study.analyses[name].measurements
    return [(m, file) for m in names for file in plan.study.measurements[m].files]


def _places(study: Study, work: Work, analysis: AnalysisPlan, hashes: Mapping[Path, str]) -> list[Place]:
    """Keys of the pieces of all files: what they share is hashed once."""
    found = []
    for measurement in (study.measurements[name] for name in analysis.measurements):
        shared = key_of(
            what="pieces", measurement=measurement.name, technique=measurement.technique,
            fields=measurement.fields, work=work, title=study.title,
            used=[hashes[path] for path in (*measurement.used_files, *analysis.used_files)],
            code=code_hash(technique(measurement.technique).package), versions=versions(),
        )  # fmt: skip
        for file in measurement.files:
            key = key_of(shared=shared, file=hashes[file.path], name=file.path.name, label=file.name,
                         temperature=file.temperature)  # fmt: skip
            found.append(Place(work.name, file.name, key))
    return found


def _outcome_key(plan: Plan, analysis: AnalysisPlan, hashes: Mapping[Path, str]) -> str:
    work = plan.works[analysis.name]
    references = {
        key: [(r.analysis and plan.keys[r.analysis], r.quantity, r.stated, r.temperature) for r in found]
        for key, found in analysis.inputs.items()
    }
    return key_of(
        what="outcome", work=work, seed=task_seed(plan.study, work.name), references=references,
        pieces=[place.key for place in plan.pieces[work.name]],
        used=[hashes[path] for path in analysis.used_files],
        code=code_hash(technique(analysis.technique).package), versions=versions(),
    )  # fmt: skip


def _inputs(study: Study) -> tuple[InputFile, ...]:
    used: dict[Path, list[str]] = {}
    for measurement in study.measurements.values():
        for path in (*(file.path for file in measurement.files), *measurement.used_files):
            used.setdefault(path, []).append(measurement.name)
    for analysis in study.analyses.values():
        for path in analysis.used_files:
            used.setdefault(path, []).append(analysis.name)
    found = []
    for path in used:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from error
        digest = hashlib.sha256(content).hexdigest()
        found.append(InputFile(path, digest, len(content), "", tuple(used[path])))
    return tuple(found)


def _with_companions(file: InputFile) -> str:
    """The file's hash, and those of the files that its reader reads with it."""
    beside = [hashlib.sha256(path.read_bytes()).hexdigest() for path in companions(file.path)]
    return " ".join([file.sha256, *beside])
