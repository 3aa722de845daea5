"""The analysis nmr.fit as a study uses it: items to rows, refusals, channels, shared calibration errors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import correlation, exact, measured
from ionscape.core.measurement import DIFFUSION_TIME, GRADIENT, GRADIENT_PULSE, INTENSITY, Sweep
from ionscape.core.outcome import Failure, Outcome, Row
from ionscape.core.quantity import named_dimension, parse_quantity
from ionscape.core.registry import Item, Series
from ionscape.core.sample import Sample
from ionscape.core.serial import from_bytes, to_bytes
from ionscape.nmr import b_values
from ionscape.nmr.fit_analysis import decays_of_study, fit_one
from ionscape.nmr.fit_options import FitOptions, NmrMeasurement
from ionscape.nmr.restricted_diffusion import barrier_diffusion
from ionscape.nmr.spec import TECHNIQUE
from ionscape.read.bruker_diffusion import integrated

KELVIN = named_dimension("temperature")
SAMPLE = Sample("s", carrier="Li+", extra={"grain_size": exact(20e-6, named_dimension("length"))})
G = np.linspace(0.5, 12, 12)


def _sweep(d: float, delay: float = 0.1, seed: int = 0, slow: float = 0.0) -> Sweep:
    b = b_values(G, 2e-3, delay)
    y = (1 - slow) * np.exp(-b * d) + slow * np.exp(-b * d / 10)
    y += 0.004 * np.random.default_rng(seed).standard_normal(G.size)
    full = np.full(G.size, 1.0)
    return Sweep({GRADIENT: G, GRADIENT_PULSE: 2e-3 * full, DIFFUSION_TIME: delay * full, INTENSITY: 40 * y})


def _run(
    sweeps: list[tuple[Sweep, float]], options: FitOptions | None = None, sample: Sample = SAMPLE,
    fields: NmrMeasurement | None = None,
) -> Outcome:  # fmt: skip
    chosen, stated = options or FitOptions(), fields or NmrMeasurement()
    pieces: list[Any] = []
    temperatures = [measured(t, 0.5, KELVIN, source="thermometer") for _, t in sweeps]
    labels = [f"{k}.csv" for k in range(len(sweeps))]
    for (sweep, _), t, label in zip(sweeps, temperatures, labels, strict=True):
        record = fit_one(Item(label, sweep, t, f"study/echo/{label}", stated), sample, chosen)
        pieces.append(from_bytes(to_bytes(record)))  # as the cache does
    series = Series(sample, "study/echo", labels=labels, temperatures=temperatures, pieces=pieces,
                    item_sources=[f"study/echo/{x}" for x in labels],
                    fields=[stated] * len(labels))  # fmt: skip
    return decays_of_study(series, chosen)


def _row(outcome: Outcome, name: str = "diffusion_coefficient") -> Row:
    return next(row for row in outcome.rows if row.quantity == name)


def test_files_of_one_temperature_are_one_data_set() -> None:
    delays = (0.03, 0.1, 0.3)
    outcome = _run([(_sweep(2e-12, delay, k), 300.0) for k, delay in enumerate(delays)]
                   + [(_sweep(5e-12, 0.1, 9), 330.0)])  # fmt: skip
    rows = [row for row in outcome.rows if row.quantity == "diffusion_coefficient"]
    assert [row.temperature.value for row in rows if row.temperature] == [300.0, 330.0]
    for row, truth in zip(rows, (2e-12, 5e-12), strict=True):
        low, high = row.estimate.interval(0.997)
        assert low < truth < high
        assert (row.kind, row.channel) == ("D_NMR", "bulk")
    assert "one diffusion coefficient for all gradients and diffusion times" in outcome.findings[0]
    assert "only one diffusion time was measured" in outcome.findings[1]


def test_a_d_that_depends_on_g_is_refused_until_a_model_is_named() -> None:
    sweeps = [(_sweep(8e-12, delay, k, slow=0.4), 300.0) for k, delay in enumerate((0.03, 0.1))]
    refused = _run(sweeps)
    row = _row(refused)
    assert row.estimate.status == "refused"
    assert "depends on g" in row.estimate.note
    assert "what would settle it" in row.estimate.note
    mean = 0.6 * 8e-12 + 0.4 * 8e-13
    for found in (_row(refused, "diffusion_coefficient_mean"), _row(_run(sweeps, FitOptions(model="two")))):
        low, high = found.estimate.interval(0.997)
        assert low < mean < high
    assert _row(_run(sweeps, FitOptions(model="one"))).estimate.status == "refused"


def test_a_d_that_depends_on_the_diffusion_time_is_refused_and_extrapolated() -> None:
    times = np.array([0.02, 0.05, 0.1, 0.3])
    d = barrier_diffusion(times - 2e-3 / 3, 8e-12, 2e-12, 1.5e-6)
    sweeps = [(_sweep(float(v), float(t), k), 300.0) for k, (v, t) in enumerate(zip(d, times, strict=True))]
    outcome = _run(sweeps)
    assert _row(outcome).estimate.status == "refused"
    limit = _row(outcome, "diffusion_coefficient_long_time")
    low, high = limit.estimate.interval(0.997)
    assert low < 2e-12 < high
    assert limit.channel == "effective"
    assert _row(outcome, "diffusion_coefficient_short_time").channel == "bulk"
    assert {"mitra1993", "tanner1978"} <= set(outcome.citations)
    stated = _row(_run(sweeps, FitOptions(model="barriers")))
    assert stated.estimate.value == pytest.approx(limit.estimate.value)
    assert stated.channel == "effective"


def test_the_gradients_calibration_is_one_error_for_all() -> None:
    sweeps = [(_sweep(2e-12, 0.1, 1), 300.0), (_sweep(5e-12, 0.1, 2), 330.0)]
    plain = [row.estimate for row in _run(sweeps).rows]
    error = parse_quantity("5 %", "fraction")
    rows = [row.estimate for row in _run(sweeps, fields=NmrMeasurement(gradient_uncertainty=error)).rows]
    for with_it, without in zip(rows, plain, strict=True):
        assert with_it.spread == pytest.approx(np.hypot(without.spread, 0.1), rel=1e-6)  # D goes with 1/g²
    assert correlation(rows[0], rows[1]) > 0.9
    assert correlation(plain[0], plain[1]) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("sample", "channel"),
    [(Sample("s", carrier="Li+", morphology="glass"), "bulk"),
     (Sample("s", carrier="Li+", morphology="polycrystalline"), ""),
     (Sample("s", carrier="Li+"), ""),
     (replace(SAMPLE, extra={"grain_size": exact(50e-9, named_dimension("length"))}), "effective"),
     (replace(SAMPLE, extra={"grain_size": exact(400e-9, named_dimension("length"))}), "")],
)  # fmt: skip
def test_the_channel_follows_the_diffusion_length(sample: Sample, channel: str) -> None:
    outcome = _run([(_sweep(2e-12), 300.0)], sample=sample)  # √(DΔ) is 0.45 µm
    assert _row(outcome).channel == channel
    assert any("channel" in text for text in outcome.warnings) == (channel == "")


def test_other_nuclei_change_d() -> None:
    lithium = _row(_run([(_sweep(2e-12), 300.0)])).estimate.value
    sodium = _row(_run([(_sweep(2e-12), 300.0)], sample=replace(SAMPLE, carrier="Na+"))).estimate.value
    assert sodium / lithium == pytest.approx((16.547 / 11.262) ** 2, rel=1e-3)


def test_delays_may_stand_in_the_study() -> None:
    full = _sweep(2e-12)
    bare = Sweep({GRADIENT: full.columns[GRADIENT], INTENSITY: full.columns[INTENSITY]})
    item = Item("a", bare, None, "s/a", NmrMeasurement())
    with pytest.raises(InputError, match="'gradient_pulse'"):
        fit_one(item, SAMPLE, FitOptions())
    times = {"gradient_pulse": "2 ms", "diffusion_time": "100 ms"}
    fields = NmrMeasurement.model_validate(times)
    assert _row(_run([(bare, 300.0)], fields=fields)).estimate.value == pytest.approx(
        _row(_run([(full, 300.0)])).estimate.value
    )


def test_without_carrier_or_nucleus_it_asks() -> None:
    with pytest.raises(InputError, match="which nucleus"):
        fit_one(Item("a", _sweep(2e-12), None, "s/a", NmrMeasurement()), Sample("s"), FitOptions())


def test_no_usable_decay() -> None:
    series = Series(SAMPLE, "s/e", labels=["a"], temperatures=[None], pieces=[Failure("a", "empty")])
    with pytest.raises(AnalysisError, match="empty"):
        decays_of_study(series, FitOptions())


def test_every_row_is_announced() -> None:
    announced = TECHNIQUE.analyses[0].outputs
    for model in ("one", "two", "three", "gamma", "log-normal", "powder", "powder of layers"):
        for row in _run([(_sweep(2e-12, slow=0.3), 300.0)], FitOptions.model_validate({"model": model})).rows:
            name = "fraction_*" if row.quantity.startswith("fraction_") else row.quantity
            assert name in announced


@pytest.mark.parametrize(
    "wrong", [{"shape": "round"}, {"shape": 0.1}, {"shape": "trapezoid"}, {"ramp_time": "1 ms"},
              {"nucleus": "8Li"}, {"gradient_uncertainty": "2 T/m"}, {"delay": "1 s"}]
)  # fmt: skip
def test_wrong_fields_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValidationError, InputError)):
        NmrMeasurement.model_validate(wrong)


def test_figures_and_tables_show_what_was_tested() -> None:
    outcome = _run([(_sweep(8e-12, delay, k, slow=0.4), 300.0) for k, delay in enumerate((0.03, 0.1))])
    assert {figure.name for figure in outcome.figures} == {
        "attenuation",
        "apparent_coefficient",
        "distribution",
    }
    apparent = next(table for table in outcome.tables if table.name == "apparent_coefficients")
    assert len(apparent.rows) == 6  # two Δ, each whole, weak and strong
    assert outcome.arrays["0.csv + 1.csv/model"].shape == (24,)


def test_the_window_of_a_bruker_spectrum_may_stand_in_the_study(shared_data: Path) -> None:
    """Another code has D = 1.62(7)e-10 m²/s over 7.7 to 8.6 ppm with the shape factor 0.9 (its README)."""
    path = shared_data / "diffusion" / "pfg_nmr_bruker_xste" / "pdata" / "1" / "2rr"
    sweep = integrated(path).sweeps[0]
    fields = NmrMeasurement.model_validate({"window_ppm": [7.7, 8.6], "shape": 0.9})
    record = fit_one(Item("2rr", sweep, None, "s/2rr", fields, path), Sample("protein"), FitOptions())
    assert "integrated from 7.7 to 8.6 ppm" in record.notes
    series = Series(Sample("protein"), "s/e", labels=["2rr"], temperatures=[None], pieces=[record],
                    item_sources=["s/2rr"], fields=[fields])  # fmt: skip
    found = _row(decays_of_study(series, FitOptions(model="one"))).estimate
    assert found.value == pytest.approx(1.62e-10, abs=0.01e-10)
    assert found.standard_uncertainty == pytest.approx(0.07e-10, abs=0.02e-10)


def test_a_window_needs_a_bruker_file_and_an_order() -> None:
    fields = NmrMeasurement.model_validate({"window_ppm": [7.7, 8.6]})
    for path in (None, Path("decay.csv")):
        with pytest.raises(InputError, match="window_ppm is for Bruker spectra"):
            fit_one(Item("a", _sweep(2e-12), None, "s/a", fields, path), SAMPLE, FitOptions())
    with pytest.raises((ValidationError, InputError), match="from the lower to the higher shift"):
        NmrMeasurement.model_validate({"window_ppm": [8.6, 7.7]})


def test_a_stated_offset_is_no_second_coefficient() -> None:
    plain = _sweep(2e-12)
    lifted = Sweep(dict(plain.columns) | {INTENSITY: plain.columns[INTENSITY] + 3.0})
    told = _run([(lifted, 300.0)])
    assert any("constant offset" in text for text in told.warnings)
    stated = _row(_run([(lifted, 300.0)], FitOptions(baseline=True))).estimate
    low, high = stated.interval(0.997)
    assert low < 2e-12 < high
