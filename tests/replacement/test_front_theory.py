"""Front theory against closed forms, an upwind scheme, Qhull, an integrated wave and the reference table."""

from __future__ import annotations

import math
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.constants import Boltzmann, e
from scipy.integrate import quad, solve_ivp
from scipy.spatial import ConvexHull

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import ConstantDiffusion, DiffusionLaw, SiteEnergyDiffusion
from ionscape.replacement.front_theory import Front, front
from ionscape.replacement.profile_summary import summarise
from ionscape.replacement.programme import constant_current
from ionscape.replacement.simulation import simulate
from ionscape.replacement.site_energy_distribution import ExponentialTails, Gaussian, Mixture
from ionscape.replacement.system import Conductor, Ion

T, N0, BULK, DAY = 343.15, 1.41e28, 1e-17, 86400.0
GLASS = SiteEnergyDiffusion(Gaussian(0.25 * e), BULK)
TWO_KINDS = SiteEnergyDiffusion(Mixture((Gaussian(0.1 * e), Gaussian(0.1 * e, 0.25 * e)), (1, 1)), BULK)

# PHYSICS: D_M/D_bulk, plateau, front depth [nm], 10-90 % width [nm], potential across the film [V]
REFERENCE = {
    "K": (7.7e-4, 0.1498, 96.80, 25.80, 0.405),
    "Rb": (1.94e-4, 0.0700, 99.32, 7.07, 1.708),
    "Cs": (4.5e-5, 0.0299, 99.72, 1.67, 7.503),
}
NOMINAL = {"K": 0.15, "Rb": 0.07, "Cs": 0.03}


def of_glass(ion: str) -> Front:
    charge = 100e-9 * (1 - NOMINAL[ion]) * N0 * e
    return make(GLASS, REFERENCE[ion][0] * BULK, charge)


def make(
    law: DiffusionLaw,
    foreign: float,
    charge: float = 200.0,
    *,
    immobile: float = 0.0,
    charges: tuple[int, int] = (1, 1),
) -> Front:
    return front(
        law, foreign, charge / DAY, charge, carrier_density=N0, temperature=T,
        native_charge=charges[0], foreign_charge=charges[1], immobile_fraction=immobile,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ion", "plateau", "depth", "width", "voltage"),
    [("K", 0.17, 0.01, 0.18, 0.06), ("Rb", 0.06, 0.006, 0.03, 0.025), ("Cs", 0.025, 0.002, 0.01, 0.01)],
)
def test_reference_table_within_what_diffusion_leaves(
    ion: str, plateau: float, depth: float, width: float, voltage: float
) -> None:
    """The rest is diffusion: no front before the film's voltage exceeds kT/e by far, and then it has a width.

    So the deviations fall from K (0.4 V) over Rb (1.7 V) to Cs (7.5 V), and the plateau is always too low.
    """
    found, (_, u, x, w, v) = of_glass(ion), REFERENCE[ion]
    assert -plateau < found.plateau_fraction / u - 1 < 0
    assert -depth < found.front_depth * 1e9 / x - 1 < 0
    assert found.front_width * 1e9 == pytest.approx(w, rel=width)
    assert found.film_voltage == pytest.approx(v, rel=voltage)


def test_simulation_goes_over_into_it_as_the_voltage_rises() -> None:
    """K at 1, 2 and 4 times the charge in the same time: 0.4, 1.6 and 6.5 V across the film."""
    off = []
    for times in (1, 2, 4):
        charge = times * 85e-9 * N0 * e
        sharp = make(GLASS, 7.7e-4 * BULK, charge)
        glass = Conductor((Ion("Li+", GLASS), Ion("K+", ConstantDiffusion(7.7e-4 * BULK))), N0, 1e-3)
        result = simulate(glass, constant_current(charge / DAY, DAY, "K+", T), cells=400)
        found = summarise(result.depth, result.fractions["Li+"][-1])
        off.append([
            sharp.plateau_fraction / found.plateau_fraction - 1,
            sharp.front_depth / found.front_depth - 1,
            sharp.front_width / found.front_width - 1,
            sharp.film_voltage / float(result.film_voltage[-1]) - 1,
        ])  # fmt: skip
    first, second, third = np.abs(off)
    assert np.all(second < 0.6 * first)
    assert np.all(third < 0.6 * second)
    assert np.all(third < 0.012)


