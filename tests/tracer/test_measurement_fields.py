"""What a study may say about a tracer measurement."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ionscape.tracer.measurement_fields import TracerMeasurement


def test_fields_become_si() -> None:
    fields = TracerMeasurement.model_validate({
        "exchange_time": "59 h", "source_fraction": "95 %", "initial_fraction": 0.0759,
        "sputter_rate": "0.50 ± 0.02 nm/s", "background": {"6Li": "2.5 ± 0.3", "7Li": 1},
        "storage": ["14 d at 22 degC", "1 h from 22 degC to 200 degC"], "matrix": "48Ti",
    })  # fmt: skip
    assert fields.exchange_time is not None
    assert fields.exchange_time.value == pytest.approx(59 * 3600)
    assert fields.sputter_rate is not None
    assert (fields.sputter_rate.value, fields.sputter_rate.uncertainty) == pytest.approx((5e-10, 2e-11))
    assert fields.background["6Li"].uncertainty == pytest.approx(0.3)
    assert fields.background["7Li"].value == 1
    assert [stage.duration for stage in fields.storage] == pytest.approx([14 * 86400, 3600])


def test_odd_temperatures_can_be_confirmed() -> None:
    fields = TracerMeasurement.model_validate(
        {"storage": ["14 d at 22 ± 1 K (sure)", "1 h at 22 degC"], "exchange_temperature": "22 K (sure)"}
    )
    assert [stage.start for stage in fields.storage] == pytest.approx([22.0, 295.15])
    assert fields.storage[0].uncertainty == pytest.approx(1.0)
    assert fields.exchange_temperature is not None
    assert fields.exchange_temperature.value == pytest.approx(22.0)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"exchange_time": "0 h"}, "larger than zero"),
        ({"exchange_time": "59"}, "without a unit"),
        ({"exchange_time": "59 um"}, "expected a time"),
        ({"source_fraction": 95}, "between 0 and 1"),
        ({"background": {"6Li": -1}}, "cannot be negative"),
        ({"sputter_rate": "1 nm/s", "crater_depth": "1 um"}, "not both"),
        ({"dead_time": "20 ns"}, "dwell_time"),
        ({"storage": "two weeks"}, "expected a stage"),
        ({"storage": "14 d at 22 K"}, "did you mean 22 degC.*write '14 d at 22 K \\(sure\\)'"),
        ({"storage": "1 h from 22 degC to 473.15 degC"}, "looks like kelvin: did you mean 473.15 K"),
        ({"storage": "1 h at 3000 degC"}, "check the number and its unit"),
        ({"exchange_temperature": "22 K"}, "did you mean 22 degC.*write '22 K \\(sure\\)'"),
        ({"exchange_temperature": "295.15 degC"}, "did you mean 295.15 K"),
        ({"exchange_temperature": "-3 K"}, "larger than zero"),
        ({"pulses": 0}, "greater than 0"),
        ({"depth": "1 um"}, "extra"),
    ],
)
def test_bad_fields_are_named(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        TracerMeasurement.model_validate(fields)
