"""What a study may say of a simulation, and what it is told where it says it wrong."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from ionscape.replacement.simulate_options import SimulateOptions
from ionscape.study.cache import plain

STAGE = "Rb+ 243 ± 2 nA/cm^2 for 24 h at 70 degC"


def options(**more: Any) -> SimulateOptions:
    return SimulateOptions.model_validate({"programme": STAGE} | more)


def test_programme_ions_and_mixing_times_are_read() -> None:
    found = options(
        programme=[STAGE, "rest for 7 d at 22 degC", "Cs+ 5 V for 1 h at 70 degC"],
        ions={"Rb+": "1.94e-4 ± 0.1e-4", "Cs+": {"ratio": 4.5e-5, "activation_energy": "0.9 eV"}},
        intermixing_time=["never", "10 d", "at once"],
    )
    assert [stage.control for stage in found.programme] == ["current", "rest", "voltage"]
    ratio = found.ions["Rb+"].ratio
    assert ratio is not None
    assert (ratio.value, ratio.uncertainty) == pytest.approx((1.94e-4, 1e-5))
    assert found.ions["Cs+"].activation_energy is not None
    assert [time.seconds for time in found.intermixing_time] == [math.inf, 864000.0, 0.0]


def test_a_sum_of_gaussians_is_read() -> None:
    found = options(distribution=[{"share": "70 %", "mean": "0 meV", "fwhm": "200 meV"},
                                  {"share": "30 %", "mean": "-100 meV", "fwhm": "150 meV"}])  # fmt: skip
    assert isinstance(found.distribution, tuple)
    assert found.distribution[1].mean.value == pytest.approx(-0.1 * 1.602176634e-19)


def test_every_option_has_a_plain_form_for_the_key_of_the_cache() -> None:
    """Different options, different keys; and what was read is accepted again."""
    first = options(ions={"Rb+": 2e-4}, counting={"native": 1e4, "resolution": "0 nm"})
    second = options(ions={"Rb+": 3e-4}, counting={"native": 1e4, "resolution": "0 nm"})
    forms = [{key: plain(getattr(o, key)) for key in SimulateOptions.model_fields} for o in (first, second)]
    assert forms[0] != forms[1]
    assert SimulateOptions.model_validate(dict(first)) == first


@pytest.mark.parametrize(("fields", "said"), [
    ({"programme": "Rb+ for 24 h at 70 degC"}, "expected"),
    ({"programme": "blocking 5 V for 1 h at 70 degC"}, "name the ion that enters"),
    ({"programme": {"ion": "Rb+", "current_file": "log.csv"}}, "belongs to a measurement"),
    ({"intermixing_time": "soon"}, "'never', 'at once' or a time"),
    ({"intermixing_time": ["never", "never"]}, "must differ"),
    ({"ions": {"Rb": 1e-4}}, "did you mean 'Rb"),
    ({"ions": {"Rb+": 0}}, "larger than zero"),
    ({"ions": {"Rb+": {"width": "200 meV"}}}, "unknown key 'width'"),
    ({"ions": [1e-4]}, "expected ions and their ratios"),
    ({"distribution": "gauss"}, "expected gaussian"),
    ({"distribution": [{"share": 1, "mean": "0 meV", "fwhm": "200 meV"}]}, "at least two"),
    ({"distribution": [{"share": 1}, {"share": 1}]}, "share: 70 %"),
    ({"lower_share": 0.7}, "exponential tails"),
    ({"counting": {"nativ": 3}}, "unknown key 'nativ'"),
    ({"counting": {"native": 0}}, "larger than zero"),
    ({"counting": 3}, "native: 15000"),
    ({"save_at": "0 s"}, "save_at"),
    ({"cells": 20}, "100"),
    ({"native_ion": "Lithium"}, "expected an ion"),
])  # fmt: skip
def test_what_is_wrong_is_said(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        options(**fields)