def test_plateaus_of_the_paper() -> None:
    """15, 7 and 3 % from one distribution, as far as rounding and diffusion go."""
    found = {ion: of_glass(ion).plateau_fraction for ion in REFERENCE}
    assert found == {"K": pytest.approx(0.15, abs=0.025), "Rb": pytest.approx(0.07, abs=0.005),
                     "Cs": pytest.approx(0.03, abs=0.001)}  # fmt: skip


def test_foot_is_where_the_tangent_meets_the_bulk() -> None:
    found, ratio = of_glass("K"), 7.7e-4

    def share(u: float) -> float:
        d = float(np.exp(GLASS.log_diffusion(u, T))) / BULK
        return u * d / (u * d + ratio * (1 - u))

    foot, step = found.foot_fraction, 1e-5
    slope = (share(foot + step) - share(foot - step)) / (2 * step)
    chord = (1 - share(foot)) / (1 - foot)
    assert slope == pytest.approx(chord, rel=5e-4)
    assert found.shock_depth == pytest.approx(found.replaced_depth * chord, rel=1e-9)
    assert found.shock_fraction == 1 - foot


def gaussian(width: float, vacancies: float) -> DiffusionLaw:
    return SiteEnergyDiffusion(Gaussian(width * e), BULK, vacancies)


def tail(width: float) -> DiffusionLaw:
    return SiteEnergyDiffusion(ExponentialTails(width * e), BULK)


def pair(width: float, apart: float, weight: float) -> DiffusionLaw:
    parts = (Gaussian(width * e), Gaussian(width * e, apart * e))
    return SiteEnergyDiffusion(Mixture(parts, (weight, 1 - weight)), BULK)


laws = st.one_of(
    st.builds(gaussian, st.floats(0.02, 0.4), st.floats(0.01, 0.3)),
    st.builds(tail, st.floats(0.02, 0.3)),
    st.builds(pair, st.floats(0.03, 0.15), st.floats(0.1, 0.5), st.floats(0.1, 0.9)),
    st.just(ConstantDiffusion(BULK)),
)
ratios = st.floats(-5, 2).map(lambda x: 10.0**x)


charges = st.sampled_from([(1, 1), (1, 2), (2, 1), (-1, -1)])


@given(laws, ratios, st.sampled_from([0.0, 0.05, 0.3]), charges)
def test_mass_is_conserved_and_profiles_rise(
    law: DiffusionLaw, ratio: float, immobile: float, charges: tuple[int, int]
) -> None:
    found = make(law, ratio * BULK, immobile=immobile, charges=charges)
    faces = np.linspace(0, 1.01 * found.shock_depth, 400)
    mean = found.averages(faces)
    lost = float(np.sum((1 - mean) * np.diff(faces)))
    assert lost == pytest.approx(200.0 / (N0 * e * abs(charges[0])), rel=1e-12)
    assert np.all(np.diff(mean) > -1e-9)
    assert mean.min() >= immobile - 1e-9
    assert mean.max() <= 1 + 1e-9
    points = found.profile(faces)
    assert np.all(np.diff(points) >= 0)
    assert 0 < found.front_depth <= found.shock_depth * (1 + 1e-12)
    assert immobile - 1e-9 <= found.plateau_fraction <= 0.56
    assert found.front_width > 0
    assert math.isfinite(found.film_voltage)


@given(laws, ratios)
def test_hull_is_that_of_qhull(law: DiffusionLaw, ratio: float) -> None:
    found = make(law, ratio * BULK)
    above = np.array([[0.0, 2.0], [1.0, 2.0]])
    hull = ConvexHull(np.vstack([np.column_stack([found.fraction, found.share]), above]), qhull_options="Qt")
    low = np.sort(hull.vertices[hull.vertices < found.fraction.size])
    exact = np.interp(found.fraction, found.fraction[low], found.share[low])
    np.testing.assert_allclose(found.carried, exact, atol=1e-9)


