"""Writes the spectra of this example: synthetic, from the parameters published for the ceramic s04147."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ionscape.testing.spectra import S04147, proportional_noise, write_spectrum

CELSIUS = range(100, 201, 10)


def main(folder: Path = Path(__file__).parent / "spectra") -> None:
    """Eleven temperatures, 10 MHz to 0.1 Hz, 0.3 % noise."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(20261121)
    frequency = np.logspace(7, -1, 57)
    for t in CELSIUS:
        z = proportional_noise(S04147.impedance(frequency, t + 273.15), 0.003, rng)
        note = "Truth: ionscape.testing.spectra.S04147, 0.3 % noise."
        write_spectrum(folder / f"ceramic_{t}C.csv", frequency, z, note=note)


if __name__ == "__main__":
    main()
