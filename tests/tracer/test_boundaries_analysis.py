"""The analysis as a study runs it, on a chain of lamellae with a known permeability."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from ionscape.core.errors import InputError
from ionscape.core.estimate import measured
from ionscape.core.measurement import Sweep
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.core.sample import Sample
from ionscape.core.serial import to_bytes
from ionscape.tracer.boundaries_analysis import boundaries_of_study
from ionscape.tracer.boundaries_options import BoundariesOptions
from ionscape.tracer.measurement_fields import TracerMeasurement

PIXEL, BULK, PERMEABILITY = 0.977e-6, 2.6e-12, 1.5e-8
KELVIN = dimension_of("K")


def lamellae() -> tuple[Sweep, np.ndarray]:
    y, _ = np.mgrid[:150, :60] * PIXEL
    labels = np.floor(y / 16e-6).astype(int)
    f = 0.2 + 110.0 * y + 110.0 * BULK / PERMEABILITY * labels
    light = np.random.default_rng(0).binomial(20000, f).astype(float)
    return Sweep({"counts_6Li": light, "counts_7Li": 20000 - light}), labels


def study(sweeps: list[Sweep], options: dict[str, Any] | None = None, bulk: float | None = 295.0) -> Outcome:
    fields = TracerMeasurement.model_validate({"exchange_time": "59 h", "pixel": "0.977 um"})
    t = measured(295.0, 0.5, KELVIN, source="t")
    d = measured(BULK, 0.1e-12, dimension_of("m^2/s"), source="d")
    rows = (
        () if bulk is None else (Row("diffusion_coefficient", d, measured(bulk, 0.5, KELVIN), kind="D_NMR"),)
    )
    series = Series(
        Sample("llto", extra={"grain_boundary_thickness": measured(5e-10, 0, dimension_of("m"))}),
        "study/edges",
        tuple(f"map{k}.npz" for k in range(len(sweeps))),
        (t,) * len(sweeps),
        tuple(f"source {k}" for k in range(len(sweeps))),
        sweeps,
        {"bulk_diffusion": rows},
        1,
        (fields,) * len(sweeps),
    )
    return boundaries_of_study(series, BoundariesOptions.model_validate(options or {}))


def test_rows_figures_and_tables_of_an_image_alone() -> None:
    image, _ = lamellae()
    found = study([image])
    rows = {row.quantity: row for row in found.rows}
    low, high = rows["boundary_permeability"].estimate.interval(0.95)
    assert low < PERMEABILITY < high
    assert rows["boundary_permeability"].channel == "boundary"
    assert "d" in rows["boundary_permeability"].estimate.weights  # the bulk's error is shared by all
    ratio = (
        rows["boundary_diffusion_coefficient"].estimate.value / rows["boundary_permeability"].estimate.value
    )
    assert ratio == pytest.approx(5e-10)
    assert "D_gb/δ = " in found.findings[0]
    assert "geometric mean (median) over boundaries" in rows["boundary_permeability"].estimate.note
    assert "geometric mean (median)" in found.findings[0]
    assert not any("<" in figure.caption + figure.title for figure in found.figures)
    assert [head for head in found.tables[0].columns if "∂C/∂n" in head] == [
        "∂C/∂n, first grain [1/cm]", "∂C/∂n, second grain [1/cm]", "∂C/∂n, joint [1/cm]"]
    assert any("are not seen" in text for text in found.warnings)
    assert [figure.name for figure in found.figures] == ["map", "distribution", "profile"]
    json.dumps([figure.plot for figure in found.figures], allow_nan=False)
    assert len(found.tables[0].rows) == 8  # the last lamella is too thin
    to_bytes(found)


def test_without_the_bulk_s_coefficient_only_the_ratio_is_reported() -> None:
    image, _ = lamellae()
    found = study([image], bulk=None)
    estimate = found.rows[0].estimate
    assert estimate.status == "undetermined"
    assert "bulk_diffusion" in estimate.note
    assert "P/D_bulk" in found.findings[0]


def test_a_bulk_at_another_temperature_is_not_used() -> None:
    image, _ = lamellae()
    found = study([image], bulk=330.0)
    assert found.rows[0].estimate.status == "undetermined"
    assert any("give it at the image's temperature" in text for text in found.warnings)


def test_a_map_of_grains_is_used_and_must_fit() -> None:
    image, labels = lamellae()
    found = study([image, Sweep({"grain_labels": labels + 1.0})])
    assert "from the map of grains" in found.findings[1]
    small = Sweep({"grain_labels": labels[::2, ::2] + 1.0})
    with pytest.raises(InputError, match="60 x 150 pixels, the map of grains 30 x 75"):
        study([image, small])
    scaled = study([image, small], {"registration": "scale"})
    low, high = scaled.rows[0].estimate.interval(0.95)
    assert low < PERMEABILITY < high


def test_a_second_map_of_grains_is_not_left_out_in_silence() -> None:
    image, labels = lamellae()
    grains = Sweep({"grain_labels": labels + 1.0})
    with pytest.raises(InputError, match=r"more than one map of grains \(map1.npz, map2.npz\)"):
        study([image, grains, grains])
    own = Sweep({**image.columns, "grain_labels": labels + 1.0})
    with pytest.raises(InputError, match="more than one map of grains"):
        study([own, grains])


def test_grain_size_is_the_mean_intercept() -> None:
    image, labels = lamellae()
    found = study([image, Sweep({"grain_labels": labels + 1.0})])
    size = next(row for row in found.rows if row.quantity == "grain_size").estimate
    # half of the test lines run along the lamellae and are never cut
    total = labels[:, 1:].size + labels[1:].size
    assert size.value == pytest.approx(total * PIXEL / (9 * 60), rel=0.02)


def test_maps_without_an_image_are_a_sentence() -> None:
    _, labels = lamellae()
    with pytest.raises(InputError, match="no isotope image"):
        study([Sweep({"grain_labels": labels + 1.0})])
