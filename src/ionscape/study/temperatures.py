"""How the files of a measurement get their temperature: from name or header, a value, a list, a mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ionscape.core.errors import InputError
from ionscape.core.quantity import Quantity, named_dimension, parse_quantity, unit_scale
from ionscape.core.temperature_slip import temperature_slip
from ionscape.read.naming import temperature_in_name
from ionscape.study.labels import file_labels, files_called
from ionscape.study.model import TemperatureRule
from ionscape.study.problems import Place, Problems, suggestion
from ionscape.study.validation import spelled

_ZERO_CELSIUS = 273.15


@dataclass(frozen=True)
class TemperatureFields:
    """What the study says about temperature, as written."""

    temperature: Any
    uncertainty: Quantity | None
    scatter: Quantity | None
    sure: bool


def interval(value: Any) -> Quantity:
    """A temperature difference with 1 SD: ``1 K``, ``0.5 degC`` (an interval, no offset).

    Raises
    ------
    InputError
        If it is none.
    """
    match = re.match(r"^\s*([0-9.]+(?:[eE][-+]?\d+)?)\s*(.+?)\s*$", spelled(value))
    if match is None:
        raise InputError(f"expected a temperature difference such as '1 K', got {spelled(value)!r}")
    factor, _, dimension = unit_scale(match[2])
    if dimension != named_dimension("temperature"):
        raise InputError(f"expected a temperature difference such as '1 K', got {spelled(value)!r}")
    return Quantity(float(match[1]) * factor, None, dimension, spelled(value))


def temperature_rules(
    stated: TemperatureFields, files: Sequence[Path], place: Place, source: str, problems: Problems
) -> list[TemperatureRule] | None:
    """One rule per file; None where the study is wrong, which is noted."""
    here = (*place, "temperature")
    value = stated.temperature
    if isinstance(value, dict):
        found = _mapped(value, files, here, problems)
    elif isinstance(value, list):
        found = _listed(value, files, here, problems)
    elif value is None or value == "from file":
        return [_rule([], stated, source) for _ in files]
    elif value == "from name":
        found = _named(files, here, problems)
    else:
        one = _one(value, here, problems)
        found = None if one is None else [[one]] * len(files)
    if found is None:
        return None
    if not stated.sure:
        _question(found, files, here, problems)
    return None if problems.within(here) else [_rule(values, stated, source) for values in found]


def _rule(values: Sequence[Quantity], stated: TemperatureFields, source: str) -> TemperatureRule:
    default = stated.uncertainty.value if stated.uncertainty else 0.0
    scatter = stated.scatter.value if stated.scatter else 0.0
    if not values:
        return TemperatureRule("file", (), (default,), scatter, source)
    uncertainties = tuple(default if q.uncertainty is None else q.uncertainty for q in values)
    return TemperatureRule("stated", tuple(q.value for q in values), uncertainties, scatter, source)


def _one(value: Any, here: Place, problems: Problems) -> Quantity | None:
    text = spelled(value)
    if isinstance(value, (dict, list, bool)) or value is None:
        problems.add(here, "expected a temperature such as '25 degC', or 'from name', 'from file'")
        return None
    try:
        float(text)
    except ValueError:
        pass
    else:
        problems.add(here, f"{text} has no unit: write '{text} degC' or '{text} K'")
        return None
    if text.startswith("from"):
        problems.add(here, f"expected 'from name', 'from file' or a temperature, got {text!r}")
        return None
    try:
        found = parse_quantity(text, "temperature")
    except InputError as error:
        problems.add(here, str(error))
        return None
    if found.value <= 0:
        problems.add(here, f"{text!r} is at or below absolute zero: check the number and its unit")
        return None
    return found


def _listed(
    values: list[Any], files: Sequence[Path], here: Place, problems: Problems
) -> list[list[Quantity]] | None:
    found = [_one(value, (*here, i), problems) for i, value in enumerate(values)]
    complete = [q for q in found if q is not None]
    if len(complete) < len(found):
        return None
    if len(files) == 1:  # one file with several sweeps
        return [complete]
    if len(complete) != len(files):
        counts = f"{len(complete)} temperatures for {len(files)} files"
        order = f"{files[0].name}, {files[1].name}, ..."
        problems.add(here, f"{counts}: one each is needed, in the order {order}")
        return None
    return [[q] for q in complete]


def _mapped(
    values: Mapping[str, Any], files: Sequence[Path], here: Place, problems: Problems
) -> list[list[Quantity]] | None:
    labels = dict(zip(files, file_labels(files), strict=True))
    keys: dict[Path, str] = {}
    for key in values:
        called = files_called(key, files)
        if not called:
            hint = suggestion(key, labels.values())
            problems.add((*here, key), f"no such file in this measurement: {hint}")
        elif len(called) > 1:
            problems.add((*here, key), f"{len(called)} files are called so: write "
                                       f"{' and '.join(labels[path] for path in called[:3])}")  # fmt: skip
        elif called[0] in keys:
            problems.add((*here, key), f"the same file as {keys[called[0]]!r}: keep one of them")
        for path in called:
            keys.setdefault(path, key)
    found: list[list[Quantity]] = []
    for path in files:
        if path not in keys:
            problems.add(here, f"no temperature for the file {labels[path]!r}")
            continue
        place, value = (*here, keys[path]), values[keys[path]]
        if isinstance(value, list):
            several = [_one(v, (*place, i), problems) for i, v in enumerate(value)]
        else:
            several = [_one(value, place, problems)]
        found.append([q for q in several if q is not None])
    return None if problems.within(here) else found


def _named(files: Sequence[Path], here: Place, problems: Problems) -> list[list[Quantity]] | None:
    found: list[list[Quantity]] = []
    missing: list[tuple[str, str]] = []
    for path, label in zip(files, file_labels(files), strict=True):
        named = temperature_in_name(path.name)
        if named.kelvin is None:
            missing.append((label, named.warning))
        else:
            found.append([Quantity(named.kelvin, None, named_dimension("temperature"), named.text)])
    if not missing:
        return found
    name, why = missing[0]
    why = why or f"no temperature with a unit in the name {name!r}"
    more = f" (and {len(missing) - 1} more files)" if len(missing) > 1 else ""
    problems.add(here, f"{why}{more}: name the files like 'x_140degC.txt', or write "
                       f"'temperature: {{{name}: 140 degC, ...}}'")  # fmt: skip
    return None


def _question(
    found: Sequence[Sequence[Quantity]], files: Sequence[Path], here: Place, problems: Problems
) -> None:
    """Ask about what looks like a slip of units, once per measurement."""
    anyway = "; if it is so, add 'sure: [temperature]' to the measurement"
    for values, path in zip(found, files, strict=True):
        for q in values:
            question = temperature_slip(q) or _against_name(q, path)
            if question:
                problems.add(here, question + anyway)
                return


def _against_name(q: Quantity, path: Path) -> str:
    """A study that says 140 K of a file named 140 °C, or 413 °C of one named 140 °C."""
    named = temperature_in_name(path.name).kelvin
    if named is None or abs(abs(q.value - named) - _ZERO_CELSIUS) > 2.0:
        return ""
    both = f"{q.text!r} and the name {path.name!r} ({named - _ZERO_CELSIUS:.4g} °C)"
    return f"{both} differ by the 273 K between kelvin and °C: one of them has the wrong unit"
