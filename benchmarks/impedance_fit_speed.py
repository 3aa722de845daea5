"""Speed of `impedance.fit` against impedance.py and pyimpspec, in one run on the same spectra.

60 points, (R1,Q1)-(R2,Q2)-Q3, 0.2 % noise, synthetic, fixed seed. ionscape gets no starting value and gives
covariance and intervals; the peers get what they need: impedance.py the truth within 0.3 decades, pyimpspec
its own defaults with one method. CPU time of this process, one thread, median.

Usage: python -m benchmarks.impedance_fit_speed [--n 50]
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import numpy as np

from benchmarks.impedance_robustness import (
    CIRCUIT,
    WINDOW,
    ComplexArray,
    FloatArray,
    draw_truth,
    model,
    with_noise,
)
from ionscape.impedance.spectrum_fit import fit

Fitter = Callable[[ComplexArray, FloatArray], object]


def given(z: ComplexArray, _: FloatArray) -> object:
    """Circuit given, no starting value, with intervals."""
    return fit(WINDOW, z, CIRCUIT)


def chosen(z: ComplexArray, _: FloatArray) -> object:
    """Circuit chosen from the data."""
    return fit(WINDOW, z)


def peers() -> dict[str, Fitter]:
    """Those that are installed."""
    found: dict[str, Fitter] = {}
    try:
        from impedance.models.circuits import CustomCircuit

        def impedance_py(z: ComplexArray, guess: FloatArray) -> object:
            circuit = CustomCircuit("p(R1,CPE1)-p(R2,CPE2)-CPE3", initial_guess=list(guess))
            return circuit.fit(WINDOW, z, weight_by_modulus=True)

        found["impedance.py, modulus weights"] = impedance_py
    except ImportError:
        print("impedance.py is not installed: skipped")
    try:
        import pyimpspec

        def pyimpspec_one(z: ComplexArray, _: FloatArray) -> object:
            data = pyimpspec.DataSet(frequencies=WINDOW, impedances=z)
            circuit = pyimpspec.parse_cdc("(RQ)(RQ)Q")
            return pyimpspec.fit_circuit(circuit, data, method="leastsq", weight="modulus", num_procs=1)

        found["pyimpspec, leastsq, modulus"] = pyimpspec_one
    except ImportError:
        print("pyimpspec is not installed: skipped")
    return found


def median_ms(fitter: Fitter, cases: list[tuple[ComplexArray, FloatArray]]) -> float:
    """Median CPU time of one call; a fit that raises counts with the time it took."""
    fitter(*cases[0])  # imports and caches
    times = []
    for z, guess in cases:
        begin = time.process_time()
        try:
            fitter(z, guess)
        except Exception as error:  # a peer may raise anything
            print(f"  {type(error).__name__}: {str(error)[:80]}")
        times.append(time.process_time() - begin)
    return 1e3 * float(np.median(times))


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description="Median CPU time of one fit")
    parser.add_argument("--n", type=int, default=50)
    n = parser.parse_args().n
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(1)
    cases = []
    for _ in range(n):
        truth = draw_truth(rng)
        z = with_noise(model(truth, WINDOW), rng, 2e-3)
        is_exponent = np.array([0, 0, 1, 0, 0, 1, 0, 1], dtype=bool)
        cases.append((z, np.where(is_exponent, 0.85, truth * 10 ** rng.uniform(-0.3, 0.3, 8))))
    ours = median_ms(given, cases)
    print(f"{'ionscape, circuit given':34s} {ours:8.1f} ms")
    print(f"{'ionscape, circuit chosen':34s} {median_ms(chosen, cases):8.1f} ms")
    for name, fitter in peers().items():
        theirs = median_ms(fitter, cases)
        print(f"{name:34s} {theirs:8.1f} ms   {theirs / ours:.1f} times ionscape with the circuit given")


if __name__ == "__main__":
    main()
