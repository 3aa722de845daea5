"""One coefficient measured more than once: do the values agree?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from ionscape.consistency.coefficients import Coefficient
from ionscape.core.number_format import format_celsius, format_number, format_quantity
from ionscape.core.propagation import logarithm

FAR = 3.0  # standard deviations of the logarithms' difference


def contradictions(coefficients: Sequence[Coefficient], tolerance: float) -> list[str]:
    """Sentences for values of one kind, channel and temperature that differ beyond their joint errors.

    Parameters
    ----------
    tolerance : float
        [K] within which two temperatures are one.
    """
    told = []
    for a, b in combinations(coefficients, 2):
        if (a.kind, a.channel) != (b.kind, b.channel) or a.kelvin is None or b.kelvin is None:
            continue
        if abs(a.kelvin - b.kelvin) > tolerance or {a.value.status, b.value.status} != {"determined"}:
            continue
        apart = logarithm(a.value / b.value)
        if apart.spread == 0 or abs(apart.value) <= FAR * apart.spread:
            continue
        low, high = sorted((a, b), key=lambda c: c.value.value)
        told.append(
            f"{a.symbol} at {format_celsius(a.kelvin)} has two values that contradict each other: "
            f"{format_quantity(low.value, 'cm^2/s')} and {format_quantity(high.value, 'cm^2/s')}, "
            f"{format_number(abs(apart.value) / apart.spread, 2)} standard deviations apart. They belong to "
            "different parts of the sample, or a model behind one of them does not hold."
        )
    return told
