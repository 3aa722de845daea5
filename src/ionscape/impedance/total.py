"""The total resistance of a sample: which parts of a spectrum it holds, and when only a limit is known.

The total is the low-frequency intercept less what belongs to leads and electrodes. It is a number only where
the spectrum shows all of it: an arc that lies below the window, or a tail that may be one, leaves a lower
limit of the resistance, leads that cannot be taken out of a resistance in series an upper one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ionscape.core.estimate import Estimate, lower_bound, undetermined, upper_bound
from ionscape.core.quantity import named_dimension
from ionscape.impedance.arc_naming import BOUNDARY, BULK, INTERFACE, UNRESOLVED, ArcName
from ionscape.impedance.circuit_fit import Arc, CircuitFit, ParameterStatus
from ionscape.impedance.conductivity import total_resistance
from ionscape.impedance.series_evidence import NOTABLE, Surroundings, series_resistance

OHM = named_dimension("resistance")
LARGEST_SPREAD = 0.3  # of ln R_total: beyond it the linear sum says nothing
FAR = 2.0  # an apex this factor beyond the window: its resistance follows from an assumed shape alone
LOW_CONFIDENCE = 0.7  # in a name, below which a total that depends on it is a limit only
ONE_SIDED = 0.9  # central interval whose ends are 95 % limits
NOTABLE_DEVIATIONS = 3.0  # between two readings of a total

Arcs = Sequence[tuple[ArcName, Arc | None]]


def is_ionic(name: ArcName) -> bool:
    """Whether ions of the sample itself meet this arc: bulk, boundary, or both in one."""
    return name.name.startswith((BULK, BOUNDARY))


def beyond(fit: CircuitFit, arc: Arc) -> bool:
    """Whether the apex of an arc lies so far beyond the window that its resistance is an assumption."""
    return _below(fit, arc) or arc.apex_frequency > FAR * float(fit.frequency.max())


def _below(fit: CircuitFit, arc: Arc) -> bool:
    return arc.apex_frequency * FAR < float(fit.frequency.min())


def absence(name: ArcName, around: Surroundings) -> str:
    """Why a spectrum does not show an arc of the series, in words."""
    return {
        "above": "by the other temperatures it has left the window to higher frequencies",
        "below": "by the other temperatures it lies below the window",
        "inside": "by the other temperatures it should lie in the window; another arc may hold it, or the "
                  "fit has lost it",
    }.get(around.away.get(name.label, ""), "it has left the window or is too small")  # fmt: skip


@dataclass(frozen=True)
class Total:
    """What the total of one spectrum is made of.

    Attributes
    ----------
    labels : tuple of str
        Resistances that are summed.
    slow : str
        Which arc of the sample the spectrum does not show to its end, so that the sum is a lower limit; empty
        if it shows all.
    doubt : str
        Why the tail, or an arc left out, may be such an arc.
    leads : str
        Why leads, or an arc that may be none of the sample's, are in the sum: it is an upper limit.
    other : str
        Label of a resistance in series that may belong to the sample or not.
    cut : tuple of (str, float)
        Arcs among the parts that the window cuts far above their apex, and what of them it shows [ohm].
    intercept : bool
        Whether all parts relax above the window.
    """

    labels: tuple[str, ...]
    slow: str = ""
    doubt: str = ""
    leads: str = ""
    other: str = ""
    cut: tuple[tuple[str, float], ...] = ()
    intercept: bool = False

    @classmethod
    def of(cls, fit: CircuitFit, arcs: Arcs, around: Surroundings, doubt: str) -> Total:
        """Judge one spectrum.

        Parameters
        ----------
        fit : CircuitFit
        arcs : sequence of (ArcName, Arc or None)
        around : Surroundings
        doubt : str
            Why the tail may be the flank of an arc of the sample.
        """
        seen = [(name, arc) for name, arc in arcs if arc is not None and is_ionic(name)]
        parts = tuple(arc.label for _, arc in seen)
        r0, lead = series_resistance(fit), around.lead
        doubt = "; ".join(filter(None, (doubt, _uncertain(arcs, INTERFACE))))
        bulk_seen = any(name.name in (BULK, UNRESOLVED) for name, _ in seen)
        leads, other = _uncertain(arcs, BOUNDARY), ""
        if r0 and (lead.reading == "sample" or not bulk_seen):
            parts = (r0, *parts)
            whole = math.fsum(fit.value(label) for label in parts)
            if lead.reading == "leads" and lead.ohm > NOTABLE * whole:
                leads = (f"the resistance in series holds leads of about {lead.ohm:.2g} ohm, by the spectra "
                         f"in which all arcs are seen")  # fmt: skip
        elif r0 and lead.reading == "open":
            other = r0
        cut = tuple((arc.label, _visible(fit, arc)) for _, arc in seen if _below(fit, arc))
        highest = float(fit.frequency.max())
        intercept = bool(parts) and all(arc.apex_frequency > highest for _, arc in seen)
        return cls(parts, _slow(fit, arcs, around), doubt, leads, other, cut, intercept)

    def estimate(self, fit: CircuitFit, source: str) -> Estimate:
        """The total [ohm]: a number, a limit or the reason why there is none."""
        floor = "; ".join(filter(None, (self.slow, self.doubt)))
        if floor and self.leads:
            return undetermined(OHM, f"{floor}, and {self.leads}")
        if floor:
            return self._floor(fit, source, floor)
        total = total_of(fit, self.labels, source)
        if total.status != "determined":
            return total
        if self.leads:
            return upper_bound(total.interval(ONE_SIDED)[1], OHM, self.leads)
        ohm = fit.value(self.other) if self.other else 0.0
        if ohm > max(NOTABLE * total.value, NOTABLE_DEVIATIONS * total.spread * total.value):
            return undetermined(OHM, f"the resistance in series, {ohm:.3g} ohm, may be leads or sample "
                                f"({total.value:.3g} or {total.value + ohm:.3g} ohm): its change with "
                                "temperature does not tell")  # fmt: skip
        return total

    def _floor(self, fit: CircuitFit, source: str, reason: str) -> Estimate:
        shown = dict(self.cut)
        whole = [label for label in self.labels if label not in shown]
        least = math.fsum(shown.values()) * max(1 - 2 * fit.noise, 0.0)
        if whole:
            rest = total_of(fit, whole, source)
            if rest.status == "determined":
                least += rest.interval(ONE_SIDED)[0]
        if least <= 0:
            return undetermined(OHM, reason)
        return lower_bound(least, OHM, f"{reason}: the total is at least what the spectrum shows (95 %)")


def _uncertain(arcs: Arcs, kind: str) -> str:
    """Which arc has a name of this kind that is hardly more likely than the other that its size allows."""
    for name, arc in arcs:
        if arc is not None and name.rival and name.name.startswith(kind) and name.confidence < LOW_CONFIDENCE:
            return f"{name.label}, {name.name} (confidence {name.confidence:.0%}), may be {name.rival}"
    return ""


def _slow(fit: CircuitFit, arcs: Arcs, around: Surroundings) -> str:
    low = float(fit.frequency.min())
    for name, arc in arcs:
        if not is_ionic(name):
            continue
        if arc is None and around.away.get(name.label, "above") != "above":
            return f"the {name.name} arc is not seen: {absence(name, around)}"
        if arc is not None and _below(fit, arc):
            return (f"the {name.name} arc is cut: its apex would be at {arc.apex_frequency:.2g} Hz, the "
                    f"window ends at {low:.2g} Hz")  # fmt: skip
    return ""


def _visible(fit: CircuitFit, arc: Arc) -> float:
    """Real part of an arc at the lowest frequency [ohm]."""
    reach = (2j * math.pi * float(fit.frequency.min()) * arc.tau) ** arc.alpha
    return float(np.real(arc.R / (1 + reach)))


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
    if total.spread > LARGEST_SPREAD:
        return undetermined(
            OHM, "the sum of the arcs is not fixed by the spectrum: its low-frequency end is missing"
        )
    return total
