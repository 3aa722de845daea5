"""From resistances and the pellet's geometry to conductivities, geometry errors shared by all temperatures.

Sources: J. T. S. Irvine, D. C. Sinclair and A. R. West, Adv. Mater. 2, 132 (1990); grain boundaries by the
brick-layer model: S. M. Haile, D. L. West and J. Campbell, J. Mater. Res. 13, 1576 (1998).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ionscape.core.estimate import Estimate, refused
from ionscape.core.quantity import named_dimension
from ionscape.core.sample import Sample

CONDUCTIVITY = named_dimension("conductivity")


@dataclass(frozen=True)
class Geometry:
    """The thicknesses with which a conductivity is given, the main one first.

    Attributes
    ----------
    thickness : Estimate or None
        [m], the one that the main conductivities use.
    others : tuple of (str, Estimate)
        ``("thickness_before", ...)`` and ``("thickness_after", ...)`` where both were measured.
    area : Estimate or None
        [m^2]
    statement : str
        Which thickness is the main one, or what is missing; a plain sentence.
    """

    thickness: Estimate | None
    others: tuple[tuple[str, Estimate], ...]
    area: Estimate | None
    statement: str

    @property
    def known(self) -> bool:
        """Whether conductivities can be given."""
        return self.thickness is not None and self.area is not None


def geometry_of(sample: Sample) -> Geometry:
    """The geometry that conductivities of a sample use.

    The main thickness is the sample's own; where only those before and after the measurement are known, the
    later one (the pellet has settled by the time of a measurement under pressure).
    """
    before, after = sample.thickness_before, sample.thickness_after
    main, which = sample.thickness, ""
    if main is None:
        main = after if after is not None else before
    if main is not None and main is after:
        which = " after the measurement"
    elif main is not None and main is before:
        which = " before the measurement"
    both = before is not None and after is not None
    others = (("thickness_before", before), ("thickness_after", after)) if both else ()
    needed = (("thickness", main), ("electrode area", sample.area))
    missing = [word for word, found in needed if found is None]
    if missing:
        words = " and ".join(missing)
        statement = f"the {words} of sample {sample.name} {'is' if len(missing) == 1 else 'are'} not given"
        return Geometry(main, (), sample.area, statement)
    assert main is not None
    statement = f"conductivities use the thickness{which}, {main.value * 1e3:.4g} mm"
    if both and before is not None and after is not None:
        change = 100 * (after.value / before.value - 1)
        statement += (
            f"; before and after the measurement it differs by {change:+.2g} %, and so do the "
            f"conductivities, which are given for both"
        )
    return Geometry(main, tuple((n, t) for n, t in others if t is not None), sample.area, statement)


def conductivity(resistance: Estimate, thickness: Estimate, area: Estimate) -> Estimate:
    """sigma = L/(R A) [S/m]."""
    return thickness / (resistance * area)


def conductivity_or_reason(resistance: Estimate, geometry: Geometry) -> Estimate:
    """sigma = L/(R A) with the main thickness, refused with the reason where the geometry is not known."""
    if geometry.thickness is None or geometry.area is None:
        return refused(CONDUCTIVITY, f"no conductivity without geometry: {geometry.statement}")
    return conductivity(resistance, geometry.thickness, geometry.area)


def total_resistance(parts: Sequence[Estimate]) -> Estimate:
    """Sum of resistances [ohm] of one fit in series, exact to first order in their joint errors.

    Neighbouring arcs trade resistance with each other, so that their sum is far better known than each: the
    sum is taken on the latents of the fit, not on two skewed marginals.

    Parameters
    ----------
    parts : sequence of Estimate
        Determined, on the log scale.

    Raises
    ------
    ValueError
        If there is none.
    """
    if not parts:
        raise ValueError("a total needs at least one resistance")
    value = math.fsum(part.value for part in parts)
    weights: dict[str, float] = {}
    for part in parts:
        for name, weight in part.weights.items():
            weights[name] = weights.get(name, 0.0) + weight * part.value / value
    return Estimate(value, parts[0].dimension, "log", weights, parts[0].shape)


def specific_boundary_conductivity(
    apparent: Estimate, capacitance_bulk: Estimate, capacitance_boundary: Estimate
) -> Estimate:
    """Conductivity [S/m] of the boundary's own material, sigma_gb = L/(R A) C_bulk/C_gb.

    Brick-layer model with equal permittivities of boundary and grain (Haile 1998).
    """
    return apparent * capacitance_bulk / capacitance_boundary
