"""Hasegawa et al., J. Mater. Chem. A 2024, 12, 731: every number that follows from others, recomputed.

The paper's own mistakes are asserted as mistakes: a value printed with a wrong unit, sign or size fails the
check that a study would run on it. Units are the paper's at the border (cm, °C, eV), SI inside.
"""

from __future__ import annotations

import math

import pytest
from scipy.constants import Boltzmann, elementary_charge

from ionscape import consistency
from ionscape.consistency.published import SeriesCheck
from ionscape.core.estimate import Estimate, exact, measured
from ionscape.core.quantity import dimension_of, parse_quantity

D, P, M, N, K, S = (dimension_of(u) for u in ("m^2/s", "m/s", "m", "m^-3", "K", "S/m"))
K_EV = Boltzmann / elementary_charge
CM2 = 1e-4  # cm²/s in m²/s
NMR_BULK, DELTA = 2.6e-8 * CM2, 0.5e-9
GRAIN = measured(16e-6, 11e-6, M, source="grain size")
ROOM, WARM = 295.15, 298.15
EDGE_FACTOR, EDGE_SIGMA_FACTOR, EDGE_ENERGY = 0.048 * CM2, 0.20 * CM2, 0.43


def arrhenius(factor: float, energy: float, kelvin: float) -> float:
    return factor * math.exp(-energy / (K_EV * kelvin))


def step(gradient_per_cm: float, difference: float) -> float:
    """D_gb/δ [m/s] = D_b (∂C/∂y)/ΔC."""
    return NMR_BULK * gradient_per_cm * 100 / difference


def test_permeability_of_one_boundary() -> None:
    """1.1 cm⁻¹ and 0.02 give 1.43e-6 cm/s; printed 1.5e-6, and once as cm² s⁻¹."""
    assert step(1.1, 0.02) * 100 == pytest.approx(1.43e-6, rel=0.002)
    assert step(1.1, 0.02) * 100 != pytest.approx(1.5e-6, rel=0.04)  # 5 % above what its inputs give
    printed = consistency.check_permeability_unit("1.5e-6 cm^2/s", DELTA)
    assert "is a velocity" in printed
    assert "1.5×10⁻⁶ cm/s would mean D_gb = 7.5×10⁻¹⁴ cm²/s" in printed  # the paper's 7.6e-14: cm/s is meant


def test_boundary_diffusion_coefficients() -> None:
    """After 59 h and 16 d: 7.6e-14 and 9.2e-14 cm²/s printed, 7.2e-14 and 9.4e-14 from the gradients."""
    for gradient, difference, printed, found in (
        (1.1, 0.02, 7.6e-14, 7.15e-14),
        (0.65, 0.009, 9.2e-14, 9.39e-14),
    ):
        own = step(gradient, difference) * DELTA / CM2
        assert own == pytest.approx(found, rel=0.002)
        assert own == pytest.approx(printed, rel=0.07)
    assert pytest.approx(3.4e5, rel=0.02) == NMR_BULK / (7.6e-14 * CM2)  # "five orders of magnitude"


def test_effective_diffusion_by_the_series_model() -> None:
    """2.3e-9 cm²/s is 1.5e-6 cm/s and 2.6e-8; the 2.8e-6 and 2.8e-8 printed beside it give 3.9e-9."""
    right = consistency.series_diffusion(NMR_BULK, 1.5e-8 * 16e-6) / CM2
    wrong = consistency.series_diffusion(2.8e-8 * CM2, 2.8e-8 * 16e-6) / CM2
    assert float(right) == pytest.approx(2.2e-9, rel=0.01)
    assert float(wrong) == pytest.approx(3.9e-9, rel=0.01)


def printed_series(grain: Estimate) -> SeriesCheck:
    return consistency.check_published(
        exact(2.8e-8 * CM2, D),
        exact(2.8e-8, P),
        exact(2.3e-9 * CM2, D),
        grain,
        elsewhere={"boundary_permeability": [1.5e-8], "bulk": [NMR_BULK]},
    )


