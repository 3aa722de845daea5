"""pydantic's view of a mapping, turned into sentences with a place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ionscape.core.errors import UnitError
from ionscape.core.quantity import Quantity, parse_quantity
from ionscape.study.nodes import Number
from ionscape.study.problems import Place, Problems, suggestion

M = TypeVar("M", bound=BaseModel)


class Fields(BaseModel):
    """Base of every part of a study file: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def spelled(value: Any) -> str:
    """A scalar of the file as the user wrote it."""
    if isinstance(value, Number):
        return value.text
    return str(value).lower() if isinstance(value, bool) else str(value)


def quantity(value: Any, expected: str) -> Quantity:
    """The quantity that a scalar of the file states.

    Raises
    ------
    UnitError
        If it is none, or of another dimension.
    """
    if isinstance(value, Quantity):
        return value
    if isinstance(value, (list, dict)) or value is None:
        kind = "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping"
        raise UnitError(f"expected {'an' if expected[0] in 'aeiou' else 'a'} {expected}, got {kind}")
    return parse_quantity(spelled(value), expected)


def validated(
    model: type[M], content: Mapping[str, Any], place: Place, problems: Problems, known: tuple[str, ...] = ()
) -> M | None:
    """``content`` as ``model``; None where it is wrong, which is noted in ``problems``.

    Parameters
    ----------
    known : tuple of str
        Keys that are right here besides the model's own, for suggestions.
    """
    empty = [key for key, value in content.items() if value is None]
    for key in empty:
        problems.add((*place, key), "is empty: give a value, or remove the key")
    try:
        return model.model_validate({key: value for key, value in content.items() if key not in empty})
    except ValidationError as error:
        keys = (*model.model_fields, *known)
        for detail in error.errors(include_url=False):
            _note(dict(detail), content, place, problems, keys)
        return None


def _note(
    detail: dict[str, Any],
    content: Mapping[str, Any],
    place: Place,
    problems: Problems,
    keys: tuple[str, ...],
) -> None:
    location = _in_file(detail["loc"], content)
    kind = detail["type"]
    if kind == "missing":
        problems.add((*place, *location[:-1]), f"the key {str(location[-1])!r} is missing")
        return
    if kind == "extra_forbidden":
        choices = keys if len(location) == 1 else ()
        hint = f": {suggestion(str(location[-1]), choices)}" if choices else ""
        problems.add((*place, *location), f"unknown key{hint}")
        return
    problems.add((*place, *location), _sentence(detail))


def _in_file(location: tuple[str | int, ...], content: Any) -> tuple[str | int, ...]:
    """pydantic's location without the tags of unions, which are in no file."""
    kept: list[str | int] = []
    for i, part in enumerate(location):
        element = isinstance(content, list) and isinstance(part, int) and part < len(content)
        if element or (isinstance(content, Mapping) and part in content):
            content = content[part]
        elif i < len(location) - 1 or not isinstance(content, Mapping):
            continue
        kept.append(part)
    return tuple(kept)


def _sentence(detail: dict[str, Any]) -> str:
    reason = detail.get("ctx", {}).get("error")
    if isinstance(reason, Exception):
        return str(reason)
    value = detail.get("input")
    got = (
        "nothing"
        if value is None
        else f"{spelled(value)!r}"
        if not isinstance(value, (dict, list))
        else "more"
    )
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in ("literal_error", "enum"):
        expected = str(context.get("expected", ""))
        choices = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
        hint = suggestion(spelled(value), choices)
        return f"expected {expected}, got {got}" + (f": {hint}" if hint.startswith("did") else "")
    words = {"float": "a number", "int": "a whole number", "bool": "true or false", "string": "a text",
             "list": "a list", "tuple": "a list", "dict": "a mapping", "model": "a mapping"}  # fmt: skip
    for prefix, word in words.items():
        if kind.startswith(prefix) and (kind.endswith(("_type", "_parsing", "_from_float"))):
            return f"expected {word}, got {got}"
    message = str(detail["msg"]).replace("Input should be", "must be")
    return f"{message[:1].lower()}{message[1:]}, got {got}"
