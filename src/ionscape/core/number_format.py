"""Numbers as people read them, in tables and sentences alike.

Two digits of uncertainty, powers of ten, units in the field's signs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from ionscape.core.estimate import Estimate
from ionscape.core.quantity import to_field

ONE_SD = 0.6826894921370859
SKEWED = 1.4
"""Upper over lower arm of the 68 % interval from which both arms are printed."""

_SUPERSCRIPTS = str.maketrans("-+0123456789.", "⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹·")
_POWER = re.compile(r"\^(-?\d+(?:\.\d+)?)")
_SIGNS = {"ohm": "Ω", "degC": "°C", "delta_degC": "°C", "um": "µm", "angstrom": "Å"}
_BASES = (
    "conductivity_temperature_product", "conductivity", "resistance", "capacitance", "inductance",
    "activation_energy", "pre_exponential_factor", "diffusion_coefficient", "relaxation_time",
    "relative_permittivity", "permittivity",
)  # fmt: skip


def format_unit(unit: str) -> str:
    """``"S*K/cm"`` -> ``S K/cm``, ``"cm^2/s"`` -> ``cm²/s``; empty for a pure number."""
    if unit in ("", "1"):
        return ""
    text = _POWER.sub(lambda m: m[1].translate(_SUPERSCRIPTS), unit.replace("**", "^")).replace("*", " ")
    return re.sub(r"[A-Za-z_]+", lambda m: _SIGNS.get(m[0], m[0]), text)


def format_name(quantity: str) -> str:
    """``conductivity_grain_boundary`` -> ``conductivity (grain boundary)``; what follows a comma stays."""
    name, comma, rest = quantity.partition(", ")
    for base in _BASES:
        if name.startswith(base + "_"):
            return f"{base} ({name[len(base) + 1 :]})".replace("_", " ") + comma + rest
    return name.replace("_", " ").replace("fwhm", "FWHM") + comma + rest


def format_number(value: float, digits: int = 4, *, scientific: bool = False) -> str:
    """A number without uncertainty, to ``digits`` significant digits."""
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "–")
    text = f"{value:.{digits - 1}e}"
    mantissa, exponent = text.split("e")
    if value == 0 or not _as_power(int(exponent), scientific):
        return _signed(f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}")
    return _signed(mantissa.rstrip("0").rstrip(".")) + _power(int(exponent))


def format_value(value: float, *arms: float, scientific: bool = False) -> str:
    """Value and 1 SD to two digits: ``0.856 ± 0.012``, ``(2.86 ± 0.25)×10⁻⁶``.

    Parameters
    ----------
    value : float
    *arms : float
        The standard uncertainty; or its upper and lower arm, for ``(2.9 +3.1 −1.5)×10⁻⁶``.
    scientific : bool
        A power of ten also where the number is near one.
    """
    largest = max((a for a in arms if math.isfinite(a)), default=0.0)
    smallest = min((a for a in arms if math.isfinite(a) and a > 0), default=0.0)
    if smallest <= 0 or not math.isfinite(value):
        return format_number(value, 6, scientific=scientific)
    power = _exponent(max(abs(value), largest))
    power = power if _as_power(power, scientific) else 0
    last = min(_last_place(largest), _last_place(smallest) + 1) - power
    shown = [_fixed(x / 10.0**power, last) for x in (value, *arms)]
    body = f"{shown[0]} ± {shown[1]}" if len(arms) == 1 else f"{shown[0]} +{shown[1]} −{shown[2]}"
    return f"({body}){_power(power)}" if power else body


def format_estimate(estimate: Estimate, unit: str, *, scientific: bool = False) -> str:
    """What a report prints for an estimate, without the unit: a value with 1 SD, a bound, or the status."""
    if estimate.status in ("undetermined", "refused"):
        return estimate.status
    value = to_field(estimate.value, unit)
    if estimate.status == "bound":
        return f"{'<' if estimate.side == 'upper' else '>'} {format_number(value, 2, scientific=scientific)}"
    low, high = (to_field(end, unit) for end in estimate.interval(ONE_SD))
    up, down = high - value, value - low
    skewed = min(up, down) <= 0 or max(up, down) > SKEWED * min(up, down)
    if skewed and up > 0 and down > 0:
        return format_value(value, up, down, scientific=scientific)
    return format_value(value, (high - low) / 2, scientific=scientific)


def format_interval(low: float, high: float) -> str:
    """An interval in one form for both ends: ``2.41 – 3.36``, ``(2.41 – 3.36)×10⁻⁶``."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    if high == low:
        return format_number(low, 6)
    power = _exponent(max(abs(low), abs(high)))
    power = power if _as_power(power) else 0
    last = _last_place((high - low) / 4) - power
    body = " – ".join(_fixed(x / 10.0**power, last) for x in (low, high))
    return f"({body}){_power(power)}" if power else body


def spans_powers(values: Iterable[float]) -> bool:
    """Whether numbers in one column differ so much that all are better read as powers of ten."""
    exponents = [_exponent(v) for v in values if v and math.isfinite(v)]
    return any(map(_as_power, exponents))


def with_unit(number: str, unit: str) -> str:
    """A printed number followed by its unit; a word such as ``undetermined`` stays alone."""
    return f"{number} {format_unit(unit)}".strip() if re.search(r"\d", number) else number


def format_quantity(estimate: Estimate, unit: str) -> str:
    """``0.587 ± 0.016 eV``, ``(6.4 ± 1.5)×10⁻⁹ S/cm``, ``< 14 K``, or the status."""
    return with_unit(format_estimate(estimate, unit), unit)


def format_celsius(kelvin: float) -> str:
    """``25 °C``, ``−21.5 °C``."""
    return _signed(f"{round(kelvin - 273.15, 1):g}") + " °C"


def _as_power(exponent: int, scientific: bool = False) -> bool:
    return exponent != 0 if scientific else not -3 < exponent < 5


def _exponent(value: float) -> int:
    return int(f"{abs(value):.9e}".split("e")[1]) if value else 0


def _last_place(uncertainty: float) -> int:
    """Power of ten of the second significant digit, after rounding (0.0996 -> 0.10 -> -2)."""
    return int(f"{uncertainty:.1e}".split("e")[1]) - 1


def _fixed(value: float, last: int) -> str:
    rounded = round(value, -last)
    return _signed(f"{rounded:.{max(-last, 0)}f}")


def _signed(text: str) -> str:
    return "0" if text in ("-0", "0") else text.replace("-", "−")


def _power(exponent: int) -> str:
    return "×10" + str(exponent).translate(_SUPERSCRIPTS)
