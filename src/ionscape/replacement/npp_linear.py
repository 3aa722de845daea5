"""The block tridiagonal linear systems of the full Nernst-Planck-Poisson system, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ionscape.replacement.nernst_planck_poisson_kernel import Film, Workspace

FloatArray = NDArray[np.float64]


class Matrix(NamedTuple):
    """Factors of the block tridiagonal matrix, and the stages of a step."""

    lower: FloatArray  # (C + 2, N, N)
    inverse: FloatArray  # (C + 2, N, N) of the eliminated diagonal blocks
    upper: FloatArray  # (C + 2, N, N) inverse times the blocks above the diagonal
    stages: FloatArray  # (6, C + 2, N)
    border: FloatArray  # (C + 2, N) response to a unit current
    argument: FloatArray  # (C + 2, N)


def matrix(cells: int, ions: int) -> Matrix:
    """Empty arrays."""
    rows = (cells + 2, ions)
    return Matrix(
        np.zeros((*rows, ions)), np.zeros((*rows, ions)), np.zeros((*rows, ions)),
        np.zeros((6, *rows)), np.zeros(rows), np.zeros(rows),
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def blocks(film: Film, work: Workspace, per_step: float, solver: Matrix) -> None:
    """The matrix mass/(gamma dt) - (derivatives of `balance`); ``per_step`` is 1/(gamma dt)."""
    rows, ions = work.amounts.shape
    lower, diagonal, upper = solver.lower, solver.inverse, solver.upper
    before, left, right, charges = work.before, work.left, work.right, film.charges
    widths, debye = film.widths, film.debye_squared
    for i in range(rows):
        for k in range(ions):
            for m in range(ions):
                lower[i, k, m] = diagonal[i, k, m] = upper[i, k, m] = 0.0
            diagonal[i, k, k] = (debye if k == 0 and i < rows - 1 else widths[i]) * per_step
        for k in range(ions if i < rows - 1 else 0):
            sign = 1.0 if charges[k] > 0 else -1.0
            for m in range(ions):
                diagonal[i, 0, m] += sign * left[i, k, m]
                upper[i, 0, m] += sign * right[i, k, m]
                if k > 0:
                    way = -1.0 if i == 0 else 1.0  # row 0 counts what comes in
                    diagonal[i, k, m] += way * left[i, k, m]
                    upper[i, k, m] = way * right[i, k, m]
        if i < rows - 1:
            lower[i, 0, 0] = before[i]
        for k in range(1, ions if i > 0 else 1):
            for m in range(ions):
                lower[i, k, m] = -left[i - 1, k, m]
                if i < rows - 1:
                    diagonal[i, k, m] -= right[i - 1, k, m]


@njit(cache=True, nogil=True, error_model="numpy")
def factorise(solver: Matrix) -> None:
    """Eliminate by blocks: the diagonal ones are inverted, the upper ones multiplied by the inverse."""
    rows, ions = solver.border.shape
    lower, inverse, upper = solver.lower, solver.inverse, solver.upper
    diagonal, kept = np.zeros((ions, ions)), np.zeros((ions, ions))
    for i in range(rows):
        for a in range(ions):
            for b in range(ions):
                total = inverse[i, a, b]
                if i > 0:
                    for c in range(ions):
                        total -= lower[i, a, c] * upper[i - 1, c, b]
                diagonal[a, b] = total
                kept[a, b] = upper[i, a, b]
        _invert(diagonal, inverse[i])
        for a in range(ions):
            for b in range(ions):
                total = 0.0
                for c in range(ions):
                    total += inverse[i, a, c] * kept[c, b]
                upper[i, a, b] = total


@njit(cache=True, nogil=True, error_model="numpy")
def _invert(block: FloatArray, inverse: FloatArray) -> None:
    """Inverse of a small block, which is destroyed, with row exchanges."""
    n = block.shape[0]
    if n == 1:
        inverse[0, 0] = 1 / block[0, 0]
        return
    if n == 2:
        determinant = block[0, 0] * block[1, 1] - block[0, 1] * block[1, 0]
        inverse[0, 0], inverse[1, 1] = block[1, 1] / determinant, block[0, 0] / determinant
        inverse[0, 1], inverse[1, 0] = -block[0, 1] / determinant, -block[1, 0] / determinant
        return
    for a in range(n):
        for b in range(n):
            inverse[a, b] = 1.0 if a == b else 0.0
    for a in range(n):
        best = a
        for b in range(a + 1, n):
            if abs(block[b, a]) > abs(block[best, a]):
                best = b
        for c in range(n):
            block[a, c], block[best, c] = block[best, c], block[a, c]
            inverse[a, c], inverse[best, c] = inverse[best, c], inverse[a, c]
        pivot = block[a, a]
        for c in range(n):
            block[a, c] /= pivot
            inverse[a, c] /= pivot
        for b in range(n):
            factor = block[b, a]
            if b == a or factor == 0:
                continue
            for c in range(n):
                block[b, c] -= factor * block[a, c]
                inverse[b, c] -= factor * inverse[a, c]


@njit(cache=True, nogil=True, error_model="numpy")
def substitute(solver: Matrix, right: FloatArray) -> None:
    """Solve with the factors; ``right`` becomes the solution."""
    rows, ions = right.shape
    if ions == 2:
        _substitute_pairs(solver.lower, solver.inverse, solver.upper, right)
        return
    held = np.zeros(ions)
    for i in range(rows):
        for a in range(ions):
            total = right[i, a]
            if i > 0:
                for b in range(ions):
                    total -= solver.lower[i, a, b] * right[i - 1, b]
            held[a] = total
        for a in range(ions):
            total = 0.0
            for b in range(ions):
                total += solver.inverse[i, a, b] * held[b]
            right[i, a] = total
    for i in range(rows - 2, -1, -1):
        for a in range(ions):
            for b in range(ions):
                right[i, a] -= solver.upper[i, a, b] * right[i + 1, b]


@njit(cache=True, nogil=True, error_model="numpy")
def _substitute_pairs(lower: FloatArray, inverse: FloatArray, upper: FloatArray, right: FloatArray) -> None:
    """The same for two ions, without inner loops."""
    first = second = 0.0
    for i in range(right.shape[0]):
        a = right[i, 0] - lower[i, 0, 0] * first - lower[i, 0, 1] * second
        b = right[i, 1] - lower[i, 1, 0] * first - lower[i, 1, 1] * second
        first = inverse[i, 0, 0] * a + inverse[i, 0, 1] * b
        second = inverse[i, 1, 0] * a + inverse[i, 1, 1] * b
        right[i, 0], right[i, 1] = first, second
    for i in range(right.shape[0] - 2, -1, -1):
        first, second = (
            right[i, 0] - upper[i, 0, 0] * first - upper[i, 0, 1] * second,
            right[i, 1] - upper[i, 1, 0] * first - upper[i, 1, 1] * second,
        )
        right[i, 0], right[i, 1] = first, second
