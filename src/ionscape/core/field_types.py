"""Types for the fields of a study: texts with units that become quantities when the study is loaded."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from ionscape.core.errors import InputError, UnitError
from ionscape.core.estimate import Estimate, measured
from ionscape.core.quantity import Quantity, parse_quantity


class FieldModel(BaseModel):
    """Base of all options and fields: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def positive(dimension: str) -> BeforeValidator:
    """A quantity of that dimension, larger than zero."""

    def read(value: Any) -> Quantity:
        found = _read(value, dimension)
        if not found.value > 0:
            raise InputError(f"must be larger than zero, got {found.text!r}")
        return found

    return BeforeValidator(read)


def fraction(value: Any) -> Quantity:
    """A share between 0 and 1: ``0.95``, ``95 %``.

    Raises
    ------
    InputError
        If it lies outside.
    """
    found = _read(value, "fraction")
    if not 0 <= found.value <= 1:
        raise InputError(f"must be between 0 and 1 (or 100 %), got {found.text!r}")
    return found


def _read(value: Any, dimension: str) -> Quantity:
    if isinstance(value, Quantity):
        return value
    if isinstance(value, (list, tuple, dict, bool)) or value is None:
        raise UnitError(f"expected {'an' if dimension[0] in 'aeiou' else 'a'} {dimension}")
    return parse_quantity(getattr(value, "text", None) or str(value), dimension)


Length = Annotated[Quantity, positive("length")]
Area = Annotated[Quantity, positive("area")]
Time = Annotated[Quantity, positive("time")]
Temperature = Annotated[Quantity, positive("temperature")]
DiffusionCoefficient = Annotated[Quantity, positive("diffusion coefficient")]
Fraction = Annotated[Quantity, BeforeValidator(fraction)]


def estimate_of(quantity: Quantity, source: str) -> Estimate:
    """The estimate of a stated quantity; ``source`` names the unknown, see `measured`."""
    return measured(quantity.value, quantity.uncertainty or 0.0, quantity.dimension, source=source)
