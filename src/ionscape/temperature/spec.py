"""What a study can ask of a temperature series."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ionscape.core.errors import InputError
from ionscape.core.quantity import parse_quantity
from ionscape.core.registry import Analysis, Technique, deferred


class ArrheniusOptions(BaseModel):
    """Of `temperature.arrhenius`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Literal["ln sigma T", "ln sigma", "ln D", "ln eta", "ln x"] | None = Field(
        None,
        description="what is straight against 1/kT; by default ln(σT) for a conductivity, ln D for a "
        "diffusion coefficient, ln η for a viscosity. The activation energies of ln(σT) and ln σ differ by "
        "about kT",
    )
    at: tuple[str, ...] = Field(
        ("25 degC",), description="temperatures at which the quantity is wanted, e.g. [25 degC, 60 degC]"
    )
    models: tuple[Literal["vft", "myega", "broken", "step"], ...] | None = Field(
        None,
        description="curved models compared with the straight line, and reported in any case: vft, broken "
        "(two lines that meet), step (two lines with a jump), myega (viscosity). By default all that apply, "
        "reported where preferred",
    )
    scatter: Literal["auto", "stated"] = Field(
        "auto",
        description="auto: where the points scatter more than their errors say, the missing variance is "
        "estimated and added; stated: the stated errors in any case",
    )

    @field_validator("at", mode="before")
    @classmethod
    def _temperatures(cls, value: Any) -> Any:
        texts = value if isinstance(value, (list, tuple)) else [value]
        for text in texts:
            if not parse_quantity(str(text), "temperature").value > 0:
                raise InputError(f"expected a temperature above absolute zero, got {text!r}")
        return tuple(str(text) for text in texts)

    @property
    def wanted(self) -> tuple[float, ...]:
        """``at`` in kelvin."""
        return tuple(parse_quantity(text, "temperature").value for text in self.at)


TECHNIQUE = Technique(
    name="temperature",
    summary="How conductivities, diffusion coefficients and viscosities depend on temperature.",
    analyses=(
        Analysis(
            name="temperature.arrhenius",
            summary="Activation energy, pre-exponential factor and values at wanted temperatures, from a "
            "line through points with joint errors; curvature tested.",
            options=ArrheniusOptions,
            combine=deferred("ionscape.temperature.analyses:arrhenius_outcome"),
            inputs=("on",),
            outputs={
                "activation_energy": "J",
                "pre_exponential_factor": "S*K/m",
                "conductivity*": "S/m",
                "diffusion_coefficient*": "m^2/s",
                "boundary_diffusion_coefficient*": "m^2/s",
                "boundary_permeability*": "m/s",
                "surface_exchange_coefficient*": "m/s",
                "viscosity*": "Pa*s",
                "vogel_temperature": "K",
                "vogel_barrier": "K",
                "break_temperature": "K",
                "step_factor": "1",
                "activation_energy_below_break": "J",
                "activation_energy_above_break": "J",
                "glass_transition_temperature": "K",
                "fragility": "1",
            },
        ),
    ),
    package="ionscape.temperature",
)
