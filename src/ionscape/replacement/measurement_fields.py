"""What a study may say about a profile after a replacement of ions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from ionscape.core.errors import InputError
from ionscape.core.field_types import Area, FieldModel, Length, Time, positive
from ionscape.core.quantity import Quantity, parse_quantity
from ionscape.replacement.option_fields import DepthRange
from ionscape.replacement.programme_text import StatedStage, checked_ion, stated_stages

_SIMPLE = ("duration", "current_density", "charge", "voltage", "current_file", "area")
LARGEST_ERROR = 0.5  # relative, of a current or a depth: beyond, a scale is not known at all
COARSEST = 1e-6  # m, of a depth resolution
DEEPEST = 1e-3  # m, of a crater


def _ion(value: Any) -> str:
    return "" if value in (None, "") else checked_ion(value)


def _quantity(value: Any) -> Quantity:
    text = getattr(value, "text", None) or str(value)
    return value if isinstance(value, Quantity) else parse_quantity(text)


def _programme(value: Any) -> tuple[StatedStage, ...]:
    return stated_stages(value) if value not in (None, (), []) else ()


def _rate(value: Any) -> Quantity:
    found = _quantity(value)
    if found.dimension != parse_quantity("1 m/s").dimension or not found.value > 0:
        raise InputError(f"expected a sputter rate such as '0.25 ± 0.01 nm/s', got {found.text!r}")
    return found


def _resolution(value: Any) -> Quantity:
    found = value if isinstance(value, Quantity) else parse_quantity(str(value), "length")
    if not 0 < found.value <= COARSEST:
        raise InputError("a depth resolution (1 standard deviation) lies between 0 and 1 um, got "
                         f"{found.text!r}")  # fmt: skip
    return found


def _crater(value: Any) -> Quantity:
    found = value if isinstance(value, Quantity) else parse_quantity(str(value), "length")
    if not 0 < found.value <= DEEPEST:
        raise InputError(f"a crater of {found.text!r} is no depth profile: check the number and its unit")
    return found


def _relative(value: Any) -> Quantity:
    found = value if isinstance(value, Quantity) else parse_quantity(str(value), "fraction")
    if not 0 <= found.value <= LARGEST_ERROR:
        raise InputError(f"a relative standard deviation such as '2 %', at most 50 %, is expected, got "
                         f"{found.text!r}")  # fmt: skip
    return found


def _counts(value: Any) -> Quantity:
    found = value if isinstance(value, Quantity) else parse_quantity(str(value), "fraction")
    if not found.value >= 0:
        raise InputError(f"a background cannot be negative, got {value!r}")
    return found


def _columns(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise InputError("expected ions and their columns, e.g. {Li+: 7Li, Cs+: 133Cs}")
    return {checked_ion(ion): tuple(str(v) for v in (names if isinstance(names, (list, tuple)) else [names]))
            for ion, names in value.items()}  # fmt: skip


class ReplacementMeasurement(FieldModel):
    """A depth profile and the experiment that made it.

    ``temperature`` of the measurement is that of the experiment, unless a stage says otherwise. The
    experiment is a ``programme``, or ``ion``, ``duration`` and one of ``current_density``, ``charge``,
    ``voltage`` and ``current_file``.
    """

    ion: Annotated[str, BeforeValidator(_ion)] = Field("", description="the foreign ion, e.g. Cs+")
    native: Annotated[str, BeforeValidator(_ion)] = Field(
        "", description="the ion that was there before; the sample's carrier unless given"
    )
    programme: Annotated[tuple[StatedStage, ...], PlainValidator(_programme)] = Field(
        (),
        description="what was done, in order: 'Cs+ 254 ± 3 nA/cm^2 for 24 h at 70 degC', 'Cs+ 5 V for 24 h', "
        "'Cs+ melt at 5 V for 1 h', 'rest for 30 d at 22 degC', or {ion, current_file, ...}; '(sure)' after "
        "a stage confirms what looks like a slip of units",
    )
    duration: Time | None = Field(None, description="of the experiment, e.g. '24 h'")
    current_density: Annotated[Quantity, BeforeValidator(_quantity)] | None = Field(
        None, description="attached per area, e.g. '254 ± 3 nA/cm^2'; in ampere with 'area'"
    )
    charge: Annotated[Quantity, BeforeValidator(_quantity)] | None = Field(
        None, description="attached per area, e.g. '21.9 ± 0.2 mC/cm^2'; in coulomb with 'area'"
    )
    voltage: Annotated[Quantity, BeforeValidator(_quantity)] | None = Field(
        None, description="of the front face against the back, e.g. '5 V'"
    )
    current_file: str = Field(
        "", description="table of time and current density, current (with 'area') or voltage, units in its "
        "headings; relative to the study"
    )  # fmt: skip
    area: Area | None = Field(None, description="that the ions reach, for a current in ampere")
    current_uncertainty: Annotated[Quantity, BeforeValidator(_relative)] | None = Field(
        None, description="relative standard deviation of the current's calibration, e.g. '2 %'; one unknown "
        "for all profiles that state the same"
    )  # fmt: skip
    sputter_rate: Annotated[Quantity, BeforeValidator(_rate)] | None = Field(
        None, description="depth per sputter time, e.g. '0.25 ± 0.01 nm/s'; one unknown for all profiles "
        "that state the same"
    )  # fmt: skip
    crater_depth: Annotated[Quantity, BeforeValidator(_crater)] | None = Field(
        None, description="measured depth of the crater at the profile's end, e.g. '200 ± 4 nm'"
    )
    depth_uncertainty: Annotated[Quantity, BeforeValidator(_relative)] | None = Field(
        None, description="relative standard deviation of all depths of a profile over depth, e.g. '2 %'"
    )
    depth_resolution: Annotated[Quantity, BeforeValidator(_resolution)] | None = Field(
        None, description="1 standard deviation of a Gaussian, e.g. '1.5 ± 0.3 nm'"
    )
    skip_depth: Length | None = Field(
        None, description="first depths that are left out, as sputtering has not settled, e.g. '3 nm'"
    )
    bulk_window: DepthRange | None = Field(
        None, description="depths where the native ion is undisturbed, e.g. '150 nm to 200 nm'; the flat "
        "deep part unless given"
    )  # fmt: skip
    bulk_level: Annotated[Quantity, positive("fraction")] | None = Field(
        None, description="signal of the native ion in the unchanged conductor (all its columns together), "
        "e.g. '14100 ± 60', where the profile has no flat deep part"
    )  # fmt: skip
    sensitivity: Annotated[Quantity, positive("fraction")] | None = Field(
        None, description="counts of the foreign ion over those of the native one at equal density of "
        "charge, e.g. '0.90 ± 0.05'; fitted unless given"
    )  # fmt: skip
    background: dict[str, Annotated[Quantity, BeforeValidator(_counts)]] = Field(
        default_factory=dict, description="counts per point to subtract, per column, e.g. {7Li: 2.5 ± 0.3}"
    )
    matrix: str = Field(
        "", description="column of a species of the glass (e.g. 11B) by which the signals are divided, for "
        "a primary current that drifts"
    )  # fmt: skip
    dead_time: Time | None = Field(None, description="of the detector; needs 'dwell_time'")
    dwell_time: Time | None = Field(
        None, description="counting time of one point; for time-of-flight: 'pulses'"
    )
    pulses: int | None = Field(
        None, gt=0, description="primary pulses per point: time-of-flight counts at most one ion of a mass "
        "per pulse (Poisson correction)"
    )  # fmt: skip
    ion_columns: Annotated[dict[str, tuple[str, ...]], BeforeValidator(_columns)] = Field(
        default_factory=dict, description="columns of an ion where their names do not say it, e.g. "
        "{Li+: [6Li, 7Li], Cs+: 133Cs}"
    )  # fmt: skip

    @model_validator(mode="after")
    def _complete(self) -> ReplacementMeasurement:
        simple = [name for name in _SIMPLE if getattr(self, name)]
        if self.programme and simple:
            raise InputError(f"give either 'programme' or '{simple[0]}', not both")
        if not self.programme and not simple:
            raise InputError("say what was done: 'programme', or 'ion', 'duration' and a current, charge or "
                             "voltage")  # fmt: skip
        if self.dead_time is not None and (self.dwell_time is None or self.pulses is not None):
            raise InputError("dead_time needs dwell_time, the counting time of one point, and no 'pulses'")
        scales = [n for n in ("sputter_rate", "crater_depth", "depth_uncertainty") if getattr(self, n)]
        if len(scales) > 1:
            raise InputError(f"give one of {' and '.join(scales)}, not both")
        if self.bulk_window is not None and self.bulk_level is not None:
            raise InputError("give either bulk_window or bulk_level, not both")
        if not any(stage.ion for stage in self.stages):
            raise InputError("no ion enters in this programme: which one, e.g. 'ion: Cs+'?")
        if self.foreign == self.native:
            raise InputError(f"native and foreign ion are both {self.native}: isotopes that replace each "
                             "other belong to the technique tracer")  # fmt: skip
        return self

    @property
    def stages(self) -> tuple[StatedStage, ...]:
        """What was done; stages without a temperature have that of the measurement."""
        if self.programme:
            return self.programme
        stage = {name: getattr(self, name) or None for name in _SIMPLE}
        return stated_stages({"ion": self.ion, **stage})

    @property
    def foreign(self) -> str:
        """The ion whose profile this is: ``ion``, or the one that entered last."""
        return self.ion or [stage.ion for stage in self.stages if stage.ion][-1]
