"""YAML with positions: plain values, and the line of every key and list element.

Follows YAML 1.2's core schema: ``on``, ``yes``, ``no`` are words, ``5.0e21`` is a number, ``010`` is ten.
Nothing but mappings, lists, texts, numbers, true, false and null is ever built.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ionscape.study.problems import Place, Problem, StudyErrors, dotted

LARGEST_FILE = 2_000_000  # bytes; a study file is written by hand
_LARGEST_TREE = 30_000  # nodes, aliases counted as often as they are used


_COLLECTIONS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


class _StudyLoader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own)


_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9]+\.?[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", f"^(?:{_FLOAT})$", "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
    ("merge", r"^<<$", "<"),
):  # fmt: skip
    _StudyLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), [c if c != "\0" else "" for c in _first]
    )


class Number(float):
    """A number as written in the file: ``text`` keeps the spelling for messages."""

    text: str = ""


@dataclass
class Document:
    """A parsed file.

    Attributes
    ----------
    content : mapping
        Plain values.
    lines : dict of Place to int
        1-based line of every key and list element.
    """

    content: dict[str, Any]
    lines: dict[Place, int] = field(default_factory=dict)


def parse(path: Path, text: str) -> Document:
    """Read the text of a study file.

    Raises
    ------
    StudyErrors
        For YAML that cannot be parsed, duplicate keys, keys that are not texts, tags.
    """
    try:
        root = yaml.compose(text, Loader=_StudyLoader)
    except yaml.MarkedYAMLError as error:
        raise StudyErrors(path.name, [_syntax_problem(error)]) from error
    except yaml.YAMLError as error:  # a character that YAML does not allow has no mark
        raise StudyErrors(path.name, [_character_problem(error, text)]) from error
    if not isinstance(root, yaml.MappingNode):
        keys = "'study:', 'samples:', 'measurements:', 'analyses:'"
        said = f"expected a study with {keys} ('ionscape new NAME' writes one)"
        raise StudyErrors(path.name, [Problem(1, "", said)])
    walker = _Walker()
    document = Document({}, walker.lines)
    document.content = walker.mapping(root, ())
    if walker.problems:
        raise StudyErrors(path.name, walker.problems)
    return document


def _syntax_problem(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    what = error.problem or error.context or "not readable"
    if "found character '\\t'" in what:
        what = "a tab: indent with spaces"
    elif "mapping values are not allowed" in what:
        what = "a second ':' here: put the text in quotes, or mend the indentation"
    return Problem(line, "", f"not valid YAML: {what}")


def _character_problem(error: yaml.YAMLError, text: str) -> Problem:
    position = getattr(error, "position", 0)
    return Problem(text.count("\n", 0, position) + 1, "", "a character that a text file cannot hold")


class _Walker:
    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []
        self._visited = 0
        self._open: list[yaml.Node] = []

    def value(self, node: yaml.Node, place: Place) -> Any:
        self._visited += 1
        if self._visited > _LARGEST_TREE or any(node is parent for parent in self._open):
            if not self.problems:
                self._problem(node, place, "aliases that make the file endless or enormous")
            return None
        if isinstance(node, yaml.CollectionNode) and node.tag not in _COLLECTIONS:
            self._problem(node, place, f"the YAML tag {node.tag!r} is not used here: remove it")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            self._open.append(node)
            values = []
            for i, element in enumerate(node.value):
                self.lines[(*place, i)] = element.start_mark.line + 1
                values.append(self.value(element, (*place, i)))
            self._open.pop()
            return values
        return self._scalar(node, place)

    def mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        content: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        self._open.append(node)
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == "tag:yaml.org,2002:merge":
                merged |= self._merged(value_node, place)
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(key_node, place, "a key must be a word")
                continue
            key = str(key_node.value)
            if key in content:
                first = self.lines[(*place, key)]
                self._problem(key_node, (*place, key), f"stands twice (first at line {first}): remove one")
                continue
            self.lines[(*place, key)] = line
            content[key] = self.value(value_node, (*place, key))
        self._open.pop()
        return {**{k: v for k, v in merged.items() if k not in content}, **content}

    def _merged(self, node: yaml.Node, place: Place) -> dict[str, Any]:
        if isinstance(node, yaml.MappingNode):
            content = self.value(node, place)
            return content if isinstance(content, dict) else {}
        self._problem(node, place, "'<<' takes one mapping")
        return {}

    def _scalar(self, node: yaml.Node, place: Place) -> Any:
        text = str(node.value)
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind == "bool":
            return text.lower() == "true"
        if kind == "int":
            return int(text)
        if kind == "float":
            number = Number(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
            number.text = text
            return number
        if kind == "null":
            return None
        if kind != "str":
            self._problem(node, place, f"the YAML tag {node.tag!r} is not used here: remove it")
        return text

    def _problem(self, node: yaml.Node, place: Place, message: str) -> None:
        self.problems.append(Problem(node.start_mark.line + 1, dotted(place), message))
