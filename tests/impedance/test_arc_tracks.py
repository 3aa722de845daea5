"""Arcs keep their identity: crossing, missing and appearing arcs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ionscape.impedance.arc_tracks import expected_time, follow_arcs, incoherence, track_arcs
from ionscape.impedance.circuit_fit import Arc

KELVIN = [300.0, 320.0, 340.0, 360.0, 380.0]
WINDOW = (0.1, 1e8)


def _arc(label: str, capacitance: float, kelvin: float, temperature: float, r300: float) -> Arc:
    r = r300 * math.exp(kelvin * (1 / temperature - 1 / 300.0))
    tau = r * capacitance
    return Arc(
        label, r, tau, 1.0, 1 / (2 * math.pi * tau), capacitance, capacitance, "complete", "determined"
    )


def _bulk(t: float, label: str = "R1") -> Arc:
    return _arc(label, 1e-11, 5000.0, t, 1e5)


def _boundary(t: float, label: str = "R2") -> Arc:
    return _arc(label, 1e-9, 8000.0, t, 1e6)


def test_two_arcs_through_a_series() -> None:
    tracks = follow_arcs([[_bulk(t), _boundary(t)] for t in KELVIN], list(KELVIN))
    assert tracks == [("R1",) * 5, ("R2",) * 5]


def test_an_arc_that_leaves_the_window() -> None:
    arcs = [[_bulk(t), _boundary(t)] for t in KELVIN[:3]] + [[_boundary(t, "R1")] for t in KELVIN[3:]]
    assert follow_arcs(arcs, list(KELVIN)) == [("R1", "R1", "R1", None, None), ("R2", "R2", "R2", "R1", "R1")]


def test_arcs_that_cross_in_frequency_are_told_apart_by_capacitance() -> None:
    def pair(t: float) -> list[Arc]:
        slow, fast = _arc("", 1e-9, 12000.0, t, 3e3), _arc("", 1e-11, 1000.0, t, 5e4)
        ordered = sorted((slow, fast), key=lambda a: a.tau)
        return [replace(arc, label=f"R{k}") for k, arc in enumerate(ordered, start=1)]

    arcs = [pair(t) for t in KELVIN]
    tracks = track_arcs(arcs, list(KELVIN))
    assert len(tracks) == 2
    for track in tracks:
        assert np.ptp(np.log([arc.capacitance for arc in track.values()])) < 1e-9
    assert {arc.label for arc in tracks[0].values()} == {"R1", "R2"}  # they did cross


def test_the_expected_time_follows_the_activation() -> None:
    track = {0: _bulk(300.0), 1: _bulk(320.0)}
    assert math.isclose(expected_time(track, 4, list(KELVIN)), math.log(_bulk(380.0).tau), rel_tol=1e-9)


def test_no_temperatures_no_extrapolation() -> None:
    track = {0: _bulk(300.0)}
    assert expected_time(track, 4, [None] * 5) == math.log(_bulk(300.0).tau)


def test_a_missing_arc_inside_the_window_is_incoherent() -> None:
    arcs = [[_bulk(t), _boundary(t)] for t in KELVIN]
    assert incoherence(arcs, list(KELVIN), [WINDOW] * 5) == ""
    arcs[2] = [_boundary(KELVIN[2])]
    assert "missing" in incoherence(arcs, list(KELVIN), [WINDOW] * 5)


def test_a_missing_arc_beyond_the_window_is_not() -> None:
    arcs = [[_bulk(t), _boundary(t)] for t in KELVIN[:3]] + [[_boundary(t)] for t in KELVIN[3:]]
    narrow = (0.1, 2 * _bulk(360.0).apex_frequency)
    assert incoherence(arcs, list(KELVIN), [narrow] * 5) == ""
    wide = (0.1, 30 * _bulk(380.0).apex_frequency)
    assert "missing" in incoherence(arcs, list(KELVIN), [wide] * 5)


def test_a_jumping_capacitance_is_incoherent() -> None:
    arcs = [[_bulk(t)] for t in KELVIN]
    arcs[3] = [_arc("R1", 6e-11, 5000.0, KELVIN[3], 1e5 / 6)]
    assert incoherence(arcs, list(KELVIN), [WINDOW] * 5) != ""


def test_nothing_to_follow() -> None:
    assert follow_arcs([], []) == []
    assert follow_arcs([[], []], [300.0, 310.0]) == []


def test_an_arc_beyond_the_window_is_one_arc_whatever_the_fit_says() -> None:
    """Where nothing fixes tau and C of an arc far above the window, they jump by decades."""
    wild = [1e-9, 1e-13, 1e-11, 1e-12, 1e-10]
    arcs = [
        [replace(_bulk(t), tau=tau, apex_frequency=1 / (2 * math.pi * tau), capacitance=tau / 1e5,
                 position="outside the window"), _boundary(t)]
        for t, tau in zip(KELVIN, wild, strict=True)
    ]  # fmt: skip
    assert follow_arcs(arcs, list(KELVIN)) == [("R1",) * 5, ("R2",) * 5]
