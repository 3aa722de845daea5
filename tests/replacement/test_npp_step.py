"""The compiled full equations: derivatives, orders by manufactured solutions, symmetric electrolyte."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from ionscape.replacement import nernst_planck_poisson_kernel as kernel
from ionscape.replacement.law_table import hermite_table
from ionscape.replacement.npp_linear import blocks, factorise, matrix, substitute
from ionscape.replacement.npp_step import (
    ARGUMENTS,
    CHANGES,
    GAMMA,
    STAGE_SLOPES,
    STAGE_TIMES,
    Control,
    film_voltage,
    rates,
    rosenbrock_step,
)

FloatArray = NDArray[np.float64]

RESISTANCE = 0.7
NO_SOURCE = np.zeros((0, 0, 0))
FALLS = (4.0, 1.5, 0.0)
"""d ln D/d filling of the three ions."""


def film_of(faces: FloatArray, **changes: object) -> kernel.Film:
    """Three ions, of charges 1, 1 and 2, in a film of which the Debye length is resolved."""
    widths = np.diff(faces)
    film = kernel.Film(
        widths=np.concatenate([[1.0], widths, [1.0]]),
        distances=np.convolve(np.concatenate([[0.0], widths, [0.0]]), [0.5, 0.5], mode="valid"),
        drops=np.convolve(np.concatenate([[0.0], widths, [0.0]]), [0.5, 0.5], mode="valid"),
        charges=np.array([1.0, 1.0, 2.0]),
        debye_squared=0.05,
        background=1.0,
        immobile=0.05,
        constant=np.array([False, False, True]),
        front=kernel.FACE_COMPOSITION,
        back=kernel.BACK_BULK,
        entering=np.array([0.0, 1.0, 0.0]),
        face=np.array([0.4, 0.35, 0.25]),
        bulk=np.array([0.9, 0.06, 0.04]),
    )
    return film._replace(**changes)  # type: ignore[arg-type]


def climate_of(rows: int, mixed: float = 0.0, mixing: float = 0.0) -> kernel.Climate:
    filling = np.linspace(0, 1, 257)
    table = np.stack([hermite_table(fall * (filling - 1)) for fall in FALLS])
    both = np.stack([table, table + 0.0])
    return kernel.Climate(np.ones(7), np.zeros(7), 0.0, both, np.full((rows, 3), mixed), mixing)


def steady(value: float = 0.0, *, voltage: bool = False) -> Control:
    return Control(voltage, np.append(np.full(6, value), 0.0), np.append(np.full(6, RESISTANCE), 0.0))


def some_state(cells: int, rng: np.random.Generator) -> FloatArray:
    state = rng.uniform(0.05, 0.3, (cells + 2, 3))
    state[:, 0] = rng.uniform(-3, 3, cells + 2)
    return state


@pytest.mark.parametrize("front", [kernel.FACE_FLUX, kernel.FACE_COMPOSITION])
@pytest.mark.parametrize("back", [kernel.BACK_BULK, kernel.BACK_OPEN, kernel.BACK_BLOCKING])
@pytest.mark.parametrize("mixing", [0.0, 0.4])
def test_the_matrix_is_the_derivative_of_the_rates(front: int, back: int, mixing: float) -> None:
    film = film_of(np.array([0, 0.4, 1.0, 1.3, 2.2, 3.0]), front=front, back=back)
    cells, climate = 5, climate_of(7, 0.01, mixing)
    work, solver = kernel.workspace(cells, 3), matrix(cells, 3)
    state = some_state(cells, np.random.default_rng(4))

    def rates_of(flat: FloatArray) -> FloatArray:
        out = np.zeros((cells + 2, 3))
        rates(film, climate, 0, flat.reshape(-1, 3), 0.3, work, out)
        return out.ravel()

    numeric = np.array([
        (rates_of(state.ravel() + h) - rates_of(state.ravel() - h)) / 2e-6 for h in 1e-6 * np.eye(state.size)
    ]).T  # fmt: skip
    rates_of(state.ravel())
    kernel.derivatives(film, climate, state, work)
    blocks(film, work, 3.0, solver)
    dense = np.zeros((state.size, state.size))
    for i in range(cells + 2):
        for j, block in ((i - 1, solver.lower[i]), (i, solver.inverse[i]), (i + 1, solver.upper[i])):
            if 0 <= j < cells + 2:
                dense[3 * i : 3 * i + 3, 3 * j : 3 * j + 3] = block
    mass = np.repeat(film.widths, 3).reshape(-1, 3).copy()
    mass[:-1, 0] = film.debye_squared
    np.testing.assert_allclose(dense, np.diag(3.0 * mass.ravel()) - numeric, atol=2e-8)
    right = np.random.default_rng(1).normal(size=state.shape)
    solved = right.copy()
    factorise(solver)
    substitute(solver, solved)
    np.testing.assert_allclose(dense @ solved.ravel(), right.ravel(), atol=1e-12)


def test_order_of_the_method_on_a_scalar_equation() -> None:
    """dy/dt = -y^2 + cos t + sin^2 t, y = sin t: the coefficients give order 4."""

    def error(steps: int) -> float:
        y, dt = 0.0, 1.0 / steps
        for n in range(steps):
            stages = np.zeros(6)
            for i in range(6):
                t, at = (n + STAGE_TIMES[i]) * dt, y + ARGUMENTS[i, :i] @ stages[:i]
                drift = -math.sin(n * dt) + math.sin(2 * n * dt)
                rate = -(at**2) + math.cos(t) + math.sin(t) ** 2
                right = rate + CHANGES[i, :i] @ stages[:i] / dt + STAGE_SLOPES[i] * dt * drift
                stages[i] = right / (1 / (GAMMA * dt) + 2 * y)
            y += ARGUMENTS[5] @ stages[:5] + stages[5]
        return abs(y - math.sin(1))

    assert math.log2(error(10) / error(20)) == pytest.approx(4, abs=0.3)


def test_a_stiff_term_is_gone_after_one_step() -> None:
    """dy/dt = -1e12 y: the method is L-stable."""
    stages = np.zeros(6)
    for i in range(6):
        right = -1e12 * (1 + ARGUMENTS[i, :i] @ stages[:i]) + CHANGES[i, :i] @ stages[:i]
        stages[i] = right / (1 / GAMMA + 1e12)
    assert abs(1 + ARGUMENTS[5] @ stages[:5] + stages[5]) < 1e-9


def derivative(of: Callable[[FloatArray], FloatArray], at: FloatArray, h: float) -> FloatArray:
    """By central differences of sixth order."""
    weights = ((1, 45 / 60), (2, -9 / 60), (3, 1 / 60))
    return np.asarray(sum(w * (of(at + n * h) - of(at - n * h)) for n, w in weights) / h)


class Manufactured:
    """A smooth solution with a resolved space charge: fractions of the foreign ions, and the field."""

    length = 3.0
    current = 0.4

    def fractions(self, x: FloatArray, t: float) -> FloatArray:
        """(2, ...) the foreign ions'."""
        s = x / self.length
        bump = np.sin(np.pi * s) ** 2
        first = 0.35 + (0.06 - 0.35) * s + 0.15 * bump * math.sin(3 * t)
        second = 0.25 + (0.04 - 0.25) * s**2 + 0.1 * bump * math.cos(2 * t)
        return np.array([first, second])

    def field(self, x: FloatArray, t: float) -> FloatArray:
        """Whose slope, and so the space charge, vanishes at both ends."""
        return np.asarray((1.5 + math.sin(2 * t)) * np.cos(np.pi * x / self.length) + 1.2)

    def flux(self, x: FloatArray, t: float, film: kernel.Film) -> FloatArray:
        """(3, ...) by the differential equations, derivatives in x by central differences of sixth order."""

        def amounts(at: FloatArray) -> FloatArray:
            foreign = self.fractions(at, t)
            slope = -(1.5 + math.sin(2 * t)) * np.pi / self.length * np.sin(np.pi * at / self.length)
            return np.concatenate([[1 + film.debye_squared * slope - foreign.sum(axis=0)], foreign])

        u, slope = amounts(x), derivative(amounts, x, 1e-2)
        filling = np.array([u[0], 1 - u[2], np.ones_like(x)])
        diffusion = np.exp(np.array(FALLS)[:, None] * (filling - 1))
        mobile = u - film.immobile * np.array([1.0, 0.0, 0.0])[:, None]
        return np.asarray(-diffusion * (slope - film.charges[:, None] * mobile * self.field(x, t)))

    def state(self, faces: FloatArray, t: float) -> FloatArray:
        """Cell averages by Gauss quadrature, the field at the faces."""
        nodes, weights = np.polynomial.legendre.leggauss(6)
        middle, half = (faces[1:] + faces[:-1]) / 2, np.diff(faces) / 2
        state = np.zeros((len(faces) + 1, 3))
        for node, weight in zip(nodes, weights, strict=True):
            state[1:-1, 1:] += weight / 2 * self.fractions(middle + node * half, t).T
        state[:-1, 0] = self.field(faces, t)
        return state

    def change(self, faces: FloatArray, t: float) -> FloatArray:
        """d state/dt."""
        return derivative(lambda at: self.state(faces, float(at)), np.asarray(t), 2e-3)

    def source(self, faces: FloatArray, t: float, film: kernel.Film) -> FloatArray:
        """That makes it a solution of the differential equations integrated over each cell."""
        change = self.change(faces, t)
        flux = self.flux(faces, t, film)
        source = np.zeros_like(change)
        source[:-1, 0] = film.debye_squared * change[:-1, 0] + flux.sum(axis=0) - self.current
        source[1:-1, 1:] = change[1:-1, 1:] * np.diff(faces)[:, None] + np.diff(flux[1:], axis=1).T
        return source


