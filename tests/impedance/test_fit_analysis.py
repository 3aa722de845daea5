"""From spectra of a study to rows, findings and failures: synthetic pellets with known truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pytest

from ionscape.core import serial
from ionscape.core.citation import cited
from ionscape.core.errors import AnalysisError, InputError, IonscapeError
from ionscape.core.estimate import Estimate, correlation, measured
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Sweep
from ionscape.core.outcome import Failure, Outcome
from ionscape.core.quantity import named_dimension
from ionscape.core.registry import Item, Series
from ionscape.core.sample import Sample, geometry
from ionscape.impedance.fit_each import fit_one, spectrum_of
from ionscape.impedance.options import FitOptions
from ionscape.impedance.spec import TECHNIQUE
from ionscape.testing.spectra import Arc, ComplexArray, FloatArray, Pellet, proportional_noise

F = np.logspace(6, -1, 50)
KELVIN = (300.0, 315.0, 330.0, 345.0)
CIRCUIT = "(R1,Q1)-(R2,Q2)-Q3"
PELLET = Pellet(
    {"bulk": Arc(1e-4, 0.35, 1e-11, 0.95, 330.0), "grain_boundary": Arc(2e-5, 0.45, 1e-9, 0.9, 330.0)},
    thickness=2e-3,
    area=5e-5,
    electrode=(1e-7, 0.88),
)
SAMPLE = geometry("pellet", thickness=(2e-3, 4e-5), area=(5e-5, 5e-7))
ANALYSES = {analysis.name: analysis for analysis in TECHNIQUE.analyses}


def _item(label: str, z: ComplexArray, temperature: float | None, f: FloatArray = F) -> Item:
    sweep = Sweep({FREQUENCY: f, REAL_IMPEDANCE: z.real, IMAGINARY_IMPEDANCE: z.imag})
    t = (
        None
        if temperature is None
        else measured(temperature, 0.5, named_dimension("temperature"), source="thermo")
    )
    return Item(label, sweep, t, f"study/{label}")


@lru_cache(maxsize=2)
def _items(known: bool = True) -> tuple[Item, ...]:
    rng = np.random.default_rng(8)
    return tuple(
        _item(f"{t:g} K", proportional_noise(PELLET.impedance(F, t), 0.004, rng), t if known else None)
        for t in KELVIN
    )


def _run(name: str, items: Sequence[Item], sample: Sample = SAMPLE, **options: object) -> Outcome:
    """As a study does: every item, through the cache's bytes, then together."""
    analysis = ANALYSES[name]
    chosen = analysis.options.model_validate(options)
    assert analysis.each is not None
    pieces: list[object] = []
    for item in items:
        try:
            content = serial.to_bytes(analysis.each(item, sample, chosen))
            pieces.append(serial.from_bytes(content))
        except IonscapeError as error:
            pieces.append(Failure(item.label, str(error)))
    series = Series(sample, f"study/{name}", [i.label for i in items], [i.temperature for i in items],
                    [i.source for i in items], pieces)  # fmt: skip
    outcome = analysis.combine(series, chosen)
    serial.to_bytes(outcome)  # storable
    cited(outcome.citations)  # every key is known
    return outcome


@lru_cache(maxsize=1)
def _fitted() -> Outcome:
    return _run("impedance.fit", _items(), circuit=CIRCUIT)


def _of(outcome: Outcome, quantity: str, item: str = "300 K") -> Estimate:
    return next(row.estimate for row in outcome.rows if (row.quantity, row.item) == (quantity, item))


def test_all_quantities_come_back() -> None:
    for item, t in zip(_items(), KELVIN, strict=True):
        parts = {name: PELLET.resistance(name, t) for name in PELLET.arcs}
        parts["total"] = sum(parts.values())
        for name, r in parts.items():
            found = _of(_fitted(), f"resistance_{name}", item.label)
            assert found.value == pytest.approx(r, rel=0.05)
            sigma = _of(_fitted(), f"conductivity_{name}", item.label)
            assert sigma.value == pytest.approx(PELLET.thickness / (PELLET.area * found.value))
        epsilon = _of(_fitted(), "permittivity_bulk", item.label)
        assert epsilon.value == pytest.approx(1e-11 * 2e-3 / (8.854e-12 * 5e-5), rel=0.1)
        assert _of(_fitted(), "capacitance_grain_boundary", item.label).value == pytest.approx(1e-9, rel=0.05)


