"""Tasks and results as they travel to a worker and back.

Tasks hold names and plain values only, so that any executor can send them anywhere; a worker finds the code
by the technique's name. Results travel as bytes of `ionscape.core.serial`, and are those bytes in the cache
too: a result is the same to the last bit whether it was just computed or read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ionscape.core.errors import IonscapeError, ReadError
from ionscape.core.estimate import Estimate, exact
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import named_dimension
from ionscape.core.registry import technique
from ionscape.core.sample import Sample
from ionscape.core.serial import storable
from ionscape.study.model import TemperatureRule


@storable
@dataclass(frozen=True)
class Work:
    """One analysis, as a worker needs it.

    Attributes
    ----------
    source : str
        Root of its latents' names.
    several : bool
        It works on several measurements: items are then labelled with their measurement too.
    """

    name: str
    use: str
    options: Mapping[str, Any]
    sample: Sample
    source: str
    several: bool = False


@dataclass(frozen=True)
class FileTask:
    """One data file and all the analyses of its sweeps that are wanted.

    Attributes
    ----------
    temperature_source : str
        Root of the name of the latent of this file's own temperature error.
    """

    path: Path
    label: str
    measurement: str
    technique: str
    fields: Mapping[str, Any]
    temperature: TemperatureRule
    temperature_source: str
    works: tuple[Work, ...]


@storable
@dataclass(frozen=True)
class ItemPiece:
    """What one analysis made of one sweep: something storable, or a `Failure`."""

    label: str
    source: str
    temperature: Estimate | None
    piece: Any


@storable
@dataclass(frozen=True)
class FilePieces:
    """What one analysis made of one file, and what the file says of itself."""

    label: str
    items: tuple[ItemPiece, ...]
    format: str = ""
    notes: tuple[str, ...] = ()
    thickness_metre: float | None = None
    area_square_metre: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class CombineTask:
    """One analysis, its pieces (bytes of `FilePieces`, in order) and the rows that it refers to.

    ``fields`` are those of each file's measurement, in the order of the pieces; ``remarks`` what is to be
    said of the rows.
    """

    work: Work
    seed: int
    technique: str
    fields: tuple[Mapping[str, Any], ...]
    pieces: tuple[bytes, ...] = ()
    inputs: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@storable
@dataclass(frozen=True)
class StoredOutcome:
    """The result of one analysis, as the cache holds it.

    Attributes
    ----------
    formats : tuple of str
        Format of each file, in order; empty for one that could not be read.
    notes : tuple of (label, sentence)
        What the readers and the runner remarked on the files.
    seconds : float
        CPU time of all its parts.
    """

    status: Literal["done", "failed"]
    reason: str
    outcome: Outcome
    formats: tuple[str, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class TaskResult:
    """Bytes of the result; the traceback if it holds an unexpected exception (then it is not cached)."""

    content: bytes
    traceback: str = ""


# ---- what both kinds of tasks need ---------------------------------------------------------------
def measurement_fields(name: str, content: Mapping[str, Any]) -> Any:
    """The technique's own fields of a measurement, validated; None if it has none."""
    model = technique(name).measurement
    return None if model is None else model.model_validate(dict(content))


def completed(sample: Sample, thickness: float | None, area: float | None) -> Sample:
    """The sample with the geometry that a file states, where the study states none."""
    if thickness and not (sample.thickness or sample.thickness_before or sample.thickness_after):
        sample = replace(sample, thickness=exact(thickness, named_dimension("length")))
    if area and sample.area is None:
        sample = replace(sample, area=exact(area, named_dimension("area")))
    return sample


def reason_of(error: IonscapeError) -> str:
    """The error's sentence, without the file's name where it is a file's."""
    if not isinstance(error, ReadError):
        return str(error)
    return error.reason if error.line is None else f"line {error.line}: {error.reason}"


def unexpected(error: Exception, name: str) -> str:
    """The sentence for an exception that nobody foresaw."""
    what = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    return f"stopped by an unexpected {what} (see {traceback_name(name)})"


def traceback_name(name: str) -> str:
    """Name of the file for an unexpected exception's traceback."""
    return f"traceback-{name}.txt"
