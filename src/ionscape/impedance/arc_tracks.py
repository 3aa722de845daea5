"""Arcs that keep their identity over a series of spectra.

An arc is followed by its capacitance, which hardly depends on temperature, and its time constant, which does
so smoothly.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from ionscape.impedance.circuit_fit import FLANK, Arc

Track = dict[int, Arc]

# How far neighbours on one track may lie apart: ln C hardly moves, ln tau moves with temperature.
CAPACITANCE_STEP = math.log(2.0)
TIME_STEP = math.log(10.0)
KELVIN_PER_TRACK = 5000.0  # E/k of 0.43 eV: first guess of how ln tau moves with 1/T
NEW_ARC = 4.0  # steps beyond which an arc is another one
LARGEST_JUMP = math.log(3.0)  # of ln C between neighbours
ALIKE = 0.5  # steps between two arcs beyond the same end of the window, whose values the data do not fix
MIDDLE = 1e3  # Hz, inside every usual window


def follow_arcs(
    arcs: Sequence[Sequence[Arc]], temperatures: Sequence[float | None]
) -> list[tuple[str | None, ...]]:
    """Follow arcs through a series by capacitance and time constant.

    Parameters
    ----------
    arcs : sequence of sequences of Arc
        Per spectrum, spectra in the order of the series.
    temperatures : sequence of float or None
        [K]

    Returns
    -------
    list of tuples
        Per arc of the series, fastest first: its label in every spectrum, None where it is not seen.
    """
    tracks = track_arcs(arcs, temperatures)
    speed = [float(np.mean([math.log(arc.tau) for arc in track.values()])) for track in tracks]
    order = np.argsort(speed, kind="stable")
    return [tuple(tracks[k][i].label if i in tracks[k] else None for i in range(len(arcs))) for k in order]


def track_arcs(arcs: Sequence[Sequence[Arc]], temperatures: Sequence[float | None]) -> list[Track]:
    """As `follow_arcs`: per arc of the series, its members by the index of their spectrum."""
    count = len(arcs)
    if not count or not any(arcs):
        return []
    seed = max(range(count), key=lambda i: (len(arcs[i]), -abs(i - count // 2)))
    tracks = [{seed: arc} for arc in arcs[seed]]
    for step in (range(seed + 1, count), range(seed - 1, -1, -1)):
        for i in step:
            _extend(tracks, i, arcs[i], temperatures)
    return tracks


def _extend(tracks: list[Track], i: int, arcs: Sequence[Arc], temperatures: Sequence[float | None]) -> None:
    """Give each arc of spectrum i to the track that it continues; new tracks for those that continue none."""
    existing = len(tracks)
    distance = [[_distance(track, i, arc, temperatures) for track in tracks] for arc in arcs]
    places = list(range(existing)) + [-1] * len(arcs)  # -1: a track of its own
    best = min(
        set(itertools.permutations(places, len(arcs))),
        key=lambda choice: (sum(distance[k][t] if t >= 0 else NEW_ARC for k, t in enumerate(choice)), choice),
    )
    for arc, place in zip(arcs, best, strict=True):
        if place >= 0:
            tracks[place][i] = arc
        else:
            tracks.append({i: arc})


def expected_time(track: Track, i: int, temperatures: Sequence[float | None]) -> float:
    """ln tau at which a track should be seen in spectrum i, from its nearest two members."""
    near = _nearest(track, i)
    expected = math.log(track[near[0]].tau)
    inverse = [1 / t if (t := temperatures[k]) else None for k in (i, *near)]
    if inverse[0] is not None and inverse[1] is not None:
        slope = KELVIN_PER_TRACK
        if len(near) > 1 and inverse[2] is not None and inverse[1] != inverse[2]:
            measured = (expected - math.log(track[near[1]].tau)) / (inverse[1] - inverse[2])
            slope = min(max(measured, 0.0), 4 * KELVIN_PER_TRACK)
        expected += slope * (inverse[0] - inverse[1])
    return expected


def _nearest(track: Track, i: int) -> list[int]:
    """The one or two members nearest to spectrum i."""
    found: list[int] = []
    for step in itertools.count(1):
        found += [k for k in (i - step, i + step) if k in track]
        if len(found) >= min(2, len(track)):
            return found[:2]
    raise AssertionError


def _distance(track: Track, i: int, arc: Arc, temperatures: Sequence[float | None]) -> float:
    """How far an arc lies from where a track leads, in steps that neighbours may take."""
    last = track[_nearest(track, i)[0]]
    if _off(arc) and _off(arc) == _off(last):
        return ALIKE
    capacitance = abs(math.log(arc.capacitance / last.capacitance)) / CAPACITANCE_STEP
    return capacitance + abs(math.log(arc.tau) - expected_time(track, i, temperatures)) / TIME_STEP


def _off(arc: Arc) -> int:
    """1 for an arc above the window, -1 below, 0 for one whose time constant and capacitance are evidence."""
    if arc.position != "outside the window":
        return 0
    return 1 if arc.apex_frequency > MIDDLE else -1


def incoherence(
    arcs: Sequence[Sequence[Arc]],
    temperatures: Sequence[float | None],
    windows: Sequence[tuple[float, float]],
) -> str:
    """Why the arcs of a series are not the same few arcs throughout; empty if they are.

    An arc may be missing only where it has left the window.

    Parameters
    ----------
    arcs : sequence of sequences of Arc
        Per spectrum, spectra in the order of the series.
    temperatures : sequence of float or None
        [K]
    windows : sequence of (float, float)
        Lowest and highest frequency [Hz] of each spectrum.
    """
    tracks = track_arcs(arcs, temperatures)
    if len(tracks) > max((len(each) for each in arcs), default=0):
        return "its arcs are not the same at all temperatures"
    for track in tracks:
        seen = sorted(track)
        for a, b in itertools.pairwise(seen):
            if abs(math.log(track[a].capacitance / track[b].capacitance)) > LARGEST_JUMP * (b - a):
                return "the capacitance of an arc jumps from one temperature to the next"
        for i in set(range(len(arcs))) - set(seen):
            apex = math.exp(-expected_time(track, i, temperatures)) / (2 * math.pi)
            low, high = windows[i]
            if FLANK * low < apex < high / FLANK:
                return "an arc is missing at a temperature where it should be seen"
    return ""
