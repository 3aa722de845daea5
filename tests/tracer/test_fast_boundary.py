"""Whipple's solution against a two-dimensional finite-volume solution; Le Claire's slope against Whipple."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, diags, identity
from scipy.sparse.linalg import splu
from scipy.special import erfc

from ionscape.tracer.fast_boundary import boundary_excess, le_claire, with_fast_boundaries

FloatArray = NDArray[np.float64]


def _fisher(beta: float, nx: int, ny: int, steps: int) -> tuple[FloatArray, FloatArray]:
    """Excess over both sides of one boundary, in units of sqrt(Dt): 2-D finite volumes, D = t = 1.

    The boundary carries beta d2c/dx2 along itself and feeds the grain beside it; its own storage is neglected
    as in the limit of a boundary much faster than the grain.
    """
    span, side = 26.0, 9.0
    ex = span * np.linspace(0, 1, nx + 1) ** 1.3
    ey = side * np.linspace(0, 1, ny + 1) ** 1.7
    dx, dy = np.diff(ex), np.diff(ey)
    x, y = (ex[1:] + ex[:-1]) / 2, (ey[1:] + ey[:-1]) / 2

    def along(centres: FloatArray, first_fixed: bool) -> csc_matrix:
        link = 1 / np.diff(centres)
        main = np.zeros(centres.size)
        main[:-1] -= link
        main[1:] -= link
        if first_fixed:
            main[0] -= 1 / centres[0]
        return csc_matrix(np.diag(main) + np.diag(link, 1) + np.diag(link, -1))

    lx = along(x, True)  # fluxes; the surface holds the fraction one
    boundary = splu(csc_matrix(diags(1 / y[0] * dx) - beta * lx))
    inflow = np.zeros(nx)
    inflow[0] = beta / x[0]
    eye_x, eye_y = identity(nx), diags(dy)
    from scipy.sparse import kron

    grain = kron(lx, eye_y) + kron(diags(dx), along(y, False))
    # Boundary values follow from the cells beside it: c_b = (dx/y0 - beta lx)^-1 (dx/y0 c + inflow).
    respond = boundary.solve(np.diag(dx / y[0]))
    beside = csc_matrix((np.ones(nx), (np.arange(nx), np.arange(nx) * ny)), shape=(nx, nx * ny))
    exchange = beside.T @ csc_matrix(np.diag(dx / y[0]) @ (respond - eye_x.toarray())) @ beside
    source = np.zeros(nx * ny)
    source[:ny] += dy / x[0]
    source += beside.T @ (dx / y[0] * boundary.solve(inflow))
    volume = diags(np.outer(dx, dy).ravel())
    c = np.zeros(nx * ny)
    times = np.linspace(0, 1, steps + 1) ** 2
    # Steps that grow by levels: few factorisations; second order by a backward formula of two half steps.
    for h in np.diff(times):
        solver_full = splu(csc_matrix(volume - h * (grain + exchange)))
        solver_half = splu(csc_matrix(volume - h / 2 * (grain + exchange)))
        full = solver_full.solve(volume @ c + h * source)
        half = solver_half.solve(volume @ c + h / 2 * source)
        half = solver_half.solve(volume @ half + h / 2 * source)
        c = 2 * half - full
    cells = c.reshape(nx, ny)
    excess = 2 * (cells - cells[:, -1:]) @ dy  # over the grain far from the boundary, on the same mesh
    return x, excess


def test_whipple_against_two_dimensional_volumes() -> None:
    x, excess = _fisher(beta=8.0, nx=60, ny=30, steps=16)
    expected = boundary_excess(x, 8.0)
    deep = (x > 1.0) & (x < 9.0)
    assert excess[deep] == pytest.approx(expected[deep], rel=0.03, abs=0.004)


@pytest.mark.parametrize(("beta", "within"), [(10.0, 0.04), (100.0, 0.02), (1e4, 0.02)])
def test_slope_of_the_tail_is_le_claires(beta: float, within: float) -> None:
    """Beyond x = 2 sqrt(beta) sqrt(Dt), where his condition holds."""
    time, diffusion = 3600.0, 1e-15
    length = np.sqrt(diffusion * time)
    product = 2 * beta * diffusion * length
    x = np.linspace(2, 4, 30) * np.sqrt(beta) * length
    fraction = with_fast_boundaries(x, time, diffusion, product, 1e-6)
    slope = float(np.polyfit(x**1.2, np.log(fraction), 1)[0])
    found = le_claire(slope, time, diffusion)
    assert found.product == pytest.approx(product, rel=within)
    assert found.beta == pytest.approx(beta, rel=within)


def test_validity_of_the_slope() -> None:
    assert not le_claire(-1e7, 3600.0, 1e-15).valid
    assert le_claire(-1e6, 3600.0, 1e-15).valid


def test_no_boundaries_leave_the_grain() -> None:
    x = np.linspace(0, 4, 20)
    assert with_fast_boundaries(x, 1.0, 1.0, 5.0, 1e12) == pytest.approx(erfc(x / 2), abs=1e-10)
