"""Temperatures that look like a slip of units: kelvin written as °C, or °C as kelvin."""

from __future__ import annotations

import re

from ionscape.core.quantity import Quantity

COLD, HOT = 100.0, 2500.0
"""[K]: outside, a temperature is questioned."""

_ZERO_CELSIUS = 273.15


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


__all__ = ["temperature_slip"]
