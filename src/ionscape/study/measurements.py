"""The measurements of a study: which files, which sample, at which temperature."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator

from ionscape.core.errors import InputError, IonscapeError
from ionscape.core.quantity import Quantity
from ionscape.core.registry import Technique, technique, technique_names
from ionscape.core.sample import Sample
from ionscape.study.file_fields import with_files
from ionscape.study.labels import file_labels
from ionscape.study.model import DataFile, MeasurementPlan
from ionscape.study.problems import Place, Problems, listed, nearest, suggestion
from ionscape.study.temperatures import TemperatureFields, interval, temperature_rules
from ionscape.study.validation import Fields, validated


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, (list, tuple)) else [value]
    if not values or not all(isinstance(v, str) and v for v in values):
        raise InputError(f"expected a file, a pattern such as 'data/*.txt', or a list of them, got {value!r}")
    return tuple(values)


class MeasurementFields(Fields):
    """What a study may say about a measurement, besides the technique's own fields."""

    technique: str
    files: Annotated[tuple[str, ...], BeforeValidator(_texts)]
    sample: str = ""
    exclude: Annotated[tuple[str, ...], BeforeValidator(_texts)] = ()
    temperature: Any = None
    temperature_uncertainty: Annotated[Quantity, BeforeValidator(interval)] | None = None
    temperature_scatter: Annotated[Quantity, BeforeValidator(interval)] | None = None
    sure: tuple[str, ...] = ()


def read_measurements(
    title: str, content: Mapping[str, Any], folder: Path, samples: Mapping[str, Any],
    usable: Mapping[str, Sample], problems: Problems,
) -> tuple[dict[str, MeasurementPlan], list[str]]:  # fmt: skip
    """All measurements, and what they leave unsaid; what is wrong goes to ``problems``.

    Parameters
    ----------
    samples, usable
        The samples as written, and those that are right: a measurement on a wrong sample is not wrong itself.
    """
    plans: dict[str, MeasurementPlan] = {}
    exact: list[str] = []
    for name, fields in content.items():
        place: Place = ("measurements", name)
        if not isinstance(fields, dict):
            problems.add(place, "expected the measurement's fields: 'technique', 'files', 'sample', ...")
            continue
        plan = _measurement(title, name, fields, folder, samples, problems)
        if plan is None or problems.within(place) or (plan.sample and plan.sample not in usable):
            continue
        plans[name] = plan
        if all(r.kind == "stated" and not any(r.uncertainties) and not r.scatter for r in
               (file.temperature for file in plan.files)):  # fmt: skip
            exact.append(name)
    if not exact:
        return plans, []
    return plans, [f"temperature of {listed(exact)} stated without an uncertainty and taken as exact "
                   "('temperature_uncertainty: 1 K' adds a calibration error)"]  # fmt: skip


def _measurement(
    title: str, name: str, fields: Mapping[str, Any], folder: Path, samples: Mapping[str, Any],
    problems: Problems,
) -> MeasurementPlan | None:  # fmt: skip
    place: Place = ("measurements", name)
    kind = known_technique(fields.get("technique"), (*place, "technique"), problems)
    own = kind.measurement if kind is not None else None
    own_keys = tuple(own.model_fields) if own else ()
    rest = {key: value for key, value in fields.items() if key in own_keys}
    common = {key: value for key, value in fields.items() if key not in own_keys}
    if kind is None:  # its own keys are not known: complain about the technique only
        common = {key: value for key, value in common.items() if key in MeasurementFields.model_fields}
    found = validated(MeasurementFields, common, place, problems, own_keys)
    rest, used = with_files(rest, folder, place, problems)
    extra = _own_fields(own, rest, place, problems)
    if kind is not None and kind.name == fields.get("technique") and not _measures(kind):
        problems.add((*place, "technique"), f"{kind.name} works on results, not on measurements")
    if found is None:
        return None
    sample = _sample_of(found, samples, place, problems)
    for field in found.sure:
        if field != "temperature":
            problems.add((*place, "sure"), f"only 'temperature' can be confirmed here, not {field!r}")
    files = _files(found, folder, place, problems)
    if not files:
        return None
    source = f"{title}/measurements.{name}.temperature"
    stated = TemperatureFields(found.temperature, found.temperature_uncertainty, found.temperature_scatter,
                               "temperature" in found.sure)  # fmt: skip
    rules = temperature_rules(stated, files, place, source, problems)
    if rules is None:
        return None
    labels = file_labels(files)
    named = tuple(DataFile(*of_file) for of_file in zip(files, labels, rules, strict=True))
    return MeasurementPlan(name, found.technique, sample, named, extra, used)


