"""Ion images of IONTOF's SurfaceLab (.ita) through pySPM, which knows the format by reverse engineering."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.core.measurement import COUNTS, Measurement
from ionscape.read.extras import optional_module
from ionscape.read.image_sweep import image_measurement
from ionscape.read.isotope_names import isotopes_in

FORMAT = "iontof-ita"
TECHNIQUE = "tracer"


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """The mark of IONTOF's block files."""
    return head.startswith(b"ITStrF01")


def read(path: Path, content: bytes) -> Measurement:  # noqa: ARG001
    """The images, added over all scans, of the peaks that are assigned to a single isotope.

    Raises
    ------
    ReadError
        No such peak, or pySPM is not installed.
    """
    pyspm = optional_module("pySPM", "iontof", path, "IONTOF .ita files")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own: missing pictures, deprecations
        file = pyspm.ITA(str(path))
        images: dict[str, NDArray[Any]] = {}
        others = []
        for peak in file.get_masses():
            name = str(peak.get("assign") or peak.get("desc") or "")
            isotopes = isotopes_in(name)
            if len(isotopes) == 1:
                images[COUNTS + isotopes[0]] = np.flipud(file.getAddedImage(int(peak["id"])))
            elif name:
                others.append(name)
    if not images:
        listed = ", ".join(others[:8]) or "none has a name"
        raise ReadError(
            path, f"no peak is assigned to one isotope such as 6Li ({listed}): assign them in SurfaceLab"
        )
    width = float(getattr(file, "fov", 0.0) or 0.0)
    columns = next(iter(images.values())).shape[1]
    notes = [f"the peaks {', '.join(others)} were left out: no single isotope"] if others else []
    return image_measurement(
        images, path, FORMAT, spacing_metre=(width / columns,) if width > 0 else (), warnings=notes
    )
