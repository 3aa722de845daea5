"""The fields a study may set for `replacement.design`; errors are found when the study is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, PlainValidator

from ionscape.core.errors import InputError
from ionscape.core.field_types import FieldModel, Fraction, Length, Time, positive
from ionscape.core.quantity import Quantity, parse_quantity
from ionscape.replacement.option_fields import ends
from ionscape.replacement.programme_text import checked_ion
from ionscape.replacement.simulate_options import StatedCounting, StatedIon, _counting, _ion

RANGE_POINTS = 5
MOST_IONS, MOST_TEMPERATURES = 6, 12


def _ions(value: Any) -> dict[str, StatedIon]:
    """``[K+, Cs+]``; with D over D_bulk ``{K+: 7.7e-4, Cs+: {ratio: 4.5e-5, activation_energy: 0.9 eV}}``."""
    if isinstance(value, Mapping):
        found = {checked_ion(name): StatedIon(str(name)) if stated is None else _ion(str(name), stated)
                 for name, stated in value.items()}  # fmt: skip
    else:
        names = value if isinstance(value, (list, tuple)) else [value]
        found = {checked_ion(name): StatedIon(str(name)) for name in names}
    for ion, stated in found.items():
        if stated.fwhm is not None:
            raise InputError(f"{ion}: an ion that arrives last has a constant D: leave 'fwhm' out")
    if not 1 <= len(found) <= MOST_IONS:
        raise InputError(f"give 1 to {MOST_IONS} foreign ions, got {len(found)}")
    return found


def _temperatures(value: Any) -> tuple[float, ...]:
    """[K] of ``70 degC``, ``[60 degC, 80 degC]`` or ``50 degC to 90 degC``."""
    if isinstance(value, tuple) and all(isinstance(v, float) for v in value):
        return value
    if isinstance(value, (list, tuple)):
        found = sorted({_kelvin(text) for text in value})
    else:
        limits = [_kelvin(text) for text in ends(value)]
        if len(limits) > 2 or limits != sorted(set(limits)):
            raise InputError(f"expected e.g. '50 degC to 90 degC', got {value!r}")
        step = (limits[-1] - limits[0]) / (RANGE_POINTS - 1)
        found = limits if len(limits) == 1 else [limits[0] + k * step for k in range(RANGE_POINTS)]
    if not 1 <= len(found) <= MOST_TEMPERATURES:
        raise InputError(f"give 1 to {MOST_TEMPERATURES} temperatures, got {len(found)}")
    return tuple(found)


def _kelvin(text: Any) -> float:
    found = parse_quantity(str(getattr(text, "text", None) or text), "temperature").value
    if not found > 0:
        raise InputError(f"a temperature must be above absolute zero, got {text!r}")
    return found


class DesignOptions(FieldModel):
    """Of `replacement.design`.

    The inputs: ``conductivity`` (or ``bulk_diffusion``) at one or several temperatures, ``site_energy_fwhm``,
    ``vacancy_fraction`` and ``diffusion_ratio`` refer to results or state values; guesses do.
    """

    ions: Annotated[dict[str, StatedIon], PlainValidator(_ions)] = Field(
        default_factory=dict,
        description="foreign ions that could be taken, with D over D_bulk where diffusion_ratio does not "
        "give it: [K+, Cs+], {K+: 7.7e-4 ± 0.5e-4, Cs+: {ratio: 4.5e-5, activation_energy: 0.9 eV}}; K+, Rb+ "
        "and Cs+ with the ratios of a lithium borate glass (assumed) unless given",
    )
    front_depth: Length = Field(
        default_factory=lambda: parse_quantity("100 nm", "length"), description="where the front is wanted"
    )
    temperature: Annotated[tuple[float, ...], PlainValidator(_temperatures)] = Field(
        (), description="at which it could be done: '70 degC', a list, or '50 degC to 90 degC'; those of the "
        "conductivity unless given"
    )  # fmt: skip
    longest_time: Time = Field(
        default_factory=lambda: parse_quantity("24 h", "time"), description="that one experiment may take"
    )
    highest_current: Annotated[Quantity, positive("current density")] | None = Field(
        None, description="that the ion source gives, e.g. '500 nA/cm^2'; no limit unless given"
    )
    highest_voltage: Annotated[Quantity, positive("voltage")] | None = Field(
        None, description="across the whole sample, e.g. the energy of the ions over their charge; no limit "
        "unless given"
    )  # fmt: skip
    replacement_time: Time | None = Field(
        None, description="of the experiment where it is settled; chosen between the limits unless given"
    )
    current_density: Annotated[Quantity, positive("current density")] | None = Field(
        None, description="where it is settled; chosen between the limits unless given"
    )
    immobile_fraction: Fraction | None = Field(
        None, description="share of the native ions that can never move; none unless given"
    )
    counting: Annotated[StatedCounting, PlainValidator(_counting)] = Field(
        StatedCounting("default"),
        description="how the profile will be measured: counts per slice 'native' and 'foreign' (15000), "
        "'slice' (0.5 nm), 'resolution' (1 nm), and the relative errors 'depth_error', 'scale_error' (1 %)",
    )
    current_error: Fraction = Field(
        default_factory=lambda: parse_quantity("1 %", "fraction"), description="of the charge, relative 1 SD"
    )
