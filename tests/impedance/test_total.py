"""Totals of pellets whose truth is known and whose window hides a part: the status must say so.

All spectra are synthetic, written with plain numpy and not with the package's own elements.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, exact
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Sweep
from ionscape.core.outcome import Outcome
from ionscape.core.quantity import named_dimension
from ionscape.core.registry import Item, Series
from ionscape.core.sample import Sample, geometry
from ionscape.impedance.fit_analysis import fit_series_of_study
from ionscape.impedance.fit_each import fit_one
from ionscape.impedance.fit_record import FittedSpectrum
from ionscape.impedance.options import FitOptions

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]

THICKNESS, AREA = 2e-3, 5e-5
CELL = 8.8541878e-12 * AREA / THICKNESS
BOLTZMANN = 8.617333e-5  # eV/K
SAMPLE = geometry("pellet", thickness=(THICKNESS, 1e-5), area=(AREA, 2e-7))
ZERO = 273.15


def _ohm(prefactor: float, energy: float, kelvin: float) -> float:
    """R of a pellet with sigma T = prefactor exp(-E/kT) [S K/m]."""
    return THICKNESS / AREA * kelvin / prefactor * math.exp(energy / (BOLTZMANN * kelvin))


def _arc(f: Floats, r: float, c: float, alpha: float) -> Complex:
    return np.asarray(r / (1 + (2j * np.pi * f * r * c) ** alpha))


def _tail(f: Floats, q: float = 2e-6, alpha: float = 0.85) -> Complex:
    return np.asarray(1 / (q * (2j * np.pi * f) ** alpha))


def _items(
    f: Floats, model: Callable[[float], Complex], celsius: tuple[float, ...], noise: float = 0.003
) -> list[Item]:
    rng = np.random.default_rng(5)
    items = []
    for t in celsius:
        z = model(t + ZERO)
        z = z + noise * np.abs(z) * (rng.standard_normal(f.size) + 1j * rng.standard_normal(f.size))
        sweep = Sweep({FREQUENCY: f, REAL_IMPEDANCE: z.real, IMAGINARY_IMPEDANCE: z.imag})
        items.append(
            Item(f"{t:g}", sweep, exact(t + ZERO, named_dimension("temperature")), f"synthetic/{t:g}")
        )
    return items


def _fit(items: list[Item], sample: Sample = SAMPLE, circuit: str | None = None,
         pieces: list[FittedSpectrum] | None = None) -> Outcome:  # fmt: skip
    options = FitOptions(circuit=circuit)
    found = pieces if pieces is not None else [fit_one(item, sample, options) for item in items]
    series = Series(sample, "synthetic", [i.label for i in items], [i.temperature for i in items],
                    [i.source for i in items], found)  # fmt: skip
    return fit_series_of_study(series, options)


def _of(outcome: Outcome, quantity: str) -> Mapping[str, Estimate]:
    return {row.item: row.estimate for row in outcome.rows if row.quantity == quantity}


def test_a_boundary_arc_that_has_left_the_window_downwards_leaves_a_limit() -> None:
    """Warm spectra show the boundary arc; in cold ones it is the tail, 10 to 2000 times the bulk."""
    f = np.logspace(6, 2, 41)

    def truth(kelvin: float) -> tuple[float, float]:
        return _ohm(3e5, 0.40, kelvin), _ohm(1e8, 0.72, kelvin)

    def model(kelvin: float) -> Complex:
        bulk, boundary = truth(kelvin)
        return _arc(f, bulk, 20 * CELL, 0.97) + _arc(f, boundary, 4000 * CELL, 0.9) + _tail(f)

    celsius = (0.0, 20.0, 40.0, 70.0, 80.0, 90.0, 100.0)
    outcome = _fit(_items(f, model, celsius))
    totals, sigma = _of(outcome, "resistance_total"), _of(outcome, "conductivity_total")
    for label in ("0", "20", "40"):
        whole = sum(truth(float(label) + ZERO))
        assert (totals[label].status, totals[label].side) == ("bound", "lower")
        assert totals[label].value < whole
        assert (sigma[label].status, sigma[label].side) == ("bound", "upper")
        assert sigma[label].value > THICKNESS / (AREA * whole)
        assert "below the window" in sigma[label].note or "arc is cut" in sigma[label].note
        assert _of(outcome, "capacitance_blocking_electrode")[label].status == "refused"
    hot = totals["100"]
    assert hot.status == "determined"
    assert hot.value == pytest.approx(sum(truth(100 + ZERO)), rel=0.1)
    assert any("give only a lower limit" in text for text in outcome.findings)
    assert any("not seen to its end" in text for text in outcome.warnings)


def test_a_boundary_arc_below_the_window_everywhere_is_no_electrode() -> None:
    f = np.logspace(6, 1, 51)

    def model(kelvin: float) -> Complex:
        bulk, boundary = _ohm(1e4, 0.30, kelvin), _ohm(3e5, 0.6, kelvin)
        return _arc(f, bulk, 15 * CELL, 0.98) + _arc(f, boundary, 1200 * CELL, 0.93) + _tail(f)

    outcome = _fit(_items(f, model, (-60.0, -40.0, -20.0)), circuit="(R1,Q1)-Q2")
    assert all((e.status, e.side) == ("bound", "upper") for e in _of(outcome, "conductivity_total").values())
    assert all("too small for a double layer" in e.note for e in _of(outcome, "conductivity_total").values())
    assert all(e.status == "refused" for e in _of(outcome, "capacitance_blocking_electrode").values())
    assert any("flank of a slow arc" in text for text in outcome.warnings)


def _with_series_resistance(ohm: Callable[[float], float], capacitance: float) -> Outcome:
    f = np.logspace(7, 0, 57)

    def model(kelvin: float) -> Complex:
        arc = _arc(f, _ohm(1e6, 0.40, kelvin), capacitance, 0.95)
        return np.asarray(ohm(kelvin) + arc + _tail(f))

    return _fit(_items(f, model, (20.0, 35.0, 50.0, 65.0)), circuit="R0-(R1,Q1)-Q2")


def test_an_activated_resistance_in_series_belongs_to_the_sample() -> None:
    outcome = _with_series_resistance(lambda kelvin: 0.5 * _ohm(1e6, 0.40, kelvin), 120 * CELL)
    for label, total in _of(outcome, "resistance_total").items():
        assert total.status == "determined"
        assert total.value == pytest.approx(1.5 * _ohm(1e6, 0.40, float(label) + ZERO), rel=0.02)
    assert "conductivity_bulk" in {row.quantity for row in outcome.rows}
    assert all(e.status == "refused" for e in _of(outcome, "conductivity_bulk").values())
    assert any("thermally activated" in text for text in outcome.findings)


def test_a_constant_resistance_in_series_is_leads() -> None:
    outcome = _with_series_resistance(lambda _: 2000.0, 15 * CELL)
    for label, total in _of(outcome, "resistance_total").items():
        assert total.status == "determined"
        assert total.value == pytest.approx(_ohm(1e6, 0.40, float(label) + ZERO), rel=0.03)
    assert not any("thermally activated" in text for text in outcome.findings)


def test_one_temperature_cannot_tell_leads_from_sample() -> None:
    f = np.logspace(6, 0, 49)
    items = _items(f, lambda _: np.asarray(2e4 + _arc(f, 1e5, 15 * CELL, 0.95) + _tail(f)), (20.0,))
    total = _of(_fit(items, circuit="R0-(R1,Q1)-Q2"), "resistance_total")["20"]
    assert total.status == "undetermined"
    assert "may be leads or sample" in total.note


def test_an_intercept_alone_is_told() -> None:
    f = np.logspace(6, 0, 49)
    items = _items(f, lambda k: np.asarray(_ohm(3e7, 0.3, k) + _tail(f, 5e-6, 0.9)), (20.0, 40.0, 60.0))
    outcome = _fit(items, circuit="R0-Q1")
    assert any("leads and sample cannot be told apart" in text for text in outcome.warnings)


def _lone_arc() -> list[Item]:
    """Grains and boundaries of equal relaxation time: one arc, bulk resistance 5/6 of it."""
    f = np.logspace(7, 0, 50)

    def model(kelvin: float) -> Complex:
        r = _ohm(3e4, 0.40, kelvin)
        return _arc(f, r, 15 * CELL, 0.97) + _arc(f, r / 5, 75 * CELL, 0.97) + _tail(f)

    return _items(f, model, (20.0, 40.0, 60.0))


@pytest.mark.parametrize("grains", ["", "polycrystalline"])
def test_a_lone_arc_gives_the_bulk_a_limit_only(grains: str) -> None:
    outcome = _fit(_lone_arc(), replace(SAMPLE, morphology=grains), circuit="(R1,Q1)-Q2")
    for label, sigma in _of(outcome, "conductivity_total").items():
        r = _ohm(3e4, 0.40, float(label) + ZERO)
        assert sigma.value == pytest.approx(THICKNESS / (AREA * 1.2 * r), rel=0.02)
        bulk = _of(outcome, "conductivity_bulk")[label]
        assert (bulk.status, bulk.side) == ("bound", "lower")
        assert bulk.value < THICKNESS / (AREA * r)


def test_a_lone_arc_of_a_glass_is_its_bulk() -> None:
    outcome = _fit(_lone_arc(), replace(SAMPLE, morphology="glass"), circuit="(R1,Q1)-Q2")
    bulk, total = _of(outcome, "conductivity_bulk"), _of(outcome, "conductivity_total")
    assert all(e.status == "determined" and e.value == total[label].value for label, e in bulk.items())


def test_a_fit_without_convergence_determines_nothing() -> None:
    items = _lone_arc()
    pieces = [fit_one(item, SAMPLE, FitOptions(circuit="(R1,Q1)-Q2")) for item in items]
    broken = [replace(p, content={**p.content, "converged": False}) for p in pieces]
    outcome = _fit(items, circuit="(R1,Q1)-Q2", pieces=broken)
    assert {row.estimate.status for row in outcome.rows} <= {"undetermined", "refused"}
    assert "did not converge" in _of(outcome, "conductivity_total")["20"].note


def test_a_boundary_that_may_be_an_interface_names_the_other_total() -> None:
    """5 nF is a boundary of permittivity 2e4 as well as an interface of 10 nF/cm2."""
    f = np.logspace(7, 0, 50)

    def model(kelvin: float) -> Complex:
        slow = _arc(f, _ohm(2e6, 0.5, kelvin), 5e-9, 0.85)
        return _arc(f, _ohm(3e5, 0.35, kelvin), 15 * CELL, 0.98) + slow + _tail(f, 1e-4)

    outcome = _fit(_items(f, model, (20.0, 40.0, 60.0)), circuit="(R1,Q1)-(R2,Q2)-Q3")
    (told,) = [text for text in outcome.warnings if "decides the total" in text]
    assert f"{_ohm(3e5, 0.35, 20 + ZERO):.1g}"[0] in told
    arcs = next(table for table in outcome.tables if table.name == "arcs")
    assert arcs.rows[1][1] in ("grain boundary", "interface")
    assert int(str(arcs.rows[1][2]).rstrip("%")) <= 90


def test_an_arc_whose_apex_is_never_seen_has_no_permittivity() -> None:
    f = np.logspace(6, 0, 49)

    def model(kelvin: float) -> Complex:
        bulk, boundary = _ohm(3e6, 0.30, kelvin), _ohm(1e7, 0.42, kelvin)
        return _arc(f, bulk, 15 * CELL, 0.98) + _arc(f, boundary, 15000 * CELL, 0.9) + _tail(f)

    outcome = _fit(_items(f, model, (20.0, 30.0, 40.0)), circuit="(R1,Q1)-(R2,Q2)-Q3")
    assert all(e.status == "refused" for e in _of(outcome, "permittivity_bulk").values())
    assert not any("Arc 1" in text and "permittivity of" in text for text in outcome.findings)
    for label, total in _of(outcome, "resistance_total").items():
        if total.status == "determined":
            whole = _ohm(3e6, 0.30, float(label) + ZERO) + _ohm(1e7, 0.42, float(label) + ZERO)
            assert total.value == pytest.approx(whole, rel=0.05)
        else:
            assert total.status == "bound"
