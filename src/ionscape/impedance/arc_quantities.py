"""What the named arcs of one spectrum say: resistances, capacitances, permittivities, conductivities.

All are joint estimates of one fit. Where the data do not fix the bulk arc it is refused, with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ionscape.core.estimate import Estimate, refused, undetermined, upper_bound
from ionscape.core.quantity import Dimension, named_dimension
from ionscape.core.sample import Sample
from ionscape.fit.information import effective_count
from ionscape.impedance.arc_naming import BOUNDARY, BULK, UNRESOLVED, ArcFacts, ArcName, name_arcs
from ionscape.impedance.capacitance import (
    FARAD,
    LEAST_CAPACITOR_EXPONENT,
    brug_capacitance,
    permittivity,
    reference_capacitance,
)
from ionscape.impedance.circuit import Leaf
from ionscape.impedance.circuit_fit import Arc, CircuitFit
from ionscape.impedance.conductivity import (
    CONDUCTIVITY,
    Geometry,
    conductivity,
    conductivity_or_reason,
    specific_boundary_conductivity,
)
from ionscape.impedance.series_evidence import (
    Surroundings,
    apex_seen,
    read_series_resistance,
    series_resistance,
    tail_doubt,
)
from ionscape.impedance.temperature_series import SeriesFit
from ionscape.impedance.total import Total, absence, beyond, is_ionic

OHM = named_dimension("resistance")
LARGEST_EXPONENT_SPREAD = 0.05
ONE_SIDED = 0.9  # central interval whose ends are 95 % limits

Quantities = dict[str, Estimate]


def has_grains(sample: Sample) -> bool | None:
    """Whether the sample is polycrystalline, by its morphology or a stated grain size; None if not known."""
    if sample.morphology:
        return sample.morphology == "polycrystalline"
    return True if "grain_size" in sample.extra else None


def name_series(
    series: SeriesFit, sample: Sample, geometry: Geometry, chosen: Mapping[str, str],
    temperatures: Sequence[float | None] = (),
) -> tuple[ArcName, ...]:  # fmt: skip
    """Name the arcs of a series, one name per track.

    Parameters
    ----------
    temperatures : sequence of float or None
        [K], to tell leads from sample in a resistance in series.

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
        polycrystalline=has_grains(sample),
        chosen=chosen,
        arc_above=read_series_resistance(series, temperatures).hides_an_arc,
        structured=any(fit is not None and _misses_structure(fit) for fit in series.fits),
    )


def _facts(series: SeriesFit, k: int) -> ArcFacts:
    track = series.tracks[k]
    logs, spreads, exponents, above = [], [], [], []
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
        above.append(arc.apex_frequency > float(fit.frequency.max()))
    weights = 1 / (np.array(spreads) ** 2 + 0.05**2)
    mean = float(np.average(logs, weights=weights))
    scatter = (
        float(np.sqrt(np.average((np.array(logs) - mean) ** 2, weights=weights)))
        if len(logs) > 1
        else math.nan
    )
    seen = apex_seen(series, track)
    fast = not seen and all(above)
    return ArcFacts(track.label, 10**mean, float(np.median(spreads)), scatter, float(np.median(exponents)),
                    seen, fast)  # fmt: skip


def _misses_structure(fit: CircuitFit) -> bool:
    """Whether correlated residuals carry less than a quarter of the information that they seem to."""
    return bool(effective_count(np.stack([fit.residuals.real, fit.residuals.imag])) < fit.frequency.size / 2)


