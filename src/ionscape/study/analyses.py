"""The analyses of a study: what to use, on what, with which options; references and dimensions checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from ionscape.core.errors import InputError, IonscapeError
from ionscape.core.estimate import measured
from ionscape.core.quantity import dimension_name, dimension_of, parse_quantity
from ionscape.core.registry import Analysis, technique, technique_names
from ionscape.study.cache import plain
from ionscape.study.default_inputs import NONE, check_alternatives, with_defaults
from ionscape.study.file_fields import with_files
from ionscape.study.model import AnalysisPlan, MeasurementPlan, Reference
from ionscape.study.problems import Place, Problems, suggestion
from ionscape.study.validation import spelled, validated


class AnalysisReader:
    """Reads the ``analyses`` of a study.

    Parameters
    ----------
    title : str
        Of the study: root of the names of latents.
    content : mapping
        The analyses as written.
    measurements : mapping
        The measurements as written.
    plans : mapping of str to MeasurementPlan
        Those that are right.
    samples : mapping
        The samples as written.
    folder : Path
        Of the study.

    Attributes
    ----------
    notes : list of str
        Which inputs were taken though the study does not name them, after `read`.
    """

    def __init__(
        self, title: str, content: Mapping[str, Any], measurements: Mapping[str, Any],
        plans: Mapping[str, MeasurementPlan], samples: Mapping[str, Any], folder: Path, problems: Problems,
    ) -> None:  # fmt: skip
        self._title, self._content, self._problems = title, content, problems
        self._folder = folder
        self.notes: list[str] = []
        self._measurements, self._plans, self._samples = measurements, plans, samples
        self._uses: dict[str, Analysis] = {}

    def read(self) -> dict[str, AnalysisPlan]:
        """All analyses that are right, in the file's order; what is wrong goes to the problems."""
        for name, fields in self._content.items():
            self._find_use(name, fields)
        found: dict[str, AnalysisPlan] = {}
        for name, use in self._uses.items():
            plan = self._plan(name, use, self._content[name])
            if plan is not None:
                found[name] = plan
        self._find_circles(found)
        self._inherit_samples(found)
        found, self.notes = with_defaults(found, self._uses, self._content)
        if self.notes:
            self._find_circles(found)
        return found

    def _find_use(self, name: str, fields: Any) -> None:
        place: Place = ("analyses", name)
        if not isinstance(fields, dict):
            self._problems.add(place, "expected '{ use: technique.analysis, on: ... }'")
            return
        use = fields.get("use")
        if not isinstance(use, str):
            self._problems.add(place, "the key 'use' is missing, e.g. 'use: impedance.fit'")
            return
        family, _, _verb = use.partition(".")
        if family not in technique_names():
            choices = technique_names()
            self._problems.add((*place, "use"), f"no technique {family!r}: {suggestion(family, choices)}")
            return
        try:
            offered = {analysis.name: analysis for analysis in technique(family).analyses}
        except IonscapeError as error:
            self._problems.add((*place, "use"), str(error))
            return
        if use not in offered:
            self._problems.add((*place, "use"), f"no analysis {use!r}: {suggestion(use, offered)}")
            return
        self._uses[name] = offered[use]

    def _plan(self, name: str, use: Analysis, fields: Mapping[str, Any]) -> AnalysisPlan | None:
        place: Place = ("analyses", name)
        on = ("on",) if use.works_on_measurements else ()
        work = (*on, *use.all_inputs)
        written = {k: v for k, v in fields.items() if k not in ("use", "sample", *work)}
        options, used = with_files(written, self._folder, place, self._problems)
        missing = any(self._problems.within((*place, key)) for key in options)
        known = ("use", "sample", *work)
        model = None if missing else validated(use.options, options, place, self._problems, known)
        sample = fields.get("sample", "")
        if sample and sample not in self._samples:
            here = (*place, "sample")
            self._problems.add(here, f"no sample {sample!r}: {suggestion(str(sample), self._samples)}")
        for key in (*on, *use.inputs):
            if fields.get(key) in (None, [], ""):
                what = "a measurement" if key in on else "a result such as 'arcs.conductivity_total'"
                self._problems.add(place, f"the key {key!r} is missing: it names {what}")
        check_alternatives(use, fields, place, self._problems)
        given = {key: fields.get(key) for key in use.all_inputs}
        given |= {key: None for key in use.optional_inputs if given[key] == NONE}
        inputs = {key: self._references(name, use, key, value) for key, value in given.items()}
        measurements: tuple[str, ...] = ()
        if on:
            measurements = self._worked_on(name, use, fields.get("on"))
            sample = sample or self._sample_measured(measurements, place)
        if model is None or self._problems.within(place):
            return None
        shown = {key: plain(getattr(model, key)) for key in type(model).model_fields}
        return AnalysisPlan(name, use.name, str(sample), shown, options, measurements, inputs, used)

    def _worked_on(self, name: str, use: Analysis, on: Any) -> tuple[str, ...]:
        names = on if isinstance(on, list) else [on] if on is not None else []
        wanted = use.name.partition(".")[0]
        for i, measurement in enumerate(names):
            place: Place = ("analyses", name, "on", i) if isinstance(on, list) else ("analyses", name, "on")
            if measurement not in self._measurements:
                said = f"no measurement {spelled(measurement)!r}: "
                said += suggestion(str(measurement), self._measurements)
                if str(measurement).partition(".")[0] in self._content:
                    said = f"{measurement!r} is an analysis, {use.name} needs a measurement"
                self._problems.add(place, said)
                continue
            fields = self._measurements[measurement]
            measured_by = fields.get("technique") if isinstance(fields, dict) else None
            if measured_by is not None and measured_by in technique_names() and measured_by != wanted:
                self._problems.add(place, f"{use.name} needs a measurement of {wanted}, "
                                          f"{measurement!r} is one of {measured_by}")  # fmt: skip
        return tuple(str(n) for n in names)

    def _sample_measured(self, measurements: tuple[str, ...], place: Place) -> str:
        samples = {self._plans[m].sample for m in measurements if m in self._plans}
        if len(samples) > 1:
            names = ", ".join(sorted(samples))
            said = f"the measurements belong to different samples ({names}): analyse them apart"
            self._problems.add((*place, "on"), said)
        return next(iter(samples)) if len(samples) == 1 else ""

    def _references(self, name: str, use: Analysis, key: str, value: Any) -> tuple[Reference, ...]:
        texts = value if isinstance(value, list) else [value] if value is not None else []
        found = []
        for i, text in enumerate(texts):
            place: Place = ("analyses", name, key, i) if isinstance(value, list) else ("analyses", name, key)
            reference = self._reference(name, use, key, text, place)
            if reference is not None:
                found.append(reference)
        return tuple(found)

    def _reference(self, name: str, use: Analysis, key: str, text: Any, place: Place) -> Reference | None:
        if not isinstance(text, str):
            self._problems.add(
                place, f"expected a result such as 'arcs.conductivity_total', got {spelled(text)!r}"
            )
            return None
        wanted = use.input_dimensions.get(key, "")
        if re.match(r"\s*[-+.\d(]", text):
            return self._stated(text, wanted, f"{self._title}/analyses.{name}.{key}: {text}", place)
        analysis, _, quantity = text.partition(".")
        if analysis not in self._content:
            what = (
                "is a measurement: this needs the result of an analysis" if text in self._measurements else ""
            )
            hint = (
                f"{text!r} {what}"
                if what
                else f"no analysis {analysis!r}: {suggestion(analysis, self._content)}"
            )
            self._problems.add(place, hint)
            return None
        upstream = self._uses.get(analysis)
        if upstream is None:  # wrong itself: said once is enough
            return None
        if not quantity and wanted:
            choices = ", ".join(f"{analysis}.{output}" for output in upstream.outputs)
            self._problems.add(place, f"say which quantity of {analysis}: {choices}")
            return None
        units = units_of(upstream, quantity or "*")
        slip = misspelt(quantity, upstream.outputs)
        if quantity and (slip or not units):
            hint = f"did you mean {slip!r}?" if slip else suggestion(quantity, upstream.outputs)
            self._problems.add(place, f"{upstream.name} gives no {quantity!r}: {hint}")
            return None
        self._check_dimension(units, wanted, text, place)
        return Reference(analysis, quantity or "*")

    def _check_dimension(self, units: set[str], wanted: str, text: str, place: Place) -> None:
        if not wanted or any(dimension_of(unit) == dimension_of(wanted) for unit in units):
            return
        has = " or ".join(sorted(dimension_name(dimension_of(unit)) for unit in units))
        self._problems.add(place, f"expected a {dimension_name(dimension_of(wanted))}, {text!r} is a {has}")

    def _stated(self, text: str, wanted: str, source: str, place: Place) -> Reference | None:
        number, _, at = text.partition(" at ")
        try:
            found = parse_quantity(number)
            if wanted and dimension_of(wanted) != found.dimension:
                raise InputError(f"expected a {dimension_name(dimension_of(wanted))}, got {text!r}")
            kelvin = parse_quantity(at, "temperature") if at else None
        except InputError as error:
            self._problems.add(place, str(error))
            return None
        value = measured(found.value, found.uncertainty or 0.0, found.dimension, source=source)
        if kelvin is None:
            return Reference("", place_name(place), value)
        if not kelvin.value > 0:
            self._problems.add(place, f"{at!r} is at or below absolute zero: check the number and its unit")
            return None
        temperature = measured(
            kelvin.value, kelvin.uncertainty or 0.0, kelvin.dimension, source=f"{source} temperature"
        )
        return Reference("", place_name(place), value, temperature)

    def _find_circles(self, found: Mapping[str, AnalysisPlan]) -> None:
        graph = {name: plan.needs for name, plan in found.items()}
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = error.args[1]
            self._problems.add(("analyses", circle[-1]), "needs its own result: "
                               + " -> ".join(reversed(circle)))  # fmt: skip

    def _inherit_samples(self, found: dict[str, AnalysisPlan]) -> None:
        """An analysis of results belongs to the sample that all of them belong to, if there is one."""
        if any(self._problems.within(("analyses", name)) for name in found):
            return
        order = TopologicalSorter({name: [n for n in p.needs if n in found] for name, p in found.items()})
        for name in order.static_order():
            plan = found[name]
            samples = {found[n].sample: n for n in reversed(plan.needs) if n in found}
            if self._uses[name].one_sample and len(samples) > 1:
                whose = ", ".join(f"{n!r} is of sample {sample or '?'}" for sample, n in samples.items())
                said = f"{plan.use} takes results of one sample: {whose}"
                self._problems.add(("analyses", name), said)
            elif not plan.sample and len(samples) == 1:
                found[name] = replace(plan, sample=next(iter(samples)))
            elif not plan.sample and not samples and self._uses[name].one_sample and len(self._samples) == 1:
                found[name] = replace(plan, sample=next(iter(self._samples)))


