"""Ion images that IONTOF's SurfaceLab exports as text: '#' lines, then one pixel a line, x, y, counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.core.measurement import COUNTS, Measurement
from ionscape.read.image_sweep import MOST_PIXELS, channel_names, image_measurement
from ionscape.read.isotope_names import isotopes_in
from ionscape.read.quantity_headings import quantity_heading
from ionscape.read.table_file import pairs_in
from ionscape.read.text import lines_of

FORMAT = "iontof-ascii"
TECHNIQUE = "tracer"

_HEADINGS = re.compile(
    r"^\s*#?\s*[\"']?x\b[^\n]*?\by\b[^\n]*?(?:\b(?:intensity|counts?)\b|\d{1,3}[A-Z][a-z]?\b)", re.IGNORECASE
)
_COMMENT = re.compile(r"^\s*#[#\s]*")
_MAKER = re.compile(r"ion-?tof|surfacelab|\.it[amsx]\b", re.IGNORECASE)
_PIXEL = re.compile(r"^\s*(?:\d+[\s,;]+){2,3}\d+(?:\.\d*)?(?:[eE][+-]?\d+)?\s*$")
_WIDTH = re.compile(
    r"(?:field\s*of\s*view|raster\s*size|image\s*size|fov|scan\s*area|area)[^\d\n]*(\d+(?:[.,]\d+)?)"
    r"(?:\s*(?:x|×)\s*\d+(?:[.,]\d+)?)?\s*\[?(nm|um|µm|μm|mm)\b",
    re.IGNORECASE,
)


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """Comments with '#' that name x, y and an intensity, or the maker, above lines of 3 or 4 numbers."""
    if head.lstrip()[:1] != b"#":
        return False
    lines = lines_of(head[:8192])
    header = [line for line in lines if line.lstrip().startswith("#")]
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    if not _PIXEL.match(first):
        return False
    return any(_HEADINGS.match(line) for line in header) or any(_MAKER.search(line) for line in header)


def read(path: Path, content: bytes) -> Measurement:
    """The image of one isotope, the scans added up; x runs along the rows, y from row to row.

    The isotope is that of the header, or else of the file's name.

    Raises
    ------
    ReadError
        A line that is no pixel, or pixels that are missing or stand twice.
    """
    lines = lines_of(content)
    header = [_COMMENT.sub("", line) for line in lines if line.lstrip().startswith("#")]
    numbers = _numbers(lines, path)
    x, y, scan, counts = _roles(numbers, header, path)
    image = _image(x, y, scan, counts, path)
    isotope = _isotope(header)
    names, notes = ([COUNTS + isotope], []) if isotope else channel_names(1, [], path.name)
    return image_measurement(
        {names[0]: image},
        path,
        FORMAT,
        spacing_metre=_spacing(header, image.shape),
        metadata=pairs_in(header),
        warnings=notes,
    )


def _numbers(lines: Sequence[str], path: Path) -> NDArray[np.float64]:
    rows = [
        line.replace(",", " ").replace(";", " ")
        for line in lines
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if len(rows) > MOST_PIXELS:
        raise ReadError(path, f"more than {MOST_PIXELS:.0e} pixels: export a smaller image")
    try:
        return np.loadtxt(rows, dtype=np.float64, ndmin=2)
    except ValueError as error:
        for number, line in enumerate(lines, start=1):
            if line.strip() and not line.lstrip().startswith("#") and not _PIXEL.match(line):
                raise ReadError(path, f"no pixel: {line.strip()[:40]!r}", number) from error
        raise ReadError(path, f"lines of unequal length ({error})") from error


def _roles(
    numbers: NDArray[np.float64], header: Sequence[str], path: Path
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Indices of x, y and scan (0 where there is none), and the counts of each line."""
    if numbers.shape[1] not in (3, 4):
        raise ReadError(
            path, f"{numbers.shape[1]} columns: an image has x, y and counts, or x, y, scan and counts"
        )
    places = numbers[:, :-1]
    if np.any(places != np.round(places)) or np.any(places < 0):
        raise ReadError(path, "x and y must count pixels from 0 or 1")
    words = next((line.lower().split() for line in header if _HEADINGS.match(line)), [])
    order = [words.index(word) if word in words[:3] else place for place, word in enumerate(("x", "y"))]
    indices = places.astype(np.int64) - places.min(axis=0).astype(np.int64)
    rest = [place for place in range(places.shape[1]) if place not in order]
    scan = indices[:, rest[0]] if rest else np.zeros(len(numbers), dtype=np.int64)
    return indices[:, order[0]], indices[:, order[1]], scan, numbers[:, -1]


def _image(
    x: NDArray[np.int64],
    y: NDArray[np.int64],
    scan: NDArray[np.int64],
    counts: NDArray[np.float64],
    path: Path,
) -> NDArray[np.float64]:
    width, height, scans = int(x.max()) + 1, int(y.max()) + 1, int(scan.max()) + 1
    expected = width * height * scans
    if expected > MOST_PIXELS or expected != counts.size:
        raise ReadError(
            path,
            f"{counts.size} lines for {width} × {height} pixels and {scans} scans: "
            f"{'some are missing' if counts.size < expected else 'some stand twice'}",
        )
    place = (scan * height + y) * width + x
    if np.unique(place).size != expected:
        raise ReadError(path, "a pixel stands twice: export each isotope into a file of its own")
    stack = np.empty(expected)
    stack[place] = counts
    return np.asarray(stack.reshape(scans, height, width).sum(axis=0))


def _isotope(header: Sequence[str]) -> str:
    found = dict.fromkeys(isotope for line in header for isotope in isotopes_in(line))
    return next(iter(found)) if len(found) == 1 else ""


def _spacing(header: Sequence[str], shape: tuple[int, ...]) -> tuple[float, ...]:
    """Width of the image over its pixels, where the header states it."""
    for line in header:
        if match := _WIDTH.search(line):
            meaning = quantity_heading(f"position ({match[2]})")
            if meaning is not None:
                return (float(match[1].replace(",", ".")) * meaning.factor / shape[1],)
    return ()
