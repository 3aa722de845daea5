"""A study of 1000 synthetic spectra: time of the first run, of an unchanged rerun, and after one change.

    python benchmarks/study_1000_spectra.py [--samples 50] [--temperatures 20] [--jobs 2]

Fifty pellets at twenty temperatures, 60 points each, 0.3 % noise, circuit chosen from the data,
conductivities and Arrhenius lines for each pellet. No peer does this in one command: figures are absolute.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ionscape.testing.spectra import Arc, Pellet, proportional_noise, write_spectrum


def draw_pellet(rng: np.random.Generator) -> Pellet:
    """A ceramic whose two arcs stay inside 10 MHz to 0.1 Hz from 25 to 120 degC."""
    bulk = Arc(10 ** rng.uniform(-5.5, -4.5), rng.uniform(0.3, 0.5), 10 ** rng.uniform(-11.5, -10.7),
               rng.uniform(0.9, 1.0))  # fmt: skip
    boundary = Arc(bulk.conductivity * 10 ** rng.uniform(-1, 0), bulk.activation_energy + rng.uniform(0, 0.1),
                   bulk.capacitance * 10 ** rng.uniform(1.5, 2.3), rng.uniform(0.85, 0.97))  # fmt: skip
    return Pellet({"bulk": bulk, "grain_boundary": boundary}, 1e-3, 5e-5, (1e-6, rng.uniform(0.75, 0.95)))


def write_study(folder: Path, samples: int, temperatures: int) -> Path:
    """The study file and its spectra; returns the study's path."""
    rng = np.random.default_rng(1000)
    frequency = np.logspace(7, -1, 60)
    lines = ["study: A thousand synthetic spectra", "synthetic: made by ionscape.testing", "samples:"]
    pellet_text = "{ thickness: 1.00 ± 0.01 mm, area: 0.500 ± 0.005 cm^2 }"
    lines += [f"  p{i:02d}: {pellet_text}" for i in range(samples)]
    lines.append("measurements:")
    for i in range(samples):
        pellet, own = draw_pellet(rng), folder / f"p{i:02d}"
        own.mkdir()
        for t in np.linspace(25, 120, temperatures):
            z = proportional_noise(pellet.impedance(frequency, t + 273.15), 0.003, rng)
            write_spectrum(own / f"p{i:02d}_{t:.0f}C.csv", frequency, z)
        lines.append(f"  s{i:02d}: {{ technique: impedance, sample: p{i:02d}, files: p{i:02d}/*.csv, "
                     "temperature: from name }")  # fmt: skip
    lines.append("analyses:")
    for i in range(samples):
        lines.append(f"  arcs{i:02d}: {{ use: impedance.fit, on: s{i:02d} }}")
        lines.append(f"  Ea{i:02d}: {{ use: temperature.arrhenius, on: arcs{i:02d}.conductivity_total }}")
    study = folder / "thousand.yaml"
    study.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return study


def timed(study: Path, jobs: int) -> tuple[float, float]:
    """Wall and CPU seconds of one ``ionscape run``."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "ionscape.cli", "run", str(study), "--jobs", str(jobs)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, cpu


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--temperatures", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["IONSCAPE_CACHE"] = str(folder / "cache")
        os.environ["IONSCAPE_STORE"] = f"sqlite:///{folder / 'store.sqlite'}"
        study = write_study(folder, arguments.samples, arguments.temperatures)
        for what in ("first run", "unchanged rerun", "unchanged rerun"):
            wall, cpu = timed(study, arguments.jobs)
            print(f"{what:16s} {wall:7.2f} s wall {cpu:7.2f} s CPU", flush=True)


if __name__ == "__main__":
    main()
