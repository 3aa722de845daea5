"""Counts of a depth profile to fractions of the bulk: truth put in, and what cannot be said refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy.special import erfc

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, measured
from ionscape.core.measurement import COUNTS, POSITION, SPUTTER_TIME, Sweep
from ionscape.core.quantity import named_dimension
from ionscape.core.sample import Sample
from ionscape.core.serial import from_bytes, to_bytes
from ionscape.replacement.measured_profile import MeasuredProfile, measured_profile
from ionscape.replacement.measurement_fields import ReplacementMeasurement

FloatArray = NDArray[np.float64]
KELVIN = measured(343.15, 0.5, named_dimension("temperature"), source="thermometer")
DEPTH: FloatArray = np.linspace(0.25e-9, 199.75e-9, 400)
PLATEAU, BULK, RATIO = 0.03, 1500.0, 0.9
TRUTH: FloatArray = 1 - (1 - PLATEAU) * erfc((DEPTH - 100e-9) / (math.sqrt(2) * 1.5e-9)) / 2


def _fields(**stated: Any) -> ReplacementMeasurement:
    common: dict[str, Any] = {"ion": "Cs+", "duration": "24 h", "current_density": "254 ± 3 nA/cm^2"}
    return ReplacementMeasurement.model_validate(common | stated)


def _sweep(seed: int, *, bulk: float = BULK, background: float = 0.0, course: FloatArray | float = 1.0,
           truth: FloatArray = TRUTH, more: dict[str, FloatArray] | None = None) -> Sweep:  # fmt: skip
    rng = np.random.default_rng(seed)
    columns = {
        POSITION: DEPTH,
        COUNTS + "7Li": rng.poisson(bulk * truth * course + background).astype(float),
        COUNTS + "133Cs": rng.poisson(RATIO * bulk * (1 - truth) * course).astype(float),
    }
    return Sweep(columns | (more or {}))


def _measured(
    sweep: Sweep, fields: ReplacementMeasurement | None = None, kelvin: Estimate | None = KELVIN
) -> MeasuredProfile:
    return measured_profile(sweep, fields or _fields(), label="cs.csv", source="study/fit/cs.csv",
                            native_ion="Li+", temperature=kelvin)  # fmt: skip


def test_fractions_of_the_truth_come_back() -> None:
    found = _measured(_sweep(1))
    pulls = (found.native - TRUTH) / found.native_sd
    assert abs(float(pulls.mean())) < 0.15
    assert float(pulls.std()) == pytest.approx(1.0, abs=0.1)
    assert found.foreign is not None
    assert found.foreign_sd is not None
    replaced = DEPTH < 90e-9
    assert float(found.foreign[replaced].mean()) == pytest.approx(1 - PLATEAU, rel=0.01)
    assert math.isinf(found.foreign_scale_sd)
    assert from_bytes(to_bytes(found)).native_ion == "Li+"


def test_a_plateau_of_few_counts_is_not_weighted_down() -> None:
    """Variances from single counts would put its weighted mean a whole count too low: 2.2 % of 45."""
    plateau = DEPTH < 90e-9
    means, spreads = [], []
    for seed in range(150):
        found = _measured(_sweep(seed))
        weight = 1 / found.native_sd[plateau] ** 2
        means.append(float(np.sum(weight * found.native[plateau]) / weight.sum()))
        spreads.append(1 / math.sqrt(float(weight.sum())))
    bias = (np.mean(means) - PLATEAU) / np.mean(spreads)
    assert abs(bias) < 0.25  # with variances from single counts: -2
    assert np.std(means) == pytest.approx(np.mean(spreads), rel=0.15)


def test_the_bulk_level_covers() -> None:
    inside68 = inside95 = 0
    replicates = 300
    for seed in range(replicates):
        found = _measured(_sweep(1000 + seed))
        level = found.counts["7Li"][-1] / found.native[-1]
        error = abs(level / BULK - 1) / found.native_scale_sd
        inside68 += error < 1
        inside95 += error < 1.96
    assert inside68 / replicates == pytest.approx(0.683, abs=0.07)
    assert inside95 / replicates == pytest.approx(0.95, abs=0.035)


def test_a_drifting_primary_current_is_divided_out_by_the_matrix() -> None:
    course: FloatArray = 1 - 0.12 * (DEPTH / DEPTH[-1]) ** 2
    matrix = np.random.default_rng(5).poisson(4000 * course).astype(float)
    sweep = _sweep(2, bulk=15000.0, course=course, more={COUNTS + "11B": matrix})
    found = _measured(sweep, _fields(matrix="11B"))
    pulls = (found.native - TRUTH) / found.native_sd
    assert float(pulls.std()) == pytest.approx(1.0, abs=0.15)
    assert abs(float(np.mean(found.native[DEPTH > 150e-9])) - 1) < 3 * found.native_scale_sd
    assert any("smooth course of 11B" in text for text in found.findings)
    undivided = _measured(sweep, _fields(bulk_window="110 nm to 150 nm"))
    assert any("drifts by" in warning for warning in undivided.warnings)
    assert undivided.native_scale_sd > 0.01


def test_a_matrix_that_jumps_is_divided_point_by_point() -> None:
    rng = np.random.default_rng(6)
    course = np.exp(0.05 * rng.standard_normal(DEPTH.size))
    sweep = _sweep(3, course=course, more={COUNTS + "11B": rng.poisson(40000 * course).astype(float)})
    found = _measured(sweep, _fields(matrix="11B"))
    assert any("point by point" in text for text in found.findings)
    assert float(((found.native - TRUTH) / found.native_sd).std()) == pytest.approx(1.0, abs=0.12)


def test_scatter_beyond_counting_widens_all_errors() -> None:
    rng = np.random.default_rng(7)
    sweep = _sweep(3, bulk=15000, course=np.exp(0.03 * rng.standard_normal(DEPTH.size)))
    found = _measured(sweep)
    assert any("times as much as counting does" in warning for warning in found.warnings)
    bulk = DEPTH > 150e-9
    assert float(np.std(found.native[bulk]) / np.mean(found.native_sd[bulk])) == pytest.approx(1.0, abs=0.15)


def test_an_uncertain_background_is_one_shared_cause() -> None:
    sweep = _sweep(4, background=30.0)
    found = _measured(sweep, _fields(background={"7Li": "30 ± 2"}))
    shifted = _measured(sweep, _fields(background={"7Li": "32"}))
    change = found.systematic["background 7Li"]
    np.testing.assert_allclose(shifted.native - found.native, change, rtol=0.02, atol=2e-5)
    assert float(found.native[DEPTH < 90e-9].mean()) == pytest.approx(PLATEAU, abs=0.002)


def test_isotopes_of_the_native_ion_are_summed() -> None:
    rng = np.random.default_rng(8)
    light = rng.poisson(0.08 * BULK * TRUTH).astype(float)
    found = _measured(_sweep(5, more={COUNTS + "6Li": light}))
    assert set(found.counts) == {"6Li", "7Li", "133Cs"}
    assert float(((found.native - TRUTH) / found.native_sd).std()) == pytest.approx(1.0, abs=0.1)


def test_columns_that_the_names_do_not_tell() -> None:
    sweep = _sweep(6)
    renamed = {name.replace("7Li", "Li2").replace("133Cs", "Cs2"): v for name, v in sweep.columns.items()}
    with pytest.raises(InputError, match=r"no column of Li\+, the native ion: the file has Li2, Cs2"):
        _measured(Sweep(renamed))
    found = _measured(Sweep(renamed), _fields(ion_columns={"Li+": "Li2", "Cs+": "Cs2"}))
    np.testing.assert_array_equal(found.native, _measured(sweep).native)
    both = Sweep({**sweep.columns, COUNTS + "Li": sweep.columns[COUNTS + "7Li"]})
    with pytest.raises(InputError, match="twice"):
        _measured(both)


def test_depth_from_the_crater_ends_with_the_last_cycle() -> None:
    columns = dict(_sweep(7).columns)
    del columns[POSITION]
    columns[SPUTTER_TIME] = np.linspace(1.0, 799.0, 400)
    found = _measured(Sweep(columns), _fields(crater_depth="200 ± 4 nm"))
    np.testing.assert_allclose(found.depth, DEPTH, rtol=1e-12)
    assert found.depth_scale_sd == pytest.approx(0.02)
    with pytest.raises(InputError, match=r"'sputter_rate' .* or 'crater_depth'"):
        _measured(Sweep(columns))


def test_profiles_of_one_sputter_rate_share_its_error() -> None:
    columns = dict(_sweep(7).columns)
    del columns[POSITION]
    columns[SPUTTER_TIME] = np.linspace(1.0, 799.0, 400)
    fields = _fields(sputter_rate="0.25 ± 0.01 nm/s", current_uncertainty="2 %",
                     current_density="254 nA/cm^2")  # fmt: skip
    one, other = (
        measured_profile(Sweep(columns), fields, label=label, source=f"study/fit/{label}", native_ion="Li+",
                         temperature=KELVIN)
        for label in ("a.csv", "b.csv")
    )  # fmt: skip
    assert one.depth_scale_source == other.depth_scale_source
    assert one.charge_scale_source == other.charge_scale_source
    assert one.charge_scale_sd == pytest.approx(0.02)
    own = _measured(_sweep(7))
    assert own.charge_scale_source.startswith("study/fit/cs.csv")
    assert own.charge_scale_sd == pytest.approx(3 / 254)


def test_no_flat_part_is_refused_unless_the_level_is_stated() -> None:
    slope = np.clip(DEPTH / 250e-9, 0.02, 1)
    with pytest.raises(InputError, match="no flat deep part"):
        _measured(_sweep(8, bulk=15000, truth=slope))
    found = _measured(_sweep(8, bulk=15000, truth=slope), _fields(bulk_level="15000 ± 150"))
    assert found.native_scale_sd == pytest.approx(0.01)
    assert float(((found.native - slope) / found.native_sd).std()) == pytest.approx(1.0, abs=0.1)


def test_a_window_outside_the_profile_is_refused() -> None:
    with pytest.raises(InputError, match="0 points lie in 300 to 400 nm"):
        _measured(_sweep(9), _fields(bulk_window="300 nm to 400 nm"))
    with pytest.raises(InputError, match="no bulk level"):
        _measured(_sweep(9), _fields(bulk_window="80 nm to 120 nm"))


def test_a_stated_sensitivity_fixes_the_foreign_scale() -> None:
    found = _measured(_sweep(10), _fields(sensitivity="0.90 ± 0.045"))
    assert found.foreign is not None
    assert found.foreign_scale_sd == pytest.approx(0.05, rel=0.01)
    assert float(found.foreign[DEPTH < 90e-9].mean()) == pytest.approx(0.97, rel=0.01)


def test_skipped_depths_and_missing_foreign_counts() -> None:
    sweep = _sweep(11)
    columns = {name: v for name, v in sweep.columns.items() if "Cs" not in name}
    found = _measured(Sweep(columns), _fields(skip_depth="5 nm"))
    assert found.depth[0] >= 5e-9
    assert found.foreign is None
    assert any("no counts of Cs+" in warning for warning in found.warnings)


def test_time_of_flight_losses_are_corrected() -> None:
    rng = np.random.default_rng(12)
    pulses, expected = 20000, 9000.0 * TRUTH
    counts = rng.binomial(pulses, -np.expm1(-expected / pulses)).astype(float)
    columns = {**_sweep(12).columns, COUNTS + "7Li": counts}
    found = _measured(Sweep(columns), _fields(pulses=pulses))
    assert float(((found.native - TRUTH) / found.native_sd).std()) == pytest.approx(1.0, abs=0.1)
    assert float(found.native[DEPTH < 90e-9].mean()) == pytest.approx(PLATEAU, abs=0.0012)
    raw = _measured(Sweep(columns))
    assert float(raw.native[DEPTH < 90e-9].mean()) > 1.15 * PLATEAU


def test_numbers_that_are_no_counts_take_their_noise_from_the_bulk() -> None:
    columns = dict(_sweep(13).columns)
    columns[COUNTS + "7Li"] = columns[COUNTS + "7Li"] / 7.3  # a rate
    found = _measured(Sweep(columns))
    assert any("no whole numbers" in warning for warning in found.warnings)
    pulls = (found.native - TRUTH) / found.native_sd
    assert float(pulls[DEPTH > 120e-9].std()) == pytest.approx(1, abs=0.15)


def test_fractions_with_and_without_uncertainty() -> None:
    rng = np.random.default_rng(14)
    noisy = TRUTH + 0.01 * rng.standard_normal(TRUTH.size)
    columns: dict[str, FloatArray] = {POSITION: DEPTH, "fraction_Li": noisy}
    stated = _measured(Sweep({**columns, "fraction_uncertainty_Li": np.full(TRUTH.size, 0.01)}))
    assert float(stated.native_sd.mean()) == pytest.approx(0.01, rel=0.01)
    found = _measured(Sweep(columns))
    assert float(found.native_sd[0]) == pytest.approx(0.01, rel=0.15)
    assert any("state no uncertainty" in warning for warning in found.warnings)
    with pytest.raises(InputError, match="for percent"):
        _measured(Sweep({**columns, "fraction_Li": 100 * noisy}))


def test_temperature_and_ions_must_be_known() -> None:
    with pytest.raises(InputError, match="at which temperature"):
        _measured(_sweep(15), kelvin=None)
    fields = ReplacementMeasurement.model_validate({"programme": "Cs+ 254 nA/cm^2 for 24 h at 80 ± 2 degC"})
    found = _measured(_sweep(15), fields)
    assert found.temperature.value == pytest.approx(353.15)
    assert found.temperature.standard_uncertainty == pytest.approx(2.0)
    with pytest.raises(InputError, match="which ion was there before"):
        measured_profile(_sweep(15), _fields(), label="", source="s", native_ion="", temperature=KELVIN)
    with pytest.raises(InputError, match="both Cs\\+"):
        measured_profile(_sweep(15), _fields(), label="", source="s", native_ion="Cs+", temperature=KELVIN)
    with pytest.raises(InputError, match="opposite signs"):
        measured_profile(_sweep(15), _fields(), label="", source="s", native_ion="F-", temperature=KELVIN)


def test_a_charge_beyond_the_sample_is_questioned() -> None:
    sample = Sample("film", carrier="Li+", carrier_charge=1,
                    thickness=measured(50e-9, 0.0, named_dimension("length")),
                    carrier_density=measured(1.41e28, 0.0, named_dimension("number density")))  # fmt: skip
    with pytest.raises(InputError, match=r"all Li\+ down to 0.0971 um, more than the sample is thick"):
        measured_profile(_sweep(16), _fields(), label="x", source="s/x", native_ion="Li+", temperature=KELVIN,
                         sample=sample)  # fmt: skip


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"ion": "Cs+"}, "say what was done"),
        ({"ion": "Cs+", "duration": "24 h"}, "needs one of"),
        ({"programme": "rest 1 d at 22 degC"}, "no ion enters"),
        ({"programme": "Cs+ 5 V for 1 h", "voltage": "5 V"}, "either 'programme' or 'voltage'"),
        ({"ion": "Li+", "native": "Li+", "duration": "1 h", "voltage": "5 V"}, "to the technique tracer"),
        ({"ion": "Cs+", "duration": "24 h", "current_density": "254 A/cm^2"}, "did you mean nA/cm\\^2"),
        ({"ion": "Cs+", "duration": "24 h", "voltage": "5 V", "dead_time": "20 ns"}, "needs dwell_time"),
        ({"ion": "Cs+", "duration": "24 h", "voltage": "5 V", "sputter_rate": "0.3 nm"}, "sputter rate"),
        ({"ion": "Cs+", "duration": "24 h", "voltage": "5 V", "crater_depth": "200 mm"}, "no depth profile"),
        ({"ion": "Cs+", "duration": "24 h", "voltage": "5 V", "depth_resolution": "2 mm"}, "0 and 1 um"),
        ({"ion": "Cs+", "duration": "24 h", "voltage": "5 V", "bulk_window": "150 nm"}, "two depths"),
        ({"ion": "Cs+", "duration": "24 h", "voltage": "5 V", "crater_depth": "200 nm",
          "sputter_rate": "1 nm/s"}, "give one of"),
        ({"ion": "Cs+", "duration": "24 h", "voltage": "5 V", "current_uncertainty": "60 %"}, "at most 50 %"),
    ],
)  # fmt: skip
def test_fields_that_cannot_be(stated: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ReplacementMeasurement.model_validate(stated)


def test_every_field_is_described() -> None:
    assert all(field.description for field in ReplacementMeasurement.model_fields.values())
