"""What a heading of a profile of several elements says: ``7Li``, ``Cs+``, ``BO2-``, ``Li fraction``."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ionscape.core import measurement as m
from ionscape.core.formula import ATOMIC_WEIGHT
from ionscape.read.columns import SWEEP, TEMPERATURE, Heading
from ionscape.read.isotope_names import isotopes_in
from ionscape.read.quantity_headings import RATE, RATE_UNIT, SECOND_POSITION, quantity_heading

_SPLIT = re.compile(r"[\s_()\[\]/,;:|{}]+")
_BEFORE_NUMBER = re.compile(r"_(?=[+\-−]|\d+(?![\dA-Z]))|\^|(?<=\d)\s(?=[A-Z])")  # CrO_2-, ^7Li, 133 Cs
_COUNT_WORDS = {"counts", "count", "cts", "intensity", "intensities", "int", "signal", "ion", "ions", "raw",
                "I", "n", "N", "n0", "of", "number", "c", "bulk"}  # fmt: skip
_FRACTION_WORDS = {"u", "fraction", "share", "normalised", "normalized", "relative", "n0", "bulk", "%"}
_UNCERTAIN_WORDS = {"uncertainty", "error", "err", "sd", "std", "stderr", "sigma", "σ", "±", "+-"}
_GROUP = re.compile(r"(?P<mass>\d{1,3}-?)?(?P<symbol>[A-Z][a-z]?)(?P<tail>-\d{1,3}|\d*)")
_CHARGE = re.compile(r"(?<=[A-Za-z\d])[+\-−]+$")
_PLACED = (m.POSITION, m.SPUTTER_TIME, SWEEP, TEMPERATURE, SECOND_POSITION)


@lru_cache(maxsize=512)
def species_heading(cell: str, unit: str = "") -> Heading | None:
    """The meaning of a heading, or None if it is none of those that matter here.

    Parameters
    ----------
    cell : str
        E.g. ``"depth (nm)"``, ``"I(7Li)"``, ``"Cs+ [counts]"``, ``"Li fraction (%)"``, ``"u_Li error"``.
    unit : str
        From a row of units below the headings.

    Returns
    -------
    Heading or None
        A place, `SWEEP`, `TEMPERATURE`, counts, fraction or its uncertainty with the species, or `RATE` and
        the species. Species are written without charge: ``7Li``, ``Cs``, ``BO2``.
    """
    species, words = _species_and_words(cell)
    if not species:
        found = quantity_heading(cell, unit)
        return found if found is not None and found.quantity in _PLACED else None
    if RATE_UNIT.search(cell) or RATE_UNIT.search(unit):
        return Heading(RATE + species)
    percent = "%" in cell or "%" in unit
    factor, unit_shown = (1e-2, "%") if percent else (1.0, "1")
    if words & _UNCERTAIN_WORDS:
        return Heading(m.SPECIES_FRACTION_UNCERTAINTY + species, factor, 0.0, "%" if percent else "")
    if words & _FRACTION_WORDS or percent:
        return Heading(m.SPECIES_FRACTION + species, factor, 0.0, unit_shown)
    return Heading(m.COUNTS + species, unit="1")


def plain_species(text: str) -> str:
    """``Li+`` -> ``Li``, ``Li-7`` -> ``7Li``, ``CrO_2-`` -> ``CrO2``; empty where it is no species."""
    word = _CHARGE.sub("", _BEFORE_NUMBER.sub("", unicodedata.normalize("NFKC", text).strip()))
    isotopes = isotopes_in(word)
    if len(isotopes) == 1 and not re.sub(r"[\d-]", "", word).replace(isotopes[0].lstrip("0123456789"), ""):
        return isotopes[0]
    position = 0
    while position < len(word):
        group = _GROUP.match(word, position)
        if group is None or group["symbol"] not in ATOMIC_WEIGHT:
            return ""
        position = group.end()
    return word


def element_of(species: str) -> str:
    """``7Li`` -> ``Li``, ``Li`` -> ``Li``; empty for a cluster."""
    match = re.fullmatch(r"\d*([A-Z][a-z]?)", species)
    return match[1] if match else ""


def _species_and_words(cell: str) -> tuple[str, set[str]]:
    """The one species that a heading names, and the words around it; no species where another word is."""
    text = _BEFORE_NUMBER.sub("", unicodedata.normalize("NFKC", cell).strip().strip('"'))
    text = text.replace("%", " % ").replace("±", " ± ")
    tokens = [token for token in _SPLIT.split(text) if token]
    known = _COUNT_WORDS | _FRACTION_WORDS | _UNCERTAIN_WORDS | {"cps", "per", "second", "s"}
    folded = [token.lower() if len(token) > 2 else token for token in tokens]  # u is a fraction, U uranium
    words = set(folded) & known
    others = [token for token, fold in zip(tokens, folded, strict=True) if fold not in known]
    species = list(dict.fromkeys(plain_species(token) for token in others))
    return (species[0] if len(species) == 1 else ""), words
