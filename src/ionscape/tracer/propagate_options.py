"""The fields a study may set for `tracer.propagate`; errors are found when the study is loaded."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ionscape.core.errors import InputError
from ionscape.core.field_types import FieldModel, positive
from ionscape.core.quantity import Quantity, parse_quantity


def _displacement(value: Any) -> Any:
    """``free``, or a length such as ``20 um``."""
    if value is None or value == "free" or isinstance(value, Quantity):
        return value
    try:
        found = parse_quantity(str(value), "length")
    except InputError as error:
        raise InputError(f"expected 'free' or a length such as '20 um', got {value!r}") from error
    if not found.value > 0:
        raise InputError(f"a displacement's standard deviation must be larger than zero, got {value!r}")
    return found


class PropagateOptions(FieldModel):
    """Of `tracer.propagate`."""

    law: Literal["auto", "arrhenius", "each temperature"] = Field(
        "auto", description="where storage was at several temperatures: one line of ln D in 1/T for all "
                            "(auto, "
        "arrhenius), or a D for each temperature"
    )  # fmt: skip
    activation_energy: Annotated[Quantity, positive("energy")] | None = Field(
        None, description="if known, e.g. '0.43 ± 0.01 eV': for ramps, and for one profile after several "
                          "stages"
    )
    displacement: Annotated[Quantity | str | None, BeforeValidator(_displacement)] = Field(
        None, description="by how much a later profile may be displaced against the first (a new cut or "
                          "mount), 1 "
        "standard deviation, e.g. '20 um', or 'free'; none if not given (it is checked)"
    )  # fmt: skip
    near_edge: Literal["zero flux", "fixed"] = Field(
        "zero flux", description="the edge at position zero: closed, or held at a fraction that is fitted"
    )
    far_edge: Literal["zero flux", "fixed"] = Field(
        "zero flux", description="the edge at the end of the profile, or at the measurement's sample_length"
    )
    channel: Literal["bulk", "effective", "boundary"] | None = Field(
        None, description="what the coefficient belongs to; else from the sample's morphology, or from "
                          "its grain "
        "size and the diffusion length"
    )  # fmt: skip

    @model_validator(mode="after")
    def _one_energy(self) -> PropagateOptions:
        if self.activation_energy is not None and self.law != "auto":
            raise InputError("with a known activation_energy there is one D to fit: leave out 'law'")
        return self

    @property
    def displacement_sd(self) -> float:
        """[m]; 0: none, inf: free."""
        if self.displacement is None:
            return 0.0
        return self.displacement.value if isinstance(self.displacement, Quantity) else float("inf")
