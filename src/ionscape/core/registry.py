"""How techniques make themselves known: an entry point names a `Technique`, which lists its analyses.

Entry point group ``ionscape.techniques``; the value points to a `Technique`, e.g.
``impedance = "ionscape.impedance.spec:TECHNIQUE"``. ionscape's own techniques register in the same way.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.core.errors import IonscapeError
from ionscape.core.estimate import Estimate
from ionscape.core.measurement import Sweep
from ionscape.core.outcome import Failure, Outcome, Row
from ionscape.core.sample import Sample

if TYPE_CHECKING:
    from pydantic import BaseModel

GROUP = "ionscape.techniques"


def deferred(place: str) -> Callable[..., Any]:
    """The function ``"package.module:name"``, imported at its first call.

    A study is checked, and an unchanged one recognised, without importing what would compute it.
    """
    module, _, name = place.partition(":")

    def call(*arguments: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*arguments)

    call.__name__ = call.__qualname__ = name
    return call


@dataclass(frozen=True)
class Item:
    """One sweep of a study's measurement.

    Attributes
    ----------
    label : str
        Unique within the measurement: the file's name, and the sweep's label where a file has several.
    sweep : Sweep
    temperature : Estimate or None
        [K]; the part of its uncertainty that all items share has one source.
    source : str
        Unique over all studies: the root of the names of latents that belong to this item alone.
    fields : `Technique.measurement` or None
        What the study says of the measurement in the technique's own words.
    path : Path or None
        Of the file, for a technique that must look again with fields of the study.
    """

    label: str
    sweep: Sweep
    temperature: Estimate | None
    source: str
    fields: Any = None
    path: Path | None = None


@dataclass(frozen=True)
class Series:
    """What an analysis works on: the sample, and pieces of one measurement or rows of other results.

    Attributes
    ----------
    sample : Sample
    source : str
        Unique over all studies: the root of the names of the latents that the analysis adds.
    labels, temperatures, item_sources : sequences, one per item
    pieces : sequence
        What `Analysis.each` made of every item, in order, or a `Failure`.
    inputs : mapping of str to rows
        For each input field of the options (``on``, ``tracer``...), the rows referred to.
    seed : int
        For ``rng=``: the same study gives the same draws.
    fields : sequence of `Technique.measurement` or None
        Of each item's measurement, as in `Item`.
    """

    sample: Sample
    source: str
    labels: Sequence[str] = ()
    temperatures: Sequence[Estimate | None] = ()
    item_sources: Sequence[str] = ()
    pieces: Sequence[Any] = ()
    inputs: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    seed: int = 0
    fields: Sequence[Any] = ()


@dataclass(frozen=True)
class Analysis:
    """One thing a study can ask for.

    Attributes
    ----------
    name : str
        ``technique.verb``, e.g. ``impedance.fit``.
    summary : str
        One sentence for ``ionscape techniques``.
    options : pydantic model class
        The fields a study may set besides ``use`` and the inputs; ``extra="forbid"``.
    combine : callable (Series, options) -> Outcome
    each : callable (Item, Sample, options) -> storable, or None
        The part that needs one item only: run in parallel, cached item by item. Raises `IonscapeError` where
        the item cannot be used (the reason reaches the report, the others go on). Without it the pieces are
        the items' sweeps.
    inputs : tuple of str
        Names of the study fields that refer to other results (``("on",)``), or state a value.
    optional_inputs : tuple of str
        Such fields that may be left out.
    input_dimensions : mapping of str to str
        For each input, the unit that the rows referred to must be convertible to ("S/m"), for ``check``;
        inputs that are left out here take any rows.
    one_sample : bool
        Whether all results it takes must belong to one sample.
    measures : bool or None
        Whether ``on`` names measurements; None: where there are no ``inputs``.
    outputs : mapping of str to str
        Quantity (a trailing ``*`` stands for any ending) to SI unit.
    default_inputs : mapping of str to (str, str)
        Optional input to the analysis and its quantity (``("impedance.fit", "conductivity_bulk")``) that are
        taken where the study leaves the input out and one such analysis of the same sample exists.
        ``none`` in the study leaves it out.
    alternatives : tuple of tuple of str
        Inputs that mean the same: a study gives one of them at most, and none is taken by default where it
        gives another.
    """

    name: str
    summary: str
    options: type[BaseModel]
    combine: Callable[[Series, Any], Outcome]
    each: Callable[[Item, Sample, Any], Any] | None = None
    inputs: tuple[str, ...] = ()
    input_dimensions: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    optional_inputs: tuple[str, ...] = ()
    measures: bool | None = None
    one_sample: bool = False
    default_inputs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    alternatives: tuple[tuple[str, ...], ...] = ()

    @property
    def works_on_measurements(self) -> bool:
        """Whether ``on`` names measurements."""
        return not self.inputs if self.measures is None else self.measures

    @property
    def all_inputs(self) -> tuple[str, ...]:
        """Required and optional inputs."""
        return (*self.inputs, *self.optional_inputs)


@dataclass(frozen=True)
class Technique:
    """A technique: the fields of its measurements and its analyses.

    Attributes
    ----------
    name, summary : str
    analyses : tuple of Analysis
    measurement : pydantic model class or None
        Fields of a measurement of this technique beyond technique, sample, files and temperature;
        None for techniques that work on results only (temperature, consistency).
    package : str
        Importable package whose source is hashed into the cache key.
    references : str
        BibTeX of a third-party technique's own sources.
    reads : str
        The technique whose file formats its measurements have (``"impedance"``); empty: its own.
    """

    name: str
    summary: str
    analyses: tuple[Analysis, ...]
    package: str
    measurement: type[BaseModel] | None = None
    references: str = ""
    reads: str = ""


@lru_cache(maxsize=1)
def technique_names() -> tuple[str, ...]:
    """Names of all installed techniques, without importing them."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


@lru_cache(maxsize=64)
def technique(name: str) -> Technique:
    """The technique of that name, imported.

    Raises
    ------
    IonscapeError
        If there is none, or it cannot be imported.
    """
    for point in entry_points(group=GROUP):
        if point.name == name:
            module, _, attribute = point.value.partition(":")
            try:
                found = getattr(importlib.import_module(module), attribute)
            except (ImportError, AttributeError) as error:
                raise IonscapeError(f"technique {name!r} cannot be imported: {error}") from error
            if not isinstance(found, Technique):
                raise IonscapeError(f"entry point {point.value} of technique {name!r} is not a Technique")
            return found
    raise IonscapeError(f"no technique {name!r}: there are {', '.join(technique_names())}")


@lru_cache(maxsize=256)
def analysis(name: str) -> Analysis:
    """The analysis ``technique.verb``.

    Raises
    ------
    IonscapeError
        If there is none.
    """
    for candidate in technique(name.partition(".")[0]).analyses:
        if candidate.name == name:
            return candidate
    raise IonscapeError(f"no analysis {name!r}")


__all__ = ["Analysis", "Failure", "Item", "Outcome", "Row", "Series", "Technique", "analysis", "deferred",
           "technique", "technique_names"]  # fmt: skip
