"""What a study may say about a tracer profile or image, besides files, sample and temperature."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ionscape.core.errors import InputError
from ionscape.core.field_types import FieldModel, Fraction, Length, Temperature, Time, positive
from ionscape.core.quantity import Quantity, parse_quantity
from ionscape.core.temperature_slip import question_slips, questioned_temperature, without_sure
from ionscape.tracer.history import Stage

_STAGE = re.compile(r"^\s*(?P<time>.+?)\s+(?:at\s+(?P<at>.+?)|from\s+(?P<start>.+?)\s+to\s+(?P<end>.+?))\s*$")


def _stages(value: Any) -> tuple[Stage, ...]:
    """``14 d at 22 ± 1 degC``, ``1 h from 22 degC to 200 degC``, or a list of such stages."""
    texts = value if isinstance(value, (list, tuple)) else [value]
    return tuple(text if isinstance(text, Stage) else _stage(str(text)) for text in texts)


def _stage(text: str) -> Stage:
    plain, sure = without_sure(text)
    match = _STAGE.match(plain)
    if match is None:
        raise InputError(
            f"expected a stage such as '14 d at 22 degC' or '1 h from 22 degC to 200 degC', got {text!r}"
        )
    duration = parse_quantity(match["time"], "time").value
    ends = [parse_quantity(match["at"] or match[side], "temperature") for side in ("start", "end")]
    if not duration > 0 or not all(end.value > 0 for end in ends):
        raise InputError(f"time and temperature of a stage must be larger than zero, got {text!r}")
    question_slips(ends, plain=plain, sure=sure)
    spread = max(end.uncertainty or 0.0 for end in ends)
    return Stage(duration, ends[0].value, ends[1].value, spread)


def _rate(value: Any) -> Quantity:
    found = parse_quantity(str(value), "velocity")
    if not found.value > 0:
        raise InputError(f"a sputter rate must be larger than zero, got {value!r}")
    return found


def _counts(value: Any) -> Quantity:
    found = value if isinstance(value, Quantity) else parse_quantity(str(value), "fraction")
    if not found.value >= 0:
        raise InputError(f"a background cannot be negative, got {value!r}")
    return found


class TracerMeasurement(FieldModel):
    """A tracer profile or image: how the tracer got in, what happened since, how counts were taken.

    ``temperature`` of the measurement is that of the exchange, unless ``exchange_temperature`` says
    otherwise; that of storage stands in each stage.
    """

    tracer: str = Field(
        "",
        description="the tracer's isotope as the columns name it, e.g. 6Li; needed where "
        "that is not the rarer of two",
    )
    exchange_time: Time | None = Field(None, description="time in contact with the tracer, e.g. '59 h'")
    exchange_temperature: Annotated[Temperature | None, BeforeValidator(questioned_temperature)] = Field(
        None, description="if not the measurement's temperature"
    )
    storage: Annotated[tuple[Stage, ...], BeforeValidator(_stages)] = Field(
        (),
        description="what happened after the exchange and before this measurement, all of it in order: "
        "'14 d at 22 ± 1 degC', '1 h from 22 degC to 200 degC'; '(sure)' after a stage confirms "
        "a temperature that looks like a slip of units",
    )
    initial_fraction: Fraction | None = Field(
        None, description="isotope fraction before the exchange, e.g. 0.0759"
    )
    source_fraction: Fraction | None = Field(None, description="isotope fraction of the source, e.g. 0.95")
    sample_length: Length | None = Field(
        None,
        description="length of the sample along the diffusion, to tell when "
        "the tracer has reached the far edge",
    )
    sputter_rate: Annotated[Quantity, BeforeValidator(_rate)] | None = Field(
        None, description="depth per sputter time, e.g. '0.50 ± 0.02 nm/s'"
    )
    crater_depth: Length | None = Field(None, description="measured depth of the crater at the profile's end")
    depth_resolution: Length | None = Field(
        None, description="1 standard deviation of the instrument's resolution along the profile"
    )
    background: dict[str, Annotated[Quantity, BeforeValidator(_counts)]] = Field(
        default_factory=dict, description="counts per point to subtract, per isotope, e.g. {6Li: 2.5 ± 0.3}"
    )
    matrix: str = Field(
        "",
        description="counts of an ion of the matrix, as the columns name it (e.g. 48Ti): points "
        "where the yield relative to it changes are named; the isotope fraction itself needs none",
    )
    dead_time: Time | None = Field(None, description="of the detector; needs 'dwell_time'")
    dwell_time: Time | None = Field(
        None, description="counting time of one point or pixel; for time-of-flight: 'pulses'"
    )
    pulses: int | None = Field(
        None,
        gt=0,
        description="primary pulses per point or pixel: time-of-flight counts at most "
        "one ion of a mass per pulse (Poisson correction)",
    )
    mass_discrimination: Annotated[Quantity, positive("fraction")] | None = Field(
        None, description="measured over true ratio tracer/other isotope of a standard, e.g. '1.02 ± 0.01'"
    )
    holds: Literal["counts", "fraction", "grain labels", "boundary mask"] | None = Field(
        None,
        description="what image files hold whose names and columns do not say it, e.g. 'grain labels' of a "
        "map by electron backscatter diffraction",
    )
    pixel: Length | None = Field(None, description="width of one pixel of an image, e.g. '0.977 um'")
    source_edge: Literal["bottom", "top", "left", "right"] | None = Field(
        None,
        description="edge of the image that was in contact with the tracer; found from the fractions "
                    "unless given",
    )

    @model_validator(mode="after")
    def _complete(self) -> TracerMeasurement:
        if self.dead_time is not None and self.dwell_time is None:
            raise InputError("dead_time needs dwell_time, the counting time of one point")
        if self.sputter_rate is not None and self.crater_depth is not None:
            raise InputError("give either sputter_rate or crater_depth, not both")
        return self
