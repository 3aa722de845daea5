"""Fits that end at a limit say so: a bound or undetermined, never a number that the limit made."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.constants import elementary_charge
from scipy.special import erfc

from ionscape.core.estimate import exact, measured
from ionscape.core.quantity import dimension_of
from ionscape.replacement import profile_forward
from ionscape.replacement.distribution_family import distribution_family
from ionscape.replacement.electroneutral_pair import PairProfile, native_profile
from ionscape.replacement.fit_limits import limit_of
from ionscape.replacement.fit_result import SiteEnergyFit
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.profile_problem import ProfileProblem
from ionscape.replacement.profile_quantities import fit_inputs
from ionscape.replacement.profile_start import meshed, starts
from ionscape.replacement.programme import constant_current
from ionscape.replacement.site_energy_fit import fit_site_energies

FloatArray = NDArray[np.float64]
BULK, DENSITY, KELVIN, DAY, COUNTS = 1e-17, 1.41e28, 343.15, 86400.0, 15000


def _equal_ions(depth: FloatArray, length: float, diffusion: float) -> FloatArray:
    """Native fraction where both ions have one D: drift and diffusion behind a face that lets ions in.

    M. Th. van Genuchten and W. J. Alves, USDA Techn. Bull. 1661 (1982), solution A2.
    """
    v, spread = length / DAY, 2 * math.sqrt(diffusion * DAY)
    pe = v * depth / diffusion
    came = erfc((depth - length) / spread) / 2
    came += math.sqrt(v * length / (math.pi * diffusion)) * np.exp(-(((depth - length) / spread) ** 2))
    came -= (1 + pe + v * length / diffusion) / 2 * np.exp(pe) * erfc((depth + length) / spread)
    return np.asarray(1 - came)


def _profile(true: FloatArray, depth: FloatArray, length: float) -> MeasuredProfile:
    rng = np.random.default_rng(4)
    native, foreign = (rng.poisson(COUNTS * u) / COUNTS for u in (true, 1 - true))
    sds = [np.sqrt(u * COUNTS + 0.5) / COUNTS for u in (true, 1 - true)]
    current = length * DENSITY * elementary_charge / DAY
    return MeasuredProfile(
        "k", "s/k", "Li+", "K+", depth, native, sds[0], foreign, sds[1], 0.003, math.inf, {}, 0.01, "depths",
        (1e-9, 1e-10), constant_current(current, DAY, "K+", KELVIN), 0.01, "current",
        exact(KELVIN, dimension_of("K")),
    )  # fmt: skip


def _fitted(true: FloatArray, depth: FloatArray, length: float) -> SiteEnergyFit:
    return fit_site_energies(
        [_profile(true, depth, length)], draws=0, threads=1,
        carrier_density=exact(DENSITY, dimension_of("m^-3")),
        bulk_diffusion=[measured(BULK, 0.05 * BULK, dimension_of("m^2/s"), source="bulk", scale="log")],
    )  # fmt: skip


def test_an_ion_as_fast_as_the_native_one_tells_no_width() -> None:
    """Closed form of equal D; the limit of the fit would make a width of hundreds of meV."""
    depth = 1e-9 * np.arange(0.5, 400.0)
    found = _fitted(_equal_ions(depth, 97e-9, BULK), depth, 97e-9)
    assert found.site_energy_fwhm.status == "undetermined"
    assert "K+ lies at the upper limit" in found.site_energy_fwhm.note
    assert found.vacancy_fraction.status == "undetermined"
    assert found.profiles[0].diffusion_ratio.status == "undetermined"
    foreign = found.profiles[0].foreign_diffusion
    assert (foreign.status, foreign.side) == ("bound", "lower")
    assert foreign.value < BULK


def test_an_unreplaced_profile_tells_no_width() -> None:
    """A hundredth of a nanometre is nowhere to be seen in slices of half a nanometre."""
    depth = 0.5e-9 * np.arange(0.5, 60.0)
    found = _fitted(_equal_ions(depth, 1e-11, 1e-22), depth, 1e-11)
    assert found.site_energy_fwhm.status != "determined"


@pytest.mark.parametrize(("centre", "side"), [(0.0, ""), (9.0, "upper"), (-9.5, "lower")])
def test_draws_that_a_limit_cuts_off_are_seen(centre: float, side: str) -> None:
    draws = np.clip(np.random.default_rng(1).normal(centre, 1.0, 2000), -10.0, 10.0)
    assert limit_of(draws, -10.0, 10.0) == side


def test_no_start_takes_the_simulation_where_it_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without D_bulk, a plateau of 3 %: a native ion e^28 times faster would take fifty thousand steps."""
    steps: list[int] = []

    def counted(*args: Any, **more: Any) -> PairProfile:
        found = native_profile(*args, **more)
        steps.append(found.n_steps)
        return found

    monkeypatch.setattr(profile_forward, "native_profile", counted)
    depth = 0.5e-9 * np.arange(0.5, 400.0)
    true = 0.515 + 0.485 * np.tanh((depth - 100e-9) / 1e-9)
    profile = _profile(true, depth, 97e-9)
    inputs = fit_inputs([profile], exact(DENSITY, dimension_of("m^-3")), 1, None, exact(0.1), exact(0.0))
    starts(meshed(ProfileProblem([profile], inputs, distribution_family("gaussian"))))
    assert max(steps) < 300
