"""Kramers-Kronig test and distribution of relaxation times: CPU time on one spectrum, against named peers.

Spectrum: (R1-CPE1)(R2-CPE2)-CPE3, 60 points, 10 MHz to 0.1 Hz, 0.2 % noise; made here, with a blocking tail.
Peers (impedance.py linKK, pyimpspec) are timed where they are installed (``pip install ionscape[bench]``).
pyimpspec's DRT gets the two arcs without the tail, which it does not model.

    python benchmarks/impedance_validity_speed.py
"""
# ruff: noqa: E402  the number of threads must be set before numpy is loaded

from __future__ import annotations

import os

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import contextlib
import io
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape import impedance

FREQUENCY = np.logspace(7, -1, 60)
NOISE = 2e-3


def spectra() -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """The spectrum with its blocking tail, and the two arcs alone."""
    s = 2j * np.pi * FREQUENCY
    arcs = 1e3 / (1 + 1e3 * 2e-11 * s**0.97) + 3e3 / (1 + 3e3 * 2e-8 * s**0.85)
    blocked = arcs + 1 / (1e-6 * s**0.85)
    rng = np.random.default_rng(7)

    def noisy(z: NDArray[np.complex128]) -> NDArray[np.complex128]:
        error = rng.normal(size=z.size) + 1j * rng.normal(size=z.size)
        return np.asarray(z + NOISE * np.abs(z) / np.sqrt(2) * error)

    return noisy(blocked), noisy(arcs)


def median_ms(call: Callable[[], Any], repeats: int) -> float:
    """Median CPU time in ms, printing swallowed, after one call to warm up."""
    times = []
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(repeats + 1):
            start = time.process_time()
            call()
            times.append(time.process_time() - start)
    return 1e3 * statistics.median(times[1:])


def peers(
    blocked: NDArray[np.complex128], arcs: NDArray[np.complex128]
) -> dict[str, list[tuple[str, Callable[[], Any]]]]:
    """What is importable, as (name, call) for each task."""
    found: dict[str, list[tuple[str, Callable[[], Any]]]] = {"KK": [], "DRT": []}
    with contextlib.suppress(ImportError):
        from impedance.validation import linKK

        found["KK"].append(
            (
                "impedance.py linKK, complex, add_cap",
                lambda: linKK(FREQUENCY, blocked, c=0.85, max_M=100, fit_type="complex", add_cap=True),
            )
        )
    with contextlib.suppress(ImportError):
        import pyimpspec

        whole = pyimpspec.DataSet(frequencies=FREQUENCY, impedances=blocked)
        plain = pyimpspec.DataSet(frequencies=FREQUENCY, impedances=arcs)
        found["KK"].append(
            (
                "pyimpspec, complex",
                lambda: pyimpspec.perform_kramers_kronig_test(whole, test="complex", num_procs=1),
            )
        )
        found["DRT"].append(
            ("pyimpspec tr-nnls, no tail", lambda: pyimpspec.calculate_drt(plain, method="tr-nnls"))
        )
    return found


def main() -> None:
    """Print one line for each task and program."""
    blocked, arcs = spectra()
    ours: dict[str, Callable[[], Any]] = {
        "KK": lambda: impedance.validity(FREQUENCY, blocked),
        "DRT": lambda: impedance.relaxation_times(FREQUENCY, blocked),
    }
    print("median CPU time, 60 points, blocking tail included")
    others = peers(blocked, arcs)
    for task, call in ours.items():
        own = median_ms(call, 21)
        print(f"{task:4s} {'ionscape':40s} {own:9.1f} ms   (goal: 50 ms)")
        for name, other in others[task]:
            try:
                taken = median_ms(other, 3)
            except Exception as error:
                print(f"{task:4s} {name:40s} failed: {type(error).__name__}: {str(error)[:80]}")
                continue
            print(f"{task:4s} {name:40s} {taken:9.1f} ms   {taken / own:.1f} times ours")
        if not others[task]:
            print(f"{task:4s} no peer installed: pip install ionscape[bench]")


if __name__ == "__main__":
    main()