@pytest.mark.parametrize("law", [GLASS, TWO_KINDS])
@pytest.mark.parametrize("immobile", [0.0, 0.05])
def test_an_upwind_scheme_goes_over_into_it(law: DiffusionLaw, immobile: float) -> None:
    """Godunov's scheme for u_t + f_x = 0, made for conservation laws, knows nothing of hulls."""
    found, off = make(law, 3e-3 * BULK, immobile=immobile), []
    table = np.linspace(immobile, 1, 20_001)
    native = (table - immobile) * np.exp(law.log_diffusion(table, T)) / BULK
    share = native / (native + 3e-3 * (1 - table))
    steepest = float((np.diff(share) / np.diff(table)).max())
    for cells in (50, 200):
        faces = np.linspace(0, 1.1 * found.shock_depth, cells + 1)
        u = upwind(table, share, faces / found.replaced_depth, steepest)
        off.append(float(np.abs(u - found.averages(faces)).mean()))
    assert off[-1] < 0.01
    assert off[0] / off[-1] > 1.8


def upwind(
    table: NDArray[np.float64], share: NDArray[np.float64], faces: NDArray[np.float64], steepest: float
) -> NDArray[np.float64]:
    width = faces[1] - faces[0]
    u, steps = np.ones(faces.size - 1), math.ceil(1.05 * steepest / width)
    for _ in range(steps):
        through = np.interp(u, table, share)
        u = u - (through - np.concatenate([[0.0], through[:-1]])) / (steps * width)
    return u


@pytest.mark.parametrize("ratio", [2.0, 100.0])
def test_faster_foreign_ions_give_a_fan_without_shock(ratio: float) -> None:
    """x/Q = f'(u) = r/(r u + 1 - u)^2 from r to 1/r, r = D_native/D_foreign."""
    found, r = make(ConstantDiffusion(BULK), ratio * BULK), 1 / ratio
    assert found.shock_fraction == 0
    assert found.foot_fraction == 1
    assert found.shock_depth / found.replaced_depth == pytest.approx(ratio, rel=0.01)
    u = np.array([0.1, 0.3, 0.55, 0.9])
    np.testing.assert_allclose(found.depth_of(u) / found.replaced_depth, r / (r * u + 1 - u) ** 2, rtol=1e-3)
    assert found.profile(found.replaced_depth * r * 0.9) == 0
    np.testing.assert_allclose(found.profile(found.depth_of(u)), u, atol=1e-9)


@pytest.mark.parametrize("ratio", [0.5, 0.01])
def test_slower_foreign_ions_give_a_rectangle_and_a_logistic_front(ratio: float) -> None:
    """Constant D: u = 1/(1 + exp(-x j (1 - r)/D_f)), 10-90 % width 2 ln 9 D_f/[j (1 - r)]; r = D_f/D_n."""
    found = make(ConstantDiffusion(BULK), ratio * BULK)
    assert found.foot_fraction == 0
    assert found.plateau_fraction == 0
    assert found.front_depth == pytest.approx(found.replaced_depth)
    closed = 2 * math.log(9) * ratio * BULK / (found.velocity * (1 - ratio))
    assert found.front_width == pytest.approx(closed, rel=1e-3)
    field = found.velocity * found.replaced_depth / (ratio * BULK)
    assert found.film_voltage == pytest.approx(Boltzmann * T / e * (field - math.log(ratio)), rel=0.01)


def test_equal_coefficients_spread_as_an_error_function() -> None:
    found = make(ConstantDiffusion(BULK), BULK)
    assert found.front_depth == pytest.approx(found.replaced_depth)
    assert found.front_width == pytest.approx(2 * 1.8123876048736466 * math.sqrt(BULK * DAY), rel=1e-6)


