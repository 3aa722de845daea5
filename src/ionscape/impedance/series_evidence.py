"""What a series tells of each of its spectra: arcs beyond the window, leads, tails that are no electrodes.

One spectrum alone cannot say whether a resistance in series is leads or sample, whether an arc that it does
not show has left the window upwards or downwards, or whether its tail is an electrode or the flank of a slow
arc. Temperature tells the first two, the size of the capacitance the third.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.constants import Boltzmann, elementary_charge

from ionscape.impedance.arc_naming import (
    AREAL_CAPACITANCE,
    BOUNDARY,
    ELECTRODE,
    INTERFACE,
    PERMITTIVITY,
    TYPICAL,
)
from ionscape.impedance.arc_tracks import KELVIN_PER_TRACK
from ionscape.impedance.circuit_fit import FLANK, Arc, CircuitFit
from ionscape.impedance.temperature_series import SeriesFit, Track

Place = Literal["above", "inside", "below"]
Reading = Literal["none", "leads", "sample", "open"]

LEAD_ENERGY = 0.05  # eV: metals hardly change with temperature, ions in solids do
LEAST_READINGS = 3  # temperatures, to tell the two apart
NOTABLE = 0.03  # share of the total from which a resistance in series matters
LEAST_CAPACITIVE = 0.7  # exponent of a tail that can be judged by its capacitance
ABSURD = 0.1  # part of the smallest interface capacitance that no diffusion impedance has either
STEEPEST = 4 * KELVIN_PER_TRACK


@dataclass(frozen=True)
class SeriesResistance:
    """What the resistance in series with the arcs is, from its change with temperature.

    Attributes
    ----------
    reading : str
        ``"leads"``: it does not change; ``"sample"``: thermally activated; ``"open"``: cannot be told;
        ``"none"``: there is none beside all arcs of the series.
    energy, deviation : float
        Activation energy of R and its standard deviation [eV]; nan where open.
    ohm : float
        Median [ohm].
    share : float
        Median share in the sum of all resistances.
    """

    reading: Reading = "none"
    energy: float = math.nan
    deviation: float = math.nan
    ohm: float = 0.0
    share: float = 0.0

    @property
    def hides_an_arc(self) -> bool:
        """Whether a notable part of the sample relaxes above the window."""
        return self.reading == "sample" and self.share > NOTABLE


@dataclass(frozen=True)
class Surroundings:
    """What the series and the sample say of one of its spectra.

    Attributes
    ----------
    away : mapping of str to str
        Where an arc of the series that the spectrum does not show should lie, by its label.
    unseen : frozenset of str
        Labels of arcs whose apex lies in no spectrum's window.
    lead : SeriesResistance
    grainless : bool
        Glass or single crystal.
    """

    away: Mapping[str, Place] = field(default_factory=dict)
    unseen: frozenset[str] = frozenset()
    lead: SeriesResistance = field(default_factory=SeriesResistance)
    grainless: bool = False


def series_resistance(fit: CircuitFit) -> str:
    """Label of a resistance in series with the arcs; empty if there is none."""
    leaves = fit.circuit.series_leaves or ()
    return next((leaf.labels[0] for leaf in leaves if leaf.element.symbol == "R"), "")


def apex_seen(series: SeriesFit, track: Track) -> bool:
    """Whether the apex of an arc lies in the window of at least one spectrum."""
    for i, fit in enumerate(series.fits):
        arc = series.arc(track, i)
        if (
            fit is not None
            and arc is not None
            and fit.frequency.min() <= arc.apex_frequency <= fit.frequency.max()
        ):
            return True
    return False


def surroundings(
    series: SeriesFit, temperatures: Sequence[float | None], index: int, *, grainless: bool = False
) -> Surroundings:
    """What the other spectra say of spectrum `index`."""
    fit = series.fits[index]
    away = {
        track.label: place_of(series, track, index, temperatures)
        for track in series.tracks
        if fit is not None and track.members[index] is None
    }
    unseen = frozenset(track.label for track in series.tracks if not apex_seen(series, track))
    return Surroundings(away, unseen, read_series_resistance(series, temperatures), grainless)


def place_of(series: SeriesFit, track: Track, index: int, temperatures: Sequence[float | None]) -> Place:
    """Where the apex of an arc should lie in a spectrum that does not show it, from all that do."""
    fit = series.fits[index]
    assert fit is not None
    members = {i: arc for i in range(len(series.fits)) if (arc := series.arc(track, i)) is not None}
    apex = math.exp(-_expected_log_time(members, index, temperatures)) / (2 * math.pi)
    if apex > float(fit.frequency.max()) / FLANK:
        return "above"
    return "below" if apex < FLANK * float(fit.frequency.min()) else "inside"


def _expected_log_time(members: Mapping[int, Arc], index: int, temperatures: Sequence[float | None]) -> float:
    """ln tau on the line through the members over 1/T; that of the nearest where temperatures are missing."""
    at = temperatures[index] if index < len(temperatures) else None
    known = [(1 / t, math.log(arc.tau)) for i, arc in members.items() if (t := temperatures[i])]
    if at is None or not known:
        return math.log(members[min(members, key=lambda i: abs(i - index))].tau)
    inverse, log_tau = np.array(known).T
    slope = KELVIN_PER_TRACK
    if np.ptp(inverse) > 0:
        slope = float(np.polyfit(inverse - inverse.mean(), log_tau, 1)[0])
    slope = min(max(slope, 0.0), STEEPEST)
    nearest = int(np.argmin(np.abs(inverse - 1 / at)))
    return float(log_tau[nearest] + slope * (1 / at - inverse[nearest]))


def read_series_resistance(series: SeriesFit, temperatures: Sequence[float | None]) -> SeriesResistance:
    """Leads or sample, from the resistance in series where all arcs of the series are seen beside it."""
    points, ohms, shares = [], [], []
    for i, fit in enumerate(series.fits):
        if fit is None or any(track.members[i] is None for track in series.tracks):
            continue
        label = series_resistance(fit)
        if not label:
            continue
        value = fit.value(label)
        ohms.append(value)
        shares.append(value / (value + math.fsum(arc.R for arc in fit.arcs)))
        spread = fit.standard_uncertainty[fit.names.index(label)] / value
        t = temperatures[i] if i < len(temperatures) else None
        if t is not None and fit.status[fit.names.index(label)] == "determined" and spread < 0.5:
            points.append((1 / t, math.log(value), spread))
    if not ohms:
        return SeriesResistance()
    ohm, share = float(np.median(ohms)), float(np.median(shares))
    if len({x for x, _, _ in points}) < LEAST_READINGS:
        return SeriesResistance("open", ohm=ohm, share=share)
    energy, deviation = _activation(*np.array(points).T)
    reading: Reading = "open"
    if energy - 2 * deviation > LEAD_ENERGY:
        reading = "sample"
    elif energy + 2 * deviation < LEAD_ENERGY:
        reading = "leads"
    return SeriesResistance(reading, energy, deviation, ohm, share)


def _activation(inverse: np.ndarray, log_r: np.ndarray, spread: np.ndarray) -> tuple[float, float]:
    """Slope of ln R over 1/T and its standard deviation [eV], widened by the scatter about the line."""
    weights = 1 / (spread**2 + 0.01**2)
    centred = inverse - np.average(inverse, weights=weights)
    size = float(np.sum(weights * centred**2))
    slope = float(np.sum(weights * centred * log_r)) / size
    rest = log_r - np.average(log_r, weights=weights) - slope * centred
    chi = max(float(np.sum(weights * rest**2)) / (log_r.size - 2), 1.0)
    unit = Boltzmann / elementary_charge
    return slope * unit, math.sqrt(chi / size) * unit


# ---------------------------------------------------------------- tails
def tail_capacitance(fit: CircuitFit) -> tuple[float, float] | None:
    """Effective capacitance [F] of the tail at the lowest frequency, and its exponent; None without a tail.

    C = Im(Y)/omega = Q omega^(alpha-1) sin(alpha pi/2).
    """
    for leaf in fit.circuit.series_leaves or ():
        if leaf.fused or leaf.element.symbol not in ("Q", "C"):
            continue
        value, alpha = fit.value(leaf.labels[0]), 1.0
        if leaf.element.symbol == "Q":
            alpha = fit.value(f"{leaf.labels[0]}.alpha")
        omega = 2 * math.pi * float(fit.frequency.min())
        return value * omega ** (alpha - 1) * math.sin(alpha * math.pi / 2), alpha
    return None


def tail_doubt(
    fit: CircuitFit, *, reference: float | None, area: float | None, boundary_possible: bool
) -> str:
    """Why a tail may be the flank of a slow arc of the sample and no electrode; empty if nothing says so.

    Parameters
    ----------
    fit : CircuitFit
    reference, area : float or None
        eps0 A/L [F] and electrode area [m^2]; typical ranges where not known.
    boundary_possible : bool
        Whether the sample may have a boundary arc that is not among those seen.
    """
    found = tail_capacitance(fit)
    if found is None:
        return ""
    capacitance, alpha = found
    least = AREAL_CAPACITANCE[INTERFACE][0] * area if area is not None else TYPICAL[INTERFACE][0]
    limit = least
    if boundary_possible:
        electrode = AREAL_CAPACITANCE[ELECTRODE][0] * area if area is not None else TYPICAL[ELECTRODE][0]
        boundary = PERMITTIVITY[BOUNDARY][1] * reference if reference is not None else TYPICAL[BOUNDARY][1]
        limit = max(least, min(electrode, boundary))
    if alpha < LEAST_CAPACITIVE:
        limit = ABSURD * least
    if capacitance >= limit:
        return ""
    size = f"{capacitance:.2g} F"
    if area is not None:
        size += f" ({capacitance / area * 1e2:.2g} uF/cm2)"
    return (f"the low-frequency tail has a capacitance of only {size}, too small for a double layer: it may "
            "be the flank of a slow arc of the sample that the window cuts")  # fmt: skip
