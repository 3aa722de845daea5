"""`tracer.image_fit` from the pieces of a study, on a synthetic polycrystal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import exact, measured
from ionscape.core.measurement import GRAIN_LABELS, Sweep
from ionscape.core.outcome import Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.core.sample import Sample
from ionscape.testing.image_cases import PIXEL, Case, case
from ionscape.tracer.image_fit_analysis import images_of_study
from ionscape.tracer.image_fit_options import ImageFitOptions
from ionscape.tracer.measurement_fields import TracerMeasurement

KELVIN = dimension_of("K")
SAMPLE = Sample("llto", extra={"grain_boundary_thickness": measured(0.5e-9, 0.0, dimension_of("m"))})


def study(truth: Case, *, storage_at: str = "22 degC", with_image: bool = True) -> Series:
    """Both images as counts, the later one first, and the map of grains (labels from 1)."""
    exchange = f"{truth.stages[1][0].duration} s"
    first = TracerMeasurement.model_validate({"exchange_time": exchange, "pixel": "2 um"})
    stored = f"{truth.stages[1][1].duration} s at {storage_at}"
    later = TracerMeasurement.model_validate({"exchange_time": exchange, "pixel": "2 um", "storage": stored})
    grains = first.model_copy()
    rng = np.random.default_rng(1)
    sweeps = []
    for fraction in truth.fractions[::-1]:
        total = rng.poisson(600, fraction.shape)
        six = rng.binomial(total, fraction)
        sweeps.append(Sweep({"counts_6Li": six.astype(float), "counts_7Li": (total - six).astype(float)},
                            spacing_metre=(PIXEL, PIXEL)))  # fmt: skip
    sweeps.append(Sweep({GRAIN_LABELS: (truth.labels + 1).astype(np.float64)}))
    fields: list[Any] = [later, first, grains]
    labels = ["stored", "exchanged", "grains"]
    if not with_image:
        sweeps, fields, labels = sweeps[2:], fields[2:], labels[2:]
    n = len(sweeps)
    return Series(SAMPLE, "study/whole", labels=labels, temperatures=[exact(295.15, KELVIN)] * n,
                  item_sources=labels, pieces=sweeps, fields=fields)  # fmt: skip


def test_two_images_and_a_map_give_rows_figures_and_arrays() -> None:
    truth = case()
    outcome = images_of_study(study(truth), ImageFitOptions(far_edge="closed"))
    rows = {row.quantity: row for row in outcome.rows}
    for name, value in (("diffusion_coefficient", truth.bulk), ("boundary_permeability", truth.permeability),
                        ("diffusion_coefficient_effective", truth.effective),
                        ("boundary_diffusion_coefficient", 0.5e-9 * truth.permeability)):  # fmt: skip
        low, high = rows[name].estimate.interval(0.997)
        assert low < value < high
    assert (rows["diffusion_coefficient"].kind, rows["diffusion_coefficient"].channel) == ("D*", "bulk")
    assert rows["diffusion_coefficient_effective"].channel == "effective"
    assert [f.name for f in outcome.figures] == ["maps_1", "maps_2", "profile"]
    assert len(outcome.figures[0].plot["data"]) == 3
    assert "median" in rows["boundary_permeability"].estimate.note
    assert np.shape(outcome.figures[0].plot["data"][0]["z"]) == truth.labels.shape[::-1]  # source at the left
    assert outcome.arrays["image_2/model"].shape == truth.labels.shape


def test_a_stated_bulk_coefficient_stays_what_it_was() -> None:
    truth = case()
    series = study(truth)
    known = measured(truth.bulk, 0.03 * truth.bulk, dimension_of("m^2/s"), source="NMR")
    given = Series(**{**vars(series), "inputs": {"bulk_diffusion": [Row("diffusion_coefficient", known)]}})
    outcome = images_of_study(given, ImageFitOptions(far_edge="closed"))
    rows = {row.quantity: row.estimate for row in outcome.rows}
    assert "NMR" in rows["diffusion_coefficient"].weights
    assert "NMR" in rows["boundary_permeability"].weights


def test_what_lies_beyond_the_far_edge_is_told_with_its_length() -> None:
    outcome = images_of_study(study(case()), ImageFitOptions(permeability="one"))
    told = next(text for text in outcome.warnings if "far edge" in text)
    length = case().labels.shape[0] * PIXEL * 1e3
    assert f"another {10 * length:.2g} mm (ten times the image, as no sample_length" in told


def test_a_map_of_another_size_names_both() -> None:
    series = study(case())
    small = Sweep({GRAIN_LABELS: series.pieces[2].columns[GRAIN_LABELS][::2]})
    given = Series(**{**vars(series), "pieces": [*series.pieces[:2], small]})
    with pytest.raises(InputError, match=r"exchanged has .* pixels, the map of grains .* \(grains\)"):
        images_of_study(given, ImageFitOptions())


def test_storage_at_another_temperature_needs_energies() -> None:
    with pytest.raises(InputError, match="activation_energy_bulk"):
        images_of_study(study(case(), storage_at="60 degC"), ImageFitOptions())


def test_a_map_alone_is_no_image() -> None:
    with pytest.raises(AnalysisError, match="no isotope image"):
        images_of_study(study(case(), with_image=False), ImageFitOptions())