def place_name(place: Place) -> str:
    """The last key of a place: what a stated value is called."""
    return str(next(part for part in reversed(place) if isinstance(part, str)))


def units_of(use: Analysis, quantity: str) -> set[str]:
    """SI units of the outputs that ``quantity`` (perhaps with ``*``) can stand for."""
    return {
        unit for output, unit in use.outputs.items()
        if fnmatchcase(quantity, output) or fnmatchcase(output, quantity)
        or (output.endswith("*") and quantity.endswith("*")
            and (output[:-1].startswith(quantity[:-1]) or quantity[:-1].startswith(output[:-1])))
    }  # fmt: skip


def misspelt(quantity: str, outputs: Mapping[str, str]) -> str:
    """The output that was meant, where only a wildcard output lets the misspelt word through; else empty.

    A word that continues an output (``conductivity_bulk_2``) is no slip.
    """
    exact = [output for output in outputs if not output.endswith("*")]
    if not quantity or quantity.endswith("*") or any(quantity.startswith(output) for output in exact):
        return ""
    for family in (output[:-1] for output in outputs if output.endswith("*")):
        for output in exact:
            alike = output.startswith(family) and quantity.startswith(family)
            endings = (None, output[len(family) :], quantity[len(family) :])
            if alike and SequenceMatcher(*endings).ratio() > 0.85:
                return output
    return ""
