"""From profiles made by another method back to the distribution that made them."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.core.errors import InputError
from ionscape.core.estimate import exact, measured
from ionscape.core.serial import from_bytes, to_bytes
from ionscape.replacement.fit_result import SiteEnergyFit
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.site_energy_fit import fit_site_energies

from .inverse_cases import coverage

WIDTH = 250.0  # meV


def profiles(*ions: str, seed: int = 3) -> list[MeasuredProfile]:
    case = coverage()
    rng = np.random.default_rng(seed)
    return [case.profile(ion, rng, case.Errors(0.0, 0.0)) for ion in ions]


def fitted(measured_profiles: list[MeasuredProfile], **stated: object) -> SiteEnergyFit:
    case = coverage()
    known = exact(case.BULK, case.DIFFUSION)
    given: dict[str, object] = {
        "carrier_density": exact(case.CARRIERS, case.DENSITY), "vacancy_fraction": exact(0.1),
        "bulk_diffusion": [known] * len(measured_profiles), "draws": 600, "check": 40, "rng": 1, "threads": 1,
    }  # fmt: skip
    return fit_site_energies(measured_profiles, **(given | stated))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "ions", [("K+", "Rb+"), pytest.param(("K+", "Rb+", "Cs+"), marks=pytest.mark.verify)]
)
def test_joint_fit_recovers_the_width_and_the_ratios(ions: tuple[str, ...]) -> None:
    found = fitted(profiles(*ions))
    width, sd = found.site_energy_fwhm.to("meV")
    assert abs(width - WIDTH) < 3 * sd
    assert 0.3 < sd < 5
    for one in found.profiles:
        true = coverage().IONS[one.foreign_ion][0]
        assert abs(one.diffusion_ratio.value - true) < 3.5 * one.diffusion_ratio.standard_uncertainty
        plateau, depth, front = coverage().summarise(*coverage().true_curve(one.foreign_ion))
        assert one.plateau_fraction.value == pytest.approx(plateau, abs=0.004)
        assert one.front_depth.value == pytest.approx(depth, rel=0.05)
        assert one.front_width.value == pytest.approx(front, rel=0.25)
    again = from_bytes(to_bytes(found))
    assert again.site_energy_fwhm.weights == found.site_energy_fwhm.weights
    assert found.worth > 0.8
    assert found.converged


def test_a_known_bulk_diffusion_keeps_its_cause() -> None:
    case = coverage()
    bulk = measured(case.BULK, 0.1 * case.BULK, case.DIFFUSION, source="dc conductivity")
    found = fitted(profiles("K+"), bulk_diffusion=[bulk])
    assert found.site_energy_fwhm.weights["dc conductivity"] > 0
    told = found.identifiability
    assert told is not None
    data = told.sd_data[told.names.index("bulk_diffusion")]
    gain = 0.1 / (1 + (0.1 / data) ** 2)  # of the weighted mean of what was stated and what the profile says
    assert found.profiles[0].bulk_diffusion.weights["dc conductivity"] == pytest.approx(gain, rel=0.15)


def test_without_bulk_diffusion_the_width_is_a_line_not_a_number() -> None:
    found = fitted(profiles("Rb+"), bulk_diffusion=None)
    assert found.site_energy_fwhm.status == "undetermined"
    assert "meV at D_bulk" in found.site_energy_fwhm.note
    line = found.bulk_line
    assert line is not None
    assert np.all(np.diff(line.fwhm) > 0)
    at_truth = np.interp(np.log(coverage().BULK), np.log(line.bulk_diffusion), line.fwhm)
    assert at_truth == pytest.approx(coverage().WIDTH, rel=0.05)


def test_no_immobile_ions_give_a_bound() -> None:
    found = fitted(profiles("K+"), immobile_fraction=None)
    assert found.immobile_fraction.status == "bound"
    assert found.immobile_fraction.side == "upper"
    assert found.immobile_fraction.value < 0.06


def test_the_same_seed_gives_the_same_result() -> None:
    one, two = (fitted(profiles("K+"), draws=128, check=16) for _ in range(2))
    np.testing.assert_array_equal(one.draws, two.draws)


def test_spoiled_slices_are_left_out_and_said() -> None:
    good = profiles("K+")[0]
    good.native[[20, 50]] += 0.4
    found = fitted([good], draws=0)
    assert any("2 slices of Li+ left out" in warning for warning in found.warnings)
    width, sd = found.site_energy_fwhm.to("meV")
    assert abs(width - WIDTH) < 3.5 * sd


def test_errors_that_are_too_small_are_widened_and_said() -> None:
    good = profiles("K+")[0]
    good.native_sd[:] /= 2
    found = fitted([good], draws=0)
    assert found.profiles[0].inflation == pytest.approx(2, rel=0.2)
    assert any("scatters" in warning for warning in found.warnings)


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(InputError, match="at least one profile"):
        fitted([])
    with pytest.raises(InputError, match="one D_bulk per profile"):
        fitted(profiles("K+"), bulk_diffusion=[None, None])
    with pytest.raises(InputError, match="different labels"):
        fitted([*profiles("K+"), *profiles("K+")])


@pytest.mark.parametrize(
    ("ions", "replicates"), [(("K+",), 24), pytest.param(("K+", "Rb+", "Cs+"), 24, marks=pytest.mark.verify)]
)
def test_intervals_cover(ions: tuple[str, ...], replicates: int) -> None:
    """Short form of ``verify/replacement_coverage.py``: limits that chance crosses once in a thousand."""
    case, inside = coverage(), [0, 0]
    for seed in range(replicates):
        found = case.replicate(ions, 500 + seed, joint=len(ions) > 1, draws=192, check=12)
        for place, probability in enumerate((0.6826894921370859, 0.95)):
            low, high = found.site_energy_fwhm.interval(probability)
            inside[place] += bool(low <= case.WIDTH <= high)
    assert 9 <= inside[0] <= 23
    assert inside[1] >= 19
