"""Writes the spectra of this example: synthetic, from the parameters published for amorphous Li3PS4."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ionscape.testing.spectra import LI3PS4, proportional_noise, write_spectrum

CELSIUS = (-30, -20, -10, 0, 10, 20, 30, 40, 50)


def main(folder: Path = Path(__file__).parent / "spectra") -> None:
    """Nine temperatures, 7 MHz to 1 Hz as in the paper, 0.3 % noise."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(20261122)
    frequency = np.logspace(np.log10(7e6), 0, 55)
    for t in CELSIUS:
        z = proportional_noise(LI3PS4.impedance(frequency, t + 273.15), 0.003, rng)
        note = "Truth: ionscape.testing.spectra.LI3PS4, 0.3 % noise."
        write_spectrum(folder / f"li3ps4_{t}C.csv", frequency, z, note=note)


if __name__ == "__main__":
    main()
