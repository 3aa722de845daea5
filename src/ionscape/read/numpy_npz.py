"""numpy archives (.npz): arrays named like headings, ``6Li``, ``isotope_fraction``, ``pixel_um``."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.core.measurement import POSITION, Measurement
from ionscape.read.image_sweep import MOST_PIXELS, column_name, image_measurement
from ionscape.read.quantity_headings import quantity_heading

FORMAT = "numpy-npz"
TECHNIQUE = "tracer"


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """A zip archive whose first part is an array."""
    length = int.from_bytes(head[26:28], "little")
    return head.startswith(b"PK\x03\x04") and head[30 : 30 + length].endswith(b".npy")


def read(path: Path, content: bytes) -> Measurement:
    """The image, or the profile, of an archive; ``pixel_metre`` (or ``pixel_um`` ...) is the size of a pixel.

    Arrays whose names mean nothing here are left out with a warning.

    Raises
    ------
    ReadError
        No array of counts or fractions, arrays of different size, or a damaged archive.
    """
    arrays: dict[str, NDArray[Any]] = {}
    spacing: NDArray[Any] = np.array([])
    left_out: dict[str, NDArray[Any]] = {}
    for name, array in _arrays(path, content).items():
        unit = re.fullmatch(r"(?:pixel|spacing)(?:_size)?_([a-zµμ]+)", name)
        length = quantity_heading(f"position ({unit[1]})") if unit else None
        column, factor = column_name(name)
        if length is not None and length.quantity == POSITION and array.size in (1, 2):
            spacing = length.factor * np.ravel(array).astype(np.float64)
        elif column and array.ndim in (1, 2):
            arrays[column] = array * factor if factor != 1 else array
        else:
            left_out[name] = array
    if not arrays and len(left_out) == 1 and next(iter(left_out.values())).ndim == 2:
        ((name, image),) = left_out.items()
        told = f"what the array {name} holds is not stated: the study says it with 'holds' of the measurement"
        return image_measurement({"channel_1": image}, path, FORMAT, spacing_metre=spacing, warnings=[told])
    notes = [f"the arrays {', '.join(left_out)} mean nothing here and were left out"] if left_out else []
    return image_measurement(arrays, path, FORMAT, spacing_metre=spacing, warnings=notes)


def _arrays(path: Path, content: bytes) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > 8 * MOST_PIXELS:
                raise ReadError(
                    path, f"the archive unpacks to more than {MOST_PIXELS:.0e} pixels: cut the image"
                )
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, ValueError, EOFError, OSError) as error:
        raise ReadError(path, f"a numpy archive that cannot be opened: {error}") from error
