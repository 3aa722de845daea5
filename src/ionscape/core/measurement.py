"""What a data file holds, whatever instrument wrote it: one or more sweeps of named columns.

Names of columns carry their unit; Battery Data Format names where they exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.core.serial import storable

# Impedance
FREQUENCY = "frequency_hertz"
REAL_IMPEDANCE = "real_impedance_ohm"
IMAGINARY_IMPEDANCE = "imaginary_impedance_ohm"
TIME = "test_time_second"

# Tracer profiles and images: one column of counts per isotope, ``counts_6Li``.
POSITION = "position_metre"
SPUTTER_TIME = "sputter_time_second"
COUNTS = "counts_"
FRACTION = "isotope_fraction"
FRACTION_UNCERTAINTY = "isotope_fraction_uncertainty"
GRAIN_LABELS = "grain_labels"
BOUNDARY_MASK = "boundary_mask"

# Profiles of several elements (replacement): counts as above, or fractions of the bulk, ``fraction_Li``.
SPECIES_FRACTION = "fraction_"
SPECIES_FRACTION_UNCERTAINTY = "fraction_uncertainty_"

# Echo decays of NMR with pulsed field gradients
GRADIENT = "gradient_tesla_per_metre"
GRADIENT_PULSE = "gradient_pulse_second"
DIFFUSION_TIME = "diffusion_time_second"
B_VALUE = "b_value_second_per_square_metre"
INTENSITY = "intensity"
INTENSITY_UNCERTAINTY = "intensity_uncertainty"


@storable
@dataclass(frozen=True)
class Sweep:
    """One spectrum, profile, decay or image.

    Attributes
    ----------
    columns : mapping of str to float arrays of one shape
        (N,), or (rows, columns) for an image. Impedance follows Z = Z' + iZ'' with Z'' negative for a
        capacitor, whatever sign the file used.
    label : str
        Tells sweeps of one file apart (``"1"``, ``"cycle 3"``); empty for a single one.
    temperature_kelvin : float or None
        As stated in the file, else None.
    spacing_metre : tuple of float
        Of an image: distance of neighbouring rows and columns; empty where the file does not state it.
    """

    columns: Mapping[str, NDArray[np.float64]]
    label: str = ""
    temperature_kelvin: float | None = None
    spacing_metre: tuple[float, ...] = ()

    @property
    def frequency(self) -> NDArray[np.float64]:
        """Frequency [Hz], (N,), in the file's order."""
        return self.columns[FREQUENCY]

    @property
    def impedance(self) -> NDArray[np.complex128]:
        """Complex impedance [ohm], (N,)."""
        return self.columns[REAL_IMPEDANCE] + 1j * self.columns[IMAGINARY_IMPEDANCE]


@dataclass(frozen=True)
class Measurement:
    """A data file, read.

    Attributes
    ----------
    source : Path
    technique : str
        ``"impedance"``, or the technique whose readers recognised the file.
    format : str
        Short name of the format, e.g. ``"biologic-mpr"``.
    sweeps : tuple of Sweep
        At least one.
    temperature_kelvin : float or None
        From the header if it stands there, else from the file name, else None.
    thickness_metre, area_square_metre : float or None
        Geometry, where the header or the file name states it and it is not zero.
    metadata : mapping of str to str
        Instrument, start time, software and comments, as the file words them.
    warnings : tuple of str
        What was skipped or guessed, one sentence each.
    """

    source: Path
    technique: str
    format: str
    sweeps: tuple[Sweep, ...]
    temperature_kelvin: float | None = None
    thickness_metre: float | None = None
    area_square_metre: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
