"""`replacement.simulate` in a study: what it reads off, what errors do to it, and what it refuses."""

from __future__ import annotations

import math

import pytest

from ionscape.core.errors import InputError
from ionscape.core.estimate import correlation, undetermined
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.testing.lithium_borate import TRUTH
from tests.replacement.simulated_cases import (
    KELVIN,
    estimate_of,
    glass,
    row,
    series,
    simulated,
    uncertain,
)

STAGE = "K+ 222.25 nA/cm^2 for 24 h at 70 degC"


@pytest.fixture(scope="module")
def potassium() -> Outcome:
    return simulated()


def test_it_reads_off_the_reference_table(potassium: Outcome) -> None:
    """PHYSICS of the K+ experiment: 0.150, 96.8 nm, 25.8 nm, 0.405 V, 2.9 V, -5.5e-6 (240 cells: 2 %)."""
    expected = {"plateau_fraction": 0.1498, "front_depth": 96.8e-9, "front_width": 25.8e-9,
                "film_voltage": 0.405, "excess_charge": -5.5e-6}  # fmt: skip
    for quantity, value in expected.items():
        assert estimate_of(potassium, quantity, "K+").value == pytest.approx(value, rel=0.03), quantity
    charge = TRUTH.current_density("K+") * TRUTH.duration
    assert estimate_of(potassium, "attached_charge", "K+").value == pytest.approx(charge, rel=1e-4)
    volts = TRUTH.current_density("K+") * TRUTH.thickness / TRUTH.conductivity(TRUTH.temperature)
    assert estimate_of(potassium, "bulk_voltage", "K+").value == pytest.approx(volts, rel=1e-3)


def test_it_says_that_nothing_was_measured_and_how_good_it_is(potassium: Outcome) -> None:
    assert all("not measured" in f.caption for f in potassium.figures if f.name != "diffusion")
    names = {figure.name for figure in potassium.figures}
    assert {"profiles", "charge", "potential", "current_voltage", "diffusion", "site_energies"} <= names
    assert any("error of mass" in text for text in potassium.findings)
    assert not any("±" in text and "1 SD" in text for text in potassium.findings)  # nothing was uncertain
    assert "unmixed/fraction_Li" in potassium.arrays


def test_voltage_of_the_bulk_carries_the_errors_of_its_four_factors() -> None:
    """U = j L kT/(n e2 D): 1, 0.5, 2 and 3 % give 3.77 %, and it moves against D_bulk."""
    bulk = uncertain(TRUTH.bulk_diffusion, 0.03 * TRUTH.bulk_diffusion, "m^2/s", "D")
    sample = glass(
        thickness=uncertain(1e-3, 5e-6, "m", "L"),
        carrier_density=uncertain(TRUTH.carrier_density, 0.02 * TRUTH.carrier_density, "m^-3", "n"),
    )
    rows = [row("diffusion_coefficient", bulk, temperature=KELVIN, kind="D_sigma")]
    found = simulated(
        series(sample, bulk_diffusion=rows), ions={"K+": 7.7e-4},
        programme="K+ 222.25 ± 2.2225 nA/cm^2 for 24 h at 70 degC",
    )  # fmt: skip
    volts = estimate_of(found, "bulk_voltage", "K+")
    assert volts.spread == pytest.approx(math.sqrt(1 + 0.25 + 4 + 9) / 100, rel=0.03)
    assert correlation(volts, bulk) == pytest.approx(-3 / 3.775, abs=0.02)
    depth = estimate_of(found, "front_depth", "K+")  # charge over carriers, and a plateau that hardly moves
    assert depth.spread == pytest.approx(math.hypot(1, 2) / 100, rel=0.3)
    assert any("carrier density, thickness, D_bulk and current" in text for text in found.findings)


def test_ratios_are_taken_from_the_rows_of_a_fit_by_their_ion() -> None:
    rows = [row("diffusion_ratio", uncertain(7.7e-4, 8e-6, "1", "k"), item="K+ (first)"),
            row("diffusion_ratio", uncertain(4.5e-5, 8e-7, "1", "cs"), item="Cs+")]  # fmt: skip
    found = simulated(series(diffusion_ratio=rows), programme=STAGE)
    plateau = estimate_of(found, "plateau_fraction", "K+")
    assert plateau.value == pytest.approx(0.1498, rel=0.02)
    assert set(plateau.weights) == {"k"}


