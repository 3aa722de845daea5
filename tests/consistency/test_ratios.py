"""Haven ratios at points and along lines: laws of joint errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.constants import elementary_charge

from ionscape.consistency.coefficients import Coefficient, coefficients_of
from ionscape.consistency.course import Course, courses
from ionscape.consistency.ratios import (
    differs,
    effect_of_energy,
    joint_lines,
    ratio_on_lines,
    ratios_at_points,
    trend_of_ratios,
)
from ionscape.core.estimate import Estimate, exact, measured
from ionscape.core.quantity import dimension_of

D, K = dimension_of("m^2/s"), dimension_of("K")
K_EV = 8.617333262e-5


def course(
    kind: str, kelvins: list[float], factor: float, energy: float, *, noise: float, shared: str = ""
) -> Course:
    """Points on a line with independent errors of ``noise`` and one of 10 % that all share."""
    found = []
    for kelvin in kelvins:
        value = factor * math.exp(-energy / (K_EV * kelvin))
        estimate = measured(value, noise * value, D, source=f"{kind} {kelvin}")
        if shared:
            estimate = estimate * measured(1.0, 0.1, source=shared, scale="log")
        found.append(Coefficient(kind, "bulk", estimate, exact(kelvin, K), f"{kind} {kelvin:g} K"))
    return Course(kind, "bulk", tuple(found), "study.test")


WARM = [295.0, 320.0, 345.0, 370.0]


def test_equal_coefficients_have_a_ratio_of_one_and_what_they_share_cancels() -> None:
    a, b = (course(kind, WARM, 1e-7, 0.4, noise=0.02, shared="thickness") for kind in ("D*", "D_sigma"))
    for ratio in ratios_at_points(a, b):
        assert ratio.ratio.value == pytest.approx(1)
        assert ratio.ratio.spread == pytest.approx(
            0.02 * math.sqrt(2), rel=1e-3
        )  # not the 10 % of the thickness
        assert "thickness" not in ratio.ratio.weights
        assert ratio.how == "measured"
    joint = joint_lines(a, b, "fit", common=True)
    assert joint is not None
    assert joint.ratio().value == pytest.approx(1)
    assert joint.ratio().spread < 0.03


def test_what_only_one_has_goes_undiminished_into_every_ratio() -> None:
    """Ten per cent in the carrier density is ten per cent in H_R, with one point or with a hundred."""
    a = course("D*", WARM, 2.4e-8, 0.4, noise=0.02)
    b = course("D_sigma", WARM, 1e-7, 0.4, noise=0.02, shared="carriers")
    joint = joint_lines(a, b, "fit", common=True)
    assert joint is not None
    assert joint.ratio().value == pytest.approx(0.24)
    assert joint.ratio().weights["carriers"] == pytest.approx(-0.1)


def test_a_point_between_is_compared_with_the_line() -> None:
    a = course("D*", [333.0], 2.4e-8, 0.4, noise=0.05)
    b = course("D_sigma", WARM, 1e-7, 0.4, noise=0.01)
    (found,) = ratios_at_points(a, b)
    assert found.how == "D* measured, D_σ interpolated"
    assert found.ratio.value == pytest.approx(0.24, rel=1e-6)
    assert ratios_at_points(course("D*", [250.0], 1e-8, 0.4, noise=0.05), b) == []  # no extrapolation unasked


def test_a_difference_of_temperature_within_the_tolerance_is_corrected() -> None:
    """0.4 K at 0.43 eV and 295 K is 2.3 %, far more than the errors of these points."""
    a = course("D*", [295.0], 2.4e-8, 0.43, noise=0.001)
    b = course("D_sigma", [295.4, 320.0, 345.0], 1e-7, 0.43, noise=0.001)
    (found,) = ratios_at_points(a, b, 0.5)
    assert found.ratio.value == pytest.approx(0.24, rel=1e-4)


def test_an_unknown_energy_makes_the_difference_of_temperature_an_error() -> None:
    a = course("D*", [295.0], 2.4e-8, 0.43, noise=0.001)
    b = course("D_sigma", [295.4], 1e-7, 0.43, noise=0.001)
    (found,) = ratios_at_points(a, b, 0.5)
    step = (1 / 295.0 - 1 / 295.4) / K_EV
    assert found.ratio.spread == pytest.approx(math.hypot(0.2 * step, 0.001 * math.sqrt(2)), rel=0.01)


def test_two_thermometers_count_by_the_activation_energy_and_one_does_not() -> None:
    """E/kT = 17: an error of 0.3 % in T is 5 % in D, and cancels where D* and σ share the thermometer."""

    def at(kind: str, name: str) -> Course:
        t = Estimate(295.0, K, "log", {name: 0.003})
        points = [Coefficient(kind, "bulk", measured(1e-12, 1e-15, D), t, kind)]
        points += [
            Coefficient(
                kind,
                "bulk",
                measured(1e-12 * math.exp(-0.43 / K_EV * (1 / kelvin - 1 / 295.0)), 1e-15, D),
                Estimate(kelvin, K, "log", {name: 0.003}),
                kind,
            )
            for kelvin in (320.0, 345.0)
        ]
        return Course(kind, "bulk", tuple(points), "study.test")

    one = ratios_at_points(at("D*", "furnace"), at("D_sigma", "furnace"))[0].ratio
    two = ratios_at_points(at("D*", "furnace"), at("D_sigma", "oven"))[0].ratio
    expected = 0.43 / (K_EV * 295.0) * 0.003 * math.sqrt(2)
    assert two.spread == pytest.approx(expected, rel=0.05)
    assert one.spread < 0.1 * two.spread


def test_a_hundredth_of_an_electronvolt_is_a_factor_of_one_and_a_half() -> None:
    """Hasegawa 2024: H_R from pre-factors, 0.01 eV wrong in one energy, at room temperature."""
    assert effect_of_energy(0.01, 295.15) == pytest.approx(1.48, abs=0.01)
    assert effect_of_energy(0.01, 298.15, 673.15) == pytest.approx(1.24, abs=0.01)


def test_extrapolation_shows_the_error_of_the_energy() -> None:
    """Points at 350 to 400 °C: an H_R at 25 °C is as uncertain as its energies make it."""
    hot = [623.0, 640.0, 657.0, 673.0]
    a, b = (
        course(kind, hot, factor, 0.43, noise=0.01) for kind, factor in (("D*", 2.4e-8), ("D_sigma", 1e-7))
    )
    lines = joint_lines(a, b, "fit")
    assert lines is not None
    found = ratio_on_lines(a, b, 298.15, lines)
    error = lines.difference().to("eV")[1]
    reach = (1 / 298.15 - 1 / 648.0) / K_EV
    assert found.extrapolated == pytest.approx(623.0 - 298.15)
    assert found.ratio.spread == pytest.approx(error * reach, rel=0.05)
    inside = ratio_on_lines(a, b, 648.0, lines)
    assert inside.extrapolated == 0
    assert inside.ratio.spread < found.ratio.spread / 10


def test_joint_lines_find_both_energies_and_their_difference() -> None:
    a, b = course("D*", WARM, 2.4e-8, 0.45, noise=0.001), course("D_sigma", WARM, 1e-7, 0.40, noise=0.001)
    lines = joint_lines(a, b, "fit")
    assert lines is not None
    for which, energy in ((0, 0.45), (1, 0.40)):
        assert lines.energy(which).value / elementary_charge == pytest.approx(energy, abs=1e-6)
    assert lines.difference().value / elementary_charge == pytest.approx(0.05, abs=1e-6)
    assert differs(lines.difference())
    assert lines.ratio().value == pytest.approx(0.24, rel=1e-4)  # at infinite temperature
    assert lines.ratio(300.0).value == pytest.approx(0.24 * math.exp(-0.05 / (K_EV * 300.0)), rel=1e-4)
    assert joint_lines(course("D*", [295.0], 1e-8, 0.4, noise=0.01), b, "fit") is None


def test_what_bends_both_alike_does_not_bend_their_ratio() -> None:
    def bent(kind: str, factor: float) -> Course:
        kelvins = np.linspace(280.0, 380.0, 8)
        values = factor * np.exp(-1500 / (kelvins - 150.0))
        points = [
            Coefficient(
                kind,
                "bulk",
                measured(float(v), 0.01 * float(v), D, source=f"{kind} {t}"),
                exact(float(t), K),
                kind,
            )
            for t, v in zip(kelvins, values, strict=True)
        ]
        return Course(kind, "bulk", tuple(points), "study.test")

    a, b = bent("D*", 3e-8), bent("D_sigma", 1e-7)
    assert a.bends
    trend = trend_of_ratios(ratios_at_points(a, b), "trend")
    assert abs(trend.to("eV")[0]) < 1e-9
    assert trend.to("eV")[1] < 0.01


def test_several_values_at_one_temperature_are_averaged() -> None:
    values = [measured(v, 0.1 * v, D, source=f"pellet {v}") for v in (1.0e-12, 1.1e-12, 0.9e-12)]
    points = tuple(Coefficient("D*", "bulk", v, exact(295.0, K), "pellet") for v in values)
    found = Course("D*", "bulk", points, "study.test").at(295.0).value
    assert found.value == pytest.approx((1.0 * 1.1 * 0.9) ** (1 / 3) * 1e-12)
    assert found.spread >= 0.99 * 0.1 / math.sqrt(3)


def test_a_total_is_recognised_as_the_sum_of_its_parts(llto: Any) -> None:
    found = courses(
        coefficients_of({"on": llto.conductivities(noise=0.003)}, llto.sample()).coefficients, "study.test"
    )
    whole = found["D_sigma", "effective"]
    assert whole.curve is not None
    assert whole.curve.model.startswith("sum of")
    assert whole.at(310.0).value.value == pytest.approx(
        llto.in_series(llto.bulk(310.0), llto.edge(310.0, 0.20e-4)), rel=0.05
    )


def test_a_lonely_point_says_what_to_measure() -> None:
    found = course("D*", [295.0], 1e-8, 0.4, noise=0.01).at(350.0)
    assert found.value.status == "undetermined"
    assert "known at 21.9 °C only" in found.value.note
    assert "measure it at 76.9 °C" in found.value.note