def test_outputs_declare_every_quantity() -> None:
    from fnmatch import fnmatchcase

    from ionscape.core.quantity import dimension_of

    for name in ("impedance.fit", "impedance.validity", "impedance.relaxation_times", "impedance.global_fit"):
        outputs = ANALYSES[name].outputs
        outcome = _fitted() if name == "impedance.fit" else _run(name, _items())
        for row in outcome.rows:
            units = [unit for pattern, unit in outputs.items() if fnmatchcase(row.quantity, pattern)]
            assert units, row.quantity
            assert dimension_of(units[0]) == row.estimate.dimension, row.quantity


def test_the_thickness_error_is_shared_by_all_temperatures() -> None:
    cold, hot = (_of(_fitted(), "conductivity_total", item) for item in ("300 K", "345 K"))
    assert correlation(cold, hot) > 0.95
    assert (hot / cold).spread < 0.01 < cold.spread


def test_the_total_keeps_the_correlation_of_its_parts() -> None:
    total, bulk, boundary = (_of(_fitted(), f"resistance_{n}") for n in ("total", "bulk", "grain_boundary"))
    assert total.value == pytest.approx(bulk.value + boundary.value)
    variance = (bulk.spread * bulk.value) ** 2 + (boundary.spread * boundary.value) ** 2
    covariance = correlation(bulk, boundary) * bulk.spread * bulk.value * boundary.spread * boundary.value
    assert covariance < 0
    assert (total.spread * total.value) ** 2 == pytest.approx(variance + 2 * covariance)


def test_names_reasons_and_sentences() -> None:
    text = " ".join(_fitted().findings)
    assert "Arc 1 is bulk" in text
    assert "Arc 2 is grain boundary" in text
    assert "Total is the sum of bulk and grain boundary" in text
    assert "Conductivities use the thickness" in text
    assert {table.name for table in _fitted().tables} == {"arcs", "fits", "circuits"}
    assert {figure.name for figure in _fitted().figures} == {"nyquist", "bode", "residuals", "capacitances"}
    assert "300 K/frequency_hertz" in _fitted().arrays


def test_the_circuit_is_chosen_where_none_is_given() -> None:
    outcome = _run("impedance.fit", _items())
    table = next(table for table in outcome.tables if table.name == "circuits")
    assert table.rows[0][0] == CIRCUIT
    assert _of(outcome, "resistance_bulk").value == pytest.approx(PELLET.resistance("bulk", 300.0), rel=0.05)


def test_a_blocking_tail_has_a_capacitance() -> None:
    found = _of(_fitted(), "capacitance_blocking_electrode")
    q, alpha = PELLET.electrode
    r = _of(_fitted(), "resistance_total").value
    assert found.value == pytest.approx(q ** (1 / alpha) * r ** ((1 - alpha) / alpha), rel=0.1)


def test_without_geometry_only_resistances() -> None:
    outcome = _run("impedance.fit", _items(), Sample("bare"), circuit=CIRCUIT)
    found = _of(outcome, "conductivity_bulk")
    assert found.status == "refused"
    assert "thickness and electrode area of sample bare are not given" in found.note
    assert _of(outcome, "resistance_bulk").status == "determined"
    assert not any(row.quantity.startswith("permittivity") for row in outcome.rows)


def test_both_thicknesses_give_both_conductivities() -> None:
    metre = named_dimension("length")
    both = Sample("p", thickness_before=measured(2.2e-3, 1e-5, metre, source="b"),
                  thickness_after=measured(2e-3, 1e-5, metre, source="a"), area=SAMPLE.area)  # fmt: skip
    outcome = _run("impedance.fit", _items(), both, circuit=CIRCUIT)
    before, after = (_of(outcome, f"conductivity_total_thickness_{w}") for w in ("before", "after"))
    assert before.value / after.value == pytest.approx(1.1)
    assert _of(outcome, "conductivity_total").value == after.value


