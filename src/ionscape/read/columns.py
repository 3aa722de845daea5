"""What a column's heading says: which quantity, in which unit, with which sign."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

FREQUENCY, REAL, IMAGINARY, MODULUS, PHASE = "frequency", "real", "imaginary", "modulus", "phase"
TEMPERATURE, TIME, SWEEP = "temperature", "time", "sweep"
_ANGULAR = "angular frequency"


@dataclass(frozen=True)
class Heading:
    """The meaning of one heading.

    Attributes
    ----------
    quantity : str
        One of the words above, or a Battery Data Format name that is kept as it stands.
    factor, offset : float
        SI value = factor * (value + offset); the factor carries the sign. Phases are in degrees.
    unit : str
        As the heading writes it; empty if it states none.
    normalised : {"", "area", "resistivity"}
        Whether the impedance is given per area (ohm cm2) or as a resistivity (ohm cm); the factor
        then leads to the impedance of 1 cm2, or of 1 cm2 and 1 cm.
    """

    quantity: str
    factor: float = 1.0
    offset: float = 0.0
    unit: str = ""
    normalised: str = ""


_PREFIX = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "m": 1e-3, "G": 1e9, "g": 1e9, "T": 1e12}
_PREFIX |= {"u": 1e-6, "μ": 1e-6}
_HERTZ = re.compile(r"(?P<prefix>[kKMmGg]?)(?i:hz|hertz|cps)")
_OHM = re.compile(r"(?P<prefix>[kKMmGgTuμ]?)(?i:ohms?|Ω)(?P<size>cm2|m2|mm2|cm|m)?")
_PLAIN_UNITS: dict[str, tuple[str, float, float]] = {
    **dict.fromkeys(("rad/s", "rads-1", "radians/s", "1/s", "s-1"), ("rad/s", 1.0, 0.0)),
    **dict.fromkeys(("deg", "degree", "degrees", "°", "grad"), ("degree", 1.0, 0.0)),
    **dict.fromkeys(("rad", "radian", "radians"), ("degree", 180 / math.pi, 0.0)),
    "mrad": ("degree", 0.18 / math.pi, 0.0),
    **dict.fromkeys(("k", "kelvin"), ("kelvin", 1.0, 0.0)),
    **dict.fromkeys(("°c", "degc", "c", "celsius", "°celsius"), ("kelvin", 1.0, 273.15)),
    **dict.fromkeys(("s", "sec", "second", "seconds"), ("second", 1.0, 0.0)),
    "ms": ("second", 1e-3, 0.0),
    "min": ("second", 60.0, 0.0),
    "h": ("second", 3600.0, 0.0),
}
# An impedance of so many ohm, if the sample had an area of 1 cm2 (and a thickness of 1 cm).
_SIZES = {
    "cm2": ("area", 1.0),
    "m2": ("area", 1e4),
    "mm2": ("area", 1e-2),
    "cm": ("resistivity", 1.0),
    "m": ("resistivity", 1e2),
}

_QUANTITIES_IN = {
    "hertz": (FREQUENCY,),
    "rad/s": (FREQUENCY,),
    "ohm": (REAL, IMAGINARY, MODULUS),
    "degree": (PHASE,),
    "kelvin": (TEMPERATURE,),
    "second": (TIME,),
}

_WORDS = {
    FREQUENCY: """f freq frequency frequenz frequence fréquence frequencia frecuencia frequenza ν hz
        messfrequenz testfrequency""",
    _ANGULAR: "omega ω angularfrequency angfreq angularfreq kreisfrequenz",
    TEMPERATURE: "temperature temp temperatur température sampletemperature",
    TIME: "time times elapsedtime testtime zeit timesec",
    SWEEP: "sweep sweepnumber cycle cyclenumber loop loopindex loopnumber scan spectrum",
    MODULUS: "z impedance impedanz",
    IMAGINARY: "zi",
    REAL: "zr",
}
# What is left of an impedance's heading when "Z", "impedance", "part" are taken off.
_PARTS = {
    REAL: "re real realteil r rs ' s' prime reelle re' real' resistance",
    IMAGINARY: """im imag img imaginary imaginär imaginärteil imaginaire reactance x xs '' s'' im'' imag''
        imaginary'' doubleprime""",
    MODULUS: "|| |s| abs mod modulus magnitude mag betrag absolute",
    PHASE: """phase phz theta θ phi φ ϕ angle phaseangle arg argument phasenwinkel winkel phaseshift
        phasenverschiebung""",
}
_NEEDS_UNIT = {
    ("", "hertz"): FREQUENCY,
    ("w", "rad/s"): FREQUENCY,
    ("t", "kelvin"): TEMPERATURE,
    ("t", "second"): TIME,
}
_QUANTITY_OF_WORD = {word: quantity for quantity, words in _WORDS.items() for word in words.split()}
_QUANTITY_OF_PART = {part: quantity for quantity, parts in _PARTS.items() for part in parts.split()}
_FILLERS = re.compile(r"impedance|impedanz|impedancia|part|component|measured|data|of(?=z|impedan|$)")
# Where a unit stands: in brackets, after a slash, or as the last word or two.
UNIT_PLACES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(.*?)\s*[\[({]([^\[\](){}]*)[\])}]\s*",
        r"(.*?)\s*/\s*(.+)",
        r"(.+)[\s_,.]+(\S+)",
        r"(.+?)\s+(\S+ \S+)",
    )
)
_BDF_NAME = re.compile(
    r"[a-z0-9]+(?:_[a-z0-9]+)*_(?:volt|ampere|second|farad|henry|siemens|ohm|degree|pascal|metre)"
)
# A minus before the symbol: at the beginning, after an opening bracket, or after words ("Data -Im(Z)").
_NEGATIVE = re.compile(
    r"^[({\[\s]*(?:\(-\)|-|neg(?:ative)?\b\.?|minus\b)\s*|(?<=[\s:])-(?=z|im|\||theta|phase)", re.IGNORECASE
)
_TIMES_MINUS_ONE = re.compile(r"\s*[*x·]\s*\(?-1\)?$")
_PRIMES = str.maketrans({**dict.fromkeys("’‘´`′", "'"), **dict.fromkeys('“”″"', "''")})
_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "º": "°", "µ": "μ"})


@lru_cache(maxsize=512)
def heading(cell: str, unit: str = "") -> Heading | None:
    """The meaning of one heading, or None if it is none of those that matter here.

    Parameters
    ----------
    cell : str
        E.g. ``"-Im(Z)/Ohm"``, ``"Zs''[ohm]"``, ``"Frequency (kHz)"``, ``"omega / rad s^-1"``.
    unit : str
        From a row of units below the headings.
    """
    raw = cell.strip().strip('"').strip()
    text, sign = _without_sign(plain_text(raw))
    name, found, written = _split_unit(text)
    if found is None and unit:
        found, written = _unit(plain_text(unit)), unit.strip()
    quantity = _quantity(name, found[0] if found else "")
    if quantity is None:
        return Heading(raw) if _BDF_NAME.fullmatch(raw) else None
    if found is None:
        return Heading(quantity, sign / (2 * math.pi) if _is_angular(name) else sign)
    _, factor, offset, normalised = found
    if quantity == FREQUENCY and ("rad" in written.lower() or _is_angular(name)):
        factor /= 2 * math.pi
    return Heading(quantity, sign * factor, offset, written, normalised)


def is_unit_row(cells: list[str]) -> bool:
    """Whether a row holds nothing but units, as Gamry and Origin write below the headings."""
    words = [cell.strip() for cell in cells if cell.strip()]
    units = sum(_unit(plain_text(word.strip("[]()"))) is not None for word in words)
    return len(words) >= 2 and units >= 0.6 * len(words)


def plain_text(text: str) -> str:
    """One kind of prime and of minus, without ZPlot's (a), (b) and the "Data:" of RelaxIS."""
    for _ in range(2):  # before, as NFKC would split some accents; after, as it makes others
        text = text.translate(_PRIMES).translate(_SIGNS)
        text = unicodedata.normalize("NFKC", text)
    text = text.translate(_PRIMES).replace("$", "")  # of TeX
    text = re.sub(r"^\s*data\s*:\s*", "", text, flags=re.IGNORECASE)
    return re.sub(r"(?<=')\s*\((?:a|b)\)$", "", text.strip())


