"""What the named arcs of one spectrum say: resistances, capacitances, permittivities, conductivities.

All are joint estimates of one fit. Where the data do not fix the bulk arc it is refused, with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ionscape.core.estimate import Estimate, refused, undetermined
from ionscape.core.quantity import Dimension, named_dimension
from ionscape.core.sample import Sample
from ionscape.impedance.arc_naming import BOUNDARY, BULK, UNRESOLVED, ArcFacts, ArcName, name_arcs
from ionscape.impedance.capacitance import (
    FARAD,
    LEAST_CAPACITOR_EXPONENT,
    brug_capacitance,
    permittivity,
    reference_capacitance,
)
from ionscape.impedance.circuit import Leaf
from ionscape.impedance.circuit_fit import Arc, CircuitFit, ParameterStatus
from ionscape.impedance.conductivity import (
    CONDUCTIVITY,
    Geometry,
    conductivity,
    conductivity_or_reason,
    specific_boundary_conductivity,
    total_resistance,
)
from ionscape.impedance.temperature_series import SeriesFit

OHM = named_dimension("resistance")
LARGEST_EXPONENT_SPREAD = 0.05
LARGEST_TOTAL_SPREAD = 0.3  # of ln R_total: beyond it the linear sum says nothing

Quantities = dict[str, Estimate]


def is_ionic(name: ArcName) -> bool:
    """Whether ions of the sample itself meet this arc: bulk, boundary, or both in one."""
    return name.name.startswith((BULK, BOUNDARY))


def name_series(
    series: SeriesFit, sample: Sample, geometry: Geometry, chosen: Mapping[str, str]
) -> tuple[ArcName, ...]:
    """Name the arcs of a series, one name per track.

    Raises
    ------
    InputError
        If a chosen label or name does not exist.
    """
    cell = None
    if geometry.thickness is not None and geometry.area is not None:
        cell = reference_capacitance(geometry.thickness, geometry.area).value
    return name_arcs(
        [_facts(series, k) for k in range(len(series.tracks))],
        reference_capacitance=cell,
        area=geometry.area.value if geometry.area is not None else None,
        polycrystalline=True if "grain_size" in sample.extra else None,
        chosen=chosen,
    )


def _facts(series: SeriesFit, k: int) -> ArcFacts:
    track = series.tracks[k]
    logs, spreads, exponents = [], [], []
    for i in range(len(series.fits)):
        arc, fit = series.arc(track, i), series.fits[i]
        if arc is None or fit is None:
            continue
        leaf = leaf_of(fit, arc.label)
        r, tau = leaf.offset, leaf.offset + 1
        variance = fit.covariance[r, r] + fit.covariance[tau, tau] - 2 * fit.covariance[r, tau]
        logs.append(math.log10(arc.capacitance))
        spreads.append(math.sqrt(variance) / math.log(10) if 0 <= variance < 25 else 2.0)
        exponents.append(arc.alpha)
    weights = 1 / (np.array(spreads) ** 2 + 0.05**2)
    mean = float(np.average(logs, weights=weights))
    scatter = (
        float(np.sqrt(np.average((np.array(logs) - mean) ** 2, weights=weights)))
        if len(logs) > 1
        else math.nan
    )
    return ArcFacts(track.label, 10**mean, float(np.median(spreads)), scatter, float(np.median(exponents)))


def leaf_of(fit: CircuitFit, label: str) -> Leaf:
    """The leaf of an arc's label."""
    return next(leaf for leaf in fit.circuit.leaves if leaf.labels[0] == label)


def series_resistance(fit: CircuitFit) -> str:
    """Label of a resistance in series with the arcs; empty if there is none."""
    leaves = fit.circuit.series_leaves or ()
    return next((leaf.labels[0] for leaf in leaves if leaf.element.symbol == "R"), "")


