"""What an analysis gives back: quantities, findings, figures, tables, failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate
from ionscape.core.serial import storable


@storable
@dataclass(frozen=True)
class Row:
    """One quantity of a result.

    Attributes
    ----------
    quantity : str
        The field's name, e.g. ``conductivity_bulk``.
    estimate : Estimate
    temperature : Estimate or None
        [K], where the quantity belongs to one.
    item : str
        What it was measured on within the analysis: the spectrum's label; empty for the whole.
    unit : str
        The unit to print; empty: the field's habit for this quantity.
    kind : str
        Of a diffusion coefficient: which one it is, a key of `ionscape.core.coefficient.KINDS`; else empty.
    channel : str
        What it belongs to: ``bulk``, ``boundary`` or ``effective``; empty where nobody said.
    """

    quantity: str
    estimate: Estimate
    temperature: Estimate | None = None
    item: str = ""
    unit: str = ""
    kind: str = ""
    channel: str = ""


@storable
@dataclass(frozen=True)
class Failure:
    """An item that gave no result, and the reason in one sentence."""

    item: str
    reason: str


@storable
@dataclass(frozen=True)
class Figure:
    """One figure for the report.

    Attributes
    ----------
    name : str
        Unique within the analysis, e.g. ``nyquist``.
    title, caption : str
        Plain text. The caption says what is drawn, with what uncertainty.
    plot : dict
        ``{"data": [...], "layout": {...}}`` for plotly.js, cartesian traces only, plain JSON types.
    """

    name: str
    title: str
    caption: str
    plot: Mapping[str, Any]


@storable
@dataclass(frozen=True)
class Table:
    """A table for the report: column heads and rows of printed cells."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@storable
@dataclass(frozen=True)
class Outcome:
    """Everything one analysis gives back.

    Attributes
    ----------
    rows : tuple of Row
    findings : tuple of str
        The answers in plain sentences, most important first; the report opens with them.
    warnings : tuple of str
        What would make the result wrong.
    failures : tuple of Failure
    figures, tables
    arrays : mapping of str to array
        For ``arrays.zarr``; a slash in the name makes a group.
    citations : tuple of str
        Keys of ``references.bib`` for the methods used.
    """

    rows: tuple[Row, ...] = ()
    findings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=lambda: dict[str, NDArray[np.float64]]())
    citations: tuple[str, ...] = ()
