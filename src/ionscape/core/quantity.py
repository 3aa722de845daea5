"""Text to quantity and back: field units at the border, SI floats inside.

Units are parsed by pint, which is imported at the first text only; arithmetic inside ionscape carries the
seven SI exponents (`Dimension`), so that a length is never added to a time.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ionscape.core.errors import UnitError

if TYPE_CHECKING:
    from pint import UnitRegistry

Dimension = tuple[float, float, float, float, float, float, float]
"""Exponents of metre, kilogram, second, ampere, kelvin, mole, candela."""

DIMENSIONLESS: Dimension = (0.0,) * 7
_BASES = ("[length]", "[mass]", "[time]", "[current]", "[temperature]", "[substance]", "[luminosity]")

_NAMED_DIMENSIONS: dict[str, str] = {
    "length": "m",
    "area": "m^2",
    "volume": "m^3",
    "time": "s",
    "mass": "kg",
    "temperature": "K",
    "number density": "m^-3",
    "density": "kg/m^3",
    "conductivity": "S/m",
    "resistance": "ohm",
    "capacitance": "F",
    "diffusion coefficient": "m^2/s",
    "energy": "J",
    "frequency": "Hz",
    "pressure": "Pa",
    "voltage": "V",
    "current": "A",
    "current density": "A/m^2",
    "charge": "C",
    "charge per area": "C/m^2",
    "mobility": "m^2/V/s",
    "velocity": "m/s",
    "magnetic gradient": "T/m",
    "molar mass": "kg/mol",
    "fraction": "1",
}

# The unit in which the field quotes a quantity; the first matching prefix wins.
_FIELD_UNITS: tuple[tuple[str, str], ...] = (
    ("conductivity_temperature_product", "S*K/cm"),
    ("conductivity", "S/cm"),
    ("activation_energy", "eV"),
    ("energy", "eV"),
    ("site_energy", "meV"),
    ("front_depth", "nm"),
    ("front_width", "nm"),
    ("attached_charge", "mC/cm^2"),
    ("current_density", "nA/cm^2"),
    ("film_voltage", "V"),
    ("bulk_voltage", "V"),
    ("replacement_time", "h"),
    ("resistance", "ohm"),
    ("capacitance", "F"),
    ("diffusion_coefficient", "cm^2/s"),
    ("boundary_diffusion_coefficient", "cm^2/s"),
    ("boundary_permeability", "cm/s"),
    ("surface_exchange_coefficient", "cm/s"),
    ("diffusion_length", "um"),
    ("grain_size", "um"),
    ("position", "um"),
    ("mobility", "cm^2/V/s"),
    ("carrier_density", "cm^-3"),
    ("apparent_carrier_density", "cm^-3"),
    ("thickness", "cm"),
    ("temperature", "K"),
    ("relaxation_time", "s"),
    ("inductance", "H"),
)

_SPELLINGS = {"±": " +/- ", "\u2212": "-", "·": "*", "×": "*", "\u03a9": "ohm", "\u2126": "ohm",
              "\u00b5": "u", "\u03bc": "u", "\u00c5": "angstrom",
              "℃": "degC", "°C": "degC", "°": "deg"}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_QUANTITY = re.compile(
    rf"^\s*\(?\s*(?P<value>{_NUMBER})(?:\((?P<digits>\d+)\)(?P<power>[eE][-+]?\d+)?)?\s*(?P<unit1>[^\d\s(),+][^+()]*?)?"
    rf"(?:\s*(?:\+/-|\+-)\s*(?P<error>{_NUMBER})\s*\)?\s*(?P<unit2>\S.*?)?)?\s*\)?\s*$"
)


_POWER = re.compile(r"(?:\^|\*\*)\s*\(?\s*[-+]?\d{1,2}(?:\.\d{1,2})?\s*\)?")
_LONGEST_UNIT = 80


@lru_cache(maxsize=1)
def unit_registry() -> UnitRegistry[float]:
    """The one pint registry (imported late: it costs more than the rest of ionscape)."""
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True, on_redefinition="raise")


@lru_cache(maxsize=1024)
def unit_scale(unit: str) -> tuple[float, float, Dimension]:
    """Factor and offset to SI (SI = factor * value + offset) and the dimension of a unit's text.

    Raises
    ------
    UnitError
        If pint does not know the unit.
    """
    text = _spelled(unit)
    if text in ("", "1"):
        return 1.0, 0.0, DIMENSIONLESS
    if text in ("%", "percent"):
        return 0.01, 0.0, DIMENSIONLESS
    if not _is_harmless(text):
        raise UnitError(f"unknown unit {unit!r}: write e.g. 'cm', 'S/cm', 'cm^-3', 'degC'")
    registry = unit_registry()
    try:
        parsed = registry.Unit(text)
        zero, one = (_in_base_units(registry, x, parsed) for x in (0.0, 1.0))
    except Exception as error:  # pint raises many types, tokenizer errors among them
        raise UnitError(f"unknown unit {unit!r}: write e.g. 'cm', 'S/cm', 'cm^-3', 'degC'") from error
    exponents = dict(parsed.dimensionality)
    dimension = tuple(float(exponents.pop(base, 0)) for base in _BASES)  # type: ignore[arg-type]
    if exponents:
        raise UnitError(f"unit {unit!r} has a dimension that ionscape does not use ({', '.join(exponents)})")
    return one - zero, zero, dimension  # type: ignore[return-value]


def _is_harmless(text: str) -> bool:
    """Short, and no tower of powers: pint would compute any that it is given."""
    plain = _POWER.sub("\0", text)
    return len(text) <= _LONGEST_UNIT and not re.search(r"\0[\s)]*\0|\^|\*\*", plain)


def _in_base_units(registry: Any, value: float, unit: Any) -> float:
    return float(registry.Quantity(value, unit).to_base_units().magnitude)


def dimension_of(unit: str) -> Dimension:
    """SI exponents of a unit's text, e.g. ``dimension_of("S/cm")``."""
    return unit_scale(unit)[2]


