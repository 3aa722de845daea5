"""Results packed for others: an RO-Crate (version 1.1), as a folder or a zip file.

The crate describes itself in ``ro-crate-metadata.json`` (JSON-LD, https://w3id.org/ro/crate/1.1): every
file with its size and SHA-256, the run that made them, its inputs by their hashes, and the literature.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from ionscape.core.errors import InputError
from ionscape.report.provenance import FORMAT as PROVENANCE_FORMAT
from ionscape.report.write import is_result

METADATA = "ro-crate-metadata.json"
_SPECIFICATION = "https://w3id.org/ro/crate/1.1"
_DESCRIPTIONS = {
    "results.csv": ("text/csv", "All quantities with uncertainty, 95 % interval, unit and status"),
    "results.json": ("application/json", "The same with SI values and the joint uncertainty of all of them"),
    "report.html": ("text/html", "Report with figures, complete in itself"),
    "references.bib": ("application/x-bibtex", "References of the methods used"),
    "provenance.json": ("application/json", "Study file, inputs' hashes, versions, times"),
}
_ARRAYS = "arrays.zarr"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the same content gives the same bytes
_LICENCE = {
    "@id": "#licence",
    "@type": "CreativeWork",
    "name": "Not stated",
    "description": "The study states no licence: ask its authors before using the data.",
}


def export_crate(directory: Path, target: Path) -> None:
    """Pack a results folder as an RO-Crate.

    Parameters
    ----------
    directory : Path
        What ``ionscape run`` wrote.
    target : Path
        Ends in ``.zip`` for one file, else a folder. An earlier crate there is replaced if it holds nothing
        that ionscape did not write, nothing else.

    Raises
    ------
    InputError
        If the folder holds no complete results, or the target cannot be written.
    """
    provenance = _provenance(directory)
    if target.exists():
        _check_replaceable(target)
    working = target.absolute().parent / f".{target.name}.partial-{uuid4().hex[:12]}"
    try:
        target.absolute().parent.mkdir(parents=True, exist_ok=True)
        files = _results(directory)
        metadata = json.dumps(crate_metadata(directory, files, provenance), indent=1, ensure_ascii=False)
        if target.suffix.lower() == ".zip":
            _write_zip(directory, files, metadata + "\n", working)
            working.replace(target)
        else:
            _write_folder(directory, files, metadata + "\n", working)
            if target.exists():
                shutil.rmtree(target)
            working.rename(target)
    except OSError as error:
        raise InputError(f"{target}: the crate cannot be written: {error.strerror or error}") from error
    finally:
        _remove(working)


def crate_metadata(directory: Path, files: list[Path], provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The content of ``ro-crate-metadata.json`` for files (relative paths) of a results folder."""
    listed = [_file_entity(directory, file) for file in files if file.parts[0] != _ARRAYS]
    arrays = [_arrays_entity()] if any(file.parts[0] == _ARRAYS for file in files) else []
    inputs = _input_entities(provenance["inputs"])
    literature = [_article(entry) for entry in provenance["citations"]]
    parts = [{"@id": entity["@id"]} for entity in (*listed, *arrays)]
    root = {
        "@id": "./", "@type": "Dataset", "name": provenance["study"]["title"],
        "description": _description(provenance), "datePublished": provenance["finished"],
        "license": {"@id": _LICENCE["@id"]}, "hasPart": parts, "mentions": {"@id": "#run"},
        "citation": [{"@id": article["@id"]} for article in literature],
    }  # fmt: skip
    descriptor = {"@id": METADATA, "@type": "CreativeWork", "about": {"@id": "./"},
                  "conformsTo": {"@id": _SPECIFICATION}}  # fmt: skip
    versions = ", ".join(f"{name} {version}" for name, version in provenance["versions"].items())
    software = {"@id": "#ionscape", "@type": "SoftwareApplication", "name": "ionscape",
                "softwareVersion": provenance["versions"].get("ionscape", ""),
                "softwareRequirements": versions}  # fmt: skip
    run = {"@id": "#run", "@type": "CreateAction", "name": f"ionscape run {provenance['study']['file']}",
           "instrument": {"@id": "#ionscape"}, "startTime": provenance["started"],
           "endTime": provenance["finished"], "object": [{"@id": entity["@id"]} for entity in inputs],
           "result": parts}  # fmt: skip
    graph = [descriptor, root, *listed, *arrays, run, software, *inputs, *literature, _LICENCE]
    return {"@context": f"{_SPECIFICATION}/context", "@graph": graph}