def test_the_printed_inputs_do_not_belong_together() -> None:
    check = printed_series(exact(16e-6, M))
    assert not check.fits
    assert (
        "D_gb/δ = 2.8×10⁻⁶ cm/s, D_bulk = 2.8×10⁻⁸ cm²/s, l = 16 µm give D_eff = 3.9×10⁻⁹ cm²/s"
        in check.sentences[0]
    )
    assert "do not belong together" in check.sentences[0]
    first = check.mends[0]
    assert (first.name, first.printed_elsewhere) == ("boundary_permeability", 1.5e-8)
    assert first.value * 100 == pytest.approx(1.57e-6, rel=0.01)
    assert check.sentences[1].startswith("D_gb/δ = 1.5×10⁻⁶ cm/s, printed elsewhere, mends it")
    bulk = next(m for m in check.mends if m.name == "bulk")
    assert bulk.printed_elsewhere is None  # the other D_bulk, 2.6e-8, does not


def test_the_error_of_the_grain_size_hides_it() -> None:
    """± 11 µm makes 0.9 standard deviations of it; computed central values must fit all the same."""
    check = printed_series(GRAIN)
    assert check.significant is False
    assert check.sigmas == pytest.approx(0.9, abs=0.1)
    assert "central values that were computed from each other cannot" in check.sentences[0]
    assert not check.fits


def test_the_error_of_the_effective_coefficient() -> None:
    """± 1.4e-9 cm²/s is ± 11 µm taken as the error of l, though it is the spread of the grains."""
    predicted = consistency.predictions(exact(NMR_BULK, D), exact(1.5e-8, P) * GRAIN)[0].value
    assert predicted.to("cm^2/s")[1] == pytest.approx(1.4e-9, rel=0.12)
    mean = consistency.grain_size_of(GRAIN, meaning="distribution", count=250, average="series").value
    narrow = consistency.predictions(exact(NMR_BULK, D), exact(1.5e-8, P) * mean)[0].value
    assert narrow.to("cm^2/s")[1] < 1.2e-10


def test_measured_and_predicted_effective_coefficient() -> None:
    """3.0e-9 (storage) agrees with the series model within ± 11 µm; 8.0e-9 (erfc) is 2.7 times more."""
    predicted = consistency.predictions(exact(NMR_BULK, D), exact(1.5e-8, P) * GRAIN)[0].value
    stored, exchanged = (consistency.agreement(predicted, exact(x * CM2, D)) for x in (3.0e-9, 8.0e-9))
    assert stored.agrees
    assert stored.sigmas < 1
    assert exchanged.sigmas > 1.5
    assert pytest.approx(2.7, abs=0.05) == 8.0 / 3.0  # "slightly larger"


def test_the_abstract_and_the_text() -> None:
    """1.4e-13 cm²/s (25 °C in the abstract, 22 °C in the conclusions) is twice the text's mean, 6.8e-14."""
    assert pytest.approx(2, abs=0.1) == 1.4e-13 / 6.8e-14
    said = consistency.check_temperatures(6.8e-14, 1.4e-13, ROOM, WARM, EDGE_ENERGY)
    assert "multiplies the coefficient by 1.19" in said
    assert "the temperature does not explain it" in said
    assert pytest.approx(
        1.4e-13
    ) == 2.8e-8 * DELTA / CM2  # it is the 2.8e-6 cm/s of the series model, times δ
    assert "does not explain it" not in consistency.check_temperatures(2.6e-8, 2.8e-8, ROOM, WARM, 0.187)


def test_haven_ratio_of_the_boundary() -> None:
    """0.048/0.20 = 0.24; 0.01 eV in one of the energies moves it 1.5 times, and no error is printed."""
    plain = consistency.haven_ratio(exact(EDGE_FACTOR, D), exact(EDGE_SIGMA_FACTOR, D))
    assert plain.value == pytest.approx(0.24)
    off = arrhenius(EDGE_FACTOR, EDGE_ENERGY + 0.01, ROOM) / arrhenius(EDGE_FACTOR, EDGE_ENERGY, ROOM)
    assert 1 / off == pytest.approx(1.48, abs=0.01)
    answer = consistency.verdict(plain)
    assert answer.word == "refuse"
    assert "no stated error; it cannot be tested against 1" in answer.sentence


