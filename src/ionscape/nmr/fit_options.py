"""The fields a study may set for `nmr.fit`; errors are found when the study is loaded."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ionscape.core.errors import InputError
from ionscape.core.field_types import FieldModel, Fraction, Time
from ionscape.nmr.nuclei import nucleus_name

BARRIERS_OPTION = "barriers"
ModelName = Literal[
    "auto", "one", "two", "three", "gamma", "log-normal", "powder", "powder of channels", "powder of layers",
    "barriers",
]  # fmt: skip


def _shape(value: Any) -> str | float:
    """``rectangular``, ``half-sine``, ``trapezoid``, or a shape factor."""
    if value in ("rectangular", "half-sine", "trapezoid"):
        return str(value)
    try:
        factor = float(value)
    except (TypeError, ValueError):
        factor = 0.0
    if isinstance(value, bool) or not 0.5 <= factor <= 1:
        raise InputError("must be 'rectangular', 'half-sine', 'trapezoid' (with 'ramp_time') or a shape "
                         f"factor from 0.5 to 1, got {value!r}")  # fmt: skip
    return factor


def _nucleus(value: Any) -> str:
    return nucleus_name(str(value)) if value else ""


class NmrMeasurement(FieldModel):
    """An echo decay: nucleus, gradient pulses and delays where the file does not state them."""

    nucleus: Annotated[str, BeforeValidator(_nucleus)] = Field(
        "", description="e.g. 7Li; that of the file, else of the sample's carrier (Li+: 7Li), if not given"
    )
    shape: Annotated[str | float, BeforeValidator(_shape)] = Field(
        "rectangular",
        description="of the gradient pulses: rectangular, half-sine, trapezoid, or the "
        "spectrometer's shape factor (smoothed square: 0.9)",
    )
    ramp_time: Time | None = Field(None, description="of a trapezoid: length of each ramp, e.g. '0.1 ms'")
    gradient_pulse: Time | None = Field(
        None,
        description="δ, ramps included (of both lobes together if bipolar), where the file does not state it",
    )
    diffusion_time: Time | None = Field(
        None,
        description="Δ, from the start of one pulse to that of the next, where the file does not state it",
    )
    bipolar_interval: Time | None = Field(None, description="time between the two lobes of bipolar pulses")
    gradient_uncertainty: Fraction | None = Field(
        None,
        description="calibration error of the gradient, e.g. '1 %': "
        "one for all decays of a spectrometer; D gets twice as much",
    )
    spectrometer: str = Field(
        "", description="name; decays from different ones have different gradient errors"
    )
    magnitude: bool = Field(
        False, description="intensities are magnitudes: those below three times the noise are left out"
    )
    window_ppm: tuple[float, float] | None = Field(
        None,
        description="[low, high]: chemical shifts to integrate over, of Bruker spectra; the region of the "
        "largest signal if not given",
    )
    channel: Literal["", "bulk", "effective"] = Field(
        "", description="where the ions diffused, if you know better than diffusion length and grain size"
    )

    @model_validator(mode="after")
    def _complete(self) -> NmrMeasurement:
        if (self.shape == "trapezoid") != (self.ramp_time is not None):
            raise InputError("a trapezoid needs ramp_time, and only a trapezoid has one")
        if self.window_ppm is not None and not self.window_ppm[0] < self.window_ppm[1]:
            low, high = self.window_ppm
            raise InputError(f"window_ppm goes from the lower to the higher shift, got [{low:g}, {high:g}]")
        return self


class FitOptions(FieldModel):
    """Of `nmr.fit`."""

    model: ModelName = Field(
        "auto",
        description="what the echoes decay like; chosen from the data if not given. A "
        "coefficient that depends on g or Δ is given only under a model that you name",
    )
    baseline: bool = Field(False, description="fit a constant offset to each decay")
    level: float = Field(0.05, gt=0, lt=0.5, description="probability of calling one coefficient several")
    negligible: float = Field(
        0.01, ge=0, lt=1, description="share by which D may change with g or Δ and still count as one"
    )
