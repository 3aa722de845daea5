"""What an analysis gives back, checked before it is kept: a slip of one must not stop the writing of all."""

from __future__ import annotations

from collections.abc import Iterable

from ionscape.core.citation import cited, library, parse_bibtex
from ionscape.core.errors import AnalysisError
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_name, dimension_of
from ionscape.core.registry import Technique


def check_outcome(outcome: Outcome, technique: Technique) -> None:
    """Refuse an outcome that could not be written.

    Raises
    ------
    IonscapeError
        If a citation's key is unknown, one array's name is another's group, or a row's unit is not of its
        estimate's dimension.
    """
    if set(outcome.citations) - set(library()):
        cited(outcome.citations, parse_bibtex(technique.references))
    _check_arrays(outcome.arrays)
    for row in outcome.rows:
        _check_unit(row)


def _check_arrays(names: Iterable[str]) -> None:
    places = {tuple(part for part in name.split("/") if part): name for name in names}
    for place, name in places.items():
        for length in range(1, len(place)):
            if place[:length] in places:
                raise AnalysisError(f"the array {places[place[:length]]!r} is also the group of {name!r}")


def _check_unit(row: Row) -> None:
    if row.unit and dimension_of(row.unit) != row.estimate.dimension:
        kind = dimension_name(row.estimate.dimension)
        raise AnalysisError(f"{row.quantity} is to be printed in {row.unit!r}, which is no unit of {kind}")