def test_a_mesh_that_is_too_coarse_is_said() -> None:
    """Equal cells of 3 nm where the front of Cs+ is 1.7 nm wide."""
    found = simulated(
        programme="Cs+ 253.6 nA/cm^2 for 24 h at 70 degC", ions={"Cs+": 4.5e-5}, cells=120,
        film_depth="360 nm",
    )  # fmt: skip
    assert any("take more cells" in text for text in found.warnings)
    assert not any("take more cells" in text for text in simulated(cells=240).warnings)


def test_both_descriptions_are_compared() -> None:
    found = simulated(description="both")
    assert any("differ by" in text for text in found.findings)


def test_a_constant_coefficient_leaves_a_rectangle_without_site_energies() -> None:
    """All native ions leave the surface: the front is where the charge says."""
    found = simulated(distribution="constant")
    depth = TRUTH.flux("K+") * TRUTH.duration
    assert estimate_of(found, "front_depth", "K+").value == pytest.approx(depth, rel=0.02)
    lithium = found.arrays["unmixed/fraction_Li"][-1]
    assert lithium[0] < 1e-4  # only the front's own tail, D_K/velocity = 8 nm long
    assert "site_energies" not in {figure.name for figure in found.figures}


def test_voltage_control_gives_the_charge_that_went_in() -> None:
    """At constant voltage over film and bulk the current falls as the film grows."""
    found = simulated(programme="K+ 3 V for 24 h at 70 degC", ions={"K+": 7.7e-4})
    charge = estimate_of(found, "attached_charge", "K+").value
    bulk, film = (estimate_of(found, f"{part}_voltage", "K+").value for part in ("bulk", "film"))
    assert film + bulk == pytest.approx(3.0, rel=1e-3)
    most = 3.0 * TRUTH.conductivity(TRUTH.temperature) / TRUTH.thickness * TRUTH.duration
    assert 0.85 * most < charge < most


@pytest.mark.parametrize(("inputs", "options", "said"), [
    ({"site_energy_fwhm": []}, {}, "site_energy_fwhm"),
    ({"site_energy_fwhm": [row("site_energy_fwhm", undetermined(dimension_of("J"), "D_bulk is not known"))]},
     {}, "undetermined: D_bulk is not known"),
    ({"bulk_diffusion": []}, {}, "D_bulk at 70 °C"),
    ({}, {"programme": STAGE, "ions": {}}, r"state 'ions: \{K\+: 1e-4\}'"),
    ({}, {"programme": STAGE, "ions": {"Cs+": 1e-4}}, "never enters"),
    ({}, {"programme": "rest for 1 d at 22 degC", "ions": {}}, "only rests"),
    ({}, {"programme": "K+ 222 nA/cm^2 for 24 h", "ions": {"K+": 1e-4}}, "at which temperature"),
    ({}, {"programme": [STAGE, "rest for 1 d at 22 degC"], "ions": {"K+": 1e-4}}, "activation_energy"),
])  # fmt: skip
def test_what_is_missing_is_asked_for(
    inputs: dict[str, list[Row]], options: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        simulated(series(None, **inputs), **options)


def test_a_sample_must_say_its_carrier_and_size() -> None:
    for field in ("carrier_density", "thickness"):
        with pytest.raises(InputError, match=field):
            simulated(series(glass(**{field: None})))
    with pytest.raises(InputError, match="carrier"):
        simulated(series(glass(carrier="")))


def test_what_is_assumed_is_said() -> None:
    """Permittivity and vacancies that nobody stated."""
    found = simulated(series(glass(extra={}), vacancy_fraction=[]))
    said = " ".join(found.findings)
    assert "relative permittivity 8 (assumed" in said
    assert "10 ± 4 % of the sites vacant (assumed)" in said
    assert "vacancies" in said


def test_own_energies_of_the_foreign_ion_and_a_sum_of_gaussians() -> None:
    """Two equal halves at the same mean are one Gaussian."""
    half = {"share": "50 %", "mean": "0 meV", "fwhm": "250 meV"}
    found = simulated(series(site_energy_fwhm=[]), distribution=[half, half])
    assert estimate_of(found, "plateau_fraction", "K+").value == pytest.approx(0.1498, rel=0.02)
    tails = simulated(distribution="exponential tails", lower_share="50 %")
    assert estimate_of(tails, "plateau_fraction", "K+").value > 0.16  # tails hold more back than a Gaussian
