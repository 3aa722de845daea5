"""Questions to the store: words, and comparisons of a named quantity.

``conductivity_bulk llto`` finds quantities whose study, sample, formula, analysis or name contains both
words; ``activation_energy>0.5 eV`` those above a value; ``temperature<60 degC`` those measured below one.
All conditions must hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ionscape.core.errors import InputError, UnitError
from ionscape.core.quantity import si_unit, unit_scale
from ionscape.store.connection import read, store_url

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_COMPARISON = re.compile(rf"(?P<name>[^\W\d]\w*)\s*(?P<sign><=|>=|<|>)\s*(?P<number>{_NUMBER})\s*")
_EXAMPLE = "write e.g. 'conductivity_bulk llto' or 'activation_energy>0.5 eV'"
_TEMPERATURE = "temperature"


@dataclass(frozen=True)
class Comparison:
    """One ``name sign number unit``: the limit in SI, the SI unit it is in, and the words as written."""

    name: str
    above: bool
    inclusive: bool
    limit: float
    unit: str
    written: str


@dataclass(frozen=True)
class Question:
    """What a query asks for: all words and all comparisons must hold."""

    words: tuple[str, ...]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class FoundQuantity:
    """One quantity in the store, in the field's unit.

    ``value`` is the limit where ``status`` is ``bound``; numbers that do not exist are None. It carries no
    correlations: to compute on, read ``results.json`` of the study.
    """

    study: str
    path: str
    finished: str
    sample: str
    analysis: str
    use: str
    quantity: str
    item: str
    value: float | None
    uncertainty: float | None
    ci_low: float | None
    ci_high: float | None
    unit: str
    temperature_kelvin: float | None
    status: str
    note: str


def query(text: str = "", url: str | None = None, *, limit: int | None = None) -> list[FoundQuantity]:
    """Quantities of all recorded studies that match, newest study first, then in the study's order.

    Parameters
    ----------
    text : str
        Words and comparisons; empty for everything.
    url : str, optional
        See `ionscape.store.store_url`.
    limit : int, optional
        At most so many.

    Raises
    ------
    InputError
        If the text is no query, compares a quantity that no study has or in a unit of another kind, or the
        store cannot be read.
    """
    question = parse_query(text)
    found = read(store_url(url), lambda connection: _found(connection, question, limit))
    return found or []


def parse_query(text: str) -> Question:
    """Words and comparisons of a query's text.

    Raises
    ------
    InputError
        If a comparison is not complete, or its unit is unknown.
    """
    comparisons: list[Comparison] = []
    words: list[str] = []
    rest = text.strip()
    while rest:
        match = _COMPARISON.match(rest)
        if match is None:
            word, _, rest = rest.partition(" ")
            rest = rest.lstrip()
            if re.search(r"[<>=]", word) or re.match(r"[<>=]", rest):
                raise InputError(f"cannot read {(word + ' ' + rest)[:60].strip()!r} in the query: {_EXAMPLE}")
            words.append(word)
            continue
        after = rest[match.end() :]
        unit, left = _unit(after)
        factor, offset, dimension = unit_scale(unit)
        written = (match.group(0) + unit).strip()
        comparisons.append(
            Comparison(match["name"], match["sign"][0] == ">", "=" in match["sign"],
                       float(match["number"]) * factor + offset, si_unit(dimension), written)
        )  # fmt: skip
        rest = left.lstrip()
    return Question(tuple(words), tuple(comparisons))


def _unit(text: str) -> tuple[str, str]:
    """The unit at the start of ``text`` (empty if its first word is none), and what follows it."""
    first, _, rest = text.partition(" ")
    try:
        if first and not _COMPARISON.match(first):
            unit_scale(first)
            return first, rest
    except UnitError:
        if re.search(r"[/^*]", first):
            raise
    return "", text


def _found(connection: Connection, question: Question, limit: int | None) -> list[FoundQuantity]:
    from sqlalchemy import select

    from ionscape.store.tables import analyses as a
    from ionscape.store.tables import quantities as q
    from ionscape.store.tables import studies as s

    columns: Sequence[Any] = (
        s.c.title, s.c.path, s.c.finished, a.c.sample, a.c.name, a.c.use, q.c.name, q.c.item, q.c.value,
        q.c.uncertainty, q.c.ci_low, q.c.ci_high, q.c.unit, q.c.temperature_kelvin, q.c.status, q.c.note,
    )  # fmt: skip
    conditions = [_word(word) for word in question.words]
    conditions += [_compared(connection, c) for c in question.comparisons]
    wanted = (
        select(*columns)
        .select_from(q.join(a, q.c.analyses_id == a.c.id).join(s, a.c.studies_id == s.c.id))
        .where(*conditions)
        .order_by(s.c.finished.desc(), s.c.id, a.c.id, q.c.id)
        .limit(limit)
    )
    return [FoundQuantity(*row) for row in connection.execute(wanted)]


def _word(word: str) -> ColumnElement[bool]:
    from sqlalchemy import and_, exists, func, or_

    from ionscape.store.tables import analyses as a
    from ionscape.store.tables import quantities as q
    from ionscape.store.tables import samples as m
    from ionscape.store.tables import studies as s

    def has(column: Any) -> ColumnElement[bool]:
        matches: ColumnElement[bool] = func.lower(column).contains(word.lower(), autoescape=True)
        return matches

    formula = exists().where(and_(m.c.studies_id == s.c.id, m.c.name == a.c.sample, has(m.c.formula)))
    return or_(*(has(c) for c in (s.c.title, a.c.sample, a.c.name, a.c.use, q.c.name)), formula)


def _compared(connection: Connection, comparison: Comparison) -> ColumnElement[bool]:
    """Determined values by their best value; a bound only where it settles the question."""
    from sqlalchemy import and_, or_

    from ionscape.store.tables import quantities as q

    if comparison.name == _TEMPERATURE:
        _same_unit(comparison, {"K"}, "degC")
        return _beyond(q.c.temperature_kelvin, comparison)
    _known(connection, comparison)
    named = or_(q.c.name == comparison.name, q.c.name.startswith(comparison.name + "_", autoescape=True))
    beyond = _beyond(q.c.value_si, comparison)
    side = q.c.ci_low if comparison.above else q.c.ci_high
    settled = or_(q.c.status == "determined", and_(q.c.status == "bound", side.is_not(None)))
    return and_(named, q.c.si_unit == comparison.unit, settled, beyond)


def _beyond(column: Any, comparison: Comparison) -> ColumnElement[bool]:
    if comparison.above:
        result = column >= comparison.limit if comparison.inclusive else column > comparison.limit
    else:
        result = column <= comparison.limit if comparison.inclusive else column < comparison.limit
    compared: ColumnElement[bool] = result
    return compared


def _known(connection: Connection, comparison: Comparison) -> None:
    from sqlalchemy import select

    from ionscape.store.tables import quantities as q

    pairs = connection.execute(select(q.c.name, q.c.si_unit, q.c.unit).distinct()).all()
    name = comparison.name
    own = [(si, unit) for n, si, unit in pairs if n == name or n.startswith(name + "_")]
    if not own:
        near = get_close_matches(name, [n for n, _, _ in pairs], 1, 0.6)
        hint = f": did you mean {near[0]}?" if near else ": see 'ionscape results' for what there is"
        raise InputError(f"no study in the store has a quantity {name!r}{hint}")
    _same_unit(comparison, {si for si, _ in own}, own[0][1])


def _same_unit(comparison: Comparison, si_units: set[str], example: str) -> None:
    if comparison.unit not in si_units:
        sign = ">" if comparison.above else "<"
        raise InputError(
            f"{comparison.written!r} compares in another unit: "
            f"write e.g. '{comparison.name}{sign}1 {example}'"
        )