def graded(cells: int) -> FloatArray:
    s = np.linspace(0, 1, cells + 1)
    return Manufactured.length * (s + 0.12 * np.sin(2 * np.pi * s))


def march(
    film: kernel.Film, state: FloatArray, source: Callable[[float], FloatArray], steps: int,
    voltage: Callable[[float], float] | None = None,
) -> tuple[FloatArray, float]:  # fmt: skip
    """State and current after 0.5 s of equal steps, at the manufactured current or an imposed voltage."""
    rows = len(state)
    work, solver = kernel.workspace(rows - 2, 3), matrix(rows - 2, 3)
    climate, dt, out, current = climate_of(rows), 0.5 / steps, np.zeros_like(state), Manufactured.current
    control, h = steady(current), 1e-4
    for n in range(steps):
        t = n * dt
        times = t + STAGE_TIMES * dt
        sources = np.array([*(source(at) for at in times), (source(t + h) - source(t - h)) / (2 * h)])
        if voltage is not None:
            values = [*(voltage(at) for at in times), (voltage(t + h) - voltage(t - h)) / (2 * h)]
            control = steady(voltage=True)._replace(values=np.array(values))
        current = rosenbrock_step(film, climate, control, sources, state, current, dt, work, solver, out)
        state = out.copy()
    return state, current


