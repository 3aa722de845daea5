"""Words put together: lists, capitals, full stops."""

from __future__ import annotations

from collections.abc import Sequence


def listed(texts: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; nothing of nothing."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else "".join(texts)


def capital(text: str) -> str:
    """The first letter in upper case, the others as they are."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """With a capital and one full stop."""
    return capital(text) + ("" if text.endswith(".") else ".")
