"""A study, checked: samples, measurements and analyses, ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ionscape.core.estimate import Estimate
from ionscape.core.sample import Sample
from ionscape.core.serial import storable


@storable
@dataclass(frozen=True)
class TemperatureRule:
    """How the items of one file get their temperature.

    Attributes
    ----------
    kind : "file" or "stated"
        ``file``: what the reader finds in the header, or else in the name; ``stated``: the study says.
    values : tuple of float
        [K], for ``stated``: one for all sweeps of the file, or one for each in order.
    uncertainties : tuple of float
        [K], 1 standard deviation shared by all items of the measurement (calibration); one per value, or one.
    scatter : float
        [K], 1 standard deviation of each item's own.
    source : str
        Name of the shared latent.
    """

    kind: Literal["file", "stated"]
    values: tuple[float, ...] = ()
    uncertainties: tuple[float, ...] = (0.0,)
    scatter: float = 0.0
    source: str = ""

    def estimate(self, value: float, index: int, item_source: str) -> Estimate:
        """Temperature [K] of an item, with its shared and its own part of the uncertainty."""
        from ionscape.core.quantity import named_dimension

        shared = self.uncertainties[index if len(self.uncertainties) > 1 else 0]
        parts = {self.source: shared / value, f"{item_source}.temperature": self.scatter / value}
        weights = {name: weight for name, weight in parts.items() if weight}
        return Estimate(value, named_dimension("temperature"), "log", weights)


@dataclass(frozen=True)
class DataFile:
    """One file of a measurement, and how its items get their temperature."""

    path: Path
    name: str
    temperature: TemperatureRule


@dataclass(frozen=True)
class MeasurementPlan:
    """One measurement of the study.

    Attributes
    ----------
    name, technique : str
    sample : str
        Name of the sample.
    files : tuple of DataFile
        In natural order of their names.
    fields : mapping
        The technique's own fields of a measurement, as written; paths absolute.
    used_files : tuple of Path
        That these fields name.
    """

    name: str
    technique: str
    sample: str
    files: tuple[DataFile, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)
    used_files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Reference:
    """Rows of another analysis, or a value that the study states itself.

    Attributes
    ----------
    analysis : str
        Name in this study; empty for a stated value.
    quantity : str
        A trailing ``*`` stands for any ending; ``*`` alone for all.
    stated, temperature : Estimate or None
        A stated value, and the temperature [K] that it belongs to (``2.6e-8 cm^2/s at 22 degC``).
    by_default : bool
        The study does not name it: it was taken as the only one of its kind.
    """

    analysis: str
    quantity: str
    stated: Estimate | None = None
    temperature: Estimate | None = None
    by_default: bool = False


@dataclass(frozen=True)
class AnalysisPlan:
    """One analysis of the study.

    Attributes
    ----------
    name, use : str
    sample : str
        Name of the sample; empty if it belongs to none.
    options : mapping
        Validated, defaults filled in, JSON types, to show.
    written : mapping
        The options as written, to compute with.
    measurements : tuple of str
        What it works on; empty if it works on results.
    inputs : mapping of str to tuple of Reference
        For each input field, what it refers to.
    used_files : tuple of Path
        That the options name.
    """

    name: str
    use: str
    sample: str
    options: Mapping[str, Any]
    written: Mapping[str, Any]
    measurements: tuple[str, ...] = ()
    inputs: Mapping[str, tuple[Reference, ...]] = field(default_factory=dict)
    used_files: tuple[Path, ...] = ()

    @property
    def technique(self) -> str:
        """``impedance`` of ``impedance.fit``."""
        return self.use.partition(".")[0]

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the analyses whose rows it uses, each once."""
        names = (reference.analysis for found in self.inputs.values() for reference in found)
        return tuple(dict.fromkeys(name for name in names if name))


@dataclass(frozen=True)
class Study:
    """A study file, checked.

    Attributes
    ----------
    title : str
    path : Path
        Absolute path of the study file.
    text : str
        Its content.
    samples : mapping of str to Sample
    measurements : mapping of str to MeasurementPlan
    analyses : mapping of str to AnalysisPlan
        In the file's order.
    warnings : tuple of str
        What the study leaves unsaid.
    seed : int
    synthetic : str
        Where the data were generated, not measured: how; the report says so at the top.
    """

    title: str
    path: Path
    text: str
    samples: Mapping[str, Sample]
    measurements: Mapping[str, MeasurementPlan]
    analyses: Mapping[str, AnalysisPlan]
    warnings: tuple[str, ...] = ()
    seed: int = 0
    synthetic: str = ""