def test_the_users_names_stand() -> None:
    names = {"arc 1": "grain boundary", "arc 2": "electrode"}
    outcome = _run("impedance.fit", _items(), circuit=CIRCUIT, arcs=names)
    assert _of(outcome, "conductivity_bulk").status == "refused"
    assert _of(outcome, "resistance_total").value == _of(outcome, "resistance_grain_boundary").value
    with pytest.raises(InputError, match="no 'arc 5'"):
        _run("impedance.fit", _items(), circuit=CIRCUIT, arcs={"arc 5": "bulk"})


def test_temperatures_unknown() -> None:
    outcome = _run("impedance.fit", _items(known=False), circuit=CIRCUIT)
    assert all(row.temperature is None for row in outcome.rows)
    assert _of(outcome, "resistance_bulk").value == pytest.approx(PELLET.resistance("bulk", 300.0), rel=0.05)


def test_broken_spectra_give_reasons_and_the_rest_go_on() -> None:
    z = _items()[0].sweep.impedance.copy()
    z[3] = complex(np.nan, 0)
    rng = np.random.default_rng(1)
    scatter = 1 + rng.normal(size=F.size) + 1j * rng.normal(size=F.size)
    garbage = np.asarray(1e4 * scatter, dtype=np.complex128)
    broken = [_item("nan", z, 310.0), _item("aborted", z[:2], 311.0, F[:2]), _item("noise", garbage, 312.0)]
    outcome = _run("impedance.fit", [*_items(), *broken], circuit=CIRCUIT)
    reasons = {failure.item: failure.reason for failure in outcome.failures}
    assert set(reasons) == {"nan", "aborted", "noise"}
    assert "not a finite number" in reasons["nan"]
    assert "2" in reasons["aborted"]
    assert "the noise is" in reasons["noise"] or "negative" in reasons["noise"]
    assert {row.item for row in outcome.rows} == {item.label for item in _items()}


def test_nothing_fitted_is_an_error() -> None:
    with pytest.raises(AnalysisError, match="none of the 1 spectra"):
        _run("impedance.fit", [_item("short", _items()[0].sweep.impedance[:2], 300.0, F[:2])])
    with pytest.raises(AnalysisError, match="no spectrum"):
        _run("impedance.fit", [])


def test_a_cut_bulk_arc_warns_or_is_refused() -> None:
    """The window ends below the apex of the bulk arc: determined with a warning, or refused; never silent."""
    rng = np.random.default_rng(2)
    f = np.logspace(4.3, -1, 45)
    items = [_item(f"{t:g} K", proportional_noise(PELLET.impedance(f, t), 0.002, rng), t, f) for t in KELVIN]
    outcome = _run("impedance.fit", items, circuit=CIRCUIT)
    for item, t in zip(items, KELVIN, strict=True):
        found = _of(outcome, "conductivity_bulk", item.label)
        truth = PELLET.thickness / (PELLET.resistance("bulk", t) * PELLET.area)
        if found.status == "determined":
            low, high = found.interval(0.95)
            assert low / 1.5 < truth < high * 1.5
            assert any("extrapolation" in warning for warning in outcome.warnings)
        else:
            assert found.note
        total = _of(outcome, "resistance_total", item.label)
        if total.status == "determined":
            assert total.value == pytest.approx(sum(PELLET.resistance(n, t) for n in PELLET.arcs), rel=0.1)


def test_only_an_intercept_is_the_total_and_no_bulk() -> None:
    s = 2j * np.pi * F
    z = proportional_noise(np.asarray(250.0 + 1 / (2e-6 * s**0.9)), 0.003, np.random.default_rng(3))
    outcome = _run("impedance.fit", [_item("fast conductor", z, 298.0)], circuit="R0-Q1")
    assert _of(outcome, "resistance_total", "fast conductor").value == pytest.approx(250.0, rel=0.02)
    bulk = _of(outcome, "conductivity_bulk", "fast conductor")
    assert bulk.status == "refused"
    assert "the resistance in series holds the bulk" in bulk.note