def leaf_of(fit: CircuitFit, label: str) -> Leaf:
    """The leaf of an arc's label."""
    return next(leaf for leaf in fit.circuit.leaves if leaf.labels[0] == label)


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
    around : Surroundings
        What the other spectra of the series say of this one.
    """

    fit: CircuitFit
    arcs: tuple[tuple[ArcName, Arc | None], ...]
    geometry: Geometry
    source: str
    around: Surroundings = field(default_factory=Surroundings)

    @property
    def bulk(self) -> Arc | None:
        """The arc that holds the bulk, alone or with the boundaries."""
        return next(
            (arc for name, arc in self.arcs if arc is not None and name.name in (BULK, UNRESOLVED)), None
        )

    @cached_property
    def total(self) -> Total:
        """What the total is made of, and why it may be only a limit."""
        return Total.of(self.fit, self.arcs, self.around, self.tail_doubt)

    @property
    def total_parts(self) -> tuple[str, ...]:
        """Labels of the resistances that make the total."""
        return self.total.labels

    @cached_property
    def tail_doubt(self) -> str:
        """Why the tail may be the flank of a slow arc of the sample; empty if nothing says so."""
        g, cell = self.geometry, None
        if g.thickness is not None and g.area is not None:
            cell = reference_capacitance(g.thickness, g.area).value
        area = g.area.value if g.area is not None else None
        seen = any(arc is not None and name.name == BOUNDARY for name, arc in self.arcs)
        possible = not (seen or self.around.grainless)
        return tail_doubt(self.fit, reference=cell, area=area, boundary_possible=possible)

    def quantities(self) -> Quantities:
        """All quantities by name, in the order of the report."""
        estimates = self.fit.estimates(self.source)
        found: Quantities = {}
        for name, arc in self.arcs:
            found |= self._arc(name, arc, estimates)
        found |= self._missing_bulk(estimates)
        found["resistance_total"] = self.total.estimate(self.fit, self.source)
        found |= self._conductivities(found)
        found |= self._electrode(estimates, found["resistance_total"])
        return found if self.fit.converged else {name: _unconverged(e) for name, e in found.items()}

    # ------------------------------------------------------------ parts
    def _arc(self, name: ArcName, arc: Arc | None, estimates: Mapping[str, Estimate]) -> Quantities:
        slug = name.slug
        if arc is None:
            if not is_ionic(name):
                return {}
            reason = f"the {name.name} arc is not seen in this spectrum: {absence(name, self.around)}"
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
        if name.label in self.around.unseen:
            return (f"the apex of the {name.name} arc lies in no spectrum's window (here at "
                    f"{arc.apex_frequency:.2g} Hz, the window ends at {edge:.2g} Hz)")  # fmt: skip
        if arc.position == "outside the window" or beyond(self.fit, arc):
            return (f"the {name.name} arc lies outside the measured window: its apex would be at "
                    f"{arc.apex_frequency:.2g} Hz, the window ends at {edge:.2g} Hz")  # fmt: skip
        if arc.position.startswith("cut") and arc.status == "undetermined":
            return (f"the {name.name} arc is cut at {edge:.2g} Hz and the data do not fix it: its resistance "
                    f"would be an extrapolation")  # fmt: skip
        return ""

    def _missing_bulk(self, estimates: Mapping[str, Estimate]) -> Quantities:
        names = {name.name for name, _ in self.arcs}
        if BULK in names:
            return {}
        if UNRESOLVED in names:
            reason = (
                "bulk and grain boundary are not resolved: one arc may hold both, so that the bulk "
                "resistance is at most the arc's (95 %)"
            )
            arc = self.bulk
            if arc is not None and estimates[arc.label].status == "determined" and not beyond(self.fit, arc):
                roof = estimates[arc.label].interval(ONE_SIDED)[1]
                return {"resistance_bulk": upper_bound(roof, OHM, reason)}
            reason += ", which this spectrum does not fix"
        elif series_resistance(self.fit):
            reason = (f"no bulk arc up to {self.fit.frequency.max():.2g} Hz: the resistance in series holds "
                      f"the "
                      f"bulk and whatever else relaxes above the window")  # fmt: skip
        else:
            reason = f"no bulk arc is seen up to {self.fit.frequency.max():.2g} Hz"
        return {"resistance_bulk": refused(OHM, reason)}

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
            if self.tail_doubt or self.total.slow:
                reason = self.tail_doubt or f"{self.total.slow}: the tail may be its flank"
                return {"capacitance_blocking_electrode": refused(FARAD, reason)}
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


def _unless(reason: str, estimate: Estimate) -> Estimate:
    return refused(estimate.dimension, reason) if reason else estimate


def _unconverged(estimate: Estimate) -> Estimate:
    if estimate.status not in ("determined", "bound"):
        return estimate
    return undetermined(estimate.dimension, "the fit did not converge")


def _number(q: Estimate) -> Estimate:
    """Q without its unit S s^alpha, which depends on alpha."""
    dimension: Dimension = (0.0,) * 7
    return replace(q, dimension=dimension)


__all__ = ["CONDUCTIVITY", "Spectrum", "is_ionic", "leaf_of", "name_series", "series_resistance"]
