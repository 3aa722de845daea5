"""Full Nernst-Planck-Poisson equations of three replacements, in one run: ionscape and SUNDIALS IDA.

K+, Rb+ and Cs+ into lithium borate (24 h of constant current, 0.12 nm cells over 140 nm), the same
finite-volume equations on the same mesh. IDA (scikit-sundae; variable order to 5, banded matrix) gets them as
they are usually written, with both ions and the potential of each cell as unknowns, in a residual that is
compiled as ours is. Both run at several tolerances, so that times are compared at like errors. Errors are the
largest differences of the native ion's fraction from ionscape's run at a tolerance of 1e-8. CPU time of this
process, one thread, the best of a few, without compilation.

Usage: python -m benchmarks.replacement_full [--cells 1200] [--n 2]
"""

from __future__ import annotations

import argparse
import importlib
import math
import os
import time
from collections.abc import Callable

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

from ionscape.replacement.diffusion_law import ConstantDiffusion, SiteEnergyDiffusion
from ionscape.replacement.law_table import law_tables
from ionscape.replacement.nernst_planck_poisson import solve
from ionscape.replacement.nernst_planck_poisson_kernel import bernoulli, log_diffusion
from ionscape.replacement.profile_summary import summarise
from ionscape.replacement.programme import Programme, constant_current
from ionscape.replacement.site_energy_distribution import Gaussian
from ionscape.replacement.system import Conductor, Ion

FloatArray = NDArray[np.float64]

TEMPERATURE, DENSITY, BULK, DAY, DEPTH = 343.15, 1.41e28, 1e-17, 86400.0, 140e-9
RATIOS = {"K+": (7.7e-4, 0.15), "Rb+": (1.94e-4, 0.07), "Cs+": (4.5e-5, 0.03)}
"""D_M/D_bulk, and the native share that stays, which sets the charge."""
OURS = (1e-3, 1e-4, 1e-5)
THEIRS = (1e-4, 1e-5, 1e-6)


def experiment(name: str) -> tuple[Conductor, Programme]:
    """A row of the assumed set of parameters."""
    ratio, plateau = RATIOS[name]
    law = SiteEnergyDiffusion(Gaussian(0.25 * elementary_charge), BULK, reference_temperature=TEMPERATURE)
    foreign = ConstantDiffusion(ratio * BULK, reference_temperature=TEMPERATURE)
    current = DENSITY * elementary_charge * 100e-9 * (1 - plateau) / DAY
    conductor = Conductor((Ion("Li+", law), Ion(name, foreign)), DENSITY, 1e-3)
    return conductor, constant_current(current, DAY, name, TEMPERATURE)


def least_cpu(run: Callable[[], FloatArray], n: int) -> tuple[float, FloatArray]:
    """Seconds of CPU of this process, and what was found."""
    taken = []
    for _ in range(n):
        start = time.process_time()
        found = run()
        taken.append(time.process_time() - start)
    return min(taken), found


@njit(error_model="numpy")
def residual(
    y: FloatArray, yp: FloatArray, out: FloatArray, table: FloatArray, foreign: float, width: float,
    debye: float, current: float,
) -> None:  # fmt: skip
    """Native and foreign fraction and potential of each cell: two balances and Poisson's equation.

    Lengths in nm, times in s, potentials in kT/e; bulk and no potential behind the last cell.
    """
    cells = y.shape[0] // 3
    log_native, _ = log_diffusion(table, y[0])
    native_in, foreign_in, field_in = 0.0, current, 0.0
    for i in range(cells):
        last = i == cells - 1
        distance = width / 2 if last else width
        u, m, psi = y[3 * i], y[3 * i + 1], y[3 * i + 2]
        u1, m1, psi1 = (1.0, 0.0, 0.0) if last else (y[3 * i + 3], y[3 * i + 4], y[3 * i + 5])
        log_next, _ = log_diffusion(table, u1)
        ahead, _ = bernoulli(psi - psi1)
        behind, _ = bernoulli(psi1 - psi)
        native = math.exp((log_native + log_next) / 2) / distance * (behind * u - ahead * u1)
        other = foreign / distance * (behind * m - ahead * m1)
        field = (psi - psi1) / distance
        out[3 * i] = width * yp[3 * i] + native - native_in
        out[3 * i + 1] = width * yp[3 * i + 1] + other - foreign_in
        out[3 * i + 2] = debye * (field - field_in) / width - (u + m - 1)
        log_native, native_in, foreign_in, field_in = log_next, native, other, field


