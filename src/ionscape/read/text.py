"""Bytes of a text file to lines and numbers, whatever the encoding, line ends and decimal mark."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

_MISSING = frozenset({"", "na", "n/a", "#n/a", "-", "--", "---", "null", "none", "#div/0!", "#value!"})
_COMMA_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_POINT_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NO_NUMBERS = frozenset({"nan", "inf", "-inf", "+inf", "infinity", "-infinity"})
_FORTRAN = re.compile(r"[+-]?\d*\.?\d*[dD][+-]?\d+")


def decode(content: bytes) -> str:
    """Text of a file in UTF-8, UTF-16 (with or without mark), or else Windows-1252 / Latin-1.

    Never fails: Latin-1 takes any byte.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    wide = _utf16_without_mark(content)
    if wide:
        return content.decode(wide, errors="replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _utf16_without_mark(content: bytes) -> str:
    """``"utf-16-le"`` or ``"utf-16-be"`` if every other byte is nearly always zero, else empty."""
    head = content[:2000]
    if len(head) < 4 or b"\0" not in head:
        return ""
    even, odd = head[0::2], head[1::2]
    if odd.count(0) > 0.8 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.8 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return ""


def looks_like_text(head: bytes) -> bool:
    """Whether the beginning of a file is text: no control bytes beyond tabs and line ends."""
    if not head:
        return False
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _utf16_without_mark(head):
        return True
    control = head.translate(None, bytes(range(32, 256)) + b"\t\n\r\f\x1a")
    return len(control) <= 0.001 * len(head)


def split_lines(text: str) -> list[str]:
    """Lines without their ends: LF, CR LF, CR, and the CR CR LF that some programs write.

    Unlike ``str.splitlines`` it does not split at form feeds and other separators, so that line numbers agree
    with an editor's.
    """
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def lines_of(content: bytes) -> list[str]:
    """``split_lines(decode(content))``: what most text formats begin with."""
    return split_lines(decode(content))


def to_float(text: str, decimal: str | None = None) -> float:
    """A number as instruments write it; NaN for an empty field or a word for a missing value.

    Takes a decimal point or comma, a Unicode minus, Fortran's ``1.0D+03``, and thousands separators where
    both marks occur.

    Parameters
    ----------
    text : str
    decimal : {".", ",", None}
        The file's decimal mark, where known; None accepts both.

    Raises
    ------
    ValueError
        If the text is not a number.
    """
    if decimal != ",":
        try:
            value = float(text)
        except ValueError:
            return _unusual_float(text, decimal)
        if "_" not in text:  # Python's own digit grouping: no instrument writes it
            return value
    return _unusual_float(text, decimal)


def _unusual_float(text: str, decimal: str | None) -> float:
    field = text.strip().strip("\"'").strip().replace("\u2212", "-").replace("\xa0", "")
    if decimal != "." and _DECIMAL_COMMA.fullmatch(field):
        return float(field.replace(",", "."))
    if field.lower() in _MISSING:
        return math.nan
    if decimal == "," and _POINT_THOUSANDS.fullmatch(field):
        return float(field.replace(".", ""))
    if _PLAIN.fullmatch(field) or field.lower() in _NO_NUMBERS:
        return float(field)
    if _COMMA_THOUSANDS.fullmatch(field):
        return float(field.replace(",", ""))
    if _POINT_THOUSANDS.fullmatch(field):
        return float(field.replace(".", "").replace(",", "."))
    if _FORTRAN.fullmatch(field) and field[0] not in "dD":
        return float(field.lower().replace("d", "e"))
    raise ValueError(f"{field!r} is not a number")


def decimal_mark(fields: Iterable[str]) -> str | None:
    """Which mark the numbers of a file use: ``"."``, ``","``, or None if each field speaks for itself."""
    commas: list[str] = []
    points: list[str] = []
    for field in fields:
        if "," in field:
            commas.append(field.strip())
        elif "." in field:
            points.append(field.strip())
    if not commas:
        return "."
    if not points:
        return "," if all("." not in field for field in commas) else None
    if all(_COMMA_THOUSANDS.fullmatch(field) for field in commas):
        return "."
    if all(_POINT_THOUSANDS.fullmatch(field) for field in points):
        return ","
    return None


def floats(fields: Iterable[str], decimal: str | None = None) -> list[float] | None:
    """All fields as numbers (NaN where missing), or None if one is neither, or none is a number."""
    values = []
    try:
        for field in fields:
            values.append(to_float(field, decimal))
    except ValueError:
        return None
    return values if any(value == value for value in values) else None