def _provenance(directory: Path) -> dict[str, Any]:
    missing = [name for name in (*_DESCRIPTIONS, _ARRAYS) if not (directory / name).exists()]
    if missing:
        raise InputError(f"{directory}: no complete results ({', '.join(missing)} missing): run the study")
    try:
        found = json.loads((directory / "provenance.json").read_text("utf-8"))
        form = found["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{directory}: provenance.json is damaged: run the study again") from error
    if form != PROVENANCE_FORMAT:
        raise InputError(f"{directory}: provenance.json has the format {form!r}: run the study again")
    return dict(found)


def _results(directory: Path) -> list[Path]:
    """Relative paths of the files that ionscape wrote, sorted; what else lies in the folder stays out."""
    own = sorted(directory.glob("traceback-*.txt"))
    arrays = sorted(path for path in (directory / _ARRAYS).rglob("*") if path.is_file())
    return [Path(name) for name in _DESCRIPTIONS] + [p.relative_to(directory) for p in (*own, *arrays)]


def _file_entity(directory: Path, file: Path) -> dict[str, Any]:
    kind, description = _DESCRIPTIONS.get(file.name, ("text/plain", "What went wrong in an analysis"))
    content = (directory / file).read_bytes()
    return {"@id": file.as_posix(), "@type": "File", "name": file.name, "description": description,
            "encodingFormat": kind, "contentSize": str(len(content)),
            "sha256": hashlib.sha256(content).hexdigest()}  # fmt: skip


def _arrays_entity() -> dict[str, Any]:
    return {"@id": f"{_ARRAYS}/", "@type": "Dataset", "name": _ARRAYS,
            "description": "Arrays behind the results, one group per analysis (zarr version 3)"}  # fmt: skip


def _input_entities(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Inputs are known by their hash and no part of the crate; files of one content are one entity."""
    entities: dict[str, dict[str, Any]] = {}
    for entry in entries:
        identity = f"#sha256-{entry['sha256']}"
        if identity in entities:
            entities[identity]["name"] += f", {entry['path']}"
            continue
        entities[identity] = {
            "@id": identity, "@type": "CreativeWork", "name": entry["path"],
            "encodingFormat": entry["format"] or "unknown", "contentSize": str(entry["size"]),
            "sha256": entry["sha256"],
        }  # fmt: skip
    return list(entities.values())


def _article(entry: Mapping[str, Any]) -> dict[str, Any]:
    identity = (
        f"https://doi.org/{quote(entry['doi'], safe='/().:;-_')}" if entry["doi"] else f"#{entry['key']}"
    )
    return {"@id": identity, "@type": "ScholarlyArticle", "name": entry["text"]}


def _description(provenance: Mapping[str, Any]) -> str:
    names = ", ".join(analysis["use"] for analysis in provenance["analyses"])
    notice = f" Synthetic data: {provenance['synthetic']}" if provenance.get("synthetic") else ""
    return f"Results of an ionscape study: {names}.{notice}"


def _write_zip(directory: Path, files: list[Path], metadata: str, working: Path) -> None:
    def entry(name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, _ZIP_DATE)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        return info

    with zipfile.ZipFile(working, "w") as archive:
        archive.writestr(entry(METADATA), metadata)
        for file in files:
            archive.writestr(entry(file.as_posix()), (directory / file).read_bytes())


def _write_folder(directory: Path, files: list[Path], metadata: str, working: Path) -> None:
    for file in files:
        (working / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(directory / file, working / file)
    (working / METADATA).write_text(metadata, encoding="utf-8", newline="\n")


def _check_replaceable(target: Path) -> None:
    """Only what ionscape exported may go: a crate of ours to which nobody added anything."""
    folder = target.is_dir()
    names = [entry.name for entry in target.iterdir()] if folder else _names(target)
    if folder and not names:
        return
    if METADATA not in names:
        raise InputError(f"{target}: there is something else already: choose another name")
    foreign = [name for name in names if name != METADATA and not is_result(name.partition("/")[0])]
    if foreign:
        raise InputError(f"{target}: holds {foreign[0]}, which ionscape did not write: choose another name")


def _names(archive: Path) -> list[str]:
    try:
        with zipfile.ZipFile(archive) as opened:
            return opened.namelist()
    except (OSError, zipfile.BadZipFile):
        return []


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
