"""What a column's heading says: which quantity, in which unit, with which sign."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

FREQUENCY, REAL, IMAGINARY, MODULUS, PHASE = "frequency", "real", "imaginary", "modulus", "phase"
TEMPERATURE, TIME, SWEEP = "temperature", "time", "sweep"


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
        Whether the impedance is given per area (ohm cm2) or as a resistivity (ohm cm); the factor then leads to
        the impedance of 1 cm2, or of 1 cm2 and 1 cm.
    """

    quantity: str
    factor: float = 1.0
    offset: float = 0.0
    unit: str = ""
    normalised: str = ""


_PREFIX = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "m": 1e-3, "G": 1e9, "g": 1e9, "T": 1e12, "u": 1e-6, "μ": 1e-6}
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
_SIZES = {"cm2": ("area", 1.0), "m2": ("area", 1e4), "mm2": ("area", 1e-2), "cm": ("resistivity", 1.0), "m": ("resistivity", 1e2)}

_QUANTITY_OF_UNIT = {"hertz": (FREQUENCY,), "rad/s": (FREQUENCY,), "ohm": (REAL, IMAGINARY, MODULUS), "degree": (PHASE,)}
_QUANTITY_OF_UNIT |= {"kelvin": (TEMPERATURE,), "second": (TIME,)}

_FREQUENCY_WORDS = frozenset(
    "f freq frequency frequenz frequence fréquence frequencia frecuencia frequenza ν hz messfrequenz testfrequency".split()
)
_ANGULAR_WORDS = frozenset("omega ω angularfrequency angfreq angularfreq kreisfrequenz".split())
_TEMPERATURE_WORDS = frozenset("temperature temp temperatur température sampletemperature".split())
_TIME_WORDS = frozenset("time times elapsedtime testtime zeit timesec".split())
_SWEEP_WORDS = frozenset("sweep sweepnumber cycle cyclenumber loop loopindex loopnumber scan spectrum".split())
_PART_WORDS: dict[str, str] = {
    **dict.fromkeys(("re", "real", "realteil", "r", "rs", "'", "s'", "prime", "reelle", "re'", "real'", "resistance"), REAL),
    **dict.fromkeys(("im", "imag", "img", "imaginary", "imaginär", "imaginärteil", "imaginaire", "reactance"), IMAGINARY),
    **dict.fromkeys(("x", "xs", "''", "s''", "doubleprime", "im''", "imag''", "imaginary''"), IMAGINARY),
    **dict.fromkeys(("||", "abs", "mod", "modulus", "magnitude", "mag", "betrag", "absolute", "|s|"), MODULUS),
    **dict.fromkeys(("phase", "phz", "theta", "θ", "phi", "φ", "ϕ", "angle", "phaseangle", "arg", "argument"), PHASE),
    **dict.fromkeys(("phasenwinkel", "winkel", "phaseshift", "phasenverschiebung"), PHASE),
}
_FILLERS = re.compile(r"impedance|impedanz|impedancia|part|component|measured|data|^of|of$")
# Where a unit stands: in brackets, after a slash, or as the last word or two.
_UNIT_PLACES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(.*?)\s*[\[({]([^\[\](){}]*)[\])}]\s*",
        r"(.*?)\s*/\s*(.+)",
        r"(.+)[\s_,.]+(\S+)",
        r"(.+?)\s+(\S+ \S+)",
    )
)
_BDF_NAME = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*_(?:volt|ampere|second|farad|henry|siemens|ohm|degree|pascal|metre)")
_NEGATIVE = re.compile(r"^(?:\(-\)|-|neg(?:ative)?\b\.?|minus\b)\s*", re.IGNORECASE)
_TIMES_MINUS_ONE = re.compile(r"\s*[*x·]\s*\(?-1\)?$")
_PRIMES = str.maketrans({"’": "'", "‘": "'", "´": "'", "`": "'", "′": "'", "“": "''", "”": "''", "″": "''", '"': "''"})
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
    text, sign = _without_sign(_plain(raw))
    name, found, written = _split_unit(text)
    if found is None and unit:
        found, written = _unit(_plain(unit)), unit.strip()
    quantity = _quantity(name, found[0] if found else "")
    if quantity is None:
        return Heading(raw) if _BDF_NAME.fullmatch(raw) else None
    if found is None:
        return Heading(quantity, _unstated_factor(name) * sign)
    _, factor, offset, normalised = found
    if quantity == FREQUENCY and ("rad" in written.lower() or _key(name) in _ANGULAR_WORDS):
        factor /= 2 * math.pi
    return Heading(quantity, sign * factor, offset, written, normalised)


def is_unit_row(cells: list[str]) -> bool:
    """Whether a row holds nothing but units, as Gamry and Origin write below the headings."""
    words = [cell.strip() for cell in cells if cell.strip()]
    return len(words) >= 2 and sum(_unit(_plain(word.strip("[]()"))) is not None for word in words) >= 0.6 * len(words)


def _unstated_factor(name: str) -> float:
    return 1 / (2 * math.pi) if _key(name) in _ANGULAR_WORDS else 1.0


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.translate(_PRIMES).translate(_SIGNS)).translate(_PRIMES).translate(_SIGNS)
    text = re.sub(r"^\s*data\s*:\s*", "", text, flags=re.IGNORECASE)
    return re.sub(r"(?<=')\s*\((?:a|b)\)$", "", text.strip())  # ZPlot's Z'(a), Z''(b)


def _without_sign(text: str) -> tuple[str, float]:
    shorter, minus_one = _TIMES_MINUS_ONE.subn("", text)
    inner = re.fullmatch(r"\(\s*(-.+)\)", shorter)
    shorter = inner[1] if inner else shorter
    shorter, minus = _NEGATIVE.subn("", shorter)
    return shorter, -1.0 if minus + minus_one == 1 else 1.0


def _split_unit(text: str) -> tuple[str, tuple[str, float, float, str] | None, str]:
    """Name, unit (kind, factor, offset, normalisation) and the unit as written."""
    for pattern in _UNIT_PLACES:
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
    key = _key(name)
    quantity = _by_word(key, kind)
    if quantity is None or (kind and quantity not in _QUANTITY_OF_UNIT[kind] and quantity != SWEEP):
        return None
    return quantity


def _by_word(key: str, kind: str) -> str | None:
    if key in _FREQUENCY_WORDS or key in _ANGULAR_WORDS or (not key and kind == "hertz") or (key == "w" and kind == "rad/s"):
        return FREQUENCY
    if key in _TEMPERATURE_WORDS or (key == "t" and kind == "kelvin"):
        return TEMPERATURE
    if key in _TIME_WORDS or (key == "t" and kind == "second"):
        return TIME
    if key in _SWEEP_WORDS:
        return SWEEP
    if key in ("z", "impedance", "impedanz"):
        return MODULUS
    if key in ("zi", "zr"):
        return {"zi": IMAGINARY, "zr": REAL}[key]
    part = _FILLERS.sub("", key)
    for candidate in (part, part.removeprefix("z"), part.removesuffix("z"), part.replace("z", "")):
        if candidate in _PART_WORDS:
            return _PART_WORDS[candidate]
    return None
