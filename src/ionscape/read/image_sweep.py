"""Named arrays to a sweep: the columns of an image, whichever file they came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core import measurement as m
from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement, Sweep
from ionscape.read.isotope_names import isotopes_in
from ionscape.read.quantity_headings import UNCERTAINTY, needs_unit, quantity_heading

TRACER = "tracer"
MOST_PIXELS = 200_000_000  # of all channels together
_MOST_CHANNELS = 32
_WORDS_OF_NAMES = (
    (m.FRACTION_UNCERTAINTY, ("uncertainty", "error", "sigma")),
    (m.FRACTION, ("fraction", "abundance")),
    (m.GRAIN_LABELS, ("grain_label", "grainlabel", "grain_id", "grainid", "grains", "labels")),
    (m.BOUNDARY_MASK, ("mask", "boundaries", "boundary")),
)


def column_name(text: str) -> tuple[str, float]:
    """The column that the name of an array or a page means, and the factor to SI; ``("", 1)`` if none."""
    meaning = quantity_heading(text.strip())
    if meaning is None or (needs_unit(meaning.quantity) and not meaning.unit):
        return _by_words(text), 1.0
    quantity = m.FRACTION_UNCERTAINTY if meaning.quantity == UNCERTAINTY else meaning.quantity
    known = {m.POSITION, m.SPUTTER_TIME, m.FRACTION, m.FRACTION_UNCERTAINTY, m.GRAIN_LABELS, m.BOUNDARY_MASK}
    if quantity in known or quantity.startswith(m.COUNTS):
        return quantity, meaning.factor
    return "", 1.0


def _by_words(text: str) -> str:
    """The column that words within a longer name mean; a name with one isotope means its counts."""
    lower = text.lower().replace(" ", "_").replace("-", "_")
    for name, words in _WORDS_OF_NAMES:
        if any(word in lower for word in words):
            return name
    isotopes = isotopes_in(text)
    return m.COUNTS + isotopes[0] if len(isotopes) == 1 else ""


def channel_names(count: int, titles: Sequence[str], file_name: str) -> tuple[list[str], list[str]]:
    """Names of the channels of a file without names of its own, and what has to be said about them.

    Parameters
    ----------
    count : int
    titles : sequence of str
        Of the channels, where the file holds some; else empty.
    file_name : str
        Names one column, or as many isotopes as there are channels, in their order.
    """
    named = [column_name(title)[0] for title in titles]
    if len(named) == count and all(named) and len(set(named)) == count:
        return named, []
    stem = Path(file_name).stem
    isotopes = isotopes_in(stem)
    if len(isotopes) == count > 1:
        return [m.COUNTS + isotope for isotope in isotopes], []
    alone = _by_words(stem) if count == 1 else ""
    if alone:
        return [alone], []
    numbers = [f"channel_{number}" for number in range(1, count + 1)]
    return numbers, [
        "which isotope a channel counts is not stated: name them in the file's name in their order, e.g. "
        "map_6Li_7Li.tif, or say with 'holds' of the measurement what the file holds"
    ]


def split_channels(stack: NDArray[Any], path: Path) -> list[NDArray[Any]]:
    """The images of an array: itself, or the parts of its shortest outer axis.

    Raises
    ------
    ReadError
        Not an array of two or three dimensions, or more than 32 channels.
    """
    stack = np.squeeze(stack)
    if stack.ndim == 2:
        return [stack]
    if stack.ndim != 3:
        sizes = " × ".join(str(size) for size in stack.shape)
        raise ReadError(
            path, f"an array of {sizes or 'one number'} is no image: two dimensions, or three with channels"
        )
    channels = np.moveaxis(stack, -1, 0) if stack.shape[-1] < stack.shape[0] else stack
    if len(channels) > _MOST_CHANNELS:
        raise ReadError(
            path, f"{len(channels)} images in one file: add the scans of each isotope into one image first"
        )
    return list(channels)


def image_measurement(
    arrays: Mapping[str, NDArray[Any]],
    path: Path,
    name: str,
    *,
    spacing_metre: Iterable[float] = (),
    metadata: Mapping[str, str] | None = None,
    warnings: Iterable[str] = (),
) -> Measurement:
    """The measurement of one image, or of one profile if the arrays have one dimension.

    A single column of counts gives its isotope as the label: several files make one image in an analysis.

    Parameters
    ----------
    arrays : mapping of str to (rows, columns) arrays
        By column name.
    path : Path
    name : str
        Of the format.
    spacing_metre : one or two floats
        Distance of rows and of columns; nothing where unknown.

    Raises
    ------
    ReadError
        No column, arrays of different size, or numbers that are not real.
    """
    if not arrays:
        raise ReadError(
            path,
            "no array holds counts or an isotope fraction: name them e.g. counts_6Li, counts_7Li or "
            "isotope_fraction",
        )
    columns = _of_one_size(arrays, path)
    spacing = tuple(float(value) for value in spacing_metre)
    if any(not (np.isfinite(value) and value > 0) for value in spacing):
        raise ReadError(path, f"the pixel size {spacing} m must be larger than zero")
    isotopes = [key.removeprefix(m.COUNTS) for key in columns if key.startswith(m.COUNTS)]
    label = isotopes[0] if len(isotopes) == len(columns) == 1 else ""
    sweep = Sweep(columns, label, spacing_metre=spacing * 2 if len(spacing) == 1 else spacing)
    return Measurement(path, TRACER, name, (sweep,), metadata=metadata or {}, warnings=tuple(warnings))


def _of_one_size(arrays: Mapping[str, NDArray[Any]], path: Path) -> dict[str, NDArray[np.float64]]:
    columns = {}
    first, size = next((key, array.shape) for key, array in arrays.items())
    for key, array in arrays.items():
        if array.dtype.kind not in "iufb":
            raise ReadError(path, f"{key} holds {array.dtype}, not numbers")
        if array.shape != size:
            sizes = [" × ".join(str(n) for n in shape) for shape in (size, array.shape)]
            raise ReadError(
                path, f"{first} has {sizes[0]} points, {key} {sizes[1]}: all of one image have one size"
            )
        columns[key] = array.astype(np.float64)
    return columns