def test_haven_ratio_over_many_grains_is_no_slight_difference() -> None:
    """D*_eff "slightly smaller" than D_σ,total: the paper's own lines make it 3.3 times smaller."""
    tracer = consistency.series_diffusion(NMR_BULK, arrhenius(EDGE_FACTOR, EDGE_ENERGY, ROOM))
    charge = consistency.series_diffusion(NMR_BULK, arrhenius(EDGE_SIGMA_FACTOR, EDGE_ENERGY, ROOM))
    assert float(tracer / charge) == pytest.approx(0.30, abs=0.01)


def test_the_number_density() -> None:
    """Printed 5.0 × 10⁻²¹ cm⁻³."""
    printed = parse_quantity("5.0e-21 cm^-3").value
    assert "the exponent has lost its sign, 5×10²¹ cm⁻³ is meant" in consistency.check_carrier_density(
        printed
    )
    assert consistency.check_carrier_density(5.0e27) == ""


def test_bulk_conductivity() -> None:
    """2.6e-8 cm²/s and 5.0e21 cm⁻³ at 295 K are 8.2e-4 S/cm; quoted is "10⁻³ S cm⁻¹ at 27 °C"."""
    unit = consistency.diffusion_coefficient(exact(1.0, S), exact(295.0, K), exact(5.0e27, N))
    assert NMR_BULK / unit.value / 100 == pytest.approx(8.2e-4, rel=0.01)


def test_two_hundred_degrees() -> None:
    """6.6e-6 cm²/s (once as cm⁻² s⁻¹) is five times the (l/δ)D_gb of the paper's line: not in series."""
    kelvin = 473.15
    limit = arrhenius(EDGE_FACTOR, EDGE_ENERGY, kelvin)
    assert limit / CM2 == pytest.approx(1.3e-6, rel=0.05)
    said = consistency.check_series_limit(6.6e-6 * CM2, EDGE_FACTOR, EDGE_ENERGY, kelvin)
    assert "5.2 times" in said
    assert "0.36 eV or less" in said
    product = consistency.boundary_product(exact(6.6e-6 * CM2, D), exact(5e-6 * CM2, D))
    assert product.status == "refused"  # nor may it exceed D_bulk


def test_the_measured_value_at_room_temperature_exceeds_the_line_too() -> None:
    """3.0e-9 against 2.2e-9 cm²/s: 0.42 instead of 0.43 eV, the last printed digit, would do."""
    assert "1.4 times" in consistency.check_series_limit(3.0e-9 * CM2, EDGE_FACTOR, EDGE_ENERGY, ROOM)
    assert consistency.check_series_limit(3.0e-9 * CM2, EDGE_FACTOR, 0.42, ROOM) == ""


def test_cold_enough_for_the_image() -> None:
    """√(2Dt) in 5 h at 1e-14 cm²/s is 0.19 µm; 0.43 eV from 3.0e-9 at 22 °C gives 3e-15, colder still."""
    assert math.sqrt(2 * 1e-14 * CM2 * 5 * 3600) * 1e6 == pytest.approx(0.19, abs=0.005)
    cold = 3.0e-9 * math.exp(-EDGE_ENERGY / K_EV * (1 / 163.15 - 1 / ROOM))
    assert cold == pytest.approx(3.4e-15, rel=0.05)
    assert cold < 1e-14


def test_many_grains_lie_within_the_diffusion_length() -> None:
    """l ≪ √(D_eff t): 16 µm against 0.34 mm after 110 h."""
    reach = math.sqrt(3.0e-9 * CM2 * 110 * 3600)
    assert reach == pytest.approx(345e-6, rel=0.01)
    assert reach / 20 > 16e-6


def test_equation_one_prints_one_isotope_twice() -> None:
    """C = I6/(I6 + I6) would be 1/2 for every sample."""
    six, seven = 0.95, 0.05
    assert six / (six + six) == 0.5
    assert six / (six + seven) == pytest.approx(0.95)
