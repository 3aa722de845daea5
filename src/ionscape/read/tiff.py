"""TIFF images (tifffile): one page or several, each an isotope by its own name or by the file's."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement
from ionscape.read.extras import optional_module
from ionscape.read.image_sweep import MOST_PIXELS, channel_names, image_measurement, split_channels

FORMAT = "tiff"
TECHNIQUE = "tracer"

_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PAGE_NAME, _X, _Y, _UNIT = 285, 282, 283, 296
_METRES = {2: 0.0254, 3: 0.01}  # of the resolution units inch and centimetre
_IMAGEJ_UNITS = {
    "micron": 1e-6,
    "um": 1e-6,
    "µm": 1e-6,
    "\\u00b5m": 1e-6,
    "nm": 1e-9,
    "mm": 1e-3,
    "cm": 1e-2,
    "m": 1.0,
    "inch": 0.0254,
}
_OF_PROGRAMS = (72.0, 96.0, 100.0, 150.0, 200.0, 300.0, 600.0)  # dots per inch that a program writes unasked


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """The marks of TIFF and BigTIFF in both byte orders."""
    return head.startswith(_MARKS)


def read(path: Path, content: bytes) -> Measurement:
    """The image of a TIFF file; pages, or labels of ImageJ, that name isotopes become its columns.

    Raises
    ------
    ReadError
        A colour picture, pages of different size, too many pages, or tifffile is not installed.
    """
    tifffile = optional_module("tifffile", "images", path, "TIFF images")
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        pages = file.pages
        if any(page.photometric == tifffile.PHOTOMETRIC.RGB for page in pages):
            raise ReadError(path, "a colour picture: export the counts as a grey image of 16 or 32 bits")
        if len({page.shape for page in pages}) > 1:
            raise ReadError(path, "pages of different size: one image per file, or all pages of one size")
        if sum(int(np.prod(page.shape)) for page in pages) > MOST_PIXELS:
            raise ReadError(path, f"more than {MOST_PIXELS:.0e} pixels: cut the image")
        images = [image for page in pages for image in split_channels(page.asarray(), path)]
        images = split_channels(np.stack(images), path)
        imagej = file.imagej_metadata or {}
        spacing, notes = _spacing(pages[0], imagej)
        titles = _titles(pages, imagej)
    names, unnamed = channel_names(len(images), titles, path.name)
    arrays: dict[str, NDArray[Any]] = dict(zip(names, images, strict=True))
    return image_measurement(arrays, path, FORMAT, spacing_metre=spacing, warnings=[*notes, *unnamed])


def _titles(pages: Any, imagej: dict[str, Any]) -> list[str]:
    """Names of the pages: labels of ImageJ, page names, or descriptions of one line."""
    labels = imagej.get("Labels") or imagej.get("labels")
    if labels:
        return [str(label) for label in labels]
    titles = []
    for page in pages:
        tag = page.tags.get(_PAGE_NAME)
        text = str(tag.value) if tag is not None else (page.description or "")
        titles.append(text.strip() if len(text) < 80 and "\n" not in text.strip() else "")
    return titles if all(titles) else []


def _spacing(page: Any, imagej: dict[str, Any]) -> tuple[tuple[float, ...], list[str]]:
    """Distance of rows and of columns [m], where the tags state one that a program did not write unasked."""
    per_unit = [_ratio(page.tags.get(tag)) for tag in (_Y, _X)]
    if not all(per_unit):
        return (), []
    word = re.sub(r"\s", "", str(imagej.get("unit", ""))).lower()
    if word in _IMAGEJ_UNITS:
        return tuple(_IMAGEJ_UNITS[word] / value for value in per_unit), []
    unit = page.tags.get(_UNIT)
    length = _METRES.get(int(unit.value)) if unit is not None else None
    if length is None:
        return (), []
    spacing = tuple(length / value for value in per_unit)
    if any(abs(0.0254 / value - dots) < 0.01 * dots for value in spacing for dots in _OF_PROGRAMS):
        return (), [
            "the resolution in the file is that of a printer or screen: the pixel size was not taken from it"
        ]
    return spacing, []


def _ratio(tag: Any) -> float:
    if tag is None:
        return 0.0
    value = tag.value
    numerator, denominator = value if isinstance(value, tuple) else (value, 1)
    return float(numerator) / float(denominator) if denominator else 0.0
