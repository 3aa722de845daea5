"""``read(path)``: which format a file has, what it holds, and what its name adds."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement
from ionscape.read.formats import HEAD_BYTES, ReaderFormat, reader_formats
from ionscape.read.naming import NamedTemperature, geometry_in_name, temperature_in_name
from ionscape.read.profile_checks import checked_profiles
from ionscape.read.spectrum_checks import checked

_KNOWN_BEGINNINGS = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"\x89HDF", "an HDF5 file"),
    (b"CDF\x01", "a NetCDF file"),
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it first"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
_HOLDS = {
    "impedance": "an impedance spectrum",
    "tracer": "a tracer profile or image",
    "nmr": "an echo decay of NMR",
    "replacement": "a profile of several elements",
}
_DISAGREEMENT_KELVIN = 2.0


def read(path: str | Path, technique: str | None = None) -> Measurement:
    """Read a data file, whatever instrument wrote it.

    The format is found from the content. What the file itself does not state, temperature and geometry,
    is taken from its name where that leaves no doubt.

    Parameters
    ----------
    path : str or Path
    technique : str, optional
        What the file should hold, e.g. ``"tracer"``: then only the formats of that technique are tried.
        Without it the content tells.

    Returns
    -------
    Measurement
        At least one sweep, each in the file's order; what was skipped or guessed stands in ``warnings``.

    Raises
    ------
    ReadError
        One sentence that says why the file yields nothing: missing, a folder, empty, of no known format,
        of another technique, or without a usable point.
    """
    path = Path(path)
    content = _content(path)
    measurement = _measurement(path, content, technique)
    if technique is not None and measurement.technique != technique:
        raise ReadError(path, _of_another(measurement.technique, measurement.format, technique))
    return completed_from_name(checked_profiles(checked(measurement)), path.name)


def _measurement(path: Path, content: bytes, technique: str | None) -> Measurement:
    """What the first format that recognises the content reads."""
    reader = recognised(path, content, technique)
    try:
        return reader.measurement(path, content, technique)
    except ReadError:
        other = None if technique is None or reader.technique else _other(path, content, technique)
        if other is not None:
            raise ReadError(path, _of_another(other.technique, other.name, str(technique))) from None
        raise
    except Exception as error:  # a damaged file may break a reader anywhere
        reason = f"it looks like {reader.name}, but the content is damaged or of an unknown version"
        raise ReadError(path, f"{reason} ({type(error).__name__}: {error})") from error


def _of_another(technique: str, name: str, wanted: str) -> str:
    held = _HOLDS.get(technique, f"a measurement of {technique}")
    return f"this is {held} ({name}), the study says {wanted}"


def _other(path: Path, content: bytes, technique: str) -> ReaderFormat | None:
    """The first format of another technique that recognises the content."""
    others = (reader for reader in reader_formats() if reader.technique not in ("", technique))
    return next((reader for reader in others if _recognises(reader, content[:HEAD_BYTES], path.name)), None)


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise ReadError(path, "this is a folder: name a file in it")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ReadError(path, f"no such file in {path.parent}") from None
    except OSError as error:
        raise ReadError(path, f"the file cannot be opened: {error.strerror or error}") from error
    if not content.strip():
        raise ReadError(path, "the file is empty")
    return content


def recognised(path: Path, content: bytes, technique: str | None = None) -> ReaderFormat:
    """The first format that recognises the content, of those that serve the technique if one is given.

    Raises
    ------
    ReadError
        None does.
    """
    head = content[:HEAD_BYTES]
    for reader in reader_formats():
        serves = technique is None or reader.technique in ("", technique)
        if serves and _recognises(reader, head, path.name):
            return reader
    other = _other(path, content, technique) if technique is not None else None
    if other is not None:
        raise ReadError(path, _of_another(other.technique, other.name, str(technique)))
    kind = next((words for start, words in _KNOWN_BEGINNINGS if head.startswith(start)), "")
    raise ReadError(path, f"not a measurement: {kind}" if kind else "binary content of no known instrument")


def _recognises(reader: ReaderFormat, head: bytes, name: str) -> bool:
    try:
        return reader.recognises(head, name)
    except Exception as error:  # another package's fault must not stop a reading
        warnings.warn(f"reader {reader.name!r} broke on {name}: {error!r}", RuntimeWarning, stacklevel=5)
        return False


def completed_from_name(measurement: Measurement, name: str) -> Measurement:
    """The measurement with temperature, thickness, area from the file's name where the file states none."""
    named = temperature_in_name(name)
    geometry = geometry_in_name(name)
    stated = stated_temperature(measurement)
    notes = measurement.warnings
    if stated is None:
        notes += (named.warning,) if named.warning else ()
    elif _disagree(named, stated):
        notes += (f"the file states {stated:.1f} K, its name {named.text!r}: the file's own was taken",)
    return replace(
        measurement,
        temperature_kelvin=measurement.temperature_kelvin if stated is not None else named.kelvin,
        thickness_metre=measurement.thickness_metre or geometry.thickness_metre,
        area_square_metre=measurement.area_square_metre or geometry.area_square_metre,
        warnings=notes,
    )


def stated_temperature(measurement: Measurement) -> float | None:
    """The temperature [K] that the file itself states, or the first of its sweeps; None if it states none."""
    own = (sweep.temperature_kelvin for sweep in measurement.sweeps)
    return next((kelvin for kelvin in (measurement.temperature_kelvin, *own) if kelvin is not None), None)


def _disagree(named: NamedTemperature, stated: float) -> bool:
    return named.kelvin is not None and abs(named.kelvin - stated) > _DISAGREEMENT_KELVIN