@dataclass(frozen=True)
class Spectrum:
    """One spectrum of a series, with its arcs named.

    Attributes
    ----------
    fit : CircuitFit
    arcs : tuple of (ArcName, Arc or None)
        All arcs of the series; None where this spectrum does not show it.
    geometry : Geometry
    source : str
        Unique name of this fit.
    """

    fit: CircuitFit
    arcs: tuple[tuple[ArcName, Arc | None], ...]
    geometry: Geometry
    source: str

    @property
    def bulk(self) -> Arc | None:
        """The arc that holds the bulk, alone or with the boundaries."""
        return next(
            (arc for name, arc in self.arcs if arc is not None and name.name in (BULK, UNRESOLVED)), None
        )

    @property
    def total_parts(self) -> tuple[str, ...]:
        """Labels of the resistances that make the total.

        Bulk and boundaries; a resistance in series belongs to it only where no bulk arc is seen: then it
        holds the bulk, else leads and contacts.
        """
        parts = [arc.label for name, arc in self.arcs if arc is not None and is_ionic(name)]
        r0 = series_resistance(self.fit)
        return (r0, *parts) if r0 and self.bulk is None else tuple(parts)

    def quantities(self) -> Quantities:
        """All quantities by name, in the order of the report."""
        estimates = self.fit.estimates(self.source)
        found: Quantities = {}
        for name, arc in self.arcs:
            found |= self._arc(name, arc, estimates)
        found |= self._missing_bulk()
        found |= self._total()
        found |= self._conductivities(found)
        return found | self._electrode(estimates, found["resistance_total"])

    # ------------------------------------------------------------ parts
    def _arc(self, name: ArcName, arc: Arc | None, estimates: Mapping[str, Estimate]) -> Quantities:
        slug = name.slug
        if arc is None:
            if not is_ionic(name):
                return {}
            reason = (
                f"the {name.name} arc is not seen in this spectrum: it has left the window or is too small"
            )
            return {f"resistance_{slug}": refused(OHM, reason)}
        key = leaf_of(self.fit, arc.label).labels[-1]
        reason = self._extrapolated(name, arc)
        resistance = estimates[arc.label]
        found: Quantities = {
            f"resistance_{slug}": _unless(reason, resistance),
            f"relaxation_time_{slug}": _unless(reason, estimates[f"{key}.tau"]),
            f"capacitance_{slug}": _unless(reason, estimates[f"{key}.capacitance"]),
        }
        g = self.geometry
        if is_ionic(name) and g.thickness is not None and g.area is not None:
            found[f"permittivity_{slug}"] = permittivity(found[f"capacitance_{slug}"], g.thickness, g.area)
        return found

    def _extrapolated(self, name: ArcName, arc: Arc) -> str:
        """Why an arc's values would be extrapolations that the data do not fix; empty if they are fixed."""
        low, high = float(self.fit.frequency.min()), float(self.fit.frequency.max())
        edge = high if arc.apex_frequency > math.sqrt(low * high) else low
        if arc.position == "outside the window":
            return (f"the {name.name} arc lies outside the measured window: its apex would be at "
                    f"{arc.apex_frequency:.2g} Hz, the window ends at {edge:.2g} Hz")  # fmt: skip
        if arc.position.startswith("cut") and arc.status == "undetermined":
            return (f"the {name.name} arc is cut at {edge:.2g} Hz and the data do not fix it: its resistance "
                    f"would be an extrapolation")  # fmt: skip
        return ""

    def _missing_bulk(self) -> Quantities:
        names = {name.name for name, _ in self.arcs}
        if BULK in names:
            return {}
        if UNRESOLVED in names:
            reason = (
                "bulk and grain boundary are not resolved: one arc holds both, so only the total is known"
            )
        elif series_resistance(self.fit):
            reason = (f"no bulk arc up to {self.fit.frequency.max():.2g} Hz: the resistance in series holds "
                      f"the "
                      f"bulk and whatever else relaxes above the window")  # fmt: skip
        else:
            reason = f"no bulk arc is seen up to {self.fit.frequency.max():.2g} Hz"
        return {"resistance_bulk": refused(OHM, reason)}

    def _total(self) -> Quantities:
        return {"resistance_total": total_of(self.fit, self.total_parts, self.source)}

    def _conductivities(self, found: Quantities) -> Quantities:
        names = [q.removeprefix("resistance_") for q in found if q.startswith("resistance_")]
        ionic = [n for n in names if n.startswith(("bulk", "grain_boundary", "total"))]
        result: Quantities = {}
        g = self.geometry
        for slug in ionic:
            resistance = found[f"resistance_{slug}"]
            result[f"conductivity_{slug}"] = conductivity_or_reason(resistance, g)
            for which, thickness in g.others:
                if g.area is not None:
                    result[f"conductivity_{slug}_{which}"] = conductivity(resistance, thickness, g.area)
        apparent = result.get("conductivity_grain_boundary")
        if apparent is not None and "capacitance_bulk" in found and "capacitance_grain_boundary" in found:
            result["conductivity_grain_boundary_specific"] = specific_boundary_conductivity(
                apparent, found["capacitance_bulk"], found["capacitance_grain_boundary"]
            )
        return result

    def _electrode(self, estimates: Mapping[str, Estimate], total: Estimate) -> Quantities:
        """Double-layer capacitance of a blocking tail."""
        for leaf in self.fit.circuit.series_leaves or ():
            symbol, label = leaf.element.symbol, leaf.labels[0]
            if leaf.fused or symbol not in ("Q", "C"):
                continue
            if symbol == "C":
                return {"capacitance_blocking_electrode": estimates[label]}
            exponent = self.fit.value(f"{label}.alpha")
            if exponent < LEAST_CAPACITOR_EXPONENT:
                reason = (f"the tail's exponent {exponent:.2f} is too far below 1 for a capacitance: it is "
                          f"nearer "
                          f"to a diffusion impedance")  # fmt: skip
                return {"capacitance_blocking_electrode": refused(FARAD, reason)}
            alpha = estimates[f"{label}.alpha"]
            if alpha.status != "determined" or alpha.spread > LARGEST_EXPONENT_SPREAD:
                reason = "the tail is too short to fix its exponent"
                return {
                    "capacitance_blocking_electrode": undetermined(named_dimension("capacitance"), reason)
                }
            return {
                "capacitance_blocking_electrode": brug_capacitance(_number(estimates[label]), alpha, total)
            }
        return {}