@pytest.mark.parametrize("ion", ["Rb", "Cs"])
def test_width_is_that_of_the_integrated_wave(ion: str) -> None:
    """The wave D u_x = j [f - chord] integrated in x from its middle, with the law itself."""
    found, foreign = of_glass(ion), REFERENCE[ion][0] * BULK
    start = float(found.profile(0.8 * found.front_depth))
    foot, speed = found.foot_fraction, found.shock_depth / found.replaced_depth

    def slope(_: float, u: NDArray[np.float64]) -> NDArray[np.float64]:
        d = np.exp(GLASS.log_diffusion(u, T))
        total = d * u + foreign * (1 - u)
        return np.asarray(
            found.velocity * (d * u / total - 1 + speed * (1 - u)) * total / (d * foreign) * 1e-9
        )

    def ends(level: float, way: float) -> float:
        def reached(_: float, u: NDArray[np.float64]) -> float:
            return float(u[0]) - level

        reached.terminal = True  # type: ignore[attr-defined]
        wave = solve_ivp(slope, (0, way * 100), [0.5], events=reached, rtol=1e-8, atol=1e-10)
        assert wave.t_events is not None
        return float(wave.t_events[0][0])

    width = ends(start + 0.9 * (1 - start), 1) - ends(start + 0.1 * (1 - start), -1)
    assert foot < start + 0.1 * (1 - start)
    assert found.front_width * 1e9 == pytest.approx(width, rel=2e-3)


def test_voltage_of_the_fan_is_its_ohmic_resistance() -> None:
    found, foreign = of_glass("Cs"), 4.5e-5 * BULK
    kt = Boltzmann * T / e

    def field(x: float) -> float:
        u = float(found.profile(x * 1e-9))
        d = float(np.exp(GLASS.log_diffusion(u, T)))
        return kt * found.velocity * 1e-9 / (d * u + foreign * (1 - u))

    ohmic = quad(field, 0, found.shock_depth * 1e9 * (1 - 1e-9), limit=400, epsrel=1e-4)[0]
    assert ohmic < found.film_voltage < ohmic + kt * math.log(1 / found.foot_fraction)
    assert found.film_voltage == pytest.approx(ohmic, rel=0.02)


def test_immobile_ions_stay() -> None:
    found = make(GLASS, 1e-4 * BULK, immobile=0.2)
    assert found.profile(0.0) == pytest.approx(0.2)
    assert found.plateau_fraction == pytest.approx(0.2)
    assert found.front_depth == pytest.approx(found.replaced_depth / 0.8)


def test_shape_does_not_depend_on_charge_and_scale_does() -> None:
    one, two = make(GLASS, 1e-4 * BULK, 100.0), make(GLASS, 1e-4 * BULK, 200.0)
    assert two.front_depth == pytest.approx(2 * one.front_depth)
    assert two.plateau_fraction == pytest.approx(one.plateau_fraction)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"diffusion_foreign": 0.0}, "foreign ion"),
        ({"current_density": -1.0}, "current density"),
        ({"charge": 0.0}, "charge"),
        ({"carrier_density": float("nan")}, "carrier density"),
        ({"temperature": 0.0}, "temperature"),
        ({"immobile_fraction": 1.0}, "immobile"),
        ({"foreign_charge": -1}, "one sign"),
    ],
)
def test_nonsense_is_refused_with_the_reason(changes: dict[str, float], words: str) -> None:
    given_: dict[str, float] = {"diffusion_foreign": 1e-21, "current_density": 1e-3, "charge": 200.0,
                                "carrier_density": N0, "temperature": T} | changes  # fmt: skip
    with pytest.raises(InputError, match=words):
        front(GLASS, **given_)  # type: ignore[arg-type]


def test_depths_outside_the_glass_are_refused() -> None:
    with pytest.raises(InputError, match="surface"):
        of_glass("K").profile([-1e-9])


def test_all_of_it_takes_less_than_a_millisecond() -> None:
    def once() -> float:
        start = time.process_time()
        found = of_glass("K")
        assert found.plateau_fraction < found.foot_fraction < 0.2
        assert 0 < found.front_depth < 1e-7
        return time.process_time() - start

    assert min(once() for _ in range(40)) < 1e-3


def test_it_needs_no_compiler() -> None:
    code = "import sys; from ionscape.replacement import front; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
