"""Temperatures that look like a slip of units: kelvin written as °C, or °C as kelvin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ionscape.core.errors import InputError
from ionscape.core.quantity import Quantity, parse_quantity

COLD, HOT = 100.0, 2500.0
"""[K]: outside, a temperature is questioned."""

_ZERO_CELSIUS = 273.15
_SURE = re.compile(r"\s*\(sure\)\s*$")


def temperature_slip(stated: Quantity) -> str:
    """What was probably meant, as a question; empty where nothing looks wrong.

    Parameters
    ----------
    stated : Quantity
        [K], with the text that was written.
    """
    celsius = stated.value - _ZERO_CELSIUS
    number = re.match(r"[-+−]?[\d.]+", stated.text.strip())
    written = float(number[0].replace("−", "-")) if number else 0.0
    in_kelvin = abs(written - stated.value) < 1e-6
    if stated.value < COLD and in_kelvin:
        return f"{written:g} K is {celsius:.0f} °C: did you mean {written:g} degC?"
    if not in_kelvin and written > 170 and abs((written - 0.15) % 1.0) < 1e-6:
        return f"{stated.text!r} looks like kelvin: did you mean {written:g} K?"
    if not COLD <= stated.value <= HOT:
        return f"{stated.text!r} is {celsius:.0f} °C: check the number and its unit"
    return ""


def without_sure(text: str) -> tuple[str, bool]:
    """The text without a final ``(sure)``, and whether it had one."""
    plain = _SURE.sub("", text)
    return plain, plain != text


def question_slips(temperatures: Sequence[Quantity], *, plain: str, sure: bool) -> None:
    """Ask about temperatures [K] that look like a slip of units, unless the study says that it is so.

    Parameters
    ----------
    temperatures : sequence of Quantity
    plain : str
        The whole text that states them, without ``(sure)``.
    sure : bool
        Whether ``(sure)`` followed it.

    Raises
    ------
    InputError
        With the question, and how to confirm what was written.
    """
    for stated in () if sure else temperatures:
        question = temperature_slip(stated)
        if question:
            raise InputError(f"{question} If it is so, write '{plain.strip()} (sure)'")


def questioned_temperature(value: Any) -> Any:
    """A study's temperature [K], questioned unless ``(sure)`` follows it; for a field's validator.

    Raises
    ------
    InputError
        If it looks like a slip of units.
    """
    if isinstance(value, (Quantity, list, tuple, dict, bool)) or value is None:
        return value
    plain, sure = without_sure(getattr(value, "text", None) or str(value))
    found = parse_quantity(plain, "temperature")
    if found.value > 0:  # the field's own type refuses the rest
        question_slips([found], plain=plain, sure=sure)
    return found


__all__ = ["question_slips", "questioned_temperature", "temperature_slip", "without_sure"]