def total_of(fit: CircuitFit, labels: Sequence[str], source: str) -> Estimate:
    """Sum of resistances [ohm] of one fit, exact to first order in its joint covariance.

    Neighbouring arcs trade resistance with each other, so that their sum is far better known than each; the
    sum is taken on the latents of the fit, not on the two skewed marginals.
    """
    if not labels:
        return undetermined(OHM, "no resistance of the sample itself is seen in this spectrum")
    certain: list[ParameterStatus] = ["determined" for _ in fit.status]
    plain = replace(fit, status=tuple(certain), profiled=(False,) * len(certain)).estimates(source)
    parts = [plain[label] for label in labels]
    if not all(part.status == "determined" for part in parts):
        return undetermined(OHM, f"the spectrum leaves {' or '.join(labels)} open")
    total = total_resistance(parts)
    if total.spread > LARGEST_TOTAL_SPREAD:
        return undetermined(
            OHM, "the sum of the arcs is not fixed by the spectrum: its low-frequency end is missing"
        )
    return total


def _unless(reason: str, estimate: Estimate) -> Estimate:
    return refused(estimate.dimension, reason) if reason else estimate


def _number(q: Estimate) -> Estimate:
    """Q without its unit S s^alpha, which depends on alpha."""
    dimension: Dimension = (0.0,) * 7
    return replace(q, dimension=dimension)


__all__ = ["CONDUCTIVITY", "Spectrum", "is_ionic", "leaf_of", "name_series", "series_resistance", "total_of"]
