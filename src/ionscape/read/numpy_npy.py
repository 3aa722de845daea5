"""numpy arrays (.npy): one image, or several as channels; the file's name tells the isotopes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement
from ionscape.read.image_sweep import channel_names, image_measurement, split_channels

FORMAT = "numpy-npy"
TECHNIQUE = "tracer"


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """The mark of numpy."""
    return head.startswith(b"\x93NUMPY")


def read(path: Path, content: bytes) -> Measurement:
    """The image of an array with two dimensions, or with three of which the first or last counts channels.

    ``map_6Li.npy`` holds counts of 6Li, ``map_6Li_7Li.npy`` of both in this order, ``fraction.npy`` a
    fraction; a channel without a name is ``channel_1`` and so on.

    Raises
    ------
    ReadError
        No image, or an array that cannot be read.
    """
    try:
        stack = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ReadError(path, f"a numpy array that cannot be opened: {error}") from error
    images = split_channels(stack, path)
    names, notes = channel_names(len(images), [], path.name)
    return image_measurement(dict(zip(names, images, strict=True)), path, FORMAT, warnings=notes)
