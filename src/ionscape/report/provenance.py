"""Where a result comes from: the study, its inputs' hashes, versions, times, and the literature."""

from __future__ import annotations

import hashlib
import json
import platform
from typing import TYPE_CHECKING, Any

from ionscape.core.citation import Citation, cited, library, parse_bibtex
from ionscape.report.results_table import shown_path

if TYPE_CHECKING:
    from ionscape.study.result import StudyResult

FORMAT = "ionscape provenance 1"


def provenance(result: StudyResult) -> dict[str, Any]:
    """Everything needed to repeat the run or to doubt it, as JSON types (``provenance.json``)."""
    study = result.study
    return {
        "format": FORMAT,
        "study": {
            "title": study.title,
            "file": study.path.name,
            "sha256": hashlib.sha256(study.text.encode()).hexdigest(),
            "text": study.text,
        },
        "key": result.key,
        "seed": result.seed,
        "started": result.started.isoformat(timespec="seconds"),
        "finished": result.finished.isoformat(timespec="seconds"),
        "platform": {"system": platform.system(), "release": platform.release(),
                     "machine": platform.machine()},
        "versions": dict(result.versions),
        "inputs": [
            {"path": shown_path(i.path, study.path), "sha256": i.sha256, "size": i.size,
             "format": i.format, "used_by": list(i.used_by)}
            for i in result.inputs
        ],
        "analyses": [
            {"name": a.name, "use": a.use, "sample": a.sample, "options": dict(a.options),
             "status": a.status, "reason": a.reason, "cpu_seconds": round(a.seconds, 3),
             "from_cache": a.from_cache, "citations": list(a.outcome.citations)}
            for a in result.analyses
        ],
        "citations": [{"key": c.key, "text": c.text, "doi": c.doi} for c in citations(result)],
        "warnings": list(result.warnings),
        "synthetic": study.synthetic,
    }  # fmt: skip


def provenance_text(result: StudyResult) -> str:
    """`provenance` as the text of ``provenance.json``."""
    return json.dumps(provenance(result), indent=1, ensure_ascii=False, default=str) + "\n"


def citations(result: StudyResult) -> list[Citation]:
    """The references of all methods used, each once, sorted by key."""
    from ionscape.core.registry import technique

    keys = {key for record in result.analyses for key in record.outcome.citations}
    own: dict[str, Citation] = {}
    if keys - set(library()):  # a third-party technique brings its own
        for name in sorted({record.technique for record in result.analyses}):
            own |= parse_bibtex(technique(name).references)
    return cited(keys, own)


def bibtex(result: StudyResult) -> str:
    """``references.bib``: only what the methods used cite."""
    return "".join(c.bibtex + "\n" for c in citations(result))