def test_second_order_in_the_mesh() -> None:
    truth, errors = Manufactured(), []
    for cells in (80, 160, 320):
        faces = graded(cells)
        film = film_of(faces)
        source = partial(truth.source, faces, film=film)
        found, _ = march(film, truth.state(faces, 0.0), source, 5)
        exact = truth.state(faces, 0.5)
        errors.append([np.max(np.abs((found - exact)[:-1, 0])), np.max(np.abs((found - exact)[1:-1, 1:]))])
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(orders > 1.9)
    assert np.max(errors[-1]) < 1e-3


@pytest.mark.parametrize("voltage", [False, True])
def test_order_in_time(voltage: bool) -> None:
    """The discrete equations with a source that makes a smooth course of states their exact solution."""
    truth, faces = Manufactured(), graded(24)
    film = film_of(faces)
    climate, work = climate_of(26), kernel.workspace(24, 3)
    mass = np.repeat(film.widths, 3).reshape(-1, 3).copy()
    mass[:-1, 0] = film.debye_squared

    def source(t: float) -> FloatArray:
        change = truth.change(faces, t)
        out = np.zeros_like(change)
        rates(film, climate, 0, truth.state(faces, t), truth.current, work, out)
        wanted = mass * change - out
        wanted[0, 1:] = wanted[-1] = 0.0
        return np.asarray(wanted)

    def imposed(t: float) -> float:
        return float(film_voltage(film, truth.state(faces, t))) + RESISTANCE * truth.current

    errors = []
    for steps in (5, 10, 20):
        found, current = march(film, truth.state(faces, 0.0), source, steps, imposed if voltage else None)
        wrong = np.abs(found - truth.state(faces, 0.5))
        errors.append(max(np.max(wrong[:-1, 0]), np.max(wrong[1:-1, 1:]), abs(current - truth.current)))
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(orders > 2.5)
    assert errors[-1] < 1e-5


@pytest.mark.parametrize("drop", [0.2, 4.0])
def test_symmetric_electrolyte_has_the_layer_of_gouy_and_chapman(drop: float) -> None:
    """A cation and an anion, no fixed charge: sigma = 2 epsilon/lambda_D (kT/e) sinh(psi/2) (Grahame)."""
    faces = np.concatenate([[0.0], np.geomspace(2e-4, 8, 800)])
    film = film_of(
        faces, charges=np.array([1.0, -1.0]), debye_squared=0.09, background=0.0, immobile=0.0,
        constant=np.ones(2, dtype=bool), front=kernel.FACE_FLUX, entering=np.zeros(2), face=np.zeros(2),
        bulk=np.ones(2),
    )  # fmt: skip
    rows = len(faces) + 1
    table = np.stack([hermite_table(np.zeros(17))] * 2)
    climate = kernel.Climate(np.ones(7), np.zeros(7), 0.0, np.stack([table] * 2), np.zeros((rows, 2)), 0.0)
    work, solver, state = kernel.workspace(rows - 2, 2), matrix(rows - 2, 2), np.ones((rows, 2))
    state[:, 0] = 0.0
    control = Control(True, np.append(np.full(6, drop), 0.0), np.append(np.full(6, 1e-3), 0.0))
    out, current, dt = np.zeros_like(state), drop / 1e-3, 1e-6
    while dt < 1e6:
        current = rosenbrock_step(film, climate, control, NO_SOURCE, state, current, dt, work, solver, out)
        state, dt = out.copy(), dt * 1.5
    debye = math.sqrt(0.09 / 2)
    assert abs(current) < 1e-6
    assert state[0, 0] == pytest.approx(2 / debye * math.sinh(drop / 2), rel=2e-4)
    centres = (faces[1:] + faces[:-1]) / 2
    psi = np.cumsum((state[:-1, 0] * film.distances)[::-1])[::-1][1:]
    exact = 4 * np.arctanh(np.tanh(drop / 4) * np.exp(-centres / debye))
    np.testing.assert_allclose(psi, exact, atol=2e-4 * drop)
    np.testing.assert_allclose(state[1:-1, 1], np.exp(exact), rtol=2e-3)
