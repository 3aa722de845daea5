"""Order of convergence of the electroneutral film in space and time, by a manufactured solution."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ionscape.replacement import electroneutral_kernel as kernel
from ionscape.replacement.diffusion_law import ConstantDiffusion
from ionscape.replacement.electroneutral_flux import MELT, Front, Ions
from ionscape.replacement.electroneutral_steps import Steps, film_geometry
from ionscape.replacement.law_table import law_tables

from .replacement_cases import BULK, TEMPERATURE, GaussianSites

FloatArray = NDArray[np.float64]

RATIO, CURRENT, SWING, RATE = 0.02, 0.3, 0.35, 3.0  # lengths in the film's, times such that D_bulk = 1
LEVEL = 0.5


def exact(x: FloatArray, t: float) -> tuple[FloatArray, FloatArray]:
    """u = 0.5 + 0.35 sin^2(pi x) sin(3 t), and its slope."""
    swing = SWING * np.sin(RATE * t)
    return LEVEL + swing * np.sin(np.pi * x) ** 2, swing * np.pi * np.sin(2 * np.pi * x)


def native_flux(x: FloatArray, t: float) -> FloatArray:
    """F = h (J u - D_M du/dx), h = D_Li/(D_Li u + D_M (1 - u))."""
    u, slope = exact(x, t)
    native = np.exp(GaussianSites().log_diffusion(u, TEMPERATURE)) / BULK
    return np.asarray(native / (native * u + RATIO * (1 - u)) * (CURRENT * u - RATIO * slope))


def averages(faces: FloatArray, t: float) -> FloatArray:
    """Of u over the cells: sin^2 integrated by hand."""
    amount = faces / 2 - np.sin(2 * np.pi * faces) / (4 * np.pi)
    return np.asarray(LEVEL + SWING * np.sin(RATE * t) * np.diff(amount) / np.diff(faces))


def steps_of(cells: int, tolerance: float, *, stretched: bool = False) -> tuple[Steps, FloatArray]:
    """The film with the source that makes `exact` its solution, from t = 0."""
    faces = np.linspace(0, 1, cells + 1)
    if stretched:
        faces = faces + 0.1 * np.sin(2 * np.pi * faces) / np.pi
    film = film_geometry(faces)
    tables = law_tables([GaussianSites(), ConstantDiffusion(RATIO * BULK)], np.array([TEMPERATURE]))
    tables[..., 0] -= np.log(BULK)
    level = np.array([LEVEL, 1 - LEVEL])
    u = np.tile(level, (cells + 2, 1))
    state = kernel.State(u, np.zeros_like(u), np.zeros(cells + 1), np.zeros(5), np.zeros(2), np.zeros(2))
    state.scalars[[kernel.STEP, kernel.CURRENT_NOW]] = 1e-3, CURRENT
    zero, one = np.zeros(1), np.ones(1)
    course = kernel.Course(kernel.CURRENT, zero, CURRENT * one, zero, zero, TEMPERATURE * one)

    def source(t: float) -> FloatArray:
        flux = native_flux(faces, t)
        grows = averages(faces, np.pi / 2 / RATE) - LEVEL
        made = RATE * np.cos(RATE * t) * grows + np.diff(flux) / np.diff(faces)
        return np.asarray(made[:, None])

    steps = Steps(
        film, Ions(np.ones(2), 0.0, level), Front(MELT, 1, level), kernel.Frame(2.0, 1.0),
        kernel.Laws(tables, np.ones(1), np.inf), course, kernel.Limits(tolerance, 1e-13), state, source,
    )  # fmt: skip
    steps.state.u[0] = level
    return steps, faces


def order(sizes: list[float], errors: list[float]) -> float:
    return float(np.polyfit(np.log(sizes), np.log(errors), 1)[0])


@pytest.mark.parametrize("stretched", [False, True])
def test_second_order_in_space(stretched: bool) -> None:
    errors, meshes = [], [40, 80, 160]
    for cells in meshes:
        steps, faces = steps_of(cells, 1e-7, stretched=stretched)
        status, _ = steps.advance(0.4, np.zeros((2000, 4)))
        assert status == kernel.DONE
        errors.append(float(np.max(np.abs(steps.state.u[1:-1, 0] - averages(faces, 0.4)))))
    assert order([1 / n for n in meshes], errors) >= 1.9
    assert errors[-1] < 2e-3


def test_order_in_time() -> None:
    """Fixed steps on one mesh, against very short ones."""
    found = []
    for count in (5, 10, 20, 160):
        steps, _ = steps_of(40, 1e-10)
        for _ in range(count):
            steps._try(0.4 / count)
            steps._accept(0.4 / count)
        found.append(steps.state.u[1:-1, 0].copy())
    errors = [float(np.max(np.abs(each - found[-1]))) for each in found[:-1]]
    assert order([1 / 5, 1 / 10, 1 / 20], errors) >= 1.9
    assert errors[-1] < 1e-4