def test_leads_do_not_belong_to_the_total() -> None:
    rng = np.random.default_rng(6)
    items = [
        _item(f"{t:g} K", proportional_noise(PELLET.impedance(F, t) + 6e5, 0.002, rng), t) for t in KELVIN
    ]
    outcome = _run("impedance.fit", items, circuit=f"R0-{CIRCUIT}")
    assert _of(outcome, "resistance_total").value == pytest.approx(
        sum(PELLET.resistance(n, 300.0) for n in PELLET.arcs), rel=0.03
    )
    assert any("leads and contacts" in warning for warning in outcome.warnings)


def test_the_window_of_frequencies() -> None:
    options = FitOptions.model_validate({"frequency_min": "10 Hz", "frequency_max": "100 kHz"})
    f, _ = spectrum_of(_items()[0].sweep, options)
    assert 10 <= f.min() < 14
    assert 7e4 < f.max() <= 1e5
    with pytest.raises(InputError, match="widen the limits"):
        spectrum_of(_items()[0].sweep, FitOptions.model_validate({"frequency_min": "2 MHz"}))
    with pytest.raises(InputError, match="no column"):
        spectrum_of(Sweep({FREQUENCY: F}), options)


def test_one_wild_point_is_left_out_and_told() -> None:
    z = _items()[1].sweep.impedance.copy()
    z[25] *= 1.3
    fitted = fit_one(_item("wild", z, 315.0), SAMPLE, FitOptions(circuit=CIRCUIT))
    assert fitted.left_out == 1
    kept = fit_one(_item("wild", z, 315.0), SAMPLE, FitOptions(circuit=CIRCUIT, ignore_validity=True))
    assert kept.left_out == 0
    assert kept.verdict == "not tested"
    assert math.isnan(kept.noise)


def test_validity_of_a_study() -> None:
    z = _items()[0].sweep.impedance.copy()
    z[10:30] *= 1 + 0.2 * np.sin(np.arange(20) / 2)
    outcome = _run("impedance.validity", [*_items(), _item("bent", z, 320.0)])
    assert outcome.findings[0].startswith("4 of 5 spectra pass")
    assert any(warning.startswith("46.9 °C") for warning in outcome.warnings)
    noise = _of(outcome, "noise")
    assert noise.interval(0.999)[0] < 0.004 < noise.interval(0.999)[1]


def test_relaxation_times_of_a_study() -> None:
    outcome = _run("impedance.relaxation_times", _items())
    for item, t in zip(_items(), KELVIN, strict=True):
        for k, name in enumerate(PELLET.arcs, start=1):
            r = PELLET.resistance(name, t)
            assert _of(outcome, f"resistance_peak_{k}", item.label).value == pytest.approx(r, rel=0.1)
            tau = _of(outcome, f"relaxation_time_{k}", item.label).value
            assert tau == pytest.approx(r * PELLET.arcs[name].capacitance, rel=0.15)
    assert outcome.figures[0].name == "relaxation_times"
    first = _items()[0].label
    arcs = [_of(outcome, f"resistance_peak_{k}", first) for k in (1, 2)]
    assert correlation(*arcs) < -0.1  # what one arc gains the other loses
    assert correlation(arcs[0], _of(outcome, "relaxation_time_1", first)) > 0.3


def test_global_fit_of_a_study() -> None:
    outcome = _run("impedance.global_fit", _items(), circuit=CIRCUIT)
    for name, arc in PELLET.arcs.items():
        energy = _of(outcome, f"activation_energy_{name}", "")
        low, high = energy.interval(0.999)
        assert low < arc.activation_energy * 1.602176634e-19 < high
        sigma = _of(outcome, f"conductivity_{name}")
        assert sigma.value == pytest.approx(
            PELLET.thickness / (PELLET.area * PELLET.resistance(name, 300.0)), rel=0.05
        )
    total = _of(outcome, "activation_energy_total", "").to("eV")[0]
    assert 0.35 < total < 0.45
    assert outcome.tables[0].name == "method_gap"
    assert any("separate fits give" in text for text in outcome.findings)


def test_global_fit_needs_three_temperatures() -> None:
    with pytest.raises(AnalysisError, match="at least 3 temperatures"):
        _run("impedance.global_fit", _items()[:2], circuit=CIRCUIT)
    with pytest.raises(InputError, match="shared"):  # the circuit, hence its names, follow from the data
        _run("impedance.global_fit", _items(), shared=["Q9"])
