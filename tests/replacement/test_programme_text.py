"""Programmes as a study writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import InputError
from ionscape.replacement.programme import Trace
from ionscape.replacement.programme_text import (
    checked_ion,
    drive_sd,
    programme_from,
    programme_of,
    stated_stages,
)

HOUR, DAY = 3600.0, 86400.0


@pytest.mark.parametrize(
    ("text", "control", "value", "duration", "kelvin", "surface"),
    [
        ("Cs+ 254 nA/cm^2 for 24 h at 70 degC", "current", 2.54e-3, DAY, 343.15, "beam"),
        ("Cs+ 21.9456 mC/cm^2 over 24 h at 70 degC", "current", 2.54e-3, DAY, 343.15, "beam"),
        ("Cs+ 5 V for 24 h at 343.15 K", "voltage", 5.0, DAY, 343.15, "beam"),
        ("Cs+ melt at 5 V for 1 h at 350 degC", "voltage", 5.0, HOUR, 623.15, "melt"),
        ("Cs+ melt of 40 % for 1 h at 350 degC", "current", 0.0, HOUR, 623.15, "melt"),
        ("blocking 100 V for 1 h at 200 degC", "voltage", 100.0, HOUR, 473.15, "blocking"),
        ("rest 30 d at 22 ± 1 degC", "rest", 0.0, 30 * DAY, 295.15, "beam"),
        ("rest for 30 d at 22 degC", "rest", 0.0, 30 * DAY, 295.15, "beam"),
        ("F- -3 uA/cm^2 for 1 h at 100 degC", "current", -0.03, HOUR, 373.15, "beam"),
    ],
)
def test_texts(
    text: str, control: str, value: float, duration: float, kelvin: float, surface: str
) -> None:
    (stage,) = programme_of(text).stages
    assert (stage.control, stage.surface) == (control, surface)
    assert stage.value == pytest.approx(value)
    assert stage.duration == pytest.approx(duration)
    assert stage.temperature == pytest.approx(kelvin)
    assert stage.ion == ("" if surface == "blocking" or control == "rest" else text.split()[0])


@given(st.floats(0.1, 9999), st.floats(0.1, 999), st.floats(20, 160), st.sampled_from(["K+", "Rb+", "Ca2+"]))
def test_numbers_come_back(current: float, hours: float, celsius: float, ion: str) -> None:
    (stage,) = programme_of(f"{ion} {current:.4f} nA/cm^2 for {hours:.3f} h at {celsius:.1f} degC").stages
    assert stage.value == pytest.approx(round(current, 4) * 1e-5)
    assert stage.duration == pytest.approx(round(hours, 3) * HOUR)
    assert stage.temperature == pytest.approx(round(celsius, 1) + 273.15)
    assert stage.ion == ion


def test_charge_of_a_sequence() -> None:
    """The charge is what goes in: current times time, stage by stage."""
    found = programme_of(["Rb+ 100 nA/cm^2 for 10 h at 70 degC", "rest 1 d at 22 degC",
                          "Cs+ 3.6 mC/cm^2 for 20 h at 70 degC"])  # fmt: skip
    assert found.charge == pytest.approx(1e-3 * 36000 + 36.0)
    assert found.duration == pytest.approx(30 * HOUR + DAY)
    assert np.isnan(programme_of("Cs+ 5 V for 1 h at 70 degC").charge)


def test_a_ramp_is_a_course() -> None:
    (stage,) = programme_of("Cs+ 254 nA/cm^2 for 2 h from 22 degC to 70 degC").stages
    assert isinstance(stage.temperature, Trace)
    np.testing.assert_allclose(stage.temperature.at([0.0, HOUR, 2 * HOUR]), [295.15, 319.15, 343.15])


def test_the_measurements_temperature_is_that_of_stages_without_one() -> None:
    stages = stated_stages(["Cs+ 254 nA/cm^2 for 24 h", "rest 1 d at 22 degC"])
    assert [stage.temperature for stage in programme_from(stages, 343.15).stages] == [343.15, 295.15]
    with pytest.raises(InputError, match="at which temperature"):
        programme_from(stages)


def test_the_error_of_the_charge_is_weighted_with_it() -> None:
    stages = stated_stages(["Rb+ 100 ± 2 nA/cm^2 for 30 h", "Cs+ 100 nA/cm^2 for 10 h"])
    assert drive_sd(stages) == pytest.approx(0.75 * 0.02)
    assert drive_sd(stated_stages("Cs+ 5.0 ± 0.1 V for 1 h")) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Cs+ 254 nA/cm^2 for 24 h at 70 K", "did you mean 70 degC"),
        ("Cs+ 254 nA/cm^2 for 24 h at 343.15 degC", "looks like kelvin"),
        ("Cs+ 254 nA/cm^2 for 24 h at 70 C", "write 'degC'"),
        ("Cs+ 254 A/cm^2 for 24 h at 70 degC", "did you mean nA/cm\\^2"),
        ("Cs+ 254 nA for 24 h at 70 degC", "must be per area"),
        ("Cs 254 nA/cm^2 for 24 h at 70 degC", "did you mean 'Cs\\+'"),
        ("Cs+ -5 V for 1 h at 70 degC", "would pull Cs\\+ out"),
        ("Cs+ 0 V for 1 h at 70 degC", "nothing drives"),
        ("Cs+ 254 nA/cm^2 at 70 degC", "expected a stage such as"),
        ("Cs+ 254 nA/cm^2 for -1 h at 70 degC", "longer than zero"),
        ("Cs+ 254 nA/cm^2 for 300 years at 70 degC", "century"),
        ("Cs+ 5 S/cm for 1 h at 70 degC", "expected a current density"),
        ("Cs+ 200 kV for 1 h at 70 degC", "more than 100 kV"),
        ("Cs+ melt of 140 % for 1 h at 350 degC", "between 0 and 100 %"),
        ("rest", "expected a stage such as"),
        ("", "expected a stage such as"),
    ],
)
def test_what_cannot_be_is_questioned(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        programme_of(text)


def test_sure_is_enough() -> None:
    assert programme_of("Cs+ 254 nA/cm^2 for 24 h at 70 K (sure)").stages[0].temperature == 70.0
    assert programme_of("Cs+ 0.02 A/cm^2 for 1 h at 70 degC (sure)").stages[0].value == pytest.approx(200)


@pytest.mark.parametrize(
    "stage",
    [
        {"ion": "Cs+", "current_density": "254 nA/cm^2", "duration": "24 h", "temperature": "70 degC"},
        {"ion": "Cs+", "charge": "21.9456 mC/cm^2", "duration": "24 h", "temperature": "70 degC"},
        {"ion": "Cs+", "charge": "10.9728 mC", "area": "0.5 cm^2", "duration": "1 d",
         "temperature": "343.15 K"},
    ],
)  # fmt: skip
def test_mappings_say_the_same(stage: dict[str, Any]) -> None:
    (text,) = programme_of("Cs+ 254 nA/cm^2 for 24 h at 70 degC").stages
    (found,) = programme_of(stage).stages
    assert (found.control, found.ion, found.surface) == (text.control, text.ion, text.surface)
    assert found.value == pytest.approx(text.value)
    assert found.duration == text.duration
    assert found.temperature == pytest.approx(text.temperature)


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ({"ion": "Cs+", "duration": "24 h"}, "needs one of"),
        ({"ion": "Cs+", "voltage": "5 V", "charge": "1 mC/cm^2", "duration": "1 h"}, "one of .* got charge"),
        ({"ion": "Cs+", "charge": "1 mC", "duration": "1 h"}, "not per area: give 'area'"),
        ({"ion": "Cs+", "charge": "22 A/cm^2", "duration": "1 h"}, "expected a charge per area"),
        ({"ion": "Cs+", "voltage": "5 V"}, "needs a duration"),
        ({"ion": "Cs+", "volts": "5 V"}, "unknown key 'volts'"),
        ({"ion": "Cs+", "voltage": "5 V", "duration": "1 h", "surface": "gas"}, "expected beam, melt"),
    ],
)
def test_mappings_that_cannot_be(stage: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        stated_stages(stage)


def test_a_logged_current_is_the_course_and_its_integral_the_charge(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text("time (h),current (nA)\n0,100\n1,120\n3,80\n")
    (stage,) = programme_of({"ion": "Cs+", "current_file": str(file), "area": "0.5 cm^2",
                             "temperature": "70 degC"}).stages  # fmt: skip
    assert stage.duration == pytest.approx(3 * HOUR)
    charge = (110e-9 * HOUR + 100e-9 * 2 * HOUR) / 0.5e-4
    assert programme_of({"ion": "Cs+", "current_file": str(file), "area": "0.5 cm^2",
                         "temperature": "70 degC"}).charge == pytest.approx(charge)  # fmt: skip
    with pytest.raises(InputError, match="in ampere: give 'area'"):
        programme_of({"ion": "Cs+", "current_file": str(file), "temperature": "70 degC"})


@given(st.text(max_size=60))
def test_any_text_gives_stages_or_one_sentence(text: str) -> None:
    try:
        stages = stated_stages(text)
    except InputError:
        return
    assert all(stage.duration > 0 for stage in stages)


def test_ions_are_written_in_one_way() -> None:
    assert [checked_ion(text) for text in ("Cs+", "Ca2+", "Ca^2+", "Li⁺", "F-")] == [
        "Cs+", "Ca2+", "Ca2+", "Li+", "F-"]  # fmt: skip
