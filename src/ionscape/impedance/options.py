"""The fields a study may set for the analyses of impedance; errors are found when the study is loaded."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from ionscape.core.errors import InputError
from ionscape.core.quantity import parse_quantity
from ionscape.impedance.arc_naming import NAMES
from ionscape.impedance.circuit_text import parse_circuit
from ionscape.impedance.shared_parameters import check_shared


def _frequency(value: object) -> float | None:
    """A text such as ``100 Hz`` as a number [Hz]."""
    if value is None or (isinstance(value, float) and type(value) is float):
        return value
    found = parse_quantity(str(value), "frequency").value
    if not found > 0:
        raise InputError(f"a frequency limit must be larger than zero, got {value!r}")
    return found


def _circuit(text: str) -> str:
    return parse_circuit(text).text


Frequency = Annotated[float | None, BeforeValidator(_frequency)]


class Options(BaseModel):
    """Base of all options: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WindowOptions(Options):
    """Which part of each spectrum is used."""

    frequency_min: Frequency = Field(
        None, description="lowest frequency used, e.g. '100 Hz'; all if not given"
    )
    frequency_max: Frequency = Field(
        None, description="highest frequency used, e.g. '1 MHz'; all if not given"
    )

    @model_validator(mode="after")
    def _ordered(self) -> WindowOptions:
        low, high = self.frequency_min, self.frequency_max
        if low is not None and high is not None and low >= high:
            raise InputError(f"frequency_min ({low:g} Hz) must be below frequency_max ({high:g} Hz)")
        return self


class ValidityOptions(WindowOptions):
    """Of `impedance.validity`."""

    tolerance: float = Field(
        0.005,
        gt=0,
        lt=1,
        description="largest systematic residual, as a fraction of |Z|, that counts as valid",
    )
    noise_limit: float = Field(
        0.02, gt=0, lt=1, description="largest relative standard deviation that counts as valid"
    )


class RelaxationOptions(WindowOptions):
    """Of `impedance.relaxation_times`."""


class FitOptions(WindowOptions):
    """Of `impedance.fit`."""

    circuit: str | None = Field(
        None,
        description="e.g. '(R1,Q1)-(R2,Q2)-Q3'; chosen from the data, for all spectra together, if not given",
    )
    candidates: tuple[str, ...] = Field(
        (), description="circuits to choose from; those the data suggest if empty"
    )
    weights: Literal["modulus", "unit", "noise"] = Field(
        "modulus", description="1/|Z|, equal, or from a noise model estimated from the residuals"
    )
    robust: bool = Field(False, description="Huber's loss, for spectra with outliers")
    ignore_validity: bool = Field(
        False, description="fit spectra that fail the Kramers-Kronig test too, and all of their points"
    )
    arcs: dict[str, str] = Field(
        default_factory=dict, description="names that you know better: {arc 1: bulk, arc 2: grain boundary}"
    )

    @field_validator("circuit")
    @classmethod
    def _parsed(cls, text: str | None) -> str | None:
        return None if text is None else _circuit(text)

    @field_validator("candidates")
    @classmethod
    def _all_parsed(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_circuit(text) for text in texts)

    @field_validator("arcs")
    @classmethod
    def _named(cls, arcs: dict[str, str]) -> dict[str, str]:
        for label, name in arcs.items():
            if name not in NAMES:
                raise InputError(f"{label} cannot be {name!r}: choose from {', '.join(NAMES)}")
            if not label.startswith("arc ") or not label[4:].isdigit():
                raise InputError(
                    f"{label!r} is no arc: they are called 'arc 1', 'arc 2', ... from high frequency"
                )
        return arcs

    @model_validator(mode="after")
    def _one_way(self) -> FitOptions:
        if self.circuit is not None and self.candidates:
            raise InputError("give either a circuit or candidates to choose from, not both")
        return self


class GlobalOptions(FitOptions):
    """Of `impedance.global_fit`."""

    tied: bool = Field(True, description="whether ln(R/T) of bulk and boundary arcs lies on a line in 1/T")
    shared: tuple[str, ...] = Field(
        (), description="parameters with one value for all temperatures, e.g. [Q1, Q1.alpha, Q2.capacitance]"
    )
    noise: Literal["each", "common"] = Field(
        "each", description="whether every spectrum has its own noise level, or all have one"
    )

    @model_validator(mode="after")
    def _can_be_shared(self) -> GlobalOptions:
        if self.circuit is not None:
            check_shared(parse_circuit(self.circuit), self.shared)
        return self
