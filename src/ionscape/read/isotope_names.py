"""Isotopes as people write them in headings and names of files: ``6Li``, ``6Li+``, ``Li-6``, ``I(7Li)``."""

from __future__ import annotations

import re
import unicodedata

_SYMBOLS = """
    H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y
    Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re
    Os Ir Pt Au Hg Tl Pb Bi
"""
_ATOMIC_NUMBER = {symbol: number for number, symbol in enumerate(_SYMBOLS.split(), start=1)}
_SYMBOL = "|".join(sorted(_ATOMIC_NUMBER, key=len, reverse=True))
ISOTOPE = re.compile(
    rf"(?<![\dA-Za-z.,])(?:(?P<mass>\d{{1,3}})-?(?P<symbol>{_SYMBOL})"
    rf"|(?P<symbol2>{_SYMBOL})-?(?P<mass2>\d{{1,3}}))(?![A-Za-z\d])"
)


def isotopes_in(text: str) -> list[str]:
    """The isotopes that a text names, in order and once each, written as ``6Li``.

    A mass number that no nucleus of the element can have (``C2``, ``V100``) names none; neither does a
    cluster (``6Li2``, ``27Al16O``).
    """
    plain = re.sub(r"\^?\{?(\d+)\}(?=[A-Z])|\^(\d+)(?=[A-Z])", r"\1\2", unicodedata.normalize("NFKC", text))
    found: dict[str, None] = {}
    for match in ISOTOPE.finditer(plain):
        symbol, mass = match["symbol"] or match["symbol2"], int(match["mass"] or match["mass2"])
        number = _ATOMIC_NUMBER[symbol]
        if number <= mass <= 3 * number:  # tritium is the heaviest for its element
            found[f"{mass}{symbol}"] = None
    return list(found)


def without_isotopes(text: str) -> str:
    """The text with its isotopes and their charges taken off."""
    plain = unicodedata.normalize("NFKC", text)
    return re.sub(rf"(?:{ISOTOPE.pattern})\s?[+\-−]*", " ", plain)
