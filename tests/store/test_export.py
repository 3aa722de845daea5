"""RO-Crates: complete, self-describing, and safe for what already lies at the target."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ionscape.core.errors import InputError
from ionscape.report import write_results
from ionscape.report.write import FILES
from ionscape.store import export_crate
from ionscape.testing.results import example_result

EXAMPLE = example_result()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "llto-results"
    twin = replace(EXAMPLE.inputs[0], path=EXAMPLE.inputs[0].path.with_name("copy.mpt"))
    write_results(replace(EXAMPLE, inputs=(*EXAMPLE.inputs, twin)), folder)
    return folder


def _entities(metadata: str) -> dict[str, dict[str, Any]]:
    graph = json.loads(metadata)["@graph"]
    assert len({entity["@id"] for entity in graph}) == len(graph)  # each entity once
    return {entity["@id"]: entity for entity in graph}


def _references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for v in value for found in _references(v)]
    if isinstance(value, dict):
        return (
            [value["@id"]] if set(value) == {"@id"} else [f for v in value.values() for f in _references(v)]
        )
    return []


def test_the_crate_holds_and_describes_every_file(results: Path, tmp_path: Path) -> None:
    export_crate(results, tmp_path / "crate")
    crate = tmp_path / "crate"
    entities = _entities((crate / "ro-crate-metadata.json").read_text("utf-8"))
    descriptor = entities["ro-crate-metadata.json"]
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert descriptor["about"] == {"@id": "./"}
    root = entities["./"]
    assert {"name", "description", "datePublished", "license"} <= set(root)
    assert sorted(part["@id"].rstrip("/") for part in root["hasPart"]) == sorted(FILES)
    for entity in entities.values():
        if entity["@type"] == "File":
            content = (crate / entity["@id"]).read_bytes()
            assert entity["sha256"] == hashlib.sha256(content).hexdigest()
            assert entity["contentSize"] == str(len(content))
    inputs = {e["sha256"] for e in entities.values() if e["@id"].startswith("#sha256-")}
    assert inputs == {i.sha256 for i in EXAMPLE.inputs}
    assert "https://doi.org/10.1149/1.2044210" in entities


def test_every_reference_has_an_entity(results: Path, tmp_path: Path) -> None:
    export_crate(results, tmp_path / "crate")
    entities = _entities((tmp_path / "crate" / "ro-crate-metadata.json").read_text("utf-8"))
    named = {reference for entity in entities.values() for reference in _references(list(entity.values()))}
    assert named - {"https://w3id.org/ro/crate/1.1"} <= set(entities)


def test_the_zip_is_the_same_crate_and_repeats_bitwise(results: Path, tmp_path: Path) -> None:
    export_crate(results, tmp_path / "a.zip")
    export_crate(results, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names[0] == "ro-crate-metadata.json"
        assert {name.partition("/")[0] for name in names[1:]} == set(FILES)
        assert archive.read("results.csv") == (results / "results.csv").read_bytes()


def test_an_earlier_crate_is_replaced_and_nothing_else(results: Path, tmp_path: Path) -> None:
    for name in ("crate", "crate.zip"):
        export_crate(results, tmp_path / name)
        export_crate(results, tmp_path / name)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "thesis.tex").write_text("precious")
    (tmp_path / "own.zip").write_text("precious")
    for name in ("own", "own.zip"):
        with pytest.raises(InputError, match="something else already"):
            export_crate(results, tmp_path / name)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["crate", "crate.zip", "own", "own.zip"]


def test_a_crate_that_holds_a_users_own_files_is_left_alone(results: Path, tmp_path: Path) -> None:
    for name in ("crate", "crate.zip"):
        export_crate(results, tmp_path / name)
    (tmp_path / "crate" / "notes").mkdir()
    (tmp_path / "crate" / "notes" / "thesis.tex").write_text("precious")
    with zipfile.ZipFile(tmp_path / "crate.zip", "a") as archive:
        archive.writestr("notes/thesis.tex", "precious")
    before = (tmp_path / "crate.zip").read_bytes()
    for name in ("crate", "crate.zip"):
        with pytest.raises(InputError, match=r"holds notes.*, which ionscape did not write"):
            export_crate(results, tmp_path / name)
    assert (tmp_path / "crate" / "notes" / "thesis.tex").read_text() == "precious"
    assert (tmp_path / "crate.zip").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["crate", "crate.zip"]


def test_incomplete_results_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no complete results .*results\.csv"):
        export_crate(tmp_path, tmp_path / "crate")
