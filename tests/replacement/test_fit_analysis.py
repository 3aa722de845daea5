"""One profile of a study as the fit takes it: what is refused, and with which words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import exact
from ionscape.core.measurement import Sweep
from ionscape.core.outcome import Failure
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Item, Series
from ionscape.core.sample import Sample
from ionscape.replacement.fit_analysis import measured_one, replacements_of_study
from ionscape.replacement.fit_options import FitOptions
from ionscape.replacement.measurement_fields import ReplacementMeasurement

K = dimension_of("K")
GLASS = Sample("glass", carrier="Li+", carrier_charge=1, morphology="glass",
               carrier_density=exact(1.41e28, dimension_of("m^-3")))  # fmt: skip
FIELDS = {"ion": "K+", "current_density": "222 ± 2 nA/cm^2", "duration": "24 h", "depth_resolution": "1 nm"}


def _item(fields: dict[str, str] | None = None, **columns: np.ndarray) -> Item:
    depth = np.linspace(0.5e-9, 199.5e-9, 200)
    native = 0.15 + 0.85 / (1 + np.exp(-(depth - 97e-9) / 6e-9))
    rng = np.random.default_rng(7)
    found = columns or {
        "position_metre": depth, "counts_7Li": rng.poisson(15000 * native).astype(float),
        "counts_39K": rng.poisson(19000 * (1 - native)).astype(float),
    }  # fmt: skip
    content = FIELDS if fields is None else fields
    return Item("k.csv", Sweep(found), exact(343.15, K), "test/k.csv",
                ReplacementMeasurement.model_validate(content))  # fmt: skip


def test_a_profile_is_normalised() -> None:
    found = measured_one(_item(), GLASS, FitOptions())
    assert (found.native_ion, found.foreign_ion) == ("Li+", "K+")
    assert found.native[-20:].mean() == pytest.approx(1.0, abs=0.01)
    assert found.native[30:60].mean() == pytest.approx(0.15, abs=0.01)


def test_only_the_wanted_depths_are_kept() -> None:
    options = FitOptions.model_validate({"depth_range": "5 nm to 150 nm"})
    found, whole = measured_one(_item(), GLASS, options), measured_one(_item(), GLASS, FitOptions())
    assert (found.depth.min(), found.depth.max()) == (pytest.approx(5.5e-9), pytest.approx(149.5e-9))
    kept = (whole.depth >= 5e-9) & (whole.depth <= 150e-9)
    assert np.array_equal(found.native, whole.native[kept])
    assert found.foreign is not None
    assert found.foreign.size == found.native.size
    with pytest.raises(InputError, match="depth_range leaves 0 of 200"):
        measured_one(_item(), GLASS, FitOptions.model_validate({"depth_range": "300 nm to 400 nm"}))


def test_what_was_done_must_be_said() -> None:
    with pytest.raises(InputError, match="what was done to the sample"):
        measured_one(replace(_item(), fields=None), GLASS, FitOptions())


def test_a_voltage_alone_is_not_enough() -> None:
    fields = {"ion": "K+", "voltage": "5 V", "duration": "24 h"}
    with pytest.raises(InputError, match="needs the current"):
        measured_one(_item(fields), GLASS, FitOptions())


def test_the_carrier_is_the_native_ion() -> None:
    sodium = replace(GLASS, carrier="Na+")
    with pytest.raises(InputError, match=r"of Li\+, but carrier .* Na\+"):
        measured_one(_item({**FIELDS, "native": "Li+"}), sodium, FitOptions())


def test_a_missing_column_is_named() -> None:
    depth = np.linspace(0.5e-9, 199.5e-9, 200)
    with pytest.raises(InputError, match=r"Li"):
        measured_one(_item(None, position_metre=depth, counts_39K=np.ones(200)), GLASS, FitOptions())


def test_without_carriers_there_is_no_fit() -> None:
    piece = measured_one(_item(), GLASS, FitOptions())
    bare = Sample("glass", carrier="Li+", carrier_charge=1)
    with pytest.raises(InputError, match="carrier_density"):
        replacements_of_study(Series(bare, "s/fit", labels=("k.csv",), pieces=(piece,)), FitOptions())


def test_without_a_usable_profile_the_first_reason_is_told() -> None:
    series = Series(GLASS, "s/fit", labels=("k.csv",), pieces=(Failure("k.csv", "no counts"),))
    with pytest.raises(AnalysisError, match="no profile could be used: no counts"):
        replacements_of_study(series, FitOptions())


def test_ions_of_another_charge_are_refused() -> None:
    """The fit's equations leave out the ratio of the charges, which changes the plateau by half of itself."""
    depth = np.linspace(0.5e-9, 199.5e-9, 200)
    native = 0.15 + 0.85 / (1 + np.exp(-(depth - 97e-9) / 6e-9))
    item = _item({**FIELDS, "ion": "Ca2+"}, position_metre=depth, counts_7Li=np.round(15000 * native),
                 counts_40Ca=np.round(19000 * (1 - native)))  # fmt: skip
    with pytest.raises(InputError, match=r"ions of one charge, Ca2\+ and Li\+ have two"):
        measured_one(item, GLASS, FitOptions())
