"""Temperature and geometry from the names of files and samples and from header lines.

Names are written by people in a hurry: a number is taken only where one reading is possible.

Padding may be long: gaps are matched possessively (``*+``), so that the time is linear in the text's length.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

ZERO_CELSIUS = 273.15

_NUMBER = r"(?P<number>\d+(?:[.,]\d+)?)"
_MINUS = r"(?P<minus>[-−–]|minus[\s_]?|neg[\s_]?|(?<![A-Za-z0-9])m)?"
_END = r"(?![A-Za-z0-9])"
_NOT_WITHIN_NUMBER = r"(?<![\d.,])"

# 25degC, 25 °C, 25deg, 25_celsius: the unit alone tells a temperature
_DEGREES = re.compile(
    _NOT_WITHIN_NUMBER + _MINUS + _NOT_WITHIN_NUMBER + _NUMBER
    + r"[\s_]*(?P<unit>(?:°|º|deg(?:rees?|\.)?)[\s_.]*C|℃|oC|°|º|deg(?:rees?)?|celsius|grad)" + _END,
    re.IGNORECASE,
)  # fmt: skip
# 25C, 300K: the letter needs a separator before the number, as in formulas (Li3C) it means something else
_LETTER = re.compile(
    r"(?:^|(?<=[\s_\-−–=(\[,;:@~+.]))" + _MINUS + _NOT_WITHIN_NUMBER + _NUMBER + r" ?(?P<unit>[CK])" + _END
)
# T=25, temp_25: no unit
_NO_UNIT = re.compile(
    r"(?<![A-Za-z])(?:T\s*+=|temp(?:erature|eratur)?[\s_=:]++)\s*+"
    + _MINUS
    + _NUMBER
    + r"(?!\d|[.,]\d|[A-Za-z°º%])",
    re.IGNORECASE,
)

_HYPHENS = ("-", "−", "–")
_C_RATE_LIMIT = 5.0  # 0.1C ... 5C are charging rates as often as temperatures
_LOWEST_KELVIN = 70.0  # "2K", "50K" in a name are no temperatures of an ion conductor
_CELSIUS_OR_KELVIN = 150.0  # without a unit: below it is certainly Celsius
_HIGHEST_KELVIN = 2500.0
_SAME_KELVIN = 0.51
_LONGEST_TEXT = 2000  # characters: no name and no header line that states a value is longer


@dataclass(frozen=True)
class NamedTemperature:
    """A temperature found in a text.

    Attributes
    ----------
    kelvin : float or None
        None if there is none, or if the text allows more than one reading.
    text : str
        The words that say so, e.g. ``"-17C"``; empty if there are none.
    warning : str
        Why an apparent temperature was not taken, or how it was read; else empty.
    """

    kelvin: float | None
    text: str = ""
    warning: str = ""


@dataclass(frozen=True)
class Geometry:
    """Thickness [m] and electrode area [m2]; None where unknown."""

    thickness_metre: float | None = None
    area_square_metre: float | None = None


def temperature_in_name(name: str) -> NamedTemperature:
    """Temperature in the name of a file or sample.

    Takes ``-17C``, ``140deg``, ``25degC``, ``-40°C``, ``300K``, ``413.15K``, ``T=25``; passes over dates,
    channels (``C03``) and C-rates (``0.01C``). A hyphen right after a letter or digit is a separator, not a
    minus: ``s04147-140deg`` is 140 °C.

    Parameters
    ----------
    name : str
        With or without suffix, without folders.

    Returns
    -------
    NamedTemperature
    """
    if len(name) > _LONGEST_TEXT:
        return NamedTemperature(None)
    found = [_celsius_degrees(match, name) for match in _DEGREES.finditer(name)]
    letters = [reading for match in _LETTER.finditer(name) if (reading := _letter(match, name)) is not None]
    found += [reading for reading in letters if reading.kelvin is not None]
    if not found:
        found = [_without_unit(match) for match in _NO_UNIT.finditer(name)]
    return _agreed(found) if found else next(iter(letters), NamedTemperature(None))


def _agreed(found: list[NamedTemperature]) -> NamedTemperature:
    known = [reading for reading in found if reading.kelvin is not None]
    if not known:
        return found[0]
    values = [reading.kelvin for reading in known if reading.kelvin is not None]
    if max(values) - min(values) > _SAME_KELVIN:
        words = ", ".join(dict.fromkeys(reading.text for reading in known))
        return NamedTemperature(None, "", f"the name holds several temperatures ({words}): none was taken")
    return known[0]


def _value(match: re.Match[str]) -> tuple[float, str, bool]:
    """Signed number, the text, and whether a hyphen was read as a separator."""
    value = float(match["number"].replace(",", "."))
    text = match[0].strip("_ ")
    minus = match["minus"] or ""
    before = match.string[: match.start("number") - len(minus)]
    if not minus:
        return value, text, before[-1:] in _HYPHENS and _ends_a_word(before[:-1])
    if minus in _HYPHENS and _ends_a_word(before):
        return value, text.removeprefix(minus), True
    return -value, text, False


def _ends_a_word(text: str) -> bool:
    return text[-1:].isalnum() or text[-1:] == ")"


def _celsius_degrees(match: re.Match[str], name: str) -> NamedTemperature:
    value, text, separator = _value(match)
    return _celsius(value, text, separator, name)


def _celsius(value: float, text: str, separator: bool, name: str) -> NamedTemperature:
    kelvin = value + ZERO_CELSIUS
    if not 0 < kelvin < _HIGHEST_KELVIN:
        return NamedTemperature(None, text, f"{text!r} in the name {name!r} cannot be a temperature")
    warning = ""
    if separator and value < 100:
        warning = f"the hyphen before {text!r} was read as a separator, not as a minus: {value:g} °C"
    return NamedTemperature(kelvin, text, warning)


def _letter(match: re.Match[str], name: str) -> NamedTemperature | None:
    value, text, separator = _value(match)
    if match["unit"] == "K":
        return NamedTemperature(value, text) if _LOWEST_KELVIN <= value < _HIGHEST_KELVIN else None
    if 0 < value < 1:
        return None
    if 0 < value <= _C_RATE_LIMIT:
        return NamedTemperature(
            None, text, f"{text!r} in the name may be a C-rate: not taken as a temperature"
        )
    return _celsius(value, text, separator, name)


def _without_unit(match: re.Match[str]) -> NamedTemperature:
    value, text, separator = _value(match)
    if value > _CELSIUS_OR_KELVIN:
        return NamedTemperature(
            None, text, f"{text!r} in the name may be °C or K: not taken as a temperature"
        )
    return _celsius(value, text, separator, match.string)


def _not_too_long(lines: Iterable[str]) -> Iterator[str]:
    return (line for line in lines if len(line) <= _LONGEST_TEXT)


_HEADER_TEMPERATURE = re.compile(
    r"(?<![A-Za-z])(?:(?:[a-z]+[\s_])?temp(?:erature|eratur|\.)?|T)[\s_]*+"
    r"(?:[\[(/]?\s*+(?P<before>K|kelvin|[°º]?\s*+C|deg\.?\s*+C)[\])]?)?"
    r"\s*+[:=]\s*+(?P<value>[-+−]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)"
    r"(?:\s*+(?P<after>K|kelvin|[°º]\s*+C|deg\.?\s*+C|C))?(?![A-Za-z0-9])",
    re.IGNORECASE,
)


def temperature_in_header(lines: Iterable[str]) -> float | None:
    """Temperature [K] from a header line such as ``Temperature [°C]: 25`` or ``T = 298.15 K``.

    None if no line states one, or if it states no unit, or if lines contradict each other.
    """
    values = []
    for line in _not_too_long(lines):
        for match in _HEADER_TEMPERATURE.finditer(line):
            unit = (match["after"] or match["before"] or "").strip().lower()
            if not unit:
                continue
            value = float(match["value"].replace(",", ".").replace("−", "-"))
            kelvin = value if unit.startswith("k") else value + ZERO_CELSIUS
            if 0 < kelvin < _HIGHEST_KELVIN:
                values.append(kelvin)
    return values[0] if values and max(values) - min(values) <= _SAME_KELVIN else None


_LENGTHS = {
    "nm": 1e-9,
    "um": 1e-6,
    "µm": 1e-6,
    "μm": 1e-6,
    "micron": 1e-6,
    "mm": 1e-3,
    "cm": 1e-2,
    "m": 1.0,
    "metre": 1.0,
}
_LENGTHS |= {"meter": 1.0, "inch": 0.0254}
_AREAS = {"sqmm": 1e-6, "mm2": 1e-6, "sqcm": 1e-4, "cm2": 1e-4, "sqm": 1.0, "m2": 1.0, "square_metre": 1.0}
_SIZE_WORDS = {
    "thickness": r"thickness|dicke",
    "diameter": r"diam(?:eter)?|durchmesser",
    "area": r"(?:(?:surface|electrode|sample|contact)[\s_-]*+)?area|fläche|elektrodenfläche",
}


def geometry_in_header(lines: Iterable[str]) -> Geometry:
    """Thickness and area from header lines such as ``Sample Thickness [mm]: 2,100`` or ``Area: 0.5 cm^2``.

    Zero and a missing unit mean unknown; so do lines that contradict each other.
    """
    found: dict[str, set[float]] = {"thickness": set(), "diameter": set(), "area": set()}
    for line in _not_too_long(lines):
        for quantity, words in _SIZE_WORDS.items():
            value = _size(line, words, _AREAS if quantity == "area" else _LENGTHS)
            if value:
                found[quantity].add(value)
    return _geometry(found)


def _size(line: str, words: str, units: dict[str, float]) -> float | None:
    match = re.search(
        rf"(?<![A-Za-z])(?:(?:sample|pellet|disc|cell)[\s_]*+)?(?:{words})(?![A-Za-z])"
        r"[\s_]*+[\[(/]?\s*+(?P<before>[A-Za-zµμ²^_2]*+)\s*+[\])]?\s*+[:=]\s*+"
        r"(?P<value>\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)\s*+(?P<after>[A-Za-zµμ²^2]*)",
        line,
        re.IGNORECASE,
    )
    if match is None:
        return None
    for unit in (match["after"], match["before"]):
        scale = units.get(unit.replace("²", "2").replace("^", "").lower())
        if scale is not None:
            return float(match["value"].replace(",", ".")) * scale
    return None


def _geometry(found: dict[str, set[float]]) -> Geometry:
    def only(values: set[float]) -> float | None:
        return next(iter(values)) if len(values) == 1 else None

    area, diameter = only(found["area"]), only(found["diameter"])
    if area is None and not found["area"] and diameter is not None:
        area = math.pi / 4 * diameter**2
    return Geometry(only(found["thickness"]), area)


_LENGTH_IN_NAME = r"(?P<value>\d+(?:[.,]\d+)?)[\s_]?(?P<unit>mm|cm|um|µm|μm)"
_NAMED_SIZES = {
    "diameter": rf"(?<![A-Za-z])(?:d|dia|diam|diameter|Ø|ø)[\s_=]?{_LENGTH_IN_NAME}(?![A-Za-z0-9^²])",
    "thickness": rf"(?:(?<![A-Za-z])thick(?:ness)?[\s_=]?{_LENGTH_IN_NAME}(?![A-Za-z0-9^²]))",
    "thickness after": rf"(?<![\d.,A-Za-z]){_LENGTH_IN_NAME}[\s_]?thick",
    "area": r"(?<![A-Za-z])(?:area[\s_=]?|A=?)(?P<value>\d+(?:[.,]\d+)?)[\s_]?"
    r"(?P<unit>cm2|mm2|cm\^2|mm\^2|cm²|mm²)(?![A-Za-z0-9])",
}


def geometry_in_name(name: str) -> Geometry:
    """Thickness and area from a name such as ``LLZO_d8mm_2.1mm thick``, where the words leave no doubt."""
    found: dict[str, set[float]] = {"thickness": set(), "diameter": set(), "area": set()}
    if len(name) > _LONGEST_TEXT:
        return _geometry(found)
    for quantity, pattern in _NAMED_SIZES.items():
        units = _AREAS if quantity == "area" else _LENGTHS
        for match in re.finditer(pattern, name):
            scale = units[match["unit"].replace("²", "2").replace("^", "")]
            value = float(match["value"].replace(",", ".")) * scale
            if value > 0:
                found[quantity.split()[0]].add(value)
    return _geometry(found)
