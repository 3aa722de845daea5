"""The fields a study may set for the analyses of consistency."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from ionscape.core.coefficient import CHANNELS, KINDS
from ionscape.core.errors import InputError
from ionscape.core.field_types import DiffusionCoefficient, FieldModel, Time, positive
from ionscape.core.quantity import Quantity, parse_quantity

TABLE_INPUTS = ("on", "tracer", "nmr", "conductivity", "cait", "chemical", "simulated")
HAVEN_INPUTS = ("tracer", "conductivity")
EFFECTIVE_INPUTS = ("bulk_diffusion", "boundary_permeability", "effective_diffusion")


def _conductivity(value: Any) -> Quantity:
    found = value if isinstance(value, Quantity) else parse_quantity(str(value), "conductivity")
    if found.value < 0:
        raise InputError(f"a conductivity cannot be negative, got {value!r}")
    return found


Conductivity = Annotated[Quantity, BeforeValidator(_conductivity)]
Ratio = Annotated[Quantity, positive("fraction")]


class NernstEinsteinOptions(FieldModel):
    """Of `consistency.nernst_einstein`: it has none; carrier density and charge belong to the sample."""


class CoefficientOptions(FieldModel):
    """How values become coefficients."""

    inputs: ClassVar[tuple[str, ...]] = TABLE_INPUTS

    kinds: dict[str, str] = Field(
        default_factory=dict,
        description=(
            "which coefficient the values of an input are, where they do not say so themselves: "
            "{on: D*}; D*, D_NMR, D_sigma, D_CAIT, D_chemical or D_MD"
        ),
    )
    channels: dict[str, str] = Field(
        default_factory=dict,
        description=(
            "what the values of an input belong to, where they do not say so themselves: "
            "{tracer: effective}; bulk, boundary (the value is (l/δ) D_gb) or effective"
        ),
    )
    cait_convention: Literal["D_sigma", "2 D*"] = Field(
        "D_sigma",
        description=(
            "what D_CAIT stands for: D_σ, or 2 D* (Gunawan 2024), which would fix the Haven ratio at 0.5"
        ),
    )
    grain_size_spread: Literal["uncertainty", "distribution"] = Field(
        "uncertainty",
        description=(
            "what the ± of the sample's grain_size is: the standard uncertainty of the mean, or the "
            "standard deviation of the sizes"
        ),
    )
    grain_count: int | None = Field(
        None, gt=1, description="number of grains measured, for the error of the mean of a distribution"
    )
    grain_size_average: Literal["unknown", "intercept", "series"] = Field(
        "unknown",
        description=(
            "what l the grain_size is: series (the path along the flux per boundary, as papers put it into "
            "the series formula), intercept (mean linear intercept of equiaxed grains: the path is 1.5 l), "
            "or unknown (1.25 ± 0.15 l)"
        ),
    )
    electronic_conductivity: Conductivity | None = Field(
        None, description="of the same sample at the temperatures in question, e.g. '1e-9 S/cm'"
    )
    driven_by: Literal["field", "gradient"] = Field(
        "field", description="what drives the transport that the coefficients are wanted for"
    )
    thermodynamic_factor: Ratio | None = Field(
        None, description="∂(μ/kT)/∂ln c, e.g. '12 ± 3', for transport driven by a gradient"
    )
    loss_tangent: Ratio | None = Field(None, description="tan δ; reported as context, decides nothing")

    @field_validator("kinds")
    @classmethod
    def _known_kinds(cls, kinds: dict[str, str]) -> dict[str, str]:
        for name, kind in kinds.items():
            if kind not in KINDS:
                raise InputError(
                    f"{kind!r} is no kind of diffusion coefficient: choose from {', '.join(KINDS)}"
                )
            cls._known_input(name)
        return kinds

    @field_validator("channels")
    @classmethod
    def _known_channels(cls, channels: dict[str, str]) -> dict[str, str]:
        for name, channel in channels.items():
            if channel not in CHANNELS:
                raise InputError(f"{channel!r} is no channel: choose from {', '.join(CHANNELS)}")
            cls._known_input(name)
        return channels

    @classmethod
    def _known_input(cls, name: str) -> None:
        if name not in cls.inputs:
            raise InputError(f"{name!r} is no input here: choose from {', '.join(cls.inputs)}")


def _temperatures(value: Any) -> tuple[str, ...]:
    texts = value if isinstance(value, (list, tuple)) else [value]
    for text in texts:
        if not parse_quantity(str(text), "temperature").value > 0:
            raise InputError(f"expected a temperature above absolute zero, got {text!r}")
    return tuple(str(text) for text in texts)


def _interval(value: Any) -> str:
    """A difference of temperatures; ``0.5 K``."""
    text = str(value)
    found = parse_quantity(text, "temperature")
    if not 0 < found.value <= 20:
        raise InputError(
            f"expected a difference of temperatures above 0 and up to 20 K, e.g. '0.5 K', got {text!r}"
        )
    return text


class HavenRatioOptions(CoefficientOptions):
    """Of `consistency.haven_ratio`."""

    inputs: ClassVar[tuple[str, ...]] = HAVEN_INPUTS

    at: Annotated[tuple[str, ...], BeforeValidator(_temperatures)] = Field(
        ("25 degC",),
        description="temperatures at which H_R is wanted from Arrhenius lines, e.g. [25 degC, 60 degC]",
    )
    temperature_tolerance: Annotated[str, BeforeValidator(_interval)] = Field(
        "0.5 K", description="difference within which two temperatures are the same"
    )

    @property
    def wanted(self) -> tuple[float, ...]:
        """``at`` in kelvin."""
        return tuple(parse_quantity(text, "temperature").value for text in self.at)

    @property
    def tolerance(self) -> float:
        """[K]"""
        return parse_quantity(self.temperature_tolerance, "temperature").value


class TableOptions(HavenRatioOptions):
    """Of `consistency.table`."""

    inputs: ClassVar[tuple[str, ...]] = TABLE_INPUTS


class EffectiveDiffusionOptions(CoefficientOptions):
    """Of `consistency.effective_diffusion`."""

    inputs: ClassVar[tuple[str, ...]] = EFFECTIVE_INPUTS

    temperature_tolerance: Annotated[str, BeforeValidator(_interval)] = Field(
        "0.5 K", description="difference within which two temperatures are the same"
    )
    diffusion_along: DiffusionCoefficient | None = Field(
        None, description="D along the boundaries, for the brick layer; as across them if not given"
    )
    segregation: Ratio | None = Field(
        None,
        description=(
            "density of the ions in the boundary over that in the grain (depletion: below 1); D_gb/δ as "
            "measured holds it already, so that it changes only the mean density"
        ),
    )
    diffusion_time: Time | None = Field(
        None, description="of the measurement of the effective coefficient: l ≪ √(D_eff t) is tested with it"
    )
    calculated: bool = Field(
        False,
        description=(
            "whether the effective coefficient was calculated from the others (published "
            "numbers): then its central value has to fit as well, with grain_size as it stands unless "
            "grain_size_average says otherwise"
        ),
    )

    @property
    def tolerance(self) -> float:
        """[K]"""
        return parse_quantity(self.temperature_tolerance, "temperature").value

    @model_validator(mode="after")
    def _possible(self) -> EffectiveDiffusionOptions:
        if self.segregation is not None and self.segregation.value > 1000:
            raise InputError(f"a density ratio of {self.segregation.text} is not possible: check it")
        return self
