"""Circuit text ``R0-(R1,Q1)-(R2,Q2)-Q3``: '-' is series, '(a,b)' parallel, nesting allowed.

Parsed, never run.

Grammar: series = item { "-" item };  item = element | "(" series "," series { "," series } ")";
element = letters [ digits ]. An element without a number gets the first free one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ionscape.core.errors import InputError
from ionscape.impedance.circuit import Branch, Circuit, Leaf, leaves_of
from ionscape.impedance.elements import BUILT_IN, RC, RQ, Element, find_element

TOKEN = re.compile(r"\s*(?:([A-Za-z]+)(\d*)|([-(),]))")
LONGEST_TEXT = 1000
DEEPEST_NESTING = 20


@dataclass(frozen=True)
class _Token:
    text: str
    position: int
    symbol: str = ""
    number: str = ""


def parse_circuit(text: str, elements: Sequence[Element] = ()) -> Circuit:
    """Parse a circuit.

    Parameters
    ----------
    text : str
        For example ``"R0-(R1,Q1)-(R2,Q2)-Q3"``.
    elements : sequence of Element
        Your own elements (`ionscape.impedance.elements.define_element`), beside the built-in ones.

    Raises
    ------
    InputError
        Where the text goes wrong, with the nearest valid symbol for a typo; or what in the circuit no
        measurement can tell apart, such as two resistors in series.
    """
    if len(text) > LONGEST_TEXT:
        raise InputError(f"circuit of {len(text)} characters: at most {LONGEST_TEXT} are accepted")
    parser = _Parser(text, elements)
    root = parser.series(0)
    parser.expect_end()
    tree = _fuse(_flatten(root))
    _question(tree, text)
    return Circuit(_number(tree))


class _Parser:
    """Recursive descent over the tokens of one circuit text."""

    def __init__(self, text: str, elements: Sequence[Element]) -> None:
        self.text, self.elements, self.index = text, elements, 0
        self.tokens = self._tokens()
        self.taken = {t.symbol + t.number for t in self.tokens if t.number}
        self.seen: set[str] = set()

    def _tokens(self) -> list[_Token]:
        tokens, position, end = [], 0, len(self.text.rstrip())
        while position < end:
            match = TOKEN.match(self.text, position)
            if match is None:
                at = position + len(self.text[position:]) - len(self.text[position:].lstrip())
                raise self.error(at, f"unexpected character {self.text[at]!r}")
            start = match.end() - len(match[0].lstrip())
            tokens.append(_Token(match[0].strip(), start, match[1] or "", match[2] or ""))
            position = match.end()
        return tokens

    def error(self, position: int, what: str) -> InputError:
        return InputError(f"circuit {self.text!r}, position {position + 1}: {what}")

    def peek(self) -> str:
        return self.tokens[self.index].text if self.index < len(self.tokens) else ""

    def position(self) -> int:
        return self.tokens[self.index].position if self.index < len(self.tokens) else len(self.text)

    def expect_end(self) -> None:
        if self.peek():
            raise self.error(self.position(), f"expected '-' or the end, not {self.peek()!r}")

    def series(self, depth: int) -> Branch | Leaf:
        items = [self.item(depth)]
        while self.peek() == "-":
            self.index += 1
            items.append(self.item(depth))
        return items[0] if len(items) == 1 else Branch("series", tuple(items))

    def item(self, depth: int) -> Branch | Leaf:
        if self.peek() == "(":
            return self.parallel(depth + 1)
        if not self.peek() or self.peek() in "-),":
            found = repr(self.peek()) if self.peek() else "the end"
            raise self.error(self.position(), f"expected an element such as R1 or '(', not {found}")
        return self.leaf()

    def parallel(self, depth: int) -> Branch | Leaf:
        opening = self.position()
        if depth > DEEPEST_NESTING:
            raise self.error(opening, f"nested deeper than {DEEPEST_NESTING} levels")
        self.index += 1
        items = [self.series(depth)]
        while self.peek() == ",":
            self.index += 1
            items.append(self.series(depth))
        if self.peek() != ")":
            found = repr(self.peek()) if self.peek() else "the end"
            what = f"'(' of position {opening + 1} needs ',' or ')' here, not {found}"
            raise self.error(self.position(), what)
        self.index += 1
        return items[0] if len(items) == 1 else Branch("parallel", tuple(items))

    def leaf(self) -> Leaf:
        token = self.tokens[self.index]
        element = find_element(token.symbol, self.elements)
        if element is None:
            raise self.error(token.position, self.unknown(token.symbol))
        label = token.symbol + (token.number or self.free_number(token.symbol))
        if label in self.seen:
            raise self.error(token.position, f"{label} occurs twice: give each element its own number")
        self.seen.add(label)
        self.index += 1
        return Leaf(element, (label,), 0)

    def free_number(self, symbol: str) -> str:
        number = 1
        while f"{symbol}{number}" in self.taken | self.seen:
            number += 1
        return str(number)

    def unknown(self, symbol: str) -> str:
        valid = [*BUILT_IN, *(e.symbol for e in self.elements)]
        lower = {v.lower(): v for v in valid} | {"cpe": "Q", "zw": "W", "la": "L"}
        near = difflib.get_close_matches(symbol.lower(), lower, 1, 0.4)
        hint = f"did you mean {lower[near[0]]!r}? " if near else ""
        return f"unknown element {symbol!r}; {hint}valid symbols: {', '.join(valid)}"


def _flatten(node: Branch | Leaf) -> Branch | Leaf:
    """Merge a series within a series, a parallel within a parallel."""
    if isinstance(node, Leaf):
        return node
    children: list[Branch | Leaf] = []
    for child in map(_flatten, node.children):
        same = isinstance(child, Branch) and child.kind == node.kind
        children.extend(child.children if isinstance(child, Branch) and same else [child])
    return Branch(node.kind, tuple(children))


def _fuse(node: Branch | Leaf) -> Branch | Leaf:
    """R parallel to just one Q or C becomes one leaf, R named first."""
    if isinstance(node, Leaf):
        return node
    if node.kind == "parallel" and len(node.children) == 2:
        pair = {c.element.symbol: c for c in node.children if isinstance(c, Leaf)}
        for symbol, fused in (("Q", RQ), ("C", RC)):
            if set(pair) == {"R", symbol}:
                return Leaf(fused, pair["R"].labels + pair[symbol].labels, 0)
    return Branch(node.kind, tuple(map(_fuse, node.children)))


def _question(node: Branch | Leaf, text: str) -> None:
    """Refuse what no spectrum can tell apart: equal elements side by side."""
    if isinstance(node, Leaf):
        return
    for symbol in ("R", "C", "L", "W"):
        twins = [c.labels[0] for c in node.children if isinstance(c, Leaf) and c.element.symbol == symbol]
        if len(twins) > 1:
            what = "sum" if (node.kind == "series") == (symbol in "RLW") else "combination"
            if node.kind == "parallel":
                what = "sum" if symbol == "C" else "combination"
            raise InputError(
                f"circuit {text!r}: {' and '.join(twins)} stand in {node.kind} with nothing between them, "
                f"so only their {what} can be determined: keep one"
            )
    for child in node.children:
        _question(child, text)


def _number(root: Branch | Leaf) -> Branch | Leaf:
    """Give every leaf its place in theta."""
    offsets: dict[tuple[str, ...], int] = {}
    total = 0
    for leaf in leaves_of(root):
        offsets[leaf.labels] = total
        total += len(leaf.element.parameters)

    def place(node: Branch | Leaf) -> Branch | Leaf:
        if isinstance(node, Leaf):
            return replace(node, offset=offsets[node.labels])
        return Branch(node.kind, tuple(map(place, node.children)))

    return place(root)
