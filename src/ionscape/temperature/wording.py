"""Estimates and temperatures inside sentences."""

from __future__ import annotations

import math

from ionscape.core.estimate import Estimate


def said(estimate: Estimate, unit: str) -> str:
    """``0.587 ± 0.016 eV``, ``(6.4 ± 1.5)e-09 S/cm``, ``< 14 K``; the status where there is no number."""
    if estimate.status in ("undetermined", "refused"):
        return estimate.status
    value, sd = estimate.to(unit)
    tail = "" if unit == "1" else f" {unit}"
    if estimate.status == "bound":
        return f"{'<' if estimate.side == 'upper' else '>'} {value:.3g}{tail} (95 %)"
    if not sd > 0:
        return f"{value:.6g}{tail}"
    exponent = math.floor(math.log10(max(abs(value), sd)))
    power = 0 if -3 < exponent < 5 else exponent
    decimals = power - math.floor(math.log10(sd)) + 1
    numbers = " ± ".join(
        f"{round(number / 10.0**power, decimals):.{max(decimals, 0)}f}" for number in (value, sd)
    )
    return f"({numbers})e{power:+03d}{tail}" if power else f"{numbers}{tail}"


def celsius(kelvin: float) -> str:
    """``25 °C``, ``21.5 °C``."""
    return f"{round(kelvin - 273.15, 1):g} °C"


def wide(quantity: str) -> str:
    """``conductivity_bulk`` -> ``conductivity (bulk)``; other names with blanks for underscores."""
    for base in ("conductivity", "diffusion_coefficient", "resistance"):
        if quantity.startswith(f"{base}_"):
            rest = quantity[len(base) + 1 :].replace("_", " ")
            return f"{base.replace('_', ' ')} ({rest})"
    return quantity.replace("_", " ")