def _measures(kind: Technique) -> bool:
    return kind.measurement is not None or any(analysis.works_on_measurements for analysis in kind.analyses)


def _own_fields(
    model: type[BaseModel] | None, content: Mapping[str, Any], place: Place, problems: Problems
) -> dict[str, Any]:
    if model is None or any(problems.within((*place, key)) for key in content):  # a file is missing
        return {}
    found = validated(model, content, place, problems)
    return {} if found is None else dict(content)


def known_technique(name: Any, place: Place, problems: Problems) -> Technique | None:
    """The technique of that name; a problem where there is none (a missing key is noted elsewhere)."""
    if name is None:
        return None
    if not isinstance(name, str) or name not in technique_names():
        problems.add(place, f"no technique {name!r}: {suggestion(str(name), technique_names())}")
        return None
    try:
        return technique(name)
    except IonscapeError as error:
        problems.add(place, str(error))
        return None


def _sample_of(found: MeasurementFields, samples: Mapping[str, Any], place: Place, problems: Problems) -> str:
    if found.sample and found.sample not in samples:
        problems.add((*place, "sample"), f"no sample {found.sample!r}: {suggestion(found.sample, samples)}")
    if not found.sample and len(samples) > 1:
        problems.add(place, f"the key 'sample' is missing: which of {', '.join(samples)}?")
    return found.sample or (next(iter(samples)) if len(samples) == 1 else "")


def _files(found: MeasurementFields, folder: Path, place: Place, problems: Problems) -> list[Path]:
    """All files meant, in natural order of each pattern; a file listed twice counts once."""
    paths: dict[Path, None] = {}
    for i, pattern in enumerate(found.files):
        matches = _matches(pattern, folder)
        if not matches:
            here = (*place, "files", i) if len(found.files) > 1 else (*place, "files")
            problems.add(here, _no_file(pattern, folder))
        paths |= dict.fromkeys(matches)
    left_out: set[Path] = set()
    for pattern in found.exclude:
        matches = [path for path in paths if path in _matches(pattern, folder) or path.name == pattern]
        if not matches:
            problems.add((*place, "exclude"), f"{pattern!r} is none of the files: "
                                              f"{suggestion(pattern, [p.name for p in paths])}")  # fmt: skip
        left_out |= set(matches)
    kept = [path for path in paths if path not in left_out]
    if paths and not kept:
        problems.add((*place, "exclude"), "leaves no file")
    return kept


def _matches(pattern: str, folder: Path) -> list[Path]:
    path = Path(pattern).expanduser()
    whole = path if path.is_absolute() else folder / path
    if whole.is_file():  # a name may hold brackets
        return [whole.resolve()]
    root = "" if path.is_absolute() else f"{glob.escape(str(folder))}/"
    found = [Path(name) for name in glob.glob(f"{root}{path}", recursive=True)]  # noqa: PTH207 (absolute too)
    return sorted((p.resolve() for p in found if p.is_file()), key=lambda p: natural_order(str(p)))


def _no_file(pattern: str, folder: Path) -> str:
    path = folder / Path(pattern).expanduser()
    parent = path.parent
    if glob.has_magic(str(Path(pattern).parent)):
        return f"no file matches {pattern!r}"
    if not parent.is_dir():
        above = parent.parent
        names = [p.name for p in above.iterdir() if p.is_dir()] if above.is_dir() else []
        close = nearest(parent.name, names)
        return f"there is no folder {parent.name!r}" + (
            f": did you mean {close!r}?" if close else f" in {above}"
        )
    here = sorted(p.name for p in parent.iterdir() if p.is_file())
    close = nearest(path.name, here)
    hint = f": did you mean {close!r}?" if close else f" (the folder holds {len(here)} files)"
    return f"no file matches {pattern!r}{hint}"


def natural_order(name: str) -> list[tuple[int, float, str]]:
    """Sort key in which ``x9`` stands before ``x10``."""
    parts = re.split(r"(\d+(?:\.\d+)?)", name.casefold())
    return [(0, float(p), "") if i % 2 else (1, 0.0, p) for i, p in enumerate(parts)]
