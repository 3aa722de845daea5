"""Do published numbers belong together? Arithmetic of printed values, and which slip would mend them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ionscape.consistency.effective import agreement
from ionscape.consistency.series_model import series_boundary_product, series_diffusion
from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate
from ionscape.core.number_format import format_celsius, format_number
from ionscape.core.propagation import propagate
from ionscape.core.quantity import dimension_of, parse_quantity
from ionscape.temperature.points import K_PER_EV

_UNITS = {"bulk": "cm^2/s", "boundary_permeability": "cm/s", "effective": "cm^2/s", "grain_size": "um"}
_FACTORS = {"cm^2/s": 1e4, "cm/s": 1e2, "um": 1e6}
_NAMES = {"bulk": "D_bulk", "boundary_permeability": "D_gb/δ", "effective": "D_eff", "grain_size": "l"}
_DENSEST, _THINNEST = 3e29, 1e16  # m^-3


@dataclass(frozen=True)
class Mend:
    """One input that, changed alone, makes the others agree.

    Attributes
    ----------
    name : str
        ``bulk``, ``boundary_permeability``, ``effective`` or ``grain_size``.
    value : float
        [SI] that it would have to have; nan where no value will do.
    factor : float
        ``value`` over what is printed.
    printed_elsewhere : float or None
        A value printed in another place that does it within rounding.
    """

    name: str
    value: float
    factor: float
    printed_elsewhere: float | None = None


@dataclass(frozen=True, eq=False)
class SeriesCheck:
    """Whether D_bulk, D_gb/δ, l and D_eff satisfy 1/D_eff = 1/D_bulk + 1/(l D_gb/δ).

    Attributes
    ----------
    predicted : Estimate
        D_eff of the other three [m^2/s].
    fits : bool
        Whether the central values do, within the rounding of printed digits.
    significant : bool or None
        Whether they disagree beyond the stated errors (95 %); None where no errors are stated.
    sigmas : float
    mends : tuple of Mend
        Smallest change first.
    sentences : tuple of str
    """

    predicted: Estimate
    fits: bool
    significant: bool | None
    sigmas: float
    mends: tuple[Mend, ...]
    sentences: tuple[str, ...]


def check_published(
    bulk: Estimate,
    boundary_permeability: Estimate,
    effective: Estimate,
    grain_size: Estimate,
    *,
    significant_digits: int = 2,
    elsewhere: Mapping[str, Sequence[float]] | None = None,
) -> SeriesCheck:
    """Check that four published numbers belong together, and say which single one would mend them.

    Parameters
    ----------
    bulk, effective : Estimate
        D_bulk, D_eff [m^2/s].
    boundary_permeability : Estimate
        D_gb/δ [m/s].
    grain_size : Estimate
        l [m]; its error tells whether the disagreement is significant.
    significant_digits : int
        To which the numbers are printed: what rounding can explain is not called a disagreement.
    elsewhere : mapping of str to sequence of float, optional
        Other values of the same inputs [SI] that the publication prints ("boundary_permeability": [1.5e-8]).

    Raises
    ------
    InputError
        If a value is not positive.
    """
    given = {
        "bulk": bulk,
        "boundary_permeability": boundary_permeability,
        "effective": effective,
        "grain_size": grain_size,
    }
    values = {name: e.value for name, e in given.items()}
    for name, value in values.items():
        if not value > 0:
            raise InputError(f"{_NAMES[name]} must be a positive number, got {value}")
    predicted = propagate(
        lambda b, p, l: series_diffusion(b, p * l),
        bulk,
        boundary_permeability,
        grain_size,
        dimension=dimension_of("m^2/s"),
        scale="log",
    )
    compared = agreement(predicted, effective)
    fits = _within_rounding(values, significant_digits)
    mends = _mends(values, significant_digits, elsewhere or {})
    stated = any(e.spread > 0 for e in given.values())
    significant = (not compared.agrees) if stated and compared.agrees is not None else None
    sigmas = compared.sigmas if stated else math.nan
    sentences = _sentences(values, predicted.value, fits, significant, sigmas, mends)
    return SeriesCheck(predicted, fits, significant, sigmas, mends, sentences)


def _predicted(values: Mapping[str, float]) -> float:
    return float(series_diffusion(values["bulk"], values["boundary_permeability"] * values["grain_size"]))


def _rounded(value: float, digits: int) -> tuple[float, float]:
    """What a printed value may have been before rounding."""
    half = 0.5 * 10.0 ** (math.floor(math.log10(value) + 1e-9) - digits + 1)
    return value - half, value + half


def _within_rounding(values: Mapping[str, float], digits: int) -> bool:
    low, high = math.inf, 0.0
    ends = [_rounded(values[name], digits) for name in ("bulk", "boundary_permeability", "grain_size")]
    for b, p, l in itertools.product(*ends):
        d = _predicted({"bulk": b, "boundary_permeability": p, "grain_size": l})
        low, high = min(low, d), max(high, d)
    least, most = _rounded(values["effective"], digits)
    return low <= most and high >= least


def _mends(
    values: Mapping[str, float], digits: int, elsewhere: Mapping[str, Sequence[float]]
) -> tuple[Mend, ...]:
    b, p, e, l = (values[k] for k in ("bulk", "boundary_permeability", "effective", "grain_size"))
    product = float(series_boundary_product(e, b)) if e < b else math.nan
    needed = {
        "boundary_permeability": product / l,
        "grain_size": product / p,
        "effective": _predicted(values),
        "bulk": 1 / (1 / e - 1 / (p * l)) if e < p * l else math.nan,
    }
    mends = []
    for name, value in needed.items():
        does = [x for x in elsewhere.get(name, ()) if _within_rounding({**values, name: x}, digits)]
        mends.append(Mend(name, value, value / values[name], does[0] if does else None))
    usable = [m for m in mends if math.isfinite(m.value) and m.value > 0]
    return tuple(sorted(usable, key=lambda m: (m.printed_elsewhere is None, abs(math.log(m.factor)))))


def _printed(name: str, value: float) -> str:
    unit = _UNITS[name]
    word = {"cm^2/s": "cm²/s", "um": "µm"}.get(unit, unit)
    return f"{format_number(value * _FACTORS[unit], 2)} {word}"


def _sentences(
    values: Mapping[str, float],
    predicted: float,
    fits: bool,
    significant: bool | None,
    sigmas: float,
    mends: Sequence[Mend],
) -> tuple[str, ...]:
    parts = ", ".join(
        f"{_NAMES[n]} = {_printed(n, values[n])}" for n in ("boundary_permeability", "bulk", "grain_size")
    )
    series = f"{parts} give D_eff = {_printed('effective', predicted)} in series"
    if fits:
        return (f"{series}, as printed ({_printed('effective', values['effective'])}).",)
    text = f"{series}, not {_printed('effective', values['effective'])}: these numbers do not belong together"
    if significant is None:
        text += "."
    elif significant:
        text += f", and the stated errors do not explain it ({sigmas:.1f} standard deviations)."
    else:
        text += (
            f"; with the stated errors that is {sigmas:.1f} standard deviations, so measured values could"
            " differ as much, but central values that were computed from each other cannot."
        )
    found = [text]
    known = [m for m in mends if m.printed_elsewhere is not None]
    if known:
        m = known[0]
        assert m.printed_elsewhere is not None
        found.append(
            f"{_NAMES[m.name]} = {_printed(m.name, m.printed_elsewhere)}, printed elsewhere, mends it "
            f"({_printed(m.name, m.value)} would be exact)."
        )
    options = [f"{_NAMES[m.name]} = {_printed(m.name, m.value)}" for m in mends if m not in known[:1]]
    found.append(
        f"Any one of these {'would mend it too' if known else 'alone would mend it'}: {', '.join(options)}."
    )
    return tuple(found)


def check_series_limit(
    effective: float, factor: float, energy: float, kelvin: float, *, factor_unit_si: float = 1.0
) -> str:
    """Whether a D_eff stays below the (l/δ) D_gb of a printed Arrhenius line; a sentence, empty if it does.

    Parameters
    ----------
    effective : float
        D_eff [m^2/s].
    factor : float
        Pre-exponential factor of (l/δ) D_gb [m^2/s] (times ``factor_unit_si``).
    energy : float
        [eV]
    kelvin : float
        [K]
    """
    limit = factor * factor_unit_si * math.exp(-energy / (K_PER_EV * kelvin))
    if effective <= limit:
        return ""
    needed = energy - K_PER_EV * kelvin * math.log(effective / limit)
    return (
        f"D_eff = {_printed('effective', effective)} at {format_celsius(kelvin)} exceeds the (l/δ)D_gb of its"
        f" own pre-factor and {energy:g} eV, {_printed('effective', limit)}, {effective / limit:.1f} times:"
        f" in series it must stay below. An activation energy of {needed:.2f} eV or less would allow it."
    )


def check_carrier_density(density: float) -> str:
    """Whether a number density [m^-3] can be that of a solid; a sentence with the slip, empty if it can."""
    if _THINNEST <= density <= _DENSEST:
        return ""
    text = f"n = {format_number(density * 1e-6, 3, scientific=True)} cm⁻³ is impossible in a solid"
    exponent = math.floor(math.log10(density * 1e-6))
    mantissa = density * 1e-6 / 10.0**exponent
    mended = mantissa * 10.0 ** abs(exponent)
    if exponent < 0 and _THINNEST <= mended * 1e6 <= _DENSEST:
        text += f": the exponent has lost its sign, {format_number(mended, 3, scientific=True)} cm⁻³ is meant"
    return text + "."


def check_permeability_unit(text: str, boundary_thickness: float = 0.5e-9) -> str:
    """Whether a printed D_gb/δ has the unit of a velocity; a sentence with both readings, empty if it has.

    Parameters
    ----------
    text : str
        E.g. ``1.5e-6 cm^2/s``.
    boundary_thickness : float
        δ [m].
    """
    found = parse_quantity(text)
    if found.dimension == dimension_of("m/s"):
        return ""
    if found.dimension != dimension_of("m^2/s"):
        return f"{text!r} is no D_gb/δ, which is a velocity (cm/s)."
    number, delta = found.value * 1e4, boundary_thickness * 100
    return (
        f"{text!r} is a diffusion coefficient, D_gb/δ is a velocity: {format_number(number, 2)} cm/s would"
        f" mean D_gb = {format_number(number * delta, 2)} cm²/s (δ = {boundary_thickness * 1e9:g} nm); as"
        f" D_gb it would mean D_gb/δ = {format_number(number / delta, 2)} cm/s."
    )


def check_temperatures(value: float, other: float, first: float, second: float, energy: float) -> str:
    """Whether one number printed for two temperatures, or two numbers, can be explained by the temperature.

    Parameters
    ----------
    value, other : float
        Two values of one coefficient (any common unit), printed for the temperatures ``first`` and
        ``second`` [K].
    energy : float
        Activation energy [eV].
    """
    expected = math.exp(energy / K_PER_EV * (1 / first - 1 / second))
    seen = other / value
    text = (
        f"from {format_celsius(first)} to {format_celsius(second)} {energy:g} eV multiplies the coefficient"
        f" by {expected:.2f}; the printed values differ {seen:.2f} times"
    )
    return (
        f"{text}: the temperature does not explain it."
        if abs(math.log(seen / expected)) > 0.1
        else f"{text}."
    )
