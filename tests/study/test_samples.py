"""Samples: shared causes and computed carrier densities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ionscape.core.estimate import correlation
from ionscape.core.sample import Sample
from ionscape.study.problems import Problems, StudyErrors
from ionscape.study.samples import read_samples


def one(title: str = "T", **fields: Any) -> Sample:
    problems = Problems(Path("x.yaml"), {})
    samples, _ = read_samples(title, {"llto": fields}, problems)
    problems.raise_any()
    return samples["llto"]


def test_carriers_from_density_and_formula() -> None:
    sample = one(formula="Li0.29La0.57TiO3", carrier="Li+", density="5.06 ± 0.05 g/cm^3")
    assert sample.carrier_density is not None
    assert sample.carrier_density.to("cm^-3") == pytest.approx((5.0e21, 5.0e21 * 0.05 / 5.06), rel=0.01)
    assert correlation(sample.carrier_density, sample.extra["density"]) == pytest.approx(1.0)
    assert sample.carrier_charge == 1


def test_a_stated_carrier_density_counts() -> None:
    sample = one(formula="Li0.29La0.57TiO3", carrier="O2-", density="5 g/cm^3", carrier_density="1e22 cm^-3")
    assert sample.carrier_density is not None
    assert sample.carrier_density.value == pytest.approx(1e28)
    assert sample.carrier_charge == -2


def test_a_disc_has_twice_the_relative_error_of_its_diameter() -> None:
    area = one(diameter="0.80 ± 0.01 cm").area
    assert area is not None
    assert area.to("cm^2") == pytest.approx((0.502655, 0.502655 * 2 * 0.01 / 0.8))


def test_the_same_field_is_the_same_unknown_in_every_result() -> None:
    first, again, other = (
        one(thickness="2 ± 0.1 mm"),
        one(thickness="2 ± 0.1 mm"),
        one("U", thickness="2 ± 0.1 mm"),
    )
    assert first.thickness is not None
    assert again.thickness is not None
    assert other.thickness is not None
    assert correlation(first.thickness, again.thickness) == pytest.approx(1.0)
    assert correlation(first.thickness, other.thickness) == 0.0


def test_further_quantities_are_carried_along() -> None:
    extra = one(grain_size="16 ± 11 um", porosity="10.5 %", grain_boundary_thickness="0.5 nm").extra
    assert extra["grain_size"].standard_uncertainty == pytest.approx(11e-6)
    assert extra["porosity"].value == pytest.approx(0.105)
    assert extra["grain_boundary_thickness"].value == pytest.approx(5e-10)


@pytest.mark.parametrize("word", ["glass", "single crystal", "polycrystalline"])
def test_the_morphology_is_one_of_three_words(word: str) -> None:
    assert one(morphology=word).morphology == word
    assert one().morphology == ""


def test_another_morphology_is_a_problem() -> None:
    problems = Problems(Path("x.yaml"), {})
    read_samples("study", {"llto": {"morphology": "ceramic"}}, problems)
    assert problems.within(("samples", "llto", "morphology"))


def test_a_relative_permittivity_is_carried_along() -> None:
    permittivity = one(permittivity="8.0 ± 0.4").extra["permittivity"]
    assert permittivity.value == pytest.approx(8.0)
    assert permittivity.standard_uncertainty == pytest.approx(0.4)


@pytest.mark.parametrize(("stated", "message"), [("0.5", "cannot be below 1"), ("2e5", "outside 1 to 1e5"),
                                                 ("8 F/m", "expected a fraction")])  # fmt: skip
def test_an_impossible_permittivity_is_questioned(stated: str, message: str) -> None:
    with pytest.raises(StudyErrors, match=message):
        one(permittivity=stated)