def _without_sign(text: str) -> tuple[str, float]:
    shorter, minus_one = _TIMES_MINUS_ONE.subn("", text)
    inner = re.fullmatch(r"\(\s*(-.+)\)", shorter)
    shorter = inner[1] if inner else shorter
    shorter, minus = _NEGATIVE.subn("", shorter, count=1)
    return shorter, -1.0 if minus + minus_one == 1 else 1.0


def _split_unit(text: str) -> tuple[str, tuple[str, float, float, str] | None, str]:
    """Name, unit (kind, factor, offset, normalisation) and the unit as written."""
    for pattern in UNIT_PLACES:
        match = pattern.fullmatch(text)
        if match and (found := _unit(match[2])):
            return match[1], found, match[2].strip()
    alone = _unit(text)
    return ("", alone, text) if alone and alone[0] == "hertz" else (text, None, "")


def _unit(text: str) -> tuple[str, float, float, str] | None:
    """Kind, factor, offset and normalisation of a unit; None if it is none of ours."""
    squeezed = re.sub(r"[\s·*.^⋅]", "", text)
    if match := _HERTZ.fullmatch(squeezed):
        # All in small letters it is a heading put in small letters: MHz, as millihertz is no column's unit.
        prefix = "M" if squeezed == "mhz" else match["prefix"]
        return "hertz", _PREFIX[prefix], 0.0, ""
    if match := _OHM.fullmatch(squeezed):
        normalised, scale = _SIZES[match["size"]] if match["size"] else ("", 1.0)
        return "ohm", _PREFIX[match["prefix"]] * scale, 0.0, normalised
    plain = _PLAIN_UNITS.get(squeezed.lower())
    return (*plain, "") if plain else None


def _key(name: str) -> str:
    return re.sub(r"[^a-zäöüéφϕθωνΩ'|]", "", name.lower())


def _quantity(name: str, kind: str) -> str | None:
    """The quantity that a name means, if the unit (a kind of unit, or empty) can be its unit."""
    key = _key(name)
    quantity = _by_unit(key, kind) or _QUANTITY_OF_WORD.get(key) or _by_part(key)
    if quantity == _ANGULAR:
        quantity = FREQUENCY
    return quantity if quantity == SWEEP or not kind or quantity in _QUANTITIES_IN[kind] else None


def _by_unit(key: str, kind: str) -> str | None:
    """Names that need a unit: T in kelvin, t in seconds, w in rad/s, and "Hz" alone."""
    return _NEEDS_UNIT.get((key, kind))


def _by_part(key: str) -> str | None:
    part = _FILLERS.sub("", key)
    for candidate in (part, part.removeprefix("z"), part.removesuffix("z"), part.replace("z", "")):
        if candidate in _QUANTITY_OF_PART:
            return _QUANTITY_OF_PART[candidate]
    return None


def _is_angular(name: str) -> bool:
    return _QUANTITY_OF_WORD.get(_key(name)) == _ANGULAR