def by_ida(name: str, cells: int, tolerance: float) -> Callable[[], FloatArray]:
    """The native ion's fraction by SUNDIALS IDA."""
    ida = importlib.import_module("sksundae.ida")
    conductor, programme = experiment(name)
    table = law_tables([conductor.ions[0].law], np.array([TEMPERATURE]))[0, 0]
    table[:, 0] += math.log(1e18)
    debye = 8 * epsilon_0 * Boltzmann * TEMPERATURE / (elementary_charge**2 * DENSITY) * 1e18
    current = programme.charge / DAY / (DENSITY * elementary_charge) * 1e9
    width, foreign = DEPTH * 1e9 / cells, RATIOS[name][0] * BULK * 1e18
    y0, yp0 = np.tile([1.0, 0.0, 0.0], cells), np.zeros(3 * cells)
    yp0[1] = current / width

    def equations(_: float, y: FloatArray, yp: FloatArray, out: FloatArray) -> None:
        residual(y, yp, out, table, foreign, width, debye, current)

    def run() -> FloatArray:
        solver = ida.IDA(
            equations, rtol=tolerance, atol=tolerance, algebraic_idx=np.arange(2, 3 * cells, 3),
            linsolver="band", lband=5, uband=5, max_num_steps=1_000_000, first_step=1e-6,
        )  # fmt: skip
        found = solver.solve(np.array([0.0, DAY]), y0, yp0)
        if not found.success:
            raise RuntimeError(f"IDA: {found.message}")
        return np.asarray(found.y[-1].reshape(-1, 3)[:, 0])

    return run


def by_ionscape(name: str, cells: int, tolerance: float) -> Callable[[], FloatArray]:
    """The native ion's fraction by ionscape."""
    conductor, programme = experiment(name)
    faces = np.linspace(0, DEPTH, cells + 1)
    return lambda: solve(conductor, programme, faces=faces, tolerance=tolerance).fractions["Li+"][-1]


def compare(name: str, cells: int, n: int, peer: bool) -> None:
    """Print the rows of one ion, and the ratio at the most accurate error that both reach."""
    exact = by_ionscape(name, cells, 1e-8)()
    rows: dict[str, list[tuple[float, float]]] = {"ionscape": [], "IDA": []}
    tolerances = {"ionscape": OURS, "IDA": THEIRS if peer else ()}
    for solver, make in (("ionscape", by_ionscape), ("IDA", by_ida)):
        for tolerance in tolerances[solver]:
            seconds, found = least_cpu(make(name, cells, tolerance), n)
            error = float(np.max(np.abs(found - exact)))
            summary = summarise(np.linspace(0, DEPTH, cells + 1), found)
            print(f"{name:4} {solver:9} {tolerance:9.0e} {seconds:9.3f} {error:10.1e} "
                  f"{summary.plateau_fraction:9.4f} {summary.front_depth * 1e9:9.2f}")  # fmt: skip
            rows[solver].append((seconds, error))
    for seconds, error in rows["IDA"]:
        like = [ours for ours in rows["ionscape"] if ours[1] <= error]
        if like:
            print(f"{name:4} ratio of CPU times IDA / ionscape for an error of {error:.1e} or less: "
                  f"{seconds / min(like)[0]:.1f}")  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", type=int, default=1200)
    parser.add_argument("--n", type=int, default=2, help="repetitions")
    options = parser.parse_args()
    peer = True
    try:
        importlib.import_module("sksundae")
    except ImportError:
        peer = False
        print("SUNDIALS IDA is not installed: skipped (pip install scikit-sundae)")
    by_ionscape("K+", 20, 1e-3)()
    if peer:
        by_ida("K+", 20, 1e-3)()
    print("ion  solver    tolerance     CPU s  max error   plateau  front nm")
    for name in RATIOS:
        compare(name, options.cells, options.n, peer)


if __name__ == "__main__":
    main()
