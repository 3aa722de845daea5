"""An ion image: the isotope fraction of every pixel with its variance.

Channels that came as separate files are joined, and scans of one acquisition are drift-corrected and summed
as counts, so that the errors are those of counting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.measurement import COUNTS, FRACTION, Sweep
from ionscape.core.serial import storable
from ionscape.tracer.counting import fraction_of_sweep

FloatArray = NDArray[np.float64]

_ISOTOPE = re.compile(r"(?<![A-Za-z0-9])(?:\d{1,3}[A-Z][a-z]?|[A-Z][a-z]?\d{1,3})[+-]?(?![A-Za-z0-9])")


@storable
@dataclass(frozen=True)
class IonImage:
    """The isotope fraction over an area.

    Attributes
    ----------
    fraction, variance : (ny, nx) arrays
        nan where nothing was counted. The variance is that of counting, independent from pixel to pixel.
    spacing : (float, float)
        Distance of rows and of columns [m].
    label : str
    warnings : tuple of str
    """

    fraction: FloatArray
    variance: FloatArray
    spacing: tuple[float, float]
    label: str = ""
    warnings: tuple[str, ...] = ()


def ion_image(sweeps: Sequence[Sweep], fields: Any = None, *, label: str = "") -> IonImage:
    """The fraction map of one acquisition.

    Parameters
    ----------
    sweeps : sequence of Sweep
        One image; or one image per isotope (separate files); or several scans of the same area, each with all
        isotopes, which are shifted onto one another by whole pixels and summed.
    fields : `TracerMeasurement` or None
        What the study says of tracer, background, detector and pixel.
    label : str

    Raises
    ------
    InputError
        If the sweeps are no images, differ in size, or have neither counts nor fractions, or the size of a
        pixel is not known.
    """
    if not sweeps:
        raise InputError("there is no image")
    frames = _frames(sweeps)
    spacing = _spacing(sweeps, fields)
    warnings: tuple[str, ...] = ()
    columns = frames[0]
    if len(frames) > 1:
        columns, warnings = _summed(frames)
    found = fraction_of_sweep(Sweep(columns, label), fields)
    fraction = np.asarray(found.fraction, dtype=np.float64)
    variance = np.where(np.isfinite(found.variance), found.variance, np.nan)
    warnings += tuple(found.warnings)
    if not np.isfinite(variance).any():
        variance = np.full(fraction.shape, noise_variance(fraction))
        warnings += (
            "the image states no errors: the noise is taken from differences of neighbouring pixels, equal "
            "for all",
        )
    return IonImage(fraction, variance, spacing, label, warnings)


def image_groups(labels: Sequence[str], sweeps: Sequence[Sweep]) -> dict[str, list[int]]:
    """Indices of the sweeps that make one image: of one file, or of files that differ in the isotope only."""
    groups: dict[str, list[int]] = {}
    for k, (label, sweep) in enumerate(zip(labels, sweeps, strict=True)):
        name = label.removesuffix(sweep.label).strip() if sweep.label else label
        stem = name
        if sum(column.startswith(COUNTS) for column in sweep.columns) == 1:
            stem = re.sub(r" +(?=\.|$)", "", _ISOTOPE.sub("", name.replace("_", " ")))
        groups.setdefault(stem, []).append(k)
    return groups


def noise_variance(fraction: FloatArray) -> float:
    """Variance of the noise of a map from its second differences; steps and slopes hardly count.

    Raises
    ------
    InputError
        If the map has no noise at all, or too few pixels.
    """
    rows = (fraction[:, :-2] - 2 * fraction[:, 1:-1] + fraction[:, 2:]).ravel()
    columns = (fraction[:-2] - 2 * fraction[1:-1] + fraction[2:]).ravel()
    differences = np.concatenate([rows, columns])
    differences = differences[np.isfinite(differences)]
    deviation = float(np.median(np.abs(differences))) / 0.6744897501960817 if differences.size else 0.0
    if not deviation > 0:
        raise InputError(
            "the image has no noise and states no errors: give the counts, or the column "
            "isotope_fraction_uncertainty"
        )
    return deviation**2 / 6


def images_extra(what: str) -> None:
    """Check that scikit-image is there.

    Raises
    ------
    AnalysisError
        If it is not.
    """
    if find_spec("skimage") is None:
        raise AnalysisError(f"{what} needs scikit-image: pip install 'ionscape[images]'")


def _frames(sweeps: Sequence[Sweep]) -> list[dict[str, FloatArray]]:
    """Complete sets of channels, in order."""
    frames: list[dict[str, FloatArray]] = []
    for sweep in sweeps:
        columns = {
            name: values for name, values in sweep.columns.items() if name.startswith((COUNTS, FRACTION))
        }
        if not columns:
            raise InputError(
                "no isotope image: give columns of counts (counts_6Li, counts_7Li) or 'isotope_fraction', "
                f"got {', '.join(sweep.columns) or 'nothing'}"
            )
        for name, values in columns.items():
            if np.ndim(values) != 2:
                raise InputError(f"{name} is no image but a profile of {np.size(values)} points")
        place = next((frame for frame in frames if not frame.keys() & columns.keys()), None)
        if place is None:
            frames.append(dict(columns))
        else:
            place.update(columns)
    _check_alike(frames)
    return frames


def _check_alike(frames: Sequence[Mapping[str, FloatArray]]) -> None:
    shapes = {values.shape: name for frame in frames for name, values in frame.items()}
    if len(shapes) > 1:
        told = ", ".join(f"{name} {nx} x {ny}" for (ny, nx), name in shapes.items())
        raise InputError(f"the channels of one image must have the same number of pixels, got {told}")
    if len({frozenset(frame) for frame in frames}) > 1:
        told = "; ".join(", ".join(sorted(frame)) for frame in frames)
        raise InputError(f"the scans of one image must have the same channels, got {told}")


def _spacing(sweeps: Sequence[Sweep], fields: Any) -> tuple[float, float]:
    stated = getattr(fields, "pixel", None)
    if stated is not None:
        return (stated.value, stated.value)
    for sweep in sweeps:
        if len(sweep.spacing_metre) == 2 and min(sweep.spacing_metre) > 0:
            return (sweep.spacing_metre[0], sweep.spacing_metre[1])
    raise InputError("the size of a pixel is not known: state it with the measurement, e.g. pixel: 0.977 um")


def _summed(frames: Sequence[Mapping[str, FloatArray]]) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Counts of all scans on the area that all of them saw."""
    from ionscape.tracer.image_registration import drift, whole_pixel_overlap

    if any(FRACTION in frame for frame in frames):
        raise InputError("scans given as fractions cannot be summed: give the counts of every scan")
    pictures = np.stack([np.sum(list(frame.values()), axis=0) for frame in frames])
    shifts = drift(pictures)
    summed = {
        name: whole_pixel_overlap(np.stack([frame[name] for frame in frames]), shifts).sum(axis=0)
        for name in frames[0]
    }
    furthest = float(np.hypot(shifts[:, 0], shifts[:, 1]).max())
    return summed, (
        f"{len(frames)} scans were summed; they had drifted by up to {furthest:.1f} pixels, corrected by "
        f"whole pixels",
    )


def with_label(image: IonImage, label: str) -> IonImage:
    """The same image under another name."""
    return replace(image, label=label)
