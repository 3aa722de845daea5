"""The lean path: against the full solver, closed balance, derivatives by differences, threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.replacement.electroneutral import solve
from ionscape.replacement.electroneutral_pair import PairProfile, PairStage, native_profile
from ionscape.replacement.electroneutral_pair_kernel import Directions, diffusion_table
from ionscape.replacement.mesh import ExpectedFront, graded_faces
from ionscape.replacement.profile_summary import summarise
from ionscape.replacement.programme import Programme, Stage, Trace

from .replacement_cases import BULK, DAY, REFERENCES, TEMPERATURE, GaussianSites, Reference

FloatArray = NDArray[np.float64]

FILLING = np.maximum(np.linspace(0, 1, 1025), 1e-9)
LOG_NATIVE = GaussianSites().log_diffusion(FILLING, TEMPERATURE)


def mesh(case: Reference, cells: int) -> FloatArray:
    return graded_faces([ExpectedFront(case.front_depth, case.front_width)], case.length, cells)


def profile(case: Reference, cells: int, tolerance: float, **changes: object) -> PairProfile:
    arguments: dict[str, object] = {
        "log_native": LOG_NATIVE, "log_foreign": np.log(case.ratio * BULK), "current": case.flux,
        "duration": DAY, "faces": mesh(case, cells), "front_depth": case.front_depth, "tolerance": tolerance,
        **changes,
    }  # fmt: skip
    return native_profile(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", REFERENCES)
def test_reference_table(name: str) -> None:
    case = REFERENCES[name]
    found = profile(case, 250, 1e-3)
    plateau, depth, width = summarise(mesh(case, 250), found.native)
    assert plateau == pytest.approx(case.plateau, rel=0.005)
    assert depth == pytest.approx(case.front_depth, rel=0.001)
    assert width == pytest.approx(case.front_width, rel=0.01)
    assert found.n_steps < 40


@pytest.mark.parametrize(("name", "error"), [("K", 2e-4), ("Rb", 7e-4), ("Cs", 2e-3)])
def test_error_of_a_coarse_mesh(name: str, error: float) -> None:
    """250 cells against the same at 2000: second order, so that the fine one's error is a 64th."""
    case = REFERENCES[name]
    coarse, fine = profile(case, 250, 1e-3).native, profile(case, 2000, 1e-6).native
    few, many = mesh(case, 250), mesh(case, 2000)
    assert np.allclose(many[::8], few, rtol=1e-9, atol=1e-15)
    averaged = np.add.reduceat(fine * np.diff(many), np.arange(0, 2000, 8)) / np.diff(few)
    assert np.max(np.abs(coarse - averaged)) < error


def test_agrees_with_the_full_solver() -> None:
    """On one mesh that moves in one and stays in the other; with a logged current and a rest."""
    case = REFERENCES["K"]
    faces = np.linspace(0, 200e-9, 401)
    log = Trace(np.array([0.0, 0.5 * DAY, DAY]), case.flux * np.array([0.5, 1.5, 0.5]))
    rest = PairStage(LOG_NATIVE, float(np.log(case.ratio * BULK)), 0.0, 2 * DAY)
    lean = profile(case, 400, 1e-4, faces=faces, current=log, further=[rest])
    conductor = case.conductor()
    current = Trace(log.time, log.values * conductor.carrier_density * 1.602176634e-19)
    stages = (
        Stage(DAY, "current", current, "M+", TEMPERATURE), Stage(2 * DAY, temperature=TEMPERATURE)
    )  # fmt: skip
    full = solve(conductor, Programme(stages), faces=faces, tolerance=1e-4)
    assert lean.native == pytest.approx(full.fractions["Li+"][-1], abs=5e-4)


@pytest.mark.parametrize("immobile", [0.0, 0.05])
def test_every_foreign_ion_is_kept(immobile: float) -> None:
    case = REFERENCES["Rb"]
    found = profile(case, 250, 1e-3, immobile_fraction=immobile)
    amount = float((1 - found.native) @ np.diff(mesh(case, 250)))
    assert amount == pytest.approx(case.flux * DAY, rel=1e-8)
    assert np.min(found.native) >= immobile
    assert np.max(found.native) <= 1


def test_derivatives() -> None:
    case, immobile, h = REFERENCES["K"], 0.02, 1e-3
    bend = LOG_NATIVE - LOG_NATIVE[-1]
    one = np.eye(4)
    along = Directions(np.outer(one[0], bend), one[1], one[2], one[3])
    found = profile(case, 250, 1e-3, immobile_fraction=immobile, directions=along).derivatives

    def difference(**changes: tuple[object, object]) -> FloatArray:
        high, low = (
            profile(
                case, 250, 1e-6, **{"immobile_fraction": immobile, **{k: v[i] for k, v in changes.items()}}
            )
            for i in (0, 1)
        )
        return (high.native - low.native) / (2 * h)

    log_foreign = np.log(case.ratio * BULK)
    numeric = [
        difference(log_native=(LOG_NATIVE + h * bend, LOG_NATIVE - h * bend)),
        difference(log_foreign=(log_foreign + h, log_foreign - h)),
        difference(current=(case.flux * np.exp(h), case.flux * np.exp(-h))),
        difference(immobile_fraction=(immobile + h, immobile - h)),
    ]
    for exact, each in zip(found, numeric, strict=True):
        assert np.max(np.abs(exact - each)) < 0.005 * np.max(np.abs(each))


def test_threads_give_the_same() -> None:
    cases = [REFERENCES[name] for name in ("K", "Rb", "Cs")]
    alone = [profile(case, 100, 1e-3).native for case in cases]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda case: profile(case, 100, 1e-3).native, cases * 4))
    for k, each in enumerate(together):
        assert np.array_equal(each, alone[k % 3])


def test_table_is_monotone() -> None:
    table = diffusion_table(np.where(FILLING < 0.5, -20.0, 0.0))
    assert np.all(table[:, 1] >= 0)
    assert table[600:, 1] == pytest.approx(0)


def test_directions_of_every_stage() -> None:
    case = REFERENCES["K"]
    along = Directions(np.zeros((1, 1025)), np.ones(1), np.zeros(1), np.zeros(1))
    rest = PairStage(LOG_NATIVE, -50.0, 0.0, DAY)
    with pytest.raises(InputError, match="same number of directions"):
        profile(case, 50, 1e-3, directions=along, further=[rest])
