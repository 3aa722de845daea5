"""The fields a study may set for `tracer.fit`; errors are found when the study is loaded."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ionscape.core.errors import InputError
from ionscape.core.field_types import FieldModel
from ionscape.core.quantity import Quantity, parse_quantity

ModelName = Literal[
    "constant source", "surface exchange", "constant source in slab", "surface exchange in slab",
    "fast boundaries", "thin film", "finite layer",
]  # fmt: skip


def _surface(value: Any) -> Any:
    """``free``, ``auto``, or a position such as ``0 um`` or ``120 ± 20 um``."""
    if isinstance(value, Quantity) or value in ("free", "auto"):
        return value
    try:
        return parse_quantity(str(value), "length")
    except InputError as error:
        raise InputError(f"expected 'auto', 'free' or a position such as '0 um', got {value!r}") from error


def _motion(value: Any) -> Quantity:
    found = value if isinstance(value, Quantity) else parse_quantity(str(value), "length")
    if not found.value >= 0:
        raise InputError(f"expected the size of a motion such as '50 um', zero or larger, got {value!r}")
    return found


class FitOptions(FieldModel):
    """Of `tracer.fit`."""

    model: ModelName | None = Field(None, description="chosen from the data, with reasons, unless given")
    candidates: tuple[ModelName, ...] = Field(
        (), description="models to choose from; those of an exchange through one face if empty"
    )
    surface_position: Annotated[Quantity | str, BeforeValidator(_surface)] = Field(
        "auto", description="where the exchanged face lies: a position ('0 um'), 'free', or 'auto': at zero "
        "unless the data ask for a surface inside the profile, as a meniscus makes it"
    )  # fmt: skip
    surface_motion: Annotated[Quantity, BeforeValidator(_motion)] | None = Field(
        None, description="1 standard deviation by which the liquid's line moved during the exchange, e.g. "
        "'50 um'; '0 um' if it rested; a tenth of its rise unless stated, where the surface is found free"
    )  # fmt: skip
    channel: Literal["bulk", "effective", "boundary"] | None = Field(
        None, description="what the coefficient belongs to; else from the sample's morphology, or from "
                          "its grain "
        "size and the diffusion length"
    )  # fmt: skip
    fast_boundaries: bool | None = Field(
        None, description="whether grain boundaries may conduct better than the grains; else yes, unless the "
        "sample is a glass or a single crystal"
    )  # fmt: skip

    @model_validator(mode="after")
    def _one_way(self) -> FitOptions:
        if self.model is not None and self.candidates:
            raise InputError("give either a model or candidates to choose from, not both")
        return self
