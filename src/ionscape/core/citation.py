"""The literature behind the methods: a method names its sources by key, a result collects them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from ionscape.core.errors import IonscapeError

_ENTRY = re.compile(r"@(?P<kind>\w+)\{(?P<key>[^,\s]+),(?P<body>.*?)\n\}", re.S)
_ACCENT = re.compile(r"\{?\\([\"'`^~]|[cv](?=[{ ]))\s*\{?(\w)\}?\}?")
_COMBINING = dict(zip("\"'`^~cv", "\u0308\u0301\u0300\u0302\u0303\u0327\u030c", strict=True))
_FIELD = re.compile(r"(\w+)\s*=\s*\{((?:[^{}]|\{[^{}]*\})*)\}")


@dataclass(frozen=True)
class Citation:
    """One reference: its key, its BibTeX entry and its fields."""

    key: str
    bibtex: str
    fields: Mapping[str, str]

    @property
    def text(self) -> str:
        """One line for a report: authors, title, journal, volume, pages, year."""
        f = self.fields
        where = " ".join(filter(None, (f.get("journal") or f.get("publisher", ""), f.get("volume", ""))))
        pages = f", {f['pages'].replace('--', '–')}" if "pages" in f else ""
        authors = f.get("author", "").replace(" and ", ", ").rstrip(".")
        return _plain(f"{authors}. {f.get('title', '')}. {where}{pages} ({f.get('year', '')}).")

    @property
    def doi(self) -> str:
        """The DOI, or an empty text."""
        return self.fields.get("doi", "")


def _plain(text: str) -> str:
    """BibTeX's accents and braces as plain letters."""
    accented = _ACCENT.sub(lambda m: unicodedata.normalize("NFC", m[2] + _COMBINING[m[1]]), text)
    return accented.replace("{", "").replace("}", "").replace(r"\&", "&")


def parse_bibtex(text: str) -> dict[str, Citation]:
    """References of a BibTeX text whose entries close with ``}`` on a line of its own."""
    return {
        m["key"]: Citation(m["key"], m.group(0), {k.lower(): v for k, v in _FIELD.findall(m["body"])})
        for m in _ENTRY.finditer(text)
    }


@lru_cache(maxsize=1)
def library() -> dict[str, Citation]:
    """All references that ionscape's own methods use (``core/references.bib``)."""
    return parse_bibtex(resources.files("ionscape.core").joinpath("references.bib").read_text("utf-8"))


def cited(keys: Iterable[str], own: Mapping[str, Citation] | None = None) -> list[Citation]:
    """References for keys, each once, sorted by key; ``own`` are those of a third-party technique.

    Raises
    ------
    IonscapeError
        If a key is unknown: a method without its source is a bug.
    """
    known = {**library(), **(own or {})}
    unknown = sorted(set(keys) - set(known))
    if unknown:
        raise IonscapeError(f"no reference for {', '.join(unknown)}: add it to references.bib")
    return [known[key] for key in sorted(set(keys))]
