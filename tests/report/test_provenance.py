"""References as people read them, and that nothing heavy is imported before it is used."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from ionscape.core.errors import IonscapeError
from ionscape.report.provenance import bibtex, citations
from ionscape.study.result import StudyResult
from ionscape.testing.results import example_result

EXAMPLE = example_result()


def _citing(*keys: str) -> StudyResult:
    record = EXAMPLE.analyses[0]
    return replace(EXAMPLE, analyses=(replace(record, outcome=replace(record.outcome, citations=keys)),))


def test_accents_are_letters_in_the_report_and_bibtex_in_the_file() -> None:
    result = _citing("schonleber2014")
    (reference,) = citations(result)
    assert reference.text.startswith("Schönleber, M., Klotz, D., Ivers-Tiffée, E. A method")
    assert r"Sch{\"o}nleber" in bibtex(result)


def test_a_method_without_its_source_is_an_error() -> None:
    with pytest.raises(IonscapeError, match="no reference for nobody1900"):
        citations(_citing("nobody1900"))


def test_heavy_packages_wait_until_they_are_used() -> None:
    code = (
        "import sys, ionscape.report, ionscape.store\n"
        "from ionscape.report import write_results, page_html\n"
        "from ionscape.store import record, query, export_crate\n"
        "print([m for m in ('sqlalchemy', 'zarr', 'jinja2', 'pint', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