def dimension_name(dimension: Dimension) -> str:
    """The field's word for a dimension ("length", "conductivity"), or its SI exponents."""
    for name, unit in _NAMED_DIMENSIONS.items():
        if dimension_of(unit) == dimension:
            return name
    return si_unit(dimension)


def plain_unit(dimension: Dimension) -> str:
    """The SI unit by its own name where it has one (``ohm``, ``S/m``), else in base units."""
    for unit in _NAMED_DIMENSIONS.values():
        if dimension_of(unit) == dimension:
            return unit
    return si_unit(dimension)


def named_dimension(name: str) -> Dimension:
    """The dimension that a word such as "length" or "number density" stands for."""
    return dimension_of(_NAMED_DIMENSIONS[name])


def si_unit(dimension: Dimension) -> str:
    """A text of SI base units, e.g. ``m^2*s^-1``; ``1`` for a pure number."""
    parts = [
        base if power == 1 else f"{base}^{power:g}"
        for base, power in zip(("m", "kg", "s", "A", "K", "mol", "cd"), dimension, strict=True)
        if power
    ]
    return "*".join(parts) or "1"


def field_unit(quantity: str, dimension: Dimension) -> str:
    """The unit in which the field quotes ``quantity`` (its SI base units if the field has no habit)."""
    for prefix, unit in _FIELD_UNITS:
        if quantity.startswith(prefix) and dimension_of(unit) == dimension:
            return unit
    return si_unit(dimension)


def to_field(value_si: float, unit: str) -> float:
    """A value in SI expressed in ``unit`` (offsets applied: 298.15 -> 25 degC)."""
    factor, offset, _ = unit_scale(unit)
    return (value_si - offset) / factor


@dataclass(frozen=True)
class Quantity:
    """A number with a unit and perhaps an uncertainty, as a user wrote it.

    Attributes
    ----------
    value : float
        In SI.
    uncertainty : float or None
        1 standard deviation in SI (an interval: 1 degC is 1 K), None where none was given.
    dimension : Dimension
    text : str
        As written.
    """

    value: float
    uncertainty: float | None
    dimension: Dimension
    text: str


def parse_quantity(text: str, expected: str | None = None) -> Quantity:
    """Read ``"0.210 ± 0.002 cm"``, ``"0.210(2) cm"``, ``"25 degC +/- 1 K"``, ``"5.0e21 cm^-3"``.

    Parameters
    ----------
    text : str
        Number, optional uncertainty (``±``, ``+/-``, ``+-``, brackets; in the value's unit, its own, or %),
        unit.
    expected : str, optional
        Name of the dimension wanted, e.g. ``"length"``.

    Raises
    ------
    UnitError
        If the text is no quantity, the unit is unknown, missing, or has another dimension.
    """
    wanted = f"expected a {expected}" if expected else "expected a quantity"
    if expected and expected[0] in "aeiou":
        wanted = f"expected an {expected}"
    match = _QUANTITY.match(_spelled(str(text)))
    if match is None:
        hint = " (write the decimal mark as a point)" if re.search(r"\d,\d", str(text)) else ""
        raise UnitError(f"{wanted}, got {text!r}{hint}")
    value, unit, error, error_unit = _parts(match)
    if not unit and expected not in (None, "fraction"):
        example = _NAMED_DIMENSIONS[str(expected)]
        raise UnitError(f"{wanted}, got {text!r} without a unit: write e.g. '{value:g} {example}'")
    factor, offset, dimension = unit_scale(unit)
    if expected is not None and dimension != named_dimension(expected):
        hint = ": write 'degC'" if expected == "temperature" and unit in ("C", "c") else ""
        raise UnitError(f"{wanted}, got {text!r}{hint}")
    sd: float | None = None
    if error is not None:
        sd = _uncertainty(value, factor, error, error_unit, dimension, str(text))
    si = factor * value + offset
    if not math.isfinite(si):
        raise UnitError(f"{wanted}, got {text!r}, which is not finite")
    return Quantity(si, sd, dimension, str(text))


def _spelled(text: str) -> str:
    for sign, plain in _SPELLINGS.items():
        text = text.replace(sign, plain)
    text = re.sub("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: "^" + m.group().translate(_SUPERSCRIPTS), text)
    return text.strip()


def _parts(match: re.Match[str]) -> tuple[float, str, float | None, str]:
    value, error = match["value"], match["error"]
    unit1, unit2 = (match["unit1"] or "").strip(), (match["unit2"] or "").strip()
    if match["digits"]:
        mantissa, _, power = (value.lower() + (match["power"] or "").lower()).partition("e")
        decimals = len(mantissa.partition(".")[2])
        last_digit = 10.0 ** (int(power or 0) - decimals)
        return float(f"{mantissa}e{power or 0}"), unit1, int(match["digits"]) * last_digit, ""
    unit = unit1 or ("" if unit2 == "%" else unit2)
    return float(value), unit, None if error is None else float(error), unit2 if unit2 != unit else ""


def _uncertainty(
    value: float, factor: float, error: float, error_unit: str, dimension: Dimension, text: str
) -> float:
    if error < 0:
        raise UnitError(f"the uncertainty in {text!r} is negative")
    if error_unit in ("%", "percent"):
        return abs(value * factor) * error / 100
    if not error_unit:
        return error * abs(factor)
    own_factor, _, own_dimension = unit_scale(error_unit)
    if own_dimension != dimension:
        raise UnitError(f"value and uncertainty in {text!r} have different dimensions")
    return error * own_factor
