"""The specimen: what it is made of and its geometry, every figure with its shared uncertainty."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, measured
from ionscape.core.quantity import named_dimension
from ionscape.core.serial import storable


@storable
@dataclass(frozen=True)
class Sample:
    """One specimen.

    Attributes
    ----------
    name : str
    thickness : Estimate or None
        Between the electrodes [m]; the one that conductivities use.
    thickness_before, thickness_after : Estimate or None
        [m], before and after the measurement, where both were taken: conductivities are then given for both.
    area : Estimate or None
        Of the electrode [m^2].
    formula, carrier : str
        E.g. ``Li0.29La0.57TiO3`` and ``Li+``.
    carrier_charge : int or None
        Signed number of elementary charges; None where the carrier is not stated.
    carrier_density : Estimate or None
        Number density of *all* ions of the carrier's kind [m^-3].
    extra : mapping of str to Estimate
        Further quantities the study states (grain_size, density, ...).
    morphology : str
        ``glass``, ``single crystal`` or ``polycrystalline``; empty where not stated.
    """

    name: str
    thickness: Estimate | None = None
    thickness_before: Estimate | None = None
    thickness_after: Estimate | None = None
    area: Estimate | None = None
    formula: str = ""
    carrier: str = ""
    carrier_charge: int | None = None
    carrier_density: Estimate | None = None
    extra: Mapping[str, Estimate] = field(default_factory=dict)
    morphology: str = ""


def geometry(
    name: str, *, thickness: float | tuple[float, float] | None = None,
    diameter: float | tuple[float, float] | None = None, area: float | tuple[float, float] | None = None,
) -> Sample:  # fmt: skip
    """A sample from plain SI numbers (or (value, standard uncertainty) pairs), for notebooks.

    Raises
    ------
    InputError
        If a length or area is not positive, or both diameter and area are given.
    """
    if diameter is not None and area is not None:
        raise InputError(f"{name}: give either diameter or area, not both")
    d = _positive(name, "diameter", diameter, "length")
    return Sample(
        name,
        thickness=_positive(name, "thickness", thickness, "length"),
        area=disc_area(d) if d is not None else _positive(name, "area", area, "area"),
    )


def disc_area(diameter: Estimate) -> Estimate:
    """Area [m^2] of a disc of the given diameter [m]."""
    return diameter**2 * (math.pi / 4)


def _positive(
    name: str, field_name: str, value: float | tuple[float, float] | None, dimension: str
) -> Estimate | None:
    if value is None:
        return None
    best, sd = value if isinstance(value, tuple) else (value, 0.0)
    if not best > 0:
        raise InputError(f"{name}: {field_name} must be positive, got {best}")
    return measured(best, sd, named_dimension(dimension), source=f"{name}.{field_name}")
